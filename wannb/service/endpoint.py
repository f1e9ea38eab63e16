"""Where requests go: the regions, their hosts, and whether it is the live service or a mock server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

#: region -> (legacy host, workspace host), as documented; both serve the same /api/v1 paths.
REGIONS = {
    "singapore": ("dashscope-intl.aliyuncs.com", "{workspace}.ap-southeast-1.maas.aliyuncs.com"),
    "beijing": ("dashscope.aliyuncs.com", "{workspace}.cn-beijing.maas.aliyuncs.com"),
}
_WORKSPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


@dataclass(frozen=True, kw_only=True)
class Service:
    """One place that answers requests.

    Attributes:
        kind: "live", or "mock" for a mock server on this machine that bills nothing.
        base_url: up to and including `/api/v1`, without a slash at the end.
        region: "singapore" or "beijing"; it decides the price.
        workspace: the workspace that a live request names, if any.
        through: the address of a recorder on this machine that passes requests on to `base_url`, if any.
    """

    kind: Literal["live", "mock"]
    base_url: str
    region: str
    workspace: str | None = None
    through: str | None = None

    @property
    def address(self) -> str:
        """The address that requests are sent to."""
        return self.through or self.base_url

    @property
    def name(self) -> str:
        """What tells the runs of one service from those of another: "mock", or the host."""
        return "mock" if self.kind == "mock" else (urlsplit(self.base_url).hostname or "")

    @property
    def called(self) -> str:
        """How a sentence names it."""
        return "the mock server" if self.kind == "mock" else self.name

    @property
    def where(self) -> str:
        """What a person should know of it, in a few words."""
        return "mock server, nothing is billed" if self.kind == "mock" else f"live at {self.name}"


def live(*, region: str, workspace: str | None = None, base_url: str | None = None) -> Service:
    """Return the live service of a region.

    Args:
        region: "singapore" or "beijing".
        workspace: gives the workspace's own host, unless `base_url` is given.
        base_url: any other address of the same API: https, or http on this machine.

    Raises:
        ValueError: a region, workspace or address that cannot be used.
    """
    if region not in REGIONS:
        raise ValueError(f"region={region!r} is not one of {', '.join(map(repr, REGIONS))}")
    if workspace is not None and not _WORKSPACE.fullmatch(workspace):
        raise ValueError(f"workspace={workspace!r} is no workspace id; they look like 'llm-...' or 'ws-...'")
    if base_url is None:
        legacy, own = REGIONS[region]
        base_url = f"https://{own.format(workspace=workspace) if workspace else legacy}/api/v1"
    else:
        base_url = checked_base_url(base_url)
        region = _region_of(base_url) or region
    return Service(kind="live", base_url=base_url, region=region, workspace=workspace)


def mock(base_url: str, *, region: str = "singapore") -> Service:
    """Return a mock server at an address of this machine; any other is a `ValueError`."""
    if not is_loopback(urlsplit(base_url).hostname):
        raise ValueError(f"base_url={base_url!r} is not on this machine; a mock server always is")
    return Service(kind="mock", base_url=checked_base_url(base_url), region=region)


def checked_base_url(base_url: str) -> str:
    """Return an address without the slash at its end, or raise `ValueError` if a key must not be sent to it."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"base_url={base_url!r} is no address; write it like 'https://host/api/v1'")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("base_url must hold no user name, query or fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"base_url={base_url!r} would send the key unencrypted; use https")
    return base_url.rstrip("/")


def is_loopback(host: str | None) -> bool:
    """Return whether a host name is this machine's own."""
    return bool(host and _LOOPBACK.fullmatch(host))


def _region_of(base_url: str) -> str | None:
    host = urlsplit(base_url).hostname or ""
    for region, (legacy, own) in REGIONS.items():
        if host == legacy or host.endswith(own.partition("}")[2]):
            return region
    return None
