"""Scores as text, as HTML, as a table and as a figure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from wannb.display import html
from wannb.text import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .scoring import Score, Scores

_MEANING = "Strength: the chance to be preferred to one of the others, drawn by lot; 0.5 is average, ties count half."
_BAR, _MARGIN, _HEIGHT = 180, 6, 18
_ROW, _SIZE = 0.34, 9.0


def lines(scores: Scores) -> list[str]:
    """Return what the judges did, in sentences."""
    skipped = f", {scores.skipped} skipped" if scores.skipped else ""
    told = [
        f"{count(scores.verdicts, 'verdict')} on {count(scores.pairs, 'pair')} of pictures by "
        f"{count(len(scores.judges), 'judge')}{skipped}"
    ]
    if len(scores.judges) > 1:
        told.append(_agreement(scores))
    if scores.left is not None:
        told.append(f"the left picture was preferred in {_percent(scores.left)} of those without a tie")
    return told


def _agreement(scores: Scores) -> str:
    if scores.agreement is None:
        return "agreement of the judges: too few, no two judged the same pair"
    share, pairs = _percent(scores.agreement), count(scores.shared, "pair")
    on = f"{share} of two judges' verdicts on the same pair are equal ({pairs})"
    alpha = "too few or too alike for it" if scores.alpha is None else f"{scores.alpha:.2f}"
    return f"{on}; Krippendorff's alpha: {alpha}"


def text(scores: Scores) -> str:
    """Return scores as lines of text."""
    rows = []
    for each in scores.contestants:
        counts = f"{each.wins} won, {each.ties} tied, {each.losses} lost"
        rows.append(f"  {_number(each.strength)} {_interval(each)}  {counts}  {each.label}")
    notes = [f"  note: {notice}" for notice in scores.notices]
    return "\n".join([f"Scores({'; '.join(lines(scores))})", *rows, *notes])


def page(scores: Scores) -> str:
    """Return scores as HTML: a table with a bar for each interval."""
    head = ["contestant", "strength", "95 % interval", "0 … 0.5 … 1", "won", "tied", "lost", "pairs"]
    rows = [
        (each.label, _number(each.strength), _interval(each), _bar(each), each.wins, each.ties, each.losses, each.pairs)
        for each in scores.contestants
    ]
    return html.block("Scores", lines=[*lines(scores), _MEANING], body=html.table(head, rows), notes=scores.notices)


def table(scores: Scores) -> Any:
    """Return a DataFrame where pandas is there, else a list of dicts."""
    rows = [
        {
            "contestant": each.label,
            "strength": each.strength,
            "low": each.low,
            "high": each.high,
            "wins": each.wins,
            "ties": each.ties,
            "losses": each.losses,
            "pairs": each.pairs,
            **each.options,
        }
        for each in scores.contestants
    ]
    try:
        import pandas
    except ImportError:
        return rows
    return pandas.DataFrame(rows)


def figure(scores: Scores, *, width: float, dpi: float) -> Figure:
    """Return a dot and an interval for each contestant, the strongest on top, on a white page."""
    from wannb.figures import families, shown_figure, wrap

    room = width * 0.4
    labels = []
    for each in scores.contestants:
        face = families(each.label)
        wrapped = wrap(each.label, room - 0.15, size=_SIZE, family=face.families, most=3)
        labels.append((wrapped, face.families))
    heights = [_ROW + 0.16 * (len(wrapped) - 1) for wrapped, _ in labels]
    below, above = 0.55, 0.1
    total = sum(heights) + below + above
    made = shown_figure(text(scores), figsize=(width, total), dpi=dpi)
    axes = made.add_axes((room / width, below / total, 1 - (room + 0.25) / width, sum(heights) / total))
    place = 0.0
    for each, (wrapped, names), height in zip(scores.contestants, labels, heights, strict=True):
        middle = place + height / 2
        place += height
        _row(axes, each, middle)
        axes.annotate(
            "\n".join(wrapped),
            (0, middle),
            xycoords=("axes fraction", "data"),
            xytext=(-7, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            size=_SIZE,
            family=names,
            parse_math=False,
            annotation_clip=False,
        )
    axes.axvline(0.5, color="0.7", linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes.set(xlim=(0, 1), ylim=(place, 0), yticks=[], xticks=[0, 0.25, 0.5, 0.75, 1])
    axes.tick_params(labelsize=_SIZE - 1, color="0.5", length=3)
    axes.set_xlabel("chance to be preferred, with 95 % interval", size=_SIZE)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("0.5")
    return made


def _row(axes: Axes, each: Score, middle: float) -> None:
    if each.strength is None:
        axes.text(0.5, middle, "cannot be told", ha="center", va="center", size=_SIZE - 1, color="0.4")
        return
    if each.low is not None and each.high is not None:
        axes.plot([each.low, each.high], [middle, middle], color="#1f5fa8", linewidth=1.6, solid_capstyle="butt")
    axes.plot([each.strength], [middle], "o", color="#1f5fa8", markersize=5.5, clip_on=False)


def _bar(each: Score) -> html.Markup:
    """Return the interval as a line and the strength as a dot, on a scale from 0 to 1."""
    if each.strength is None:
        return html.Markup("")

    def across(share: float) -> str:
        return f"{_MARGIN + share * (_BAR - 2 * _MARGIN):.1f}"

    middle = _HEIGHT // 2
    parts = [
        f'<line x1="{across(0)}" x2="{across(1)}" y1="{middle}" y2="{middle}" stroke="currentColor" opacity=".25"/>',
        f'<line x1="{across(0.5)}" x2="{across(0.5)}" y1="2" y2="{_HEIGHT - 2}" stroke="currentColor" opacity=".45"/>',
    ]
    color = 'style="stroke:var(--jp-brand-color1, #1976d2);fill:var(--jp-brand-color1, #1976d2)"'
    if each.low is not None and each.high is not None:
        ends = f'x1="{across(each.low)}" x2="{across(each.high)}" y1="{middle}" y2="{middle}"'
        parts.append(f'<line {ends} stroke-width="3" {color}/>')
    parts.append(f'<circle cx="{across(each.strength)}" cy="{middle}" r="4.5" {color}/>')
    said = escape(f"strength {_number(each.strength)}, 95 % interval {_interval(each)}")
    return html.Markup(
        f'<svg role="img" aria-label="{said}" width="{_BAR}" height="{_HEIGHT}" style="display:block">'
        f"{''.join(parts)}</svg>"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _number(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"


def _interval(each: Score) -> str:
    return "–" if each.low is None or each.high is None else f"[{each.low:.2f}, {each.high:.2f}]"
