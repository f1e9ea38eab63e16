"""Scenes of a script, from a text or a file, to be looked at and given to a board."""

from __future__ import annotations

from pathlib import Path

import pytest

import wannb
from wannb.client import Client
from wannb.storyboard import Storyboard

pytestmark = pytest.mark.usefixtures("quick_pictures")


def test_a_script_makes_a_board(client: Client, tmp_path: Path) -> None:
    (tmp_path / "shots.csv").write_bytes("画面,台词,时长\n一只猫醒来,早安！,2\n它走出门,,".encode("gb18030"))
    scenes = wannb.scenes(tmp_path / "shots.csv")
    assert scenes == [
        wannb.Scene(text="一只猫醒来", dialogue="早安！", seconds=2),
        wannb.Scene(text="它走出门", seconds=3),
    ]
    assert repr(scenes).splitlines()[0] == "Scenes(2 scenes · 5 s · read as a table)"
    assert "早安！" in scenes._repr_html_()
    assert ">dialogue<" in scenes.table()
    assert ">notes<" not in scenes.table(), "nobody wrote any"
    assert Storyboard(client, scenes).scenes == tuple(scenes)


def test_many_scenes_and_what_is_not_clear_are_said() -> None:
    scenes = wannb.scenes("Text\tSeconds\n" + "\n".join(f"scene of {number}\tsoon" for number in range(13)))
    assert scenes.summary == "13 scenes · 39 s · read as a table · generated as 2 image sets"
    assert "row 2: &#x27;soon&#x27; is no time" in scenes._repr_html_()
    assert len(wannb.scenes("INT. X\n\nY.", kind="lines")) == 2
    with pytest.raises(TypeError, match="a script is a text or the Path of a file, not 3"):
        wannb.scenes(3)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="is not a plain file"):
        wannb.scenes(Path("/"))
