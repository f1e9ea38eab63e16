"""Scores from verdicts: the strength of each contestant, its interval, and the agreement of the judges."""

from __future__ import annotations

import itertools
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from wannb.display import html
from wannb.request import FIELDS
from wannb.translation import Said, count, current, joined, override, say, spoken

from .intervals import Outcome, exact, intervals, libraries
from .pairs import Contestant, digest
from .verdicts import BAD, LEFT, RIGHT, SKIP, TIE, Record, Sheet, is_of, read

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW = 10
_COUNTS = ("wins", "ties", "losses", "pairs")
#: Pixels of a bar in the table; inches and points of a figure.
_BAR, _BAR_MARGIN, _BAR_HEIGHT = 180, 6, 18
_ROW, _BELOW, _ABOVE, _GAP, _SIZE = 0.34, 0.55, 0.1, 0.1, 9.0
_COLOR = "#1f5fa8"


class Judged(Protocol):
    """A judging: a record of verdicts, and the language it speaks."""

    record: Record
    language: str


@dataclass(frozen=True, kw_only=True)
class Score:
    """Result of one contestant.

    Attributes:
        label, options: the contestant.
        strength: the chance to be preferred to another contestant picked at random, a tie counting half: 0 to 1, 0.5 is
            average. None if it cannot be determined.
        low, high: of the 95 % interval of the strength; None if it cannot be determined.
        wins, ties, losses: verdicts, of all judges.
        pairs: pairs of pictures it was judged in.
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

    @property
    def interval(self) -> str:
        """The interval in words."""
        return "–" if self.low is None or self.high is None else f"[{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Verdicts in numbers; made by `scores`.

    Attributes:
        contestants: the strongest first.
        judges: their names, or the names of their files.
        verdicts: the number of verdicts; skips are not among them.
        pairs: the number of pairs of pictures that were judged.
        skipped: the number of pairs that were skipped.
        question: what the judges were asked; None if their files do not say it.
        by_question: of a study with several questions, the scores by the question's name; these here are of the first.
        bad: the number of verdicts that both pictures are bad, which count as ties.
        agreement: the share of equal verdicts of two judges on the same pair, 0 to 1; None if no two judged one.
        shared: the number of pairs that at least two judges judged.
        alpha: Krippendorff's alpha of the judges, for kinds without an order (left, right, tie and both bad are such):
            1 is full agreement, 0 what chance gives; None if there is too little for it.
        left: the share of preferences for the picture on the left, 0 to 1, without ties; about 0.5 unless a judge
            favors a side. None without a preference.
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
    by_question: Mapping[str, Scores] = field(default_factory=dict, repr=False, compare=False)
    language: str = field(default_factory=current)

    def table(self) -> Any:
        """Return a row for each contestant: a DataFrame, without pandas a list of dicts."""
        names = ("strength", "low", "high", *_COUNTS)
        rows = [
            {"contestant": each.label, **{name: getattr(each, name) for name in names}, **each.options}
            for each in self.contestants
        ]
        try:
            import pandas
        except ImportError:
            return rows
        return pandas.DataFrame(rows)

    @spoken
    def figure(self, *, width: float = 6.0, dpi: float = 150) -> Figure:
        """Return strengths and intervals as a matplotlib figure, the strongest contestant on top, with text as text.

        Args:
            width: in inches; the height follows.
            dpi: dots an inch.

        Raises:
            ValueError: a width or resolution that is not above 0.
        """
        from wannb.figures import Paper, check_size, typeset, warn_of_missing

        check_size(width, dpi)
        room = width * 0.4
        labels = [typeset(each.label, room - 0.15, _SIZE, most=3) for each in self.contestants]
        heights = [_ROW + max(0.0, lines.height - 0.17) for lines in labels]
        warn_of_missing([each.label for each in self.contestants])
        paper = Paper(width, _ABOVE + sum(heights) + _BELOW, dpi=dpi, alt=repr(self))
        axes = paper.plot(room, _ABOVE, width - room - 0.25, sum(heights))
        place = 0.0
        for each, lines, height in zip(self.contestants, labels, heights, strict=True):
            middle = place + height / 2
            place += height
            _draw(axes, each, middle)
            paper.write(lines, 0, _ABOVE + middle, width=room - _GAP, align="end", anchor="center")
        axes.axvline(0.5, color="0.7", linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        axes.set(xlim=(0, 1), ylim=(place, 0), yticks=[], xticks=[0, 0.25, 0.5, 0.75, 1])
        axes.tick_params(labelsize=_SIZE - 1, color="0.5", labelcolor="0.1", length=3)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color("0.5")
        meaning = typeset(Said("chance to be preferred, with 95 % interval"), width - room, _SIZE, most=1)
        paper.write(meaning, room, paper.height - 0.26, width=width - room - 0.25, align="center")
        return paper.figure

    @spoken
    def __repr__(self) -> str:
        rows = []
        for each in self.contestants:
            said = Said("{wins} won, {ties} tied, {losses} lost", wins=each.wins, ties=each.ties, losses=each.losses)
            rows.append(f"  {_number(each.strength)} {each.interval}  {say(said)}  {each.label}")
        notes = [f"  {say('note: {notice}', notice=notice)}" for notice in self.notices]
        return "\n".join([f"Scores({say(joined('; ', self._lines()))})", *rows, *notes])

    @spoken
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        head = [Said("contestant"), Said("strength"), Said("95 % interval"), "0 … 0.5 … 1"]
        head += [Said("wins"), Said("ties"), Said("losses"), Said("pairs")]
        rows = [
            [each.label, _number(each.strength), each.interval, _bar(each), *(getattr(each, name) for name in _COUNTS)]
            for each in self.contestants
        ]
        meaning = Said(
            "Strength: the chance to be preferred to another contestant at random; 0.5 is average, ties half."
        )
        lines = [*self._lines(), meaning]
        page = html.block(Said("Scores"), lines=lines, body=html.table(head, rows), notes=self.notices)
        return {"text/plain": repr(self), "text/html": page}

    def _lines(self) -> list[str]:
        """Return the facts about the judges, in sentences."""
        verdicts, pairs = count(self.verdicts, "verdict"), count(self.pairs, "pair")
        judges = count(len(self.judges), "judge")
        said: list[str] = [Said("{verdicts} on {pairs} by {judges}", verdicts=verdicts, pairs=pairs, judges=judges)]
        said = [self.question, *said] if self.question else said
        if len(self.by_question) > 1:
            others = [name for name, each in self.by_question.items() if each.question != self.question]
            said.append(Said("also asked: {names} (scores.by_question)", names=", ".join(others)))
        said += [Said("{n} both bad, counted as ties", n=self.bad)] if self.bad else []
        said += [Said("{n} skipped", n=self.skipped)] if self.skipped else []
        if len(self.judges) > 1 and self.agreement is None:
            said.append(Said("agreement of the judges: unknown, no two judged the same pair"))
        elif len(self.judges) > 1 and self.agreement is not None:
            share, pairs = _percent(self.agreement), count(self.shared, "pair")
            said.append(Said("{share} of two judges' verdicts on a pair are equal ({pairs})", share=share, pairs=pairs))
            alpha = Said("too few or too similar verdicts") if self.alpha is None else f"{self.alpha:.2f}"
            said.append(Said("Krippendorff's alpha: {alpha}", alpha=alpha))
        if self.left is not None:
            share = _percent(self.left)
            said.append(Said("the left picture was preferred in {share} of the verdicts without a tie", share=share))
        return said


def scores(*judgings: Judged | str | os.PathLike[str], question: str | None = None) -> Scores:
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

    Returns:
        Scores: a table in the cell, with `table()` and `figure()`.

    Raises:
        ValueError: no judgings, files of different plans or questions, or a question that nobody was asked.
        StoreError: a file cannot be read.
        ImportError: evalica is not installed.

    >>> wannb.scores("plan-one.jsonl", "plan-two.jsonl")    # doctest: +SKIP
    """
    with override(next((str(each.language) for each in judgings if hasattr(each, "language")), current())):
        sheets = list(_sheets(judgings))
        if not sheets:
            raise ValueError(say("no judgments were given; give files, or what wannb.judge returned"))
        names = dict.fromkeys(name for _, sheet in sheets for name in sheet.questions if name)
        if question is None and names:
            text = _question(sheets)
            found = {name: _scores_of(tally(sheets, name)) for name in names}
            first = next(each for each in found.values() if each.question == text)
            return replace(first, by_question=found)
        return _scores_of(tally(sheets, question))


def _scores_of(tallied: Tally) -> Scores:
    notices: list[str] = []
    ranked = _ranked(tallied, notices)
    shared, agreement, alpha = _agreement(tallied)
    preferred = [vote.left_won for vote in tallied.votes if vote.left_won is not None]
    return Scores(
        contestants=tuple(ranked),
        judges=tallied.judges,
        verdicts=len(tallied.votes),
        pairs=len(tallied.by_pair()),
        skipped=tallied.skipped,
        question=tallied.question,
        bad=sum(vote.winner == BAD for vote in tallied.votes),
        agreement=agreement,
        shared=shared,
        alpha=alpha,
        left=sum(preferred) / len(preferred) if preferred else None,
        notices=(*notices, *tallied.notices, *_doubts(tallied, preferred)),
    )


# Votes


@dataclass(frozen=True, kw_only=True)
class Vote:
    """Verdict of one judge on one pair of pictures.

    Attributes:
        judge: the name.
        pair: the pair's id, the same for all judges of the same pictures.
        cluster: of the prompt that its pictures share; without one, of all else that they share.
        contestants: their two ids, the smaller first; an empty one is not among those of the file.
        winner: one of the two, "tie", "bad" or "skip".
        left_won: whether the picture on the left won; None without a preference.
    """

    judge: str
    pair: str
    cluster: str
    contestants: tuple[str, str]
    winner: str
    left_won: bool | None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """All votes on one contest.

    Attributes:
        contestants: by id, those of all files.
        judges: those who gave a verdict or a skip.
        votes: in the order of the files.
        skipped: the number of skips.
        broken: lines of the files that could not be read.
        question: what was asked, if the files say it.
        notices: remarks about the files.
    """

    contestants: Mapping[str, Contestant]
    judges: tuple[str, ...]
    votes: tuple[Vote, ...]
    skipped: int
    broken: int
    question: str | None
    notices: tuple[str, ...]

    def by_pair(self) -> list[list[Vote]]:
        """Return the votes on each pair of pictures."""
        grouped: dict[str, list[Vote]] = defaultdict(list)
        for vote in self.votes:
            grouped[vote.pair].append(vote)
        return list(grouped.values())

    def connected(self) -> list[set[str]]:
        """Return the contestants that were compared, in groups connected by comparisons."""
        groups: list[set[str]] = []
        for vote in self.votes:
            met = [group for group in groups if group & set(vote.contestants)]
            groups = [group for group in groups if group not in met]
            groups.append(set(vote.contestants).union(*met))
        return groups


def tally(sheets: Sequence[tuple[str, Sheet]], question: str | None = None) -> Tally:
    """Return the votes on a question, by its name or text, from named sheets of the same plan.

    Raises:
        ValueError: sheets of different plans or questions, or a question that nobody was asked.
    """
    text = _question(sheets, question)
    sheets = [(name, sheet) for name, sheet in sheets if text is None or text in sheet.questions.values()] or sheets
    first_name, first = sheets[0]
    contestants: dict[str, Contestant] = {}
    said: dict[tuple[str, str], Vote] = {}
    torn: dict[str, None] = {}
    pictures, gone = _pictures(sheets), 0
    for name, sheet in sheets:
        if (sheet.header["plan"], sheet.header["by"]) != (first.header["plan"], first.header["by"]):
            plans = joined("; ", map(_plan_of, (sheet, first)))
            raise ValueError(
                say("{file} and {first} are of different plans ({plans})", file=name, first=first_name, plans=plans)
            )
        ids = {}
        for each in sheet.header["contestants"]:
            # Matched by their options, whatever their labels and places in the file.
            ids[each["id"]] = key = digest(each["options"])
            contestants.setdefault(key, Contestant(id=key, label=str(each["label"]), options=each["options"]))
        called = sheet.header["judge"] or name  # two judges without a name are two
        on = sheet.on(next((key for key, each in sheet.questions.items() if each == text), ""))
        counted = {pair: line for pair, line in on.items() if is_of(line, pictures)}
        gone += len(on) - len(counted)
        for number in itertools.count(1):
            judge = called if number == 1 else f"{called} ({number})"
            given = {(judge, pair): _vote(judge, pair, line, ids) for pair, line in counted.items()}
            if all(said.get(key, vote).winner == vote.winner for key, vote in given.items()):
                break
            torn[called] = None
        said.update(given)
    out = count(gone, "verdict")
    return Tally(
        contestants=contestants,
        judges=tuple(dict.fromkeys(judge for judge, _ in said)),
        votes=tuple(vote for vote in said.values() if vote.winner != SKIP and all(vote.contestants)),
        skipped=sum(vote.winner == SKIP for vote in said.values()),
        broken=sum(sheet.broken for _, sheet in sheets),
        question=text,
        notices=(
            *(Said("files of {judge} contradict each other: counted as several judges", judge=repr(j)) for j in torn),
            *([Said("left out: {verdicts} on pictures replaced or excluded since", verdicts=out)] if gone else []),
        ),
    )


def _pictures(sheets: Iterable[tuple[str, Sheet]]) -> Mapping[str, str]:
    """Return the picture of each place as the newest file knows it; files of before do not say it."""
    headers = [sheet.header for _, sheet in sheets if "pictures" in sheet.header]
    newest: Mapping[str, Any] = max(headers, key=lambda header: str(header.get("time", "")), default={"pictures": {}})
    return dict(newest["pictures"])


def _question(sheets: Sequence[tuple[str, Sheet]], wanted: str | None = None) -> str | None:
    """Return what is asked: what is wanted by name or text, or the first question, which all have.

    None if some file of before does not say it.

    Raises:
        ValueError: a file does not ask it, or none does.
    """
    if wanted is not None:
        named = [each for _, sheet in sheets for each in sheet.questions.items() if each[1] is not None]
        known = ", ".join(dict.fromkeys(name or str(text) for name, text in named)) or Said("nothing")
        for name, text in named:
            if wanted in (name, text):
                return text
        raise ValueError(say("question={value} was not asked; known: {known}", value=repr(wanted), known=known))
    asked = {text: name for name, sheet in reversed(sheets) for text in sheet.questions.values()}
    first = next((text for _, sheet in sheets for text in sheet.questions.values() if text is not None), None)
    for name, sheet in sheets:
        texts = [text for text in sheet.questions.values() if text is not None]
        if texts and first not in texts:
            files = {"file": asked[first], "other": name, "questions": joined("; ", [str(first), texts[0]])}
            raise ValueError(say("{file} and {other} are of different questions ({questions}); score each", **files))
    return None if None in asked else first


def _sheets(sources: Iterable[Any]) -> Iterator[tuple[str, Sheet]]:
    seen: set[Path] = set()
    names: Counter[str] = Counter()
    for source in sources:
        # A judging's file is made with its first verdict.
        here: Record | None = getattr(source, "record", None)
        path = here.path if here else Path(source).expanduser().resolve()
        if path in seen:
            continue
        seen.add(path)
        if path.is_file():
            sheet = read(path)
            if here:  # its header was checked when the judging began; the one in the file may be damaged since
                sheet = replace(sheet, header=here.sheet.header)
        elif here:
            sheet = here.sheet
        else:
            raise ValueError(say("there is no file {path}; judging.file names it", path=repr(str(path))))
        if not sheet.header:
            raise ValueError(say("{path} holds no judgments of wannb.judge", path=repr(str(path))))
        names[path.name] += 1
        yield path.name if names[path.name] == 1 else f"{path.name} ({names[path.name]})", sheet


def _plan_of(sheet: Sheet) -> str:
    by = ", ".join(sheet.header["by"])
    plan = sheet.header["plan"]
    return Said("plan {plan} by {by}", plan=plan, by=by) if by else Said("plan {plan}", plan=plan)


def _vote(judge: str, pair: str, line: Mapping[str, Any], ids: Mapping[str, str]) -> Vote:
    left, right = (ids.get(line[side]["contestant"], "") for side in (LEFT, RIGHT))
    verdict = line["verdict"]
    return Vote(
        judge=judge,
        pair=pair,
        cluster=_cluster(pair, line.get("shared")),
        contestants=(min(left, right), max(left, right)),
        winner={LEFT: left, RIGHT: right}.get(verdict, verdict),
        left_won=verdict == LEFT if verdict in (LEFT, RIGHT) else None,
    )


def _cluster(pair: str, shared: object) -> str:
    """Return what verdicts share that are not independent: the prompt or, where it is compared or fixed, the rest."""
    if not isinstance(shared, Mapping):
        return pair
    rest = {name: value for name, value in shared.items() if name != "image"}
    # Slots are a part of the prompt; the place is that of a picture in its group.
    words = {name: value for name, value in rest.items() if name == "prompt" or name not in (*FIELDS, "place")}
    return digest(words or rest)


# Statistics


def _ranked(tallied: Tally, notices: list[str]) -> list[Score]:
    """Return the score of each contestant, the strongest first, and add what is uncertain to the notices."""
    scored = _scored(tallied, notices)
    estimates = intervals(_cells(tallied), scored) if scored else {}
    clusters = len({vote.cluster for vote in tallied.votes})
    if scored and clusters < 2:
        notices.append(Said("no intervals: all verdicts share one prompt or seed, so nothing is known of others"))
    found = []
    for key, contestant in tallied.contestants.items():
        own = [vote for vote in tallied.votes if key in vote.contestants]
        counts = Counter({key: "wins", TIE: "ties", BAD: "ties"}.get(vote.winner, "losses") for vote in own)
        wins, ties, losses = (counts[name] for name in ("wins", "ties", "losses"))
        pairs = len({vote.pair for vote in own})
        strength, low, high = estimates.get(key, (None, None, None))
        if strength is not None and len(own) in (wins, losses):
            if clusters > 1:
                low, high = exact(strength, len({vote.cluster for vote in own}), won=bool(wins))
            won = Said("{contestant} won every comparison, by how much is unknown", contestant=contestant.label)
            lost = Said("{contestant} lost every comparison, by how much is unknown", contestant=contestant.label)
            notices.append(won if wins else lost)
        elif low is not None and high is not None and high - low < 1e-9:
            low = high = None
            notices.append(Said("no interval for {contestant}, equal on every pair", contestant=contestant.label))
        numbers = {"wins": wins, "ties": ties, "losses": losses, "pairs": pairs}
        label, options = contestant.label, contestant.options
        found.append(Score(label=label, options=options, strength=strength, low=low, high=high, **numbers))
    return sorted(found, key=lambda each: -1.0 if each.strength is None else each.strength, reverse=True)


def _scored(tallied: Tally, notices: list[str]) -> list[str]:
    """Return the contestants that have a strength, and add why the others have none to the notices."""
    groups = tallied.connected()
    compared = set().union(*groups)
    idle = [each.label for key, each in tallied.contestants.items() if key not in compared]
    if not tallied.votes:
        notices.append(Said("no verdict yet: there is nothing to score"))
    elif idle:
        notices.append(Said("never compared, so not scored: {contestants}", contestants=", ".join(idle)))
    if len(groups) > 1:
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
        doubts.append(
            Said("only {pairs} of pictures judged, too few for reliable intervals", pairs=count(pairs, "pair"))
        )
    if abs(2 * left - len(preferred)) > 2.6 * sqrt(max(1, len(preferred))):
        of = len(preferred)
        doubts.append(
            Said("the left picture was preferred {n} of {of} times, more than chance explains", n=left, of=of)
        )
    if tallied.broken:
        doubts.append(Said("{lines} of the files left out", lines=count(tallied.broken, "damaged line")))
    return doubts


def _cells(tallied: Tally) -> dict[tuple[str, str], Counter[Outcome]]:
    """Return the outcomes of each cluster by each judge."""
    cells: dict[tuple[str, str], Counter[Outcome]] = defaultdict(Counter)
    for vote in tallied.votes:
        outcome = (*vote.contestants, _kind(vote))
        cells[vote.cluster, vote.judge][outcome] += 1
    return cells


def _kind(vote: Vote) -> int:
    """Return what evalica's `Winner` calls a draw, the first and the second."""
    return {TIE: 0, BAD: 0, vote.contestants[0]: 1}.get(vote.winner, 2)


def _agreement(tallied: Tally) -> tuple[int, float | None, float | None]:
    """Return the number of pairs with several judges, the share of their verdicts that are equal, and the alpha."""
    shared = [votes for votes in tallied.by_pair() if len(votes) > 1]
    equal = [one.winner == other.winner for votes in shared for one, other in itertools.combinations(votes, 2)]
    share = sum(equal) / len(equal) if equal else None
    said = [{vote.judge: 3.0 if vote.winner == BAD else float(_kind(vote)) for vote in votes} for votes in shared]
    if len(said) < 2 or len({kind for each in said for kind in each.values()}) < 2:
        return len(shared), share, None
    evalica, pandas = libraries()
    rows = [[each.get(judge, float("nan")) for each in said] for judge in tallied.judges]
    return len(shared), share, float(evalica.alpha(pandas.DataFrame(rows), "nominal").alpha)


# Pictures of scores


def _draw(axes: Axes, each: Score, middle: float) -> None:
    if each.strength is None:
        axes.text(0.5, middle, "–", ha="center", va="center", size=_SIZE, color="0.4")
        return
    if each.low is not None and each.high is not None:
        axes.plot([each.low, each.high], [middle, middle], color=_COLOR, linewidth=1.6, solid_capstyle="butt")
    axes.plot([each.strength], [middle], "o", color=_COLOR, markersize=5.5, clip_on=False)


def _bar(each: Score) -> html.Markup:
    """Return the interval as a line and the strength as a dot, on a scale from 0 to 1."""
    if each.strength is None:
        return html.Markup("")

    def line(start: float, end: float, look: str, top: float = _BAR_HEIGHT / 2, below: float = _BAR_HEIGHT / 2) -> str:
        return f'<line x1="{across(start)}" x2="{across(end)}" y1="{top:g}" y2="{below:g}" {look}/>'

    def across(share: float) -> str:
        return f"{_BAR_MARGIN + share * (_BAR - 2 * _BAR_MARGIN):.1f}"

    color = 'style="stroke:var(--jp-brand-color1, #1976d2);fill:var(--jp-brand-color1, #1976d2)"'
    parts = [line(0, 1, 'stroke="currentColor" opacity=".25"')]
    parts.append(line(0.5, 0.5, 'stroke="currentColor" opacity=".45"', 2, _BAR_HEIGHT - 2))
    if each.low is not None and each.high is not None:
        parts.append(line(each.low, each.high, f'stroke-width="3" {color}'))
    parts.append(f'<circle cx="{across(each.strength)}" cy="{_BAR_HEIGHT // 2}" r="4.5" {color}/>')
    strength = _number(each.strength)
    said = Said("strength {strength}, 95 % interval {interval}", strength=strength, interval=each.interval)
    return html.Markup(
        f'<svg role="img" aria-label="{html.attribute(said)}" width="{_BAR}" height="{_BAR_HEIGHT}" '
        f'style="display:block">{"".join(parts)}</svg>'
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _number(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"
