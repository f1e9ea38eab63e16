"""Client: the calls that people make, from a request to a result in the cell."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wannb.display import html
from wannb.ledger import Candidates, Ledger, OnStatus, Rescue, Task, candidates, make_whole, rescue, waits_shown
from wannb.request import MAX_SEED, PRO, Boxes, ImageRequest, Inputs, Palette, checks_options
from wannb.request import set_prompt as scenes
from wannb.runs import DONE, ENDED, Result, Run, Runs, Store, asked, at_work
from wannb.service import Clock, Money, Pace, Service, Transport, price, wire, within

from ._version import versions
from .errors import InvalidRequest, Problem, StoreError, TaskForgotten, UnknownOutcome, WannbError
from .masking import Secret
from .translation import Said, Words, count, say, spoken

if TYPE_CHECKING:
    from typing_extensions import Self

Via = Literal["task", "sync"]
Metadata = Literal["full", "minimal"]


@html.hides("owns")
class Client:
    """One service, one key and one folder of runs. `wannb.connect()` makes it.

    Threads may share a client. `generate`, `edit` and `image_set` make a request and `run` it; `run` and `submit` take
    a request that is ready. `notices` are what one should know, such as a key that is there and not used.
    """

    def __init__(
        self,
        service: Service,
        key: str | Secret,
        store: Store,
        *,
        budget: Money | None = None,
        language: str = "en",
        pace: Pace | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        metadata: Metadata = "full",
        notices: Iterable[str] = (),
    ) -> None:
        if metadata not in ("full", "minimal"):
            raise ValueError(say("metadata={value} is neither 'full' nor 'minimal'", value=repr(metadata)))
        pace, clock = pace or Pace(), clock or Clock()
        self.service = service
        self._key = key = Secret(str(key))
        self.store = store
        self.budget = budget
        self.language = Words(language).language
        self.metadata = metadata
        self.notices = tuple(notices)
        self.pace = pace
        self._chance = chance or random.SystemRandom()
        transport = Transport(service, key, pace=pace, clock=clock, random=self._chance.random)
        self._ledger = Ledger(
            transport=transport,
            store=store,
            account=transport.account,
            pace=pace,
            clock=clock,
            budget=budget,
            facts={
                "service": service.name,
                "region": service.region,
                "account": transport.account.mark,
                "versions": versions(),
                "minimal": metadata == "minimal",
            },
        )

    # Making images

    @checks_options
    def generate(
        self,
        prompt: str,
        *,
        model: str = PRO,
        size: str = "2K",
        n: int = 1,
        seed: int | None = None,
        watermark: bool = False,
        thinking_mode: bool = True,
        color_palette: Palette | None = None,
        fresh: bool = False,
        via: Via = "task",
        timeout: float | None = None,
    ) -> Result:
        """Generate images from text. Options in full: `ImageRequest`.

        Args:
            prompt: Description of the image, in Chinese or English, at most 5000 characters.
            model: 'wan2.7-image-pro' (best, up to 4K) or 'wan2.7-image' (faster and cheaper, up to 2K).
            size: '1K', '2K', '4K' (text to image on wan2.7-image-pro only), or 'width*height' such as '1280*720'.
            n: Number of images, 1 to 4. Each image that comes back is billed.
            seed: 0 to 2147483647. An equal request with a seed is answered from the runs folder and not billed again.
            watermark: Adds the service's fixed 'AI generated' mark in the bottom right corner.
            thinking_mode: Thinks before drawing: better and slower.
            color_palette: 3 to 10 colors with shares that add up to 100.00 %: {"#C2D1E6": 23.51, ...}.
            fresh: Ask and pay again although the runs folder has the answer to an equal seeded request.
            via: "task", or "sync" for the synchronous endpoint, whose answer is lost if the connection is.
            timeout: Seconds for all of it; the task goes on after that. None waits until it ends.

        Returns:
            The result, which shows itself as a gallery.

        Raises:
            InvalidRequest: An option breaks a rule; nothing was sent.
            ApiError: The service refused the request or failed; nothing is billed.

        >>> client.generate("a flower shop", size="1K", n=2, seed=7)    # doctest: +SKIP
        """
        request = ImageRequest(
            prompt=prompt,
            model=model,
            size=size,
            n=n,
            seed=seed,
            watermark=watermark,
            thinking_mode=thinking_mode,
            color_palette=color_palette,
        )
        return self.run(request, fresh=fresh, via=via, timeout=timeout)

    @checks_options
    def edit(
        self,
        prompt: str,
        images: Inputs,
        *,
        model: str = PRO,
        size: str = "2K",
        n: int = 1,
        seed: int | None = None,
        watermark: bool = False,
        color_palette: Palette | None = None,
        bbox_list: Boxes | None = None,
        fresh: bool = False,
        via: Via = "task",
        timeout: float | None = None,
    ) -> Result:
        """Edit one image, combine several references into one, or edit inside boxes. Options in full: `ImageRequest`.

        Args:
            prompt: Description of the image, in Chinese or English, at most 5000 characters.
            images: Up to 9 pictures, one or a list: a path, URL, bytes, PIL image, NumPy array or earlier result.
                Each side 240 to 8000 pixels, at most 8:1, at most 20 MB; wannb.fit(picture) makes a copy that fits.
            model: 'wan2.7-image-pro' (best, up to 4K) or 'wan2.7-image' (faster and cheaper, up to 2K).
            size: '1K', '2K', '4K' (text to image on wan2.7-image-pro only), or 'width*height' such as '1280*720'.
            n: Number of images, 1 to 4. Each image that comes back is billed.
            seed: 0 to 2147483647. An equal request with a seed is answered from the runs folder and not billed again.
            watermark: Adds the service's fixed 'AI generated' mark in the bottom right corner.
            color_palette: 3 to 10 colors with shares that add up to 100.00 %: {"#C2D1E6": 23.51, ...}.
            bbox_list: Where to edit: a list for each input image, with up to two boxes [x1, y1, x2, y2] in its pixels.
            fresh: Ask and pay again although the runs folder has the answer to an equal seeded request.
            via: "task", or "sync" for the synchronous endpoint, whose answer is lost if the connection is.
            timeout: Seconds for all of it; the task goes on after that. None waits until it ends.

        Returns:
            The result, which shows itself as a gallery.

        Raises:
            InvalidRequest: An option breaks a rule, or there is no input image; nothing was sent.
            ApiError: The service refused the request or failed; nothing is billed.

        >>> client.edit("the graffiti of image 2 on the car of image 1", ["car.webp", "paint.webp"])  # doctest: +SKIP
        >>> client.edit("a clock in the boxed place", "room.jpg", bbox_list=[[[989, 515, 1138, 681]]])  # doctest: +SKIP
        """
        request = ImageRequest(
            prompt=prompt,
            images=images,
            model=model,
            size=size,
            n=n,
            seed=seed,
            watermark=watermark,
            color_palette=color_palette,
            bbox_list=bbox_list,
        )
        if not request.images:
            rule = Said("an edit needs at least one image; for text alone use client.generate")
            raise InvalidRequest([Problem(field="images", value=repr(images), rule=rule), *request.problems()])
        return self.run(request, fresh=fresh, via=via, timeout=timeout)

    @checks_options
    def image_set(
        self,
        prompt: str | Sequence[str],
        *,
        images: Inputs = (),
        style: str | None = None,
        n: int | None = None,
        model: str = PRO,
        size: str = "2K",
        seed: int | None = None,
        watermark: bool = False,
        fresh: bool = False,
        via: Via = "task",
        timeout: float | None = None,
    ) -> Result:
        """Generate a consistent set of images, from text or from reference images. Options in full: `ImageRequest`.

        Args:
            prompt: The whole text, or a list of up to 12 scenes, which become one numbered scene for each image, as
                documented.
            images: Up to 9 pictures, one or a list: a path, URL, bytes, PIL image, NumPy array or earlier result.
                Each side 240 to 8000 pixels, at most 8:1, at most 20 MB; wannb.fit(picture) makes a copy that fits.
            style: A line before the scenes, such as "cinematic, the same orange cat throughout".
            n: Most images, 1 to 12; the model may return fewer. By default the number of scenes, or 4 for a whole text.
                Each image that comes back is billed.
            model: 'wan2.7-image-pro' (best, up to 4K) or 'wan2.7-image' (faster and cheaper, up to 2K).
            size: '1K', '2K', '4K' (text to image on wan2.7-image-pro only), or 'width*height' such as '1280*720'.
            seed: 0 to 2147483647. An equal request with a seed is answered from the runs folder and not billed again.
            watermark: Adds the service's fixed 'AI generated' mark in the bottom right corner.
            fresh: Ask and pay again although the runs folder has the answer to an equal seeded request.
            via: "task", or "sync" for the synchronous endpoint, whose answer is lost if the connection is.
            timeout: Seconds for all of it; the task goes on after that. None waits until it ends.

        Returns:
            The result, which shows itself as a gallery.

        Raises:
            InvalidRequest: An option breaks a rule; nothing was sent.
            ApiError: The service refused the request or failed; nothing is billed.

        >>> client.image_set(["spring ...", "summer ..."], images="cat.png", style="cinematic")  # doctest: +SKIP
        """
        if isinstance(prompt, str):
            n = 4 if n is None else n
            prompt = scenes.lead(prompt, style)
        else:
            listed = scenes.checked(prompt, n=n)
            n = len(listed) if n is None else n
            prompt = scenes.prompt(listed, style=style)
        request = ImageRequest(
            prompt=prompt, images=images, model=model, size=size, n=n, seed=seed, watermark=watermark
        ).replace(enable_sequential=True)
        return self.run(request, fresh=fresh, via=via, timeout=timeout)

    @spoken
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

        An interrupt cancels the task while it is still queued (PENDING), which is not billed. One that has begun goes
        on, and `rescue()` brings its images.

        Args:
            request: what to ask.
            via, fresh, timeout: as in `generate`.
            on_status: called with the service's state and the seconds waited; without it a line of text shows them.
        """
        if via not in ("task", "sync"):
            raise ValueError(say("via={via} is neither 'task' nor 'sync'", via=repr(via)))
        if timeout is not None and (via == "sync" or not isinstance(timeout, (int, float))):
            raise ValueError(
                say(
                    "timeout={timeout}: seconds to wait for a task; the time of a synchronous call cannot be limited",
                    timeout=repr(timeout),
                )
            )
        task: Task | None = None
        with waits_shown(after=0) as line, within(timeout, self._ledger.clock):
            show = on_status or line.status
            if on_status is None:
                line.show(Said("sending"))
            try:
                if via == "sync":
                    task = self._call(request, fresh=fresh, on_status=show)
                else:
                    task = self.submit(request, fresh=fresh)
                line.usual = task.usual
                result = task.wait(on_status=show).result()
            except KeyboardInterrupt as stop:
                stop.args = (self._stopped(task, via),)
                raise
            if on_status is None:
                saved = Said("{images} saved", images=count(len(result), "image"))
                line.done(say(result.price_line if result.reused else saved))
            return result

    def _stopped(self, task: Task | None, via: Via) -> str:
        """Withdraw the task of an interrupted call, and return what becomes of it."""
        if via == "sync":
            return say("stopped waiting; a synchronous call that was sent goes on and cannot be picked up")
        if task is None or not task.id:
            return say("stopped waiting; what was sent goes on, and client.rescue() fetches it")
        return say("canceled while it was queued; nothing is billed" if task.withdraw() else task.goes_on)

    @spoken
    @waits_shown()
    def submit(self, request: ImageRequest, *, fresh: bool = False) -> Task:
        """Send a request and return at once; the task's id is on disk before this returns."""
        return self._submit(request, fresh=fresh)

    async def submit_async(self, request: ImageRequest, *, fresh: bool = False) -> Task:
        """Send a request as `submit` does, on a thread of its own, so that an event loop goes on meanwhile.

        >>> result = await (await client.submit_async(request))    # doctest: +SKIP
        """
        return await asyncio.to_thread(self.submit, request, fresh=fresh)

    @at_work()
    def _submit(self, request: ImageRequest, *, fresh: bool = False, after: set[str] | None = None) -> Task:
        run, own = self._begin(request, fresh=fresh, after=after)
        reused = run.state == DONE or run.fetched
        if run.state not in ENDED:
            try:
                self._ledger.send(run)
            except UnknownOutcome as error:
                error.run_id = run.id
                raise
        return Task(self._ledger, run, reused=reused, own=own)

    def _prepare(self, request: ImageRequest) -> str:
        """Write a request to the runs folder with all its inputs, send nothing, and return its id for `_send`."""
        return self._begin(request, fresh=True)[0].id

    @spoken
    @at_work()
    def _send(self, run_id: str) -> Task:
        run = self.store.get(run_id)
        self._ledger.send(run)
        return Task(self._ledger, run, own=True)

    @at_work()
    def _call(self, request: ImageRequest, *, fresh: bool, on_status: OnStatus) -> Task:
        run, _ = self._begin(request, fresh=fresh, via="sync")
        reused = run.state == DONE or run.fetched
        self._ledger.call(run, lambda: on_status("sent", 0.0))
        return Task(self._ledger, run, reused=reused)

    def _begin(
        self, request: ImageRequest, *, fresh: bool, via: Via = "task", after: set[str] | None = None
    ) -> tuple[Run, bool]:
        """Return the run of a request, and whether it was made by this call."""
        if not isinstance(request, ImageRequest):
            raise TypeError(
                say("{kind} is not an ImageRequest; for text use client.generate(...)", kind=type(request).__name__)
            )
        if not isinstance(fresh, bool):
            raise TypeError(say("fresh={fresh} is neither True nor False; True asks and pays again", fresh=repr(fresh)))
        request.check()
        seed_drawn = request.seed is None
        if seed_drawn:
            request = request.replace(seed=self._chance.randrange(MAX_SEED + 1))
        cost = price(request.model, self.service.region)
        run, own = None if seed_drawn or fresh or after is not None else self._ledger.find(request), False
        if run and run.state == DONE:
            # Without a lock: a folder that cannot be written to answers too.
            run = Run(run.folder, run.record, request, skipped=run.skipped)
        else:
            run, own = self._ledger.begin(request, seed_drawn=seed_drawn, fresh=fresh, via=via, price=cost, after=after)
        if run.state == DONE:
            make_whole(run, self._ledger.revive, mine=run.service == self.service.name)
        return asked(run), own

    def known(self, request: ImageRequest) -> Run | None:
        """Return the run that answers a request for nothing: an equal seeded one, done or under way.

        One that is done may be of another region or key; what the mock server drew answers on the mock server alone.
        """
        run = None if request.seed is None else self._ledger.find(request)
        return run if run and (run.state == DONE or run.task_id) else None

    def estimate(self, request: ImageRequest) -> Money | None:
        """Return what a request costs at most, None where the price is unknown.

        On the mock server it is what the live service would bill.

        >>> str(client.estimate(wannb.ImageRequest(prompt="a cat", n=2)))    # doctest: +SKIP
        '0.15 USD'
        """
        one = price(request.model, self.service.region)
        return one.times(max(0, request.n)) if one and isinstance(request.n, int) else None

    # Looking back

    @spoken
    @waits_shown()
    def task(self, task_id: str, *, run: str | None = None) -> Task:
        """Return a task by its id: one of the runs folder, or any other of the account, whose images it then saves.

        Args:
            task_id: the service's id.
            run: ties the task to a run whose answer was lost (`candidates` shows what may be its outcome), or whose
                task was found by its time or chosen before, which is then given back.

        Raises:
            StoreError: the task, or that run, belongs to another for certain, or that run has ended.
            TaskForgotten: the service does not know the task.
        """
        if not isinstance(task_id, str) or not task_id.strip():
            raise ValueError(say("task_id={task_id} is not a task id", task_id=repr(task_id)))
        known = self.store.by_task(task_id)
        if known and run in (None, known.id):
            return self._picked_up(known)
        if known and known.prompt:
            belongs = Said("task {task_id} belongs to run {run} already", task_id=task_id, run=known.id)
            if known.record.uncertain:
                belongs = Said("{belongs}; client.release({run}) takes that back", belongs=belongs, run=repr(known.id))
            raise StoreError(belongs)
        found = self._ledger.transport.query(task_id)
        if found.status == wire.UNKNOWN:
            raise TaskForgotten(
                Said(
                    "the service does not know task {task_id}: it keeps tasks for 24 hours, in the region and account "
                    "that made them",
                    task_id=repr(task_id),
                ),
                task_id=task_id,
            )
        adopted = self.store.get(run) if run else self._viewed(task_id, found)
        self._ledger.adopt(task_id, adopted)
        return Task(self._ledger, adopted)

    def _viewed(self, task_id: str, answer: wire.Answer) -> Run:
        """Return a new run for a task of which only the id is known; it counts at the price of its model, or the most.

        The service's list has the model.
        """
        model = PRO
        with suppress(WannbError):
            model = next((each.model for each in self.task_list() if each.task_id == task_id), PRO)
        region = self.service.region
        facts = {**self._ledger.facts, "price": price(model, region) or price(PRO, region), "usage": dict(answer.usage)}
        return self.store.create(None, "0" * 64, **facts)

    @spoken
    @waits_shown()
    def candidates(self, run_id: str) -> Candidates:
        """Return the tasks that may be the outcome of a run whose answer was lost, with their pictures.

        Nothing is saved, sent or counted. `client.task(task_id, run=run_id)` takes one of them, and `release` gives it
        back.

        Args:
            run_id: the folder's name, as `UnknownOutcome.run_id` has it.

        Raises:
            StoreError: the run holds its task for certain, or nothing of it was sent.

        >>> client.candidates(error.run_id)[0].code    # doctest: +SKIP
        "client.task('0385dc79-…', run='20261122-130157-3fa9c1d2b7e0')"
        """
        return candidates(self._ledger, self.store.get(run_id))

    @spoken
    def release(self, run_id: str) -> None:
        """Take back that a run's task is its own, where it was found by its time or chosen.

        The run is in doubt again, and its cost counts at its most. Its pictures are moved to the folder `not-ours` in
        its own; the task is not proposed for it any more.

        Raises:
            StoreError: the run holds its task for certain, or none.
        """
        self._ledger.release(self.store.get(run_id))

    def _picked_up(self, run: Run) -> Task:
        """Return the task of a known run; one that ended without all its images is asked for once more."""
        self._ledger.revive(run)
        return Task(self._ledger, run, reused=run.state == DONE)

    @spoken
    @waits_shown()
    def pick_up(self, run_id: str, *, timeout: float | None = None) -> Task:
        """Return the task of a run that was cut off; one whose answer was lost is looked up. Sends no generation.

        Args:
            run_id: the folder's name.
            timeout: seconds for the look-up; None for as long as it takes.

        Raises:
            StoreError: nothing of it had reached the service, so nothing is billed; or another key sent it.
            UnknownOutcome: the service's task list does not tell which task it became.
        """
        with within(timeout, self._ledger.clock):
            run = self.store.get(run_id)
            if run.state not in ENDED:
                self._ledger.check_owned(run, ask=True)
            if run.state not in ENDED and not self._ledger.settle(run):
                raise StoreError(
                    Said("nothing of run {run} had reached the service: nothing is billed, send it again", run=run_id)
                )
            return self._picked_up(run)

    @spoken
    def tasks(self) -> list[Task]:
        """Return the tasks of the runs folder that have not ended, the newest first."""
        return [Task(self._ledger, run) for run in self.store.open_runs() if run.task_id and self.owns(run)]

    @spoken
    @waits_shown()
    def task_list(self, *, hours: float = 24) -> list[wire.ListedTask]:
        """Return the service's own list: all tasks of the account, from any program, without their prompts.

        Args:
            hours: how far to look back; the service keeps 24.

        >>> [task.status for task in client.task_list(hours=1)]    # doctest: +SKIP
        ['SUCCEEDED', 'RUNNING']
        """
        self._ledger.transport.learn_time()
        now, _ = self._ledger.transport.now()
        found, _ = self._ledger.transport.tasks(since=now - min(hours, 24) * 3600, until=now)
        return found

    @spoken
    def runs(self, search: str = "") -> Runs:
        """Return all runs, the newest first; `search` has words that each must be in prompt, model, state or id.

        A word may be a day ("2026-11-26") or an option ("seed:3", "model:pro", "size:2K").
        """
        return self.store.runs(search)

    @spoken
    @waits_shown()
    def rescue(self, *, timeout: float | None = 600) -> Rescue:
        """Bring every image that was paid for to disk: pick up each run of this service that was cut off.

        Sends no generation. A run whose answer was lost is looked up in the service's task list.

        Args:
            timeout: seconds for all of it, as long as that takes with None; what is open then stays so.
        """
        return rescue(self._ledger, timeout=timeout)

    def spent(self) -> Money | None:
        """Return what all runs of this service cost, those under way at their most.

        On the mock server it is what the live service would have billed.
        """
        known = price(PRO, self.service.region)
        if known is None:
            return None
        return Money(amount=self.store.spent(self.service.name, known.currency), currency=known.currency)

    def owns(self, run: Run) -> bool:
        """Return whether this client's service and account made a run, and so can be asked for it."""
        return self._ledger.owns(run)

    @spoken
    def __repr__(self) -> str:
        return f"Client({say(self.service.where)})" + "".join(f"\n  {say(notice)}" for notice in self.notices)

    @spoken
    def _repr_html_(self) -> str:
        if self.service.kind == "live":
            title = Said("wannb · {service}", service=self.service.host)
            return html.block(title, lines=[Said("Live: every image that comes back is billed.")], notes=self.notices)
        lines = [
            Said("Images are drawn on this machine; nothing is sent out and nothing is billed."),
            Said("Set DASHSCOPE_API_KEY to use the live service."),
        ]
        return html.block(Said("wannb · mock server"), lines=lines, notes=self.notices)

    def close(self) -> None:
        """Close the connections; runs under way go on at the service."""
        self._ledger.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        # For the workers of a cluster; the key travels with it and stands in no repr.
        options = {name: getattr(self, name) for name in ("budget", "language", "pace", "metadata")}
        return partial(_twin, **options), (self.service, self._key, self.store.root)


@lru_cache(maxsize=8)
def _twin(service: Service, key: Secret, root: Path, **options: Any) -> Client:
    return Client(service, key, Store(root), **options)
