"""Exercises: what the runs of a notebook asked for, beside what a teacher wants. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from itertools import combinations, islice
from typing import Any, TypeAlias

from wannb.client import Client
from wannb.display import html
from wannb.errors import InvalidRequest
from wannb.request import MODES, ImageRequest, check_names, checks_options, missing, mode_of, word_of
from wannb.runs import CANCELED, FAILED, LOST, PREPARED, Record, asked_here
from wannb.service import Money, as_budget
from wannb.translation import Said, count, current, joined, override, say, shorten, spoken

_NOT_ASKED = (PREPARED, FAILED, CANCELED, LOST)
#: How many input images, lists of boxes and sets make a request of each mode.
_MODES = dict(zip(MODES, [(0, 0, 0), (1, 0, 0), (2, 0, 0), (1, 1, 0), (0, 0, 1), (1, 0, 1)], strict=True))
_COMPARABLE = ("prompt", "images", "model", "size", "n", "seed", "watermark", "thinking_mode")
_MOST_GROUPS = 20_000
_Wish: TypeAlias = Callable[[Sequence[Record]], tuple[bool, str]]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Check:
    """What of an exercise is done and what is missing; true where all is done. It shows itself in the cell.

    Attributes:
        wishes: for each wish whether it is met, and a sentence.
        closest: which runs these sentences are about.
        language: "en" or "zh".
    """

    wishes: tuple[tuple[bool, str], ...]
    closest: str
    language: str = field(default_factory=current)

    @property
    def summary(self) -> str:
        """How much is to do, in words."""
        return Said("Exercise: {n} to do", n=len(self.missing)) if self.missing else Said("Exercise: done")

    @property
    def missing(self) -> list[str]:
        """A sentence for each wish that is not met."""
        return [said for met, said in self.wishes if not met]

    def __bool__(self) -> bool:
        return not self.missing

    @spoken
    def __repr__(self) -> str:
        lines = [f"{'✓' if met else '✗'} {html.plain(said)}" for met, said in self.wishes]
        return "\n".join([html.plain(self.summary), *lines, *([] if self else [html.plain(self.closest)])])

    @spoken
    def _repr_html_(self) -> str:
        body = ""
        for met, said in self.wishes:
            sign, word, color = ("✓", Said("done"), "#2e8b3d") if met else ("✗", Said("to do"), "#c77700")
            name = f'role="img" aria-label="{html.attribute(word)}" style="color:{color};font-weight:700"'
            body += f"<div><span {name}>{sign}</span> {html.text(said)}</div>"
        return html.block(self.summary, body=body, lines=[] if self else [self.closest])


@checks_options
def check(
    client: Client,
    *,
    mode: str | None = None,
    prompt: str | None = None,
    model: str | None = None,
    size: str | None = None,
    n: int | None = None,
    seed: int | bool | None = None,
    runs: int | None = None,
    same: str | Iterable[str] = (),
    differ: str | Iterable[str] = (),
    budget: float | str | Decimal | Money | None = None,
) -> Check:
    """Say what of an exercise is done and what is missing. Nothing is sent or billed.

    It looks at the requests of all runs since this kernel began, also of those answered from disk: of calls, forms,
    plans and boards, but not of those that failed or were canceled. A teacher may keep the wishes in a module, such as
    `POSTER = {"size": "1K", "n": 2}` for `wannb.check(client, **POSTER)`.

    Args:
        client: from `wannb.connect()`; the runs are those of its folder.
        mode: as the API calls it, such as 'image editing'; a wrong one is answered with all six.
        prompt: words that it has to hold, in capitals or not.
        model, size, n, seed: the value; a seed of True is any that was chosen.
        runs: how many runs are like that; 1, or 2 with `same` or `differ`.
        same: options that all of them share, such as 'seed' or 'images'; a seed that was drawn is shared with none.
        differ: options in which each has a value of its own.
        budget: the most that all runs of the notebook cost together, in the region's currency.

    Raises:
        InvalidRequest: no request can be as wished, by the rules of `ImageRequest`.
        TypeError, ValueError: an option, a mode, a number of runs or a budget that cannot be.

    >>> assert check(client, mode="text to image", size="1K", n=2, seed=True)    # doctest: +SKIP
    >>> check(client, same=["prompt", "seed"], differ="model", budget=0.30)    # doctest: +SKIP
    """
    if not isinstance(client, Client):
        raise TypeError(say("the first argument is the client, not {value}", value=repr(client)))
    asked = {"prompt": prompt, "model": model, "size": size, "n": n, "seed": seed}
    with override(client.language):
        alone = _alone(mode, {name: value for name, value in asked.items() if value is not None})
        most = None if budget is None else as_budget(budget, client.service.region)
        alike, apart = ([names] if isinstance(names, str) else [*names] for names in (same, differ))
        return _checked(client, alone, runs, alike, apart, most)


def _alone(mode: str | None, asked: Mapping[str, Any]) -> list[_Wish]:
    """Return the wishes that each run meets for itself, after a look whether a request can meet them all."""
    modes = [name for name in MODES if mode is None or name == str(mode).replace("_", " ")]
    if not modes:
        raise ValueError(say("mode={mode}: the modes are {modes}", mode=repr(mode), modes=", ".join(map(repr, MODES))))
    like = ImageRequest(**{"prompt": "x", **asked, "seed": None if asked.get("seed") is True else asked.get("seed")})
    problems = []
    for images, boxes, sets in map(_MODES.__getitem__, modes):
        pictures = [missing("", sha256=None)] * images
        request = like.replace(images=pictures, bbox_list=[[]] * boxes or None, enable_sequential=bool(sets))
        problems.append([each for each in request.problems() if each.field in asked])
    if all(problems):
        raise InvalidRequest(min(problems, key=len))
    wishes: list[_Wish] = [] if mode is None else [partial(_by, "mode", modes[0], {modes[0]}.__eq__)]
    words = like.prompt.casefold()
    for name, value in ((name, getattr(like, name)) for name in asked):
        if name == "prompt":
            said = Said("{words} in it", words=repr(value))
            wishes.append(partial(_by, name, said, lambda values: all(words in each.casefold() for each in values)))
        elif value is None:
            wishes.append(partial(_by, name, Said("one that you choose"), lambda values: None not in values))
        else:
            wishes.append(partial(_by, name, str(value), {value}.__eq__))
    return wishes


def _checked(
    client: Client, alone: list[_Wish], runs: int | None, same: list[str], differ: list[str], most: Money | None
) -> Check:
    check_names([*same, *differ], _COMPARABLE)
    runs = (2 if same or differ else 1) if runs is None else runs
    if not isinstance(runs, int) or runs < 1:
        raise ValueError(say("runs={runs}: use a whole number from 1", runs=repr(runs)))
    one, own = Said("the same in all {n}", n=runs), Said("another one in each")
    together: list[_Wish] = [
        partial(_by, name, one, lambda values: len(values) == 1 and None not in values) for name in same
    ]
    together += [partial(_by, name, own, lambda values: len(values) == runs) for name in differ]
    session = asked_here(client.store.root)
    records = [run.record for run in session if run.state not in _NOT_ASKED and run.record.request]
    records.sort(key=lambda record: -sum(wish([record])[0] for wish in alone))
    groups = islice(combinations(records, min(runs, len(records))), _MOST_GROUPS)  # the likeliest first
    group = max(groups, key=lambda group: sum(wish(group)[0] for wish in (*alone, *together)))
    wishes = [wish(group) for wish in alone]
    if runs > 1 or not wishes:
        wishes.append((len(group) == runs, Said("runs: {n} of {all}", n=len(group), all=runs)))
    wishes += [wish(group if len(group) == runs else ()) for wish in together]
    if most:
        costs = [run.cost() for run in session]
        known = all(cost and cost.currency == most.currency for cost in costs)
        spent = replace(most, amount=sum((cost.amount for cost in costs if cost), Decimal(0)))
        said = Said("cost: {spent} of {most}", spent=str(spent) if known else Said("price unknown"), most=str(most))
        wishes.append((known and spent.amount <= most.amount, said))
    prompts = joined(", ", dict.fromkeys(_shown("prompt", _value(record, "prompt")) for record in group))
    closest = Said("The closest so far: {prompts}", prompts=prompts) if group else Said("Nothing was asked for yet.")
    return Check(wishes=tuple(wishes), closest=closest)


def _by(option: str, wanted: str, met: Callable[[set[Any]], bool], group: Sequence[Record]) -> tuple[bool, str]:
    named = {"option": Said("mode") if option == "mode" else word_of(option), "wanted": wanted}
    values = [_value(record, option) for record in group]
    if not values:
        return False, Said("{option}: the exercise wants {wanted}", **named)
    shown = joined(", ", dict.fromkeys(_shown(option, value) for value in values))
    if met(set(values)):
        return True, Said("{option}: {value}", option=named["option"], value=shown)
    return False, Said("{option}: you asked for {value}; the exercise wants {wanted}", value=shown, **named)


def _value(record: Record, option: str) -> Any:
    """Return what a run asked for, as something that can be compared; None for a seed that was drawn."""
    request = record.request or {}
    if option == "images":
        return tuple(image.get("sha256") or image.get("url") for image in request["images"])
    return mode_of(request) if option == "mode" else None if option == "seed" and record.seed_drawn else request[option]


def _shown(option: str, value: Any) -> str:
    value = count(len(value), "image") if option == "images" else value
    if option == "prompt":
        return repr(shorten(value, 60))
    return Said("none") if value is None else value if isinstance(value, Said) else str(value)
