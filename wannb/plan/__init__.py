"""Sweeps: the same request with one or more options varied, priced before anything is sent, and resumed after.

May import `client`, `figures`, `scoring` and the rooms below them. Other rooms import only what `__all__` names.
"""

from wannb.cells import MOST, Cell, Forecast, prompts

from .judging import check_repeats, repeated
from .plan import SEED, Plan, sweep
from .run import Progress
from .study import open_runs

__all__ = [
    "MOST",
    "SEED",
    "Cell",
    "Forecast",
    "Plan",
    "Progress",
    "check_repeats",
    "open_runs",
    "prompts",
    "repeated",
    "sweep",
]
