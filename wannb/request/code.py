"""The calls that a comparison and a storyboard stand for, as code that is ready to paste."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .fields import FIELDS
from .inputs import InputImage

_WIDE = 100


def sweep_call(options: Mapping[str, Any], axes: Mapping[str, str]) -> str:
    """Return the code of a sweep and of its grid."""
    pictures = _Pictures()
    arguments = ["client"]
    for name, value in options.items():
        if name == "images":
            written = [pictures.together(each) if isinstance(each, tuple) else pictures.code(each) for each in value]
            alone = len(value) == 1 and not isinstance(value[0], tuple)
            arguments.append(f"images={written[0] if alone else _list(written)}")
        else:
            arguments.append(f"{name}={_value(value)}")
    shown = ", ".join(f"{axis}={_quoted(name)}" for axis, name in axes.items())
    return "\n".join(
        [*pictures.given, f"plan = {_call('wannb.sweep', arguments)}", "plan.run()", f"plan.grid({shown})"]
    )


def board_call(options: Mapping[str, Any]) -> str:
    """Return the code that makes a board."""
    pictures = _Pictures()
    arguments = ["client", _list([_scene(scene) for scene in options["scenes"]])]
    for name, value in options.items():
        if name == "images" and value:
            arguments.append(f"images={pictures.code(value[0]) if len(value) == 1 else pictures.together(value)}")
        elif name not in ("scenes", "images") and value and (name not in FIELDS or value != FIELDS[name].default):
            arguments.append(f"{name}={_value(value)}")
    if "seed" in options and options["seed"] == 0:
        arguments.append("seed=0")
    return "\n".join([*pictures.given, f"board = {_call('wannb.Storyboard', arguments)}", "board.run()"])


def open_call(name: str) -> str:
    """Return the code that opens a board."""
    return f"board = wannb.Storyboard.open(client, {_quoted(name)})"


class _Pictures:
    """Names of input images in code: a path or link, or `image_1`, ... for one that has neither."""

    def __init__(self) -> None:
        self._unnamed: list[InputImage] = []

    def code(self, image: InputImage) -> str:
        # A link's query may hold a signature, which is a secret.
        source = image.origin or (image.url if image.url and "?" not in image.url else None)
        if source:
            return _quoted(source)
        if image not in self._unnamed:
            self._unnamed.append(image)
        return f"image_{self._unnamed.index(image) + 1}"

    def together(self, images: Sequence[InputImage]) -> str:
        return _list([self.code(image) for image in images])

    @property
    def given(self) -> list[str]:
        """Lines that say which names are to be given."""
        names = (" ".join(image.name.split()) for image in self._unnamed)
        return [f"# image_{number} is to be given: {name}" for number, name in enumerate(names, 1)]


def _scene(scene: Any) -> str:
    if not scene.notes and scene.seconds == type(scene).seconds:
        return _quoted(scene.text)
    parts = [f'"text": {_quoted(scene.text)}']
    parts += [f'"notes": {_quoted(scene.notes)}'] if scene.notes else []
    parts += [f'"seconds": {scene.seconds:g}'] if scene.seconds != type(scene).seconds else []
    return "{" + ", ".join(parts) + "}"


def _call(function: str, arguments: Sequence[str]) -> str:
    line = f"{function}({', '.join(arguments)})"
    return (
        line if len(line) <= _WIDE and "\n" not in line else f"{function}(\n    " + ",\n    ".join(arguments) + ",\n)"
    )


def _value(value: Any) -> str:
    if not isinstance(value, list):
        return _quoted(value)
    first, last = value[0], value[-1]
    if len(value) > 6 and isinstance(first, int) and value == list(range(first, last + 1)):
        return f"range({first}, {last + 1})"
    return _list([_quoted(each) for each in value])


def _list(parts: Sequence[str]) -> str:
    line = f"[{', '.join(parts)}]"
    return line if len(line) <= _WIDE - 10 else "[\n        " + ",\n        ".join(parts) + ",\n    ]"


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and value.isprintable() else repr(value)
