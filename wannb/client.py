"""Client: the calls that people make, from a request to a result in the cell."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from . import html, scenes
from .collect import collect
from .errors import StoreError, UnknownOutcome
from .fields import MAX_SEED, takes
from .inputs import Inputs
from .pacing import Clock, Pace, account
from .prices import Money, price
from .progress import ProgressLine
from .request import ImageRequest
from .rescue import Rescue, rescue
from .result import Result, count
from .run import DONE, ENDED, RUNNING, Run, Runs
from .service import Service
from .store import Store
from .submit import Submitter
from .task import Desk, OnStatus, Task
from .transport import Transport
from .versions import versions

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from .request import Options, SetOptions

Via = Literal["task", "sync"]


class Client:
    """One service, one key and one folder of runs. `wannb.connect()` makes it.

    Threads may share a client. Every call that makes images takes `fresh=True` (ask again although the store has the
    answer), `via="sync"` (the synchronous endpoint, whose answer is lost if the connection is) and `timeout` in
    seconds (the waiting ends, the task goes on).
    """

    def __init__(
        self,
        service: Service,
        key: str,
        store: Store,
        *,
        budget: Money | None = None,
        pace: Pace | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
    ) -> None:
        pace, clock = pace or Pace(), clock or Clock()
        self.service = service
        self.store = store
        self.budget = budget
        self._chance = chance or random.SystemRandom()
        shared = account(service.base_url, key, pace=pace, clock=clock)
        transport = Transport(service, key, account=shared, pace=pace, clock=clock, random=self._chance.random)
        self._submitter = Submitter(
            transport=transport, store=store, account=shared, pace=pace, clock=clock, budget=budget
        )
        self._desk = Desk(transport=transport, store=store, account=shared, pace=pace, clock=clock)

    # Making images

    @takes("prompt", "model", "size", "n", "seed", "watermark", "thinking_mode", "color_palette")
    def generate(self, prompt: str, *, fresh: bool = False, via: Via = "task", **options: Unpack[Options]) -> Result:
        """Make images from text.

        Args:
        {options}
            fresh: ask and pay again although the store has the answer to an equal seeded request.
            via: "task", or "sync" for the synchronous endpoint.

        Returns:
            The result, which shows itself as a gallery.

        Raises:
            InvalidRequest: an option breaks a rule; nothing was sent.
            ApiError: the service refused it or failed; not billed.

        >>> client.generate("a flower shop", size="1K", n=2, seed=7)    # doctest: +SKIP
        """
        return self.run(ImageRequest(prompt=prompt, **options), fresh=fresh, via=via)

    @takes("prompt", "images", "model", "size", "n", "seed", "watermark", "color_palette", "bbox_list")
    def edit(
        self, prompt: str, images: Inputs, *, fresh: bool = False, via: Via = "task", **options: Unpack[Options]
    ) -> Result:
        """Edit one image, or make one from several references, or edit inside boxes.

        Args:
        {options}
            fresh: ask and pay again although the store has the answer to an equal seeded request.
            via: "task", or "sync" for the synchronous endpoint.

        >>> client.edit("the graffiti of image 2 on the car of image 1", ["car.webp", "paint.webp"])  # doctest: +SKIP
        >>> client.edit("a clock in the boxed place", "room.jpg", bbox_list=[[[989, 515, 1138, 681]]])  # doctest: +SKIP
        """
        return self.run(ImageRequest(prompt=prompt, images=images, **options), fresh=fresh, via=via)

    @takes("prompt", "images", "model", "size", "n", "seed", "watermark")
    def image_set(
        self,
        prompt: str | Sequence[str],
        *,
        images: Inputs = (),
        style: str | None = None,
        n: int | None = None,
        fresh: bool = False,
        via: Via = "task",
        **options: Unpack[SetOptions],
    ) -> Result:
        """Make a consistent set of images, from text or from reference images.

        Args:
        {options}
            style: one line before the scenes, such as "cinematic, the same orange cat throughout".
            fresh: ask and pay again although the store has the answer to an equal seeded request.
            via: "task", or "sync" for the synchronous endpoint.

        `prompt` is the whole text, or a list of scenes: these are put together as the documentation does it, one
        numbered scene for each image. `n` is the most images the model may make; it is the number of scenes, or 4
        for a plain text, unless given.

        >>> client.image_set(["spring ...", "summer ..."], images="cat.png", style="cinematic")  # doctest: +SKIP
        """
        if not isinstance(prompt, str):
            listed = list(prompt)
            n = len(listed) if n is None else n
            prompt = scenes.prompt(listed, style=style)
        elif style:
            prompt = f"{style}. {prompt}"
        request = ImageRequest(prompt=prompt, images=images, n=4 if n is None else n, enable_sequential=True, **options)
        return self.run(request, fresh=fresh, via=via)

    def run(
        self,
        request: ImageRequest,
        *,
        via: Via = "task",
        fresh: bool = False,
        timeout: float | None = None,
        on_status: OnStatus | None = None,
    ) -> Result:
        """Send a request, wait for it and return its result.

        Args:
            request: what to ask.
            via: "task", or "sync" for the synchronous endpoint.
            fresh: ask and pay again although the store has the answer to an equal seeded request.
            timeout: seconds to wait; the task goes on after that.
            on_status: called with the service's state and the seconds waited; without it a line of text shows them.
        """
        if via not in ("task", "sync"):
            raise ValueError(f"via={via!r} is neither 'task' nor 'sync'")
        with ProgressLine() as line:
            show = on_status or (lambda status, seconds: line.show(status.lower(), seconds=seconds))
            if via == "sync":
                result = self._call(request, fresh=fresh, on_status=show)
            else:
                task = self.submit(request, fresh=fresh)
                result = task.wait(timeout, on_status=show).result()
            if on_status is None:
                line.done(f"{count(len(result), 'image')} saved" if not result.reused else "found in the store")
            return result

    def submit(self, request: ImageRequest, *, fresh: bool = False) -> Task:
        """Send a request and return at once; the task's id is on disk before this returns.

        When five tasks of the model run already (the service's limit), it waits until one has ended.
        """
        run, reused = self._begin(request, fresh=fresh)
        if run.state not in ENDED:
            self._submitter.send(run)
        return Task(self._desk, run, reused=reused)

    def _call(self, request: ImageRequest, *, fresh: bool, on_status: OnStatus) -> Result:
        run, reused = self._begin(request, fresh=fresh, via="sync")
        with self.store.lock(run.id):
            run.reload()
            if run.task_id and run.state != DONE:
                raise UnknownOutcome(
                    f"an equal request is under way as task {run.task_id}; wait for it with client.task(...)",
                    run_id=run.id,
                )
            if run.state != DONE:
                on_status("sent", 0.0)
                collect(run, self._submitter.call(run), self._desk.transport)
        return run.result(reused=reused)

    def _begin(self, request: ImageRequest, *, fresh: bool, via: Via = "task") -> tuple[Run, bool]:
        """Return the run of a request, and whether it was there before."""
        request.check()
        seeded = request.seed is not None
        if not seeded:
            request = request.replace(seed=self._chance.randrange(MAX_SEED + 1))
        fingerprint = request.fingerprint
        with self.store.lock(f"same-{fingerprint[:8]}"):
            known = self.store.find(fingerprint, self.service.name) if seeded and not fresh else None
            if known:
                return known, True
            cost = price(request.model, self.service.region)
            run = self.store.create(
                request,
                fingerprint,
                service=self.service.name,
                region=self.service.region,
                via=via,
                seed_drawn=not seeded,
                price=cost and {"amount": str(cost.amount), "currency": cost.currency, "as_of": cost.as_of},
                versions=versions(),
            )
        return run, False

    # Looking back

    def task(self, task_id: str, *, run: str | None = None) -> Task:
        """Return a task by its id: one of the store, or any other of the account, whose images it then saves.

        Args:
            task_id: the service's id.
            run: ties the task to a run of the store whose answer was lost (see `UnknownOutcome.candidates`).
        """
        known = self.store.by_task(task_id)
        if known and run is None:
            return Task(self._desk, known, reused=known.state == DONE)
        if known:
            raise StoreError(f"task {task_id} belongs to run {known.id} already")
        adopted = (
            self.store.get(run)
            if run
            else self.store.create(
                None, "00000000", service=self.service.name, region=self.service.region, via="task", versions=versions()
            )
        )
        with self.store.lock(adopted.id):
            adopted.reload()
            if adopted.task_id:
                raise StoreError(f"run {adopted.id} holds task {adopted.task_id} already")
            adopted.advance(RUNNING, task_id=task_id)
        return Task(self._desk, adopted)

    def tasks(self) -> list[Task]:
        """Return the store's tasks that have not ended, the newest first."""
        return [Task(self._desk, run) for run in self._own_runs() if run.task_id and run.state not in ENDED]

    def runs(self, search: str = "") -> Runs:
        """Return the runs of the store, the newest first; `search` looks in prompt, model, state and ids."""
        return self.store.runs(search)

    def rescue(self, *, timeout: float | None = 600) -> Rescue:
        """Bring every image that was paid for to disk: pick up each run of this service that was cut off.

        Sends no generation. A run whose answer was lost is looked up in the service's task list.

        Args:
            timeout: seconds to wait for tasks that are still running.
        """
        return rescue(self._own_runs(), self._submitter, lambda run: Task(self._desk, run), timeout=timeout)

    def spent(self) -> Money | None:
        """Return what all runs of this service in the store cost, those under way at their most."""
        known = price("wan2.7-image-pro", self.service.region)
        if known is None:
            return None
        return Money(amount=self.store.spent(self.service.name, known.currency), currency=known.currency)

    def _own_runs(self) -> list[Run]:
        return [run for run in self.store.runs() if run.service == self.service.name]

    # Showing

    def __repr__(self) -> str:
        return f"Client({self._where()})"

    def _repr_html_(self) -> str:
        if self.service.kind == "mock":
            lines = ["Pictures are drawn on this machine, nothing is sent out and nothing is billed."]
            lines += ["Set DASHSCOPE_API_KEY to speak to the live service."]
            return html.block("wannb · mock server", lines=lines)
        return html.block(f"wannb · {self.service.name}", lines=["Live: every image that comes back is billed."])

    def _where(self) -> str:
        return "mock server, nothing is billed" if self.service.kind == "mock" else f"live at {self.service.name}"

    def close(self) -> None:
        """Close the connections; runs under way go on at the service."""
        self._desk.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
