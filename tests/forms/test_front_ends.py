"""Other front ends than JupyterLab with a kernel: Colab, those that lose binary parts, pages without a kernel."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import anywidget
import pytest
from anywidget import _util as of_anywidget
from forms.using import ALL, BUTTONS, REQUESTS, filled
from IPython.core.formatters import DisplayFormatter
from ipywidgets.widgets.widget import _instances, _remove_buffers
from nbconvert import HTMLExporter
from nbformat import v4
from rooms import PACKAGE

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


# Pages without a kernel


@pytest.mark.parametrize("kind", ALL)
def test_a_page_without_widgets_says_what_to_do(kind: Any, client: Client) -> None:
    page = filled(kind, client)._repr_mimebundle_()["text/html"]
    assert "run the cell again" in page
    assert ("form.run()" in page) == (kind in BUTTONS)


def test_a_notebook_that_is_saved_and_exported_shows_pictures_and_words(client: Client) -> None:
    form = filled(REQUESTS[0], client)
    form.run()
    data, metadata = DisplayFormatter().format(form)
    output = v4.new_output("execute_result", data=data, metadata=metadata, execution_count=1)
    book = v4.new_notebook(cells=[v4.new_code_cell("form", outputs=[output], execution_count=1)])
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(book)
    assert len(re.findall(r"<img [^>]*data:image/jpeg", page)) == 2
    assert "form.run()" in page
    assert "model_id" not in page


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_form_whose_kernel_is_gone_says_so_by_its_style(kind: Any, language: str, client: Client) -> None:
    client.language = language
    style = filled(kind, client).children[0].value
    said = {"en": "Run the cell again; images that were paid for", "zh": "请重新运行单元格"}[language]
    assert re.search(rf'\.wannb-form {{ --wannb-gone: "[^"\\\n]*{said}[^"\\\n]*"; }}</style>$', style)
    assert "content: var(--wannb-gone)" in style


# Style sheets: each rule is of the widget that brings it

SHEETS = {
    "forms/static/form.css": "form|studio|regionform|historyform",
    "forms/static/boards.css": "form|compareform",
    "forms/static/boxes.css": "boxes",
    "forms/static/code.css": "code",
    "forms/static/download.css": "get|gets|here",
    "forms/static/frames.css": "form",
    "forms/static/sketch.css": "sketch",
    "forms/static/upload.css": "upload",
    "judging/static/judge.css": "judge",
    "display/static/viewer.css": "viewer|enlarge|opens",
    "figures/comparison.css": "compare",
}


def selectors(sheet: str) -> list[str]:
    """Return the selectors of a style sheet, also those within @media."""
    text = re.sub(r"/\*.*?\*/", "", (PACKAGE / sheet).read_text(), flags=re.S)
    heads = [head.strip() for head in re.findall(r"([^{}]+)\{", text)]
    return [one.strip() for head in heads if head[0] != "@" for one in re.split(r",(?![^()]*\))", head)]


def test_every_style_sheet_is_known() -> None:
    known = {
        *SHEETS,
        "classroom/pages/class.css",
        "exports/webpage.css",
        "judging/static/page.css",
    }  # pages of their own
    assert {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.css")} == known


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_rule_reaches_only_the_widget_that_brings_it(sheet: str) -> None:
    theme, root = r"(:is\(\[data-jp-theme-light[^)]*\) )?", rf"\.wannb-({SHEETS[sheet]})"
    around = r":is\(\.jp-[^)]*\):has\(\.wannb-form\)"  # what a front end puts around a form
    own = re.compile(rf"{theme}(:where\({root}\)|{root}(?![a-z])|\.wannb-widget$|{around})")
    assert [each for each in selectors(sheet) if not own.match(each)] == []


def test_no_class_is_styled_by_two_widgets() -> None:
    styled = {sheet: set(re.findall(r"\.(wannb-[\w-]+)", " ".join(selectors(sheet)))) for sheet in SHEETS}
    forms_own = set.union(*(styled.pop(f"forms/static/{name}.css") for name in ("form", "boards", "frames")))
    found = [name for names in [forms_own, *styled.values()] for name in names]
    # The forms say how wide an upload may be in them.
    assert {name for name in found if found.count(name) > 1} == {"wannb-widget", "wannb-upload"}
