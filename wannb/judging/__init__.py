"""Blind judging: two pictures at a time, and which one is better.

    judging = wannb.judge(plan, judge="table 1")    # 1 left, 2 right, = tie, b both bad, s skip, u undo
    judging.scores()                                # the strength of each prompt, with intervals

May import `scoring`, `plan` and the rooms below them. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wannb.plan import check_repeats
from wannb.scoring import QUESTION
from wannb.translation import override, say

from .pairs import Contest, contest_of
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
    repeats: float = 0.1,
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
        repeats: the share of the pairs, 0 to 0.5, that is asked again with sides swapped, half of the pairs later;
            rounded down, so none of fewer than ten by default. The scores say how often a judge answered alike; the
            second answer counts for nothing else. Which ones they are hangs on the seed and the judge's name.
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
        _check(judge, pairs, repeats)
        contest, asked = contest_of(pictures, by=by), _asked(question, questions)
        record = _record(contest, judge, asked, file)
        return Judging(contest, record, pairs=pairs, seed=seed, repeats=repeats, language=spoken)


def _record(contest: Contest, judge: str, asked: Mapping[str, str], file: str | os.PathLike[str] | None) -> Record:
    place = file or default_file(contest, judge, asked.get(""))
    alone = [] if file or "" in asked else [default_file(contest, judge, text) for text in asked.values()]
    return Record(place, contest=contest, judge=judge, questions=asked, before=alone)


def _check(judge: object, pairs: object, repeats: float) -> None:
    if not isinstance(judge, str):
        raise TypeError(say("judge={value} is not text; it is the judge's name", value=repr(judge)))
    if pairs is not None and (not isinstance(pairs, int) or isinstance(pairs, bool) or pairs < 1):
        raise ValueError(say("pairs={value} is not a whole number from 1", value=repr(pairs)))
    check_repeats(repeats)


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
