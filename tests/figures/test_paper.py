"""Paper: text on the side where its script begins, pictures dot by dot, and files that are whole at any time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from figures.spots import LABELS, image, spots
from figures.test_gallery import Tags
from matplotlib.figure import Figure
from PIL import Image

import wannb
from wannb.figures.fonts import leftwards
from wannb.figures.grid import grid
from wannb.figures.paper import Paper, put, save, typeset
from wannb.translation import Said, override


def paper(width: float = 2, height: float = 1, dpi: float = 100) -> Paper:
    return Paper(width, height, dpi=dpi, alt="a page")


def test_text_begins_where_its_script_does() -> None:
    for text, place, side in (("a cat", 0.2, "left"), ("12 قطة", 1.2, "right")):
        page = paper()
        page.write(typeset(text, 1, 8, most=1), 0.2, 0.1, width=1)
        [drawn] = page.figure.axes[0].texts
        assert (drawn.get_position()[0], drawn.get_ha()) == (pytest.approx(place), side)
        assert leftwards(text) == (side == "right")


def test_a_label_keeps_its_last_lines_and_a_text_its_first() -> None:
    text = "a very long prompt that takes many lines\nseed 7"
    assert typeset(text, 0.6, 8, most=2, whole_end=True).lines[-1] == "seed 7"
    assert typeset(text, 0.6, 8, most=2).lines[0] == "a very"
    assert typeset("", 1, 8, most=2).lines == ()


def test_a_picture_has_one_dot_for_each_pixel_and_a_missing_one_is_reported(tmp_path: Path) -> None:
    page, large = paper(), image(tmp_path / "1.png", size=(800, 800))
    small = image(tmp_path / "2.png", size=(40, 20))
    places = [(large.path, 0.5, 0, 1, 1), (tmp_path / "none.png", 0, 0, 1, 1), (small.path, 0, 0, 1, 1)]
    assert page.pictures(places) == [True, False, True]  # type: ignore[arg-type]
    first, second = page.figure.axes[0].images
    assert [each.get_array().shape for each in (first, second)] == [(100, 100, 3), (50, 100, 3)]  # type: ignore[union-attr]
    assert tuple(first.get_extent()) == pytest.approx((0.5, 1.5, 1, 0))


@pytest.mark.parametrize(("width", "dpi", "reason"), [(0, 100, "above 0"), (1, 0, "above 0"), (700, 100, "too large")])
def test_a_page_that_cannot_be_drawn_is_refused(width: float, dpi: float, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        paper(width, dpi=dpi)


def test_a_figure_shows_itself_without_pyplot() -> None:
    [shown] = Tags(paper().figure._repr_html_()).every("img")  # type: ignore[operator]
    assert (shown["alt"], shown["width"], shown["height"]) == ("a page", "192", "96")


@pytest.mark.parametrize("name", ["a.pdf", "a.png", "a.svg"])
def test_a_file_stays_until_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / name).write_bytes(b"before")

    def interrupted(*given: Any, **options: Any) -> None:
        raise error

    for place, error in (("savefig", KeyboardInterrupt()), ("fsync", OSError(28, "No space left on device"))):
        with monkeypatch.context() as patched:
            patched.setattr(*((Figure, place, interrupted) if place == "savefig" else ("os.fsync", interrupted)))
            with pytest.raises(type(error)):
                save(tmp_path / name, [paper().figure], pages=1, texts=[])
        assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(name, b"before")]
    save(tmp_path / name, [paper().figure], pages=1, texts=[])
    assert (tmp_path / name).read_bytes() != b"before"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.html").mkdir()
    with pytest.raises(OSError, match=r"cannot write '.*a\.html'"):
        put(tmp_path / "a.html", b"page")
    assert not list(tmp_path.glob(".*.part"))
    assert put(tmp_path / "deep" / "b.html", b"page").read_bytes() == b"page"


def test_all_of_it_speaks_the_language_it_was_made_in(tmp_path: Path) -> None:
    pair = Image.new("RGB", (300, 300)), Image.new("RGB", (300, 300), "white")
    with override("zh"):
        shown: dict[str, Any] = {
            "尚未生成": grid(spots(tmp_path), LABELS),
            "差异图": wannb.compare(*pair),
            "张图片": wannb.gallery(list(pair)),
        }
        with pytest.raises(ValueError, match="网格图可存为"):
            shown["尚未生成"].save("a.jpg")
        page = paper()
        page.write(typeset(Said("Difference"), 2, 8, most=1), 0, 0)
    for (text, each), kind in zip(shown.items(), ("html", "html", "plain"), strict=True):
        assert text in each._repr_mimebundle_()[f"text/{kind}"], "shown in the language of the reader, not its own"
    assert [text.get_text() for text in page.figure.axes[0].texts] == ["差异"]
    assert "差异" in {text.get_text() for text in shown["差异图"].figure(width=3, dpi=60).axes[0].texts}
