"""Survey of a live service through the recorder, and where its answers differ from the bundled ones and the mock's.

The shape of an answer is a set of lines such as `query SUCCEEDED, one image: output.choices[].message.role: assistant`:
kind of answer, field, and its type or, in a closed set of words, its word. Other values never are in it.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from wannb.mock.exchange import API, CREATE_PATH, SYNC_PATH, Request, Response, parsed
from wannb.mock.server.app import App

from .format import items_of, output_of
from .library import load
from .recorder import NO_TASK, Recorder
from .scrub import DEEP, WORDS, Scrubber

HEAD = (
    "Shapes of the answers of the service, beside the bundled recordings and the mock server's own answers.\n"
    "They hold names of fields, types and known words, but no values.\n"
)
_TYPES = {str: "str", int: "int", float: "float", bool: "bool", type(None): "null", dict: "object"}


#: The path to a field, with "[]" for the items of a list, and the type or word of its value.
Line = tuple[tuple[str, ...], str]


def lines(value: Any, path: tuple[str, ...] = ()) -> Iterator[Line]:
    """Yield the lines of a JSON value. A list of choices, or of one choice's images, has a length: one or several."""
    field = next((name for name in reversed(path) if name != "[]"), "")
    if isinstance(value, list):
        counted = path[:2] == ("output", "choices")
        yield path, f"list of {'several' if len(value) > 1 else len(value)}" if counted else "list"
    elif isinstance(value, str) and field in WORDS:
        yield path, value if value in WORDS[field] else "another word"
    else:
        yield path, _TYPES[type(value)]
    if len(path) < DEEP and isinstance(value, list | dict):
        inside = value.items() if isinstance(value, dict) else (("[]", inner) for inner in value)
        for name, inner in inside:
            yield from lines(inner, (*path, name))


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
            if asked in ("create", "sync") and _is_set(request.json):
                subject = str(output_of(answer).get("task_id", "sync"))
                self._sets.add(subject)
            self.last = kind_of(asked, status, answer, subject in self._sets)
            self.answers.setdefault(self.last, []).append({*lines(answer)})

    def any(self, kind: str) -> set[Line]:
        """Return the lines that some answer of a kind has."""
        return set().union(*self.answers.get(kind, ()))

    def all(self, kind: str) -> set[Line]:
        """Return the lines that every answer of a kind has."""
        each = self.answers.get(kind)
        return set.intersection(*each) if each else set()


def kind_of(asked: str, status: int, answer: Any, is_set: bool) -> str:
    """Name the kind of an answer: answers of one kind have one shape."""
    if not isinstance(answer, dict):
        return f"{asked} without JSON"
    if status != 200:
        return "refusal"
    if asked == "query":
        said = str(output_of(answer).get("task_status"))
        asked = f"query {said}" if said in WORDS["task_status"] else "query of another status"
    if asked not in ("sync", "query SUCCEEDED"):
        return asked
    images = sum("image" in item for item in items_of(answer))
    return f"{asked}, {'one image' if images < 2 else 'image set' if is_set else 'several images'}"


def differences(live: Shapes, scrubber: Scrubber) -> list[str]:
    """Return what only live answers have, and what they lack and all known answers of a source have.

    The scrubber decides which names of fields may be shown.
    """
    found: list[str] = []
    for kind in live.answers:
        known = {name: shapes for name, shapes in (("bundled", bundled()), ("mock", drawn())) if kind in shapes.answers}
        if not known:
            found.append(f"{kind}: only live: neither the bundled recordings nor the mock have such an answer")
            continue
        seen, theirs = live.any(kind), set().union(*(shapes.any(kind) for shapes in known.values()))
        paths = {path for path, _ in seen} | {()}
        for path, what in sorted(seen - theirs):
            words = " or ".join(sorted(word for other, word in theirs if other == path))
            found.append(f"{kind}: only live: {_shown(path, scrubber)}: {what}{words and f' (known: {words})'}")
        always = {name: shapes.all(kind) for name, shapes in known.items()}
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
        recorder: what passes requests on.
        headers: of the requests that the survey sends itself: key, workspace and host.
        failures: the exceptions with which a client says that a request failed.

    Attributes:
        failed: whether something went wrong.
    """

    def __init__(self, recorder: Recorder, headers: Mapping[str, str], failures: type[Exception] = OSError) -> None:
        assert recorder.quota, "a survey has a limit"
        self.quota = recorder.quota
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

        Args:
            model: the model of the upload policy.
            broken: JSON of a request for one image that breaks a rule, sent where an image is left: the service could
                accept it.
            follow: waits for a task of that id, should it be accepted.
            steps: what is billed.
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
        if self.quota.left:
            title, path = "a request that breaks a rule", CREATE_PATH.removeprefix(API)
            task_id = output_of(parsed(self._ask(title, "refusal", "POST", path, broken).body)).get("task_id")
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
        if self.quota.left < images:
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
        said = [
            HEAD,
            f"Answers seen: {seen}.",
            "",
            *(found or ["Nothing differs."]),
            *(["", f"{count}."] if found else []),
        ]
        text = "\n".join(said) + "\n"
        print(f"\n{text}")
        troubles = list(dict.fromkeys(self._recorder.troubles))
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            troubles.append(f"{file.name} could not be written: {error.strerror or error}")
        made, unknown = self.quota.made, self.quota.under_way
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
            task_id = output_of(one.response.get("json")).get("task_id")
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
        return str(output_of(answer).get("task_id"))

    for parameters in ({"n": 1}, {"n": 2}, {"n": 2, "enable_sequential": True}):
        task = call("POST", CREATE_PATH, **parameters)
        for seconds in (0, 1, 9):
            call("GET", f"{API}/tasks/{task}", wait=seconds)
        call("POST", SYNC_PATH, **parameters)
    for name in ("failed task", "refused content"):
        with app.scenario(name):
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


def _is_set(body: Any) -> bool:
    parameters = body.get("parameters") if isinstance(body, dict) else None
    return isinstance(parameters, dict) and parameters.get("enable_sequential") is True
