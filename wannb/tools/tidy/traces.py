"""What must not stay in a notebook: API keys, and signed links that expire within a day."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from pathlib import Path
from typing import Any

from wannb.connection import find_key
from wannb.errors import WannbError
from wannb.ledger import Store

#: Stands where a link stood whose picture is not in the folder of runs.
EXPIRED = "[a link that has expired]"

# A word may begin after a colour code of a traceback, an escape of a repr and a percent code of an address; "task-..."
# is no key.
_START = (
    r"(?:(?<![\w-])|(?<=\x1b\[\dm)|(?<=\x1b\[\d\dm)|(?<=;\dm)|(?<=;\d\dm)|(?<=;\d\d\dm)|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))"
)
_KEY = re.compile(_START + r"sk-[A-Za-z0-9_-]{16,}")
_BEARER = re.compile(r"(?i)(\bBearer(?:\s|%20|\+)+)([A-Za-z0-9._~+/=-]{16,})")
_LINK = re.compile(r"(?:https?|oss)://(?:(?!&quot;|&#x?27;|&#39;|&[lg]t;)[^\s\"'<>()\[\]{}|\\^`\x00-\x1f])+", re.I)
_SIGNED = re.compile(
    r"(?:[?&;]|%3F|%26)(?:Signature|OSSAccessKeyId|Expires|security-token|x-oss-[a-z-]+)(?:=|%3D)[A-Za-z0-9%+/]", re.I
)
_PARAMETER = re.compile(
    r"(?<![A-Za-z])(Signature|OSSAccessKeyId|security-token|x-oss-[a-z-]+)=(?=[^&\s]*\d)[A-Za-z0-9%+/=_.~-]{12,}"
)
_RUN = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{12}\b")
_TASK = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
#: A made-up key of a lesson has hardly a digit, and names of styles such as sk-container-id-1 have few.
_DIGITS = 3
#: A shorter key of one's own could be an ordinary word.
_OWN = 12


class Keys:
    """Find and mask API keys: the usual shapes, and the very key that `connect()` would use."""

    def __init__(self) -> None:
        try:
            found = find_key()
        except ValueError:  # not usable as a key
            found = None
        self._own = found[0] if found and len(str(found[0])) >= _OWN else None

    def masked(self, text: str) -> str:
        """Return a text without keys; the same text where there is none."""
        if self._own is not None:
            text = text.replace(str(self._own), "sk-***")
        if "sk-" in text:
            text = _KEY.sub(lambda key: "sk-***" if _is_random(key[0]) else key[0], text)
        if "bearer" in text.lower():
            text = _BEARER.sub(lambda key: f"{key[1]}***" if _is_random(key[2]) else key[0], text)
        return text

    def in_any(self, tree: Any) -> bool:
        """Return whether any text of a tree of JSON holds a key."""
        return any(self.masked(text) != text for text in texts(tree))


class Links:
    """Replace links that expire by the path of their picture in the folder of runs, where that can be told."""

    def __init__(self, folder: Path, stores: Sequence[Store]) -> None:
        self._folder = folder
        self._stores = stores

    def found(self, text: str) -> list[str]:
        """Return the expiring links of a text, and the lone signatures."""
        return [*_expiring(text), *(match[0] for match in _PARAMETER.finditer(_LINK.sub("", text)))]

    def replaced(self, text: str, around: str, changed: Callable[[str], None]) -> str:
        """Return a text without expiring links.

        Args:
            text: what may hold them.
            around: all texts of the same output: a run's or task's id in it tells which pictures are meant.
            changed: told what became of each link.
        """
        places: dict[str, str] | None = None

        def one(link: re.Match[str]) -> str:
            nonlocal places
            if not _expires(link[0]):
                return link[0]
            places = self._places(around) if places is None else places
            place = places.get(unescape(link[0]))
            changed(f"expiring link -> {place}" if place else "expiring link removed")
            return place or EXPIRED

        text = _LINK.sub(one, text)
        bare = _PARAMETER.sub(r"\1=***", text)
        if bare != text:
            changed("signature of a link masked")
        return bare

    def _places(self, around: str) -> dict[str, str]:
        """Return link -> path; nothing where the pictures of the named runs are not as many as the links."""
        links = list(dict.fromkeys(unescape(link) for link in _expiring(around)))
        pictures: list[Path] = []
        for folder in dict.fromkeys(self._runs(around)):
            pictures += folder
        if len(links) != len(pictures) or not all(path.is_file() for path in pictures):
            return {}
        return {link: _relative(path, self._folder) for link, path in zip(links, pictures, strict=True)}

    def _runs(self, around: str) -> Iterator[tuple[Path, ...]]:
        names = [(match.start(), match[0]) for pattern in (_RUN, _TASK) for match in pattern.finditer(around)]
        for _, name in sorted(names):
            for store in self._stores:
                try:
                    run = store.get(name) if _RUN.fullmatch(name) else store.by_task(name)
                except WannbError:
                    continue
                if run is not None:
                    yield run.images
                    break


def texts(tree: Any) -> Iterator[str]:
    """Yield every text of a tree of JSON, names included."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield name
            yield from texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from texts(value)


def _is_random(text: str) -> bool:
    return sum(letter.isdigit() for letter in text) >= _DIGITS


def _expiring(text: str) -> Iterator[str]:
    return (match[0] for match in _LINK.finditer(text) if _expires(match[0]))


def _expires(link: str) -> bool:
    # The files behind oss:// live for two days.
    return link[:6].lower() == "oss://" or _SIGNED.search(link) is not None


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()
