"""Parts of a plan, cells that are left out or replaced, slots of a prompt, and lists of prompts."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from PIL import Image

import wannb
from wannb import Plan, mock
from wannb.cells.lists import Prompts
from wannb.client import Client
from wannb.errors import StoreError
from wannb.judging.pairs import contest_of
from wannb.runs.store import Store

pytestmark = pytest.mark.usefixtures("quick_pictures")

PROMPTS = ["A boat at dawn", "A boat at dusk", "A boat at night"]
SIZE = "768*768"
MODELS = ("wan2.7-image-pro", "wan2.7-image")


def study(client: Client, prompts: Any = PROMPTS, seeds: Any = (1, 2, 3)) -> Plan:
    return wannb.sweep(client, prompt=prompts, seed=list(seeds), size=SIZE)


def asked(plan: Plan) -> list[tuple[str, int | None]]:
    return [(cell.request.prompt, cell.request.seed) for cell in plan.cells]


# Figures


def test_labels_title_and_headings_are_the_persons_own(client: Client, tmp_path: Path) -> None:
    models = ["wan2.7-image-pro", "wan2.7-image"]
    plan = wannb.sweep(client, prompt=PROMPTS, model=models, seed=[1, 2], size=SIZE).run()
    names = {"prompt": ["Dawn", "Dusk", "Night"], "model": {models[1]: "plain"}, "seed": {1: "first"}}
    grid = plan.grid(rows="prompt", columns=("model", "seed"), labels=names, title="A day")
    [sheet] = grid.sheets
    assert sheet.rows == ("Dawn", "Dusk", "Night")
    assert sheet.spans == (((models[0], 2), ("plain", 2)),)
    assert sheet.columns == ("first", "seed 2") * 2
    texts = [text.get_text() for text in grid.figure(width=2.5).axes[0].texts]
    assert (texts[0], texts.count("plain")) == ("A day", 1)
    [file] = grid.save(tmp_path / "day.png")
    with Image.open(file) as picture:
        about = {"Title": "A day", "Description": f"model: {', '.join(models)}; seed: 1, 2\n"}
        about["Description"] += "\n".join(f"prompt: {prompt}" for prompt in PROMPTS)
        assert about.items() <= picture.info.items()
    page = grid._repr_mimebundle_()["text/html"]
    assert '<th scope="colgroup" colspan="2"' in page


def test_a_label_is_the_words_that_differ_or_the_whole_value(client: Client) -> None:
    prompts = [f"a very old lighthouse {when}, 35 mm photograph" for when in ("at dawn", "in fog")]
    plan = study(client, prompts, seeds=[1])
    assert plan.grid(rows="prompt").sheets[0].rows == ("at dawn", "in fog")
    assert "prompt a very old lighthouse …, 35 mm photograph" in plan.grid().constants
    whole = plan.grid(rows="prompt", common=False)
    assert (whole.sheets[0].rows, whole.constants) == (tuple(prompts), "")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({"size": ["a"]}, "'size' does not vary"),
        ({"seed": ["a", "b"]}, "labels: seed has 3 values, give a text for each, not"),
        ({"seed": "abc"}, "labels: seed has 3 values, give a text for each, not"),
        ({"seed": {9: "nine"}}, "seed=9 is not in this plan; its values: 1, 2, 3"),
    ],
)
def test_labels_that_are_nobodys_are_refused(client: Client, labels: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        study(client).grid(labels=labels)


def test_changes_that_cannot_be_read_are_not_taken_for_none(client: Client) -> None:
    plan = study(client)
    plan.exclude(seed=3, reason="cut off")
    file = client.store.root / "plans.jsonl"
    file.rename(file.with_name("kept"))
    file.mkdir()
    with pytest.raises(StoreError, match=r"plans.jsonl, where cells were left out or replaced, cannot be read"):
        study(client)


def test_a_result_that_replaced_a_cell_and_is_gone_is_said(client: Client) -> None:
    other = client.generate("A ship", size=SIZE, seed=4)
    study(client).replace(prompt=0, seed=1, with_=other, reason="better")
    shutil.rmtree(other.path)
    plan = study(client)
    assert plan.cells[0].problems == (f"replaced by run {other.run_id}, which is not in the runs folder any more",)
    assert plan.statuses()[0].state == "not legal"
    assert len(plan.to_do()) == 8


# Parts


def test_a_part_is_chosen_by_values_positions_slices_and_lists(client: Client) -> None:
    plan = study(client, seeds=(5, 6, 7))
    dawn, dusk, night = PROMPTS
    assert asked(plan.select(prompt=dusk, seed=6)) == [(dusk, 6)]
    assert asked(plan.select(prompt=-1, seed=[7, 5])) == [(night, 7), (night, 5)]
    assert asked(plan.select(prompt=slice(0, 2), seed=slice(1, 2))) == [(dawn, 6), (dusk, 6)]
    assert asked(plan.select(prompt=[night, 0], seed=5)) == [(night, 5), (dawn, 5)]
    assert asked(plan.select()) == asked(plan)
    part = plan.select(seed=6)
    assert list(part.varying) == ["prompt"]
    assert part.name == wannb.sweep(client, prompt=PROMPTS, seed=6, size=SIZE).name


def test_a_picture_is_meant_by_its_place_too_and_another_picture_is_named(client: Client, tmp_path: Path) -> None:
    photos = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for shade, photo in enumerate(photos):
        Image.new("L", (300, 300), 40 * shade).save(photo)
    plan = wannb.sweep(client, prompt="as ink", images=[*map(str, photos[:2])], size=SIZE)
    assert plan.select(images=1).cells[0].request == plan.select(images=str(photos[1])).cells[0].request
    assert "the second" in plan.grid(labels={"images": {1: "the second"}})._repr_mimebundle_()["text/html"]
    for wrong in (2, str(photos[2])):
        with pytest.raises(ValueError, match="is not in this plan"):
            plan.select(images=wrong)


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ({"seed": 0}, "seed=0 is not in this plan; its values: 1, 2, 3"),
        ({"seed": []}, r"seed=\[\] is not in this plan"),
        ({"prompt": 3}, "prompt=3 is not in this plan"),
        ({"prompt": "A car"}, "prompt='A car' is not in this plan"),
        ({"prompt": slice(9, 12)}, "is not in this plan"),
        ({"model": "wan2.7-image"}, "'model' does not vary in this plan; these do: 'prompt', 'seed'"),
    ],
)
def test_what_is_not_in_the_plan_is_named(which: dict[str, Any], said: str, client: Client) -> None:
    with pytest.raises(ValueError, match=said):
        study(client).select(**which)


def test_a_part_is_a_plan_of_the_same_images(client: Client, server: mock.MockServer) -> None:
    plan = study(client)
    plan.select(seed=[1, 2]).run()
    assert server.billed == 6
    assert [bool(result) for result in plan.results()] == [True, True, False] * 3
    part = plan.select(prompt=[0, 2], seed=2)
    assert part.grid()._summary() == "2 images"
    assert list(part.table()["seed"]) == [2, 2]
    one = plan.one(prompt=0, seed=2)
    assert (one.request.prompt, one.request.seed) == (PROMPTS[0], 2)
    with pytest.raises(ValueError, match=r"3 cells; say which: plan\.one\(prompt=\.\.\.\)"):
        plan.one(seed=2)
    with pytest.raises(ValueError, match="this cell has no images: not run yet"):
        plan.one(prompt=0, seed=3)


# Left out and replaced


def test_a_cell_that_is_left_out_is_said_everywhere_and_in_every_plan(client: Client, server: mock.MockServer) -> None:
    plan = study(client).select(seed=[1, 2]).run()
    assert plan.exclude(prompt=1, seed=2, reason="no boat in it") is plan
    assert [bool(result) for result in plan.results()] == [True, True, True, False, True, True]
    assert "1 excluded" in repr(plan)
    assert "excluded: no boat in it" in repr(plan)
    assert "no boat in it" in plan._repr_html_()
    [row] = [row for row in plan.table().to_dict("records") if row["state"] == "excluded"]
    assert (row["prompt"], row["seed"], row["note"], row["image"] == row["image"]) == (
        PROMPTS[1],
        2,
        "no boat in it",
        False,
    )
    assert row["cost"] > 0, "it was paid all the same"
    grid = plan.grid()
    assert grid._summary() == "5 images, 1 excluded"
    assert "no boat in it" in grid._html()
    with pytest.raises(ValueError, match="this cell has no images: excluded: no boat in it"):
        plan.one(prompt=1, seed=2)

    # In a plan that has grown as well, and nothing is sent for it.
    grown = study(client, [*PROMPTS, "A boat in fog"]).run()
    assert server.billed == 12
    assert sum(status.state == "excluded" for status in grown.statuses()) == 1
    grown.exclude(prompt=3, reason="fog is another study")
    assert sum(status.state == "excluded" for status in grown.statuses()) == 4
    grown.include(prompt=[1, 3])
    assert all(plan.results())
    assert all(grown.results())
    assert server.billed == 12


def test_a_cell_that_is_not_run_and_left_out_is_not_sent(client: Client, server: mock.MockServer) -> None:
    plan = study(client).exclude(seed=3, reason="two seeds are enough")
    assert len(plan.to_do()) == 6
    assert plan.forecast().requests == 6
    plan.run()
    assert server.billed == 6
    with pytest.raises(ValueError, match="no two pictures can be compared"):
        wannb.judge(plan.select(prompt=[0, 1], seed=3), judge="a")


def test_another_seed_takes_the_place_of_a_picture(client: Client, server: mock.MockServer) -> None:
    plan = study(client, seeds=(1, 2)).run()
    plan.replace(prompt=0, seed=2, with_=77, reason="cut off at the top")
    assert [len(plan.to_do()), server.billed] == [1, 6]
    plan.run()
    assert server.billed == 7
    assert plan.one(prompt=0, seed=2).seed == 77
    assert "replaced by seed 77: cut off at the top" in repr(plan)
    assert "cut off at the top" in plan.grid()._html()
    [row] = [row for row in plan.table().to_dict("records") if row["seed"] == 77]
    assert row["note"] == "replaced by seed 77: cut off at the top"
    # A plan that is made anew knows it; taking it back costs nothing.
    again = study(client, seeds=(1, 2))
    assert again.one(prompt=0, seed=2).seed == 77
    assert again.name == plan.name
    assert again.include(prompt=0, seed=2).one(prompt=0, seed=2).seed == 2
    assert server.billed == 7


def test_a_result_takes_the_place_of_a_picture(client: Client) -> None:
    other = client.generate("A boat at dawn, drawn by hand", size=SIZE, seed=9)
    plan = study(client, seeds=(1, 2)).run().replace(prompt=0, seed=1, with_=other, reason="a better wording")
    assert plan.one(prompt=0, seed=1).run_id == other.run_id
    assert f"replaced by run {other.run_id}: a better wording" in repr(plan)


@pytest.mark.parametrize("reason", ["", "  ", None, "x" * 501])
def test_nothing_is_left_out_without_a_word(reason: Any, client: Client) -> None:
    plan = study(client)
    with pytest.raises(ValueError, match="say why, in 1 to 500 characters"):
        plan.exclude(seed=1, reason=reason)
    with pytest.raises(ValueError, match="say which cells"):
        plan.exclude(reason="all of it")
    with pytest.raises(ValueError, match="replace takes one cell"):
        plan.replace(seed=1, with_=2, reason="x")
    with pytest.raises(ValueError, match="with_=-1: give a seed, 0 to 2147483647, or a result"):
        plan.replace(prompt=0, seed=1, with_=-1, reason="x")
    assert not (client.store.root / "plans.jsonl").exists()


def test_damaged_lines_leave_the_others(client: Client, store: Store) -> None:
    plan = study(client).exclude(seed=1, reason="one")
    with open(store.root / "plans.jsonl", "ab") as file:
        file.write(b'{"cell": 5}\n[]\n{"cell": "x", "reason": 3}\n{"cell"\n')
    plan.exclude(seed=2, reason="two")
    assert sorted(status.note for status in plan.statuses() if status.state == "excluded") == ["one"] * 3 + ["two"] * 3


def test_a_folder_that_cannot_be_written_to_is_said(client: Client, store: Store, monkeypatch: Any) -> None:
    plan = study(client)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wannb.cells.changes.append_line", full)
    with pytest.raises(StoreError, match="No space left"):
        plan.exclude(seed=1, reason="one")


# Slots


def test_slots_of_a_prompt_are_axes_of_their_own(client: Client) -> None:
    plan = wannb.sweep(
        client, prompt="a {animal} in {place}, {style}", animal=["cat", "dog"], place=["snow", "rain"], size=SIZE
    )
    assert [cell.request.prompt for cell in plan.cells] == [
        "a cat in snow, {style}",
        "a cat in rain, {style}",
        "a dog in snow, {style}",
        "a dog in rain, {style}",
    ]
    assert list(plan.varying) == ["animal", "place"]
    assert plan.labels("animal") == ("cat", "dog")
    assert "prompt a {animal} in {place}, {style}" in plan.constants()
    plan.run()
    assert list(plan.select(animal="dog").table()["place"]) == ["snow", "rain"]
    grid = plan.grid(rows="animal", columns="place")
    assert (grid.sheets[0].rows, grid.sheets[0].columns) == (("animal cat", "animal dog"), ("place snow", "place rain"))


def test_a_slot_that_nothing_fills_is_said(client: Client) -> None:
    plan = wannb.sweep(client, prompt="a {animal} in {town}", animal=["cat", "dog"], size=SIZE)
    assert "{town} is sent as it stands; give town=[...] to fill it" in repr(plan)
    assert "{town} is sent as it stands" in plan._repr_html_()
    assert "as it stands" not in repr(wannb.sweep(client, prompt="a {animal}", animal=["cat", "dog"], size=SIZE))


def test_a_slot_of_one_value_is_no_axis_and_names_are_checked(client: Client) -> None:
    plan = wannb.sweep(client, prompt=["a {animal}", "two {animal}s"], animal="fox", size=SIZE)
    assert [cell.request.prompt for cell in plan.cells] == ["a fox", "two foxs"]
    with pytest.raises(TypeError, match="'animl' is not an option; did you mean 'animal'"):
        wannb.sweep(client, prompt="a {animal}", animl=["fox"])
    with pytest.raises(TypeError, match="'animal' is not an option"):
        wannb.sweep(client, prompt="a fox", animal=["fox"])
    assert wannb.sweep(client, prompt="a {thing}", size=SIZE).cells[0].request.prompt == "a {thing}"


# Lists of prompts

PARTI = """Prompt\tCategory\tChallenge\tNote
bond\tAbstract\tBasic\t
"a ""bear""\"\tAnimals\tBasic\tx
a cat\tAnimals\tBasic\t
"""


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("parti.tsv", PARTI, [("bond", "Abstract"), ('a "bear"', "Animals"), ("a cat", "Animals")]),
        (
            "draw.csv",
            '\ufeffPrompts,Category\nA red car.,Colors\n"A car, blue",Colors\n',
            [("A red car.", "Colors"), ("A car, blue", "Colors")],
        ),
        ("own.txt", "a cat\n\n  a dog \r\n", [("a cat", None), ("a dog", None)]),
        (
            "own.jsonl",
            '{"text": "a cat", "tag": ["x", "y"]}\n\n{"text": "一只狗"}\n',
            [("a cat", "x, y"), ("一只狗", None)],
        ),
        (
            "genai.json",
            '{"00000": {"prompt": "a cat", "models": {}}, "00001": {"prompt": "a dog"}}',
            [("a cat", None), ("a dog", None)],
        ),
    ],
)
def test_lists_are_read_as_their_makers_write_them(name: str, content: str, expected: Any, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    read = wannb.prompts(path)
    assert list(read) == [prompt for prompt, _ in expected]
    assert read.categories == {prompt: kind for prompt, kind in expected if kind}
    assert (read.name, read.sha256) == (path.stem, hashlib.sha256(content.encode()).hexdigest())
    copy = pickle.loads(pickle.dumps(read))
    assert (copy, copy.name, copy.categories) == (read, read.name, read.categories)


def test_categories_are_chosen_and_are_a_column(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "parti.tsv"
    path.write_text(PARTI)
    assert list(wannb.prompts(path, category=["Animals"], limit=1)) == ['a "bear"']
    assert wannb.prompts(path, category="Challenge").categories["a cat"] == "Basic"
    assert list(wannb.prompts(path, column="Note")) == ["x"]
    plan = wannb.sweep(client, prompt=wannb.prompts(path), size=SIZE)
    assert isinstance(plan.prompts, Prompts)
    assert list(plan.select(prompt=[0, 2]).table()["category"]) == ["Abstract", "Animals"]
    assert repr(plan.prompts) == "Prompts(3 of parti, 2 categories)"


@pytest.mark.parametrize("listed", ["a {hue} bear,Animals\na {hue} pier,Places\n", "a {hue} bear,Animals\n"])
def test_a_prompt_with_slots_keeps_its_category(listed: str, client: Client, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("prompt,category\n" + listed)
    plan = wannb.sweep(
        client, prompt=wannb.prompts(tmp_path / "own.csv"), hue=["red", "blue"], model=list(MODELS), size="1K"
    )
    expected = ["Animals"] * 4 + ["Places"] * 4
    assert list(plan.table()["category"]) == expected[: len(plan)]
    plan.run().replace(hue=0, model=0, with_=5, reason="blurred", **({"prompt": 0} if len(plan) > 4 else {}))
    plan.run()
    assert list(plan.table()["category"]) == expected[: len(plan)]
    contest = contest_of(plan, by="model")
    kinds = [contest.category(pair) for pair in contest.pairs]
    assert sorted(set(kinds)) == sorted({*expected[: len(plan)]}), "in a judging as well"


class Shelf(BaseHTTPRequestHandler):
    """A server of lists: /parti.tsv, one that is too large, and some that lead elsewhere."""

    elsewhere = "http://lists.example/parti.tsv"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        status, content = {"/parti.tsv": (200, PARTI.encode()), "/large.txt": (200, b"x" * 40_000_000)}.get(
            path, (302 if path.startswith("/to-") else 404, b"")
        )
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if status == 302:
            to = {"/to-parti.tsv": "/parti.tsv", "/to-itself.tsv": path}.get(path, self.elsewhere)
            self.send_header("Location", to)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def shelf() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Shelf) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_list_is_read_from_a_link(shelf: str, client: Client, tmp_path: Path) -> None:
    for path in ("/parti.tsv?token=secret", "/to-parti.tsv"):
        read = wannb.prompts(shelf + path, category=["Animals"])
        assert list(read) == ['a "bear"', "a cat"]
        assert read.address == shelf + path.partition("?")[0]
        assert read.sha256 == hashlib.sha256(PARTI.encode()).hexdigest()
    assert read.name == "to-parti"
    plan = wannb.sweep(client, prompt=read, model=list(MODELS), size=SIZE).run()
    assert f"from the list “to-parti” at {shelf}/to-parti.tsv (SHA-256" in plan.methods()
    plan.save(tmp_path / "study")
    again = Plan.open(tmp_path / "study").prompts
    assert again is not None
    assert (again.address, again.sha256) == (read.address, read.sha256)
    assert wannb.prompts(write(tmp_path / "own.txt", "a cat")).address == ""


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("{shelf}/gone.csv", r"/gone\.csv cannot be read: it was answered with HTTP 404"),
        ("{shelf}/large.txt", r"/large\.txt cannot be read: it is larger than 32 MB"),
        ("{shelf}/to-elsewhere.txt", r"cannot be read: links are read over https only, not http://lists\.example"),
        ("{shelf}/to-itself.tsv", r"cannot be read: it leads round in circles"),
        ("{shelf}/parti", r"give a list of prompts that ends in \.csv, \.tsv"),
        ("http://lists.example/parti.tsv?token=secret", r"links are read over https only, not http://lists\.example"),
        ("https://me:secret@127.0.0.1/parti.tsv", r"must not hold a user name or password"),
        ("https://127.0.0.1:9/parti.tsv?token=secret", r"parti\.tsv cannot be read: 127\.0\.0\.1 was not reached"),
    ],
)
def test_a_link_that_cannot_be_read_is_said(link: str, said: str, shelf: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        wannb.prompts(link.format(shelf=shelf))
    assert "secret" not in str(caught.value)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("list.docx", b"x", {}, r"list\.docx: give a list of prompts that ends in \.csv, \.tsv"),
        ("list.csv", b"a,b\n1,2\n", {}, r"list\.csv has no column 'prompt'; its columns are 'a', 'b'"),
        ("list.csv", b"prompt\na\n", {"category": "kind"}, r"has no column 'kind'; its columns are 'prompt'"),
        ("list.csv", b"prompt\n\n", {}, "no prompts were found"),
        ("list.tsv", PARTI.encode(), {"category": ["Foods"]}, "no prompts were found"),
        ("list.txt", b"\xff\xfe", {}, r"cannot be read as \.txt in UTF-8"),
        ("list.json", b"{", {}, r"cannot be read as \.json in UTF-8"),
        ("list.json", b"[1]", {}, "no list of objects with a prompt each"),
        ("list.jsonl", json.dumps([1]).encode(), {}, "no list of objects"),
    ],
)
def test_what_is_no_list_is_said(name: str, content: bytes, options: Any, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=said):
        wannb.prompts(tmp_path / name, **options)
    with pytest.raises(OSError, match="gone"):
        wannb.prompts(tmp_path / "gone.txt")


def test_a_plan_of_another_folder_knows_no_change(client: Client, server: mock.MockServer, tmp_path: Path) -> None:
    study(client).exclude(seed=1, reason="one")
    with make_client(server, Store(tmp_path / "other")) as other:
        assert {status.state for status in study(other).statuses()} == {"open"}
