"""A proxy for a hub under test, within the hub's own process: what configurable-http-proxy does, without npm."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from jupyterhub.proxy import Proxy

#: Of one connection, and not of what it carries.
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"}


class SmallProxy(Proxy):
    """Passes each request on to the longest route that its path begins with, with its path and its Host as they are."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._routes: dict[str, dict[str, Any]] = {}

    async def start(self) -> None:
        self._client = aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())
        app = web.Application(client_max_size=2**27)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        at = urlsplit(self.public_url)
        await web.TCPSite(self._runner, at.hostname, at.port).start()

    async def stop(self) -> None:
        await self._runner.cleanup()
        await self._client.close()

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        self._routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec: str) -> None:
        self._routes.pop(routespec, None)

    async def get_all_routes(self) -> dict[str, Any]:
        return self._routes

    async def _pass_on(self, asked: web.Request) -> web.StreamResponse:
        route = max((each for each in self._routes if f"{asked.path}/".startswith(each)), key=len)
        headers = [(name, value) for name, value in asked.headers.items() if name.lower() not in HOP]
        url = self._routes[route]["target"].rstrip("/") + asked.raw_path
        headers.append(("x-forwarded-proto", "http"))
        async with self._client.request(
            asked.method, url, headers=headers, data=await asked.read(), allow_redirects=False
        ) as came:
            answer = web.StreamResponse(status=came.status)
            for name, value in came.headers.items():
                if name.lower() not in HOP:
                    answer.headers.add(name, value)
            await answer.prepare(asked)
            async for piece in came.content.iter_any():
                await answer.write(piece)
            return answer
