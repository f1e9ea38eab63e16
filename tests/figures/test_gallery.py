"""What stands in the cell: thumbnails with text, every text as text, the same on every run."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import wannb
from wannb.client import Client

HOSTILE = (
    """<script>alert(1)</script> "quotes" 'single' & <img src=x onerror=alert(1)> 猫 🐈 \u202eشمال\u202c \x1b[31m"""
)


def page_of(shown: Any) -> str:
    return str(shown._repr_mimebundle_()["text/html"])


class Tags(HTMLParser):
    """Collects what the page of something is made of."""

    def __init__(self, shown: Any) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(shown if isinstance(shown, str) else page_of(shown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def every(self, name: str) -> list[dict[str, str | None]]:
        """Return the attributes of each tag of a name."""
        return [attributes for tag, attributes in self.tags if tag == name]

    def check(self, *handlers: str) -> None:
        """Check that nothing of it is code or is loaded from elsewhere, but for these handlers."""
        assert not {tag for tag, _ in self.tags} & {"script", "link", "iframe"}
        assert sorted(name for _, attributes in self.tags for name in attributes if name[:2] == "on") == [*handlers]
        assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in self.every("img"))


def opened(source: str) -> Image.Image:
    """Return the picture that an address holds."""
    return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).convert("RGB")


def test_a_result_shows_thumbnails_with_alt_text_never_originals(client: Client) -> None:
    result = client.generate("a cat on a roof", n=4, seed=7, size="2K")
    page = Tags(result)
    page.check()
    images = page.every("img")
    assert [image["alt"] for image in images] == [f"Image {i} of 4: a cat on a roof" for i in (1, 2, 3, 4)]
    for image in images:
        assert max(opened(str(image["src"])).size) <= 720
    assert "2048*2048 · seed 7" in page.words
    assert "live: 0.30 USD" in page.words
    assert len(page_of(result)) < 400_000


def test_reprs_are_fixed(client: Client) -> None:
    result = client.generate("a cat", seed=7, size="768*768")
    text = "Result('a cat', 1 image · 768*768 · seed 7 · nothing billed by the mock server (live: 0.075 USD))"
    assert repr(result) == result._repr_mimebundle_()["text/plain"] == text
    assert repr(result[0]).startswith("GeneratedImage(number=1, count=1, width=768, height=768, seed=7")
    assert repr(client) == "Client(mock server, nothing is billed)"
    assert page_of(result) == page_of(result)


def test_hostile_text_is_shown_as_text_everywhere(client: Client, tmp_path: Path) -> None:
    place = tmp_path / "<img src=x onerror=alert(1)> ..\\& 猫.png"
    Image.new("RGBA", (300, 300)).save(place)
    result = client.edit(HOSTILE, place, size="1K", seed=1)
    gallery = wannb.gallery({HOSTILE: result, "file": place})
    for shown in (result, result[0], gallery, client.runs()._repr_html_(), client.rescue()._repr_html_()):
        page = Tags(shown)
        page.check()
        assert not page.every("style")
    assert "<script>alert(1)</script>" in Tags(result).words
    assert "\x1b" not in repr(result)
    assert "white" in repr(result)
    inside = {path.resolve() for path in client.store.root.rglob("*")}
    assert all(client.store.root.resolve() in path.parents for path in inside)
    assert wannb.recall(result[0].path).prompt == HOSTILE


@pytest.mark.usefixtures("quick_pictures")
def test_a_gallery_takes_results_images_paths_and_titles(client: Client, tmp_path: Path) -> None:
    place = tmp_path / "photo.png"
    Image.new("RGB", (640, 320), "teal").save(place)
    result = client.generate("a cat", n=2, seed=7, size="768*768")
    gallery = wannb.gallery([result, result[0], place])
    assert repr(gallery).splitlines() == [
        "Gallery(4 images)",
        "  a cat · 768*768 · seed 7 · image 1 of 2",
        "  a cat · 768*768 · seed 7 · image 2 of 2",
        "  a cat · 768*768 · seed 7 · image 1 of 2",
        "  photo.png · 640*320",
    ]
    titled = wannb.gallery({"before": place, "after": result[1]})
    words = Tags(titled).words
    assert "before" in words
    assert "after" in words
    with pytest.raises(ValueError, match="no file"):
        wannb.gallery("nothing.png")


@pytest.mark.usefixtures("quick_pictures")
@pytest.mark.parametrize("size", ["5760*720", "720*5760"])
def test_extreme_shapes_stay_inside_the_page(client: Client, size: str) -> None:
    [image] = Tags(client.generate("a", size=size)).every("img")
    assert int(str(image["width"])) <= 480
    assert int(str(image["height"])) <= 480


def test_html_is_readable_on_dark_and_light(client: Client) -> None:
    colours = re.findall(r"color:([^;\"]+)", page_of(client.generate("a cat", seed=7, size="768*768")))
    assert colours
    assert all(colour.startswith("var(--jp-") for colour in colours), colours
