"""Out of the Studio, in a real browser: what is downloaded is the file on disk, byte for byte."""

from __future__ import annotations

import re
import stat
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from browser.lab import Book, Lab, expect

from wannb.mock import MockServer

BIG = """
import os, pathlib
import ipywidgets as widgets
from wannb.forms.download import Download

pathlib.Path("big.bin").write_bytes(os.urandom(3_000_000))
download = Download()
big, gone = pathlib.Path("big.bin").absolute(), pathlib.Path("gone.bin")
row = download.row(download.button("a big one.bin", big), download.button("gone.bin", gone))
widgets.VBox([download, widgets.HTML(row)])
"""
#: Every clipboard of a page, refused one after the other.
NO_API = "navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); 0"
NO_SELECTION = "document.execCommand = () => false; 0"
AGAIN = "delete navigator.clipboard.writeText; delete document.execCommand; 0"


def downloaded(book: Book, button: Any) -> tuple[str, bytes]:
    """Press a button and return the name and the bytes of what comes."""
    with book.page.expect_download() as coming:
        button.click()
    return coming.value.suggested_filename, Path(coming.value.path()).read_bytes()


def button(place: Any, name: str) -> Any:
    return place.get_by_role("button", name=name, exact=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the program that opens folders is a script for Linux")
def test_everything_comes_out_of_the_studio(lab: Lab, server: MockServer, tmp_path: Path) -> None:
    (opener := tmp_path / "xdg-open").write_text(f'#!/bin/sh\nprintf %s "$1" > "{tmp_path}/opened"\n')
    opener.chmod(opener.stat().st_mode | stat.S_IXUSR)
    form = 'import wannb\nform = wannb.forms.TextToImageForm(wannb.connect(), prompt="Fox in snow", n=2, seed=7)\nform'
    board = 'board = wannb.forms.StoryboardForm(form.client, scenes=["a boat", "rain"], size="768*768")\nboard'
    book = lab.notebook(form, board, BIG, "widgets.VBox([download, widgets.HTML(row)])")
    book.do(f"os.environ['DISPLAY'] = ':0'; os.environ['PATH'] = {str(tmp_path)!r} + os.pathsep + os.environ['PATH']")
    for name in ("SSH_CONNECTION", "SSH_CLIENT", "JUPYTERHUB_API_URL", "KERNEL_GATEWAY", "KUBERNETES_SERVICE_HOST"):
        book.do(f"os.environ.pop({name!r}, None)")
    book.run()
    images_leave_a_form(book, tmp_path)
    a_board_is_saved_and_leaves(book)
    large_files_come_in_pieces(book)
    saved = book.save()
    assert "wannb-get" not in str(saved["cells"][:2])
    assert "widget-state" not in str(saved["metadata"])


def images_leave_a_form(book: Book, folder: Path) -> None:
    place = book.output(0)
    place.locator(".wannb-here").first.wait_for()  # the page listens, and Python has answered it
    place.locator("button.wannb-go").click()
    for number in (1, 2):
        name = f"fox-in-snow-{number}-seed-7.png"
        button(place, f"Download {name}").wait_for()
        path = Path(book.ask(f"str(form.result[{number - 1}].path.absolute())"))
        assert downloaded(book, button(place, f"Download {name}")) == (name, path.read_bytes())
    name, content = downloaded(book, button(place, "Download fox-in-snow-seed-7.zip"))
    (archive := folder / name).write_bytes(content)
    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == ["fox-in-snow-1-seed-7.png", "fox-in-snow-2-seed-7.png"]
        assert opened.read("fox-in-snow-2-seed-7.png") == path.read_bytes()

    copy, prompt = button(place, f"Copy the path of {path.name}"), place.get_by_role("textbox", name="Prompt").first
    for refused in ("0", NO_API):
        book.page.evaluate(refused)
        copy.click()
        copy.get_by_text("Copied").wait_for()
        prompt.fill("")
        prompt.press("Control+V")
        expect(prompt).to_have_value(str(path))
        prompt.fill("Fox in snow")
        copy.get_by_text("Copy path").wait_for()
    book.page.evaluate(NO_SELECTION)
    copy.click()
    place.get_by_role("alert").filter(has_text="may not use the clipboard").wait_for()
    expect(place.locator(".wannb-get-problem input")).to_have_value(str(path))
    code = book.page.locator(".wannb-code").first
    place.get_by_role("button", name="The same as code").first.click()
    written = book.until("'Fox in snow' in form.code and form.code")
    expect(code.locator("pre")).to_have_text(written)
    code.get_by_role("button", name="Copy").click()
    code.get_by_text("may not use the clipboard").wait_for()
    assert book.page.evaluate("String(getSelection())") == written, "ready for Ctrl+C, and in sight"
    below = code.evaluate(
        "one => one.lastChild.getBoundingClientRect().top - one.firstChild.getBoundingClientRect().bottom"
    )
    assert below >= 0
    book.page.evaluate(AGAIN)
    assert place.locator(".wannb-form").first.evaluate("one => one.scrollWidth <= one.parentElement.clientWidth")

    button(place, f"Open the folder {path.parent}").click()
    # The file is there a moment before what is written into it.
    opened = repr(str(folder / "opened"))
    assert book.until(f"os.path.exists({opened}) and open({opened}).read()") == str(path.parent)


def a_board_is_saved_and_leaves(book: Book) -> None:
    place = book.output(1)
    place.locator("button.wannb-go").click()
    button(place, "Download storyboard-scene-2.png").wait_for()
    path = Path(book.ask("str(board.board.frames[1].path.absolute())"))
    name = "storyboard-scene-2.png"
    assert downloaded(book, button(place, f"Download {name}")) == (name, path.read_bytes())

    place.get_by_role("button", name="Pages and files").click()  # its sign is part of its name
    field, save = place.get_by_role("textbox", name="File name"), place.get_by_role("button", name=re.compile("^Save"))
    field.fill("../outside")
    place.locator(".wannb-problems", has_text="a name cannot hold /").wait_for()
    save.click()
    field.fill("my board")
    save.click()
    link = button(place, "Download my board.pdf")
    link.wait_for()
    saved = book.path.parent / "my board.pdf"
    assert sorted(each.name for each in book.path.parent.glob("*.pdf")) == ["my board.pdf"]
    assert downloaded(book, link) == (saved.name, saved.read_bytes())
    assert str(saved.parent) in place.locator(".wannb-told", has_text="Saved:").inner_text()

    saved.write_bytes(b"of somebody else")
    save.click()
    place.get_by_role("alert").filter(has_text="my board.pdf exists in").wait_for()
    # The focus comes to the button that loses nothing.
    book.page.wait_for_function("() => document.activeElement.textContent.startsWith('Keep both')")
    book.page.keyboard.press("Enter")
    button(place, "Download my board 2.pdf").wait_for()
    assert saved.read_bytes() == b"of somebody else"
    expect(field).to_have_value("my board 2")

    place.get_by_role("combobox", name="Format").select_option(label="Film, MP4")
    sound = {"name": "rain.wav", "mimeType": "audio/wav", "buffer": b"RIFF"}
    place.get_by_label("Upload a sound").locator("input").set_input_files(sound)
    book.until("str(board.frames.files.chosen('.mp4')['sound']).endswith('rain.wav')")


def large_files_come_in_pieces(book: Book) -> None:
    # Shown twice on one page, a press brings one file.
    came: list[Any] = []
    book.page.on("download", lambda one: came.append(one))
    content = (book.path.parent / "big.bin").read_bytes()
    assert downloaded(book, button(book.output(2), "Download a big one.bin")) == ("a big one.bin", content)
    button(book.output(3), "Download gone.bin").click()
    problem = book.output(3).get_by_role("alert").filter(has_text="gone.bin: the file is gone")
    problem.wait_for()
    assert downloaded(book, button(book.output(3), "Download a big one.bin"))[1] == content
    expect(problem).to_be_hidden()
    assert len(came) == 2
