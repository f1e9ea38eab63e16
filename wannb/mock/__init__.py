"""A mock of the Wan 2.7 image service on this machine: strict, with drawn or recorded images, and no bill.

`serve()` starts it in a thread, `record()` writes recordings of what passes, `SCENARIOS` names what it can play.
`python -m wannb.mock --port 8765` does the same from a shell. Nothing here imports the rest of wannb: the rules of the
API are written a second time, so that a mistake cannot agree with itself.
"""

from __future__ import annotations

from wannb.mock.exchange import Log, LogEntry, Request, Response
from wannb.mock.recordings.recorder import record
from wannb.mock.server.app import App
from wannb.mock.server.http import MockServer, PortTaken, serve
from wannb.mock.server.scenarios import SCENARIOS, Scenario, Weather

__all__ = [
    "SCENARIOS",
    "App",
    "Log",
    "LogEntry",
    "MockServer",
    "PortTaken",
    "Request",
    "Response",
    "Scenario",
    "Weather",
    "record",
    "serve",
]


def __dir__() -> list[str]:
    return list(__all__)
