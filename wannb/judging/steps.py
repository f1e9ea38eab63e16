"""Steps: what a judge is asked, one after the other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from wannb.plan import repeated
from wannb.scoring import mark

from .pairs import Pair, chosen, rank


@dataclass(frozen=True, kw_only=True)
class Step:
    """A question on a pair.

    Attributes:
        pair: what is shown.
        question: the name of what is asked, "" of a single question.
        again: whether the judge had the same pair before, with its sides the other way round.
    """

    pair: Pair
    question: str = ""
    again: bool = False

    @property
    def mark(self) -> str:
        """What a verdict is filed under."""
        return mark(self.pair.id, self.question, again=self.again)

    @property
    def named(self) -> dict[str, Any]:
        """The question, and whether it is asked again or to see if the judge looks, as they are in the file."""
        facts = {"question": self.question, "again": self.again, "attention": self.pair.attention}
        return {name: value for name, value in facts.items() if value}


def steps_of(
    wanted: Sequence[Pair],
    judged: Sequence[Step],
    questions: Collection[str],
    *,
    repeats: float,
    attention: Sequence[Pair],
    chance: str,
) -> list[Step]:
    """Return a judge's steps: what is judged already, then the rest, question by question.

    All judges get the same pairs, so that their agreement can be measured; each has an order of their own. Of each
    question a share of the pairs comes again with sides swapped, half of the pairs later; attention pairs are spread
    over them.
    """
    steps, marks = list(judged), {step.mark for step in judged}
    for name in questions:
        order = [Step(pair=pair, question=name) for pair in chosen(wanted, None, chance=mark(chance, name))]
        half = len(order) // 2
        drawn = sorted(range(half), key=lambda place: rank(chance, f"again {order[place].pair.mark}"))
        again = set(drawn[: repeated(len(order), repeats)])
        known = sum(step.question == name and not step.again and not step.pair.attention for step in judged)
        left = max(0, len(order) - known)
        tests = _spread([Step(pair=pair, question=name) for pair in attention], len(order), mark(chance, name))
        first = [step for step in order if step.mark not in marks][:left]
        asked = marks | {step.mark for step in first}
        for place, step in enumerate(order):
            steps += [test for test in tests.get(place, ()) if test.mark not in marks]
            if step.mark in asked - marks:
                steps.append(step)
            if place - half in again and order[place - half].mark in asked:
                repeat = Step(pair=order[place - half].pair, question=name, again=True)
                steps += [] if repeat.mark in marks else [repeat]
    return steps


def _spread(steps: Sequence[Step], over: int, chance: str) -> dict[int, list[Step]]:
    """Return steps by the places that they come before, one at random in each of as many parts of an order."""
    places: dict[int, list[Step]] = {}
    for number, step in enumerate(steps):
        part = int(rank(chance, f"attention {number}")[:8], 16) / 2**32
        places.setdefault(int((number + part) * over / len(steps)), []).append(step)
    return places
