"""Errors as a notebook shows them: the sentence under the caller's own frame, and everything on demand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import isolation
import nbformat
import pytest
from nbclient import NotebookClient
from talkative import KEYS, LINK, SIGNED

import wannb
from wannb import errors, mock

#: Lines of `InvalidRequest` with one problem: a rule, the head, the cell, what breaks which rule.
MOST = 14
PUBLIC = sorted(
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.WannbError) and not name.startswith("_")
)

START = """
import os, signal, threading, time
from unittest.mock import Mock
import wannb
from wannb import errors
from wannb.client import Client
from wannb.request import PRO
from wannb.service import Clock, Pace
from wannb.service.endpoint import mock
KEY = os.environ["DASHSCOPE_API_KEY"]
url = {url!r}
client = wannb.connect(base_url=url, store={store!r})
quick = Pace(retry_seconds=0.1, backoff=(0.01, 0.02))
small = dict(size="768*768", model="wan2.7-image")
plan = wannb.sweep(client, prompt="a boat", seed=[1, 2], **small)

def made(kind):
    "An error as it arises deep inside, out of another one."
    if kind is errors.InvalidRequest:
        return kind([errors.Problem(field="n", value="9", rule="1 to 4")])
    error = kind("Code", "in short", status=400) if issubclass(kind, errors.ApiError) else kind("in short")
    error.__cause__ = KeyError("what only buries the sentence")
    return error

def failing(kind):
    broken = Client(mock(url), "k", client.store)
    broken._ledger.begin = Mock(side_effect=made(kind))
    return broken

def interrupted(when):
    def interrupt():
        while not when():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=interrupt).start()

def interrupted_at(state=None):
    "A callback after whose call the kernel is interrupted; it has no frame of the notebook's own."
    seen = Mock(return_value=None)
    interrupted(lambda: any(state in (None, call.args[0]) for call in seen.call_args_list))
    return seen
"""

#: A cell, the kind of its error, and words of the sentence.
CELLS: dict[str, tuple[str, str, str]] = {
    "a form's request": (
        "wannb.forms.TextToImageForm(client).request = 5",
        "TraitError",
        "request is a wannb.ImageRequest, not int",
    ),
    "a form's request of another mode": (
        'wannb.forms.EditForm(client).request = wannb.ImageRequest(prompt="x", enable_sequential=True)',
        "ValueError",
        "finds the right form",
    ),
    "a request": ('client.generate("", n=9)', "InvalidRequest", "1 to 4 images"),
    "a budget": (
        'poor = wannb.connect(base_url=url, store=client.store.root, budget="0.01")\npoor.generate("a boat", **small)',
        "OverBudget",
        "would pass the budget",
    ),
    "a grid": ('plan.grid(rows="colour")', "ValueError", "colour"),
    "an address": (
        'astray = Client(mock(url.replace("/api/v1", "/elsewhere")), "k", client.store)\n'
        'astray.generate("a boat", **small)',
        "NotFound",
        "it ends with /api/v1",
    ),
    "no network": (
        'lost = Client(mock("http://127.0.0.1:9/api/v1"), "k", client.store, pace=quick)\n'
        'lost.generate("a boat", **small)',
        "ConnectionFailed",
        "was not reached",
    ),
    "a task": ('client.task("nothing-of-that-name")', "TaskForgotten", "'nothing-of-that-name'"),
    "a file": ('wannb.recall("nowhere.png")', "RecallError", "nowhere.png"),
    "a folder": (
        'open("file", "w").close()\nwannb.connect(base_url=url, store="file").generate("a boat", **small)',
        "StoreError",
        "cannot be used",
    ),
    "a name": ('client.generate("a boat", sede=7)', "TypeError", "did you mean 'seed'"),
    "a name of a form": ("wannb.forms.TextToImageForm(client, sede=7)", "TypeError", "did you mean 'seed'"),
    "a name that Python refuses": ('plan.grid(row="prompt")', "TypeError", "'row'"),
    "nothing given": ("client.generate()", "TypeError", "'prompt'"),
    "too much by position": ('client.generate("a", "b")', "TypeError", "options are given by name"),
    "a ratio": ("wannb.size_for((16, 9))", "ValueError", "is not a ratio"),
    "a region": ('wannb.connect(region="mars")', "ValueError", "region='mars'"),
    "a language": ('wannb.connect(language="xx")', "ValueError", "language='xx'"),
    "an image set": ('client.image_set(["a"] * 13)', "InvalidRequest", "13 scenes"),
    "a storyboard": ('wannb.Storyboard(client, "one text")', "Error", "one text"),
    "a comparison": ("wannb.compare(5)", "Error", "give two: compare(a, b)"),
    "a price": ('wannb.set_price(PRO, "singapore", -1, "USD", as_of="2026-01-01")', "ValueError", "amount=-1"),
    "an attribute": ("wannb.genrate", "AttributeError", "no attribute 'genrate'"),
    "own functions around": (
        'def study(prompt):\n    return client.generate(prompt, n=9)\n\nstudy("a boat")',
        "InvalidRequest",
        "1 to 4 images",
    ),
    "an error kept and raised again": (
        "try:\n    client.generate('', n=9)\nexcept ValueError as error:\n    kept = error\nraise kept",
        "InvalidRequest",
        "1 to 4 images",
    ),
    "a form": (
        'poor_form = wannb.forms.TextToImageForm(poor, prompt="a boat", **small)\npoor_form.run()',
        "OverBudget",
        "would pass the budget",
    ),
    "a plan": ('wannb.sweep(client, prompt="a", n=[9, 10]).run()', "InvalidRequest", "1 to 4 images"),
    "an await": ("await client.submit(wannb.ImageRequest(prompt='x', n=9))", "InvalidRequest", "1 to 4 images"),
    "a timeout": ('client.generate("slow", timeout=1.2, **small)', "WaitTimeout", "It goes on and nothing is lost"),
    "an interrupt": (
        'client.run(wannb.ImageRequest(prompt="slow", **small), on_status=interrupted_at("RUNNING"))',
        "KeyboardInterrupt",
        "goes on and nothing is lost: client.task('",
    ),
    "an interrupted wait": (
        'task = client.submit(wannb.ImageRequest(prompt="slower", **small))\ntask.wait(on_status=interrupted_at())',
        "KeyboardInterrupt",
        "goes on and nothing is lost: client.task('",
    ),
    "an interrupted plan": (
        "wannb.sweep(client, prompt=['a', 'b'], **small).run(on_progress=interrupted_at())",
        "KeyboardInterrupt",
        "run() picks them up",
    ),
    "an interrupted form": (
        "form = wannb.forms.TextToImageForm(client, prompt='slow form', **small)\n"
        "interrupted(lambda: form.worker.progress.task_id)\nform.run()",
        "KeyboardInterrupt",
        "picks it up",
    ),
    **{f"every {name}": (f"failing(errors.{name}).generate('x')", name, "") for name in PUBLIC},
}

#: What must stay whole: a fault of wannb's own, and one of the caller's.
WHOLE: dict[str, tuple[str, str]] = {
    "a fault of wannb": (
        'faulty = Client(mock(url), "k", client.store)\nfaulty._ledger.begin = None\nfaulty.generate("x")',
        "_begin",
    ),
    "a callback's": (
        "def show(status, seconds):\n    return {}[status]\n\n"
        "client.run(wannb.ImageRequest(prompt='quick', **small), on_status=show)",
        "_watch",
    ),
    "the caller's": ("def half(n):\n    return n / 0\n\nhalf(3)", "half(n)"),
}
VERBOSE = {
    "a request": 'client.generate("", n=9)',
    "no network": 'lost.generate("another boat", **small)',
    "a key given as text": f'wannb.connect(api_key="{KEYS[0]}", region="mars")',
    "a key in a variable": 'key = os.environ["DASHSCOPE_API_KEY"]\nwannb.connect(api_key=key, region="mars")',
    "a key that a function is given": ('def mine(secret):\n    client.generate("", n=9)\n\nmine(KEY)'),
    "a signed link": (
        "link = os.environ['LINK']\ndef edited(link):\n    client.edit('x', [link], size='9*9')\n\nedited(link)"
    ),
    "an interrupt": 'client.run(wannb.ImageRequest(prompt="v", **small), on_status=interrupted_at())',
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every cell of the tables, run in one kernel."""
    folder = tmp_path_factory.mktemp("errors")
    with pytest.MonkeyPatch.context() as patched, mock.serve(task_seconds=600) as server:
        patched.setenv("DASHSCOPE_API_KEY", KEYS[1])
        patched.setenv("LINK", LINK)
        patched.setenv("PYTHONPATH", str(Path(wannb.__file__).parent.parent))
        patched.chdir(folder)
        texts = {
            "start": START.format(url=server.base_url, store=str(folder / "runs")),
            **{name: cell for name, (cell, _, _) in CELLS.items()},
            **{f"whole {name}": cell for name, (cell, _) in WHOLE.items()},
            "last": VERBOSE["a request"],
            "verbose the last one again": "%tb Verbose",
            "mode": "%xmode Verbose",
            **{f"verbose {name}": cell for name, cell in VERBOSE.items()},
        }
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in texts.values()])
        NotebookClient(book, config=isolation.kernel_settings(), timeout=600, allow_errors=True).execute()
    return dict(zip(texts, book.cells, strict=True))


def text_of(cell: Any) -> str:
    error = next(each for each in cell.outputs if each.output_type == "error")
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback))


@pytest.mark.parametrize("name", CELLS)
def test_an_error_is_its_sentence_under_the_callers_frame(shown: dict[str, Any], name: str) -> None:
    _, kind, words = CELLS[name]
    text = text_of(shown[name])
    assert text.rpartition(f"{kind}: ")[1], text
    assert words in text.rpartition(f"{kind}: ")[2].replace("\n", " "), text
    assert "wannb/" not in text, text
    frames = text.count("Cell In[")
    assert frames == (2 if name in ("own functions around", "an error kept and raised again") else 1), text
    said = text.rpartition(f"{kind}: ")[2].count("\n")
    assert len(text.splitlines()) - said <= MOST * frames, text


@pytest.mark.parametrize("name", WHOLE)
def test_a_fault_is_shown_whole(shown: dict[str, Any], name: str) -> None:
    assert WHOLE[name][1] in text_of(shown[f"whole {name}"])


@pytest.mark.parametrize("name", [*VERBOSE, "the last one again"])
def test_verbose_shows_every_frame_and_no_secret(shown: dict[str, Any], name: str) -> None:
    text = text_of(shown[f"verbose {name}"])
    assert text.count("wannb/") >= 2
    assert not [key for key in KEYS if key in text]
    assert SIGNED not in text


def test_a_cell_says_what_it_waits_for_in_its_own_output(shown: dict[str, Any]) -> None:
    """The line is written by a thread: the front end must count it to the cell that waits."""
    written = "".join(each.text for each in shown["a timeout"].outputs if each.output_type == "stream")
    assert re.search(r"\r *\r$", written), "nothing of it is left"
    assert re.search(r"(in the queue|generating).*, 1 s", written)
