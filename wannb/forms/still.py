"""A form as a still picture with text, for pages where no widget runs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wannb.display import html, small_jpeg
from wannb.ledger import Result
from wannb.request import FIELDS, ImageRequest
from wannb.text import count, shorten
from wannb.translation import Words

from . import looks
from .boxes import still

if TYPE_CHECKING:
    from .form import Form

_PIXELS, _WIDTH = 360, 220


def text(form: Form) -> str:
    """Return a form in one line."""
    request = form.request
    problems = count(len(form.problems), "problem")
    state = "at work" if form.job.under_way else problems if form.problems else "ready"
    return f"{type(form).__name__}({form.mode}, {shorten(request.prompt, 60)!r}, {state})"


def page(form: Form) -> str:
    """Return a form as HTML: what it asks for, its pictures with their boxes, what is wrong, what came back."""
    request, words = form.request, form.words
    name = words(form.mode)
    rows = html.table([words("option"), words("value")], [*options(request, words)])
    problems = [words.sentence(problem.rule) for problem in form.problems] if request.prompt else []
    parts = [rows, html.row(figures(request, words)) if request.images else ""]
    if form.result is not None:
        lines = [words.sentence(form.result.summary())]
        parts.append(html.block("", lines=lines, body=html.row(results(form.result, words)), notes=form.result.notices))
    return html.block(
        name[:1].upper() + name[1:], lines=[f"[ {form.button.description} ]"], body="".join(parts), notes=problems
    )


def options(request: ImageRequest, words: Words) -> Iterator[tuple[str, str]]:
    """Return each option that says something, by its label."""
    for name, field in FIELDS.items():
        value = getattr(request, name)
        if name in ("images", "bbox_list", "enable_sequential") or (field.advanced and value == field.default):
            continue
        if name == "color_palette":
            shown = ", ".join(f"{color.hex} {color.ratio}" for color in value)
        elif isinstance(value, bool):
            shown = words("yes") if value else words("no")
        else:
            shown = words("a new one each time") if value is None else str(value)
        yield words(field.label), shown


def figures(request: ImageRequest, words: Words) -> Iterator[str]:
    """Return the input images with their boxes and numbers, as HTML figures."""
    for number, image in enumerate(request.images, 1):
        label = f"{words('image {number}', number=number)} · {image.name}"
        boxes = request.bbox_list[number - 1] if request.bbox_list and number <= len(request.bbox_list) else ()
        listed = [words("box {box}", box=list(box)) for box in boxes]
        if image.content is None or not image.width or not image.height:
            said = words.sentence(image.problem) if image.problem else words("a link, not fetched here")
            yield f'<div style="max-width:{_WIDTH}px">{html.text(label)}<br>{html.text(said)}</div>'
            continue
        jpeg = still(image, boxes, pixels=_PIXELS) if boxes else small_jpeg(io.BytesIO(image.content), _PIXELS)
        size = (image.width, image.height)
        yield html.figure(jpeg, alt=" ".join([label, *listed]), caption=[label, *listed], size=size, width=_WIDTH)


def results(result: Result, words: Words) -> Iterator[str]:
    """Return the images that came back, as HTML figures."""
    for image in result:
        if not image.path.is_file():
            yield html.text(words("{name} is not there any more", name=image.path.name))
            continue
        yield image.figure(pixels=_PIXELS, width=_WIDTH, caption=[looks.caption(words, image)])
