"""Generation calls: the recording that is replayed or the images that are drawn, and the task they belong to."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from wannb.mock.exchange import Refused, Request
from wannb.mock.recordings.format import DRAWN, Recording, digest, images_of, normalise
from wannb.mock.recordings.library import Recordings

from .images import Images
from .rules import FIXED, SEED_MAX, CheckedRequest, checked
from .scenarios import Effect, Playing
from .tasks import SUBMITS_A_SECOND, Task, Tasks, signed

# A slow queue: PENDING for this many times the usual task, and for this many seconds at least.
SLOW_TIMES = 5
SLOW_LEAST = 2.0
# Seen live 2026-04: a task is RUNNING within 0.3 s of its submit.
PENDING_MOST = 0.3


@dataclass(kw_only=True)
class Call:
    """One request while it is answered.

    Attributes:
        subject: the task or image it is about.
        arrived: epoch seconds of the server's clock.
        effect: what the scenarios do to it.
        playing: the scenarios that are played on it.
        own: the scenario that its own header names.
        notes: for the log.
    """

    request: Request
    kind: str
    subject: str
    arrived: float
    request_id: str
    effect: Effect = field(default_factory=Effect)
    playing: tuple[Playing, ...] = ()
    own: Playing | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Generator:
    """Answers generation calls; thread-safe.

    Args:
        now: the server's clock in epoch seconds.
        sleep: waits; a synchronous call takes as long as a task.
        fresh: returns a new id.
        task_seconds: how long a task takes.
        recordings: what is replayed; None draws everything.
        strict: refuse what has no recording.
        steady: take ids and seeds from the request.
        captions: write the prompt into the MOCK label.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]
    fresh: Callable[[], UUID]
    tasks: Tasks
    images: Images
    task_seconds: float
    recordings: Recordings | None
    strict: bool
    steady: bool
    captions: bool = True
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _times: Counter[str] = field(default_factory=Counter, repr=False)

    def answer(self, call: Call) -> tuple[int, dict[str, Any]]:
        """Return status and body: of a create the id of its task, of a synchronous call the images."""
        keyed = self.recordings is not None or self.steady
        sent = self.normalise(call.request) if keyed else {}
        key = digest(sent) if keyed else ""
        with self._lock:
            nth = self._times[key]  # how often it came before
            self._times[key] += 1 if keyed else 0
        found = self.recordings.find(sent, nth) if self.recordings is not None else None
        if found is None and self.strict and self.recordings is not None:
            raise Refused("Recording.NoMatch", self.recordings.miss(sent))
        if found is not None:
            call.notes.append(f"played {found.name}")
            if found.response["status"] != 200:
                return found.response["status"], dict(found.response.get("json") or {})
        # A recording of the live service may break a rule that only the mock has.
        request = self._checked(call, lenient=found is not None)
        seed = self._seed(request, key if found is not None or self.steady else "")
        ending = self._replayed(found, request, seed, call) if found is not None else None
        if ending is None:
            ending = self._drawn(request or self._checked(call), seed, call)
        task = self._begin(call, ending, self._task_id(found, key, nth))
        if call.kind == "create":
            return 200, {"output": {"task_id": task.id, "task_status": "PENDING"}}
        return 200, self._waited(task, call.request.base)

    def normalise(self, request: Request) -> dict[str, Any]:
        """Return a request as recordings hold it."""
        identify = self.images.identify
        return normalise(request.method, request.path, request.headers, request.json, identify)

    def _checked(self, call: Call, *, lenient: bool = False) -> Any:
        """Return the checked request; where it breaks a rule, None if `lenient`, otherwise the refusal is raised."""
        resolve = call.request.header("x-dashscope-ossresourceresolve").lower() == "enable"
        try:
            request = checked(call.request.json, partial(self.images.input, resolve=resolve))
        except Refused:
            if lenient:
                return None
            raise
        call.notes.extend(request.notes)
        return request

    def _seed(self, request: CheckedRequest | None, key: str) -> int:
        if request is not None and request.seed is not None:
            return request.seed
        # In replay and while recording, chance comes from the request: the same images every time.
        number = int(hashlib.sha256(f"seed {key}".encode()).hexdigest()[:12], 16) if key else self.fresh().int
        return number % (SEED_MAX + 1)

    def _task_id(self, found: Recording | None, key: str, nth: int) -> str:
        said = ((found.response.get("json") or {}).get("output") or {}).get("task_id") if found is not None else None
        if isinstance(said, str) and said and not self.tasks.taken(said):
            return said
        if key and (found is not None or self.steady):
            return str(UUID(hashlib.sha256(f"task {key} {nth}".encode()).hexdigest()[:32], version=4))
        return str(self.fresh())

    # What a task ends with: values for `Task`, its images registered and named by their paths

    def _drawn(self, request: CheckedRequest, seed: int, call: Call) -> dict[str, Any]:
        count = max(1, request.n * 2 // 3) if call.effect.fewer and request.sequential else request.n
        size, name = request.output_size, self.fresh()
        draw = _drawer(request, self.captions, seed, size, count)
        items = [
            {
                "type": "image",
                "image": self.images.add(name, index, size=size, draw=partial(draw, index), playing=call.own),
            }
            for index in range(count)
        ]
        # Documented: a set is one choice with several images. Several single images are reported (by third
        # parties, not documented) to be as many choices.
        groups = [items] if request.sequential else [[item] for item in items]
        choices = [{"finish_reason": "stop", "message": {"role": "assistant", "content": group}} for group in groups]
        # Shaped like the documented examples: a text costs a few tokens, an input image some 9,000, and the
        # output 3n-1. The numbers are not billed.
        tokens = {"input_tokens": 14 + len(request.prompt) // 4 + 9350 * len(request.images)}
        tokens["output_tokens"] = 3 * count - 1
        usage = {"size": f"{size[0]}*{size[1]}", "image_count": count, "total_tokens": sum(tokens.values()), **tokens}
        return {"output": {"finished": True, "choices": choices}, "usage": usage}

    def _replayed(
        self, recording: Recording, request: CheckedRequest | None, seed: int, call: Call
    ) -> dict[str, Any] | None:
        """Return the final answer of a recording, None where it has none."""
        final = recording.task if recording.task is not None else recording.response.get("json")
        if not isinstance(final, dict) or not isinstance(final.get("output"), dict):
            return None
        timed = ("task_id", "task_status", "submit_time", "scheduled_time", "end_time")
        output = {key: value for key, value in copy.deepcopy(final["output"]).items() if key not in timed}
        if final["output"].get("task_status") == "FAILED":
            return {"failure": (str(output.get("code", "")), str(output.get("message", "")))}
        if "choices" not in output:
            return None
        said = final.get("usage")
        usage = dict(said) if isinstance(said, dict) else {}
        fixed = FIXED.fullmatch(str(usage.get("size", "")))
        size = (int(fixed[1]), int(fixed[2])) if fixed else None
        items = images_of({"output": output})
        name = self.fresh()
        for index, item in enumerate(items):
            if item["image"] != DRAWN:
                draw = partial(recording.image, item["image"])
                draw()  # a missing file is noticed before anything is promised
            elif request is None:
                raise ValueError(f"{recording.file.name}: its images are drawn, but its request breaks a rule.")
            else:
                size = size or request.output_size
                draw = partial(_drawer(request, self.captions, seed, size, len(items)), index)
            item["image"] = self.images.add(name, index, size=size or (1, 1), draw=draw, playing=call.own)
        return {"output": output, "usage": usage}

    def _begin(self, call: Call, ending: dict[str, Any], task_id: str) -> Task:
        model = str(call.request.json["model"])
        pending = min(PENDING_MOST, self.task_seconds / 6)
        if call.effect.fail:
            ending = {**ending, "failure": call.effect.fail}
        self.tasks.count_request(f"submit {model}", SUBMITS_A_SECOND)
        # One at a time, so that no two tasks get one id.
        with self._lock:
            while self.tasks.taken(task_id):
                task_id = str(self.fresh())
            task = Task(
                id=task_id,
                model=model,
                request_id=call.request_id,
                submitted=self.now(),
                pending=max(SLOW_LEAST, SLOW_TIMES * self.task_seconds) if call.effect.slow else pending,
                running=self.task_seconds - pending,
                hidden=call.kind == "sync",
                playing=call.own,
                **ending,
            )
            self.tasks.add(task)
        return task

    def _waited(self, task: Task, base: str) -> dict[str, Any]:
        """Take as long as a task takes, and return the body of a synchronous call's answer."""
        if self.task_seconds > 0:
            self.sleep(self.task_seconds)
        # Billed from here on, even if the client hung up meanwhile.
        task.settled = True
        if task.failure:
            raise Refused(*task.failure)
        link = partial(self.images.link, base=base, ended=self.now())
        return {"output": signed(task.output, link), "usage": dict(task.usage)}


def _drawer(
    request: CheckedRequest, captions: bool, seed: int, size: tuple[int, int], count: int
) -> Callable[[int], bytes]:
    """Return the function that draws an image by its number; input images are read when it is called."""

    def draw(index: int) -> bytes:
        from wannb.mock import drawing

        wanted = drawing.Drawing(
            prompt=request.prompt,
            seed=seed,
            size=size,
            index=index,
            count=count,
            sequential=request.sequential,
            model=request.model,
            images=tuple(image.read() for image in request.images),
            boxes=request.boxes,
            palette=request.palette,
            watermark=request.watermark,
            thinking=request.thinking,
            captions=captions,
        )
        return drawing.draw(wanted)

    return draw
