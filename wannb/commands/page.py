"""Voilà as `wannb studio` starts it: what it sends is packed, a third of its size, and a kernel is always ready.

Most of the time from an address to a usable page is that of a kernel's start and of what it imports. So one kernel is
started ahead; a page takes it, and does not wait for another one. The process of the first one begins before this one
has imported Voilà, which takes as long.
"""

from __future__ import annotations

import os
import subprocess
import sys

#: What a Studio imports, before anybody asks; nothing of the runs folder, which may change meanwhile.
_IMPORTS = "import httpcore, ipywidgets, wannb.display.viewer, wannb.forms"
#: What a kernel runs at its start. Widgets that were imported before it was there register only now.
_START = f"{_IMPORTS}; ipywidgets.load_ipython_extension(get_ipython())"
#: The process of the first kernel: it imports, all but the command line of httpx, and then waits for its kernel's
#: arguments, one a line.
_BEGIN = f"""import sys
from ipykernel import kernelapp
sys.modules["httpx._main"] = None
{_IMPORTS}
sys.argv = sys.stdin.read().splitlines() or sys.exit()
kernelapp.launch_new_instance()"""


def _begin() -> subprocess.Popen[str] | None:
    """Start the process of the first kernel, as Jupyter would; not on Windows, where it hands over an event too."""
    if sys.platform == "win32":
        return None
    environment = {**os.environ, "JPY_PARENT_PID": str(os.getpid())}
    return subprocess.Popen(
        [sys.executable, "-c", _BEGIN], stdin=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )


_begun = _begin() if __name__ == "__main__" else None

# ruff: noqa: E402 - the process above imports at the same time
import asyncio
import re
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from tornado.ioloop import IOLoop
from tornado.web import GZipContentEncoding
from voila.app import Voila

#: Seconds after a page took the kernel until the next one starts: the page's own work comes first.
_LATER = 10
#: Voilà's script.
_SCRIPT = "voila.js"


class Kernel(ServerKernelManager):
    """A kernel; the first one of a server takes the process that was begun."""

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        kernels: Any = self.parent
        provisioner: Any = self.provisioner
        process, kernels.begun = kernels.begun, None
        if process is None or process.poll() is not None:
            await super()._async_launch_kernel(kernel_cmd, **options)
            return
        # After `python -m ipykernel_launcher`.
        with process.stdin as arguments:
            arguments.write("\n".join(["", *kernel_cmd[3:]]))
        provisioner.process, provisioner.pid, provisioner.pgid = process, process.pid, process.pid
        self._reconcile_connection_info(provisioner.connection_info)


class Ready(AsyncMappingKernelManager):
    """Kernels, of which one is started ahead for the next page."""

    begun: subprocess.Popen[str] | None = None
    _ahead: asyncio.Task[str] | None = None

    def prepare(self) -> None:
        """Start a kernel for the next page."""
        options: dict[str, Any] = {"path": "", "extra_arguments": [f"--IPKernelApp.code_to_run={_START}"]}
        self._ahead = asyncio.ensure_future(super()._async_start_kernel(**options))

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Return the kernel that is ready, or a new one."""
        ahead, self._ahead = self._ahead, None
        IOLoop.current().call_later(_LATER, self.prepare)
        kernel = await ahead if ahead else ""
        if kernel in self and await self.is_alive(kernel):
            return kernel
        return await super()._async_start_kernel(**options)


class Packed(GZipContentEncoding):
    """Packed quickly: in a third of the time that Tornado's own level takes, a fifth larger."""

    GZIP_LEVEL = 1


def _scripts(folders: list[str]) -> list[str]:
    """Return what Voilà's script asks for, one file after the other; the page asks for all of it at its beginning."""
    for folder in map(Path, folders):
        if (folder / _SCRIPT).is_file():
            named = re.findall(r"\.e\((\d+)\)", (folder / _SCRIPT).read_text(encoding="utf-8"))
            parts = dict.fromkeys(f"{one}.{_SCRIPT}" for one in named)
            return [_SCRIPT, *(name for name in parts if (folder / name).is_file())]
    return []  # another Voilà: its script asks for them


class Page(Voila):  # type: ignore[misc]
    def init_settings(self) -> dict[str, Any]:
        self.voila_configuration.config.VoilaConfiguration.resources = {"scripts": _scripts(self.static_paths)}
        settings: dict[str, Any] = super().init_settings()
        return settings

    def listen(self) -> None:
        # Voilà takes settings for Tornado, but only after Tornado has looked at this one.
        self.app.transforms.append(Packed)
        self.kernel_manager.begun = _begun
        IOLoop.current().add_callback(self.kernel_manager.prepare)
        super().listen()


if __name__ == "__main__":
    Page.launch_instance()
