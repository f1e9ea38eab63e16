"""The door of `wannb studio`: who comes without its token is told where the address is, and not asked for a password.

Voilà's own process loads it.
"""

from __future__ import annotations

import os
from html import escape
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from voila.voila_identity_provider import VoilaIdentityProvider, VoilaLoginHandler

from wannb.translation import Words

_PAGE = """<!DOCTYPE html>
<html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:;base64,="><title>{title}</title>
<style>
  :root {{ color-scheme: light dark; }}
  main {{ max-width: 36em; margin: 12vh auto; padding: 0 20px; font: 16px/1.5 system-ui, sans-serif; }}
  h1 {{ font-size: 22px; line-height: 1.25; }}
</style>
<main><h1>{title}</h1><p>{what}</p><p>{then}</p></main></html>"""


class Closed(VoilaLoginHandler):  # type: ignore[misc]
    """The page for who has no token, or that of an earlier start."""

    @allow_unauthenticated
    def get(self) -> None:
        if self.current_user:
            super().get()
            return
        words = Words(os.environ.get("WANNB_LANGUAGE") or "en")
        texts = {
            "title": words("This address does not open the Studio"),
            "what": words("Its last part, the token, is missing or is that of another Studio."),
            "then": words("Open the whole address that was printed where the Studio was started."),
        }
        self.set_status(403)
        self.finish(_PAGE.format(language=words.language, **{name: escape(text) for name, text in texts.items()}))

    @allow_unauthenticated
    def post(self) -> None:
        self.get()


class Door(VoilaIdentityProvider):  # type: ignore[misc]
    """Voilà's own, with that page in place of its login."""

    def get_handlers(self) -> list[tuple[str, Any]]:
        return [(path, Closed if path == "/login" else handler) for path, handler in super().get_handlers()]
