"""Blind judging: two pictures at a time, which one is better, and what the verdicts of several judges say.

judging = wannb.judge(plan, judge="table 1")    # 1 left, 2 right, = tie, s skip, u undo; saved as it goes
judging.scores()                            # how strong each prompt is, with intervals
wannb.scores("table-1.jsonl", "table-2.jsonl")       # several judges together, and how far they agree
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .pairs import contest_of
from .record import Record, default_file
from .scoring import Score, Scores, scores

if TYPE_CHECKING:
    from wannb.plan import Plan

    from .form import Judging as Judging

__all__ = ["Score", "Scores", "judge", "scores"]


def judge(
    pictures: Plan | Mapping[str, Iterable[Any]],
    *,
    by: str | Sequence[str] | None = None,
    judge: str = "",
    file: str | os.PathLike[str] | None = None,
    pairs: int | None = None,
    seed: int | None = None,
    question: str | None = None,
    language: str | None = None,
) -> Judging:
    """Return a widget that shows two pictures at a time and asks which one is better, without telling which is which.

    Each verdict is on disk before the next pair is shown; the same judge goes on where they stopped. Nothing is sent
    and nothing is billed.

    Args:
        pictures: a plan that has run, or `{"A": [results], "B": [results]}` with as many pictures in each: those at
            the same place stand against each other.
        by: which varying options of the plan are judged: a name or several. All but the seed unless given. Two
            pictures of a pair are equal in every other option.
        judge: the judge's name. It makes the order of the pairs and the name of the file.
        file: where the verdicts go, JSON lines; unless given `judgements/<plan>-<judge>.jsonl` in the store.
        pairs: judge so many only, drawn so that each two contestants meet equally often. All judges get the same ones.
        seed: another order and, with `pairs`, another draw; 0 to 2**63.
        question: what is asked; "Which one is better?" unless given. It should not tell what is compared.
        language: "en" or "zh"; the client's unless given.

    Raises:
        ValueError: nothing to compare, an option that does not vary, or a file that belongs to another judging.
        StoreError: the file cannot be read.

    >>> wannb.judge(plan, judge="table 1", pairs=40)    # doctest: +SKIP
    >>> wannb.judge({"old": [first, second], "new": [third, fourth]})    # doctest: +SKIP
    """
    from .form import Judging

    if not isinstance(judge, str):
        raise TypeError(f"judge={judge!r} is no text; it is the judge's name")
    if pairs is not None and (not isinstance(pairs, int) or isinstance(pairs, bool) or pairs < 1):
        raise ValueError(f"pairs={pairs!r} is no whole number from 1; leave it out to judge them all")
    contest = contest_of(pictures, by=by)
    record = Record(file or default_file(contest, judge), contest=contest, judge=judge)
    client = None if isinstance(pictures, Mapping) else pictures.client
    spoken = language or (client.language if client else "en")
    return Judging(contest, record, pairs=pairs, seed=seed, question=question, language=spoken)
