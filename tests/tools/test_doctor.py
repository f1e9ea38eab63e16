"""The doctor says how things stand, what to do, and nothing of a key; nothing of it raises."""

from __future__ import annotations

import json
import os
import re
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
from wannb.figures import fonts as typeset
from wannb.ledger.store import Store
from wannb.service import endpoint as service
from wannb.service.limits import Pace
from wannb.service.prices import Money
from wannb.tools.doctor import Checkup, Line, account, doctor, folder, machine

KEY = "sk-" + "0a1b2c3d4e5f" * 3
NAMES = ["front end", "kernel", "packages", "key", "service", "limits", "budget", "store", "clock", "language", "fonts"]
#: Kept, since the tests put another in its place.
fonts_of_this_machine = machine.fonts


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what is the same for every test and slow."""
    monkeypatch.setattr(machine, "fonts", lambda: Line(name="fonts", state="ok", says=""))


def everything(found: Checkup) -> str:
    return "\n".join([repr(found), found._repr_html_(), json.dumps(found.as_dict())])


def states(found: Checkup, *names: str) -> list[str]:
    return [found[name].state for name in names]


def test_without_anything_it_says_so_and_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    found = doctor()
    assert [line.name for line in found.lines][:11] == NAMES
    assert found.ok
    assert found["key"].says == "no"
    assert "DASHSCOPE_API_KEY" in found["key"].do
    assert "bundled mock server" in found["service"].says
    assert "made with the first run" in found["store"].says
    assert not Path("wannb-runs").exists(), "looking makes nothing"
    assert "5 submits a second, 5 tasks of a model at once, 20 queries a second" in found["limits"].says
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.startswith("wannb ")
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


@pytest.mark.parametrize("place", ["DASHSCOPE_API_KEY", "~/.dashscope/api_key"])
def test_a_key_is_said_to_be_there_and_where_and_never_shown(
    place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if place.startswith("~"):
        (tmp_path / ".dashscope").mkdir()
        file = tmp_path / ".dashscope" / "api_key"
        file.write_text(KEY)
        file.chmod(0o600)
    else:
        monkeypatch.setenv(place, KEY)
    monkeypatch.setenv("DASHSCOPE_WORKSPACE_ID", "ws-1234")
    monkeypatch.setenv("WANNB_REGION", "beijing")
    found = doctor()
    assert (found["key"].state, found["key"].says) == ("ok", f"yes, in {place}")
    assert found["service"].says.startswith("live at ws-1234.cn-beijing.maas.aliyuncs.com: every image")
    assert found["region"].says.startswith("beijing; workspace: yes")
    assert not re.search(rf"{KEY}|{KEY[3:12]}|{KEY[-6:]}", everything(found))
    if place.startswith("~"):
        file.chmod(0o644)
        assert doctor()["key"].do == f"chmod 600 {place}"
    monkeypatch.setenv("WANNB_MODE", "mock")
    assert "not used here" in doctor()["key"].says


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DASHSCOPE_API_KEY", f"{KEY} {KEY}", "key: the API key is not text, or holds spaces"),
        ("WANNB_MODE", "life", "settings: WANNB_MODE='life' is not"),
        ("WANNB_MODE", "live", "settings: WANNB_MODE is live and no key was found"),
        ("WANNB_REGION", "mars", "settings: region='mars' is not one of"),
        ("WANNB_LANGUAGE", "klingon", "language: language='klingon' is not one of"),
        ("WANNB_STORE", __file__, "store: .* is a file"),
        ("WANNB_STORE", "/proc/none", "store: .* cannot be written to"),
    ],
)
def test_a_wrong_setting_is_told_with_what_to_do(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    found = doctor()
    assert re.search(f"WRONG {says}", repr(found))
    assert all(line.do for line in found.wrong)
    assert KEY not in everything(found)
    assert main(["doctor"]) == 1


def test_a_client_tells_of_itself_and_of_its_runs(client: Client) -> None:
    client.generate("a cat", size="768*768", seed=1)
    client.submit(wannb.ImageRequest(prompt="a dog", size="768*768"))
    client.budget = Money(amount=2, currency="USD")  # type: ignore[arg-type]
    found = doctor(client)
    assert found.ok, found
    assert found["service"].says.startswith("a mock server at http://127.0.0.1:")
    assert found["budget"].says == "2.00 USD; spent so far: 0.15 USD"
    assert found["store"].says.startswith(str(client.store.root))
    assert found["locks"].says == "work: two kernels may share the folder"
    assert found["runs"].says == "2 runs, 1 of them not at an end"
    assert "client.rescue()" in found["runs"].do
    assert not list(client.store.root.glob("**/*doctor*"))


def test_damaged_runs_and_runs_of_tomorrow_are_told(client: Client) -> None:
    for seed in (1, 2):
        client.generate("a cat", size="768*768", seed=seed)
    first, second = (run.folder for run in client.runs())
    change(first, created="2099-01-01T00:00:00Z")
    (second / "run.jsonl").write_text("{")
    found = doctor(client)
    assert not found.ok
    assert found["damaged runs"].says == second.name
    assert found["newest run"].says == "lies in the future: 2099-01-01T00:00:00Z"


def test_locks_that_keep_nobody_out_are_noticed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import filelock

    class Nothing:
        def __init__(self, *_: Any, **__: Any) -> None: ...
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...
        def acquire(self) -> None: ...
        def release(self) -> None: ...

    class Refusing(Nothing):
        def __enter__(self) -> None:
            raise OSError(37, "No locks available")

    store.root.mkdir()
    monkeypatch.setattr(filelock, "FileLock", Nothing)
    assert "could not be shown" in folder._locks(store.root).says
    monkeypatch.setattr(filelock, "FileLock", Refusing)
    assert folder._locks(store.root).says == "do not work in this folder: No locks available"


def test_a_full_disk_and_a_folder_on_the_network_are_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder.shutil, "disk_usage", lambda _: SimpleNamespace(free=50e6))
    assert next(folder.store(store)).state == "wrong"
    monkeypatch.setattr(folder.shutil, "disk_usage", lambda _: SimpleNamespace(free=50e9))
    monkeypatch.setattr(folder, "_file_system", lambda _: "nfs4")
    assert "of kind nfs4" in next(folder.store(store)).says


def test_a_clock_that_was_never_set_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "time", SimpleNamespace(time=lambda: 0.0, strftime=time.strftime, gmtime=time.gmtime))
    assert doctor()["clock"].state == "wrong"


# Online


def asked(server: mock.MockServer, store: Store) -> Checkup:
    place = service.live(region="singapore", base_url=server.base_url)
    with Client(place, KEY, store, pace=Pace(retry_seconds=0.1)) as client:
        return doctor(client, online=True)


def test_only_when_asked_the_service_is_asked_once(server: mock.MockServer, store: Store) -> None:
    place = service.live(region="singapore", base_url=server.base_url)
    with Client(place, KEY, store) as client:
        assert doctor(client).ok
    assert len(server.log) == 0
    found = asked(server, store)
    assert [entry.method for entry in server.log] == ["GET"]
    assert found.ok, found
    assert found["answer"].says == "127.0.0.1 accepts the key"
    assert found["clock"].says.endswith("as the service's")
    assert KEY not in everything(found)


def test_a_clock_far_from_the_services_is_wrong(server: mock.MockServer, store: Store) -> None:
    server.advance(hours=2)
    found = asked(server, store)
    assert found["clock"].state == "wrong"
    assert re.search(r" 7\d\d\d seconds behind the service's", found["clock"].says)


@pytest.mark.parametrize(("status", "code"), [(401, "InvalidApiKey"), (429, "Arrearage")])
def test_a_key_that_is_refused_is_told(status: int, code: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from wannb.errors import api_error
    from wannb.service.api import Transport

    def refuse(*_: Any, **__: Any) -> None:
        raise api_error(code, f"not {KEY}", status=status)

    monkeypatch.setattr(Transport, "tasks", refuse)
    with mock.serve() as server:
        found = asked(server, store)
    assert found["answer"].state == "wrong"
    assert found["answer"].do
    assert KEY not in everything(found)


def test_a_service_that_is_not_reached_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with mock.serve() as server:
        pass
    found = asked(server, store)
    assert "was not reached" in found["answer"].says
    assert "nobody was asked" in doctor(online=True)["answer"].says


# The machine


def test_versions_that_are_too_old_or_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = ["httpx>=99", "pillow>=11", "no-such-package", 'jupyterlab>=4; extra == "lab"', 'nope; extra == "judge"']
    monkeypatch.setattr(machine, "requires", lambda _: [*needs, 'old-python; python_version < "3"'])
    [line] = machine.packages()
    assert re.fullmatch(r"httpx is [\d.]+, needed is >=99; no-such-package is missing", line.says)
    assert line.state == "wrong"
    extras = machine.extras()
    assert extras.says.startswith("here: lab; not here: studio")
    assert extras.do == 'if wanted: pip install "wannb[studio,judge,slides]"'


class Shell:
    """What IPython's `get_ipython()` gives in a kernel."""

    def __init__(self, **names: Any) -> None:
        self.user_ns = names
        self.kernel = object()


@pytest.mark.parametrize(
    ("environment", "names", "parent", "says"),
    [
        ({}, {}, "", "unsure: a kernel that no Jupyter server started"),
        ({"JPY_SESSION_NAME": "a.ipynb"}, {}, "", "unsure: a Jupyter server, so JupyterLab or Notebook 7"),
        ({"JPY_SESSION_NAME": "a.ipynb"}, {}, "python jupyter-lab", "unsure: a server that was started as JupyterLab"),
        ({}, {}, "python jupyter-notebook", "unsure: a server that was started as Notebook 7"),
        ({"SERVER_SOFTWARE": "voila/0.5.13"}, {}, "", "Voilà"),
        ({"COLAB_RELEASE_TAG": "x"}, {}, "", "Colab"),
        ({"KAGGLE_KERNEL_RUN_TYPE": "x"}, {}, "", "Kaggle"),
        ({"VSCODE_PID": "1"}, {}, "", "unsure: VS Code"),
        ({}, {"__vsc_ipynb_file__": "a"}, "", "VS Code"),
    ],
)
def test_the_front_end_is_named_and_what_is_unsure_said_to_be(
    environment: dict[str, str], names: dict[str, str], parent: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("VSCODE", "JPY_", "COLAB", "SERVER_", "KAGGLE"))]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    module: Any = ModuleType("IPython")
    module.get_ipython = lambda: Shell(**names)
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setattr(machine, "_parent_command", lambda: set(parent.split()))
    assert machine.front_end().says.startswith(says)
    assert "not running here" not in machine.kernel().says


def test_in_a_terminal_it_says_that_results_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    for name in [name for name in os.environ if name.startswith(("COLAB", "KAGGLE"))]:
        monkeypatch.delenv(name)
    assert machine.front_end().says == "a plain Python, no notebook: results show as text"


def test_fonts_are_named_or_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "_candidates", lambda text: [])
    line = fonts_of_this_machine()
    assert line.says == "Latin: DejaVu Sans; Chinese: no font has all of it"
    assert "fonts-noto-cjk" in line.do


def test_a_check_that_stumbles_says_so_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [(machine, name) for name in ("front_end", "kernel", "packages", "fonts", "extras")]
    checks += [(account, name) for name in ("key", "destination", "limits", "clock", "language")]

    def stumble(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"a secret {KEY}")

    for module, name in [*checks, (folder, "store")]:
        monkeypatch.setattr(module, name, stumble)
    found = doctor(online=True)
    assert len(found.lines) == 11
    assert {line.says for line in found.lines} == {"could not be found out (RuntimeError)"}
    monkeypatch.setattr(account, "setting_of", stumble)
    assert doctor()["settings"].says == "could not be found out (RuntimeError)"
    assert KEY not in everything(found)


def test_it_shows_itself_in_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANNB_REGION", "<b>")
    page = doctor()._repr_html_()
    assert "✗ wrong" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert not re.search("<script|https?:", page)
    with pytest.raises(KeyError):
        doctor()["nothing"]
