"""Controls of a request's options, each with label, help, problems and the reason why it is off; small widgets."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, Generic, TypeVar

import anywidget
import ipywidgets as widgets

from wannb.errors import Problem
from wannb.request import FIELDS, FITS, MAX_SEED, PRESETS, PRO, parse, size_for, size_problem
from wannb.translation import Said, Words

from .button import beside, button, html_line, name_button, show, sign

STATIC = Path(__file__).parent / "static"
RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
_FREE = "free"
#: The help of each option, for people who write no code; the docstring of `ImageRequest` is for those who do.
_HELP = {
    "prompt": Said(
        "What the picture shows, in Chinese or English, up to 5000 characters. Input images are named by their place: "
        "image 1, image 2."
    ),
    "images": Said(
        "Up to 9 pictures, each side 240 to 8000 pixels, at most 8:1 and 20 MB; one that does not fit has the button "
        "Make it fit. The last one gives the result its shape, unless the size says another."
    ),
    "model": Said("wan2.7-image-pro is the better one, up to 4K. wan2.7-image is faster and cheaper, up to 2K."),
    "size": Said(
        "1K, 2K or 4K, or width*height in pixels, such as 1280*720. 4K is for text to image on wan2.7-image-pro only."
    ),
    "n": Said(
        "How many images, 1 to 4; in an image set up to 12, and fewer may come. Each image that comes back is billed."
    ),
    "seed": Said(
        "A whole number. The same seed gives similar, not identical, images; the very same request is shown again and "
        "not billed twice. Without one, every press of the button makes something new."
    ),
    "watermark": Said("Puts the service's mark 'AI generated' into the bottom right corner."),
    "thinking_mode": Said("Thinks before drawing: better and slower. Text to image only."),
    "color_palette": Said("3 to 10 colors that the picture shall have, with their shares. Not in image sets."),
}
#: Ways out that are for people who write code, as a form says them.
_AS_A_FORM = {
    "this client is closed and nothing was sent; wannb.connect() gives a new one": Said(
        "the page was left or loaded again before this was sent; nothing was sent or billed. Press the button again"
    ),
    "this is a HEIC photograph; run pip install pillow-heif, or save it as JPEG": Said(
        "this is a HEIC photograph; save it as JPEG"
    ),
    "a ratio is not a size; write size=wannb.size_for({ratio})": Said("a ratio is not a size; choose it as the shape"),
    "{mode} makes 1 to {most} images; for up to 12 use client.image_set": Said(
        "{mode} makes 1 to {most} images; an image set up to 12"
    ),
}
R = TypeVar("R", bound="Row")


class Listener(anywidget.AnyWidget):
    """A widget whose page sends messages, which come to `_take`; a message that is no mapping is passed over."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(_receive)

    def _take(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        raise NotImplementedError


def _receive(widget: Listener, content: Any, buffers: Sequence[Any]) -> None:
    if isinstance(content, dict):
        widget._take(content, buffers)


class Filling:
    """Whether controls are being filled, so that what changes is not taken for a person's change."""

    def __init__(self) -> None:
        self._depth = 0

    def __bool__(self) -> bool:
        return self._depth > 0

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, *raised: object) -> None:
        self._depth -= 1


class Control:
    """One option of a request as widgets; its name and help for people are those of the request unless given."""

    def __init__(
        self, name: str, inputs: Sequence[widgets.Widget], words: Words, *, label: str = "", help_text: str = ""
    ) -> None:
        self.name = name
        self.words = words
        field = FIELDS.get(name)
        self.label = label or (words(field.label) if field else name)
        self.help_text = help_text or words(_HELP.get(name, ""))
        self.changed: Callable[[], None] = lambda: None
        self._inputs = list(inputs)
        self._note = widgets.HTML()
        self._problems: tuple[str, ...] = ()
        self._reason = self._remark = ""
        self.box = widgets.VBox([*inputs, self._note], _dom_classes=("wannb-control", f"wannb-{name}"))
        self._draw()

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

    @property
    def draft(self) -> Any:
        """All that a person wrote, also what no request can have, as JSON data; `restore` shows it again."""
        return self.value

    def restore(self, draft: Any) -> None:
        """Show what a person wrote; any exception for data that no `draft` gave."""
        self.fill(draft)

    def problems(self) -> Iterable[Problem]:
        """Return the problems of what a person wrote that no request can have."""
        return ()

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
        parts += [html_line(each, "reason") for each in (self._reason, self._remark) if each]
        wrong = "".join(f"<div>{escape(problem)}</div>" for problem in self._problems)
        parts.append(f'<div class="wannb-problems wannb-say">{wrong}</div>')
        self._note.value = "".join(parts)


class Plain(Control):
    """An option whose value is that of one widget."""

    def __init__(self, name: str, widget: widgets.Widget, words: Words, *, label: str = "") -> None:
        super().__init__(name, [widget], words, label=label)
        widget.description = self.label
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


def number(words: Words, *, most: int, label: str = "") -> Plain:
    """Return the control of `n`, the number of images; `label` replaces its own."""
    return Plain("n", widgets.BoundedIntText(value=1, min=1, max=most, continuous_update=True), words, label=label)


def flag(name: str, words: Words) -> Plain:
    """Return the control of an option that is on or off."""
    return Plain(name, widgets.Checkbox(value=FIELDS[name].default, indent=False), words)


class Seed(Control):
    """The seed: a number, or nothing, which a placeholder, a tooltip and a help explain."""

    def __init__(
        self,
        words: Words,
        *,
        empty: str = Said("a new one each time"),
        clear: str = Said("Use a new seed each time"),
        help_text: str = "",
    ) -> None:
        self._text = widgets.Text(description=words(FIELDS["seed"].label), placeholder=words(empty))
        any_seed = random.SystemRandom()
        draw = button(
            words("Random"), lambda: self.fill(any_seed.randrange(MAX_SEED + 1)), tooltip=words("Random seed")
        )
        drop = button(words("Clear"), lambda: self.fill(None), tooltip=words(clear))
        row = beside(self._text, draw, drop)
        super().__init__("seed", [row], words, help_text=help_text)
        self._inputs = [self._text, draw, drop]
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
        row = beside(self._text, *self._presets.values(), self._shape)
        super().__init__("size", [row], words)
        self._inputs = [self._text, self._shape, *self._presets.values()]
        self._filling = Filling()
        self._shape.observe(self._shape_chosen, "value")
        self._text.observe(lambda change: self._follow(), "value")
        self._text.observe(lambda change: self.changed(), "value")
        self._follow()

    @property
    def value(self) -> Any:
        written = str(self._text.value).strip()
        free = as_size(written)
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
            with self._filling:
                chosen, self._shape.options = self._shape.value, options
                self._show_shape(chosen)

    @staticmethod
    def _shapes(words: Words, *, with_images: bool) -> tuple[tuple[str, str], ...]:
        own = words("as the last input image") if with_images else words("square")
        ratios = RATIOS if with_images else RATIOS[1:]
        return ((own, ""), *((ratio, ratio) for ratio in ratios), (words("width*height"), _FREE))

    def _shape_chosen(self, change: Any) -> None:
        if not self._filling and change["new"] != _FREE:
            self._choose(self._parts()[0] or FIELDS["size"].default, change["new"])

    def _choose(self, preset: str, shape: str) -> None:
        self._text.value = size_for(shape, preset) if shape not in ("", _FREE) else preset

    def _parts(self) -> tuple[str, str]:
        """Return the preset and the shape of the text; of a free size, nothing and `_FREE`."""
        if self.value in PRESETS:
            return self.value, ""
        legal = ((name, ratio) for name in PRESETS for ratio in RATIOS if size_for(ratio, name) == self.value)
        return next(legal, ("", _FREE))

    def _follow(self) -> None:
        preset, shape = self._parts()
        with self._filling:
            self._show_shape(shape)
        for name, each in self._presets.items():
            (each.add_class if name == preset else each.remove_class)("wannb-chosen")

    def _show_shape(self, shape: str) -> None:
        known = [value for _, value in self._shape.options]
        self._shape.value = shape if shape in known else _FREE


def as_size(text: str) -> str:
    """Return "1280 x 720" as "1280*720"."""
    return text.lower().replace("x", "*").replace("×", "*").replace(" ", "")


class Disclosure:
    """Content that a button shows and hides."""

    def __init__(self, title: str, content: widgets.Widget) -> None:
        self._switch = widgets.ToggleButton(description=title, tooltip=title, _dom_classes=("wannb-disclosure",))
        self._content = content
        #: Called before the content is shown.
        self.opened: Callable[[], None] = lambda: None
        self._switch.observe(lambda change: self._show(), "value")
        self._show()
        self.box = widgets.VBox([self._switch, content], _dom_classes=("wannb-section",))

    @property
    def is_open(self) -> bool:
        """Whether the content is shown."""
        return bool(self._switch.value)

    def open(self) -> None:
        """Show the content."""
        self._switch.value = True

    def close(self) -> None:
        """Hide the content."""
        self._switch.value = False

    def _show(self) -> None:
        if self._switch.value:
            self.opened()
        self._switch.icon = "chevron-down" if self._switch.value else "chevron-right"
        show(self._content, self._switch.value)


def in_form(text: str) -> str:
    """Return what is wrong with the way out that a form has, such as a button."""
    if str(text) in _AS_A_FORM:  # also as the only part of a list
        return _AS_A_FORM[str(text)]
    if isinstance(text, Said) and text.template in _AS_A_FORM:
        return Said(_AS_A_FORM[text.template].template, **text.values)
    if isinstance(text, Said) and text.values.get("advice") == FITS:
        return Said(text.template, **{**text.values, "advice": Said("Press Make it fit")})
    return text


def close_all(shown: Iterable[widgets.Widget]) -> None:
    """Close widgets with everything inside them."""
    for each in shown:
        close_all(getattr(each, "children", ()))
        for part in (getattr(each, "layout", None), getattr(each, "style", None)):
            if isinstance(part, widgets.Widget):
                part.close()
        each.close()


def put(box: widgets.Box, parts: Sequence[widgets.Widget] = ()) -> None:
    """Put new widgets into a box, and close those that it had."""
    old, box.children = box.children, parts
    close_all(old)


class Row:
    """One row: its inputs, of which the first gets the focus when the row is new, and what moves and removes it."""

    def __init__(self, words: Words, inputs: Sequence[widgets.Widget] = ()) -> None:
        self.words = words
        self.inputs = list(inputs)
        self.changed: Callable[[], None] = lambda: None
        self.moved: Callable[[int], None] = lambda by: None
        self.removed: Callable[[], None] = lambda: None
        self.up = sign("up", lambda: self.moved(-1))
        self.down = sign("down", lambda: self.moved(1))
        self.remove = sign("remove", lambda: self.removed())
        self.buttons = beside(self.up, self.down, self.remove)
        self.box = self._layout()
        for each in self.inputs:
            each.observe(lambda change: self.changed(), "value")

    def name(self, number: int) -> Said:
        """Return the row's name."""
        raise NotImplementedError

    def label(self, number: int, count: int) -> None:
        """Show the row's place, from 1."""
        words, what = self.words, self.name(number)
        self.up.disabled, self.down.disabled = number == 1, number == count
        name_button(self.up, words("Move up: {what}", what=what))
        name_button(self.down, words("Move down: {what}", what=what))
        name_button(self.remove, words("Remove: {what}", what=what))
        if self.inputs:
            name = words(what)
            self.inputs[0].description = name[:1].upper() + name[1:]

    def _layout(self) -> widgets.Widget:
        return beside(*self.inputs, self.buttons, look="wannb-scene")


class TextControl(Control):
    """An option that is written into a line of text; its draft is that text."""

    def __init__(self, name: str, words: Words, *, label: str, placeholder: str, help_text: str) -> None:
        self._text = widgets.Text(description=label, placeholder=placeholder)
        super().__init__(name, [self._text], words, label=label, help_text=help_text)
        self._text.observe(lambda change: self.changed(), "value")

    @property
    def draft(self) -> Any:
        return self._text.value

    def restore(self, draft: Any) -> None:
        self._text.value = draft


class TextRow(Row):
    """A row that begins with a text area."""

    def __init__(self, words: Words, text: str = "", *more: widgets.Widget) -> None:
        self._text = widgets.Textarea(value=text, rows=2)
        super().__init__(words, [self._text, *more])

    @property
    def text(self) -> str:
        """The text, without space around it."""
        return str(self._text.value.strip())


class Rows(Generic[R]):
    """Rows under each other, with a button that adds one where `make` is given.

    Args:
        make: makes an empty row; without it there is no button.
        least, most: how many rows there can be.
    """

    def __init__(self, *, add: str = "", make: Callable[[], R] | None = None, least: int = 1, most: int) -> None:
        self.entries: list[R] = []
        self.changed: Callable[[], None] = lambda: None
        self._make = make
        self._least, self._most = least, most
        self._list = widgets.VBox()
        self.add = button(add, self._add_new) if make else None
        self.box = widgets.VBox([self._list, *([self.add] if self.add else [])])

    @property
    def is_full(self) -> bool:
        """Whether no row can be added."""
        return len(self.entries) >= self._most

    def show(self, entries: Sequence[R]) -> None:
        """Show other rows; those that are shown already keep their widgets."""
        old, self.entries = self.entries, []
        for entry in entries:
            self._take(entry)
        self.draw()
        close_all(entry.box for entry in old if entry not in self.entries)

    @property
    def draft(self) -> list[list[Any]]:
        """What a person wrote in each row's inputs, as JSON data."""
        return [[each.value for each in entry.inputs] for entry in self.entries]

    def restore(self, draft: Sequence[Sequence[Any]]) -> None:
        """Show rows with what a person wrote in them."""
        made = [self._make() for _ in draft[: self._most]] if self._make else []
        for entry, written in zip(made, draft, strict=False):
            for each, value in zip(entry.inputs, written, strict=False):
                each.value = value
        self.show(made)

    def append(self, entry: R) -> None:
        """Put a row at the end."""
        self._take(entry)
        self.draw()
        self.changed()

    def draw(self) -> None:
        """Show the rows in their order, with their numbers."""
        for number, entry in enumerate(self.entries, 1):
            entry.label(number, len(self.entries))
            entry.remove.disabled = len(self.entries) <= self._least
        self._list.children = [entry.box for entry in self.entries]
        if self.add:
            self.add.disabled = self.is_full

    def _add_new(self) -> None:
        if self._make and not self.is_full:
            self.append(self._make())
            self.entries[-1].inputs[0].focus()

    def _take(self, entry: R) -> None:
        entry.changed = lambda: self.changed()
        entry.moved = lambda by: self._move(entry, by)
        entry.removed = lambda: self._remove(entry)
        self.entries.append(entry)

    def _move(self, entry: R, by: int) -> None:
        place = self.entries.index(entry)
        other = place + by
        if 0 <= other < len(self.entries):
            self.entries[place], self.entries[other] = self.entries[other], entry
            self.draw()
            # The row was put in anew and lost the focus. A button that is off now cannot have it.
            onward, back = (entry.up, entry.down) if by < 0 else (entry.down, entry.up)
            (back if onward.disabled else onward).focus()
            self.changed()

    def _remove(self, entry: R) -> None:
        if len(self.entries) > self._least:
            self.entries.remove(entry)
            self.draw()
            close_all([entry.box])
            self.changed()


class RowsControl(Control, Generic[R]):
    """An option whose values are rows, two empty ones at first; its draft is what is in them."""

    def __init__(self, name: str, words: Words, *, add: str, make: Callable[[], R], most: int) -> None:
        self._rows: Rows[R] = Rows(add=add, make=make, most=most)
        super().__init__(name, [self._rows.box], words)
        self._rows.changed = lambda: self.changed()
        self._rows.show([make(), make()])

    @property
    def draft(self) -> Any:
        return self._rows.draft

    def restore(self, draft: Any) -> None:
        self._rows.restore(draft)
