"""Uploads in pieces: every byte arrives, nothing half is left, and whatever goes wrong is said."""

from __future__ import annotations

import errno
import hashlib
import random
import subprocess
import sys
import threading
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wannb.errors import RecallError
from wannb.forms.upload import CHUNK, WINDOW, Upload, safe_name
from wannb.request.inputs import MAX_FILE
from wannb.translation import Words


class Page(Upload):
    """An upload whose files and answers are kept, and to which a test speaks as the page does."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.came: list[Path] = []
        self.follow: Callable[[Path], object] = lambda path: None
        self.answers: list[dict[str, Any]] = []
        super().__init__(folder, lambda path: (self.came.append(path), self.follow(path)), **options)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.answers.append(content)

    def say(self, kind: str, key: str = "a", *pieces: bytes, **more: Any) -> list[str]:
        """Send a message as it comes from a page and return the kinds of the answers."""
        before = len(self.answers)
        self._handle_custom_msg({"kind": kind, "id": key, **more}, [memoryview(piece) for piece in pieces])
        return [answer["kind"] for answer in self.answers[before:]]

    def whole(self, content: bytes, name: str, key: str = "a") -> list[str]:
        """Send a whole file."""
        said = self.say("begin", key, name=name, size=len(content))
        for index, piece in enumerate(pieces_of(content)):
            said += self.say("chunk", key, piece, index=index)
        return said


LOST = "its pieces arrived incomplete, twice or out of order; upload it again, or write its path below"


def pieces_of(content: bytes) -> list[bytes]:
    return [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)]


def noise(length: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(length)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "new" / "uploads"


@pytest.fixture
def page(folder: Path) -> Iterator[Page]:
    made = Page(folder)
    yield made
    made.close()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("length", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
def test_every_byte_arrives_under_its_hash_and_name(page: Page, folder: Path, length: int) -> None:
    content = noise(length)
    said = page.whole(content, "猫 1.png")
    assert said == ["ready", *["taken"] * len(pieces_of(content)), "done"]
    [path] = page.came
    assert path == folder / f"{hashlib.sha256(content).hexdigest()[:12]}-猫 1.png"
    assert path.read_bytes() == content
    assert files(folder) == [path.name]
    assert page.problems == []
    assert [answer["pieces"] for answer in page.answers if answer["kind"] == "taken"] == [
        *range(1, len(pieces_of(content)) + 1)
    ]
    assert all(answer["id"] == "a" for answer in page.answers)


def test_a_piece_is_at_most_512_kib_also_as_the_text_in_which_a_page_sends_it(page: Page) -> None:
    assert page.chunk == CHUNK
    assert len(b64encode(bytes(CHUNK))) <= 512 * 1024


def test_a_page_sends_pieces_as_text_since_some_front_ends_lose_binary_parts(page: Page) -> None:
    content = noise(2 * CHUNK + 17)
    page.say("begin", size=len(content), name="a.png")
    for index, piece in enumerate(pieces_of(content)):
        said = page.say("chunk", index=index, text=b64encode(piece).decode())
    assert said == ["taken", "done"]
    assert page.came[0].read_bytes() == content


@pytest.mark.parametrize("text", [None, "", "no base64!", b64encode(bytes(CHUNK - 1)).decode(), 7])
def test_bytes_that_are_lost_on_the_way_end_in_a_sentence_with_the_next_step(
    page: Page, folder: Path, text: Any
) -> None:
    page.say("begin", size=2 * CHUNK, name="a.png")
    assert page.say("chunk", index=0, text=text) == ["failed"]
    assert page.problems == [f"a.png: {LOST}"]
    assert files(folder) == []


#: Messages of a page that is not ours, each as index and lengths; the last one ends the upload.
BROKEN: dict[str, list[tuple[Any, list[int]]]] = {
    "too short": [(0, [CHUNK - 1])],
    "too long": [(0, [CHUNK + 1])],
    "no piece": [(0, [])],
    "two pieces": [(0, [CHUNK, CHUNK])],
    "before the first": [(-1, [CHUNK])],
    "no number": [(None, [CHUNK])],
    "a text": [("0", [CHUNK])],
    "too short, ahead of its turn": [(1, [CHUNK - 1])],
    "far away": [(10**30, [CHUNK])],
    "beyond the window": [(WINDOW, [CHUNK])],
    "twice": [(0, [CHUNK]), (0, [CHUNK])],
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_wrong_piece_ends_the_upload_and_leaves_nothing(page: Page, folder: Path, kind: str) -> None:
    page.say("begin", size=(WINDOW + 2) * CHUNK, name="a.png")
    for index, lengths in BROKEN[kind]:
        said = page.say("chunk", "a", *map(bytes, lengths), index=index)
    assert said == ["failed"]
    assert page.say("chunk", "a", bytes(CHUNK), index=0) == []
    assert (files(folder), page.came) == ([], [])
    page.say("begin", "b", size=0, name="b.png")
    page.say("begin", "c", size=CHUNK, name="c.png")
    assert page.say("begin", "c", size=CHUNK, name="c.png") == ["failed"], "a key that is under way"
    assert [problem.partition(":")[0] for problem in page.problems] == ["a.png", "b.png", "c.png"]


@settings(max_examples=24, deadline=None)
@given(order=st.permutations(range(WINDOW)))
def test_pieces_of_one_window_may_come_in_any_order(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    page = Page(tmp_path_factory.mktemp("any"))
    content = noise(WINDOW * CHUNK - 5)
    page.say("begin", size=len(content), name="a.png")
    for index in order:
        page.say("chunk", "a", pieces_of(content)[index], index=index)
    assert page.came[0].read_bytes() == content
    page.close()


def test_canceling_removes_what_came_and_what_is_under_way_is_ignored(page: Page, folder: Path) -> None:
    page.say("begin", size=3 * CHUNK, name="a.png")
    page.say("chunk", "a", noise(CHUNK), index=0)
    assert len(files(folder)) == 1
    assert page.say("cancel") == ["canceled"]
    assert files(folder) == []
    assert page.say("chunk", "a", noise(CHUNK), index=1) == []
    assert (page.came, page.problems) == ([], [])
    assert page.whole(b"x", "b.png", "b")[-1] == "done"


def test_two_uploads_at_once_do_not_mix(page: Page, folder: Path) -> None:
    one, other = noise(3 * CHUNK, 1), noise(3 * CHUNK, 2)
    for key, content in (("a", one), ("b", other)):
        page.say("begin", key, size=len(content), name="same.png")
    for index in range(3):
        page.say("chunk", "a", pieces_of(one)[index], index=index)
        page.say("chunk", "b", pieces_of(other)[index], index=index)
    assert [path.read_bytes() for path in page.came] == [one, other]
    assert len(files(folder)) == 2


@pytest.mark.parametrize("size", [0, -1, None, "5", 1.5, True, MAX_FILE + 1, 10**30])
def test_a_file_of_an_impossible_size_is_refused_before_anything_is_sent(page: Page, folder: Path, size: Any) -> None:
    assert page.say("begin", size=size, name="a.png") == ["failed"]
    assert files(folder) == []
    [problem] = page.problems
    assert problem.startswith("a.png: ")
    assert ("512 MB" in problem) == (isinstance(size, int) and size > MAX_FILE)


def test_the_same_file_twice_is_one_file_and_two_calls(page: Page, folder: Path) -> None:
    page.whole(b"picture", "a.png", "1")
    page.whole(b"picture", "a.png", "2")
    assert len(page.came) == 2
    assert page.came[0] == page.came[1]
    assert len(files(folder)) == 1


def test_what_a_callback_raises_is_shown_and_kept(page: Page, folder: Path) -> None:
    def refuse(path: Path) -> None:
        raise RecallError("no request in it; the key is sk-12345678901234")

    page.follow = refuse
    assert page.whole(b"picture", "a.png")[-1] == "failed"
    assert page.problems == ["a.png: no request in it; the key is sk-***"]
    assert len(files(folder)) == 1, "the file is whole and stays"
    assert page.say("dismiss") == []
    assert page.problems == []


def test_a_callback_may_wait_for_another_thread_that_uses_the_upload(page: Page) -> None:
    done: list[bool] = []

    def wait(path: Path) -> None:
        if not done:
            done.append(False)
            other = threading.Thread(target=page.whole, args=(b"second", "b.png", "b"), daemon=True)
            other.start()
            other.join(10)
            done[0] = not other.is_alive()

    page.follow = wait
    page.whole(b"first", "a.png")
    assert done == [True]


def test_a_full_disk_is_said_in_plain_words(page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page.say("begin", size=2 * CHUNK, name="a.png")
    [incoming] = page._incoming.values()

    def full(data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    real = incoming._file

    class Full:
        write = staticmethod(full)
        close = staticmethod(real.close)

    monkeypatch.setattr(incoming, "_file", Full())
    assert page.say("chunk", "a", noise(CHUNK), index=0) == ["failed"]
    assert "No space left on device" in page.problems[0]
    assert files(folder) == []


def test_a_folder_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    page = Page(tmp_path / "file" / "folder")
    assert page.say("begin", size=5, name="a.png") == ["failed"]
    assert "could not be saved" in page.problems[0]
    page.close()


def test_half_a_file_does_not_outlive_its_widget(folder: Path) -> None:
    page = Page(folder)
    page.say("begin", size=2 * CHUNK, name="a.png")
    page.say("chunk", "a", noise(CHUNK), index=0)
    assert len(files(folder)) == 1
    page.close()
    assert files(folder) == []


def test_half_a_file_does_not_outlive_the_kernel(folder: Path) -> None:
    script = (
        "import sys, pathlib; from wannb.forms.upload import Upload; folder = pathlib.Path(sys.argv[1]);"
        "upload = Upload(folder, print);"
        "upload._handle_custom_msg({'kind': 'begin', 'id': 'a', 'name': 'a.png', 'size': 9}, []);"
        "print(len(list(folder.iterdir())))"
    )
    said = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "1"
    assert files(folder) == []


@pytest.mark.parametrize("message", [None, "begin", 7, [], {}, {"kind": "nonsense"}, {"kind": "chunk", "id": []}])
def test_a_message_that_means_nothing_changes_nothing(page: Page, folder: Path, message: Any) -> None:
    page._handle_custom_msg(message, [])
    assert (page.answers, page.problems, files(folder)) == ([], [], [])


HOSTILE = [
    ("../../etc/passwd", "passwd"),
    ("..\\..\\windows\\system.ini", "system.ini"),
    ("/abs/ol/ute.png", "ute.png"),
    ("a/b\x00c\nd\x1b[31m.png", "bcd[31m.png"),
    ("‮gnp.exe", "gnp.exe"),
    ("", "picture"),
    ("..", "picture"),
    ("...", "picture"),
    (".png", "png"),
    (" .hidden ", "hidden"),
    ('a:b*c?"d<e>f|.jpg', "a_b_c__d_e_f_.jpg"),
    ("花瓶の写真.webp", "花瓶の写真.webp"),
    ("a" * 300 + ".jpeg", "a" * 75 + ".jpeg"),
    ("\ud800.png", "png"),
    ("😀" * 100 + ".png", "😀" * 56 + ".png"),
]


@pytest.mark.parametrize(("name", "safe"), HOSTILE)
def test_hostile_names_become_plain_ones(page: Page, folder: Path, name: str, safe: str) -> None:
    assert page.whole(b"x", name)[-1] == "done"
    assert page.came[0].parent == folder
    assert page.came[0].name.partition("-")[2] == safe


@settings(deadline=None)
@given(st.text(max_size=400) | st.text(alphabet="猫😀/\\.\x00 a", max_size=400))
def test_any_name_is_safe_and_fits_in_a_directory(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 80
    assert len(f"{'0' * 12}-{safe}".encode()) <= 255
    assert not set(safe) & set('/\\:*?"<>|')
    assert safe.isprintable() or "\u3000" in safe or any(letter.isspace() for letter in safe)
    assert not safe.startswith(".")
    assert safe_name(safe) == safe


def test_30_mb_are_written_as_they_come(page: Page, folder: Path) -> None:
    length, hashed = 30 * CHUNK + 17, hashlib.sha256()
    page.say("begin", size=length, name="large.tif")
    tracemalloc.start()
    try:
        for index in range(31):
            piece = noise(min(CHUNK, length - index * CHUNK), index)
            hashed.update(piece)
            page.say("chunk", "a", piece, index=index)
            if index == 20:
                [part] = folder.iterdir()
                assert part.stat().st_size >= 19 * CHUNK
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * CHUNK, f"{peak / CHUNK:.1f} MiB"
    assert hashlib.sha256(page.came[0].read_bytes()).digest() == hashed.digest()
    assert page.came[0].stat().st_size == length


def test_its_words_are_those_of_the_language(folder: Path) -> None:
    class Loud(Words):
        def __call__(self, text: str, /, **values: object) -> str:
            return super().__call__(text, **values).upper()

    page = Page(folder, words=Loud())
    page.say("begin", size=0, name="a.png")
    assert page.texts["cancel"] == "CANCEL"
    assert page.problems == ["A.PNG: THE FILE IS EMPTY"]
    page.close()
