"""How much memory a process holds, and the most it ever held, from the system's own book; None where it keeps none."""

from __future__ import annotations

from pathlib import Path


def megabytes(what: str, process: int | str = "self") -> float | None:
    """Return VmRSS (held now) or VmHWM (the most ever held by a program) in MB.

    `ru_maxrss` would not do: a child begins with its parent's.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith(f"{what}:")), None)


def over(base: float | None) -> float | None:
    """Return how far the peak lies over what was held before."""
    peak = megabytes("VmHWM")
    return None if base is None or peak is None else peak - base
