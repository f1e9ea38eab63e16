"""Blind judging: two pictures at a time, and which one is better.

    judging = wannb.judge(plan, judge="table 1")    # 1 left, 2 right, = tie, b both bad, s skip, u undo
    judging.scores()                                # the strength of each prompt, with intervals

May import `scoring`, `plan` and the rooms below them. Other rooms import only what `__all__` names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from wannb.plan import check_repeats
from wannb.scoring import KINDS, Kind
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
    kind: Literal["pairs", "rating", "check"] = "pairs",
    graded: bool = False,
    repeats: float = 0.1,
    attention: int = 0,
    language: str | None = None,
) -> Judging:
    """Return a widget that shows two pictures at a time and asks which one is better, without saying which is which.

    Each verdict is on disk before the next pair is shown; a judge who comes back continues. Nothing is sent or billed.
    The widget's `press` judges from code, its `scores` evaluates, its `save` makes a page for judges without Python.

    Args:
        pictures: a plan that has run, or `{"A": [results], "B": [results]}` with equal numbers of pictures: those at
            the same place are compared.
        by: the varying option of the plan that is judged, or several; all but the seed by default. The two pictures of
            a pair are equal in every other option.
        judge: the judge's name, which determines the order of the pairs and the name of the file.
        file: for the verdicts, JSON lines; `judgements/<plan>-<judge>.jsonl` in the runs folder by default.
        pairs: judge at most this many on a question, so chosen that each two contestants meet equally often.
        seed: of another order and, with `pairs`, of another choice; 0 to 2**63.
        question: by default "Which one is better?", of a rating "How good is this picture?". It is part of the judging:
            another question is another pass over the same pairs, with a file and scores of its own.
        questions: several, by short names, asked one after the other in passes and kept in one file. Of a question that
            is added later nothing else is asked anew. `scores(question="quality")` evaluates one.
        kind: "pairs"; "rating" shows one picture, keys 1 (bad) to 5 (excellent); "check" asks yes (y) or no (n) of one.
        graded: pairs whose answers say by how much: keys 1, 2 left much, slightly better; 3 tie; 4, 5 right. Strengths
            use the direction; the scores say the share of "much".
        repeats: the share of the pairs, 0 to 0.5, that is asked again with sides swapped, half of the pairs later;
            rounded down. The scores say how often a judge answered alike; the second answer counts for nothing else.
        attention: so many pairs more on each question, of a picture beside a copy of it with 24 pixels a side: whoever
            looks prefers the original. They count for no contestant; the scores say who failed.
        language: "en" or "zh"; the client's by default.

    Raises:
        ValueError: nothing to compare, an option that does not vary, a file of another judging, or a wrong value.
        TypeError: a judge or a question that is not text, or pictures that are neither a plan nor groups.
        StoreError: the file cannot be read.

    >>> wannb.judge(plan, judge="table 1", pairs=40)    # doctest: +SKIP
    """
    client = None if isinstance(pictures, Mapping) else getattr(pictures, "client", None)
    spoken: str = language or (client.language if client else "en")
    with override(spoken):
        _check(judge, pairs, repeats)
        what = _kind(kind, graded)
        contest = contest_of(pictures, by=by, sides=len(what.sides))
        _check_attention(attention, what)
        options = {"pairs": pairs, "seed": seed, "repeats": repeats, "attention": attention, "language": spoken}
        return _begun(contest, judge, _asked(question, questions, what), what, file, **options)


def _begun(
    contest: Contest,
    judge: str,
    asked: Mapping[str, str],
    kind: Kind,
    file: str | os.PathLike[str] | None,
    **options: Any,
) -> Judging:
    from .widget import Judging

    place = file or default_file(contest, judge, asked.get(""), kind)
    alone = [] if file or "" in asked else [default_file(contest, judge, text, kind) for text in asked.values()]
    record = Record(place, contest=contest, judge=judge, questions=asked, kind=kind, before=alone)
    return Judging(contest, record, **options)


def _check_attention(attention: object, kind: Kind) -> None:
    if not isinstance(attention, int) or isinstance(attention, bool) or attention < 0:
        raise ValueError(say("attention={value} is not a whole number from 0", value=repr(attention)))
    if attention and kind.values:
        raise ValueError(say("attention= is for pairs; with kind={kind} there is one picture", kind=repr(kind.name)))


def _kind(kind: object, graded: bool) -> Kind:
    known = ("pairs", "rating", "check")
    if kind not in known:
        raise ValueError(say("kind={value}: give {known}", value=repr(kind), known=", ".join(map(repr, known))))
    if graded and kind != "pairs":
        raise ValueError(say("graded= is for pairs; with kind={kind} there is one picture", kind=repr(kind)))
    return KINDS["graded" if graded else str(kind)]


def _check(judge: object, pairs: object, repeats: float) -> None:
    if not isinstance(judge, str):
        raise TypeError(say("judge={value} is not text; it is the judge's name", value=repr(judge)))
    if pairs is not None and (not isinstance(pairs, int) or isinstance(pairs, bool) or pairs < 1):
        raise ValueError(say("pairs={value} is not a whole number from 1", value=repr(pairs)))
    check_repeats(repeats)


def _asked(question: str | None, questions: Mapping[str, str] | None, kind: Kind) -> dict[str, str]:
    """Return what is asked, by name; a single question has the name ""."""
    if not isinstance(question, str | None):
        raise TypeError(say("question={value} is not text", value=repr(question)))
    if questions is None:
        if not question and not kind.question:
            raise ValueError(say("a check needs a question; give question='Are there exactly three boats?'"))
        return {"": question or str(kind.question)}
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
