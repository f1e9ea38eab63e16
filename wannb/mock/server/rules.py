"""Rules of a request, written from the documentation and apart from the client's own.

A wrong field name or type is refused here even where the service might let it pass: a mock that is
stricter than the service finds mistakes before they cost money.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from .exchange import MODELS, Refused, wrong
from .images import InputImage

TEXT_MAX = 5000
IMAGES_MAX = 9
SEED_MAX = 2147483647
BOXES_MAX = 2
HEX = re.compile(r"#[0-9A-Fa-f]{6}")
PRESETS = {"1K": 1024, "2K": 2048, "4K": 4096}
PIXELS_MIN = 768 * 768
SIDES_MOST = 8  # to 1
FIXED = re.compile(r"([1-9]\d{0,5})\*([1-9]\d{0,5})")
# The shape of an image that the mock cannot see, at a public address.
UNSEEN = (4, 3)
RATIO = re.compile(r"(\d{1,3})\.(\d{2})%")

Box = tuple[int, int, int, int]
Resolve = Callable[[str, str, str], InputImage]  # reference, place in the request, model


@dataclass(frozen=True, kw_only=True)
class CheckedRequest:
    """A request that keeps every rule, with the documented defaults filled in (seed None: it has none)."""

    model: str
    prompt: str
    images: tuple[InputImage, ...]
    size: str
    n: int
    seed: int | None
    sequential: bool
    thinking: bool
    watermark: bool
    palette: tuple[tuple[str, int], ...]
    boxes: tuple[tuple[Box, ...], ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def output_size(self) -> tuple[int, int]:
        """Width and height of the results: presets are a budget of pixels, in the shape of the last input image.

        Documented: the budget, the square without images, the ratio of the last image. Not documented: the
        rounding; the sizes in the documentation's examples are multiples of 16 or 32 near the budget.
        """
        if self.size not in PRESETS:
            width, height = self.size.split("*")
            return int(width), int(height)
        side = PRESETS[self.size]
        if not self.images:
            return side, side
        wide, high = self.images[-1].size or UNSEEN
        stretch = sqrt(wide / high)
        return _sixteen(side * stretch), _sixteen(side / stretch)


def checked(body: Any, resolve: Resolve) -> CheckedRequest:
    """Return a decoded JSON body as a request that keeps every rule; raise `Refused` at the first broken one."""
    if not isinstance(body, dict):
        raise wrong("body", "must be a JSON object with model, input and parameters")
    _only(body, ("model", "input", "parameters"), "")
    model = _model(body)
    prompt, references = _content(body)
    parameters = _parameters(body)
    notes: tuple[str, ...] = ()
    if len(prompt) > TEXT_MAX:
        # Documented: overflow is cut without a word, so the answer does not mention it; the log does.
        notes = (f"prompt cut from {len(prompt)} to {TEXT_MAX} characters",)
        prompt = prompt[:TEXT_MAX]
    images = tuple(
        resolve(reference, f"input.messages[0].content: image {number}", model)
        for number, reference in enumerate(references, 1)
    )

    sequential = _flag(parameters, "enable_sequential", False)
    thinking = _flag(parameters, "thinking_mode", True)
    watermark = _flag(parameters, "watermark", False)
    _flag(parameters, "is_async", False)
    size = parameters.get("size", "2K")
    if not isinstance(size, str):
        raise wrong("parameters.size", f"must be a string, not {_kind(size)}")
    check_size(size, model=model, plain=not images and not sequential)
    most = 12 if sequential else 4
    return CheckedRequest(
        model=model,
        prompt=prompt,
        images=images,
        size=size,
        n=_number(parameters, "n", 12 if sequential else 1, 1, most) or 1,
        seed=_number(parameters, "seed", None, 0, SEED_MAX),
        sequential=sequential,
        # Documented: it takes effect only without images and outside image sets.
        thinking=thinking and not images and not sequential,
        watermark=watermark,
        palette=_palette(parameters, sequential),
        boxes=_boxes(parameters, images, sequential),
        notes=notes,
    )


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "a whole number", float: "a number", str: "a string", list: "an array"}
    return names.get(type(value), "null" if value is None else "an object")


def _only(value: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for name in value:
        if name not in allowed:
            place = f"{where}.{name}" if where else str(name)
            raise wrong(place[:120], f"is not a known field; known here: {', '.join(allowed)}")


def _model(body: Mapping[str, Any]) -> str:
    model = body.get("model")
    if model is None or model == "":
        raise Refused("BadRequest.EmptyModel", "model: required, one of " + ", ".join(MODELS) + ".")
    if not isinstance(model, str):
        raise wrong("model", f"must be a string, not {_kind(model)}")
    if model not in MODELS:
        raise Refused("ModelNotFound", f"Model not exist: {model[:80]!r}. The mock knows {', '.join(MODELS)}.")
    return model


def _content(body: Mapping[str, Any]) -> tuple[str, list[str]]:
    given = body.get("input")
    if not isinstance(given, dict) or not given:
        raise Refused("BadRequest.EmptyInput", "input: required, an object with messages.")
    _only(given, ("messages",), "input")
    messages = given.get("messages")
    if not isinstance(messages, list):
        raise wrong("input.messages", f"required, an array with one message, not {_kind(messages)}")
    if len(messages) != 1:
        raise wrong("input.messages", f"messages length only support 1, not {len(messages)}")
    message = messages[0]
    if not isinstance(message, dict):
        raise wrong("input.messages[0]", f"must be an object, not {_kind(message)}")
    _only(message, ("role", "content"), "input.messages[0]")
    if message.get("role") != "user":
        raise wrong("input.messages[0].role", 'must be "user"')
    items = message.get("content")
    if not isinstance(items, list) or not items:
        raise wrong("input.messages[0].content", "lack of image or text: must be an array of text and image objects")
    texts: list[str] = []
    images: list[str] = []
    for place, item in enumerate(items):
        where = f"input.messages[0].content[{place}]"
        if not isinstance(item, dict) or len(item) != 1 or next(iter(item)) not in ("text", "image"):
            raise wrong(where, 'must be an object with one key, {"text": ...} or {"image": ...}')
        ((name, value),) = item.items()
        if not isinstance(value, str) or not value.strip():
            raise wrong(f"{where}.{name}", "must be a string that is not empty")
        (texts if name == "text" else images).append(value)
    if len(texts) != 1:
        raise wrong("input.messages[0].content", f"needs exactly one text, not {len(texts)}")
    try:
        texts[0].encode()
    except UnicodeEncodeError:
        raise wrong("input.messages[0].content", "the text is not valid Unicode") from None
    if len(images) > IMAGES_MAX:
        raise wrong("input.messages[0].content", f"takes 0 to {IMAGES_MAX} images, not {len(images)}")
    return texts[0], images


def _parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("parameters")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise wrong("parameters", f"must be an object, not {_kind(given)}")
    # The official SDK (2.0.2, seen) sends null for options left at None, and a stray is_async.
    set_ones = {name: value for name, value in given.items() if value is not None}
    known = ("size", "n", "enable_sequential", "thinking_mode", "color_palette", "bbox_list", "watermark", "seed")
    for name in set_ones:
        if name not in (*known, "is_async"):
            raise wrong(
                f"parameters.{str(name)[:80]}",
                f"is not a parameter of the wan2.7 image models; they are {', '.join(known)}",
            )
    return set_ones


def _flag(parameters: Mapping[str, Any], name: str, default: bool) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise wrong(f"parameters.{name}", f"must be true or false, not {_kind(value)}")
    return value


def _number(parameters: Mapping[str, Any], name: str, default: int | None, least: int, most: int) -> int | None:
    value = parameters.get(name, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(f"parameters.{name}", f"must be a whole number, not {_kind(value)}")
    if not least <= value <= most:
        # The wording "Range of n should be [1, 4]" is documented.
        raise Refused("InvalidParameter", f"Range of {name} should be [{least}, {most}], not {value}.")
    return value


def _palette(parameters: Mapping[str, Any], sequential: bool) -> tuple[tuple[str, int], ...]:
    if "color_palette" not in parameters:
        return ()
    where = "parameters.color_palette"
    given = parameters["color_palette"]
    if sequential:
        raise wrong(where, "is only available when enable_sequential is false")
    if not isinstance(given, list):
        raise wrong(where, f"must be an array of colors, not {_kind(given)}")
    if not 3 <= len(given) <= 10:
        raise wrong(where, f"takes 3 to 10 colors, not {len(given)}")
    palette: list[tuple[str, int]] = []
    for place, item in enumerate(given):
        if not isinstance(item, dict) or set(item) != {"hex", "ratio"}:
            raise wrong(f"{where}[{place}]", 'must be an object with the keys "hex" and "ratio"')
        if not isinstance(item["hex"], str) or not HEX.fullmatch(item["hex"]):
            raise wrong(f"{where}[{place}].hex", "must look like #C2D1E6")
        ratio = RATIO.fullmatch(item["ratio"]) if isinstance(item["ratio"], str) else None
        if ratio is None:
            raise wrong(f"{where}[{place}].ratio", 'must be a string with two decimals, such as "23.51%"')
        palette.append((item["hex"].upper(), int(ratio[1]) * 100 + int(ratio[2])))
    total = sum(share for _, share in palette)
    if total != 10000:
        raise wrong(where, f"the ratios add up to {total // 100}.{total % 100:02d}%, not 100.00%")
    return tuple(palette)


def _boxes(
    parameters: Mapping[str, Any], images: tuple[InputImage, ...], sequential: bool
) -> tuple[tuple[Box, ...], ...]:
    if "bbox_list" not in parameters:
        return ()
    where = "parameters.bbox_list"
    given = parameters["bbox_list"]
    if not images:
        raise wrong(where, "needs input images to put the boxes on")
    if sequential:
        raise wrong(where, "cannot be used together with enable_sequential")
    if not isinstance(given, list) or not all(isinstance(boxes, list) for boxes in given):
        raise wrong(where, "must be an array with one array of boxes for each image, such as [[], [[1, 2, 30, 40]]]")
    if len(given) != len(images):
        raise wrong(where, f"has {len(given)} entries for {len(images)} images; give [] for an image without a box")
    return tuple(
        _boxes_of(boxes, image, f"{where}[{place}]")
        for place, (boxes, image) in enumerate(zip(given, images, strict=True))
    )


def _boxes_of(boxes: list[Any], image: InputImage, where: str) -> tuple[Box, ...]:
    if len(boxes) > BOXES_MAX:
        raise wrong(where, f"takes at most {BOXES_MAX} boxes an image, not {len(boxes)}")
    checked: list[Box] = []
    for place, box in enumerate(boxes):
        spot = f"{where}[{place}]"
        whole = isinstance(box, list) and all(isinstance(x, int) and not isinstance(x, bool) for x in box)
        if not whole or len(box) != 4:
            raise wrong(spot, "must be four whole numbers [x1, y1, x2, y2] in pixels of the original image")
        left, top, right, bottom = box
        if left >= right or top >= bottom:
            raise wrong(spot, f"{box} is empty: x1 must be below x2 and y1 below y2")
        if left < 0 or top < 0:
            raise wrong(spot, f"{box} begins outside the image")
        if image.size is not None and (right > image.size[0] or bottom > image.size[1]):
            raise wrong(spot, f"{box} reaches outside the image, which is {image.size[0]}*{image.size[1]} pixels")
        checked.append((left, top, right, bottom))
    return tuple(checked)


def check_size(size: str, *, model: str, plain: bool) -> None:
    """Refuse a size the model would not make. `plain` is text-to-image: no image and no image set."""
    four_k = model == "wan2.7-image-pro" and plain
    allowed = ("1K", "2K", "4K") if four_k else ("1K", "2K")
    if size in PRESETS:
        if size not in allowed:
            raise wrong(
                "parameters.size",
                f"{size} is only for text-to-image (no image, not an image set) with "
                f"wan2.7-image-pro; here use {' or '.join(allowed)}",
            )
        return
    fixed = FIXED.fullmatch(size)
    if fixed is None:
        hint = "; the separator is an asterisk, not an x" if re.fullmatch(r"\d+[xX×]\d+", size) else ""
        raise wrong(
            "parameters.size",
            f"{size[:40]!r} must be one of {', '.join(allowed)} or W*H, such as 1280*720{hint}",
        )
    width, height = int(fixed[1]), int(fixed[2])
    most = PRESETS[allowed[-1]] ** 2
    if not PIXELS_MIN <= width * height <= most:
        raise wrong(
            "parameters.size",
            f"{size} has {width * height} pixels; {model} takes {PIXELS_MIN} (768*768) to {most} ({allowed[-1]}) here",
        )
    if max(width, height) > SIDES_MOST * min(width, height):
        raise wrong("parameters.size", f"the ratio of {size} must lie between 1:8 and 8:1")


def _sixteen(length: float) -> int:
    return max(16, round(length / 16) * 16)
