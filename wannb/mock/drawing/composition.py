"""Composition of a whole picture: setting, light, main figure, companions, weather; or a card with the words."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import partial

from PIL import Image

from . import marks, words
from .canvas import WHITE, Canvas, Color, Pen, clear, lighter, mix
from .order import Drawing
from .scenery import Mood, Stage, falling, mood, tree
from .settings import paint
from .sketch import Sketch
from .words import SUBJECTS, Scene

_YEAR = ("spring", "summer", "autumn", "winter")
_HOURS = ("day", "sunset", "dawn", "night")
_POSES = {*words.POSES, "sill", "many", "poster"}
_FURNITURE = ("sofa", "chair", "lamp")
#: Beside the main figure: how far from it, how far behind it, how large. Most things are at 0.36, 0.05 and 0.66.
_BESIDE = {
    "umbrella": (0.08, 0.0, 1.5), "tree": (0.28, 0.05, 1.0), "island": (0.34, 0.14, 0.9), "house": (0.4, 0.09, 0.66),
    "shop": (0.4, 0.09, 0.66), "lighthouse": (0.4, 0.09, 0.66), **dict.fromkeys(_FURNITURE, (0.4, 0.02, 1.0)),
}  # fmt: skip


def text_of(drawing: Drawing) -> str:
    """Return the part of the prompt that describes this picture: of a set or a story, the text of its own scene."""
    parts = words.scenes(drawing.prompt)[1] if drawing.sequential else []
    return parts[min(drawing.index, len(parts) - 1)] if parts else drawing.prompt.rpartition("Scene:")[2]


def scene_of(drawing: Drawing) -> Scene:
    """Read the scene of this picture out of the prompt; a frame of a set reads its own part."""
    chance = drawing.chance("reading", drawing.index)
    if not drawing.sequential:
        return words.read(drawing.prompt, chance)
    shared, parts = words.scenes(drawing.prompt)
    # The main figure of a set must not hang on the number of the frame.
    lead = words.read(shared, drawing.chance("lead"))
    if not lead.figure:
        lead = words.read(drawing.prompt, drawing.chance("lead"))
    text = text_of(drawing)
    scene = words.read(text, chance, season=lead.season)
    setting, season, time = scene.setting, scene.season, scene.time
    if not parts:  # one text for all frames: go through the year, then through the day
        season = _YEAR[drawing.index % 4]
        time = _HOURS[drawing.index // 4 % 4] if drawing.index >= 4 else time
    elif (
        scene.figure in ("", lead.figure)
        and not words.names_a_place(text)
        and not (scene.weather and lead.setting in words.INDOORS)
    ):
        setting = lead.setting
    companions = tuple(name for name in (scene.figure, *scene.companions) if name not in (lead.figure, ""))
    return replace(
        lead, companions=companions[:2] if parts else lead.companions, setting=setting, season=season, time=time,
        weather=scene.weather if parts else "", tint=lead.tint or (scene.tint if scene.figure == lead.figure else None),
        manners=lead.manners - _POSES | scene.manners, known=lead.known or scene.known,
        summary=scene.summary or lead.summary,
    )  # fmt: skip


def styles_of(drawing: Drawing) -> tuple[str, ...]:
    """Return the styles of this picture; a frame of a set takes those of its own text, else those of all."""
    shared = words.scenes(drawing.prompt)[0] if drawing.sequential else drawing.prompt
    return words.styles(text_of(drawing)) or words.styles(shared)


def title_of(drawing: Drawing) -> str:
    """Return the words to print on a poster: its subject."""
    subject = re.split(
        r"\b(?:posters?)\b(?:\s+(?:for|of|about))?(?:\s+(?:an?|the))?|海报", text_of(drawing), flags=re.IGNORECASE
    )
    return max((part.strip(" ,.:;") for part in subject), key=len)


def put(
    name: str,
    pen: Pen,
    light: Mood,
    chance: random.Random,
    *,
    tint: Color | None = None,
    manners: frozenset[str] = frozenset(),
    shadow: bool = True,
) -> None:
    """Draw a subject with its foot point at the origin of the pen."""
    subject = SUBJECTS[name]
    if shadow and subject.shadow:
        if name == "balloon":
            pen.shadow(0.1, 0.02, 0.22, 0.025, 0.2)
        else:
            pen.shadow(0.03, 0.0, subject.width * 0.45, 0.045)
    with pen.canvas.relief(0.07 * pen.scale):
        if name == "tree":
            tree(pen, light, chance)
            return
        share = min(light.share, 0.58 * subject.lit)
        conditions = {*manners, light.season, light.time, light.weather}
        if light.time in ("night", "sunset") or light.weather == "rain":
            conditions.add("warm")
        lit = partial(mix, second=light.light, share=share)
        Sketch(name, chance, tint=tint, words=conditions, lit=lit).draw(pen)


def compose(canvas: Canvas, drawing: Drawing, scene: Scene) -> Stage:
    """Paint everything of the scene on the canvas; return the stage for what is added."""
    chance = drawing.chance("setting", drawing.index)
    light = mood(scene.season, scene.time, scene.weather, drawing.chance("mood", drawing.index))
    name = scene.figure
    if name == "person" and (scene.setting == "portrait" or words.PORTRAIT.search(drawing.prompt)):
        name = "bust"
    setting = scene.setting if scene.setting != "portrait" or name == "bust" else "meadow"
    if setting == "sea" and name not in (*words.ON_WATER, "fish", "island", "lighthouse", ""):
        setting = "beach"
    if setting == "room" and ("sill" in scene.manners or name in (*_FURNITURE, "")):
        setting = "sill" if "sill" in scene.manners else "parlour"
    stage = paint(canvas, setting, light, chance, drawing.detail)
    land, stage = stage, _placed(canvas, name, setting, stage)
    if name == "boat" and "many" in scene.manners:
        _fleet(canvas, drawing, scene, light, stage)
    _companions(canvas, drawing, scene, light, land if land.water is not None else stage, stage.x)
    if name:
        # The figure of a set comes from prompt and seed alone; all else also from the number of the picture.
        luck = drawing.figure(name, "figure", 0 if drawing.sequential else drawing.index)
        turn = drawing.chance("turn", drawing.index).random() < 0.5
        scale = stage.scale * (1.0 if name == "bust" else SUBJECTS[name].size)
        scale = min(scale, canvas.width / SUBJECTS[name].width * 0.92)
        foot = stage.foot - (0.12 if name == "balloon" else 0.0)
        pen = canvas.pen(stage.x, foot, scale, flip=turn and SUBJECTS[name].turns)
        put(name, pen, light, luck, tint=scene.tint, manners=scene.manners, shadow=not stage.afloat)
    if not stage.airless:
        falling(canvas, light, drawing.chance("weather", drawing.index), drawing.detail)
    return stage


def _placed(canvas: Canvas, name: str, setting: str, stage: Stage) -> Stage:
    """Move the stage where the figure belongs: boats on the water, a bust on the lower edge."""
    if name == "bust":
        return replace(stage, foot=canvas.height, scale=min(0.94, 0.8 + 0.14 * (setting == "portrait")))
    if name in words.ON_WATER and stage.water is not None:
        return replace(stage, foot=stage.water, scale=stage.scale * 0.62, afloat=True)
    return stage


def _fleet(canvas: Canvas, drawing: Drawing, scene: Scene, light: Mood, stage: Stage) -> None:
    """Add small boats behind the first."""
    chance = drawing.chance("fleet", drawing.index)
    for number in range(3):
        x = (stage.x + canvas.width * (number + 1) / 4 + chance.uniform(-0.04, 0.04)) % canvas.width
        pen = canvas.pen(x, stage.foot - chance.uniform(0.05, 0.09), stage.scale * chance.uniform(0.4, 0.6))
        put("boat", pen, light, chance, shadow=False)


def _companions(canvas: Canvas, drawing: Drawing, scene: Scene, light: Mood, stage: Stage, middle: float) -> None:
    """Put the other figures of the text behind and beside the main one."""
    away = 1 if middle < canvas.width / 2 else -1
    for number, name in enumerate(scene.companions):
        if name == "flowers" and scene.setting not in ("room", "studio"):
            continue  # the setting has them already
        side, subject = away if number == 0 else -away, SUBJECTS[name]
        luck = drawing.figure(name, "companion", name if drawing.sequential else number)
        across, back, size = _BESIDE.get(name, (0.36, 0.05, 0.66))
        x, foot, scale = stage.x + side * across, stage.foot - back, stage.scale * subject.size * size
        if name in words.ON_WATER and stage.water is not None:
            foot, scale = stage.water, scale * 0.6
        x = min(max(x, 0.14), canvas.width - 0.14)
        pen = canvas.pen(x, foot, scale, flip=side > 0 and subject.turns)
        manners = scene.manners - {"many"}
        if name == "boat" and "many" in scene.manners:
            _fleet(canvas, drawing, scene, light, replace(stage, foot=foot, scale=scale))
        tint = words.TINTS.get(words.tint_of(text_of(drawing), name))
        put(name, pen, light, luck, tint=tint, manners=manners, shadow=not stage.afloat)


def card(canvas: Canvas, drawing: Drawing, scene: Scene, text: str) -> Image.Image:
    """Set the words of a prompt on a ground of the mood, for a subject that the mock cannot draw."""
    chance = drawing.chance("card", drawing.index)
    light = mood(scene.season, scene.time, scene.weather, drawing.chance("mood", drawing.index))
    pen, width, height = canvas.pen(), canvas.width, canvas.height
    canvas.gradient(0, height + 0.01, (light.sky[0], light.sky[1], light.sky[2]))
    tones = (*light.land, *light.leaves[:2], light.sun)
    for _ in range(5 + 2 * drawing.detail):
        spot = chance.uniform(0, width), chance.uniform(0, height)
        pen.disc(*spot, chance.uniform(0.06, 0.3), clear(lighter(light.lit(chance.choice(tones)), 0.15), 0.4))
    if not light.night:
        pen.glow(width * chance.uniform(0.2, 0.8), height * 0.2, 0.5, light.sun, 0.5)
    falling(canvas, light, drawing.chance("weather", drawing.index), drawing.detail)
    paper = mix(WHITE, light.sky[2], 0.12)
    half_width, half_height = min(width * 0.42, 0.62), min(height * 0.36, 0.3)
    x, y = width / 2, height / 2 - 0.02
    pen.shadow(x + 0.012, y + half_height, half_width, 0.03, 0.3)
    pen.rect(x - half_width, y - half_height, x + half_width, y + half_height, paper, 0.03)
    for edge in (y - half_height + 0.03, y + half_height - 0.038):
        line = clear(light.lit(light.land[0]), 0.8)
        pen.rect(x - half_width + 0.03, edge, x + half_width - 0.03, edge + 0.008, line)
    picture = marks.in_style(canvas.finish(), styles_of(drawing))  # its words are printed on it
    unit = min(drawing.size)
    room = (half_width - 0.06, half_height - 0.06)
    place = tuple(round(part * unit) for part in (x - room[0], y - room[1], x + room[0], y + room[1]))
    marks.set_words(picture, text, place)  # type: ignore[arg-type]
    return picture
