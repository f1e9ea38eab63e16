"""Code ready to paste: the calls that a request, a sweep and a storyboard stand for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from wannb.masking import without_signature

from .fields import FIELDS
from .inputs import InputImage, original_boxes
from .palette import Color
from .set_prompt import split

_WIDE = 100


def request_call(request: Any) -> str:
    """Return the call of a client that makes an `ImageRequest`."""
    code = _Code()
    values = {name: getattr(request, name) for name in FIELDS}
    if isinstance(request.bbox_list, tuple) and len(request.bbox_list) == len(request.images):
        values["bbox_list"] = tuple(map(original_boxes, request.images, request.bbox_list))
    arguments = [_quoted(request.prompt)]
    if request.enable_sequential:
        call = "client.image_set"
        parts = split(request.prompt) if isinstance(request.prompt, str) else None
        if parts:
            style, scenes = parts
            arguments = [_list(map(_quoted, scenes)), *([f"style={_quoted(style)}"] if style else [])]
        if not parts or request.n != len(parts[1]):
            arguments.append(f"n={request.n}")
        if request.images:
            arguments.append(f"images={code.images(request.images)}")
        del values["n"]
    elif request.images:
        call = "client.edit"
        arguments.append(code.images(request.images))
    else:
        call = "client.generate"
    return code.lines(_call(call, [*arguments, *_options(values)]))


def sweep_call(options: Mapping[str, Any], grid: Mapping[str, Any], *, budget: object = None) -> str:
    """Return the code of a sweep, of its run within a budget, and of its grid."""
    code = _Code()
    arguments = ["client"]
    for name, value in options.items():
        if name == "images":
            written = [_list(map(code.image, each)) if isinstance(each, tuple) else code.image(each) for each in value]
            alone = len(value) == 1 and not isinstance(value[0], tuple)
            arguments.append(f"images={written[0] if alone else _list(written)}")
        else:
            arguments.append(f"{name}={_value(value)}")
    shown = _call("plan.grid", [f"{name}={_value(value)}" for name, value in grid.items()])
    limit = "" if budget is None else f"budget={budget}"
    return code.lines(f"plan = {_call('wannb.sweep', arguments)}", f"plan.run({limit})", shown)


def board_call(options: Mapping[str, Any]) -> str:
    """Return the code that makes a storyboard."""
    code = _Code()
    arguments = ["client", _list(map(_scene, options["scenes"]))]
    if options.get("images"):
        arguments.append(f"images={code.images(options['images'])}")
    # An empty style or name is none; seed 0 is a seed.
    given = {name: value for name, value in options.items() if value or name == "seed"}
    arguments += _options({name: value for name, value in given.items() if name != "scenes"})
    return code.lines(f"board = {_call('wannb.Storyboard', arguments)}", "board.run()")


def open_call(name: str) -> str:
    """Return the code that opens a storyboard."""
    return f"board = wannb.Storyboard.open(client, {_quoted(name)})"


class _Code:
    """Code that names input images: by path or link, or as `image_1`, ... where it has neither."""

    def __init__(self) -> None:
        self._unnamed: list[InputImage] = []

    def image(self, image: InputImage) -> str:
        named = self._named(image)
        return f"wannb.fit({named})" if image.fitted_from else named

    def _named(self, image: InputImage) -> str:
        link = image.url or ""
        source = image.origin or (link if without_signature(link) == link else None)
        if source:
            return _quoted(source)
        if image not in self._unnamed:
            self._unnamed.append(image)
        return f"image_{self._unnamed.index(image) + 1}"

    def images(self, images: Sequence[InputImage]) -> str:
        return self.image(images[0]) if len(images) == 1 else _list(map(self.image, images))

    def lines(self, *lines: str) -> str:
        """Return lines of code, after those that say which images are to be given."""
        names = (" ".join(image.name.split()) for image in self._unnamed)
        return "\n".join([*(f"# Set image_{number} first: {name}" for number, name in enumerate(names, 1)), *lines])


def _options(values: Mapping[str, Any]) -> list[str]:
    """Return keyword arguments for the options that differ from their defaults."""
    leave_out = ("prompt", "images", "enable_sequential")
    return [
        f"{name}={_value(value)}"
        for name, value in values.items()
        if name not in leave_out and (name not in FIELDS or value != FIELDS[name].default)
    ]


def _scene(scene: Any) -> str:
    given = {
        each.name: getattr(scene, each.name) for each in fields(scene) if getattr(scene, each.name) != each.default
    }
    if [*given] == ["text"]:
        return _quoted(scene.text)
    parts = [
        f'"{name}": {value:g}' if name == "seconds" else f'"{name}": {_quoted(value)}' for name, value in given.items()
    ]
    return "{" + ", ".join(parts) + "}"


def _call(function: str, arguments: Sequence[str]) -> str:
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _WIDE and "\n" not in line:
        return line
    return f"{function}(\n    " + ",\n    ".join(arguments) + ",\n)"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return _list((f"{_quoted(key)}: {_value(each)}" for key, each in value.items()), "{", "}")
    if isinstance(value, tuple):
        shares = {color.hex: color.ratio for color in value if isinstance(color, Color)}
        if shares and len(shares) == len(value):
            return "{" + ", ".join(f"{_quoted(color)}: {_quoted(share)}" for color, share in shares.items()) + "}"
        return repr(as_lists(value))
    if not isinstance(value, list):
        return _quoted(value)
    first, last = value[0], value[-1]
    if len(value) > 6 and isinstance(first, int) and value == list(range(first, last + 1)):
        return f"range({first}, {last + 1})"
    return _list(_value(each) if isinstance(each, tuple) else _quoted(each) for each in value)


def as_lists(value: Any) -> Any:
    """Return a request's value as JSON data: lists for tuples, an object for a color."""
    if isinstance(value, Color):
        return {"hex": value.hex, "ratio": value.ratio}
    return [as_lists(item) for item in value] if isinstance(value, tuple) else value


def _list(parts: Iterable[str], begin: str = "[", end: str = "]") -> str:
    parts = list(parts)
    line = f"{begin}{', '.join(parts)}{end}"
    return line if len(line) <= _WIDE - 10 else f"{begin}\n        " + ",\n        ".join(parts) + f",\n    {end}"


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and value.isprintable() else repr(value)
