"""Everything that wannb says to people, gathered for the tests of its Chinese, and a reader that tells what is left."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

import wannb
from wannb import ImageRequest, errors
from wannb import translation as words
from wannb.client import Client
from wannb.ledger.rescue import Rescue
from wannb.ledger.result import Result
from wannb.request import fields, inputs, palette, rules, sizes
from wannb.request import set_prompt as scenes
from wannb.request.inputs import as_input, missing
from wannb.service import wire
from wannb.translation import Catalogue

PACKAGE = Path(words.__file__ or "").parent
FILE = PACKAGE / "languages" / "zh.json"
TEXTS: dict[str, str] = json.loads(FILE.read_bytes())
PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
LATIN = re.compile(r"[A-Za-z]{2,}")
CAR = "https://example.com/car.webp"
#: Said by the command line and by code that a person writes, not by forms.
ELSEWHERE = {"cli.py", "serve.py", "tutorials.py", "grid.py", "layout.py", "comparison.py", "figure.py", "typeset.py"}
ERRORS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}

# A catalogue whose Chinese is a number tells which entries a text is made of, and what of it nobody put into Chinese.
_NUMBERED = Catalogue.of(
    {
        english: f"⟦{number}⟧" + " ".join(f"{{{name}}}" for name in PLACE.findall(english))
        for number, english in enumerate(TEXTS)
    }
)
_KEYS = list(TEXTS)


def found(text: str) -> set[str]:
    """Return the entries that a text is put together from."""
    return {_KEYS[int(number)] for number in re.findall(r"⟦(\d+)⟧", _NUMBERED.say(text))}


def left(text: str, *values: object) -> set[str]:
    """Return the words of a text that stay as they are, those of its values apart."""
    own = {word for value in values for word in LATIN.findall(str(value) + repr(value))}
    return set(LATIN.findall(_NUMBERED.say(text))) - own


def encoded(kind: str = "PNG", size: tuple[int, int] = (320, 240), mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 90).save(buffer, kind, **options)
    return buffer.getvalue()


def sideways() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded("JPEG", exif=exif)


def huge() -> bytes:
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(b"")]
    whole = (struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each)) for each in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(whole)


def noisy(side: int) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
    return encoded_image(Image.fromarray(pixels), compress_level=0)


def encoded_image(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def pictures(folder: Path) -> list[Any]:
    (folder / "large.png").touch()
    os.truncate(folder / "large.png", inputs.MAX_FILE + 1)
    frames = [Image.new("RGB", (300, 300), shade) for shade in ("red", "blue")]
    frames[0].save(folder / "two.gif", save_all=True, append_images=frames[1:])
    closed = io.BytesIO()
    closed.close()
    return [
        *(
            closed,
            "https://ho st/a.png",
            io.StringIO("text"),
            3.5,
            b"no picture",
            huge(),
            encoded()[:90],
            missing("cat.png", sha256=None),
        ),
        *("data:image/png;base64,%%%", folder / "large.png", "nowhere.png", "/", "a\0b"),
        *("ftp://host/a.png", "http://", "https://bob:pw@host/a.png"),
        *(np.zeros((300, 300, 3)) + 7, np.zeros((3, 300, 300), np.int32)),
        *(encoded(size=(100, 100)), encoded(size=(4000, 400)), noisy(2700)),
        *(sideways(), folder / "two.gif", Image.new("RGBA", (300, 300)), encoded("JPEG", mode="CMYK"), encoded("TIFF")),
        *(io.BytesIO(encoded("TIFF")), np.zeros((300, 300, 4), np.uint8), bytes(encoded("TIFF"))),
    ]


COLORS = [("#FFFFFF", "50.00%"), ("#000000", "25.00%"), ("#FF0000", "25.00%")]


REQUESTS: list[dict[str, Any]] = [
    *({"prompt": 7}, {"prompt": " "}, {"prompt": "\ud800"}, {"prompt": "x" * (fields.MAX_PROMPT + 1)}),
    *({"images": [CAR] * (fields.MAX_IMAGES + 1)}, {"images": "nowhere.png"}, {"model": "wan2.6"}),
    *({"n": n} for n in (0, 5, "2")),
    *({"n": 13, "enable_sequential": True}, {"n": 0, "images": CAR}, {"n": 5, "images": [CAR, CAR]}),
    *({"n": 9, "images": CAR, "bbox_list": [[]]}, {"n": 99, "images": CAR, "enable_sequential": True}),
    *({"seed": -1}, {"watermark": 1}, {"thinking_mode": "no"}, {"enable_sequential": 0}),
    {"color_palette": COLORS, "enable_sequential": True},
    *({"color_palette": value} for value in (COLORS[:2], 7, ["red", *COLORS], [("red", 1), *COLORS])),
    *({"color_palette": value} for value in ([("#FFFFFF", "1%%"), *COLORS], [*COLORS[1:], COLORS[1]])),
    *({"bbox_list": [[]]}, {"images": CAR, "bbox_list": [[]], "enable_sequential": True}),
    *({"images": CAR, "bbox_list": boxes} for boxes in (7, [], [[0, 0, 9, 9]], [[[0, 0, 9, 9]] * 3], [[[1, 2]]])),
    *({"images": CAR, "bbox_list": [[box]]} for box in ([9, 0, 0, 9], [-1, 0, 9, 9], "here")),
    {"images": encoded(), "bbox_list": [[[0, 0, 999, 9]]]},
    *({"size": size} for size in (1024, (4, 3), "16:9", "3K", "2k", "1024x1024", "9*9", "9000*9000", "9000*900")),
    *({"size": size, "model": sizes.STANDARD} for size in ("4K", "4096*4096")),
    *({"size": size, "images": CAR} for size in ("4K", "4096*4096")),
]


def taken(folder: Path) -> list[inputs.InputImage]:
    """Return what became of pictures that are refused or changed."""
    made = [as_input(value) for value in pictures(folder)]
    return [*made, inputs._endless(), inputs._from_pil(Image.open(io.BytesIO(encoded()[:90])), "PIL image")]


def sayings_of(pictured: list[inputs.InputImage]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield what a bad or changed picture makes wannb say, with the values in it."""
    kinds = "Pillow JPEG PNG BMP WEBP MB EXIF RGB alpha TIFF GIF float int32 uint8 ftp rb"
    of_pillow = "EOF truncated image file is embedded null byte stat I/O operation on closed"
    for image in pictured:
        for text in (image.problem, *image.notices):
            if text:
                yield text, (image.name, image.origin, kinds, of_pillow, *re.findall(r"'[^']*'", text))


def problems_of_scenes() -> list[rules.Problem]:
    told: list[rules.Problem] = []
    for listed, n in ([[], None], [["a", "", 5], 2], [["a"] * 13, None]):
        with pytest.raises(errors.InvalidRequest) as caught:
            scenes.checked(listed, n=n)
        told += caught.value.problems
    return told


def all_problems() -> list[rules.Problem]:
    requests = [ImageRequest(**{"prompt": "x", **options}) for options in REQUESTS]
    return [problem for request in requests for problem in request.problems()] + problems_of_scenes()


def refused_calls() -> list[str]:
    """Return what calls say of a picture that cannot be shown or taken colours from."""
    said = []
    for call in (wannb.gallery, palette.palette_from):
        with pytest.raises(ValueError, match="a link is not fetched") as caught:
            call(CAR)
        said.append(str(caught.value))
    return said


def sentences_in(module: ModuleType, *leave: str) -> Iterator[str]:
    """Yield the pieces of text that a module's functions hold, docstrings and `leave` functions apart."""

    def walk(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.FunctionDef) and node.name in leave:
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\w \w", node.value):
            yield node.value
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from walk(node)


def rendered(node: ast.expr, known: dict[str, str]) -> str | None:
    """Return a text of the source with numbers where values stand, None for what is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    parts, numbers = [], dict[str, int]()
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
            continue
        assert isinstance(part, ast.FormattedValue)
        value = part.value
        number = numbers.setdefault(ast.unparse(value), 70001 + len(numbers))
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "count":
            parts.append(f"{number} {ast.literal_eval(value.args[1])}s")
        else:
            parts.append(known.get(ast.unparse(value), str(number)))
    return "".join(parts)


def raised() -> list[str]:
    """Return every sentence with which wannb's own exceptions and `ValueError` are made, outside of forms and mock."""
    said: list[str] = []
    for path in [*PACKAGE.glob("*.py"), *(PACKAGE / "transport").glob("*.py")]:
        if path.name in ELSEWHERE:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = {
            node.targets[0].id: node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        }
        for node in ast.walk(tree):
            texts: list[ast.expr] = []
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name == "_malformed" or (name == "MalformedAnswer" and len(node.args) > 1):
                    what = rendered(node.args[name != "_malformed"], known)
                    said += [str(errors.MalformedAnswer("MalformedAnswer", what, status=200))] if what else []
                elif (name in ERRORS and not issubclass(ERRORS[name], errors.ApiError)) or name == "ValueError":
                    texts += node.args[:1]
            elif isinstance(node, ast.Dict):
                texts += [value for key, value in zip(node.keys, node.values, strict=True) if is_text(key)]
            said += [text for node in texts if (text := rendered(node, known)) and " " in text]
    return said


def is_text(key: ast.expr | None) -> bool:
    return isinstance(key, ast.Constant) and key.value == "text"


def every_error() -> Iterator[errors.WannbError]:
    """Yield one error of each class, and each way in which `ApiError` writes its facts."""
    for kind in ERRORS.values():
        if issubclass(kind, errors.ApiError):
            yield kind("Some.Code", "vendor words", status=400)
            yield kind("NOT AUTHORIZED", "vendor words: (a) b.", status=429, request_id="r-1")
            yield kind("Code_2", "", status=200, task_id="t-1", request_id="r-1")
            yield kind("Code", "words", status=200, task_id="t-1")
            yield kind("Failed", "the service gave no reason", status=200, task_id="t-1")
    reason = "the service gave no reason"
    yield errors.api_error("Failed", reason, status=200, task_id="t-1", request_id="r-1")
    yield errors.MalformedAnswer("MalformedAnswer", "no output in the answer", status=200, request_id="r-1")
    yield errors.MalformedAnswer("MalformedAnswer", "a finished task without images", status=200, task_id="t-1")


def result_lines(result: Result) -> list[str]:
    return [result.summary(), result.price_line, *(image.alt for image in result), *result.notices]


def rescued(results: tuple[Result, ...], unsent: int, other: int) -> str:
    lost = tuple(("run-1", errors.StoreError("x")) for _ in range(unsent))
    return Rescue(results=results, unsent=("a",) * unsent, problems=lost, elsewhere=("b",) * other).summary()


def lines_of(client: Client) -> list[str]:
    """Return what results, their lists and the client say of themselves."""
    one = client.generate("a seed", size="768*768", seed=7)
    two = client.generate("a seed", size="768*768", seed=7, n=2)
    again = client.generate("a seed", size="768*768", seed=7)
    client.service = wannb.service.endpoint.live(region="singapore")
    said = [client.service.where, *re.findall(r"<bdi>(.*?)</bdi>", client._repr_html_())]
    client.service = wannb.service.endpoint.mock("http://127.0.0.1:1/api/v1")
    said += [client.service.where, *re.findall(r"<bdi>(.*?)</bdi>", client._repr_html_())]
    said += [line for result in (one, two, again) for line in result_lines(result)]
    said.append(replace(one[0], request=None).alt)
    refused = {"choices": [{"message": {"content": [{"message": "a seed"}, {"code": "USD", "message": "a seed"}]}}]}
    said += [f"refused: {reason}" for reason in wire.read_answer({"output": refused}).refused]
    for found_runs in ((), (one,), (two,), (one, two)):
        said += [rescued(found_runs, *counts) for counts in ((0, 0), (1, 1), (2, 2))]
    return said
