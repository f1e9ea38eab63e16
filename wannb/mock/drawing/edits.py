"""Edits: open the input pictures, fit them to the output, and change the boxed places, or the whole of one."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from . import marks, words
from .canvas import Canvas, Color, Pen, darker, lighter, turned
from .composition import card, put, styles_of
from .marks import Box, font
from .order import BADGE_CHUNK, Drawing
from .scenery import falling, mood
from .settings import paint
from .sketch import Sketch
from .words import SUBJECTS, Scene

_COVER = 1.35  # up to this difference of aspect ratio the edges are cut rather than bars added


def opened(data: bytes | None) -> tuple[Image.Image | None, Box | None]:
    """Decode an input picture to RGB, its pixels as they are stored, and find the badge if the mock drew it.

    Returns:
        The picture, None if it cannot be decoded, and the badge, None if there is none.
    """
    try:
        with Image.open(io.BytesIO(data or b"")) as picture:
            picture.load()
            badge = [int(part) for part in str(picture.info.get(BADGE_CHUNK, "")).split()]
            plain = Image.new("RGB", picture.size, "white")
            glass = picture.convert("RGBA") if picture.has_transparency_data else None
            plain.paste(glass or picture.convert("RGB"), mask=glass)
    except Exception:  # hostile bytes make Pillow raise almost anything; the mock shows a placeholder
        return None, None
    return plain, (badge[0], badge[1], badge[2], badge[3]) if len(badge) == 4 else None


def placeholder(number: int, size: tuple[int, int]) -> Image.Image:
    """Draw a neutral card: a crossed landscape and the number of the missing picture."""
    canvas = Canvas(size)
    canvas.gradient(0, canvas.height, ((226, 228, 236), (206, 210, 222)))
    Sketch("missing", random.Random(0)).draw(canvas.pen(canvas.width / 2, canvas.height / 2 - 0.04, 0.52))
    picture = canvas.finish()
    height = max(9, round(min(size) * 0.075))
    spot = (size[0] / 2, size[1] / 2 + min(size) * 0.25)
    ImageDraw.Draw(picture).text(spot, f"image {number}", fill=(96, 102, 122), font=font(height), anchor="mm")
    return picture


def _within(box: Box, picture: Image.Image) -> Box | None:
    """Cut a box at the edges of a picture; None if nothing is left."""
    x1, y1, x2, y2 = max(0, box[0]), max(0, box[1]), min(picture.width, box[2]), min(picture.height, box[3])
    return (x1, y1, x2, y2) if x2 - x1 >= 2 and y2 - y1 >= 2 else None


def fitted(
    source: Image.Image, size: tuple[int, int], *, whole: bool
) -> tuple[Image.Image, Callable[[Box], Box | None]]:
    """Fit a picture to a size: cut a little off the edges, or lay it whole on its own blur.

    Returns:
        The picture, and what carries a box of the source to it.
    """
    ratios = (size[0] / source.width, size[1] / source.height)
    fills = max(ratios) / min(ratios) <= (1.02 if whole else _COVER)
    scale = max(ratios) if fills else min(ratios)
    inner = (max(1, round(source.width * scale)), max(1, round(source.height * scale)))
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    ground = source.resize((48, 48), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(5))
    picture = ground.resize(size, Image.Resampling.BICUBIC).point(lambda value: value * 0.8)
    picture.paste(source.resize(inner, Image.Resampling.BICUBIC, reducing_gap=2.0), (left, top))

    def carry(box: Box) -> Box | None:
        x1, y1, x2, y2 = (round(part * scale) for part in box)
        return _within((x1 + left, y1 + top, x2 + left, y2 + top), picture)

    return picture, carry


_REMOVE = re.compile(
    r"\b(?:remove|erase|delete|get rid of|take away|without)\b|去掉|删除|移除|擦除|消除", re.IGNORECASE
)
_RECOLOR = re.compile(r"\b(?:paint|turn|colou?r|dye|make)\b|涂|变", re.IGNORECASE)
_ONTO = re.compile(
    r"\b(?:on|onto|in|into)\s+(?:(?:the|an?)\s+)?(?:\w+\s+){0,3}?(?:(?:of|in|from)\s+)?image\s*(\d)|[到在]图\s*(\d)",
    re.IGNORECASE,
)
_STYLE = re.compile(r"\b(?:in|with) the (?:style|manner|colou?rs?|light|mood) (?:of|from) image\s*\d", re.IGNORECASE)
_STAMP = re.compile(r"\bstamps?\b|邮票", re.IGNORECASE)
_TONES: dict[str, Color] = {
    "spring": (236, 150, 178), "summer": (244, 190, 92), "autumn": (222, 130, 60), "winter": (150, 186, 222),
    "night": (44, 62, 140), "sunset": (232, 112, 84), "dawn": (236, 180, 150),
}  # fmt: skip


def edit(drawing: Drawing) -> tuple[Image.Image, Box | None]:
    """Draw the edited picture at output size, and find where an older badge shows on it.

    The edited picture is the last one that has boxes, else the one that the prompt puts something on, else the first;
    the others are its references.
    """
    found = [opened(data) for data in drawing.images]
    boxes = [drawing.boxes[i] if i < len(drawing.boxes) else () for i in range(len(found))]
    boxed = [i for i, places in enumerate(boxes) if places]
    onto = [int(a or b) - 1 for a, b in _ONTO.findall(_STYLE.sub("", drawing.prompt))]
    base = boxed[-1] if boxed else next((number for number in onto if 0 <= number < len(found)), 0)
    readable, old = found[base]
    source = readable or placeholder(base + 1, drawing.size)
    references: list[tuple[int, Image.Image]] = []
    for i, (shown, _) in enumerate(found):
        if i != base:
            # A box in a reference names the part of it that is meant.
            part = _within(boxes[i][0], shown) if boxes[i] and shown else None
            shown = shown or placeholder(i + 1, (480, 480))
            references.append((i + 1, shown.crop(part) if part else shown))
    scene = words.read(drawing.prompt, drawing.chance("reading", drawing.index))
    picture, carry = fitted(source, drawing.size, whole=bool(boxed))
    badge = carry(old) if old else None
    if boxed:
        for number, box in enumerate(boxes[base]):
            place = carry(box if readable else _shared(box, source.size))
            if place:
                reference = references[number % len(references)][1] if references else None
                _change(picture, place, drawing, scene, number, reference)
        return picture, badge
    styles = styles_of(drawing)
    picture = _toned(picture, drawing, scene, 0.28 if references else 0.16 if styles else 0.5)
    stamped = _STAMP.search(drawing.prompt)
    if not (references or stamped or _RECOLOR.search(drawing.prompt)):
        picture = _with_figure(picture, drawing, scene)
    picture = marks.in_style(picture, styles)
    if references:
        marks.lay(picture, references, drawing.chance("cards", drawing.index))
    elif stamped:
        marks.stamp(picture)
    return picture, badge


def _shared(box: Box, size: tuple[int, int]) -> Box:
    """Keep a box of an unreachable picture, whose size is not known, on its placeholder."""
    x1, y1 = min(box[0], size[0] * 3 // 4), min(box[1], size[1] * 3 // 4)
    return x1, y1, min(max(box[2], x1 + 8), size[0]), min(max(box[3], y1 + 8), size[1])


def _change(picture: Image.Image, place: Box, drawing: Drawing, scene: Scene, number: int,
            reference: Image.Image | None) -> None:  # fmt: skip
    """Draw what the prompt asks for into one box; not a pixel outside it changes."""
    size = (place[2] - place[0], place[3] - place[1])
    before = picture.crop(place)
    soft = marks.feather(size)
    if _REMOVE.search(drawing.prompt):
        picture.paste(_healed(before), place, soft)
        return
    if reference is not None:
        picture.paste(ImageOps.fit(reference, size), place, soft)
        return
    hour = "day" if scene.time == "night" else scene.time
    light = mood(scene.season, hour, "", drawing.chance("mood", drawing.index, number))
    chance, name = drawing.chance("figure", drawing.index, number), scene.figure
    if not name:
        if scene.known:
            canvas = Canvas(size, before, fine=drawing.fine)
            paint(canvas, scene.setting, light, chance, drawing.detail)
            drawn = marks.in_style(canvas.finish(), styles_of(drawing))
        else:
            drawn = card(Canvas(size, fine=drawing.fine), replace(drawing, size=size), scene, drawing.prompt)
        picture.paste(drawn, place, soft)
        return
    glow = Image.blend(before, Image.new("RGB", size, lighter(light.sky[2], 0.2)), 0.26)
    lit = Image.composite(glow, before, soft)
    canvas = Canvas(size, lit, fine=drawing.fine)
    shadow = name != "balloon"  # it hangs in the air
    figure = partial(put, name, light=light, tint=scene.tint, manners=scene.manners, shadow=shadow)
    left, top, right, bottom = _extent(partial(figure, chance=drawing.chance("figure", drawing.index, number)))
    scale = 0.88 * min(canvas.width / (right - left), canvas.height / (bottom - top))
    foot = canvas.height / 2 - scale * (top + bottom) / 2
    figure(canvas.pen(canvas.width / 2 - scale * (left + right) / 2, foot, scale), chance=chance)
    drawn = canvas.finish()
    # The canvas softens the photo a little: keep the original pixels wherever nothing was drawn.
    touched = ImageChops.difference(drawn, Canvas(size, lit).finish()).convert("L").point(lambda v: 255 if v > 2 else 0)
    lit.paste(drawn, (0, 0), touched)
    lit = Image.composite(marks.in_style(lit, styles_of(drawing)), lit, soft)
    picture.paste(lit.crop((1, 1, size[0] - 1, size[1] - 1)), (place[0] + 1, place[1] + 1))


def _extent(figure: Callable[[Pen], None]) -> tuple[float, float, float, float]:
    """Return how far a figure at scale 1 reaches from its foot point: left, top, right, bottom.

    At most 1 to the sides: a bird's branch grows out of the picture.
    """
    canvas = Canvas((100, 160), fine=False)
    figure(canvas.pen(0.5, 0.8, 0.5))
    left, top, right, bottom = canvas.finish().getbbox() or (49, 79, 51, 81)
    return left / 50 - 1, top / 50 - 1.6, right / 50 - 1, bottom / 50 - 1.6


def _healed(before: Image.Image) -> Image.Image:
    """Fill a place from its own rim, as if what stood there were gone."""
    small, corners = before.resize((9, 9), Image.Resampling.BOX), Image.new("RGB", (2, 2))
    for x, y in ((0, 0), (0, 1), (1, 0), (1, 1)):
        corners.putpixel((x, y), small.getpixel((8 * x, 8 * y)) or 0)
    return corners.resize(before.size, Image.Resampling.BILINEAR)


def _toned(picture: Image.Image, drawing: Drawing, scene: Scene, share: float) -> Image.Image:
    """Shift the whole picture to two tones: of the season, the hour or the color that the prompt names."""
    chance = drawing.chance("tone", drawing.index)
    # The hour comes last in the summary and rules the light: a winter night is first of all a night.
    named = [_TONES[word] for word in reversed(scene.summary.split()) if word in _TONES]
    named.append(turned((214, 110, 90), chance.uniform(0, 360)))
    tone = turned(scene.tint or words.first_color(drawing.prompt) or named[0], chance.uniform(-8, 8))
    dark, pale = darker(tone, 0.78), lighter(tone, 0.8)
    if scene.time == "night" and "night" in scene.summary:
        pale, share = lighter(tone, 0.35), 0.8
    duotone = ImageOps.colorize(picture.convert("L"), dark[:3], pale[:3], mid=tone[:3])
    return Image.blend(picture, duotone, share)


def _with_figure(picture: Image.Image, drawing: Drawing, scene: Scene) -> Image.Image:
    """Add the figure that the prompt names, and the weather, over the whole picture."""
    weather = scene.weather or ("snow" if "winter" in scene.summary else "")
    falls = bool(weather) or "spring" in scene.summary or "autumn" in scene.summary
    name = scene.figure
    if not name and not falls:
        return picture
    canvas = Canvas(picture.size, picture, fine=drawing.fine)
    hour = "day" if scene.time == "night" else scene.time
    light = mood(scene.season, hour, weather, drawing.chance("mood", drawing.index))
    if name:
        chance = drawing.chance("place", drawing.index)
        scale = min(0.46 * SUBJECTS[name].size, canvas.width * 0.44 / SUBJECTS[name].width)
        reach = SUBJECTS[name].width * scale / 2 + 0.03
        x = canvas.width - reach - chance.uniform(0, 0.08) * canvas.width
        pen = canvas.pen(x, canvas.height - 0.13, scale)
        put(name, pen, light, drawing.chance("figure", drawing.index), tint=scene.tint, manners=scene.manners)
    if falls:
        falling(canvas, light, drawing.chance("weather", drawing.index), drawing.detail)
    return canvas.finish()
