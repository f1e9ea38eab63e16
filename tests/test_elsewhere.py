"""What breaks on Windows and macOS, simulated here: names, long paths, text modes, consoles, renames, missing calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from conftest import small

import wannb
from wannb.client import Client
from wannb.commands.cli import main

#: Run before a program: the same Python, with what another system has not, and refuses.
SYSTEM = r"""
import builtins, io, os, re, sys

for name in ("fork", "forkpty", "register_at_fork", "getuid", "geteuid", "killpg", "setsid", "mkfifo"):
    if hasattr(os, name):
        delattr(os, name)

# Modules of POSIX are missing, for us and for what locks our folders.
real_import = builtins.__import__
def imported(name, globals=None, *more, **named):
    if name in ("fcntl", "grp", "pwd", "resource", "termios") and (globals or {}).get("__name__", "").startswith(
        ("wannb", "filelock")
    ):
        raise ImportError(name)
    return real_import(name, globals, *more, **named)
builtins.__import__ = imported

# Text is written in the console's encoding and with two characters at the end of a line, unless one says otherwise.
real_open = io.open
def opened(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, *more, **named):
    if "b" not in mode:
        encoding = "cp1252" if encoding in (None, "locale") else encoding
        newline = "\r\n" if newline is None and set(mode) & set("wxa+") else newline
    return real_open(file, mode, buffering, encoding, errors, newline, *more, **named)
builtins.open = io.open = opened

# No links, and a scanner that holds each new file for a moment.
def refused(*arguments, **named):
    raise OSError(1, "A required privilege is not held by the client")
os.link = os.symlink = refused
real_replace, held = os.replace, set()
def replace(source, target, **named):
    if str(target) not in held:
        held.add(str(target))
        raise PermissionError(13, "Access is denied", str(source), 5, str(target))
    real_replace(source, target, **named)
os.replace = os.rename = replace

# Names that the system keeps for itself or cannot write, and whole paths of 260 characters.
HERE = os.getcwd() + os.sep
TYPICAL = len("C:\\Users\\A long name of a person\\Documents\\my project\\")
BAD = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d) *(?:\..*)?$', re.I)
def looked(event, arguments):
    if event in ("open", "os.mkdir", "os.rename", "os.listdir"):
        for path in arguments[: 2 if event == "os.rename" else 1]:
            inner = os.path.abspath(os.fsdecode(path)) if isinstance(path, (str, bytes)) else ""
            if inner.startswith(HERE):
                inner = inner[len(HERE) :]
                if TYPICAL + len(inner) > 259 or any(map(BAD.search, inner.split(os.sep))):
                    raise OSError(22, f"The filename, directory name, or volume label syntax is incorrect: {inner}")
sys.addaudithook(looked)
"""

#: What is looked at as text.
TEXTS = (".json", ".jsonl", ".csv", ".md", ".py", ".html")
#: A person's work. Its prompts are names that no file may have.
WORK = r"""
import warnings
warnings.filterwarnings("ignore", "only soft file lock")
import wannb
from PIL import Image
from pictures import quick_picture
from wannb.mock import drawing

drawing.draw = quick_picture
Image.new("RGB", (600, 400), "teal").save("photo.png")
with wannb.connect("mock", language="zh", store="runs") as client:
    result = client.generate('\u82b1\u5e97 "CON": a/b? <x>|*', size="768*768", n=2, seed=1)
    print(result)
    edited = client.edit("aux", "photo.png", size="768*768", seed=1)
    again = client.edit("nul.", ["photo.png", edited[0]], size="768*768", seed=2)
    result[0].save("kept")
    assert wannb.recall(result[0].path).prompt == result.request.prompt
    prompts = ["aux", "AUX", "con. ", "a/b:c?", "\u82b1", "x" * 300 + " y" * 300]
    plan = wannb.sweep(client, prompt=prompts, size="768*768", seed=7, model="wan2.7-image").run()
    print(plan.save("study", title="CON: \u82b1?"))
    assert len(wannb.Plan.open("study").results()) == len(prompts)
    board = wannb.Storyboard(client, ["aux", "AUX", "com1: \u82b1 -> \u8336"], name="\u82b1 1", size="768*768").run()
    for ending in ("zip", "html"):
        print(board.save(f"board.{ending}"))
    judging = wannb.judge({"aux": [edited], "AUX": [again]}, judge="aux")
    judging.press("left")
    print(judging.save("judging.html"))
    judging.close()
    assert client.rescue().problems == ()
with wannb.connect("mock", store="runs") as client:
    assert client.generate(result.request.prompt, size="768*768", n=2, seed=1).reused
    print(wannb.storyboards(client))
"""


def test_a_persons_work_is_done_on_another_system(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "work.py").write_text(f"{SYSTEM}\n{WORK}", "utf-8")
    path = os.pathsep.join([os.environ["PYTHONPATH"], str(Path(__file__).parent)])
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONPATH": path}
    command = [sys.executable, "-W", "error", str(tmp_path / "work.py")]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode("cp1252")
    assert done.stderr == b""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 60
    names = [unicodedata.normalize("NFD", str(path.relative_to(folder))).casefold() for path in files]
    assert len(set(names)) == len(names), "no two are one where capitals do not count, and accents stand apart"
    written = {path: path.read_bytes() for path in files if path.suffix in TEXTS}
    assert set(TEXTS) == {path.suffix for path in written}
    # A table ends its lines by two characters on every system, as its format says.
    ends = {path: data.replace(b"\r\n", b"\n") if path.suffix == ".csv" else data for path, data in written.items()}
    assert [path.name for path, data in ends.items() if b"\r" in data] == []
    for data in written.values():
        data.decode("utf-8")


# Files that went through Windows, or through git there: every line ends by two characters


def windows(path: Path) -> Path:
    """Give a text file the ends of lines that Windows writes."""
    content = path.read_bytes()
    assert b"\r" not in content
    assert b"\n" in content
    path.write_bytes(content.replace(b"\n", b"\r\n"))
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prompts.txt", "a cat\n\n\u82b1\u5e97\n"),
        ("prompts.csv", 'prompt,seed\na cat,1\n"a dog, wet",2\n'),
        ("prompts.tsv", "prompt\tseed\na cat\t1\n"),
        ("prompts.jsonl", '{"prompt": "a cat"}\n\n{"prompt": "two\u2028lines"}\n'),
        ("prompts.json", '[\n{"prompt": "a cat"},\n{"prompt": "\u82b1"}\n]\n'),
    ],
)
def test_a_list_of_prompts_is_the_same(name: str, text: str, client: Client, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8", newline="\n")
    plain = [cell.request for cell in wannb.sweep(client, prompt=wannb.prompts(file)).cells]
    assert len(plain) >= 1
    assert [cell.request for cell in wannb.sweep(client, prompt=wannb.prompts(windows(file))).cells] == plain


@pytest.mark.parametrize(
    "text",
    ["A cat wakes\nIt goes out\n", "one\ntwo\n\nthree\n", "text,seconds\nA cat,2\nA dog,3\n",
     "Title: Cats\n\nEXT. GARDEN - DAY\n\nA cat sleeps.\n\nCAT\nHello.\n", "| text |\n|---|\n| A cat |\n"],
)  # fmt: skip
def test_a_script_is_the_same(text: str, tmp_path: Path) -> None:
    file = tmp_path / "script.txt"
    file.write_text(text, "utf-8", newline="\n")
    plain = wannb.scenes(file)
    assert plain
    again = wannb.scenes(windows(file))
    assert (list(again), again.kind, again.title) == (list(plain), plain.kind, plain.title)


def test_runs_boards_and_verdicts_are_read_again(client: Client, tmp_path: Path) -> None:
    first, other = client.run(small()), client.run(small(2))
    board = wannb.Storyboard(client, ["a", "b"], name="fox", size="768*768").run()
    judging = wannb.judge({"A": [first], "B": [other]}, judge="me", file=tmp_path / "me.jsonl")
    judging.press("left")
    judging.close()
    files = [*client.store.root.rglob("*.jsonl"), tmp_path / "me.jsonl"]
    assert len(files) == 5
    for file in files:
        windows(file)
    with Client(client.service, "sk-mock", type(client.store)(client.store.root)) as again:
        assert again.run(small()).run_id == first.run_id
        assert again.rescue().problems == ()
        opened = wannb.Storyboard.open(again, "fox")
        assert [frame.run_id for frame in opened.frames] == [frame.run_id for frame in board.frames]
    assert wannb.scores(tmp_path / "me.jsonl").verdicts == 1
    continued = wannb.judge({"A": [first], "B": [other]}, judge="me", file=tmp_path / "me.jsonl")
    assert continued.number == 1
    continued.close()


def test_a_notebook_is_tidied(tmp_path: Path) -> None:
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Cats"]}
    file = tmp_path / "a.ipynb"
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
    file.write_text(f"{text}\n", "utf-8", newline="\n")
    assert main(["tidy", "--check", str(windows(file))]) == 0


# Texts


@pytest.mark.parametrize(
    "path",
    [
        r"C:\Users\x\cat.png",
        "C:/Users/x/cat.png",
        "c:cat.png",
        r"\\server\share\cat.png",
        r"..\cat.png",
        "D:\\\u732b.png",
    ],
)
def test_a_path_with_a_drive_is_a_path_and_no_link(path: str) -> None:
    [problem] = wannb.ImageRequest(prompt="a", images=path).problems()
    assert f"no file {path!r} from folder" in str(problem)


@pytest.mark.parametrize("command", [["runs", "--store", "runs"], ["mock", "--record", "live", "--max-images", "1"]])
def test_a_console_that_cannot_write_chinese_shows_question_marks(command: list[str], tmp_path: Path) -> None:
    """What a live recording was refused with may be Chinese, and by then it is paid for."""
    code = f"""
import wannb
from wannb.commands import cli, record_live
with wannb.connect("mock", store="runs") as client:
    client.submit(wannb.ImageRequest(prompt="\u82b1", size="768*768"))
record_live.main = lambda arguments: print("'\u82b1'") or 0
raise SystemExit(cli.main({command}))
"""
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"'?'" in done.stdout
