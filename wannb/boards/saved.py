"""Saved boards of a runs folder: listed, opened, renamed, copied, archived and restored. Nothing is deleted or paid."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.display import data_uri, html, previews
from wannb.errors import StoreError
from wannb.files import is_plain, rename, write
from wannb.service import Money
from wannb.storyboard import (
    ARCHIVED,
    FILE,
    PICTURES,
    BoardFiles,
    Storyboard,
    cost_of,
    line_of,
    made_by,
    outline,
    store_errors,
)
from wannb.translation import Said, count, current, joined, override, say, spoken

if TYPE_CHECKING:
    from wannb.client import Client

#: Boards shown in a cell at most, frames shown of each, and their pixels in the file and on the page.
_SHOWN, _FRAMES, _PIXELS, _WIDTH = 30, 4, 160, 88


@dataclass(frozen=True, kw_only=True)
class SavedBoard:
    """One saved board.

    Attributes:
        name: of the board, and of its folder.
        changed: when it was changed last, in UTC; of one that was put aside, when that was.
        scenes, frames: how many scenes it has, and how many of them have a frame.
        seconds: how long its film is.
        cost: of all that came back for it; None if a price is unknown.
        live: whether something of it was billed.
        archived: whether it is out of the way.
        earlier: whether it was put aside for other scenes of its name.
        problem: why it cannot be read; nothing for one that can.
    """

    name: str
    path: Path
    changed: datetime
    scenes: int = 0
    frames: int = 0
    seconds: float = 0
    cost: Money | None = None
    live: bool = False
    archived: bool = False
    earlier: bool = False
    problem: str = ""
    pictures: tuple[Path, ...] = field(default=(), repr=False)
    client: Client = field(repr=False, compare=False)

    def open(self) -> Storyboard:
        """Open it; one that is archived stays so.

        Raises:
            ValueError, StoreError: as `wannb.Storyboard.open`.
        """
        return Storyboard.open(self.client, self.path)

    def rename(self, new: str) -> SavedBoard:
        """Give it another name and return it; frames, takes and history stay.

        A board object that was opened under the old name can then change nothing more, and says so.

        Raises:
            ValueError: the name is taken or cannot be one, or the board was put aside.
            StoreError: the folder cannot be renamed, or the board is gone.

        >>> wannb.storyboards(client)["storyboard"].rename("Fox in snow")    # doctest: +SKIP
        """
        if self.earlier:
            with override(self.client.language):
                raise ValueError(say("{name} was put aside: restore it first", name=repr(self.name)))
        return self._done(lambda files: move(files, new))

    def copy(self, new: str = "") -> SavedBoard:
        """Make a board of its own that has the same frames, takes and history, and return it; nothing is paid.

        Args:
            new: its name; by default the same with the next free number.

        Raises:
            ValueError: the name is taken or cannot be one.
            StoreError: a file cannot be read or written.
        """
        return self._done(lambda files: copy(files, new or BoardFiles.free_name(files.store, self.name)))

    def archive(self) -> SavedBoard:
        """Put it out of the way, at the end of the list, and return it; nothing is deleted or moved."""
        return self if self.earlier else self._done(lambda files: archive(files, archived=True))

    def restore(self) -> SavedBoard:
        """Bring an archived board back and return it; one that was put aside becomes a board with the next free name.

        Raises:
            StoreError: a file cannot be read or written.
        """
        if not self.earlier:
            return self._done(lambda files: archive(files, archived=False))
        restored = self.copy()
        with suppress(OSError):  # where it cannot be removed it is listed twice
            self.path.unlink()
        return restored

    def _done(self, act: Callable[[BoardFiles], BoardFiles]) -> SavedBoard:
        with override(self.client.language):
            files = BoardFiles(self.client.store, self.path)
            return _saved(self.client, act(files).file)

    @property
    def facts(self) -> Said:
        """What a list says of it, in a line."""
        if self.problem:
            return Said("{when} · {problem}", when=self._when, problem=self.problem)
        frames = Said("{n} of {all}", n=self.frames, all=count(self.scenes, "frame"))
        parts: list[str] = [Said("put aside")] if self.earlier else [Said("archived")] if self.archived else []
        if self.cost is None:
            parts.append(Said("price unknown"))
        elif self.cost.amount:
            parts.append(self.cost.short if self.live else Said("demo ({cost} live)", cost=self.cost.short))
        return joined(" · ", [self._when, frames, *parts])

    @property
    def _when(self) -> str:
        return f"{self.changed:%Y-%m-%d %H:%M}"

    def strip(self) -> str:
        """Return its first frames as HTML, side by side."""
        texts = [Said("{name}, frame {number}", name=self.name, number=number) for number in range(1, _FRAMES + 1)]
        jpegs = zip(previews(self.pictures[:_FRAMES], _PIXELS), texts, strict=False)
        # Their height is a style: JupyterLab's own overrides the attribute.
        return "".join(
            f'<img src="{data_uri(jpeg)}" alt="{html.attribute(text)}" style="display:inline-block;width:auto;'
            f'height:{_WIDTH * 9 // 16}px;margin:0 4px 0 0;border-radius:3px;vertical-align:top">'
            for jpeg, text in jpegs
            if jpeg
        )


class SavedBoards(list[SavedBoard]):
    """Saved boards, the newest first and those that are archived last, which show themselves as a table.

    A board is found by its place or its name: `boards["Fox in snow"]`.
    """

    language: str = ""

    def __getitem__(self, which: Any) -> Any:
        if not isinstance(which, str):
            return super().__getitem__(which)
        found = next((each for each in self if each.name == which), None)
        if found is None:
            there = ", ".join(repr(each.name) for each in self if not each.earlier) or Said("no boards yet")
            with override(self.language):
                raise KeyError(say("no storyboard {name}; there are: {there}", name=repr(which), there=there))
        return found

    @spoken
    def __repr__(self) -> str:
        rows = [joined(" · ", [f"  {each.name}", each.facts]) for each in self]
        head = Said("Storyboards({n})", n=len(self) or Said("no boards yet"))
        return say(joined("\n", [head, *rows]))

    @spoken
    def _repr_html_(self) -> str:
        if not self:
            return html.block(Said("Storyboards"), lines=[Said("no boards yet")])
        rows = [(html.Markup(each.strip()), each.name, each.facts) for each in self[:_SHOWN]]
        if len(self) > _SHOWN:
            rows.append((html.Markup("…"), Said("{n} more", n=len(self) - _SHOWN), Said("")))
        return html.table((Said("frames"), Said("board"), Said("changed (UTC), frames, cost")), rows)


def storyboards(client: Client) -> SavedBoards:
    """Return all boards of a client's runs folder, the newest first, those that are archived or were put aside last.

    >>> boards = wannb.storyboards(client)                  # doctest: +SKIP
    >>> board = boards["Fox in snow"].open()                # doctest: +SKIP
    >>> boards["Fox in snow"].copy("Fox in rain")           # doctest: +SKIP
    """
    with override(client.language):
        place = client.store.root / "storyboards"
        found = [*place.glob(f"[!.]*/{FILE}"), *place.glob("[!.]*/board-*.jsonl")]
        saved = sorted(_all(client, found), key=lambda each: (each.earlier or each.archived, -each.changed.timestamp()))
        boards = SavedBoards(saved)
        boards.language = current()
        return boards


def _all(client: Client, found: Iterable[Path]) -> Iterator[SavedBoard]:
    for file in found:
        with suppress(OSError):  # renamed meanwhile
            yield _saved(client, file)


def _saved(client: Client, file: Path) -> SavedBoard:
    files = BoardFiles(client.store, file)
    changed = datetime.fromtimestamp(int(file.stat().st_mtime), timezone.utc)
    known: dict[str, Any] = {"name": file.parent.name, "path": file, "changed": changed, "client": client}
    known |= {"archived": files.is_archived, "earlier": file.name != FILE}
    try:
        panels, runs, model = outline(files.last_line() or {})
    except StoreError as error:
        return SavedBoard(**known, problem=str(error))
    frames = [panel.frame for panel in panels if panel.frame]
    return SavedBoard(
        **known,
        scenes=len(panels),
        frames=len(frames),
        seconds=sum(panel.scene.seconds for panel in panels),
        cost=cost_of(client, runs, model=model),
        live=bool(made_by(client, runs) - {"mock"}),
        pictures=tuple(map(files.path_of, frames)),
    )


# The files renamed, copied and archived: each is whole before and after, also if a kill comes between


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
