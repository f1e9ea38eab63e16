"""True recordings with a key, tried against a second mock server in place of the live service."""

from __future__ import annotations

import io
import json
import os
import random
import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import FAST, make_client
from mocking import KEY, Around, altered, of_json
from pictures import chunk
from rooms import ROOT

import wannb
from wannb import files, mock
from wannb.commands import record_live as recording
from wannb.mock import App, MockServer, Request, Response
from wannb.mock.__main__ import main as mock_main
from wannb.mock.recordings.recorder import NO_TASK
from wannb.runs.store import Store

pytestmark = pytest.mark.usefixtures("quick_pictures")


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that runs the command against a server, as if it were the live service."""

    def run(upstream: MockServer, most: int = 1, *, yes: bool = True) -> int:
        monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
        monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", upstream.base_url)
        return recording.record_live(most, Path("made"), yes=yes, pace=FAST)

    return run


def report() -> list[str]:
    """Return the lines of the report in which something differs."""
    text = Path("made", recording.REPORT).read_text()
    return [line for line in text.split("\n\n", 2)[2].splitlines() if ": " in line]


def written(folder: str = "made") -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(Path(folder).rglob("*")) if file.is_file()}


def test_one_image_is_recorded_after_what_is_free_and_nothing_differs(
    live: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    with mock.serve(task_seconds=0, keys={KEY}) as upstream:
        assert live(upstream) == 0
        assert upstream.billed == 1
        asked = [(entry.method, entry.path.removeprefix("/api/v1"), entry.status) for entry in upstream.log]
        assert [entry[:2] for entry in asked[:3]] == [
            ("GET", "/tasks/"),
            ("GET", "/uploads"),
            ("GET", f"/tasks/{NO_TASK}"),
        ]
        posts = [entry for entry in asked if entry[0] == "POST"]
        assert [status for _, _, status in posts] == [400, 200, 400], "refused first, then one image, then the cancel"
    said = capsys.readouterr().out
    assert "At most 1 image and 0.03 USD" in said
    assert "Nothing differs." in said
    assert "1 image made." in said
    assert report() == []
    names = [Path(name).name.rpartition("-")[0] for name in written() if name.endswith(".json")]
    assert names == [
        "01-list",
        "02-policy",
        "03-query-unknown",
        "04-text-to-image",
        "05-text-to-image",
        "06-cancel-400",
    ]
    listed = json.loads(next(body for name, body in written().items() if "01-list" in name))
    assert len(listed["response"]["json"]["data"]) == 1, "the later list, with a row, tells more"
    # The run is an ordinary one, and the recordings replay without a key.
    assert [run.state for run in Store("wannb-runs").runs()] == ["done"]
    with mock.serve(replay="made", strict=True, task_seconds=0) as server:
        client = make_client(server, Store("fresh"))
        again = client.generate("A small red house by the sea", model="wan2.7-image", size="768*768", seed=7)
        assert again[0].sha256 in "".join(written())
        client.close()


def test_every_step_is_sent_in_order_when_it_fits(live: Callable[..., int]) -> None:
    with mock.serve(task_seconds=0, keys={KEY}) as upstream:
        assert live(upstream, 8) == 0
        assert upstream.billed == 8
        sent = [entry.json for entry in upstream.log if entry.method == "POST" and entry.status == 200]
    assert [one["parameters"].get("n") for one in sent] == [1, 1, 1, 2, 1, 2]
    assert [len(one["input"]["messages"][0]["content"]) - 1 for one in sent] == [0, 0, 1, 0, 1, 0]
    assert report() == []


def test_no_plan_passes_the_limit_whatever_it_is() -> None:
    for most in range(12):
        assert sum(step.images for step in recording.chosen(most)) <= most
    assert [*recording.chosen(8)] != [*recording.chosen(7)]
    for step in recording._PAID:
        request = step.request()
        assert request.n == step.images
        assert not request.problems()


@pytest.mark.parametrize("answer", ["", "n\n", "y\n"])
def test_nothing_is_sent_before_the_price_is_said_and_agreed_to(
    live: Callable[..., int],
    answer: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    with mock.serve(task_seconds=0, keys={KEY}) as upstream:
        assert live(upstream, yes=False) == (0 if answer == "y\n" else 1)
        assert bool(len(upstream.log)) == (answer == "y\n")
    said = capsys.readouterr().out
    assert said.index("0.03 USD") < said.index("Send them? [y/N]")


def test_without_a_terminal_and_without_yes_it_refuses(
    live: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with mock.serve(keys={KEY}) as upstream:
        assert live(upstream, yes=False) == 2
        assert len(upstream.log) == 0
        assert "--yes" in capsys.readouterr().err
        assert live(upstream, -1) == 2
        # Free requests alone cost nothing, so nothing is asked.
        assert live(upstream, 0, yes=False) == 0
        assert upstream.billed == 0
        assert {entry.method for entry in upstream.log} == {"GET"}


def test_a_wrong_or_missing_key_ends_it_before_anything_is_billed(
    live: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with mock.serve(task_seconds=0, keys={"sk-another-key-altogether"}) as upstream:
        assert live(upstream) == 1
        assert upstream.log.of("POST") == []
    assert "was not accepted" in capsys.readouterr().err
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    assert recording.main(["--record", "live", "--yes"]) == 2
    assert "live mode needs a key" in capsys.readouterr().err


def test_the_arguments_tell_the_command_from_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert recording.asked(["--record", "live"])
    assert recording.asked(["--max-images", "2", "--record=live", "--yes"])
    assert not recording.asked(["--record", "./live"])
    assert not recording.asked(["--replay", "live"])
    with pytest.raises(SystemExit):
        mock_main(["--record", "live"])
    assert "wannb mock --record live --max-images 1" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        mock_main(["--max-images", "1"])


def test_a_rule_that_the_service_does_not_hold_to_counts_as_an_image(
    live: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Should the request that breaks a rule be taken and billed, the limit is kept all the same."""

    def lenient(app: App, request: Request) -> Response:
        return app.handle(replace(request, body=request.body.replace(b'"100*100"', b'"768*768"')))

    app = mock.App(task_seconds=0, keys={KEY})
    with MockServer(app, handles=Around(app, lenient)) as upstream:
        assert live(upstream) == 0
        assert upstream.billed == 1
    assert "left out" in capsys.readouterr().out
    assert report() == ["a request that breaks a rule: answered with 'create', known is 'refusal'"]
    assert [run.state for run in Store("wannb-runs").runs()] == ["done"]


def test_what_was_cut_off_is_rescued_from_the_service_itself(
    live: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_PATIENCE", 0.1)
    with mock.serve(task_seconds=3600, keys={KEY}) as upstream:
        assert live(upstream) == 1
        upstream.advance(hours=2)
        with wannb.connect("live") as client:
            assert [len(result) for result in client.rescue().results] == [1]
        assert upstream.billed == 1


def test_what_differs_is_named_exactly_and_nothing_else(live: Callable[..., int]) -> None:
    def change(request: Request, answer: Any) -> None:
        output = answer.get("output", {})
        if output.get("task_status") == "SUCCEEDED":
            output["orig_prompt"] = "a house"
            output["choices"] = output["choices"] * 2
            answer["usage"]["image_count"] = float(answer["usage"]["image_count"])
            del answer["usage"]["size"]
            output["choices"][0]["finish_reason"] = "done"
        for row in answer.get("data", []) if isinstance(answer.get("data"), list) else []:
            row["gmt_create"] = str(row["gmt_create"])
        if "code" in answer:
            answer["error"] = {"type": "invalid"}

    with altered(of_json(change)) as upstream:
        assert live(upstream) == 0
    one = "query SUCCEEDED, several images"
    assert sorted(report()) == sorted(
        [
            "refusal: only live: error: object",
            "refusal: only live: error.type: another word",
            f"{one}: only live: output.orig_prompt: str",
            f"{one}: only mock: usage.size: str",
            f"{one}: only live: usage.image_count: float (known: int)",
            f"{one}: only live: output.choices[].finish_reason: another word (known: stop)",
            "list: only live: data[].gmt_create: str (known: int)",
        ]
    )


SECRETS = {
    "key": KEY,
    "signature": "c2lnbmF0dXJlLW9mLWEtbGluaw==",
    "account": "1329897167004455",
    "request": "b69b142f-26a7-94f1-ad5b-4ef87f325d26",
    "workspace": "ws-8f3kd92mz7",
    "hash": "3d723ccd294679c81934310f2b5e8d0a",
    "time": "2026-04-16 20:42:36.815",
    "millis": "1776343356703",
    "person": "someone@example.com",
    "link": "https://secret-bucket.oss.example.com/1d/22/x.png?Expires=1&Signature=abc%2B12",
    "word": "Tr0ub4dor",
}


def spill(value: Any) -> Any:
    """Put secrets into every object, as names and as values, and into every sentence."""
    if isinstance(value, list):
        return [spill(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    said = {name: spill(inner) for name, inner in value.items()}
    for name in ("message", "code", "text", "type", "role", "finish_reason", "size"):
        if isinstance(said.get(name), str) and name == "message":
            said[name] += " " + " ".join(f"{kind}={secret}, {secret}." for kind, secret in SECRETS.items())
    said |= {f"x_{number}": secret for number, secret in enumerate(SECRETS.values())}
    said |= {secret: number for number, secret in enumerate(SECRETS.values())}
    said["nested"] = {"deeper": [{"signature": SECRETS["signature"], "uid": int(SECRETS["account"])}]}
    said["caller_uid"] = int(SECRETS["account"])
    return said


def hostile(request: Request, response: Response) -> Response:
    headers = {f"x-secret-{number}": secret for number, secret in enumerate(SECRETS.values())}
    if "image/png" in response.headers.get("content-type", ""):
        data = response.body
        for kind, text in ((b"tEXt", SECRETS["account"]), (b"iTXt", KEY), (b"caBX", SECRETS["hash"])):
            data = data[:33] + chunk(kind, b"AIGC\0" + text.encode()) + data[33:]
        return replace(response, body=data + SECRETS["word"].encode())
    if "json" not in response.headers.get("content-type", ""):
        return response
    answer = spill(response.json())
    for one in (answer, answer.get("output"), answer.get("usage")):
        if isinstance(one, dict):
            one["code"] = f"Odd.{SECRETS['workspace']}" if "code" in one else SECRETS["word"]
    if response.status == 200:
        answer.pop("code")  # an error code in a good answer would end it
    return replace(response, headers={**headers, **response.headers}, body=json.dumps(answer).encode())


def leaks(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    return [kind for kind, secret in SECRETS.items() if secret in text]


def test_no_secret_of_a_hostile_service_reaches_a_file_even_for_a_moment(
    live: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pieces: list[tuple[str, bytes]] = []
    made = Path("made").absolute()

    def watched(place: Any, name: str) -> None:
        plain = getattr(place, name)

        def write(path: Path, content: Any, *more: Any, **options: Any) -> Any:
            if made in path.absolute().parents:
                pieces.append((str(path), content if isinstance(content, bytes) else content.encode()))
            return plain(path, content, *more, **options)

        monkeypatch.setattr(place, name, write)

    watched(Path, "write_text")
    watched(files, "write")
    with altered(hostile) as upstream:
        live(upstream, 3)
        assert upstream.billed == 3
    assert len(pieces) > 8
    for name, content in (*pieces, *written().items()):
        assert leaks(content) == [], name
        assert leaks(Path(name).name.encode()) == []
    said = capsys.readouterr()
    assert not {"key", "signature"} & {*leaks(said.out.encode()), *leaks(said.err.encode())}
    for name, content in written("wannb-runs").items():
        assert "key" not in leaks(content), name
    # What was blanked out is still said by name and type.
    assert "query SUCCEEDED, one image: only live: usage.x_0: str" in report()
    assert "query SUCCEEDED, one image: only live: output.caller_uid: int" in report()


# Interrupts


def interrupting(step: str) -> Callable[[App, Request], Response]:
    """Return a service whose answer at a step comes together with Ctrl-C."""
    left = [step]

    def between(app: App, request: Request) -> Response:
        kind = "download" if request.path.endswith(".png") else request.route[0]
        kind = "no task" if request.path.endswith(NO_TASK) else kind
        answer = app.handle(request)
        if kind in left and (kind != "create" or answer.status == 200):
            left.clear()
            os.kill(os.getpid(), signal.SIGINT)
        return answer

    return between


@pytest.mark.parametrize("step", ["list", "policy", "no task", "create", "query", "download"])
def test_what_an_interrupt_leaves_behind_is_named_and_rescued(
    step: str, live: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    app = App(task_seconds=0.0, rng=random.Random(1), keys={KEY})
    with MockServer(app, handles=Around(app, interrupting(step))) as upstream:
        assert live(upstream) == 1
        said = capsys.readouterr().err
        assert "Stopped." in said
        command = shlex.split(next(line for line in said.splitlines() if "wannb rescue" in line))
        assert command[:2] == ["wannb", "rescue"]
        billed = upstream.billed
        with wannb.connect("live", store=command[-1]) as client:
            found = client.rescue()
            assert sum(len(run.images) for run in client.runs()) == billed
        assert found.problems == ()
        assert (upstream.billed, billed) == (billed, int(step in ("create", "query", "download")))


@pytest.mark.parametrize("step", ["create", "download"])
def test_an_interrupted_recording_of_a_tutorial_leaves_its_paid_pictures(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    loader = SourceFileLoader("scripts_record", str(ROOT / "scripts" / "record"))
    script = module_from_spec(spec_from_loader("scripts_record", loader))  # type: ignore[arg-type]
    loader.exec_module(script)
    monkeypatch.setattr(script, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(script, "RUNS", tmp_path / "recorded-runs")
    monkeypatch.setattr(sys, "argv", ["record", "one", "--live", "--max-images", "2"])
    cell = nbformat.v4.new_code_cell(
        "import wannb\nclient = wannb.connect()\nclient.generate('x', size='768*768', seed=1)"
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "one.ipynb")
    app = App(task_seconds=0.0, rng=random.Random(1), keys={KEY})
    with MockServer(app, handles=Around(app, interrupting(step))) as upstream, monkeypatch.context() as own:
        own.setenv("DASHSCOPE_API_KEY", KEY)
        own.setenv("DASHSCOPE_HTTP_BASE_URL", upstream.base_url)
        for name in ("WANNB_MODE", "WANNB_STORE", "WANNB_THROUGH"):
            own.setenv(name, "")
        with pytest.raises(BaseException):  # noqa: B017, PT011
            script.main()
        command = next(line for line in capfd.readouterr().out.splitlines() if "wannb rescue" in line).split()
        own.setenv("WANNB_THROUGH", "")
        with wannb.connect("live", store=command[-1]) as client:
            client.rescue()
            assert [len(run.images) for run in client.runs()] == [1]
        assert upstream.billed == 1
