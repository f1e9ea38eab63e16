"""A board as a ZIP: the pictures byte for byte, and a list of shots that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from exports.reels import shot
from PIL import Image

import wannb
from wannb.exports import Reel, Shot
from wannb.exports.export import COLUMNS, archive
from wannb.staging import Stroke, camera_words
from wannb.storyboard import Scene
from wannb.translation import override


def test_pictures_have_speaking_names_and_the_list_says_everything(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        Image.new("RGB", (64, 36), "#204080").save(tmp_path / name)
    first = {"seed": 7, "model": "wan2.7-image", "run": "run-1", "prompt": "ink drawing. A cat", "camera": "Wide shot"}
    arrow = Stroke(kind="arrow", points=((0.2, 0.5), (0.8, 0.5)))
    texts = ["A cat: does it cost $5? " + "long " * 20, "猫跳到地板上。" * 12, "../../etc/passwd", "=1+1"]
    shots = (
        shot(1, texts[0], of=4, path=tmp_path / "one.png", dialogue="- Yes, “it” does", notes="Rain\nWind", **first),
        shot(2, texts[1], of=4, path=tmp_path / "two.png", seconds=2.5, strokes=(arrow,)),
        shot(3, texts[2], of=4, path=tmp_path / "gone.png"),
        shot(4, texts[3], of=4),
    )
    content = archive(Reel(title="The cat", shots=shots))
    assert content == archive(Reel(title="The cat", shots=shots))
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = packed.namelist()
        cats = "猫跳到地板上。" * 12
        assert names[0] == "01 A cat does it cost $5 long long long.png"
        assert names[1:] == [f"without strokes/02 {cats[:40]}.png", f"02 {cats[:40]}.png", "shots.csv"]
        assert packed.read(names[0]) == (tmp_path / "one.png").read_bytes()
        assert packed.read(names[1]) == (tmp_path / "two.png").read_bytes()
        with Image.open(io.BytesIO(packed.read(names[2]))) as drawn:
            assert drawn.size == (64, 36)
            assert drawn.convert("RGB").getpixel((32, 18)) != (0x20, 0x40, 0x80)
        table = packed.read("shots.csv")
    assert table.startswith(b"\xef\xbb\xbfnumber,seconds,")
    head, *rows = csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""))
    assert tuple(head) == COLUMNS
    told = ["ink drawing. A cat", "7", "wan2.7-image", "run-1", names[0]]
    assert rows[0] == ["1", "3", texts[0], "Wide shot", "'- Yes, “it” does", "Rain\nWind", *told]
    assert [row[1] for row in rows] == ["3", "2.5", "3", "3"]
    assert [row[-1] for row in rows] == [names[0], names[2], "", ""]
    assert rows[3][2] == "'=1+1", "a spreadsheet would reckon it"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_list_of_shots_is_a_script_that_makes_the_same_scenes(language: str) -> None:
    said = "MIA: Hi\nTOM: Ho"
    wanted = [
        Scene(text="=1+1 on a board", notes="- rain", dialogue=said, seconds=2.5, shot="wide", angle="low"),
        Scene(text="It goes out", angle="bird's eye", movement="dolly in"),
        Scene(text="It sleeps"),
    ]
    shots = list[Shot]()
    for number, each in enumerate(wanted, 1):
        camera = camera_words(each.shot, each.angle, each.movement)
        texts = {"notes": each.notes, "dialogue": each.dialogue, "camera": camera}
        shots.append(shot(number, each.text, of=3, seconds=each.seconds, seed=7, **texts))
    with override(language), zipfile.ZipFile(io.BytesIO(archive(Reel(title="The cat", shots=tuple(shots))))) as packed:
        read = wannb.scenes(packed.read("shots.csv").decode("utf-8-sig"))
    assert list(read) == wanted
    assert "wide shot, low angle" in read.table()


def test_a_name_that_is_cut_does_not_end_in_a_comma(tmp_path: Path) -> None:
    Image.new("RGB", (64, 36)).save(tmp_path / "one.png")
    rainy = shot(1, "Heavy rain, the cat hides under a tree, and waits", of=1, path=tmp_path / "one.png")
    with zipfile.ZipFile(io.BytesIO(archive(Reel(title="The cat", shots=(rainy,))))) as packed:
        assert packed.namelist()[0] == "01 Heavy rain, the cat hides under a tree.png"
