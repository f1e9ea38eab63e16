"""The viewer's side of Python: a picture is found by its thumbnail, comes large, and is in no trait."""

from __future__ import annotations

import base64
import io
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from wannb.display import previews, remember
from wannb.display.shown import key_of
from wannb.display.viewer import LARGE_PIXELS, Viewer


class Page:
    """The page's side."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[dict[str, Any]] = []
        self.came = threading.Semaphore(0)
        monkeypatch.setattr(Viewer, "send", lambda viewer, content, buffers=None: self.hear(content))
        self.viewer = Viewer()

    def hear(self, content: dict[str, Any]) -> None:
        self.heard.append(content)
        self.came.release()

    def ask(self, kind: str, **more: Any) -> dict[str, Any]:
        self.viewer._handle_custom_msg({"kind": kind, "id": "q", **more}, [])
        assert self.came.acquire(timeout=20)
        return self.heard.pop()

    def fetch(self, **what: Any) -> bytes:
        found = self.ask("ask", what=what)
        assert found["kind"] == "found", found
        parts = [self.ask("next", index=index)["text"] for index in range(-(-found["size"] // (384 * 1024)))]
        return b"".join(map(base64.b64decode, parts))


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Image.effect_noise((600, 300), 80).resize((2400, 1200), Image.Resampling.NEAREST).save(tmp_path / "image-1.png")
    return tmp_path / "image-1.png"


@pytest.mark.parametrize("pixels", [160, 480, 640])
def test_a_thumbnail_of_any_size_leads_to_its_picture(page: Page, path: Path, pixels: int) -> None:
    [jpeg] = previews([path], pixels)
    key = key_of(jpeg)
    assert set(page.ask("which", keys=[key, "no-1"])["ids"]) == {key}
    facts = page.ask("about", key=key)
    assert (facts["width"], facts["height"], facts["file"]) == (2400, 1200, True)
    with Image.open(io.BytesIO(page.fetch(key=key))) as large:
        assert (large.format, large.size) == ("JPEG", (LARGE_PIXELS, LARGE_PIXELS // 2))
    assert page.fetch(key=key, file=True) == path.read_bytes()
    assert jpeg not in str(page.viewer.get_state()).encode()


def test_the_same_picture_has_one_id_at_every_size(page: Page, path: Path) -> None:
    keys = [key_of(previews([path], pixels)[0]) for pixels in (160, 480)]
    ids = page.ask("which", keys=keys)["ids"]
    assert len(ids) == 2
    assert len(set(ids.values())) == 1


def test_nothing_is_said_of_a_picture_that_is_judged_blind(page: Page, path: Path) -> None:
    [jpeg] = previews([path], 480)
    facts = page.ask("about", key=key_of(jpeg), blind=True)
    assert (facts["width"], facts["lines"], facts["code"], facts["file"]) == (2400, [], "", False)


def test_a_picture_in_memory_is_large_while_something_holds_it(page: Page) -> None:
    picture = Image.new("RGB", (900, 600), "teal")
    remember(b"jpeg", picture)
    key = key_of(b"jpeg")
    assert page.ask("about", key=key)["width"] == 900
    assert page.fetch(key=key)[:2] == b"\xff\xd8"
    del picture
    failed = page.ask("ask", what={"key": key})
    assert failed == {"kind": "failed", "id": "q", "why": "this picture is not known any more; show it again"}


def test_a_picture_that_is_gone_or_replaced_by_a_link_is_not_sent(page: Page, path: Path, tmp_path: Path) -> None:
    [jpeg] = previews([path], 480)
    secret = tmp_path / "secret.png"
    path.rename(secret)
    assert page.ask("ask", what={"key": key_of(jpeg), "file": True})["kind"] == "failed"
    path.symlink_to(secret)
    assert page.ask("ask", what={"key": key_of(jpeg), "file": True})["kind"] == "failed"
    assert page.ask("about", key=key_of(jpeg))["file"] is False
