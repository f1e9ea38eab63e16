"""What people pass as a picture: taken as it was meant, or one sentence with the type and the way."""

from __future__ import annotations

import array
import base64
import ctypes
import enum
import io
import os
import unittest.mock
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import IPython.display
import ipywidgets
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from pictures import encoded
from PIL import Image

import wannb
from wannb import ImageRequest, mock
from wannb.client import Client
from wannb.errors import InvalidRequest
from wannb.request.inputs import as_input, as_inputs

SIZE = (320, 240)
COLOR = (10, 20, 30)
PICTURE = encoded(size=SIZE, color=COLOR)
PIXELS = np.full((240, 320, 3), COLOR, np.uint8)


class Tensor:
    """What a tensor of PyTorch shows of itself: no array interface, and a device from which it must come first."""

    def __init__(self, values: Any, device: str = "cpu", grad: bool = False) -> None:
        self.values, self.device, self.grad = np.asarray(values), device, grad

    def detach(self) -> Tensor:
        return Tensor(self.values, self.device)

    def cpu(self) -> Tensor:
        return Tensor(self.values, "cpu", self.grad)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.device != "cpu":
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")
        if self.grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self.values

    def __iter__(self) -> Iterator[Tensor]:
        if not self.values.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return (Tensor(each) for each in self.values)

    def __len__(self) -> int:
        return len(self.values)

    def tolist(self) -> Any:
        return self.values.tolist()


class Interface:
    """An array of another library, of which there is only the interface."""

    def __init__(self, values: Any) -> None:
        self.__array_interface__ = values.__array_interface__
        self.values = values


class Polars:
    """What a column of Polars shows of itself."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.values, dtype=object)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)


class Place(os.PathLike[str]):
    def __fspath__(self) -> str:
        return "cat.png"


class Named(enum.Enum):
    CAT = "cat.png"


class Molecule:
    def _repr_png_(self) -> bytes:
        return PICTURE


class Response:
    """An answer of an HTTP library: its body and its address."""

    def __init__(self, content: bytes) -> None:
        self.content, self.url = content, "https://host/a.png?Signature=secret"

    def __iter__(self) -> Iterator[bytes]:
        return (self.content[at : at + 128] for at in range(0, len(self.content), 128))


@pytest.fixture(autouse=True)
def cat(tmp_path: Path) -> Path:
    place = tmp_path / "cat.png"
    place.write_bytes(PICTURE)
    return place


def written() -> io.BytesIO:
    """Return a file in memory as `image.save(file)` leaves it: at its end."""
    file = io.BytesIO()
    Image.new("RGB", SIZE, COLOR).save(file, "PNG")
    return file


def read_twice() -> io.BytesIO:
    file = io.BytesIO(PICTURE)
    file.read()
    return file


def looked_at() -> io.BytesIO:
    file = io.BytesIO(PICTURE)
    file.read(16)
    return file


def entry() -> os.DirEntry[str]:
    with os.scandir() as entries:
        return next(each for each in entries if each.name == "cat.png")


def in_zip() -> zipfile.Path:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("cat.png", PICTURE)
    return zipfile.Path(zipfile.ZipFile(out), "cat.png")


def objects(*values: Any) -> Any:
    array = np.empty(len(values), object)
    array[:] = values
    return array


CHW = PIXELS.transpose(2, 0, 1)
FLOATS = (PIXELS / 255).astype(np.float32)
UPLOAD = {"name": "cat.png", "type": "image/png", "size": len(PICTURE), "content": memoryview(PICTURE)}
ONE: list[tuple[str, Callable[[], Any]]] = [
    ("BytesIO just written", written),
    ("BytesIO read twice", read_twice),
    ("BytesIO of which the head was read", looked_at),
    ("tensor, height x width x 3", lambda: Tensor(PIXELS)),
    ("tensor, channels first", lambda: Tensor(CHW)),
    ("tensor of floats, channels first", lambda: Tensor(FLOATS.transpose(2, 0, 1))),
    ("tensor on a device", lambda: Tensor(CHW, "cuda:0")),
    ("tensor with gradient", lambda: Tensor(FLOATS, grad=True)),
    ("batch of one tensor", lambda: Tensor(CHW[None])),
    ("batch of one, channels last", lambda: Tensor(PIXELS[None])),
    ("__array_interface__ alone", lambda: Interface(PIXELS)),
    ("__array_interface__, channels first", lambda: Interface(CHW.copy())),
    ("array, channels first", lambda: CHW),
    ("array, not contiguous", lambda: np.repeat(PIXELS, 2, axis=1)[:, ::2]),
    ("memoryview of pixels", lambda: memoryview(PIXELS)),
    ("memoryview of a file", lambda: memoryview(PICTURE)),
    ("memoryview with steps", lambda: memoryview(b"".join(bytes([each, 0]) for each in PICTURE))[::2]),
    ("bytearray", lambda: bytearray(PICTURE)),
    ("array.array", lambda: array.array("B", PICTURE)),
    ("array of ctypes", lambda: (ctypes.c_char * len(PICTURE)).from_buffer_copy(PICTURE)),
    ("path with a line break", lambda: "cat.png\n"),
    ("path in quotes, as Windows copies it", lambda: '"cat.png"'),
    ("encoded array (cv2.imencode)", lambda: np.frombuffer(PICTURE, np.uint8)),
    ("base64 text", lambda: base64.b64encode(PICTURE).decode()),
    ("array of one path", lambda: np.array(["cat.png"])),
    ("array of no dimension", lambda: np.array("cat.png")),
    ("array of a PIL image", lambda: objects(Image.open(io.BytesIO(PICTURE)))),
    ("np.str_", lambda: np.str_("cat.png")),
    ("Series of one path", lambda: pd.Series(["cat.png"])),
    ("Series of a picture", lambda: pd.Series([Image.open(io.BytesIO(PICTURE))])),
    ("Index", lambda: pd.Index(["cat.png"])),
    ("column of Polars", lambda: Polars(["cat.png"])),
    ("IPython Image of bytes", lambda: IPython.display.Image(data=PICTURE)),
    ("IPython Image of a file", lambda: IPython.display.Image(filename="cat.png")),
    ("IPython Image, not embedded", lambda: IPython.display.Image(filename="cat.png", embed=False)),
    ("what shows itself as PNG", Molecule),
    ("widget with a picture", lambda: ipywidgets.Image(value=PICTURE)),
    ("upload", lambda: UPLOAD),
    ("uploads of the widget", lambda: (UPLOAD,)),
    ("the upload widget", lambda: ipywidgets.FileUpload(value=(UPLOAD | {"last_modified": pd.Timestamp(0)},))),
    ("uploads of the older widget", lambda: {"cat.png": {"metadata": {}, "content": PICTURE}}),
    ("data set", lambda: {"bytes": PICTURE, "path": "cat.png"}),
    ("answer of an HTTP library", lambda: Response(PICTURE)),
    ("dict", lambda: {"the cat": "cat.png"}),
    ("values of a dict", lambda: {"the cat": "cat.png"}.values()),
    ("keys of a dict", lambda: {"cat.png": "the cat"}.keys()),
    ("set of one", lambda: {"cat.png"}),
    ("generator", lambda: Path().glob("*.png")),
    ("map", lambda: map(str, [Path("cat.png")])),
    ("deque", lambda: deque(["cat.png"])),
    ("PurePath", lambda: PurePosixPath("cat.png")),
    ("os.PathLike", Place),
    ("DirEntry", entry),
    ("Path in a ZIP", in_zip),
]


@pytest.mark.parametrize("make", [make for _, make in ONE], ids=[name for name, _ in ONE])
@pytest.mark.parametrize("door", [as_inputs, lambda value: (as_input(value),)], ids=["images", "one picture"])
def test_it_is_taken(make: Callable[[], Any], door: Callable[[Any], Any]) -> None:
    [image] = door(make())
    assert (image.problem, image.width, image.height) == (None, *SIZE)
    with Image.open(io.BytesIO(image.content or b"")) as sent:
        assert sent.convert("RGB").getpixel((7, 7)) == COLOR


def test_an_open_file_stays_where_it_was() -> None:
    with Path("cat.png").open("rb") as file:
        for place in (0, 16, len(PICTURE)):
            file.seek(place)
            assert as_input(file).width == SIZE[0]
            assert file.tell() == place


def test_a_pipe_is_read_from_where_it_stands() -> None:
    reads, writes = os.pipe()
    with open(writes, "wb") as file:
        file.write(PICTURE)
    with open(reads, "rb") as file:
        assert as_input(file).width == SIZE[0]


def test_channels_first_is_said() -> None:
    image = as_input(CHW)
    assert image.notices == ("read as channels x height x width",)
    assert as_input(PIXELS).notices == ()


MANY: list[tuple[str, Callable[[], Any]]] = [
    ("array of pictures", lambda: np.stack([PIXELS, PIXELS])),
    ("array of pictures, channels first", lambda: np.stack([CHW, CHW])),
    ("tensor of pictures", lambda: Tensor(np.stack([CHW, CHW]))),
    ("grid of pictures", lambda: np.stack([PIXELS, PIXELS])[None]),
    ("array of paths", lambda: np.array([["cat.png"], ["cat.png"]])),
    ("array of Paths", lambda: objects(Path("cat.png"), "cat.png")),
    ("dict of pictures", lambda: {"a": PICTURE, "b": PIXELS}),
    ("dict of lists", lambda: {"a": ["cat.png"], "b": ["cat.png"]}),
    ("tuple of a list and a path", lambda: (["cat.png"], "cat.png")),
]


@pytest.mark.parametrize("make", [make for _, make in MANY], ids=[name for name, _ in MANY])
def test_several_are_several(make: Callable[[], Any]) -> None:
    first, second = as_inputs(make())
    assert first.problem is second.problem is None
    assert first.sha256 == second.sha256 or first.width == second.width
    assert "holds 2 pictures; give one picture" in (as_input(make()).problem or "")


def a_figure() -> Figure:
    figure = Figure(figsize=(4, 3), dpi=100, facecolor="#0A141E")
    figure.subplots().plot([1, 2])
    return figure


def test_a_figure_is_taken_as_it_is_saved() -> None:
    image = as_input(a_figure())
    assert (image.name, image.width, image.height, image.problem) == ("figure", 400, 300, None)
    with Image.open(io.BytesIO(image.content or b"")) as sent:
        assert sent.getpixel((2, 2)) == (10, 20, 30)


def test_an_image_of_ipython_that_is_a_link_stays_one() -> None:
    [image] = as_inputs(IPython.display.Image(url="https://example.com/cat.png"))
    assert (image.url, image.problem) == ("https://example.com/cat.png", None)


def closed() -> Image.Image:
    with Image.open("cat.png") as image:
        return image


def released() -> memoryview:
    view = memoryview(PICTURE)
    view.release()
    return view


def gone(client: Client) -> Any:
    result = client.generate("x", size="768*768", seed=1)
    result[0].path.unlink()
    return result


class Failing:
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("Got unsupported ScalarType BFloat16")


class Signed:
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise OSError("403 for https://host/a.png?Signature=abcdefgh")


class Wrong:
    def as_input(self) -> str:
        return "cat.png"


class Reads:
    def read(self) -> tuple[bool, Any]:
        return True, PIXELS


REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("DataFrame", lambda: pd.DataFrame({"path": ["a", "b"]}), "DataFrame is a table; give its column of paths"),
    ("DataFrame of numbers", lambda: pd.DataFrame(np.zeros((300, 300))), "DataFrame is a table"),
    ("Series of numbers", lambda: pd.Series(range(500)), "500"),
    ("range", lambda: range(100), "int is not a picture"),
    ("list of bytes", lambda: list(PICTURE), "int is not a picture"),
    ("nested too deep", lambda: [[[[[[[[[["cat.png"]]]]]]]]]], "give one list of pictures"),
    ("None in a list", lambda: [None], "NoneType is not a picture; give a path, URL, bytes"),
    ("number", lambda: 3.5, "float is not a picture"),
    ("NumPy number", lambda: np.float64(3), "float64 is not a picture"),
    ("tensor of no dimension", lambda: Tensor(3), "Tensor is not a picture"),
    ("array of five planes", lambda: np.zeros((5, 300, 400), np.uint8), "an array of shape 5x300x400"),
    ("array of two channels", lambda: np.zeros((300, 400, 2), np.uint8), "an array of shape 300x400x2"),
    ("bfloat16", Failing, "Failing cannot be read as a picture: Got unsupported ScalarType BFloat16"),
    ("signed link", Signed, "Signed cannot be read as a picture: 403 for https://host/a.png?..."),
    ("axes", lambda: a_figure().axes[0], "Axes is a part of a figure; give the whole figure, its .figure"),
    ("lines", lambda: a_figure().axes[0].lines[0], "Line2D is a part of a figure"),
    ("set", lambda: {"cat.png", "dog.png"}, "set has no order, and a prompt names pictures by their order"),
    ("frozenset", lambda: frozenset({"cat.png", "dog.png"}), "frozenset has no order"),
    ("class", lambda: Image.Image, "type is not a picture"),
    ("module", lambda: Image, "module is not a picture"),
    ("function", lambda: as_input, "function is not a picture"),
    ("closed PIL image", closed, "it was closed before it was read; open it again, or give its path"),
    ("closed file", lambda: closed_file(), "the file cannot be read"),
    ("released memory", released, "memoryview cannot be read as a picture: operation forbidden on released"),
    ("file open as text", lambda: io.StringIO("x"), "open as text; open it with 'rb'"),
    ("camera of OpenCV", Reads, "read() of Reads gives no bytes"),
    ("as_input of another kind", Wrong, "as_input() of Wrong gives no input image"),
    ("Mock", unittest.mock.Mock, "as_input() of Mock gives no input image"),
    ("path of a folder", lambda: ".", "is a folder; give the pictures in it"),
    ("empty text", lambda: "", "an empty text names no picture"),
    ("enum", lambda: Named.CAT, "Named is not a picture"),
    ("page in place of a picture", lambda: Response(b"<!doctype html><html>"), "a web page (HTML), not a picture"),
    ("SVG of IPython", lambda: IPython.display.SVG(data="<svg xmlns='http://www.w3.org/2000/svg'/>"), "SVG is not a"),
    ("request", lambda: ImageRequest(prompt="x"), "ImageRequest is not a picture"),
    ("complex numbers", lambda: np.zeros((300, 300), complex), "an array of shape 300x300 and type complex128"),
]


def closed_file() -> Any:
    file = io.BytesIO(PICTURE)
    file.close()
    return file


@pytest.mark.parametrize(("make", "words"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_it_is_one_sentence(make: Callable[[], Any], words: str) -> None:
    rules = [problem.rule for problem in ImageRequest(prompt="x", images=make()).problems()]
    [rule] = [rule for rule in rules if rule != "at most 9 input images"]
    assert words in rule
    assert words in (as_input(make()).problem or "") or "holds" in (as_input(make()).problem or "")


def test_nothing_of_it_is_sent(client: Client, server: mock.MockServer) -> None:
    for images in (pd.DataFrame({"path": ["cat.png"]}), [None, "cat.png"], range(100), closed(), {1, 2}):
        with pytest.raises(InvalidRequest):
            client.edit("x", images, size="1K")
    assert not server.log


def test_an_image_whose_file_is_gone_is_one_sentence(client: Client, server: mock.MockServer) -> None:
    result = gone(client)
    sent = len(server.log)
    for images in (result, result[0]):
        with pytest.raises(InvalidRequest) as caught:
            client.edit("x", images, size="1K")
        [problem] = caught.value.problems
        assert problem.rule.startswith("its file is gone or cannot be read: ")
        assert str(result[0].path) in problem.rule
        assert problem.value == f"image 1 ({result[0].path.name})"
    with pytest.raises(ValueError, match="its file is gone"):
        wannb.compare(as_input(result[0]), PICTURE)
    assert len(server.log) == sent


def test_a_long_list_of_bad_pictures_is_a_short_list_of_problems() -> None:
    request = ImageRequest(prompt="x", images=[f"{number}.png" for number in range(500)])
    assert request.problems()[0].value == "100 pictures or more"
    assert len(request.problems()) == 10
    request = ImageRequest(prompt="x", images=[1, "cat.png", 2])
    assert [problem.value for problem in request.problems()] == ["image 1, 3 (int)"]


PROMPTS: list[tuple[str, Any, str]] = [
    ("bytes", b"a cat", "a prompt is text, not bytes"),
    ("bytearray", bytearray(b"a cat"), "a prompt is text, not bytearray"),
    ("number", 7, "a prompt is text, not int"),
    ("NumPy number", np.int64(7), "a prompt is text, not int64"),
    ("path", Path("cat.txt"), "a prompt is text, not PosixPath"),
    ("dict", {"text": "a cat"}, "a prompt is text, not dict"),
    ("array of no dimension", np.array("a cat"), "a prompt is text, not ndarray"),
    ("list", ["a cat", "a dog"], "for several use client.image_set, or wannb.sweep for a request each"),
    ("array", np.array(["a cat", "a dog"]), "for several use client.image_set"),
    ("Series", pd.Series(["a cat", "a dog"]), "for several use client.image_set"),
    ("generator", (each for each in ["a cat"]), "for several use client.image_set"),
]


@pytest.mark.parametrize(("prompt", "words"), [each[1:] for each in PROMPTS], ids=[each[0] for each in PROMPTS])
def test_a_prompt_that_is_no_text_is_one_sentence(prompt: Any, words: str) -> None:
    for images in ((), PICTURE):
        [problem] = ImageRequest(prompt=prompt, images=images).problems()
        assert words in problem.rule
        assert "\n" not in problem.value


def test_no_prompt_but_text_is_sent(client: Client, server: mock.MockServer) -> None:
    for prompt in (b"a cat", ["a cat"], pd.Series(["a cat", "a dog"])):
        for call in (client.generate, lambda text: client.edit(text, PICTURE)):
            with pytest.raises(InvalidRequest, match="a prompt is "):
                call(prompt)
    assert not server.log


def test_a_text_of_numpy_is_a_prompt(client: Client) -> None:
    one = client.generate(np.str_("a cat"), size="768*768", seed=1)
    assert client.generate("a cat", size="768*768", seed=1).reused
    assert one.request
    assert one.request.prompt == "a cat"


@pytest.mark.parametrize(
    "scenes",
    [("a dawn", "a noon"), np.array(["a dawn", "a noon"]), pd.Series(["a dawn", "a noon"]), iter(["a dawn", "a noon"])],
    ids=["tuple", "array", "Series", "iterator"],
)
def test_scenes_are_texts_of_any_list(scenes: Any, client: Client) -> None:
    result = client.image_set(scenes, size="768*768", seed=1)
    assert result.request
    assert result.request.prompt.endswith("First image: a dawn. Second image: a noon.")


def test_scenes_that_are_no_list_are_one_sentence(client: Client, server: mock.MockServer) -> None:
    for scenes in (b"a dawn", {"a", "b"}, None, np.array(5), np.array("a dawn")):
        with pytest.raises(TypeError, match=f"a text or a list of texts, not a {type(scenes).__name__}"):
            client.image_set(scenes)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest) as caught:
        client.image_set(range(500))
    assert len(caught.value.problems) <= 13
    assert not server.log


def test_a_sweep_takes_what_a_request_takes(client: Client) -> None:
    other = 255 - CHW
    for images, cells in (
        (Tensor(CHW), 1),
        (Tensor(np.stack([CHW, other])), 2),
        ([Tensor(CHW), Tensor(other)], 2),
        (np.array(["cat.png"]), 1),
        (a_figure(), 1),
        (pd.Series(["cat.png", PICTURE + b" "]), 2),
        ((UPLOAD,), 1),
    ):
        plan = wannb.sweep(client, prompt="x", images=images, size="768*768", seed=1)
        assert [cell.problems for cell in plan.cells] == [()] * cells


def test_a_gallery_takes_what_a_request_takes() -> None:
    for pictures, number in ((Tensor(CHW), 1), (Tensor(np.stack([CHW, CHW])), 2), ({"a": a_figure()}, 1)):
        assert len(wannb.gallery(pictures).pictures) == number
    with pytest.raises(ValueError, match="DataFrame is a table"):
        wannb.gallery(pd.DataFrame({"path": ["cat.png"]}))
