"""Money that is easily overlooked: rebuilt, adopted and copied runs count once, and nothing is paid anew unsaid."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import FAST, make_client, small
from journals import NAME, change, last, rewrite
from ledger.around import unanswered

import wannb
from wannb import mock
from wannb.client import Client
from wannb.errors import OverBudget, StoreError
from wannb.mock import MockServer
from wannb.runs.store import Store
from wannb.service import endpoint
from wannb.service.endpoint import Service
from wannb.service.prices import Money

pytestmark = pytest.mark.usefixtures("quick_pictures")
PRO, STANDARD = Decimal("0.075"), Decimal("0.03")


def spent(store: Store) -> Decimal:
    """Return the sum as the folder's index has it and as a new one has it."""
    kept = Store(store.root).spent("mock", "USD")
    shutil.rmtree(store.root / ".index", ignore_errors=True)
    assert Store(store.root).spent("mock", "USD") == kept
    return kept


# Rebuilt and adopted runs


@pytest.mark.parametrize(("model", "each"), [("wan2.7-image-pro", PRO), ("wan2.7-image", STANDARD)])
def test_a_run_that_was_rebuilt_from_its_images_has_its_price(
    model: str, each: Decimal, client: Client, store: Store, server: MockServer
) -> None:
    result = client.run(small(n=2, model=model))
    (result.path / NAME).write_text("{broken")
    [again] = client.rescue().results
    assert (again.run_id, str(again.cost)) == (result.run_id, f"{2 * each.normalize():.2f} USD")
    assert spent(store) == 2 * each
    budget = Money(amount=3 * each, currency="USD")
    with make_client(server, store, budget=budget) as careful, pytest.raises(OverBudget):
        careful.run(small(2, n=2, model=model))


@pytest.mark.parametrize("model", ["wan2.7-image-pro", "wan2.7-image"])
def test_a_task_that_is_adopted_by_its_id_has_the_price_of_its_model(
    model: str, client: Client, server: MockServer, tmp_path: Path
) -> None:
    task = client.submit(small(n=2, model=model))
    with make_client(server, Store(tmp_path / "other")) as other:
        result = other.task(str(task.id)).result()
        each = PRO if model == "wan2.7-image-pro" else STANDARD
        assert len(result) == 2
        assert spent(other.store) == 2 * each


def test_an_adopted_task_that_has_not_ended_counts_at_the_most_that_a_task_can_cost(
    store: Store, tmp_path: Path
) -> None:
    with mock.serve(task_seconds=3600.0) as server, make_client(server, store) as client:
        task = client.submit(small(n=2, model="wan2.7-image"))
        with make_client(server, Store(tmp_path / "other")) as other:
            other.task(str(task.id))
            assert spent(other.store) == 12 * STANDARD


def test_a_lost_answer_and_the_task_that_was_chosen_for_it_count_once(client: Client, store: Store) -> None:
    task = client.submit(small(n=2))
    folder = store.root / task.run_id
    lost = {**last(folder), "state": "sending", "unresolved": True}
    rewrite(folder, {name: value for name, value in lost.items() if name != "task_id"})
    viewed = client.task(str(task.id))
    assert viewed.run_id != task.run_id
    viewed.result()
    assert client.task(str(task.id), run=task.run_id).result().run_id == task.run_id
    assert spent(store) == 2 * PRO


# Copies of a synchronized folder


@pytest.mark.parametrize("state", ["done", "running", "sending"])
@pytest.mark.parametrize(
    "copy", ["{} (1)", "{} - Copy", "{} (conflicted copy 2026-11-26)", "Copy of {}", "{} 2", "best"]
)
def test_a_copy_of_a_run_counts_once(copy: str, state: str, client: Client, store: Store) -> None:
    run_id = client.submit(small(n=2)).run_id if state == "running" else None
    if state == "sending":
        run_id = unanswered(client, small(n=2)).id
    if run_id is None:
        run_id = client.run(small(n=2)).run_id
    one, two = store.root / run_id, store.root / copy.format(run_id)
    shutil.copytree(one, two)
    at_most_twice = state == "sending" and copy[:2] != "{}"
    assert spent(store) == 2 * PRO * (2 if at_most_twice else 1)
    shutil.rmtree(one)
    assert spent(store) == 2 * PRO


def test_a_copy_from_before_a_run_had_its_task_counts_once(client: Client, store: Store) -> None:
    run = unanswered(client, small(n=2))
    shutil.copytree(run.folder, store.root / f"{run.id} (1)")
    run.advance("running", task_id="t", unresolved=False)
    assert spent(store) == 2 * PRO
    run.advance("done", usage={"image_count": 2})
    assert spent(store) == 2 * PRO


COPIES = [
    "run (conflicted copy 2026-11-26).jsonl",
    "run (1).jsonl",
    "run - Copy.jsonl",
    "run.sync-conflict-20261126-120000-ABCDEFG.jsonl",
    "run-DESKTOP.jsonl",
]


@pytest.mark.parametrize("name", COPIES)
def test_of_two_journals_of_one_run_the_one_that_came_further_counts(
    name: str, client: Client, server: MockServer, store: Store
) -> None:
    result = client.run(small(n=2))
    journal, copy = result.path / NAME, result.path / name
    lines = journal.read_bytes().splitlines(keepends=True)
    for main, other in ((lines[:1], lines), (lines, lines[:1]), (lines[:2], [lines[0], *lines[2:]]), ([], lines)):
        copy.write_bytes(b"".join(other))
        journal.write_bytes(b"".join(main)) if main else journal.unlink()
        assert [run.state for run in Store(store.root).runs()] == ["done"]
        assert client.run(small(n=2)).reused
        assert spent(store) == 2 * PRO
    assert server.billed == 2


def test_a_refusal_is_not_undone_by_an_older_copy_and_a_paid_task_is_not_hidden_by_a_refusal(
    client: Client, store: Store
) -> None:
    run = unanswered(client, small(n=2))
    older = (run.folder / NAME).read_bytes()
    run.advance("failed")
    (run.folder / COPIES[0]).write_bytes(older)
    assert store.get(run.id).state == "failed"
    (run.folder / COPIES[0]).write_bytes(
        older + older.splitlines(keepends=True)[-1].replace(b'"state":"sending"', b'"state":"running","task_id":"t-1"')
    )
    assert (store.get(run.id).state, store.get(run.id).task_id) == ("running", "t-1")
    assert spent(store) == 2 * PRO


# Pictures that are gone


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def link(path: Path) -> None:
    shutil.move(path, path.parent.parent.parent / "elsewhere.png")
    path.symlink_to(path.parent.parent.parent / "elsewhere.png")


HARM: list[Callable[[Path], Any]] = [Path.unlink, cut, spoil, zero, link]


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("via", ["task", "plan"])
def test_a_picture_that_is_gone_or_damaged_is_fetched_again_free(
    via: str, harm: Callable[[Path], Any], client: Client, server: MockServer
) -> None:
    first = client.run(small(n=2))
    whole = [image.bytes() for image in first]
    harm(first[1].path)
    if via == "plan":
        plan = wannb.sweep(client, prompt="x", seed=[1], size="768*768", n=2)
        again = plan.run().results()[0]
        assert again is not None
        if harm in (spoil, zero):
            again = client.run(small(n=2))  # a plan looks at the size alone
    else:
        again = client.run(small(n=2))
        assert any("fetched again, free" in notice for notice in again.notices)
    assert (again.run_id, again.reused, server.billed) == (first.run_id, True, 2)
    assert [image.bytes() for image in again] == whole
    assert not again[1].path.is_symlink()
    assert "fetched again" not in repr(client.run(small(n=2)))


@pytest.mark.parametrize("harm", HARM)
def test_one_that_the_service_does_not_have_any_more_is_never_paid_anew_without_a_word(
    harm: Callable[[Path], Any], client: Client, server: MockServer
) -> None:
    first = client.run(small(n=2))
    harm(first[1].path)
    server.advance(hours=25)
    for _ in range(2):
        with pytest.raises(StoreError, match=rf"image-2\.png of run {first.run_id}.*24 hours.*fresh=True"):
            client.run(small(n=2))
        with pytest.raises(StoreError, match=r"fresh=True"):
            client.run(small(n=2), via="sync")
    assert server.billed == 2
    again = client.run(small(n=2), fresh=True)
    assert (len(again), again.reused, server.billed) == (2, False, 4)
    assert client.run(small(n=2)).run_id == again.run_id


def test_a_picture_that_somebody_has_changed_stays_where_there_is_no_other(client: Client, server: MockServer) -> None:
    from PIL import Image

    first = client.run(small())
    Image.new("RGB", (32, 32)).save(first[0].path)
    server.advance(hours=25)
    again = client.run(small())
    assert (again.run_id, again.reused, server.billed) == (first.run_id, True, 1)
    assert "changed since they were saved: image-1.png" in repr(again)
    assert again[0].open().size == (32, 32)


def test_what_a_person_has_made_of_a_picture_is_kept_when_it_is_fetched_again(client: Client) -> None:
    first = client.run(small())
    first[0].path.write_bytes(b"mine")
    client.run(small())
    assert [path.read_bytes() for path in first.path.glob("damaged-*")] == [b"mine"]


def test_a_plan_says_of_cells_without_pictures_whether_they_are_free(client: Client, server: MockServer) -> None:
    plan = wannb.sweep(client, prompt="x", seed=[1, 2], size="768*768").run()
    results = plan.results()
    assert results[0] is not None
    results[0][0].path.unlink()
    assert (plan.forecast().requests, plan.statuses()[0].state) == (0, "under way")
    assert "fetches them again, free" in plan.statuses()[0].note
    change(results[0].path, created="2026-01-01T00:00:00Z")
    server.advance(hours=25)
    assert (plan.forecast().requests, plan.statuses()[0].state) == (0, "lost")
    assert "fresh=True" in plan.statuses()[0].note
    plan.run()
    assert server.billed == 2


# Other names of the same folder, key and service


SINGAPORE, BEIJING = "dashscope-intl.aliyuncs.com", "dashscope.aliyuncs.com"
Make = Callable[..., Client]


@pytest.fixture
def make(store: Store) -> Iterator[Make]:
    with ExitStack() as stack:

        def made(host: str, key: str = "sk-one", *, server: MockServer, budget: Money | None = None) -> Client:
            service = endpoint.live(region="singapore", base_url=f"https://{host}/api/v1")
            service = Service(**{**vars(service), "through": server.base_url})
            return stack.enter_context(Client(service, key, Store(store.root), pace=FAST, budget=budget))

        yield made


def test_a_folder_that_was_renamed_finds_the_runs_that_it_made(
    client: Client, server: MockServer, store: Store
) -> None:
    done, task = client.run(small()), client.submit(small(2))
    moved = store.root.with_name("renamed")
    store.root.rename(moved)
    with make_client(server, Store(moved)) as again:
        assert again.run(small()).run_id == done.run_id
        assert again.run(small(2)).run_id == task.run_id
        assert spent(again.store) == 2 * PRO
    assert server.billed == 2


def test_a_run_whose_folder_was_renamed_answers(client: Client, server: MockServer, store: Store) -> None:
    done, task = client.run(small()), client.submit(small(2))
    done.path.rename(store.root / "the best one")
    (store.root / task.run_id).rename(store.root / "still waiting")
    assert client.run(small()).run_id == "the best one"
    assert client.run(small(2)).run_id == "still waiting"
    plan = wannb.sweep(client, prompt="x", seed=[1, 2], size="768*768")
    assert [status.state for status in plan.statuses()] == ["done", "done"]
    assert spent(store) == 2 * PRO
    assert server.billed == 2
    (store.root / "the best one" / NAME).write_text("{broken")
    assert [one.run_id for one in client.rescue().results] == ["the best one"]


@pytest.mark.parametrize(
    ("host", "other"),
    [
        (BEIJING, "ws-1.cn-beijing.maas.aliyuncs.com"),
        ("llm-1.cn-beijing.maas.aliyuncs.com", BEIJING),
        ("ws-1.cn-beijing.maas.aliyuncs.com", "ws-2.cn-beijing.maas.aliyuncs.com"),
        (SINGAPORE, "ws-1.ap-southeast-1.maas.aliyuncs.com"),
        ("ws-1.ap-southeast-1.maas.aliyuncs.com", SINGAPORE),
    ],
)
@pytest.mark.parametrize("key", ["sk-one", "sk-renewed"])
def test_another_host_of_the_same_service_finds_the_runs_and_counts_them(
    host: str, other: str, key: str, make: Make
) -> None:
    with mock.serve(task_seconds=0.0) as server:
        first = make(host, server=server)
        done, task = first.run(small()), first.submit(small(2))
        second = make(other, key, server=server)
        assert second.run(small(2)).run_id == task.run_id
        assert second.run(small()).run_id == done.run_id
        done[0].path.unlink()
        assert second.run(small()).run_id == done.run_id, "and fetches its picture again"
        assert (server.billed, str(second.spent())) == (2, str(first.spent()))
        careful = make(other, key, server=server, budget=second.spent())
        with pytest.raises(OverBudget):
            careful.run(small(3))


def test_hosts_of_two_regions_are_two_services(make: Make) -> None:
    with mock.serve(task_seconds=0.0) as server:
        task = make(SINGAPORE, server=server).submit(small())
        assert make(BEIJING, server=server).run(small()).run_id != task.run_id
    assert endpoint.home("ws-1.cn-beijing.maas.aliyuncs.com.evil.example") == (
        "ws-1.cn-beijing.maas.aliyuncs.com.evil.example"
    )
