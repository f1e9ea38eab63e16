"""One Jupyter server and one Chromium for many tests, in a thread of their own.

Playwright's loop and pages live in that thread for two reasons: `asyncio.run` keeps working in the other tests of the
session, and the thread that waits can end a test that hangs, also one inside of `evaluate`.
"""

from __future__ import annotations

import json
import queue
import re
import secrets
import shutil
import tempfile
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psutil
from processes import OPENER, Command, fetched

T = TypeVar("T")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    # Its address bar loads two pages for every window. Of several such lists only the last one counts, so Playwright's
    # is here as well.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch",
    # Names of the wide world mean nothing in here; what is asked for all the same is written down and fails the test.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]
#: Limits that only end what hangs: for one click or one wait, and for a whole test (@pytest.mark.limit(seconds)).
ACTION_SECONDS, TEST_SECONDS = 60, 300
#: What a sound page of Jupyter complains of all the same: the exact text, and a pattern of where it comes from.
HARMLESS = {
    # Two plugins of Notebook 7 load in either order; jupyter/notebook issue 7862.
    "Cannot read properties of undefined (reading 'schema')": "/static/notebook/",
    # JupyterLab asks for the list of kernels while one of them is just ending.
    "Failed to load resource: the server responded with a status of 500 (Internal Server Error)": r"/api/kernels\?\d+$",
    # A Jupyter server keeps found files by their name alone, so that it takes Notebook 7's fonts for JupyterLab's when
    # it serves both.
    "Failed to load resource: the server responded with a status of 403 (Forbidden)": r"/static/notebook/\w+\.woff2$",
    # On a machine under load a widget begins later than the two seconds that anywidget gives it. It works all the same
    # (`attend` in elements.js); what does not, a test sees for itself.
    "[anywidget] Failed to initialize model.": "/anywidget/static/",
}


def missing() -> str:
    """Return what a browser test needs and this machine has not, or an empty string."""
    for module in ("playwright", "jupyterlab", "notebook"):
        try:
            __import__(module)
        except ImportError:
            return f"{module} is not installed"
    return "" if chromium() else f"none of {', '.join(CHROMIUM)} is installed"


def chromium() -> str | None:
    return next((found for name in CHROMIUM if (found := shutil.which(name))), None)


class Thread:
    """A thread that does one call after the other; the caller waits, but not for ever."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="browser", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            function, future = call
            try:
                future.set_result(function())
            except BaseException as error:  # pytest.skip and pytest.fail are no Exceptions
                future.set_exception(error)
            del call, function, future

    def run(self, function: Callable[[], T], seconds: float = TEST_SECONDS) -> T:
        """Return what a function returned in the thread; raise what it raised, or `Hanging` when it takes too long."""
        future: Future[T] = Future()
        self._calls.put((function, future))
        try:
            return future.result(seconds)
        except Late:
            if future.done():  # the function's own timeout
                raise
            raise Hanging(f"not done after {seconds:g} seconds", future) from None

    def end(self) -> None:
        self._calls.put(None)
        self._thread.join(5)


class Hanging(Exception):
    """A call took longer than it may; it still runs."""

    def __init__(self, message: str, future: Future[Any]) -> None:
        super().__init__(message)
        self._future = future

    def where(self) -> BaseException | None:
        """Return the error that the call ended with when the browser under it was killed; its trace says where."""
        with suppress(Late):
            return self._future.exception(ACTION_SECONDS)
        return None


class Session:
    """One Jupyter server and one Chromium, started when they are first needed, for as many tests as wanted."""

    def __init__(self) -> None:
        self.thread = Thread()
        self.root = Path(tempfile.mkdtemp(prefix="wannb-browser-"))
        self.work = self.root / "work"
        self._server: Command | None = None
        self._playwright: Any = None
        self._browser: Any = None
        self._driver: set[psutil.Process] = set()
        self.family: set[psutil.Process] = set()
        self.pages: dict[tuple[float, bool], Any] = {}
        #: The notebook that tests hand on to each other, a `Book`.
        self.shared: Any = None
        self.left: list[str] = []
        #: A folder, as a `file:` address, that pages may be read from.
        self.folder: str | None = None
        self.errors: list[str] = []
        self.harmless: dict[str, str] = {}

    # -- starting and ending ------------------------------------------------------------------------------------

    def start(self, *, jupyter: bool = True) -> None:
        """Start what does not run yet; called in the thread."""
        if self._server is None and jupyter:
            self._server, self.base, self.token = _start_jupyter(self.root)
        if self._browser is None:
            from playwright.sync_api import sync_playwright

            before = _children()
            if self._playwright is None:
                self._playwright = sync_playwright().start()
                self._driver = _children() - before
            before = _children()
            self._browser = self._playwright.chromium.launch(
                executable_path=chromium(), args=ARGUMENTS, handle_sigint=False, handle_sigterm=False
            )
            self.family = _children() - before

    def kill(self) -> None:
        """End a browser that answers no more; the next test gets another one. Called outside of the thread."""
        _kill(self.family)
        self.family, self._browser, self.pages, self.shared = set(), None, {}, None

    def close(self) -> None:
        """End the browser, the server and every kernel, whatever state they are in."""
        try:
            if self._browser is not None:
                with suppress(Hanging):
                    self.thread.run(self._browser.close, ACTION_SECONDS)
            self.kill()  # a call that still hangs in the thread ends with an error now
            if self._playwright is not None:
                with suppress(Hanging):
                    self.thread.run(self._playwright.stop, ACTION_SECONDS)
        finally:
            _kill(self._driver)  # Playwright may wait forever for what was killed
            self.thread.end()
            if self._server is not None:
                self._server.end()
            shutil.rmtree(self.root, ignore_errors=True)

    # -- pages --------------------------------------------------------------------------------------------------

    def lab_page(self, scale: float, touch: bool) -> Any:
        """Return the page that JupyterLab is open on; one for each kind of screen."""
        key = (scale, touch)
        if key not in self.pages:
            page = self.pages[key] = self.new_page(scale=scale, touch=touch)
            page.goto(
                f"{self.base}/lab/workspaces/{len(self.pages)}?token={self.token}&reset", timeout=ACTION_SECONDS * 1000
            )
            page.wait_for_function("() => window.jupyterapp && jupyterapp.restored", timeout=ACTION_SECONDS * 1000)
            bounded(page, "async () => { await jupyterapp.restored; jupyterapp.shell.collapseLeft(); }")
        return self.pages[key]

    def new_page(self, *, scale: float = 1, touch: bool = False) -> Any:
        """Return a new page whose requests and errors are written down."""
        context = self._browser.new_context(
            viewport={"width": 1200, "height": 900}, device_scale_factor=scale, has_touch=touch
        )
        context.set_default_timeout(ACTION_SECONDS * 1000)
        context.on("request", lambda request: self._asked(request.url))
        context.on("weberror", lambda raised: self._complained(raised.error.message, raised.error.stack or ""))
        context.on("console", self._said)
        page = context.new_page()
        page.on("websocket", lambda socket: self._asked(socket.url))
        return page

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if self.folder and url.startswith(self.folder):
            return
        if parts.scheme not in ("data", "blob", "about") and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            self.left.append(url[:200])

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self._complained(message.text, message.location.get("url", ""))

    def _complained(self, text: str, source: str) -> None:
        place = (HARMLESS | self.harmless).get(text)
        if place is None or not re.search(place, source):
            self.errors.append(f"{text} ({source})")

    # -- Jupyter's own API --------------------------------------------------------------------------------------

    def api(self, method: str, path: str) -> Any:
        request = urllib.request.Request(
            f"{self.base}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with OPENER.open(request, timeout=ACTION_SECONDS) as answer:
            return json.loads(answer.read() or b"null")

    def end_kernels(self) -> None:
        """End all kernels but that of the shared notebook."""
        kept = self.shared.kernel if self.shared else ""
        for kernel in self.api("GET", "kernels"):
            if kernel["id"] != kept:
                with suppress(OSError):  # it has ended by itself
                    self.api("DELETE", f"kernels/{kernel['id']}")


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _kill(processes: set[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=5)


def bounded(page: Any, function: str, argument: Any = None, *, seconds: float = ACTION_SECONDS) -> Any:
    """Return what an async function of JavaScript returns in the page; fail when it takes too long."""
    late = f"'the page did not answer within {seconds:g} seconds'"
    return page.evaluate(
        f"""argument => Promise.race([({function})(argument),
            new Promise((_, refuse) => setTimeout(() => refuse(new Error({late})), {seconds * 1000}))])""",
        argument,
    )


def _start_jupyter(root: Path) -> tuple[Command, str, str]:
    """Start a server with settings, kernels and files of its own; return it with its address and token."""
    token = secrets.token_hex(16)
    environment = {f"JUPYTERLAB_{name}_DIR": str(root / name) for name in ("SETTINGS", "WORKSPACES")}
    environment |= {"HOME": str(root), "JUPYTER_TOKEN": token}
    settings = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
        "docmanager-extension/plugin": {"autosave": False},
    }
    for name, value in settings.items():
        file = root / "SETTINGS" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    (root / "work").mkdir()
    server = Command(
        *("-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),
        *(f"--ServerApp.root_dir={root / 'work'}", "--ServerApp.terminals_enabled=False", "--allow-root"),
        *("--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"),
        *("--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"),
        # Should the tests be killed outright, the server and its kernels end by themselves.
        *("--ServerApp.shutdown_no_activity_timeout=900", "--MappingKernelManager.cull_idle_timeout=900"),
        "--MappingKernelManager.cull_connected=True",
        # What a test leaves in its kernel needs no farewell.
        "--KernelManager.shutdown_wait_time=0.2",
        folder=root,
        environment=environment,
    )
    try:
        address = server.wait_for(r"http://127\.0\.0\.1:\d+(?=/lab)")
        fetched(f"{address[0]}/api")
    except BaseException:
        server.end()
        raise
    return server, address[0], token
