"""The drawn pictures of the mock server: true to the request, the same everywhere, never raising."""

from __future__ import annotations

import hashlib
import io
import os
import random
import statistics
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from PIL import Image, ImageChops

import wannb
import wannb.mock
import wannb.mock.drawing
from wannb.mock.drawing import Drawing, marks
from wannb.mock.drawing.canvas import Canvas
from wannb.mock.drawing.composition import put, scene_of, text_of
from wannb.mock.drawing.scenery import mood
from wannb.mock.drawing.words import SUBJECTS

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
FLAT = "wan2.7-image"  # draws without shading, so that a color can be counted
ORANGE = (236, 138, 52)


draw = lru_cache(maxsize=32)(wannb.mock.drawing.draw)


def drawing(prompt: str = SHOP, **changes: object) -> Drawing:
    return replace(Drawing(prompt=prompt, seed=7, size=(320, 320)), **changes)  # type: ignore[arg-type]


def decoded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "PNG"
        return picture.convert("RGB")


def drawn(prompt: str = SHOP, **changes: object) -> Image.Image:
    return decoded(draw(drawing(prompt, **changes)))


def chunk(data: bytes, name: str) -> object:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.info[name]


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def colors(picture: Image.Image) -> Counter[tuple[int, int, int]]:
    found = picture.getcolors(picture.width * picture.height)
    assert found is not None
    return Counter({color: count for count, color in found})  # type: ignore[misc]


def photo(size: tuple[int, int] = (400, 300), seed: int = 1) -> Image.Image:
    """Make a picture with detail everywhere, so that any change of a place can be seen."""
    noise = random.Random(seed).randbytes(20 * 15 * 3)
    return Image.frombytes("RGB", (20, 15), noise).resize(size, Image.Resampling.BICUBIC)


def gilt(picture: Image.Image) -> int:
    """Count the pixels in the color of the word MOCK."""
    near = [n for (r, g, b), n in colors(picture).items() if r > 180 and abs(g / r - 0.84) < 0.06 and b / r < 0.62]
    return sum(near)


def differing(first: Image.Image, second: Image.Image) -> tuple[int, int, int, int]:
    box = ImageChops.difference(first, second).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("size", [(1, 1), (1360, 768), (88, 704), (704, 88), (241, 243), (20, 160)])
@pytest.mark.parametrize(("prompt", "images"), [(SHOP, 0), (SHOP, 3), ("a poster for a zebra", 0)])
def test_size_is_exact_however_long_or_small(size: tuple[int, int], prompt: str, images: int) -> None:
    assert drawn(prompt, size=size, images=(encoded(photo()),) * images, watermark=True, thinking=False).size == size


def test_the_key_travels_in_the_png() -> None:
    request = drawing()
    assert chunk(draw(request), "wannb-mock") == request.key


def test_the_same_in_another_process_with_another_hash_seed() -> None:
    code = (
        "import hashlib\nfrom wannb.mock.drawing import Drawing, draw\n"
        f"d = Drawing(prompt={SHOP!r}, seed=7, size=(320, 320), sequential=True, index=1, count=3)\n"
        "print(hashlib.sha256(draw(d)).hexdigest(), d.key)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    here = drawing(sequential=True, index=1, count=3)
    assert done.stdout.split() == [hashlib.sha256(draw(here)).hexdigest(), here.key]


@pytest.mark.parametrize("prompt", [SHOP, "a zebra"])
@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8}, {"prompt": "a cat"}, {"index": 1, "count": 2}, {"model": FLAT}, {"thinking": False},
        {"watermark": True}, {"palette": BOLD}, {"sequential": True, "count": 4}, {"size": (336, 320)},
        {"captions": False},
    ],
)  # fmt: skip
def test_each_parameter_shows_in_picture_and_key(prompt: str, change: dict[str, object]) -> None:
    plain = drawing(prompt)
    other = replace(plain, **change)  # type: ignore[arg-type]
    assert plain.key != other.key
    assert draw(plain) != draw(other)


def test_the_key_names_drawn_inputs_by_their_key_and_others_by_their_bytes() -> None:
    first = draw(drawing("a cat"))
    again = first[:-12] + b"\x00\x00\x00\x04junk\x00\x00\x00\x00" + first[-12:]
    assert drawing(images=(first,)).key == drawing(images=(again,)).key
    one, other = encoded(photo(seed=1)), encoded(photo(seed=2))
    assert len({drawing(images=(data,)).key for data in (one, other, None)}) == 3


PURE = (("#000000", 3333), ("#FFFFFF", 3333), ("#ff0000", 3334))
TWICE = (("#112233", 5000), ("#112233", 2500), ("#EEDDCC", 2500), ("#808080", 0))


@pytest.mark.parametrize("palette", [EIGHT, BOLD, PURE, TWICE], ids=["documented", "bold", "pure", "twice or nothing"])
@pytest.mark.parametrize("prompt", [SHOP, "portrait of a woman", "a zebra"])
def test_a_palette_is_all_that_is_used_and_in_its_shares(palette: tuple[tuple[str, int], ...], prompt: str) -> None:
    shares: Counter[tuple[int, ...]] = Counter()
    for text, share in palette:
        shares[tuple(bytes.fromhex(text[1:]))] += share
    found = colors(drawn(prompt, palette=palette))
    assert set(found) == {color for color, share in shares.items() if share}
    for color, count in found.items():
        assert count / 320**2 == pytest.approx(shares[color] / 10_000, abs=0.012)


@pytest.mark.parametrize("prompt", ["a clock on a table", "qwertz", "remove the lamp", "put image 2 there"])
@pytest.mark.parametrize("model", ["wan2.7-image-pro", FLAT])
def test_only_the_boxed_place_changes(prompt: str, model: str) -> None:
    base, box = photo((400, 300)), (150, 40, 310, 200)
    inputs = (encoded(base), encoded(photo(seed=9))) if "image 2" in prompt else (encoded(base),)
    found = drawn(prompt, images=inputs, boxes=((box,), ())[: len(inputs)], size=(400, 300), model=model)
    assert differing(found.crop(box), base.crop(box))
    found.paste(base.crop(box), box)
    assert differing(found, base)[1] > 300 * 0.9, "besides the box only the badge at the lower edge differs"


def test_boxes_follow_the_picture_when_it_is_scaled() -> None:
    base = photo((400, 300))
    found = drawn("a red car", images=(encoded(base),), boxes=(((100, 50, 200, 150),),), size=(800, 600))
    plain = base.resize((800, 600), Image.Resampling.BICUBIC)
    x1, y1, x2, y2 = differing(found.crop((0, 0, 800, 500)), plain.crop((0, 0, 800, 500)))
    assert 200 <= x1 < x2 <= 400
    assert 100 <= y1 < y2 <= 300


@pytest.mark.parametrize("prompt", ["make it a winter night", "as a watercolour", "a postage stamp", "paint it red"])
def test_an_edit_without_boxes_changes_the_picture_and_keeps_it_recognizable(prompt: str) -> None:
    base = photo((400, 300))
    found = drawn(prompt, images=(encoded(base),), size=(400, 300))
    assert differing(found, base)
    # A watercolor and a stamp have a rim of paper.
    one, two = (list(x.crop((100, 75, 300, 225)).convert("L").resize((8, 6)).tobytes()) for x in (found, base))
    assert statistics.correlation(one, two) > 0.7


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("prompt", ["an orange cat", "a zebra"])
def test_every_reference_appears(prompt: str, sequential: bool) -> None:
    tones = ((250, 0, 0), (0, 240, 0), (0, 0, 250), (250, 0, 250))
    inputs = (encoded(photo()), *(encoded(Image.new("RGB", (300, 300), tone)) for tone in tones))
    found = colors(drawn(prompt, images=inputs, size=(400, 300), sequential=sequential, count=2))
    assert all(found[tone] > 200 for tone in tones)


def test_a_new_frame_of_a_story_is_a_scene_of_its_own_and_shows_the_frames_before() -> None:
    """What a storyboard asks for when one frame is generated again: no edit of the frames that it sends along."""
    green = encoded(Image.new("RGB", (300, 300), (0, 240, 0)))
    frame = drawing(
        "The same orange cat. Draw one new frame of this story. Scene: it rests", images=(green,), model=FLAT
    )
    found = colors(decoded(draw(frame)))
    assert found[ORANGE] > 1500
    assert 800 < found[0, 240, 0] < 10_000
    assert text_of(frame).strip() == "it rests"


def test_an_unreachable_input_has_a_placeholder_with_its_number() -> None:
    data = encoded(photo())
    assert draw(drawing(images=(data, None, data))) != draw(drawing(images=(data, data, None)))
    assert drawn(images=(None,)).size == (320, 320)


def test_a_set_keeps_its_figure_and_changes_its_scenes() -> None:
    frames = [drawn(CAT_SET, sequential=True, count=4, index=i, size=(256, 256), model=FLAT) for i in range(4)]
    amounts = [colors(frame)[ORANGE] for frame in frames]
    assert min(amounts) > 0.02 * 256**2
    assert max(amounts) < 1.25 * min(amounts)
    assert len({frame.getpixel((2, 2)) for frame in frames}) == 4, "the skies differ"
    ground = [frame.crop((0, 190, 256, 235)).convert("L").resize((1, 1), Image.Resampling.BOX) for frame in frames]
    assert ground[3].getpixel((0, 0)) > ground[2].getpixel((0, 0)) + 15, "snow is lighter than leaves"  # type: ignore[operator]


@pytest.mark.parametrize(
    "prompt", ["qwertz", "the seasons of one house", "一只橘猫的四季", "1. spring\n2. summer\n3. autumn"]
)
def test_any_text_makes_a_set_of_differing_frames(prompt: str) -> None:
    frames = {draw(drawing(prompt, sequential=True, count=5, index=index, size=(120, 120))) for index in range(5)}
    assert len(frames) == 5


@pytest.mark.parametrize(
    ("prompt", "tone"),
    [
        ("blue cat", (66, 112, 190)), ("蓝色的猫", (66, 112, 190)),
        ("orange cat under a red umbrella", ORANGE), ("orange cat under a red umbrella", (208, 62, 58)),
    ],
)  # fmt: skip
def test_a_color_word_tints_what_follows_it_and_nothing_else(prompt: str, tone: tuple[int, int, int]) -> None:
    assert colors(drawn(prompt, size=(256, 256), model=FLAT))[tone] > 750


def test_seeds_vary_the_picture_and_keep_the_subject() -> None:
    pictures = [drawn("an orange cat in the park", seed=seed, model=FLAT) for seed in range(6)]
    assert len({picture.tobytes() for picture in pictures}) == 6
    assert all(colors(picture)[ORANGE] > 1500 for picture in pictures)


@pytest.mark.parametrize("prompt", ["a fox", SHOP, "a lighthouse at night", "portrait of a man", "a zebra"])
def test_the_models_differ_to_the_eye(prompt: str) -> None:
    """The pro model shades: many more tones in the same composition."""
    fine, flat = (drawn(prompt, model=model) for model in ("wan2.7-image-pro", FLAT))
    assert len(colors(fine)) > 1.4 * len(colors(flat))
    small = [picture.resize((4, 4), Image.Resampling.BOX).tobytes() for picture in (fine, flat)]
    assert max(abs(a - b) for a, b in zip(*small, strict=True)) < 60


def test_the_watermark_sits_bottom_right_and_nowhere_else() -> None:
    x, y, *_ = differing(drawn(size=(320, 240)), drawn(size=(320, 240), watermark=True))
    assert x > 320 * 0.6
    assert y > 240 * 0.8


@pytest.mark.parametrize("captions", [True, False])
def test_a_mock_badge_is_on_every_picture(captions: bool) -> None:
    photo_bytes = encoded(photo((320, 240)))
    for changes in ({}, {"images": (photo_bytes,)}, {"prompt": ""}, {"prompt": "一只猫"}, {"sequential": True}):
        found = drawn(**{"size": (320, 240), "captions": captions, **changes})
        assert gilt(found.crop((0, 200, 80, 240))) > 20, changes


@pytest.mark.parametrize("captions", [True, False])
def test_without_captions_the_badge_does_not_tell_the_prompt(captions: bool, tmp_path: Path) -> None:
    prompts = ("a cat", "a very good cat")
    with (
        wannb.mock.serve(task_seconds=0, captions=captions) as server,
        wannb.connect(base_url=server.base_url, api_key="sk-mock", store=tmp_path) as client,
    ):
        results = [client.generate(prompt, size="768*768", seed=1) for prompt in prompts]
    # The width of the badge follows its words.
    assert len({chunk(result[0].path.read_bytes(), "wannb-mock-badge") for result in results}) == 1 + captions


def test_an_edit_of_a_drawn_picture_covers_the_older_badge() -> None:
    first = draw(drawing("a very long prompt about a red car and so on", size=(800, 600)))
    second = drawn("a cat", images=(first,), size=(800, 600), boxes=(((300, 100, 500, 300),),))
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
            found = drawn("a cup", images=(data,), boxes=boxes, sequential=sequential, size=(200, 150))
            assert found.size == (200, 150)


@pytest.mark.parametrize(
    "prompt",
    ["", " \n", "\x00\x1b[31m", "😀🐈", "\ud800", "第一张：", "x" * 5000, "猫" * 5000, "斑马" * 2500, "image 1:" * 50],
)
def test_any_prompt_is_drawn(prompt: str) -> None:
    for sequential in (False, True):
        assert drawn(prompt, size=(200, 150), sequential=sequential).size == (200, 150)


LIGHTS = [
    ("summer", "day", "", ""),
    ("winter", "night", "", "sitting glasses"),
    ("autumn", "sunset", "rain", "walking child flowers"),
    ("spring", "dawn", "fog", "round sleeping many"),
]


@pytest.mark.parametrize(("season", "time", "weather", "manners"), LIGHTS)
def test_every_outline_draws_in_every_light(season: str, time: str, weather: str, manners: str) -> None:
    """All shapes are well formed, also those under a condition, and what they call exists."""
    light = mood(season, time, weather, random.Random(1))
    for name in SUBJECTS:
        canvas = Canvas((60, 60))
        put(name, canvas.pen(0.5, 0.9, 0.6), light, random.Random(1), manners=frozenset(manners.split()), shadow=False)
        assert canvas.finish().getbbox(), name


# What the tutorials, the README, the forms and the screenshots ask for.
@pytest.mark.parametrize(
    ("words", "prompt"),
    [
        ("fox", "A fox — 狐狸"), ("owl", "an owl"), ("owl", "猫头鹰"), ("chair", "a wooden chair"), ("shop", SHOP),
        ("lighthouse", "A lighthouse on a rock, evening light"), ("lighthouse night", "一座海边的灯塔，夜晚"),
        ("lighthouse fog", "a lighthouse in fog"), ("boat sea sunset", "A sailing boat at sea, sunset"),
        ("paper boat puddle", "A paper boat in a puddle"), ("island", "It comes to an island"), ("person", "a child"),
        ("umbrella red", "a red umbrella"), ("sofa lamp room", "A quiet living room with a sofa and a lamp"),
        ("boat cat harbour", "A calm harbour with small boats and a cat"), ("stall harbour", "A harbour with a market"),
        ("harbour sunset", "A harbour, golden evening"), ("street rain", "a street in the rain"),
        ("lake", "A river runs through it"), ("cat room", "A cat sleeps on a window sill"), ("winter", "winter"),
        ("clock", "A round clock in the boxed place"), ("cup white", "A white coffee cup"), ("cat dog", "cat and dog"),
        ("bottle green", "A green glass bottle"), ("balloon", "A hot air balloon"), ("room", "安静的客厅"),
    ],
)  # fmt: skip
def test_a_named_subject_is_drawn(words: str, prompt: str) -> None:
    scene = scene_of(drawing(prompt))
    assert scene.known
    assert set(words.split()) <= set(scene.summary.split())


@pytest.mark.parametrize("prompt", ["a zebra", "a heron", "an elephant in a forest", "a winter zebra", "a catfish"])
def test_any_other_subject_gives_a_card_with_its_words(prompt: str) -> None:
    assert not scene_of(drawing(prompt)).known
    card, other = (drawn(text, captions=False) for text in (prompt, f"{prompt} zz"))
    middle = (90, 120, 230, 190)
    assert sum(card.convert("L").crop(middle).histogram()[:180]) > 150, "there are letters on the card"
    assert differing(card.crop(middle), other.crop(middle))


@pytest.mark.parametrize("font_here", [True, False])
def test_a_card_in_chinese_has_words_where_the_machine_has_a_font_for_them(
    font_here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    chinese = marks._chinese() if font_here else None
    if font_here and chinese is None:
        pytest.skip("no Chinese font here")
    monkeypatch.setattr(marks, "_chinese", lambda: chinese)
    card = decoded(wannb.mock.drawing.draw(drawing("一只斑马在森林里", captions=False)))
    letters = sum(card.convert("L").crop((90, 120, 230, 190)).histogram()[:180])
    assert letters > 150 if font_here else letters == 0


SETTINGS = "mountains sea lake harbour city street forest desert room studio meadow space underwater road"


@pytest.mark.parametrize("word", SETTINGS.split())
def test_every_setting_draws(word: str) -> None:
    assert word in scene_of(drawing(word)).summary
    assert len({draw(drawing(word, seed=seed, size=(160, 120))) for seed in range(2)}) == 2


@pytest.mark.parametrize(
    ("prompt", "weather", "season"),
    [
        ("A paper boat in a puddle, after the rain", "", ""), ("a street after heavy rain", "", ""),
        ("a harbour before the storm", "", ""), ("雨后的街道", "", ""), ("a house after the snow", "", "winter"),
        ("a park without snow", "", ""), ("a lake, no fog", "", ""), ("a street in the rain", "rain", ""),
        ("a boat before the island in the rain", "rain", ""), ("a cat in the snow", "snow", "winter"),
    ],
)  # fmt: skip
def test_weather_that_is_over_or_not_there_is_not_drawn(prompt: str, weather: str, season: str) -> None:
    scenes = [scene_of(drawing(prompt, seed=seed)) for seed in range(9)]
    assert {scene.weather for scene in scenes} == {weather}
    winter = {scene.season == "winter" for scene in scenes}
    assert winter == {season == "winter"}


@pytest.mark.parametrize("prompt", ["a street without cars", "a park with no people", "a room without a lamp"])
def test_what_is_not_there_is_not_drawn(prompt: str) -> None:
    scene = scene_of(drawing(prompt))
    assert (scene.figure, scene.companions) == ("", ())


@pytest.mark.parametrize(
    ("prompt", "settings"),
    [
        ("The same boat at sea. First image: at sunrise. Second image: in the rain. Third image: at night, moon.",
         ["sea"] * 3),
        ("A cat in the desert. First image: the cat walks. Second image: the cat sleeps at night.", ["desert"] * 2),
        ("A red car in a city. First image: morning. Second image: the car in a forest.", ["city", "forest"]),
        ("同一只猫在海边。第一张：清晨。第二张：夜晚。", ["sea"] * 2),
        ("A boat at sea. First image: it sails. Second image: a lighthouse. Third image: a cat on a street",
         ["sea", "sea", "street"]),
    ],
)  # fmt: skip
def test_a_scene_that_names_no_place_stays_in_the_place_of_its_set(prompt: str, settings: list[str]) -> None:
    count = len(settings)
    frames = [scene_of(drawing(prompt, sequential=True, count=count, index=i)) for i in range(count)]
    assert [frame.setting for frame in frames] == settings


def test_a_story_stays_in_one_season_until_a_scene_names_another() -> None:
    story = "The same cat. Scene 1: the cat wakes. Scene 2: it eats. Scene 3: snow falls. Scene 4: it sleeps."
    for seed in range(5):
        seasons = [scene_of(drawing(story, seed=seed, sequential=True, count=4, index=i)).season for i in range(4)]
        assert seasons[2] == "winter"
        assert len({*seasons[:2], seasons[3]} - {"winter"}) == 1


@pytest.mark.parametrize(
    "prompt", ["balloon", "rocket", "house", "lamp", "flowers", "fox", "owl", "island", "clock", "cat", "cup"]
)
@pytest.mark.parametrize("box", [(60, 40, 180, 180), (20, 60, 300, 130), (100, 20, 150, 220)])
def test_a_figure_in_a_box_is_whole(prompt: str, box: tuple[int, int, int, int]) -> None:
    base = Image.new("RGB", (320, 240), (120, 140, 150))
    found = drawn(f"a {prompt}", images=(encoded(base),), boxes=((box,),), size=(320, 240), model=FLAT).crop(box)
    width, height = found.size
    rim = Image.new("L", found.size, 255)
    rim.paste(0, (3, 3, width - 3, height - 3))
    apart = ImageChops.difference(found, base.crop(box)).convert("L")
    assert max(level for level, count in enumerate(apart.histogram(rim)) if count) < 12
    left, top, right, bottom = apart.point(lambda level: 255 * (level > 40)).getbbox() or (0, 0, 0, 0)
    assert max((right - left) / width, (bottom - top) / height) > 0.5


@pytest.mark.parametrize(
    ("prompt", "base"),
    [
        ("Print the cat of image 1 on the cup of image 2", 1), ("put graffiti of image 2 on the car of image 1", 0),
        ("Put image 1 into image 2", 1), ("把图1的猫印到图2的杯子上", 1), ("image 1 in the style of image 2", 0),
        ("hang image 1 on the wall in image 2", 1), ("a cat", 0), ("put it on image 7", 0),
    ],
)  # fmt: skip
def test_the_picture_that_something_is_put_on_is_the_one_that_is_edited(prompt: str, base: int) -> None:
    tones = ((200, 40, 40), (40, 40, 200))
    inputs = tuple(encoded(Image.new("RGB", (300, 300), tone)) for tone in tones)
    red, _, blue = drawn(prompt, images=inputs).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    assert (blue > red) == bool(base)


def test_the_person_of_a_reference_is_not_drawn_as_somebody_else() -> None:
    tone = (250, 0, 250)
    photo_bytes = encoded(Image.new("RGB", (300, 300), tone))
    prompt = "A portrait series of the person through the four seasons"
    for index in range(4):
        found = drawn(prompt, images=(photo_bytes,), sequential=True, count=4, index=index)
        near = [n for (r, g, b), n in colors(found).items() if r > 240 and g < 12 and b > 240]
        assert sum(near) > 0.12 * 320**2


def test_a_2k_picture_stays_small() -> None:
    assert len(draw(drawing(size=(2048, 2048)))) < 1_500_000
