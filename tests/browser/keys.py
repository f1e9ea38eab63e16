"""A person without a mouse: keys are pressed, and after each it is seen where the focus is, and that it is shown."""

from __future__ import annotations

import time
from typing import Any

import pytest

#: Seconds in which a focus that was lost may be brought back, and what Python is asked for may come.
PATIENCE, ANSWER = 3, 60
#: Where the focus is, by its name, and what is wrong: it must look otherwise than without the focus, and be in sight.
_LOOK = """() => {
  const now = document.activeElement, form = document.querySelector('.wannb-form'), before = globalThis.wannbFocus;
  const shown = one => one.type === 'radio' ? one.nextElementSibling : one;
  const look = one => { const style = getComputedStyle(shown(one)), outline = style.outlineStyle !== 'none';
    return [outline && style.outlineWidth, outline && style.outlineColor, style.boxShadow, style.border].join(); };
  const name = one => one.ariaLabel || [...one.labels ?? []].map(each => each.textContent).join(' ').trim()
    || one.textContent.trim() || one.title;
  // A button that has just gone away keeps the focus for a moment.
  const lost = now === document.body || now.contains(form) || !shown(now).getClientRects().length, faults = [];
  if (before && before.one !== now && before.one.getClientRects().length && look(before.one) === before.look) {
    faults.push(`the focus cannot be seen on ${before.one.outerHTML.slice(0, 300)}`);
  }
  const {left, top, right, bottom} = shown(now).getBoundingClientRect();
  const away = !lost && (right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight || right - left < 2)
    && `the focus is out of sight on ${now.outerHTML.slice(0, 300)}`;
  globalThis.wannbFocus = lost ? null : {one: now, look: look(now)};
  return {lost, away, faults, name: lost ? '' : name(now), inside: !lost && !!now.closest('.wannb-form, dialog')};
}"""


class Keys:
    """The keyboard of a page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.stops: list[str] = []

    def look(self) -> dict[str, Any]:
        """Return where the focus is; fail if it cannot be seen, once what moves on the page has come to rest."""
        end = time.monotonic() + PATIENCE
        while (seen := self.page.evaluate(_LOOK))["away"]:
            assert time.monotonic() < end, seen["away"]
            self.page.wait_for_timeout(30)
        assert not seen["faults"], seen["faults"]
        self.stops.append(seen["name"] if seen["inside"] else "outside of the form")
        return dict(seen)

    def found(self) -> dict[str, Any]:
        """Return where the focus is, which must not be lost for longer than a moment."""
        end = time.monotonic() + PATIENCE
        while (seen := self.look())["lost"]:
            assert time.monotonic() < end, f"the focus was lost after {self.stops[-8:]}"
            self.page.wait_for_timeout(30)
        return seen

    @property
    def at(self) -> str:
        """The name of what has the focus."""
        return str(self.found()["name"])

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str, *keys: str) -> None:
        """Write a text in place of what is marked, and press keys."""
        self.page.keyboard.type(text)
        self.press(*keys)

    def to(self, name: str, *keys: str, back: bool = False) -> None:
        """Go on with the tabulator to what has a name that begins so, and press keys there."""
        way, begun = "Shift+Tab" if back else "Tab", len(self.stops)
        self.found()  # what went away with the last key has left its focus to another
        for _ in range(100):
            self.press(way)
            seen = self.found()
            if not seen["inside"]:
                break
            if seen["name"].startswith(name):
                self.press(*keys)
                return
        pytest.fail(f"{name!r} was not reached: {self.stops[begun:]}")

    def wait_at(self, name: str) -> None:
        """Wait until something whose name begins so has the focus."""
        end = time.monotonic() + ANSWER
        while not (at := self.at).startswith(name):
            assert time.monotonic() < end, f"the focus is on {at!r}, not on {name!r}, after {self.stops[-8:]}"
            self.page.wait_for_timeout(30)
