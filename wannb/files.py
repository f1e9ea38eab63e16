"""Files of unknown origin, read in bounded time and memory, and files of our own, written whole or not at all.

A path can lead to a device without an end or to a pipe without a writer, a few bytes of JSON can nest deeper than
Python can follow, and a small picture can unpack to gigabytes. Each of them raises one kind of exception here.
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .translation import say

if TYPE_CHECKING:
    from PIL import Image

#: Levels of lists and objects in JSON; what wannb and the service write has under ten.
_DEEPEST = 60
#: Seconds between the tries of a rename, while a scanner or a synchronizer still looks at the file.
_PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


def read_file(path: str | os.PathLike[str], *, most: int, links: bool = True) -> bytes:
    """Return the content of a plain file of at most `most` bytes.

    Args:
        most: bytes; a larger file is refused unread.
        links: whether a symbolic link is followed; in a folder of unknown origin it may lead to any file.

    Raises:
        OSError: the file cannot be read, is larger, or is a folder, a pipe, a device or a link that is not followed.

    >>> len(read_file(__file__, most=10**6)) > 0
    True
    """
    check_plain(path, most, links=links)
    with open(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(_too_large(most))
    return content


def parse_json(text: str | bytes) -> Any:
    """Return JSON data, with None in place of NaN and infinity; `ValueError` for bad JSON and over 60 levels of it.

    >>> parse_json('{"a": [1, NaN]}')
    {'a': [1, None]}
    """
    try:
        data = json.loads(text, parse_constant=lambda name: None, parse_float=_finite)
    except RecursionError:
        raise ValueError(say("it nests too deep")) from None
    if _nests_deeper(data, _DEEPEST):
        raise ValueError(say("it nests too deep"))
    return data


@contextmanager
def opened_picture(source: str | os.PathLike[str] | bytes | IO[bytes], *, links: bool = True) -> Iterator[Image.Image]:
    """Open a picture with Pillow for a `with` block; whatever is wrong with it, also within the block, is an `OSError`.

    Args:
        source: a path, the file's bytes or the open file.
        links: whether a path that is a symbolic link is followed.

    >>> with opened_picture("cat.png") as image:    # doctest: +SKIP
    ...     image.size
    """
    from PIL import Image

    name = "the picture"
    with ExitStack() as open_files:
        if isinstance(source, (str, os.PathLike)):
            name = os.fspath(source)
            check_plain(name, links=links)
            # Pillow leaves a file open that is no picture.
            file: IO[bytes] = open_files.enter_context(open(name, "rb"))
        else:
            file = io.BytesIO(source) if isinstance(source, bytes) else source
        try:
            with Image.open(file) as image:
                image.filename = name
                yield image
        except OSError:
            raise
        except Exception as error:
            # Decoders raise anything for damaged files, and an exception of their own for bombs.
            raise OSError(say("{name} cannot be read as a picture: {error}", name=repr(name), error=error)) from error


def mode_in(folder: Path) -> int:
    """Return the mode of new files in a folder: in one that is closed to others they are as well, else by the umask."""
    try:
        return 0o666 if stat.S_IMODE(os.stat(folder).st_mode) & 0o077 else 0o600
    except OSError:
        return 0o600


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, if they are missing; within one that is closed to others they are as well."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(0o777 if mode_in(path.parent) == 0o666 else 0o700, exist_ok=True)


def write(path: str | os.PathLike[str], content: bytes, *, export: bool = False) -> None:
    """Write a file as a whole: under another name, synced to disk, then renamed; `OSError` if that fails.

    In a folder that is closed to others the file is as well; with `export` its mode is the usual one everywhere.
    """
    place = Path(path)
    temporary = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    mode = 0o666 if export else mode_in(place.parent)
    try:
        with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        rename(temporary, place)
        _sync_folder(place.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OSError(error.errno, _cannot_write(place, error)) from error


def rename(source: Path, target: Path) -> None:
    """Rename a file, over another one too; tried again for a second or two while another program looks at either.

    Windows refuses that (errors 5, 32 and 33), as do some folders on a network or in a cloud.
    """
    for pause in (*_PAUSES, None):
        try:
            os.replace(source, target)
            return
        except OSError as error:
            if pause is None or error.errno not in (errno.EACCES, errno.EPERM, errno.EBUSY):
                raise
        time.sleep(pause)


def append_line(path: str | os.PathLike[str], record: Mapping[str, Any], *, sync: bool = True) -> None:
    """Append a record to a log as one line of JSON and make sure that it is on disk, or raise `OSError`.

    A line that an earlier writer left cut stays as it is: the new one begins on a line of its own. When the disk is
    full nothing of the new line is left. Writers of one log take turns, by a lock of their own.

    Args:
        path: the log, which is made if it is missing; its folder must exist.
        sync: whether to wait until it is on disk; without it a power cut may lose the line, a crash does not.
    """
    place = Path(path)
    # Half a surrogate pair, as a service's message may hold, cannot be written to a file.
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=str).encode(errors="replace") + b"\n"
    try:
        mode = mode_in(place.parent)
        with open(place, "a+b", buffering=0, opener=lambda name, flags: os.open(name, flags, mode)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(None, say("it is not a plain file"))
            before = file.tell()
            if before:
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            try:
                while line:
                    line = line[os.write(file.fileno(), line) :]
            except OSError:
                with suppress(OSError):
                    file.truncate(before)
                raise
            if sync:
                os.fsync(file)
        if sync and not before:
            _sync_folder(place.parent)
    except OSError as error:
        raise OSError(error.errno, _cannot_write(place, error)) from error


def read_lines(path: str | os.PathLike[str], *, most: int) -> tuple[list[Any], int]:
    """Return the records of a log that `append_line` wrote, and the number of lines that are cut or damaged.

    Args:
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


def _sync_folder(folder: Path) -> None:
    """Make a rename outlast a power cut, where the system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def is_plain(path: str | os.PathLike[str], size: int = 0) -> bool:
    """Return whether a path is a plain file itself, not a link to one, and of that size in bytes if one is given."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and size in (0, found.st_size)


def check_plain(path: str | os.PathLike[str], most: int | None = None, *, links: bool = True) -> None:
    """Raise `OSError` unless a path leads to a plain file of at most `most` bytes; see `read_file`."""
    # Before opening: that would wait for a writer of a pipe.
    try:
        found = os.stat(path) if links else os.lstat(path)
    except ValueError as error:
        raise OSError(f"{error}") from error
    if stat.S_ISLNK(found.st_mode):
        raise OSError(say("{name} is a link, which is not followed", name=repr(os.fspath(path))))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(say("{name} is not a plain file", name=repr(os.fspath(path))))
    if most is not None and found.st_size > most:
        raise OSError(_too_large(most))


def _cannot_write(place: Path, error: OSError) -> str:
    return say("cannot write {file}: {reason}", file=repr(str(place)), reason=error.strerror or error)


def _too_large(most: int) -> str:
    return say("the file is over {most} MB", most=most // 2**20)


def _finite(written: str) -> float | None:
    number = float(written)
    return number if math.isfinite(number) else None


def _nests_deeper(data: Any, levels: int) -> bool:
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return bool(inner) and (levels == 0 or any(_nests_deeper(each, levels - 1) for each in inner))
