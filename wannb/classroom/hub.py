"""The class behind JupyterHub, as a service that the hub starts: the hub says who asks, and nobody has a code.

A browser signs in at the hub (OAuth), whose token stays in a cookie that comes to this service alone. The cookie opens
the two pages and nothing else: each carries a pass that is made of it, and whatever a page asks needs both. So no page
of another user of the hub, which is of the same site, asks in a person's name. A program sends a token of the hub that
may use this service, such as the one of a notebook server.
"""

from __future__ import annotations

import hmac
import threading
from html import escape
from typing import Any
from urllib.parse import urlencode

from jupyterhub.services.auth import HubOAuth
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as Asked
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from tornado.web import HTTPError

from .books import Person
from .gateway import PICTURES, UPLOADS
from .site import ASKER, Asker, Site

#: Seconds for which an answer of the hub holds: who is signed out, or no teacher any more, is so after these.
_REMEMBERED = 60
#: Letters of a token at most.
_LONGEST = 1000
_PAGES = ("/", "/teacher")


class Hub:
    """The ASGI application of a class behind JupyterHub; the hub's own variables say where and how.

    Args:
        site: the class, made with `hub=True`.
        secret: what the pages' passes are made with.
        most: images of a person who comes for the first time.
        teachers: the hub's group whose people have the teacher's page, as its admins do.

    Raises:
        ValueError: a variable that the hub sets is missing.
    """

    def __init__(self, site: Site, *, secret: str, most: int, teachers: str) -> None:
        self._site, self._books, self._secret = site, site.books, secret.encode()
        self._most, self._teachers = most, teachers
        self._auth: Any = HubOAuth(cache_max_age=_REMEMBERED)
        self._pkce = hasattr(self._auth, "generate_pkce_code_challenge")  # since JupyterHub 6
        self._adding = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app, prefix = self._site.app, self._auth.base_url.rstrip("/")
        answer: ASGIApp | None = None
        if scope["type"] == "http":
            # Each proxy says how it was asked, that of the browser first.
            said = dict(scope["headers"]).get(b"x-forwarded-proto", b"").partition(b",")[0].strip().decode("latin-1")
            scheme = said if said in ("http", "https") else scope["scheme"]
            path = scope["path"].removeprefix(prefix)
            scope = {**scope, "scheme": scheme, "path": path}
            try:
                answer = await self._let_in(scope, prefix)
            except HTTPError:  # of the hub, or on the way to it
                answer = _told("The hub did not say who you are. Try again in a moment.", 503)
        await (answer or app)(scope, receive, send)

    async def _let_in(self, scope: Scope, prefix: str) -> Response | None:
        """Put into the scope who asks; return an answer where the request does not go on to the class."""
        asked, path = Asked(scope), scope["path"]
        cookie = asked.cookies.get(self._auth.cookie_name, "")
        if path == "/oauth_callback":
            return await self._signed_in(asked)
        if path in _PAGES and asked.method == "GET":
            # A browser says that a page is opened, and not fetched by another one, which would read the pass.
            if asked.headers.get("sec-fetch-mode", "navigate") != "navigate":
                return _told("Open this page in a tab of its own.", 403)
            asker = await self._asker(cookie, prefix)
            if asker is None:
                return self._sign_in(asked, prefix + path)
            if asker.person is None:
                return _told("You may not use this class. Ask who runs the hub.", 403)
            if path == "/teacher" and not asker.teacher:
                return _told(f"This page is for admins of the hub and for its group “{self._teachers}”.", 403)
        elif path.startswith((PICTURES, UPLOADS, "/class/static/", "/class/vote/", "/class/about")):
            asker = None  # public, or under a name that nobody can guess
        else:
            given = asked.headers.get("authorization", "").partition(" ")[2].strip()
            own = bool(cookie) and hmac.compare_digest(given.encode(), self._pass(cookie).encode())
            asker = await self._asker(cookie if own else given, prefix)
        scope[ASKER] = asker or Asker(prefix=prefix)
        return None

    async def _asker(self, token: str, prefix: str) -> Asker | None:
        """Return whose token it is, None for nobody's; the hub's services are no persons of the class."""
        if not token or len(token) > _LONGEST:
            return None
        user = await self._auth.user_for_token(token, sync=False)
        if user is None:
            return None
        allowed = self._auth.check_scopes(self._auth.access_scopes, user)
        if user.get("kind") != "user" or not allowed:
            return Asker(prefix=prefix)
        teacher = bool(user.get("admin")) or self._teachers in user.get("groups", ())
        person = await run_in_threadpool(self._person, str(user["name"]))
        return Asker(person=person, teacher=teacher, pass_=self._pass(token), prefix=prefix)

    def _person(self, name: str) -> Person:
        """Return one of the class by the name at the hub, which stays theirs when a teacher renames them."""
        with self._adding:
            known = self._books.setting(f"hub {name}")
            if known is None:
                person = self._books.add(name, most=self._most)
                self._books.set(f"hub {name}", str(person.id))
                return person
        return next(person for person in self._books.people() if person.id == int(known))

    def _pass(self, token: str) -> str:
        return hmac.new(self._secret, token.encode(), "sha256").hexdigest()

    # Signing in

    def _sign_in(self, asked: Asked, place: str) -> Response:
        """Send a browser to the hub, with a state that it brings back in the address and in a cookie."""
        query, kept = {}, {}
        if self._pkce:
            kept["code_verifier"], query["code_challenge"], query["code_challenge_method"] = (
                self._auth.generate_pkce_code_challenge()
            )
        query["state"] = state = self._auth.generate_state(place, **kept)
        answer = RedirectResponse(f"{self._auth.login_url}&{urlencode(query)}", status_code=302)
        self._keep(asked, answer, self._state_cookie(state), state, max_age=600)
        return answer

    async def _signed_in(self, asked: Asked) -> Response:
        """Take the hub's code for a token, and keep it in the cookie."""
        state, code = asked.query_params.get("state", ""), asked.query_params.get("code", "")
        kept = asked.cookies.get(self._state_cookie(state), "")
        if not (state and code and hmac.compare_digest(state.encode(), kept.encode())):
            return _told("Signing in did not work. Open the address of the class again.", 403)
        place = self._auth.get_next_url(state)
        more = {"code_verifier": self._auth.get_code_verifier(state)} if self._pkce else {}
        self._auth.clear_oauth_state(state)
        token = await self._auth.token_for_code(code, sync=False, **more)
        answer = RedirectResponse(place, status_code=302)
        self._keep(asked, answer, self._auth.cookie_name, token)
        answer.delete_cookie(self._state_cookie(state), path=self._auth.cookie_path)
        return answer

    def _state_cookie(self, state: str) -> str:
        """Return a name of its own for each, so that two tabs may sign in at once."""
        return f"{self._auth.state_cookie_name}-{state[:8]}"

    def _keep(self, asked: Asked, answer: Response, name: str, value: str, *, max_age: int | None = None) -> None:
        secure = asked.url.scheme == "https"
        path = self._auth.cookie_path
        answer.set_cookie(name, value, max_age=max_age, path=path, secure=secure, httponly=True, samesite="lax")


def _told(text: str, status: int) -> Response:
    return HTMLResponse(f"<!DOCTYPE html><title>wannb</title><p>{escape(text)}", status_code=status)
