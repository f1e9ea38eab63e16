"""The documented rules of a request, checked before anything is sent, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wannb.errors import Problem

from .fields import FIELDS, MAX_BOXES, MAX_IMAGES, MAX_N, MAX_N_SET, MAX_PROMPT, MAX_SEED, MODELS
from .palette import palette_rules
from .sizes import size_problem

#: An option's name, its value as text, the rule.
Broken = tuple[str, str, str]


def problems(request: Any) -> tuple[Problem, ...]:
    """Return every rule that an `ImageRequest` breaks, in the order of its options, each of which may hold anything."""
    found = [Problem(field=name, value=value, rule=rule) for name, value, rule in _broken(request)]
    order = list(FIELDS)
    return tuple(sorted(found, key=lambda problem: order.index(problem.field)))


def _broken(request: Any) -> Iterator[Broken]:
    yield from _prompt(request)
    yield from _images(request)
    if request.model not in MODELS:
        yield "model", _shown(request.model), f"the models are {' and '.join(map(repr, MODELS))}"
    rule = size_problem(request.size, model=request.model, plain=not (request.images or request.enable_sequential))
    if rule:
        yield "size", _shown(request.size), rule
    yield from _numbers(request)
    for name in ("watermark", "thinking_mode", "enable_sequential"):
        value = getattr(request, name)
        if not isinstance(value, bool):
            yield name, _shown(value), "True or False"
    if request.color_palette is not None:
        if request.enable_sequential:
            yield (
                "color_palette",
                f"{len(request.color_palette)} colours",
                "an image set takes no palette; leave it out",
            )
        for value, rule in palette_rules(request.color_palette):
            yield "color_palette", value, rule
    if request.bbox_list is not None:
        yield from _boxes(request)


def _prompt(request: Any) -> Iterator[Broken]:
    prompt = request.prompt
    if not isinstance(prompt, str):
        yield "prompt", _shown(prompt), "a prompt is text"
    elif not prompt.strip():
        yield "prompt", _shown(prompt), "say what to make"
    elif not prompt.isascii() and any("\ud800" <= letter <= "\udfff" for letter in prompt):
        yield "prompt", _shown(prompt), "broken text: it holds halves of characters that cannot be sent"
    elif len(prompt) > MAX_PROMPT:
        yield (
            "prompt",
            f"{len(prompt):,} characters",
            (f"at most {MAX_PROMPT:,}; the service would cut the rest off without a word"),
        )


def _images(request: Any) -> Iterator[Broken]:
    if len(request.images) > MAX_IMAGES:
        yield "images", f"{len(request.images)} pictures", f"at most {MAX_IMAGES} input images"
    for number, image in enumerate(request.images, 1):
        if image.problem:
            yield "images", f"image {number} ({image.name})", image.problem


def _numbers(request: Any) -> Iterator[Broken]:
    most = MAX_N_SET if request.enable_sequential else MAX_N
    if not _whole(request.n):
        yield "n", _shown(request.n), "a whole number, without quotes"
    elif not 1 <= request.n <= most:
        more = "; for up to 12 use client.image_set" if most == MAX_N and request.n > most else ""
        yield "n", _shown(request.n), f"{request.mode} makes 1 to {most} images{more}"
    if request.seed is not None and not (_whole(request.seed) and 0 <= request.seed <= MAX_SEED):
        yield "seed", _shown(request.seed), f"a whole number from 0 to {MAX_SEED}, or None to draw one"


def _boxes(request: Any) -> Iterator[Broken]:
    name, boxes = "bbox_list", request.bbox_list
    if not request.images:
        yield name, _shown(boxes), "boxes need input images; give them with images="
        return
    if request.enable_sequential:
        yield name, _shown(boxes), "an image set takes no boxes; leave them out"
    shape = "one list for each input image, in it boxes [x1, y1, x2, y2]: [[[0, 0, 100, 100]], []]"
    if not isinstance(boxes, tuple) or not all(isinstance(each, tuple) for each in boxes):
        yield name, _shown(boxes), shape
        return
    if len(boxes) != len(request.images):
        yield name, f"{len(boxes)} lists", f"{len(request.images)} input images need as many lists: {shape}"
    for number, (each, image) in enumerate(zip(boxes, request.images, strict=False), 1):
        if len(each) == 4 and all(_whole(side) for side in each):
            yield name, _shown(each), f"a box stands in the list of its image: {shape}"
            continue
        if len(each) > MAX_BOXES:
            yield name, f"{len(each)} boxes on image {number}", f"at most {MAX_BOXES} boxes an image"
        for box in each:
            rule = _box_rule(box, image.width, image.height)
            if rule:
                yield name, f"{_shown(box)} on image {number}", rule


def _box_rule(box: Any, width: int | None, height: int | None) -> str | None:
    if not (isinstance(box, tuple) and len(box) == 4 and all(_whole(side) for side in box)):
        return "a box is four whole numbers [x1, y1, x2, y2] in pixels of its image"
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        return "crossed or empty: x1 must be left of x2 and y1 above y2"
    if left < 0 or top < 0 or (width and right > width) or (height and bottom > height):
        return f"outside the image, which is {width}x{height} pixels" if width else "outside the image"
    return None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = repr(_as_lists(value))
    return text if len(text) <= 120 else text[:100] + "..."


def _as_lists(value: Any) -> Any:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value
