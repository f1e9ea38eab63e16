"""The colour palette of a request: what people write, the normal form, and its rules.

Documented: 3 to 10 colours, `#RRGGBB`, shares as percent text with two decimals that add up to 100.00%. Sums are
reckoned in whole hundredths of a percent, since floats would miss 100.00.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from .fields import PALETTE

_HEX = re.compile(r"#[0-9A-F]{6}")
_SHORT_HEX = re.compile(r"#[0-9A-Fa-f]{3}")
_SHARE = re.compile(r"\d{1,3}\.\d{2}%")


class Color(NamedTuple):
    """One colour of a palette: `hex` as "#C2D1E6" and `ratio` as "23.51%"."""

    hex: str
    ratio: str


def as_palette(value: Any) -> tuple[Any, ...] | None:
    """Return a palette in its normal form; an entry that is no colour stays as it is, for `palette_rules`.

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


def palette_rules(palette: tuple[Any, ...]) -> list[tuple[str, str]]:
    """Return what a palette breaks, as pairs of the value as text and the rule."""
    broken: list[tuple[str, str]] = []
    if len(palette) not in PALETTE:
        broken.append((f"{len(palette)} colours", f"a palette has {PALETTE.start} to {PALETTE.stop - 1} colours"))
    hundredths = 0
    for entry in palette:
        if not isinstance(entry, Color):
            broken.append((repr(entry)[:100], 'a colour is {"hex": "#C2D1E6", "ratio": "23.51%"}'))
        elif not _HEX.fullmatch(entry.hex):
            broken.append((repr(entry.hex), "a colour is written '#RRGGBB'"))
        elif not _SHARE.fullmatch(entry.ratio):
            broken.append((repr(entry.ratio), "a share is a percentage with two decimals, such as '23.51%'"))
        else:
            hundredths += int(entry.ratio[:-1].replace(".", ""))
    if not broken and hundredths != 10000:
        off = (hundredths - 10000) / 100
        broken.append(
            (
                f"{hundredths / 100:.2f}%",
                f"the shares must add up to 100.00%; change one of them by {-off:+.2f}",
            )
        )
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
