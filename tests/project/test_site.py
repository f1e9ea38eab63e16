"""The site builds without a warning, every link in it leads somewhere, and nothing in it is loaded from elsewhere."""

from __future__ import annotations

import inspect
import re
import zlib
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from documents import ROOT

import wannb

pytest.importorskip("myst_nb")
#: Elements that load what they name, with the attribute that names it.
LOADING = {"img": "src", "script": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}


class Page(HTMLParser):
    """What a page of the site holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.pictures: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        values = dict(given)
        self.anchors |= {name for key in ("id", "name") if (name := values.get(key))}
        if tag == "a" and (to := values.get("href")):
            self.links.append(to)
        if (name := LOADING.get(tag)) and (to := values.get(name)):
            self.loaded.append(to)
        if tag == "img":
            self.pictures.append(values)


@cache
def page(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


def pages(site: Path) -> list[Path]:
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]  # templates of the theme


def test_key_pages_are_there(site: Path) -> None:
    expected = {"index", "start", "trust", "architecture", "search", "numbers", "changes", "zh/start"}
    expected |= {f"how-to/{each.stem}" for each in (ROOT / "docs" / "how-to").glob("*.md")}
    expected |= {f"tutorials/{each.stem}" for each in (ROOT / "notebooks").glob("*.ipynb")}
    expected |= {f"reference/{name}" for name in ("api", "options", "commands", "environment", "errors", "folders")}
    assert expected <= {path.relative_to(site).with_suffix("").as_posix() for path in pages(site)}


def test_every_link_and_anchor_within_the_site_leads_somewhere(site: Path) -> None:
    dead = []
    for path in pages(site):
        for link in [*page(path).links, *page(path).loaded]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file():
                dead.append(f"{path.relative_to(site)}: {link}")
            elif anchor and target.suffix == ".html" and anchor not in page(target).anchors:
                dead.append(f"{path.relative_to(site)}: no anchor {link}")
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    outside = [
        (path.name, to) for path in pages(site) for to in page(path).loaded if urlsplit(to).scheme not in ("", "data")
    ]
    assert outside == []
    for style in site.rglob("*.css"):
        text = style.read_text("utf-8")
        assert not re.search(r"url\([\"']?(https?:)?//|@import [\"'](https?:)?//", text), style.name


def test_every_picture_has_words(site: Path) -> None:
    for path in pages(site):
        for picture in page(path).pictures:
            assert len(picture.get("alt") or "") >= 8, (path.name, str(picture)[:200])


def test_no_link_says_where_this_machine_is(site: Path) -> None:
    for path in pages(site):
        assert str(ROOT) not in path.read_text("utf-8"), path.name


def test_what_is_copied_into_code_stands_as_it_was_written(site: Path) -> None:
    text = (site / "reference" / "options.html").read_text("utf-8")
    assert "'width*height' in pixels" in text


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    """In the site's inventory, by which other sites find it, and so with an anchor of its own."""
    *_, packed = (site / "objects.inv").read_bytes().split(b"\n", 4)
    known = {line.split(" ")[0] for line in zlib.decompress(packed).decode().splitlines()}
    modules = {"errors", "forms", "mock"}
    public = {f"wannb.{name}" for name in wannb.__all__ if name != "__version__" and name not in modules}
    public |= {f"wannb.{module}.{name}" for module in ("forms", "mock") for name in getattr(wannb, module).__all__}
    public |= {
        f"wannb.errors.{name}"
        for name, kind in vars(wannb.errors).items()
        if inspect.isclass(kind) and issubclass(kind, wannb.errors.WannbError) and not name.startswith("_")
    }
    assert public - known == set()


def test_what_a_function_raises_leads_to_its_page(site: Path) -> None:
    text = (site / "reference" / "api.html").read_text("utf-8")
    assert 'href="errors.html#wannb.errors.InvalidRequest"' in text
    assert 'href="errors.html#wannb.errors.NoKey"' in text


def test_several_names_of_one_text_are_not_taken_for_a_type(site: Path) -> None:
    text = (site / "reference" / "api.html").read_text("utf-8")
    assert "<strong>width/height</strong>" in text
    assert not re.search(r"\(<em>\w+,</em>\)", text)


def test_a_translated_tutorial_has_the_outputs_of_its_original_and_both_lead_to_each_other(site: Path) -> None:
    ours, theirs = page(site / "tutorials" / "01-text-to-image.html"), page(site / "zh" / "01-text-to-image.html")
    assert len(ours.pictures) == len(theirs.pictures) > 5
    assert "../zh/01-text-to-image.html" in ours.links
    assert "../tutorials/01-text-to-image.html" in theirs.links
    around = (site / "zh" / "01-text-to-image.html").read_text("utf-8")
    assert "本页内容" in around
    assert not re.search('On this page|Section Navigation|Skip to main|>previous<|changes.html" title', around)
