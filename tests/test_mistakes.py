"""The mistakes that newcomers make: each gets one sentence with the value and the next step, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import wannb
from wannb import ImageRequest, mock
from wannb.client import Client
from wannb.errors import ConnectionFailed, InvalidRequest, NotFound, TaskForgotten
from wannb.service.endpoint import mock as mock_service

SEED = {"size": "768*768", "seed": 1}

CALLS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda c: c.edit("a hat", []), "at least one image; for text alone use client.generate"),
    (lambda c: c.edit("a hat", None), "at least one image"),
    (lambda c: c.image_set([]), "0 scenes"),
    (lambda c: c.image_set(["a", "", None, 5]), r"scene 2, ''.*scene 3, None.*scene 4, 5"),
    (lambda c: c.image_set(["a"] * 13), "13 scenes"),
    (lambda c: c.image_set(["a", "b", "c"], n=2), "3 scenes need n=3"),
    (lambda c: c.image_set({"one": "a dawn"}), "a list of texts, not a dict"),
    (lambda c: c.image_set({"a", "b"}), "a list of texts, not a set"),
    (lambda c: c.image_set(5), "a list of texts, not a int"),
    (lambda c: c.generate("x", fresh="False"), "fresh='False' is neither True nor False"),
    (lambda c: c.generate("x", timeout="5"), "timeout='5'"),
    (lambda c: c.run("a cat"), r"str is not an ImageRequest; for text use client\.generate"),
    (lambda c: c.submit({"prompt": "x"}), "dict is not an ImageRequest"),
    (lambda c: c.run(ImageRequest(prompt="x"), via="sync", timeout=5), "a synchronous call cannot be limited"),
    (lambda c: c.generate("x", size=(1024, 768)), r"such as '1024\*768'"),
    (lambda c: c.generate("x", size="16:9"), r"wannb\.size_for\('16:9'\)"),
    (lambda c: c.generate("x", n="2"), "without quotes"),
    (lambda c: c.generate("x", images="a.png"), "'images' is not an option; the options are prompt, "),
    (lambda c: c.generate(None), "a prompt is text"),
    (lambda c: c.generate("", n=9), "1 to 4"),
    (lambda c: c.generate("x", sede=7), "did you mean 'seed'"),
    (lambda c: c.generate("a", via="fax"), "via='fax'"),
    (lambda c: c.edit("x", "http://"), "names no host"),
    (lambda c: c.edit("x", "htps://host/a.png?Signature=secret"), r"htps://host/a\.png.*not htps"),
    (lambda c: c.edit("x", "https://bob:secret@host/a.png"), "must not hold a user name or password"),
    (lambda c: c.edit("x", b"hello"), "this is text, not a picture; give a path as str or Path"),
    (lambda c: c.task(None), "task_id=None is not a task id"),
    (lambda c: ImageRequest("a cat"), r"ImageRequest\(prompt='a cat'\)"),  # type: ignore[call-arg, misc]
    (lambda c: wannb.size_for((16, 9)), "is not a ratio"),  # type: ignore[arg-type]
    (lambda c: wannb.connect(api_key=5), "the API key is not text"),  # type: ignore[arg-type]
    (lambda c: wannb.recall(5), "5 is no path"),  # type: ignore[arg-type]
    (lambda c: wannb.recall("."), "is no run"),
    (lambda c: wannb.set_price("wan2.7-image", "singapor", 1, "USD", as_of="2026-01-01"), "there is no 'wan2.7-image'"),
    (lambda c: wannb.set_price("wan2.7-image", "singapore", -1, "USD", as_of="2026-01-01"), "amount=-1 is not a price"),
    (lambda c: wannb.set_price("wan2.7-image", "singapore", 1, "USD", as_of="today"), "today"),
]


@pytest.mark.parametrize(("call", "words"), CALLS, ids=[words[:30] for _, words in CALLS])
def test_a_mistake_is_one_sentence_and_sends_nothing(
    client: Client, server: mock.MockServer, call: Callable[[Any], Any], words: str
) -> None:
    with pytest.raises((ValueError, TypeError), match=f"(?s){words}") as caught:
        call(client)
    assert "secret" not in str(caught.value)
    assert list(server.log) == []
    assert client.runs() == []


def test_a_task_that_nobody_knows_leaves_nothing_behind(client: Client) -> None:
    with pytest.raises(TaskForgotten, match="'nope'"):
        client.task("nope")
    assert client.runs() == []


def test_an_open_file_is_read(client: Client, tmp_path: Path) -> None:
    Image.new("RGB", (300, 300)).save(tmp_path / "a.png")
    with (tmp_path / "a.png").open("rb") as file:
        assert ImageRequest(prompt="x", images=file).images[0].name == "a.png"
    with (tmp_path / "a.png").open() as file, pytest.raises(InvalidRequest, match="open it with 'rb'"):
        client.edit("x", file)  # type: ignore[arg-type]


def test_a_wrong_address_is_not_blamed_on_the_model(client: Client, server: mock.MockServer) -> None:
    with Client(mock_service(server.url), "k", client.store) as astray, pytest.raises(NotFound, match="/api/v1"):
        astray.generate("x")


def test_a_closed_client_says_so(client: Client) -> None:
    client.close()
    with pytest.raises(ConnectionFailed, match=r"closed.*wannb\.connect\(\)"):
        client._ledger.transport.query("x")


def test_saved_copies_do_not_overwrite_each_other(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    places = {client.generate("x", size="768*768", seed=seed)[0].save(folder) for seed in (1, 2)}
    assert len(places) == 2
    assert {wannb.recall(place).seed for place in places} == {1, 2}
    named = client.generate("x", **SEED)[0].save(tmp_path / "mine.png")  # type: ignore[arg-type]
    assert named.name == "mine.png"
