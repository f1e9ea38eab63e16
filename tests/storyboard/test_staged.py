"""What a scene is staged with: the camera in its prompt, strokes over its frame, and boards of earlier formats."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image
from storyboard.test_storyboard import SCENES, make, prompt_of, sent

import wannb
from wannb import mock
from wannb.client import Client
from wannb.errors import StoreError
from wannb.storyboard import Storyboard

pytestmark = pytest.mark.usefixtures("quick_pictures")

ARROW = {"kind": "arrow", "points": [(0.1, 0.5), (0.9, 0.5)], "color": "#0000ff"}


def test_the_camera_goes_into_the_prompt_in_the_language_of_its_scene(client: Client, server: mock.MockServer) -> None:
    scenes = [
        {"text": "a cat wakes up", "shot": "close-up", "angle": "low"},
        {"text": "一只猫出门", "shot": "wide", "movement": "tracking"},
        "it rains",
    ]
    board = make(client, scenes).run()
    [body] = sent(server)
    assert "First image: Close-up, low angle: a cat wakes up. Second image: 远景，跟拍镜头：一只猫出门. " in prompt_of(
        body
    )
    assert prompt_of(body).endswith("Third image: it rains.")
    assert [shot.camera for shot in board.reel().shots] == ["close-up, low angle", "wide shot, tracking shot", ""]
    assert "close-up, low angle" in repr(board)
    assert "older" not in repr(board)
    board.edit_scene(1, shot="medium")
    assert "generated for an older text" in repr(board)
    board.reroll(1, text="the cat yawns")
    assert "Scene: Medium shot, low angle: the cat yawns" in prompt_of(sent(server)[1])
    assert board.scenes[0] == wannb.Scene(text="the cat yawns", shot="medium", angle="low")
    assert "older" not in repr(board)


def test_a_scene_refuses_a_shot_that_does_not_exist(client: Client) -> None:
    with pytest.raises(ValueError, match="scene 2: a scene's shot is 'huge'; choose one of 'extreme wide'"):
        make(client, ["one", {"text": "two", "shot": "huge"}])


def test_strokes_lie_over_the_frame_in_the_cell_and_in_exports_and_never_in_the_picture(client: Client) -> None:
    board = make(client).run()
    before = board.frames[1].path.read_bytes()  # type: ignore[union-attr]
    board.sketch(2, [ARROW])
    assert board.frames[1].path.read_bytes() == before  # type: ignore[union-attr]
    page = board._repr_mimebundle_()["text/html"]
    jpegs = [base64.b64decode(each) for each in re.findall(r"base64,([^\"]+)", page)]
    blues = [middle(jpeg) for jpeg in jpegs]
    assert [blue > 200 and red < 60 for red, _, blue in blues] == [False, True, False, False]
    board.save("film.gif", pixels=320)
    with Image.open("film.gif") as film:
        film.seek(1)
        red, _, blue = film.convert("RGB").getpixel((160, 160))  # type: ignore[misc]
        assert (blue > 200, red < 60) == (True, True)
    board.save("page.html")
    assert Path("page.html").read_text(encoding="utf-8").count("<svg ") == 1
    again = Storyboard.open(client, "storyboard")
    assert again.reel().shots[1].strokes == (wannb.Stroke(**ARROW),)  # type: ignore[arg-type]
    assert "1 stroke drawn over it" in again.reel().shots[1].alt
    assert again.undo() == "undone: strokes of scene 2"
    assert again.reel().shots[1].strokes == ()


def middle(jpeg: bytes) -> tuple[int, int, int]:
    with Image.open(io.BytesIO(jpeg)) as image:
        return image.convert("RGB").getpixel((image.width // 2, image.height // 2))  # type: ignore[return-value]


def test_a_board_that_uses_nothing_new_is_written_as_before(client: Client) -> None:
    board = make(client)
    line = json.loads(board.path.read_text(encoding="utf-8").splitlines()[-1])
    assert set(line["panels"][0]) == {"key", "scene", "frame", "sure", "locked", "asked"}
    assert set(line["panels"][0]["scene"]) == {"text", "notes", "seconds"}
    assert line["beginning"] == make(client, [{"text": each} for each in SCENES]).record.beginning


def test_a_board_of_the_first_format_opens_with_what_it_had_begun(client: Client) -> None:
    board = make(client).run()
    lines = board.path.read_text(encoding="utf-8").splitlines()
    data = json.loads(lines[-1]) | {"wannb_storyboard": 1, "revision": len(lines) + 1}
    request = board.record.base.replace(prompt="it snores", n=1).as_dict()
    data["journal"]["pending"] = [
        {"texts": {"it sleeps": "it snores"}, "request": request, "roll": 1, "reword": True, "earlier": False}
    ]
    board.path.write_text(json.dumps(data) + "\n", encoding="utf-8")
    again = Storyboard.open(client, "storyboard").run()
    assert again.scenes[3].text == "it snores"


def test_a_board_of_a_newer_format_says_so(client: Client) -> None:
    board = make(client)
    data = json.loads(board.path.read_text(encoding="utf-8").splitlines()[-1])
    board.path.write_text(json.dumps(data | {"wannb_storyboard": 3}) + "\n", encoding="utf-8")
    with pytest.raises(StoreError, match="a newer wannb wrote it; update wannb to open it"):
        Storyboard.open(client, "storyboard")
