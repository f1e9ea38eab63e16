"""Pages hold their words: measured with the fonts that draw them, in every script and arrangement."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from exports.reels import KINDS, reel, shot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from wannb.exports import Pages, Reel
from wannb.figures import families
from wannb.figures.fonts import _drawable
from wannb.figures.paper import _style
from wannb.translation import override

DPI = 60
#: Layouts of a page, with the lengths of texts (times a sentence).
LAYOUTS: list[tuple[dict[str, Any], int]] = [
    ({}, 1),
    ({"frames": 1}, 4),
    ({"frames": 3, "paper": "Letter"}, 4),
    ({"frames": 4, "orientation": "portrait"}, 15),
    ({"frames": 12}, 2),
    ({"columns": 8, "rows": 6}, 1),
]
Place = tuple[Text, float, float, float, float]


def boxes(pages: Pages, number: int) -> list[Place]:
    """Return the texts of a page with their left, top, right and bottom in inches, as they are drawn."""
    with matplotlib.rc_context(_style(())):
        figure = pages.figure(number, dpi=DPI)
        renderer = FigureCanvasAgg(figure).get_renderer()
        extents = [(text, text.get_window_extent(renderer)) for text in figure.axes[0].texts]
    high = pages.size[1]
    return [(text, box.x0 / DPI, high - box.y1 / DPI, box.x1 / DPI, high - box.y0 / DPI) for text, box in extents]


def flat(text: str) -> str:
    """Return a text as it is drawn, without spaces."""
    return "".join(_drawable(text, tuple(families(text).families)).split())


def words(placed: Iterable[Place]) -> str:
    return "".join("".join(text.get_text().split()) for text, *_ in placed)


def drawn(pages: Pages, number: int) -> str:
    return words(boxes(pages, number))


def check_places(placed: list[Place], size: tuple[float, float]) -> None:
    """Fail where a text is outside the margins, or over another one."""
    near = 0.02
    for text, left, top, right, bottom in placed:
        name = repr(text.get_text()[:30])
        assert left >= 0.5 - near, name
        assert top >= 0.5 - near, name
        assert right <= size[0] - 0.5 + near, name
        assert bottom <= size[1] - 0.5 + 0.06, name  # what hangs below the last line
    for (one, *a), (two, *b) in itertools.combinations(placed, 2):
        # Lines may touch with what hangs from them, as in any book.
        spare = 0.3 * max(one.get_fontsize(), two.get_fontsize()) / 72
        across, along = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        assert across <= near or along <= spare, f"{one.get_text()[:30]!r} over {two.get_text()[:30]!r}"


@pytest.mark.parametrize(("layout", "times"), LAYOUTS, ids=[str(layout) for layout, _ in LAYOUTS])
def test_every_word_is_there_in_its_place_and_where_the_rest_is_is_said(layout: dict[str, Any], times: int) -> None:
    pages = Pages(reel=reel(times, camera="Close-up, low angle"), date="12 March", **layout)
    placed = [boxes(pages, number) for number in range(1, len(pages) + 1)]
    for each in placed:
        check_places(each, pages.size)
    sheets, there = pages.sheets, [words(each) for each in placed]
    # Without the heads, between which a text may go on.
    listed = "".join(words(place for place in each if place[2] >= pages._top - 0.05) for each in placed[len(sheets) :])
    assert "…" not in "".join(there)
    for number, each in ((number, each) for number, sheet in enumerate(sheets) for each in sheet):
        for text in (each.text, each.quoted, each.notes):
            if flat(text) not in there[number]:
                first = pages._page_of[each.number] + len(sheets)
                assert f"infull:page{first}" in there[number], each.number
                assert f"Scene{each.number}" in there[first - 1], each.number
                assert flat(text) in listed, each.number


def test_words_shrink_before_they_move(tmp_path: Path) -> None:
    sizes = []
    for times in (1, 2, 3):
        pages = Pages(reel=reel(times, kinds=["latin"] * 6))
        sizes.append(max(text.get_fontsize() for text, *_ in boxes(pages, 1) if "paper boat" in text.get_text()))
        assert len(pages) == 1
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 9.5
    assert 7 <= sizes[-1] < 9.5
    assert len(Pages(reel=reel(12, kinds=["latin"] * 6))) > 1


@pytest.mark.parametrize("title", ["The boat", "An uncommonly long title of a board that goes on " * 3, "标题" * 90])
def test_a_title_is_whole_and_apart_from_logo_date_and_number(title: str, tmp_path: Path) -> None:
    Image.new("RGBA", (500, 100), (255, 0, 0, 128)).save(tmp_path / "logo.png")
    pages = Pages(reel=reel(title=title), logo=tmp_path / "logo.png", date="12 March")
    placed = boxes(pages, 1)
    assert flat(title) in "".join("".join(text.get_text().split()) for text, *_ in placed)
    [logo] = [image for image in pages.figure(1, dpi=DPI).axes[0].images if image.get_array().shape[0] < 100]
    left, right, bottom, top = logo.get_extent()
    assert 0.45 <= top < bottom <= pages._top
    assert right <= pages.size[0] - 0.5 + 0.02
    assert tuple(logo.get_array()[5, 5]) == pytest.approx((255, 127, 127), abs=3), "a logo stands on white"
    head = [(text.get_text(), a, b) for text, a, _, b, y in placed if y <= pages._top + 0.02]
    assert {"page 1 of 1", "12 March"} <= {text for text, _, _ in head}
    assert all(b <= left or a >= right for _, a, b in head)


def test_arrangements_make_the_pictures_large() -> None:
    def cells(**layout: Any) -> tuple[int, int, bool]:
        found = Pages(reel=reel(), **layout)._cells
        return found.columns, found.rows, found.beside

    assert cells() == (3, 2, False)
    assert cells(frames=1) == (1, 1, False)
    assert cells(frames=4, orientation="portrait") == (1, 4, True), "words beside the pictures, as in a script"
    assert cells(frames=12) == (4, 3, False)
    assert cells(columns=2, rows=1)[:2] == (2, 1)
    tall = Pages(reel=Reel(title="", shots=(shot(1, "a", size=(900, 1600)),)), frames=1)._cells
    assert tall.beside


def test_pages_begin_with_a_number_for_each_and_have_none_where_none_is_wanted() -> None:
    pages = Pages(reel=reel(), frames=2)
    assert [f"page{number}of3" in drawn(pages, number) for number in (1, 2, 3)] == [True] * 3
    assert "page1of3" not in drawn(Pages(reel=reel(), frames=2, numbering=False), 1)
    with override("zh"):
        assert "全文" in drawn(Pages(reel=reel(9), frames=12), 1)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"frames": 13}, "frames=13: give 1 to 12"),
        ({"frames": None}, "frames=None"),
        ({"orientation": "upright"}, "orientation='upright' is not one of 'landscape', 'portrait'"),
        ({"logo": "none.png"}, r"the logo 'none\.png' cannot be read"),
        ({"reel": reel(title="word " * 900)}, "a title of 4500 letters does not fit"),
    ],
)
def test_what_cannot_be_laid_out_is_said(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Pages(**{"reel": reel(), **wrong}).figure()


def test_some_scenes_alone_in_any_order() -> None:
    some = reel().only([4, 2])
    assert [each.number for each in some.shots] == [4, 2]
    assert KINDS[3] == "thai"
    assert re.search(r"Scene 4 of 6.*Scene 2 of 6", Pages(reel=some)._alt(1))
    for wrong in ([], [7], [True], ["1"]):
        with pytest.raises(ValueError, match=r"give numbers from 1 to 6"):
            reel().only(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not a list of numbers"):
        reel().only("12")  # type: ignore[arg-type]
