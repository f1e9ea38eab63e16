"""Secrets that show themselves nowhere: keys and signed links masked in text, hidden in reprs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# Every repetition is bounded: what is masked may be a stranger's, made to take hours.
_LINK_QUERY = re.compile(r"(://[^\s\"'<>?]{1,1000})\?[^\s\"'<>]*")
_LINK_USER = re.compile(r"(://)[^\s/@\"'<>]{1,1000}@")
_SIGNATURE = re.compile(
    r"(?i)(?<![a-z0-9])(signature|expires|[\w-]{0,40}accesskeyid|[\w-]{0,40}token|auth_key|api_?key|x-\w{1,40}-[\w-]{1,40})"
    r"=[^&\s\"'<>]+"
)
_KEY = re.compile(r"(Bearer\s{1,20})\S+|(?<![A-Za-z0-9])sk-[\w-]{6,}")
#: Characters of a text that are looked at; nobody reads more of an error.
_MOST = 20_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def mask(text: str, secret: str | None = None) -> str:
    """Return the text without API keys, passwords and queries of links, and control characters.

    >>> mask("GET https://host/a.png?Signature=abc with sk-1234567890")
    'GET https://host/a.png?... with sk-***'
    """
    if secret:
        text = text.replace(secret, "***")
    if len(text) > _MOST:
        text = f"{text[:_MOST]}…"
    text = _LINK_USER.sub(r"\1", _LINK_QUERY.sub(r"\1?...", text))
    text = _SIGNATURE.sub(r"\1=***", text)
    text = _KEY.sub(lambda m: f"{m[1]}***" if m[1] else "sk-***", text)
    return _CONTROL.sub(" ", text)


class Secret:
    """A key that shows itself in no repr, so in no traceback that prints variables."""

    def __init__(self, value: str) -> None:
        self._reveal: Callable[[], str] = lambda: value

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return self._reveal()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return Secret, (str(self),)


class Hidden(dict[str, Any]):
    """A table whose values stand in no repr: what is sent and what comes back holds signed links."""

    def __repr__(self) -> str:
        return f"<{', '.join(map(str, self))}>"
