"""What a form says of a plan: its button, its progress, and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wannb.plan import Forecast, Plan, Progress, Status
from wannb.service import Money
from wannb.translation import Words

from .translated import translated


def button_text(words: Words, ahead: Forecast) -> str:
    """Return what a press on the button does and what it costs."""
    images = ahead.images[1]
    if images:
        what = words("Make 1 image") if images == 1 else words("Make {count} images", count=images)
        return f"{what} · {price(words, ahead.cost[1] if ahead.cost else None, mock=ahead.mock)}"
    if ahead.cells.get("under way"):
        return words("Fetch what is under way · free")
    if ahead.cells.get("done"):
        return words("Show them side by side · free, you made them before")
    return words("Nothing to make")


def price(words: Words, cost: Money | None, *, mock: bool, most: bool = False) -> str:
    """Return a price as buttons name it; `most` where fewer images may come."""
    if mock:
        return words("demo (live {cost})", cost=cost) if cost else words("demo")
    if cost is None:
        return words("price unknown")
    return words("at most {cost}", cost=cost) if most else str(cost)


def works(ahead: Forecast) -> bool:
    """Return whether a press does anything: sends, fetches or shows."""
    return bool(ahead.images[1] or ahead.cells.get("under way") or ahead.cells.get("done"))


def progress_text(words: Words, now: Progress) -> str:
    """Return how far a plan is, in a line."""
    parts = [words("{done} of {total} made", done=now.done, total=now.total)]
    if now.under_way:
        parts.append(words("{n} under way", n=now.under_way))
    if now.failed:
        parts.append(words("{n} failed", n=now.failed))
    return " · ".join([*parts, words("{seconds} s", seconds=f"{now.seconds:.0f}")])


def ended(words: Words, statuses: Sequence[Status], *, stopped: bool) -> list[str]:
    """Return how a run of a plan ended, in lines: what is there, and what to do about what is not."""
    states = Counter(status.state for status in statuses)
    lines = [words("{done} of {total} made", done=states["done"], total=len(statuses))]
    if stopped and states["open"]:
        lines.append(words("Stopped: nothing more was sent. Press the button again for what is missing."))
    if states["under way"]:
        left = words(
            "{count} still under way: press the button again to fetch them, for nothing.", count=states["under way"]
        )
        lines.append(left)
    if states["failed"]:
        lines.append(
            words(
                "{count} failed: the table says why. Press the button again to try once more.", count=states["failed"]
            )
        )
    if states["refused"]:
        lines.append(
            words(
                "{count} refused by the content inspection, not asked for again: reword them.", count=states["refused"]
            )
        )
    if states["not legal"]:
        lines.append(words("{count} left out since they are not legal: the table says why.", count=states["not legal"]))
    return lines


def page_of(plan: Plan, page: str, words: Words) -> str:
    """Return a page of a plan in the person's language."""
    notes = [status.note for status in plan.statuses()]
    parts = [part for note in notes for part in note.split("; ")]
    labels = (label for name in plan.varying for label in plan.labels(name))
    return translated(page, words, [*notes, *parts], theirs=labels)
