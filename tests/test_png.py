"""`wannb.png`: chunks are read, added and left out without touching any other byte."""

from __future__ import annotations

import io
import zlib

import pytest
from pictures import chunk, encoded
from PIL import Image

from wannb import png

HEAD = b"\x89PNG\r\n\x1a\n"


def picture() -> bytes:
    return encoded(size=(3, 2), color="red", dpi=(300, 300))


def test_a_text_goes_in_and_comes_out_and_every_other_byte_stays() -> None:
    plain = picture()
    text = "a café, 咖啡馆 \ud800"
    filled = png.with_texts(plain, {"wannb": text})
    assert png.read_text(filled, "wannb") == text.replace("\ud800", "?")
    assert png.read_text(filled, "other") is None
    assert png.check(filled) == png.check(plain) == (3, 2)
    assert filled.replace(png.text_chunk("wannb", text), b"", 1) == plain
    with Image.open(io.BytesIO(filled)) as image:
        assert image.getpixel((0, 0)) == (255, 0, 0)


def test_a_cut_or_damaged_file_is_refused() -> None:
    plain = picture()
    for length in range(8, len(plain)):
        with pytest.raises(ValueError, match="cut"):
            png.check(plain[:length])
    damaged = bytearray(plain)
    damaged[-20] ^= 1
    for broken, word in ((bytes(damaged), "checksum"), (b"GIF89a", "not a PNG"), (HEAD + chunk(b"IEND", b""), "size")):
        with pytest.raises(ValueError, match=word):
            png.check(broken)
    with pytest.raises(ValueError, match="100,000 chunks"):
        png.check(HEAD + chunk(b"tEXt", b"") * 100_001)


def test_chunks_are_left_out_byte_for_byte() -> None:
    plain = picture()
    kinds = [kind for kind, _ in png.chunks(plain)]
    assert kinds == [b"IHDR", b"pHYs", b"IDAT", b"IEND"]
    assert png.filtered(plain + b"more", lambda kind, content: True) == plain
    smaller = png.filtered(plain, lambda kind, content: kind != b"pHYs")
    assert len(plain) - len(smaller) == 12 + 9
    assert png.check(smaller) == (3, 2)
    with pytest.raises(ValueError, match="cut"):
        png.filtered(plain[:-1], lambda kind, content: True)


def test_a_text_that_is_too_long_or_packed_is_not_read() -> None:
    assert png.read_text(png.with_texts(picture(), {"wannb": "x" * (png.MAX_TEXT + 1)}), "wannb") is None
    packed = HEAD + chunk(b"iTXt", b"wannb\0\1\0\0\0" + zlib.compress(b"x"))
    assert png.read_text(packed, "wannb") is None
