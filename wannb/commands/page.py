"""Voilà as `wannb studio` starts it: what it sends is packed, a third of its size, and a kernel is always ready.

Most of the time from an address to a usable page is that of a kernel's start and of what it imports. So one kernel is
started ahead; a page takes it, and does not wait for another one.
"""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import IOLoop
from tornado.web import GZipContentEncoding
from voila.app import Voila

#: What a Studio imports, run in a kernel before anybody asks; nothing of the runs folder, which may change meanwhile.
_IMPORTS = "import httpcore, wannb.display.viewer, wannb.forms"
#: Seconds after a page took the kernel until the next one starts: the page's own work comes first.
_LATER = 10


class Ready(AsyncMappingKernelManager):
    """Kernels, of which one is started ahead for the next page."""

    _ahead: asyncio.Task[str] | None = None

    def prepare(self) -> None:
        """Start a kernel for the next page."""
        options: dict[str, Any] = {"path": "", "extra_arguments": [f"--IPKernelApp.code_to_run={_IMPORTS}"]}
        self._ahead = asyncio.ensure_future(super()._async_start_kernel(**options))

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Return the kernel that is ready, or a new one."""
        ahead, self._ahead = self._ahead, None
        IOLoop.current().call_later(_LATER, self.prepare)
        kernel = await ahead if ahead else ""
        if kernel in self and await self.is_alive(kernel):
            return kernel
        return await super()._async_start_kernel(**options)


class Page(Voila):  # type: ignore[misc]
    def listen(self) -> None:
        # Voilà takes settings for Tornado, but only after Tornado has looked at this one.
        self.app.transforms.append(GZipContentEncoding)
        IOLoop.current().add_callback(self.kernel_manager.prepare)
        super().listen()


if __name__ == "__main__":
    Page.launch_instance()
