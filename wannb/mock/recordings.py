"""Recordings: stored exchanges that a person can review, and the search for the one a request equals."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from wannb.mock.sources import public_address

BUNDLED = Path(__file__).with_name("recordings_bundled")
IMAGES = "images"  # the folder beside a recording with the bodies of pictures that were not drawn
DRAWN = "image:drawn"
STORED = re.compile(r"image:sha256:([0-9a-f]{64})")
GENERATION = re.compile(r"/api/v1/services/aigc/(?:multimodal|image)-generation/generation")
DEFAULTS = {"watermark": False, "thinking_mode": True, "enable_sequential": False}


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
        return digest(self.request)

    def image(self, token: str) -> bytes:
        """Return the stored body behind `image:sha256:<hash>`."""
        stored = STORED.fullmatch(token)
        if stored is None:
            raise ValueError(f"{self.file.name}: {token[:60]!r} is neither {DRAWN!r} nor image:sha256:<hash>.")
        return (self.file.parent / IMAGES / f"{stored[1]}.png").read_bytes()


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that is not as recorded. None stands for a field that is not there."""

    path: str
    recorded: str | None
    sent: str | None

    def __str__(self) -> str:
        return f"{self.path}: recorded {self.recorded or 'nothing'}, sent {self.sent or 'nothing'}"


def load(folder: str | Path) -> tuple[Recording, ...]:
    """Return every recording below a folder ("bundled" for those of the package), in the order of their paths.

    READERS says which kinds of file are understood; a reader for another kind is added there.
    """
    root = BUNDLED if str(folder) == "bundled" else Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"There is no folder of recordings at {str(folder)!r}.")
    found = (_read(path) for path in sorted(root.rglob("*.json")))
    return tuple(recording for recording in found if recording is not None)


def _read(path: Path) -> Recording | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as trouble:
        raise ValueError(f"{path.name} is not readable JSON: {trouble}") from trouble
    if not isinstance(value, dict):
        return None
    for reader in READERS:
        recording = reader(path, value)
        if recording is not None:
            return recording
    return None


def _read_exchange(path: Path, value: Mapping[str, Any]) -> Recording | None:
    request, response = value.get("request"), value.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict) or "status" not in response:
        return None
    return Recording(
        file=path,
        source=str(value.get("source", "")),
        date=str(value.get("date", "")),
        request=normalise(
            str(request.get("method", "POST")),
            str(request.get("path", "")),
            request.get("headers") or {},
            request.get("json"),
            public_address,
        ),
        response=response,
        task=value.get("task"),
    )


# Each gets a path and its JSON, and returns a recording or None if the file is not of its kind.
READERS: list[Callable[[Path, Mapping[str, Any]], Recording | None]] = [_read_exchange]


def normalise(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Any,
    identify: Callable[[str], str],
) -> dict[str, Any]:
    """Return what is compared: images by identity, options at null and the SDK's stray is_async left out."""
    lower = {name.lower(): value for name, value in headers.items()}
    kept = {name: lower[name] for name in ("x-dashscope-async",) if name in lower}
    body = copy.deepcopy(body)
    if isinstance(body, dict):
        parameters = body.get("parameters")
        if isinstance(parameters, dict):
            body["parameters"] = {
                name: value for name, value in parameters.items() if value is not None and name != "is_async"
            }
            if not body["parameters"]:
                del body["parameters"]
        for item in content_of(body):
            if isinstance(item.get("image"), str):
                item["image"] = identify(item["image"])
    return {"method": method.upper(), "path": path.rstrip("/"), "headers": kept, "json": body}


def content_of(body: Any) -> list[dict[str, Any]]:
    """Return the content items of a request body, however broken the body is."""
    try:
        messages = body["input"]["messages"]
        return [item for message in messages for item in message["content"] if isinstance(item, dict)]
    except (KeyError, TypeError):
        return []


def digest(normalised: Mapping[str, Any]) -> str:
    text = json.dumps(normalised, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def mode(normalised: Mapping[str, Any]) -> str:
    """Name the mode of a request as the API's page does, for a file name."""
    parameters = _parameters(normalised)
    images = sum("image" in item for item in content_of(normalised.get("json")))
    if parameters.get("enable_sequential") is True:
        return "image-to-image-set" if images else "text-to-image-set"
    if parameters.get("bbox_list"):
        return "interactive-editing"
    return "text-to-image" if images == 0 else "image-editing" if images == 1 else "multi-reference"


class Shelf:
    """The recordings a server answers from. Where two hold the same request, the first counts.

    A recording without a seed, as the documented examples are, answers whatever seed a request draws, and options that
    are sent at their documented defaults.
    """

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._by_digest: dict[str, Recording] = {}
        self._seedless: dict[str, Recording] = {}
        for recording in recordings:
            if GENERATION.fullmatch(str(recording.request["path"])):
                self._by_digest.setdefault(recording.digest, recording)
                if "seed" not in _parameters(recording.request):
                    self._seedless.setdefault(digest(_without_seed(recording.request)), recording)

    def __len__(self) -> int:
        return len(self._by_digest)

    def find(self, normalised: Mapping[str, Any]) -> Recording | None:
        return self._by_digest.get(digest(normalised)) or self._seedless.get(digest(_without_seed(normalised)))

    def miss(self, normalised: Mapping[str, Any]) -> str:
        """Say which recording is nearest to a request that has none, and precisely what differs."""
        again = "To record it: python -m wannb.mock --record FOLDER, then send the request to that server."
        if not self._by_digest:
            return f"There are no recordings to answer from. {again}"
        _, _, nearest, found = min(
            (
                (_distance(found), number, recording, found)
                for number, recording in enumerate(self._by_digest.values())
                for found in (differences(recording.request, normalised),)
            ),
            key=lambda one: one[:2],
        )
        listed = "; ".join(map(str, found[:12]))
        more = f"; and {len(found) - 12} more" if len(found) > 12 else ""
        places = "1 place" if len(found) == 1 else f"{len(found)} places"
        return (
            f"No recording equals this request. The nearest is {nearest.file.name}, which differs in {places}: "
            f"{listed}{more}. {again}"
        )


def _parameters(normalised: Mapping[str, Any]) -> Mapping[str, Any]:
    body = normalised.get("json")
    parameters = body.get("parameters") if isinstance(body, dict) else None
    return parameters if isinstance(parameters, dict) else {}


def _without_seed(normalised: Mapping[str, Any]) -> dict[str, Any]:
    body = normalised.get("json")
    kept = {
        name: value
        for name, value in _parameters(normalised).items()
        if name != "seed" and not (name in DEFAULTS and value is DEFAULTS[name])
    }
    return {**normalised, "json": {**body, "parameters": kept}} if isinstance(body, dict) else dict(normalised)


def differences(recorded: Mapping[str, Any], sent: Mapping[str, Any]) -> list[Difference]:
    """Return every field in which two normalised requests differ, with both values shortened."""
    before, after = dict(_leaves(recorded, "")), dict(_leaves(sent, ""))
    found = []
    for path in dict.fromkeys([*before, *after]):
        if before.get(path) != after.get(path):
            old, new = _around(before.get(path), after.get(path))
            found.append(Difference(path=path.removeprefix("json."), recorded=old, sent=new))
    return found


def _leaves(value: Any, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{place}]")
    elif path != "headers":
        yield path, json.dumps(value, ensure_ascii=False)


def _around(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Shorten two values to the part where they begin to differ."""
    start = 0
    if old is not None and new is not None:
        pairs = zip(old, new, strict=False)
        start = next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(old), len(new)))
    return _piece(old, start), _piece(new, start)


def _piece(text: str | None, start: int) -> str | None:
    if text is None or len(text) <= 70:
        return text
    begin = max(0, min(start - 20, len(text) - 60))
    return f"{'…' if begin else ''}{text[begin : begin + 60]}{'…' if begin + 60 < len(text) else ''}"


def _distance(found: list[Difference]) -> float:
    total = 0.0
    for one in found:
        if one.recorded is None or one.sent is None:
            total += 1
        else:
            total += 1 - 0.8 * SequenceMatcher(None, one.recorded, one.sent, autojunk=False).ratio()
    return total
