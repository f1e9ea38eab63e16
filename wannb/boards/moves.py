"""A saved board's files renamed, copied and archived: each is whole before and after, also if a kill comes between."""

from __future__ import annotations

import secrets
import shutil

from wannb.errors import StoreError
from wannb.files import is_plain, rename, write
from wannb.storyboard import ARCHIVED, FILE, PICTURES, BoardFiles, line_of, store_errors
from wannb.translation import say


def archive(files: BoardFiles, *, archived: bool) -> BoardFiles:
    """Archive a board, or bring it back."""
    files.check_there(known=True)
    with store_errors():
        if archived:
            write(files.folder / ARCHIVED, b"")
        else:
            (files.folder / ARCHIVED).unlink(missing_ok=True)
    return files


def move(files: BoardFiles, name: str) -> BoardFiles:
    """Give a board another name, with its history and pictures, and return its files."""
    target = BoardFiles.named(files.store, name)
    with files.locked(target):
        files.check_there(known=True)
        _check_free(target)
        with store_errors():
            rename(files.folder, target.folder)
    return target


def copy(files: BoardFiles, name: str) -> BoardFiles:
    """Make a board of another name that has all of this one, and return its files."""
    target = BoardFiles.named(files.store, name)
    # Made whole beside the others and then renamed, so that a kill leaves no half of a board.
    new = target.folder.with_name(f".new-{secrets.token_hex(6)}")
    with files.locked(target):
        files.check_there(known=True)
        _check_free(target)
        try:
            files.make(new / PICTURES)
            with store_errors():
                for picture in (files.folder / PICTURES).glob("*"):
                    if is_plain(picture):
                        shutil.copyfile(picture, new / PICTURES / picture.name)
                write(new / FILE, line_of(files.last_line()))
                rename(new, target.folder)
        except StoreError:
            shutil.rmtree(new, ignore_errors=True)
            raise
    return target


def _check_free(files: BoardFiles) -> None:
    if files.folder.exists():
        other = BoardFiles.free_name(files.store, files.folder.name)
        raise ValueError(say("a board {name} exists; {other} is free", name=repr(files.folder.name), other=repr(other)))
