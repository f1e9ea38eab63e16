"""Bytes in pieces: what a page gets is what the file holds, whatever the page asks for and however often."""

from __future__ import annotations

import binascii
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wannb.display.pieces import PIECE, Pieces, Source
from wannb.errors import StoreError


class Page:
    """A page that asks for bytes, without a browser."""

    def __init__(self, found: Callable[[Any], tuple[str, Source]], language: str = "en") -> None:
        self.answers: list[dict[str, Any]] = []
        self.pieces = Pieces(self.answers.append, found, language)

    def ask(self, what: Any = "x", key: str = "a") -> dict[str, Any]:
        assert self.pieces.take({"kind": "ask", "id": key, "what": what})
        self.pieces._threads.shutdown()
        return self.answers[-1]

    def next(self, index: Any, key: str = "a") -> list[dict[str, Any]]:
        before = len(self.answers)
        assert self.pieces.take({"kind": "next", "id": key, "index": index})
        return self.answers[before:]

    def all(self, what: Any = "x") -> bytes:
        found = self.ask(what)
        content = b""
        for index in range(-(-found["size"] // PIECE)):
            [answer] = self.next(index)
            assert len(answer["text"]) <= 512 * 1024
            content += binascii.a2b_base64(answer["text"])
        self.pieces.take({"kind": "end", "id": "a"})
        return content


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_the_page_gets_what_the_source_holds(tmp_path: Path, size: int) -> None:
    content = bytes(index % 251 for index in range(size))
    (tmp_path / "file.bin").write_bytes(content)
    opened = io.BytesIO(content)
    for source in (tmp_path / "file.bin", content, opened):
        page = Page(lambda what, source=source: (f"{what}.bin", source))
        assert page.all("cat") == content
        assert page.answers[0] == {"kind": "found", "id": "a", "name": "cat.bin", "size": size}
    assert opened.closed


def test_other_messages_are_left_to_others() -> None:
    page = Page(lambda what: ("", b""))
    assert not page.pieces.take({"kind": "dismiss"})
    assert not page.pieces.take("ask")
    assert not page.pieces.take({"kind": ["ask"]})
    assert page.answers == []


def test_what_was_not_asked_for_is_not_answered() -> None:
    page = Page(lambda what: ("x", b"abc"))
    page.ask()
    assert [page.next(index) for index in (-1, 1, "0", None)] == [[], [], [], []]
    assert page.next(0, key="b") == []
    page.pieces.take({"kind": "end", "id": "a"})
    assert page.next(0) == []


def test_a_failure_is_a_sentence_in_the_persons_language(tmp_path: Path) -> None:
    def found(what: Any) -> tuple[str, Source]:
        if what == "store":
            raise StoreError("no run {run}", run="r1")
        if what == "value":
            raise ValueError("seven")
        return "x", tmp_path / "gone.png"

    page = Page(found)
    assert page.ask("store") == {"kind": "failed", "id": "a", "why": "no run r1"}
    assert page.ask("value")["why"] == "seven"
    assert page.ask("gone")["why"] == f"the file is gone: {tmp_path / 'gone.png'}"
    assert Page(found, "zh").ask("gone")["why"] == f"文件已不在：{tmp_path / 'gone.png'}"


def test_a_file_that_changes_on_the_way_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    file.write_bytes(bytes(PIECE + 9))
    page = Page(lambda what: ("x", file))
    page.ask()
    assert page.next(0)[0]["kind"] == "piece"
    file.write_bytes(b"short")
    assert page.next(1) == [{"kind": "failed", "id": "a", "why": "the file changed while it was sent; try again"}]
    assert page.next(0) == []


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    try:
        (tmp_path / "link.png").symlink_to(tmp_path / "secret")
    except OSError:
        pytest.skip("this system makes no links")
    page = Page(lambda what: ("x", tmp_path / "link.png"))
    assert "is a link, which is not followed" in page.ask()["why"]


def test_pages_that_left_in_the_middle_hold_nothing() -> None:
    sources = [io.BytesIO(b"abc") for _ in range(12)]
    page = Page(lambda what: ("x", sources[what]))
    for number in range(12):
        page.ask(number, key=str(number))
    assert [source.closed for source in sources] == [True] * 4 + [False] * 8
    page.pieces.close()
    assert all(source.closed for source in sources)
