"""The command line does what the README says. `tests/project/test_wheel.py` starts it from a wheel."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from processes import needs_voila

from wannb import mock
from wannb.client import Client
from wannb.commands import jupyter
from wannb.commands.cli import main
from wannb.mock.__main__ import main as mock_main

ROOT = Path(__file__).parent.parent.parent


def test_runs_are_listed_and_searched(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    client.generate("a cat", size="768*768", seed=1)
    client.generate("a dog", size="768*768", seed=1)
    assert main(["runs", "dog", "--store", str(client.store.root)]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert re.search(r"done  1 image  mock, not billed  \d{8}-\d{6}-\w{12}  'a dog'", line)


def test_rescue_brings_what_was_cut_off(
    client: Client, server: mock.MockServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from wannb import ImageRequest

    client.submit(ImageRequest(prompt="a boat", size="768*768"))
    monkeypatch.setenv("WANNB_MODE", "mock")
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", server.base_url)
    assert main(["rescue", "--store", str(client.store.root)]) == 0
    assert capsys.readouterr().out == "1 image of 1 run saved\n"
    assert client.runs()[0].state == "done"


@pytest.mark.parametrize(
    ("command", "region", "says"),
    [
        ("rescue --store .", "mars", "WANNB_REGION='mars' is not one of 'singapore', 'beijing'"),
        ("runs --store nope", "", "there is no folder of runs at '.*nope'; --store names another"),
        ("rescue --store nope", "", "there is no folder of runs at '.*nope'; --store names another"),
        pytest.param("studio --language tlh", "", "language='tlh' is not one of .*zh.*", marks=needs_voila),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    command: str, region: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WANNB_REGION", region)
    assert main(command.split()) == 1
    assert re.fullmatch(f"wannb: {says}\n", capsys.readouterr().err)


def test_without_a_command_the_commands_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["lab", "studio"])
def test_the_folder_and_the_budget_of_a_command_are_those_of_its_kernels(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("WANNB_STORE", "WANNB_BUDGET"):
        monkeypatch.setenv(name, "")
    seen: list[str | None] = []

    def serve(*args: object, **options: object) -> int:
        seen.extend(os.environ.get(name) for name in ("WANNB_STORE", "WANNB_BUDGET"))
        return 0

    monkeypatch.setattr(jupyter, command, serve)
    assert main([command, "--store", "mine", "--budget", "5"]) == 0
    assert seen == [str(tmp_path / "mine"), "5"]


KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize(
    "command",
    [
        *("{}", "runs {}", "runs --store {}", "rescue --store={}", "tidy {}", "doctor {}", "lab --folder {}"),
        *("studio --language {}", "studio --theme {}", "lab -- --IdentityProvider.token={}", "mock {}"),
        *("mock --scenario {}", "mock --replay {}", "mock --record x --upstream https://host/v1?key={}"),
        *("mock --record live {}", "mock --record live --max-images {}", "mock --record {}"),
    ],
)
def test_a_key_is_no_argument_and_is_not_shown(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every user of the machine can read the arguments of a command."""
    assert main(command.format(KEY).split()) == 2
    shown = capsys.readouterr()
    assert KEY not in shown.out + shown.err
    assert "Set DASHSCOPE_API_KEY" in shown.err
    if command.startswith("mock") and "live" not in command:
        assert mock_main(command.format(KEY).split()[1:]) == 2
        shown = capsys.readouterr()
        assert (KEY in shown.out + shown.err, "API key" in shown.err) == (False, True)
    assert not list(Path.cwd().iterdir())


def test_in_a_checkout_the_tutorials_are_opened_where_they_are() -> None:
    assert jupyter.copy_tutorials(None) == (ROOT / "notebooks", [])


def test_a_tutorial_that_was_changed_is_never_written_over(tmp_path: Path) -> None:
    folder, notes = jupyter.copy_tutorials(tmp_path / "mine")
    assert sorted(path.name for path in folder.glob("*.ipynb")) == sorted(
        path.name for path in (ROOT / "notebooks").glob("*.ipynb")
    )
    changed, outdated = folder / "01-text-to-image.ipynb", folder / "02-image-editing.ipynb"
    changed.write_text("mine")
    record = folder / ".wannb-tutorials.json"
    old = jupyter._hash(b"an older version")
    outdated.write_bytes(b"an older version")
    record.write_text(re.sub(r'("02-image-editing.ipynb": )"\w+"', rf'\1"{old}"', record.read_text()))
    folder, notes = jupyter.copy_tutorials(tmp_path / "mine")
    assert changed.read_text() == "mine"
    assert outdated.read_bytes() == (ROOT / "notebooks" / outdated.name).read_bytes()
    assert "01-text-to-image.ipynb" in notes[1]


def test_only_the_tutorials_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "notebooks", checkout / "notebooks", ignore=shutil.ignore_patterns("recordings"))
    (checkout / "pyproject.toml").touch()
    for name in ("my-notes.md", "Untitled.ipynb", "01-text-to-image-Copy1.ipynb", "04-boxes-of-mine.ipynb"):
        (checkout / "notebooks" / name).write_text("mine")
    monkeypatch.setattr(jupyter, "_PACKAGE", checkout / "wannb")
    folder, _ = jupyter.copy_tutorials(tmp_path / "copy")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [".wannb-tutorials.json", "README.md", *(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))]
    )


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").touch()
    assert main(["lab", "--folder", str(tmp_path / "taken")]) == 1
    says = rf"wannb: cannot copy the tutorials to '{tmp_path}/taken': .*exists; --folder names another place\n"
    assert re.fullmatch(says, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "No key: they use the mock server. Nothing is sent out and nothing is billed."),
        ({"WANNB_MODE": "mock"}, "The mode is mock: they use the mock server. Nothing is sent out and nothing is"),
        ({"DASHSCOPE_API_KEY": "sk-1"}, "Live at dashscope-intl.aliyuncs.com: every image that comes back is billed."),
        ({"QWENCLOUD_API_KEY": "sk-1"}, "The key is that in QWENCLOUD_API_KEY."),
        ({"DASHSCOPE_KEY": "sk-1"}, "DASHSCOPE_KEY is not read. If it holds a Model Studio key,"),
        ({"WANNB_MODE": "mock", "DASHSCOPE_API_KEY": "sk-1"}, "The key in DASHSCOPE_API_KEY is not used"),
    ],
)
def test_the_first_message_says_whether_there_is_a_key(
    environment: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with jupyter._environment("they use"):
        assert says in capsys.readouterr().out
