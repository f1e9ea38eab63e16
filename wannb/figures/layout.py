"""Layout of a grid: spots on rows, columns and pages, with labels that say only what differs."""

from __future__ import annotations

import itertools
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from wannb.masking import mask
from wannb.request import Color, InputImage, inputs, word_of
from wannb.runs import GeneratedImage, Result
from wannb.translation import Said, current, joined, say, shorten

Axis = str | Sequence[str] | None

#: The states of a spot without images, in words.
STATES = {
    "open": Said("not run yet"),
    "under way": Said("under way"),
    "failed": Said("failed"),
    "canceled": Said("canceled"),
    "refused": Said("refused"),
    "not legal": Said("not legal"),
    "lost": Said("lost"),
    "excluded": Said("excluded"),
}
#: With more columns than this, rows and columns change places unless they were asked for.
_WIDE = 8
#: A single option with more values than this has no axis: its spots follow each other.
_LINE = 6
#: Options whose values need no name before them.
_PLAIN = frozenset({"prompt", "model", "images", "image", "scene", ""})
_FILE = re.compile(r"\S+\.(png|jpe?g|webp|bmp|gif|tiff?)", re.IGNORECASE)
#: A common beginning or end is cut from this length on; letters of scripts without spaces count double.
_WORTH = 14
_NO_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One place of a grid: the images of one request, or a text instead.

    Attributes:
        options: the number of the value (from 0) of each option that varies.
        text: shown instead of images, such as "not run yet" or "refused: ...".
        kind: the state: "done" or one of `STATES`.
        alt: a description for screen readers.
    """

    options: Mapping[str, int]
    images: tuple[GeneratedImage, ...] = ()
    text: str = ""
    kind: str = "done"
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A picture of a spot in its cell, None without one; the first has the spot's label if the cell has several."""

    label: str
    spot: Spot
    image: GeneratedImage | None


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page of a grid.

    Attributes:
        heading: of the page; empty if it is the only one.
        rows, columns: their labels, one line for each option; one empty label for an axis without options.
        spans: headings above the columns, of the options before the last, level by level: each with how many columns
            it spans.
        beside: headings beside the rows, of the options before the last, level by level: each with how many rows it
            spans.
        cells: the pictures in each row and column.
        across: pictures side by side in one cell, at most.
    """

    heading: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[tuple[Placed, ...], ...], ...]
    across: int
    spans: tuple[tuple[tuple[str, int], ...], ...] = ()
    beside: tuple[tuple[tuple[str, int], ...], ...] = ()

    @property
    def placed(self) -> Iterable[Placed]:
        """All pictures of the page, row by row."""
        return (each for row in self.cells for cell in row for each in cell)


def arrange(
    spots: Sequence[Spot],
    labels: Mapping[str, Sequence[str]],
    *,
    rows: Axis = None,
    columns: Axis = None,
    pages: Axis = None,
) -> tuple[Sheet, ...]:
    """Return the pages of a grid.

    Args:
        spots: in any order; each has an index for each option of `labels`.
        labels: for each option that varies, one text for each of its values.
        rows, columns, pages: the name of an option, or several; None chooses rows and columns, and makes one page.

    Raises:
        ValueError: a name that does not vary, or that is on two axes.
    """
    asked = {"rows": rows, "columns": columns, "pages": pages}
    axes = {axis: _names(axis, value, labels) for axis, value in asked.items()}
    taken = list(itertools.chain.from_iterable(axes.values()))
    for name in taken:
        if taken.count(name) > 1:
            raise ValueError(say("{option} is named twice; give each option one axis", option=repr(name)))
    _choose(axes, labels, free=[name for name in labels if name not in taken], asked=asked)
    on_axis = {name for names in axes.values() for name in names}
    rest = [name for name in labels if name not in on_axis]
    found: dict[tuple[Any, ...], list[Spot]] = {}
    for spot in spots:
        place = tuple(tuple(spot.options[name] for name in axes[axis]) for axis in ("pages", "rows", "columns"))
        found.setdefault(place, []).append(spot)
    steps = {axis: list(itertools.product(*(range(len(labels[name])) for name in axes[axis]))) for axis in axes}

    def cell(place: tuple[Any, ...]) -> tuple[Placed, ...]:
        inside = sorted(found.get(place, ()), key=lambda spot: [spot.options[name] for name in rest])
        return tuple(
            Placed(
                label="" if number else _label(rest, [spot.options[name] for name in rest], labels),
                spot=spot,
                image=image,
            )
            for spot in inside
            for number, image in enumerate(spot.images or (None,))
        )

    sheets = []
    for page in steps["pages"]:
        cells = tuple(tuple(cell((page, row, column)) for column in steps["columns"]) for row in steps["rows"])
        sheets.append(
            Sheet(
                heading=_label(axes["pages"], page, labels),
                rows=tuple(_label(axes["rows"][-1:], row[-1:], labels) for row in steps["rows"]),
                columns=tuple(_label(axes["columns"][-1:], column[-1:], labels) for column in steps["columns"]),
                cells=cells,
                across=side_by_side(cells),
                spans=_spans(axes["columns"], labels),
                beside=_spans(axes["rows"], labels),
            )
        )
    return tuple(sheets)


def _spans(names: Sequence[str], labels: Mapping[str, Sequence[str]]) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Return the headings of all options but the last, each with how many columns or rows it spans."""
    made = []
    for level, name in enumerate(names[:-1]):
        headings = [_label([name], [at], labels) for at in range(len(labels[name]))] * _size(names[:level], labels)
        made.append(tuple((text, _size(names[level + 1 :], labels)) for text in headings))
    return tuple(made)


def side_by_side(cells: Sequence[Sequence[Sequence[Placed]]]) -> int:
    """Return the pictures side by side in a cell: all of up to three, otherwise about a square of them."""
    most = max((len(cell) for row in cells for cell in row), default=1)
    if len(cells) == 1 and len(cells[0]) == 1:
        return max(1, min(most, _LINE, math.ceil(math.sqrt(most * 1.5))))
    return max(1, most if most <= 3 else math.ceil(math.sqrt(most)))


def labels_of(values: Sequence[Any], *, gap: str = "…", common: bool = True) -> tuple[str, ...]:
    """Return a short text for each value that says only what differs; no two are the same.

    A long common beginning or end of texts becomes `gap`, cut between words, or between letters of a script without
    spaces; not with `common=False`. A picture's label is its name; palettes and boxes are shortened; None is "-".

    >>> labels_of(["a photo of a very old lighthouse at dawn", "a photo of a very old lighthouse in fog"])
    ('…at dawn', '…in fog')
    """
    texts = [_text(value) for value in values]
    if common and len(texts) > 1 and all(isinstance(value, str) for value in values):
        texts = _without_common(texts, gap)
    seen: dict[str, int] = {}
    distinct = []
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        label = text if seen[text] == 1 else joined("", [text, f" ({seen[text]})"])
        while label in distinct:
            label = joined("", [label, "'"])
        distinct.append(label)
    return tuple(distinct)


class OwnLabel(str):
    """A label that a person has given, which stands without the name of its option."""

    __slots__ = ()


def named(values: Iterable[tuple[str, str]], joint: str) -> Said:
    """Return values of options as one label, with the names of those that say too little alone."""

    def whole(name: str, text: str) -> str:
        is_plain = name in _PLAIN or isinstance(text, OwnLabel)
        return text if is_plain else joined(" ", [word_of(name), text])

    return joined(joint, [whole(name, text) for name, text in values])


def prompt_of(image: GeneratedImage, most: int) -> str:
    """Return an image's prompt, cut to a length; without one, the name of its run."""
    return shorten(image.request.prompt, most) if image.request else image.path.parent.name


def facts_of(image: GeneratedImage) -> list[str]:
    """Return an image's size and seed in words, and which of its run's images it is if there are several."""
    seed = [] if image.seed is None else [Said("seed {seed}", seed=image.seed)]
    return [f"{image.width}*{image.height}", *seed, *which_of(image)]


def about_of(images: Iterable[GeneratedImage], *, prompts: bool) -> str:
    """Return the models, seeds and, if wanted, prompts of images, each once, as lines for a figure's metadata."""
    requests = list(dict.fromkeys(image.request for image in images if image.request))
    facts: dict[str, dict[str, None]] = {"model": {}, "seed": {}, "prompt": {}}
    for request in requests:
        for name, values in facts.items():
            values[str(getattr(request, name))] = None
    lines = ["; ".join([f"{name}: {', '.join(facts[name])}" for name in ("model", "seed") if facts[name]])]
    lines += [f"prompt: {prompt}" for prompt in facts["prompt"] if prompts]
    return "\n".join(filter(None, lines))


def which_of(image: GeneratedImage) -> list[str]:
    """Return which of its run's images one is; nothing if it is the only one."""
    return [Said("image {number} of {n}", number=image.number, n=image.count)] if image.count > 1 else []


def flat(value: Any) -> Iterator[Any]:
    """Yield a picture, or those of a result and of any nesting of lists."""
    several = None if isinstance(value, Mapping) else inputs.parts(value)
    if several is None:
        yield value
    else:
        for each in several:
            yield from flat(each)


def language_of(*values: Any) -> str:
    """Return the language of the first result among values and lists of them; the current one if there is none."""
    return _language(values) or current()


def _language(value: Any) -> str:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return next(filter(None, map(_language, value)), "")
    return str(getattr(value, "language", ""))


def _names(axis: str, value: Axis, labels: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else tuple(value or ())
    for name in names:
        if name not in labels:
            vary = ", ".join(map(repr, labels)) or Said("nothing")
            raise ValueError(
                say("{axis}={name}: only these options vary: {vary}", axis=axis, name=repr(name), vary=vary)
            )
    return names


def _choose(
    axes: dict[str, tuple[str, ...]],
    labels: Mapping[str, Sequence[str]],
    *,
    free: list[str],
    asked: Mapping[str, Axis],
) -> None:
    """Fill the axes that were left open: prompts as rows and seeds as columns if they vary."""
    open_rows, open_columns = asked["rows"] is None, asked["columns"] is None
    if open_rows and open_columns and len(free) == 1:
        axes["columns"] = (free[0],) if len(labels[free[0]]) <= _LINE else ()
        return
    if open_columns and free:
        others = [name for name in free if name != "prompt"] or free
        column = "seed" if "seed" in free else others[0] if asked["rows"] is not None else others[-1]
        axes["columns"] = (column,)
        free.remove(column)
    if open_rows and free:
        axes["rows"] = ("prompt",) if "prompt" in free else (free[0],)
    if open_rows and open_columns and _size(axes["columns"], labels) > _WIDE >= _size(axes["rows"], labels):
        axes["rows"], axes["columns"] = axes["columns"], axes["rows"]


def _size(names: Iterable[str], labels: Mapping[str, Sequence[str]]) -> int:
    return math.prod(len(labels[name]) for name in names)


def _label(names: Sequence[str], indices: Sequence[int], labels: Mapping[str, Sequence[str]]) -> str:
    return named(((name, labels[name][index]) for name, index in zip(names, indices, strict=True)), "\n")


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return Said("on") if value else Said("off")
    if isinstance(value, str) and "://" in value:
        return mask(" ".join(value.split()))
    if isinstance(value, str):
        return PurePath(value).name if _FILE.fullmatch(value) else " ".join(value.split())
    if isinstance(value, os.PathLike):
        return PurePath(os.fspath(value)).name
    if isinstance(value, InputImage):
        return PurePath(value.name).name if "://" not in value.name else value.name
    if isinstance(value, GeneratedImage):
        return f"{value.path.parent.name}/{value.path.name}"
    if isinstance(value, Result):
        return value.run_id
    if isinstance(value, Color):
        return value.hex
    if isinstance(value, Mapping):
        return _brief([str(key) for key in value], " ")
    if isinstance(value, (bytes, bytearray, memoryview)) or hasattr(value, "getexif"):
        return Said("picture")
    if isinstance(value, Iterable) and not hasattr(value, "__array_interface__"):
        parts = list(value)
        if parts and all(isinstance(part, int) for part in parts):
            return ",".join(map(str, parts))
        colors = all(isinstance(part, Color) or re.match(r"#[0-9A-Fa-f]{3}", str(part)) for part in parts)
        return _brief([_text(part) for part in parts], " " if colors else " + ") or Said("empty")
    return Said("picture") if hasattr(value, "__array_interface__") else str(value)


def _brief(parts: Sequence[str], joint: str) -> str:
    return joint.join(parts[:4]) + (f"{joint}…" if len(parts) > 4 else "")


def _without_common(texts: list[str], gap: str) -> list[str]:
    from uniseg.wordbreak import words

    split = [list(words(text)) for text in texts]
    head = _common(split)
    tail = _common([list(reversed(pieces[head:])) for pieces in split])
    before = "".join(split[0][:head])
    after = "".join(split[0][len(split[0]) - tail :])
    if _worth(before) < _WORTH:
        head = 0
    if _worth(after) < _WORTH:
        tail = 0
    return [
        (gap if head else "") + "".join(pieces[head : len(pieces) - tail]).strip() + (gap if tail else "")
        for pieces in split
    ]


def _common(split: Sequence[list[str]]) -> int:
    """Return the number of pieces that all begin with, leaving at least a word of each."""
    same = itertools.takewhile(lambda pieces: len(set(pieces)) == 1, zip(*split, strict=False))
    count = sum(1 for _ in same)
    while count and not all(any(piece.strip() for piece in pieces[count:]) for pieces in split):
        count -= 1
    return count


def _worth(text: str) -> int:
    return len(text) + len(_NO_SPACES.findall(text))
