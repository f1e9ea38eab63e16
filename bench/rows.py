"""A row of the table: what was measured, the aim, the figure, the SDK's figure, and whether the aim is held."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEAD = ("what", "aim", "measured", "SDK", "held")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; `held` is None where the design names no aim."""

    what: str
    measured: str
    aim: str = ""
    sdk: str = ""
    held: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        held = {True: "yes", False: "**no**", None: ""}[self.held]
        return (self.what, self.aim, self.measured, self.sdk, held)


Measure = Callable[[bool], list[Row]]


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table.

    >>> print(markdown([Row(what="a call", aim="under 2x", measured="1.5x", sdk="9x", held=True)]))
    | what | aim | measured | SDK | held |
    |---|---|---|---|---|
    | a call | under 2x | 1.5x | 9x | yes |
    """
    head, *lines = ("| " + " | ".join(cells) + " |" for cells in (HEAD, *(row.cells for row in rows)))
    return "\n".join([head, "|---" * len(HEAD) + "|", *lines])


def alone(measure: Measure, doc: str | None) -> None:
    """Be the command line of one part: measure it, in full or with --smoke, and print its rows."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="the short form, to see that it runs")
    sys.stdout.write(markdown(measure(parser.parse_args().smoke)) + "\n")


def milliseconds(seconds: float) -> str:
    """Write a time as people say it.

    >>> milliseconds(0.0042), milliseconds(0.25), milliseconds(2)
    ('4.2 ms', '250 ms', '2.00 s')
    """
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"
