"""Scenes of a board with their frames, as frozen values, and every change to them as a function.

Scenes are counted from 1. A change returns new panels or raises `ValueError`; it knows no file and no service.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import Any

from wannb.request import check_names
from wannb.translation import Said, say

#: The most seconds of a scene: a frame of a GIF lasts at most 655 s.
LONGEST = 600.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One picture that a storyboard asks for.

    Args:
        text: what is to be seen.
        notes: what the picture does not show, such as sound, camera or dialogue; never sent to the service.
        seconds: how long it lasts in a film, above 0 and at most 600.

    >>> Scene(text="a cat wakes up", notes="yawning", seconds=2.5).seconds
    2.5
    """

    text: str
    notes: str = ""
    seconds: float = 3.0

    def __post_init__(self) -> None:
        for name in ("text", "notes"):
            value = getattr(self, name)
            if not isinstance(value, str):
                raise TypeError(say("a scene's {name} is text, not {value}", name=name, value=repr(value)))
            if any("\ud800" <= letter <= "\udfff" for letter in value):
                raise ValueError(say("a scene's {name} is broken text: it holds halves of characters", name=name))
        if not self.text.strip():
            raise ValueError(say("a scene's text is {value}; say what is to be seen", value=repr(self.text)))
        number = self.seconds
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TypeError(say("a scene's seconds are a number, not {value}", value=repr(number)))
        if not (math.isfinite(number) and 0 < number <= LONGEST):
            raise ValueError(
                say(
                    "a scene's seconds are {value}; they must be above 0 and at most {most}",
                    value=repr(number),
                    most=f"{LONGEST:g}",
                )
            )
        object.__setattr__(self, "seconds", float(number))


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One picture of a scene, by its file: image `number` of `count` of a run, or a file beside the board."""

    run: str | None
    file: str
    width: int
    height: int
    text: str
    seed: int | None = None
    number: int = 1
    count: int = 1

    @property
    def place(self) -> tuple[str | None, str]:
        """The run and the file, which tell one picture from another."""
        return self.run, self.file


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One scene with its frame.

    Attributes:
        key: the text that the scene was added with, numbered where another scene has it too. Seeds and takes hang on
            it: it stays when scenes are put in order or reworded, and comes back when a board is made again.
        scene: what is asked for.
        frame: the picture, None if there is none.
        sure: whether it is known that this frame is of this scene.
        locked: whether the frame may not be changed.
        asked: the run of the image set that the scene was last asked for in.
    """

    key: str
    scene: Scene
    frame: Frame | None = None
    sure: bool = True
    locked: bool = False
    asked: str | None = None


Panels = tuple[Panel, ...]


def key_of(text: str, taken: Collection[str]) -> str:
    """Return the key of a scene: its text, with a number where another one has it.

    >>> key_of("a cat", ["a cat", "a dog"])
    'a cat (2)'
    """
    key, number = text, 1
    while key in taken:
        number += 1
        key = f"{text} ({number})"
    return key


def keys_of(texts: Iterable[str]) -> list[str]:
    """Return the keys of scenes that begin a board together."""
    keys: list[str] = []
    for text in texts:
        keys.append(key_of(text, keys))
    return keys


def as_scene(value: Any) -> Scene:
    """Return a scene from a text, a mapping or a scene."""
    if isinstance(value, Scene):
        return value
    if isinstance(value, Mapping):
        check_names(map(str, value), [field.name for field in fields(Scene)])
        if "text" not in value:
            raise TypeError(say("the scene {value} has no 'text'", value=dict(value)))
        return Scene(**value)
    if isinstance(value, str):
        return Scene(text=value)
    raise TypeError(say("a scene is a text, a dict or a wannb.Scene, not {value}", value=repr(value)))


def as_scenes(values: Any) -> tuple[Scene, ...]:
    """Return scenes from a list of texts, mappings or scenes; an error names the scene's number."""
    if not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
        raise TypeError(
            say("scenes are a list, such as ['a cat wakes up', 'it goes out'], not {value}", value=repr(values))
        )
    if not values:
        raise ValueError(say("scenes is empty; a storyboard has at least one scene"))
    made = []
    for number, value in enumerate(values, 1):
        try:
            made.append(as_scene(value))
        except (TypeError, ValueError) as error:
            raise type(error)(say("scene {number}: {why}", number=number, why=error)) from None
    return tuple(made)


def index(panels: Panels, number: Any) -> int:
    """Return the position of a scene, from 0; raise for a number that no scene has."""
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise TypeError(say("a scene is given by its number, from 1, not by {value}", value=repr(number)))
    if not 1 <= number <= len(panels):
        raise ValueError(
            say("there is no scene {number}; this board has scenes 1 to {most}", number=number, most=len(panels))
        )
    return int(number) - 1


def unlocked(panels: Panels, number: Any) -> int:
    """Return the position of a scene that may be changed; raise for a locked one."""
    at = index(panels, number)
    if panels[at].locked:
        raise ValueError(say("scene {number} is locked; board.unlock({number}) unlocks it", number=number))
    return at


def put(panels: Panels, at: int, **changes: Any) -> Panels:
    """Return the panels with one of them changed."""
    return (*panels[:at], replace(panels[at], **changes), *panels[at + 1 :])


def lock(panels: Panels, numbers: Iterable[Any], *, locked: bool) -> Panels:
    """Return the panels with some of them locked or unlocked."""
    numbers = list(numbers)
    if not numbers:
        call = f"board.{'lock' if locked else 'unlock'}(1, 3)"
        raise ValueError(say("name the scenes, such as {call}", call=call))
    for number in numbers:
        at = index(panels, number)
        if locked and panels[at].frame is None:
            raise ValueError(say("scene {number} has no frame to lock yet; board.run() generates it", number=number))
        panels = put(panels, at, locked=locked)
    return panels


def reorder(panels: Panels, order: Any) -> Panels:
    """Return the panels in another order; every scene is named once."""
    if isinstance(order, (str, bytes)) or not isinstance(order, Iterable):
        raise TypeError(
            say("an order is a list of all scene numbers, such as [3, 1, 2], not {value}", value=repr(order))
        )
    places = [index(panels, number) for number in order]
    double = sorted(at + 1 for at, times in Counter(places).items() if times > 1)
    left_out = sorted(at + 1 for at in set(range(len(panels))) - set(places))
    if double or left_out:
        listed = {"double": numbers(double) or "–", "missing": numbers(left_out) or "–"}
        raise ValueError(say("an order names every scene once; twice: {double}; missing: {missing}", **listed))
    return tuple(panels[at] for at in places)


def edit(panels: Panels, number: Any, changes: Mapping[str, Any]) -> Panels:
    """Return the panels with a scene's text, notes or seconds changed; its frame stays."""
    given = {name: value for name, value in changes.items() if value is not None}
    at = index(panels, number)
    if not given:
        raise ValueError(
            say("say what changes: board.edit_scene({number}, text=..., notes=... or seconds=...)", number=number)
        )
    return put(panels, at, scene=replace(panels[at].scene, **given))


def add(panels: Panels, scene: Scene, at: Any) -> Panels:
    """Return the panels with one more scene, as number `at` or at the end."""
    place = len(panels) if at is None else at
    if at is not None:
        if isinstance(at, bool) or not isinstance(at, int):
            raise TypeError(say("at={value} is not a scene number", value=repr(at)))
        if not 1 <= at <= len(panels) + 1:
            raise ValueError(
                say("at={value}: the number of a new scene is 1 to {most}", value=at, most=len(panels) + 1)
            )
        place = at - 1
    new = Panel(key=key_of(scene.text, {panel.key for panel in panels}), scene=scene)
    return (*panels[:place], new, *panels[place:])


def remove(panels: Panels, number: Any) -> Panels:
    """Return the panels without one scene."""
    at = unlocked(panels, number)
    if len(panels) == 1:
        raise ValueError(say("a storyboard has at least one scene; add another one first"))
    return panels[:at] + panels[at + 1 :]


def named(values: Iterable[int]) -> Said:
    """Return scenes by their numbers.

    >>> named([1, 2, 3, 7])
    'scenes 1–3, 7'
    """
    values = list(values)
    return Said("scene {n}" if len(values) == 1 else "scenes {n}", n=numbers(values))


def numbers(values: Iterable[int]) -> str:
    """Return numbers in order, those that follow each other as a range."""
    parts = []
    for _, group in groupby(enumerate(sorted(values)), lambda item: item[1] - item[0]):
        run = [value for _, value in group]
        parts.append(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}")
    return ", ".join(parts)
