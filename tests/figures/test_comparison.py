"""Comparisons: two pictures on one page without a kernel, with numbers that count pixels and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import numpy
import pytest
from figures.test_gallery import HOSTILE, Tags, opened, page_of
from figures.test_grid import check_inside
from PIL import Image

from wannb.client import Client
from wannb.figures.comparison import compare


@pytest.fixture
def pair() -> tuple[Image.Image, Image.Image]:
    """A grey picture of 400 x 300, and the same with a white square of 100 x 100 at 50, 50."""
    before = Image.new("RGB", (400, 300), "grey")
    after = before.copy()
    after.paste("white", (50, 50, 150, 150))
    return before, after


def test_the_numbers_count_pixels(pair: tuple[Image.Image, Image.Image]) -> None:
    plain = compare(*pair)
    assert (plain.changed, plain.inside, plain.outside) == (pytest.approx(1 / 12), None, None)
    assert plain.summary == "8.3 % of the pixels changed (by more than 8 of 255)"
    boxed = compare(*pair, boxes=[[50, 50, 250, 150]])
    assert (boxed.inside, boxed.outside) == (0.5, 0.0)
    assert "in the boxes 50.0 % changed; outside 0.0 % changed" in boxed.summary
    assert compare(*pair, boxes=[[0, 0, 400, 300]]).outside is None
    assert compare(pair[0], pair[0]).changed == 0
    first, second = (Image.new("RGB", (240, 240), (100, 100, level)) for level in (100, 108))
    assert (compare(first, second, tolerance=8).changed, compare(first, second, tolerance=7).changed) == (0, 1)


def test_small_shares_are_not_called_nothing() -> None:
    before = Image.new("RGB", (400, 400))
    after = before.copy()
    after.putpixel((7, 7), (255, 255, 255))
    assert compare(before, after).summary.startswith("under 0.1 %")


def test_the_map_is_dark_where_nothing_changed_and_bright_where_much_did(pair: tuple[Image.Image, Image.Image]) -> None:
    shown = numpy.asarray(compare(*pair).difference.convert("L"))
    assert shown.shape == (300, 400)
    assert shown[200, 300] < 5
    assert shown[100, 100] > 120
    assert "Dark: the same in both" in Tags(compare(*pair)).words


def test_an_edit_is_compared_with_its_last_picture_and_its_boxes(client: Client, tmp_path: Path) -> None:
    for name in ("style.png", "room.png"):
        Image.effect_noise((64, 48), 60).convert("RGB").resize((1024, 768)).save(tmp_path / name)
    paths = [tmp_path / "style.png", tmp_path / "room.png"]
    result = client.edit("a clock here", paths, bbox_list=[[], [[600, 200, 900, 500]]], seed=3, size="1K")
    shown = compare(result)
    assert shown.a.label == "room.png"
    assert shown.b.label == "a clock here"
    assert shown.boxes == ((600, 200, 900, 500),)
    assert shown.inside is not None
    assert shown.outside is not None
    assert shown.inside > shown.outside
    assert page_of(shown).count("<span style=") == 1
    assert compare(result, boxes=[]).boxes == ()


@pytest.mark.usefixtures("quick_pictures")
def test_labels_say_what_differs(client: Client) -> None:
    first, second = (client.generate("a house", seed=seed, size="1K") for seed in (1, 2))
    shown = compare(first, second)
    assert (shown.a.label, shown.b.label) == ("seed 1", "seed 2")
    assert repr(shown).startswith("Comparison('seed 1', 'seed 2': ")
    pair = client.generate("a house", seed=1, size="1K", n=2)
    assert compare(pair[0], pair[1]).b.label == "a house · image 2 of 2"
    other = client.generate("a house", seed=2, size="1K", n=2)
    mixed = compare(pair[0], other[1])
    assert (mixed.a.label, mixed.b.label) == ("seed 1 · image 1 of 2", "seed 2 · image 2 of 2")


def test_another_size_is_said(pair: tuple[Image.Image, Image.Image]) -> None:
    scaled = compare(pair[0], pair[1].resize((800, 600)))
    assert "picture of 800*600 is scaled to 400*300" in scaled.notices[0]
    assert scaled.changed == pytest.approx(1 / 12, abs=0.01)
    assert "stretched" in compare(pair[0], pair[1].resize((600, 600))).notices[0]
    assert compare(*pair).notices == ()


def test_the_page_holds_all_it_needs_and_is_always_the_same(
    pair: tuple[Image.Image, Image.Image],
) -> None:
    page = page_of(compare(*pair))
    assert page == page_of(compare(*pair))
    read = Tags(page)
    controls = read.every("input")
    assert [each["type"] for each in controls] == ["radio", "radio", "radio", "range"]
    assert [each["value"] for each in controls] == ["slider", "side", "map", "50"]
    assert all(each["data-lm-suppress-shortcuts"] == "true" for each in controls)
    assert controls[3]["aria-label"]
    assert not [attributes for _, attributes in read.tags if "id" in attributes]
    read.check("oninput", "onsubmit")
    images = read.every("img")
    assert [str(each["alt"]).partition(":")[0] for each in images] == ["Left", "Right", "Difference map"]
    left, right, _ = (opened(str(each["src"])) for each in images)
    assert left.getpixel((100, 100)) == pytest.approx((128, 128, 128), abs=6)
    assert right.getpixel((100, 100)) == pytest.approx((255, 255, 255), abs=6)
    assert "http" not in re.sub(r"base64,[^\"]+", "", page)


def test_the_page_is_small_even_for_noise() -> None:
    first, second = (Image.effect_noise((1024, 1024), 120).convert("RGB") for _ in range(2))
    assert len(page_of(compare(first, second))) < 400_000


def test_hostile_names_stay_text(client: Client, tmp_path: Path) -> None:
    place = tmp_path / '"><img src=x onerror=alert(1)> &.png'
    Image.new("RGB", (300, 300)).save(place)
    read = Tags(compare(client.edit(HOSTILE, place, size="1K", seed=1)))
    assert len(read.every("img")) == 3
    read.check("oninput", "onsubmit")


def test_it_is_saved_as_page_and_figure(pair: tuple[Image.Image, Image.Image], tmp_path: Path) -> None:
    shown = compare(*pair, boxes=[[50, 50, 150, 150]])
    page = shown.save(tmp_path / "deep" / "a.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page_of(shown) in page
    for name in ("a.png", "a.pdf"):
        first = shown.save(tmp_path / name, dpi=72).read_bytes()
        assert shown.save(tmp_path / name, dpi=72).read_bytes() == first
    figure = shown.figure(width=5, dpi=72)
    assert len(figure.axes[0].images) == 3
    assert "Difference" in {text.get_text() for text in figure.axes[0].texts}
    with pytest.raises(ValueError, match=r"saved as \.png, \.pdf, \.html"):
        shown.save(tmp_path / "a.gif")


def test_what_cannot_be_compared_says_why(
    pair: tuple[Image.Image, Image.Image], client: Client, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"give two: compare\(a, b\)"):
        compare(client.generate("a cat", seed=1, size="1K"))
    with pytest.raises(ValueError, match="links are not downloaded"):
        compare("https://example.com/a.png", pair[0])
    with pytest.raises(ValueError, match=r"no file"):
        compare(pair[0], tmp_path / "none.png")
    for box in ([0, 0, 401, 10], [10, 10, 10, 20], [1, 2, 3], ["a", 0, 1, 1]):
        with pytest.raises(ValueError, match="left, top, right, bottom in"):
            compare(*pair, boxes=[box])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="whole number from 0 to 254"):
        compare(*pair, tolerance=255)


def test_on_paper_too_a_reader_learns_that_one_picture_was_stretched(pair: tuple[Image.Image, Image.Image]) -> None:
    def words(other: Image.Image) -> str:
        return " ".join(text.get_text() for text in compare(pair[0], other).figure(dpi=60).axes[0].texts)

    said = words(pair[1].resize((600, 600))).replace("\n", " ")
    assert "the right picture of 600*600 is stretched to 400*300" in said
    assert "the right picture" not in words(pair[1])


@pytest.mark.parametrize("width", [2.5, 7])
def test_labels_on_paper_are_whole(client: Client, width: float) -> None:
    long = "a very old lighthouse on a rock in heavy weather, seen from a small boat, " * 3
    one, other = (client.generate(f"{long}{end}", seed=1, size="768*768") for end in ("at dawn", "in fog and rain"))
    shown = compare(one, Image.new("RGB", (400, 300)))
    drawn = shown.figure(width=width)
    words = " ".join(text.get_text() for text in drawn.axes[0].texts)
    assert "…" not in words
    assert f"{long}at dawn".replace(" ", "") in words.replace(" ", "")
    check_inside(drawn, width)
    assert f"{long[:150]}" in page_of(shown)
    assert f"{long}at" not in Tags(shown).words, "in a cell there is no room for all of it"
    assert max(map(len, [text.get_text() for text in compare(one, other).figure(width=width).axes[0].texts])) < 200
