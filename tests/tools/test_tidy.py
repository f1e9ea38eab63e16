"""A tidied notebook is light and whole, holds no key or expiring link, and keeps its source and its layout."""

from __future__ import annotations

import copy
import io
import json
import os
import re
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from isolation import kernel_settings
from nbclient import NotebookClient
from notebooking import (
    KEY,
    LINK,
    VIEW,
    bomb,
    code,
    notebook,
    opened,
    outputs,
    printed,
    said,
    shown,
    text,
    written,
)
from pictures import encoded, noise
from PIL import Image

import wannb
from wannb import mock
from wannb.commands.cli import main
from wannb.display import PREVIEW_PIXELS as PIXELS
from wannb.tools import tidy as tools_tidy
from wannb.tools.tidy import LIGHT, Tidied, tidy

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Give a function that writes cells as a notebook."""
    return partial(written, tmp_path / "book.ipynb")


def left_alone(path: Path, **options: Any) -> Tidied:
    """Tidy a notebook whose file must not change."""
    before = path.read_bytes()
    found = tidy(path, **options)
    assert not found.written
    assert path.read_bytes() == before
    return found


# Our own


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_tutorials_are_tidy(path: Path) -> None:
    found = tidy(path, check=True)
    assert found.findings == (), found


def test_a_notebook_that_was_run_with_a_form_is_tidied_into_one_to_be_shared(
    server: mock.MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANNB_MODE", "mock")
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", server.base_url)
    sources = [
        "import wannb\n\nclient = wannb.connect()",
        'result = client.generate("a cat", size="1K", seed=1)\nresult',
        "import PIL.Image\n\nPIL.Image.effect_noise((700, 700), 90)",
        'form = wannb.forms.TextToImageForm(client, prompt="a cat", seed=1)\nform',
        "wannb.doctor()",
    ]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(
        made, timeout=600, config=kernel_settings(), resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    path = tmp_path / "book.ipynb"
    nbformat.write(made, path)
    before = path.read_text("utf-8")
    assert "widget-view" in before
    assert "widget-state" in before
    found = wannb.tidy(path)
    assert found.clean, found
    assert {finding.cell for finding in found.changes} == {3, 4, None}
    after = json.loads(path.read_bytes())
    whole = json.dumps(after)
    assert "widgets" not in after["metadata"]
    assert "vnd.jupyter.widget" not in whole
    assert "image/png" not in whole
    assert len(whole) < 500_000 < len(before)
    assert [cell["source"] for cell in after["cells"]] == [cell["source"] for cell in json.loads(before)["cells"]]
    form = after["cells"][3]["outputs"][0]["data"]
    assert "a cat" in form["text/plain"][0]
    assert "<table" in "".join(form["text/html"])
    nbformat.validate(after)
    assert tidy(path, check=True).clean


# Pictures


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp"), ("GIF", "gif")])
def test_an_original_becomes_a_thumbnail(write: Any, kind: str, mime: str) -> None:
    lossy = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    picture = noise(560, kind=kind, mode="L" if kind == "GIF" else "RGB", **lossy)
    assert len(picture) > LIGHT
    shape = {f"image/{mime}": {"width": 300}}
    path = write(code("pass", {**shown(text_plain="<Image>", **{f"image_{mime}": text(picture)}), "metadata": shape}))
    assert re.search(r"cell 1: picture \(560\*560, .*B\) -> thumbnail \(512\*512", said(tidy(path)))
    [output] = outputs(path)
    assert list(output["data"]) == ["text/plain", "image/jpeg"]
    assert output["metadata"] == {"image/jpeg": {"width": 300}}
    assert opened(output["data"]["image/jpeg"]).size == (PIXELS, PIXELS)
    assert tidy(path).findings == ()


def test_pictures_inside_html_and_text_become_thumbnails_too(write: Any) -> None:
    uri = f"data:image/png;base64,{text(noise(560))}"
    html = [f'<img alt="a cat" src="{uri}">\n', "<p>as it was</p>"]
    path = write(code("pass", shown(text_html=html, text_markdown=f"![a cat]({uri})"), printed(uri, "\n", "end")))
    assert len(tidy(path).changes) == 1, "the same three times"
    first, second = outputs(path)
    image, after = first["data"]["text/html"]
    assert image.startswith('<img alt="a cat" src="data:image/jpeg;base64,/9j/')
    assert image.endswith('">\n')
    assert after == "<p>as it was</p>"
    assert re.fullmatch(r"!\[a cat\]\(data:image/jpeg;base64,[\w+/=]+\)", "".join(first["data"]["text/markdown"]))
    assert "".join(second["text"]).endswith("\nend")


def test_a_heavy_animation_becomes_its_first_picture(write: Any) -> None:
    def film(side: int) -> bytes:
        frames = [opened(text(noise(side, mode=mode))).convert("L") for mode in ("L", "RGB")]
        out = io.BytesIO()
        frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
        return out.getvalue()

    light, heavy = film(120), film(560)
    assert len(light) < LIGHT < len(heavy)
    path = write(code("pass", shown(image_gif=text(light)), shown(image_gif=text(heavy))))
    assert "-> first picture of the animation (512*512" in said(tidy(path))
    first, second = outputs(path)
    assert first["data"] == {"image/gif": text(light)}
    assert list(second["data"]) == ["image/jpeg"]


def shrunk(write: Any, pixels: Any) -> Image.Image:
    """Return the thumbnail that pixels become."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    path = write(code("pass", shown(image_png=text(out.getvalue()))))
    tidy(path)
    return opened(outputs(path)[0]["data"]["image/jpeg"])


def test_transparency_becomes_white_and_sixteen_bits_keep_their_brightness(write: Any) -> None:
    chance = np.random.default_rng(1)
    pixels = chance.integers(0, 256, (600, 600, 4), np.uint8)
    pixels[:300] = 0
    assert shrunk(write, pixels).getpixel((250, 60)) == (255, 255, 255)
    assert 90 < np.asarray(shrunk(write, chance.integers(20000, 40000, (600, 600), np.uint16))).mean() < 150


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (text(bomb()), "too many pixels"),
        ("no base64 %%%", "damaged"),
        (text(b"no picture"), "cannot be opened"),
        (text(noise(560)[:200_000]), "cannot be opened"),
        ("", "empty"),
    ],
    ids=["bomb", "base64", "text", "cut", "empty"],
)
def test_a_picture_that_cannot_be_opened_is_a_problem_and_stays(write: Any, picture: str, why: str) -> None:
    found = left_alone(write(code("pass", shown(image_png=picture))))
    assert re.search(rf"cell 1: .*picture.*{why}", said(found))
    assert not found.clean


# Widgets, size, attachments


def test_widgets_are_dropped_and_the_rest_of_their_output_stays(write: Any) -> None:
    view = {"application_vnd.jupyter.widget-view+json": VIEW}
    path = write(
        code("pass", shown(text_plain="Form(...)", text_html="<b>form</b>", **view), shown(**view)),
        metadata={"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}}, "kernelspec": {"name": "x"}},
    )
    assert tidy(path).clean
    assert [output["data"] for output in outputs(path)] == [{"text/plain": ["Form(...)"], "text/html": ["<b>form</b>"]}]
    assert json.loads(path.read_bytes())["metadata"] == {"kernelspec": {"name": "x"}}


def test_a_large_notebook_is_a_problem_with_its_largest_cells_named(write: Any) -> None:
    path = write(code("a = 1", printed("x" * 60_000)), code("pass", printed("y" * 30_000)))
    found = left_alone(path, max_kb=50)
    assert re.search(
        r"notebook: 91 kB is more than 50 kB; the largest are cell 1 \(60 kB\), cell 2 \(30 kB\)", said(found)
    )
    assert tidy(path, max_kb=92).clean


@pytest.mark.parametrize("size", [0, -1, True, float("nan"), "big"])
def test_a_wrong_size_is_refused(write: Any, size: Any) -> None:
    with pytest.raises(ValueError, match="max_kb="):
        tidy(write(), max_kb=size)


def test_an_attachment_is_source_and_only_noted(write: Any) -> None:
    attachments = {"a.png": {"image/png": text(noise(560))}}
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "![](attachment:a.png)"}
    found = left_alone(write({**cell, "attachments": attachments}), max_kb=5000)
    assert "cell 1: attachment 'a.png' of 942 kB is source and stays" in said(found)
    assert found.clean


# The file


@pytest.mark.parametrize("indent", [1, 4, "\t", None])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_layout_of_the_file_is_kept(tmp_path: Path, indent: Any, end: str) -> None:
    def written(line: str) -> bytes:
        whole = json.dumps(notebook(code("一", printed("b\n", line))), indent=indent, ensure_ascii=False) + end
        return (whole.replace("\n", "\r\n") if end == "\r\n" else whole).encode()

    path = tmp_path / "book.ipynb"
    path.write_bytes(written(LINK))
    tidy(path)
    assert path.read_bytes() == written("[expired link]")


def test_a_tidy_notebook_of_any_layout_stays_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "book.ipynb"
    path.write_bytes(
        content
        := b'\xef\xbb\xbf{"nbformat":4,   "cells": [], "metadata": {},\r\n "x":[1.50, NaN, "\\u4e00\\ud83d"] }\n\n'
    )
    assert not tidy(path).written
    assert path.read_bytes() == content


def test_a_check_changes_nothing_and_says_what_would_change(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(code("pass", printed(LINK)))
    before = path.read_bytes()
    assert main(["tidy", str(path), "--check"]) == 1
    said_out = "book.ipynb: not tidy, nothing was changed, 1 kB\n  cell 1: expiring link masked\n"
    assert capsys.readouterr().out == said_out
    assert path.read_bytes() == before
    assert main(["tidy", str(path)]) == 0
    assert main(["tidy", str(path), "--check"]) == 0


def test_notebooks_and_folders_are_tidied_although_one_fails(write: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(code())
    for name in ("sub", "sub/.ipynb_checkpoints"):
        (path.parent / name).mkdir()
    (path.parent / "sub" / "b.ipynb").write_bytes(path.read_bytes())
    (path.parent / "sub" / ".ipynb_checkpoints" / "c.ipynb").write_text("none")
    assert main(["tidy", "none.ipynb", str(path), str(path.parent / "sub")]) == 1
    out, err = capsys.readouterr()
    assert [line.partition(":")[0] for line in out.splitlines()] == ["book.ipynb", "b.ipynb"]
    assert re.fullmatch(r"wannb: cannot read the notebook 'none.ipynb': No such file or directory\n", err)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "has no nbformat"),
        (b'{"nbformat": 3, "worksheets": []}', "format 3"),
        (b'{"nbformat": 4}', "cannot read its cells"),
        (b'{"nbformat": 4, "metadata": {}, "cells": [3]}', "cannot read its cells"),
        (
            b'{"nbformat": 4, "metadata": {}, "cells": [{"metadata": {}, "cell_type": "code", "outputs": [1]}]}',
            "cannot read its cells",
        ),
        (b'{"nbformat": 4, "metadata": {}, "cells": [{"metadata": {}, "source": {}}]}', "cannot read its cells"),
        (b'{\n "cells": [\n<<<<<<< HEAD\n=======\n>>>>>>> b\n]}', r"merge conflict \(line 3\)"),
        (b'{"nbformat": 4, "metadata": {}, "cells": [], "a": ' + b"[" * 9000 + b"]" * 9000 + b"}", "nested too deep"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_file_is_refused_with_the_reason(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "book.ipynb"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=why):
        tidy(path)
    assert path.read_bytes() == content


def test_a_file_that_another_program_has_changed_is_left_alone(write: Any) -> None:
    path = write(code("pass", printed(LINK)))
    read = tools_tidy._File.read(path)
    path.write_bytes(theirs := path.read_bytes() + b" ")
    with pytest.raises(ValueError, match="changed by another program"):
        read.write(b"ours")
    assert path.read_bytes() == theirs
    assert [each.name for each in path.parent.iterdir()] == ["book.ipynb"]


def test_rights_and_links_of_the_file_are_kept(write: Any) -> None:
    path = write(code("pass", printed(LINK)))
    path.chmod(0o640)
    link = path.with_name("link.ipynb")
    link.symlink_to(path)
    assert tidy(link).written
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_full_disk_is_an_error_and_changes_nothing(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(code("pass", printed(LINK)))
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ValueError, match=r"cannot write '.*book.ipynb': No space left"):
        tidy(path)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["book.ipynb"]


# Links


@pytest.mark.parametrize(
    "link",
    [
        LINK,
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


# Keys


KEYS = [
    KEY,
    f"Bearer {'a1B2c3' * 5}",
    f"\x1b[33m'\x1b[39m\x1b[33m{KEY}\x1b[39m",
]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_in_an_output_is_masked_and_a_problem(write: Any, key: str, capsys: pytest.CaptureFixture[str]) -> None:
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
    found = left_alone(path)
    assert "cell 1: an API key in the source" in said(found)
    assert not found.clean
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
    found = left_alone(write(cell, code("pass", printed(LINK))))
    assert "remove it by hand" in said(found)


@pytest.mark.parametrize(
    "cell",
    [
        code("pass", shown(image_png=text(encoded(size=(2000, 1200))) + "\n", **{"image_svg+xml": "<svg/>"})),
        code(
            "# https://example.com/a.png?width=3&expires_in=4",
            printed("https://example.com/a.png?width=3&expires_in=4", "https://example.com/?... [Signature=...]"),
            printed("x-oss-... and inspect.signature(f), Signature=some_function_name, oss:// files"),
        ),
        code(
            'connect(api_key="sk-...")  # sk-your-key-goes-right-here, task-0385dc79-1234-5678-9abc-123456789012',
            shown(text_html='<div class="sk-top-container sk-container-id-1"></div><i>sk-estimator-link sk-***</i>'),
            printed("Authorization: Bearer ***, a bearer of good news"),
        ),
    ],
    ids=["light pictures", "other links", "words like keys"],
)
def test_what_is_light_and_safe_stays(write: Any, cell: dict[str, Any]) -> None:
    assert left_alone(write(cell)).findings == ()


# Source


def test_a_link_in_the_source_is_a_problem_and_changes_only_if_asked(write: Any) -> None:
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


# The pytest check


def pytest_run(*arguments: object, root: Path) -> str:
    """Run pytest apart, with the plugins that are named alone."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    options = f"-m pytest -p wannb.tools.pytest_plugin -p no:cacheprovider -c {os.devnull} -q -W error --rootdir"
    command = [sys.executable, *options.split(), str(root), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout


def test_pytest_fails_what_is_not_tidy(write: Any) -> None:
    path = write(code("pass", printed(LINK)))
    (path.parent / "no.ipynb").write_text("{")
    written(path.parent / "clean.ipynb", code())
    out = pytest_run("--wannb-tidy", path.parent, root=path.parent)
    assert re.search(r"cell 1: expiring link masked\nwannb tidy book.ipynb changes", out)
    assert "no.ipynb' is not JSON" in out
    assert "2 failed, 1 passed" in out
    assert "Traceback" not in out


def test_the_check_runs_beside_nbval_and_only_if_asked(write: Any) -> None:
    path = write(code())
    asked = pytest_run("--wannb-tidy", "-p", "nbval.plugin", "--nbval", "--collect-only", path, root=path.parent)
    assert asked.split("\n")[:2] == ["book.ipynb::Cell 0", "book.ipynb::tidy"]
    assert "no tests" in pytest_run(path, root=path.parent)
