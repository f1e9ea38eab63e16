"""What a storyboard is saved as: pages, films, a web page and slides, opened again by other programs."""

from __future__ import annotations

import base64
import csv
import io
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from conftest import make_client
from PIL import Image

from wannb import mock
from wannb.errors import WannbError
from wannb.runs.store import Store
from wannb.storyboard import Storyboard

SCENES = [
    {"text": "A cat costs $5 & <b>nothing</b> else", "notes": "Rain & wind", "seconds": 1.5},
    {"text": "它伸了个懒腰，从窗台跳到木地板上", "seconds": 0.25},
    {"text": "القطة تمشي في السوق", "notes": "موسيقى هادئة"},
    "it sleeps",
]


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storyboard]:
    """Three frames and a hole; one frame is of another shape."""
    root = tmp_path_factory.mktemp("board")
    with mock.serve(task_seconds=0) as server, make_client(server, Store(root / "runs")) as client:
        made = Storyboard(client, SCENES[:3], size="1024*576", name="The cat").run()
        made.add(SCENES[3])
        Image.new("RGB", (300, 600), "teal").save(root / "tall.png")
        made.replace(3, root / "tall.png")
        yield made


def opened(path: Path) -> Any:
    return Image.open(io.BytesIO(path.read_bytes()))


def test_pages_are_a_pdf_with_text_that_can_be_searched(board: Storyboard, tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    [path] = board.save(tmp_path / "story.pdf", columns=2, rows=1, dpi=50)
    content = path.read_bytes()
    assert b"CreationDate" not in content
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    assert len(pages) == 2
    assert [round(float(side)) for side in pages[0].mediabox[2:]] == [842, 595]
    words = [page.extract_text() for page in pages]
    assert "A cat costs $5 & <b>nothing</b> else" in " ".join(words[0].split())
    assert "Rain & wind" in words[0]
    if matplotlib.__version_info__ >= (3, 11):  # before, such letters are drawn as pictures of letters
        assert "它伸了个懒腰" in words[0]
    assert "page 1 of 2" in words[0]
    assert "not generated yet" in words[1]
    assert len({image.name for page in pages for image in page.images}) == 3


@pytest.mark.parametrize("ending", ["pdf", "png", "gif", "webp", "html", "pptx", "zip"])
def test_equal_boards_are_equal_files(board: Storyboard, tmp_path: Path, ending: str) -> None:
    [one], [two] = (board.save(tmp_path / f"{name}.{ending}", dpi=40, pixels=320) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert b"Matplotlib" not in one.read_bytes()


def test_pages_are_pictures(board: Storyboard, tmp_path: Path) -> None:
    one, two = board.save(tmp_path / "story.png", columns=2, rows=1, paper="Letter", dpi=40)
    assert [one.name, two.name] == ["story-1.png", "story-2.png"]
    assert opened(one).size == (440, 340)
    [whole] = board.save(tmp_path / "story.png", dpi=40)
    assert whole.name == "story.png"
    bundle = board.pages()._repr_mimebundle_()
    assert bundle["text/plain"] == "Pages('The cat', 1 page, A4, 4 scenes · 7.75 s · 3 of 4 frames)"
    [alt] = re.findall(r'alt="([^"]+)"', bundle["text/html"])
    assert alt.startswith("Page 1 of 1 of The cat. Scene 1 of 4: A cat costs $5 &amp; &lt;b&gt;")
    assert bundle == board.pages()._repr_mimebundle_()
    for wrong in ({"columns": 0}, {"rows": True}, {"paper": "A0"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            board.pages(**wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"\.pdf, \.png"):
        board.pages().save(tmp_path / "story.jpg")
    with pytest.raises(ValueError, match="pages 1 to 1"):
        board.pages().figure(2)


def test_exports_speak_the_language_of_their_board(
    board: Storyboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "language", "zh")
    pages = board.pages(columns=2, rows=1)
    [page] = board.save(tmp_path / "story.html")
    assert "第 1 页，共 2 页" in {text.get_text() for text in pages.figure(1, dpi=40).axes[0].texts}
    assert "2 页" in repr(pages)
    assert '<html lang="zh">' in page.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="故事板的页面可存为"):
        pages.save(tmp_path / "story.jpg")


def test_a_missing_font_is_said_on_the_strip_and_the_pages(board: Storyboard) -> None:
    board.edit_scene(4, notes="\U00012000")
    try:
        assert any("on pages: No font" in notice for notice in board.notices)
        assert "No font" in board.pages()._repr_mimebundle_()["text/html"]
    finally:
        board.undo()


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_a_film_holds_each_frame_as_long_as_its_scene(board: Storyboard, tmp_path: Path, ending: str) -> None:
    [path] = board.save(tmp_path / f"story.{ending}", pixels=320)
    film = opened(path)
    assert (film.n_frames, film.size, film.info["loop"]) == (4, (320, 180), 0)
    found, frames = [], []
    for number in range(film.n_frames):
        film.seek(number)
        film.load()
        found.append(film.info["duration"])
        frames.append(film.convert("RGB"))
    assert found == [1500, 250, 3000, 3000]
    bar, middle = frames[2].getpixel((2, 90)), frames[2].getpixel((160, 90))
    assert max(bar) < 40
    assert middle[1] > 100
    assert len(frames[3].getcolors(100_000)) > 2  # words on a slate


def test_a_web_page_needs_nothing_else(board: Storyboard, tmp_path: Path) -> None:
    [path] = board.save(tmp_path / "story.html", title="<script>alert(1)</script>", language="fr")
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=\"(?!data:image/jpeg;base64,)|https?://|url\(", page)
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)" alt="([^"]+)"', page)
    assert len(pictures) == 3
    assert max(Image.open(io.BytesIO(base64.b64decode(pictures[0][0]))).size) <= 1600
    assert 'aria-label="Scene 4 of 4: it sleeps (not generated yet)"' in page
    assert '<p class="text" dir="auto" lang="fr">A cat costs $5 &amp; &lt;b&gt;nothing' in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert "4 scenes · 7.75 s · 3 of 4 frames" in page


def test_slides_have_pictures_with_alt_text_captions_and_notes(board: Storyboard, tmp_path: Path) -> None:
    pptx = pytest.importorskip("pptx")
    [path] = board.save(tmp_path / "story.pptx")
    deck = pptx.Presentation(str(path))
    assert round(deck.slide_width / deck.slide_height, 2) == 1.78
    first, *slides = deck.slides
    assert first.shapes.title.text_frame.text == "The cat"
    assert [shape.text_frame.text for shape in first.shapes][1:] == ["4 scenes · 7.75 s"]
    assert [slide.shapes.title.text_frame.text for slide in slides] == [
        scene["text"] if isinstance(scene, dict) else scene for scene in SCENES
    ]
    assert slides[0].notes_slide.notes_text_frame.text == "Rain & wind\nScene 1 of 4, 1.5 s"
    assert slides[3].notes_slide.notes_text_frame.text == "Scene 4 of 4, 3 s · not generated yet"
    for number, slide in enumerate(slides, 1):
        [picture] = [shape for shape in slide.shapes if shape.name == f"Scene {number}"]
        assert picture._element._nvXxPr.cNvPr.get("descr").startswith(f"Scene {number} of 4: ")
        assert picture.left >= 0
        seconds = f"{board.scenes[number - 1].seconds:g} s"
        assert f"{number}\v{seconds}" in [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
        assert picture.left + picture.width <= deck.slide_width
        assert picture.top + picture.height <= slide.shapes.title.top
    assert [shape.width / shape.height for shape in slides[2].shapes if shape.name == "Scene 3"] == [
        pytest.approx(0.5, abs=0.01)
    ]
    with zipfile.ZipFile(path) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b'advTm="1500"' in parts.read("ppt/slides/slide2.xml")
        assert b'rtl="1"' in parts.read("ppt/slides/slide4.xml")


@pytest.mark.parametrize("ending", ["pdf", "html", "pptx"])
def test_a_text_that_was_changed_later_is_said_under_its_frame(board: Storyboard, tmp_path: Path, ending: str) -> None:
    pypdf, pptx = pytest.importorskip("pypdf"), pytest.importorskip("pptx")
    said = "generated for an older text"

    def words() -> str:
        [path] = board.save(tmp_path / f"story.{ending}")
        if ending == "html":
            return path.read_text(encoding="utf-8")
        if ending == "pdf":
            return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(path).pages).split())
        return "".join(slide.notes_slide.notes_text_frame.text for slide in pptx.Presentation(str(path)).slides)

    assert said not in words()
    board.edit_scene(1, text="A cat costs $6")
    try:
        assert words().count(said) == 1
    finally:
        board.undo()


def test_a_list_of_shots_says_what_was_asked_for(board: Storyboard, tmp_path: Path) -> None:
    [path] = board.save(tmp_path / "story.zip", scenes=[3, 1])
    with zipfile.ZipFile(path) as packed:
        table = list(csv.DictReader(io.StringIO(packed.read("shots.csv").decode("utf-8-sig"), newline="")))
        assert [row["number"] for row in table] == ["3", "1"]
        first, take = table[1], board.frames[0]
        assert take
        assert packed.read(first["file"]) == take.path.read_bytes()
    assert (first["seed"], first["run"], first["model"]) == (str(take.seed), take.run_id, "wan2.7-image-pro")
    assert "A cat costs $5" in first["prompt"]
    assert "它伸了个懒腰" in first["prompt"], "the request of the whole set"
    assert (table[0]["prompt"], table[0]["run"]) == ("", ""), "put in by hand"


@pytest.mark.parametrize(("ending", "module", "extra"), [("pptx", "pptx", "slides"), ("mp4", "imageio_ffmpeg", "film")])
def test_without_its_library_a_file_says_what_to_install(
    board: Storyboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(WannbError, match=rf'pip install "wannb\[{extra}\]"'):
        board.save(tmp_path / f"story.{ending}")


def test_what_cannot_be_saved_is_said_plainly(board: Storyboard, tmp_path: Path) -> None:
    (tmp_path / "taken.html").mkdir()
    empty = Storyboard(board.client, ["a cat"], name="empty")
    wrong: list[tuple[Storyboard, str, dict[str, Any], type[Exception], str]] = [
        (board, "story.avi", {}, ValueError, r"\.pdf, \.png, \.gif, \.webp, \.mp4, \.html, \.pptx, \.zip"),
        (board, "story.pdf", {"colums": 2}, TypeError, "colums"),
        (board, "story.gif", {"pixels": 0}, ValueError, "pixels=0"),
        (board, "story.pdf", {"dpi": 1}, ValueError, "dpi=1"),
        (board, "story.html", {"title": 5}, TypeError, "title=5 is not text"),
        (board, "taken.html", {}, OSError, "cannot write"),
        (empty, "story.html", {}, ValueError, r"board\.run\(\) generates them"),
    ]
    for each, name, options, error, why in wrong:
        with pytest.raises(error, match=why):
            each.save(tmp_path / name, **options)
    assert empty.pages().save(tmp_path / "plan.png", dpi=30)
    assert not list(tmp_path.glob("story*"))


def test_any_title_can_be_saved(board: Storyboard, tmp_path: Path) -> None:
    pptx = pytest.importorskip("pptx")
    odd = "\ud800\ufffe\x01" + "long " * 90
    for ending in ("html", "pptx"):
        assert board.save(tmp_path / f"story.{ending}", title=odd)
    assert pptx.Presentation(tmp_path / "story.pptx").core_properties.title == ("long " * 90)[:255]
    board.add("odd \ufffe letters \x0c")
    board.save(tmp_path / "story.pptx")
    board.remove(5)
