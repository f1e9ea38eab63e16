"""Methods: how pictures were judged and scored, as the paragraph that a paper prints."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from wannb._version import __version__
from wannb.translation import Said, count, joined

from .verdicts import KINDS

_BLIND = Said("Two pictures at a time were shown blind, each judge with a random order of the pairs and random sides.")
_SHOWN = {
    "pairs": _BLIND,
    "graded": _BLIND,
    "rating": Said("One picture at a time was shown blind, in a random order for each judge, and rated from 1 to 5."),
    "check": Said("One picture at a time was shown blind, in a random order for each judge; the answer was yes or no."),
}


def paragraph(scores: Any) -> Said:
    """Return of `Scores` what was asked, who judged what, and how the numbers were made."""
    versions = {"wannb": __version__, "evalica": version("evalica")}
    made = Said("Judged and scored with wannb {wannb} and evalica {evalica}.", **versions)
    return joined(" ", [*_judging(scores), *_model(scores), *_agreement(scores), made])


def _judging(scores: Any) -> list[Said]:
    counts = {
        "judges": count(len(scores.judges), "judge"),
        "verdicts": count(scores.verdicts, "verdict"),
        "pairs": count(scores.pairs, "pair"),
        "pictures": count(scores.pictures, "picture"),
        "contestants": count(len(scores.contestants), "contestant"),
        "skipped": scores.skipped,
    }
    said = [Said("The question was “{question}”.", question=scores.question)] if scores.question else []
    two = Said("{judges} gave {verdicts} on {pairs} of {pictures} by {contestants}; {skipped} skipped.", **counts)
    one = Said("{judges} gave {verdicts} on {pictures} by {contestants}; {skipped} skipped.", **counts)
    said += [one if KINDS[scores.kind].values else two, _SHOWN[scores.kind]]
    if scores.much is not None:
        share = f"{100 * scores.much:.0f} %"
        said.append(Said("Of the preferences, {share} were “much better”; strengths use their direction.", share=share))
    if scores.left is not None:
        share = f"{100 * scores.left:.0f} %"
        said.append(Said("The left picture was preferred in {share} of the verdicts without a tie.", share=share))
    return said


def _model(scores: Any) -> list[Said]:
    facts = {"ties": count(sum(met.ties for met in scores.meetings), "tie"), "bad": scores.bad}
    models = {
        "half": Said("A Bradley-Terry model gave strengths; {ties} ({bad} both bad) count as half wins.", **facts),
        "left out": Said("A Bradley-Terry model gave strengths; {ties} ({bad} both bad) were left out.", **facts),
        "davidson": Said("Davidson's model with ties gave strengths; {ties} ({bad} both bad) count as such.", **facts),
    }
    said = [models[scores.ties], Said("A strength is the chance to be preferred to another contestant at random.")]
    said = {
        "rating": [Said("Means of the ratings were compared.")],
        "check": [Said("Shares of yes were compared.")],
    }.get(scores.kind, said)
    if any(each.low is not None for each in scores.contestants):
        one = Said("Their 95 % intervals are from a delete-one jackknife over prompts (or seeds), of this judge alone,")
        several = Said(
            "Their 95 % intervals are from a delete-one jackknife with two-way clusters, prompts (or seeds) and judges "
            "(MacKinnon, Nielsen and Webb, arXiv:2406.08880),"
        )
        said += [several if len(scores.judges) > 1 else one]
        said += [Said("with Student's t and the degrees of freedom of Satterthwaite on the angular scale of shares.")]
    ends = KINDS[scores.kind].ends
    if any(each.low is not None and (each.low == ends[0] or each.high == ends[1]) for each in scores.contestants):
        said.append(Said("Where all answers were the same, the interval is the exact one of Clopper and Pearson."))
    return said


def _agreement(scores: Any) -> list[Said]:
    said: list[Said] = []
    if scores.self_agreement is not None:
        share, n = f"{100 * scores.self_agreement:.0f} %", scores.repeats
        pairs, pictures = count(n, "pair"), count(n, "picture")
        two = Said("Of {pairs} asked again with sides swapped, {share} got the same answer.", pairs=pairs, share=share)
        one = Said("Of {pictures} asked about again, {share} got the same answer.", pictures=pictures, share=share)
        said.append(one if KINDS[scores.kind].values else two)
    if scores.passed is not None:
        told = {"share": f"{100 * scores.passed:.0f} %", "pairs": count(scores.attention, "attention pair")}
        said.append(Said("Of a picture and its blurred copy, {share} of {pairs} got the picture.", **told))
    if scores.without:
        said.append(Said("The verdicts of {judges} were left out.", judges=count(len(scores.without), "judge")))
    if scores.agreement is None:
        return said
    alone = bool(KINDS[scores.kind].values)
    share = f"{100 * scores.agreement:.0f} %"
    pairs = count(scores.shared, "picture") if alone else count(scores.shared, "pair")
    said += [Said("Of two judges' verdicts on the same, {share} were equal ({pairs}).", share=share, pairs=pairs)]
    if scores.alpha is not None:
        alpha = f"{scores.alpha:.2f}"
        nominal = Said("Krippendorff's alpha for nominal data was {alpha}.", alpha=alpha)
        ordinal = Said("Krippendorff's alpha for ordinal data was {alpha}.", alpha=alpha)
        said.append(ordinal if scores.kind == "rating" else nominal)
    return said
