"""Generation calls: the recording that is replayed or the images that are drawn, and the task they belong to."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from wannb.mock.exchange import Refused, Request
from wannb.mock.recordings.format import DRAWN, Recording, at, digest, finished, images_of, normalise

from .images import Images
from .rules import FIXED, SEED_MAX, CheckedRequest, checked
from .scenarios import Effect, Playing
from .settings import Settings
from .tasks import SUBMITS_A_SECOND, Task, Tasks, signed

# A slow queue: PENDING for this many times the usual task, and for this many seconds at least.
SLOW_TIMES = 5
SLOW_LEAST = 2.0
# Seen live 2026-04: a task is RUNNING within 0.3 s of its submit.
PENDING_MOST = 0.3
# What others on the account ask for.
STRANGER_SECONDS = 0.05
STRANGERS = ("A lighthouse at noon", "A fox in the snow", "A teapot on a table")


@dataclass(kw_only=True)
class Call:
    """One request while it is answered."""

    request: Request
    kind: str
    subject: str  # the task or image it is about
    arrived: float  # epoch seconds of the server's clock
    request_id: str
    effect: Effect = field(default_factory=Effect)
    own: Playing | None = None  # the scenario that its own header names
    notes: list[str] = field(default_factory=list)


class Generator:
    """Answers generation calls; thread-safe."""

    def __init__(self, settings: Settings, tasks: Tasks, images: Images) -> None:
        self._settings = settings
        self._tasks = tasks
        self._images = images
        self._lock = threading.Lock()
        self._times: Counter[str] = Counter()  # by key
        self._strangers = 0

    def answer(self, call: Call) -> tuple[int, dict[str, Any]]:
        """Return status and body: of a create the id of its task, of a synchronous call the images."""
        recordings, steady = self._settings.replay, self._settings.steady
        keyed = recordings is not None or steady
        sent = self.normalise(call.request) if keyed else {}
        key = digest(sent) if keyed else ""
        with self._lock:
            nth = self._times[key]  # how often it came before
            self._times[key] += 1
        found = recordings.find(sent, nth) if recordings is not None else None
        if found is None and self._settings.strict and recordings is not None:
            raise Refused("Recording.NoMatch", recordings.miss(sent))
        if found is not None:
            call.notes.append(f"played {found.name}")
            if found.response["status"] != 200:
                return found.response["status"], dict(found.response.get("json") or {})
        # A recording of the live service may break a rule that only the mock has.
        request = self._checked(call, lenient=found is not None)
        # In replay and while recording, chance comes from the request: the same images every time.
        chance = key if found is not None or steady else ""
        seed = self._seed(request, chance)
        ending = self._replayed(found, request, seed, call) if found is not None else None
        if ending is None:
            ending = self._drawn(request or self._checked(call), seed, call)
        task = self._begin(call, ending, self._task_id(found, chance, nth))
        if call.kind == "create":
            return 200, {"output": {"task_id": task.id, "task_status": "PENDING"}}
        return 200, self._waited(task, call.request.base)

    def add_stranger(self, call: Call) -> None:
        """Make the task of somebody else on the account right after a submit, of the same model and size."""
        request = self._checked(call, lenient=True)
        if request is None:
            return
        with self._lock:
            self._strangers += 1
        prompt = STRANGERS[self._strangers % len(STRANGERS)]
        other = replace(request, prompt=prompt, images=(), boxes=(), n=1, sequential=False)
        theirs = Call(
            request=call.request,
            kind="create",
            subject="",
            arrived=call.arrived,
            request_id=str(self._settings.fresh()),
        )
        ending = self._drawn(other, 0, theirs)
        self._begin(theirs, ending, str(self._settings.fresh()), later=STRANGER_SECONDS)

    def normalise(self, request: Request) -> dict[str, Any]:
        """Return a request as recordings hold it."""
        return normalise(request.method, request.path, request.headers, request.json, self._images.identify)

    def _checked(self, call: Call, *, lenient: bool = False) -> Any:
        """Return the checked request; where it breaks a rule, None if `lenient`, otherwise the refusal is raised."""
        resolve = call.request.header("x-dashscope-ossresourceresolve").lower() == "enable"
        try:
            request = checked(call.request.json, partial(self._images.input, resolve=resolve))
        except Refused:
            if lenient:
                return None
            raise
        call.notes.extend(request.notes)
        return replace(request, images=tuple(map(self._images.shelved, request.images)))

    def _seed(self, request: CheckedRequest | None, chance: str) -> int:
        if request is not None and request.seed is not None:
            return request.seed
        number = int(_hash("seed", chance)[:12], 16) if chance else self._settings.fresh().int
        return number % (SEED_MAX + 1)

    def _task_id(self, found: Recording | None, chance: str, nth: int) -> str:
        said = at(found.response, "json", "output", "task_id") if found is not None else None
        if isinstance(said, str) and said and not self._tasks.taken(said):
            return said
        return str(UUID(_hash("task", chance, nth)[:32], version=4) if chance else self._settings.fresh())

    # What a task ends with: values for `Task`, its images registered and named by their paths

    def _drawn(self, request: CheckedRequest, seed: int, call: Call) -> dict[str, Any]:
        count = max(1, request.n * 2 // 3) if call.effect.fewer and request.sequential else request.n
        size, name = request.output_size, self._settings.fresh()
        items, refused = [], []
        for index in range(count):
            if call.effect.partly and index % 2:
                refused.append(dict(zip(("code", "message"), call.effect.partly, strict=True)))
                continue
            draw = partial(self._draw, request, seed, size, count, index)
            path = self._images.add(name, index, size=size, draw=draw, playing=call.own)
            items.append({"type": "image", "image": path})
        # Shaped like the documented examples: a text costs a few tokens, an input image some 9,000, and the
        # output 3n-1. The numbers are not billed.
        tokens = {"input_tokens": 14 + len(request.prompt) // 4 + 9350 * len(request.images)}
        came = len(items)
        tokens["output_tokens"] = 3 * came - 1
        usage = {"size": f"{size[0]}*{size[1]}", "image_count": came, "total_tokens": sum(tokens.values()), **tokens}
        output = finished(items, request.sequential)
        if refused:
            # Documented for image batches in general (FAQ, October 2026).
            counts = {"TOTAL": count, "SUCCEEDED": came, "FAILED": len(refused)}
            output |= {"results": refused, "task_metrics": counts}
        return {"output": output, "usage": usage}

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
        if "choices" not in output and "results" not in output:
            return None
        said = final.get("usage")
        usage = dict(said) if isinstance(said, dict) else {}
        fixed = FIXED.fullmatch(str(usage.get("size", "")))
        size = (int(fixed[1]), int(fixed[2])) if fixed else None
        items = images_of({"output": output})
        name = self._settings.fresh()
        for index, (item, where) in enumerate(items):
            if item[where] != DRAWN:
                draw = partial(recording.image, item[where])
                draw()  # a missing file is noticed before anything is promised
            elif request is None:
                raise ValueError(f"{recording.file.name}: its images are drawn, but its request breaks a rule.")
            else:
                size = size or request.output_size
                draw = partial(self._draw, request, seed, size, len(items), index)
            item[where] = self._images.add(name, index, size=size or (1, 1), draw=draw, playing=call.own)
        return {"output": output, "usage": usage}

    def _begin(self, call: Call, ending: dict[str, Any], task_id: str, *, later: float = 0.0) -> Task:
        model = str(call.request.json["model"])
        pending = min(PENDING_MOST, self._settings.task_seconds / 6)
        if call.effect.fail:
            ending = {**ending, "failure": call.effect.fail}
        self._tasks.count_request(f"submit {model}", SUBMITS_A_SECOND, limits=call.effect.limits)
        # One at a time, so that no two tasks get one id.
        with self._lock:
            while self._tasks.taken(task_id):
                task_id = str(self._settings.fresh())
            task = Task(
                id=task_id,
                model=model,
                request_id=call.request_id,
                submitted=self._settings.now() + later,
                pending=max(SLOW_LEAST, SLOW_TIMES * self._settings.task_seconds) if call.effect.slow else pending,
                running=self._settings.task_seconds - pending,
                hidden=call.kind == "sync",
                playing=call.own,
                stranger=later > 0,
                **ending,
            )
            self._tasks.add(task, limits=call.effect.limits)
        return task

    def _waited(self, task: Task, base: str) -> dict[str, Any]:
        """Take as long as a task takes, and return the body of a synchronous call's answer."""
        if self._settings.task_seconds > 0:
            self._settings.sleep(self._settings.task_seconds)
        # Billed from here on, even if the client hung up meanwhile.
        task.settled = True
        if task.failure:
            raise Refused(*task.failure)
        link = partial(self._images.link, base=base, ended=self._settings.now())
        return {"output": signed(task.output, link), "usage": dict(task.usage)}

    def _draw(self, request: CheckedRequest, seed: int, size: tuple[int, int], count: int, index: int) -> bytes:
        """Draw one image of a request; its input images are read now."""
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
            captions=self._settings.captions,
        )
        return drawing.draw(wanted)


def _hash(*parts: object) -> str:
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
