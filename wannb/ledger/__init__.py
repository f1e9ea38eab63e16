"""Nothing paid is lost: runs on disk, submit, wait, save, rescue, result.

May import `service`, `display`, `request` and the modules at the root. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .recall import recall
from .record import ANSWERED, CANCELED, DONE, ENDED, FAILED, LOST, SENDING, Failure
from .rescue import Candidates, Rescue, candidates, rescue
from .result import GeneratedImage, Result
from .run import Run, Runs, at_work, read, seconds_of, usual_seconds
from .store import Store
from .submit import Ledger
from .task import OnStatus, Task, waits_shown

__all__ = [
    "ANSWERED",
    "CANCELED",
    "DONE",
    "ENDED",
    "FAILED",
    "LOST",
    "SENDING",
    "Candidates",
    "Failure",
    "GeneratedImage",
    "Ledger",
    "OnStatus",
    "Rescue",
    "Result",
    "Run",
    "Runs",
    "Store",
    "Task",
    "at_work",
    "candidates",
    "read",
    "recall",
    "rescue",
    "seconds_of",
    "usual_seconds",
    "waits_shown",
]
