"""Folders of runs as recordings: a colleague runs the same calls without a key, and gets the same pictures."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from journals import last
from mocking import altered, of_json
from pictures import encoded, quick_picture

import wannb
from wannb import ImageRequest, mock
from wannb.client import Client
from wannb.errors import BadRequest, ContentRefused
from wannb.ledger import submit
from wannb.mock import Request
from wannb.mock import drawing as pictures
from wannb.mock.recordings import library
from wannb.mock.recordings.format import Recording
from wannb.mock.recordings.library import load_all
from wannb.runs.result import Result
from wannb.runs.store import Store

Made = tuple[Path, list[Result]]
SMALL: dict[str, Any] = {"size": "768*768", "model": "wan2.7-image"}


def calls(client: Client) -> Iterator[Result]:
    """Do what a notebook might: every mode, both endpoints, an edit of a result."""
    first = client.generate("a red house", n=2, seed=1, **SMALL)
    yield first
    yield client.generate("a red house", seed=2, via="sync", **SMALL)
    yield client.edit("make it night", encoded(), seed=1, **SMALL)
    yield client.edit("make it night", encoded("JPEG"), seed=1, via="sync", **SMALL)
    yield client.edit("with snow", first[1], seed=1, **SMALL)
    yield client.edit("both", [encoded(), encoded("WEBP", color="red")], seed=1, **SMALL)
    yield client.edit("a clock in the box", encoded(), bbox_list=[[[10, 10, 90, 90]]], seed=1, **SMALL)
    yield client.image_set(["spring", "summer"], seed=1, **SMALL)
    yield client.image_set("winter", images=encoded(color="blue"), n=2, seed=1, **SMALL)
    yield client.generate("three boats", n=3, seed=5, **SMALL)
    yield client.generate("again", seed=1, fresh=True, **SMALL)


def refuse_one_of_three(request: Request, answer: Any) -> None:
    """Let the service refuse the last of three single images."""
    choices = answer.get("output", {}).get("choices", [])
    if len(choices) == 3:
        refused = {"code": "DataInspectionFailed", "message": "Output data may be: inappropriate."}
        choices[2]["message"]["content"] = [{"type": "image", **refused}]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A store with all of it, made against one server, and its results."""
    root = tmp_path_factory.mktemp("made")
    with (
        altered(of_json(refuse_one_of_three), keys=None) as server,
        make_client(server, Store(root / "runs")) as client,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(pictures, "draw", quick_picture)
        results = list(calls(client))
        patch.setattr(submit, "INLINE_EACH", 10)
        results.append(client.edit("uploaded", encoded(color="green"), seed=1, **SMALL))
        with server.scenario("set returns fewer"):
            results.append(client.image_set("three houses", n=3, seed=1, **SMALL))
        with server.scenario("refused content"), pytest.raises(ContentRefused):
            client.generate("not allowed", seed=1, **SMALL)
        with server.scenario("quota gone"), pytest.raises(wannb.errors.QuotaExhausted):
            client.generate("no money", seed=1, **SMALL)
        assert [entry for entry in server.log if "oss://" in str(entry.json)]
    return root / "runs", results


@pytest.fixture
def copied(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "a folder from a colleague"))


@pytest.fixture
def replayed(tmp_path: Path) -> Iterator[Callable[[Path], Client]]:
    opened: list[Any] = []

    def open_(folder: Path) -> Client:
        server = mock.serve(replay=folder, strict=True, task_seconds=0)
        client = make_client(server, Store(tmp_path / f"fresh-{len(opened)}"))
        opened.extend((client, server))
        return client

    yield open_
    for one in opened:
        one.close()


@pytest.fixture
def replay(copied: Path, replayed: Callable[[Path], Client]) -> Client:
    return replayed(copied)


def hashes(results: list[Result]) -> list[list[str]]:
    return [[image.sha256 for image in result] for result in results]


def test_the_same_calls_give_the_same_pictures_from_a_copy(made: Made, replay: Client) -> None:
    before = made[1]
    after = list(calls(replay))
    after.append(replay.edit("uploaded", encoded(color="green"), seed=1, **SMALL))
    after.append(replay.image_set("three houses", n=3, seed=1, **SMALL))
    # As the service sent them, byte for byte: so the pixels too.
    assert hashes(after) == hashes(before)
    assert [(one.usage, one.notices, one.service) for one in after] == [
        (one.usage, one.notices, "mock") for one in before
    ]
    assert [one.task_id for one in after] == [one.task_id for one in before]
    assert len(after[-1]) == 2
    assert "refused: DataInspectionFailed: Output data may be: inappropriate." in after[9].notices
    for image in (image for result in after for image in result):
        assert image.path.read_bytes().count(b"wannb\0\0\0\0\0") == 1, "texts must not pile up"
        assert wannb.recall(image.path) == image.request


def test_the_other_endpoint_plays_the_same_run(made: Made, replay: Client) -> None:
    first = replay.generate("a red house", n=2, seed=1, via="sync", **SMALL)
    second = replay.generate("a red house", seed=2, **SMALL)
    with pytest.raises(ContentRefused):
        replay.generate("not allowed", seed=1, via="sync", **SMALL)
    assert hashes([first, second]) == hashes(made[1][:2])


def test_what_is_refused_for_what_it_says_is_refused_again_and_nothing_else(replay: Client) -> None:
    with pytest.raises(ContentRefused, match="DataInspectionFailed"):
        replay.generate("not allowed", seed=1, **SMALL)
    with pytest.raises(BadRequest, match="No recording equals this request"):
        replay.generate("no money", seed=1, **SMALL)


def test_another_prompt_is_told_the_nearest_run_and_what_differs(made: Made, replay: Client) -> None:
    with pytest.raises(BadRequest) as refused:
        replay.edit("make it dawn", encoded(), seed=1, **SMALL)
    assert f"The nearest is run {made[1][2].run_id}, which differs in 1 place" in str(refused.value)
    assert 'recorded "make it night", sent "make it dawn"' in str(refused.value)
    with pytest.raises(BadRequest, match=r"differs in 1 place: .*image: recorded"):
        replay.edit("make it night", encoded(color="black"), seed=1, **SMALL)


def test_runs_of_one_request_are_played_in_their_order(tmp_path: Path, replayed: Callable[[Path], Client]) -> None:
    store = Store(tmp_path / "runs")
    with mock.serve(task_seconds=0) as server, make_client(server, store) as client:
        # Unlike pictures for one request, as the live service gives them: the second run's are changed to be so.
        one, two = (client.generate("a boat", seed=1, fresh=True, **SMALL) for _ in range(2))
    assert one.path
    assert two.path
    older, newer = sorted((one.path, two.path))
    other = encoded(color="red")
    record = last(newer)
    record["images"][0]["sha256"] = hashlib.sha256(other).hexdigest()
    (newer / "run.jsonl").write_text(json.dumps(record))
    (newer / "image-1.png").write_bytes(other)
    client = replayed(store.root)
    seen = [client.generate("a boat", seed=1, fresh=True, **SMALL)[0].sha256 for _ in range(3)]
    first = last(older)["images"][0]["sha256"]
    assert seen == [first, record["images"][0]["sha256"], record["images"][0]["sha256"]]


def test_runs_of_the_live_service_are_played_too(made: Made, copied: Path, replayed: Callable[[Path], Client]) -> None:
    for file in copied.glob("*/run.jsonl"):
        file.write_text(file.read_text().replace('"service":"mock"', '"service":"ws-secret.example.com"'))
    loaded = library.load(copied)
    assert {one.source for one in loaded} == {"run folder, of the live service"}
    result = replayed(copied).generate("a red house", n=2, seed=1, **SMALL)
    assert hashes([result]) == hashes(made[1][:1])


# What is no run, or none any more


def rewritten(folder: Path, **changes: Any) -> None:
    record = last(folder)
    (folder / "run.jsonl").write_text(json.dumps({**record, **changes}))


def one_image(**changes: Any) -> list[dict[str, Any]]:
    return [{"index": 0, "file": "image-1.png", "sha256": "0" * 64, "width": 1, "height": 1, **changes}]


def moved_out(run: Path) -> None:
    """Name an image outside of the run's folder, with its right hash."""
    (image,) = last(run)["images"]
    (run / "image-1.png").rename(run.parent.parent / "secret.png")
    rewritten(run, images=[{**image, "file": "../../secret.png"}])


def wholes(run: Path) -> list[Recording]:
    """Return the recordings of a run that are played, of all in its store."""
    read = (one.whole() for one in library.load(run.parent) if one.file.parent == run)
    return [one for one in read if one]


SPOILED: dict[str, Callable[[Path], Any]] = {
    "half written": lambda run: (run / "run.jsonl").write_text('{"wannb": 1, "state": "do'),
    "not UTF-8": lambda run: (run / "run.jsonl").write_bytes(b"\xff\xfe{}"),
    "deeply nested": lambda run: (run / "run.jsonl").write_text("[" * 200_000),
    "a list": lambda run: (run / "run.jsonl").write_text("[1, 2]"),
    "empty": lambda run: (run / "run.jsonl").write_text("{}"),
    "under way": lambda run: rewritten(run, state="answered"),
    "no state": lambda run: rewritten(run, state=None),
    "adopted by its id": lambda run: rewritten(run, request=None),
    "a request without a prompt": lambda run: rewritten(run, request={"model": "wan2.7-image"}),
    "a prompt that is none": lambda run: rewritten(run, request={"prompt": ["x"], "model": "m"}),
    "images that are none": lambda run: rewritten(run, images="image-1.png"),
    "no images": lambda run: rewritten(run, images=[]),
    "an image elsewhere": lambda run: moved_out(run),
    "an absolute image": lambda run: rewritten(run, images=one_image(file="/etc/passwd")),
    "an image that is no hash": lambda run: rewritten(run, images=one_image(sha256="../x")),
    "another image": lambda run: (run / "image-1.png").write_bytes(encoded(color="red")),
    "a cut image": lambda run: (run / "image-1.png").write_bytes((run / "image-1.png").read_bytes()[:-30]),
    "no image": lambda run: (run / "image-1.png").unlink(),
    "another input": lambda run: next((run / "inputs").iterdir()).write_bytes(encoded(color="red")),
    "no input": lambda run: shutil.rmtree(run / "inputs"),
    "an input elsewhere": lambda run: rewritten(run, request={**ASKED, "images": [{"sha256": "../x", "mime": "x"}]}),
    "a pipe": lambda run: ((run / "run.jsonl").unlink(), os.mkfifo(run / "run.jsonl")),
    "an image that is a pipe": lambda run: ((run / "image-1.png").unlink(), os.mkfifo(run / "image-1.png")),
    "a failure of the moment": lambda run: rewritten(run, state="failed", error={"code": "Throttling", "message": ""}),
    "a failure without words": lambda run: rewritten(run, state="failed", error="none"),
}
ASKED = ImageRequest(prompt="make it night", seed=1, **SMALL).as_dict()


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_run_that_is_not_whole_is_passed_over(made: Made, copied: Path, spoil: Callable[[Path], Any]) -> None:
    run = copied / str(made[1][2].run_id)
    (sent,) = (one for one in wholes(run) if one.task)
    whole = load_all(copied)
    assert whole.find(sent.request) is not None
    spoil(run)
    left = load_all(copied)
    assert left.find(sent.request) is None
    assert "The nearest is run" in left.miss(sent.request)
    assert wholes(run) == [], "nor does it answer another request"
    assert len(whole) - len(left) in (0, 1), "the other runs are still played"


def test_other_files_of_a_store_are_passed_over_and_damaged_recordings_are_not(copied: Path, tmp_path: Path) -> None:
    runs = len(library.load(copied))
    boards = copied / "storyboards" / "one"
    boards.mkdir(parents=True)
    (boards / "board.json").write_text('{"wannb_storyboard": 1, "pan')
    (copied / "notes.json").write_text("{")
    hidden = copied / ".locks"
    hidden.mkdir(exist_ok=True)
    (hidden / "index.json").write_text("{")
    assert len(library.load(copied)) == runs
    # Beside a store lies a folder of recordings: what is damaged there is said.
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded" / "01-broken.json").write_text("{")
    with pytest.raises(ValueError, match=r"01-broken\.json is not readable JSON"):
        library.load(tmp_path)
    wrong = {"request": {"path": "/x", "headers": [1]}, "response": {"status": 200}}
    (tmp_path / "recorded" / "01-broken.json").write_text(json.dumps(wrong))
    with pytest.raises(ValueError, match=r"01-broken\.json is a damaged recording"):
        library.load(tmp_path)


def test_no_picture_is_read_before_a_request_could_be_its_own(tmp_path: Path) -> None:
    """Ten thousand runs are loaded by their records alone: here none of the pictures exists."""
    record = {"wannb": 1, "state": "done", "service": "mock", "created": "2026-11-22T13:01:57Z", "images": one_image()}
    for number in range(300):
        folder = tmp_path / f"20261122-130157-{number:012x}"
        folder.mkdir()
        asked = {**ASKED, "prompt": f"house {number}", "images": [{"sha256": f"{number:064x}", "mime": "image/png"}]}
        (folder / "run.jsonl").write_text(json.dumps({**record, "request": asked}))
    loaded = load_all(tmp_path)
    assert len(loaded) == 300
    sent = library.load(tmp_path)[0].request
    assert loaded.find(sent) is None
    assert "There are no recordings to answer from" in loaded.miss(sent)
