"""Sweeps: the same request with one or more options varied, priced before anything is sent, and resumed after."""

from .plan import Cell, Plan, sweep

__all__ = ["Cell", "Plan", "sweep"]
