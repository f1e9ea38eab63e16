"""The recordings a server answers from, and the search for the one that a request equals."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .format import GENERATION, Recording, content_of, digest, load, parameters_of
from .nearest import differences, nearest
from .run_folders import RunRecording

DEFAULTS = {"watermark": False, "thinking_mode": True, "enable_sequential": False}
# Of the nearest recordings so many have their pictures read, to say what differs.
READ_CLOSELY = 5


class Shelf:
    """The recordings a server answers from. Where two hold the same request, the first counts.

    A recording without a seed, as the documented examples are, answers whatever seed a request draws, and options that
    are sent at their documented defaults. Of run folders with the same request each is played once, in their order,
    and the last one from then on.
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
                if "seed" not in parameters_of(recording.request):
                    self._seedless.setdefault(digest(_without_seed(recording.request)), recording)

    def __len__(self) -> int:
        # A run's folder holds its request for both endpoints.
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
        """Say which recording is nearest to a request that has none, and precisely what differs."""
        again = "To record it: python -m wannb.mock --record FOLDER, then send the request to that server."
        listed = [*self._by_digest.values(), *(run for runs in self._runs.values() for run in runs)]
        best = self._nearest(listed, normalised)
        if best is None:
            return f"There are no recordings to answer from. {again}"
        found = differences(best.request, normalised)
        said = "; ".join(map(str, found[:12]))
        more = f"; and {len(found) - 12} more" if len(found) > 12 else ""
        places = "1 place" if len(found) == 1 else f"{len(found)} places"
        return (
            f"No recording equals this request. The nearest is {best.name}, which differs in {places}: "
            f"{said}{more}. {again}"
        )

    def _nearest(self, listed: Sequence[Recording], normalised: Mapping[str, Any]) -> Recording | None:
        order = nearest([recording.request for recording in listed], normalised)
        read: list[Recording] = []
        for place in order:
            whole = listed[place].whole()
            if whole is not None:
                read.append(whole)
            if len(read) == READ_CLOSELY:
                break
        return read[nearest([recording.request for recording in read], normalised)[0]] if read else None

    def _whole(self, outline: str) -> list[RunRecording]:
        """Read the pictures of the runs that a request could equal, once, and drop those that are damaged."""
        with self._lock:
            runs = [whole for run in self._runs.get(outline, ()) if (whole := run.whole()) is not None]
            if outline in self._runs:
                self._runs[outline] = runs
            return runs


def shelf(folders: str | Path | Sequence[str | Path]) -> Shelf:
    """Load the recordings of one folder or several, the first folder counting first."""
    listed = [folders] if isinstance(folders, str | Path) else list(folders)
    return Shelf(recording for folder in listed for recording in load(folder))


def _outline(normalised: Mapping[str, Any]) -> str:
    """Return a digest of a request in which every picture is alike: their names are known only once they are read."""
    body = normalised.get("json")
    content = [{**item, "image": ""} if "image" in item else item for item in content_of(body)]
    model = body.get("model") if isinstance(body, dict) else None
    return digest({**normalised, "json": [model, content, dict(parameters_of(normalised))]})


def _without_seed(normalised: Mapping[str, Any]) -> dict[str, Any]:
    body = normalised.get("json")
    kept = {
        name: value
        for name, value in parameters_of(normalised).items()
        if name != "seed" and not (name in DEFAULTS and value is DEFAULTS[name])
    }
    return {**normalised, "json": {**body, "parameters": kept}} if isinstance(body, dict) else dict(normalised)
