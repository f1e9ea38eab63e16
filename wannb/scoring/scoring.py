"""Scores from verdicts: the strength of each contestant, its interval, and the agreement of the judges."""

from __future__ import annotations

import itertools
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wannb.cells import filled, slots_of
from wannb.display import html
from wannb.exports import save_verdicts
from wannb.translation import Said, count, current, joined, override, say, spoken

from .intervals import POLICIES, Jackknife, Outcome, Ties, exact, fit, libraries, means
from .methods import paragraph
from .verdicts import BAD, KINDS, TIE, Kind, digest
from .votes import Judged, Tally, Vote, question_of, sheets_of, tally

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW = 10
_NAMES = {"rating": Said("mean"), "check": Said("share of yes")}
_ON_PAPER = {"rating": Said("mean rating, with 95 % interval"), "check": Said("share of yes, with 95 % interval")}
#: Pixels of a bar in the table; inches and points of a figure.
_BAR, _BAR_MARGIN, _BAR_HEIGHT = 180, 6, 18
_ROW, _BELOW, _ABOVE, _GAP, _SIZE = 0.34, 0.55, 0.1, 0.1, 9.0
_COLOR = "#1f5fa8"
_MEANING: Mapping[Ties, Said] = {
    "half": Said("Strength: the chance to be preferred to another contestant at random; 0.5 is average, ties half."),
    "left out": Said("Strength: the chance to be preferred to another contestant at random; 0.5 is average, no ties."),
    "davidson": Said(
        "Strength: the chance to be preferred to another contestant at random; 0.5 is average, ties as in Davidson."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Score:
    """Result of one contestant.

    Attributes:
        label, options: the contestant.
        strength: the chance to be preferred to another contestant picked at random, a tie counting half: 0 to 1, 0.5 is
            average; of ratings the mean, 1 to 5; of checks the share of yes. None if it cannot be determined.
        low, high: of the 95 % interval of the strength; None if it cannot be determined.
        wins, ties, losses: verdicts on pairs, of all judges.
        pairs: pairs of pictures it was judged in, or pictures.
        counts: verdicts by what they are: wins, ties and losses, or the answers about one picture.
    """

    label: str
    options: Mapping[str, Any]
    strength: float | None
    low: float | None
    high: float | None
    wins: int
    ties: int
    losses: int
    pairs: int
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def interval(self) -> str:
        """The interval in words."""
        return "–" if self.low is None or self.high is None else f"[{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """What came of two contestants.

    Attributes:
        contestant, other: their labels, the stronger one first.
        wins, ties, losses: verdicts on the two, as the first one sees them; of pictures that were judged one by one,
            the same judge's answers on what they share, compared.
        difference: by how much the strength of the first is above that of the other; None if it cannot be determined.
        low, high: of the 95 % interval of the difference.
    """

    contestant: str
    other: str
    wins: int
    ties: int
    losses: int
    difference: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Verdicts in numbers; made by `scores`.

    Attributes:
        contestants: the strongest first.
        judges: their names, or the names of their files.
        verdicts: the number of verdicts; skips are not among them.
        pairs: the number of pairs of pictures that were judged.
        skipped: the number of pairs that were skipped.
        pictures: the number of pictures in these pairs; 0 if the files do not say their checksums.
        question: what the judges were asked; None if their files do not say it.
        by_question: of a study with several questions, the scores by the question's name; these here are of the first.
        bad: the number of verdicts that both pictures are bad, which count as ties.
        agreement: the share of equal verdicts of two judges on the same pair, 0 to 1; None if no two judged one.
        shared: the number of pairs that at least two judges judged.
        alpha: Krippendorff's alpha of the judges, for kinds without an order (left, right, tie and both bad are such):
            1 is full agreement, 0 what chance gives; None if there is too little for it.
        repeats: the number of pairs that a judge answered twice, the second time with sides swapped; the second answers
            count for nothing else.
        self_agreement: the share of them that got the same answer, 0 to 1; None without any.
        kind: "pairs", "graded", "rating" or "check".
        much: the share of preferences that are "much better", 0 to 1; None unless the answers say by how much.
        attention: the number of attention pairs that were answered; they count for no contestant.
        passed: the share of them that got the right answer, 0 to 1; None without any.
        without: judges who were left out on request.
        left: the share of preferences for the picture on the left, 0 to 1, without ties; about 0.5 unless a judge
            favors a side. None without a preference.
        ties: how ties count: "half", "left out" or "davidson".
        meetings: what came of each two contestants.
        notices: reasons to doubt the numbers.
        language: "en" or "zh".
    """

    contestants: tuple[Score, ...]
    judges: tuple[str, ...]
    verdicts: int
    pairs: int
    skipped: int
    agreement: float | None
    shared: int
    alpha: float | None
    left: float | None
    notices: tuple[str, ...] = ()
    question: str | None = None
    bad: int = 0
    ties: Ties = "half"
    pictures: int = 0
    repeats: int = 0
    self_agreement: float | None = None
    attention: int = 0
    passed: float | None = None
    without: tuple[str, ...] = ()
    kind: str = "pairs"
    much: float | None = None
    meetings: tuple[Meeting, ...] = ()
    tallied: Tally | None = field(default=None, repr=False, compare=False)
    by_question: Mapping[str, Scores] = field(default_factory=dict, repr=False, compare=False)
    language: str = field(default_factory=current)

    @property
    def _on_pairs(self) -> bool:
        return len(KINDS[self.kind].sides) > 1

    @property
    def pairwise(self) -> Any:
        """How often each contestant (row) won against each other one (column): a DataFrame."""
        wins = {each.label: dict.fromkeys((other.label for other in self.contestants), 0) for each in self.contestants}
        for met in self.meetings:
            wins[met.contestant][met.other], wins[met.other][met.contestant] = met.wins, met.losses
        return libraries()[1].DataFrame.from_dict(wins, orient="index")

    @property
    def differences(self) -> Any:
        """A row for each two contestants, with wins and the difference of their strengths: a DataFrame."""
        return libraries()[1].DataFrame([asdict(met) for met in self.meetings])

    @property
    def by_judge(self) -> Any:
        """A row for each judge, a DataFrame: verdicts, the share for the left, repeats and the share answered alike,
        attention pairs and the share answered right."""
        votes = self.tallied.votes if self.tallied else ()
        twice = self.tallied.repeats() if self.tallied else []
        rows = []
        for judge in self.judges:
            left = [vote.left_won for vote in votes if vote.judge == judge and vote.left_won is not None]
            alike = [same for name, same in twice if name == judge]
            facts = {"judge": judge, "verdicts": sum(vote.judge == judge for vote in votes), "left": _share(left)}
            facts |= {"repeats": len(alike), "self_agreement": _share(alike)}
            passed = [right for name, right in self.tallied.attention if name == judge] if self.tallied else []
            rows.append({**facts, "attention": len(passed), "passed": _share(passed)})
        return libraries()[1].DataFrame(rows)

    @spoken
    def methods(self) -> str:
        """Return a paragraph that a paper can print: what was asked, who judged what, and how the numbers were made.

        `wannb.bibtex()` says how to cite wannb.

        >>> print(scores.methods())    # doctest: +SKIP
        """
        return say(paragraph(self))

    @spoken
    def by(self, name: str) -> dict[str, Scores]:
        """Return the scores of parts of the verdicts.

        Args:
            name: "category", of a plan whose list of prompts has them, or an option that both pictures of a pair share.

        Raises:
            ValueError: no verdict has it.

        >>> scores.by("category")["Animals"]    # doctest: +SKIP
        """
        votes = self.tallied.votes if self.tallied else ()
        parts: dict[str, list[Vote]] = defaultdict(list)
        for vote in votes:
            if name in vote.shared:
                parts[str(vote.shared[name])].append(vote)
        if not parts:
            known = ", ".join(sorted({each for vote in votes for each in vote.shared})) or Said("nothing")
            raise ValueError(say("no verdict has {name}; known: {known}", name=repr(name), known=known))
        assert self.tallied is not None
        return {
            each: _scores_of(replace(self.tallied, votes=tuple(own), skipped=0, attention=()), self.ties)
            for each, own in sorted(parts.items())
        }

    def table(self) -> Any:
        """Return a row for each contestant: a DataFrame, without pandas a list of dicts."""
        value = {"rating": "mean", "check": "yes_share"}.get(self.kind, "strength")
        shown = "pairs" if self._on_pairs else "pictures"
        rows = [
            {
                "contestant": each.label,
                value: each.strength,
                "low": each.low,
                "high": each.high,
                **each.counts,
                shown: each.pairs,
                **each.options,
            }
            for each in self.contestants
        ]
        try:
            import pandas
        except ImportError:
            return rows
        return pandas.DataFrame(rows)

    @spoken
    def save(self, path: str | os.PathLike[str], *, columns: str = "battles", pictures: Any = None) -> Path:
        """Save the verdicts as a table that other programs know, and return the file.

        Args:
            path: a `.csv`, `.json`, `.jsonl` or, with pyarrow, `.parquet` file.
            columns: "battles", `model_a, model_b, winner` a verdict, as arena-rank and LMArena have them; "pick-a-pic",
                the columns of Pick-a-Pic, with the pictures themselves in parquet; or "hpd", those of HPD v2 with all
                judges of a pair in a row. `_a`, `_0` and the first were on the left. The last two count a tie and both
                bad as no preference, and name no judge.
            pictures: the plan, or the groups, that were judged: it knows the prompts and the pictures, where these
                columns need more than the verdicts say.

        Raises:
            ValueError: another ending, other columns, no verdict, or a pair whose pictures share no known prompt.
            ImportError: parquet without pyarrow.
            OSError: the file cannot be written.

        >>> scores.save("battles.csv")    # doctest: +SKIP
        >>> scores.save("pairs.parquet", columns="pick-a-pic", pictures=plan)    # doctest: +SKIP
        """
        return save_verdicts(path, self.tallied and _worded(self.tallied), columns=columns, pictures=pictures)

    @spoken
    def figure(self, *, width: float = 6.0, dpi: float = 150) -> Figure:
        """Return strengths and intervals as a matplotlib figure, the strongest contestant on top, with text as text.

        Args:
            width: in inches; the height follows.
            dpi: dots an inch.

        Raises:
            ValueError: a width or resolution that is not above 0.
        """
        from wannb.figures import Paper, check_size, line_height, typeset, warn_of_missing

        check_size(width, dpi)
        room = width * 0.4
        # Without the marks of what all labels share.
        whole = [" · ".join(part.strip("…") for part in each.label.split(" · ")) for each in self.contestants]
        labels = [typeset(label, room - 0.15, _SIZE) for label in whole]
        usual = Said("chance to be preferred, with 95 % interval")
        meaning = typeset(_ON_PAPER.get(self.kind, usual), width - room - 0.3, _SIZE)
        below = _BELOW + meaning.height - line_height(_SIZE)
        heights = [_ROW + max(0.0, lines.height - 0.17) for lines in labels]
        warn_of_missing([each.label for each in self.contestants])
        paper = Paper(width, _ABOVE + sum(heights) + below, dpi=dpi, alt=repr(self))
        axes = paper.plot(room, _ABOVE, width - room - 0.25, sum(heights))
        place = 0.0
        for each, lines, height in zip(self.contestants, labels, heights, strict=True):
            middle = place + height / 2
            place += height
            _draw(axes, each, middle)
            paper.write(lines, 0, _ABOVE + middle, width=room - _GAP, align="end", anchor="center")
        low, high = KINDS[self.kind].ends
        ticks = [low + (high - low) * part / 4 for part in range(5)]
        axes.axvline(ticks[2], color="0.7", linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        axes.set(xlim=(low, high), ylim=(place, 0), yticks=[], xticks=ticks[:: 1 + (width < 4)])
        axes.tick_params(labelsize=_SIZE - 1, color="0.5", labelcolor="0.1", length=3)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color("0.5")
        paper.write(meaning, room, paper.height - below + _BELOW - 0.26, width=width - room - 0.25, align="center")
        return paper.figure

    @spoken
    def __repr__(self) -> str:
        rows = []
        for each in self.contestants:
            said = Said("{wins} won, {ties} tied, {losses} lost", wins=each.wins, ties=each.ties, losses=each.losses)
            if not self._on_pairs:
                said = joined(", ", [f"{answer}: {n}" for answer, n in each.counts.items()])
            rows.append(f"  {_number(each.strength)} {each.interval}  {say(said)}  {each.label}")
        notes = [f"  {say('note: {notice}', notice=notice)}" for notice in self.notices]
        return "\n".join([f"Scores({say(joined('; ', self._lines()))})", *rows, *notes])

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        kind = KINDS[self.kind]
        low, high = kind.ends
        scale = f"{low:g} … {(low + high) / 2:g} … {high:g}"
        head = [Said("contestant"), _NAMES.get(self.kind, Said("strength")), Said("95 % interval"), scale]
        head += [Said("wins"), Said("ties"), Said("losses"), Said("pairs")] if self._on_pairs else [*kind.values]
        head += [] if self._on_pairs else [Said("pictures")]
        rows = [
            [each.label, _number(each.strength), each.interval, _bar(each, kind), *each.counts.values(), each.pairs]
            for each in self.contestants
        ]
        lines = [*self._lines(), *([_MEANING[self.ties]] if self._on_pairs else [])]
        page = html.block(Said("Scores"), lines=lines, body=html.table(head, rows), notes=self.notices)
        return {"text/plain": repr(self), "text/html": page}

    def _lines(self) -> list[str]:
        """Return the facts about the judges, in sentences."""
        verdicts = count(self.verdicts, "verdict")
        pairs = count(self.pairs, "pair") if self._on_pairs else count(self.pairs, "picture")
        judges = count(len(self.judges), "judge")
        said: list[str] = [Said("{verdicts} on {pairs} by {judges}", verdicts=verdicts, pairs=pairs, judges=judges)]
        said = [self.question, *said] if self.question else said
        if len(self.by_question) > 1:
            others = [name for name, each in self.by_question.items() if each.question != self.question]
            said.append(Said("also asked: {names} (scores.by_question)", names=", ".join(others)))
        if self.much is not None:
            said.append(Said("{share} of the preferences are “much better”", share=_percent(self.much)))
        said += [Said("{n} both bad, counted as ties", n=self.bad)] if self.bad else []
        said += [Said("{n} skipped", n=self.skipped)] if self.skipped else []
        if len(self.judges) > 1 and self.agreement is None:
            said.append(Said("agreement of the judges: unknown, no two judged the same"))
        elif len(self.judges) > 1 and self.agreement is not None:
            share, n = _percent(self.agreement), self.shared
            pairs = count(n, "pair") if self._on_pairs else count(n, "picture")
            said.append(
                Said("{share} of two judges' verdicts on the same are equal ({pairs})", share=share, pairs=pairs)
            )
            alpha = Said("too few or too similar verdicts") if self.alpha is None else f"{self.alpha:.2f}"
            said.append(Said("Krippendorff's alpha: {alpha}", alpha=alpha))
        if self.self_agreement is not None:
            pairs = count(self.repeats, "pair") if self._on_pairs else count(self.repeats, "picture")
            share = _percent(self.self_agreement)
            said.append(Said("self-agreement: {share} ({pairs} asked again)", share=share, pairs=pairs))
        if self.passed is not None:
            told = {"share": _percent(self.passed), "pairs": count(self.attention, "attention pair")}
            said.append(Said("attention: {share} of {pairs} answered right", **told))
        said += [Said("left out on request: {judges}", judges=", ".join(self.without))] if self.without else []
        if self.left is not None:
            share = _percent(self.left)
            said.append(Said("the left picture was preferred in {share} of the verdicts without a tie", share=share))
        return said


def scores(
    *judgings: Judged | str | os.PathLike[str],
    question: str | None = None,
    ties: Ties = "half",
    without: str | Collection[str] = (),
) -> Scores:
    """Combine the verdicts of one or several judges and return the strength of each contestant.

    Strengths are those of Bradley and Terry, by the library evalica, with a tie as half a win for either. They are
    given as the chance to be preferred to another contestant picked at random: with two contestants, the share of wins.
    A tenth of a tie between each two keeps them finite.

    Intervals leave out what verdicts share, one at a time (a delete-one jackknife): all verdicts on a prompt together,
    or on a seed or place where the prompt itself is compared; with several judges also all of a judge, and the two
    variances are united. They reach as far as Student's t says, with Satterthwaite's degrees of freedom, on the angular
    scale of shares. The variance is that of MacKinnon, Nielsen and Webb, "Jackknife inference with two-way clustering"
    (arXiv:2406.08880). They say how certain the result is for other prompts of the same kind and, with several judges,
    for other judges like them; `bench/coverage.py` simulates how often they hold the true strength. A contestant that
    won or lost everything gets the exact interval of a share, of as many trials as there are prompts. With one prompt
    alone there is none.

    Args:
        judgings: from `wannb.judge`, or their files, all of the same plan; a file given twice counts once.
        question: the name or the text of one, where several were asked; files without it are left out. Without it the
            scores are those of the first question, and `by_question` has all.
        ties: how they count: "half" a win for either; "left out"; or "davidson", as an outcome of their own that is the
            likelier the closer two contestants are. The scores say it if the order of the contestants depends on this.
        without: judges to leave out, by the names in `Scores.judges`, such as one who failed attention pairs. The
            scores and their methods say so.

    Returns:
        Scores: a table in the cell, with `table()` and `figure()`.

    Raises:
        ValueError: no judgings, files of different plans or questions, a question that was not asked, or other `ties`.
        StoreError: a file cannot be read.
        ImportError: evalica is not installed.

    >>> wannb.scores("plan-one.jsonl", "plan-two.jsonl")    # doctest: +SKIP
    """
    with override(next((str(each.language) for each in judgings if hasattr(each, "language")), current())):
        if ties not in POLICIES:
            raise ValueError(say("ties={value}: give {known}", value=repr(ties), known=", ".join(map(repr, POLICIES))))
        without = [without] if isinstance(without, str) else list(without)
        sheets = list(sheets_of(judgings))
        if not sheets:
            raise ValueError(say("no judgments were given; give files, or what wannb.judge returned"))
        names = dict.fromkeys(name for _, sheet in sheets for name in sheet.questions if name)
        if question is None and names:
            text = question_of(sheets)
            tallied = {name: tally(sheets, name, without) for name in names}
            _check_without(without, tallied.values())
            found = {name: _scores_of(each, ties) for name, each in tallied.items()}
            first = next(each for each in found.values() if each.question == text)
            return replace(first, by_question=found)
        alone = tally(sheets, question, without)
        _check_without(without, [alone])
        return _scores_of(alone, ties)


def _check_without(without: Collection[str], tallied: Iterable[Tally]) -> None:
    """Refuse to leave out who is not there."""
    known = dict.fromkeys(judge for each in tallied for judge in (*each.judges, *each.without))
    for name in without:
        if name not in known:
            raise ValueError(
                say("without={name}: no such judge; known: {known}", name=repr(name), known=", ".join(known))
            )


def _scores_of(tallied: Tally, ties: Ties) -> Scores:
    notices: list[str] = []
    scored, alone = _scored(tallied, notices), len(tallied.kind.sides) == 1
    model = partial(means, ends=tallied.kind.ends) if alone else partial(fit, ties=ties)
    fits = Jackknife(_cells(tallied), scored, model) if scored else None
    ranked = _ranked(tallied, fits, notices, ties)
    notices += [] if alone else _order_of_ties(tallied, scored)
    shared, agreement, alpha = _agreement(tallied)
    preferred = [vote.left_won for vote in tallied.votes if vote.left_won is not None]
    alike = [same for _, same in tallied.repeats()]
    return Scores(
        contestants=tuple(each for _, each in ranked),
        ties=ties,
        kind=tallied.kind.name,
        much=_share([vote.much for vote in tallied.votes if vote.left_won is not None])
        if tallied.kind.name == "graded"
        else None,
        meetings=tuple(_meetings(tallied, fits, [key for key, _ in ranked])),
        tallied=tallied,
        judges=tallied.judges,
        verdicts=len(tallied.votes),
        pairs=len(tallied.by_pair()),
        skipped=tallied.skipped,
        pictures=tallied.pictures,
        question=tallied.question,
        bad=sum(vote.winner == BAD for vote in tallied.votes),
        agreement=agreement,
        shared=shared,
        alpha=alpha,
        attention=len(tallied.attention),
        passed=_share([right for _, right in tallied.attention]),
        without=tallied.without,
        repeats=len(alike),
        self_agreement=_share(alike),
        left=_share(preferred),
        notices=(*notices, *tallied.notices, *_doubts(tallied, preferred)),
    )


def _worded(tallied: Tally) -> Tally:
    """Return the votes with the slots of their prompts filled; with a slot that is compared there is no prompt."""
    compared = {name for each in tallied.contestants.values() for name in each.options}
    votes = []
    for vote in tallied.votes:
        slots = slots_of(vote.shared.get("prompt"))
        if slots:
            values = {name: vote.shared[name] for name in slots & vote.shared.keys()}
            text = None if slots & compared else filled(vote.shared["prompt"], values)
            vote = replace(vote, shared={**vote.shared, "prompt": text})
        votes.append(vote)
    return replace(tallied, votes=tuple(votes))


# Statistics


def _ranked(tallied: Tally, fits: Jackknife | None, notices: list[str], policy: Ties) -> list[tuple[str, Score]]:
    """Return the score of each contestant, the strongest first, and add what is uncertain to the notices."""
    estimates = fits.strengths() if fits else {}
    clusters = len({vote.cluster for vote in tallied.votes})
    if fits and clusters < 2:
        notices.append(Said("no intervals: all verdicts share one prompt or seed, so nothing is known of others"))
    found = []
    for key, contestant in tallied.contestants.items():
        own = [vote for vote in tallied.votes if key in vote.contestants]
        counts = _counts(key, own, tallied.kind)
        ties = counts.get("ties", 0) if policy == "left out" else 0
        strength, low, high = estimates.get(key, (None, None, None))
        every = next((name for name in ("wins", "losses", "yes", "no") if counts.get(name, 0) == len(own) - ties), "")
        if strength is not None and every and counts[every]:
            if clusters > 1:
                low, high = exact(strength, len({vote.cluster for vote in own}), won=every in ("wins", "yes"))
            won = Said("{contestant} won every comparison, by how much is unknown", contestant=contestant.label)
            lost = Said("{contestant} lost every comparison, by how much is unknown", contestant=contestant.label)
            notices += {"wins": [won], "losses": [lost]}.get(every, [])
        elif low is not None and high is not None and high - low < 1e-9:
            low = high = None
            notices.append(Said("no interval for {contestant}, all verdicts are equal", contestant=contestant.label))
        elif strength is not None and low is None and clusters > 1:
            notices.append(
                Said("no interval for {contestant}: one prompt or judge is all there is", contestant=contestant.label)
            )
        numbers = {name: counts.get(name, 0) for name in ("wins", "ties", "losses")}
        values = dict(zip(("strength", "low", "high"), map(tallied.kind.scaled, (strength, low, high)), strict=True))
        pairs = len({vote.pair for vote in own})
        label, options = contestant.label, contestant.options
        score = Score(label=label, options=options, pairs=pairs, counts=counts, **values, **numbers)  # type: ignore[arg-type]
        found.append((key, score))
    return sorted(found, key=lambda each: -1.0 if each[1].strength is None else each[1].strength, reverse=True)


def _counts(key: str, votes: Sequence[Vote], kind: Kind) -> dict[str, int]:
    """Return how often a contestant got each answer."""
    if kind.values:
        given = Counter(vote.winner for vote in votes)
        return {answer: given[answer] for answer in kind.values}
    given = Counter({key: "wins", TIE: "ties", BAD: "ties"}.get(vote.winner, "losses") for vote in votes)
    return {name: given[name] for name in ("wins", "ties", "losses")}


def _met(tallied: Tally) -> dict[tuple[str, ...], Counter[str]]:
    """Return who won how often of each two contestants, the smaller id first.

    Of pictures that were judged one by one, the answers of a judge on what two of them share are compared.
    """
    met: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    places: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for vote in tallied.votes:
        if tallied.kind.values:
            places[vote.judge, digest(vote.shared)][vote.contestants[0]] = tallied.kind.values[vote.winner]
        else:
            met[vote.contestants][vote.winner] += 1
    for numbers in places.values():
        for one, other in itertools.combinations(sorted(numbers), 2):
            winner = TIE if numbers[one] == numbers[other] else max(one, other, key=numbers.__getitem__)
            met[one, other][winner] += 1
    return met


def _meetings(tallied: Tally, fits: Jackknife | None, order: Sequence[str]) -> Iterator[Meeting]:
    """Return what came of each two contestants, the stronger one first."""
    met, (lowest, highest) = _met(tallied), tallied.kind.ends
    for one, other in itertools.combinations(order, 2):
        said = met[min(one, other), max(one, other)]
        known = fits is not None and one in fits.scored and other in fits.scored
        difference, low, high = fits.difference(one, other) if fits and known else (None, None, None)
        if low is not None and high is not None and high - low < 1e-9:
            low = high = None
        yield Meeting(
            contestant=tallied.contestants[one].label,
            other=tallied.contestants[other].label,
            wins=said[one],
            ties=said[TIE] + said[BAD],
            losses=said[other],
            **{
                name: None if each is None else each * (highest - lowest)
                for name, each in (("difference", difference), ("low", low), ("high", high))
            },
        )


def _order_of_ties(tallied: Tally, scored: Sequence[str]) -> list[str]:
    """Return a sentence if another policy of ties would put the contestants in another order."""
    total = sum(_cells(tallied).values(), Counter[Outcome]())
    if not scored or not any(kind == 0 for _, _, kind in total):
        return []
    orders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for policy in POLICIES:
        strengths = dict(zip(scored, fit(total, scored, policy), strict=True))
        order = sorted(scored, key=lambda key: -round(strengths[key], 4))
        orders[tuple(tallied.contestants[key].label for key in order)].append(policy)
    if len(orders) < 2:
        return []
    told = "; ".join(f"{', '.join(names)}: {' > '.join(order)}" for order, names in orders.items())
    return [Said("the order depends on how ties count ({orders})", orders=told)]


def _scored(tallied: Tally, notices: list[str]) -> list[str]:
    """Return the contestants that have a strength, and add why the others have none to the notices."""
    groups = tallied.connected()
    compared = set().union(*groups)
    idle = [each.label for key, each in tallied.contestants.items() if key not in compared]
    if not tallied.votes:
        notices.append(Said("no verdict yet: there is nothing to score"))
    elif idle:
        notices.append(Said("never compared, so not scored: {contestants}", contestants=", ".join(idle)))
    if len(groups) > 1 < len(tallied.kind.sides):
        listed = " | ".join(
            ", ".join(each.label for key, each in tallied.contestants.items() if key in group) for group in groups
        )
        notices.append(Said("no strengths, since these groups were never compared: {groups}", groups=listed))
        return []
    return [key for key in tallied.contestants if key in compared]


def _doubts(tallied: Tally, preferred: Sequence[bool | None]) -> list[str]:
    pairs, left = len(tallied.by_pair()), sum(map(bool, preferred))
    doubts: list[str] = []
    if 0 < pairs < _FEW:
        two = Said("only {pairs} of pictures judged, too few for reliable intervals", pairs=count(pairs, "pair"))
        one = Said("only {pictures} judged, too few for reliable intervals", pictures=count(pairs, "picture"))
        doubts.append(one if tallied.kind.values else two)
    if abs(2 * left - len(preferred)) > 2.6 * sqrt(max(1, len(preferred))):
        of = len(preferred)
        doubts.append(
            Said("the left picture was preferred {n} of {of} times, more than chance explains", n=left, of=of)
        )
    tests = Counter(judge for judge, _ in tallied.attention)
    for judge, n in Counter(judge for judge, right in tallied.attention if not right).items():
        who = {"judge": repr(judge), "n": n, "of": tests[judge]}
        doubts.append(Said("{judge} failed {n} of {of} attention pairs; without=[{judge}] leaves them out", **who))
    if tallied.broken:
        doubts.append(Said("{lines} of the files left out", lines=count(tallied.broken, "damaged line")))
    return doubts


def _cells(tallied: Tally) -> dict[tuple[str, str], Counter[Outcome]]:
    """Return the outcomes of each cluster by each judge."""
    cells: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for vote in tallied.votes:
        number = tallied.kind.values.get(vote.winner)
        one, other = (*vote.contestants, "")[:2]
        outcome = (one, other, _number_of(vote) if number is None else number)
        cells[vote.cluster, vote.judge][outcome] += 1
    return cells


def _number_of(vote: Vote) -> int:
    """Return what evalica's `Winner` calls a draw, the first and the second."""
    return {TIE: 0, BAD: 0, vote.contestants[0]: 1}.get(vote.winner, 2)


def _agreement(tallied: Tally) -> tuple[int, float | None, float | None]:
    """Return the number of pairs with several judges, the share of their verdicts that are equal, and the alpha."""
    shared = [votes for votes in tallied.by_pair() if len(votes) > 1]
    equal = [one.winner == other.winner for votes in shared for one, other in itertools.combinations(votes, 2)]
    share = sum(equal) / len(equal) if equal else None
    numbers = {BAD: 3, **tallied.kind.values}
    said = [{vote.judge: float(numbers.get(vote.winner, _number_of(vote))) for vote in votes} for votes in shared]
    if len(said) < 2 or len({kind for each in said for kind in each.values()}) < 2:
        return len(shared), share, None
    evalica, pandas = libraries()
    distance = "ordinal" if tallied.kind.name == "rating" else "nominal"
    rows = [[each.get(judge, float("nan")) for each in said] for judge in tallied.judges]
    return len(shared), share, float(evalica.alpha(pandas.DataFrame(rows), distance).alpha)


# Pictures of scores


def _draw(axes: Axes, each: Score, middle: float) -> None:
    if each.strength is None:
        axes.text(0.5, middle, "–", ha="center", va="center", size=_SIZE, color="0.4")
        return
    if each.low is not None and each.high is not None:
        axes.plot([each.low, each.high], [middle, middle], color=_COLOR, linewidth=1.6, solid_capstyle="butt")
    axes.plot([each.strength], [middle], "o", color=_COLOR, markersize=5.5, clip_on=False)


def _bar(each: Score, kind: Kind) -> html.Markup:
    """Return the interval as a line and the strength as a dot, on the scale of the kind."""
    if each.strength is None:
        return html.Markup("")

    def line(start: float, end: float, look: str, top: float = _BAR_HEIGHT / 2, below: float = _BAR_HEIGHT / 2) -> str:
        return f'<line x1="{across(start)}" x2="{across(end)}" y1="{top:g}" y2="{below:g}" {look}/>'

    def across(share: float) -> str:
        return f"{_BAR_MARGIN + (share - lowest) / (highest - lowest) * (_BAR - 2 * _BAR_MARGIN):.1f}"

    lowest, highest = kind.ends
    middle = (lowest + highest) / 2

    color = 'style="stroke:var(--jp-brand-color1, #1976d2);fill:var(--jp-brand-color1, #1976d2)"'
    parts = [line(lowest, highest, 'stroke="currentColor" opacity=".25"')]
    parts.append(line(middle, middle, 'stroke="currentColor" opacity=".45"', 2, _BAR_HEIGHT - 2))
    if each.low is not None and each.high is not None:
        parts.append(line(each.low, each.high, f'stroke-width="3" {color}'))
    parts.append(f'<circle cx="{across(each.strength)}" cy="{_BAR_HEIGHT // 2}" r="4.5" {color}/>')
    strength = _number(each.strength)
    said = Said("strength {strength}, 95 % interval {interval}", strength=strength, interval=each.interval)
    return html.Markup(
        f'<svg role="img" aria-label="{html.attribute(said)}" width="{_BAR}" height="{_BAR_HEIGHT}" '
        f'style="display:block">{"".join(parts)}</svg>'
    )


def _share(answers: Sequence[bool]) -> float | None:
    return sum(answers) / len(answers) if answers else None


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _number(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"
