"""The drawn pictures of the mock server: true to the request, the same everywhere, never raising."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from PIL import Image, ImageChops

from wannb.mock.drawing import Drawing, draw

SHOP = "A flower shop with exquisite windows, a beautiful wooden door, and flowers on display"
CAT_SET = (
    "A cinematic image set of the same stray orange cat. First image: Spring, the orange cat under cherry trees. "
    "Second image: Summer, the orange cat on an old street. Third image: Autumn, the orange cat on fallen leaves. "
    "Fourth image: Winter, the orange cat leaves footprints in the snow."
)
EIGHT = (  # the palette of the documented example
    ("#C2D1E6", 2351), ("#CDD8E9", 2013), ("#B5C8DB", 1588), ("#C0B5B4", 1327),
    ("#DAE0EC", 1011), ("#636574", 893), ("#CACAD2", 555), ("#CBD4E4", 262),
)  # fmt: skip
BOLD = (("#1B2A49", 2000), ("#E4572E", 1500), ("#F3A712", 2500), ("#F7F2E7", 3000), ("#669BBC", 1000))


def drawing(prompt: str = SHOP, **changes: object) -> Drawing:
    return replace(Drawing(prompt=prompt, seed=7, size=(320, 320)), **changes)  # type: ignore[arg-type]


def decoded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG"
        return picture.convert("RGB")


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def colours(picture: Image.Image) -> Counter[tuple[int, int, int]]:
    found = picture.getcolors(picture.width * picture.height)
    assert found is not None
    return Counter({colour: count for count, colour in found})  # type: ignore[misc]


def photo(size: tuple[int, int] = (400, 300), seed: int = 1) -> Image.Image:
    """Make a picture with detail everywhere, so that any change of a place can be seen."""
    noise = random.Random(seed).randbytes(20 * 15 * 3)
    return Image.frombytes("RGB", (20, 15), noise).resize(size, Image.Resampling.BICUBIC)


def gilt(picture: Image.Image) -> int:
    """Count the pixels in the colour of the word MOCK."""
    near = [n for (r, g, b), n in colours(picture).items() if r > 180 and abs(g / r - 0.84) < 0.06 and b / r < 0.62]
    return sum(near)


def differing(first: Image.Image, second: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(first, second).getbbox()


@pytest.mark.parametrize(
    "size", [(1, 1), (768, 768), (1360, 768), (352, 2816), (2816, 352), (241, 243), (20, 160), (160, 20)]
)
@pytest.mark.parametrize("images", [0, 3])
def test_size_is_exact_however_long_or_small(size: tuple[int, int], images: int) -> None:
    inputs = (encoded(photo()),) * images
    assert decoded(draw(drawing(size=size, images=inputs, watermark=True))).size == size


def test_the_key_travels_in_the_png() -> None:
    request = drawing()
    with Image.open(io.BytesIO(draw(request))) as picture:
        assert picture.info["wannb-mock"] == request.key


def test_the_same_in_another_process_with_another_hash_seed() -> None:
    code = (
        "import hashlib\nfrom wannb.mock.drawing import Drawing, draw\n"
        f"d = Drawing(prompt={SHOP!r}, seed=7, size=(320, 320), sequential=True, index=1, count=3)\n"
        "print(hashlib.sha256(draw(d)).hexdigest(), d.key)"
    )
    said = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        said.add(done.stdout)
    assert len(said) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8}, {"prompt": "a cat"}, {"index": 1, "count": 2}, {"model": "wan2.7-image"}, {"thinking": False},
        {"watermark": True}, {"palette": BOLD}, {"sequential": True, "count": 4}, {"size": (336, 320)},
    ],
)  # fmt: skip
def test_each_parameter_shows_in_picture_and_key(change: dict[str, object]) -> None:
    plain, other = drawing(), drawing(**change)
    assert plain.key != other.key
    assert draw(plain) != draw(other)


def test_the_key_names_drawn_inputs_by_their_key_and_others_by_their_bytes() -> None:
    first = draw(drawing("a cat"))
    again = first[:-12] + b"\x00\x00\x00\x04junk\x00\x00\x00\x00" + first[-12:]
    assert drawing(images=(first,)).key == drawing(images=(again,)).key
    one, other = encoded(photo(seed=1)), encoded(photo(seed=2))
    assert len({drawing(images=(data,)).key for data in (one, other, None)}) == 3


@pytest.mark.parametrize("palette", [EIGHT, BOLD, (("#000000", 3333), ("#FFFFFF", 3333), ("#ff0000", 3334))])
@pytest.mark.parametrize("prompt", [SHOP, "an orange cat", "portrait of a woman"])
def test_a_palette_is_all_that_is_used_and_in_its_shares(palette: tuple[tuple[str, int], ...], prompt: str) -> None:
    found = colours(decoded(draw(drawing(prompt, palette=palette, size=(512, 512)))))
    assert len(found) == len(palette)
    for text, share in palette:
        rgb = tuple(bytes.fromhex(text[1:]))
        assert found[rgb] / 512**2 == pytest.approx(share / 10_000, abs=0.012)


def test_a_palette_may_name_a_colour_twice_or_give_it_nothing() -> None:
    palette = (("#112233", 5000), ("#112233", 2500), ("#EEDDCC", 2500), ("#808080", 0))
    found = colours(decoded(draw(drawing(palette=palette))))
    assert found[(0x11, 0x22, 0x33)] / 320**2 == pytest.approx(0.75, abs=0.012)


@pytest.mark.parametrize("prompt", ["a clock on a table", "qwertz", "remove the lamp", "put image 2 there"])
def test_only_the_boxed_place_changes(prompt: str) -> None:
    base, box = photo((400, 300)), (150, 40, 310, 200)
    inputs = (encoded(base), encoded(photo(seed=9))) if "image 2" in prompt else (encoded(base),)
    boxes = ((box,), ())[: len(inputs)]
    found = decoded(draw(drawing(prompt, images=inputs, boxes=boxes, size=(400, 300))))
    assert differing(found.crop(box), base.crop(box))
    found.paste(base.crop(box), box)
    changed = differing(found, base)
    assert changed is not None, "the badge is always there"
    assert changed[1] > 300 * 0.9, "besides the box only the badge at the lower edge differs"


def test_boxes_follow_the_picture_when_it_is_scaled() -> None:
    base = photo((400, 300))
    found = decoded(
        draw(drawing("a red car", images=(encoded(base),), boxes=(((100, 50, 200, 150),),), size=(800, 600)))
    )
    plain = base.resize((800, 600), Image.Resampling.BICUBIC)
    changed = differing(found.crop((0, 0, 800, 500)), plain.crop((0, 0, 800, 500)))
    assert changed is not None
    assert changed[0] >= 200
    assert changed[1] >= 100
    assert changed[2] <= 400
    assert changed[3] <= 300


def test_an_edit_without_boxes_changes_the_picture_and_keeps_it_recognisable() -> None:
    base = photo((400, 300))
    found = decoded(draw(drawing("make it a winter night", images=(encoded(base),), size=(400, 300))))
    assert differing(found, base) is not None
    thumb, plain = found.convert("L").resize((8, 6)).tobytes(), base.convert("L").resize((8, 6)).tobytes()
    mean, plain_mean = sum(thumb) / 48, sum(plain) / 48
    together = sum((a - mean) * (b - plain_mean) for a, b in zip(thumb, plain, strict=True))
    spread = sum((a - mean) ** 2 for a in thumb) ** 0.5 * sum((b - plain_mean) ** 2 for b in plain) ** 0.5
    assert together / spread > 0.7


def test_every_reference_appears() -> None:
    flat = [Image.new("RGB", (300, 300), tone) for tone in ((250, 0, 0), (0, 240, 0), (0, 0, 250), (250, 0, 250))]
    inputs = (encoded(photo()), *map(encoded, flat))
    for sequential in (False, True):
        found = colours(
            decoded(draw(drawing("an orange cat", images=inputs, size=(800, 600), sequential=sequential, count=2)))
        )
        for tone in flat:
            assert found[tone.getpixel((0, 0))] > 800  # type: ignore[index]


def test_an_unreachable_input_has_a_placeholder_with_its_number() -> None:
    known = drawing(images=(encoded(photo()), None, encoded(photo())), size=(640, 480))
    other = replace(known, images=(known.images[0], known.images[0], None))
    assert draw(known) != draw(other)
    assert decoded(draw(drawing(images=(None,)))).size == (320, 320)


def test_a_set_keeps_its_figure_and_changes_its_scenes() -> None:
    frames = [
        decoded(draw(drawing(CAT_SET, sequential=True, count=4, index=index, size=(512, 512)))) for index in range(4)
    ]
    coat = (236, 138, 52)
    amounts = [colours(frame)[coat] for frame in frames]
    assert min(amounts) > 0.02 * 512**2
    assert max(amounts) < 1.25 * min(amounts)
    skies = {frame.getpixel((2, 2)) for frame in frames}
    assert len(skies) == 4
    snow = frames[3].crop((0, 380, 512, 470)).convert("L").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    leaves = frames[2].crop((0, 380, 512, 470)).convert("L").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert snow > leaves + 15  # type: ignore[operator]


@pytest.mark.parametrize(
    "prompt", ["qwertz", "the seasons of one house", "一只橘猫的四季", "1. spring\n2. summer\n3. autumn"]
)
def test_any_text_makes_a_set_of_differing_frames(prompt: str) -> None:
    frames = {draw(drawing(prompt, sequential=True, count=5, index=index, size=(256, 256))) for index in range(5)}
    assert len(frames) == 5


def test_the_colour_word_before_the_figure_tints_it() -> None:
    for word, tone in (("blue", (66, 112, 190)), ("green", (84, 158, 102)), ("蓝色的", (66, 112, 190))):
        name = "猫" if word == "蓝色的" else " cat"
        found = colours(decoded(draw(drawing(f"{word}{name}", size=(512, 512)))))
        assert found[tone] > 3000


def test_seeds_vary_the_picture_and_keep_the_subject() -> None:
    prompt = "an orange cat in the park"
    pictures = [decoded(draw(drawing(prompt, seed=seed))) for seed in range(6)]
    assert len({picture.tobytes() for picture in pictures}) == 6
    assert all(colours(picture)[(236, 138, 52)] > 1500 for picture in pictures)


def test_the_watermark_sits_bottom_right_and_nowhere_else() -> None:
    plain = decoded(draw(drawing(size=(640, 480))))
    marked = decoded(draw(drawing(size=(640, 480), watermark=True)))
    changed = differing(plain, marked)
    assert changed is not None
    assert changed[0] > 640 * 0.6
    assert changed[1] > 480 * 0.8


def test_a_mock_badge_is_on_every_picture() -> None:
    photo_bytes = encoded(photo((640, 480)))
    for changes in ({}, {"images": (photo_bytes,)}, {"prompt": ""}, {"prompt": "一只猫"}, {"sequential": True}):
        found = decoded(draw(drawing(size=(640, 480), **changes)))
        assert gilt(found.crop((0, 440, 120, 480))) > 20, changes


def test_an_edit_of_a_drawn_picture_covers_the_older_badge() -> None:
    first = draw(drawing("a very long prompt about a red car and so on", size=(800, 600)))
    second = decoded(draw(drawing("a cat", images=(first,), size=(800, 600), boxes=(((300, 100, 500, 300),),))))
    marks, alone = (gilt(picture.crop((0, 560, 100, 600))) for picture in (second, decoded(first)))
    assert 0 < marks <= alone * 1.1


@pytest.mark.parametrize(
    "data",
    [
        b"", b"not a picture", encoded(photo())[:200], encoded(photo(), "JPEG")[:300],
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, encoded(Image.new("P", (50, 40))),
        encoded(Image.new("CMYK", (50, 40)), "JPEG"), encoded(Image.new("1", (50, 40))),
        encoded(Image.new("RGBA", (50, 40), (9, 9, 9, 90))), encoded(Image.new("LA", (50, 40))),
        encoded(Image.new("I;16", (50, 40))), encoded(Image.new("RGB", (1, 1))),
        encoded(photo(), "WEBP"), encoded(photo(), "BMP"),
    ],
)  # fmt: skip
def test_any_input_bytes_are_drawn(data: bytes) -> None:
    for boxes in ((), (((-50, -5, 5000, 60000), (3, 3, 3, 3)),)):
        for sequential in (False, True):
            request = drawing("a cup", images=(data,), boxes=boxes, sequential=sequential, size=(200, 150))
            assert decoded(draw(request)).size == (200, 150)


@pytest.mark.parametrize(
    "prompt",
    ["", " \n", "\x00\x1b[31m", "😀🐈", "\ud800", "第一张：", "x" * 5000, "猫" * 5000, "image 1:" * 50, "a " * 2500],
)
def test_any_prompt_is_drawn(prompt: str) -> None:
    for sequential in (False, True):
        assert decoded(draw(drawing(prompt, size=(200, 150), sequential=sequential))).size == (200, 150)


WORDS = (
    "cat dog bird fish robot person portrait car clock cup bottle boat rocket balloon shop house flowers tree "
    "mountains sea lake city street forest desert room studio meadow space underwater road rain snow night sunset dawn"
)


@pytest.mark.parametrize("word", WORDS.split())
def test_every_motif_draws(word: str) -> None:
    pictures = {draw(drawing(f"a {word}", seed=seed, size=(160, 120))) for seed in range(2)}
    assert len(pictures) == 2


def test_a_2k_picture_stays_small() -> None:
    assert len(draw(drawing(size=(2048, 2048)))) < 1_500_000
