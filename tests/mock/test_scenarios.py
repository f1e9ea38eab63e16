"""Each scenario by what a client sees of it, the weather, and the header that asks for one request."""

from __future__ import annotations

import io
from collections.abc import Callable

import httpx
import pytest
from mocking import CREATE, Api, body, urls
from PIL import Image

from wannb import mock


@pytest.fixture
def task_seconds() -> float:
    return 0


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def tasks(api: Api) -> int:
    return int(api.call("GET", "/tasks").json()["total"])


def test_there_are_the_scenarios_each_explained() -> None:
    assert list(mock.SCENARIOS) == [
        "429 then ok", "quota gone", "slow queue", "500 then ok", "dropped before answer", "dropped after accept",
        "failed task", "refused content", "set returns fewer", "partly refused", "truncated image", "slow image",
        "expired URL", "task forgotten", "malformed answer", "page with 429", "page with 503", "page with 502",
        "page after accept", "young and unknown", "list lags", "empty list", "strangers", "service limits",
        "queue full", "proxy refuses", "proxy wants a password",
    ]  # fmt: skip
    assert all(scenario.explanation.endswith(".") for scenario in mock.SCENARIOS.values())


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("429 then ok", (429, "Throttling.RateQuota")), ("500 then ok", (500, "InternalError"))],
)
def test_refused_once_then_ok(api: Api, name: str, wanted: tuple[int, str]) -> None:
    with api.server.scenario(name):
        assert code(api.create()) == wanted
        task_id = api.made()
        assert code(api.call("GET", f"/tasks/{task_id}")) == wanted
        assert api.query(task_id)["output"]["task_status"] == "SUCCEEDED"
    assert api.create().status_code == 200
    assert api.server.billed == 2
    assert api.server.log[0].fault == name


def test_quota_gone_stays_gone(api: Api) -> None:
    with api.server.scenario("quota gone"):
        for _ in range(3):
            assert code(api.create()) == (429, "Throttling.AllocationQuota")
            assert "Free allocated quota exceeded" in api.sync().json()["message"]
    assert api.server.billed == 0


def test_a_slow_queue_can_be_canceled(api: Api) -> None:
    with api.server.scenario("slow queue"):
        task_id, other = api.made(), api.made()
    assert api.query(task_id)["output"]["task_status"] == "PENDING"
    assert api.call("POST", f"/tasks/{task_id}/cancel").status_code == 200
    api.server.advance(seconds=3)
    assert api.query(other)["output"]["task_status"] == "SUCCEEDED"
    assert api.server.billed == 1


def test_dropped_before_answer_did_nothing(api: Api) -> None:
    with api.server.scenario("dropped before answer"):
        with pytest.raises(httpx.RemoteProtocolError):
            api.create()
        assert tasks(api) == 0
        assert api.create().status_code == 200
    assert (tasks(api), api.server.billed) == (1, 1)
    assert api.server.log[0].status is None


def test_dropped_after_accept_made_and_billed_the_task(api: Api) -> None:
    with api.server.scenario("dropped after accept"):
        with pytest.raises(httpx.RemoteProtocolError):
            api.create()
        assert (tasks(api), api.server.billed) == (1, 1)
        assert api.create().status_code == 200
    assert tasks(api) == 2


@pytest.mark.parametrize(
    ("name", "status", "wanted"),
    [("failed task", 500, "InternalError.Algo"), ("refused content", 400, "DataInspectionFailed")],
)
def test_tasks_that_fail(api: Api, name: str, status: int, wanted: str) -> None:
    with api.server.scenario(name):
        task_id = api.made()
        assert code(api.sync()) == (status, wanted)
    answer = api.call("GET", f"/tasks/{task_id}")
    assert answer.status_code == 200
    assert answer.json()["output"]["task_status"] == "FAILED"
    assert answer.json()["output"]["code"] == wanted
    assert "usage" not in answer.json()
    assert api.server.billed == 0


def test_a_set_returns_fewer(api: Api) -> None:
    with api.server.scenario("set returns fewer"):
        answer = api.query(api.made(body(n=4, enable_sequential=True)))
        assert len(urls(answer)) == answer["usage"]["image_count"] == 2
        assert len(urls(api.sync(body(n=3)).json())) == 3
    assert api.server.billed == 5


@pytest.mark.parametrize(("n", "sequential", "came"), [(1, False, 1), (2, False, 1), (3, False, 2), (12, True, 6)])
def test_a_batch_is_partly_refused(api: Api, n: int, sequential: bool, came: int) -> None:
    with api.server.scenario("partly refused"):
        asked = body(n=n, enable_sequential=sequential)
        for answer in (api.query(api.made(asked)), api.sync(asked).json()):
            output = answer["output"]
            assert len(urls(answer)) == answer["usage"]["image_count"] == came
            assert [item["code"] for item in output.get("results", [])] == ["DataInspectionFailed"] * (n - came)
            counted = {"TOTAL": n, "SUCCEEDED": came, "FAILED": n - came}
            assert output.get("task_metrics") == (counted if n > came else None)
            assert all(api.http.get(url).status_code == 200 for url in urls(answer))
    assert api.server.billed == 2 * came


def test_a_truncated_image_is_whole_the_second_time(api: Api) -> None:
    first, second = urls(api.sync(body(n=2)).json())
    with api.server.scenario("truncated image"):
        for url in (first, second):
            with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|peer closed"):
                api.http.get(url)
            with Image.open(io.BytesIO(api.http.get(url).content)) as picture:
                picture.load()


def test_a_slow_image_takes_its_time(api: Api, slept: list[float]) -> None:
    url = urls(api.sync().json())[0]
    with api.server.scenario("slow image"):
        assert api.http.get(url).status_code == 200
    assert slept == [1.5]
    api.http.get(url)
    assert slept == [1.5]


def test_an_expired_url_is_good_in_the_next_answer(api: Api) -> None:
    with api.server.scenario("expired URL"):
        for task_id in (api.made(), api.made()):
            stale = api.http.get(urls(api.query(task_id))[0])
            assert (stale.status_code, "Request has expired" in stale.text) == (403, True)
            assert api.http.get(urls(api.query(task_id))[0]).status_code == 200


def test_malformed_answers_come_once(api: Api) -> None:
    with api.server.scenario("malformed answer"):
        cut = api.create()
        assert cut.status_code == 200
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            cut.json()
        task_id = api.made()
        page = api.call("GET", f"/tasks/{task_id}")
        assert (page.status_code, page.text[:15]) == (200, "<!DOCTYPE html>")
        assert page.headers["content-type"].startswith("text/html")
        assert api.query(task_id)["output"]["task_status"] == "SUCCEEDED"
    assert tasks(api) == 2


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_page_stands_in_for_the_first_answers_and_nothing_is_done(api: Api, status: int) -> None:
    with api.server.scenario(f"page with {status}"):
        for path, headers in ((CREATE, {"X-DashScope-Async": "enable"}), ("/tasks/x", {}), ("/tasks", {})):
            made = body() if path == CREATE else None
            for wanted in (status, 200):
                answer = api.call("POST" if made else "GET", path, json=made, headers=headers)
                assert answer.status_code == wanted
                page = answer.headers["content-type"] == "text/html; charset=utf-8"
                assert (page, answer.text.startswith("<!DOCTYPE html>")) == (wanted != 200,) * 2
                assert len(api.server.app.tasks) == (wanted == 200 or path != CREATE)
    assert [entry.fault for entry in api.server.log[:2]] == [f"page with {status}", ""]
    assert api.server.billed == 1


def test_a_page_stands_in_for_the_answer_of_a_task_that_was_made(api: Api) -> None:
    with api.server.scenario("page after accept"):
        page = api.create()
        assert (page.status_code, page.text[:15]) == (502, "<!DOCTYPE html>")
        assert (tasks(api), api.server.billed) == (1, 1)
        assert api.create().status_code == 200


def test_a_young_task_is_unknown_for_a_while(api: Api) -> None:
    with api.server.scenario("young and unknown"):
        task_id = api.made()
        assert api.query(task_id)["output"] == {"task_id": task_id, "task_status": "UNKNOWN"}
        assert tasks(api) == 1, "the list has it"
        api.server.advance(seconds=1.9)
        assert api.query(task_id)["output"]["task_status"] == "UNKNOWN"
        api.server.advance(seconds=0.2)
        assert api.query(task_id)["output"]["task_status"] == "SUCCEEDED"


def test_a_list_lags(api: Api) -> None:
    with api.server.scenario("list lags"):
        first = api.made()
        api.server.advance(seconds=30)
        api.made()
        assert (tasks(api), api.query(first)["output"]["task_status"]) == (0, "SUCCEEDED")
        api.server.advance(seconds=10)
        assert [row["task_id"] for row in api.call("GET", "/tasks").json()["data"]] == [first]
        api.server.advance(seconds=30)
        assert tasks(api) == 2


def test_a_list_comes_empty_although_there_are_tasks(api: Api) -> None:
    api.made()
    with api.server.scenario("empty list"):
        empty = api.call("GET", "/tasks").json()
        assert (empty["total"], empty["total_page"], empty["data"]) == (1, 1, [])
    assert len(api.call("GET", "/tasks").json()["data"]) == 1


def test_strangers_ask_right_after_it_and_their_pictures_are_there(api: Api) -> None:
    asked = body("a cat", n=2, model="wan2.7-image")
    with api.server.scenario("strangers"):
        mine = api.made(asked)
        with api.server.scenario("dropped before answer"), pytest.raises(httpx.RemoteProtocolError):
            api.create(asked)
    api.server.advance(seconds=1)
    rows = api.call("GET", "/tasks").json()["data"]
    others = [row["task_id"] for row in rows if row["task_id"] != mine]
    assert len(rows) == 3
    [made] = [row["gmt_create"] for row in rows if row["task_id"] == mine]
    assert {(row["model_name"], row["gmt_create"] - made) for row in rows} == {("wan2.7-image", ms) for ms in (0, 50)}
    pictures = {api.http.get(urls(api.query(task_id))[0]).content for task_id in (mine, *others)}
    assert len(pictures) == 3, "each of them asked for something else"
    assert api.server.billed == 2, "what others pay is not counted"
    assert api.create().status_code == 200
    api.server.advance(seconds=1)
    assert tasks(api) == 4


def test_limits_hold_while_they_are_played(api: Api) -> None:
    with api.server.scenario("service limits"):
        codes = [api.create().status_code for _ in range(6)]
        assert codes == [200] * 5 + [429]
        assert [api.call("GET", "/tasks/x").status_code for _ in range(21)] == [200] * 20 + [429]
    assert [api.create().status_code for _ in range(10)] == [200] * 10


def test_a_queue_is_full_once(api: Api) -> None:
    with api.server.scenario("queue full"):
        answer = api.create()
        assert (code(answer), "500" in answer.json()["message"]) == ((429, "Throttling.Concurrency"), True)
        assert api.sync().status_code == 200, "the queue does not bind synchronous calls"
        assert api.create().status_code == 200
    assert tasks(api) == 1


@pytest.mark.parametrize(("name", "status"), [("proxy refuses", 403), ("proxy wants a password", 407)])
def test_a_proxy_opens_no_way(api: Api, name: str, status: int) -> None:
    with httpx.Client(proxy=api.server.url, trust_env=False) as through, api.server.scenario(name):
        for _ in range(2):
            with pytest.raises(httpx.ProxyError, match=str(status)):
                through.post("https://dashscope-intl.aliyuncs.com/api/v1" + CREATE, json=body())
        assert api.create().status_code == 200, "whoever comes to it directly is served"
    assert [entry.fault for entry in api.server.log[:2]] == [name] * 2
    assert (api.server.log[0].method, api.server.log[0].path) == ("CONNECT", "dashscope-intl.aliyuncs.com:443")


def test_a_scenario_can_be_asked_for_by_one_request(api: Api) -> None:
    first = {"X_Wannb_Scenario": "429 then ok"}
    assert [api.create(**first).status_code for _ in range(4)] == [429, 200, 429, 200]
    assert api.create(body("other"), **first).status_code == 429
    assert api.create().status_code == 200
    wrong = api.create(X_Wannb_Scenario="rain")
    assert code(wrong) == (400, "Mock.UnknownScenario")
    assert "429 then ok" in wrong.json()["message"]


def test_the_header_of_a_create_holds_for_its_task_and_pictures(api: Api) -> None:
    task_id = api.made(X_Wannb_Scenario="truncated image")
    other = api.made()
    url = urls(api.query(task_id))[0]
    with pytest.raises(httpx.RemoteProtocolError):
        api.http.get(url)
    assert api.http.get(url).status_code == 200
    assert api.http.get(urls(api.query(other))[0]).status_code == 200
    forgotten = api.made(X_Wannb_Scenario="task forgotten")
    assert api.query(forgotten)["output"]["task_status"] == "UNKNOWN"
    assert api.query(other)["output"]["task_status"] == "SUCCEEDED"


def test_a_scenario_for_the_whole_life_of_a_server(connect: Callable[[mock.MockServer], Api]) -> None:
    assert connect(mock.serve(scenario="quota gone")).create().status_code == 429
    with pytest.raises(ValueError, match="429 then ok"):
        mock.serve(scenario="rain")


def test_a_wrong_key_does_not_use_up_a_scenario(api: Api) -> None:
    with api.server.scenario("429 then ok"):
        assert api.create(Authorization="Bearer sk-wrong-region").status_code == 401
        assert api.create().status_code == 429


def test_weather_is_the_same_for_the_same_seed(api: Api) -> None:
    def storm(seed: int) -> list[int]:
        seen = []
        with api.server.weather(rate_429=0.3, rate_500=0.2, dropped_before=0.1, dropped_after=0.1, seed=seed):
            for _ in range(40):
                try:
                    seen.append(api.create().status_code)
                except httpx.RemoteProtocolError:
                    seen.append(0)
        return seen

    first = storm(1)
    assert first == storm(1) != storm(2)
    assert set(first) == {0, 200, 429, 500}


def test_weather_keeps_to_its_routes_and_spoils_downloads(api: Api) -> None:
    with api.server.weather(dropped_after=1.0, routes={"download"}):
        url = urls(api.query(api.made()))[0]
        with pytest.raises(httpx.RemoteProtocolError):
            api.http.get(url)
    with api.server.weather(rate_429=1.0, routes={"download"}):
        refused = api.http.get(url)
        assert (refused.status_code, refused.text[:5]) == (429, "<?xml")
    with pytest.raises(ValueError, match="no route"), api.server.weather(routes={"rain"}):
        pass
    with pytest.raises(ValueError, match="together 1"), api.server.weather(rate_429=0.7, rate_500=0.7):
        pass
