"""Grids: every image under its label, gaps said in words, small in the notebook and sharp on paper."""

from __future__ import annotations

import base64
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from figures.test_gallery import HOSTILE, Tags
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from wannb.client import Client
from wannb.display.previews import PREVIEW_PIXELS, make_preview, preview, preview_path, previews
from wannb.figures.fonts import families
from wannb.figures.grid import Grid, contact_sheet, grid
from wannb.figures.layout import Spot, arrange, labels_of
from wannb.ledger.result import GeneratedImage

LABELS = {"prompt": ("a cat", "a dog"), "seed": ("1", "2", "3"), "model": ("pro", "plain")}


def page_of(shown: object) -> str:
    return str(shown._repr_mimebundle_()["text/html"])  # type: ignore[attr-defined]


def image(place: Path, *, size: tuple[int, int] = (640, 480), color: str = "teal") -> GeneratedImage:
    noise = Image.effect_noise((64, 64), 90).convert("RGB").resize(size)
    Image.blend(noise, Image.new("RGB", size, color), 0.5).save(place, compress_level=1)
    return GeneratedImage(path=place, number=1, count=1, width=size[0], height=size[1], seed=7, sha256="")


def size_of(place: Path) -> tuple[int, int]:
    with Image.open(place) as opened:
        return opened.size


def spots(tmp_path: Path) -> list[Spot]:
    """Return 2 prompts x 3 seeds x 2 models, all but three of them with an image."""
    picture = image(tmp_path / "1.png")
    made = []
    for prompt in range(2):
        for seed in range(3):
            for model in range(2):
                place = {"prompt": prompt, "seed": seed, "model": model}
                said = f"{LABELS['prompt'][prompt]}, seed {seed + 1}"
                made.append(Spot(options=place, images=(picture,), alt=said))
    for number, kind, text in (
        (3, "refused", "refused: not nice"),
        (5, "open", "not run yet"),
        (7, "failed", "failed: x"),
    ):
        made[number] = Spot(options=made[number].options, kind=kind, text=text)
    return made


class TestLabels:
    def test_only_what_differs_stays(self) -> None:
        long = "a photograph of a very old lighthouse on a cliff at {}, cinematic light and film grain"
        assert labels_of([long.format("dawn"), long.format("dusk")]) == ("…dawn…", "…dusk…")
        assert labels_of(["一只非常可爱的橘猫坐在窗台上", "一只非常可爱的橘猫坐在屋顶上"]) == ("…窗台上", "…屋顶上")

    def test_short_texts_stay_whole_and_words_are_not_cut(self) -> None:
        assert labels_of(["a cat", "a dog"]) == ("a cat", "a dog")
        assert labels_of(["a photograph of a cathedral", "a photograph of a caterpillar"])[1] == "…caterpillar"

    def test_a_text_that_goes_on_keeps_a_word_in_both(self) -> None:
        long = "a photograph of a very old lighthouse"
        assert labels_of([long, f"{long} in fog"]) == ("…lighthouse", "…lighthouse in fog")

    def test_other_values_are_brief(self, tmp_path: Path) -> None:
        assert labels_of([None, True, 7, "photos/me.jpg", Path("b/you.png")]) == ("-", "on", "7", "me.jpg", "you.png")
        palette = [("#AABBCC", 50), ("#000000", 25), ("#FFFFFF", 25)]
        assert labels_of([dict(palette), None]) == ("#AABBCC #000000 #FFFFFF", "-")
        assert labels_of([["a.png", "b.png"], [[1, 2, 30, 40]]]) == ("a.png + b.png", "1,2,30,40")
        assert labels_of([]) == ()

    @given(
        st.lists(st.one_of(st.text(max_size=30), st.none(), st.integers(), st.sampled_from(["x", "x (2)"])), max_size=8)
    )
    def test_no_two_are_the_same(self, values: list[object]) -> None:
        assert len(set(labels_of(values))) == len(values)


class TestArrangement:
    def test_prompts_are_rows_and_seeds_are_columns(self, tmp_path: Path) -> None:
        (sheet,) = arrange(spots(tmp_path), LABELS)
        assert sheet.rows == ("a cat", "a dog")
        assert sheet.columns == ("seed 1", "seed 2", "seed 3")
        assert [placed.label for placed in sheet.cells[0][0]] == ["pro", "plain"]

    def test_any_option_on_any_axis(self, tmp_path: Path) -> None:
        made = spots(tmp_path)
        sheets = arrange(made, LABELS, rows="seed", columns=(), pages="model")
        assert [sheet.heading for sheet in sheets] == ["pro", "plain"]
        assert sheets[0].columns == ("",)
        assert [placed.label for placed in sheets[1].cells[2][0]] == ["a cat", "a dog"]
        (combined,) = arrange(made, LABELS, rows=("prompt", "model"), columns="seed")
        assert combined.rows == ("a cat\npro", "a cat\nplain", "a dog\npro", "a dog\nplain")
        for sheet in (combined, *sheets):
            for row in sheet.cells:
                assert all(len(cell) == (1 if sheet is combined else 2) for cell in row)

    def test_every_spot_stands_once_whatever_the_axes(self, tmp_path: Path) -> None:
        made = spots(tmp_path)
        for axes in (
            {},
            {"rows": "model"},
            {"columns": ("seed", "model")},
            {"pages": ("prompt", "seed")},
            {"rows": ()},
        ):
            placed = [each.spot for sheet in arrange(made, LABELS, **axes) for each in sheet.placed]  # type: ignore[arg-type]
            assert sorted(map(id, placed)) == sorted(map(id, made))

    def test_a_wrong_name_is_refused_with_those_that_vary(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"'seeds': only these options vary: 'prompt', 'seed', 'model'"):
            grid(spots(tmp_path), LABELS, rows="seeds")
        with pytest.raises(ValueError, match="'seed' is named twice"):
            grid(spots(tmp_path), LABELS, rows="seed", columns=("seed", "model"))

    def test_one_long_option_follows_on_and_many_seeds_go_down(self) -> None:
        (flow,) = arrange([Spot(options={"seed": seed}) for seed in range(9)], {"seed": labels_of(range(9))})
        assert (flow.rows, flow.columns, len(flow.cells[0][0])) == (("",), ("",), 9)
        many = {"prompt": ("a", "b"), "seed": labels_of(range(30))}
        assert len(arrange([], many)[0].rows) == 30


class TestInTheCell:
    def test_it_is_a_table_with_scopes_and_all_states_in_words(self, tmp_path: Path) -> None:
        shown = grid(spots(tmp_path), LABELS, title="Pets", constants="size 1K")
        page = Tags(page_of(shown))
        scopes = [attributes.get("scope") for tag, attributes in page.tags if tag == "th"]
        assert scopes == ["col"] * 3 + ["row"] * 2
        alts = [attributes["alt"] for tag, attributes in page.tags if tag == "img"]
        assert alts[0] == "a cat, seed 1"
        assert len(alts) == 9
        for words in ("Pets", "size 1K", "refused: not nice", "not run yet", "failed: x", "9 images, 1 refused"):
            assert words in page.words
        assert repr(shown) == "Grid(2 x 3, 9 images, 1 refused, 1 not run yet, 1 failed)"

    def test_the_same_grid_is_the_same_page(self, tmp_path: Path) -> None:
        made = spots(tmp_path)
        assert page_of(grid(made, LABELS)) == page_of(grid(list(reversed(made)), LABELS))

    def test_hostile_text_stays_text(self, tmp_path: Path) -> None:
        made = [Spot(options={"prompt": 0}, images=(image(tmp_path / "1.png"),), alt=HOSTILE)]
        made += [Spot(options={"prompt": 1}, kind="failed", text=HOSTILE * 4)]
        labels = {"prompt": (HOSTILE * 4, HOSTILE), "seed": (HOSTILE,)}
        made = [Spot(options={**s.options, "seed": 0}, images=s.images, text=s.text, alt=s.alt) for s in made]
        page = Tags(page_of(grid(made, labels, pages="seed", title=HOSTILE, constants=HOSTILE)))
        assert not {tag for tag, _ in page.tags} & {"script", "style", "iframe"}
        assert len([tag for tag, _ in page.tags if tag == "img"]) == 1
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]

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
        few = page_of(grid(made[:2], {"seed": ("1", "2")}))
        source = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', few)
        assert all(max(Image.open(io.BytesIO(base64.b64decode(each))).size) >= 500 for each in source)

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

    @pytest.mark.parametrize("name", ["a.pdf", "a.png", "a.svg"])
    def test_a_file_that_is_there_stays_until_the_new_one_is_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        shown = grid(spots(tmp_path), LABELS)
        (tmp_path / name).write_bytes(b"before")

        drawn = Figure.savefig

        def interrupted(self: Figure, target: Any, **options: Any) -> None:
            drawn(self, target, **options)
            raise KeyboardInterrupt

        monkeypatch.setattr(Figure, "savefig", interrupted)
        with pytest.raises(KeyboardInterrupt):
            shown.save(tmp_path / name, dpi=72, width=3)
        assert (tmp_path / name).read_bytes() == b"before"

    def test_a_place_that_cannot_be_written_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").mkdir()
        with pytest.raises(OSError, match=r"cannot write '.*a\.png'"):
            grid(spots(tmp_path), LABELS).save(tmp_path / "a.png", dpi=72, width=3)
        assert not list(tmp_path.glob(".*.part"))

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
        words = Tags(page_of(many)).words
        assert "1 to 36 of 40" in words
        assert "40 · seed 7" in words
        assert contact_sheet(result[0]).save(tmp_path / "sheet.png", dpi=60) == (tmp_path / "sheet.png",)

    def test_what_is_no_image_is_refused(self) -> None:
        with pytest.raises(TypeError, match=r"not str; wannb\.gallery"):
            contact_sheet(["cat.png"])
        with pytest.raises(ValueError, match="at least one image"):
            contact_sheet([])
        with pytest.raises(ValueError, match="1 to 12"):
            contact_sheet([], columns=0)


class TestPreviews:
    def test_one_is_kept_beside_the_image_and_made_again_when_that_is_newer(self, tmp_path: Path) -> None:
        made = image(tmp_path / "1.png", size=(1024, 512), color="red")
        small = Image.open(io.BytesIO(preview(made.path, 100)))
        assert (small.format, small.size) == ("JPEG", (100, 50))
        place = preview_path(made.path)
        assert place.name == ".preview-1.jpg"
        assert size_of(place) == (PREVIEW_PIXELS, PREVIEW_PIXELS // 2)
        image(made.path, size=(512, 1024), color="blue")
        assert Image.open(io.BytesIO(preview(made.path, 100))).size == (50, 100)

    def test_a_damaged_preview_is_made_again(self, tmp_path: Path) -> None:
        made = image(tmp_path / "1.png")
        make_preview(made.path)
        preview_path(made.path).write_bytes(b"cut off")
        assert Image.open(io.BytesIO(preview(made.path, 64))).size == (64, 48)
        assert size_of(preview_path(made.path)) == (512, 384)

    def test_a_folder_that_takes_no_files_is_no_reason_to_fail(self, tmp_path: Path) -> None:
        made = image(tmp_path / "1.png")
        preview_path(made.path).mkdir()
        assert Image.open(io.BytesIO(preview(made.path, 64))).size == (64, 48)
        assert not list(tmp_path.glob("*.part"))

    def test_an_image_that_cannot_be_read_does_not_stop_the_others(self, tmp_path: Path) -> None:
        made = image(tmp_path / "1.png")
        (tmp_path / "2.png").write_bytes(b"no picture")
        found = previews([tmp_path / "none.png", made.path, tmp_path / "2.png"], 64)
        assert [bool(each) for each in found] == [False, True, False]


def test_a_grid_of_results_shows_labels_and_images(client: Client) -> None:
    prompts = ["a cat on a roof", "a dog on a roof"]
    made = [
        Spot(options={"prompt": row, "seed": column}, images=client.generate(prompt, seed=seed, size="1K").images)
        for row, prompt in enumerate(prompts)
        for column, seed in enumerate((1, 2))
    ]
    shown = grid(made, {"prompt": labels_of(prompts), "seed": labels_of([1, 2])})
    assert isinstance(shown, Grid)
    page = Tags(page_of(shown))
    assert next(attributes["alt"] for tag, attributes in page.tags if tag == "img") == "Image 1 of 1: a cat on a roof"
