"""Exercises without a gateway: what the runs of a notebook asked for, beside what a teacher wants, for nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import make_client
from PIL import Image

import wannb
from wannb.client import Client
from wannb.errors import InvalidRequest, WannbError
from wannb.mock import MockServer
from wannb.runs import run as runs_of_process
from wannb.runs.store import Store
from wannb.tools.exercises import Check

pytestmark = pytest.mark.usefixtures("quick_pictures")
SMALL = "768*768"


def new_kernel() -> None:
    """Forget what this process asked for, as a kernel that is restarted does."""
    runs_of_process._asked.clear()


def test_before_anything_was_asked_every_wish_is_to_do(client: Client, server: MockServer) -> None:
    check = wannb.check(client, mode="text to image", size="1K", n=2, seed=True, budget=0.30)
    assert not check
    assert check.missing == [
        "mode: the exercise wants text to image",
        "size: the exercise wants 1K",
        "n: the exercise wants 2",
        "seed: the exercise wants one that you choose",
    ]
    assert repr(check).splitlines()[0] == "Exercise: 4 to do"
    assert repr(check).endswith("Nothing was asked for yet.")
    assert len(server.log) == 0, "a check sends nothing"


def test_a_run_is_compared_option_by_option_and_the_check_becomes_true(client: Client, server: MockServer) -> None:
    wishes: dict[str, Any] = {"mode": "text_to_image", "prompt": "CAT", "size": SMALL, "n": 2, "seed": True}
    client.generate("a cat", size="1K", n=2)
    check = wannb.check(client, **wishes)
    assert check.missing == [
        "size: you asked for 1K; the exercise wants 768*768",
        "seed: you asked for none; the exercise wants one that you choose",
    ]
    assert "The closest so far: 'a cat'" in repr(check)
    client.generate("a dog", size=SMALL, n=2, seed=3)
    client.generate("Two cats", size=SMALL, n=2, seed=0)
    sent = len(server.log)
    check = wannb.check(client, **wishes, model="wan2.7-image-pro")
    assert check
    assert not check.missing
    assert repr(check).splitlines() == [
        "Exercise: done",
        "✓ mode: text to image",
        "✓ prompt: 'Two cats'",
        "✓ model: wan2.7-image-pro",
        f"✓ size: {SMALL}",
        "✓ n: 2",
        "✓ seed: 0",
    ]
    assert len(server.log) == sent


def test_the_run_that_comes_closest_is_the_one_that_is_told_of(client: Client) -> None:
    client.generate("a close one", size=SMALL, seed=3)
    client.generate("a far one", size="1K")
    check = wannb.check(client, size=SMALL, seed=4)
    assert check.missing == ["seed: you asked for 3; the exercise wants 4"]
    assert "a far one" not in repr(check)


def test_runs_answered_from_disk_count_and_those_of_another_kernel_or_folder_do_not(
    client: Client, server: MockServer, tmp_path: Path
) -> None:
    other = make_client(server, Store(tmp_path / "other"))
    client.generate("a cat", size=SMALL, seed=3)
    assert wannb.check(client, seed=3)
    assert not wannb.check(other, seed=3)
    new_kernel()
    assert not wannb.check(client, seed=3)
    assert client.generate("a cat", size=SMALL, seed=3).reused
    assert wannb.check(client, seed=3)
    assert wannb.check(make_client(server, Store(client.store.root)), seed=3), "a client that was made anew"


def test_plans_and_boards_count_also_when_all_of_them_is_there_already(client: Client) -> None:
    def made() -> None:
        wannb.sweep(client, prompt="a cat", size=SMALL, model=["wan2.7-image", "wan2.7-image-pro"]).run()
        if not wannb.storyboards(client):
            wannb.Storyboard(client, ["a dog runs", "a dog sleeps"], name="dogs", size=SMALL).run()
        wannb.storyboards(client)["dogs"].open().run()

    for billed in (True, False):
        made()
        assert wannb.check(client, same=["prompt", "seed"], differ="model", prompt="a cat"), billed
        assert wannb.check(client, mode="text to image set", prompt="a dog"), billed
        new_kernel()
        assert not wannb.check(client)


def test_what_failed_or_was_canceled_does_not_count_and_what_is_under_way_does(
    client: Client, server: MockServer
) -> None:
    with server.scenario("refused content"), pytest.raises(WannbError):
        client.generate("a cat", size=SMALL, seed=3)
    with server.scenario("slow queue"):
        task = client.submit(wannb.ImageRequest(prompt="a dog", size=SMALL, seed=4))
        assert wannb.check(client, seed=4)
        task.cancel()
    assert not wannb.check(client, seed=3)
    assert not wannb.check(client, seed=4)


def test_runs_are_compared_with_each_other(client: Client) -> None:
    client.generate("a cat", size=SMALL)
    fair: dict[str, Any] = {"same": ["prompt", "seed"], "differ": "model"}
    assert wannb.check(client, **fair).missing == [
        "runs: 1 of 2",
        "prompt: the exercise wants the same in all 2",
        "seed: the exercise wants the same in all 2",
        "model: the exercise wants another one in each",
    ]
    client.generate("a cat", size=SMALL, model="wan2.7-image")
    assert wannb.check(client, **fair).missing == [
        "seed: you asked for none; the exercise wants the same in all 2",
    ]
    client.generate("a cat", size=SMALL, seed=5)
    client.generate("a dog", size=SMALL, seed=5, model="wan2.7-image")
    assert len(wannb.check(client, **fair).missing) == 1
    client.generate("a cat", size=SMALL, seed=5, model="wan2.7-image")
    assert "✓ model: wan2.7-image, wan2.7-image-pro" in repr(wannb.check(client, **fair))
    assert wannb.check(client, **fair)
    assert wannb.check(client, runs=3, same="seed").missing == []
    assert wannb.check(client, runs=4, same="seed").missing == [
        "seed: you asked for 5, none; the exercise wants the same in all 4"
    ]


def test_edits_of_one_picture_are_told_from_edits_of_several(client: Client) -> None:
    red, blue = (Image.new("RGB", (400, 400), color) for color in ("red", "blue"))
    client.edit("in snow", red, size="1K", seed=1)
    client.edit("in rain", blue, size="1K", seed=1)
    wishes: dict[str, Any] = {"mode": "image editing", "same": "images", "differ": "prompt"}
    assert wannb.check(client, **wishes).missing == [
        "images: you asked for 1 image; the exercise wants the same in all 2"
    ]
    client.edit("in rain", red, size="1K", seed=1)
    assert wannb.check(client, **wishes)


def test_a_budget_is_what_all_runs_of_the_notebook_cost(client: Client) -> None:
    client.generate("a cat", size=SMALL, n=2, seed=1)
    assert "✓ cost: 0.15 USD of 0.15 USD" in repr(wannb.check(client, budget=0.15))
    client.generate("a cat", size=SMALL, n=2, seed=1)
    assert wannb.check(client, budget="0.15"), "an answer from disk costs nothing more"
    client.generate("a dog", size=SMALL)
    assert wannb.check(client, n=2, budget=0.15).missing == ["cost: 0.225 USD of 0.15 USD"]


@pytest.mark.parametrize(
    ("wishes", "error", "said"),
    [
        ({"mode": "text to image", "n": 9}, InvalidRequest, "n=9: text to image makes 1 to 4 images"),
        ({"n": 13}, InvalidRequest, "n=13: "),
        ({"mode": "image_editing", "size": "4K"}, InvalidRequest, "4K is for text to image"),
        ({"size": "3K", "seed": -1}, InvalidRequest, "the request has 2 problems"),
        ({"seed": False}, InvalidRequest, "seed=False: a whole number from 0"),
        ({"prompt": 5}, InvalidRequest, "a prompt is text, not int"),
        ({"model": "wan3"}, InvalidRequest, "the models are 'wan2.7-image-pro'"),
        ({"mode": "drawing"}, ValueError, "mode='drawing': the modes are 'text to image', 'image editing'"),
        ({"runs": 0}, ValueError, "runs=0"),
        ({"runs": "two"}, ValueError, "runs='two'"),
        ({"budget": "much"}, ValueError, "budget='much' is not an amount of money"),
        ({"sed": 3}, TypeError, "'sed' is not an option; did you mean 'seed'"),
        ({"same": "seeds"}, TypeError, "'seeds' is not an option; did you mean 'seed'"),
        ({"differ": ["modell"]}, TypeError, "did you mean 'model'"),
    ],
)
def test_a_wish_that_no_request_can_meet_is_said_by_the_rules_of_requests(
    client: Client, wishes: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        wannb.check(client, **wishes)


@pytest.mark.parametrize(
    "wishes",
    [{"n": 12}, {"mode": "image to image set", "n": 12}, {"mode": "text to image", "size": "4K"}, {"size": "4K"}],
)
def test_a_wish_that_some_mode_can_meet_is_taken(client: Client, wishes: dict[str, Any]) -> None:
    assert not wannb.check(client, **wishes)


def test_the_client_cannot_be_forgotten() -> None:
    with pytest.raises(TypeError, match="the first argument is the client, not 'text to image'"):
        wannb.check("text to image")  # type: ignore[arg-type]


def test_without_a_wish_any_run_will_do(client: Client) -> None:
    assert wannb.check(client).missing == ["runs: 0 of 1"]
    client.generate("a cat", size=SMALL)
    assert wannb.check(client)


def test_it_speaks_the_language_of_its_client_also_later(client: Client) -> None:
    client.language = "zh"
    client.generate("a cat", size="1K")
    check = wannb.check(client, mode="text to image", size=SMALL, seed=True, same="seed", differ="prompt", budget=1)
    for text in (repr(check), check._repr_html_()):
        assert "练习：还差" in text
        assert "模式：文生图" in text
        assert "您请求的是：1K；练习要求：768" in text
        assert "费用：0.075 USD" in text
        assert "exercise" not in text.lower()


def test_its_html_is_safe_says_its_signs_in_words_and_is_the_same_each_time(client: Client) -> None:
    client.generate("<b>cat</b>", size="1K")
    check = wannb.check(client, prompt="<i>", size="1K")
    page = check._repr_html_()
    assert "&lt;b&gt;cat" in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert page.count('aria-label="done"') == page.count('aria-label="to do"') == 1
    assert page == check._repr_html_() == wannb.check(client, prompt="<i>", size="1K")._repr_html_()
    assert [name for name in dir(check) if not name.startswith("_")] == [
        *("closest", "language", "missing", "summary", "wishes"),
    ]


def test_a_check_of_many_runs_looks_at_a_bounded_number_of_groups(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("wannb.tools.exercises._MOST_GROUPS", 50)
    for seed in range(12):
        client.generate("a cat", size=SMALL, seed=seed)
    check = wannb.check(client, runs=6, same="seed")
    assert isinstance(check, Check)
    assert not check


def test_it_needs_nothing_of_the_extra_class() -> None:
    code = (
        "import sys; sys.modules.update(starlette=None, uvicorn=None, anyio=None)\n"
        "import tempfile, wannb\n"
        "print(wannb.check(wannb.connect('mock', store=tempfile.mkdtemp()), n=2).missing)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "n: the exercise wants 2" in done.stdout, done.stderr
