"""Recordings a server answers from: read from folders, searched for the one of a request, and for the nearest one."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from wannb.files import parse_json, read_file

from .format import GENERATION, Recording, at, content_of, digest, object_at, read_exchange, walk
from .run_folders import RUN_FILE, RunRecording, read_run, run_record

BUNDLED = Path(__file__).with_name("bundled")
FILE_MOST = 64 * 1024 * 1024
DEFAULTS = {"watermark": False, "thinking_mode": True, "enable_sequential": False}
# How many of the nearest recordings have their images read, to say what differs.
READ_CLOSELY = 5
SAID_MOST = 12


def load(folder: str | Path) -> tuple[Recording, ...]:
    """Return every recording below a folder ("bundled" for those of the package), in the order of their paths.

    Of a run folder only its record counts. In a folder of runs, damaged files are skipped, since other files are there
    too.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: a recording outside a folder of runs cannot be read.
    """
    root = BUNDLED if str(folder) == "bundled" else Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"There is no folder of recordings at {str(folder)!r}.")
    files = sorted((path.split(os.sep), path) for path in _files(root))
    runs_folders = {os.path.dirname(os.path.dirname(path)) for parts, path in files if parts[-1] == RUN_FILE}
    found: list[Recording] = []
    for parts, path in files:
        try:
            found.extend(_read(Path(path)))
        except ValueError:
            above = {os.sep.join(parts[:end]) for end in range(1, len(parts))}
            if parts[-1] != RUN_FILE and not above & runs_folders:
                raise
    return tuple(found)


def load_all(folders: str | Path | Sequence[str | Path]) -> Recordings:
    """Load the recordings of one folder or several; the first folder counts first."""
    listed = [folders] if isinstance(folders, str | Path) else list(folders)
    return Recordings(recording for folder in listed for recording in load(folder))


def _files(root: Path) -> Iterator[str]:
    """Yield each JSON file below a folder that is not hidden; of a run folder its record alone."""
    for folder, folders, names in os.walk(root):
        if RUN_FILE in names:
            folders.clear()
            names = [RUN_FILE]
        folders[:] = [name for name in folders if not name.startswith(".")]
        wanted = (name for name in names if name == RUN_FILE or (name.endswith(".json") and name[0] != "."))
        yield from (os.path.join(folder, name) for name in wanted)


def _read(path: Path) -> list[Recording]:
    try:
        value = run_record(path) if path.name == RUN_FILE else parse_json(read_file(path, most=FILE_MOST))
    except (OSError, ValueError) as trouble:
        raise ValueError(f"{path.name} is not readable JSON: {trouble}") from trouble
    if not isinstance(value, dict):
        return []
    return (read_run(path, value) if path.name == RUN_FILE else []) or read_exchange(path, value)


class Recordings:
    """Recordings by their requests. Where two have the same request, the first counts.

    A recording without a seed, as the documented examples are, answers a request with any seed, and one that sends
    options at their documented defaults. Run folders with the same request are each played once, in their order, and
    the last one from then on.
    """

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._by_digest: dict[str, Recording] = {}
        self._seedless: dict[str, Recording] = {}
        self._runs: dict[str, list[RunRecording]] = {}
        self._lock = threading.Lock()
        for recording in recordings:
            if isinstance(recording, RunRecording):
                self._runs.setdefault(_outline(recording.request), []).append(recording)
            elif GENERATION.fullmatch(str(recording.request["path"])):
                self._by_digest.setdefault(recording.digest, recording)
                if at(recording.request["json"], "parameters", "seed") is None:
                    self._seedless.setdefault(digest(_without_seed(recording.request)), recording)

    def __len__(self) -> int:
        # A run folder counts once, though it answers at both endpoints.
        return len(self._by_digest) + len({run.file for runs in self._runs.values() for run in runs})

    def find(self, normalised: Mapping[str, Any], nth: int = 0) -> Recording | None:
        """Return the recording of a request that comes for the nth time, counted from 0."""
        name = digest(normalised)
        found = self._by_digest.get(name) or self._seedless.get(digest(_without_seed(normalised)))
        if found is not None:
            return found
        runs = [run for run in self._whole(_outline(normalised)) if run.digest == name]
        return runs[min(nth, len(runs) - 1)] if runs else None

    def miss(self, normalised: Mapping[str, Any]) -> str:
        """Return a message with the recording nearest to a request that has none, and all that differs."""
        advice = "To record it: python -m wannb.mock --record FOLDER, then send the request to that server."
        listed = [*self._by_digest.values(), *(run for runs in self._runs.values() for run in runs)]
        listed.sort(key=lambda recording: distance(recording.request, normalised))
        # What an image is, is known only when it is read.
        read: list[Recording] = []
        for recording in listed:
            if len(read) < READ_CLOSELY and (whole := recording.whole()) is not None:
                read.append(whole)
        if not read:
            return f"There are no recordings to answer from. {advice}"
        best = min(read, key=lambda recording: distance(recording.request, normalised))
        found = differences(best.request, normalised)
        more = f"; and {len(found) - SAID_MOST} more" if len(found) > SAID_MOST else ""
        places = "1 place" if len(found) == 1 else f"{len(found)} places"
        return (
            f"No recording equals this request. The nearest is {best.name}, which differs in {places}: "
            f"{'; '.join(found[:SAID_MOST])}{more}. {advice}"
        )

    def _whole(self, outline: str) -> list[RunRecording]:
        """Read the images of the runs that a request could equal, once, and drop the damaged ones."""
        with self._lock:
            runs = [whole for run in self._runs.get(outline, ()) if (whole := run.whole()) is not None]
            if outline in self._runs:
                self._runs[outline] = runs
            return runs


def _outline(normalised: Mapping[str, Any]) -> str:
    """Return a digest of a request in which all images are alike: their names are known only once they are read."""
    body = normalised.get("json")
    content = [{**item, "image": ""} if "image" in item else item for item in content_of(body)]
    return digest({**normalised, "json": [at(body, "model"), content, at(body, "parameters")]})


def _without_seed(normalised: Mapping[str, Any]) -> dict[str, Any]:
    body = normalised.get("json")
    kept = {
        name: value
        for name, value in object_at(body, "parameters").items()
        if name != "seed" and not (name in DEFAULTS and value is DEFAULTS[name])
    }
    return {**normalised, "json": {**body, "parameters": kept}} if isinstance(body, dict) else dict(normalised)


def distance(recorded: Mapping[str, Any], sent: Mapping[str, Any]) -> float:
    """Return how far two normalised requests are apart: 1 for each field that only one has, less for similar ones."""
    pairs = _differing(recorded, sent).values()
    return sum(1 - 0.8 * SequenceMatcher(None, old or "", new or "").quick_ratio() for old, new in pairs)


def differences(recorded: Mapping[str, Any], sent: Mapping[str, Any]) -> list[str]:
    """Return a line for every field in which two normalised requests differ, with both values shortened."""
    found = []
    for path, (old, new) in _differing(recorded, sent).items():
        pairs = enumerate(zip(old or "", new or "", strict=False))
        same = next((place for place, (before, after) in pairs if before != after), 0)
        where = path.removeprefix("json.")
        found.append(f"{where}: recorded {_shortened(old, same)}, sent {_shortened(new, same)}")
    return found


def _differing(recorded: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    before, after = _leaves(recorded), _leaves(sent)
    both = {path: (before.get(path), after.get(path)) for path in [*before, *after]}
    return {path: values for path, values in both.items() if values[0] != values[1]}


def _leaves(request: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for path, value in walk(dict(request)):
        if path != ("headers",) and not (isinstance(value, dict | list) and value):
            where = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in path)
            found[where[1:]] = json.dumps(value, ensure_ascii=False)
    return found


def _shortened(text: str | None, start: int) -> str:
    """Shorten a value to the part where it begins to differ."""
    if text is None or len(text) <= 70:
        return text or "nothing"
    begin = max(0, min(start - 20, len(text) - 60))
    return f"{'…' if begin else ''}{text[begin : begin + 60]}{'…' if begin + 60 < len(text) else ''}"
