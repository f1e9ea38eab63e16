"""Scrubber of answers: known fields with known words may reach a file, all else is reduced to its type.

A list of secrets would miss those that nobody knows yet. So this is an allow-list: a value is written only where the
field is documented and the value has the documented form. Everything else keeps its name and its type. A value that
was masked anywhere is masked in the service's sentences too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

from wannb.files import opened_picture
from wannb.masking import MASK, SECRET_WORDS, SHORTEST, mask, mask_signatures
from wannb.mock.exchange import MODELS
from wannb.mock.server.tasks import STATUSES
from wannb.png import filtered, is_png

from .format import ADDRESSES, DEEP, is_drawn_key, walk

#: Values of closed sets, which belong to nobody.
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
_USAGE = ("image_count", "input_tokens", "output_tokens", "total_tokens")
_POLICY = ("expire_in_seconds", "max_file_size_mb", "capacity_limit_mb")
NUMBERS = frozenset({*_USAGE, *_POLICY, "page_no", "page_size"})
NUMBER_MOST = 999_999_999
SENTENCES = ("message", "text")
CODE = re.compile(r"[A-Za-z]{2,40}(?:[._ ][A-Za-z0-9]{1,40}){0,4}")
SIZE = re.compile(r"\d{1,5}\*\d{1,5}")
TASK_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,47}")
TEXT_MOST = 600
ROWS = "data"  # of the task list: one row of a stranger's account shows its shape as well as a hundred
RECENT_MOST = 5_000
# What the pixels are and how they look. Other chunks can name who made them: texts, EXIF, content credentials.
PIXELS = (b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs", b"IEND")
PIXELS_MOST = 100_000_000  # six times the largest documented image

# What names somebody or something without being a secret. Ordinary numbers, such as limits, stay.
_PRIVATE = re.compile(
    r"\w{1,20}://\S+"
    rf"|(?i:\b[\w-]{{0,40}}(?:{SECRET_WORDS})[\w-]{{0,40}}\s*[=:]\s*\S+)"
    r"|[\w.+-]{1,64}@[\w-]+\.[\w.]+"  # addresses of people
    r"|\b(?:llm|ws)-[\w-]{4,}"  # workspaces
    r"|\b\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"  # days and times
    r"|\b(?!2147483647\b)\d{9,}"  # accounts, times in milliseconds; not the largest seed
    r"|\b(?=[\w+/-]{0,400}\d)(?=[\w+/-]{0,400}[A-Za-z])[\w+/-]{16,}=*"  # ids, hashes, signatures
)


class Scrubber:
    """Masks in answers what must not be kept. It remembers what it masked, in memory alone."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._recent: dict[str, None] = {}
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Remember a text that must never be written. A very short one would mask ordinary words."""
        if len(secret) >= SHORTEST:
            self._secrets.add(secret)

    def answer(self, value: Any, image: Callable[[str], str] = lambda url: "") -> Any:
        """Return a JSON answer fit for a file; `image` returns what is written for an image's address."""
        for path, inner in walk(value):
            field = field_of(path)
            if type(inner) in (str, int) and field not in SENTENCES and not _is_known(field, inner):
                self._masked(f"{inner}" if isinstance(inner, str) or abs(inner) < 10**30 else "")
        return self._value(value, "", image, 0)

    def text(self, text: str) -> str:
        """Return a sentence of the service without anything that could name or open something."""
        # Longest first: a secret within another must not leave the rest of it.
        for secret in sorted((*self._secrets, *self._recent), key=len, reverse=True):
            text = text.replace(secret, MASK)
        return _PRIVATE.sub(MASK, mask(text))[:TEXT_MOST]

    def sent(self, text: str) -> str:
        """Return the text of a whole recording without known secrets and without signatures.

        It holds a person's own prompt, of which no more is removed.
        """
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return mask_signatures(text)

    def name(self, name: str) -> str:
        """Return a field's name, or the mask where it does not look like one: secrets can be keys of objects."""
        few = sum(letter.isdigit() for letter in name) < 4
        known = any(secret in name for secret in (*self._secrets, *self._recent))
        return name if NAME.fullmatch(name) and few and not known else MASK

    def _masked(self, text: str) -> None:
        if len(text) >= SHORTEST:
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
            if field in ADDRESSES:
                return image(value)
            if field in SENTENCES:
                return self.text(value)
            return value if _is_known(field, value) and self.text(value) == value else MASK
        return value if _is_known(field, value) else type(value)(0)


def field_of(path: Sequence[str | int]) -> str:
    """Return the name of the field at a path; the values of a list belong to the list's field."""
    return next((name for name in reversed(path) if isinstance(name, str)), "")


def _is_known(field: str, value: Any) -> bool:
    if isinstance(value, str):
        if field in WORDS:
            return value in WORDS[field]
        return bool((field == "code" and CODE.fullmatch(value)) or (field == "size" and SIZE.fullmatch(value)))
    return field in NUMBERS and isinstance(value, int) and 0 <= value <= NUMBER_MOST


def bare(data: bytes) -> bytes:
    """Return an image as a PNG that holds its pixels and their colors, and nothing that says where it came from.

    A PNG is not encoded again. The key of an image that the mock drew stays: it is made from the request alone.

    Raises:
        ValueError: not an image, or one that is cut or larger than any documented one.
    """
    if is_png(data):
        return filtered(data, lambda kind, content: kind in PIXELS or is_drawn_key(kind, content))
    from PIL import Image

    try:
        with opened_picture(data) as image:
            if image.width * image.height > PIXELS_MOST:
                raise OSError("The image is larger than any documented one.")
            plain = Image.frombytes("RGB", image.size, image.convert("RGB").tobytes())
    except OSError as trouble:
        raise ValueError(f"Not a usable image: {trouble}") from None
    out = BytesIO()
    plain.save(out, "PNG")
    return out.getvalue()
