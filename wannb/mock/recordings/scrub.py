"""What of an answer may reach a file: known fields with known words, all else by its type alone.

A list of what is secret would miss what nobody has seen yet. So it is turned round: a value is written only where the
field is documented and the value has the form it must have. Everything else keeps its name and its type. What was
blanked out anywhere is blanked out of the service's sentences too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wannb.mock.server.log import MASK, SECRET_IN_TEXT
from wannb.mock.server.rules import MODELS
from wannb.mock.server.tasks import STATUSES

#: Values of closed sets, which say nothing of anybody.
WORDS: Mapping[str, frozenset[str]] = {
    "task_status": frozenset({*STATUSES, "SUSPENDED"}),
    "status": frozenset({*STATUSES, "SUSPENDED"}),
    "finish_reason": frozenset({"stop", "length", "content_filter"}),
    "role": frozenset({"assistant", "user", "system"}),
    "type": frozenset({"image", "text"}),
    "model_name": frozenset(MODELS),
    "region": frozenset({"cn-beijing", "ap-southeast-1"}),
    "x_oss_object_acl": frozenset({"private"}),
    "x_oss_forbid_overwrite": frozenset({"true"}),
}
USAGE = ("image_count", "input_tokens", "output_tokens", "total_tokens")
POLICY = ("expire_in_seconds", "max_file_size_mb", "capacity_limit_mb")
NUMBERS = frozenset({*USAGE, *POLICY, "page_no", "page_size"})
NUMBER_MOST = 999_999_999
SENTENCES = ("message", "text")
CODE = re.compile(r"[A-Za-z]{2,40}(?:[._ ][A-Za-z0-9]{1,40}){0,4}")
SIZE = re.compile(r"\d{1,5}\*\d{1,5}")
TASK_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,47}")
TEXT_MOST, DEEP = 600, 40
ROWS = "data"  # of the task list: one row of a stranger's account tells its shape as well as a hundred
RECENT_MOST = 5_000
SECRET_LEAST = 6

# In the service's sentences; ordinary numbers, such as limits, stay.
_IN_TEXT = re.compile(
    r"\w+://\S+"  # links
    r"|Bearer\s+\S+|\bsk-[\w-]+"
    r"|(?i:\b[\w-]*(?:signature|expires|accesskeyid|token|api_?key|secret|credential|password)[\w-]*\s*[=:]\s*\S+)"
    r"|[\w.+-]+@[\w-]+\.[\w.]+"  # addresses of people
    r"|\b(?:llm|ws)-[\w-]{4,}"  # workspaces
    r"|\b\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"  # days and times
    r"|\b(?!2147483647\b)\d{9,}"  # accounts, times in milliseconds; the largest seed is none
    r"|\b(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[\w+/-]{16,}=*"  # ids, hashes, signatures
)


class Scrubber:
    """Blank out of answers what must not be kept. It remembers what it blanked out, in memory alone."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._recent: dict[str, None] = {}
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember a text that must never be written. A very short one would blank out ordinary words."""
        if len(secret) >= SECRET_LEAST:
            self._secrets.add(secret)

    def answer(self, value: Any, image: Callable[[str], str] = lambda url: "") -> Any:
        """Return a JSON answer fit for a file; `image` gives what is written in place of a picture's address."""
        self._collect(value, "", 0)
        return self._value(value, "", image, 0)

    def text(self, text: str) -> str:
        """Return a sentence of the service without what could name or open anything."""
        # Longest first: what is part of another must not save the rest of it.
        for secret in sorted((*self._secrets, *self._recent), key=len, reverse=True):
            text = text.replace(secret, MASK)
        return _IN_TEXT.sub(MASK, text)[:TEXT_MOST]

    def sent(self, text: str) -> str:
        """Return the text of a whole recording without what was known to be secret before, and without signatures.

        It holds a person's own prompt: of that no more is taken out.
        """
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return SECRET_IN_TEXT.sub(rf"\g<1>{MASK}", text)

    def name(self, name: str) -> str:
        """Return a field's name, or the mask for one that is none: secrets have been seen as keys of objects."""
        few = sum(letter.isdigit() for letter in name) < 4
        known = any(secret in name for secret in (*self._secrets, *self._recent))
        return name if NAME.fullmatch(name) and few and not known else MASK

    def _collect(self, value: Any, field: str, depth: int) -> None:
        if depth > DEEP:
            return
        if isinstance(value, dict):
            for name, inner in value.items():
                self._collect(inner, name, depth + 1)
        elif isinstance(value, list):
            for inner in value:
                self._collect(inner, field, depth + 1)
        elif isinstance(value, str) and field not in SENTENCES and not _is_known(field, value):
            self._blanked(value)
        elif isinstance(value, int) and not isinstance(value, bool) and not _is_known(field, value):
            self._blanked(str(value) if abs(value) < 10**30 else "")

    def _blanked(self, text: str) -> None:
        if len(text) >= SECRET_LEAST:
            self._recent.pop(text, None)
            self._recent[text] = None
            if len(self._recent) > RECENT_MOST:
                del self._recent[next(iter(self._recent))]

    def _value(self, value: Any, field: str, image: Callable[[str], str], depth: int) -> Any:
        if depth > DEEP:
            return MASK
        if isinstance(value, dict):
            return {self.name(name): self._value(inner, name, image, depth + 1) for name, inner in value.items()}
        if isinstance(value, list):
            kept = value[:1] if field == ROWS else value
            return [self._value(inner, field, image, depth + 1) for inner in kept]
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            if field == "image":
                return image(value)
            if field in SENTENCES:
                return self.text(value)
            return value if _is_known(field, value) and self.text(value) == value else MASK
        return value if _is_known(field, value) else type(value)(0)


def _is_known(field: str, value: Any) -> bool:
    if isinstance(value, bool):
        return True
    if isinstance(value, str):
        if field in WORDS:
            return value in WORDS[field]
        return bool((field == "code" and CODE.fullmatch(value)) or (field == "size" and SIZE.fullmatch(value)))
    return field in NUMBERS and isinstance(value, int) and 0 <= value <= NUMBER_MOST
