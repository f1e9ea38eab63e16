"""A mock of the Wan 2.7 image service on loopback: strict, with drawn or recorded pictures, and no bill.

`serve()` starts it in a thread, `record()` writes recordings of what passes, `SCENARIOS` names what can go
wrong on order. `python -m wannb.mock --port 8765` does the same from a shell. Nothing here imports the rest
of wannb: the rules of the API are written a second time, so that a mistake cannot agree with itself.
"""

from __future__ import annotations

from wannb.mock.app import App
from wannb.mock.exchange import Request, Response
from wannb.mock.faults import SCENARIOS, Scenario, Weather
from wannb.mock.log import Log, LogEntry
from wannb.mock.record import record
from wannb.mock.server import MockServer, PortTaken, serve

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
