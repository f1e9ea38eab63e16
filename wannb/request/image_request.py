"""ImageRequest: all that is asked of the service in one call, as a frozen value.

A call, a form and a saved image all lead to the same request, and each can be made from it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from wannb.errors import InvalidRequest, Problem
from wannb.files import read_file
from wannb.masking import without_signature
from wannb.translation import Said, say

from .code import as_lists, request_call
from .fields import FIELDS, checks_options
from .inputs import MAX_FILE, InputImage, Inputs, as_inputs, from_bytes, from_link, missing, settled, with_boxes
from .palette import Color, Palette, as_palette
from .rules import problems
from .sizes import PRO

if TYPE_CHECKING:
    from typing_extensions import Self

TEXT_TO_IMAGE = Said("text to image")
EDITING = Said("image editing")
MULTI_REFERENCE = Said("multi-reference generation")
INTERACTIVE = Said("interactive editing")
TEXT_SET = Said("text to image set")
IMAGE_SET = Said("image to image set")
#: The six modes, as the API's page names them.
MODES = (TEXT_TO_IMAGE, EDITING, MULTI_REFERENCE, INTERACTIVE, TEXT_SET, IMAGE_SET)

#: Boxes to edit in: a list for each input image, with boxes [x1, y1, x2, y2] in pixels.
Boxes: TypeAlias = Sequence[Sequence[Sequence[int]]]

_MOST_NAME = 300


@dataclass(frozen=True, kw_only=True, init=False)
class ImageRequest:
    """All that is asked of the service in one call.

    Frozen and comparable: equal requests ask for the same thing. Values are taken as people write them and kept in one
    normal form; whether they are legal is what `problems()` says.

    Args:
        prompt: Description of the image, in Chinese or English, at most 5000 characters. Input images are named by
            their position: 'image 1', 'image 2'.
        images: Up to 9 pictures, one or a list: a path, a URL, bytes, a PIL image, a NumPy array or an earlier result.
            Each side 240 to 8000 pixels, at most 8:1, at most 20 MB; wannb.fit(picture) makes a copy that fits. JPEG,
            PNG without alpha, BMP and WEBP are sent as they are, other kinds are converted. The last one sets the
            output's aspect ratio when size is a preset.
        model: 'wan2.7-image-pro' (best, up to 4K) or 'wan2.7-image' (faster and cheaper, up to 2K).
        size: '1K', '2K', '4K' or 'width*height' in pixels, such as '1280*720'. A preset gives a square, or the ratio of
            the last input image; wannb.size_for('16:9') gives a legal free size. 4K is for text to image on
            wan2.7-image-pro only.
        n: Number of images, 1 to 4; in an image set 1 to 12 and a maximum: the model may return fewer. Each image that
            comes back is billed.
        seed: 0 to 2147483647. The same seed gives similar, not identical, images. An equal request with a seed is
            answered from the runs folder and not billed again; without one, a random one is used and every call is new.
        watermark: Adds the service's fixed 'AI generated' mark in the bottom right corner.
        thinking_mode: Thinks before drawing: better and slower. Only text to image has it; elsewhere it is not sent.
        color_palette: 3 to 10 colors with shares that add up to 100.00 %: [{"hex": "#C2D1E6", "ratio": "23.51%"}, ...]
            or {"#C2D1E6": 23.51, ...}. Not in image sets.
        bbox_list: Where to edit: a list for each input image, with up to two boxes [x1, y1, x2, y2] in pixels of that
            image (origin top left, EXIF rotation applied); an empty list for an image without a box. For a picture made
            by wannb.fit give the original's pixels; the request has those of the copy. Not in image sets.
        enable_sequential: Asks for a consistent set of up to 12 images instead of single ones.

    >>> ImageRequest(prompt="a flower shop", n=2).mode
    'text to image'
    """

    prompt: str
    images: tuple[InputImage, ...]
    model: str
    size: str
    n: int
    seed: int | None
    watermark: bool
    thinking_mode: bool
    color_palette: tuple[Color, ...] | None
    bbox_list: tuple[tuple[tuple[int, int, int, int], ...], ...] | None
    enable_sequential: bool

    @checks_options
    def __init__(
        self,
        *,
        prompt: str = "",
        images: Inputs = (),
        model: str = PRO,
        size: str = "2K",
        n: int = 1,
        seed: int | None = None,
        watermark: bool = False,
        thinking_mode: bool = True,
        color_palette: Palette | None = None,
        bbox_list: Boxes | None = None,
        enable_sequential: bool = False,
    ) -> None:
        pictures, boxes = settled(as_inputs(images), None if bbox_list is None else _frozen(bbox_list))
        vars(self).update(
            prompt=prompt,
            images=pictures,
            model=model,
            size=size,
            n=_plain_int(n),
            seed=_plain_int(seed),
            watermark=watermark,
            thinking_mode=thinking_mode,
            color_palette=as_palette(color_palette),
            bbox_list=boxes,
            enable_sequential=enable_sequential,
        )

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
        """Changes made to the input images so that the service accepts them."""
        return tuple(
            Said("image {number} ({name}): {notice}", number=number, name=image.name, notice=notice)
            for number, image in enumerate(self.images, 1)
            for notice in image.notices
        )

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some options changed.

        >>> ImageRequest(prompt="a cat").replace(seed=8).seed
        8
        """
        if "images" in changes and self.bbox_list is not None and "bbox_list" not in changes:
            changes["images"] = with_boxes(as_inputs(changes["images"]), self.images)
        return replace(self, **changes)

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of what differs from the defaults; input images count by content, not by name.

        Another option with a default leaves the fingerprints of earlier requests as they are. A default must never
        change: the requests of before would be taken for requests with the new one.
        """
        asked = {name: value for name, value in self.as_dict().items() if getattr(self, name) != FIELDS[name].default}
        if self.images:
            asked["images"] = [image.sha256 or image.url for image in self.images]
        if self.mode != TEXT_TO_IMAGE:
            asked.pop("thinking_mode", None)
        written = json.dumps(asked, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Return the request as JSON data; input images by name and SHA-256, signed links without their signature."""
        record = {name: as_lists(getattr(self, name)) for name in FIELDS}
        return {**record, "images": [_image_record(image) for image in self.images]}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], find: Callable[[str], Path | None] = lambda sha256: None) -> Self:
        """Return the request that `as_dict` wrote.

        Args:
            record: the JSON data; unknown keys are ignored, so that newer records open.
            find: returns the file of an input image by its SHA-256, or None; a picture that is not found becomes
                one of the request's problems.

        Raises:
            ValueError: not the record of a request.
        """
        try:
            known = {name: record[name] for name in FIELDS if name in record}
            known["images"] = [_image_from(image, find) for image in record.get("images") or ()]
            return cls(**known)
        except (TypeError, AttributeError, ArithmeticError, RecursionError) as error:
            raise ValueError(say("not the record of a request: {error}", error=error)) from error

    def code(self) -> str:
        """Return the call that makes this request, ready to paste; pictures without a file are named `image_1`, ...

        >>> print(ImageRequest(prompt="a cat", seed=7, size="1K").code())
        client.generate("a cat", size="1K", seed=7)
        """
        return request_call(self)


def mode_of(record: Mapping[str, Any]) -> str:
    """Return the mode of a request's record, as `as_dict` wrote it, without opening its pictures."""
    images = len(record.get("images") or ())
    if record.get("enable_sequential"):
        return IMAGE_SET if images else TEXT_SET
    if record.get("bbox_list") is not None and images:
        return INTERACTIVE
    return (TEXT_TO_IMAGE, EDITING, MULTI_REFERENCE)[min(images, 2)]


def _image_record(image: InputImage) -> dict[str, Any]:
    if image.url:
        public = without_signature(image.url)
        return {"name": image.name, "url": public if public == image.url else f"{public}?..."}
    record = {"name": image.name, "sha256": image.sha256, "mime": image.mime}
    return record | {"width": image.width, "height": image.height}


def _image_from(record: Mapping[str, Any], find: Callable[[str], Path | None]) -> InputImage:
    name = str(record.get("name") or "picture")[:_MOST_NAME]
    url = record.get("url")
    if isinstance(url, str):
        if url.endswith("?..."):
            return missing(Said("{name}, a signed link that was not kept", name=name), sha256=None)
        # Never as a path: a stranger's record would have this machine's files sent out.
        return replace(from_link(url), name=name)
    sha256 = str(record.get("sha256") or "")
    path = find(sha256) if re.fullmatch(r"[0-9a-f]{64}", sha256) else None
    content = b""
    with suppress(OSError):
        content = read_file(path, most=MAX_FILE) if path else b""
    if path is None or hashlib.sha256(content).hexdigest() != sha256:
        sides = {side: record[side] for side in ("width", "height") if isinstance(record.get(side), int)}
        return missing(name, sha256=sha256, **sides)
    return from_bytes(content, name=name, origin=str(path))


def _plain_int(value: Any) -> Any:
    return int(value) if hasattr(value, "__index__") and not isinstance(value, bool) else value


def _frozen(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return _plain_int(value)
    return tuple(_frozen(item) for item in value)
