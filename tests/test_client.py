"""From a call to images on disk: every mode, both endpoints, tasks that are picked up later."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FAST, make_client
from journals import last
from PIL import Image

import wannb
from wannb import ImageRequest, Result, mock
from wannb.client import Client
from wannb.errors import (
    ApiError,
    BadRequest,
    DownloadFailed,
    LinkExpired,
    RecallError,
    TaskForgotten,
    WaitTimeout,
)
from wannb.png import read_text
from wannb.runs.store import Store

pytestmark = pytest.mark.usefixtures("quick_pictures")

MODES: dict[str, Callable[[Client, Path], Result]] = {
    "text to image": lambda c, p: c.generate("a cat", size="768*768", n=2),
    "image editing": lambda c, p: c.edit("a hat", p, size="1K"),
    "multi-reference generation": lambda c, p: c.edit("both", [p, p], size="1K"),
    "interactive editing": lambda c, p: c.edit("a hat", p, bbox_list=[[[10, 10, 90, 90]]], size="1K"),
    "text to image set": lambda c, p: c.image_set(["one", "two"], style="ink", size="1K"),
    "image to image set": lambda c, p: c.image_set("four seasons", images=p, size="1K", n=2),
}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    place = tmp_path / "photo.png"
    Image.new("RGB", (640, 480), "teal").save(place)
    return place


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_ends_in_files_on_disk(client: Client, photo: Path, mode: str) -> None:
    result = MODES[mode](client, photo)
    assert result.request
    assert result.request.mode == mode
    assert len(result) == result.request.n == result.usage["image_count"]
    for image in result:
        assert image.open().size == (image.width, image.height)
        assert image.bytes() == image.path.read_bytes()
        assert wannb.recall(image.path) == result.request
        assert wannb.recall(image.path).problems() == ()


def test_the_synchronous_endpoint_gives_the_same(client: Client, server: mock.MockServer) -> None:
    by_task = client.generate("a cat", seed=7, size="768*768")
    by_call = client.generate("a cat", seed=7, size="768*768", via="sync", fresh=True)
    assert by_call[0].sha256 == by_task[0].sha256
    assert by_call.task_id is None
    assert [entry for entry in server.log if "multimodal-generation" in entry.path]


def test_a_chain_of_results_keeps_its_sources(client: Client) -> None:
    first = client.generate("a cat", size="768*768", n=2)
    second = client.edit("closer", first[1], size="1K")
    third = client.edit("both", first, size="1K")
    assert second.request
    assert third.request
    assert second.request.images[0].origin == str(first[1].path)
    assert str(second.path / "inputs") in wannb.recall(second.path).code()
    assert len(third.request.images) == 2


def test_a_task_is_picked_up_by_its_id(client: Client, server: mock.MockServer, store: Store) -> None:
    task = client.submit(ImageRequest(prompt="a boat", size="768*768", seed=1))
    with make_client(server, Store(store.root)) as later:
        [known] = later.tasks()
        assert known.id == task.id
        result = later.task(str(task.id)).result(timeout=5)
        assert result[0].path.is_file()
        assert later.tasks() == []
    assert len(task.result()) == 1, "a task that somebody else finished is read from disk"


def test_a_task_that_the_store_does_not_know_is_saved_all_the_same(
    client: Client, server: mock.MockServer, tmp_path: Path
) -> None:
    task = client.submit(ImageRequest(prompt="a boat", size="768*768"))
    with make_client(server, Store(tmp_path / "other")) as other:
        result = other.task(str(task.id)).result()
        assert result.request is None
        assert len(result) == 1
        with pytest.raises(RecallError):
            wannb.recall(result[0].path)


def test_the_task_id_is_on_disk_before_the_first_query(client: Client, server: mock.MockServer) -> None:
    task = client.submit(ImageRequest(prompt="a boat", size="768*768"))
    record = last(client.store.root / task.run_id)
    assert (record["state"], record["task_id"]) == ("running", task.id)
    assert not [entry for entry in server.log if str(task.id) in entry.path]


def test_the_services_own_list_shows_every_task_of_the_account(
    client: Client, server: mock.MockServer, tmp_path: Path
) -> None:
    ours = client.submit(ImageRequest(prompt="ours", size="768*768"))
    with make_client(server, Store(tmp_path / "other")) as other:
        theirs = other.submit(ImageRequest(prompt="theirs", size="768*768", model="wan2.7-image"))
    listed = {task.task_id: task.model for task in client.task_list()}
    assert listed == {ours.id: "wan2.7-image-pro", theirs.id: "wan2.7-image"}


def test_awaiting_several_tasks(client: Client) -> None:
    async def main() -> list[Result]:
        tasks = [client.submit(ImageRequest(prompt=f"{i}", size="768*768")) for i in range(3)]
        return list(await asyncio.gather(*tasks))

    assert [len(result) for result in asyncio.run(main())] == [1, 1, 1]


def test_waiting_ends_and_the_task_goes_on(store: Store) -> None:
    with mock.serve(task_seconds=0.4) as server, make_client(server, store) as client:
        task = client.submit(ImageRequest(prompt="slow", size="768*768"))
        seen: list[str] = []
        with pytest.raises(WaitTimeout, match="nothing is lost") as caught:
            task.wait(timeout=0.1, on_status=lambda status, seconds: seen.append(status))
        assert caught.value.task_id == task.id
        assert seen[-1] in ("PENDING", "RUNNING")
        assert len(task.result(timeout=5)) == 1


def test_a_download_that_cannot_be_finished_now_is_finished_by_rescue(
    client: Client, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = client._ledger.transport.download, 0

    def flaky(*args: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise DownloadFailed("the network went away")
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(client._ledger.transport, "download", flaky)
    with pytest.raises(DownloadFailed, match=r"2 of 3 images are saved.*client\.rescue\(\)"):
        client.generate("a", n=3, seed=1, size="768*768")
    [result] = client.rescue().results
    assert len(result) == 3
    assert calls == 4, "images that were saved are not fetched again"
    assert server.billed == 3


def test_links_that_died_are_said_to_have_died(client: Client, server: mock.MockServer) -> None:
    task = client.submit(ImageRequest(prompt="a", seed=1, size="768*768"))
    answer = client._ledger.transport.query(str(task.id))
    server.advance(hours=25)
    with pytest.raises(LinkExpired, match="24 hours"):
        client._ledger.transport.download(answer.links[0])
    with pytest.raises(TaskForgotten, match="24 hours"):
        task.result()


def test_the_services_errors_say_what_to_do(client: Client, server: mock.MockServer) -> None:
    with Client(client.service, "sk-wrong-region", client.store, pace=FAST) as stranger:
        with pytest.raises(wannb.errors.AuthenticationError, match="one region") as caught:
            stranger.generate("a", size="768*768")
        assert "sk-wrong-region" not in str(caught.value)
        assert caught.value.request_id
        assert isinstance(caught.value, ApiError)


def test_each_image_carries_its_request_and_nothing_secret(client: Client) -> None:
    result = client.generate('<script>"猫"</script> ', n=2, seed=5, size="768*768")
    for number, image in enumerate(result, 1):
        text = read_text(image.bytes(), "wannb")
        assert text
        facts = json.loads(text)
        assert (facts["image"], facts["of"]) == (number, 2)
        assert facts["request"]["seed"] == 5
        for secret in ("Signature", "Expires", "sk-mock", "http"):
            assert secret not in text


def test_the_vendors_bytes_are_kept_but_for_what_is_added(client: Client, server: mock.MockServer) -> None:
    result = client.generate("a", seed=5, size="768*768")
    data = result[0].bytes()
    for keyword in (b"wannb", b"parameters", b"XML:com.adobe.xmp"):
        begin = data.index(b"iTXt" + keyword) - 4
        length = int.from_bytes(data[begin : begin + 4], "big") + 12
        data = data[:begin] + data[begin + length :]
    assert hashlib.sha256(data).hexdigest() == result[0].sha256


def test_recall_finds_input_pictures_in_the_runs_folder_and_says_when_they_are_gone(
    client: Client, photo: Path, tmp_path: Path
) -> None:
    result = client.edit("a hat", photo, size="1K", seed=1)
    assert wannb.recall(result.path) == result.request
    moved = result[0].save(tmp_path / "alone.png")
    [problem] = wannb.recall(moved).problems()
    assert "photo.png" in problem.value
    assert wannb.recall(moved).replace(images=photo) == result.request


def test_a_notebook_with_seeds_sends_nothing_the_second_time(
    server: mock.MockServer, store: Store, photo: Path
) -> None:
    def notebook() -> list[Result]:
        with make_client(server, Store(store.root)) as client:
            shop = client.generate("a shop", seed=1, size="768*768")
            night = client.edit("at night", shop, seed=2, size="1K")
            return [shop, night, client.image_set(["a", "b"], images=[photo, night], seed=3, size="1K")]

    first = notebook()
    sent = len([entry for entry in server.log if entry.method == "POST"])
    again = notebook()
    assert len([entry for entry in server.log if entry.method == "POST"]) == sent == 3
    assert all(result.reused for result in again)
    assert [[image.sha256 for image in result] for result in again] == [[i.sha256 for i in result] for result in first]


def test_the_documented_examples_are_answered_by_their_recordings_whatever_seed_is_drawn(store: Store) -> None:
    prompt = "A flower shop with exquisite windows, a beautiful wooden door, and flowers on display"
    car = "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20251229/pjeqdf/car.webp"
    paint = "https://help-static-aliyun-doc.aliyuncs.com/file-manage-files/zh-CN/20251229/xsunlm/paint.webp"
    spray = "Spray the graffiti from image 2 onto the car in image 1"
    with mock.serve(replay="bundled", strict=True, task_seconds=0) as server, make_client(server, store) as client:
        seen_live = client.generate(prompt)
        assert seen_live.usage["total_tokens"] == 37
        assert seen_live.task_id == "6865087a-d275-4d2f-8933-1a5a486a4b48"
        assert client.edit(spray, [car, paint]).usage["size"] == "2985*1405"
        assert client.edit(spray, [car, paint], via="sync").usage["input_tokens"] == 18790
        with pytest.raises(BadRequest, match=r"parameters\.n: recorded 1, sent 2"):
            client.generate(prompt, n=2)


FACES = {
    "client": "budget candidates close edit estimate generate image_set known language metadata notices pace pick_up "
    "release rescue run runs service spent store submit submit_async task task_list tasks",
    "store": "damaged get root runs spent",
    "run": "cost created folder id images images_made mode prompt request result service settings state task_id whole "
    "why",
    "task": "cancel id language result run_id status usual wait",
    "result": "asked cost count created images index language notices path request reused run_id seed service summary "
    "task_id usage",
    "image": "alt as_input bytes count height language number open path request save seed sha256 width",
    "plan": "agreement cells client constant exclude figure forecast grid include judging labels language log methods "
    "metrics name one open prompts replace results run save score select statuses table to_do varying",
    "board": "add assign candidates characters choose client cost cut edit_scene estimate frames language lock locked "
    "name notices open pages path problems redo remove reorder replace reroll run save scenes seed sketch style takes "
    "undo unlock",
}


def test_completion_shows_what_is_for_people(client: Client) -> None:
    task = client.submit(ImageRequest(prompt="a cat", size="768*768"))
    result = task.result()
    things = {
        "client": client,
        "store": client.store,
        "run": client.runs()[0],
        "task": task,
        "result": result,
        "image": result[0],
        "plan": wannb.sweep(client, prompt=["a cat", "a dog"]),
        "board": wannb.Storyboard(client, ["a cat", "a dog"]),
    }
    for name, thing in things.items():
        assert [each for each in dir(thing) if not each.startswith("_")] == FACES[name].split(), name
        assert set(object.__dir__(thing)) >= set(dir(thing)), "nothing is gone"
