"""Parts of all forms: buttons, and the text on them that says what a press does and costs; rows; lines of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.service import Money
from wannb.translation import Words


def button(text: str, pressed: Callable[[], Any], *, tooltip: str = "", classes: Sequence[str] = ()) -> widgets.Button:
    """Return a button that calls a function without arguments."""
    made = widgets.Button(description=text, tooltip=tooltip or text, _dom_classes=("wannb-button", *classes))
    made.on_click(lambda _: pressed())
    return made


def sign(kind: str, pressed: Callable[[], Any], name: str = "") -> widgets.Button:
    """Return a button that shows a sign (up, down, left, right, remove) in place of its name for screen readers."""
    return button(name, pressed, classes=["wannb-sign", f"wannb-sign-{kind}"])


def name_button(made: widgets.Button, name: str) -> None:
    """Name a button, for eyes and for screen readers."""
    made.description = made.tooltip = name


def beside(*parts: widgets.Widget, look: str = "") -> widgets.HBox:
    """Return widgets beside each other; `look` is one more class of the style sheets."""
    return widgets.HBox(parts, _dom_classes=("wannb-row", *look.split()))


def show(part: widgets.Widget, shown: object) -> None:
    """Show a widget, or hide it, which leaves the keyboard focus where it is."""
    part.layout.display = "" if shown else "none"


def html_line(text: str, look: str = "quietly") -> str:
    """Return a text as a line of HTML in a look of `form.css`: quietly, label, note, told, problems, empty."""
    return f'<div class="wannb-{look}">{escape(text)}</div>'


def button_text(
    words: Words, images: int, cost: Money | None, *, mock: bool, up_to: bool = False, again: bool = False
) -> str:
    """Return what a button does and what it costs.

    Args:
        cost: of all of them, None where the price is unknown.
        mock: whether the mock server answers, which bills nothing.
        up_to: whether fewer images may come.
        again: whether the image takes the place of another.

    >>> button_text(Words(), 2, Money(amount=0.15, currency="USD"), mock=False)
    'Generate 2 images · $0.15'
    """
    if again:
        what = words("Generate again")
    elif images == 1:
        what = words("Generate 1 image")
    elif up_to:
        what = words("Generate up to {count} images", count=images)
    else:
        what = words("Generate {count} images", count=images)
    return f"{what} · {cost_text(words, cost, mock=mock, up_to=up_to and images > 1)}"


def anew_text(words: Words, cost: Money | None, *, mock: bool, up_to: bool = False) -> str:
    """Return what the button costs that asks anew although the answer to the first request was lost.

    >>> anew_text(Words(), Money(amount=0.15, currency="USD"), mock=False)
    'Generate anew · may pay twice · $0.15'
    """
    return f"{words('Generate anew · may pay twice')} · {cost_text(words, cost, mock=mock, up_to=up_to)}"


def cost_text(words: Words, cost: Money | None, *, mock: bool, up_to: bool = False) -> str:
    """Return what a press costs."""
    price = cost.short if cost else ""
    if mock:
        return words("demo ({cost} live)", cost=price) if price else words("demo")
    if not price:
        return words("price unknown")
    return words("at most {cost}", cost=price) if up_to else price


def spent_text(words: Words, cost: Money | None, *, mock: bool) -> str:
    """Return what was spent so far."""
    if cost is None:
        return words("price unknown")
    return words("would have cost {cost} live", cost=cost.short) if mock else words("spent {cost}", cost=cost.short)
