"""Panels: the scenes of a board with their frames as frozen values, and every change to them as a function.

Scenes are counted from 1. A change returns new panels or raises `ValueError`; it knows no file and no service.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from wannb.request import check_names

#: A GIF holds no longer frame than 655 s.
LONGEST = 600.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One wished-for picture of a storyboard.

    Args:
        text: what is to be seen.
        notes: what the picture does not show, such as sound, camera or dialogue; never sent to the service.
        seconds: how long it stands in a film, above 0 and at most 600.

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
                raise TypeError(f"a scene's {name} is text, not {value!r}")
            if any("\ud800" <= letter <= "\udfff" for letter in value):
                raise ValueError(f"a scene's {name} is broken text: it holds halves of characters")
        if not self.text.strip():
            raise ValueError(f"a scene's text is {self.text!r}; say what is to be seen")
        number = self.seconds
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TypeError(f"a scene's seconds are a number, not {number!r}")
        if not (math.isfinite(number) and 0 < number <= LONGEST):
            raise ValueError(f"a scene's seconds are {number!r}; they must be above 0 and at most {LONGEST:g}")
        object.__setattr__(self, "seconds", float(number))


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One picture of a scene, by where it lies: image `number` of `count` of a run, or a file beside the board."""

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
        """What tells one picture from another."""
        return self.run, self.file


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One scene with its frame.

    `id` stays with the scene when scenes are reordered; `asked` is the run of the image set that it was last asked in;
    `sure` is whether it is known that this frame is of this scene.
    """

    id: int
    scene: Scene
    frame: Frame | None = None
    sure: bool = True
    locked: bool = False
    asked: str | None = None


Panels = tuple[Panel, ...]


def as_scene(value: Any) -> Scene:
    """Return a scene from a text, a mapping or a scene."""
    if isinstance(value, Scene):
        return value
    if isinstance(value, Mapping):
        check_names(map(str, value), [field.name for field in fields(Scene)])
        if "text" not in value:
            raise TypeError(f"the scene {dict(value)!r} has no 'text'")
        return Scene(**value)
    if isinstance(value, str):
        return Scene(text=value)
    raise TypeError(f"a scene is a text, a dict or a wannb.Scene, not {value!r}")


def as_scenes(values: Any) -> tuple[Scene, ...]:
    """Return scenes from a list of texts, mappings or scenes; an error names the scene's number."""
    if not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
        raise TypeError(f"scenes are a list, such as ['a cat wakes up', 'it goes out'], not {values!r}")
    if not values:
        raise ValueError("scenes is empty; a storyboard has at least one scene")
    made = []
    for number, value in enumerate(values, 1):
        try:
            made.append(as_scene(value))
        except (TypeError, ValueError) as error:
            raise type(error)(f"scene {number}: {error}") from None
    return tuple(made)


def index(panels: Panels, number: Any) -> int:
    """Return where a scene stands, from 0; raise for a number that no scene has."""
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        raise TypeError(f"a scene is named by its number, from 1, not by {number!r}")
    if not 1 <= number <= len(panels):
        raise ValueError(f"there is no scene {number}; this board has scenes 1 to {len(panels)}")
    return int(number) - 1


def free(panels: Panels, number: Any, deed: str) -> int:
    """Return where a scene stands that is not locked; raise for a locked one."""
    at = index(panels, number)
    if panels[at].locked:
        raise ValueError(f"scene {number} is locked and cannot be {deed}; board.unlock({number}) lets it go")
    return at


def put(panels: Panels, at: int, **changes: Any) -> Panels:
    """Return the panels with one of them changed."""
    return (*panels[:at], replace(panels[at], **changes), *panels[at + 1 :])


def lock(panels: Panels, numbers: Iterable[Any], *, locked: bool) -> Panels:
    """Return the panels with some of them locked or let go."""
    numbers = list(numbers)
    if not numbers:
        raise ValueError(f"name the scenes, such as board.{'lock' if locked else 'unlock'}(1, 3)")
    for number in numbers:
        at = index(panels, number)
        if locked and panels[at].frame is None:
            raise ValueError(f"scene {number} has no frame to lock yet; board.run() makes it")
        panels = put(panels, at, locked=locked)
    return panels


def reorder(panels: Panels, order: Any) -> Panels:
    """Return the panels in another order; every scene is named once."""
    if isinstance(order, (str, bytes)) or not isinstance(order, Iterable):
        raise TypeError(f"an order is a list of all scene numbers, such as [3, 1, 2], not {order!r}")
    places = [index(panels, number) for number in order]
    double = sorted(at + 1 for at, times in Counter(places).items() if times > 1)
    left_out = sorted(at + 1 for at in set(range(len(panels))) - set(places))
    if double or left_out:
        wrong = [f"twice: {numbers(double)}" if double else "", f"missing: {numbers(left_out)}" if left_out else ""]
        raise ValueError(f"an order names every scene once; {'; '.join(part for part in wrong if part)}")
    return tuple(panels[at] for at in places)


def edit(panels: Panels, number: Any, changes: Mapping[str, Any]) -> Panels:
    """Return the panels with a scene's text, notes or seconds changed; its frame stays."""
    given = {name: value for name, value in changes.items() if value is not None}
    at = index(panels, number)
    if not given:
        raise ValueError(f"say what changes: board.edit_scene({number}, text=..., notes=... or seconds=...)")
    return put(panels, at, scene=replace(panels[at].scene, **given))


def worded(panels: Panels, texts: Mapping[int, str]) -> Panels:
    """Return the panels with other texts by the ids of their scenes."""
    return tuple(replace(each, scene=replace(each.scene, text=texts.get(each.id, each.scene.text))) for each in panels)


def add(panels: Panels, scene: Scene, at: Any, id: int) -> Panels:
    """Return the panels with a scene more, which gets the number `at`, or stands at the end."""
    place = len(panels) if at is None else at
    if at is not None:
        if isinstance(at, bool) or not isinstance(at, int):
            raise TypeError(f"at={at!r} is no scene number")
        if not 1 <= at <= len(panels) + 1:
            raise ValueError(f"at={at}: a new scene can stand from 1 to {len(panels) + 1}")
        place = at - 1
    return (*panels[:place], Panel(id=id, scene=scene), *panels[place:])


def remove(panels: Panels, number: Any) -> Panels:
    """Return the panels without one scene."""
    at = free(panels, number, "removed")
    if len(panels) == 1:
        raise ValueError("a storyboard has at least one scene; add another one first")
    return panels[:at] + panels[at + 1 :]


def named(values: Iterable[int]) -> str:
    """Return scenes by their numbers as people write them.

    >>> named([1, 2, 3, 7])
    'scenes 1 to 3 and 7'
    """
    values = list(values)
    return f"{'scene' if len(values) == 1 else 'scenes'} {numbers(values)}"


def numbers(values: Iterable[int]) -> str:
    """Return numbers as people write them."""
    spans: list[list[int]] = []
    for value in sorted(values):
        if spans and value == spans[-1][1] + 1:
            spans[-1][1] = value
        else:
            spans.append([value, value])
    parts: list[str] = []
    for first, last in spans:
        parts += (
            [str(first)] if first == last else [str(first), str(last)] if last == first + 1 else [f"{first} to {last}"]
        )
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
