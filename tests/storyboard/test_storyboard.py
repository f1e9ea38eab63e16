"""Storyboards: what is billed and what is not, honest mapping, locks, undo, and a file that opens on another day."""

from __future__ import annotations

import json
import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import encoded
from PIL import Image

from wannb import mock
from wannb.client import Client
from wannb.errors import ContentRefused, InvalidRequest, StoreError, UnknownOutcome, WannbError
from wannb.runs.store import Store
from wannb.service.prices import Money
from wannb.storyboard import BoardFiles, Scene, Storyboard
from wannb.storyboard.state import HISTORY

pytestmark = pytest.mark.usefixtures("quick_pictures")

SCENES = ["a cat wakes up", "it stretches", "it goes out", "it sleeps"]


def make(client: Client, scenes: Any = SCENES, **options: Any) -> Storyboard:
    return Storyboard(client, scenes, **{"size": "768*768", "style": "ink drawing", **options})


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs that has the four frames of `SCENES`, drawn as the mock draws."""
    root = tmp_path_factory.mktemp("drawn")
    with mock.serve(task_seconds=0) as server, make_client(server, Store(root / "runs")) as client:
        make(client).run()
    shutil.rmtree(root / "runs" / "storyboards")
    return root / "runs"


@pytest.fixture
def board(client: Client, drawn: Path) -> Storyboard:
    """A board whose four frames are in the store already, so that nothing of it is billed."""
    shutil.copytree(drawn, client.store.root)
    return make(client).run()


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    """A picture of the person's own."""
    Image.new("RGB", (320, 320), "teal").save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


def sent(server: mock.MockServer) -> list[Any]:
    return [entry.json for entry in server.log if entry.path.endswith("/generation")]


def prompt_of(body: Any) -> str:
    return next(part["text"] for part in body["input"]["messages"][0]["content"] if "text" in part)


def images_of(body: Any) -> int:
    return sum("image" in part for part in body["input"]["messages"][0]["content"])


def dies(status: str, seconds: float) -> None:
    """Interrupt what is under way, as Ctrl-C does."""
    raise KeyboardInterrupt


def looks(board: Storyboard) -> list[Any]:
    """Return what a person sees of the scenes."""
    return [
        (scene, frame and (frame.run_id, frame.path.name), number in board.locked)
        for number, (scene, frame) in enumerate(zip(board.scenes, board.frames, strict=True), 1)
    ]


# Drawing and what it costs


def test_a_board_is_one_image_set(client: Client, server: mock.MockServer) -> None:
    board = make(client, [{"text": "a cat wakes up", "notes": "yawning", "seconds": 1.5}, *SCENES[1:]])
    assert sent(server) == []
    assert board.estimate() == Money(amount=Decimal("0.30"), currency="USD")
    assert "board.run() generates 4 images, live: at most 0.30 USD" in repr(board)
    assert board.run() is board
    [body] = sent(server)
    assert body["parameters"].items() >= {"enable_sequential": True, "n": 4, "seed": board.seed}.items()
    assert prompt_of(body).startswith("ink drawing. An image set of 4 images")
    assert "Fourth image: it sleeps." in prompt_of(body)
    assert "yawning" not in prompt_of(body)
    assert all(board.frames)
    assert server.billed == 4
    assert str(board.cost) == "0.30 USD"
    assert str(board.estimate()) == "0.00 USD"
    board.run()
    assert server.billed == 4


def tell(client: Client) -> Storyboard:
    board = make(client)
    board.run()
    board.lock(1, 3)
    board.reroll(2)
    board.reroll(4, text="it snores")
    board.reorder([1, 3, 2, 4])
    board.add("the end")
    board.run()
    board.choose(3, 1)
    return board


def test_a_notebook_run_again_from_the_top_ends_the_same_and_bills_nothing(drawn: Path, store: Store) -> None:
    shutil.copytree(drawn, store.root)
    with mock.serve(task_seconds=0) as server:
        with make_client(server, store) as first:
            board = tell(first)
            page, seen, billed = board._repr_mimebundle_(), looks(board), server.billed
            assert billed == 1 + 1 + 1
        with make_client(server, Store(store.root)) as second:
            again = tell(second)
            assert looks(again) == seen
            assert again._repr_mimebundle_() == page
            assert server.billed == billed


def test_a_cell_run_twice_loses_no_takes(client: Client, board: Storyboard, server: mock.MockServer) -> None:
    first, second = board.reroll(2), board.reroll(2)
    assert server.billed == 2
    assert first.seed != second.seed
    assert [take.number for take in board.takes(2)] == [1, 2, 3]
    before = looks(board)
    board = make(client)
    assert board.frames == (None,) * 4
    assert "reuses 4 images, free" in repr(board)
    assert [take.path for take in board.takes(2)][1:] == [first.path, second.path]
    board.run()
    second_before = board.takes(2)[2]
    assert board.reroll(2).path == first.path
    board.choose(2, second_before)
    assert board.frames[1].path == second.path  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="not one of scene 1"):
        board.choose(1, second_before)
    board.undo()
    assert server.billed == 2
    assert [take.path for take in board.takes(2)][1:] == [first.path, second.path]
    assert str(board.cost) == "0.45 USD"
    assert [board.undo() for _ in range(3)][-1] == "undone: start from the scenes"
    assert looks(board) == before


def test_a_reroll_sends_the_neighbours_the_references_and_only_one_image(
    client: Client, server: mock.MockServer, cat: Path
) -> None:
    board = make(client, images=cat, size="1K").run()
    board.lock(4)
    take = board.reroll(2)
    body = sent(server)[-1]
    assert server.billed == 5
    assert body["parameters"]["n"] == 1
    assert "enable_sequential" not in body["parameters"]
    assert images_of(body) == 4  # the cat, the locked fourth, the first and the third
    assert "Images 2 to 4 are frames of the same story: keep their characters, style and light." in prompt_of(body)
    assert prompt_of(body).endswith("Scene: it stretches")
    assert body["parameters"]["size"] == f"{take.width}*{take.height}"
    assert take.chosen
    assert board.takes(2)[-1] == take
    assert board.reroll(1, seed=7).seed == 7
    board.reroll(1, seed=7)
    assert server.billed == 6


def test_at_most_nine_input_images_and_locked_frames_first(client: Client, server: mock.MockServer) -> None:
    board = make(client, images=[encoded(color=(number * 20, 90, 90)) for number in range(8)]).run()
    board.lock(4)
    board.reroll(1)
    body = sent(server)[-1]
    assert images_of(body) == 9
    assert "Image 9 is a frame of the same story" in prompt_of(body)
    [request] = [run.request for run in client.runs() if run.mode == "multi-reference generation"]
    assert request is not None
    assert request.images[-1].content == board.frames[3].path.read_bytes()  # type: ignore[union-attr]


def test_more_than_twelve_scenes_are_split_and_shown_the_first_frames(client: Client, server: mock.MockServer) -> None:
    scenes = [f"scene number {number}" for number in range(1, 15)]
    board = make(client, scenes)
    assert str(board.estimate()) == "1.05 USD"
    board.run()
    one, two = sent(server)
    assert (one["parameters"]["n"], two["parameters"]["n"]) == (7, 7)
    assert (images_of(one), images_of(two)) == (0, 3)
    assert "Images 1 to 3 are earlier frames of the same story" in prompt_of(two)
    assert "Seventh image: scene number 14." in prompt_of(two)
    assert all(board.frames)
    assert server.billed == 14
    again = make(client, scenes)
    assert str(again.estimate()) == "0.00 USD"
    again.run()
    assert server.billed == 14
    assert again.undo() == "undone: run"
    assert again.frames == (None,) * 14


def test_refused_images_leave_the_places_of_the_others_unsure(client: Client, server: mock.MockServer) -> None:
    """The images stand in `choices` and the refusals in `results`: nothing says which scene was refused."""
    board = make(client)
    with server.scenario("partly refused"):
        board.run()
    assert server.billed == 2
    assert [bool(frame) for frame in board.frames] == [True, True, False, False]
    assert repr(board).count("unsure: image") == 2
    board.assign({1: 1, 3: 2})
    assert [bool(frame) for frame in board.frames] == [True, False, True, False]
    assert "unsure" not in repr(board)


def test_fewer_images_are_put_in_order_marked_unsure_and_put_right(client: Client, server: mock.MockServer) -> None:
    board = make(client, [*SCENES, "the end", "credits"])
    with server.scenario("set returns fewer"):
        board.run()
    assert server.billed == 4
    assert str(board.cost) == "0.30 USD"
    assert [bool(frame) for frame in board.frames] == [True] * 4 + [False] * 2
    assert repr(board).count("unsure: image") == 4
    assert repr(board).count("no image came for it") == 2
    assert any(notice.startswith("4 of 6 images came back") and "scenes 1–4" in notice for notice in board.notices)
    third = board.frames[2]
    board.assign({1: 1, 2: 2, 3: None, 4: 3, 6: 4})
    assert board.frames[2] is None
    assert board.frames[3].path == third.path  # type: ignore[union-attr]
    assert not board.notices
    assert "unsure" not in board._repr_mimebundle_()["text/html"]
    for wrong, why in (({3: 9}, "1 to 4"), ({3: 1, 5: 1}, "two scenes"), ({9: 1}, "scenes 1 to 6")):
        with pytest.raises(ValueError, match=why):
            board.assign(wrong)
    board.run()
    assert server.billed == 6
    assert all(board.frames)
    assert sent(server)[-1]["parameters"]["n"] == 2
    board.lock(1)
    with pytest.raises(ValueError, match="locked"):
        board.assign({1: 2})
    with pytest.raises(ValueError, match="locked frame of scene 1"):
        board.assign({2: 1})


def test_what_was_cut_off_is_picked_up_for_nothing(client: Client, server: mock.MockServer) -> None:
    board = make(client)
    with pytest.raises(KeyboardInterrupt):
        board.run(on_status=dies)
    del board
    board = Storyboard.open(client, "storyboard")
    assert any("under way" in notice for notice in board.notices)
    assert str(board.estimate()) == "0.00 USD"
    board.run()
    assert all(board.frames)
    assert server.billed == 4
    with pytest.raises(KeyboardInterrupt):
        board.reroll(2, text="it yawns", on_status=dies)
    board = Storyboard.open(client, board.path)
    board.run()
    assert server.billed == 5
    assert len(board.takes(2)) == 2
    assert board.takes(2)[1].chosen
    assert board.scenes[1].text == "it yawns"
    assert not board.notices


def test_a_refused_reroll_changes_nothing_and_is_not_tried_again(
    client: Client, board: Storyboard, server: mock.MockServer
) -> None:
    before = looks(board)
    with server.scenario("refused content"), pytest.raises(ContentRefused):
        board.reroll(2, text="something else")
    assert looks(board) == before
    assert not board.notices
    board.run()
    assert server.billed == 0
    assert board.undo() == "undone: run"


@pytest.mark.parametrize("reaches", [True, False])
def test_a_request_without_an_answer_is_not_paid_again(
    client: Client, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch, reaches: bool
) -> None:
    def create(transport: Any, body: Any, *, turn: Any, **options: Any) -> Any:
        """Be interrupted after the request was written down, before the answer of the service is."""
        if reaches:
            real(transport, body, turn=turn, **options)
        else:
            with turn():
                pass
        raise KeyboardInterrupt

    board, real = make(client, SCENES[:3]), type(client._ledger.transport).create
    with monkeypatch.context() as patched:
        patched.setattr(type(client._ledger.transport), "create", create)
        with pytest.raises(KeyboardInterrupt):
            board.run()
    board.edit_scene(3, text="it goes home")
    assert str(board.estimate()) == "0.225 USD"
    if not reaches:
        with pytest.raises(UnknownOutcome, match="Send another request"):
            board.run()
        server.advance(seconds=5)
        client.generate("a later task, which proves it", size="768*768")
    board.run()
    assert server.billed == 3 + (not reaches)
    assert all(board.frames)
    assert not board.notices


def test_a_reroll_under_way_outlives_a_new_start_and_other_scenes(
    client: Client, board: Storyboard, server: mock.MockServer
) -> None:
    with pytest.raises(KeyboardInterrupt):
        board.reroll(2, text="it yawns", on_status=dies)
    again = make(client)
    assert any("under way" in notice for notice in again.notices)
    again.run()
    assert not again.notices
    assert [take.text for take in again.takes(2)] == [SCENES[1], "it yawns"]
    assert again.takes(2)[0].chosen
    again.reroll(2, text="it yawns")
    assert server.billed == 1, "it was the same request"
    with pytest.raises(KeyboardInterrupt):
        again.reroll(2, on_status=dies)
    other = make(client, ["something new", SCENES[1]], replace=True)
    other.generator().finish()
    assert server.billed == 2
    assert len(other.takes(2)) == 3
    assert other.frames == (None, None)


def test_a_change_made_during_a_reroll_stays_and_can_be_undone(
    client: Client, board: Storyboard, server: mock.MockServer
) -> None:
    def meanwhile(status: str, seconds: float) -> None:
        board.edit_scene(1, notes="meanwhile")

    with server.scenario("failed task"), pytest.raises(WannbError):
        board.reroll(2, text="it yawns", on_status=meanwhile)
    assert (board.scenes[0].notes, board.scenes[1].text) == ("meanwhile", SCENES[1])
    assert board.undo() == "undone: words of scene 1"
    assert board.scenes == tuple(Scene(text=text) for text in SCENES)
    board.reroll(2, on_status=meanwhile)
    assert len(board.takes(2)) == 2
    assert [board.undo() for _ in range(2)] == ["undone: new frame of scene 2", "undone: words of scene 1"]
    assert board.undo() == "undone: run"


def test_threads_that_draw_on_one_board_lose_no_takes(
    client: Client, board: Storyboard, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, run, together = BoardFiles.write, client.run, threading.Barrier(4)

    def slow(self: BoardFiles, record: Any) -> None:
        threading.Event().wait(0.02)  # long enough for another thread to have read the same board
        write(self, record)

    def at_once(request: Any, **options: Any) -> Any:
        result = run(request, **options)
        together.wait(30)
        return result

    monkeypatch.setattr(BoardFiles, "write", slow)
    monkeypatch.setattr(client, "run", at_once)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(board.reroll, (1, 2, 3, 4)))
    assert server.billed == 4
    assert [len(board.takes(number)) for number in (1, 2, 3, 4)] == [2] * 4


def test_a_vanished_input_picture_puts_no_board_aside(client: Client, cat: Path) -> None:
    board = make(client, images=cat)
    cat.unlink()
    with pytest.raises(InvalidRequest, match="no file"):
        make(client, images=cat)
    assert not list(board.path.parent.glob("board-*.jsonl"))


def test_an_added_scene_has_its_own_takes_after_a_new_start(
    client: Client, board: Storyboard, server: mock.MockServer
) -> None:
    board.add("a dog")
    board.run()
    assert server.billed == 1
    again = make(client).run()
    again.add("a ship")
    assert again.takes(5) == []
    again.add("a dog")
    assert [take.text for take in again.takes(6)] == ["a dog"]
    again.remove(5)
    again.run()
    assert server.billed == 1
    again.remove(5)
    again.add("a dog")
    again.run()
    assert server.billed == 1, "the seed follows from the text"


def test_scenes_of_one_text_have_seeds_and_takes_of_their_own(client: Client, server: mock.MockServer) -> None:
    board = make(client, ["a cat", "a cat", "a cat (2)"]).run()
    one, two, three = board.reroll(1), board.reroll(2), board.reroll(3)
    assert len({one.seed, two.seed, three.seed}) == 3
    board.reorder([2, 3, 1])
    assert [board.takes(number)[-1].seed for number in (1, 2, 3)] == [two.seed, three.seed, one.seed]
    again = make(client, ["a cat", "a cat", "a cat (2)"]).run()
    assert [again.reroll(number).seed for number in (1, 2, 3)] == [one.seed, two.seed, three.seed]
    assert server.billed == 6


def test_problems_are_named_by_scene_before_any_money(client: Client, server: mock.MockServer) -> None:
    board = make(client, ["a cat"] * 13 + ["x" * 5000], size="9K")
    fields = {problem.field: str(problem) for problem in board.problems()}
    assert set(fields) == {"prompt", "size"}
    assert "(scenes 8–14)" in fields["prompt"]
    assert "board.run() would be refused: size" in repr(board)
    with pytest.raises(InvalidRequest):
        board.run()
    assert sent(server) == []


def test_wrong_scenes_options_and_names_are_said_plainly(client: Client) -> None:
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"scenes": []}, ValueError, "at least one scene"),
        ({"scenes": "a cat"}, TypeError, "a list"),
        ({"scenes": ["a", " "]}, ValueError, "scene 2: .*say what is to be seen"),
        ({"scenes": [{"txt": "a"}]}, TypeError, "did you mean 'text'"),
        ({"scenes": [{"notes": "a"}]}, TypeError, "has no 'text'"),
        ({"scenes": [{"text": "a", "seconds": 0}]}, ValueError, "above 0"),
        ({"scenes": [{"text": "a", "seconds": float("nan")}]}, ValueError, "above 0"),
        ({"scenes": [{"text": "a", "seconds": "3"}]}, TypeError, "a number"),
        ({"scenes": [7]}, TypeError, "scene 1: a scene is a text"),
        ({"scenes": ["half a letter \ud800"]}, ValueError, "broken text"),
        ({"stile": "ink"}, TypeError, "did you mean 'style'"),
        *(({"name": name}, ValueError, "name=") for name in ("../out", "a/b", "", ".hidden", "con", "x" * 200)),
    ]
    for options, error, why in wrong:
        with pytest.raises(error, match=why):
            make(client, **options)
    with pytest.raises(ValueError, match="no storyboard 'other'"):
        Storyboard.open(client, "other")
    board = make(client, name="Die Katze 猫")
    assert Storyboard.open(client, "Die Katze 猫").seed == board.seed
    inside = [path.resolve() for path in client.store.root.rglob("*")]
    assert all(client.store.root.resolve() in path.parents for path in inside)


# Changes


def test_locked_frames_stay(client: Client, server: mock.MockServer, board: Storyboard) -> None:
    with pytest.raises(ValueError, match="no frame to lock"):
        make(client, name="empty").lock(1)
    board.lock(1, 3)
    assert board.locked == (1, 3)
    for name, values in (("reroll", (1,)), ("replace", (1, "x.png")), ("choose", (1, 1)), ("remove", (1,))):
        with pytest.raises(ValueError, match=r"scene 1 is locked.*board.unlock\(1\)"):
            getattr(board, name)(*values)
    assert server.billed == 0
    board.unlock(1)
    board.reroll(1)
    assert server.billed == 1
    assert "locked" in board._repr_mimebundle_()["text/html"]


def test_a_replaced_frame_is_kept_beside_the_board(client: Client, board: Storyboard) -> None:
    content, place = encoded(), client.store.root / "mine.png"
    place.write_bytes(content)
    board.replace(2, place)
    place.write_bytes(b"another")
    frame = board.frames[1]
    assert frame is not None
    assert frame.path.read_bytes() == content
    assert frame.path.parent.parent == board.path.parent
    assert frame.run_id is None
    assert "put in by hand" in repr(board)
    board.choose(2, 1)
    board.choose(2, board.takes(2)[1])
    assert board.frames[1].path == frame.path  # type: ignore[union-attr]
    board.replace(3, board.frames[0])
    assert board.frames[2].path.stat().st_nlink > 1, "one copy for the board and its requests"  # type: ignore[union-attr]
    for wrong in ("nothing.png", "https://example.com/cat.png", b"no picture"):
        with pytest.raises(ValueError, match=r"no file|not downloaded|not a picture"):
            board.replace(2, wrong)
    assert str(board.cost) == "0.30 USD"


def test_an_edited_text_marks_the_frame_until_it_is_drawn_anew(
    client: Client, board: Storyboard, server: mock.MockServer
) -> None:
    board.edit_scene(2, notes="yawning", dialogue="Tom: I am awake!", seconds=1)
    assert board.scenes[1].dialogue == "Tom: I am awake!"
    assert "older text" not in repr(board)
    board.edit_scene(2, text="it yawns")
    assert repr(board).count("generated for an older text") == 1
    board.run()
    assert server.billed == 0
    board.reroll(2)
    assert "older text" not in repr(board)
    with pytest.raises(ValueError, match="say what changes"):
        board.edit_scene(2)


def test_scenes_are_added_removed_and_put_in_order(client: Client, board: Storyboard, server: mock.MockServer) -> None:
    board.add({"text": "a dog", "seconds": 2}, at=2)
    assert [scene.text for scene in board.scenes][:3] == ["a cat wakes up", "a dog", "it stretches"]
    assert board.frames[1] is None
    board.run()
    assert server.billed == 1
    assert "Draw one new frame" in prompt_of(sent(server)[-1])
    board.reorder([5, 4, 3, 2, 1])
    assert board.scenes[0].text == "it sleeps"
    few, double, beyond = [1, 2, 3, 4], [1, 1, 2, 3, 4], [1, 2, 3, 4, 6]
    for order, why in ((few, "twice: –; missing: 5"), (double, "twice: 1; missing: 5"), (beyond, "no scene 6")):
        with pytest.raises(ValueError, match=why):
            board.reorder(order)
    board.remove(1)
    assert len(board.scenes) == 4
    board.undo()
    assert board.scenes[0].text == "it sleeps"
    assert server.billed == 1
    for _ in range(4):
        board.remove(1)
    with pytest.raises(ValueError, match="at least one scene"):
        board.remove(1)


def call(method: str, *values: Any, **named: Any) -> Any:
    return st.tuples(st.just(method), st.tuples(*values), st.fixed_dictionaries(named))


NUMBERS, ORDERS = st.integers(1, 5), st.permutations([1, 2, 3, 4])
CHANGES = st.one_of(
    call("reorder", ORDERS),
    call("lock", NUMBERS),
    call("unlock", NUMBERS),
    call("edit_scene", NUMBERS, text=st.sampled_from(["one", "two"]), seconds=st.floats(0.1, 9)),
    call("choose", NUMBERS, st.integers(1, 2)),
    call("assign", ORDERS.map(lambda order: dict(enumerate(order, 1)))),
    call("add", st.just("another"), at=st.integers(1, 4)),
    call("remove", NUMBERS),
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, max_size=6))
def test_undo_takes_back_every_change_and_redo_does_it_again(
    client: Client, board: Storyboard, changes: list[Any]
) -> None:
    shutil.rmtree(board.path.parent)
    board = make(client).run()
    if len(board.takes(1)) < 2:
        board.reroll(1)
    for method, values, named in changes:
        before = looks(board)
        try:
            getattr(board, method)(*values, **named)
        except ValueError:  # a locked scene, a scene or take that is not there, no four scenes any more
            assert looks(board) == before
            continue
        after = looks(board)
        if method == "reorder":
            assert sorted(map(str, after)) == sorted(map(str, before))
        if after != before:
            board.undo()
            assert looks(board) == before
            board.redo()
            assert looks(board) == after
    assert looks(Storyboard.open(client, "storyboard")) == looks(board)


def test_undo_keeps_what_was_paid_for_among_the_takes(
    client: Client, board: Storyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HISTORY == 50
    monkeypatch.setattr("wannb.storyboard.state.HISTORY", 5)
    take = board.reroll(2)
    assert board.undo() == "undone: new frame of scene 2"
    assert [each.path for each in board.takes(2)][-1] == take.path
    other = board.reroll(2)
    assert other.path != take.path
    assert len(board.takes(2)) == 3
    with pytest.raises(ValueError, match="nothing to redo"):
        board.redo()
    fresh = make(client, ["x"], name="fresh")
    with pytest.raises(ValueError, match="nothing to undo"):
        fresh.undo()
    for number in range(7):
        board.edit_scene(1, text=f"text {number}")
    for _ in range(5):
        board.undo()
    with pytest.raises(ValueError, match="nothing to undo"):
        board.undo()


# The file


def test_it_opens_in_a_copied_folder_on_another_machine(
    client: Client, server: mock.MockServer, tmp_path: Path, cat: Path
) -> None:
    board = make(client, images=cat).run()
    board.replace(2, cat)
    board.lock(2)
    page = board._repr_mimebundle_()
    shutil.copytree(client.store.root, tmp_path / "elsewhere", ignore=shutil.ignore_patterns(".locks"))
    shutil.rmtree(client.store.root)
    cat.unlink()
    with make_client(server, Store(tmp_path / "elsewhere")) as other:
        again = Storyboard.open(other, tmp_path / "elsewhere" / "storyboards" / "storyboard")
        assert again._repr_mimebundle_() == page
        again.reroll(1)
        assert images_of(sent(server)[-1]) == 3 - 1  # the cat was put in by hand as well: same bytes, sent twice
        assert server.billed == 5
    with pytest.raises(ValueError, match=r"open it with connect\(store="):
        Storyboard.open(client, tmp_path / "elsewhere" / "storyboards" / "storyboard" / "board.jsonl")


def test_dialogue_is_kept_shown_and_never_sent(client: Client, server: mock.MockServer) -> None:
    scenes = [{"text": "a cat wakes up", "dialogue": "TOM: 早安！"}, "it goes out"]
    board = make(client, scenes).run()
    assert "早安" not in prompt_of(sent(server)[0])
    assert "TOM: 早安！" in board._repr_mimebundle_()["text/html"]
    assert Storyboard.open(client, "storyboard").scenes[0].dialogue == "TOM: 早安！"
    with pytest.raises(TypeError, match="a scene's dialogue is text, not 3"):
        Scene(text="a cat", dialogue=3)  # type: ignore[arg-type]


def test_a_board_from_before_scenes_had_dialogue_is_the_same_board(client: Client) -> None:
    """Its beginning is a hash of its scenes, and was made without that field."""
    before = "38d2138373dc2167135197c98321efbd37cde49d0e1aca19ac831836db8a9bd6"
    assert make(client).record.beginning == before


def test_other_scenes_of_the_same_name_put_the_old_board_aside(
    client: Client, board: Storyboard, server: mock.MockServer
) -> None:
    board.reroll(4)
    other = make(client, [*SCENES[:3], "it eats"], replace=True)
    assert any("of other scenes" in notice for notice in other.notices)
    [aside] = other.path.parent.glob("board-*.jsonl")
    assert len(Storyboard.open(client, aside).takes(4)) == 2
    assert [len(other.takes(number)) for number in (1, 2, 3, 4)] == [1, 1, 1, 0]
    assert server.billed == 1


def test_two_kernels_do_not_write_over_each_other(client: Client, board: Storyboard) -> None:
    Storyboard.open(client, "storyboard").lock(1)
    with pytest.raises(StoreError, match=r"another kernel.*Storyboard.open\(client, 'storyboard'\)"):
        board.edit_scene(1, text="lost?")
    assert board.scenes[0].text == SCENES[0]
    assert Storyboard.open(client, "storyboard").locked == (1,)


def test_a_cut_line_of_the_file_costs_one_change_and_is_said(client: Client, board: Storyboard) -> None:
    board.lock(1)
    board.lock(2)
    board.path.write_bytes(board.path.read_bytes()[:-20])
    again = Storyboard.open(client, "storyboard")
    assert again.locked == (1,)
    assert any("damaged lines of board.jsonl, passed over: 1" in notice for notice in again.notices)
    again.lock(3)
    assert Storyboard.open(client, "storyboard").locked == (1, 3)
    board.path.write_bytes(b"{")
    with pytest.raises(StoreError, match="no line of it is whole"):
        Storyboard.open(client, "storyboard")


def test_the_file_does_not_grow_for_ever(client: Client, board: Storyboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wannb.storyboard.files._LARGE", 30_000)
    for number in range(40):
        board.edit_scene(1, notes=f"note {number}")
    assert board.path.stat().st_size < 100_000
    assert Storyboard.open(client, "storyboard").scenes == board.scenes


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.pop("journal"),
        lambda data: data.update(panels=[]),
        lambda data: data["panels"][0]["frame"].update(file="../../../etc/passwd"),
        lambda data: data["panels"][0]["frame"].update(run=".."),
        lambda data: data["panels"][0].update(surprise=1),
        lambda data: data["panels"][0]["scene"].update(seconds=-1),
        lambda data: data["now"].append(0),
    ],
)
def test_a_file_changed_by_hand_is_refused_in_words(client: Client, board: Storyboard, spoil: Any) -> None:
    data = json.loads(board.path.read_text().splitlines()[-1])
    spoil(data)
    with board.path.open("a") as file:
        file.write(json.dumps(data) + "\n")
    with pytest.raises(StoreError, match="changed by hand"):
        Storyboard.open(client, "storyboard")


def test_missing_and_damaged_pictures_are_said_and_break_nothing(
    client: Client, board: Storyboard, tmp_path: Path
) -> None:
    paths = [frame.path for frame in board.frames if frame]
    paths[0].unlink()
    paths[1].write_bytes(b"damaged")
    paths[2].write_bytes(paths[2].read_bytes()[: paths[2].stat().st_size // 2])
    assert repr(board).count("its picture is missing or damaged") == 6  # three marks, three notices
    assert "missing or damaged" in board._repr_mimebundle_()["text/html"]
    for number in (1, 2, 3):
        assert "missing or damaged" in board.takes(number)._repr_mimebundle_()["text/html"]
    for ending in ("html", "pdf", "gif", "pptx"):
        assert board.save(tmp_path / f"story.{ending}", dpi=30, pixels=64)


# Showing


def test_the_strip_is_light_safe_and_the_same_each_time(client: Client, board: Storyboard) -> None:
    hostile = '<script>alert(1)</script> "quotes" & \u202eشمال\u202c 猫'
    frames = board.frames
    board = make(client, [{"text": hostile, "notes": hostile}] + [f"scene {n}" for n in range(2, 13)], name="other")
    for number in range(1, 13):
        board.replace(number, frames[number % 4])
    page = board._repr_mimebundle_()["text/html"]
    assert page == Storyboard.open(client, "other")._repr_mimebundle_()["text/html"]
    assert len(page) < 300_000
    assert "<script" not in page
    alts = re.findall(r'alt="(Scene \d+ of 12: [^"]+)"', page)
    assert len(alts) == 12
    colours = re.findall(r"[^-]color:([^;\"]+)", page)
    assert colours
    assert all(colour.startswith("var(--jp-") for colour in colours)


def test_a_board_speaks_the_language_of_its_client(client: Client, board: Storyboard) -> None:
    english = repr(board)
    client.language = "zh"
    board = Storyboard.open(client, "storyboard")
    board.edit_scene(2, text="它伸懒腰")
    board.add("一只狗")
    for shown in (repr(board), board._repr_mimebundle_()["text/html"]):
        assert "5 个分镜 · 15 秒 · 4 / 5 个画面" in shown
        assert "按旧文字生成" in shown
        assert "board.run() 将生成 1 张图片，正式服务：最多 0.075 USD" in shown
    assert "第 1 版" in board.takes(1)._repr_mimebundle_()["text/html"]
    with pytest.raises(ValueError, match="没有分镜 9"):
        board.lock(9)
    assert board.undo() == "已撤销：新分镜"
    client.language = "en"
    board = Storyboard.open(client, "storyboard")
    assert board.undo() == "undone: words of scene 2", "also of what was done in another language"
    assert repr(board) == english
