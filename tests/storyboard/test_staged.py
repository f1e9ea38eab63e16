"""What a scene is staged with: the camera in its prompt, strokes over its frame, and boards of earlier formats."""

from __future__ import annotations

import base64
import io
import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from storyboard.test_storyboard import SCENES, images_of, make, prompt_of, sent

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


def wait_for(holds: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(3000):
        if holds():
            return
        tick.wait(0.01)
    raise AssertionError("it never came")


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


# Takes to choose from, and frames that are generated beside each other


def test_candidates_are_one_request_and_the_frame_stays_until_one_is_chosen(
    client: Client, server: mock.MockServer
) -> None:
    board = make(client).run()
    before, billed = board.frames[1], server.billed
    takes = board.candidates(2)
    body = sent(server)[-1]
    assert (len(sent(server)), body["parameters"]["n"], server.billed - billed) == (2, 3, 3)
    assert [take.number for take in takes] == [2, 3, 4]
    assert board.frames[1] == before
    assert board.record.panels[1].offered == takes[0].run_id
    board.choose(2, takes[1])
    assert board.frames[1].path == takes[1].path  # type: ignore[union-attr]
    assert len(board.takes(2)) == 4, "the others are kept"
    assert board.record.panels[1].offered is None
    board.undo()
    board.undo()
    assert (board.frames[1], board.record.panels[1].offered) == (before, None)
    again = Storyboard.open(client, "storyboard")
    assert again.redo() == "redone: takes of scene 2"
    assert again.record.panels[1].offered == takes[0].run_id
    with pytest.raises(ValueError, match="n=5: there are 2 to 4 takes"):
        board.candidates(2, n=5)


def test_candidates_of_a_scene_without_a_frame_give_it_the_first(client: Client) -> None:
    board = make(client)
    takes = board.candidates(1, n=2)
    assert board.frames[0] is not None
    assert board.frames[0].path == takes[0].path


def test_frames_are_generated_beside_each_other_and_none_undoes_another(client: Client) -> None:
    """Two scenes, and one of them twice; in the meantime the board is put in order and a scene is removed."""
    board = make(client).run()
    held, release = threading.Barrier(4, timeout=30), threading.Event()

    def hold(status: str, seconds: float) -> None:
        if not release.is_set():
            held.wait()
            release.wait(30)

    generator = board.generator(hold)
    rolls = []
    with ThreadPoolExecutor(3) as pool:
        for scene in (2, 2, 4):
            roll = generator.roll(scene)
            rolls.append((roll, pool.submit(generator.send, roll)))
            wait_for(lambda roll=roll: roll.pending in board._files.at_work)  # type: ignore[misc]
        held.wait()
        assert rolls[0][0].request.seed != rolls[1][0].request.seed, "each roll has a seed of its own"
        assert board.generator().left() == ()
        assert board.notices == ()
        board.reorder([4, 3, 2, 1])
        board.remove(1)
        board.run()
        release.set()
        runs = [done.result() for _, done in rolls]
    assert [scene.text for scene in board.scenes] == [SCENES[2], SCENES[1], SCENES[0]]
    assert board.frames[1].run_id in runs[:2]  # type: ignore[union-attr]
    assert {take.run_id for take in board.takes(2)} >= set(runs[:2])
    assert board.record.journal.pending == ()
    board.undo()
    assert len(board.scenes) == 3, "what came last is undone first"


def test_a_scene_whose_frame_is_under_way_is_not_asked_for_twice(client: Client, server: mock.MockServer) -> None:
    board = make(client)
    generator = board.generator()
    roll = generator.roll(1)
    assert generator.to_generate() == 3
    assert generator.roll(1).request.seed != roll.request.seed
    board._files.at_work.pop()
    generator.send(roll)
    assert server.billed == 1
    board.run()
    assert server.billed == 4


# Characters


def cats(client: Client, *names: str, pictures: int = 1) -> None:
    for at, name in enumerate(names):
        files = []
        for number in range(pictures):
            files.append(f"{at}-{number}.png")
            Image.new("RGB", (300, 400), (at * 40, number * 90, 90)).save(files[-1])
        make(client, name="other").characters.add(name, files, f"the look of {name}")


def test_a_scene_that_names_a_character_gets_it_in_a_stated_order(client: Client, server: mock.MockServer) -> None:
    cats(client, "Tom", "Ann")
    board = make(client, ["Tom wakes up", "it rains", "Ann and tom go out"], size="1K")
    assert "scenes 1–3: Image 1: Tom, Image 2: Ann" in board.notices
    board.run()
    [body] = sent(server)
    told = "Image 1 shows Tom: the look of Tom. Image 2 shows Ann: the look of Ann. Keep the looks of each as shown."
    assert prompt_of(body).startswith(f"ink drawing. {told} An image set of 3 images")
    assert images_of(body) == 2
    assert body["parameters"]["size"] == "1024*1024", "the picture of a character gives no shape"
    board.reroll(2)
    assert "Tom" not in prompt_of(sent(server)[1]), "a scene that names nobody gets nobody"
    request, staged = board.generator().staged(3)
    assert staged.order == "Image 1: Tom, Image 2: Ann, Image 3: frame of scene 2"
    board.reroll(3)
    assert prompt_of(sent(server)[2]) == request.prompt
    assert f"{told} Image 3 is a frame of the same story" in request.prompt


def test_what_does_not_fit_is_said_before_paying(client: Client, server: mock.MockServer) -> None:
    cats(client, "Tom", "Ann", "Kim", "Lee", pictures=3)
    board = make(client, ["Tom, Ann, Kim and Lee meet", "Tom leaves"])
    lacking = next(each for each in board.notices if "not sent" in each)
    assert lacking.endswith("at most: 1 picture of Ann, 1 picture of Kim, 1 picture of Lee")
    assert board.problems() == ()
    board.run()
    assert images_of(sent(server)[0]) == 9
    _, staged = board.generator().staged(1)
    assert len(staged.images) == 9
    assert staged.labels[-1] == "frame of scene 2", "one place is kept for a frame"
    assert sum(label == "Tom" for label in staged.labels) == 2


def test_a_board_without_characters_asks_as_before(client: Client, server: mock.MockServer) -> None:
    make(client).run()
    cats(client, "Tom")
    assert make(client).estimate() == wannb.Money(amount=0, currency="USD")  # type: ignore[arg-type]


# One picture in place of a set


def collage(client: Client, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch) -> Storyboard:
    """Return a board of four scenes for which one picture came; its quarters have four colors."""
    board = make(client, size="1K")
    with server.scenario("set returns fewer"):
        board.run()
    come = [number for number, frame in enumerate(board.frames, 1) if frame]
    frame = board.frames[0]
    assert frame is not None
    image = Image.new("RGB", (1000, 800))
    for at, color in enumerate(["red", "lime", "blue", "white"]):
        image.paste(color, ((at % 2) * 500, (at // 2) * 400, (at % 2) * 500 + 500, (at // 2) * 400 + 400))
    image.save(frame.path)
    for number in come[1:]:
        board.assign({number: None})
    return board


def colors(board: Storyboard) -> list[object]:
    return [frame and frame.open().convert("RGB").getpixel((9, 9)) for frame in board.frames]


def test_one_picture_of_several_panels_is_cut_when_the_person_says_so(
    client: Client, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = collage(client, server, monkeypatch)
    billed, whole = server.billed, board.frames[0]
    board.cut(1, rows=2, columns=2)
    assert colors(board) == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
    assert server.billed == billed
    assert "unsure: cut by order" in repr(board)
    assert "piece 3 of 4, cut from one picture" in repr(board)
    assert any("scenes 1–4 have pieces of one picture" in notice for notice in board.notices)
    assert board.takes(1)[0].path == whole.path  # type: ignore[union-attr]
    board.assign({2: 3, 3: 2})
    assert colors(board)[1:3] == [(0, 0, 255), (0, 255, 0)]
    again = Storyboard.open(client, "storyboard")
    assert "piece 2 of 4, cut from one picture" in again.takes(2)[-2].figure(pixels=200, width=100)
    again.undo()
    assert again.undo() == "undone: cut of scene 1"
    assert [bool(frame) for frame in again.frames] == [True, False, False, False]


@pytest.mark.parametrize(
    ("rows", "columns", "why"),
    [(1, 1, "2 to 12 frames, not 1"), (4, 4, "not 16"), (0, 2, "rows=0"), (4, 3, "333\\*200 pixels; at least 240")],
)
def test_what_cannot_be_cut_is_said(
    client: Client, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch, rows: int, columns: int, why: str
) -> None:
    board = collage(client, server, monkeypatch)
    before = board.record
    with pytest.raises(ValueError, match=why):
        board.cut(1, rows=rows, columns=columns)
    assert board.record == before
    whole = make(client, name="whole").run()
    with pytest.raises(ValueError, match="scene 1 has no image of a set of which too few came"):
        whole.cut(1, rows=2, columns=2)
