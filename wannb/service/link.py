"""What a link leads to, without a key: over https, or http on this machine, bounded in size and time."""

from __future__ import annotations

import random
from contextlib import closing

import httpx

from wannb.errors import ConnectionFailed
from wannb.masking import Secret, mask
from wannb.translation import Said, say

from .endpoint import Service, is_loopback
from .http import Sender
from .limits import Clock, Pace

#: Links that lead on to another one, at most; seconds for each.
_MOST_LINKS, _SECONDS = 5, 60.0


def fetch(link: str, *, most: int) -> bytes:
    """Return the content of a link, of at most `most` bytes; https leads on to https alone.

    Raises:
        ValueError: another kind of link, or nothing that can be read; the message has no query of a link.
        ConnectionFailed, UnknownOutcome: its host was not reached, or did not answer.
    """
    address = httpx.URL(link)
    service = Service(kind="live", base_url=f"{address.scheme}://{address.netloc.decode()}", region="singapore")
    too_large = ConnectionFailed(Said("it is larger than {most} MB", most=most // 2**20))
    # The connection for files carries no key.
    sender = Sender(service, Secret("no key is sent"), pace=Pace(), clock=Clock(), random=random.random)
    with closing(sender):
        for _ in range(_MOST_LINKS):
            if address.scheme != "https" and not (address.scheme == "http" and is_loopback(address.host)):
                shown = mask(f"{address.scheme}://{address.host}"[:200])
                raise ValueError(say("links are read over https only, not {link}", link=shown))
            secret = Secret(str(address))
            answer = sender.exchange(sender.files, "GET", secret, most=most, too_large=too_large, seconds=_SECONDS)
            if not answer.has_redirect_location:
                break
            target = address.join(answer.headers["location"])
            if address.scheme == "https" and target.scheme != "https":
                raise ValueError(say("it leads from https to another kind of address, which is not followed"))
            address = target
        else:
            raise ValueError(say("it leads round in circles"))
    if answer.status_code != 200:
        raise ValueError(say("it was answered with HTTP {status}", status=answer.status_code))
    return answer.content
