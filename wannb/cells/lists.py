"""Lists of prompts, such as PartiPrompts, DrawBench or one's own, read from a file or a link with their categories."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from wannb.errors import ConnectionFailed, UnknownOutcome
from wannb.files import parse_json, read_file
from wannb.request import inputs
from wannb.service import fetch
from wannb.translation import say

#: Bytes of a file.
_MOST = 32 * 1024 * 1024
#: What the columns are called in the lists that are often used, in lower case.
_PROMPT, _CATEGORY = ("prompt", "prompts", "text", "caption"), ("category", "categories", "basic_skills", "tag")
_ENDINGS = (".csv", ".tsv", ".jsonl", ".json", ".txt")


class Prompts(tuple[str, ...]):
    """Prompts in their order, with where they are from, as `wannb.prompts` reads and `wannb.sweep` takes them.

    Attributes:
        name: of the file, without its ending.
        sha256: of the file's bytes, in hexadecimal.
        categories: {prompt: its category}; empty without categories.
        address: the link that they were read from, without its query; "" of a file.
    """

    name: str
    sha256: str
    categories: Mapping[str, str]
    address: str

    def __new__(
        cls,
        prompts: Iterable[str],
        *,
        name: str = "",
        sha256: str = "",
        categories: Mapping[str, str] | None = None,
        address: str = "",
    ) -> Prompts:
        made = super().__new__(cls, prompts)
        made.name, made.sha256, made.categories, made.address = name, sha256, dict(categories or {}), address
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (tuple(self),), vars(self)

    def __repr__(self) -> str:
        kinds = f", {len(set(self.categories.values()))} categories" if self.categories else ""
        return f"Prompts({len(self)} of {self.name}{kinds})"


def prompts(
    path: str | os.PathLike[str],
    *,
    column: str | None = None,
    category: str | Iterable[str] | None = None,
    limit: int | None = None,
) -> Prompts:
    """Read a list of prompts from a file or a link.

    Args:
        path: a file in UTF-8 of at most 32 MB, or an https link to one, which is read each time: its hash says whether
            it is still the same. `.csv` and `.tsv` begin with the names of their columns; `.jsonl` has an object a
            line, `.json` a list of objects or {id: object}; `.txt` has a prompt a line.
        column: of the prompts; "prompt", "prompts", "text" or "caption" in any case by default.
        category: of the categories, "category" by default where there is one; a list of values keeps the prompts of
            these categories alone.
        limit: the most prompts, from the beginning, after the choice of categories.

    Returns:
        The prompts with the list's name, hash and categories; in `plan.table()` the category is a column.

    Raises:
        ValueError: another ending, a column that is not there, a file that cannot be read so, or no prompt in it; or a
            link that is not of https, or leads to no file.
        OSError: there is no such file.

    >>> wannb.prompts("PartiPrompts.tsv", category=["Animals"], limit=20)    # doctest: +SKIP
    Prompts(20 of PartiPrompts, 1 categories)
    """
    link = path if isinstance(path, str) and "://" in path else ""
    place = Path(unquote(urlsplit(link).path) if link else path)
    ending = place.suffix.lower()
    if ending not in _ENDINGS:
        raise ValueError(
            say("{file}: give a list of prompts that ends in {endings}", file=place.name, endings=", ".join(_ENDINGS))
        )
    address, content = _fetched(link) if link else ("", read_file(place, most=_MOST))
    rows = _rows(content, ending, place.name)
    empty = ValueError(say("{file}: no prompts were found in it", file=place.name))
    if not rows:
        raise empty
    known = list(dict.fromkeys(name for row in rows for name in row))
    text = _column(known, column, _PROMPT, place.name, needed=True)
    named = category if isinstance(category, str) else None
    kind = _column(known, named, _CATEGORY, place.name, needed=category is not None)
    wanted = None if category is None or named else set(category)
    pairs = ((str(row.get(text) or "").strip(), _text(row.get(kind))) for row in rows)
    chosen = list(islice(((p, c) for p, c in pairs if p and (wanted is None or c in wanted)), limit))
    if not chosen:
        raise empty
    categories = {prompt: each for prompt, each in chosen if each}
    digest = hashlib.sha256(content).hexdigest()
    facts = {"name": place.stem, "sha256": digest, "address": address}
    return Prompts((prompt for prompt, _ in chosen), categories=categories, **facts)


def _fetched(link: str) -> tuple[str, bytes]:
    """Return a link without its query, which may hold a secret, and what it leads to."""
    image = inputs.from_link(link)
    shown = urlsplit(image.url or image.name)._replace(query="", fragment="").geturl()
    try:
        if image.problem or not image.url:
            raise ValueError(say(image.problem or ""))
        return shown, fetch(image.url, most=_MOST)
    except (ValueError, ConnectionFailed, UnknownOutcome) as error:
        why = str(error)
    # Outside the handler: httpx's own error holds the link.
    raise ValueError(say("{link} cannot be read: {why}", link=shown, why=why))


def _rows(content: bytes, ending: str, file: str) -> list[Mapping[Any, Any]]:
    """Return the rows of a file, each with its values by the names of the columns."""
    try:
        text = content.decode("utf-8-sig")
        if ending == ".txt":
            return [{"prompt": line} for line in text.splitlines()]
        if ending in (".csv", ".tsv"):
            return list(csv.DictReader(io.StringIO(text, newline=""), delimiter="," if ending == ".csv" else "\t"))
        # A value of JSON may hold other characters that end lines, such as those of Unicode.
        lines = [line for line in text.split("\n") if line.strip()]
        data: Any = list(map(parse_json, lines)) if ending == ".jsonl" else parse_json(text)
    except (ValueError, csv.Error) as error:
        why = {"file": file, "ending": ending, "why": error}
        raise ValueError(say("{file}: cannot be read as {ending} in UTF-8 ({why})", **why)) from error
    rows = list(data.values()) if isinstance(data, Mapping) else data
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError(say("{file}: this is no list of objects with a prompt each", file=file))
    return rows


def _column(known: list[Any], asked: str | None, usual: tuple[str, ...], file: str, *, needed: bool) -> Any:
    """Return the name of a column as the file has it, None where there is none and none is needed."""
    names = (asked,) if asked else usual
    for name in names:
        for each in known:
            if str(each).strip().lower() == name.lower():
                return each
    if needed:
        told = {"file": file, "name": repr(asked or usual[0]), "there": ", ".join(map(repr, known))}
        raise ValueError(say("{file} has no column {name}; its columns are {there}", **told))
    return None


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "").strip()
