"""StoryboardForm is a view of a board: priced before it is drawn, then every frame kept, redrawn, moved or replaced."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from forms.using import SMALL, named, picture, press, shown, told
from PIL import Image

import wannb
from wannb import mock
from wannb.client import Client
from wannb.errors import InvalidRequest
from wannb.forms import StoryboardForm
from wannb.forms.frames import Card
from wannb.storyboard.generate import Generator, Roll

THREE = [
    "a cat wakes up",
    {"text": "it goes out", "notes": "a door", "dialogue": "Tom: Bye", "seconds": 2},
    "it rains",
]


@pytest.fixture
def drawn(client: Client) -> StoryboardForm:
    form = StoryboardForm(client, scenes=THREE, style="ink", size=SMALL)
    form.run()
    return form


def cards(form: StoryboardForm) -> list[Card]:
    return form.frames.cards


def order(widget: Any) -> list[Any]:
    """Return all widgets of a form in the order of the page."""
    return [widget, *(each for child in getattr(widget, "children", ()) for each in order(child))]


def texts(form: StoryboardForm) -> list[str]:
    return [scene.text for scene in form.board.scenes]


# A new board


@pytest.mark.parametrize(
    "options",
    [
        {"scenes": ["one"]},
        {"scenes": THREE, "style": 'like "this"', "name": "my board", "size": "1280*720", "seed": 0, "watermark": True},
        {"scenes": ["一只猫"] * 14, "model": "wan2.7-image"},
        {"scenes": [{"text": "one", "shot": "close-up", "angle": "low", "movement": "pan"}]},
    ],
)
def test_the_code_makes_the_same_board(client: Client, options: dict[str, Any]) -> None:
    form = StoryboardForm(client, **options)
    asked = form._new_generator().files.record
    given: dict[str, Any] = {"wannb": wannb, "client": client}
    exec(form.code.split("\nboard.run()")[0], given)
    board = given["board"]
    assert (board.scenes, board.style, board.record.base) == (
        tuple(panel.scene for panel in asked.panels),
        asked.style,
        asked.base,
    )
    assert board.name == options.get("name", "storyboard")


def test_the_button_says_how_many_and_the_price_before_anything_is_written(client: Client) -> None:
    form = StoryboardForm(client, scenes=THREE, name="not yet")
    assert form.button.description == "Generate up to 3 images · demo ($0.225 live)"
    assert not (client.store.root / "storyboards" / "not yet").exists()
    assert form.board is None


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"scenes": ["x"], "name": "a/b"}, "a name cannot hold /"),
        ({"scenes": ["x"], "size": "3K"}, "3K"),
        ({"scenes": ["x" * 6000]}, "characters"),
        ({"scenes": ["x"], "images": "nowhere.png"}, "nowhere.png"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_can_be_drawn(client: Client, options: dict[str, Any], why: str) -> None:
    form = StoryboardForm(client, **options)
    assert form.button.disabled
    assert why in shown(form)
    with pytest.raises(InvalidRequest, match=why):
        form.run()


def test_nobody_is_told_off_before_they_begin(client: Client) -> None:
    form = StoryboardForm(client)
    assert "Without a seed, one follows from the scenes" in shown(form), "another help than that of a single request"
    named(form, "Notes").value = "thunder"
    assert "describe what the frame shows" in shown(form)
    named(form, "Scene 1").value = "a storm"
    assert form.button.description == "Generate 1 image · demo ($0.075 live)"


def test_an_unknown_board_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match="no such board"):
        StoryboardForm(client, "no such board")


# Its frames


def test_a_press_draws_one_set_and_shows_its_frames(client: Client, server: mock.MockServer) -> None:
    form = StoryboardForm(client, scenes=THREE, size=SMALL)
    press(form)
    assert server.billed == 3
    assert form.button.description == "All frames are generated"
    assert form.button.disabled
    assert all("<img " in card._picture.value for card in cards(form))
    assert "3 of 3 generated" in form.frames.about.value


def test_the_same_board_again_is_free(drawn: StoryboardForm, server: mock.MockServer) -> None:
    form = StoryboardForm(drawn.client, scenes=THREE, style="ink", size=SMALL)
    assert form.button.description == "Show 3 images · free, already generated"
    press(form)
    assert server.billed == 3


def test_only_the_frame_that_is_drawn_anew_is_paid_for(drawn: StoryboardForm, server: mock.MockServer) -> None:
    card = cards(drawn)[2]
    assert card.reroll.description == "Generate again · demo ($0.075 live)"
    card._text.value = "it snows"
    assert "older text" in card._facts.value
    before = card._picture.value
    card.reroll.click()
    drawn.frames.rolls.join(30)
    assert server.billed == 4
    assert card._picture.value != before
    assert "older text" not in card._facts.value
    assert texts(drawn)[2] == "it snows"


def test_a_locked_frame_has_its_buttons_off_and_says_why(drawn: StoryboardForm, server: mock.MockServer) -> None:
    card = cards(drawn)[1]
    card.lock.click()
    card.more.click()
    assert drawn.board.locked == (2,)
    assert card.lock.description == "Unlock"
    assert card.reroll.disabled
    assert "unlock it first" in card.reroll.tooltip
    assert "unlock it to change it" in drawn.frames.details._title.value
    assert drawn.frames.details._remove.disabled
    card.lock.click()
    assert not drawn.board.locked
    assert not card.reroll.disabled
    assert server.billed == 3


def test_scenes_are_moved_added_and_removed_and_all_of_it_is_undone(
    drawn: StoryboardForm, server: mock.MockServer
) -> None:
    first = texts(drawn)
    cards(drawn)[2].left.click()
    assert texts(drawn) == [first[0], first[2], first[1]]
    drawn.frames._new.value = "the end"
    drawn.frames._add.click()
    assert len(cards(drawn)) == 4
    assert drawn.button.description == "Generate 1 image · demo ($0.075 live)"
    cards(drawn)[0].more.click()
    drawn.frames.details._remove.click()
    assert texts(drawn) == [first[2], first[1], "the end"]
    assert drawn.frames.details.number is None
    for _ in range(3):
        drawn.frames._undo.click()
    assert texts(drawn) == first
    assert "order" in told(drawn)
    drawn.frames._redo.click()
    assert texts(drawn) == [first[0], first[2], first[1]]
    assert server.billed == 3


def test_an_earlier_take_and_a_picture_of_ones_own_take_a_frames_place(
    drawn: StoryboardForm, server: mock.MockServer
) -> None:
    card, details = cards(drawn)[0], drawn.frames.details
    first = card._picture.value
    card.reroll.click()
    drawn.frames.rolls.join(30)
    card.more.click()
    takes = [take.children[1].children[0] for take in details._takes.children]
    assert [take.description for take in takes] == ["Use as frame", "Current frame"]
    takes[0].click()
    assert card._picture.value == first
    details._picker._text.value = picture("own.png")
    details._picker._typed()
    assert "put in by hand" in card._facts.value
    details._picker._text.value = "nowhere.png"
    details._picker._typed()
    assert 'role="alert"' in told(drawn)
    assert server.billed == 4


def test_fewer_images_than_scenes_are_said_and_put_right(client: Client, server: mock.MockServer) -> None:
    form = StoryboardForm(client, scenes=THREE, size=SMALL)
    with server.scenario("set returns fewer"):
        form.run()
    came = server.billed
    assert 0 < came < 3
    assert "Fewer images came" in form.frames.about.value
    assert "unsure" in cards(form)[0]._facts.value
    cards(form)[2].more.click()
    form.frames.details._which.value = 1
    form.frames.details._assign.click()
    assert "<img " in cards(form)[2]._picture.value
    assert "<img " not in cards(form)[0]._picture.value
    form.run()
    assert server.billed == 3
    assert form.button.description == "All frames are generated"


def test_a_picture_of_several_panels_is_offered_to_be_cut(client: Client, server: mock.MockServer) -> None:
    form = StoryboardForm(client, scenes=THREE, size=SMALL)
    with server.scenario("set returns fewer"):
        form.run()
    cards(form)[0].more.click()
    cut = form.frames.details._cut
    assert cut.box.layout.display == ""
    assert cut._preview.value == "", "not before it is opened"
    cut._disclosure.open()
    assert "1 rows and 3 columns on the picture" in cut._preview.value
    cut._columns.value = 2
    assert cut._go.description == "Cut into 2 frames"
    cut._go.click()
    assert "piece 1 of 2, cut from one picture" in cards(form)[0]._facts.value
    assert cut.box.layout.display == "none"
    form.frames._undo.click()
    assert cut.box.layout.display == ""
    cards(form)[2].more.click()
    assert cut.box.layout.display == "none", "it has no picture"


def test_an_empty_text_is_not_taken(drawn: StoryboardForm) -> None:
    cards(drawn)[0]._text.value = "  "
    assert 'role="alert"' in told(drawn)
    assert cards(drawn)[0]._text.value == "a cat wakes up"


def test_notes_and_seconds_are_kept(drawn: StoryboardForm) -> None:
    cards(drawn)[0]._notes.value = "birds"
    cards(drawn)[0]._seconds.value = 1.5
    assert (drawn.board.scenes[0].notes, drawn.board.scenes[0].seconds) == ("birds", 1.5)
    assert "6.5 s" in drawn.frames.about.value


# What a scene is staged with


def test_the_camera_is_chosen_and_seen_in_what_is_sent(drawn: StoryboardForm) -> None:
    cards(drawn)[1].more.click()
    details = drawn.frames.details
    details._camera["shot"].value = "extreme close-up"
    details._camera["movement"].value = "handheld"
    assert drawn.board.scenes[1].camera == "extreme close-up, handheld camera"
    assert "Extreme close-up, handheld camera: it goes out" in details._sent.value
    assert "Image 1: frame of scene 1, Image 2: frame of scene 3" in details._sent.value
    assert "older text" in cards(drawn)[1]._facts.value
    assert "extreme close-up, handheld camera" in cards(drawn)[1]._facts.value
    drawn.frames._undo.click()
    assert details._camera["movement"].value == ""


def test_a_character_is_made_from_a_picture_and_a_take_and_said_before_it_is_paid_for(
    client: Client, server: mock.MockServer
) -> None:
    form = StoryboardForm(client, scenes=["Mia wakes up", "it rains"], size=SMALL)
    assert "Mia" not in form._hint.value
    panel = form._characters
    stand = order(form)
    assert stand.index(panel.box) < stand.index(form.button), "what goes into a request stands before what sends it"
    panel.open()
    panel._name.value, panel._words.value = "Mia", "a girl in red"
    panel._pictures._picker._text.value = picture("mia.png")
    panel._pictures._picker._typed()
    named(panel.box, "Save the character").click()
    assert "Saved: Mia" in panel._said.value
    assert "scenes 1–2: Image 1: Mia" in form._hint.value
    form.run()
    assert "Image 1 shows Mia: a girl in red." in sent_prompt(server)
    cards(form)[0].more.click()
    named(form.frames.details.box, "Use take 1 of scene 1 as a picture of a character").click()
    panel._name.value = "mia"
    named(panel.box, "Save the character").click()
    assert [each.name for each in panel.characters] == ["mia"]
    named(panel.box, "Remove mia").click()
    assert len(panel.characters) == 0
    named(panel.box, "Save the character").click()
    assert "needs a name" in panel._said.value


def test_strokes_are_drawn_over_the_frame_that_is_open(drawn: StoryboardForm) -> None:
    details, card = drawn.frames.details, cards(drawn)[1]
    card.more.click()
    assert details._editor.preview == "", "nothing is sent to the page before it is opened"
    before = card._picture.value
    details._drawing.open()
    assert details._editor.preview.startswith("data:image/jpeg")
    arrow = {"kind": "arrow", "color": "#1668dc", "points": [[0.1, 0.5], [0.9, 0.5]]}
    details._editor.strokes = [arrow]
    assert [stroke.color for stroke in drawn.board.reel().shots[1].strokes] == ["#1668dc"]
    assert card._picture.value != before
    cards(drawn)[0].more.click()
    assert details._editor.strokes == []
    drawn.frames._undo.click()
    assert card._picture.value == before
    assert details._editor.strokes == []
    drawn.frames._redo.click()
    card.more.click()
    assert details._editor.strokes == [arrow]


def test_a_card_is_dragged_to_another_place(drawn: StoryboardForm) -> None:
    first = texts(drawn)
    cards(drawn)[2].more.click()
    drawn.frames.sorter._handle_custom_msg({"kind": "move", "from": 3, "to": 1}, [])
    assert texts(drawn) == [first[2], first[0], first[1]]
    assert drawn.frames.details.number == 1, "the scene that is open stays so"
    assert drawn.frames.sorter.told == "Scene 3 is now scene 1"
    drawn.frames.sorter._handle_custom_msg({"kind": "move", "from": "x", "to": None}, [])
    cards(drawn)[0].right.click()
    assert drawn.frames.sorter.told == "Scene 1 is now scene 2"


def sent_prompt(server: mock.MockServer) -> str:
    [content] = [entry.json["input"]["messages"][0]["content"] for entry in server.log if "messages" in str(entry.json)]
    return next(part["text"] for part in content if "text" in part)


# At work


def test_while_it_is_at_work_nothing_of_the_board_can_be_changed(drawn: StoryboardForm) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        begun.set()
        go_on.wait(30)

    drawn._start_work(hold)
    begun.wait(30)
    one = cards(drawn)[1]
    off = (one.lock, one.reroll, one.left, one.right, one._text, drawn.frames._undo, drawn.frames._add, drawn.button)
    assert all(each.disabled for each in off)
    one.more.click()
    assert drawn.frames.details._remove.disabled
    before = texts(drawn)
    drawn._change(lambda board: board.remove(1))
    drawn.leave()
    assert texts(drawn) == before
    go_on.set()
    drawn.worker.join()
    assert not one.reroll.disabled


def test_frames_are_generated_beside_each_other_and_the_board_stays_usable(
    drawn: StoryboardForm, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Semaphore(0), threading.Event()
    send = Generator.send

    def hold(generator: Generator, roll: Roll) -> str:
        begun.release()
        go_on.wait(30)
        return send(generator, roll)

    monkeypatch.setattr(Generator, "send", hold)
    first, third = cards(drawn)[0], cards(drawn)[2]
    first.reroll.click()
    third.candidates.click()
    assert all(begun.acquire(timeout=30) for _ in range(2))
    assert "<progress" in first.status._bar.value
    assert first.reroll.disabled
    assert first.candidates.disabled
    assert not cards(drawn)[1].reroll.disabled
    assert drawn.button.description == "All frames are generated", "what is under way is not left to be picked up"
    assert "still under way" not in drawn.frames.about.value
    assert drawn.frames._another.disabled
    first.right.click()
    assert texts(drawn) == ["it goes out", "a cat wakes up", "it rains"]
    assert (first.reroll.disabled, cards(drawn)[1].reroll.disabled) == (False, True), "the work goes with its scene"
    assert first.status.box.layout.display == "none"
    cards(drawn)[0]._notes.value = "a door creaks"
    go_on.set()
    drawn.frames.rolls.join(30)
    assert server.billed == 3 + 1 + 3
    assert drawn.board.scenes[0].notes == "a door creaks"
    assert not drawn.frames._another.disabled
    assert drawn.board.record.journal.pending == ()


def test_what_is_opened_stands_behind_its_card_and_is_closed_at_its_top(drawn: StoryboardForm) -> None:
    frames = drawn.frames
    frames.open(2)
    places = {each: int(each.layout.order) for each in frames._strip.children}
    shown = sorted(places, key=places.__getitem__)
    assert shown == [frames.cards[0].box, frames.cards[1].box, frames.details.box, frames.cards[2].box]
    named(frames.details.box.children[0], "Close").click()
    assert frames.details.box.layout.display == "none"


def test_a_request_that_was_cut_off_before_it_was_sent_is_told_from_one_under_way(
    drawn: StoryboardForm, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*given: object, **named: object) -> None:
        raise KeyboardInterrupt

    assert drawn.board
    with monkeypatch.context() as dying:
        dying.setattr(client, "run", dies)
        with pytest.raises(KeyboardInterrupt):
            drawn.board.reroll(2)
    again = StoryboardForm(client, drawn.board.name)
    assert "cut off before it was sent" in again.frames.about.value
    assert again.button.description == "Generate 1 image · demo ($0.075 live)"


def test_candidates_stand_beside_the_frame_and_a_click_chooses_one(
    drawn: StoryboardForm, server: mock.MockServer
) -> None:
    card = cards(drawn)[1]
    assert card.candidates.description == "Three candidates · demo ($0.225 live)"
    before = drawn.board.frames[1].path
    card.candidates.click()
    drawn.frames.rolls.join(30)
    assert drawn.board.frames[1].path == before
    offered = card._offered.children
    assert [each.children[1].description for each in offered] == [f"Use candidate {at}" for at in (1, 2, 3)]
    offered[2].children[1].click()
    assert drawn.board.frames[1].path == drawn.board.takes(2)[3].path
    assert len(drawn.board.takes(2)) == 4
    assert card._offered.children == ()
    drawn.frames._undo.click()
    card._now.children[1].click()
    assert drawn.board.frames[1].path == before
    assert card._offered.children == ()
    assert server.billed == 6


def test_an_error_stands_at_the_frame_that_caused_it(drawn: StoryboardForm, server: mock.MockServer) -> None:
    with server.scenario("refused content"):
        cards(drawn)[1].reroll.click()
        drawn.frames.rolls.join(30)
    assert 'role="alert"' in cards(drawn)[1].status._text.value
    assert 'role="alert"' not in told(drawn)
    assert not cards(drawn)[1].reroll.disabled
    cards(drawn)[1].reroll.click()
    drawn.frames.rolls.join(30)
    assert cards(drawn)[1].status.box.layout.display == "none"


def test_what_changed_elsewhere_is_not_written_over(drawn: StoryboardForm) -> None:
    wannb.Storyboard.open(drawn.client, "storyboard").lock(1)
    cards(drawn)[1].lock.click()
    assert 'role="alert"' in told(drawn)
    drawn.leave()
    drawn.boards._section.open()
    drawn.boards.open.click()
    assert drawn.board.locked == (1,)


# Files, other boards, and how it looks


def test_a_file_is_saved_and_named_and_pages_are_shown(drawn: StoryboardForm) -> None:
    files = drawn.frames.files
    files._format.value = ".gif"
    files.buttons[0].click()
    drawn.worker.join()
    assert "Download storyboard.gif" in files._said.value
    with Image.open("storyboard.gif") as film:
        assert getattr(film, "n_frames", 1) == 3
    files.buttons[1].click()
    drawn.worker.join()
    assert "<img " in files._pages.value
    cards(drawn)[0].lock.click()
    assert not files._pages.value, "the pages are of the board as it was"


def test_layout_and_scenes_of_a_file_are_chosen_and_what_is_wrong_is_said_beside_the_button(
    drawn: StoryboardForm,
) -> None:
    files = drawn.frames.files

    def seen() -> set[str]:
        return {name for name, each in files._parts.items() if each.layout.display != "none"}

    assert seen() == {"frames", "orientation", "paper", "numbering", "title", "date", "logo"}
    files.options["frames"].value, files.options["orientation"].value = 1, "portrait"
    files.options["title"].value, files.options["scenes"].value = "Mine", "2-3"
    files.buttons[1].click()
    drawn.worker.join()
    assert "Page 1 of 2 of Mine. Scene 2 of 3" in files._pages.value
    files._format.value = ".zip"
    assert seen() == set()
    files.buttons[0].click()
    drawn.worker.join()
    with zipfile.ZipFile("storyboard.zip") as packed:
        assert [name[:2] for name in packed.namelist()] == ["02", "03", "sh"]
    files.options["scenes"].value = "all"
    files.buttons[0].click()
    files._both.click()
    drawn.worker.join()
    assert "scenes &#x27;all&#x27;: write their numbers, such as 1-3, 6" in files._failed.value
    assert not Path("storyboard 2.zip").exists()
    files._format.value = ".mp4"
    assert seen() == {"pixels", "subtitles", "sound"}
    files.options["scenes"].value = "1，3"
    assert files.chosen(".mp4") == {"pixels": 960, "subtitles": "picture", "sound": None, "scenes": [1, 3]}


def test_a_board_is_opened_by_name_or_given(drawn: StoryboardForm) -> None:
    for form in (StoryboardForm(drawn.client, "storyboard"), StoryboardForm(drawn.client, drawn.board)):
        assert texts(form) == texts(drawn)
        assert form.code == 'board = wannb.Storyboard.open(client, "storyboard")'
        form.leave()
        assert form.board is None
        assert (form._scenes.value, form._begun, form._options()["name"]) == ((), False, "storyboard 2")


def test_it_speaks_chinese_and_leaves_a_persons_words(chinese: Client) -> None:
    form = StoryboardForm(chinese, scenes=["lock", "not made yet"], size=SMALL)
    form.run()
    cards(form)[0].lock.click()
    cards(form)[0].lock.click()
    form.frames._undo.click()
    assert "已撤销：解锁" in told(form)
    cards(form)[0].more.click()
    assert "分镜 1 第 1 版" in form.frames.details._takes.children[0].children[0].value
    assert ">not made yet<" in form._repr_mimebundle_()["text/html"]


def test_a_name_that_exists_asks(drawn: StoryboardForm, server: mock.MockServer) -> None:
    before = drawn.board.path.read_bytes()
    form = StoryboardForm(drawn.client, scenes=["rain"], name="storyboard")
    assert form.button.disabled
    assert form._exists.layout.display == ""
    assert "a board of this name exists" in form._controls["name"]._note.value
    assert form._other.description == "Name it storyboard 2"
    form._other.click()
    assert (form._options()["name"], form.button.disabled, form._exists.layout.display) == (
        "storyboard 2",
        False,
        "none",
    )
    form._controls["name"].fill("storyboard")
    form._exists.children[0].click()
    assert form.board is not None
    assert form.board.name == "storyboard"
    assert drawn.board.path.read_bytes() == before
    form.leave()
    assert form._options()["name"] == "storyboard 2", "a new board has a name of its own"
    assert form._scenes.value == (), "and begins empty, whatever the form was made with"


def test_boards_are_opened_renamed_copied_and_archived_beside_the_open_one(
    drawn: StoryboardForm, server: mock.MockServer
) -> None:
    panel = drawn.boards
    panel._section.open()
    assert panel.chosen == drawn.board.path
    panel.copy.click()
    assert (panel._board().name, drawn.board.name) == ("storyboard 2", "storyboard")
    panel.open.click()
    assert drawn.board.name == "storyboard 2"
    panel.name.value = "Fox in snow"
    panel.rename.click()
    assert drawn.board.name == "Fox in snow"
    panel.name.value = "storyboard"
    panel.rename.click()
    assert "&#x27;storyboard 2&#x27; is free" in panel.status._text.value
    panel.archive.click()
    assert (panel.open.disabled, panel.restore.layout.display) == (True, "")
    panel.restore.click()
    assert not panel.open.disabled
    assert server.billed == 3


def test_without_boards_open_is_off(client: Client) -> None:
    form = StoryboardForm(client)
    form.boards._section.open()
    assert form.boards.open.disabled
    assert "No boards yet." in form.boards._about.value


def test_a_script_is_shown_before_it_is_taken(client: Client) -> None:
    form = StoryboardForm(client)
    script = form.script
    script.text.value = "Title: Snow\n\nINT. HUT - DAY\n\nA fox.\n\nTOM\nHi!\n\nEXT. WOOD - DAY\n\nSnow."
    assert script.use.description == "Use these 2 scenes"
    assert "TOM: Hi!" in script._table.value
    assert form._scenes.value == ()
    script.use.click()
    assert [scene.dialogue for scene in form._scenes.value] == ["TOM: Hi!", ""]
    assert form._options()["name"] == "Snow"
    assert (script.text.value, script._section.is_open) == ("", False)
    script.text.value = "\n".join(f"scene of {number}" for number in range(72))
    assert script.use.description == "Use the first 60 of 72 scenes"
    assert "60 scenes at most" in script._told.value
    assert script.add.description == "Add 58 scenes"
    script.add.click()
    assert len(form._scenes.value) == 60
    script.text.value = "\t\n1. "
    again = StoryboardForm(client)
    again.restore(form.draft())
    assert (again.script.text.value, again.script._section.is_open) == ("\t\n1. ", True), "typed, and not taken yet"
    script.cancel.click()
    assert script.text.value == ""
