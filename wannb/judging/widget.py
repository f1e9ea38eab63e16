"""Judging widget: two pictures and the question which one is better, answered by key, mouse or touch."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from wannb.display import ELEMENTS, data_uri, esm, html, previews, remember, small_jpeg
from wannb.errors import StoreError
from wannb.runs import GeneratedImage
from wannb.scoring import SKIP, Kind, Scores, is_of, named, scores
from wannb.service import Clock
from wannb.translation import Said, Words, count, joined, override, say

from .answers import UNDO, answer_of, buttons, keys_of
from .pages import blurred, save_pages
from .pairs import Contest, Pair, attentive, chosen, in_words, rank, references
from .record import Record, Step, steps_of

STATIC = Path(__file__).parent / "static"
PICTURE_PIXELS = 1280
#: What an edit was made from is shown smaller.
REFERENCE_PIXELS = 640
_GONE = Said("a picture is missing or damaged; skip it")


class Judging(anywidget.AnyWidget):
    """Two pictures at a time and the question which one is better; made by `wannb.judge`.

    The page gets nothing of prompts, seeds, models or names: only two pictures as JPEG and the number of pairs. A
    verdict is in the file before the next pair is shown.

    Attributes:
        record: the verdicts on disk.
        language: "en" or "zh".
        number: pairs judged so far; the pair with this number, from 0, is shown. A trait, as `total`.
        total: the number of pairs.
    """

    _esm = esm(ELEMENTS, STATIC / "judge.js")
    _css = STATIC / "judge.css"

    number = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    #: The shown pair and the next one, by even and odd numbers, so that each is sent once.
    even = traitlets.Dict().tag(sync=True)
    odd = traitlets.Dict().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    counted = traitlets.Int(0).tag(sync=True)
    scored = traitlets.Unicode().tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    answers: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)
    sides: traitlets.List[str] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        contest: Contest,
        record: Record,
        *,
        pairs: int | None = None,
        seed: int | None = None,
        repeats: float = 0.0,
        attention: int = 0,
        language: str = "en",
        clock: Clock | None = None,
    ) -> None:
        self.record = record
        words = Words(language)
        self.language = words.language
        self._clock, self._category = clock or Clock(), contest.category
        # Messages arrive on the main thread or on another, depending on the front end.
        self._lock = threading.RLock()
        self._chance = f"{contest.name} {seed} {record.judge}"
        self._contest, self._pairs = contest, chosen(contest.pairs, pairs, chance=f"{contest.name} {seed}")
        self._repeats = repeats
        every = attentive(self._pairs, chance=f"{contest.name} {seed}")
        self._attention = every[:attention]
        self._steps = steps_of(
            self._pairs,
            _judged([*contest.pairs, *every], record),
            record.questions,
            repeats=repeats,
            attention=self._attention,
            chance=self._chance,
        )
        self._blurred: dict[int, Any] = {}
        self._shown_at = self._clock.monotonic()
        super().__init__(
            total=len(self._steps),
            note=words(_note(contest)),
            texts=_texts(words, record.kind),
            answers=buttons(record.kind.name, words),
            sides=list(record.kind.sides),
        )
        self._show(sum(step.mark in record.verdicts for step in self._steps))
        self.on_msg(_receive)

    @property
    def file(self) -> Path:
        """The file with the verdicts; the first one makes it."""
        return self.record.path

    @property
    def judge(self) -> str:
        """The judge's name."""
        return self.record.judge

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        """The verdicts that count, in the order in which they were given, as they are in the file.

        Those on pairs that were asked again, and on attention pairs, say so.
        """
        pictures = self.record.sheet.header["pictures"]
        return [dict(verdict) for verdict in self.record.verdicts.values() if is_of(verdict, pictures)]

    def press(self, key: str) -> None:
        """Press a key of the page: 1 (left), 2 (right), = (tie), b (both bad), s (skip), u (undo); or one of
        the words left, right, tie, bad, skip, undo. Other kinds have other keys, which stand on the page.

        After the last pair only undo has an effect.

        Raises:
            ValueError: another key.
            StoreError: the verdict could not be saved, or a picture of the pair cannot be shown and the key is not
                skip; the pair stays.

        >>> judging.press("1")    # doctest: +SKIP
        """
        known = answer_of(self.record.kind.name, str(key))
        with override(self.language), self._lock:
            if known is None:
                keys = keys_of(self.record.kind.name)
                raise ValueError(say("key={key}: press one of {keys}", key=repr(key), keys=keys))
            self._do(known, self._clock.monotonic() - self._shown_at)

    def scores(self, *others: str | os.PathLike[str], **options: Any) -> Scores:
        """Return this judge's verdicts in numbers, with those of files; see `wannb.scores` for options."""
        return scores(self, *others, **options)

    def save(self, path: str | os.PathLike[str] = "judging.html") -> list[Path]:
        """Save the pairs as a page for judges without Python, and return the pages that were written.

        A page is one file that holds the pictures, at most 25 MB, and works in any browser, without a network, by keys
        and touch; where the pairs do not fit they are several. It keeps what was judged, and saves it as a file that
        people send back and `wannb.scores` reads. It knows nothing of names and prompts: these are in a key,
        `judging.key.json` beside `judging.html`, which stays with you.

        Args:
            path: of the page, an .html file; the folder must exist.

        Raises:
            ValueError: another ending.
            OSError: a file cannot be written.

        >>> judging.save("judging.html")    # doctest: +SKIP
        >>> judging.scores("back/verdicts-ann.jsonl", "back/verdicts-bo.jsonl")    # doctest: +SKIP
        """
        with override(self.language):
            place = Path(path).expanduser().resolve()
            if place.suffix.lower() != ".html":
                raise ValueError(say("path={path}: give an .html file, such as 'judging.html'", path=repr(str(path))))
            return self._save(place)

    def _save(self, place: Path, **more: Any) -> list[Path]:
        return save_pages(
            place,
            self._contest,
            [*self._pairs, *self._attention],
            header=self.record.sheet.header,
            facts=_facts,
            texts={**_page_texts(self.language, self.record, self._contest), "repeats": self._repeats, **more},
            kept=self.record.path.parent,
        )

    def _do(self, what: str, seconds: float) -> None:
        number = self.number
        if what == UNDO:
            if number:
                self.record.take_back(self._steps[number - 1], self._now())
                self._show(number - 1)
        elif number < self.total:
            step = self._steps[number]
            if what != SKIP and not self._is_seen(number):
                raise StoreError(_GONE)
            sides = dict(zip(self.record.kind.sides, self._sides(step.pair, step.again), strict=True))
            facts = {side: _facts(contestant, image) for side, (contestant, image) in sides.items()}
            if step.pair.attention:
                facts[self.record.kind.sides[self._worse(step.pair)]]["blurred"] = True
            told = {
                **self.record.kind.answers[what],
                "judge": self.judge,
                "time": self._now(),
                "seconds": round(max(0.0, seconds), 2),
            }
            kind = {"category": self._category(step.pair)} if self._category(step.pair) else {}
            self.record.add(step, {**facts, "shared": dict(step.pair.shared), **kind, **told})
            self._show(number + 1)

    def _show(self, number: int) -> None:
        """Show the pair with this number, and send the next one to the page."""
        with self.hold_sync():
            for each in (number, number + 1):
                slot = _slot(each)
                if each >= self.total:
                    setattr(self, slot, {})
                elif getattr(self, slot).get("number") != each:
                    # Empty for one that is missing or damaged, so that the judging continues.
                    step = self._steps[each]
                    paths = [image.path for _, image in self._sides(step.pair, step.again)]
                    jpegs = previews(paths, PICTURE_PIXELS)
                    if step.pair.attention and all(jpegs):
                        jpegs[self._worse(step.pair)] = self._blur(each, paths[0])
                    # As text: not every front end passes the binary parts of messages.
                    shown = dict(zip(self.record.kind.sides, map(data_uri, jpegs), strict=True))
                    beside = [data_uri(jpeg) for jpeg in previews(references(step.pair), REFERENCE_PIXELS) if jpeg]
                    setattr(self, slot, {"number": each, **shown, "references": beside})
            self.problem = "" if number >= self.total or self._is_seen(number) else Words(self.language)(_GONE)
            self.number, self.question = number, self._question(min(number, self.total - 1))
            verdicts = self.record.verdicts
            self.scored = ""
            self.counted = sum(verdicts[step.mark]["verdict"] != SKIP for step in self._steps[:number])
        self._shown_at = self._clock.monotonic()

    def _question(self, number: int) -> str:
        """Return what is asked about a pair, and which of several questions that is."""
        words, name = Words(self.language), self._steps[number].question
        text = self.record.questions[name]
        text = words(self.record.kind.question) if text == self.record.kind.question else text
        n, of = list(self.record.questions).index(name) + 1, len(self.record.questions)
        return words("Question {n} of {of}: {question}", n=n, of=of, question=text) if of > 1 else text

    def _is_seen(self, number: int) -> bool:
        """Return whether the pictures are on the page."""
        slot = getattr(self, _slot(number))
        return all(slot[side] for side in self.record.kind.sides)

    @property
    def _order(self) -> list[Pair]:
        return [step.pair for step in self._steps]

    def _sides(self, pair: Pair, again: bool = False) -> Sequence[tuple[str, GeneratedImage]]:
        """Return a pair's contestants with their pictures, the left one first, as this judge sees them."""
        two = list(zip(pair.contestants, pair.images, strict=True))
        # At random, from the pictures alone: neither names nor their order matter.
        two.sort(key=lambda one: one[1].sha256)
        return two[::-1] if int(rank(self._chance, f"side {pair.mark}")[:8], 16) % 2 != again else two

    def _worse(self, pair: Pair) -> int:
        """Return on which side of an attention pair the blurred copy is."""
        return int(rank(self._chance, f"side {pair.mark}")[:8], 16) % 2

    def _blur(self, number: int, path: Path) -> bytes:
        """Return the blurred copy of a picture, which opens large while it is one of those on the page."""
        self._blurred = {n: each for n, each in self._blurred.items() if abs(n - number) < 3}
        self._blurred[number] = blurred(path, PICTURE_PIXELS)
        jpeg = small_jpeg(self._blurred[number], PICTURE_PIXELS)
        remember(jpeg, self._blurred[number])
        return jpeg

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _take(self, content: Mapping[str, Any]) -> None:
        """Handle a press on the page; one for another pair, such as a double press, is dropped."""
        number, seconds = content.get("number"), content.get("seconds")
        with override(self.language), self._lock:
            if content.get("kind") == "scores" and self.number == self.total:
                self.scored = self._scores_page()
                return
            known = answer_of(self.record.kind.name, str(content.get("verdict")))
            try:
                if known is not None and number == self.number:
                    here = self._clock.monotonic() - self._shown_at
                    self._do(known, float(seconds) if isinstance(seconds, (int, float)) else here)
            except StoreError as error:
                self.problem = str(error)
            finally:
                # The page accepts no other press until it hears of this one.
                self.send({"kind": "answered", "number": number})

    def _scores_page(self) -> str:
        """Return this judge's scores as HTML, or why there are none."""
        try:
            page: str = self.scores()._repr_mimebundle_()["text/html"]
        except (ValueError, StoreError) as error:
            return html.block("", lines=[str(error)])
        return page

    def __dir__(self) -> list[str]:
        """Return the names that are for people, without the many of ipywidgets, so that completion shows them alone."""
        facts = ("file", "judge", "language", "number", "question", "record", "total", "verdicts")
        return sorted((*facts, "press", "save", "scores", "close", "layout", "observe", "unobserve"))

    def __repr__(self) -> str:
        whose = f"judge={self.judge!r}, " if self.judge else ""
        return f"Judging({whose}{self.number} of {self.total} judged)"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**bundle, "text/plain": repr(self), "text/html": self._still()}, metadata

    def _still(self) -> str:
        """Return the progress, for pages where no widget runs; no picture, which could give something away."""
        with override(self.language):
            progress = say("{number} of {total} are judged.", number=self.number, total=self.total)
            open_it = say("Open the notebook and run the cell to judge: the pictures are shown there.")
            lines = [self.judge, progress, open_it if self.number < self.total else "", self.note]
            return html.block(self.question, lines=lines)


def _judged(pairs: Iterable[Pair], record: Record) -> list[Step]:
    """Return what this judge has judged of some pairs."""
    known = {pair.id: pair for pair in pairs}
    return [
        Step(pair=known[line["pair"]], question=named(line), again=bool(line.get("again")))
        for line in record.verdicts.values()
        if named(line) in record.questions and line["pair"] in known
    ]


def _slot(number: int) -> str:
    return "odd" if number % 2 else "even"


def _facts(contestant: str, image: GeneratedImage) -> dict[str, Any]:
    return {"contestant": contestant, "run": image.path.parent.name, "image": image.number, "sha256": image.sha256}


def _note(contest: Contest) -> str:
    """Return a note for the judge, with nothing about what is compared."""
    notes: list[str] = []
    if contest.left_out:
        pairs, why = count(contest.left_out, "pair"), in_words(contest.missing)
        notes.append(Said("{pairs} left out, a picture is missing ({why}).", pairs=pairs, why=why))
    if contest.mock:
        notes.append(Said("Practice: the mock server writes each prompt into its picture, so this is not blind."))
    return joined(" ", notes)


def _receive(widget: Judging, content: Any, buffers: Sequence[Any]) -> None:
    if isinstance(content, dict):
        widget._take(content)


def _page_texts(language: str, record: Record, contest: Contest) -> dict[str, Any]:
    """Return the texts of a page in both languages."""
    both = {each: Words(each) for each in ("en", "zh")}
    own = {
        "several": Said("Question {n} of {of}: {question}"),
        "name": Said("Your name"),
        "save": Said("Save my verdicts"),
        "thanks": Said("Thank you! All {total} are judged."),
        "kept": Said("What you have judged is kept in this browser; you can go on later."),
        "last": Said("Please save the file and send it back."),
        "handed": Said("All are handed in; you can close this page."),
        "lost": Said("This browser keeps nothing: save the file before you close the page."),
    }

    def braces(words: Words, text: Said) -> str:
        return words(text.template)

    return {
        "language": language,
        "questions": [{each: words(text) for each, words in both.items()} for text in record.questions.values()],
        "note": {each: words(_note(contest)) for each, words in both.items()},
        "sides": list(record.kind.sides),
        "answers": {each: buttons(record.kind.name, words) for each, words in both.items()},
        "texts": {
            each: {**_texts(words, record.kind), **{name: braces(words, text) for name, text in own.items()}}
            for each, words in both.items()
        },
    }


def _texts(words: Words, kind: Kind) -> dict[str, str]:
    """Return the texts of the page, which fills in the names in braces."""
    return {
        "label": words("Blind judging"),
        "progress": words("{number} of {total}"),
        "leftPicture": words("left picture"),
        "rightPicture": words("right picture"),
        "picturePicture": words("picture"),
        "reference": words("Reference"),
        "keys": words("Keys: {keys}", keys=keys_of(kind.name)),
        "focus": words("Click here to use the keys"),
        "gone": words("no picture"),
        "noKernel": words(
            "The kernel was restarted or is gone, so presses are not saved. Run the cell again: all verdicts are kept."
        ),
        "loading": words("The pictures are coming…"),
        "slow": words("Not saved yet: Python is busy or gone. Your press counts once it answers; you can press again."),
        "thanks": words("Thank you! All {total} are judged, {counted} verdicts are saved."),
        "scores": words("Show my scores"),
    }
