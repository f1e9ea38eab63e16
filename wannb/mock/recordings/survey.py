"""Survey of a live service through the recorder, and where its answers differ from the bundled ones and the mock's.

The shape of an answer is a set of lines such as `query SUCCEEDED, one image: output.choices[].message.role: assistant`:
kind of answer, field, and its type or, in a closed set of words, its word. Other values never are in it.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from wannb.mock.exchange import API, CREATE_PATH, SYNC_PATH, Request, Response, parsed
from wannb.mock.server.app import App

from .format import at, images_of, walk
from .library import load
from .recorder import NO_TASK, Recorder
from .scrub import WORDS, Scrubber, field_of

HEAD = (
    "Shapes of the answers of the service, beside the bundled recordings and the mock server's own answers.\n"
    "They hold names of fields, types and known words, but no values.\n"
)
_TYPES = {str: "str", int: "int", float: "float", bool: "bool", type(None): "null", dict: "object"}
#: The path to a field, with "[]" for the items of a list, and the type or word of its value.
Line = tuple[tuple[str, ...], str]


def lines(value: Any) -> set[Line]:
    """Return the lines of a JSON value. A list of choices, or of one choice's images, has a length: one or several."""
    found = set()
    for places, inner in walk(value):
        path = tuple("[]" if isinstance(place, int) else place for place in places)
        field, what = field_of(places), _TYPES.get(type(inner), "list")
        if isinstance(inner, list) and path[:2] == ("output", "choices"):
            what = f"list of {'several' if len(inner) > 1 else len(inner)}"
        elif isinstance(inner, str) and field in WORDS:
            what = inner if inner in WORDS[field] else "another word"
        found.add((path, what))
    return found


class Shapes:
    """The lines of answers by their kind, such as "create" or "query SUCCEEDED, one image". Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sets: set[str] = set()  # ids of tasks that make an image set
        self.answers: dict[str, list[set[Line]]] = {}
        self.last = ""

    def saw(self, request: Request, status: int, answer: Any) -> None:
        """Take an exchange into account; `last` is then the kind of its answer, "" for one not of the API."""
        asked, subject = request.route
        self.last = ""
        if asked in ("upload", "download", "health") or not request.path.startswith(API):
            return
        with self._lock:
            if asked in ("create", "sync") and at(request.json, "parameters", "enable_sequential") is True:
                subject = str(at(answer, "output", "task_id") or "sync")
                self._sets.add(subject)
            self.last = kind_of(asked, status, answer, subject in self._sets)
            self.answers.setdefault(self.last, []).append(lines(answer))


def kind_of(asked: str, status: int, answer: Any, is_set: bool) -> str:
    """Name the kind of an answer: answers of one kind have one shape."""
    if not isinstance(answer, dict):
        return f"{asked} without JSON"
    if status != 200:
        return "refusal"
    if asked == "query":
        said = str(at(answer, "output", "task_status"))
        asked = f"query {said}" if said in WORDS["task_status"] else "query of another status"
    if asked not in ("sync", "query SUCCEEDED"):
        return asked
    images = len(images_of(answer))
    return f"{asked}, {'one image' if images < 2 else 'image set' if is_set else 'several images'}"


def differences(live: Shapes, scrubber: Scrubber) -> list[str]:
    """Return what only live answers have, and what they lack and all known answers of a source have.

    The scrubber decides which names of fields may be shown.
    """
    found: list[str] = []
    for kind, answers in live.answers.items():
        sources = (("bundled", bundled()), ("mock", drawn()))
        known = {name: shapes.answers[kind] for name, shapes in sources if kind in shapes.answers}
        if not known:
            found.append(f"{kind}: only live: neither the bundled recordings nor the mock have such an answer")
            continue
        seen, theirs = set().union(*answers), set().union(*(line for each in known.values() for line in each))
        paths = {path for path, _ in seen} | {()}
        for path, what in sorted(seen - theirs):
            words = " or ".join(sorted(word for other, word in theirs if other == path))
            found.append(f"{kind}: only live: {_shown(path, scrubber)}: {what}{words and f' (known: {words})'}")
        always = {name: set.intersection(*each) for name, each in known.items()}
        for path, what in sorted(set().union(*always.values())):
            if path not in paths and path[:-1] in paths and path[-1] != "[]":
                names = " and ".join(name for name in always if (path, what) in always[name])
                found.append(f"{kind}: only {names}: {_shown(path, scrubber)}: {what}")
    # Fields whose names are not shown would be listed many times.
    return list(dict.fromkeys(found))


def _shown(path: tuple[str, ...], scrubber: Scrubber) -> str:
    return ".".join(name if name == "[]" else scrubber.name(name) for name in path).replace(".[]", "[]")


#: What came of a billed request, in words, and the id of its task.
Came = tuple[str, str | None]
#: A billed request: its title, the most images it makes, and the function that sends it and waits for it.
Step = tuple[str, int, Callable[[], Came]]


class Survey:
    """Requests through a recorder, said line by line, and the report of how the answers differ from what is known.

    Args:
        headers: of the requests that the survey sends itself: key, workspace and host.
        failures: the exceptions with which a client says that a request failed; `failed` is then set.
    """

    def __init__(self, recorder: Recorder, headers: Mapping[str, str], failures: type[Exception] = OSError) -> None:
        assert recorder.quota, "a survey has a limit"
        self._quota = recorder.quota
        self.failed = False
        self._recorder = recorder
        self._headers = headers
        self._failures = failures
        self._shapes = Shapes()
        self._unexpected: list[str] = []
        self._last_task: str | None = None
        recorder.watch = self._shapes.saw

    def run(self, model: str, broken: Any, follow: Callable[[str], Came], steps: Sequence[Step]) -> None:
        """Send what is free, what is billed, and then what is free and says more once there are tasks.

        `broken` is the JSON of a request for one image that breaks a rule. The service could accept it, so it is sent
        only where an image is left, and `follow` then waits for its task.
        """
        listing = "/tasks/?page_no=1&page_size=10"
        for title, kind, path in (
            ("the task list", "list", listing),
            ("an upload policy", "policy", f"/uploads?action=getPolicy&model={model}"),
            ("a task that does not exist", "query UNKNOWN", f"/tasks/{NO_TASK}"),
        ):
            if self._ask(title, kind, "GET", path).status in (401, 403):
                self.failed = True
                print("The key was not accepted; keys belong to one region. Nothing else was sent.", file=sys.stderr)
                return
        if self._quota.left:
            title, path = "a request that breaks a rule", CREATE_PATH.removeprefix(API)
            task_id = at(parsed(self._ask(title, "refusal", "POST", path, broken).body), "output", "task_id")
            if isinstance(task_id, str):
                print("  The service accepted it: it is billed, and counts as one image.")
                self._pay(title, 0, partial(follow, task_id))
        for step in steps:
            self._pay(*step)
        if self._last_task:
            self._ask("a cancel that comes too late", "refusal", "POST", f"/tasks/{self._last_task}/cancel")
            self._ask("the task list once more", "list", "GET", listing)

    def _ask(self, title: str, kind: str, method: str, path: str, body: Any = None) -> Response:
        """Send a request that a client would not send; an answer of another kind than expected is reported."""
        headers, content = dict(self._headers), b""
        if body is not None:
            headers |= {"content-type": "application/json", "x-dashscope-async": "enable"}
            content = json.dumps(body, ensure_ascii=False).encode()
        response = self._recorder.handle(Request.make(method, API + path, headers, content))
        if self._shapes.last != kind:
            self._unexpected.append(f"{title}: answered with {self._shapes.last!r}, known is {kind!r}")
            self.failed = self.failed or response.status >= 500
        answer = parsed(response.body)
        code = answer.get("code") if isinstance(answer, dict) else None
        print(f"  {title}: HTTP {response.status} {self._recorder.scrubber.text(str(code)) if code else ''}".rstrip())
        return response

    def _pay(self, title: str, images: int, send: Callable[[], Came]) -> None:
        """Send a request that is billed, if its images are left."""
        if self._quota.left < images:
            print(f"  {title}: left out, since too few images are left")
            return
        try:
            said, task_id = send()
        except self._failures as error:
            self.failed = True
            said, task_id = str(error), None
        self._last_task = task_id or self._last_task
        print(f"  {title}: {said}")

    def lines(self) -> list[str]:
        """Return a line for each difference."""
        return [*self._unexpected, *differences(self._shapes, self._recorder.scrubber)]

    def report(self, file: Path) -> None:
        """Print the comparison, write it to a file, and say how many images were made and what went wrong."""
        found, answers = self.lines(), self._shapes.answers
        seen = ", ".join(f"{kind} ({len(each)})" for kind, each in answers.items()) or "none"
        count = "1 difference" if len(found) == 1 else f"{len(found)} differences"
        listed = [*found, "", f"{count}."] if found else ["Nothing differs."]
        text = "\n".join([HEAD, f"Answers seen: {seen}.", "", *listed]) + "\n"
        print(f"\n{text}")
        troubles = list(dict.fromkeys(self._recorder.troubles))
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            troubles.append(f"{file.name} could not be written: {error.strerror or error}")
        made, unknown = self._quota.made, self._quota.under_way
        print(f"{made} image{'' if made == 1 else 's'} made{f', {unknown} of unknown outcome' if unknown else ''}.")
        for trouble in troubles:
            self.failed = True
            print(trouble, file=sys.stderr)
        where = f"The recordings and this report ({file.name}) are in {str(file.parent)!r}"
        print(f"{where}; read them before you share them.")


@lru_cache(maxsize=1)
def bundled() -> Shapes:
    """Return the shapes of the bundled recordings."""
    shapes = Shapes()
    for one in load("bundled"):
        body = json.dumps(one.request["json"]).encode()
        request = Request.make(one.request["method"], one.request["path"], one.request["headers"], body)
        shapes.saw(request, one.response["status"], one.response.get("json"))
        if one.task is not None:
            task_id = at(one.response, "json", "output", "task_id")
            shapes.saw(Request.make("GET", f"{API}/tasks/{task_id}"), 200, one.task)
    return shapes


@lru_cache(maxsize=1)
def drawn() -> Shapes:
    """Return the shapes of the mock's own answers. Nothing is drawn: results are drawn when they are downloaded."""
    app = App(task_seconds=6.0, clock=lambda: 1e9, sleep=lambda seconds: None)
    shapes = Shapes()

    def call(method: str, target: str, *, wait: float = 0, **parameters: Any) -> str:
        """Send a request after a while, and return the id of its task."""
        app.advance(seconds=wait)
        content = [{"role": "user", "content": [{"text": "a house"}]}]
        body = {"model": "wan2.7-image", "input": {"messages": content}, "parameters": {"size": "1K", **parameters}}
        headers = {"authorization": "Bearer mock", "content-type": "application/json"}
        if target == CREATE_PATH:
            headers["x-dashscope-async"] = "enable"
        request = Request.make(method, target, headers, json.dumps(body).encode() if method == "POST" else b"")
        response = app.handle(request)
        answer = parsed(response.body)
        shapes.saw(request, response.status, answer)
        return str(at(answer, "output", "task_id"))

    for parameters in ({"n": 1}, {"n": 2}, {"n": 2, "enable_sequential": True}):
        task = call("POST", CREATE_PATH, **parameters)
        for seconds in (0, 1, 9):
            call("GET", f"{API}/tasks/{task}", wait=seconds)
        call("POST", SYNC_PATH, **parameters)
    with app.scenario("failed task"):
        task = call("POST", CREATE_PATH, n=1)
    call("GET", f"{API}/tasks/{task}", wait=9)
    call("POST", f"{API}/tasks/{task}/cancel")
    task = call("POST", CREATE_PATH, n=1)
    call("POST", f"{API}/tasks/{task}/cancel")
    call("GET", f"{API}/tasks/{task}")
    call("GET", f"{API}/tasks/{NO_TASK}")
    call("POST", CREATE_PATH, n=1)
    call("GET", f"{API}/tasks/?page_size=50")
    call("GET", f"{API}/uploads?action=getPolicy&model=wan2.7-image")
    return shapes
