"""Pictures that are judged, and judges who press as they are told."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from wannb.judging import judge
from wannb.request import ImageRequest
from wannb.runs.result import GeneratedImage
from wannb.scoring import digest

PROMPTS = ["a heron in the reeds", "a heron in the rain", "a heron, woodcut"]


def picture(folder: Path, name: str, number: int = 1) -> GeneratedImage:
    """Return a picture that is a file of its own."""
    run = folder / name
    run.mkdir(parents=True, exist_ok=True)
    path = run / f"image-{number}.png"
    sha256 = hashlib.sha256(f"{name} {number}".encode()).hexdigest()
    Image.new("RGB", (24, 16), f"#{sha256[:6]}").save(path)
    return GeneratedImage(path=path, number=number, count=1, width=24, height=16, seed=None, sha256=sha256)


def groups(folder: Path, names: str, places: int) -> dict[str, list[GeneratedImage]]:
    return {name: [picture(folder, f"{name}{place}") for place in range(places)] for name in names}


def edited(made: dict[str, list[GeneratedImage]], photo: Path) -> dict[str, list[GeneratedImage]]:
    """Return the pictures as edits of one photograph, which each run keeps."""
    request = ImageRequest(prompt="as ink", images=str(photo))
    for image in (each for two in made.values() for each in two):
        kept = image.path.parent / "inputs" / f"{request.images[0].sha256}{photo.suffix}"
        kept.parent.mkdir(exist_ok=True)
        shutil.copy(photo, kept)
    return {name: [replace(image, request=request) for image in two] for name, two in made.items()}


def judged(made: Any, file: Path, press: Callable[[Any, str], str] | str, *, name: str = "", **options: Any) -> Any:
    """Return a judging with every pair judged: by one key, or by a function of the pair and its left contestant."""
    judging = judge(made, judge=name, file=file, **options)
    while judging.number < judging.total:
        step = judging._steps[judging.number]
        left = judging._sides(step.pair, step.again)[0][0]
        judging.press(press if isinstance(press, str) else press(step.pair, left))
    return judging


def sheet(
    path: Path, verdicts: Iterable[tuple[dict[str, Any], str, str, str]], *, judge: str = "", **header: Any
) -> Path:
    """Write a judge's file of (what the pictures share, left, right, verdict), without any picture."""
    verdicts = list(verdicts)
    names = sorted({name for _, left, right, _ in verdicts for name in (left, right)})
    listed = [{"id": name, "label": name, "options": {"model": name}} for name in names]
    lines: list[dict[str, Any]] = [
        {"wannb_judgements": 1, "plan": "study", "by": ["model"], "judge": judge, "contestants": listed, **header}
    ]
    for shared, left, right, verdict in verdicts:
        sides = {"left": {"contestant": left}, "right": {"contestant": right}}
        pair = digest([shared, *sorted([left, right])])
        lines.append({"pair": pair, **sides, "shared": shared, "verdict": verdict, "judge": judge})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
