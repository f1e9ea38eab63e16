"""Which picture each thumbnail shows, so that it can be opened large wherever it stands.

A thumbnail is known by its own bytes: an output holds no address, a saved notebook stays as it was, and a page without
a kernel still has the thumbnail. The page's side is `static/viewer.js`.
"""

from __future__ import annotations

import threading
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wannb.translation import current

if TYPE_CHECKING:
    from PIL import Image

#: Thumbnails that are known at most; beyond it those that were not shown for longest open small.
_MOST = 20_000


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is said beside a picture.

    Attributes:
        lines: pairs of a label and a text, such as the prompt or the price.
        code: the call that asks for the same again; empty if that is unknown.
        name: of the file that is downloaded.
    """

    lines: Sequence[tuple[str, str]] = ()
    code: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture behind a thumbnail: its file, or a picture in memory as long as something holds it."""

    path: Path | None
    picture: Callable[[], Image.Image | None]
    language: str

    @property
    def id(self) -> str:
        """The same for all thumbnails of a picture."""
        name = str(self.path) if self.path else str(id(self.picture()))
        return f"{zlib.crc32(name.encode()):08x}"


_describe: Callable[[Path], Facts] | None = None
_shown: OrderedDict[str, Shown] = OrderedDict()
_lock = threading.Lock()
#: Called with the first picture that is shown.
_first: list[Callable[[], None]] = []


def key_of(jpeg: bytes) -> str:
    """Return the name of a thumbnail, which the page finds out by itself.

    >>> key_of(b"abc")
    '352441c2-3'
    """
    return f"{zlib.crc32(jpeg):08x}-{len(jpeg)}"


def remember(jpeg: bytes, source: Path | Image.Image) -> None:
    """Keep in mind which picture a thumbnail shows; a picture in memory is not kept alive by it."""
    if isinstance(source, Path):
        entry = Shown(path=source, picture=lambda: None, language=current())
    else:
        entry = Shown(path=None, picture=weakref.ref(source), language=current())
    with _lock:
        _shown[key_of(jpeg)] = entry
        _shown.move_to_end(key_of(jpeg))
        if len(_shown) > _MOST:
            _shown.popitem(last=False)
    while _first:
        _first.pop()()


def at_first(call: Callable[[], None]) -> None:
    """Call this when the first picture is shown."""
    _first.append(call)


def describes(facts: Callable[[Path], Facts]) -> None:
    """Let a higher room, which knows requests and runs, say what is known of a file."""
    global _describe
    _describe = facts


def facts_of(path: Path) -> Facts:
    """Return what is known of a file; it may raise an `OSError`."""
    return _describe(path) if _describe else Facts(name=path.name)


def shown_by(key: object) -> Shown | None:
    """Return the picture behind a thumbnail; None for one that is unknown."""
    return _shown.get(str(key))
