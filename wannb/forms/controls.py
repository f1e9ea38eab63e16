"""Controls: one option of a request each, with its label, its help, what is wrong with it and why it is off."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.request import FIELDS, MAX_SEED
from wannb.translation import Words

Changed = Callable[[], None]


class Control:
    """One option of a request as widgets.

    Attributes:
        name: the option's name.
        box: what is shown.
        changed: called when a person has changed the value.
    """

    def __init__(self, name: str, inputs: Sequence[widgets.Widget], words: Words) -> None:
        self.name = name
        self.words = words
        self.changed: Changed = lambda: None
        self._inputs = list(inputs)
        self._note = widgets.HTML()
        self._problems: tuple[str, ...] = ()
        self._reason = ""
        self.box = widgets.VBox([*inputs, self._note], _dom_classes=("wannb-control", f"wannb-{name}"))
        self._draw()

    @property
    def label(self) -> str:
        """The option's name for people."""
        return self.words(FIELDS[self.name].label)

    @property
    def is_off(self) -> bool:
        """Whether the option does not apply."""
        return bool(self._reason)

    @property
    def value(self) -> Any:
        """The option's value, as a request takes it."""
        raise NotImplementedError

    def fill(self, value: Any) -> None:
        """Show a value that `refuses` does not refuse."""
        raise NotImplementedError

    def refuses(self, value: Any) -> bool:
        """Return whether the control has no way to show a value."""
        return False

    def tell(self, problems: Sequence[str]) -> None:
        """Show what is wrong with the value."""
        if tuple(problems) != self._problems:
            self._problems = tuple(problems)
            self._draw()

    def turn_off(self, reason: str) -> None:
        """Turn the control off and say why, or on with an empty reason."""
        if reason != self._reason:
            self._reason = reason
            self._draw()
            for each in self._inputs:
                each.disabled = bool(reason)

    def refresh(self) -> None:
        """Offer what is in the store now, where the control offers such things."""

    def _draw(self) -> None:
        """Show help, reason and problems under the input."""
        parts = [help_html(self.label, self.words.sentence(FIELDS[self.name].help), self.words)]
        if self._reason:
            parts.append(f'<div class="wannb-reason">{escape(self._reason)}</div>')
        wrong = "".join(f"<div>{escape(problem)}</div>" for problem in self._problems)
        # The live region stays in the page, so that what comes into it is read out.
        parts.append(f'<div class="wannb-problems" role="status">{wrong}</div>')
        self._note.value = "".join(parts)


class Plain(Control):
    """An option whose value is that of one widget."""

    def __init__(self, name: str, widget: widgets.Widget, words: Words) -> None:
        widget.description = words(FIELDS[name].label)
        super().__init__(name, [widget], words)
        self._widget = widget
        widget.observe(lambda change: self.changed(), "value")

    @property
    def value(self) -> Any:
        return self._widget.value

    def fill(self, value: Any) -> None:
        self._widget.value = value

    def refuses(self, value: Any) -> bool:
        if hasattr(self._widget, "options"):
            return value not in self._widget.options
        if hasattr(self._widget, "max"):
            return not (isinstance(value, int) and self._widget.min <= value <= self._widget.max)
        return not isinstance(value, type(self._widget.value))


def prompt(words: Words, *, label: str | None = None) -> Plain:
    """Return the control of the prompt; `label` replaces its own."""
    placeholder = words("A flower shop with exquisite windows, and flowers on display")
    control = Plain("prompt", widgets.Textarea(rows=4, placeholder=placeholder), words)
    if label:
        control.box.children[0].description = label
    return control


def model(words: Words) -> Plain:
    """Return the control of the model."""
    return Plain("model", widgets.ToggleButtons(options=FIELDS["model"].choices), words)


def number(words: Words, *, most: int) -> Plain:
    """Return the control of `n`, the number of images."""
    return Plain("n", widgets.BoundedIntText(value=1, min=1, max=most, continuous_update=True), words)


def flag(name: str, words: Words) -> Plain:
    """Return the control of an option that is on or off."""
    return Plain(name, widgets.Checkbox(value=FIELDS[name].default, indent=False), words)


class Seed(Control):
    """The seed: a number, or nothing for a new one each time."""

    def __init__(self, words: Words) -> None:
        self._text = widgets.Text(
            description=words(FIELDS["seed"].label), placeholder=words("a new one each time"), continuous_update=True
        )
        draw = widgets.Button(description=words("Random"), tooltip=words("Write down a random seed"))
        clear = widgets.Button(description=words("Clear"), tooltip=words("Take a new seed each time"))
        draw.on_click(lambda button: self._set(str(random.SystemRandom().randrange(MAX_SEED + 1))))
        clear.on_click(lambda button: self._set(""))
        row = widgets.HBox([self._text, draw, clear], _dom_classes=("wannb-row",))
        super().__init__("seed", [row], words)
        self._inputs = [self._text, draw, clear]
        self._text.observe(lambda change: self.changed(), "value")

    @property
    def value(self) -> Any:
        written = self._text.value.strip()
        if not written:
            return None
        return int(written) if re.fullmatch(r"-?[0-9]{1,20}", written) else written

    def fill(self, value: Any) -> None:
        self._text.value = "" if value is None else str(value)

    def _set(self, text: str) -> None:
        self._text.value = text


def help_html(label: str, text: str, words: Words) -> str:
    """Return an option's help as a mark that opens it, without a round trip to the kernel."""
    name = escape(words("Help: {label}", label=label))
    return (
        f'<details class="wannb-help"><summary aria-label="{name}" title="{name}">?</summary>'
        f"<div>{escape(text)}</div></details>"
    )


def button(text: str, pressed: Callable[[], Any], *, tooltip: str = "", classes: Sequence[str] = ()) -> widgets.Button:
    """Return a button that calls a function without arguments."""
    made = widgets.Button(description=text, tooltip=tooltip or text, _dom_classes=("wannb-button", *classes))
    made.on_click(lambda _: pressed())
    return made


class Disclosure:
    """Content that a button shows and hides."""

    def __init__(self, title: str, content: widgets.Widget) -> None:
        self._switch = widgets.ToggleButton(description=title, tooltip=title, _dom_classes=("wannb-disclosure",))
        self._content = content
        self._switch.observe(lambda change: self._show(), "value")
        self._show()
        self.box = widgets.VBox([self._switch, content], _dom_classes=("wannb-section",))

    def open(self) -> None:
        """Show the content."""
        self._switch.value = True

    def _show(self) -> None:
        self._switch.icon = "chevron-down" if self._switch.value else "chevron-right"
        self._content.layout.display = "" if self._switch.value else "none"


def close_all(shown: Sequence[widgets.Widget]) -> None:
    """Let widgets go, with all that they hold."""
    for each in shown:
        close_all(getattr(each, "children", ()))
        for part in (getattr(each, "layout", None), getattr(each, "style", None)):
            if isinstance(part, widgets.Widget):
                part.close()
        each.close()
