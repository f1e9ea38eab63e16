"""Controls of a request's options, each with label, help, problems and the reason why it is off; small widgets."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

from wannb.request import FIELDS, MAX_SEED, PRESETS, PRO, parse, size_for, size_problem
from wannb.translation import Words

RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
_FREE = "free"


class Control:
    """One option of a request as widgets.

    Attributes:
        name: the option's name.
        box: what is shown.
        changed: called when a person changes the value.
    """

    def __init__(self, name: str, inputs: Sequence[widgets.Widget], words: Words) -> None:
        self.name = name
        self.words = words
        self.changed: Callable[[], None] = lambda: None
        self._inputs = list(inputs)
        self._note = widgets.HTML()
        self._problems: tuple[str, ...] = ()
        self._reason = self._remark = ""
        self.box = widgets.VBox([*inputs, self._note], _dom_classes=("wannb-control", f"wannb-{name}"))
        self._draw()

    @property
    def label(self) -> str:
        """The option's name for people."""
        return self.words(FIELDS[self.name].label) if self.name in FIELDS else self.name

    @property
    def help_text(self) -> str:
        """The option's help; empty for none."""
        return self.words(FIELDS[self.name].help) if self.name in FIELDS else ""

    @property
    def is_off(self) -> bool:
        """Whether the option does not apply."""
        return bool(self._reason)

    @property
    def value(self) -> Any:
        """The option's value, as a request takes it."""
        raise NotImplementedError

    def fill(self, value: Any) -> None:
        """Show a value that `refuses` allows."""
        raise NotImplementedError

    def refuses(self, value: Any) -> bool:
        """Return whether the control has no way to show a value."""
        return False

    def tell(self, problems: Sequence[str]) -> None:
        """Show what is wrong with the value."""
        if tuple(problems) != self._problems:
            self._problems = tuple(problems)
            self._draw()

    def remark(self, text: str) -> None:
        """Show what else a person should know."""
        if text != self._remark:
            self._remark = text
            self._draw()

    def turn_off(self, reason: str) -> None:
        """Turn the control off and say why, or on with an empty reason."""
        if reason != self._reason:
            self._reason = reason
            self._draw()
            for each in self._inputs:
                each.disabled = bool(reason)

    def refresh(self) -> None:
        """Offer the images in the runs folder, where the control offers earlier images."""

    def _help(self) -> str:
        """Return the help as a mark that opens it, without a round trip to the kernel."""
        name = escape(self.words("Help: {label}", label=self.label))
        return (
            f'<details class="wannb-help"><summary aria-label="{name}" title="{name}">?</summary>'
            f"<div>{escape(self.help_text)}</div></details>"
        )

    def _draw(self) -> None:
        """Show help, reason and problems under the input."""
        parts = [self._help()] if self.help_text else []
        parts += [f'<div class="wannb-reason">{escape(each)}</div>' for each in (self._reason, self._remark) if each]
        wrong = "".join(f"<div>{escape(problem)}</div>" for problem in self._problems)
        # The live region stays in the page, so that what comes into it is read out.
        parts.append(f'<div class="wannb-problems" role="status">{wrong}</div>')
        self._note.value = "".join(parts)


class Plain(Control):
    """An option whose value is that of one widget."""

    def __init__(self, name: str, widget: widgets.Widget, words: Words, *, label: str | None = None) -> None:
        widget.description = label or words(FIELDS[name].label)
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


def prompt(words: Words) -> Plain:
    """Return the control of the prompt."""
    placeholder = words("A flower shop with exquisite windows, and flowers on display")
    return Plain("prompt", widgets.Textarea(rows=4, placeholder=placeholder), words)


def model(words: Words) -> Plain:
    """Return the control of the model."""
    return Plain("model", widgets.ToggleButtons(options=FIELDS["model"].choices), words)


def number(words: Words, *, most: int, label: str | None = None) -> Plain:
    """Return the control of `n`, the number of images; `label` replaces its own."""
    return Plain("n", widgets.BoundedIntText(value=1, min=1, max=most, continuous_update=True), words, label=label)


def flag(name: str, words: Words) -> Plain:
    """Return the control of an option that is on or off."""
    return Plain(name, widgets.Checkbox(value=FIELDS[name].default, indent=False), words)


class Seed(Control):
    """The seed: a number, or nothing for a new one each time."""

    @property
    def placeholder(self) -> str:
        """The placeholder of an empty seed."""
        return self.words("a new one each time")

    @property
    def clear_tooltip(self) -> str:
        """The tooltip of the button that clears the seed."""
        return self.words("Use a new seed each time")

    def __init__(self, words: Words) -> None:
        self.words = words
        self._text = widgets.Text(description=words(FIELDS["seed"].label), placeholder=self.placeholder)
        any_seed = random.SystemRandom()
        draw = button(
            words("Random"), lambda: self.fill(any_seed.randrange(MAX_SEED + 1)), tooltip=words("Random seed")
        )
        clear = button(words("Clear"), lambda: self.fill(None), tooltip=self.clear_tooltip)
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


class Size(Control):
    """The size as a text, which presets and shapes write and people may change."""

    def __init__(self, words: Words) -> None:
        self._text = widgets.Text(value=FIELDS["size"].default, description=words(FIELDS["size"].label))
        self._shape = widgets.Dropdown(description=words("Shape"))
        self._presets = {
            name: button(name, lambda name=name: self._choose(name, self._shape.value), classes=["wannb-choice"])  # type: ignore[misc]
            for name in PRESETS
        }
        self._shape.options = self._shapes(words, with_images=False)
        row = widgets.HBox([self._text, *self._presets.values(), self._shape], _dom_classes=("wannb-row",))
        super().__init__("size", [row], words)
        self._inputs = [self._text, self._shape, *self._presets.values()]
        self._following = False
        self._shape.observe(self._shape_chosen, "value")
        self._text.observe(lambda change: self._follow(), "value")
        self._text.observe(lambda change: self.changed(), "value")
        self._follow()

    @property
    def value(self) -> Any:
        written = str(self._text.value).strip()
        free = written.lower().replace("x", "*").replace("×", "*").replace(" ", "")
        return free if parse(free) else written

    def fill(self, value: Any) -> None:
        self._text.value = value

    def refuses(self, value: Any) -> bool:
        return not isinstance(value, str)

    def applies(self, *, model: str, plain: bool, with_images: bool) -> None:
        """Turn off the presets that a request's model and mode do not allow, and say why."""
        off = [name for name in PRESETS if size_problem(name, model=model, plain=plain)]
        for name, each in self._presets.items():
            each.disabled = name in off or self.is_off
        said = [self.words("{preset}: text to image on {model} only", preset=name, model=PRO) for name in off]
        self.remark(" · ".join(said))
        options = self._shapes(self.words, with_images=with_images)
        if tuple(self._shape.options) != options:
            chosen, self._following = self._shape.value, True
            self._shape.options = options
            self._shape.value = chosen if chosen in [value for _, value in options] else _FREE
            self._following = False

    @staticmethod
    def _shapes(words: Words, *, with_images: bool) -> tuple[tuple[str, str], ...]:
        own = words("as the last input image") if with_images else words("square")
        ratios = RATIOS if with_images else RATIOS[1:]
        return ((own, ""), *((ratio, ratio) for ratio in ratios), (words("width*height"), _FREE))

    def _shape_chosen(self, change: Any) -> None:
        if not self._following and change["new"] != _FREE:
            self._choose(self._preset(), change["new"])

    def _choose(self, preset: str, shape: str) -> None:
        self._text.value = size_for(shape, preset) if shape not in ("", _FREE) else preset

    def _preset(self) -> str:
        """Return the preset of what is shown, or the default's for a free size."""
        for name in PRESETS:
            if self.value == name or self.value in (size_for(ratio, name) for ratio in RATIOS):
                return name
        return str(FIELDS["size"].default)

    def _follow(self) -> None:
        """Show the preset and shape of the text."""
        legal = [(name, ratio) for name in PRESETS for ratio in RATIOS if size_for(ratio, name) == self.value]
        preset, shape = (self.value, "") if self.value in PRESETS else legal[0] if legal else ("", _FREE)
        self._following = True
        known = [value for _, value in self._shape.options]
        self._shape.value = shape if shape in known else _FREE
        self._following = False
        for name, each in self._presets.items():
            (each.add_class if name == preset else each.remove_class)("wannb-chosen")


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


def close_all(shown: Iterable[widgets.Widget]) -> None:
    """Close widgets with everything inside them."""
    for each in shown:
        close_all(getattr(each, "children", ()))
        for part in (getattr(each, "layout", None), getattr(each, "style", None)):
            if isinstance(part, widgets.Widget):
                part.close()
        each.close()
