"""The doctor says what it finds, what to do, and nothing of a key; it raises nothing and sends nothing unasked."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from journals import change

import wannb
from wannb import mock
from wannb.client import Client
from wannb.commands.cli import main
from wannb.figures import fonts
from wannb.runs import Store
from wannb.runs import store as ledger_store
from wannb.service import Pace, endpoint
from wannb.service.prices import Money
from wannb.tools import doctor as module
from wannb.tools.doctor import CHECKS, Checkup, doctor

KEY = "sk-" + "0a1b2c3d4e5f" * 3
NAMES = [
    "front end",
    "kernel",
    "packages",
    "key",
    "service",
    "limits",
    "budget",
    "store",
    "locks",
    "clock",
    "language",
    "extras",
]
#: The slow check, which only its own test needs.
FONTS = CHECKS["fonts"]


@pytest.fixture(autouse=True)
def without_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKS, "fonts", lambda setting: iter(()))


def everything(found: Checkup) -> str:
    return "\n".join([repr(found), found._repr_html_(), json.dumps(found.as_dict())])


def line(name: str) -> module.Line:
    """Return the only line of a check of this machine."""
    [found] = CHECKS[name](module._Setting(given=None, client=None, online=False))
    return found


def test_without_a_key_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    found = doctor()
    assert [line.name for line in found.lines] == NAMES
    assert found.ok
    assert found["key"].says == "none"
    assert "DASHSCOPE_API_KEY" in found["key"].do
    assert "mock server" in found["service"].says
    assert "created by the first run" in found["store"].says
    assert not Path("wannb-runs").exists(), "a check creates nothing"
    assert "5 submits a second, 5 running tasks of a model, 20 queries a second" in found["limits"].says
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.startswith("wannb ")
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    with pytest.raises(KeyError):
        found["nothing"]


@pytest.mark.parametrize("place", ["DASHSCOPE_API_KEY", "~/.dashscope/api_key"])
def test_the_place_of_a_key_is_said_and_the_key_never(
    place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".dashscope" / "api_key"
    if place.startswith("~"):
        file.parent.mkdir()
        file.write_text(KEY)
        file.chmod(0o600)
    else:
        monkeypatch.setenv(place, KEY)
    monkeypatch.setenv("DASHSCOPE_WORKSPACE_ID", "ws-1234")
    monkeypatch.setenv("WANNB_REGION", "beijing")
    found = doctor()
    assert (found["key"].state, found["key"].says) == ("ok", f"yes, in {place}")
    assert found["service"].says.startswith("live at ws-1234.cn-beijing.maas.aliyuncs.com: every image")
    assert found["region"].says.startswith("beijing, with a workspace")
    assert not re.search(rf"{KEY}|{KEY[3:12]}|{KEY[-6:]}", everything(found))
    if place.startswith("~"):
        file.chmod(0o644)
        assert doctor()["key"].do == f"chmod 600 {place}"
    monkeypatch.setenv("WANNB_MODE", "mock")
    assert "not used here" in doctor()["key"].says


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DASHSCOPE_API_KEY", f"{KEY} {KEY}", "key: .*API key"),
        ("WANNB_MODE", "life", "settings: .*'life' is not"),
        ("WANNB_MODE", "live", "settings: .*needs a key"),
        ("WANNB_REGION", "mars", "settings: WANNB_REGION='mars' is not one of"),
        ("WANNB_LANGUAGE", "klingon", "settings: WANNB_LANGUAGE='klingon' is not one of"),
        ("WANNB_STORE", __file__, "store: .* is a file"),
        ("WANNB_STORE", "/proc/none", "store: cannot write to"),
    ],
)
def test_a_wrong_setting_comes_with_advice(name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    found = doctor()
    assert re.search(f"WRONG {says}", repr(found))
    assert all(line.do for line in found.wrong)
    assert KEY not in everything(found)
    assert main(["doctor"]) == 1


def test_the_client_and_its_runs_are_checked(client: Client) -> None:
    client.generate("a cat", size="768*768", seed=1)
    client.submit(wannb.ImageRequest(prompt="a dog", size="768*768"))
    client.budget = Money(amount=2, currency="USD")  # type: ignore[arg-type]
    found = doctor(client)
    assert found.ok, found
    assert found["service"].says.startswith("a mock server at http://127.0.0.1:")
    assert found["budget"].says == "2.00 USD; the mock server bills nothing (so far, live: 0.15 USD)"
    assert found["store"].says.startswith(str(client.store.root))
    assert "two kernels may share" in found["locks"].says
    assert found["runs"].says == "2, of which 1 have not ended"
    assert "client.rescue()" in found["runs"].do
    assert not list(client.store.root.glob("**/*doctor*"))


def test_the_client_gives_the_language(client: Client) -> None:
    client.language = "zh"
    found = doctor(client)
    shown = repr(found) + found._repr_html_()
    assert "模拟服务器" in shown
    assert "预算" in shown
    assert not re.search(r"mock server|budget|what to do|GB free", shown)
    assert "mock server" in found["service"].says, "as data it is one text in every language"


def test_damaged_runs_and_runs_of_the_future_are_named(client: Client) -> None:
    for seed in (1, 2):
        client.generate("a cat", size="768*768", seed=seed)
    first, second = (run.folder for run in client.runs())
    change(first, created="2099-01-01T00:00:00Z")
    (second / "run.jsonl").write_text("{")
    found = doctor(client)
    assert not found.ok
    assert found["damaged runs"].says == second.name
    assert "2099-01-01T00:00:00Z" in found["newest run"].says


def no_lock(timeout: float) -> None:
    raise OSError(37, "No locks available")


def test_a_folder_without_locks_is_noticed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.store.root.mkdir()
    monkeypatch.setattr(ledger_store, "FileLock", lambda *_, **__: SimpleNamespace(acquire=no_lock))
    found = doctor(client)["locks"]
    assert found.state == "wrong"
    assert "No locks available" in found.says
    assert found.do


def test_a_full_disk_and_a_folder_on_the_network_are_noticed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50e6))
    assert doctor(client)["store"].state == "wrong"
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50e9))
    monkeypatch.setattr(module, "_file_system", lambda _: "nfs4")
    assert "on a nfs4 file system" in doctor(client)["store"].says


def test_a_clock_that_was_never_set_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 0.0, strftime=time.strftime, gmtime=time.gmtime))
    assert doctor()["clock"].state == "wrong"


# Online


def asked(server: mock.MockServer, store: Store, *, online: bool = True) -> Checkup:
    place = endpoint.live(region="singapore", base_url=server.base_url)
    with Client(place, KEY, store, pace=Pace(retry_seconds=0.1)) as client:
        return doctor(client, online=online)


def test_the_service_is_asked_once_and_only_online(server: mock.MockServer, store: Store) -> None:
    assert asked(server, store, online=False).ok
    assert len(server.log) == 0
    found = asked(server, store)
    assert [entry.method for entry in server.log] == ["GET"]
    assert found.ok, found
    assert found["answer"].says == "127.0.0.1 accepts the key"
    assert found["clock"].says.endswith("same as the service's")
    assert KEY not in everything(found)


def test_a_clock_far_from_the_services_is_wrong(server: mock.MockServer, store: Store) -> None:
    server.advance(hours=2)
    found = asked(server, store)
    assert found["clock"].state == "wrong"
    assert re.search(r" 7\d\d\d seconds behind the service's", found["clock"].says)


@pytest.mark.parametrize(("status", "code"), [(401, "InvalidApiKey"), (429, "Arrearage")])
def test_a_refused_key_comes_with_advice(
    server: mock.MockServer, status: int, code: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise wannb.errors.api_error(code, f"not {KEY}", status=status)

    monkeypatch.setattr(module.Transport, "tasks", refuse)
    found = asked(server, store)
    assert found["answer"].state == "wrong"
    assert found["answer"].do
    assert KEY not in everything(found)


def test_a_service_out_of_reach_is_noticed(store: Store) -> None:
    with mock.serve() as server:
        pass
    assert "was not reached" in asked(server, store)["answer"].says
    assert "no question was sent" in doctor(online=True)["answer"].says


# The machine


def test_old_and_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = ["httpx>=99", "pillow>=11", "no-such-package", 'jupyterlab>=4; extra == "lab"', 'nope; extra == "judge"']
    monkeypatch.setattr(module, "requires", lambda _: [*needs, 'old-python; python_version < "3"'])
    assert re.fullmatch(r"httpx is [\d.]+, needs >=99; no-such-package is missing", line("packages").says)
    assert line("packages").state == "wrong"
    assert line("extras").says.startswith("installed: lab; not installed: studio")
    assert line("extras").do == 'if wanted: pip install "wannb[studio,judge,slides]"'


@pytest.mark.parametrize(
    ("environment", "names", "says"),
    [
        ({}, {}, "a kernel that no Jupyter server started"),
        ({"JPY_SESSION_NAME": "a.ipynb"}, {}, "a Jupyter server, with JupyterLab or Notebook 7"),
        ({"SERVER_SOFTWARE": "voila/0.5.13"}, {}, "Voilà"),
        ({"COLAB_RELEASE_TAG": "x"}, {}, "Colab"),
        ({"KAGGLE_KERNEL_RUN_TYPE": "x"}, {}, "Kaggle"),
        ({}, {"__vsc_ipynb_file__": "a"}, "VS Code"),
    ],
)
def test_the_front_end_is_named(
    environment: dict[str, str], names: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ipython: Any = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object(), user_ns=names)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert line("front end").says.startswith(says)
    assert "not running here" not in line("kernel").says


def test_in_a_terminal_results_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert line("front end").says.endswith("results show as text")


def test_fonts_are_named_or_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKS, "fonts", FONTS)
    monkeypatch.setattr(fonts, "_candidates", lambda text: [])
    assert line("fonts").says == "Latin: DejaVu Sans; Chinese: no complete font"
    assert "fonts-noto-cjk" in line("fonts").do


def test_a_check_that_fails_says_so_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"a secret {KEY}")

    for name in CHECKS:
        monkeypatch.setitem(CHECKS, name, fail)
    found = doctor(online=True)
    assert [line.name for line in found.lines] == list(CHECKS)
    assert {line.says for line in found.lines} == {"could not be checked (RuntimeError)"}
    assert KEY not in everything(found)


def test_it_shows_itself_in_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANNB_REGION", "<b>")
    page = doctor()._repr_html_()
    assert "✗ wrong" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert not re.search("<script|https?:", page)
