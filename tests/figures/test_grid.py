"""Grids: every image under its label, gaps said in words, small in the notebook and sharp on paper."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from figures.spots import LABELS, image, spots
from figures.test_gallery import HOSTILE, Tags, opened, page_of
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from wannb.client import Client
from wannb.display.previews import make_preview, preview_path
from wannb.figures.fonts import families
from wannb.figures.grid import Grid, contact_sheet, grid
from wannb.figures.layout import Spot, labels_of
from wannb.runs.result import GeneratedImage


def check_inside(drawn: Figure, width: float, dpi: float = 200) -> None:
    """Check that all texts of a figure are on its page, to a dot."""
    renderer = FigureCanvasAgg(drawn).get_renderer()
    for text in (each for axes in drawn.axes for each in axes.findobj(Text) if each.get_text() and each.get_visible()):
        box = text.get_window_extent(renderer)
        assert -1 <= box.x0 < box.x1 <= width * dpi + 1, text
        assert -1 <= box.y0 < box.y1 <= drawn.get_figheight() * dpi + 1, text


class TestInTheCell:
    def test_it_is_a_table_with_scopes_and_all_states_in_words(self, tmp_path: Path) -> None:
        shown = grid(spots(tmp_path), LABELS, title="Pets", constants="size 1K")
        page = Tags(shown)
        assert [each["scope"] for each in page.every("th")] == ["col"] * 3 + ["row"] * 2
        alts = [each["alt"] for each in page.every("img")]
        assert alts[0] == "a cat, seed 1"
        assert len(alts) == 9
        for words in ("Pets", "size 1K", "refused: not nice", "not run yet", "failed: x", "9 images, 1 refused"):
            assert words in page.words
        assert repr(shown) == "Grid(2 x 3, 9 images, 1 refused, 1 not run yet, 1 failed)"

    def test_the_same_grid_is_the_same_page(self, tmp_path: Path) -> None:
        made = spots(tmp_path)
        assert page_of(grid(made, LABELS)) == page_of(grid(list(reversed(made)), LABELS))

    def test_hostile_text_stays_text(self, tmp_path: Path) -> None:
        made = [Spot(options={"prompt": 0, "seed": 0}, images=(image(tmp_path / "1.png"),), alt=HOSTILE)]
        made += [Spot(options={"prompt": 1, "seed": 0}, kind="failed", text=HOSTILE * 4)]
        labels = {"prompt": (HOSTILE * 4, HOSTILE), "seed": (HOSTILE,)}
        page = Tags(grid(made, labels, pages="seed", title=HOSTILE, constants=HOSTILE))
        page.check()
        assert (len(page.every("img")), page.every("style")) == (1, [])

    def test_five_hundred_images_are_under_a_megabyte_and_few_are_crisp(self, tmp_path: Path) -> None:
        first = image(tmp_path / "0.png", size=(1024, 1024))
        make_preview(first.path)
        made = []
        for number in range(500):
            place = tmp_path / f"{number}.png"
            if number:
                shutil.copy2(first.path, place)
                shutil.copy2(preview_path(first.path), preview_path(place))
            each = GeneratedImage(path=place, number=1, count=1, width=1024, height=1024, seed=1, sha256="")
            made.append(
                Spot(options={"prompt": number // 20, "seed": number % 20}, images=(each,), alt=f"spot {number}")
            )
        labels = {"prompt": labels_of([f"a very long prompt about {n} things" for n in range(25)])}
        labels["seed"] = labels_of(range(20))
        page = page_of(grid(made, labels))
        assert page.count("<img ") == 500
        assert len(page.encode()) < 1_000_000
        few = Tags(grid(made[:2], {"seed": ("1", "2")})).every("img")
        assert len(few) == 2
        assert all(max(opened(str(each["src"])).size) >= 500 for each in few)

    def test_a_file_that_is_gone_is_said_to_be(self, tmp_path: Path) -> None:
        made = [Spot(options={"seed": number}, images=(image(tmp_path / f"{number}.png"),)) for number in (0, 1)]
        made[1].images[0].path.unlink()
        shown = grid(made, {"seed": ("1", "2")})
        assert "the file is gone or damaged" in page_of(shown)
        shown.figure(dpi=60)


class TestOnPaper:
    def test_figures_fit_their_width_and_hold_text_as_text(self, tmp_path: Path) -> None:
        shown = grid(spots(tmp_path), LABELS, pages="model")
        figure = shown.figure(page=1, width=3.3, dpi=100)
        assert figure.get_size_inches()[0] == pytest.approx(3.3)
        texts = {text.get_text() for text in figure.axes[0].texts}
        assert {"plain", "a cat", "seed 1"} <= texts
        renderer = FigureCanvasAgg(figure).get_renderer()
        for text in figure.axes[0].texts:
            box = text.get_window_extent(renderer)
            assert box.x0 >= -1
            assert box.x1 <= 331

    @pytest.mark.parametrize("width", [2.5, 3.3, 7])
    @pytest.mark.parametrize(
        "axes",
        [{"rows": ("prompt", "model"), "columns": "seed"}, {"rows": "prompt", "columns": ("seed", "model")}, {}],
        ids=str,
    )
    def test_labels_are_whole_and_within_the_page_at_any_width(
        self, tmp_path: Path, width: float, axes: dict[str, Any]
    ) -> None:
        long = "a very old lighthouse on a rock in heavy weather, seen from a small boat, " * 3
        labels = {
            "prompt": (f"{long} at dawn", "一座很老的灯塔，" * 30),
            "seed": ("1", "2", long),
            "model": ("pro", "plain"),
        }
        drawn = grid(spots(tmp_path), labels, title=long, **axes).figure(width=width)
        assert not [text.get_text() for text in drawn.axes[0].texts if "…" in text.get_text()]
        words = "".join(text.get_text() for text in drawn.axes[0].texts).replace(" ", "")
        for text in (label for of in labels.values() for label in of):
            assert text.replace(" ", "") in words
        check_inside(drawn, width)

    def test_headings_beside_the_rows_span_them(self, tmp_path: Path) -> None:
        shown = grid(spots(tmp_path), LABELS, rows=("prompt", "model"), columns="seed")
        scopes = [(each.get("scope"), each.get("rowspan")) for each in Tags(shown).every("th")]
        assert scopes == [("col", None)] * 3 + [("rowgroup", "2"), ("row", None), ("row", None)] * 2
        drawn = shown.figure(width=3.3, dpi=100)
        upright = {text.get_text(): text for text in drawn.axes[0].texts if text.get_rotation() == 90}
        assert set(upright) == {"a cat", "a dog"}
        renderer = FigureCanvasAgg(drawn).get_renderer()
        boxes = {name: text.get_window_extent(renderer) for name, text in upright.items()}
        rows = [text.get_window_extent(renderer) for text in drawn.axes[0].texts if text.get_text() in ("pro", "plain")]
        assert boxes["a cat"].x1 < min(row.x0 for row in rows)
        middle = [(box.y0 + box.y1) / 2 for box in boxes.values()]
        assert middle == pytest.approx([sum(row.y0 + row.y1 for row in two) / 4 for two in (rows[:2], rows[2:])], abs=3)

    def test_pictures_have_the_dots_that_were_asked_for_and_are_as_sharp_as_the_file(self, tmp_path: Path) -> None:
        large = image(tmp_path / "1.png", size=(1600, 1200))
        Image.linear_gradient("L").resize((1600, 1200)).point(lambda level: level // 4 % 2 * 255).save(large.path)
        made = [Spot(options={"seed": n}, images=(large,)) for n in (0, 1)]
        drawn = grid(made, {"seed": ("1", "2")}).figure(width=4, dpi=300)
        pixels = drawn.axes[0].images[0].get_array()
        assert pixels is not None
        assert pixels.shape[1] == pytest.approx(4 * 300 / 2, abs=30)
        assert pixels.std() > 100

    def test_files_are_the_same_every_time(self, tmp_path: Path) -> None:
        shown = grid(spots(tmp_path), LABELS, pages="model")
        for name in ("a.pdf", "a.png", "a.svg"):
            first, second = (shown.save(tmp_path / folder / name, dpi=72, width=3) for folder in ("one", "two"))
            assert [place.name for place in first] == (
                ["a.pdf"] if name == "a.pdf" else [f"a-{n}{name[1:]}" for n in (1, 2)]
            )
            assert [place.read_bytes() for place in first] == [place.read_bytes() for place in second]
        content = (tmp_path / "one" / "a.pdf").read_bytes()
        assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") == 2
        assert b"/CIDFontType2" in content
        assert b"CreationDate" not in content

    def test_what_cannot_be_drawn_is_said_first(self, tmp_path: Path) -> None:
        shown = grid(spots(tmp_path), LABELS)
        with pytest.raises(ValueError, match=r"a grid is saved as \.png, \.pdf, \.svg"):
            shown.save(tmp_path / "grid.jpg")
        with pytest.raises(ValueError, match="page=1: this grid has pages 0 to 0"):
            shown.figure(page=1)
        with pytest.raises(ValueError, match="must both be above 0"):
            shown.figure(width=0)
        wide = grid([], {"prompt": ("a", "b"), "seed": labels_of(range(99))}, columns="seed")
        with pytest.raises(ValueError, match="do not fit side by side"):
            wide.figure(width=2)

    def test_labels_of_any_script_and_dollar_signs_are_drawn_as_they_are(self) -> None:
        arabic = "قطة على النافذة"
        texts = ("$\\alpha$ 100 % {x}", "a_b^c", "a cat" if families(arabic).notice else arabic)
        shown = grid([Spot(options={"prompt": n}, kind="open", text="$x") for n in range(3)], {"prompt": texts})
        drawn = shown.figure(dpi=72).axes[0].texts
        assert set(texts) <= {text.get_text() for text in drawn}
        assert not any(text.get_parse_math() for text in drawn)

    def test_characters_without_a_font_warn_in_words(self) -> None:
        shown = grid([Spot(options={"prompt": 0}, text="\U0010fffd")], {"prompt": ("a",)})
        with pytest.warns(UserWarning, match=r"U\+10FFFD.*add_font"):
            shown.figure(dpi=72)


class TestContactSheet:
    def test_all_images_are_numbered_on_sheets(self, client: Client, tmp_path: Path) -> None:
        result = client.generate("a cat", n=2, seed=7, size="768*768")
        many = contact_sheet([result] * 20, columns=6)
        assert many.pages == 2
        assert repr(many) == "Grid(40 images, 2 pages)"
        words = Tags(many).words
        assert "1 to 36 of 40" in words
        assert "40 · 768*768 · seed 7 · image 2 of 2" in words
        alone = client.generate("a cat", seed=8, size="768*768")
        assert "1 · 768*768 · seed 8a cat" in Tags(contact_sheet(alone)).words
        assert contact_sheet(result[0]).save(tmp_path / "sheet.png", dpi=60) == (tmp_path / "sheet.png",)

    def test_what_is_no_image_is_refused(self) -> None:
        with pytest.raises(TypeError, match=r"not str; wannb\.gallery"):
            contact_sheet(["cat.png"])
        with pytest.raises(ValueError, match="at least one image"):
            contact_sheet([])
        with pytest.raises(ValueError, match="1 to 12"):
            contact_sheet([], columns=0)


@pytest.mark.usefixtures("quick_pictures")
def test_a_grid_of_results_shows_labels_and_images(client: Client) -> None:
    prompts = ["a cat on a roof", "a dog on a roof"]
    made = [
        Spot(options={"prompt": row, "seed": column}, images=client.generate(prompt, seed=seed, size="1K").images)
        for row, prompt in enumerate(prompts)
        for column, seed in enumerate((1, 2))
    ]
    shown = grid(made, {"prompt": labels_of(prompts), "seed": labels_of([1, 2])})
    assert isinstance(shown, Grid)
    assert Tags(shown).every("img")[0]["alt"] == "Image 1 of 1: a cat on a roof"
