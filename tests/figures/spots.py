"""Spots of a grid with an image each, but for three."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from wannb.figures.layout import Spot
from wannb.runs.result import GeneratedImage

LABELS = {"prompt": ("a cat", "a dog"), "seed": ("1", "2", "3"), "model": ("pro", "plain")}


def image(place: Path, *, size: tuple[int, int] = (640, 480), color: str = "teal") -> GeneratedImage:
    noise = Image.effect_noise((64, 64), 90).convert("RGB").resize(size)
    Image.blend(noise, Image.new("RGB", size, color), 0.5).save(place, compress_level=1)
    return GeneratedImage(path=place, number=1, count=1, width=size[0], height=size[1], seed=7, sha256="")


def spots(tmp_path: Path) -> list[Spot]:
    """Return 2 prompts x 3 seeds x 2 models, all but three of them with an image."""
    picture = image(tmp_path / "1.png")
    made = []
    for prompt in range(2):
        for seed in range(3):
            for model in range(2):
                place = {"prompt": prompt, "seed": seed, "model": model}
                said = f"{LABELS['prompt'][prompt]}, seed {seed + 1}"
                made.append(Spot(options=place, images=(picture,), alt=said))
    for number, kind, text in (
        (3, "refused", "refused: not nice"),
        (5, "open", "not run yet"),
        (7, "failed", "failed: x"),
    ):
        made[number] = Spot(options=made[number].options, kind=kind, text=text)
    return made
