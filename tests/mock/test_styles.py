"""Styles and colors of drawn pictures: what a prompt names is seen, what it leaves open stays the same in a story."""

from __future__ import annotations

import io
import re
import statistics
from functools import lru_cache

import pytest
from PIL import Image, ImageChops, ImageStat, PngImagePlugin

import wannb.mock.drawing
from wannb.mock.drawing import Drawing, words
from wannb.mock.drawing.composition import scene_of

BOAT = "a sailing boat at sea"


@lru_cache(maxsize=64)
def bytes_of(prompt: str, **changes: object) -> bytes:
    return wannb.mock.drawing.draw(Drawing(**{"prompt": prompt, "seed": 7, "size": (320, 320), **changes}))  # type: ignore[arg-type]


def drawn(prompt: str, **changes: object) -> Image.Image:
    """Draw a picture and return what stands above its badge."""
    with Image.open(io.BytesIO(bytes_of(prompt, captions=False, **changes))) as picture:
        return picture.convert("RGB").crop((0, 0, 320, 290))


def saturation(picture: Image.Image) -> float:
    return ImageStat.Stat(picture.convert("HSV").getchannel("S")).mean[0]


def paper(picture: Image.Image) -> float:
    """Return the share of pixels as bright as paper."""
    return sum(picture.convert("L").histogram()[200:]) / picture.width / picture.height


def difference(first: Image.Image, second: Image.Image) -> float:
    return statistics.mean(ImageStat.Stat(ImageChops.difference(first, second)).mean)


STYLES = {
    "ink": ["ink drawing", "pen and ink drawing", "ink wash", "in ink", "Chinese ink painting", "ink sketch",
            "woodcut", "an etching", "水墨画", "水墨风格", "版画"],
    "pencil": ["pencil sketch", "pencil drawing", "a sketch", "in pencil", "graphite drawing", "铅笔素描", "素描",
               "铅笔画"],
    "charcoal": ["charcoal drawing", "charcoal", "in charcoal", "charcoal sketch", "炭笔画"],
    "lines": ["line art", "line drawing", "a line-art drawing", "coloring page", "线稿", "简笔画"],
    "watercolor": ["watercolor", "watercolour", "watercolour painting", "gouache", "水彩", "水彩画"],
    "oil": ["oil painting", "oil on canvas", "in oils", "acrylic painting", "impressionist painting", "油画"],
    "crayon": ["pastel drawing", "crayon drawing", "in crayon", "colored pencil drawing", "蜡笔画", "彩色铅笔画"],
    "comic": ["comic", "comic book style", "comic strip", "manga", "cartoon", "pop art", "漫画", "卡通风格"],
    "pixels": ["pixel art", "8-bit", "pixelated", "像素画"],
    "blueprint": ["blueprint", "cyanotype", "蓝图"],
    "sepia": ["sepia", "sepia photograph", "a vintage photograph", "老照片"],
    "gray": ["black and white", "black-and-white photo", "in black and white", "monochrome", "greyscale", "film noir",
             "黑白照片", "黑白摄影"],
}  # fmt: skip


@pytest.mark.parametrize(("style", "text"), [(style, text) for style, texts in STYLES.items() for text in texts])
def test_a_style_is_recognized_in_every_place_of_a_prompt(style: str, text: str) -> None:
    places = [
        "{0}, {1}",
        "{1}, {0}",
        "{0}. {1}",
        "{0}：一艘船",
        "{1}\n{0}",
        *["{0} of {1}"] * (not text.startswith("in ")),
    ]
    assert {place: words.styles(place.format(text.capitalize(), BOAT)) for place in places} == dict.fromkeys(
        places, (style,)
    )


@pytest.mark.parametrize(
    "prompt",
    [
        "a bottle of ink", "a bottle of oil on a table", "a pencil on a desk", "a black and white cat", "黑白相间的猫",
        "a dog with black and white spots", "an oil lamp", "a charcoal grill in a garden", "a comic actor",
        "a pastel sky",
        "a zebra in black and white stripes", "no watercolor, a boat", "a photograph of a cat",
        "storybook illustration",
        "a living room with a painting on the wall", "cinematic image set", "a crayon in a box", "an inkwell", "油灯",
        "1024 pixels wide", "1024像素",
        "keep its characters, style and light", "remove the watercolor", "blue print dress",
        "in black and white clothes",
    ],
)  # fmt: skip
def test_what_is_no_style_is_not_taken_for_one(prompt: str) -> None:
    assert words.styles(prompt) == ()


@pytest.mark.parametrize("style", STYLES)
def test_each_style_shows(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = f"{BOAT}, {STYLES[style][0]}"
    styled = drawn(prompt)
    bytes_of.cache_clear()
    monkeypatch.setattr(words, "styles", lambda text: ())
    plain = drawn(prompt)
    bytes_of.cache_clear()
    assert difference(plain, styled) > 5
    if style in ("ink", "pencil", "charcoal", "lines", "gray"):
        assert saturation(styled) < 30 < saturation(plain)
    if style in ("ink", "pencil", "lines"):
        assert paper(styled) > 0.5
    if style == "blueprint":
        red, _, blue = ImageStat.Stat(styled).mean
        assert blue > red + 60
    if style == "sepia":
        red, green, blue = ImageStat.Stat(styled).mean
        assert red > green > blue
    if style == "pixels":
        assert len(styled.getcolors(1 << 20) or []) <= 32
    if style in ("watercolor", "oil", "crayon", "comic", "pixels"):
        assert saturation(styled) > 20


def test_no_two_styles_look_the_same() -> None:
    pictures = [drawn(f"{BOAT}, {texts[0]}") for texts in STYLES.values()]
    gaps = [difference(a, b) for i, a in enumerate(pictures) for b in pictures[:i]]
    assert min(gaps) > 4


def test_the_style_of_a_set_is_that_of_each_frame_and_a_frame_may_have_its_own() -> None:
    prompt = f"Ink drawing. First image: {BOAT}. Second image: a cat in a meadow. Third image: {BOAT}, watercolor."
    frames = [drawn(prompt, index=index, count=3, sequential=True) for index in range(3)]
    assert [saturation(frame) < 20 for frame in frames] == [True, True, False]


def test_the_style_of_a_story_is_that_of_a_new_frame() -> None:
    frame = bytes_of(f"Ink drawing. First image: {BOAT}.", sequential=True)
    prompt = "Ink drawing, the same boat. Image 1 is a frame of the same story. Draw one new frame. Scene: a red boat"
    assert saturation(drawn(prompt, images=(frame,))) < 20


@pytest.mark.parametrize("style", STYLES)
def test_an_edit_into_a_style_shows_it(style: str) -> None:
    picture = bytes_of("a red balloon over a green meadow")
    plain, styled = (drawn(f"Turn it into {text}", images=(picture,)) for text in ("a poem", STYLES[style][0]))
    assert difference(plain, styled) > 5
    assert style not in ("ink", "lines", "pencil", "charcoal", "gray") or saturation(styled) < 30


def test_a_style_in_a_box_stays_in_the_box() -> None:
    picture = bytes_of("a red balloon over a green meadow")
    boxes = (((100, 100, 220, 220),),)
    edited = drawn("A pencil sketch of an orange cat in the boxed place", images=(picture,), boxes=boxes)
    before = drawn("a red balloon over a green meadow")
    assert saturation(edited.crop((130, 130, 190, 190))) < 40
    assert difference(edited.crop((0, 0, 90, 290)), before.crop((0, 0, 90, 290))) == 0


def test_a_card_in_a_style_keeps_its_words_readable() -> None:
    plain, styled = (drawn(f"a zebra, {text}") for text in ("plain", "pixel art"))
    assert len(plain.getcolors(1 << 20) or []) > 1000
    # The same dark letters on the same paper, and smooth, on a ground of squares.
    words_of = [sum(picture.convert("L").crop((60, 110, 260, 180)).histogram()[:90]) for picture in (plain, styled)]
    assert min(words_of) > 200
    assert len(styled.crop((100, 100, 220, 190)).getcolors(1 << 20) or []) > 32


@pytest.mark.parametrize(
    ("prompt", "figure", "setting"),
    [
        ("black and white photograph of a boat", "boat", ""),
        ("a watercolor of a mountain lake", "", "mountains"),
        ("Ink drawing of a harbour", "", "harbour"),
        ("pencil sketch, a forest", "", "forest"),
        ("水墨画，山", "", "mountains"),
        ("蓝图：一艘船", "boat", ""),
    ],
)
def test_the_words_of_a_style_are_no_part_of_the_scene(prompt: str, figure: str, setting: str) -> None:
    scene = scene_of(Drawing(prompt=prompt, seed=7, size=(320, 320)))
    assert (scene.figure, scene.tint, scene.known) == (figure, None, True)
    assert not setting or scene.setting == setting


HULLS = [(206, 84, 72), (64, 112, 150), (240, 228, 206), (96, 140, 116)]
STORY = "The same sailing boat throughout."
NEXT = f"{STORY} Image 1 is a frame of the same story. Draw one new frame of this story. Scene: it sails at noon"


def hull(prompt: str, **changes: object) -> int:
    """Return which of its colors the boat of a picture has, drawn flat so that its pixels can be counted."""
    picture = drawn(prompt, **{"model": "wan2.7-image", "thinking": False, **changes})
    found = {color: count for count, color in picture.getcolors(1 << 20) or []}
    return max(range(len(HULLS)), key=lambda number: found.get(HULLS[number], 0))


def story(seed: int, index: int = 0) -> dict[str, object]:
    prompt = f"{STORY} First image: it sails at noon. Second image: a sunny day at sea. Third image: a dog on a beach."
    return {"prompt": prompt, "seed": seed, "sequential": True, "count": 3, "index": index}


@pytest.mark.parametrize("seed", range(4))
def test_a_new_frame_of_a_story_keeps_the_color_that_nobody_named(seed: int) -> None:
    first = hull(**story(seed))  # type: ignore[arg-type]
    shown = bytes_of(**{**story(seed), "model": "wan2.7-image"})  # type: ignore[arg-type]
    assert {hull(NEXT, seed=roll, images=(shown,)) for roll in range(100, 106)} == {first}
    # The neighbor of a new frame can be a new frame itself.
    again = bytes_of(NEXT, seed=100, images=(shown,), model="wan2.7-image")
    assert hull(NEXT, seed=55, images=(None, b"no picture", again)) == first


def test_seeds_still_vary_the_color_where_no_picture_is_shown() -> None:
    assert len({hull("a sailing boat at sea at noon", seed=seed) for seed in range(12)}) > 2
    assert len({hull(**story(seed)) for seed in range(8)}) > 1  # type: ignore[arg-type]


def test_what_stands_beside_keeps_its_color_within_a_set() -> None:
    prompt = "The same cat. First image: a cat and a dog in a park. Second image: a cat, a tree, and a dog."
    frames = [bytes_of(prompt, index=index, count=2, sequential=True) for index in range(2)]
    assert len({re.search(rb"(\d+) dog", frame)[1] for frame in frames}) == 1  # type: ignore[index]


def test_a_color_that_is_named_wins_over_that_of_the_frames_before() -> None:
    shown = bytes_of(**story(1))  # type: ignore[arg-type]
    picture = drawn(NEXT.replace("sailing", "red sailing"), images=(shown,), model="wan2.7-image", thinking=False)
    assert (208, 62, 58) in {color for _, color in picture.getcolors(1 << 20) or []}


@pytest.mark.parametrize(
    "text", ["", "x", "9" * 400 + " boat", "12 boat, 12 boat, -3 cat", "\x00 5 nobody", "5 boat\n"]
)
def test_any_text_in_the_place_of_the_figures_is_read(text: str) -> None:
    chunks, out = PngImagePlugin.PngInfo(), io.BytesIO()
    chunks.add_text("wannb-mock-figures", text)
    Image.new("RGB", (240, 240)).save(out, "PNG", pnginfo=chunks)
    assert drawn(NEXT, images=(out.getvalue(),)).size == (320, 290)
