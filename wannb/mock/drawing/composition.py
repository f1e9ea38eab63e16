"""Compose a whole scene from a request: setting, light, main figure, companions, weather."""

from __future__ import annotations

from dataclasses import replace

from . import figures, words
from .backdrop import paint
from .canvas import Canvas
from .mood import Mood, mood
from .order import Drawing
from .scenery import falling
from .stage import Stage
from .words import Scene

_YEAR = ("spring", "summer", "autumn", "winter")
_WOODED = ("meadow", "forest", "mountains", "lake", "road")
_HOURS = ("day", "sunset", "dawn", "night")


def text_of(drawing: Drawing) -> str:
    """Give the part of the prompt that describes this picture: of a set, the text of its own scene."""
    parts = words.scenes(drawing.prompt)[1] if drawing.sequential else []
    return parts[min(drawing.index, len(parts) - 1)] if parts else drawing.prompt


def scene_of(drawing: Drawing) -> Scene:
    """Read the scene of this picture out of the prompt; a frame of a set reads its own part."""
    chance = drawing.chance("reading", drawing.index)
    if not drawing.sequential:
        return words.read(drawing.prompt, chance)
    shared, parts = words.scenes(drawing.prompt)
    # The main figure of a set must not hang on the number of the frame.
    lead = words.read(shared, drawing.chance("lead"))
    if not lead.known:
        lead = words.read(drawing.prompt, drawing.chance("lead"))
    scene = words.read(text_of(drawing), chance, season=_YEAR[drawing.index % 4])
    setting, season, time = scene.setting, scene.season, scene.time
    if not parts:  # one text for all frames: go through the year, then through the day
        season = _YEAR[drawing.index % 4]
        time = _HOURS[drawing.index // 4 % 4] if drawing.index >= 4 else time
    if not scene.known:
        setting = lead.setting
    if setting == "portrait" and not words.PORTRAIT.search(drawing.prompt):
        setting = chance.choice(("meadow", "street", "lake"))
    companions = tuple(name for name in (scene.figure, *scene.companions) if name not in (lead.figure, ""))
    return replace(
        lead, companions=companions[:2] if scene.known else (), setting=setting, season=season, time=time,
        weather=scene.weather if parts else "", tint=lead.tint or (scene.tint if parts else None),
    )  # fmt: skip


def figure_name(drawing: Drawing, scene: Scene) -> str:
    """Name the figure to draw: a person is a bust in a portrait, else stands."""
    if scene.figure == "person" and (scene.setting == "portrait" or words.PORTRAIT.search(drawing.prompt)):
        return "bust"
    return scene.figure


def compose(canvas: Canvas, drawing: Drawing, scene: Scene) -> tuple[Mood, Stage]:
    """Paint everything of the scene on the canvas; tell the light and the stage for what is added."""
    # The figure of a set comes from prompt and seed alone; all else also from the number of the picture.
    which = 0 if drawing.sequential else drawing.index
    chance = drawing.chance("setting", drawing.index)
    light = mood(scene.season, scene.time, scene.weather, drawing.chance("mood", drawing.index))
    setting = scene.setting
    if setting == "sea" and scene.figure not in ("boat", "fish", ""):
        setting = "beach"
    stage = paint(canvas, setting, light, chance, drawing.detail)
    _companions(canvas, drawing, scene, light, stage)
    name = figure_name(drawing, scene)
    if name == "bust":
        stage = replace(stage, foot=canvas.height, scale=min(0.94, 0.8 + 0.14 * (scene.setting == "portrait")))
    if name == "boat" and stage.water is not None:
        stage = replace(stage, foot=stage.water, scale=stage.scale * 0.62, afloat=True)
    if name:
        scale = stage.scale * (1.0 if name == "bust" else figures.size(name))
        scale = min(scale, canvas.width / figures.width(name) * 0.92)
        turn = drawing.chance("turn", drawing.index).random() < 0.5
        foot = stage.foot - (0.12 if name == "balloon" else 0.0)
        pen = canvas.pen(stage.x, foot, scale, flip=turn and name not in ("clock", "shop", "bust"))
        figures.put(name, pen, light, drawing.chance("figure", which), tint=scene.tint, prompt=drawing.prompt,
                    detail=drawing.detail, shadow=not stage.afloat)  # fmt: skip
    if not stage.airless:
        falling(canvas, light, drawing.chance("weather", drawing.index), drawing.detail)
    return light, stage


def _companions(canvas: Canvas, drawing: Drawing, scene: Scene, light: Mood, stage: Stage) -> None:
    """Stand the other figures of the text behind and beside the main one."""
    away = 1 if stage.x < canvas.width / 2 else -1
    for number, name in enumerate(scene.companions):
        grown = name == "tree" and scene.setting in _WOODED
        if grown or (name == "flowers" and scene.setting not in ("room", "studio")):
            continue  # the setting has them already
        side = away if number == 0 else -away
        x = stage.x + side * (0.36 if name not in ("house", "shop", "tree") else 0.4)
        x = min(max(x, 0.14), canvas.width - 0.14)
        behind = 0.05 if name not in ("house", "shop", "tree") else 0.09
        scale = stage.scale * figures.size(name) * 0.66
        pen = canvas.pen(x, stage.foot - behind, scale, flip=side > 0 and name not in ("shop", "clock"))
        figures.put(name, pen, light, drawing.chance("companion", number, drawing.index), prompt=drawing.prompt,
                    detail=drawing.detail, shadow=not stage.afloat)  # fmt: skip
