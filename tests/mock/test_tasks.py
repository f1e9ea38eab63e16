"""Tasks of the mock by its clock: their states, the queue and the limits, the list, the cancel, the bill."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from mocking import Api, body, urls

from wannb import mock
from wannb.mock.server.tasks import Task, local_time

from .conftest import START

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


def test_a_task_goes_from_pending_to_running_to_succeeded(api: Api) -> None:
    task_id = api.made()
    pending = api.query(task_id)
    assert set(pending["output"]) == {"task_id", "task_status", "submit_time"}
    assert pending["output"]["task_status"] == "PENDING"
    assert pending["output"]["submit_time"] == "2026-04-16 20:42:36.703"  # UTC+8
    api.server.advance(seconds=1)
    running = api.query(task_id)
    assert set(running["output"]) == {"task_id", "task_status", "submit_time", "scheduled_time"}
    assert running["request_id"] != pending["request_id"]
    assert api.server.billed == 0
    api.server.advance(minutes=1)
    done = api.query(task_id)
    assert done["output"]["task_status"] == "SUCCEEDED"
    assert set(done) == {"request_id", "output", "usage"}
    assert {"end_time", "finished", "choices"} < set(done["output"])
    assert all(TIME.fullmatch(done["output"][name]) for name in ("submit_time", "scheduled_time", "end_time"))


def test_a_task_is_billed_once_it_succeeded_whether_or_not_anyone_asks(api: Api) -> None:
    api.made(body(n=3))
    api.made(body(n=4, enable_sequential=True))
    assert api.server.billed == 0
    api.server.advance(minutes=2)
    assert api.server.billed == 7
    api.sync(body(n=2))
    assert api.server.billed == 9


def test_after_24_hours_a_task_is_unknown_and_its_picture_gone(api: Api) -> None:
    task_id = api.made()
    api.server.advance(minutes=2)
    url = urls(api.query(task_id))[0]
    assert api.http.get(url).status_code == 200
    api.server.advance(hours=24)
    answer = api.call("GET", f"/tasks/{task_id}")
    assert answer.status_code == 200
    assert answer.json()["output"] == {"task_id": task_id, "task_status": "UNKNOWN"}
    gone = api.http.get(url)
    assert gone.status_code == 403
    assert "<Code>AccessDenied</Code>" in gone.text
    assert "Request has expired" in gone.text
    assert api.server.billed == 1
    assert api.query("nothing")["output"]["task_status"] == "UNKNOWN"


def test_a_cancel_works_only_while_pending(api: Api) -> None:
    task_id = api.made()
    assert set(api.call("POST", f"/tasks/{task_id}/cancel").json()) == {"request_id"}
    assert api.query(task_id)["output"]["task_status"] == "CANCELED"
    api.server.advance(minutes=2)
    assert api.server.billed == 0
    other = api.made()
    api.server.advance(seconds=1)
    refused = api.call("POST", f"/tasks/{other}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (400, "UnsupportedOperation")
    assert refused.json()["message"].startswith("Failed to cancel the task, please confirm if the task is in PENDING")


def test_the_list_is_flat_and_newest_first(api: Api) -> None:
    made = []
    for _ in range(3):
        made.append(api.made())
        api.server.advance(seconds=70)
    listed = api.call("GET", "/tasks", params={"page_size": 2}).json()
    assert set(listed) == {"request_id", "total", "total_page", "page_no", "page_size", "data"}
    assert (listed["total"], listed["total_page"]) == (3, 2)
    assert [row["task_id"] for row in listed["data"]] == [made[2], made[1]]
    documented = {
        "task_id", "status", "model_name", "region", "request_id", "api_key_id", "caller_uid", "caller_parent_id",
        "gmt_create", "start_time", "end_time", "user_api_unique_key",
    }  # fmt: skip
    assert set(listed["data"][0]) == documented
    assert listed["data"][1]["gmt_create"] == int((START + 70) * 1000)
    rest = api.call("GET", "/tasks", params={"page_size": 2, "page_no": 2}).json()
    assert [row["task_id"] for row in rest["data"]] == [made[0]]


def test_the_list_is_filtered(api: Api) -> None:
    first = api.made(body(model="wan2.7-image"))
    api.server.advance(minutes=5)
    second = api.made()

    def found(**query: str) -> list[str]:
        return [row["task_id"] for row in api.call("GET", "/tasks", params=query).json()["data"]]

    assert found(model_name="wan2.7-image") == [first]
    assert found(status="PENDING") == [second]
    assert found(status="SUCCEEDED") == [first]
    assert found(task_id=second) == [second]
    stamp = local_time(START).replace("-", "").replace(":", "").replace(" ", "")[:14]
    assert stamp == "20260416204236"
    assert found(start_time=stamp, end_time=stamp) == [first]
    assert found(start_time="20260416204237") == [second]
    assert found(end_time="20260416204235") == []


@pytest.mark.parametrize(
    "query",
    [
        {"page_no": "0"},
        {"page_size": "x"},
        {"status": "DONE"},
        {"start_time": "2026-04-16"},
        {"start_time": "20261316204236"},
        {"start_time": "20260416000000", "end_time": "20260418000000"},
        {"start_time": "20260416000001", "end_time": "20260416000000"},
        {"model": "wan2.7-image"},
    ],
)
def test_the_list_is_strict_about_its_query(api: Api, query: dict[str, str]) -> None:
    answer = api.call("GET", "/tasks", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")


# Limits


def test_limits_are_off_by_default(api: Api) -> None:
    assert {api.create().status_code for _ in range(12)} == {200}


@pytest.fixture
def limited(connect: Callable[[mock.MockServer], Api]) -> Api:
    return connect(mock.serve(task_seconds=60, limits=True, clock=lambda: START, sleep=lambda seconds: None))


def statuses(api: Api, made: list[str]) -> str:
    """Return the first letters of the states of tasks: P, R, S or C."""
    app = api.server.app
    return "".join(task.status(app.now())[0] for each in made if (task := app.tasks.find(each)))


def submitted(api: Api, count: int) -> list[str]:
    """Submit tasks as fast as the limits let them pass."""
    made = []
    for _ in range(count):
        made.append(api.made())
        api.server.advance(seconds=0.25)
    return made


def test_five_submits_a_second_and_twenty_queries(limited: Api) -> None:
    codes = [limited.create() for _ in range(6)]
    assert [answer.status_code for answer in codes] == [200] * 5 + [429]
    assert codes[-1].json()["code"] == "Throttling.RateQuota"
    assert limited.create(body(model="wan2.7-image")).status_code == 200
    queries = [limited.call("GET", "/tasks/x").status_code for _ in range(21)]
    assert queries == [200] * 20 + [429]


def test_a_sixth_task_waits_until_one_of_five_ends(limited: Api) -> None:
    made = submitted(limited, 7)
    limited.server.advance(seconds=50)
    assert statuses(limited, made) == "RRRRRPP"
    assert statuses(limited, submitted(limited, 1)) == "P"
    limited.server.advance(seconds=8.125)  # the first ends a minute after its submit, as without limits
    assert statuses(limited, made) == "SRRRRRP"
    assert limited.server.billed == 1
    limited.server.advance(seconds=0.25)
    assert statuses(limited, made) == "SSRRRRR"
    sixth = limited.query(made[5])["output"]
    assert sixth["scheduled_time"] == local_time(START + 60)
    limited.server.advance(seconds=59.5)  # its own seconds begin when it is scheduled
    assert statuses(limited, made) == "SSSSSSR"


def test_a_model_does_not_wait_for_another_and_a_synchronous_call_for_none(limited: Api) -> None:
    made = submitted(limited, 6)
    limited.server.advance(seconds=1)
    other = limited.made(body(model="wan2.7-image"))
    assert limited.sync().status_code == 200
    limited.server.advance(seconds=1)
    assert statuses(limited, [*made, other]) == "RRRRRPR"


def test_a_queued_task_can_be_canceled_and_makes_room(limited: Api) -> None:
    made = submitted(limited, 7)
    late = limited.call("POST", f"/tasks/{made[4]}/cancel")
    assert (late.status_code, late.json()["code"]) == (400, "UnsupportedOperation")
    assert limited.call("POST", f"/tasks/{made[5]}/cancel").status_code == 200
    limited.server.advance(seconds=59)
    assert statuses(limited, made) == "SSSSRCR"
    limited.server.advance(hours=1)
    assert statuses(limited, made) == "SSSSSCS"
    assert limited.server.billed == 6


def test_the_501st_queued_task_is_refused_and_a_canceled_one_makes_room(limited: Api) -> None:
    made = [str(number) for number in range(505)]
    for task_id in made:
        model = "wan2.7-image-pro"
        limited.server.app.tasks.add(Task(id=task_id, model=model, request_id="", submitted=START, running=3600))
    assert statuses(limited, made) == "R" * 5 + "P" * 500
    refused = limited.create()
    assert (refused.status_code, refused.json()["code"]) == (429, "Throttling.Concurrency")
    assert len(limited.server.app.tasks) == 505
    assert limited.create(body(model="wan2.7-image")).status_code == 200
    limited.server.advance(seconds=1)
    assert limited.call("POST", f"/tasks/{made[-1]}/cancel").status_code == 200
    assert limited.create().status_code == 200
