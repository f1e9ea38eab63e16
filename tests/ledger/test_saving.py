"""Images on disk: fetched whole, written once, told in words when that fails, found though no record names them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import make_client, small
from hostile import is_image, is_query
from journals import change, last
from ledger.around import Instead, served
from pictures import encoded, noise

from wannb import files
from wannb.client import Client
from wannb.errors import DownloadFailed, LinkExpired
from wannb.mock import App, MockServer, Request, Response
from wannb.mock.exchange import json_response
from wannb.runs.store import Store


def test_dead_links_and_a_second_look_without_images_are_not_an_empty_result(store: Store) -> None:
    looks = 0

    def between(app: App, request: Request) -> Response:
        nonlocal looks
        if is_image(request):
            return Response(status=403)
        if is_query(request):
            looks += 1
            if looks >= 2:
                answer = {"task_id": request.path.rsplit("/", 1)[1], "task_status": "UNKNOWN"}
                return json_response(200, {"request_id": "r", "output": answer})
        return app.handle(request)

    with served(between) as server, make_client(server, store) as client:
        with pytest.raises(LinkExpired):
            client.run(small(n=2))
        assert client.runs()[0].state == "answered"


def test_images_of_a_synchronous_call_that_could_not_be_fetched_are_fetched_by_rescue(store: Store) -> None:
    down = Instead(is_image, Response(status=500))
    with served(down) as server, make_client(server, store) as client:
        with pytest.raises(DownloadFailed, match="in this session") as caught:
            client.run(small(n=2), via="sync")
        assert "Nothing was billed" not in str(caught.value)
        down.left = 0
        [result] = client.rescue().results
        assert len(result) == 2
        assert client.run(small(n=2), via="sync").reused
        assert server.billed == 2


@pytest.mark.parametrize("spoilt", [b"<html>busy</html>", noise(64)[:-2000]], ids=["a page", "a cut picture"])
def test_an_image_that_cannot_be_opened_is_fetched_again_and_never_kept(store: Store, spoilt: bytes) -> None:
    wrong = Instead(is_image, Response(body=spoilt), left=1)
    with served(wrong) as server, make_client(server, store) as client:
        assert len(client.run(small())) == 1
        assert wrong.given == 1
        wrong.left = 10**6
        with pytest.raises(DownloadFailed, match="rescue"):
            client.run(small(8))
        run = client.runs()[0]
        assert (run.state, run.images) == ("answered", ())
        wrong.left = 0
        assert len(client.rescue().results) == 1


@pytest.mark.parametrize(
    ("size", "times", "fetched"),
    [((768, 768), 1, 0), ((800, 740), 9, 0), ((320, 240), 1, 1), ((768, 820), 2, 2), ((820, 768), 9, 2)],
)
def test_an_image_of_another_size_is_fetched_again_and_then_said_to_be(
    size: tuple[int, int], times: int, fetched: int, store: Store
) -> None:
    wrong = Instead(is_image, Response(body=encoded("PNG", size)), left=times)
    with served(wrong) as server, make_client(server, store) as client:
        result = client.run(small())
        assert len(server.log.of("GET", ".png")) + wrong.given == fetched + 1
        odd = ["image 1 is 820*768, and the service says 768*768: it may not be the one that was asked for"]
        assert list(result.notices) == (odd if size == (820, 768) else [])
        assert list(client.run(small()).notices) == list(result.notices)


@pytest.mark.parametrize("hours", [0, 25])
def test_images_that_are_there_need_no_service(client: Client, server: MockServer, store: Store, hours: int) -> None:
    """Killed after the last image and before the word for it; the service may have forgotten the task by now."""
    for via in ("task", "sync"):
        result = client.run(small(n=2, prompt=via), via=via)
        old, images = time.time() - hours * 3600, last(result.path)["images"][:1]
        change(result.path, state="answered", images=images, sent_at=old, last_sent_at=old)
    server.advance(hours=hours)
    with make_client(server, store) as again:
        assert len(again.run(small(n=2, prompt="sync"), via="sync")) == 2
        [found] = again.rescue().results
        assert len(found) == 2
        assert again.rescue().problems == ()
        assert again.run(small(n=2, prompt="task")).reused


def test_an_image_that_was_deleted_is_fetched_again_while_the_service_has_it(
    client: Client, server: MockServer
) -> None:
    result = client.run(small(n=2))
    result[1].path.unlink()
    again = client.task(str(result.task_id)).result()
    assert [image.path.is_file() for image in again] == [True, True]
    assert client.run(small(n=2)).reused
    result[0].path.unlink()
    server.advance(hours=25)
    assert client.task(str(result.task_id)).result()[1].path.is_file(), "what is left is not called lost"
    assert server.billed == 2


def test_each_image_is_written_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    real = files.write

    def counting(path: Path, content: bytes) -> None:
        written.append(path.name)
        real(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(files, "write", counting)
        result = client.run(small(n=2))
    assert sorted(written) == ["image-1.png", "image-2.png", "run.jsonl"]
    assert [image.bytes() for image in result] == [image.path.read_bytes() for image in result]


def test_images_of_a_run_whose_saving_was_cut_off_are_not_fetched_again(client: Client, server: MockServer) -> None:
    result = client.run(small(n=2))
    change(result.path, state="running", images=[])
    result[1].path.unlink()
    kept = result[0].path.stat().st_ino
    [again] = client.rescue().results
    assert len(again) == 2
    assert result[0].path.stat().st_ino == kept
    assert server.billed == 2
