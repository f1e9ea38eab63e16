"""Read what others wrote: files, JSON and pictures that may be anything, in bounded time and memory.

A name can stand for a device without an end or a pipe that nobody writes to, a few bytes of JSON can nest deeper than
Python can follow, and a small picture can unpack to gigabytes. Each is refused here with one kind of exception.
"""

from __future__ import annotations

import io
import json
import math
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

#: Levels of lists and objects; what wannb and the service write has under ten.
_DEEPEST = 60


def read_file(path: str | os.PathLike[str], *, most: int) -> bytes:
    """Return the bytes of a plain file; `OSError` for any other, one that cannot be read, or one of over `most` bytes.

    >>> len(read_file(__file__, most=10**6)) > 0
    True
    """
    try:
        number = _unwaiting(path, os.O_RDONLY)
    except ValueError as error:
        raise OSError(f"{error}") from error
    try:
        found = os.fstat(number)
        if found.st_size > most:
            raise OSError(f"the file is over {most // 2**20} MB")
        content: bytes | None = None
        if stat.S_ISREG(found.st_mode):
            with open(number, "rb", closefd=False) as file:
                content = file.read(most + 1)  # None from what only looks like a file and has nothing to say now
    finally:
        os.close(number)
    if content is None:
        raise OSError("it is not a plain file")
    if len(content) > most:  # some systems give files of no size that have content
        raise OSError(f"the file is over {most // 2**20} MB")
    return content


def parse_json(text: str | bytes) -> Any:
    """Return JSON data; `ValueError` for text that is none or that nests too deep. Numbers that are none become None.

    >>> parse_json('{"a": [1, NaN]}')
    {'a': [1, None]}
    """
    try:
        data = json.loads(text, parse_constant=lambda name: None, parse_float=_finite)
    except RecursionError:
        raise ValueError("it nests too deep") from None
    level = [data]
    for _ in range(_DEEPEST):
        level = [inner for outer in level if isinstance(outer, (dict, list)) for inner in _inside(outer)]
        if not level:
            return data
    raise ValueError("it nests too deep")


@contextmanager
def opened_picture(source: str | os.PathLike[str] | bytes | IO[bytes]) -> Iterator[Image.Image]:
    """Open a picture with Pillow for a `with` block; whatever is wrong with it, there too, is an `OSError`."""
    from PIL import Image

    name = "the picture"
    with ExitStack() as open_files:
        if isinstance(source, (str, os.PathLike)):
            name = os.fspath(source)
            if not stat.S_ISREG(os.stat(name).st_mode):
                raise OSError(f"{name!r} is no plain file")
            # Pillow leaves a file open when it is no picture.
            file: IO[bytes] = open_files.enter_context(open(name, "rb", opener=_unwaiting))
        else:
            file = io.BytesIO(source) if isinstance(source, bytes) else source
        try:
            with Image.open(file) as image:
                image.filename = name
                yield image
        except OSError:
            raise
        except Exception as error:
            # Decoders of damaged files raise what they like, bombs an exception of their own.
            raise OSError(f"{name!r} cannot be read as a picture: {error}") from error


def write(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file beside its place, make sure it is on disk, and rename it into place, or raise `OSError`."""
    place = Path(path)
    temporary = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(place)
        _sync_folder(place.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OSError(error.errno, f"cannot write {str(place)!r}: {error.strerror or error}") from error


def append_line(path: str | os.PathLike[str], record: Mapping[str, Any], *, sync: bool = True) -> None:
    """Append a record to a log as one line of JSON and make sure that it is on disk, or raise `OSError`.

    A line that an earlier writer left cut stays as it is: the new one begins on a line of its own. When the disk is
    full nothing of the new line is left. Writers of one log take turns, by a lock of their own.

    Args:
        path: the log, which is made if it is missing; its folder must exist.
        record: JSON data.
        sync: whether to wait until it is on disk; without it a power cut may lose the line, a crash does not.
    """
    place = Path(path)
    # Half a surrogate pair, as a service's message may hold, cannot be written to a file.
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=str).encode(errors="replace") + b"\n"
    try:
        number = _unwaiting(place, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            found = os.fstat(number)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(None, "it is not a plain file")
            if found.st_size:
                os.lseek(number, -1, os.SEEK_END)
                line = line if os.read(number, 1) == b"\n" else b"\n" + line
            try:
                _write_all(number, line)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(number, found.st_size)
                raise
            if sync:
                os.fsync(number)
        finally:
            os.close(number)
        if sync and not found.st_size:
            _sync_folder(place.parent)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {str(place)!r}: {error.strerror or error}") from error


def read_lines(path: str | os.PathLike[str], *, most: int) -> tuple[list[Any], int]:
    """Return the records of a log that `append_line` wrote, and the number of lines that are cut or damaged.

    Args:
        path: the log.
        most: bytes; a larger file is refused.

    Raises:
        OSError: there is no such file, or it is not a plain one.
    """
    records: list[Any] = []
    lines = [line for line in read_file(path, most=most).split(b"\n") if line.strip()]
    for line in lines:
        with suppress(ValueError):
            records.append(parse_json(line))
    return records, len(lines) - len(records)


def _write_all(number: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(number, left) :]


def _sync_folder(folder: Path) -> None:
    """Make sure that a rename outlives a power cut, where the system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _unwaiting(path: str | os.PathLike[str], flags: int) -> int:
    """Open a file without waiting: opening a pipe would wait for somebody to write to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))


def _finite(written: str) -> float | None:
    number = float(written)
    return number if math.isfinite(number) else None


def _inside(outer: dict[str, Any] | list[Any]) -> Any:
    return outer.values() if isinstance(outer, dict) else outer
