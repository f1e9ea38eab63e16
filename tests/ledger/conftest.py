"""A light server with steps in between, and a disk that can be filled, for the tests of the ledger."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger.around import Between, light_server

from wannb.client import Client
from wannb.forms import HistoryForm
from wannb.mock import MockServer


@pytest.fixture
def between() -> Iterator[tuple[MockServer, Between]]:
    with light_server() as made:
        yield made


@pytest.fixture
def server(between: tuple[MockServer, Between]) -> MockServer:
    """A mock server whose tasks take no time, with pictures of one colour."""
    return between[0]


@pytest.fixture
def form(client: Client) -> Iterator[HistoryForm]:
    made = HistoryForm(client)
    yield made
    made.close()


class Disk:
    """A folder on a file system of its own, that can be filled to the last byte and made free again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._ballast = root / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file:
            for size in (65536, 4096):
                while True:
                    try:
                        file.write(bytes(size))
                    except OSError:
                        break

    def free(self) -> None:
        self._ballast.unlink()

    def protect(self, options: str = "ro") -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.root)], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    root = tmp_path / "disk"
    root.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(root)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small file system can be mounted by root alone; the limit on file sizes needs no root")
    try:
        yield Disk(root)
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)
