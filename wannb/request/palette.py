"""Color palette of a request: input in several forms, the normal form, and its rules.

Documented: 3 to 10 colors, `#RRGGBB`, shares as percent text with two decimals that add up to 100.00%. Sums are counted
in whole hundredths of a percent, since floats would miss 100.00.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, TypeAlias

from wannb.translation import Said, count, say

from .fields import PALETTE
from .inputs import as_input
from .pixels import to_srgb

_HEX = re.compile(r"#[0-9A-F]{6}")
_SHORT_HEX = re.compile(r"#[0-9A-Fa-f]{3}")
_SHARE = re.compile(r"\d{1,3}\.\d{2}%")
_NUMBER = Said("a palette has {least} to {most} colors", least=PALETTE.start, most=PALETTE.stop - 1)

#: What people write: `{color: share}`, or a list of pairs or of `{"hex": ..., "ratio": ...}`.
Palette: TypeAlias = Mapping[str, Any] | Iterable[Any]


class Color(NamedTuple):
    """One color of a palette: `hex` as "#C2D1E6" and `ratio` as "23.51%"."""

    hex: str
    ratio: str


def as_palette(value: Any) -> tuple[Any, ...] | None:
    """Return a palette in its normal form; an entry that is not a color stays as it is, for `palette_rules`.

    >>> as_palette({"#c2d": 50, "#000000": "25%", "#FFFFFF": 25.0})[0]
    Color(hex='#CC22DD', ratio='50.00%')
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return tuple(_color(name, share) for name, share in value.items())
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (value,)
    return tuple(_entry(entry) for entry in value)


def shares(weights: Sequence[float], whole: int = 10000) -> list[int]:
    """Return weights as whole hundredths of a percent that add up to `whole`, none of them below one.

    >>> shares([1, 1, 1])
    [3334, 3333, 3333]
    """
    total = sum(weights)
    exact = [whole * weight / total if total else whole / len(weights) for weight in weights]
    parts = [max(1, int(share)) for share in exact]
    order = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
    for turn in range(abs(whole - sum(parts))):
        # What rounding lost goes to those that lost most; what the least share gained comes from the largest.
        index = order[turn % len(order)] if sum(parts) < whole else parts.index(max(parts))
        parts[index] += 1 if sum(parts) < whole else -1
    return parts


def palette_from(picture: Any, colors: int = 5) -> tuple[Color, ...]:
    """Return the main colors of a picture with the shares that they cover, the largest first.

    Args:
        picture: anything that can be an input image: a path, bytes, a PIL image, an array, a result's image.
        colors: 3 to 10; a picture with fewer colors gives as many as it has.

    Raises:
        ValueError: the picture cannot be read, or has fewer than three colors.

    >>> palette_from("poster.png", colors=3)    # doctest: +SKIP
    (Color(hex='#F2E9DC', ratio='61.20%'), Color(hex='#7A1F3D', ratio='25.11%'), Color(hex='#3C6E47', ratio='13.69%'))
    """
    from PIL import Image

    if colors not in PALETTE:
        raise ValueError(say("colors={colors}: {rule}", colors=repr(colors), rule=_NUMBER))
    source = as_input(picture)
    if source.content is None:
        why = source.problem or Said("a link is not fetched")
        raise ValueError(say("{name} has no colors to take: {why}", name=source.name, why=why))
    with Image.open(io.BytesIO(source.content)) as image:
        # Without smoothing, which would add colors that are not in the picture.
        image.thumbnail((256, 256), Image.Resampling.NEAREST)
        small = to_srgb(image, image.info.get("icc_profile"), []).convert("RGB")
        small = small.quantize(colors, method=Image.Quantize.MEDIANCUT, kmeans=2)
    counted: Any = sorted(small.convert("RGB").getcolors() or [], reverse=True)
    found = {"#" + bytes(color).hex().upper(): pixels for pixels, color in counted}
    if len(found) < PALETTE.start:
        few = count(len(found), "color")
        raise ValueError(
            say("{name} has only {few}; a palette has at least {least}", name=source.name, few=few, least=PALETTE.start)
        )
    covered = zip(found, shares(list(found.values())), strict=True)
    return tuple(Color(name, f"{share / 100:.2f}%") for name, share in covered)


def palette_rules(palette: tuple[Any, ...]) -> list[tuple[str, str]]:
    """Return the rules that a palette breaks, as pairs of the value as text and the rule."""
    broken: list[tuple[str, str]] = []
    if len(palette) not in PALETTE:
        broken.append((count(len(palette), "color"), _NUMBER))
    hundredths = 0
    for entry in palette:
        if not isinstance(entry, Color):
            broken.append((repr(entry)[:100], Said('a color is {"hex": "#C2D1E6", "ratio": "23.51%"}')))
        elif not _HEX.fullmatch(entry.hex):
            broken.append((repr(entry.hex), Said("a color is written '#RRGGBB'")))
        elif not _SHARE.fullmatch(entry.ratio):
            broken.append((repr(entry.ratio), Said("a share is a percentage with two decimals, such as '23.51%'")))
        else:
            hundredths += int(entry.ratio[:-1].replace(".", ""))
    if not broken and hundredths != 10000:
        by = f"{(10000 - hundredths) / 100:+.2f}"
        rule = Said("the shares must add up to 100.00%; change one of them by {by}", by=by)
        broken.append((f"{hundredths / 100:.2f}%", rule))
    return broken


def _entry(entry: Any) -> Any:
    if isinstance(entry, Mapping) and set(entry) == {"hex", "ratio"}:
        return _color(entry["hex"], entry["ratio"])
    if isinstance(entry, (tuple, list)) and len(entry) == 2:
        return _color(*entry)
    return entry


def _color(name: Any, share: Any) -> Color:
    name = str(name).strip()
    if _SHORT_HEX.fullmatch(name):
        name = "#" + "".join(digit * 2 for digit in name[1:])
    return Color(name.upper(), _share(share))


def _share(share: Any) -> str:
    written = str(share).strip()
    try:
        number = Decimal(written[:-1] if written.endswith("%") else written)
        rounded = round(number, 2)
    except InvalidOperation:
        return written
    exact = isinstance(share, str) and number != rounded
    return written if exact else f"{rounded:.2f}%"
