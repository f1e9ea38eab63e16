"""Drive JupyterLab, Notebook 7 and any page of this machine, for tests and for screenshots.

def test_a_picture_comes(lab, server):
    book = lab.notebook("import wannb", "wannb.studio(wannb.connect())", theme="dark", width=900)
    book.run()
    book.output(1).get_by_role("button", name="Make 1 image").click()
    book.output(1).get_by_role("img").wait_for()
    assert server.billed == 1
"""

from __future__ import annotations

import ast
import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser.session import ACTION_SECONDS, Session, bounded


def expect(place: Any, why: str | None = None) -> Any:
    """Return Playwright's `expect` of a locator, which waits: what a key or a click brings comes a moment later."""
    from playwright import sync_api

    sync_api.expect.set_options(timeout=ACTION_SECONDS * 1000)
    return sync_api.expect(place, why)


def settled(place: Any) -> Any:
    """Wait until all widgets of a place are drawn and nothing of it has changed for three frames; return the place."""
    place.evaluate(_SETTLED, ACTION_SECONDS * 1000)
    return place


class Lab:
    """What one test does in the browser. Every page it opened is closed, and every kernel ended, after it."""

    def __init__(self, session: Session, environment: Mapping[str, str], pictures: Path) -> None:
        self.session = session
        self.environment = dict(environment)
        self.pictures = pictures
        self.books: list[Book] = []
        self._opened: list[Any] = []
        self._count = 0

    def notebook(
        self,
        *cells: str,
        app: str = "lab",
        theme: str = "light",
        width: int = 1200,
        height: int = 900,
        scale: float = 1,
        touch: bool = False,
        environment: Mapping[str, str] | None = None,
        shared: bool = False,
    ) -> Book:
        """Open a new notebook with these code cells; nothing is run yet.

        Args:
            cells: one text for each cell.
            app: "lab" for JupyterLab, "notebook" for Notebook 7.
            theme: "light" or "dark".
            width: of the window in CSS pixels, as `height`.
            scale: device pixels in a CSS pixel.
            touch: whether the screen takes fingers.
            environment: more variables for the kernel than `wannb.connect()` needs to find the mock server.
            shared: put the cells into the notebook that an earlier test has left, which saves opening it and starting
                a kernel. Names, widgets and outputs of that test are gone; modules are loaded, and not to be changed.
        """
        if shared and app == "lab" and (scale, touch) == (1, False):
            return self._shared(cells, theme, width, height)
        session, self._count = self.session, self._count + 1
        folder = session.work / f"{secrets.token_hex(4)}-{self._count}"
        folder.mkdir(parents=True)
        path = folder / "notebook.ipynb"
        path.write_text(json.dumps(_notebook(cells)))
        name = path.relative_to(session.work).as_posix()
        if app == "lab":
            page = session.lab_page(scale, touch)
            page.bring_to_front()
        else:
            page = self.page(scale=scale, touch=touch)
            page.goto(f"{session.base}/notebooks/{name}?token={session.token}", timeout=ACTION_SECONDS * 1000)
            page.wait_for_function("() => window.jupyterapp && jupyterapp.shell.currentWidget?.context")
        book = Book(self, page, path)
        book.look(theme=theme, width=width, height=height)
        bounded(page, _OPEN if app == "lab" else _READY, name)
        self.books.append(book)
        book.do(f"import os; os.environ.update({ {**self.environment, **(environment or {})}!r})")
        return book

    def _shared(self, cells: tuple[str, ...], theme: str, width: int, height: int) -> Book:
        book = self.session.shared
        if book is None:
            book = self.notebook(*cells, theme=theme, width=width, height=height)
            self.session.shared = book
            return book
        book.lab = self
        book.page.bring_to_front()
        book.look(theme=theme, width=width, height=height)
        book.fill(*cells)
        book.do(f"import os; os.environ.update({self.environment!r})")
        self.books.append(book)
        return book

    def page(self, *, scale: float = 1, touch: bool = False) -> Any:
        """Return a new empty page, for addresses outside of JupyterLab."""
        page = self.session.new_page(scale=scale, touch=touch)
        self._opened.append(page)
        return page

    @property
    def left(self) -> list[str]:
        """Addresses beyond this machine that a page asked for."""
        return self.session.left

    @property
    def errors(self) -> list[str]:
        """Errors of the pages and of their consoles."""
        return self.session.errors

    def harmless(self, text: str, source: str = "") -> None:
        """Let errors with exactly this text pass in this test, where their address matches a pattern."""
        self.session.harmless[text] = source

    def screenshot(self, name: str, page: Any = None) -> Path:
        """Write a PNG of the newest notebook, all of it even when it is higher than the window; return its path."""
        path = self.pictures / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        if page is None and self.books:
            self.books[-1].screenshot(path)
        else:
            page = page or self._opened[-1]
            page.screenshot(path=path, full_page=True, animations="disabled")
        return path

    def verify(self) -> None:
        """Fail if a page asked for anything beyond this machine, or had an error."""
        left, errors = list(self.left), list(self.errors)
        self.left.clear()
        self.errors.clear()
        assert not left, f"requests left this machine: {left}"
        assert not errors, "the page had errors:\n" + "\n".join(errors)

    def close(self) -> None:
        for page in self._opened:
            page.context.close()
        shared = self.session.shared
        for page in self.session.pages.values():
            bounded(page, _CLOSE, shared and shared.name)
        if shared in self.books:
            settled(shared.page.locator(".jp-NotebookPanel"))  # a model that closes waits for those who draw it
            shared.fill("")
            shared.do(_RESET)
        self.session.end_kernels()
        for page in self.session.pages.values():
            page.wait_for_timeout(50)  # what closing itself stirs up must not reach the next test
        for book in self.books:
            if book is not shared:
                shutil.rmtree(book.path.parent, ignore_errors=True)
        self.session.left.clear()
        self.session.errors.clear()
        self.session.harmless.clear()


class Book:
    """An open notebook: its page, its outputs and its kernel."""

    def __init__(self, lab: Lab, page: Any, path: Path) -> None:
        self.lab = lab
        self.page = page
        self.path = path
        self.name = path.relative_to(lab.session.work).as_posix()

    @property
    def kernel(self) -> str:
        """The id of the kernel."""
        return str(bounded(self.page, _KERNEL, self.name))

    def fill(self, *cells: str) -> None:
        """Put these code cells in place of all others."""
        bounded(self.page, _FILL, [self.name, _notebook(cells)["cells"]])

    def look(self, *, theme: str, width: int, height: int = 900) -> None:
        """Turn the page to a theme, "light" or "dark", and its window to a size in CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": height})
        bounded(self.page, _THEME, f"JupyterLab {theme.capitalize()}")

    def run(self, *, raises: bool = False, seconds: float = ACTION_SECONDS) -> None:
        """Run all cells and wait until they are done; unless `raises`, fail when one raised an error."""
        raised = bounded(self.page, _RUN, seconds=seconds)
        assert raises or not raised, "\n".join(raised)

    def ask(self, expression: str, *, seconds: float = ACTION_SECONDS) -> Any:
        """Return the value of an expression in the kernel, as JSON brings it; no cell is added."""
        return self._request("", f"__import__('json').dumps({expression})", seconds)

    def do(self, code: str, *, seconds: float = ACTION_SECONDS) -> None:
        """Run statements in the kernel; no cell is added and nothing they print is shown."""
        self._request(code, "None", seconds)

    def until(self, expression: str, *, seconds: float = ACTION_SECONDS) -> Any:
        """Return the value of an expression in the kernel as soon as it is true."""
        end = time.monotonic() + seconds
        while not (value := self.ask(expression)):
            assert time.monotonic() < end, f"{expression} is still {value!r} after {seconds:g} seconds"
            self.page.wait_for_timeout(50)
        return value

    def _request(self, code: str, expression: str, seconds: float) -> Any:
        answer = bounded(self.page, _REQUEST, [code, expression], seconds=seconds)
        value = answer.get("user_expressions", {}).get("value", answer)
        if value.get("status") == "error":
            trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(value.get("traceback", [])))
            raise AssertionError(f"in the kernel: {value.get('ename')}: {value.get('evalue')}\n{trace}")
        text = ast.literal_eval(value["data"]["text/plain"])
        return None if text is None else json.loads(text)

    @property
    def cells(self) -> Any:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-CodeCell")

    def output(self, index: int) -> Any:
        """Return the locator of a code cell's output area; the first cell is 0."""
        return self.cells.nth(index).locator(".jp-Cell-outputArea")

    def save(self) -> dict[str, Any]:
        """Save the notebook as JupyterLab does and return what is in the file."""
        bounded(self.page, "async () => { await jupyterapp.shell.currentWidget.context.save(); }")
        saved: dict[str, Any] = json.loads(self.path.read_text())
        return saved

    def reopened(self) -> Book:
        """Open the file again as it is on disk now; what is on the page is not saved."""
        self._spend()
        bounded(self.page, _CLOSE)
        bounded(self.page, _OPEN, self.name)
        return self

    def restart(self) -> None:
        """Restart the kernel; the page stays as it is, and the environment is set again."""
        self._spend()
        bounded(self.page, _RESTART)
        self.do(f"import os; os.environ.update({self.lab.environment!r})")

    def _spend(self) -> None:
        """Give this notebook to no other test."""
        if self.lab.session.shared is self:
            self.lab.session.shared = None

    def screenshot(self, path: Path) -> None:
        size = self.page.viewport_size
        with self.whole():
            self.page.screenshot(path=path, animations="disabled")
        assert self.page.viewport_size == size

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Make the window so high that nothing of the notebook is out of sight."""
        size = self.page.viewport_size
        try:
            for _ in range(3):  # what grows can make more room for itself
                hidden = bounded(self.page, _HIDDEN)
                if hidden <= 0:
                    break
                now = self.page.viewport_size
                self.page.set_viewport_size({"width": size["width"], "height": min(now["height"] + hidden, 12_000)})
                self.page.wait_for_timeout(200)
            yield
        finally:
            self.page.set_viewport_size(size)


def _notebook(cells: tuple[str, ...]) -> dict[str, Any]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    listed = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for n, source in enumerate(cells)
    ]
    return {"cells": listed, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


# A box holds an empty place for each child that is not drawn yet.
_SETTLED = """(root, patience) => new Promise((done, refuse) => {
  const end = performance.now() + patience;
  let calm = 0, last = null;
  const changes = new MutationObserver(([first]) => { [calm, last] = [0, first.target]; });
  changes.observe(root, {attributes: true, characterData: true, childList: true, subtree: true});
  const look = () => {
    const empty = root.querySelector('.widget-box > [class="lm-Widget"]:empty:not([style])');
    calm = empty ? 0 : calm + 1;
    if (calm < 4 && performance.now() < end) return requestAnimationFrame(look);
    changes.disconnect();
    const never = empty?.parentElement ?? last;
    calm < 4 ? refuse(new Error(`never at rest: ${never.outerHTML ?? never.data}`.slice(0, 400))) : done();
  };
  look();
})"""
_THEME = """async theme => {
  if (document.body.dataset.jpThemeName !== theme) await jupyterapp.commands.execute('apputils:change-theme', {theme});
}"""
_READY = """async () => {
  const book = jupyterapp.shell.currentWidget;
  await book.context.ready; await book.sessionContext.ready; await book.sessionContext.session.kernel.info;
  await book.revealed;
}"""
_OPEN = f"""async path => {{
  const book = await jupyterapp.commands.execute('docmanager:open', {{path, factory: 'Notebook'}});
  jupyterapp.shell.collapseLeft(); jupyterapp.shell.collapseRight();
  while (jupyterapp.shell.currentWidget !== book) {{  // a launcher that was just made can take the focus back
    jupyterapp.shell.activateById(book.id);
    await new Promise(done => setTimeout(done, 20));
  }}
  await ({_READY})();
}}"""
_CLOSE = """async kept => {
  for (const one of [...jupyterapp.shell.widgets('main')]) if (!kept || one.context?.path !== kept) one.dispose();
  document.querySelectorAll('.jp-Dialog').forEach(one => one.remove());
}"""
_KERNEL = """async path => {
  const book = [...jupyterapp.shell.widgets('main')].find(one => one.context?.path === path);
  return book.sessionContext.session.kernel.id;
}"""
_FILL = """async ([path, cells]) => {
  const book = [...jupyterapp.shell.widgets('main')].find(one => one.context?.path === path);
  while (jupyterapp.shell.currentWidget !== book) {
    jupyterapp.shell.activateById(book.id);
    await new Promise(done => setTimeout(done, 20));
  }
  const model = book.content.model.sharedModel, old = model.cells.length;
  model.insertCells(old, cells.map(({id, ...cell}) => cell));
  model.deleteCellRange(0, old);
}"""
#: Takes a test's names and widgets out of its kernel, but for the viewer, of which a process has one.
_RESET = """import sys
widgets = sys.modules.get("ipywidgets.widgets.widget")
every = list(widgets._instances.values()) if widgets else []
viewers = [each for each in every if type(each).__name__ == "Viewer"]
for each in every:
    each in viewers or each in [viewer.layout for viewer in viewers] or each.close()
get_ipython().reset(new_session=False)"""
_RUN = """async () => {
  const book = jupyterapp.shell.currentWidget;
  await jupyterapp.commands.execute('notebook:run-all-cells');
  return book.content.widgets.filter(cell => cell.model.type === 'code').flatMap((cell, index) =>
    cell.model.outputs.toJSON().filter(one => one.output_type === 'error')
      .map(one => `cell ${index + 1}: ${one.ename}: ${one.evalue}`));
}"""
_REQUEST = """async ([code, value]) => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute(
    {code, silent: true, store_history: false, stop_on_error: false, user_expressions: {value}});
  return (await future.done).content;
}"""
_RESTART = "async () => { await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
_HIDDEN = """async () => {
  const outer = jupyterapp.shell.currentWidget.content.node;
  const scroller = [outer, ...outer.querySelectorAll('.jp-WindowedPanel-outer')]
    .find(one => one.scrollHeight > one.clientHeight + 1);
  return scroller ? Math.ceil(scroller.scrollHeight - scroller.clientHeight) : 0;
}"""
