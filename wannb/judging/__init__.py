"""Blind judging: two pictures at a time, and which one is better.

    judging = wannb.judge(plan, judge="table 1")    # 1 left, 2 right, = tie, b both bad, s skip, u undo
    judging.scores()                                # the strength of each prompt, with intervals

May import `scoring`, `plan` and the rooms below them. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wannb.scoring import QUESTION
from wannb.translation import override, say

from .pairs import contest_of
from .record import Record, default_file

if TYPE_CHECKING:
    from wannb.plan import Plan

    from .widget import Judging

__all__ = ["judge"]


def judge(
    pictures: Plan | Mapping[str, Iterable[Any]],
    *,
    by: str | Sequence[str] | None = None,
    judge: str = "",
    file: str | os.PathLike[str] | None = None,
    pairs: int | None = None,
    seed: int | None = None,
    question: str | None = None,
    questions: Mapping[str, str] | None = None,
    language: str | None = None,
) -> Judging:
    """Return a widget that shows two pictures at a time and asks which one is better, without saying which is which.

    Each verdict is on disk before the next pair is shown; a judge who comes back continues. Nothing is sent and nothing
    is billed.

    Args:
        pictures: a plan that has run, or `{"A": [results], "B": [results]}` with equal numbers of pictures: those at
            the same place are compared.
        by: the varying option of the plan that is judged, or several; all but the seed by default. The two pictures of
            a pair are equal in every other option.
        judge: the judge's name, which determines the order of the pairs and the name of the file.
        file: for the verdicts, JSON lines; `judgements/<plan>-<judge>.jsonl` in the runs folder by default.
        pairs: judge at most this many on a question, so chosen that each two contestants meet equally often; the same
            for all judges.
        seed: of another order and, with `pairs`, of another choice; 0 to 2**63.
        question: by default "Which one is better?". It should not reveal what is compared. It is in the file and part
            of the judging: another question is another pass over the same pairs, with a file and scores of its own.
        questions: several, by short names: {"alignment": "Which one follows the prompt?", "quality": "..."}. They are
            asked one after the other in passes over the same pairs, and kept in one file; of a question that is added
            later nothing else is asked anew. `scores(question="quality")` evaluates one.
        language: "en" or "zh"; the client's by default.

    Returns:
        The widget; `press` judges from code, `scores` evaluates.

    Raises:
        ValueError: nothing to compare, an option that does not vary, or a file of another judging or question.
        TypeError: a judge or a question that is not text, or pictures that are neither a plan nor groups.
        StoreError: the file cannot be read.

    >>> wannb.judge(plan, judge="table 1", pairs=40)    # doctest: +SKIP
    >>> wannb.judge(plan, questions={"alignment": "Which one follows the prompt?"})    # doctest: +SKIP
    >>> wannb.judge({"old": [first, second], "new": [third, fourth]})    # doctest: +SKIP
    """
    from .widget import Judging

    client = None if isinstance(pictures, Mapping) else getattr(pictures, "client", None)
    spoken: str = language or (client.language if client else "en")
    with override(spoken):
        _check(judge, pairs)
        asked = _asked(question, questions)
        contest = contest_of(pictures, by=by)
        place = file or default_file(contest, judge, asked.get(""))
        alone = [] if file or "" in asked else [default_file(contest, judge, text) for text in asked.values()]
        record = Record(place, contest=contest, judge=judge, questions=asked, before=alone)
        return Judging(contest, record, pairs=pairs, seed=seed, language=spoken)


def _check(judge: object, pairs: object) -> None:
    if not isinstance(judge, str):
        raise TypeError(say("judge={value} is not text; it is the judge's name", value=repr(judge)))
    if pairs is not None and (not isinstance(pairs, int) or isinstance(pairs, bool) or pairs < 1):
        raise ValueError(say("pairs={value} is not a whole number from 1", value=repr(pairs)))


def _asked(question: str | None, questions: Mapping[str, str] | None) -> dict[str, str]:
    """Return what is asked, by name; a single question has the name ""."""
    if not isinstance(question, str | None):
        raise TypeError(say("question={value} is not text", value=repr(question)))
    if questions is None:
        return {"": question or str(QUESTION)}
    if question is not None:
        raise ValueError(say("give question= or questions=, not both"))
    if not isinstance(questions, Mapping) or not all(
        isinstance(each, str) for each in (*questions, *questions.values())
    ):
        raise TypeError(say("questions={value} is not a mapping of names to texts", value=repr(questions)))
    if not questions or not all(each.strip() for each in (*questions, *questions.values())):
        raise ValueError(say("questions={value} lacks a name or a text", value=repr(dict(questions))))
    if len(set(questions.values())) < len(questions):
        raise ValueError(say("questions={value} asks the same twice", value=repr(dict(questions))))
    return dict(questions)
