"""Sweeps: the same request with one or more options varied, priced before anything is sent, and resumed after.

May import `client`, `figures` and the rooms below them. Other rooms import only what `__all__` names.
"""

from .alternatives import MOST
from .carrying import Progress
from .forecast import Forecast
from .plan import SEED, Cell, Plan, sweep
from .standing import Standing

__all__ = ["MOST", "SEED", "Cell", "Forecast", "Plan", "Progress", "Standing", "sweep"]
