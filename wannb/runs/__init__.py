"""Runs on disk: one request with everything that came of it, its record, the folder of all runs, lists and sums.

May import `service`, `display`, `request` and the root; what changes a run through the service is `ledger`.
"""

from __future__ import annotations

from .record import (
    ANSWERED,
    CANCELED,
    DONE,
    ENDED,
    FAILED,
    LOST,
    PREPARED,
    RUNNING,
    SENDING,
    Failure,
    NewerFormat,
    Record,
    SavedImage,
    Unreadable,
    check_format,
    check_request,
    saved_image,
)
from .result import GeneratedImage, Result
from .run import (
    FILE,
    RUN,
    Run,
    Runs,
    asked,
    asked_here,
    at_work,
    find_input,
    original,
    read,
    seconds_of,
    shown,
    stranded,
    usual_seconds,
)
from .store import Store

__all__ = [
    "ANSWERED",
    "CANCELED",
    "DONE",
    "ENDED",
    "FAILED",
    "FILE",
    "LOST",
    "PREPARED",
    "RUN",
    "RUNNING",
    "SENDING",
    "Failure",
    "GeneratedImage",
    "NewerFormat",
    "Record",
    "Result",
    "Run",
    "Runs",
    "SavedImage",
    "Store",
    "Unreadable",
    "asked",
    "asked_here",
    "at_work",
    "check_format",
    "check_request",
    "find_input",
    "original",
    "read",
    "saved_image",
    "seconds_of",
    "shown",
    "stranded",
    "usual_seconds",
]
