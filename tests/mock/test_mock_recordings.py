"""Recordings: made, free of secrets, the same when made again, replayed strictly, and the nearest miss."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mocking import CREATE, KEY, SYNC, Api, body, data_uri, encoded, urls
from PIL import Image, PngImagePlugin

from wannb import mock
from wannb.mock.recordings import format as recordings
from wannb.mock.recordings import library
from wannb.mock.recordings.format import identity
from wannb.mock.recordings.recorder import record


@pytest.fixture
def api() -> Iterator[Callable[[mock.MockServer], Api]]:
    clients: list[Api] = []

    def connect(server: mock.MockServer) -> Api:
        clients.append(Api(server))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def session(api: Api, *, edit: str = "make it night", seed: int = 7) -> list[str]:
    """Do what a notebook might: a picture, an edit of it, an upload, a set, a mistake. Return the task ids."""
    first = api.made(body("a red house by the sea, with a long description of the garden behind it", seed=seed))
    picture = urls(api.query(first))[0]
    second = api.made(body(edit, picture, data_uri(encoded()), seed=seed, bbox_list=[[[1, 2, 30, 40]], []]))
    api.query(second)
    _, url = api.upload(encoded(size=(300, 400)))
    third = api.made(body("in this style", url), X_DashScope_OssResourceResolve="enable")
    api.query(third)
    api.sync(body("four seasons", n=4, enable_sequential=True))
    api.create(body("too many", n=5))
    api.query(api.made(body("a red house by the sea, with a long description of the garden behind it", seed=seed)))
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


def test_each_call_is_one_file_named_for_its_mode(recorded: tuple[Path, list[str]]) -> None:
    folder, ids = recorded
    names = [name.rsplit("-", 1)[0] for name in texts(folder)]
    assert names == [
        "01-text-to-image",
        "02-interactive-editing",
        "03-image-editing",
        "04-text-to-image-set",
        "05-text-to-image",
    ]
    one = json.loads(next(iter(texts(folder).values())))
    assert set(one) == {"source", "date", "request", "response", "task"}
    assert one["response"]["json"]["output"]["task_id"] == ids[0]
    assert one["task"]["output"]["choices"][0]["message"]["content"][0]["image"] == "image:drawn"
    assert one["task"]["usage"]["image_count"] == 1


def test_no_secret_and_no_bytes_reach_a_file(recorded: tuple[Path, list[str]]) -> None:
    folder, _ = recorded
    everything = "".join(texts(folder).values())
    for word in (KEY, "Signature", "OSSAccessKeyId", "Expires", "request_id", "base64", "127.0.0.1", "oss://"):
        assert word not in everything
    assert "image:drawn:" in everything
    assert "image:pixels:" in everything
    assert not [file for file in folder.rglob("*") if file.suffix not in (".json", "")]


def test_recording_again_changes_nothing(
    recorded: tuple[Path, list[str]], api: Callable[[mock.MockServer], Api]
) -> None:
    folder, ids = recorded
    before = texts(folder)
    with record(folder, task_seconds=0) as server:
        assert session(api(server)) == ids
    assert texts(folder) == before


def test_a_strict_replay_answers_the_same_session(
    recorded: tuple[Path, list[str]], api: Callable[[mock.MockServer], Api], tmp_path: Path
) -> None:
    folder, ids = recorded
    moved = tmp_path / "elsewhere" / "deeper"
    shutil.copytree(folder, moved)
    with mock.serve(replay=tmp_path / "elsewhere", strict=True, task_seconds=0) as server:
        client = api(server)
        assert session(client) == ids
        assert [entry.code for entry in server.log if entry.code] == ["InvalidParameter"]
        assert server.billed == 8
        again = client.made(body("a red house by the sea, with a long description of the garden behind it", seed=7))
        assert again not in ids
        # Unique, and yet the same the next time: a notebook may show it.
        assert again == third_time(folder, api)
        listed = {row["task_id"] for row in client.call("GET", "/tasks").json()["data"]}
        assert len(listed) == 5
        assert listed > {*ids, again}
        # The order of options does not count, nor what the SDK leaks.
        loose = body("in this style", client.upload(encoded(size=(300, 400)))[1], is_async=True, seed=None)
        loose["parameters"] = dict(reversed(loose["parameters"].items()))
        assert client.create(loose, X_DashScope_OssResourceResolve="enable").status_code == 200


def third_time(folder: Path, api: Callable[[mock.MockServer], Api]) -> str:
    with mock.serve(replay=folder, strict=True, task_seconds=0) as server:
        client = api(server)
        same = body("a red house by the sea, with a long description of the garden behind it", seed=7)
        return [client.made(same) for _ in range(3)][-1]


def test_replayed_pictures_are_those_that_were_recorded(tmp_path: Path, api: Callable[[mock.MockServer], Api]) -> None:
    # Without a seed, too: chance comes from the request.
    def pictures(client: Api) -> list[bytes]:
        answers = [client.query(client.made(body("a lighthouse"))), client.sync(body("a boat", n=2)).json()]
        return [client.http.get(url).content for answer in answers for url in urls(answer)]

    with record(tmp_path, task_seconds=0) as server:
        first = pictures(api(server))
    with mock.serve(replay=tmp_path, strict=True, task_seconds=0) as server:
        assert pictures(api(server)) == first
    assert len(set(first)) == 3


def test_a_request_without_a_recording_is_told_the_nearest_and_what_differs(
    recorded: tuple[Path, list[str]], api: Callable[[mock.MockServer], Api]
) -> None:
    folder, _ = recorded
    with mock.serve(replay=folder, strict=True, task_seconds=0) as server:
        client = api(server)
        changed = body(
            "a red house by the sea, with a long description of the GARDEN behind it", seed=8, watermark=True
        )
        refused = client.create(changed)
        assert (refused.status_code, refused.json()["code"]) == (400, "Recording.NoMatch")
        said = refused.json()["message"]
        assert next(iter(texts(folder))) in said
        assert "differs in 3 places" in said
        assert "parameters.seed: recorded 7, sent 8" in said
        assert "parameters.watermark: recorded nothing, sent true" in said
        assert "GARDEN" in said
        assert "of the garden" in said
        assert "--record" in said
        other = client.sync(body("four seasons", n=3, enable_sequential=True))
        assert "parameters.n: recorded 4, sent 3" in other.json()["message"]
        assert server.billed == 0


def test_without_strict_what_has_no_recording_is_drawn(
    recorded: tuple[Path, list[str]], api: Callable[[mock.MockServer], Api]
) -> None:
    folder, ids = recorded
    with mock.serve(replay=[folder, "bundled"], task_seconds=0) as server:
        client = api(server)
        assert client.query(client.made(body("never recorded")))["output"]["task_status"] == "SUCCEEDED"
        assert session(client) == ids
        assert "replay of 17 recordings" in repr(server)


def test_strict_without_recordings_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="replay"):
        mock.serve(strict=True)
    with pytest.raises(FileNotFoundError, match="no folder of recordings"):
        mock.serve(replay=tmp_path / "missing")
    (tmp_path / "01-broken.json").write_text("{")
    with pytest.raises(ValueError, match=r"01-broken\.json"):
        mock.serve(replay=tmp_path)


def test_a_replayed_task_lives_by_the_clock_and_can_fail(tmp_path: Path, api: Callable[[mock.MockServer], Api]) -> None:
    with record(tmp_path, task_seconds=0, scenario="refused content") as server:
        client = api(server)
        client.query(client.made())
    with mock.serve(replay=tmp_path, strict=True, task_seconds=60, clock=lambda: 1e9) as server:
        client = api(server)
        task_id = client.made()
        assert client.query(task_id)["output"]["task_status"] == "PENDING"
        server.advance(minutes=2)
        answer = client.query(task_id)["output"]
        assert (answer["task_status"], answer["code"]) == ("FAILED", "DataInspectionFailed")
        assert server.billed == 0


# A live upstream, played by a second mock server


def test_recording_another_server_keeps_its_pictures_and_no_secret(
    tmp_path: Path, api: Callable[[mock.MockServer], Api]
) -> None:
    def pictures(client: Api, ids: list[str]) -> list[bytes]:
        return [client.http.get(url).content for task_id in ids for url in urls(client.query(task_id))]

    folder = tmp_path / "live"
    with mock.serve(task_seconds=0, keys={KEY}, seed=3) as upstream:
        with record(folder, upstream.base_url) as server:
            client = api(server)
            ids = session(client)
            first = pictures(client, ids)
            assert client.create(Authorization="Bearer sk-someone-else").status_code == 401
        assert upstream.billed == 8
        assert not [entry for entry in upstream.log if entry.fault]
        # The edit of a result reached the upstream with the link the upstream had given.
        assert "/recorded/" not in repr([entry.json for entry in upstream.log])
        assert KEY not in repr([(entry.headers, entry.json) for entry in server.log])
    everything = "".join(texts(folder).values())
    for word in (KEY, "Signature", "OSSAccessKeyId", "request_id", "base64", "127.0.0.1", "oss://"):
        assert word not in everything
    assert len(list((folder / recordings.IMAGES).iterdir())) == 7
    with mock.serve(replay=folder, strict=True, task_seconds=0) as server:
        client = api(server)
        assert session(client) == ids
        assert pictures(client, ids) == first


def test_an_upstream_that_is_not_there_is_said(tmp_path: Path, api: Callable[[mock.MockServer], Api]) -> None:
    with pytest.raises(ValueError, match="scenario"):
        record(tmp_path, "http://127.0.0.1:1/api/v1", scenario="slow queue")
    with mock.serve() as gone:
        address = gone.base_url
    with record(tmp_path, address) as server:
        answer = api(server).create()
    assert (answer.status_code, answer.json()["code"]) == (502, "Recording.Unreachable")
    assert texts(tmp_path) == {}


# Identity


def test_identity_is_by_content_not_by_encoding() -> None:
    picture = Image.effect_noise((300, 300), 60).convert("RGB")

    def png(**options: Any) -> bytes:
        out = io.BytesIO()
        picture.save(out, "PNG", **options)
        return out.getvalue()

    assert png(compress_level=1) != png(compress_level=9)
    assert identity(png(compress_level=1)) == identity(png(compress_level=9))
    assert identity(png()).startswith("pixels:")
    picture.putpixel((0, 0), (1, 2, 3))
    assert identity(png()) != identity(encoded())
    chunk = PngImagePlugin.PngInfo()
    chunk.add_text("wannb-mock", "ab" * 32)
    assert identity(png(pnginfo=chunk)) == f"drawn:{'ab' * 32}"
    assert identity(encoded("JPEG")).startswith("bytes:")
    assert identity(encoded()[:60]).startswith("bytes:")


# The bundled recordings


BUNDLED = library.load("bundled")
GENERATIONS = [one for one in BUNDLED if recordings.GENERATION.fullmatch(one.request["path"])]


def test_the_bundled_recordings_say_where_they_come_from() -> None:
    assert len(BUNDLED) == 14
    assert len({one.digest for one in GENERATIONS}) == len(GENERATIONS) == 12
    assert [one.file.name for one in BUNDLED if "live service" in one.source] == [BUNDLED[0].file.name]
    for one in BUNDLED[1:]:
        assert "Model Studio" in one.source
    for one in BUNDLED:
        text = one.file.read_text(encoding="utf-8")
        assert "Signature" not in text
        assert "request_id" not in text
        assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    assert "not taken from the live service" in (library.BUNDLED / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("one", GENERATIONS, ids=lambda one: one.file.stem)
def test_a_bundled_recording_is_answered_as_documented(
    one: recordings.Recording, api: Callable[[mock.MockServer], Api]
) -> None:
    with mock.serve(replay="bundled", strict=True, task_seconds=0) as server:
        client = api(server)
        path = one.request["path"].removeprefix("/api/v1")
        answer = client.call("POST", path, json=one.request["json"], headers=one.request["headers"])
        assert answer.status_code == 200
        final = answer.json()
        if path == CREATE:
            assert final["output"] == one.response["json"]["output"]
            final = client.query(final["output"]["task_id"])
        said = one.task or one.response["json"]
        assert final["usage"] == said["usage"]
        assert server.billed == said["usage"]["image_count"] == len(urls(final))


def test_drawn_answers_have_the_keys_of_the_live_one(api: Callable[[mock.MockServer], Api]) -> None:
    live = BUNDLED[0]
    assert live.task is not None
    with mock.serve(task_seconds=0) as server:
        client = api(server)
        created = client.create(live.request["json"]).json()
        drawn = client.query(created["output"]["task_id"])
    assert set(created["output"]) == set(live.response["json"]["output"])
    assert set(drawn["output"]) == set(live.task["output"])
    assert set(drawn["usage"]) == set(live.task["usage"])
    assert drawn["usage"]["size"] == live.task["usage"]["size"]
    assert drawn["output"]["choices"][0].keys() == live.task["output"]["choices"][0].keys()
    image = httpx.URL(urls(drawn)[0])
    assert len(image.path.split("/")) == 6


def test_a_documented_size_is_drawn_in_full(api: Callable[[mock.MockServer], Api]) -> None:
    sync_edit = next(one for one in GENERATIONS if one.request["path"].endswith(SYNC))
    with mock.serve(replay="bundled", strict=True, task_seconds=0) as server:
        client = api(server)
        answer = client.sync(sync_edit.request["json"]).json()
        with Image.open(io.BytesIO(client.http.get(urls(answer)[0]).content)) as picture:
            assert picture.size == (2985, 1405)
