"""Methods: how pictures were judged and scored, as the paragraph that a paper prints."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from wannb._version import __version__
from wannb.translation import Said, count, joined


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
    said += [
        Said("{judges} gave {verdicts} on {pairs} of {pictures} by {contestants}; {skipped} skipped.", **counts),
        Said("Two pictures at a time were shown blind, each judge with a random order of the pairs and random sides."),
    ]
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
    if any(each.low is not None for each in scores.contestants):
        one = Said("Their 95 % intervals are from a delete-one jackknife over prompts (or seeds), of this judge alone,")
        several = Said(
            "Their 95 % intervals are from a delete-one jackknife with two-way clusters, prompts (or seeds) and judges "
            "(MacKinnon, Nielsen and Webb, arXiv:2406.08880),"
        )
        said += [several if len(scores.judges) > 1 else one]
        said += [Said("with Student's t and the degrees of freedom of Satterthwaite on the angular scale of shares.")]
    if any(each.low is not None and (each.low == 0 or each.high == 1) for each in scores.contestants):
        said.append(Said("A contestant that won or lost everything has the exact interval of Clopper and Pearson."))
    return said


def _agreement(scores: Any) -> list[Said]:
    said: list[Said] = []
    if scores.self_agreement is not None:
        share, pairs = f"{100 * scores.self_agreement:.0f} %", count(scores.repeats, "pair")
        told = {"share": share, "pairs": pairs}
        said.append(Said("Of {pairs} that were asked again with sides swapped, {share} got the same answer.", **told))
    if scores.agreement is None:
        return said
    share, pairs = f"{100 * scores.agreement:.0f} %", count(scores.shared, "pair")
    said += [Said("Of two judges' verdicts on one of {pairs}, {share} were equal.", share=share, pairs=pairs)]
    if scores.alpha is not None:
        said.append(Said("Krippendorff's alpha for nominal data was {alpha}.", alpha=f"{scores.alpha:.2f}"))
    return said
