"""How each request of a plan stands, read from the folder of runs alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wannb.errors import ContentRefused, api_error
from wannb.ledger import ANSWERED, CANCELED, DONE, ENDED, FAILED, LOST, Failure, Run

if TYPE_CHECKING:
    from wannb.client import Client

#: The states of a cell. A next `run()` sends what is open or failed, and picks up what is under way.
STATES = ("done", "open", "under way", "failed", "refused", "not legal", "lost")
TO_DO = frozenset({"open", "under way", "failed"})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One of `STATES`, why in words, and the run it was read from."""

    state: str
    note: str = ""
    run: Run | None = None


OPEN = Standing(state="open", note="not run yet")


def standings(client: Client, fingerprints: Collection[str]) -> dict[str, Standing]:
    """Return how the requests with these fingerprints stand; those of which the store knows nothing are left out."""
    best: dict[str, Run] = {}
    for run in client.store.newest():
        fingerprint = run.record.fingerprint
        if fingerprint not in fingerprints or run.service != client.service.name:
            continue
        if run.state != DONE and not client.owns(run):
            continue
        known = best.get(fingerprint)
        if known is None or _worth(run) > _worth(known):
            best[fingerprint] = run
    return {fingerprint: _standing(run) for fingerprint, run in best.items()}


def _worth(run: Run) -> int:
    """Return which of several runs of one request counts, as for an equal call: a finished one, then one under way."""
    if run.state == DONE:
        return 3 if run.whole else 0
    return 1 if run.state in ENDED else 2


def _standing(run: Run) -> Standing:
    if run.state == DONE and run.whole:
        return Standing(state="done", run=run)
    if run.state == DONE:
        return Standing(state="open", note="its images are not in the folder of runs any more", run=run)
    if run.state == LOST:
        note = "the service forgot the task; client.run(cell.request) asks and pays anew"
        return Standing(state="lost", note=note, run=run)
    if run.state == CANCELED:
        return Standing(state="failed", note="canceled before it ran", run=run)
    if run.state == FAILED:
        error = run.record.error or Failure()
        code, message = error.code or "", error.message or error.text
        refused = bool(code) and isinstance(api_error(code, message, status=error.status or 200), ContentRefused)
        return Standing(state="refused" if refused else "failed", note=message or code or "it failed", run=run)
    if run.state == ANSWERED:
        note = "paid, but not all of its images are saved; run() fetches them, within 24 hours"
        return Standing(state="under way", note=note, run=run)
    if run.task_id is None and run.record.unresolved:
        note = "its answer was lost; it is looked up before anything is sent again"
        return Standing(state="under way", note=note, run=run)
    return Standing(state="under way", note="under way", run=run)
