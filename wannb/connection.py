"""Connection: a client from arguments and the environment. The only module that knows the live service and the mock."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from wannb.ledger import Store
from wannb.service import Money, as_budget, endpoint

from .client import Client
from .errors import NoKey
from .masking import Secret
from .translation import Said, current, override, say

if TYPE_CHECKING:
    from wannb.mock import MockServer

Mode = Literal["auto", "live", "mock"]
_KEY_FILE = "~/.dashscope/api_key"
_server: MockServer | None = None


def connect(
    mode: Mode | None = None,
    *,
    api_key: str | None = None,
    region: str | None = None,
    workspace: str | None = None,
    base_url: str | None = None,
    store: str | os.PathLike[str] | None = None,
    budget: float | str | Decimal | Money | None = None,
    language: str | None = None,
) -> Client:
    """Return a client: live with a key, on the bundled mock server without one. Its repr says which.

    Arguments win over the environment: with `api_key` the client is live, also where `WANNB_MODE` says "mock". Names
    are those of the official SDK where it has one.

    Args:
        mode: "auto" (the default), "live" or "mock"; environment `WANNB_MODE`.
        api_key: a Model Studio key; `DASHSCOPE_API_KEY`, then the file `~/.dashscope/api_key`.
        region: "singapore" (the default) or "beijing"; `WANNB_REGION`. A key belongs to one region.
        workspace: gives that workspace's own host; `DASHSCOPE_WORKSPACE_ID`.
        base_url: another address of the same API, up to `/api/v1`; `DASHSCOPE_HTTP_BASE_URL`. In mock mode the
            address of a running mock server.
        store: the folder of runs, "wannb-runs" by default; `WANNB_STORE`.
        budget: the most that all runs in the folder may cost, in the region's currency. A request that could exceed it
            is refused before it is sent.
        language: what the client, its results and forms speak, "en" (the default) or "zh"; `WANNB_LANGUAGE`.

    Raises:
        NoKey: live mode without a key.
        ValueError: a mode, region, address, budget or language that cannot be used.

    >>> client = connect("mock", store=tmp_path)    # doctest: +SKIP
    """
    # A traceback that prints variables would print the key: no variable holds it as it is.
    given, api_key = (Secret(api_key) if isinstance(api_key, str) else api_key), None
    with override(language or _environment("WANNB_LANGUAGE") or "en"):
        set_mode = (_environment("WANNB_MODE") or "auto").lower()
        set_url = _environment("DASHSCOPE_HTTP_BASE_URL")
        set_url_is_here = bool(set_url and endpoint.is_loopback(urlsplit(set_url).hostname))
        key = _key_for(mode or ("auto" if given else set_mode), given)
        if set_mode == "mock" and set_url_is_here and key:
            set_url = None  # `wannb lab` has set both: it is the address of its mock server
        live = endpoint.live(
            region=(region or _environment("WANNB_REGION") or "singapore").lower(),
            workspace=workspace or _environment("DASHSCOPE_WORKSPACE_ID"),
            base_url=(base_url or set_url) if key else None,
        )
        if key is None and not base_url:
            # An address of the live service in the environment is not meant for the mock.
            base_url = set_url if set_url_is_here else _mock_server().base_url
        service = live if key else endpoint.mock(str(base_url), region=live.region)
        limit = as_budget(budget, service.region)
        return Client(service, key or "sk-mock", open_store(store), budget=limit, language=current())


def _key_for(mode: str, given: Secret | None) -> Secret | None:
    """Return the key that a mode uses, None for the mock server."""
    mode = mode.lower()
    if mode not in ("auto", "live", "mock"):
        raise ValueError(say("mode={mode} is not 'auto', 'live' or 'mock'", mode=repr(mode)))
    found = None if mode == "mock" else find_key(given)
    if mode == "live" and found is None:
        raise NoKey(
            Said(
                "live mode needs a key: set DASHSCOPE_API_KEY, write it to {file}, or leave the mode out to use "
                "the mock server, which needs none",
                file=_KEY_FILE,
            )
        )
    return found[0] if found else None


def open_store(folder: str | os.PathLike[str] | None = None) -> Store:
    """Return the runs in a folder: the one given, else `WANNB_STORE`, else "wannb-runs" in this directory."""
    return Store(folder or _environment("WANNB_STORE") or "wannb-runs")


def _environment(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def find_key(given: str | Secret | None = None) -> tuple[Secret, str] | None:
    """Return the key that `connect()` would use, and where it was found; `ValueError` if it cannot be a key."""
    key = str(given) if isinstance(given, Secret) else given
    key, place = key or _environment("DASHSCOPE_API_KEY"), "api_key" if key else "DASHSCOPE_API_KEY"
    if key is None:
        try:
            key, place = Path(_KEY_FILE).expanduser().read_text("utf-8", "replace").strip() or None, _KEY_FILE
        except (OSError, RuntimeError):
            return None
    if key is None:
        return None
    usable = isinstance(key, str) and key.isascii() and not any(letter.isspace() for letter in key)
    secret, key, given = Secret(key), None, None
    if not usable:
        raise ValueError(say("the API key is not text, or holds spaces or characters beyond ASCII; copy it again"))
    return secret, place


def _mock_server() -> MockServer:
    """Return the mock server of this process, started once, so that a second client finds the tasks of the first."""
    global _server
    if _server is None:
        from wannb.mock import serve

        _server = serve()
    return _server
