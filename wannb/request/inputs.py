"""Input images from a path, URL, bytes, PIL image, array or earlier result, as the service accepts them.

A picture is read once, when the request is made, and kept as the bytes that will be sent: later changes to the file or
the array change nothing. Pictures that the service accepts stay untouched to the byte, and with them their color
profile; the others are turned upright (EXIF), converted to 8 bit by what their values mean, and to sRGB by their
profile, flattened on white. The notices say so.

Documented limits: JPEG, PNG without alpha, BMP or WEBP; each side 240 to 8000 pixels; at most 8:1; 20 MB.
"""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, Union, runtime_checkable
from urllib.parse import quote, unquote_to_bytes, urlsplit

from wannb.files import read_file
from wannb.masking import mask, without_signature
from wannb.translation import Said, count, say

from .file_kinds import refused_kind, what_it_is
from .pixels import (
    MAX_BYTES,
    MAX_RATIO,
    MAX_SIDE,
    MIN_SIDE,
    PLAIN_MODES,
    Unclear,
    eight_bit,
    encoded,
    plain,
    scaled_down,
    small,
)

if TYPE_CHECKING:
    from PIL import Image

#: The EXIF tag that says how a picture is to be turned.
_ORIENTATION = 0x0112

#: A file larger than this is not read at all.
MAX_FILE = 512 * 1024 * 1024
_MIME = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "BMP": "image/bmp",
    "WEBP": "image/webp",
}
_SUFFIX = {"image/jpeg": ".jpg", "image/png": ".png", "image/bmp": ".bmp", "image/webp": ".webp"}
#: What an EXIF orientation asks for, as Pillow calls it; those that swap the sides.
_TURNS = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270"}
_TURNS |= {7: "TRANSVERSE", 8: "ROTATE_90"}
_SIDEWAYS = ("TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90")
#: Kinds whose frames are layers or views of one picture.
_LAYERED = ("MPO", "PSD")
#: The way out for a picture that can be made to fit.
FITS = Said("wannb.fit(picture) makes a copy that fits")
#: The longer side of what a picture shows of itself, in pixels.
_THUMBNAIL = 240
#: A longer list is cut.
MOST_INPUTS = 100
_DEEPEST, _MOST_NAME = 8, 200
_LINK = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_LOST_SLASH = re.compile(r"^((?:https?|oss):)/(?=[^/])", re.I)
_FILE_URI = re.compile(
    r"file:(?:///(?=[A-Za-z]:)|//localhost(?:/(?=[A-Za-z]:)|(?=/))|//|/(?=[A-Za-z]:)|(?=/))(.*)", re.I | re.S
)
#: How the base64 text of a PNG, JPEG, WebP or GIF begins, as APIs return it.
_BASE64 = re.compile(r"(?:iVBORw0KGgo|/9j/|UklGR|R0lGOD)[\w+/-]{60}")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
#: What data frames have and arrays have not.
_TABLE = ("columns", "column_names")
_ONE = (str, bytes, bytearray, memoryview, os.PathLike, type, ModuleType)


@runtime_checkable
class SupportsInput(Protocol):
    """Anything that gives itself as an input image, such as a generated image."""

    def as_input(self) -> InputImage: ...


Input = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, SupportsInput, Any]
Inputs = Any  # an Input, or an iterable of them


@dataclass(frozen=True, kw_only=True)
class InputImage:
    """One input image, ready to be sent: either `content` or a `url`, or a `problem` that says why neither.

    Two of them are equal when they hold the same picture, whatever the file was called.

    Attributes:
        fitted_from: width and height of the original, for a copy that `fit` made.
        own_boxes: whether boxes on that copy are in its own pixels, as in a request, and no longer in the original's.
        make_fit: makes the copy, for a picture whose only problem is that it is too large or too small.
    """

    name: str = field(compare=False)
    content: bytes | None = field(default=None, repr=False, compare=False)
    url: str | None = field(default=None, repr=False)
    sha256: str | None = None
    mime: str | None = None
    width: int | None = None
    height: int | None = None
    origin: str | None = field(default=None, compare=False, repr=False)
    notices: tuple[str, ...] = field(default=(), compare=False)
    problem: str | None = field(default=None, compare=False)
    fitted_from: tuple[int, int] | None = field(default=None, compare=False)
    own_boxes: bool = field(default=False, compare=False, repr=False)
    make_fit: Callable[[], InputImage] | None = field(default=None, compare=False, repr=False)

    @property
    def suffix(self) -> str:
        """The file name ending of the content, with its dot."""
        return _SUFFIX[self.mime or "image/png"]

    @property
    def data_uri(self) -> str:
        """The content as the service takes it inline."""
        return f"data:{self.mime};base64,{base64.b64encode(self.content or b'').decode()}"

    def as_input(self) -> InputImage:
        """Return itself."""
        return self

    def _facts(self) -> list[str]:
        """Return size, kind and bytes of the picture in words, as far as they are known."""
        size = len(self.content or b"") / 1024
        facts = [Said("a link")] if self.url else [f"{self.width}*{self.height}"] if self.width else []
        facts += [(self.mime or "")[6:].upper()] if self.content and self.mime else []
        return facts + ([f"{size:.1f} KB" if size < 1024 else f"{size / 1024:.1f} MB"] if size else [])

    def __repr__(self) -> str:
        notes = "".join(f"\n  {say(note)}" for note in (*self.notices, self.problem) if note)
        return f"InputImage({', '.join([repr(str(self.name)), *map(say, self._facts())])}){notes}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        facts = " · ".join(map(say, self._facts()))
        lines = [self.name, facts, *self.notices, *([self.problem] if self.problem else [])]
        page = "<br>".join(f"<bdi>{escape(say(line))}</bdi>" for line in lines if line)
        if self.content:
            thumbnail = base64.b64encode(small(self.content, _THUMBNAIL)).decode()
            style = f"max-width:{_THUMBNAIL}px;max-height:{_THUMBNAIL}px"
            picture = f'<img src="data:image/jpeg;base64,{thumbnail}" alt="{escape(self.name)}" style="{style}">'
            page = f"{picture}<br>{page}"
        return {"text/plain": repr(self), "text/html": f"<div>{page}</div>"}


def as_inputs(value: Inputs, _level: int = 0) -> tuple[InputImage, ...]:
    """Return the input images in a value, which is one of anything or a list of them; a result gives all its images.

    A dict gives its values, and an array of pictures each of them. A list that is far too long is cut after 100.
    """
    if value is None and not _level:
        return ()
    several = parts(value)
    if several is None:
        return (_one(value),)
    kind = type(value).__name__
    # A list may hold itself, and an iterator may have no end.
    too_deep = InputImage(name=kind, problem=Said("a list within a list within a list; give one list of pictures"))
    nested = (as_inputs(item, _level + 1) for item in several) if _level < _DEEPEST else ((too_deep,),)
    return tuple(itertools.islice(itertools.chain.from_iterable(nested), MOST_INPUTS))


def as_input(value: Input) -> InputImage:
    """Return one value as an input image.

    A bad picture raises nothing: its `problem` says what is wrong, so that a request can list all problems at once.

    >>> as_input("https://example.com/cat.png").name
    'https://example.com/cat.png'
    """
    found = as_inputs((value,))
    if len(found) == 1:
        return found[0]
    kind = type(value).__name__
    number = Said("{kind} holds {pictures}; give one picture", kind=kind, pictures=count(len(found), "picture"))
    return InputImage(name=kind, problem=number)


def parts(value: Any) -> Iterable[Any] | None:
    """Return the parts of a value that holds several pictures; None for what is one picture, or none."""
    try:
        if isinstance(value, (*_ONE, SupportsInput)) or any(
            hasattr(value, name) for name in ("read", "getexif", *_TABLE)
        ):
            return None
        if isinstance(value, Mapping):
            return None if _upload(value) else value.values()
        if _is_array(value):
            values = _array(value)
            if values.dtype.kind in "OUST":
                return list(values.flat) if values.ndim < 3 else None
            return list(values[:MOST_INPUTS]) if values.ndim > 3 and _has_channels(values.shape[-3:]) else None
        if _held(value) is not None:
            return None
        uploads = getattr(value, "value", None)  # of an upload widget
        if isinstance(uploads, tuple):
            return uploads
        unordered = isinstance(value, (set, frozenset)) and len(value) > 1
        return value if isinstance(value, Iterable) and not unordered else None
    except Exception:
        # Objects of any library come here; `_one` says what is wrong with this one.
        return None


def _one(value: Any) -> InputImage:
    kind = type(value).__name__
    try:
        return _from_text_or_bytes(value) or _from_object(value) or InputImage(name=kind, problem=_advice(value, kind))
    except Exception as error:
        why = _shown(mask(str(error) or repr(error)))
        return InputImage(name=kind, problem=Said("{kind} cannot be read as a picture: {error}", kind=kind, error=why))


def _advice(value: Any, kind: str) -> Said:
    if any(hasattr(value, name) for name in _TABLE):
        return Said("{kind} is a table; give its column of paths, such as table['path']", kind=kind)
    if isinstance(value, (set, frozenset)):
        return Said("{kind} has no order, and a prompt names pictures by their order; give a list", kind=kind)
    if hasattr(getattr(value, "figure", None), "savefig"):
        return Said("{kind} is a part of a figure; give the whole figure, its .figure", kind=kind)
    return Said("{kind} is not a picture; give a path, URL, bytes, PIL image, array or result", kind=kind)


def _from_text_or_bytes(value: Any) -> InputImage | None:
    if isinstance(value, (str, os.PathLike)):
        return _from_text(os.fsdecode(value))
    if isinstance(value, (bytes, bytearray)) or (isinstance(value, memoryview) and value.ndim == 1):
        return from_bytes(bytes(value), name="picture in memory")
    if isinstance(value, Mapping):
        name = value.get("name") or value.get("path") or "upload"
        return from_bytes(bytes(_upload(value) or b""), name=_shown(name))
    return None


def _from_object(value: Any) -> InputImage | None:
    """Return the picture that an object is, draws or keeps; None if there is none."""
    if isinstance(value, (type, ModuleType)):
        return None
    if hasattr(value, "as_input"):
        return _given(value)
    if hasattr(value, "read"):
        return _from_file(value)
    # A PIL image before an array: merely asking a lazy one for its array interface reads and decodes the file.
    if hasattr(value, "getexif"):
        return _from_pil(value, "PIL image")
    if any(hasattr(value, name) for name in _TABLE):
        return None
    if _is_array(value) or isinstance(value, memoryview):
        values = _array(value)
        return _from_numbers(values) if values.ndim else None
    if hasattr(value, "savefig"):
        drawn = io.BytesIO()
        value.savefig(drawn, format="png")
        return from_bytes(drawn.getvalue(), name="figure")
    return _from_holder(value)


def _given(value: SupportsInput) -> InputImage:
    """Return the picture that an object gives of itself, such as an image of a result."""
    kind = type(value).__name__
    try:
        image = value.as_input()
    except OSError as error:
        place = _shown(getattr(value, "path", None) or error)
        gone = Said("its file is gone or cannot be read: {file}; give the picture from another place", file=place)
        return InputImage(name=_shown(Path(place).name), problem=gone)
    if isinstance(image, InputImage):
        return image
    return InputImage(name=kind, problem=Said("as_input() of {kind} gives no input image", kind=kind))


def _from_file(file: Any) -> InputImage:
    """Return the picture in an open file, from its beginning wherever it stands: it may just have been written."""
    name = _shown(Path(without_signature(str(getattr(file, "name", "open file")))).name)
    try:
        here = None
        with suppress(AttributeError, OSError):  # a pipe cannot go back
            here = file.tell()
            file.seek(0)
        content = file.read()
        if here is not None:
            file.seek(here)
    except UnicodeDecodeError:
        content = ""
    except Exception as error:
        return InputImage(name=name, problem=Said("the file cannot be read: {error}", error=mask(str(error))))
    if isinstance(content, (bytes, bytearray, memoryview)):
        return from_bytes(bytes(content), name=name)
    if isinstance(content, str):
        return InputImage(name=name, problem=Said("the file is open as text; open it with 'rb', or give its path"))
    kind = type(file).__name__
    return InputImage(
        name=name, problem=Said("read() of {kind} gives no bytes; give a path, bytes or array", kind=kind)
    )


def _from_holder(value: Any) -> InputImage | None:
    """Return the picture of an object that keeps it in an attribute; None if it keeps none."""
    kind = type(value).__name__
    held = _held(value)
    if held is not None:
        return from_bytes(bytes(held), name=kind)
    if hasattr(value, "read_bytes"):
        return from_bytes(value.read_bytes(), name=_shown(without_signature(str(getattr(value, "name", kind)))))
    if not hasattr(value, "_repr_png_"):
        return None
    for attribute in ("url", "filename"):
        source = getattr(value, attribute, None)
        if isinstance(source, str):
            return _from_text(source)
    shown = value._repr_png_()
    return from_bytes(shown, name=kind) if isinstance(shown, bytes) else None


def _held(value: Any) -> bytes | bytearray | memoryview | None:
    """Return the file that an object is, or has in an attribute: IPython's Image, a widget, an HTTP response."""
    with suppress(TypeError):
        return memoryview(value)
    kept = (getattr(value, attribute, None) for attribute in ("data", "value", "content"))
    return next((each for each in kept if isinstance(each, (bytes, bytearray, memoryview))), None)


def _upload(value: Mapping[Any, Any]) -> bytes | bytearray | memoryview | None:
    """Return the bytes of an uploaded file, as widgets and data sets describe it."""
    held = value.get("content", value.get("bytes"))
    return held if isinstance(held, (bytes, bytearray, memoryview)) else None


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array_interface__") or hasattr(value, "__array__")


def _array(value: Any) -> Any:
    """Return an array or a tensor as a NumPy array, from whatever device it is on."""
    import numpy as np

    for step in ("detach", "cpu"):
        if hasattr(value, step):
            value = getattr(value, step)()
    return np.asarray(value)


def _has_channels(shape: tuple[int, ...]) -> bool:
    """Return whether a shape is that of one picture with channels, first or last."""
    sides = [side for side in shape if side > 4]
    return len(sides) == 2 and (shape[0] in (1, 3, 4) or shape[2] in (1, 3, 4))


def _from_numbers(values: Any) -> InputImage:
    """Return an array as an input image: pixels, pixels with the channels first, or the bytes of an encoded file."""
    if values.ndim == 1 and values.dtype == "uint8":
        return from_bytes(values.tobytes(), name="array")
    if values.ndim == 3 and values.shape[2] not in (1, 3, 4) and _has_channels(values.shape):
        image = _from_array(values.transpose(1, 2, 0))
        notice = Said("read as channels x height x width")
        return image if image.problem else replace(image, notices=(notice, *image.notices))
    return _from_array(values)


def fit(picture: Input) -> InputImage:
    """Return a picture as an input image, and one that is too large or too small as a copy that fits.

    A copy has sides of 240 to 8000 pixels and at most 20 MB: smaller, and as JPEG where PNG would be over 20 MB, or
    enlarged 2, 3, ... times, which adds no detail. A picture that fits stays as it is, to the byte, and one longer than
    8:1 has a `problem`: what to crop is yours to say. Boxes are given in the pixels of the original: a request scales
    them.

    Args:
        picture: a path, bytes, a PIL image, a NumPy array or an earlier result. A link stays a link.

    Returns:
        The input image, which shows itself in a cell. As with every other one, its `problem` says what else is wrong
        with it, and nothing is raised.

    >>> client.edit("a clock", wannb.fit("photo.jpg"), bbox_list=[[[989, 515, 1138, 681]]])    # doctest: +SKIP
    """
    image = as_input(picture)
    return image.make_fit() if image.make_fit else image


def settled(images: Sequence[InputImage], boxes: Any) -> tuple[tuple[InputImage, ...], Any]:
    """Return pictures and their boxes, those given in the pixels of an original in the pixels of its copy."""
    if isinstance(boxes, tuple):
        pairs = itertools.zip_longest(images[: len(boxes)], boxes)
        # What was drawn on a copy as well lies on the pixels of the original, so that code can name it.
        boxes = tuple(
            copy_boxes(image, original_boxes(image, each) if image.own_boxes else each) if image else each
            for image, each in pairs
        )
    return tuple(replace(image, own_boxes=True) if image.fitted_from else image for image in images), boxes


def with_boxes(images: Sequence[InputImage], before: Sequence[InputImage]) -> tuple[InputImage, ...]:
    """Return pictures that take the place of others, boxes being kept where a copy is as large as what it replaces."""
    pairs = itertools.zip_longest(images, before[: len(images)])
    return tuple(
        replace(image, own_boxes=True) if old and (old.width, old.height) == (image.width, image.height) else image
        for image, old in pairs
    )


def copy_boxes(image: InputImage, boxes: Any) -> Any:
    """Return the boxes on a fitted copy that hold those on its original; all else stays, for the rules."""
    if not image.fitted_from or not isinstance(boxes, tuple):
        return boxes
    wide, high = (image.width or 1, image.fitted_from[0]), (image.height or 1, image.fitted_from[1])
    return tuple(_scaled(box, wide, high, outward=True) for box in boxes)


def original_boxes(image: InputImage, boxes: Any) -> Any:
    """Return boxes on the original that `copy_boxes` makes into these; all else stays."""
    if not image.fitted_from or not isinstance(boxes, tuple):
        return boxes
    wide, high = (image.fitted_from[0], image.width or 1), (image.fitted_from[1], image.height or 1)
    return tuple(_scaled(box, wide, high, outward=wide[0] < wide[1]) for box in boxes)


def _scaled(box: Any, wide: tuple[int, int], high: tuple[int, int], *, outward: bool) -> Any:
    if not (isinstance(box, tuple) and len(box) == 4 and all(type(side) is int for side in box)):
        return box
    # In whole numbers, so that there and back is the same box; a box never becomes empty.
    down = [side * to // of for side, (to, of) in zip(box, (wide, high, wide, high), strict=True)]
    up = [-(-side * to // of) for side, (to, of) in zip(box, (wide, high, wide, high), strict=True)]
    return (*down[:2], *up[2:]) if outward else (*up[:2], *down[2:])


def from_bytes(content: bytes, *, name: str, origin: str | None = None, fit: bool = False) -> InputImage:
    """Return an encoded picture as an input image, its bytes untouched where the service accepts them.

    Args:
        content: the bytes of the file.
        origin: its path, for the code of a request.
        fit: whether to make it smaller where it is too large, and larger where it is too small.
    """
    from PIL import Image, JpegImagePlugin, UnidentifiedImageError

    refused = refused_kind(content)
    if refused:
        return InputImage(name=name, origin=origin, problem=refused)
    # A photo of 200 megapixels is no bomb, as Pillow's check has it: it is refused, or unpacked at half its size.
    opened = JpegImagePlugin.jpeg_factory if content.startswith(b"\xff\xd8\xff") else Image.open
    try:
        with opened(io.BytesIO(content)) as image:
            again = partial(from_bytes, content, name=name, origin=origin, fit=True)
            return _prepare(image, content, name, origin, None if fit else again)
    except UnidentifiedImageError:
        problem = what_it_is(content)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        problem = Said("far too many pixels; each side is at most {most}", most=MAX_SIDE)
    except Exception as error:
        # Decoders raise anything for damaged files.
        problem = Said("the picture is damaged or cut off: {error}; copy or download it again", error=_shown(error))
    return InputImage(name=name, origin=origin, problem=problem)


def missing(name: str, *, sha256: str | None, width: int | None = None, height: int | None = None) -> InputImage:
    """Return a stand-in for an input image that a record names and that is not on this machine."""
    return InputImage(
        name=name,
        sha256=sha256,
        width=width,
        height=height,
        problem=Said("the record names this picture but does not hold it; give it again with replace(images=...)"),
    )


def _from_text(source: str) -> InputImage:
    text = source.strip()
    # A Path drops one of the slashes of a link.
    text = _LOST_SLASH.sub(r"\1//", text)
    link = _LINK.match(text)
    if link and link[1].lower() != "file":
        return from_link(text)
    if text[:5].lower() == "data:" or _BASE64.match(text):
        return _from_data_uri(text if text[4:5] == ":" else f"data:;base64,{text}")
    shown = _shown(source)
    if not text:
        return InputImage(name=shown, problem=Said("an empty text names no picture"))
    uri = _FILE_URI.match(text)
    try:
        path = Path(os.fsdecode(unquote_to_bytes(uri[1])) if uri else source).expanduser()
        if path.is_dir():
            problem = Said(
                "{file} is a folder; give the pictures in it, sorted(Path(...).glob('*.png'))", file=repr(shown)
            )
            return InputImage(name=shown, origin=shown, problem=problem)
        content = read_file(path, most=MAX_FILE)
    except FileNotFoundError:
        # A line of a file, or a path in quotes as Windows copies it
        bare = text.strip("'\"")
        if bare != source:
            return _from_text(bare)
        problem = Said("no file {file} from folder {folder}", file=repr(shown), folder=repr(_here()))
        return InputImage(name=_shown(path.name), origin=shown, problem=problem)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem = Said("cannot read {file}: {reason}", file=repr(shown), reason=reason)
        return InputImage(name=shown, origin=shown, problem=problem)
    return from_bytes(content, name=_shown(path.name), origin=os.fspath(path))


def _from_data_uri(text: str) -> InputImage:
    head, _, body = text.partition(",")
    content = unquote_to_bytes(body)
    if "base64" in (part.strip() for part in head.lower().split(";")[1:]):
        plain = b"".join(content.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
        try:
            content = base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
        except ValueError:
            return InputImage(name="data URI", problem=Said("the base64 text of this data URI is damaged"))
    return from_bytes(content, name="data URI")


def from_link(source: str) -> InputImage:
    """Return a link as an input image, to be sent in ASCII as browsers send it; nothing is fetched.

    >>> from_link("https://例え.jp/猫.png?w=50%25").url
    'https://xn--r8jz45g.jp/%E7%8C%AB.png?w=50%25'
    """
    link = _LINK.match(source)
    scheme = link[1].lower() if link else ""
    url = scheme + source[len(scheme) :]
    try:
        parts = urlsplit(source)
        host, user, port = parts.hostname, parts.username, parts.port
        if host and not parts.netloc.isascii():
            import idna

            plain = idna.encode(host, uts46=True).decode()
            url = url.replace(parts.netloc, plain if port is None else f"{plain}:{port}", 1)
        # In OSS the name of a file is looked up as it is.
        url = url if scheme == "oss" else _BEYOND_ASCII.sub(lambda found: quote(found[0]), url)
    except ValueError:
        host, user = None, None
    shown = _shown(f"{scheme}://{host or ''}{parts.path.partition(';')[0] if host else ''}")
    problem = None
    if scheme not in ("http", "https", "oss"):
        problem = Said("links are http, https or oss, not {scheme}; download it and give the file", scheme=scheme[:40])
    elif not source.isprintable() or " " in source:
        problem = Said("a link cannot hold spaces or invisible characters; write a space as %20")
    elif not host:
        problem = Said("this link names no host, or not a valid one")
    elif user:
        problem = Said("a link must not hold a user name or password; download the picture and give the file")
    if problem:
        return InputImage(name=shown, problem=problem)
    more = parts.query or parts.fragment or ";" in parts.path
    return InputImage(name=shown + ("?..." if more else ""), url=url)


def _shown(text: object) -> str:
    """Return a name as it may be shown and kept; text given as a picture can be megabytes."""
    line = str(text).encode("utf-8", "replace").decode()
    return line if len(line) <= _MOST_NAME else f"{line[:_MOST_NAME]}…"


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "?"


def _from_array(array: Any, *, fit: bool = False) -> InputImage:
    import numpy as np
    from PIL import Image

    values = np.asarray(array)
    if values.shape[2:] not in ((), (1,), (3,), (4,)) or values.ndim < 2 or values.dtype.kind not in "fbiu":
        shapeless = Said(
            "an array of shape {shape} and type {type}; give height x width (x 3 or 4), uint8 or 0-1",
            shape="x".join(map(str, values.shape)),
            type=values.dtype,
        )
        return InputImage(name="array", problem=shapeless)
    height, width = values.shape[:2]
    problem, can_fit = _side_problem(width, height), _can_fit(width, height)
    if can_fit and width * height > 2 * (Image.MAX_IMAGE_PIXELS or math.inf):
        return InputImage(name="array", problem=Said("far too many pixels; each side is at most {most}", most=MAX_SIDE))
    if problem and not (fit and can_fit):
        again = partial(_from_array, array, fit=True) if can_fit else None
        return InputImage(name="array", width=width, height=height, problem=problem, make_fit=again)
    try:
        values, white = eight_bit(values, whites=(1,) if values.dtype.kind == "f" else (255, 65535))
    except Unclear as error:
        return InputImage(name="array", problem=error.why)
    if values.shape[2:] == (1,):
        values = values[:, :, 0]
    image = _from_pil(Image.fromarray(np.ascontiguousarray(values)), "array", fit=fit)
    return replace(image, notices=(*([scaled_down(white)] if white > 255 else []), *image.notices))


def _from_pil(image: Image.Image, name: str, *, fit: bool = False) -> InputImage:
    try:
        file = str(getattr(image, "filename", ""))
        again = partial(_from_pil, image, name, fit=True)
        return _prepare(image, None, _shown(Path(file).name) or name, None, None if fit else again)
    except Exception as error:
        problem = Said("the picture is damaged: {error}", error=_shown(error))
        if isinstance(error, AssertionError) or "closed" in str(error):
            problem = Said("it was closed before it was read; open it again, or give its path")
        return InputImage(name=name, problem=problem)


def _prepare(
    image: Image.Image, content: bytes | None, name: str, origin: str | None, again: Callable[[], InputImage] | None
) -> InputImage:
    """Return an open picture as an input image; `again` makes it fit, and where it is None it is made to fit here."""
    from PIL import Image as pil

    can_fit = _can_fit(*image.size)
    refused = _side_problem(*image.size) is not None and not (can_fit and again is None)
    # A PNG is unpacked to find its EXIF. 0, 9 and the like stand in files too, and mean nothing.
    turn = None if refused and image.format == "PNG" else _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    upright = image.format == "TIFF"  # Pillow turns a TIFF as it unpacks it
    width, height = reversed(image.size) if turn in _SIDEWAYS and not upright else image.size
    facts: dict[str, Any] = {"name": name, "origin": origin, "width": width, "height": height}
    if refused:
        # Photos of one phone have one size; they are still two pictures.
        facts["sha256"] = hashlib.sha256(content).hexdigest() if content else None
        return InputImage(**facts, problem=_side_problem(width, height), make_fit=again if can_fit else None)
    kind, lossy, notices = image.format or "", image.format in ("JPEG", "MPO"), list[str]()
    if max(image.size) > MAX_SIDE and content is not None:
        # A JPEG of far too many pixels is unpacked at half its size or less.
        image.draft(None, (image.width * MAX_SIDE // max(image.size), image.height * MAX_SIDE // max(image.size)))
    image.load()
    fits = content is not None and kind in _MIME and again is not None
    if turn:
        fits = False
        notices.append(Said("turned upright by its EXIF orientation"))
    if getattr(image, "is_animated", False) and kind not in _LAYERED:
        frame, fits = image.tell(), False
        notices.append(Said("only frame {n} is used", n=frame + 1) if frame else Said("only the first frame is used"))
    if fits and content is not None and image.mode in PLAIN_MODES and not image.has_transparency_data:
        mime = _MIME[kind]
    else:
        if content is not None and kind not in _MIME:
            notices.append(Said("converted from {kind}", kind=kind))
        try:
            image = plain(image, notices)
        except Unclear as error:
            return InputImage(**facts, problem=error.why)
        image = image.transpose(pil.Transpose[turn]) if turn and not upright else image
        image, content, mime = encoded(image, lossy=lossy, fit=not again)
        if again and not lossy and mime == "image/jpeg":
            notices.append(Said("saved as JPEG: as PNG it is over 20 MB"))
    if not again:
        facts |= {"fitted_from": (width, height), "width": image.width, "height": image.height}
        notices.append(_fitted((width, height), image.size, content, mime))
    problem = None
    if len(content) > MAX_BYTES:
        problem = Said("{size} MB; at most 20 MB. {advice}", size=f"{len(content) / 2**20:.1f}", advice=FITS)
    return InputImage(
        **facts,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        mime=mime,
        notices=tuple(notices),
        problem=problem,
        make_fit=again if problem else None,
    )


def _can_fit(width: int, height: int) -> bool:
    """Return whether a picture that is too large or too small has the shape of one that fits."""
    fits = max(width, height) <= MAX_SIDE and min(width, height) >= MIN_SIDE
    return not fits and 0 < max(width, height) <= MAX_RATIO * min(width, height)


def _side_problem(width: int, height: int) -> Said | None:
    sizes = {"size": f"{width}x{height}", "least": MIN_SIDE, "most": MAX_SIDE}
    if not width * height:
        return Said("{size} pixels; it is empty", **sizes)
    if max(width, height) > MAX_RATIO * min(width, height):
        return Said(
            "{size} pixels; the ratio of the sides must be 1:{most} to {most}:1. Crop it or add margins",
            **sizes | {"most": MAX_RATIO},
        )
    if _can_fit(width, height):
        return Said("{size} pixels; each side must be {least} to {most}. {advice}", **sizes, advice=FITS)
    return None


def _fitted(before: tuple[int, int], after: tuple[int, int], content: bytes, mime: str) -> Said:
    if before != after:
        sizes = {"before": "x".join(map(str, before)), "after": "x".join(map(str, after))}
        if after > before:
            return Said("made larger to fit, from {before} to {after} pixels; this copy is sent and kept", **sizes)
        return Said("made smaller to fit, from {before} to {after} pixels; this copy is sent and kept", **sizes)
    kind, size = mime[6:].upper(), f"{len(content) / 2**20:.1f}"
    return Said("saved as {kind} of {size} MB to fit; this copy is sent and kept", kind=kind, size=size)
