"""How often the 95 % intervals of `wannb.scores` hold the true strength, in simulated studies.

    python bench/coverage.py --studies 300 --seed 1

Each study draws anew: prompts, on which contestants differ by more or less; pictures; judges with tastes of their own;
and verdicts, a tenth of them ties. The true strength is that over all prompts and all judges; with one judge, that of
this judge. Beside it stands the interval of before, which resampled pairs of pictures as if they were independent.
Prints a table for RESULTS.md; with `--ratings` that of the means of ratings, 1 to 5, in the same designs and spreads.
"""

from __future__ import annotations

import argparse
from collections import Counter
from functools import partial
from typing import Any

import numpy as np

from wannb.scoring.intervals import Jackknife, fit, means

#: Contestants, prompts, pictures of each prompt, judges.
DESIGNS = [(3, 4, 2, 1), (3, 8, 1, 1), (6, 8, 2, 1), (3, 30, 1, 1), (6, 4, 2, 3), (3, 12, 2, 2), (6, 12, 1, 5)]
DESIGNS += [(3, 20, 1, 4)]
#: Standard deviations in log-odds: of a contestant on a prompt, in a picture, for a judge, for a judge on a prompt.
PROMPT, PICTURE, JUDGE, TASTE, TIES = 0.8, 0.5, 0.3, 0.3, 0.1
RESAMPLES = 300


def strengths(wins: Any) -> Any:
    """Return what `fit` returns, for many studies at once: wins[study, one, other], a tie as half."""
    n = wins.shape[-1]
    wins = wins + 0.05 * (1 - np.eye(n))
    met, won = wins + np.swapaxes(wins, -1, -2), wins.sum(-1)
    power = np.ones(wins.shape[:-1])
    for _ in range(1000):
        new = won / (met / (power[..., :, None] + power[..., None, :])).sum(-1)
        new /= np.exp(np.log(new).mean(-1, keepdims=True))
        done = np.abs(np.log(new / power)).max() < 1e-6
        power = new
        if done:
            break
    return ((power[..., :, None] / (power[..., :, None] + power[..., None, :])).sum(-1) - 0.5) / (n - 1)


def drawn(chance: Any, design: tuple[int, int, int, int]) -> Any:
    """Return one study: wins[prompt, picture, judge, one, other] of 0, 0.5 and 1."""
    n, prompts, pictures, judges = design
    taste = (JUDGE if judges > 1 else 0) * chance.normal(size=(1, 1, judges, n))
    taste = taste + (TASTE if judges > 1 else 0) * chance.normal(size=(prompts, 1, judges, n))
    liked = np.linspace(-0.6, 0.6, n) + PROMPT * chance.normal(size=(prompts, 1, 1, n)) + taste
    liked = liked + PICTURE * chance.normal(size=(prompts, pictures, 1, n))
    odds = liked[..., :, None] - liked[..., None, :]
    wins = (chance.random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(float)
    wins[chance.random(odds.shape) < TIES] = 0.5
    upper = np.triu(np.ones((n, n)), 1)
    return wins * upper + np.swapaxes((1 - wins) * upper, -1, -2)


def truth(chance: Any, design: tuple[int, int, int, int], size: int = 100_000) -> Any:
    n, spread = design[0], PROMPT**2 + PICTURE**2 + (JUDGE**2 + TASTE**2 if design[3] > 1 else 0)
    liked = np.linspace(-0.6, 0.6, n) + np.sqrt(spread) * chance.normal(size=(size, n))
    wins = np.array([(1 / (1 + np.exp(liked - liked[:, [one]]))).mean(0) for one in range(n)])
    wins = (1 - TIES) * wins + TIES / 2
    np.fill_diagonal(wins, 0)
    return strengths(1e6 * wins[None])[0]


def cells(wins: Any) -> dict[tuple[str, str], Counter[tuple[str, str, int]]]:
    """Return a study as `wannb.scores` counts it."""
    prompts, pictures, judges, n, _ = wins.shape
    found = {}
    for prompt, judge in np.ndindex(prompts, judges):
        kinds = [
            (str(one), str(other), {0.5: 0, 1.0: 1, 0.0: 2}[float(wins[prompt, picture, judge, one, other])])
            for picture in range(pictures)
            for one in range(n)
            for other in range(one + 1, n)
        ]
        found[str(prompt), str(judge)] = Counter(kinds)
    return found


def before(chance: Any, wins: Any) -> tuple[Any, Any]:
    """Return the interval of before: pairs of pictures drawn with replacement, all judges of one together."""
    n = wins.shape[-1]
    one, other = np.triu_indices(n, 1)
    pairs = wins.sum(2)[..., one, other].reshape(-1)
    which = np.tile(np.arange(len(one)), len(pairs) // len(one))
    draws = chance.integers(len(pairs), size=(RESAMPLES, len(pairs)))
    sums = np.zeros((RESAMPLES, n, n))
    rows = np.arange(RESAMPLES)[:, None]
    np.add.at(sums, (rows, one[which[draws]], other[which[draws]]), pairs[draws])
    np.add.at(sums, (rows, other[which[draws]], one[which[draws]]), wins.shape[2] - pairs[draws])
    ordered = np.sort(strengths(sums), axis=0)
    cut = int(0.025 * RESAMPLES)
    return ordered[cut], ordered[-1 - cut]


def rated(chance: Any, design: tuple[int, int, int, int], size: int = 1) -> Any:
    """Return ratings[study, prompt, picture, judge, contestant] of studies, 1 to 5."""
    n, prompts, pictures, judges = design
    liked = 3 + np.linspace(-0.6, 0.6, n) + PROMPT * chance.normal(size=(size, prompts, 1, 1, n))
    liked = liked + PICTURE * chance.normal(size=(size, prompts, pictures, 1, n))
    if judges > 1:
        liked = liked + JUDGE * chance.normal(size=(size, 1, 1, judges, n))
        liked = liked + TASTE * chance.normal(size=(size, prompts, 1, judges, n))
    return np.clip(np.round(liked + 0.5 * chance.normal(size=(size, prompts, pictures, judges, n))), 1, 5)


def ratings(studies: int, seed: int) -> None:
    """Print how often the intervals of means hold the mean over all prompts and judges."""
    print(
        "\n| contestants | prompts | pictures of each | judges | coverage of means | width |\n|---|---|---|---|---|---|"
    )
    for design in DESIGNS:
        chance = np.random.default_rng([seed, 5, *design])
        n, prompts, _, judges = design
        true = rated(chance, (n, 1, 1, judges), 100_000).mean((0, 1, 2, 3))
        held, widths = [], []
        for _ in range(studies):
            [given] = rated(chance, design)
            counted = {
                (str(prompt), str(judge)): Counter(
                    (str(one), "", int(each)) for row in given[prompt, :, judge] for one, each in enumerate(row)
                )
                for prompt, judge in np.ndindex(prompts, judges)
            }
            model = partial(means, ends=(1.0, 5.0))
            found = Jackknife(counted, [str(one) for one in range(n)], model).strengths()
            for one, mean in enumerate(true):
                _, low, high = found[str(one)]
                held.append(low is not None and 1 + 4 * low <= mean <= 1 + 4 * (high or 0))
                widths.append(4 * ((high or 0) - (low or 0)))
        numbers = (np.mean(held), np.mean(widths))
        print("|", " | ".join([*map(str, design), *(f"{number:.3f}" for number in numbers)]), "|", flush=True)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--studies", type=int, default=300)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--ratings", action="store_true", help="only the means of ratings")
    options = asked.parse_args()
    if options.ratings:
        ratings(options.studies, options.seed)
        return
    print("| contestants | prompts | pictures of each | judges | coverage | width | coverage before | width before |")
    print("|---|---|---|---|---|---|---|---|")
    for design in DESIGNS:
        chance = np.random.default_rng([options.seed, *design])
        true, names = truth(chance, design), [str(each) for each in range(design[0])]
        held: list[list[float]] = [[], [], [], []]
        for study in range(options.studies):
            wins = drawn(chance, design)
            counted = cells(wins)
            if study == 0:  # the copy for many studies at once says what the package says
                same = fit(sum(counted.values(), Counter()), names)
                assert np.allclose(same, strengths(wins.sum((0, 1, 2))[None])[0], atol=1e-3)
            found = Jackknife(counted, names).strengths()
            low, high = (np.array([found[name][place] for name in names]) for place in (1, 2))
            old_low, old_high = before(chance, wins)
            held[0].append(float(((low <= true) & (true <= high)).mean()))
            held[1].append(float((high - low).mean()))
            held[2].append(float(((old_low <= true) & (true <= old_high)).mean()))
            held[3].append(float((old_high - old_low).mean()))
        numbers = [np.mean(each) for each in held]
        print("|", " | ".join([*map(str, design), *(f"{number:.3f}" for number in numbers)]), "|", flush=True)


if __name__ == "__main__":
    main()
