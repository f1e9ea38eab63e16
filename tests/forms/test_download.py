"""Downloads: names that speak, ZIPs, paths and folders, and names and files that a person is asked about."""

from __future__ import annotations

import binascii
import html
import os
import re
import stat
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forms.using import filled, named, press, shown
from isolation import PATIENCE

from wannb import forms
from wannb.client import Client
from wannb.display import different, file_name, name_problem
from wannb.forms.download import Download, FileRow, image_name, opener, zipped
from wannb.translation import Words

LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/132.0"
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0 Mobile"
SCREEN = {"DISPLAY": ":0"}


class Page:
    """A page with the buttons of a `Download`, without a browser."""

    def __init__(self, download: Download) -> None:
        self.download = download
        self.answers: list[dict[str, Any]] = []
        self.came = threading.Event()
        download.send = self._hear
        download._pieces._send = self._hear

    def _hear(self, message: dict[str, Any]) -> None:
        self.answers.append(message)
        self.came.set()

    def buttons(self, page: str) -> dict[str, dict[str, str]]:
        """Return the attributes of each button by its name."""
        found = {}
        for tag in re.findall(r"<button [^>]*>", page):
            attributes = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
            assert attributes["data-wannb-of"] == self.download.owner
            found[attributes["aria-label"]] = attributes
        return found

    def say(self, **message: Any) -> dict[str, Any]:
        self.came.clear()
        self.download._take(message)
        assert self.came.wait(PATIENCE)
        return self.answers[-1]

    def get(self, button: dict[str, str]) -> tuple[str, bytes]:
        """Return the name and the bytes that a press brings."""
        found = self.say(kind="ask", id="a", what=button["data-wannb-get"])
        assert found["kind"] == "found", found
        content = b""
        while len(content) < found["size"]:
            piece = self.say(kind="next", id="a", index=len(content) // (384 * 1024))
            content += binascii.a2b_base64(piece["text"])
        self.download._take({"kind": "end", "id": "a"})
        return found["name"], content


@pytest.fixture
def page() -> Iterator[Page]:
    download = Download()
    yield Page(download)
    download.close()


# Names


@pytest.mark.parametrize(
    ("text", "facts", "name"),
    [
        ("Fox in snow", ["2", "seed-7"], "fox-in-snow-2-seed-7.png"),
        ("A fox's den — in the snow!", ["", ""], "a-foxs-den-in-the-snow.png"),
        ("一间窗户精致的花店", ["seed-1"], "一间窗户精致的花店-seed-1.png"),
        ("猫" * 200, ["2"], "猫" * 30 + "-2.png"),
        ("word " * 40, [], "-".join(["word"] * 9) + ".png"),
        ("हिन्दी में", [], "हिन्दी-में.png"),
        ("../../etc/passwd", [], "etc-passwd.png"),
        ("CON", [], "image-con.png"),
        ("nul", ["2"], "nul-2.png"),
        ("🦊 ???", ["2", "seed-7"], "2-seed-7.png"),
        ("", [], "image.png"),
        ("\ud800", [], "image.png"),
    ],
)
def test_a_name_speaks_of_its_text(text: str, facts: list[str], name: str) -> None:
    assert file_name(text, *facts, ending=".png") == name
    assert name_problem(name.removesuffix(".png")) is None


def test_no_two_names_are_the_same_where_capitals_do_not_count() -> None:
    assert different(["a.png", "A.png", "a-2.png", "a.png", "b"]) == ["a.png", "A-2.png", "a-2-2.png", "a-3.png", "b"]


def test_images_are_named_by_prompt_number_and_seed(client: Client) -> None:
    two = client.generate("Fox in snow", size="768*768", n=2, seed=7)
    assert [image_name(image) for image in two] == ["fox-in-snow-1-seed-7.png", "fox-in-snow-2-seed-7.png"]
    assert image_name(client.generate("Fox", size="768*768", seed=8)[0]) == "fox-seed-8.png"


# Files


def test_a_zip_holds_the_files_under_other_names_and_says_what_is_gone(tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
    os.utime(tmp_path / "2.png", (0, 0))  # before the first year of a ZIP
    listed = [("fox.png", tmp_path / "1.png"), ("Fox.png", tmp_path / "2.png"), ("cat.png", tmp_path / "3.png")]
    with zipped(listed) as archive, zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == ["fox.png", "Fox-2.png", "gone.txt"]
        assert opened.read("fox.png") == b"1.png" * 1000
        assert opened.read("Fox-2.png") == b"2.png" * 1000
        assert opened.read("gone.txt").decode() == "These files are gone:\ncat.png\n"
    with pytest.raises(OSError, match="the files are gone"):
        zipped(listed[2:])


def test_the_buttons_of_a_result_bring_its_images_byte_for_byte(client: Client) -> None:
    form = filled(forms.TextToImageForm, client, "Fox in snow")
    form.request = form.request.replace(seed=7)
    press(form)
    assert form.result is not None
    page, images = Page(form.status.download), form.result.images
    below = [page.buttons(item.children[0].value) for item in form.status._gallery.children]
    for image, buttons in zip(images, below, strict=True):
        name = f"fox-in-snow-{image.number}-seed-7.png"
        assert page.get(buttons[f"Download {name}"]) == (name, image.path.read_bytes())
        assert buttons[f"Copy the path of {image.path.name}"]["data-wannb-copy"] == str(image.path.absolute())
    above = page.buttons(form.status._text.value)
    name, content = page.get(above["Download fox-in-snow-seed-7.zip"])
    assert name == "fox-in-snow-seed-7.zip"
    (folder := Path("here")).mkdir()
    (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / name) as opened:
        assert opened.testzip() is None
        assert {each: opened.read(each) for each in opened.namelist()} == {
            image_name(image): image.path.read_bytes() for image in images
        }
    assert above["Copy the path of " + form.result.path.name]["data-wannb-copy"] == str(form.result.path.absolute())
    form.close()


def test_a_single_image_needs_no_zip(client: Client, form: forms.TextToImageForm) -> None:
    press(form)
    assert "ZIP" not in form.status._text.value
    assert "Download" in form.status._gallery.children[0].children[0].value


def test_only_what_is_offered_can_be_had_and_a_gone_file_is_said(page: Page, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    [offered] = page.buttons(page.download.button("a.txt", tmp_path / "a.txt")).values()
    for what in (str(tmp_path / "a.txt"), "", None, [1]):
        assert "out of date" in page.say(kind="ask", id="a", what=what)["why"]
    (tmp_path / "a.txt").unlink()
    answer = page.say(kind="ask", id="a", what=offered["data-wannb-get"])
    assert answer == {"kind": "failed", "id": "a", "why": f"the file is gone: {tmp_path / 'a.txt'}"}


def test_the_same_button_is_the_same_html_so_that_nothing_is_sent_anew(page: Page, tmp_path: Path) -> None:
    first = page.download.picture("a.png", tmp_path / "a.png")
    assert page.download.picture("a.png", tmp_path / "a.png") == first
    assert page.download.picture("a.png", tmp_path / "b.png") != first
    assert len(page.download._offered) == 2


def test_names_and_paths_are_escaped(page: Page, tmp_path: Path) -> None:
    path = tmp_path / '"><b>&.png'
    assert "<b>" not in page.download.picture('"><b>.png', path) + page.download.saved([path])
    assert page.buttons(page.download.copy(path))[f"Copy the path of {path.name}"]["data-wannb-copy"] == str(path)


# The folder


@pytest.mark.parametrize(
    ("host", "agent", "system", "environment", "opens"),
    [
        ("localhost", LINUX, "linux", SCREEN, True),
        ("127.0.0.1", LINUX, "linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("[::1]", LINUX, "linux", SCREEN, True),
        ("lab.localhost", MAC, "darwin", {}, True),
        ("127.0.0.1", WINDOWS, "win32", {}, True),
        ("hub.example.org", LINUX, "linux", SCREEN, False),
        ("192.168.1.7", LINUX, "linux", SCREEN, False),
        ("127.0.0.1.example.org", LINUX, "linux", SCREEN, False),
        ("", LINUX, "linux", SCREEN, False),
        # A container, or a server that has no screen.
        ("localhost", LINUX, "linux", {}, False),
        # Tunnels: the address is this machine's, the kernel another one.
        ("localhost", LINUX, "linux", {**SCREEN, "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, False),
        ("localhost", WINDOWS, "linux", SCREEN, False),
        ("localhost", MAC, "linux", SCREEN, False),
        ("localhost", PHONE, "linux", SCREEN, False),
        ("localhost", LINUX, "linux", {**SCREEN, "JUPYTERHUB_API_URL": "http://hub/api"}, False),
        ("localhost", LINUX, "linux", {**SCREEN, "KERNEL_GATEWAY": "1"}, False),
        ("localhost", LINUX, "freebsd14", SCREEN, False),
    ],
)
def test_a_folder_opens_only_where_the_browser_is(
    host: str, agent: str, system: str, environment: dict[str, str], opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    program = {"linux": "/bin/xdg-open", "darwin": "/bin/open", "win32": "/bin/explorer"}.get(system)
    assert opener(host, agent, system=system, environment=environment) == (program if opens else None)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the opener is a script for Linux")
def test_the_folder_is_opened_without_a_shell(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (programs := tmp_path / "programs").mkdir()
    program = programs / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > "{tmp_path}/opened"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    for name in ("SSH_CONNECTION", "SSH_CLIENT", "JUPYTERHUB_API_URL", "KERNEL_GATEWAY", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    folder = tmp_path / "a b; touch $HOME"
    folder.mkdir()
    here = {"host": "localhost", "agent": LINUX}
    [button] = page.buttons(page.download.folder(folder)).values()
    assert page.say(kind="where", id="v", **here) == {"kind": "here", "id": "v"}
    opened = page.say(kind="folder", id="v-1", what=button["data-wannb-folder"], **here)
    assert opened == {"kind": "opened", "id": "v-1", "said": f"{folder}: opened"}
    assert (tmp_path / "opened").read_text() == f"{folder}|"

    (tmp_path / "opened").unlink()
    elsewhere = page.say(kind="folder", id="v-2", what=button["data-wannb-folder"], host="hub", agent=LINUX)
    assert elsewhere["why"] == f"The folder could not be opened. It is {folder}"
    page.say(kind="folder", id="v-3", what="/etc", **here)
    assert not (tmp_path / "opened").exists()
    program.write_text("#!/bin/sh\nexit 3\n")
    failed = page.say(kind="folder", id="v-4", what=button["data-wannb-folder"], **here)
    assert (failed["kind"], failed["id"]) == ("refused", "v-4")


# Saving


class Saving:
    """A row that saves as a form has it; it writes what it is told to."""

    def __init__(self, words: Words | None = None) -> None:
        words = words or Words()
        self.saved: list[str] = []
        formats = [("PDF", ".pdf"), ("PNG", ".png")]
        self.row = FileRow(words, formats, self.save, download=Download(words), tooltip="Save it", name="story")

    def save(self) -> None:
        path = self.row.path
        if path.suffix == ".png":  # a file for each page
            path = path.with_name(f"{path.stem}-1.png")
        path.write_text(f"{len(self.saved)}")
        self.saved.append(path.name)
        self.row.saved([path])

    def press(self, name: str) -> None:
        (self.row.buttons[0] if name == "Save" else named(self.row.box, name)).click()

    @property
    def asks(self) -> str:
        return "" if self.row._question.layout.display == "none" else shown(self.row._asked)


@pytest.fixture
def saving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Saving]:
    monkeypatch.chdir(tmp_path)
    made = Saving()
    yield made
    made.row._download.close()


@pytest.mark.parametrize(
    "name", ["a/b:c?", "../outside", "CON", "nul.txt", "story.", "", "  ", "x" * 300, "a\\b", "~/x"]
)
def test_a_name_that_cannot_be_is_told_beside_the_field_and_nothing_is_made(saving: Saving, name: str) -> None:
    saving.row.name.value = name
    said = shown(saving.row._problem)
    assert said.strip() == str(name_problem(name.strip()))
    assert saving.row.buttons[0].description == "Save"
    saving.press("Save")
    assert saving.saved == []
    assert list(Path().iterdir()) == []
    saving.row.name.value = "story"
    assert shown(saving.row._problem).strip() == ""
    button = saving.row.buttons[0]
    assert (button.description, button.tooltip) == ("Save story.pdf", f"Save it: {Path.cwd()}")
    saving.press("Save")
    assert saving.saved == ["story.pdf"]


def test_an_ending_that_is_written_is_not_doubled(saving: Saving) -> None:
    saving.row.name.value = "Story.PDF "
    saving.press("Save")
    assert saving.saved == ["Story.pdf"]
    saving.row.name.value = ".pdf"
    saving.press("Save")
    assert saving.saved == ["Story.pdf"]
    assert "write a name" in shown(saving.row._problem)


def test_a_file_that_is_there_is_overwritten_only_after_a_question(saving: Saving, tmp_path: Path) -> None:
    (tmp_path / "story.pdf").write_text("old")
    saving.press("Save")
    assert f"story.pdf exists in {tmp_path}." in saving.asks
    assert (tmp_path / "story.pdf").read_text() == "old"
    saving.press("Cancel")
    assert (saving.asks, saving.saved) == ("", [])
    saving.press("Save")
    saving.press("Keep both: story 2.pdf")
    assert (saving.asks, saving.saved, saving.row.name.value) == ("", ["story 2.pdf"], "story 2")
    assert (tmp_path / "story.pdf").read_text() == "old"
    saving.press("Save")
    saving.press("Keep both: story 3.pdf")
    saving.row.name.value = "story"
    saving.press("Save")
    saving.press("Overwrite")
    assert saving.saved == ["story 2.pdf", "story 3.pdf", "story.pdf"]
    assert (tmp_path / "story.pdf").read_text() == "2"


def test_pages_of_that_name_are_asked_about_as_well(saving: Saving, tmp_path: Path) -> None:
    saving.row._format.value = ".png"
    for other in ("story-1.pdf", "story-cover.png", "my story-1.png"):
        (tmp_path / other).write_text("other")
    saving.press("Save")
    assert (saving.asks, saving.saved) == ("", ["story-1.png"])
    saving.press("Save")
    assert "story.png exists" in saving.asks
    saving.row.name.value = "another"
    assert saving.asks == "", "the question is about a name that is no longer there"


def test_what_was_saved_is_a_link_and_names_its_folder(saving: Saving, tmp_path: Path) -> None:
    saving.press("Save")
    assert f"Saved: story.pdf in {tmp_path}" in shown(saving.row._said).replace("  ", " ").replace(" in", " in")
    page = Page(saving.row._download)
    buttons = page.buttons(saving.row._said.value)
    assert page.get(buttons["Download story.pdf"]) == ("story.pdf", b"0")
    assert buttons["Copy the path of story.pdf"]["data-wannb-copy"] == str(tmp_path / "story.pdf")
    assert "wannb-get-folder" in buttons[f"Open the folder {tmp_path}"]["class"]


def test_it_speaks_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saving = Saving(Words("zh"))
    saving.row.name.value = "a/b"
    assert shown(saving.row._problem).strip() == "名称不能含有 /"
    saving.row.name.value = "故事"
    saving.press("保存 故事.pdf")
    saving.press("保存 故事.pdf")
    assert "中已有 故事.pdf" in saving.asks
    saving.press("两个都保留：故事 2.pdf")
    assert saving.saved == ["故事.pdf", "故事 2.pdf"]
    saving.row._download.close()
