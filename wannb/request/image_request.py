"""ImageRequest: everything that is asked of the service, as one frozen value.

A call, a form and a saved image all lead to the same request, and each can be made from it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from wannb.errors import InvalidRequest, Problem
from wannb.files import read_file
from wannb.masking import mask

from . import set_prompt as scenes
from .fields import FIELDS, check_names, describe, signature_of
from .inputs import MAX_FILE, InputImage, Inputs, as_inputs, from_bytes, from_link, missing
from .palette import Color, as_palette
from .rules import problems

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

TEXT_TO_IMAGE = "text to image"
EDITING = "image editing"
MULTI_REFERENCE = "multi-reference generation"
INTERACTIVE = "interactive editing"
TEXT_SET = "text to image set"
IMAGE_SET = "image to image set"
#: The six modes, as the API's page names them.
MODES = (TEXT_TO_IMAGE, EDITING, MULTI_REFERENCE, INTERACTIVE, TEXT_SET, IMAGE_SET)

#: What makes a link a secret; those of the big stores and whatever is called a key, a token or a password.
_SIGNED = re.compile(
    r"(?i)[?&;#]([\w-]*(sign|sig|expires|key|token|secret|passw|pwd|credential|auth|jwt|hmac|access|session)[\w-]*"
    r"|se|sv|sp|st|code)="
)


_MOST_NAME = 300


class SetOptions(TypedDict, total=False):
    """The options that every call takes by keyword."""

    model: str
    size: str
    seed: int | None
    watermark: bool


class Options(SetOptions, total=False):
    """The options that only calls for single images take."""

    n: int
    thinking_mode: bool
    color_palette: Any
    bbox_list: Any


class Changes(Options, total=False):
    """What `ImageRequest.replace` takes: every field of a request."""

    prompt: str
    images: Inputs
    enable_sequential: bool


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """Everything that is asked of the service for one call.

    Frozen and comparable: equal requests ask for the same thing. Values are taken as people write them and kept in one
    normal form; whether they are legal is what `problems()` says.

    Args:
    {fields}

    >>> ImageRequest(prompt="a flower shop", n=2).mode
    'text to image'
    """

    prompt: str = FIELDS["prompt"].default
    images: tuple[InputImage, ...] = ()
    model: str = FIELDS["model"].default
    size: str = FIELDS["size"].default
    n: int = FIELDS["n"].default
    seed: int | None = None
    watermark: bool = FIELDS["watermark"].default
    thinking_mode: bool = FIELDS["thinking_mode"].default
    color_palette: tuple[Color, ...] | None = None
    bbox_list: tuple[tuple[tuple[int, int, int, int], ...], ...] | None = None
    enable_sequential: bool = FIELDS["enable_sequential"].default

    if TYPE_CHECKING:

        def __init__(self, **fields: Unpack[Changes]) -> None: ...

    def __new__(cls, *values: Any, **fields: Any) -> Self:
        if values:
            raise TypeError(f"a request takes its options by name: ImageRequest(prompt={values[0]!r})")
        check_names(fields, FIELDS)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        normal: dict[str, Any] = {
            "images": as_inputs(self.images),
            "color_palette": as_palette(self.color_palette),
            "bbox_list": None if self.bbox_list is None else _frozen(self.bbox_list),
        }
        for name in ("n", "seed"):
            normal[name] = _plain_int(getattr(self, name))
        for name, value in normal.items():
            object.__setattr__(self, name, value)

    @property
    def mode(self) -> str:
        """The mode, as the API's page names it; it follows from the images, the boxes and `enable_sequential`."""
        return mode_of(vars(self))

    def problems(self) -> tuple[Problem, ...]:
        """Return every documented rule that this request breaks; empty when it may be sent."""
        return problems(self)

    def check(self) -> None:
        """Raise `InvalidRequest` with all problems, if there are any."""
        found = self.problems()
        if found:
            raise InvalidRequest(found)

    @property
    def notices(self) -> tuple[str, ...]:
        """What was done to the input images so that the service takes them."""
        return tuple(
            f"image {number} ({image.name}): {notice}"
            for number, image in enumerate(self.images, 1)
            for notice in image.notices
        )

    def replace(self, **changes: Unpack[Changes]) -> Self:
        """Return a copy with some fields changed.

        >>> ImageRequest(prompt="a cat").replace(seed=8).seed
        8
        """
        return replace(self, **changes)

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of all that is asked; input images count by content, not by name."""
        record = self.as_dict()
        record["images"] = [image.sha256 or image.url for image in self.images]
        if self.mode != TEXT_TO_IMAGE:
            del record["thinking_mode"]
        written = json.dumps(record, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Return the request as JSON data; input images by name and SHA-256, signed links without their signature."""
        return {
            "prompt": self.prompt,
            "images": [_image_record(image) for image in self.images],
            "model": self.model,
            "size": self.size,
            "n": self.n,
            "seed": self.seed,
            "watermark": self.watermark,
            "thinking_mode": self.thinking_mode,
            "color_palette": None if self.color_palette is None else [_color_record(c) for c in self.color_palette],
            "bbox_list": None if self.bbox_list is None else _lists(self.bbox_list),
            "enable_sequential": self.enable_sequential,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], find: Callable[[str], Path | None] = lambda sha256: None) -> Self:
        """Return the request that `as_dict` wrote.

        Args:
            record: the JSON data; unknown keys are passed over, so that newer records open.
            find: gives the file of an input image by its SHA-256, or None; a picture that is not found becomes
                one of the request's problems.

        Raises:
            ValueError: the record is no request's.
        """
        try:
            known = {name: record[name] for name in FIELDS if name in record}
            known["images"] = [_image_from(image, find) for image in record.get("images") or ()]
            return cls(**known)
        except (TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            raise ValueError(f"this is no record of a request: {error}") from error

    def code(self) -> str:
        """Return the call that makes this request, ready to paste; pictures without a file are named `image_1`, ...

        >>> print(ImageRequest(prompt="a cat", seed=7, size="1K").code())
        client.generate("a cat", size="1K", seed=7)
        """
        if self.enable_sequential:
            call, arguments = "image_set", self._scenes_code()
            if self.images:
                arguments.append(f"images={self._images_code()}")
        elif self.images:
            call, arguments = "edit", [_quoted(self.prompt), self._images_code()]
        else:
            call, arguments = "generate", [_quoted(self.prompt)]
        for name, field in FIELDS.items():
            value = getattr(self, name)
            if name in ("prompt", "images", "enable_sequential") or (name == "n" and call == "image_set"):
                continue
            if value != field.default:
                arguments.append(f"{name}={_value_code(name, value)}")
        line = f"client.{call}({', '.join(arguments)})"
        if len(line) > 100:
            line = f"client.{call}(\n    " + ",\n    ".join(arguments) + ",\n)"
        unnamed = [(number, image) for number, image in enumerate(self.images, 1) if not _source_code(image)]
        given = (f"# image_{number} is to be given: {' '.join(image.name.split())}\n" for number, image in unnamed)
        return "".join(given) + line

    def _scenes_code(self) -> list[str]:
        parts = scenes.split(self.prompt) if isinstance(self.prompt, str) else None
        if parts is None:
            return [_quoted(self.prompt), f"n={self.n}"]
        style, listed = parts
        code = [f"[{', '.join(map(_quoted, listed))}]"]
        if len(code[0]) > 90:
            code = ["[\n        " + ",\n        ".join(map(_quoted, listed)) + ",\n    ]"]
        if style:
            code.append(f"style={_quoted(style)}")
        return code if self.n == len(listed) else [*code, f"n={self.n}"]

    def _images_code(self) -> str:
        names = [_source_code(image) or f"image_{number}" for number, image in enumerate(self.images, 1)]
        return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def mode_of(record: Mapping[str, Any]) -> str:
    """Return the mode of a request's record, as `as_dict` wrote it, without opening its pictures."""
    images = len(record.get("images") or ())
    if record.get("enable_sequential"):
        return IMAGE_SET if images else TEXT_SET
    if record.get("bbox_list") is not None and images:
        return INTERACTIVE
    return (TEXT_TO_IMAGE, EDITING, MULTI_REFERENCE)[min(images, 2)]


ImageRequest.__signature__ = signature_of(FIELDS)  # type: ignore[attr-defined]
ImageRequest.__doc__ = (ImageRequest.__doc__ or "").replace("    {fields}", describe(FIELDS).replace("\n", "\n    "))


def _image_record(image: InputImage) -> dict[str, Any]:
    if image.url:
        return {"name": image.name, "url": _shown_link(image)}
    record = {"name": image.name, "sha256": image.sha256, "mime": image.mime}
    return record | {"width": image.width, "height": image.height}


def _shown_link(image: InputImage) -> str:
    """Return a link as it may be shown and kept: a signed one without its signature."""
    url = image.url or ""
    return re.split("[?;#]", mask(url), maxsplit=1)[0] + "?..." if _SIGNED.search(url) else url


def _source_code(image: InputImage) -> str:
    """Return a picture's path or link as code, empty for one that has none which may be shown."""
    link = _shown_link(image)
    return _quoted(image.origin or link) if image.origin or (link and link == image.url) else ""


def _image_from(record: Mapping[str, Any], find: Callable[[str], Path | None]) -> InputImage:
    name = str(record.get("name") or "picture")[:_MOST_NAME]
    url = record.get("url")
    if isinstance(url, str):
        if url.endswith("?..."):
            return missing(f"{name}, a signed link that was not kept", sha256=None)
        # Never as a path: a stranger's record would have this machine's files sent out.
        return replace(from_link(url), name=name)
    sha256 = str(record.get("sha256") or "")
    path = find(sha256) if re.fullmatch(r"[0-9a-f]{64}", sha256) else None
    content = b""
    with suppress(OSError):
        content = read_file(path, most=MAX_FILE) if path else b""
    if path is None or hashlib.sha256(content).hexdigest() != sha256:
        sides = (side if isinstance(side := record.get(name), int) else None for name in ("width", "height"))
        return missing(name, sha256=sha256, **dict(zip(("width", "height"), sides, strict=True)))
    return from_bytes(content, name=name, origin=str(path))


def _color_record(color: Any) -> Any:
    return {"hex": color.hex, "ratio": color.ratio} if isinstance(color, Color) else color


def _value_code(name: str, value: Any) -> str:
    if name == "color_palette":
        shares = {color.hex: color.ratio for color in value if isinstance(color, Color)}
        if len(shares) == len(value):
            return "{" + ", ".join(f"{_quoted(hex_)}: {_quoted(ratio)}" for hex_, ratio in shares.items()) + "}"
        return repr([_color_record(color) for color in value])
    return _quoted(value) if isinstance(value, str) else repr(_lists(value))


def _quoted(text: object) -> str:
    return json.dumps(text, ensure_ascii=False) if isinstance(text, str) and text.isprintable() else repr(text)


def _plain_int(value: Any) -> Any:
    return int(value) if hasattr(value, "__index__") and not isinstance(value, bool) else value


def _frozen(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return _plain_int(value)
    return tuple(_frozen(item) for item in value)


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, tuple) else value
