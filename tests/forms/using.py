"""Forms as a person uses them: what they show, their inputs by name, a press on the button; and forms of every kind."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from PIL import Image

from wannb import forms
from wannb.client import Client

SMALL = "768*768"
REQUESTS = (forms.TextToImageForm, forms.EditForm, forms.RegionForm, forms.ImageSetForm)
#: Forms with a button that starts work.
BUTTONS = (*REQUESTS, forms.CompareForm, forms.StoryboardForm)
ALL = (*BUTTONS, forms.HistoryForm, forms.Studio)


def filled(kind: Any, client: Client, text: str = "a cat") -> Any:
    """Return a form that is ready to be run; it generates two images."""
    if kind in (forms.HistoryForm, forms.Studio):
        return kind(client)
    if kind is forms.CompareForm:
        return kind(client, prompt=[text, "a dog"], size=SMALL)
    if kind is forms.StoryboardForm:
        return kind(client, scenes=[text, "a dog"], size=SMALL)
    images = {} if kind is forms.TextToImageForm else {"images": picture()}
    boxes = {"bbox_list": [[[0, 0, 300, 480]]]} if kind is forms.RegionForm else {}
    return kind(client, prompt=text, size="1K", n=2, **images, **boxes)


def picture(name: str = "room.png", size: tuple[int, int] = (640, 480)) -> str:
    """Write a picture into the test's folder and return its path."""
    Image.new("RGB", size, "teal").save(name)
    return str(Path(name).absolute())


def shown(form: Any) -> str:
    """Return all text that a form shows."""
    found = []

    def walk(widget: Any) -> None:
        if getattr(widget, "layout", None) is not None and widget.layout.display == "none":
            return
        if type(widget).__name__ == "HTML":
            found.append(re.sub(r"<style>.*?</style>", "", widget.value, flags=re.S))
        found.append(str(getattr(widget, "description", "")))
        for child in getattr(widget, "children", ()):
            walk(child)

    walk(getattr(form, "box", form))
    return re.sub(r"<[^>]+>", " ", " ".join(found))


def told(form: Any) -> str:
    """Return what a form's status area says, as HTML."""
    return str(form.status._text.value)


def inputs(form: Any) -> list[Any]:
    """Return the widgets that a person can use."""
    if getattr(form, "children", None):
        return [each for child in form.children for each in inputs(child)]
    return [] if type(form).__name__ == "HTML" else [form]


def named(form: Any, name: str) -> Any:
    """Return the first widget with this label or tooltip."""
    found = [each for each in inputs(form) if name in (getattr(each, "description", ""), getattr(each, "tooltip", ""))]
    assert found, f"no {name!r} among {[getattr(each, 'description', each) for each in inputs(form)]}"
    return found[0]


def press(form: Any) -> None:
    """Press the button and wait for what it started."""
    form.button.click()
    form.worker.join(30)
