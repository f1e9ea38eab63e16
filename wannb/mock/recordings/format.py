"""Recordings: stored exchanges that a person can review, read from their files and brought into one form."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wannb.files import read_lines
from wannb.mock.server.inputs import public_address

BUNDLED = Path(__file__).with_name("bundled")
IMAGES = "images"  # the folder beside a recording with the bodies of pictures that were not drawn
DRAWN = "image:drawn"
STORED = re.compile(r"image:sha256:([0-9a-f]{64})")
RUN_FILE = "run.jsonl"  # the journal of a run's folder; its last whole line counts
FILE_MOST = 64 * 1024 * 1024
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
        return digest(self.request)

    @property
    def name(self) -> str:
        """What a person finds it by."""
        return self.file.name

    def image(self, token: str) -> bytes:
        """Return the stored body behind `image:sha256:<hash>`."""
        stored = STORED.fullmatch(token)
        if stored is None:
            raise ValueError(f"{self.file.name}: {token[:60]!r} is neither {DRAWN!r} nor image:sha256:<hash>.")
        return (self.file.parent / IMAGES / f"{stored[1]}.png").read_bytes()

    def whole(self) -> Recording | None:
        """Return the recording with its request as it is compared, or None where its files are damaged.

        Called when a request could be its own: what costs reading pictures is left until then.
        """
        return self


def load(folder: str | Path) -> tuple[Recording, ...]:
    """Return every recording below a folder ("bundled" for those of the package), in the order of their paths.

    READERS says which kinds of file are understood; a reader for another kind is added there. In a folder of runs what
    is damaged is passed over, since other files lie there too; elsewhere it is said.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a recording cannot be read.
    """
    root = BUNDLED if str(folder) == "bundled" else Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"There is no folder of recordings at {str(folder)!r}.")
    files = sorted((path.split(os.sep), path) for path in _files(root))
    stores = {os.path.dirname(os.path.dirname(path)) for parts, path in files if parts[-1] == RUN_FILE}
    found: list[Recording] = []
    for parts, path in files:
        try:
            found.extend(_read(Path(path)))
        except ValueError:
            above = {os.sep.join(parts[:end]) for end in range(1, len(parts))}
            if parts[-1] != RUN_FILE and not above & stores:
                raise
    return tuple(found)


def _files(root: Path) -> Iterator[str]:
    """Yield each JSON file below a folder; of a run's folder its record alone, and nothing of what is hidden."""
    for folder, folders, names in os.walk(root):
        if RUN_FILE in names:
            folders.clear()
            names = [RUN_FILE]
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (
            os.path.join(folder, name) for name in names if name.endswith((".json", RUN_FILE)) and name[0] != "."
        )


def _read(path: Path) -> list[Recording]:
    try:
        if not path.is_file() or path.stat().st_size > FILE_MOST:
            raise ValueError(f"it is no file, or over {FILE_MOST // 1024**2} MB, which no recording is")
        value = _last_line(path) if path.name == RUN_FILE else json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as trouble:
        raise ValueError(f"{path.name} is not readable JSON: {trouble}") from trouble
    if not isinstance(value, dict):
        return []
    return next((found for reader in READERS if (found := reader(path, value))), [])


def _last_line(path: Path) -> Any:
    records, _ = read_lines(path, most=FILE_MOST)
    if not records:
        raise ValueError("no line of it is whole")
    return records[-1]


def _read_exchange(path: Path, value: Mapping[str, Any]) -> list[Recording]:
    request, response, task = value.get("request"), value.get("response"), value.get("task")
    if not isinstance(request, dict) or not isinstance(response, dict) or "status" not in response:
        return []
    headers = request.get("headers") or {}
    sound = isinstance(response["status"], int) and isinstance(headers, dict) and isinstance(task, dict | None)
    if not sound or not isinstance(response.get("json"), dict | None):
        raise ValueError(f"{path.name} is no recording any more: one of its fields has a type that it cannot have.")
    recording = Recording(
        file=path,
        source=str(value.get("source", "")),
        date=str(value.get("date", "")),
        request=normalise(
            str(request.get("method", "POST")),
            str(request.get("path", "")),
            headers,
            request.get("json"),
            public_address,
        ),
        response=response,
        task=task,
    )
    return [recording]


def _read_run(path: Path, value: Mapping[str, Any]) -> list[Recording]:
    # Imported here: it is made of what this module offers.
    from .run_folders import read_run

    return read_run(path, value) if path.name == RUN_FILE else []


# Each gets a path and its JSON, and returns its recordings: none if the file is not of its kind.
READERS: list[Callable[[Path, Mapping[str, Any]], list[Recording]]] = [_read_run, _read_exchange]


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


def items_of(answer: Any) -> list[dict[str, Any]]:
    """Return the content items of an answer, however broken the answer is."""
    output = answer.get("output") if isinstance(answer, dict) else None
    choices = output.get("choices") if isinstance(output, dict) else None
    found: list[dict[str, Any]] = []
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        found += [item for item in content if isinstance(item, dict)] if isinstance(content, list) else []
    return found


def digest(normalised: Mapping[str, Any]) -> str:
    text = json.dumps(normalised, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def mode(normalised: Mapping[str, Any]) -> str:
    """Name the mode of a request as the API's page does, for a file name."""
    parameters = parameters_of(normalised)
    images = sum("image" in item for item in content_of(normalised.get("json")))
    if parameters.get("enable_sequential") is True:
        return "image-to-image-set" if images else "text-to-image-set"
    if parameters.get("bbox_list"):
        return "interactive-editing"
    return "text-to-image" if images == 0 else "image-editing" if images == 1 else "multi-reference"


def parameters_of(normalised: Mapping[str, Any]) -> Mapping[str, Any]:
    body = normalised.get("json")
    parameters = body.get("parameters") if isinstance(body, dict) else None
    return parameters if isinstance(parameters, dict) else {}
