"""Draw an edit: start from an input picture and change the boxed places, or the whole of it."""

from __future__ import annotations

import re

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from . import cards, figures, words
from .backdrop import paint
from .canvas import Canvas
from .colour import Colour, darker, lighter, turned
from .inputs import Box, badge_of, covering, fitted, opened, placeholder
from .mood import mood
from .order import Drawing
from .scenery import falling
from .words import Scene

_REMOVE = re.compile(
    r"\b(?:remove|erase|delete|get rid of|take away|without)\b|去掉|删除|移除|擦除|消除", re.IGNORECASE
)
_TONES: dict[str, Colour] = {
    "spring": (236, 150, 178), "summer": (96, 178, 120), "autumn": (222, 130, 60), "winter": (150, 186, 222),
    "night": (44, 62, 140), "sunset": (232, 112, 84), "dawn": (236, 180, 150),
}  # fmt: skip


def edit(drawing: Drawing) -> tuple[Image.Image, Box | None]:
    """Draw the edited picture at output size; tell where an older badge shows on it.

    The edited picture is the last one that has boxes, else the first; the others are its references.
    """
    pictures = [opened(data) for data in drawing.images]
    boxes = [drawing.boxes[i] if i < len(drawing.boxes) else () for i in range(len(pictures))]
    boxed = [i for i, found in enumerate(boxes) if found]
    base = boxed[-1] if boxed else 0
    source = pictures[base] or placeholder(base + 1, drawing.size)
    references: list[tuple[int, Image.Image]] = []
    for i, picture in enumerate(pictures):
        if i != base:
            shown = picture or placeholder(i + 1, (480, 480))
            # A box in a reference names the part of it that is meant.
            part = boxes[i][0] if boxes[i] and picture else (0, 0, *shown.size)
            references.append((i + 1, _cut(shown, part)))
    scene = words.read(drawing.prompt, drawing.chance("reading", drawing.index))
    fit = fitted(source, drawing.size, whole=bool(boxed))
    old = badge_of(drawing.images[base])
    badge = fit.box(old) if old else None
    if boxed:
        picture = fit.picture
        for number, box in enumerate(boxes[base]):
            place = fit.box(box) if pictures[base] else fit.box(_shared(box, source.size))
            if place:
                reference = references[number % len(references)][1] if references else None
                _change(picture, place, drawing, scene, number, reference)
        return picture, badge
    picture = _toned(fit.picture, drawing, scene, 0.28 if references else 0.5)
    if references:
        cards.lay(picture, references, drawing.chance("cards", drawing.index))
        return picture, badge
    return _with_figure(picture, drawing, scene), badge


def _cut(picture: Image.Image, box: Box) -> Image.Image:
    x1, y1, x2, y2 = max(0, box[0]), max(0, box[1]), min(picture.width, box[2]), min(picture.height, box[3])
    return picture.crop((x1, y1, x2, y2)) if x2 - x1 >= 2 and y2 - y1 >= 2 else picture


def _shared(box: Box, size: tuple[int, int]) -> Box:
    """Keep a box of an unreachable picture, whose size is not known, on its placeholder."""
    x1, y1 = min(box[0], size[0] * 3 // 4), min(box[1], size[1] * 3 // 4)
    return x1, y1, min(max(box[2], x1 + 8), size[0]), min(max(box[3], y1 + 8), size[1])


def _feather(size: tuple[int, int], strength: float = 1.0) -> Image.Image:
    """Make a mask that is full in the middle and nothing at the rim."""
    small = Image.new("L", (96, 96))
    ImageDraw.Draw(small).rounded_rectangle((11, 11, 84, 84), 18, fill=round(255 * strength))
    small = small.filter(ImageFilter.GaussianBlur(4))
    ImageDraw.Draw(small).rectangle((0, 0, 95, 95), outline=0)
    return small.resize(size, Image.Resampling.BICUBIC)


def _change(picture: Image.Image, place: Box, drawing: Drawing, scene: Scene, number: int,
            reference: Image.Image | None) -> None:  # fmt: skip
    """Draw what the prompt asks for into one box; not a pixel outside it changes."""
    size = (place[2] - place[0], place[3] - place[1])
    before = picture.crop(place)
    soft = _feather(size)
    if _REMOVE.search(drawing.prompt):
        picture.paste(_healed(before), place, soft)
        return
    if reference is not None:
        picture.paste(covering(reference, size), place, soft)
        return
    light = mood(
        scene.season, "day" if scene.time == "night" else scene.time, "", drawing.chance("mood", drawing.index, number)
    )
    chance = drawing.chance("figure", drawing.index, number)
    name = scene.figure if scene.known else ""
    canvas = Canvas(size, before)
    if not name:
        paint(canvas, scene.setting, light, chance, drawing.detail)
        picture.paste(canvas.finish(), place, soft)
        return
    glow = Image.blend(before, Image.new("RGB", size, lighter(light.sky[2], 0.2)), 0.26)
    lit = Image.composite(glow, before, soft)
    canvas = Canvas(size, lit)
    scale = min(canvas.height / 1.16, canvas.width / figures.width(name) / 1.06)
    foot = (canvas.height + scale) / 2 - 0.005
    figures.put(name, canvas.pen(canvas.width / 2, foot, scale), light, chance, tint=scene.tint,
                prompt=drawing.prompt, detail=drawing.detail)  # fmt: skip
    drawn = canvas.finish()
    # The canvas softens the photo a little: keep the original pixels wherever nothing was drawn.
    touched = ImageChops.difference(drawn, Canvas(size, lit).finish()).convert("L").point(lambda v: 255 if v > 2 else 0)
    result = lit.copy()
    result.paste(drawn, (0, 0), touched)
    rim = Image.new("L", size)
    ImageDraw.Draw(rim).rectangle((1, 1, size[0] - 2, size[1] - 2), fill=255)
    picture.paste(result, place, rim)


def _healed(before: Image.Image) -> Image.Image:
    """Fill a place from its own rim, as if what stood there were gone."""
    healed = []
    for band in before.resize((6, 6), Image.Resampling.BOX).split():
        cells = list(band.tobytes())
        for y in range(1, 5):
            for x in range(1, 5):
                across = cells[y * 6] * (5 - x) + cells[y * 6 + 5] * x
                down = cells[x] * (5 - y) + cells[30 + x] * y
                cells[y * 6 + x] = round((across + down) / 10)
        healed.append(Image.frombytes("L", (6, 6), bytes(cells)))
    return Image.merge("RGB", healed).resize(before.size, Image.Resampling.BICUBIC)


def _toned(picture: Image.Image, drawing: Drawing, scene: Scene, share: float) -> Image.Image:
    """Shift the whole picture to two tones: of the season, the hour or the colour that the prompt names."""
    chance = drawing.chance("tone", drawing.index)
    # The hour comes last in the summary and rules the light: a winter night is first of all a night.
    named = [_TONES[word] for word in reversed(scene.summary.split()) if word in _TONES]
    tone = scene.tint or (named[0] if named else turned((214, 110, 90), chance.uniform(0, 360)))
    tone = turned(tone, chance.uniform(-8, 8))
    dark, pale = darker(tone, 0.78), lighter(tone, 0.8)
    if scene.time == "night" and "night" in scene.summary:
        pale, share = lighter(tone, 0.35), 0.8
    duotone = ImageOps.colorize(picture.convert("L"), dark[:3], pale[:3], mid=tone[:3])
    return Image.blend(picture, duotone, share)


def _with_figure(picture: Image.Image, drawing: Drawing, scene: Scene) -> Image.Image:
    """Add the figure that the prompt names, and the weather, over the whole picture."""
    weather = scene.weather or ("snow" if "winter" in scene.summary else "")
    falls = bool(weather) or "spring" in scene.summary or "autumn" in scene.summary
    name = scene.figure if scene.known else ""
    if not name and not falls:
        return picture
    canvas = Canvas(picture.size, picture)
    light = mood(
        scene.season, scene.time if scene.time != "night" else "day", weather, drawing.chance("mood", drawing.index)
    )
    if name:
        chance = drawing.chance("place", drawing.index)
        scale = min(0.46 * figures.size(name), canvas.width * 0.44 / figures.width(name))
        reach = figures.width(name) * scale / 2 + 0.03
        x = canvas.width - reach - chance.uniform(0, 0.08) * canvas.width
        pen = canvas.pen(x, canvas.height - 0.13, scale)
        figures.put(name, pen, light, drawing.chance("figure", drawing.index), tint=scene.tint,
                    prompt=drawing.prompt, detail=drawing.detail)  # fmt: skip
    if falls:
        falling(canvas, light, drawing.chance("weather", drawing.index), drawing.detail)
    return canvas.finish()
