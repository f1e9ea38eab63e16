"""Run folders as recordings: what a store holds is played again, to the pixel, without the service and without a key.

Written against the format of `run.jsonl`, not with the code that writes it. A finished run is played; so is one whose
words or pictures the service refused, since it would refuse them again. Other failures say something of a moment and
not of the request: they are passed over, as is what is unfinished, damaged or not what its hashes say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wannb.mock.server.identity import identity
from wannb.mock.server.inputs import public_address

from .chunks import without_text
from .format import STORED, Recording, content_of, normalise

SYNC = {"path": "/api/v1/services/aigc/multimodal-generation/generation", "headers": {}}
TASK = {
    "path": "/api/v1/services/aigc/image-generation/generation",
    "headers": {"x-dashscope-async": "enable"},
}
CHUNK = "wannb"  # the keyword of the text that is put into each saved image
UNREAD = "image:unread:"
IMAGE_MOST = 256 * 1024 * 1024
SHA256 = re.compile(r"[0-9a-f]{64}")
IMAGE_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.[a-z0-9]{2,5}")
# What is refused again whenever it is sent.
LASTING = re.compile(
    r"DataInspectionFailed|data_inspection_failed|IPInfringementSuspect|CustomRoleBlocked|ContentRefused"
    r"|InvalidParameter|InvalidImage.*|BadRequest\.(Empty\w+|IllegalInput|TooLarge|UnsupportedFileFormat)"
)
CODE = re.compile(r"[A-Z][\w.]*")


@dataclass(frozen=True, kw_only=True)
class RunRecording(Recording):
    """A run's folder, for one of the two endpoints. `files` are its images by their hash as the service sent them."""

    files: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        return f"run {self.file.parent.name}"

    def image(self, token: str) -> bytes:
        """Return an image as the service sent it: without the text that was put into it when it was saved."""
        stored = STORED.fullmatch(token)
        file = self.file.parent / self.files[stored[1]] if stored and stored[1] in self.files else None
        body = without_text(_contents(file), CHUNK) if file else b""
        if not stored or hashlib.sha256(body).hexdigest() != stored[1]:
            raise ValueError(f"{self.name}: an image is not as it came; nothing is played that was changed since.")
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
        data = _contents(self.file.parent / "inputs" / f"{sha256}.png")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ValueError("an input image is not what its name says")
        return f"image:{identity(data)}"


def read_run(path: Path, value: Mapping[str, Any]) -> list[Recording]:
    """Return the recordings of a run's record, for the endpoint of tasks and for the synchronous one."""
    try:
        body = _body(value["request"])
        state = value["state"]
        end = _finished(value) if state == "done" else _refused(value["error"]) if state == "failed" else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
    if end is None:
        return []
    status, final, files = end
    # The service's own host would name a workspace.
    source = (
        "run folder, drawn by a mock server" if value.get("service") == "mock" else "run folder of the live service"
    )
    task_id = value.get("task_id")
    started = {"output": {"task_id": task_id if isinstance(task_id, str) else "", "task_status": "PENDING"}}
    runs: list[Recording] = []
    for endpoint in (TASK, SYNC):
        by_task = endpoint is TASK and status == 200
        run = RunRecording(
            file=path,
            source=source,
            date=str(value.get("created", ""))[:10],
            request={"method": "POST", **endpoint, "json": body},
            response={"status": status, "json": started if by_task else final},
            task=final if by_task else None,
            files=files,
        )
        runs.append(run)
    return runs


def _body(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that the client sends for a request, as the documentation has it."""
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
    body = {
        "model": _typed(asked["model"], str),
        "input": {"messages": [{"role": "user", "content": content}]},
        "parameters": parameters,
    }
    assert content_of(body) == content
    return body


def _reference(image: Mapping[str, Any]) -> str:
    url = image.get("url")
    if url is not None:
        # Of a signed link the record keeps the address alone.
        return public_address(_typed(url, str).removesuffix("?..."))
    sha256 = _typed(image["sha256"], str)
    if not SHA256.fullmatch(sha256):
        raise ValueError("no hash")
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
    # Documented: a set is one choice with several images; several single ones are said to be as many choices.
    groups = [items] if value["request"].get("enable_sequential") is True else [[item] for item in items]
    choices = [{"finish_reason": "stop", "message": {"role": "assistant", "content": group}} for group in groups]
    return 200, {"output": {"finished": True, "choices": choices}, "usage": usage}, files


def _refused_item(notice: Any) -> dict[str, str] | None:
    """Return the item of an answer behind the notice of an image that was refused."""
    # A sentence is stored with its values, so that it can be told in another language.
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
        raise TypeError(f"{value!r:.60} is no {kind.__name__}")
    return value


def _contents(path: Path) -> bytes:
    if not path.is_file() or path.stat().st_size > IMAGE_MOST:
        raise ValueError("there is no such image, or none that is so large")
    return path.read_bytes()
