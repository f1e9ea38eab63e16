"""Texts in English or Simplified Chinese: sentences that keep their template and values, and catalogues.

A sentence is written once, in English, with places for its values: `Said("at most {most} input images", most=9)`. It is
a `str`, so it can be shown, raised and compared like any text; and it keeps its template, so it can be translated
wherever it arrives. A catalogue is plain JSON, `{English: Chinese}`, one file for each room of the package in
`languages/<language>/`. A text without an entry stays English.

Objects made within `override("zh")`, such as a result, a plan or an error, remember that language and show themselves
in it.
"""

from __future__ import annotations

import copyreg
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

#: Every language that wannb speaks, in its own words.
LANGUAGES = {"en": "English", "zh": "简体中文"}
_ALSO = {"cn": "zh", "chinese": "zh", "中文": "zh", "简体中文": "zh", "english": "en", "c": "en", "posix": "en"}
_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
#: The marks between sentences that were joined, in languages that have their own.
_MARKS = {"zh": {", ": "，", "; ": "；", ": ": "：", ". ": "。"}}
_JOINED = re.compile(r"(?<=\})([,;:.] )(?=\{part[0-9]+\})")
#: Between sentences that were joined by a space there is none after a mark of Chinese, which is wide enough.
_SPACED = re.compile(r"\{(part[0-9]+)\} (?=\{part[0-9]+\})")
_CURRENT: ContextVar[str] = ContextVar("wannb_language", default="en")


class Said(str):
    """An English sentence that keeps the template and the values it was made of.

    Args:
        template: the English text with a `{name}` for each value; the key of the catalogue.
        values: the values by name. Only those that are `Said` themselves are translated; any other comes from a person,
            the service or another program, and stays as it is.

    A `{name}` without a value stays, as do braces within a value.

    >>> Said("at most {most} input images", most=9)
    'at most 9 input images'
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Said:
        said = super().__new__(cls, _filled(template, values))
        said.template, said.values = template, values
        return said

    def __reduce__(self) -> Any:
        return copyreg.__newobj_ex__, (Said, (self.template,), self.values)  # type: ignore[attr-defined]


class Words:
    """Texts in one language; the English text is the key.

    Args:
        language: "en" or "zh"; names of locales such as "zh-CN" or "zh_CN.UTF-8" work as well.

    Raises:
        ValueError: a language without a catalogue.

    >>> Words("zh_CN.UTF-8")("Seed")
    '种子'
    >>> Words("zh")(Said("at most {most} input images", most=9))
    '输入图片最多 9 张'
    """

    def __init__(self, language: str = "en") -> None:
        self.language = _code(language)
        self._texts = {} if self.language == "en" else catalogue(self.language)

    def __repr__(self) -> str:
        return f"Words({getattr(self, 'language', None)!r})"  # also before it is made, in a traceback

    def __call__(self, text: str, /, **values: object) -> str:
        """Return a sentence, or a text of the catalogue with its values put in, in this language."""
        if isinstance(text, Said) and not values:
            return self(text.template, **text.values) if text.values else _filled(self._texts.get(text, text), {})
        said = {name: self(value) if isinstance(value, Said) else value for name, value in values.items()}
        if "part0" in values and (marks := _MARKS.get(self.language)):
            text = _JOINED.sub(lambda mark: marks[mark[0]], text)
            text = _SPACED.sub(lambda part: part[0][: -1 if str(said[part[1]])[-1:] in "。，；！？" else None], text)
        return _filled(self._texts.get(text, text), said)


def current() -> str:
    """Return the current language: "en", unless within `override`."""
    return _CURRENT.get()


@contextmanager
def override(language: str, *, option: str = "language") -> Iterator[None]:
    """Speak another language within a `with` block; threads started inside begin in English.

    An error names the `option` that gave the language.

    >>> with override("zh"):
    ...     say("Seed")
    '种子'
    """
    token = _CURRENT.set(_code(language, option))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def say(text: str, /, **values: object) -> str:
    """Return a sentence, or a text of the catalogue with its values put in, in the current language."""
    return _words(_CURRENT.get())(text, **values)


def joined(separator: str, texts: Iterable[str]) -> Said:
    """Return several sentences as one, with the marks of the language that it is said in between them.

    >>> joined(" · ", [Said("{n} images", n=2), "2048*2048"])
    '2 images · 2048*2048'
    """
    values = {f"part{number}": text for number, text in enumerate(texts)}
    return Said(separator.join(f"{{{name}}}" for name in values), **values)


def as_data(text: str) -> str | dict[str, Any]:
    """Return a text as JSON data, a `Said` with its template and values, so that it can be translated later.

    >>> as_data(Said("at most {most} input images", most=9))
    {'template': 'at most {most} input images', 'values': {'most': '9'}}
    """
    if not isinstance(text, Said):
        return text
    return {
        "template": text.template,
        "values": {
            name: as_data(value if isinstance(value, str) else str(value)) for name, value in text.values.items()
        },
    }


def from_data(data: Any) -> str:
    """Return the text that `as_data` wrote; `ValueError` for anything else."""
    if isinstance(data, str):
        return data
    if isinstance(data, Mapping) and isinstance(data.get("template"), str) and isinstance(data.get("values"), Mapping):
        return Said(data["template"], **{str(name): from_data(value) for name, value in data["values"].items()})
    raise ValueError(f"{data!r} is not a text")


class _Speaker(Protocol):
    @property
    def language(self) -> str: ...


S = TypeVar("S", bound=_Speaker)
P = ParamSpec("P")
R = TypeVar("R")


def spoken(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Return a method that speaks the language of its object: `self.language`."""

    @wraps(method)
    def speaking(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with override(self.language):
            return method(self, *args, **kwargs)

    return speaking


@lru_cache
def catalogue(language: str) -> dict[str, str]:
    """Return every text of a language by its English."""
    texts: dict[str, str] = {}
    for file in sorted((Path(__file__).parent / "languages" / language).glob("*.json")):
        texts |= json.loads(file.read_bytes())
    return texts


@lru_cache
def _words(language: str) -> Words:
    return Words(language)


def docstring(kind: type) -> str:
    """Return the docstring of a class, empty without one; from its source where `python -OO` has removed it."""
    if sys.flags.optimize < 2:
        return kind.__doc__ or ""
    return _docstrings(kind.__module__).get(kind.__name__, "")


@lru_cache
def _docstrings(module: str) -> dict[str, str]:
    import ast

    loader: Any = getattr(sys.modules.get(module), "__loader__", None)
    source = ""
    with suppress(AttributeError, ImportError, OSError):  # a class of a notebook has no source
        source = loader.get_source(module) or ""
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    return {node.name: ast.get_docstring(node) or "" for node in classes}


def _filled(text: str, values: Mapping[str, object]) -> str:
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)


def _code(language: str, option: str = "language") -> str:
    name = re.split(r"[-_.@]", language.strip().casefold())[0] if isinstance(language, str) else ""
    code = _ALSO.get(name, name)
    if code not in LANGUAGES:
        known = ", ".join(f"{each!r} ({own})" for each, own in LANGUAGES.items())
        raise ValueError(f"{option}={language!r} is not one of {known}")
    return code


_STATES = {
    "PENDING": Said("queued"),
    "RUNNING": Said("running"),
    "SUCCEEDED": Said("succeeded"),
    "FAILED": Said("failed"),
    "CANCELED": Said("canceled"),
    "UNKNOWN": Said("unknown to the service"),
    "prepared": Said("prepared"),
    "sending": Said("sending"),
    "running": Said("running"),
    "answered": Said("answered"),
    "done": Said("done"),
    "failed": Said("failed"),
    "canceled": Said("canceled"),
    "lost": Said("lost"),
}


def shorten(text: str, most: int, *, end: int = 0) -> str:
    """Return a text on one line, cut between words if it is over `most` letters; about `end` of its last ones stay."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    begin = _whole(line, most - end - 3 if end else most - 1)
    return f"{begin} … {_whole(line[::-1], end)[::-1]}" if end else f"{begin}…"


def _whole(line: str, most: int) -> str:
    """Return how a line begins, up to the end of a word; within one that is long, or of a script without spaces."""
    space = line.rfind(" ", most * 2 // 3, most + 1)
    return line[: most if space < 0 else space].rstrip()


def count(number: int, noun: str) -> str:
    """Return a number with its noun as a sentence that can be translated.

    >>> count(2, "image")
    '2 images'
    """
    return Said(f"{{n}} {noun}" if number == 1 else f"{{n}} {noun}s", n=number)


def state_word(state: str) -> str:
    """Return a run's or task's state as a word that can be translated; one that is not known stays as it is.

    >>> state_word("PENDING")
    'queued'
    """
    return _STATES.get(state, state)
