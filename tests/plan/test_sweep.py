"""Sweeps: what is planned, what it costs, what is sent, and what a second run sends."""

from __future__ import annotations

import inspect
import pickle
import re
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy
import pytest
from conftest import FAST, make_client
from PIL import Image

import wannb
import wannb.files
from wannb import ImageRequest, Plan, mock
from wannb.cells.cell import split_options
from wannb.client import Client
from wannb.errors import AuthenticationError, DownloadFailed, InvalidRequest, OverBudget, QuotaExhausted, StoreError
from wannb.plan.run import Progress
from wannb.request.inputs import as_input
from wannb.runs.store import Store
from wannb.service.limits import Pace
from wannb.service.prices import Money

pytestmark = pytest.mark.usefixtures("quick_pictures")

PROMPTS = ["A boat at dawn", "A boat at dusk", "A boat at night"]


def study(client: Client, **changes: Any) -> Any:
    return wannb.sweep(client, **{"prompt": PROMPTS, "seed": [1, 2], "size": "768*768", **changes})


def creates(server: mock.MockServer) -> int:
    return sum(entry.method == "POST" and entry.path.endswith("/generation") for entry in server.log)


# What varies


def test_lists_are_alternatives_and_everything_else_is_one_value() -> None:
    picture = Image.new("RGB", (300, 300))
    palette = [{"hex": "#112233", "ratio": "50.00%"}, {"hex": "#445566", "ratio": "30.00%"}]
    constant, varying = split_options(
        {
            "prompt": ["a", "b"],
            "seed": range(2),
            "size": ("1K",),
            "images": picture,
            "color_palette": palette,
            "bbox_list": [[[1, 2, 3, 4]]],
            "n": 2,
        }
    )
    assert varying == {"prompt": ("a", "b"), "seed": (0, 1)}
    assert constant == {
        "size": "1K",
        "images": (as_input(picture),),
        "color_palette": tuple(palette),
        "bbox_list": (((1, 2, 3, 4),),),
        "n": 2,
    }
    one = as_input(picture)
    _, varying = split_options({"images": [picture, [picture, picture]], "color_palette": [palette, {"#112233": 100}]})
    assert varying == {"images": ((one,), (one, one)), "color_palette": (tuple(palette), {"#112233": 100})}
    _, varying = split_options({"bbox_list": [[[[1, 2, 3, 4]]], [[[5, 6, 7, 8]]]]})
    assert len(varying["bbox_list"]) == 2


def test_slips_of_the_pen_are_said_before_anything_is_sent(client: Client, server: mock.MockServer) -> None:
    slips: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: wannb.sweep(client, promt=["a"]), TypeError, "did you mean 'prompt'"),
        (lambda: wannb.sweep(["a cat"]), TypeError, "is the client"),  # type: ignore[arg-type]
        (lambda: study(client, seed=[]), ValueError, "has no values to try"),
        (lambda: study(client, seed=[None, 1]), ValueError, "seed: value 1 of 2 is None"),
        (lambda: study(client, images=["a.png", None]), ValueError, "images: value 2 of 2 is None"),
        (lambda: study(client, seed=range(1000)), ValueError, "3 prompt x 1000 seed = 3000 requests"),
        (lambda: study(client).run(max_images="many"), ValueError, "max_images='many'"),
        (lambda: study(client).run(budget="much"), ValueError, "budget='much'"),
    ]
    for slip, error, why in slips:
        with pytest.raises(error, match=why):
            slip()
    assert not server.log


def test_values_of_any_kind_are_read_once_and_none_of_them_twice(client: Client, tmp_path: Path) -> None:
    for name, color in (("a.png", "red"), ("b.png", "blue")):
        Image.new("RGB", (300, 300), color).save(tmp_path / name)
    pictures = [str(tmp_path / name) for name in ("a.png", "b.png")]
    plan = study(client, images=[map(str, pictures)], seed=numpy.arange(3))
    assert [len(cell.request.images) for cell in plan.cells] == [2] * 9
    assert plan.cells[0].request.images[0] is plan.cells[8].request.images[0]
    assert plan.labels("seed") == ("0", "1", "2")
    palettes = [[{"hex": "#112233", "ratio": f"{n}.00%"}] for n in (1, 2, 3)]
    assert len(study(client, color_palette=iter(palettes)).varying["color_palette"]) == 3
    assert all("seed=None" in cell.problems[-1] for cell in Plan(client, {"seed": None, "prompt": "a"}, {}).cells)


def test_no_signature_of_a_link_is_shown(client: Client) -> None:
    links = [f"https://example.com/{name}?Signature=TOPSECRET" for name in "ab"]
    plan = study(client, images=links)
    shown = f"{plan!r}{plan.cells!r}{plan._repr_html_()}{plan.labels('images')}{plan.table().to_csv()}"
    shown += str(plan.grid()._repr_mimebundle_())
    assert "example.com/a" in shown
    assert "TOPSECRET" not in shown


# The plan


def test_a_plan_says_what_is_asked_what_is_free_and_what_it_costs(client: Client, server: mock.MockServer) -> None:
    client.generate(PROMPTS[0], seed=1, size="768*768")
    sent = len(server.log)
    plan = study(client, n=2, model=["wan2.7-image-pro", "wan2.7-image"])
    ahead = plan.forecast()
    assert len(plan.cells) == 12
    assert ahead.images == (24, 24)
    assert ahead.cost == (Money(amount=Decimal("1.26"), currency="USD"),) * 2
    assert "12 cells · to generate: 12 requests, 24 images" in repr(plan)
    plan = study(client)
    assert plan.forecast().cells == {"done": 1, "open": 5}
    page = plan._repr_html_()
    assert page.count("1 done on the mock server (0.075 USD live)") == page.count("✓ done") == 1
    assert page.count("1 image<") == 5
    assert "live: 0.375 USD" in page
    assert "A boat at dawn" in page
    assert len(server.log) == sent


def test_a_plan_speaks_the_language_of_its_client(client: Client) -> None:
    client.generate(PROMPTS[0], seed=1, size="768*768")
    client.language = "zh"
    plan = study(client, n=[1, 9])
    for shown in (repr(plan), re.sub(r"<[^>]+>|&#x27;", " ", plan._repr_html_())):
        assert (
            "12 格 · 1 格已由模拟服务器完成（正式服务为 0.075 USD） · 6 个不合规 · 待生成：5 个请求，5 张图片" in shown
        )
    with pytest.raises(ValueError, match="没有可尝试的取值"):
        study(client, seed=[])
    with pytest.raises(OverBudget, match="没有发送任何请求"):
        plan.run(max_images=0)
    assert plan.table().note.str.contains("尚未生成").sum() == 5


def test_a_set_has_a_price_range(client: Client) -> None:
    ahead = study(client, n=[3, 4], seed=[1], enable_sequential=True).forecast()
    assert ahead.images == (6, 21)
    assert ahead.price() == "nothing billed by the mock server (live: 0.45 to 1.575 USD)"


def test_what_is_not_legal_is_skipped_with_its_reason(client: Client, server: mock.MockServer) -> None:
    plan = study(client, size="1920x1080")
    assert "every cell: not legal: " in repr(plan)
    with pytest.raises(InvalidRequest, match="1920x1080"):
        plan.run()
    assert not server.log
    plan = study(client, model=["wan2.7-image-pro", "wan2.7-image"], size=["1K", "4K"], prompt="A boat", seed=[1])
    assert [cell.problems != () for cell in plan.cells] == [False, False, False, True]
    assert "size 4K, model wan2.7-image: not legal" in repr(plan)
    plan = study(client, n=[1, 9])
    assert plan.forecast().cells == {"open": 6, "not legal": 6}
    assert "n 9: not legal: n=9: text to image makes 1 to 4 images" in repr(plan)
    plan.run()
    assert server.billed == 6
    assert plan.forecast().cells == {"done": 6, "not legal": 6}


def test_equal_plans_have_one_name_and_options_vary_in_the_order_given(client: Client) -> None:
    assert study(client).name == study(client, prompt=PROMPTS[::-1], seed=[2, 1]).name
    assert study(client).name != study(client, seed=[1, 3]).name
    assert {cell.request.seed for cell in wannb.sweep(client, prompt=PROMPTS).cells} == {1}, "without a seed the same"
    plan = wannb.sweep(client, seed=[1, 2], prompt=PROMPTS)
    assert list(plan.varying) == ["seed", "prompt"]
    assert [cell.request.seed for cell in plan.cells] == [1, 1, 1, 2, 2, 2]
    assert list(inspect.signature(wannb.sweep).parameters)[:3] == ["client", "prompt", "images"]


def test_the_time_follows_from_the_limits(client: Client, server: mock.MockServer) -> None:
    plan = study(client, seed=range(1, 11))
    assert plan.forecast().seconds is None
    assert "time unknown" in repr(plan)
    server.app.task_seconds = 4.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wannb.cells.status.usual_seconds", lambda *_: 4.0)
        client.pace = Pace()
        assert plan.forecast().seconds == 24  # 30 requests, 5 at a time, 4 s each
        client.pace = Pace(running=100)
        assert plan.forecast().seconds == 6  # 5 a second
    assert not server.log


# Running


def test_a_second_run_sends_only_what_is_missing(client: Client, server: mock.MockServer) -> None:
    plan = study(client)
    assert plan.run() is plan
    assert server.billed == 6
    assert all(plan.results())
    study(client).run()
    assert creates(server) == 6
    study(client, prompt=[*PROMPTS, "A boat at noon"]).run()
    assert server.billed == 8


def test_equal_cells_are_one_request(client: Client, server: mock.MockServer) -> None:
    plan = study(client, seed=[1, 1])
    assert plan.forecast().requests == 3
    plan.run()
    assert server.billed == 3
    assert all(plan.results())
    table = plan.table()
    assert (len(table), round(table.cost.sum(), 4)) == (6, 0.225)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"budget": 0.01}, "budget=0.01 USD holds back 6 requests; nothing was sent: an image costs 0.03 USD"),
        (
            {"max_images": 0},
            "max_images=0 holds back 6 requests; nothing was sent: enough for 0 requests; a",
        ),
        (
            {"budget": 0, "max_images": 1},
            "nothing was sent: an image costs 0.03 USD, enough for 0 requests; a higher",
        ),
        ({"budget": 0.05}, "an image costs 0.03 USD, enough for 1 request; a higher limit sends the rest"),
        ({"budget": 0.05, "max_images": 4}, "an image costs 0.03 USD, enough for 1 request; a higher limit"),
        ({"max_images": 3}, " · enough for 3 requests; a higher limit sends the rest"),
    ],
)
def test_limits_say_the_price_of_an_image_what_they_allow_and_what_to_do(
    limits: dict[str, Any],
    told: str,
    client: Client,
    server: mock.MockServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "300")
    plan = study(client, model="wan2.7-image")
    if "nothing was sent" in told:
        with pytest.raises(OverBudget) as caught:
            plan.run(**limits)
        assert told in str(caught.value)
        assert server.billed == 0
        return
    plan.run(**limits)
    assert told in capsys.readouterr().out
    assert server.billed == int(told.partition("for ")[2][0])


def test_limits_name_the_prices_of_several_models(client: Client) -> None:
    with pytest.raises(OverBudget, match=r"an image costs 0\.03 USD to 0\.075 USD, enough for 0 requests"):
        study(client, model=["wan2.7-image-pro", "wan2.7-image"], n=2).run(budget=0.05)


def test_limits_hold_back_what_could_pass_them(
    client: Client, server: mock.MockServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = study(client, n=2)
    plan.run(max_images=5)
    assert server.billed == 4
    plan.run(budget="0.30")
    assert server.billed == 8
    with pytest.raises(OverBudget, match=r"back 2 requests; nothing was sent: an image costs 0\.075"):
        plan.run(budget=0.1)
    with pytest.raises(OverBudget, match=r"price of .* is unknown, so budget=1\.00 EUR"):
        plan.run(budget=Money(amount=Decimal(1), currency="EUR"))
    assert server.billed == 8
    plan.run(max_images=4)
    assert server.billed == 12
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    study(client).run(max_images=2)
    assert "max_images=2 held back 4 requests · 6 cells · 2 done on the mock server" in capsys.readouterr().out


def test_a_set_that_falls_short_gives_its_share_back(client: Client, server: mock.MockServer) -> None:
    client.pace = replace(FAST, running=1, ahead=0)
    plan = study(client, n=3, enable_sequential=True, prompt="A boat", seed=[1, 2, 3])
    with server.scenario("set returns fewer"):
        plan.run(max_images=7)
    assert all(plan.results()), "two of three came each time, so that there was room for the last set"
    assert server.billed == 6


def test_a_failure_ends_its_own_cell_and_a_next_run_tries_it_again(client: Client, server: mock.MockServer) -> None:
    plan = study(client)
    with server.scenario("failed task"):
        plan.run()
    states = plan.forecast().cells
    assert states["failed"] >= 1
    assert "failed: " in repr(plan)
    plan.run()
    assert plan.forecast().cells == {"done": 6}
    assert server.billed == 6


def test_what_the_inspection_refused_is_not_asked_again(client: Client, server: mock.MockServer) -> None:
    plan = study(client, prompt="A boat", seed=[1])
    with server.scenario("refused content"):
        plan.run()
    assert plan.forecast().cells == {"refused": 1}
    sent = creates(server)
    plan.run()
    assert creates(server) == sent


def test_no_quota_ends_the_plan_and_keeps_what_came(client: Client, server: mock.MockServer) -> None:
    client.pace = Pace(running=1)
    plan = study(client, seed=range(2))
    with server.scenario("quota gone"), pytest.raises(QuotaExhausted):
        plan.run()
    assert creates(server) < 6
    plan.run()
    assert server.billed == 6


def test_an_interrupt_loses_and_doubles_nothing(client: Client, server: mock.MockServer) -> None:
    plan = study(client)

    def interrupt(now: Any) -> None:
        if now.under_way:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plan.run(on_progress=interrupt)
    plan.run()
    assert plan.forecast().cells == {"done": 6}
    assert server.billed == 6


@pytest.mark.parametrize("interrupted", [False, True], ids=["stop", "interrupt"])
def test_a_stop_sends_nothing_more_and_cancels_what_has_not_begun(
    store: Store, monkeypatch: pytest.MonkeyPatch, interrupted: bool
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    stop, seen, late = threading.Event(), [], [0.0]
    with (
        mock.serve(task_seconds=600, limits=True, clock=lambda: time.time() + late[0]) as server,
        make_client(server, store, pace=replace(FAST, submits=5, running=2, ahead=5)) as client,
    ):

        def watch(now: Progress | None) -> None:
            seen.append(now)
            if not late[0] and sum(bool(run.task_id) for run in client.runs()) == 7:
                late[0] = 500  # five tasks of the seven run now, and room for others is not seen before the stop
                stop.set()
                if interrupted:
                    raise KeyboardInterrupt
            elif now and now.canceled:
                late[0] = 5000

        plan = study(client, seed=range(3))
        if interrupted:
            monkeypatch.setattr("wannb.display.progress.ProgressLine.show", lambda line, text: watch(None))
            with pytest.raises(KeyboardInterrupt, match="stopped: 2 canceled before they began, 5 go on; "):
                plan.run()
        else:
            plan.run(on_progress=watch, stop=stop)
            assert str(seen[0]) == "0 of 9 done"
            assert str(seen[-1]) == "5 of 9 done · 2 canceled"
        assert creates(server) == 7
        assert plan.forecast().cells["canceled"] == 2
        assert "2 canceled" in repr(plan)
        late[0] = 5000
        plan.run(on_progress=lambda now: late.append(late.pop() + 700))
        assert plan.forecast().cells == {"done": 9}
        assert server.billed == 9


def test_a_disk_that_is_full_ends_the_plan(
    client: Client, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = wannb.files.write

    def full(path: Path, content: bytes) -> None:
        if Path(path).suffix == ".png":
            raise OSError(28, "no space left")
        write(path, content)

    client.pace = replace(FAST, running=1)
    plan = study(client, seed=range(10))
    with monkeypatch.context() as patch:
        patch.setattr(wannb.files, "write", full)
        with pytest.raises(DownloadFailed, match=r"no space left.*paid for"):
            plan.run()
    assert creates(server) < 30
    assert any("paid, but not all of its images are saved" in each.note for each in plan.statuses())
    before = server.billed
    plan.run(max_images=0)
    assert server.billed == before
    assert plan.forecast().cells["done"] == before


# Other executors


class Inline(Executor):
    """The pool's interface without a pool."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("make", [Inline, lambda: ThreadPoolExecutor(2)], ids=["inline", "threads"])
def test_any_executor_will_do(client: Client, server: mock.MockServer, make: Any) -> None:
    with make() as executor:
        study(client).run(executor=executor)
    assert server.billed == 6


def test_processes_share_the_folder_and_the_pace(store: Store) -> None:
    with mock.serve(task_seconds=0.3, limits=True) as server, make_client(server, store, pace=Pace()) as client:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
            plan = study(client, seed=[1, 2, 3]).run(executor=executor)
        assert server.billed == 9
        assert all(plan.results())
        assert [entry.path for entry in server.log if entry.status == 429] == []


def test_errors_and_clients_cross_processes_with_the_key_unseen(client: Client) -> None:
    twin = pickle.loads(pickle.dumps(client))
    assert twin.service == client.service
    assert twin.pace == FAST
    assert twin.store.root == client.store.root
    assert "sk-mock" not in repr(vars(twin)) + repr(vars(client))
    error = AuthenticationError("InvalidApiKey", "no", status=401, task_id="t")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is AuthenticationError
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_a_worker_that_sees_another_folder_sends_nothing(
    client: Client, server: mock.MockServer, tmp_path: Path
) -> None:
    class Elsewhere(Inline):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            return super().submit(fn, args[0], args[1], tmp_path / "elsewhere" / "plans" / "x.json")

    with pytest.raises(StoreError, match=r"a worker does not see .*elsewhere.*nothing was sent"):
        study(client).run(executor=Elsewhere())
    assert creates(server) == 0


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_of_two_workers(store: Store) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        mock.serve(task_seconds=0.2, limits=True) as server,
        make_client(server, store, pace=Pace()) as client,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as workers,
    ):
        plan = study(client).run(executor=workers.get_executor())
        again = study(client).run(executor=workers.get_executor())
        clients = workers.run(lambda: wannb.client._twin.cache_info().currsize)
        assert server.billed == 6
        assert all(plan.results())
        assert all(again.results())
        assert list(clients.values()) == [1, 1], "each worker had its share, with a client of its own"
        assert [entry.path for entry in server.log if entry.status == 429] == []


# The table


def test_the_table_has_everything_one_must_say_of_a_picture(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = study(client, n=[2, 9]).run()
    table = plan.table()
    assert len(table) == 12 + 6
    done = table[table.state == "done"]
    assert set(done.prompt) == set(PROMPTS)
    assert list(done.cost.round(4).unique()) == [0.075]
    assert set(done.currency) == {"USD"}
    assert all(Path(path).is_file() for path in done.path)
    assert set(done.image) == {1, 2}
    assert done.seconds.notna().all()
    assert table[table.state == "not legal"].note.str.contains("n=9").all()
    for name in wannb.ImageRequest.__dataclass_fields__:
        assert name in table.columns

    monkeypatch.setitem(sys.modules, "pandas", None)
    rows = study(client).table()
    assert [row["state"] for row in rows] == ["open"] * 6, "without pandas a list"
    assert rows[0]["cost"] == 0
    assert rows[0]["path"] is None


def test_a_plan_of_edits(client: Client, server: mock.MockServer, tmp_path: Path) -> None:
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    for path, color in ((first, "red"), (second, "blue")):
        Image.new("RGB", (300, 300), color).save(path)
    plan = wannb.sweep(client, prompt=["as ink", "as oil"], images=[first, [first, second]], size="1K", seed=3)
    assert [cell.request.mode for cell in plan.cells[:2]] == ["image editing", "multi-reference generation"]
    plan.run()
    assert server.billed == 4
    assert set(plan.table().images) == {"first.png", "first.png + second.png"}
    assert plan.cells[0].request == ImageRequest(prompt="as ink", images=first, size="1K", seed=3)
