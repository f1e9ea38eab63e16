"""Recordings: made, free of secrets, the same when made again, replayed strictly; no more images than allowed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mocking import CREATE, KEY, Api, body, data_uri, urls
from pictures import encoded

import wannb
from wannb import mock
from wannb.errors import BadRequest
from wannb.mock import record
from wannb.mock.exchange import SYNC_PATH, Request, json_response
from wannb.mock.recordings import format as recordings
from wannb.mock.recordings.recorder import Quota

Connect = Callable[[mock.MockServer], Api]
GARDEN = "a red house by the sea, with a long description of the garden behind it"


def session(api: Api, *, edit: str = "make it night", seed: int = 7) -> list[str]:
    """Do what a notebook might: a picture, an edit of it, an upload, a set, a mistake. Return the task ids."""
    first = api.made(body(GARDEN, seed=seed))
    picture = urls(api.query(first))[0]
    second = api.made(body(edit, picture, data_uri(encoded()), seed=seed, bbox_list=[[[1, 2, 30, 40]], []]))
    api.query(second)
    _, url = api.upload(encoded(size=(300, 400)))
    third = api.made(body("in this style", url), X_DashScope_OssResourceResolve="enable")
    api.query(third)
    api.sync(body("four seasons", n=4, enable_sequential=True))
    api.create(body("too many", n=5))
    api.query(api.made(body(GARDEN, seed=seed)))
    return [first, second, third]


def texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.json"))}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("recordings")
    with record(folder, task_seconds=0) as server:
        client = Api(server)
        ids = session(client)
        client.close()
    return folder, ids


def test_each_call_is_one_file_named_for_its_mode_without_secrets(recorded: tuple[Path, list[str]]) -> None:
    folder, ids = recorded
    names = [name.rsplit("-", 1)[0] for name in texts(folder)]
    modes = ("text-to-image", "interactive-editing", "image-editing", "text-to-image-set", "text-to-image")
    assert names == [f"{number:02d}-{mode}" for number, mode in enumerate(modes, 1)]
    everything = "".join(texts(folder).values())
    for word in (KEY, "Signature", "OSSAccessKeyId", "Expires", "request_id", "base64", "127.0.0.1", "oss://"):
        assert word not in everything
    assert "image:drawn:" in everything
    assert "image:pixels:" in everything
    assert not [file for file in folder.rglob("*") if file.suffix not in (".json", "")]
    one = json.loads(next(iter(texts(folder).values())))
    assert set(one) == {"source", "date", "request", "response", "task"}
    assert one["response"]["json"]["output"]["task_id"] == ids[0]
    assert one["task"]["output"]["choices"][0]["message"]["content"][0]["image"] == "image:drawn"
    assert one["task"]["usage"]["image_count"] == 1


def test_recording_again_changes_nothing(recorded: tuple[Path, list[str]], connect: Connect) -> None:
    folder, ids = recorded
    before = texts(folder)
    assert session(connect(record(folder, task_seconds=0))) == ids
    assert texts(folder) == before


def test_a_strict_replay_answers_the_same_session(
    recorded: tuple[Path, list[str]], connect: Connect, tmp_path: Path
) -> None:
    folder, ids = recorded
    moved = tmp_path / "elsewhere" / "deeper"
    shutil.copytree(folder, moved)
    client = connect(mock.serve(replay=tmp_path / "elsewhere", strict=True, task_seconds=0))
    assert session(client) == ids
    assert [entry.code for entry in client.server.log if entry.code] == ["InvalidParameter"]
    assert client.server.billed == 8
    again = client.made(body(GARDEN, seed=7))
    assert again not in ids
    # Unique, and yet the same the next time: a notebook may show it.
    fresh = connect(mock.serve(replay=folder, strict=True, task_seconds=0))
    assert again == [fresh.made(body(GARDEN, seed=7)) for _ in range(3)][-1]
    listed = {row["task_id"] for row in client.call("GET", "/tasks").json()["data"]}
    assert len(listed) == 5
    assert listed > {*ids, again}
    # The order of options does not count, nor what the SDK leaks.
    loose = body("in this style", client.upload(encoded(size=(300, 400)))[1], is_async=True, seed=None)
    loose["parameters"] = dict(reversed(loose["parameters"].items()))
    assert client.create(loose, X_DashScope_OssResourceResolve="enable").status_code == 200


def test_replayed_pictures_are_those_that_were_recorded(tmp_path: Path, connect: Connect) -> None:
    # Without a seed, too: chance comes from the request.
    def pictures(client: Api) -> list[bytes]:
        answers = [client.query(client.made(body("a lighthouse"))), client.sync(body("a boat", n=2)).json()]
        return [client.http.get(url).content for answer in answers for url in urls(answer)]

    first = pictures(connect(record(tmp_path, task_seconds=0)))
    assert pictures(connect(mock.serve(replay=tmp_path, strict=True, task_seconds=0))) == first
    assert len(set(first)) == 3


def test_a_replayed_task_lives_by_the_clock_and_can_fail(tmp_path: Path, connect: Connect) -> None:
    client = connect(record(tmp_path, task_seconds=0, scenario="refused content"))
    client.query(client.made())
    client = connect(mock.serve(replay=tmp_path, strict=True, task_seconds=60, clock=lambda: 1e9))
    task_id = client.made()
    assert client.query(task_id)["output"]["task_status"] == "PENDING"
    client.server.advance(minutes=2)
    answer = client.query(task_id)["output"]
    assert (answer["task_status"], answer["code"]) == ("FAILED", "DataInspectionFailed")
    assert client.server.billed == 0


@pytest.mark.parametrize("signature", ["", "&Signature=abc", "&X-Amz-Credential=abc"])
def test_the_address_of_an_input_image_is_kept_without_what_opens_it(
    connect: Connect, tmp_path: Path, signature: str
) -> None:
    connect(record(tmp_path)).create(body("x", f"https://h/x.png?w=1{signature}"))
    sent = json.loads(next(tmp_path.glob("*.json")).read_text())["request"]["json"]
    assert recordings.content_of(sent)[0] == {"image": "https://h/x.png" if signature else "https://h/x.png?w=1"}


# No more images than allowed


def test_a_forgotten_loop_is_refused(connect: Connect, tmp_path: Path, upstream: mock.MockServer) -> None:
    api = connect(record(tmp_path / "made", upstream.base_url, max_images=3))
    for number in range(8):
        api.create(body(f"house {number}"))
    refused = api.create(body("one more"))
    assert (refused.status_code, refused.json()["code"]) == (400, "Recording.LimitReached")
    assert "3" in refused.json()["message"]
    # Not worth waiting for, so a client does not try again.
    client = wannb.connect("live", api_key=KEY, base_url=api.server.base_url)
    with client, pytest.raises(BadRequest, match="max-images"):
        client.generate("a house", size="768*768")
    for path in ("/services/aigc/text2image/image-synthesis", "/services/aigc/video"):
        assert api.call("POST", path, json=body()).json()["code"] == "Recording.LimitReached"
    assert api.call("POST", CREATE, content=b"{").status_code == 400
    assert upstream.billed == 3
    assert len(upstream.log) == 3 + 1, "three requests, and a look at the clock"
    assert len(list((tmp_path / "made").glob("*.json"))) == 3


def test_at_once_no_more_are_passed_on_than_allowed(
    connect: Connect, tmp_path: Path, upstream: mock.MockServer
) -> None:
    api = connect(record(tmp_path, upstream.base_url, max_images=5))
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda number: api.create(body(f"house {number}", n=2)).status_code, range(24)))
    assert made.count(200) == 2
    assert upstream.billed == 4


def test_the_count_is_corrected_by_what_came_and_what_is_unknown_stays(
    connect: Connect, tmp_path: Path, upstream: mock.MockServer
) -> None:
    api = connect(record(tmp_path, upstream.base_url, max_images=12))
    quota = api.server.handles.quota  # type: ignore[attr-defined]
    with upstream.scenario("set returns fewer"):
        task = api.made(body(n=6, enable_sequential=True))
    assert (quota.made, quota.under_way, quota.left) == (0, 6, 6)
    api.query(task)
    api.query(task)
    assert (quota.made, quota.under_way, quota.left) == (4, 0, 8)
    assert api.create(body(n=5)).status_code == 400, "refused by the service"
    assert quota.left == 8
    assert api.sync(body("two", n=2)).status_code == 200
    assert (quota.made, quota.left) == (6, 6)
    with upstream.scenario("failed task"):
        api.query(api.made(body("fails", n=4)))
    assert quota.left == 6
    with upstream.scenario("500 then ok"):
        assert api.create(body("broken")).status_code == 500
    assert quota.left == 6
    with upstream.scenario("dropped after accept"):
        assert api.create(body("lost", n=2)).status_code == 504
    assert (quota.made, quota.under_way, quota.left) == (6, 2, 4)
    unsaid = body("how many")
    del unsaid["parameters"]["n"]
    api.made(unsaid)
    assert quota.left == 0, "the documentation names 1 and 4"


def test_an_answer_of_unknown_shape_counts_as_all_that_was_requested() -> None:
    quota = Quota(1)
    sent = json.dumps({"parameters": {"n": 1}}).encode()
    request = Request.make("POST", SYNC_PATH, {}, sent)
    ticket = quota.enter(request)
    quota.settle(ticket, request, json_response(200, {"output": {"results": [{"url": "x"}]}, "usage": {"count": 1}}))
    assert quota.left == 0
    assert quota.under_way == 0
    for most in (-1, 1.5, True):
        with pytest.raises(ValueError, match="max_images"):
            Quota(most)  # type: ignore[arg-type]
