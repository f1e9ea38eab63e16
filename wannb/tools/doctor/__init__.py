"""Say how wannb stands on this machine: front end, kernel, key, service, store, clock, fonts, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from . import account, folder, machine
from .lines import Checkup, Line

if TYPE_CHECKING:
    from wannb.client import Client

__all__ = ["Checkup", "Line", "doctor"]


def doctor(client: Client | None = None, *, online: bool = False) -> Checkup:
    """Look at everything that wannb needs here and return what was found, with what to do about each.

    Nothing is raised, nothing is billed, and no part of a key is shown. It shows itself as a table.

    Args:
        client: the one to look at; by default what `connect()` would use.
        online: ask the live service for its task list once, which is free, to know whether it takes the key and
            whether this machine's clock is right. Without it nothing is sent.

    >>> wannb.doctor().ok    # doctest: +SKIP
    True
    """
    lines = [
        *_looked("front end", machine.front_end),
        *_looked("kernel", machine.kernel),
        *_looked("packages", machine.packages),
    ]
    try:
        setting, wrong = account.setting_of(client)
    except Exception as error:
        return Checkup(lines=(*lines, _unknown("settings", error)))
    lines += [
        *_looked("key", lambda: account.key(setting)),
        *wrong,
        *_looked("service", lambda: [] if wrong else account.destination(setting)),
        *_looked("limits", lambda: account.limits(setting)),
        *_looked("store", lambda: folder.store(setting.store)),
        *_looked("clock", lambda: account.clock(setting, online=online)),
        *_looked("language", lambda: account.language(setting)),
        *_looked("fonts", machine.fonts),
        *_looked("extras", machine.extras),
    ]
    return Checkup(lines=tuple(lines))


def _looked(name: str, check: Callable[[], Line | Iterable[Line]]) -> list[Line]:
    """Return what a check says; one that stumbles says that, and the others go on."""
    lines: list[Line] = []
    try:
        said = check()
        lines += [said] if isinstance(said, Line) else said
    except Exception as error:
        lines.append(_unknown(name, error))
    return lines


def _unknown(name: str, error: Exception) -> Line:
    # The error's own text could hold anything.
    return Line(name=name, state="note", says=f"could not be found out ({type(error).__name__})")
