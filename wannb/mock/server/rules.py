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

from wannb.mock.exchange import MODELS, Refused, wrong

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

# The documented parameters and their JSON types.
PARAMETERS: Mapping[str, type] = {
    "size": str,
    "n": int,
    "enable_sequential": bool,
    "thinking_mode": bool,
    "color_palette": list,
    "bbox_list": list,
    "watermark": bool,
    "seed": int,
}
KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}

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
    _object(body, "body", ("model", "input", "parameters"))
    model = _model(body.get("model"))
    prompt, references = _content(body.get("input"))
    given = {} if body.get("parameters") is None else _typed(body["parameters"], dict, "parameters")
    # The official SDK (2.0.2, seen) sends null for options left at None, and a stray is_async.
    options = {name: value for name, value in given.items() if value is not None}
    _typed(options.pop("is_async", False), bool, "parameters.is_async")
    for name, value in _object(options, "parameters", tuple(PARAMETERS)).items():
        _typed(value, PARAMETERS[name], f"parameters.{name}")
    where = "input.messages[0].content: image"
    images = tuple(resolve(reference, f"{where} {number}", model) for number, reference in enumerate(references, 1))
    sequential = options.get("enable_sequential", False)
    plain = not images and not sequential
    size = options.get("size", "2K")
    check_size(size, model=model, plain=plain)
    most = 12 if sequential else 4
    cut = f"prompt cut from {len(prompt)} to {TEXT_MAX} characters"
    return CheckedRequest(
        model=model,
        # Documented: overflow is cut without a word, so the answer does not mention it; the log does.
        prompt=prompt[:TEXT_MAX],
        notes=(cut,) if len(prompt) > TEXT_MAX else (),
        images=images,
        size=size,
        n=_within("n", options.get("n", 12 if sequential else 1), 1, most),
        seed=_within("seed", options["seed"], 0, SEED_MAX) if "seed" in options else None,
        sequential=sequential,
        # Documented: it takes effect only without images and outside image sets.
        thinking=options.get("thinking_mode", True) and plain,
        watermark=options.get("watermark", False),
        palette=_palette(options["color_palette"], sequential) if "color_palette" in options else (),
        boxes=_boxes(options["bbox_list"], images, sequential) if "bbox_list" in options else (),
    )


def _typed(value: Any, kind: type, where: str) -> Any:
    """Return a value if it has the JSON type; a boolean is not a number."""
    if type(value) is not kind:
        raise wrong(where, f"must be {KINDS[kind]}, not {KINDS[type(value)]}")
    return value


def _object(value: Any, where: str, known: tuple[str, ...]) -> dict[str, Any]:
    """Return an object if it has no other fields than the known ones."""
    for name in _typed(value, dict, where):
        if name not in known:
            place = name if where == "body" else f"{where}.{name}"
            raise wrong(place[:120], f"is not a known field; known here: {', '.join(known)}")
    fields: dict[str, Any] = value
    return fields


def _within(name: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        # The wording "Range of n should be [1, 4]" is documented.
        raise Refused("InvalidParameter", f"Range of {name} should be [{least}, {most}], not {value}.")
    return value


def _model(model: Any) -> str:
    if model is None or model == "":
        raise Refused("BadRequest.EmptyModel", "model: required, one of " + ", ".join(MODELS) + ".")
    if _typed(model, str, "model") not in MODELS:
        raise Refused("ModelNotFound", f"Model not exist: {model[:80]!r}. The mock knows {', '.join(MODELS)}.")
    return str(model)


def _content(given: Any) -> tuple[str, list[str]]:
    """Return the text and the images of a request's input."""
    if not isinstance(given, dict) or not given:
        raise Refused("BadRequest.EmptyInput", "input: required, an object with messages.")
    messages = _typed(_object(given, "input", ("messages",)).get("messages"), list, "input.messages")
    if len(messages) != 1:
        raise wrong("input.messages", f"messages length only support 1, not {len(messages)}")
    message = _object(messages[0], "input.messages[0]", ("role", "content"))
    if message.get("role") != "user":
        raise wrong("input.messages[0].role", 'must be "user"')
    items, where = message.get("content"), "input.messages[0].content"
    if not isinstance(items, list) or not items:
        raise wrong(where, "lack of image or text: must be an array of text and image objects")
    found: dict[str, list[str]] = {"text": [], "image": []}
    for place, item in enumerate(items):
        if not isinstance(item, dict) or len(item) != 1 or next(iter(item)) not in found:
            raise wrong(f"{where}[{place}]", 'must be an object with one key, {"text": ...} or {"image": ...}')
        ((name, value),) = item.items()
        if not isinstance(value, str) or not value.strip():
            raise wrong(f"{where}[{place}].{name}", "must be a string that is not empty")
        found[name].append(value)
    if len(found["text"]) != 1:
        raise wrong(where, f"needs exactly one text, not {len(found['text'])}")
    try:
        found["text"][0].encode()
    except UnicodeEncodeError:
        raise wrong(where, "the text is not valid Unicode") from None
    if len(found["image"]) > IMAGES_MAX:
        raise wrong(where, f"takes 0 to {IMAGES_MAX} images, not {len(found['image'])}")
    return found["text"][0], found["image"]


def _palette(given: list[Any], sequential: bool) -> tuple[tuple[str, int], ...]:
    where = "parameters.color_palette"
    if sequential:
        raise wrong(where, "is only available when enable_sequential is false")
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


def _boxes(given: list[Any], images: tuple[InputImage, ...], sequential: bool) -> tuple[tuple[Box, ...], ...]:
    where = "parameters.bbox_list"
    if not images:
        raise wrong(where, "needs input images to put the boxes on")
    if sequential:
        raise wrong(where, "cannot be used together with enable_sequential")
    if not all(isinstance(boxes, list) for boxes in given):
        raise wrong(where, "must be an array with one array of boxes for each image, such as [[], [[1, 2, 30, 40]]]")
    if len(given) != len(images):
        raise wrong(where, f"has {len(given)} entries for {len(images)} images; give [] for an image without a box")
    for place, boxes in enumerate(given):
        if len(boxes) > BOXES_MAX:
            raise wrong(f"{where}[{place}]", f"takes at most {BOXES_MAX} boxes an image, not {len(boxes)}")
    return tuple(
        tuple(_box(box, image.size, f"{where}[{place}][{nth}]") for nth, box in enumerate(boxes))
        for place, (boxes, image) in enumerate(zip(given, images, strict=True))
    )


def _box(box: Any, size: tuple[int, int] | None, where: str) -> Box:
    if not isinstance(box, list) or len(box) != 4 or any(type(number) is not int for number in box):
        raise wrong(where, "must be four whole numbers [x1, y1, x2, y2] in pixels of the original image")
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        raise wrong(where, f"{box} is empty: x1 must be below x2 and y1 below y2")
    if left < 0 or top < 0:
        raise wrong(where, f"{box} begins outside the image")
    if size is not None and (right > size[0] or bottom > size[1]):
        raise wrong(where, f"{box} reaches outside the image, which is {size[0]}*{size[1]} pixels")
    return left, top, right, bottom


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
