"""Characters of a runs folder: a list with pictures, and a place to make and change one."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from wannb.display import html, previews
from wannb.request import InputImage, as_input
from wannb.runs import Store
from wannb.staging import MOST_PICTURES, Character, Characters
from wannb.translation import Said, Words, override

from .button import beside, button, html_line
from .controls import Disclosure, put
from .references import References

_PIXELS, _WIDTH = 160, 72


class CharactersPanel:
    """The characters that the scenes of all boards of a folder may name.

    Args:
        changed: called when there are other characters than before.

    Attributes:
        box: the widget; what is in it is made when it is opened first.
    """

    def __init__(self, store: Store, words: Words, changed: Callable[[], None]) -> None:
        self.words = words
        self.characters = Characters(store)
        self._pictures: References
        self._store = store
        self._changed = changed
        self._content = widgets.VBox(_dom_classes=("wannb-characters",))
        self._disclosure = Disclosure(words("Characters"), self._content)
        self._disclosure.opened = self._make
        self.box = self._disclosure.box

    def open(self, picture: InputImage | None = None) -> None:
        """Show the characters, with a picture for a new one if it is given."""
        self._disclosure.open()
        self._make()
        if picture is not None:
            self._pictures.fill((*self._pictures.images, picture)[:MOST_PICTURES])
        self._name.focus()

    def _make(self) -> None:
        if self._content.children:
            self._pictures.refresh()
            self._show()
            return
        words = self.words
        told = words(
            "A scene that names one gets its pictures and words, whichever board it is on. Scenes that are generated "
            "together are one request, and all of them get those. How much of it comes back is for you to see: nothing "
            "here recognizes it."
        )
        self._list = widgets.VBox(_dom_classes=("wannb-cast",))
        self._name = widgets.Text(description=words("Name"), placeholder=words("as the scenes write it: Mia"))
        self._words = widgets.Text(description=words("In words"), placeholder=words("a girl of ten in a red coat"))
        self._pictures = _Pictures(words, self._store)
        self._said = widgets.HTML()
        self._before = ""
        save = button(words("Save the character"), self._save)
        clear = button(words("Clear"), lambda: self._fill(None), tooltip=words("Begin with a new character"))
        buttons = beside(save, clear)
        row = beside(self._name, self._words, look="wannb-character-words")
        note = widgets.HTML(html_line(told))
        self._content.children = [note, self._list, row, self._pictures.box, buttons, self._said]
        self._show()

    def _show(self) -> None:
        put(self._list, [self._row(each) for each in self.characters])

    def _row(self, each: Character) -> widgets.Widget:
        words = self.words
        jpegs = previews(self.characters.paths(each), _PIXELS)
        figures = "".join(
            html.figure(
                jpeg, alt=words("picture {at} of {name}", at=at, name=each.name), caption=(), size=(1, 1), width=_WIDTH
            )
            for at, jpeg in enumerate(jpegs, 1)
        )
        told = f'<div class="wannb-caption"><b>{html.text(each.name)}</b> {html.text(each.words)}</div>'
        edit = button(words("Edit"), lambda: self._fill(each), tooltip=words("Edit {name}", name=each.name))
        drop = button(words("Remove"), lambda: self._remove(each), tooltip=words("Remove {name}", name=each.name))
        parts = [widgets.HTML(f'<div class="wannb-row">{figures}</div>'), widgets.HTML(told), edit, drop]
        return beside(*parts, look="wannb-character")

    def _fill(self, each: Character | None) -> None:
        self._before = each.name if each else ""
        self._name.value, self._words.value = (each.name, each.words) if each else ("", "")
        self._pictures.fill([as_input(path) for path in self.characters.paths(each)] if each else ())
        self._name.focus()

    def _save(self) -> None:
        def save() -> str:
            name, before = self._name.value, self._before
            made = self.characters.add(name, self._pictures.images, self._words.value)
            if before and before.casefold() != made.name.casefold():
                self.characters.remove(before)
            self._fill(None)
            return Said("Saved: {files}", files=made.name)

        self._do(save)

    def _remove(self, each: Character) -> None:
        def remove() -> str:
            self.characters.remove(each.name)
            return Said("{name} was removed; its pictures stay on the disk", name=each.name)

        self._do(remove)

    def _do(self, act: Callable[[], str]) -> None:
        with override(self.words.language):
            try:
                said, kind = self.words(act()), "wannb-told"
            except (TypeError, ValueError, KeyError, OSError) as error:
                said, kind = str(error.args[0] if error.args else error), "wannb-error"
        self._said.value = f'<div class="{kind}" role="status">{escape(said)}</div>'
        if kind == "wannb-told":
            self._show()
            self._changed()


class _Pictures(References):
    """The pictures of one character."""

    def __init__(self, words: Words, store: Store) -> None:
        told = words("Up to {most} pictures: the face, the whole figure, another side", most=MOST_PICTURES)
        super().__init__(words, store, most=MOST_PICTURES, label=words("Pictures of it"), help_text=told)

    @property
    def last_gives_shape(self) -> bool:
        return False
