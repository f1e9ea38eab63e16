"""Recording format: one stored exchange that a person can review, and the form in which requests are compared."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wannb.files import opened_picture
from wannb.masking import without_signature
from wannb.png import chunks, is_png

IMAGES = "images"  # the folder beside a recording with the bodies of images that were not drawn
DRAWN = "image:drawn"
#: Fields of an answer that hold the address of an image.
ADDRESSES = ("image", "url")
STORED = re.compile(r"image:sha256:([0-9a-f]{64})")
# The text chunk in which the mock writes what a drawing was made from.
_DRAWN_KEY = re.compile(rb"wannb-mock\0[0-9a-f]{64}")
DEEP = 40  # levels of JSON that are looked into
GENERATION = re.compile(r"/api/v1/services/aigc/(?:multimodal|image)-generation/generation")


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One exchange. `request` is normalised; `task` is the final answer to the queries, None where unknown."""

    file: Path
    source: str
    date: str
    request: Mapping[str, Any] = field(repr=False)
    response: Mapping[str, Any] = field(repr=False)
    task: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def digest(self) -> str:
        """The same for equal requests."""
        return digest(self.request)

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self.file.name

    def image(self, token: str) -> bytes:
        """Return the stored body behind `image:sha256:<hash>`."""
        stored = STORED.fullmatch(token)
        if stored is None:
            raise ValueError(f"{self.file.name}: {token[:60]!r} is neither {DRAWN!r} nor image:sha256:<hash>.")
        return (self.file.parent / IMAGES / f"{stored[1]}.png").read_bytes()

    def whole(self) -> Recording | None:
        """Return the recording with its request as it is compared, None where its files are damaged.

        Called when it could answer a request: reading images is expensive, and is left until then.
        """
        return self


def read_exchange(path: Path, value: Mapping[str, Any]) -> list[Recording]:
    """Return the recording in a file's JSON, none where the file is of another kind.

    Raises:
        ValueError: a field has a wrong type.
    """
    request, response, task = value.get("request"), value.get("response"), value.get("task")
    if not isinstance(request, dict) or not isinstance(response, dict) or "status" not in response:
        return []
    headers = request.get("headers") or {}
    sound = isinstance(response["status"], int) and isinstance(headers, dict) and isinstance(task, dict | None)
    if not sound or not isinstance(response.get("json"), dict | None):
        raise ValueError(f"{path.name} is a damaged recording: one of its fields has the wrong type.")
    method, target = str(request.get("method", "POST")), str(request.get("path", ""))
    return [
        Recording(
            file=path,
            source=str(value.get("source", "")),
            date=str(value.get("date", "")),
            request=normalise(method, target, headers, request.get("json"), without_signature),
            response=response,
            task=task,
        )
    ]


def normalise(
    method: str, path: str, headers: Mapping[str, str], body: Any, identify: Callable[[str], str]
) -> dict[str, Any]:
    """Return a request as it is compared: images by identity, without null options and the SDK's stray is_async."""
    lower = {name.lower(): value for name, value in headers.items()}
    kept = {name: lower[name] for name in ("x-dashscope-async",) if name in lower}
    body = copy.deepcopy(body)
    if isinstance(at(body, "parameters"), dict):
        given = body.pop("parameters")
        if sent := {name: value for name, value in given.items() if value is not None and name != "is_async"}:
            body["parameters"] = sent
    for item in content_of(body):
        if isinstance(item.get("image"), str):
            item["image"] = identify(item["image"])
    return {"method": method.upper(), "path": path.rstrip("/"), "headers": kept, "json": body}


def at(value: Any, *path: str) -> Any:
    """Return a field of a field of a JSON value, None where one of them is missing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def object_at(value: Any, *path: str) -> dict[str, Any]:
    """Return an object within a JSON value, an empty one where there is none."""
    found = at(value, *path)
    return found if isinstance(found, dict) else {}


def walk(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield a JSON value and every value within it, each with its path of names and places."""
    yield path, value
    if len(path) < DEEP and isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk(inner, (*path, name))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def content_of(body: Any) -> list[dict[str, Any]]:
    """Return the content items of a request body, however broken the body is."""
    messages = _objects(at(body, "input", "messages"))
    return [item for message in messages for item in _objects(message.get("content"))]


def finished(items: Sequence[Mapping[str, Any]], sequential: bool) -> dict[str, Any]:
    """Return the output of a finished task with these content items.

    Documented: a set is one choice with several images. Several single images are reported (by third parties, not
    documented) to be as many choices.
    """
    groups = [items] if sequential else [[item] for item in items]
    choices = [{"finish_reason": "stop", "message": {"role": "assistant", "content": group}} for group in groups]
    return {"finished": True, "choices": choices}


def images_of(answer: Any) -> list[tuple[dict[str, Any], str]]:
    """Return what holds the address of an image in an answer, and under which name, however broken the answer is."""
    items = [
        item
        for choice in _objects(at(answer, "output", "choices"))
        for item in _objects(at(choice, "message", "content"))
    ]
    items += _objects(at(answer, "output", "results"))  # of a batch that came in part
    return [(item, name) for item in items for name in ADDRESSES if isinstance(item.get(name), str)]


def digest(normalised: Mapping[str, Any]) -> str:
    """Return the hash of a normalised request, whatever the order of its fields."""
    text = json.dumps(normalised, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def mode(normalised: Mapping[str, Any]) -> str:
    """Name the mode of a request as the API's page does, for a file name."""
    body = normalised["json"]
    images = sum("image" in item for item in content_of(body))
    if at(body, "parameters", "enable_sequential") is True:
        return "image-to-image-set" if images else "text-to-image-set"
    if at(body, "parameters", "bbox_list"):
        return "interactive-editing"
    return "text-to-image" if images == 0 else "image-editing" if images == 1 else "multi-reference"


def identity(data: bytes) -> str:
    """Return the name of an encoded image in recordings, which depends on its content alone.

    `drawn:<key>` for one that the mock drew, `pixels:<sha256>` for any other PNG (encoders differ, pixels do not),
    `bytes:<sha256>` for all else.
    """
    if is_png(data):
        if key := _drawn_key(data):
            return f"drawn:{key}"
        if pixels := _pixels(data):
            return f"pixels:{pixels}"
    return f"bytes:{hashlib.sha256(data).hexdigest()}"


def _drawn_key(data: bytes) -> str:
    try:
        keys = (content.partition(b"\0")[2].decode() for kind, content in chunks(data) if is_drawn_key(kind, content))
        return next(keys, "")
    except ValueError:  # it has too many chunks
        return ""


def is_drawn_key(kind: bytes, content: bytes) -> bool:
    """Return whether a PNG chunk is the one in which the mock says what it drew."""
    return kind == b"tEXt" and _DRAWN_KEY.fullmatch(content) is not None


def _pixels(data: bytes) -> str:
    try:
        with opened_picture(data) as image:
            pixels = image.convert("RGB")
    except OSError:
        return ""
    head = f"RGB {pixels.width}x{pixels.height}\n".encode()
    return hashlib.sha256(head + pixels.tobytes()).hexdigest()
