"""Documented rules of a request, all of them checked at once before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wannb.errors import Problem
from wannb.translation import Said, count

from .code import as_lists
from .fields import FIELDS, MAX_BOXES, MAX_IMAGES, MAX_N, MAX_N_SET, MAX_PROMPT, MAX_SEED, MODELS
from .inputs import MOST_INPUTS, original_boxes
from .palette import palette_rules
from .sizes import size_problem

_NESTING = Said("one list for each input image, with boxes [x1, y1, x2, y2] in it: [[[0, 0, 100, 100]], []]")

#: An option's name, its value as text, the rule.
Broken = tuple[str, str, str]


def problems(request: Any) -> tuple[Problem, ...]:
    """Return every rule that an `ImageRequest` breaks, in the order of its options, whatever they hold."""
    found = [Problem(field=name, value=value, rule=rule) for name, value, rule in _broken(request)]
    order = list(FIELDS)
    return tuple(sorted(found, key=lambda problem: order.index(problem.field)))


def _broken(request: Any) -> Iterator[Broken]:
    yield from _prompt(request.prompt)
    yield from _images(request.images)
    if request.model not in MODELS:
        rule = Said("the models are {models}", models=", ".join(map(repr, MODELS)))
        yield "model", _shown(request.model), rule
    size_rule = size_problem(request.size, model=request.model, plain=not (request.images or request.enable_sequential))
    if size_rule:
        yield "size", _shown(request.size), size_rule
    yield from _numbers(request)
    for name in ("watermark", "thinking_mode", "enable_sequential"):
        value = getattr(request, name)
        if not isinstance(value, bool):
            yield name, _shown(value), Said("use True or False")
    if request.color_palette is not None:
        if request.enable_sequential:
            colors = count(len(request.color_palette), "color")
            yield "color_palette", colors, Said("an image set has no palette; leave it out")
        for shown, palette_rule in palette_rules(request.color_palette):
            yield "color_palette", shown, palette_rule
    if request.bbox_list is not None:
        yield from _boxes(request)


def _prompt(prompt: Any) -> Iterator[Broken]:
    if not isinstance(prompt, str):
        rule = Said("a prompt is text, not {kind}", kind=type(prompt).__name__)
        single = (bytes, bytearray, memoryview, Mapping)
        if isinstance(prompt, Iterable) and not isinstance(prompt, single) and getattr(prompt, "ndim", True):
            rule = Said("a prompt is one text; for several use client.image_set, or wannb.sweep for a request each")
        yield "prompt", _shown(prompt), rule
    elif not prompt.strip():
        yield "prompt", _shown(prompt), Said("describe the image")
    elif not prompt.isascii() and any("\ud800" <= letter <= "\udfff" for letter in prompt):
        yield "prompt", _shown(prompt), Said("broken text: it holds halves of characters, which cannot be sent")
    elif len(prompt) > MAX_PROMPT:
        rule = Said("at most {most}; the service would cut off the rest without notice", most=f"{MAX_PROMPT:,}")
        yield "prompt", Said("{n} characters", n=f"{len(prompt):,}"), rule


def _images(images: Any) -> Iterator[Broken]:
    if len(images) > MAX_IMAGES:
        shown = count(len(images), "picture")
        if len(images) == MOST_INPUTS:
            shown = Said("{n} pictures or more", n=MOST_INPUTS)
        yield "images", shown, Said("at most {most} input images", most=MAX_IMAGES)
    alike: dict[tuple[str, str], list[int]] = {}
    for number, image in enumerate(images[:MAX_IMAGES], 1):
        if image.problem:
            alike.setdefault((image.name, image.problem), []).append(number)
    for (name, rule), numbers in alike.items():
        listed = ", ".join(map(str, numbers))
        yield "images", Said("image {number} ({name})", number=listed, name=name), rule


def _numbers(request: Any) -> Iterator[Broken]:
    most = MAX_N_SET if request.enable_sequential else MAX_N
    if not _whole(request.n):
        yield "n", _shown(request.n), Said("use a whole number, without quotes")
    elif most == MAX_N < request.n:
        rule = Said("{mode} makes 1 to {most} images; for up to 12 use client.image_set", mode=request.mode, most=most)
        yield "n", _shown(request.n), rule
    elif not 1 <= request.n <= most:
        yield "n", _shown(request.n), Said("{mode} makes 1 to {most} images", mode=request.mode, most=most)
    if request.seed is not None and not (_whole(request.seed) and 0 <= request.seed <= MAX_SEED):
        yield "seed", _shown(request.seed), Said("a whole number from 0 to {most}, or None to draw one", most=MAX_SEED)


def _boxes(request: Any) -> Iterator[Broken]:
    name, boxes, images = "bbox_list", request.bbox_list, request.images
    if not images:
        yield name, _shown(boxes), Said("boxes need input images; give them with images=")
        return
    if request.enable_sequential:
        yield name, _shown(boxes), Said("an image set has no boxes; leave them out")
    if not isinstance(boxes, tuple) or not all(isinstance(each, tuple) for each in boxes):
        yield name, _shown(boxes), _NESTING
        return
    if len(boxes) != len(images):
        shown = Said("{n} lists for {images}", n=len(boxes), images=count(len(images), "input image"))
        yield name, shown, _NESTING
    for number, (each, image) in enumerate(zip(boxes, images, strict=False), 1):
        if len(each) == 4 and all(_whole(side) for side in each):
            yield name, _shown(each), Said("a box belongs in the list of its image: {nesting}", nesting=_NESTING)
            continue
        if len(each) > MAX_BOXES:
            where = Said("{n} boxes on image {number}", n=len(each), number=number)
            yield name, where, Said("at most {most} boxes an image", most=MAX_BOXES)
        # In the pixels in which they were given.
        for box in original_boxes(image, each):
            rule = _box_rule(box, *(image.fitted_from or (image.width, image.height)))
            if rule:
                yield name, Said("{box} on image {number}", box=_shown(box), number=number), rule


def _box_rule(box: Any, width: int | None, height: int | None) -> Said | None:
    if not (isinstance(box, tuple) and len(box) == 4 and all(_whole(side) for side in box)):
        return Said("a box is four whole numbers [x1, y1, x2, y2] in pixels of its image")
    left, top, right, bottom = box
    if left >= right or top >= bottom:
        return Said("crossed or empty: x1 must be left of x2 and y1 above y2")
    if left < 0 or top < 0 or (width and right > width) or (height and bottom > height):
        if not width:
            return Said("outside the image")
        return Said("outside the image, which is {width}x{height} pixels", width=width, height=height)
    return None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = " ".join(repr(as_lists(value)).splitlines())
    return text if len(text) <= 120 else text[:100] + "..."
