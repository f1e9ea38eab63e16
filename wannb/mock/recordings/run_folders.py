"""Run folders as recordings: a finished run is replayed to the pixel, without the service and without a key.

Written against the format of the run's file, not with the code that writes it. A run whose words or images the service
refused is replayed too, since it would refuse them again. Other failures belong to a moment and not to the request:
they are skipped, as are runs that are unfinished, damaged or not as their hashes say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wannb.files import parse_json, read_file, read_lines
from wannb.masking import without_signature
from wannb.mock.exchange import CREATE_PATH, SYNC_PATH
from wannb.png import filtered, is_png, read_text

from .format import STORED, Recording, finished, identity, normalise

RUN_FILE = "run.jsonl"  # the journal of a run; its last whole line is its record
RUN_MOST = 64 * 1024 * 1024
ENDPOINTS: Mapping[str, dict[str, str]] = {CREATE_PATH: {"x-dashscope-async": "enable"}, SYNC_PATH: {}}
CHUNK = "wannb"  # the keyword of the text in each saved image
UNREAD = "image:unread:"
IMAGE_MOST = 256 * 1024 * 1024
SHA256 = re.compile(r"[0-9a-f]{64}")
IMAGE_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.[a-z0-9]{2,5}")
# Codes of refusals that would come again.
LASTING = re.compile(
    r"DataInspectionFailed|data_inspection_failed|IPInfringementSuspect|CustomRoleBlocked|ContentRefused"
    r"|InvalidParameter|InvalidImage.*|BadRequest\.(Empty\w+|IllegalInput|TooLarge|UnsupportedFileFormat)"
)
CODE = re.compile(r"[A-Z][\w.]*")


def as_sent(data: bytes) -> bytes:
    """Return a saved image without the texts that saving put into it, which the first of them names."""
    own = read_text(data, CHUNK) if is_png(data) else None
    if own is None:
        return data
    facts: Any = None
    with suppress(ValueError):
        facts = parse_json(own)
    texts = facts.get("texts") if isinstance(facts, Mapping) else None
    ours = {str(keyword).encode() for keyword in (CHUNK, *(texts if isinstance(texts, list) else ()))}
    return filtered(data, lambda kind, content: kind != b"iTXt" or content.partition(b"\0")[0] not in ours)


@dataclass(frozen=True, kw_only=True)
class RunRecording(Recording):
    """A run folder, for one of the two endpoints. `files` are its images, by the hash of what the service sent."""

    files: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return f"run {self.file.parent.name}"

    def image(self, token: str) -> bytes:
        """Return an image as the service sent it: without the text that saving put into it."""
        stored = STORED.fullmatch(token)
        file = self.file.parent / self.files[stored[1]] if stored and stored[1] in self.files else None
        body = as_sent(read_file(file, most=IMAGE_MOST)) if file else b""
        if not stored or hashlib.sha256(body).hexdigest() != stored[1]:
            raise ValueError(f"{self.name}: an image was changed since it was saved, so it is not replayed.")
        return body

    def whole(self) -> RunRecording | None:
        """Return the recording with its input images named by their content, None where a file is not as recorded."""
        try:
            for sha256 in self.files:
                self.image(f"image:sha256:{sha256}")
            body = self.request["json"]
            return replace(
                self, request=normalise("POST", self.request["path"], self.request["headers"], body, self._named)
            )
        except (OSError, ValueError):
            return None

    def _named(self, reference: str) -> str:
        if not reference.startswith(UNREAD):
            return reference
        sha256 = reference.removeprefix(UNREAD)
        data = read_file(self.file.parent / "inputs" / f"{sha256}.png", most=IMAGE_MOST)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ValueError("an input image does not have the hash in its name")
        return f"image:{identity(data)}"


def run_record(path: Path) -> Any:
    """Return the record in a run's file: the only place here that knows how it is stored."""
    records, _ = read_lines(path, most=RUN_MOST)
    if not records:
        raise ValueError("no line of it is whole")
    return records[-1]


def read_run(path: Path, value: Mapping[str, Any]) -> list[Recording]:
    """Return the recordings of a run's record: one for each endpoint, or none for a run that is not replayed."""
    try:
        body = _body(value["request"])
        state = value["state"]
        end = _finished(value) if state == "done" else _refused(value["error"]) if state == "failed" else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
    if end is None:
        return []
    status, final, files = end
    # Without the service's host, which can name a workspace.
    source = "drawn by a mock server" if value.get("service") == "mock" else "of the live service"
    task_id = value.get("task_id")
    started = {"output": {"task_id": task_id if isinstance(task_id, str) else "", "task_status": "PENDING"}}
    runs: list[Recording] = []
    for endpoint, headers in ENDPOINTS.items():
        by_task = endpoint == CREATE_PATH and status == 200
        run = RunRecording(
            file=path,
            source=f"run folder, {source}",
            date=str(value.get("created", ""))[:10],
            request={"method": "POST", "path": endpoint, "headers": headers, "json": body},
            response={"status": status, "json": started if by_task else final},
            task=final if by_task else None,
            files=files,
        )
        runs.append(run)
    return runs


def _body(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that the client sends for a request, as documented."""
    content: list[dict[str, str]] = [{"text": _typed(asked["prompt"], str)}]
    content += [{"image": _reference(image)} for image in asked.get("images") or ()]
    sequential = asked.get("enable_sequential") is True
    parameters = {name: asked[name] for name in ("size", "n", "watermark")}
    if len(content) == 1 and not sequential:
        parameters["thinking_mode"] = asked["thinking_mode"]
    if sequential:
        parameters["enable_sequential"] = True
    for name in ("seed", "color_palette", "bbox_list"):
        if asked.get(name) is not None:
            parameters[name] = asked[name]
    messages = [{"role": "user", "content": content}]
    return {"model": _typed(asked["model"], str), "input": {"messages": messages}, "parameters": parameters}


def _reference(image: Mapping[str, Any]) -> str:
    url = image.get("url")
    if url is not None:
        # The record keeps a signed link without its query.
        return without_signature(_typed(url, str).removesuffix("?..."))
    sha256 = _typed(image["sha256"], str)
    if not SHA256.fullmatch(sha256):
        raise ValueError("not a SHA-256")
    return f"{UNREAD}{sha256}" if image["mime"] == "image/png" else f"image:bytes:{sha256}"


def _finished(value: Mapping[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]] | None:
    files: dict[str, str] = {}
    items: list[dict[str, Any]] = []
    for image in sorted(value["images"], key=lambda image: _typed(image["index"], int)):
        name, sha256 = _typed(image["file"], str), _typed(image["sha256"], str)
        if not IMAGE_FILE.fullmatch(name) or not SHA256.fullmatch(sha256):
            return None
        files[sha256] = name
        items.append({"type": "image", "image": f"image:sha256:{sha256}"})
    if not items:
        return None
    items += [refused for notice in value.get("notices") or () if (refused := _refused_item(notice))]
    usage = value.get("usage")
    usage = dict(usage) if isinstance(usage, dict) and usage else {"image_count": len(files)}
    return 200, {"output": finished(items, value["request"].get("enable_sequential") is True), "usage": usage}, files


def _refused_item(notice: Any) -> dict[str, str] | None:
    """Return the item of an answer behind the notice of an image that was refused."""
    # A sentence is stored with its values, so that it can be said in another language.
    if not isinstance(notice, dict) or notice.get("template") != "refused: {reason}":
        return None
    said = _typed(notice["values"]["reason"], str)
    head, gap, rest = said.partition(": ")
    if gap and head == "image refused":
        return {"type": "image", "message": rest}
    if gap and CODE.fullmatch(head):
        return {"type": "image", "code": head, "message": rest}
    return {"type": "image", "code": said}


def _refused(error: Mapping[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]] | None:
    code, message = _typed(error["code"], str), _typed(error.get("message") or "", str)
    if not LASTING.fullmatch(code):
        return None
    status = error.get("status", 200)
    if status in (400, 403):
        return status, {"code": code, "message": message}, {}
    return 200, {"output": {"task_status": "FAILED", "code": code, "message": message}}, {}


def _typed(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r:.60} is not of type {kind.__name__}")
    return value
