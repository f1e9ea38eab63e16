"""A notebook that was tidied holds no key and no link that expires, and its source is as it was."""

from __future__ import annotations

import copy
import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from notebooking import KEY, LINK, VIEW, code, notebook, outputs, printed, said, shown, written

from wannb.commands.cli import main
from wannb.tools.tidy import tidy


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Give a function that writes cells as a notebook."""
    return partial(written, tmp_path / "book.ipynb")


# Links


@pytest.mark.parametrize(
    "link",
    [
        LINK,
        LINK.replace("Signature", "x-oss-signature"),
        "https://h.example.com/a.png?security-token=CAISabc",
        "https://proxy.example.com/?url=https%3A%2F%2Fh.example.com%2Fa.png%3FExpires%3D179%26Signature%3Dabc",
        "oss://dashscope-instant/2026/a.png",
    ],
)
def test_an_expiring_link_in_an_output_is_masked(write: Any, link: str) -> None:
    error = {"output_type": "error", "ename": "E", "evalue": link, "traceback": [f"\x1b[31m{link}\x1b[0m", "end"]}
    path = write(code("pass", printed(f"see {link} now\n"), error, shown(application_json={"url": [link]})))
    assert tidy(path).clean
    first, second, third = outputs(path)
    assert first["text"] == ["see [expired link] now\n"]
    assert second["evalue"] == "[expired link]"
    assert second["traceback"] == ["\x1b[31m[expired link]\x1b[0m", "end"]
    assert third["data"]["application/json"] == {"url": ["[expired link]"]}


def test_a_lone_signature_is_masked(write: Any) -> None:
    path = write(code("pass", printed("?Expires=1\\u0026Signature=" + "aB3xyz0123456%3D&n=1 and Signature=***")))
    assert tidy(path).clean
    assert outputs(path)[0]["text"] == ["?Expires=1\\u0026Signature=***&n=1 and Signature=***"]


def test_other_links_stay(write: Any) -> None:
    lines = [
        "https://example.com/a.png?width=3&expires_in=4",
        "https://example.com/?... [Signature=...]",
        "x-oss-... and inspect.signature(f), Signature=some_function_name, oss:// files",
    ]
    path = write(code("# " + lines[0], printed(*lines)))
    before = path.read_bytes()
    assert tidy(path).findings == ()
    assert path.read_bytes() == before


# Keys


KEYS = [
    KEY,
    f"Bearer {'a1B2c3' * 5}",
    f"\x1b[33m'\x1b[39m\x1b[33m{KEY}\x1b[39m",
    f"key=\\n{KEY}",
    f"https://example.com/?key%3D{KEY}",
]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_in_an_output_is_masked_and_told(write: Any, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    secret = re.search(r"sk-\w+|(a1B2c3)+", key)
    assert secret
    error = {"output_type": "error", "ename": "E", "evalue": key, "traceback": [key]}
    path = write(code("pass", printed(key), error, shown(application_json={key: 1})), metadata={"key": key})
    assert main(["tidy", str(path)]) == 1
    shown_text = "".join(capsys.readouterr())
    assert "cell 1: an API key, masked" in shown_text
    assert "notebook: an API key, masked" in shown_text
    assert secret[0] not in shown_text
    assert secret[0] not in path.read_text()
    assert "***" in outputs(path)[0]["text"][0]
    assert main(["tidy", str(path)]) == 0


@pytest.mark.parametrize("key", KEYS)
def test_a_key_in_the_source_is_refused_and_nothing_is_written(write: Any, key: str) -> None:
    source = [f'connect(api_key="{key}")\n', "more"]
    path = write(code(source, printed(KEY), shown(**{"application_vnd.jupyter.widget-view+json": VIEW})))
    before = path.read_bytes()
    found = tidy(path)
    assert "cell 1: an API key in the source" in said(found)
    assert not found.clean
    assert not found.written
    assert path.read_bytes() == before
    assert "nothing was changed" in repr(found)
    assert KEY not in repr(found) + json.dumps(found.as_dict())
    assert not tidy(path, source=True).clean
    after = json.loads(path.read_bytes())
    assert "***" in after["cells"][0]["source"][0]
    assert after["cells"][0]["source"][1] == "more"
    assert not re.search(r"sk-\w{8}|a1B2", path.read_text())
    assert tidy(path).clean


def test_the_key_that_connect_would_use_is_known_in_any_shape(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "an_unusual_kind_of_key")
    path = write(code("pass", printed("an_unusual_kind_of_key")))
    assert not tidy(path).clean
    assert outputs(path)[0]["text"] == ["sk-***"]


def test_a_key_where_nothing_may_be_changed_keeps_the_notebook_from_being_written(write: Any) -> None:
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "", "attachments": {KEY: {}}}
    path = write(cell, code("pass", printed(LINK)))
    before = path.read_bytes()
    found = tidy(path)
    assert not found.written
    assert "remove it by hand" in said(found)
    assert path.read_bytes() == before


def test_words_that_look_like_keys_are_none(write: Any) -> None:
    html = '<div class="sk-top-container sk-container-id-1"></div><i>sk-estimator-doc-link sk-***</i>'
    source = 'connect(api_key="sk-...")  # sk-your-key-goes-right-here, task-0385dc79-1234-5678-9abc-123456789012'
    path = write(code(source, shown(text_html=html), printed("Authorization: Bearer ***, a bearer of good news")))
    assert tidy(path).findings == ()


# Source


def test_a_link_in_the_source_is_told_and_changed_only_when_asked(write: Any) -> None:
    path = write(code(f'show("{LINK}")'), code("pass", printed(LINK)))
    found = tidy(path)
    assert "cell 1: an expiring link in the source" in said(found)
    assert json.loads(path.read_bytes())["cells"][0]["source"] == f'show("{LINK}")'
    assert found.written, "the output's link is masked"
    assert tidy(path, source=True).clean
    assert json.loads(path.read_bytes())["cells"][0]["source"] == ['show("[expired link]")']


LINES = st.lists(
    st.sampled_from(["x = 1", "\n", "\r\n", "\u2028", "é", "一", "\ud83d", LINK, "", "\\n", " \t", '"']), max_size=6
)
SOURCES = LINES | LINES.map("".join)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["code", "markdown", "raw"]), SOURCES, st.booleans()), max_size=5),
    st.sampled_from([1, 2, "\t", None]),
    st.booleans(),
)
@example([("code", ["\ud83d", LINK], True)], 1, False)
def test_source_cells_are_never_touched(
    tmp_path: Path, cells: list[tuple[str, Any, bool]], indent: Any, escaped: bool
) -> None:
    path = tmp_path / "law.ipynb"
    tree = notebook(*(made(*cell) for cell in cells), unknown={"kept": [1.5, None]})
    lone = "\ud83d" in str(json.dumps(tree, ensure_ascii=False))
    path.write_bytes(json.dumps(tree, indent=indent, ensure_ascii=escaped or lone).encode())
    before = copy.deepcopy(json.loads(path.read_bytes()))
    found = tidy(path)
    after = json.loads(path.read_bytes())
    assert [cell["source"] for cell in after["cells"]] == [cell["source"] for cell in before["cells"]]
    assert {**after, "cells": 0} == {**before, "cells": 0}
    changed = any(dirty and kind == "code" for kind, _, dirty in cells)
    assert found.written is changed
    if not changed:
        assert json.dumps(after) == json.dumps(before)
    first = path.read_bytes()
    assert not tidy(path).written
    assert path.read_bytes() == first


def made(kind: str, source: Any, dirty: bool) -> dict[str, Any]:
    if kind != "code":
        return {"cell_type": kind, "metadata": {"tags": ["a"]}, "source": source}
    return code(source, printed(f"一 {LINK}\n" if dirty else "clean\n"))
