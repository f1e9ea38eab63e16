"""One change at a time: threads that share a board do not write over each other's changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from .board import Storyboard

P = ParamSpec("P")
R = TypeVar("R")


def alone(change: Callable[Concatenate[Storyboard, P], R]) -> Callable[Concatenate[Storyboard, P], R]:
    """Return a method that holds its board's lock from reading the board to saving it."""

    @wraps(change)
    def held(board: Storyboard, /, *values: P.args, **named: P.kwargs) -> R:
        with board._lock:
            return change(board, *values, **named)

    return held
