"""Nothing paid is lost: runs on disk, submit, wait, save, rescue, result.

May import `service`, `display`, `request` and the modules at the root. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

from wannb.display import describes

from .recall import facts, recall
from .rescue import Candidate, Candidates, Rescue, candidates, rescue
from .saving import NOT_CERTAIN, make_whole
from .submit import Ledger
from .task import OnStatus, Task, waits_shown

describes(facts)

__all__ = [
    "NOT_CERTAIN",
    "Candidate",
    "Candidates",
    "Ledger",
    "OnStatus",
    "Rescue",
    "Task",
    "candidates",
    "make_whole",
    "recall",
    "rescue",
    "waits_shown",
]
