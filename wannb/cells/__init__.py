"""Cells: the requests of a sweep, how each stands, what a person changed, and the lists that prompts come from.

May import `figures` and the rooms below it. Other rooms import only what `__all__` names.
"""

from .cell import MOST, Cell, cells_of, filled, labels_for, select, slots_of, split_options
from .changes import CHANGES, REASON, changes_in, noted, replaced, write_change
from .lists import Prompts, prompts
from .status import STATES, Forecast, State, Status, forecast, statuses_of, to_do

__all__ = [
    "CHANGES",
    "MOST",
    "REASON",
    "STATES",
    "Cell",
    "Forecast",
    "Prompts",
    "State",
    "Status",
    "cells_of",
    "changes_in",
    "filled",
    "forecast",
    "labels_for",
    "noted",
    "prompts",
    "replaced",
    "select",
    "slots_of",
    "split_options",
    "statuses_of",
    "to_do",
    "write_change",
]
