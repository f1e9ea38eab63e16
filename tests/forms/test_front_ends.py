"""Other front ends than JupyterLab with a kernel: Colab, those that lose binary parts, pages without a kernel."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import anywidget
import pytest
from anywidget import _util as of_anywidget
from forms.using import ALL, BUTTONS, filled
from IPython.core.formatters import DisplayFormatter
from ipywidgets.widgets.widget import _instances, _remove_buffers

from wannb.client import Client

URL = "https://front-end.example/manager.js"


class Colab(ModuleType):
    """A stand-in of `google.colab.output`, which counts how often the widget manager is enabled."""

    def __init__(self) -> None:
        super().__init__("google.colab.output")
        self.enabled = 0
        self._widgets = SimpleNamespace(_installed_url=None)

    def enable_custom_widget_manager(self) -> None:
        self.enabled += 1
        self._widgets._installed_url = URL


@pytest.fixture
def colab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Colab]:
    made = Colab()
    monkeypatch.setitem(sys.modules, "google.colab.output", made)
    of_anywidget.enable_custom_widget_manager_once.cache_clear()
    yield made
    of_anywidget.enable_custom_widget_manager_once.cache_clear()


@pytest.mark.parametrize("kind", ALL)
def test_in_colab_a_form_brings_the_widget_manager_as_a_bare_anywidget_does(
    kind: Any, client: Client, colab: Colab
) -> None:
    data, metadata = DisplayFormatter().format(filled(kind, client))
    bare = anywidget.AnyWidget()
    _, expected = DisplayFormatter().format(bare)
    view = {"colab": {"custom_widget_manager": {"url": URL}}}
    assert metadata == expected == {"application/vnd.jupyter.widget-view+json": view}
    assert "<" in data["text/html"]
    assert colab.enabled == 1


@pytest.mark.parametrize("kind", ALL)
def test_elsewhere_a_form_has_no_metadata(kind: Any, client: Client) -> None:
    data, metadata = DisplayFormatter().format(filled(kind, client))
    assert metadata == {}
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/plain", "text/html"}


# Binary parts: a front end that loses them makes no model of a widget whose state has one


def binary(widgets: Iterable[Any]) -> list[str]:
    """Return the traits of widgets that travel as a binary part of a message."""
    found = []
    for widget in widgets:
        _, paths, _ = _remove_buffers(widget.get_state())
        found += [f"{type(widget).__name__}.{path[0]}" for path in paths]
    return found


@pytest.mark.parametrize("kind", ALL)
def test_no_picture_travels_as_a_binary_part(kind: Any, client: Client) -> None:
    before = set(_instances)
    form = filled(kind, client)
    if kind in BUTTONS:
        form.run()
    made = [_instances[key] for key in set(_instances) - before]
    assert len(made) > 20
    assert binary(made) == []
