"""The scrubber: known fields with known words reach a file, nothing else of an answer or an image does."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pictures import encoded
from PIL import Image

from wannb.mock.recordings.scrub import Scrubber, bare


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("total pixels must be in [589824, 4194304]", "total pixels must be in [589824, 4194304]"),
        ("seed in [0, 2147483647]; uid 1329897167004455", "seed in [0, 2147483647]; uid ***"),
        ("see https://host/a.png?Signature=abc now", "see *** now"),
        ("Bearer abcdefgh of someone@example.com", "Bearer *** of ***"),
        ("password: Tr0ub4dor", "***"),
        ("in ws-8f3kd92mz7 at 2026-04-16 20:42:36.815", "in *** at ***"),
        ("task b69b142f-26a7-94f1-ad5b-4ef87f325d26", "task ***"),
    ],
)
def test_a_sentence_keeps_its_words_and_its_limits(sentence: str, kept: str) -> None:
    assert Scrubber().answer({"code": "InvalidParameter", "message": sentence})["message"] == kept


def test_values_outside_the_list_keep_their_type_alone() -> None:
    scrubber = Scrubber(["learned-secret"])
    answer: Any = {
        "usage": {"image_count": 1, "size": "768*768", "owner": 12345678, "ratio": 0.5},
        "output": {"task_status": "SUCCEEDED", "finished": True, "who": "someone", "role": "learned-secret"},
        "data": [{"status": "PENDING"}, {"status": "RUNNING"}],
        "message": "someone and 12345678 and learned-secret",
    }
    assert scrubber.answer(answer) == {
        "usage": {"image_count": 1, "size": "768*768", "owner": 0, "ratio": 0.0},
        "output": {"task_status": "SUCCEEDED", "finished": True, "who": "***", "role": "***"},
        "data": [{"status": "PENDING"}],
        "message": "*** and *** and ***",
    }
    assert scrubber.sent('{"text": "learned-secret", "image": "https://h/?Signature=ab"}') == (
        '{"text": "***", "image": "https://h/?Signature=***"}'
    )
    names = [scrubber.name(name) for name in ("task_id", "x y", "a1b2c3d4", "someone")]
    assert names == ["task_id", "***", "***", "***"]


def test_a_stored_picture_keeps_its_pixels_and_nothing_else() -> None:
    noisy = Image.effect_noise((64, 48), 60).convert("RGB")
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret"
    noisy.save(out, "JPEG", exif=exif, comment=b"secret")
    plain = bare(out.getvalue())
    assert b"secret" in out.getvalue()
    assert b"secret" not in plain
    with Image.open(io.BytesIO(plain)) as kept, Image.open(io.BytesIO(out.getvalue())) as original:
        assert kept.tobytes() == original.tobytes()
    for broken in (b"", b"<html>", encoded()[:-20], encoded("JPEG")[:200]):
        with pytest.raises(ValueError, match=r"image|cut"):
            bare(broken)
