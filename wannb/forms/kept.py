"""Kept: a form's draft with the line that says what became of it, and the eye of the Studio's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, Protocol

import ipywidgets as widgets
import traitlets

from wannb.display import ELEMENTS, esm
from wannb.runs import DONE, Run, Store
from wannb.translation import Said, Words, joined

from .button import beside, button, show
from .controls import STATIC, Listener
from .drafts import Content, Draft, not_seen


class Drafted(Protocol):
    """A form as its draft needs it."""

    words: Words

    def draft(self) -> dict[str, Any]: ...

    def restore(self, fields: Mapping[str, Any], *, begun: bool = True) -> None: ...


class Kept:
    """What a form keeps beside the runs, and the line that says so.

    Args:
        told: called when `kept` changes.

    Attributes:
        box: the line, hidden while there is nothing to say.
    """

    def __init__(self, form: Drafted, store: Store, name: str, told: Callable[[], object]) -> None:
        self._form, self._store, self._name = form, store, name
        self._words = form.words
        self._act: Callable[[], None] = lambda: None
        self._line = widgets.HTML()
        self._button = button(form.words("Start anew"), lambda: self._act())
        self.box = beside(self._line, self._button, look="wannb-kept")
        self.hide()
        self.draft = Draft(store, name, form.draft, told)
        self.draft.overwritten = self.offer
        found = self.draft.found
        if found and self._show(found.fields):
            self.draft.settle(sent=found.sent)
            self._offer_anew(_restored(found))
        else:
            self.draft.found = None

    def hide(self) -> None:
        """Say nothing."""
        show(self.box, False)

    def send(self) -> None:
        """Remember that what is in the form was sent."""
        self.hide()
        self.draft.mark_sent()

    def sent(self, run_id: str) -> None:
        """Remember the run until somebody has seen it ended."""
        not_seen(self._store, run_id, self._name)

    def finished(self, run: Run) -> None:
        """Say that a run of the form has ended while nobody looked."""
        if run.state == DONE:
            found = self.draft.found
            lines = [_restored(found)] if found else []
            self._offer_anew(joined(" ", [*lines, Said("Finished while you were away.")]))

    def look(self) -> None:
        """Offer what another window has written since, if it is not the same."""
        self.offer(self.draft.newer())

    def offer(self, found: Content | None) -> None:
        """Offer what another window has written."""
        if found and dict(found.fields) != self._form.draft():
            said = Said("Another window changed this form at {time}.", time=_time(found))
            self._say(said, Said("Show it"), lambda: self._swap(found.fields, Said("As in the other window.")))

    def _offer_anew(self, said: str) -> None:
        self._say(said, Said("Start anew"), lambda: self._swap(self.draft.blank, Said("Begun anew.")))

    def _swap(self, fields: Mapping[str, Any], said: Said) -> None:
        before = self._form.draft()
        if self._show(fields):
            self._say(said, Said("Undo"), lambda: self._swap(before, Said("As it was before.")))

    def _show(self, fields: Mapping[str, Any]) -> bool:
        """Fill the form; False, and the form as it was, for what it cannot show."""
        before = self._form.draft()
        try:
            self._form.restore(fields, begun=fields is not self.draft.blank)
        except Exception:  # a draft may be a stranger's, or a newer version's
            self._form.restore(before)
            return False
        return True

    def _say(self, said: str, name: str, act: Callable[[], None]) -> None:
        self._line.value = f'<span class="wannb-quietly" role="status">{escape(self._words(said))}</span>'
        self._button.description = self._button.tooltip = self._words(name)
        self._act = act
        show(self.box, True)


def _restored(found: Content) -> Said:
    if found.fields.get("board"):
        return Said("Opened again: the board of {time}.", time=_time(found))
    if found.sent:
        return Said("Restored: the request that was sent at {time}.", time=_time(found))
    return Said("Restored: what was written here at {time}, not sent yet.", time=_time(found))


def _time(found: Content) -> str:
    then, now = datetime.fromtimestamp(found.written), datetime.now()
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"


class Eye(Listener):
    """What the Studio knows of its page: whether somebody looks at it, and whether it may be left without a loss.

    Args:
        home: the runs folder, whose drafts what was typed belongs to.
        looked: called with the runs that somebody has seen, when the page is looked at again.
        back: called with the `place` that the window showed before its page was loaded anew.

    Attributes:
        shown: runs whose end is shown on the page.
        unkept: whether something is not yet written, so that the page asks before it is left.
        place: the tab that is open, and the board if its form is made.
    """

    _esm = esm(ELEMENTS, STATIC / "eye.js")

    shown: traitlets.List[str] = traitlets.List().tag(sync=True)
    unkept = traitlets.Bool(False).tag(sync=True)
    place = traitlets.Dict().tag(sync=True)
    home = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, home: Path, looked: Callable[[list[str]], object], back: Callable[[Mapping[str, Any]], object]
    ) -> None:
        super().__init__(home=sha256(bytes(home)).hexdigest()[:16])
        self._looked, self._back = looked, back

    def _take(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        if isinstance(runs := content.get("seen"), list):
            self._looked([run for run in runs if run in self.shown])
        if isinstance(place := content.get("place"), dict):
            self._back(place)
