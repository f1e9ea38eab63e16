"""Connection: a client from arguments and the environment. The only module that knows the live service and the mock."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from wannb.display import show_everything
from wannb.runs import Store
from wannb.service import (
    KEY_FILE,
    Money,
    Service,
    as_budget,
    as_it_says,
    endpoint,
    environment,
    find_key,
    hub_token,
    is_class_code,
    notices_of,
    place_of_a_key,
)

from .client import Client, Metadata
from .errors import KEY_MISPLACED, NoKey
from .masking import Secret, mask
from .translation import Said, current, override, say

if TYPE_CHECKING:
    from wannb.mock import MockServer

Mode = Literal["auto", "live", "mock"]
#: Set by `wannb lab` and `wannb studio` for their kernels: the address of the mock server that they share.
SHARED_MOCK = "WANNB_MOCK_URL"
_SET_URL = "DASHSCOPE_HTTP_BASE_URL"
#: Set by `scripts/record --live`: the address on this machine of a recorder that passes requests on.
THROUGH = "WANNB_THROUGH"
_MODES = ("auto", "live", "mock")
_MADE_LIVE = (
    "The runs in {folder} were made live. Without a key they are shown; what is missing is not drawn: "
    'wannb.connect("mock") draws.'
)
_server: MockServer | None = None


def connect(
    mode: Mode | str | None = None,
    *,
    api_key: str | None = None,
    region: str | None = None,
    workspace: str | None = None,
    base_url: str | None = None,
    store: str | os.PathLike[str] | None = None,
    budget: float | str | Decimal | Money | None = None,
    language: str | None = None,
    metadata: Metadata = "full",
) -> Client:
    """Return a client: live with a key, on the bundled mock server without one. Its repr says which.

    Without a key, a folder whose newest run was made live is only shown; with `mode="mock"` it is drawn into.
    Arguments win over the environment: with `api_key` the client is live, also where `WANNB_MODE` says "mock". Names
    are those of the official SDK where it has one.

    Args:
        mode: "auto" (the default), "live" or "mock"; `WANNB_MODE`. Or the address of a class; its code is asked for.
        api_key: a Model Studio key; `DASHSCOPE_API_KEY`, then the file that `DASHSCOPE_API_KEY_FILE_PATH` names, then
            `~/.dashscope/api_key`, `QWENCLOUD_API_KEY`, `MODELSTUDIO_API_KEY`, then the secrets of Colab or Kaggle.
        region: "singapore" (the default) or "beijing"; `WANNB_REGION`. A key belongs to one region.
        workspace: gives that workspace's own host; `DASHSCOPE_WORKSPACE_ID`.
        base_url: another address of the same API, up to `/api/v1`; `DASHSCOPE_HTTP_BASE_URL`. In mock mode the
            address of a running mock server.
        store: the folder of runs, "wannb-runs" by default; `WANNB_STORE`.
        budget: the most that all runs in the folder may cost, in the region's currency. A request that could exceed it
            is refused before it is sent; `WANNB_BUDGET`.
        language: what the client, its results and forms speak, "en" (the default) or "zh"; `WANNB_LANGUAGE`.
        metadata: "minimal" leaves the request out of saved images and figures; the runs folder has it, and "full" both.

    Raises:
        NoKey: live mode, or an address that is not on this machine, without a key.
        ValueError: a mode, key, region, address, budget, language or metadata that cannot be used.

    >>> client = connect("mock", store=tmp_path)    # doctest: +SKIP
    """
    # A traceback that prints variables would print the key: no variable holds it as it is.
    given, api_key = (Secret(api_key) if isinstance(api_key, str) else api_key), None
    given_for = {"mode": mode, "region": region, "workspace": workspace, "base_url": base_url, "store": store}
    if place := place_of_a_key({**given_for, "budget": budget, "language": language}):
        mode = region = workspace = base_url = store = budget = language = given_for = None  # type: ignore[assignment]
        raise ValueError(say(KEY_MISPLACED, place=place))
    show_everything()
    set_language = None if language else environment("WANNB_LANGUAGE")
    with override(language or set_language or "en", option="WANNB_LANGUAGE" if set_language else "language"):
        mode, base_url, given = _addressed(mode, base_url, given)
        set_mode = (environment("WANNB_MODE") or "auto").lower()
        found = _key_for(mode, "auto" if given is not None and set_mode in _MODES else set_mode, given, base_url)
        code = is_class_code(found and found[0])
        service = _service(found is not None, mode, set_mode, region, workspace, base_url, code=code)
        found = found if code or hub_token(service.base_url) or service.kind == "live" else None
        limit, notices = as_budget(budget, service.region), [*notices_of(found, mode, set_mode)]
        key, runs = (found[0] if found else "sk-mock"), open_store(store)
        if service.kind == "mock" and str(mode or set_mode).lower() == "auto" and not base_url and runs.made_live:
            runs.shows_only = True
            notices.append(Said(_MADE_LIVE, folder=repr(str(runs.root))))
        return Client(service, key, runs, budget=limit, language=current(), metadata=metadata, notices=notices)


def _addressed(mode: Any, base_url: str | None, given: Any) -> tuple[str | None, str | None, Any]:
    """Return mode, address and key, where the address of a class stands for the mode: a code is asked for if needed."""
    if isinstance(mode, str) and mode.startswith(("http://", "https://")):
        code = given or hub_token(mode) or Secret(input(say("Your code for the class: ")))  # never the key that is set
        return "live", base_url or f"{mode.rstrip('/').removesuffix('/api/v1')}/api/v1", code
    return mode, base_url, given


def _service(
    has_key: bool,
    mode: str | None,
    set_mode: str,
    region: str | None,
    workspace: str | None,
    base_url: str | None,
    *,
    code: bool = False,
) -> Service:
    """Return the service that the arguments and the environment name: live with a key, a mock server without one."""
    set_url, shared = environment(_SET_URL), environment(SHARED_MOCK)
    set_url_is_here = bool(set_url and endpoint.is_loopback(urlsplit(set_url).hostname))
    if base_url and has_key and base_url.rstrip("/") in (shared, _server and _server.base_url):
        has_key = False  # a mock server of ours: nothing there is live, whatever key it is given
        _check_not_live(mode, base_url)
    if has_key and set_url_is_here and (set_mode == "mock" or set_url == shared):
        set_url = None  # it is the address of a mock server
    address, source = (base_url or set_url) if has_key else None, "base_url" if base_url else _SET_URL
    live = _live(region, workspace, address, source, code=code)
    if has_key:
        return as_it_says(live) if code or hub_token(live.base_url) else _through(live)
    # An address of the live service in the environment is not meant for the mock.
    return _mock(live.region, base_url, set_url if set_url_is_here else None, shared)


def _live(
    region: str | None, workspace: str | None, base_url: str | None, source: str, *, code: bool = False
) -> Service:
    """Return the live service that the options and the environment name."""
    names = {"region": "WANNB_REGION", "workspace": "DASHSCOPE_WORKSPACE_ID"}
    return endpoint.live(
        region=(region or environment(names["region"]) or "singapore").lower(),
        workspace=workspace or environment(names["workspace"]),
        base_url=base_url,
        source=source,
        plain=code,
        names={name: name if given else names[name] for name, given in (("region", region), ("workspace", workspace))},
    )


def _key_for(mode: object, default: str, given: object, base_url: str | None) -> tuple[Secret, str] | None:
    """Return the key that a mode uses and where it was found, None for the mock server."""
    option, mode = ("mode", mode) if mode else ("WANNB_MODE", default)
    named, mode = repr(mode), str(mode).lower()
    if mode not in _MODES:
        raise ValueError(say("{option}={mode} is not 'auto', 'live' or 'mock'", option=option, mode=named))
    found = None if mode == "mock" else find_key(given)
    away = base_url is not None and not endpoint.is_loopback(urlsplit(base_url).hostname)
    if found is None and (mode == "live" or (mode == "auto" and away)):
        raise NoKey(
            Said(
                "live mode needs a key: set DASHSCOPE_API_KEY, write it to {file}, or leave the mode out to use "
                "the mock server, which needs none"
                if mode == "live"
                else "{url} needs a key: set DASHSCOPE_API_KEY, write it to {file}, or leave base_url out to use the "
                "mock server, which needs none",
                url=mask(repr(base_url)),
                file=KEY_FILE,
            )
        )
    return found


def _check_not_live(mode: str | None, base_url: str) -> None:
    if str(mode).lower() == "live":
        raise ValueError(
            say(
                "base_url={url} is a mock server: nothing there is live. Leave base_url out for the live service",
                url=repr(base_url),
            )
        )


def open_store(folder: str | os.PathLike[str] | None = None) -> Store:
    """Return the runs in a folder: the one given, else `WANNB_STORE`, else "wannb-runs" in this directory."""
    return Store(folder or environment("WANNB_STORE") or "wannb-runs")


def _mock(region: str, base_url: str | None, set_url: str | None, shared: str | None) -> Service:
    """Return the mock server at the first address that is given, else that of this process."""
    for source, address in (("base_url", base_url), (_SET_URL, set_url), (SHARED_MOCK, shared)):
        if address:
            return endpoint.mock(address, region=region, source=source)
    return endpoint.mock(_mock_server().base_url, region=region, source="")


def _through(live: Service) -> Service:
    """Return the live service as it is asked by way of the recorder of `scripts/record`, if there is one."""
    recorder = environment(THROUGH)
    here = recorder and endpoint.is_loopback(urlsplit(recorder).hostname)
    return replace(live, through=recorder) if here else live


def _mock_server() -> MockServer:
    """Return the mock server of this process, started once, so that a second client finds the tasks of the first."""
    global _server
    if _server is None:
        from wannb.mock import serve

        _server = serve()
    return _server
