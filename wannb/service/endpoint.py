"""Endpoints: the regions, their hosts, and whether an address is the live service or a mock server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from wannb.masking import mask
from wannb.translation import Said, say

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
        source: the argument or variable that gave the address, empty for a usual one.
    """

    kind: Literal["live", "mock"]
    base_url: str
    region: str
    workspace: str | None = None
    through: str | None = None
    source: str = ""

    @property
    def address(self) -> str:
        """The address that requests are sent to."""
        return self.through or self.base_url

    @property
    def name(self) -> str:
        """The name under which runs are kept: "mock", or the host, one for all hosts of a region (see `home`)."""
        return "mock" if self.kind == "mock" else home(self.host)

    @property
    def host(self) -> str:
        """The host that is asked."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def home(self) -> str:
        """The address of the account's service, the same one for all hosts of a region."""
        return self.base_url if self.name in ("mock", self.host) else f"https://{self.name}/api/v1"

    @property
    def called(self) -> str:
        """The service within a sentence."""
        return Said("the mock server") if self.kind == "mock" else self.host

    @property
    def where(self) -> str:
        """The service in a few words, with whether it bills."""
        if self.kind == "mock":
            return Said("mock server, nothing is billed")
        return Said("live at {host}", host=self.host)

    @property
    def advice(self) -> Said:
        """What to check where the service is not reached."""
        if not self.source:
            return Said("Check the network and the proxy")
        given = {"source": self.source, "url": mask(repr(self.base_url))}
        if is_loopback(urlsplit(self.base_url).hostname):
            return Said("Check {source}={url}: a server must run there, and its address ends with /api/v1", **given)
        if self.source == "workspace":
            return Said("Check the workspace, which gives {url}, the network and the proxy", **given)
        return Said("Check {source}={url}, which ends with /api/v1, the network and the proxy", **given)


def live(
    *,
    region: str,
    workspace: str | None = None,
    base_url: str | None = None,
    source: str = "base_url",
    plain: bool = False,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Service:
    """Return the live service of a region.

    Args:
        region: "singapore" or "beijing".
        workspace: gives the workspace's own host, unless `base_url` is given.
        base_url: any other address of the same API: https, or http on this machine.
        source: what gave `base_url`.
        plain: whether what is sent in place of a key is worth no more than a class, so that http is enough.
        names: what gave the region and the workspace, where that is not the option of this name.

    Raises:
        ValueError: a region, workspace or address that cannot be used.
    """
    if region not in REGIONS:
        known = ", ".join(map(repr, REGIONS))
        option = names.get("region", "region")
        raise ValueError(
            say("{option}={region} is not one of {known}", option=option, region=repr(region), known=known)
        )
    if workspace is not None and not _WORKSPACE.fullmatch(workspace):
        raise ValueError(
            say(
                "{option}={workspace} is not a workspace id; they look like 'llm-...' or 'ws-...'",
                option=names.get("workspace", "workspace"),
                workspace=repr(workspace),
            )
        )
    if base_url is None:
        legacy, own = REGIONS[region]
        base_url = f"https://{own.format(workspace=workspace) if workspace else legacy}/api/v1"
        source = "workspace" if workspace else ""
    else:
        base_url = checked_base_url(base_url, source, plain=plain)
        region = region_of(urlsplit(base_url).hostname or "") or region
    return Service(kind="live", base_url=base_url, region=region, workspace=workspace, source=source)


def as_it_says(service: Service) -> Service:
    """Return the service of a class as the class says of itself: one that practises is a mock server.

    One that does not answer is taken for live, so that nothing is called free that may be billed.
    """
    import httpx

    with suppress(httpx.HTTPError, ValueError, AttributeError):
        told = httpx.get(f"{service.base_url.removesuffix('/api/v1')}/class/about", timeout=5).json()
        return replace(service, kind="mock") if told.get("mock") is True else service
    return service


def mock(base_url: str, *, region: str = "singapore", source: str = "base_url") -> Service:
    """Return a mock server at an address of this machine; any other is a `ValueError`."""
    if not is_loopback(urlsplit(base_url).hostname):
        raise ValueError(
            say("{source}={url} is not on this machine; a mock server always is", source=source, url=repr(base_url))
        )
    return Service(kind="mock", base_url=checked_base_url(base_url, source), region=region, source=source)


def checked_base_url(base_url: str, source: str, *, plain: bool = False) -> str:
    """Return an address without the slash at its end, or raise `ValueError` if a key must not be sent to it."""
    given = {"source": source, "url": repr(base_url)}
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(say("{source}={url} is not an address like 'https://host/api/v1'", **given))
    if parts.username or parts.query or parts.fragment:
        raise ValueError(say("{source} must hold no user name, query or fragment", source=source))
    if parts.scheme == "http" and not plain and not is_loopback(parts.hostname):
        raise ValueError(say("{source}={url} would send the key unencrypted; use https", **given))
    return base_url.rstrip("/")


def is_loopback(host: str | None) -> bool:
    """Return whether a host name is this machine's own."""
    return bool(host and _LOOPBACK.fullmatch(host))


def home(host: str) -> str:
    """Return the host under which a region's runs are kept: a workspace's own host leads to the same tasks.

    >>> home("ws-1.cn-beijing.maas.aliyuncs.com"), home("127.0.0.1")
    ('dashscope.aliyuncs.com', '127.0.0.1')
    """
    region = region_of(host)
    return REGIONS[region][0] if region else host


def region_of(host: str) -> str | None:
    """Return the region whose service a host is, None if that is unknown."""
    for region, (legacy, own) in REGIONS.items():
        if host == legacy or host.endswith(own.partition("}")[2]):
            return region
    return None
