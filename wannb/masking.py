"""Secrets in texts and links: the patterns that find API keys and signed links, and the functions that mask them.

The only place with such patterns. Each repetition in a pattern is bounded, so that masking takes linear time on any
text, also on one that was written to take hours.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

#: Replaces a secret.
MASK = "***"
#: A shorter secret could be an ordinary word: it is not searched for.
SHORTEST = 6
#: Parts of names, such as `OSSAccessKeyId`, whose value is a secret wherever `name=value` occurs in a text.
SECRET_WORDS = (  # nosec B105
    r"signature|accesskeyid|token|secret|password|passwd|credential|auth_key|api[_-]?key|expires"
)
#: A link with its query, as far as it goes in a text, in HTML or in the repr of a string.
LINK = re.compile(
    r"(?:https?|oss)://(?:(?!&quot;|&#x?27;|&#39;|&[lg]t;)[^\s\"'<>()\[\]{}|\\^`\x00-\x1f]){1,20000}", re.I
)

# A link's parameters, plain or percent-encoded within another link.
_AND, _IS = r"(?:[?&;#]|%3F|%26|%3B|%23)", r"(?:=|%3D)"
#: Parameters that may open something. Wide on purpose: a link that is public in truth only loses its query.
_SECRET_NAME = (  # nosec B105
    r"(?:[\w-]{0,60}?(?:sign|sig|expires|key|token|secret|passw|pwd|credential|auth|jwt|hmac|access|session|cookie"
    r"|x-amz-|x-oss-)[\w-]{0,60}|se|sv|sp|st|code)"
)
_NAME = re.compile(_SECRET_NAME, re.I)
_SIGNED = re.compile(rf"{_AND}{_SECRET_NAME}{_IS}", re.I)
#: Parameters with which the large object stores sign a link that expires.
_EXPIRING = re.compile(
    rf"{_AND}(?:Signature|OSSAccessKeyId|Expires|security-token|x-(?:oss|amz)-[a-z-]{{1,40}}){_IS}[A-Za-z0-9%+/]", re.I
)
_QUERY = re.compile(r"(://[^\s\"'<>?]{1,1000})\?[^\s\"'<>]*")
_USER = re.compile(r"(://)[^\s/@\"'<>]{1,1000}@")
_PARAMETER_NAME = rf"({SECRET_WORDS}|(?<![a-z0-9])x-\w{{1,40}}-[\w-]{{1,40}})="
_PARAMETER = re.compile(_PARAMETER_NAME + r"[^&\s\"'<>]+", re.I)
#: With a value that can be a signature; a sentence about signatures has none.
_LONG_PARAMETER = re.compile(_PARAMETER_NAME + r"([\w%+/=.~-]{12,})", re.I | re.A)
# A key may follow the colour code of a traceback, the escape of a repr or the percent code of an address; the "sk-" of
# "task-..." begins none.
_KEY = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=\x1b\[\dm)|(?<=\x1b\[\d\dm)|(?<=;\dm)|(?<=;\d\dm)|(?<=;\d\d\dm)|(?<=\\[nrt])"
    r"|(?<=%[0-9A-F]{2}))sk-[\w-]{6,}"
)
_BEARER = re.compile(r"(\bBearer(?:\s|%20|\+){1,20})([^\s\"'<>]+)", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
#: Characters of a message that are looked at; nobody reads more of an error.
_MOST = 20_000
#: A made-up key in a lesson has few digits, as has the name of a CSS style.
_DIGITS, _KEY_LENGTH = 3, 16


def mask(text: str, secret: str | None = None) -> str:
    """Return a message as it may be shown: without keys, passwords, queries of links and control characters.

    Args:
        text: any text; what follows the first 20,000 characters is cut off.
        secret: a text that is masked whatever it looks like, such as the key in use.

    >>> mask("GET https://host/a.png?Signature=abc with sk-1234567890")
    'GET https://host/a.png?... with sk-***'
    """
    if secret:
        text = text.replace(secret, MASK)
    if len(text) > _MOST:
        text = f"{text[:_MOST]}…"
    text = _USER.sub(r"\1", _QUERY.sub(r"\1?...", text))
    return _CONTROL.sub(" ", mask_keys(mask_signatures(text)))


def mask_keys(text: str, *, sure: bool = False) -> str:
    """Return a text of any length without API keys, all else as it is.

    Args:
        sure: mask only what is long and random like a real key, as in a lesson that shows where a key goes.

    >>> mask_keys("sk-0123456789abcdef01 or sk-your-key-goes-here", sure=True)
    'sk-*** or sk-your-key-goes-here'
    """
    if "sk-" in text:
        text = _KEY.sub(lambda found: found[0] if sure and not _is_random(found[0][3:]) else f"sk-{MASK}", text)

    def bearer(found: re.Match[str]) -> str:
        is_key = _is_random(found[2]) or (not sure and found[1].startswith("Bearer"))
        return found[1] + MASK if is_key else found[0]

    return _BEARER.sub(bearer, text)


def holds_key(text: str) -> bool:
    """Return whether a text holds what is long and random like a real API key.

    >>> holds_key("runs/sk-0123456789abcdef01"), holds_key("runs/sk-learn-experiments")
    (True, False)
    """
    return mask_keys(text, sure=True) != text


def mask_signatures(text: str, *, sure: bool = False) -> str:
    """Return a text of any length without the values of `Signature=...`, `token=...` and others, all else as it is.

    Args:
        sure: mask only values that are long and hold a digit.

    >>> mask_signatures("Signature=aB3xyz+0123456%3D&n=1")
    'Signature=***&n=1'
    """

    if not sure:
        return _PARAMETER.sub(rf"\1={MASK}", text)
    return _LONG_PARAMETER.sub(
        lambda found: f"{found[1]}={MASK}" if any(map(str.isdigit, found[2])) else found[0], text
    )


def is_secret_name(name: str) -> bool:
    """Return whether a parameter or header of this name may hold a secret.

    >>> is_secret_name("OSSAccessKeyId"), is_secret_name("page_no")
    (True, False)
    """
    return _NAME.fullmatch(name) is not None


def without_signature(link: str) -> str:
    """Return a link without a user's name, and without all that follows its path where that may hold a secret.

    >>> without_signature("https://user:word@host/a.png?Signature=abc"), without_signature("https://host/a.png?width=3")
    ('https://host/a.png', 'https://host/a.png?width=3')
    """
    link = _USER.sub(r"\1", link)
    return re.split("[?;#]", link, maxsplit=1)[0] if _SIGNED.search(link) else link


def expires(link: str) -> bool:
    """Return whether a link is signed the way the service signs its own, which expire in a day or two.

    >>> expires("oss://bucket/a.png"), expires("https://host/a.png?expires_in=4")
    (True, False)
    """
    return link[:6].lower() == "oss://" or _EXPIRING.search(link) is not None


def _is_random(key: str) -> bool:
    return len(key) >= _KEY_LENGTH and sum(letter.isdigit() for letter in key) >= _DIGITS


def mask_http_logs() -> None:
    """Mask what httpx logs, every address at level INFO and so signed links, and httpcore, every header at DEBUG."""
    # A filter applies to its own logger only, not to those below it.
    for name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "proxy", "http11", "http2", "socks"))):
        logging.getLogger(name).addFilter(_mask_record)


def _mask_record(record: logging.LogRecord) -> bool:
    record.msg, record.args = mask(record.getMessage()), ()
    return True


def mask_in_use(text: str) -> str:
    """Return a text of any length without keys, signed links' queries, and whatever is a `Secret` of this process.

    >>> secret = Secret("a key of no known form")
    >>> mask_in_use("k='a key of no known form'")
    "k='***'"
    """
    for secret in map(str, list(_in_use.values())):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, MASK)
    return mask_keys(LINK.sub(lambda link: without_signature(link[0]), text))


class Secret:
    """A key that does not show in its repr, and so in no traceback that prints variables."""

    def __init__(self, value: str) -> None:
        self._reveal: Callable[[], str] = lambda: value
        _in_use[id(self)] = self

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return self._reveal()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return Secret, (str(self),)


#: Every secret, by its identity, for as long as it is used.
_in_use: WeakValueDictionary[int, Secret] = WeakValueDictionary()


class Hidden(dict[str, Any]):
    """A dictionary whose repr names its keys only: requests and answers hold signed links."""

    def __repr__(self) -> str:
        return f"<{', '.join(map(str, self))}>"
