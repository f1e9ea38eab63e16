"""Nothing paid is lost: runs on disk, submit, wait, save, repair, result.

May import `service`, `display`, `request` and the modules at the root. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from .durations import seconds_of, usual_seconds
from .recall import recall
from .repair import finish_from_disk
from .rescue import Rescue, rescue
from .result import GeneratedImage, Result
from .run import ANSWERED, CANCELED, DONE, ENDED, FAILED, LOST, PREPARED, SENDING, Run, Runs, read, write_json
from .saving import collect
from .store import Store
from .submit import Submitter
from .task import UNREACHED, Desk, OnStatus, Task

__all__ = [
    "ANSWERED",
    "CANCELED",
    "DONE",
    "ENDED",
    "FAILED",
    "LOST",
    "PREPARED",
    "SENDING",
    "UNREACHED",
    "Desk",
    "GeneratedImage",
    "OnStatus",
    "Rescue",
    "Result",
    "Run",
    "Runs",
    "Store",
    "Submitter",
    "Task",
    "collect",
    "finish_from_disk",
    "read",
    "recall",
    "rescue",
    "seconds_of",
    "usual_seconds",
    "write_json",
]
