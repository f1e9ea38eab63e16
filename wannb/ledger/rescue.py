"""Rescue: every run that was cut off is picked up, without sending any generation; a person sees what may be whose."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone

from wannb.display import html, in_parallel, small_jpeg
from wannb.errors import StoreError, UnknownOutcome, WaitTimeout, WannbError
from wannb.masking import Secret
from wannb.runs import NewerFormat, Result, Run, shown
from wannb.service import Transport, left, waiting, within
from wannb.translation import Said, count, current, joined, say, shorten, spoken, state_word

from .saving import restore
from .submit import Ledger
from .task import Task

#: Pictures of candidates that are shown, of the tasks nearest in time, and their longer side in pixels.
_SHOWN, _PIXELS = 12, 320


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A task that may be the outcome of a run whose answer was lost.

    Attributes:
        task_id, model, status: as the service has them; the model is empty where only the id is known.
        created: when it was made, in seconds since 1970 by the service's clock; None if unknown.
        size: of its pictures, such as "1024*1024"; empty while it has none.
        pictures: its pictures as small JPEGs, 320 pixels at most; none while it has none.
        code: the line that takes it for the run.
    """

    task_id: str
    model: str
    status: str
    created: float | None
    size: str
    pictures: tuple[bytes, ...] = field(repr=False)
    code: str

    @property
    def facts(self) -> list[str]:
        """What is known of it, in words: time, model, size, state."""
        time = "" if self.created is None else f"{datetime.fromtimestamp(self.created, timezone.utc):%H:%M:%S} UTC"
        return [part for part in (time, self.model, self.size, state_word(self.status)) if part]

    def figures(self, *more: str) -> list[str]:
        """Return its pictures as HTML figures, with what is known of it, and more lines, under the first."""
        width, _, height = self.size.partition("*")
        size = (int(width), int(height)) if width.isdigit() and height.isdigit() else (1, 1)
        alt, nothing = Said("a picture of task {task_id}", task_id=self.task_id), Said("no picture yet")
        captions = [[joined(" · ", self.facts), *more]] + [[]] * len(self.pictures)
        return [
            html.figure(jpeg, alt=alt, caption=caption, size=size, width=240, instead=nothing)
            for jpeg, caption in zip(self.pictures or (b"",), captions, strict=False)
        ]


@dataclass(frozen=True, kw_only=True)
class Candidates(Sequence[Candidate]):
    """The tasks that may be the outcome of a run, with their pictures, to choose from; nothing is saved or counted.

    Attributes:
        run_id, prompt: the run whose answer was lost, and what it asked for.
        tasks: the candidates, the one made soonest after the request was sent first.
    """

    run_id: str
    prompt: str
    tasks: tuple[Candidate, ...]
    language: str = field(default_factory=current, repr=False, compare=False)

    def __getitem__(self, index: int) -> Candidate:  # type: ignore[override]
        return self.tasks[index]

    def __len__(self) -> int:
        return len(self.tasks)

    def _title(self) -> Said:
        values = {"tasks": count(len(self), "task"), "run": self.run_id, "prompt": repr(shorten(self.prompt, 60))}
        return Said("{tasks} may be the outcome of run {run}: {prompt}", **values)

    @spoken
    def __repr__(self) -> str:
        lines = [f"\n  {' · '.join([*each.facts, each.task_id])}\n    {each.code}" for each in self]
        return say(self._title()) + "".join(lines)

    @spoken
    def _repr_html_(self) -> str:
        figures = [figure for each in self for figure in each.figures(each.code)]
        return html.block(self._title(), body=html.row(figures))


def candidates(ledger: Ledger, run: Run) -> Candidates:
    """Return the tasks that may be a run's outcome: of one in doubt by a look now, of another that it holds as well.

    Raises:
        StoreError: the run holds its task for certain, or nothing of it was sent.
    """
    search = ledger.search(run)
    sent = run.record.sent[0]
    listed = sorted(
        (abs(task.created - sent) if task and task.created else 0.0, name, task)
        for name, task in {**dict.fromkeys([run.task_id] if run.task_id else []), **search.candidates}.items()
    )
    shown = {name for _, name, _ in listed[:_SHOWN]}
    answers = {name: ledger.transport.query(name) for _, name, _ in listed}
    tasks = []
    for _, name, task in listed:
        answer = answers[name]
        links = answer.links if name in shown else ()
        tasks.append(
            Candidate(
                task_id=name,
                model=task.model if task else "",
                status=answer.status,
                created=task.created if task else None,
                size=str(answer.usage.get("size") or ""),
                pictures=tuple(_thumbnails(ledger.transport, links)),
                code=f"client.task({name!r}, run={run.id!r})",
            )
        )
    return Candidates(run_id=run.id, prompt=run.prompt, tasks=tuple(tasks))


def _thumbnails(transport: Transport, links: Iterable[Secret]) -> Iterator[bytes]:
    def load(link: Secret) -> bytes:
        try:
            return small_jpeg(io.BytesIO(transport.download(link)), _PIXELS)
        except WannbError as error:
            raise OSError from error  # it is shown without this picture

    return (jpeg or b"" for jpeg in in_parallel(load, links))


@dataclass(frozen=True, kw_only=True)
class Rescue:
    """The outcome of a rescue.

    Attributes:
        results: the runs whose images are on disk now.
        unsent: ids of runs of which nothing had reached the service; nothing is billed for them.
        problems: for each run that could not be finished, its id and why.
        elsewhere: ids of open runs of another service or account; a client of theirs must be asked.
        choices: for runs of which nobody but a person can say which task is theirs, those that may be, with pictures.
    """

    results: tuple[Result, ...]
    unsent: tuple[str, ...]
    problems: tuple[tuple[str, WannbError], ...]
    elsewhere: tuple[str, ...] = ()
    choices: tuple[Candidates, ...] = ()
    language: str = field(default_factory=current, repr=False, compare=False)

    @spoken
    def summary(self) -> str:
        """Return what was found in one line."""
        return say(self._summary())

    def _summary(self) -> Said:
        lists = (self.results, self.unsent, self.problems, self.elsewhere)
        results, unsent, problems, elsewhere = (count(len(found), "run") for found in lists)
        images = count(sum(map(len, self.results)), "image")
        parts = [
            Said("{images} of {runs} saved", images=images, runs=results),
            Said("{runs} never sent", runs=unsent),
            Said("{runs} could not be finished", runs=problems),
            Said("{runs} of another service or account left alone", runs=elsewhere),
        ]
        found = [part for part, runs in zip(parts, lists, strict=True) if runs]
        return joined(", ", found) if found else Said("nothing to save")

    @spoken
    def __repr__(self) -> str:
        return f"Rescue({say(self._summary())})" + "".join(f"\n  {run_id}: {error}" for run_id, error in self.problems)

    @spoken
    def _repr_html_(self) -> str:
        body = "".join(html.row(result.figures(pixels=320, width=200)) for result in self.results)
        notes = [f"{run_id}: {error}" for run_id, error in self.problems]
        return html.block(self._summary(), body=body, notes=notes) + "".join(
            each._repr_html_() for each in self.choices
        )


def rescue(ledger: Ledger, *, timeout: float | None) -> Rescue:
    """Finish runs that have not ended, one after the other, since the service works on them meanwhile.

    Args:
        ledger: of the client that asks.
        timeout: seconds for all of it; what is done by then is saved, and the rest stays open.
    """
    with within(timeout, ledger.clock):
        return _rescued(ledger)


def _rescued(ledger: Ledger) -> Rescue:
    results: list[Result] = []
    unsent: list[str] = []
    problems: list[tuple[str, WannbError]] = []
    choices: list[Candidates] = []
    restored, damaged = _restored(ledger)
    runs = [*map(ledger.store.get, restored), *(run for run in ledger.store.open_runs() if run.id not in restored)]
    runs.sort(key=lambda run: run.id, reverse=True)
    owned: list[Run] = []
    for run in runs:
        with suppress(WannbError):  # where the service does not say whose it is, it is somebody else's for now
            if ledger.owns(run, ask=bool(left())):
                owned.append(run)
    # Those in doubt last: what is sent after them, and found first, may prove that they did not arrive.
    for number, run in enumerate(sorted(owned, key=lambda run: run.record.in_doubt), 1):
        wait = Said("picking up run {run}, {number} of {total}", run=run.id, number=number, total=len(owned))
        try:
            with waiting(wait):
                if ledger.settle(run):
                    results.append(Task(ledger, run).result())
                else:
                    unsent.append(run.id)
        except WannbError as error:
            problems.append((run.id, error))
            if isinstance(error, UnknownOutcome) and error.candidates:
                with suppress(WannbError):
                    choices.append(candidates(ledger, run))
        except Exception as error:
            # One damaged run must not keep the others from being saved.
            why = f"{type(error).__name__}: {error}"
            problems.append((run.id, StoreError("run {run} is damaged: {why}", run=run.id, why=why)))
    return Rescue(
        results=tuple(results),
        unsent=tuple(unsent),
        problems=(*problems, *damaged),
        elsewhere=tuple(run.id for run in runs if run not in owned),
        choices=tuple(choices),
    )


def _restored(ledger: Ledger) -> tuple[set[str], list[tuple[str, WannbError]]]:
    """Restore damaged runs where that can be done; return which, and for the others what to do."""
    restored: set[str] = set()
    problems: list[tuple[str, WannbError]] = []
    store = ledger.store
    for name, why in store.unreadable().items():
        try:
            if isinstance(why, NewerFormat) or (store.root / name).is_symlink():
                raise why
            with store.lock(name, seconds=0):
                restore(store.root / name, ledger.account.mark, ledger.facts["region"])
                restored.add(name)
        except WaitTimeout:
            continue  # another kernel is restoring or writing it
        except StoreError as error:
            problems.append((shown(name), error))
    return restored, problems
