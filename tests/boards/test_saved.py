"""Saved boards: listed, opened, renamed, copied, archived and restored; a kill in between loses none of them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import wannb
from wannb import mock
from wannb.boards import storyboards
from wannb.client import Client
from wannb.errors import StoreError
from wannb.storyboard import Storyboard

pytestmark = pytest.mark.usefixtures("quick_pictures")

SCENES = ["a cat wakes up", "it goes out"]


def make(client: Client, scenes: Any = SCENES, **options: Any) -> Storyboard:
    return Storyboard(client, scenes, **{"size": "768*768", **options})


@pytest.fixture
def fox(client: Client, tmp_path: Path) -> Storyboard:
    """A board with two frames, one of which the person put in, and a change to be undone."""
    board = make(client, name="Fox 狐狸").run()
    Image.new("RGB", (320, 320), "teal").save(tmp_path / "cat.png")
    board.replace(2, tmp_path / "cat.png")
    return board


def looks(board: Storyboard) -> list[Any]:
    return [(scene, take and take.open().tobytes()) for scene, take in zip(board.scenes, board.frames, strict=True)]


def dated(board: Storyboard, day: int) -> None:
    os.utime(board.path, (1_700_000_000 + day * 86400,) * 2)


def names(client: Client) -> list[str]:
    return [each.name for each in storyboards(client)]


def test_boards_are_listed_the_newest_first_with_what_they_hold(
    client: Client, fox: Storyboard, server: mock.MockServer
) -> None:
    dated(fox, 1)
    dated(make(client, [{"text": "rain", "seconds": 2.5}], name="rain"), 2)
    boards = wannb.storyboards(client)
    assert [(each.name, each.scenes, each.frames, each.seconds) for each in boards] == [
        ("rain", 1, 0, 2.5),
        ("Fox 狐狸", 2, 2, 6.0),
    ]
    assert boards[1].changed.isoformat() == "2023-11-15T22:13:20+00:00"
    assert (str(boards[0].cost), str(boards[1].cost)) == ("0.00 USD", "0.15 USD")
    assert boards["rain"].open().scenes[0].text == "rain"
    page = boards._repr_html_()
    assert page.count("<img") == page.count("height:49px") == 2, "JupyterLab overrides a height that is no style"
    assert "Fox 狐狸" in page
    assert "2 of 2 frames" in page
    assert repr(boards).splitlines()[:2] == ["Storyboards(2)", "  rain · 2023-11-16 22:13 · 0 of 1 frame"]
    assert "没有" not in repr(boards)
    assert server.billed == 2
    with pytest.raises(KeyError, match=r"no storyboard 'x'; there are: 'rain', 'Fox 狐狸'"):
        boards["x"]


def test_no_boards_are_said(client: Client) -> None:
    assert repr(storyboards(client)) == "Storyboards(no boards yet)"


def test_a_renamed_board_keeps_frames_and_history(client: Client, fox: Storyboard, server: mock.MockServer) -> None:
    before = looks(fox)
    renamed = storyboards(client)["Fox 狐狸"].rename("Snow")
    assert names(client) == ["Snow"] == [renamed.name]
    board = renamed.open()
    assert looks(board) == before
    assert board.undo().startswith("undone: picture of scene 2")
    assert server.billed == 2
    with pytest.raises(StoreError, match=r"'Fox 狐狸' was renamed or removed.*wannb.storyboards\(client\)"):
        fox.lock(1)
    with pytest.raises(StoreError, match="was renamed or removed"):
        fox.replace(1, before and board.frames[1].path)  # type: ignore[union-attr]
    assert names(client) == ["Snow"]
    assert not fox.path.parent.exists()


def test_a_copy_is_a_board_of_its_own(client: Client, fox: Storyboard, server: mock.MockServer) -> None:
    saved = storyboards(client)["Fox 狐狸"]
    copy = saved.copy().open()
    assert copy.name == "Fox 狐狸 2"
    assert looks(copy) == looks(fox)
    assert saved.copy().name == "Fox 狐狸 3"
    assert storyboards(client)["Fox 狐狸 2"].copy().name == "Fox 狐狸 4"
    shutil.rmtree(fox.path.parent)
    copy.edit_scene(1, text="it rains")
    assert copy.frames[1]
    assert copy.frames[1].open().size == (320, 320)
    assert copy.estimate() is not None
    assert server.billed == 2
    assert saved.copy.__doc__


def test_an_archived_board_is_out_of_the_way_and_comes_back(client: Client, fox: Storyboard) -> None:
    dated(fox, 9)
    dated(make(client, name="rain"), 1)
    before = looks(fox)
    archived = storyboards(client)["Fox 狐狸"].archive()
    assert archived.archived
    assert [(each.name, each.archived) for each in storyboards(client)] == [
        ("rain", False),
        ("Fox 狐狸", True),
    ]
    assert looks(archived.open()) == before
    assert not archived.restore().archived
    assert names(client) == ["Fox 狐狸", "rain"]


def test_a_board_that_was_put_aside_is_listed_and_restored(client: Client, fox: Storyboard) -> None:
    before = looks(fox)
    make(client, ["rain"], name="Fox 狐狸", replace=True)
    now, aside = storyboards(client)
    assert (now.scenes, aside.scenes, aside.earlier) == (1, 2, True)
    with pytest.raises(ValueError, match="restore it first"):
        aside.rename("x")
    restored = aside.restore()
    assert restored.name == "Fox 狐狸 2"
    assert looks(restored.open()) == before
    assert not any(each.earlier for each in storyboards(client))


@pytest.mark.parametrize("new", ["rain", "a/b", ""])
def test_a_name_that_is_taken_or_cannot_be_is_refused(client: Client, fox: Storyboard, new: str) -> None:
    make(client, name="rain")
    for act in (storyboards(client)["Fox 狐狸"].rename, storyboards(client)["Fox 狐狸"].copy):
        if new or act.__name__ == "rename":
            with pytest.raises(ValueError, match="'rain' exists" if new == "rain" else "name="):
                act(new)
    assert sorted(names(client)) == ["Fox 狐狸", "rain"]


def test_a_board_of_other_scenes_takes_no_name_unasked(client: Client, fox: Storyboard) -> None:
    before = fox.path.read_bytes()
    ways = r"Storyboard.open\(client, 'Fox 狐狸'\) opens it, name='Fox 狐狸 2' makes another.*replace=True"
    with pytest.raises(ValueError, match=ways):
        make(client, ["rain"], name="Fox 狐狸")
    assert fox.path.read_bytes() == before
    assert len(storyboards(client)) == 1
    assert make(client, name="Fox 狐狸").frames == (None, None), "the same board again begins again, one undo away"


class Killed(BaseException):
    """A kill, for which no `except Exception` does anything."""


@pytest.mark.parametrize("act", ["rename", "copy", "archive", "restore"])
def test_a_kill_at_any_moment_leaves_every_board_whole(
    client: Client, fox: Storyboard, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    if act == "restore":
        make(client, ["rain"], name="Fox 狐狸", replace=True)
    before = looks(fox)

    def do() -> None:
        saved = next(each for each in storyboards(client) if each.scenes == 2 and each.earlier == (act == "restore"))
        {"rename": lambda: saved.rename("new"), "copy": lambda: saved.copy("new")}.get(act, getattr(saved, act))()

    calls = ("replace", "mkdir", "unlink", "fsync", "open")
    real = {name: getattr(os, name) for name in calls}

    def killing(at: int) -> int:
        """Do it and be killed at a system call; return how many there were."""
        count = 0

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def counting(*values: Any, **named: Any) -> Any:
                nonlocal count
                count += 1
                if count == at:
                    raise Killed
                return call(*values, **named)

            return counting

        with monkeypatch.context() as patch:
            for name in calls:
                patch.setattr(os, name, counted(real[name]))
            with contextlib.suppress(Killed):
                do()
        return count

    moments = 0
    for at in range(1, 60):
        moments = killing(at)
        whole = [each for each in storyboards(client) if each.scenes == 2]
        assert whole, f"{act}, killed at call {at}"
        assert all(looks(each.open()) == before for each in whole), f"{act}, killed at call {at}"
        if moments < at:
            break
        if act != "copy" and not whole[0].earlier and whole[0].name == "new":
            whole[0].rename("Fox 狐狸")
    assert moments < at, "every moment was tried"
    assert moments > 1
