"""Where requests would go and what is known of it: key, service, limits, budget, clock."""

from __future__ import annotations

import os
import random
import stat
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wannb.connection import find_key, open_store
from wannb.errors import ApiError, AuthenticationError, WannbError
from wannb.ledger import Store
from wannb.masking import Secret, mask
from wannb.service import endpoint as service
from wannb.service import limits as pacing
from wannb.translation import Words

from .lines import Line

if TYPE_CHECKING:
    from wannb.client import Client

#: The model is of April 2026 (vendor's page); a clock that says less was never set.
_EARLIEST = 1_774_990_000
_ASIDE, _WRONG = 30, 300


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a client would be made of.

    Attributes:
        service: where requests go; None for the bundled mock server, which is not running yet.
        store: the folder of runs.
        pace: the limits.
        language: of the forms.
        key: for a question to the live service.
        client: the one that was asked about, if any.
    """

    service: service.Service | None
    store: Store
    pace: pacing.Pace
    language: str
    key: Secret | None
    client: Client | None


def setting_of(client: Client | None) -> tuple[Setting, list[Line]]:
    """Return what a client has, or `connect()` would use here, and what is wrong with that."""
    if client is not None:
        key = None if client.service.kind == "mock" else client._key
        given = Setting(
            service=client.service,
            store=client.store,
            pace=client.pace,
            language=client.language,
            key=key,
            client=client,
        )
        return given, []
    wrong = []
    found = None
    try:
        found = find_key()
    except ValueError:
        says, do = "connect() stops at the key that it finds", "mend the key"
        wrong.append(Line(name="service", state="wrong", says=says, do=do))
    mode, place = _value("WANNB_MODE", "auto").lower(), None
    key = found[0] if found and mode != "mock" else None
    try:
        if mode not in ("auto", "live", "mock"):
            raise ValueError(f"WANNB_MODE={mode!r} is not 'auto', 'live' or 'mock'")
        url = _value("DASHSCOPE_HTTP_BASE_URL") or None
        region, workspace = _value("WANNB_REGION", "singapore").lower(), _value("DASHSCOPE_WORKSPACE_ID") or None
        live = service.live(region=region, workspace=workspace, base_url=url if key else None)
        if key:
            place = live
        elif mode == "live":
            raise ValueError("WANNB_MODE is live and no key was found")
        elif url and service.is_loopback(urlsplit(url).hostname):
            place = service.mock(url, region=live.region)
    except ValueError as error:
        says, do = mask(str(error)), "correct that environment variable, or unset it"
        wrong.append(Line(name="settings", state="wrong", says=says, do=do))
    store, language = open_store(), _value("WANNB_LANGUAGE", "en")
    return Setting(service=place, store=store, pace=pacing.Pace(), language=language, key=key, client=None), wrong


def _value(name: str, otherwise: str = "") -> str:
    return os.environ.get(name, "").strip() or otherwise


def key(setting: Setting) -> Line:
    """Say whether a key was found and where, never any part of it."""
    if setting.client is not None and setting.key is not None:
        return Line(name="key", state="ok", says="yes, the client has one")
    try:
        found = find_key()
    except ValueError as error:
        return Line(name="key", state="wrong", says=str(error), do="Write it anew, as it is, on one line")
    if found is None:
        do = "nothing, to go on with the mock server; for real pictures set DASHSCOPE_API_KEY"
        return Line(name="key", state="note", says="no", do=do)
    says = f"yes, in {found[1]}"
    if setting.key is None:
        return Line(name="key", state="note", says=f"{says}, not used here: the mode is mock")
    file = Path(found[1]).expanduser()
    if os.name == "posix" and file.is_file() and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Line(name="key", state="note", says=f"{says}, which others here can read", do=f"chmod 600 {found[1]}")
    return Line(name="key", state="ok", says=says)


def destination(setting: Setting) -> Iterator[Line]:
    """Say where requests go and what is billed."""
    place = setting.service
    if place is None:
        yield Line(name="service", state="ok", says="the bundled mock server on this machine: nothing is billed")
        return
    if place.kind == "mock":
        yield Line(name="service", state="ok", says=f"a mock server at {place.base_url}: nothing is billed")
    else:
        yield Line(name="service", state="ok", says=f"live at {place.name}: every image that comes back is billed")
        says = f"{place.region}; workspace: {'yes' if place.workspace else 'no'}"
        yield Line(name="region", state="ok", says=f"{says}. A key belongs to one region")


def limits(setting: Setting) -> Iterator[Line]:
    """Say how fast requests go, and what may be spent."""
    pace = setting.pace
    says = (
        f"{pace.submits:g} submits a second, {pace.running} tasks of a model at once, {pace.queries:g} queries a second"
    )
    yield Line(name="limits", state="ok", says=f"{says}; other programs of the account count too")
    client = setting.client
    if client is None:
        says = "known with a client: wannb.doctor(client). connect(budget=...) refuses what could pass it"
        yield Line(name="budget", state="ok", says=says)
    elif client.budget is None:
        yield Line(name="budget", state="ok", says=f"none; spent so far: {client.spent() or 'unknown'}")
    else:
        yield Line(name="budget", state="ok", says=f"{client.budget}; spent so far: {client.spent() or 'unknown'}")


def language(setting: Setting) -> Line:
    """Say in which language forms are."""
    try:
        return Line(name="language", state="ok", says=Words(setting.language).language)
    except ValueError as error:
        return Line(name="language", state="wrong", says=str(error), do="set WANNB_LANGUAGE to en or zh")


def clock(setting: Setting, *, online: bool) -> Iterator[Line]:
    """Say whether this machine's clock can be right; with `online` ask the service, which costs nothing."""
    shown = f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC"
    set_it = "set this machine's clock: links, runs and certificates depend on it"
    if time.time() < _EARLIEST:
        yield Line(name="clock", state="wrong", says=f"{shown}, which is long past", do=set_it)
    elif not online:
        asks = "with --online, or doctor(online=True), the service is asked" if setting.key else "not compared"
        yield Line(name="clock", state="ok", says=f"{shown}; {asks}")
    if online and (setting.key is None or setting.service is None):
        yield Line(name="answer", state="note", says="nobody was asked: there is no live service without a key")
    elif online:
        yield from _asked(setting, shown, set_it)


def _asked(setting: Setting, shown: str, set_it: str) -> Iterator[Line]:
    from wannb.service import Transport

    assert setting.service is not None
    assert setting.key is not None
    pace, here = replace(setting.pace, retry_seconds=min(3, setting.pace.retry_seconds)), pacing.Clock()
    account = pacing.account(setting.service.base_url, str(setting.key), pace=setting.pace, clock=here)
    transport = Transport(setting.service, setting.key, account=account, pace=pace, clock=here, random=random.random)
    with closing(transport):
        try:
            transport.tasks(since=time.time() - 1, until=time.time())
            yield Line(name="answer", state="ok", says=f"{setting.service.name} accepts the key")
        except AuthenticationError as error:
            yield Line(name="answer", state="wrong", says="the service does not accept the key", do=error.next_step)
        except ApiError as error:
            says = f"{setting.service.name} answered {error.code} (HTTP {error.status})"
            yield Line(name="answer", state="wrong", says=says, do=error.next_step)
        except WannbError as error:
            do = "check the network, and the proxy in HTTPS_PROXY if there is one"
            yield Line(name="answer", state="wrong", says=mask(str(error), str(setting.key)), do=do)
        ahead, within = transport.skew
    if within < _ASIDE:
        aside = max(0.0, abs(ahead) - within)
        says = f"{shown}, {abs(ahead):.0f} seconds {'behind' if ahead > 0 else 'before'} the service's"
        if aside < _ASIDE:
            yield Line(name="clock", state="ok", says=f"{shown}, as the service's")
        else:
            yield Line(name="clock", state="wrong" if aside > _WRONG else "note", says=says, do=set_it)
