"""The picture that was edited is shown beside the pair, small and labelled, where both sides come from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from judging.test_pages import data_of, sent_back
from PIL import Image

from wannb import mock
from wannb.display import shown_by
from wannb.display.shown import key_of
from wannb.judging import judge, pages
from wannb.plan import sweep
from wannb.runs.store import Store
from wannb.scoring import scores


@pytest.fixture(scope="module")
def edits(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two photographs, each edited by two prompts."""
    folder = tmp_path_factory.mktemp("edits")
    photos = []
    for name in ("one", "two"):
        photos.append(folder / f"secret-{name}.png")
        Image.effect_noise((640, 480), 90).convert("RGB").save(photos[-1])
    with mock.serve(task_seconds=0.0) as server, make_client(server, Store(folder / "runs")) as client:
        yield sweep(client, prompt=["as ink", "as oil"], images=[str(each) for each in photos], size="1K").run()


def bytes_of(uri: str) -> bytes:
    from base64 import b64decode

    return b64decode(uri.partition(",")[2])


def test_what_both_come_from_is_shown_and_opens_large(edits: Any, tmp_path: Path) -> None:
    judging = judge(edits, by="prompt", file=tmp_path / "x.jsonl")
    for slot in (judging.even, judging.odd):
        [uri] = slot["references"]
        entry = shown_by(key_of(bytes_of(uri)))
        assert entry is not None
        assert entry.path is not None
        assert entry.path.parent.name == "inputs"
    assert judging.even["references"] != judging.odd["references"]
    assert "secret" not in repr(judging.get_state())
    judging.press("1")
    assert judging.scores().verdicts == 1
    # Where the photograph is what is compared, it would tell which is which.
    assert judge(edits, by="images", file=tmp_path / "y.jsonl").even["references"] == []
    assert len(judge(edits, by="prompt", kind="rating", file=tmp_path / "z.jsonl").even["references"]) == 1


def test_a_page_holds_the_references_and_counts_them(
    edits: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = judge(edits, by="prompt", file=tmp_path / "x.jsonl")
    [page] = judging.save(tmp_path / "judging.html")
    data = data_of(page)
    assert [len(each) for each in data["references"]] == [1, 1]
    assert len(data["pictures"]) == 4 + 2
    assert scores(sent_back(page, tmp_path, "one", lambda q, n, left: "left")).verdicts == 2
    sizes = {each: len(each) for each in data["pictures"]}
    shown = [sum(sizes[data["pictures"][n]] for n in two) for two in data["pairs"]]
    # Both pairs would fit into one page, but not with what they come from.
    monkeypatch.setattr(pages, "_MOST", int((sum(shown) + min(shown) / 100) / 0.98))
    monkeypatch.setattr(pages, "_LADDER", ((1280, 85),))
    assert len(judging.save(tmp_path / "part.html")) == 2
