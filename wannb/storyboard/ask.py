"""What a board asks for: the image sets that fill its holes, and single frames drawn beside their neighbours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

from wannb.request import MAX_IMAGES, MAX_N_SET, MAX_SEED, PRESETS, ImageRequest, InputImage, size_problem
from wannb.request import set_prompt as scenes

from .panels import Frame, Panel, Panels

#: Earlier frames that a later set is shown, and neighbours that a single frame is shown. More of them cost nothing
#: but time, and pull every new frame towards a copy.
FIRST_FRAMES, NEIGHBOURS = 3, 4

Load = Callable[[Frame], InputImage]


def seed_of(base: ImageRequest, style: str | None, texts: Sequence[str]) -> int:
    """Return the seed of a board that was given none: the same board asked again has the same one."""
    return _number(base.replace(seed=None).fingerprint, style, list(texts))


def groups(panels: Panels) -> list[list[Panel]]:
    """Return the scenes without a frame, split as evenly as may be into sets that the service makes at once."""
    holes = [panel for panel in panels if panel.frame is None]
    sets = -(-len(holes) // MAX_N_SET)
    size, more = divmod(len(holes), sets or 1)
    parts, start = [], 0
    for number in range(sets):
        end = start + size + (number < more)
        parts.append(holes[start:end])
        start = end
    return parts


def filling(base: ImageRequest, style: str | None, group: Sequence[Panel], panels: Panels, load: Load) -> ImageRequest:
    """Return the request for some scenes without a frame: a set, or for a single one among frames that one frame."""
    earlier = [panel for panel in panels if panel.frame]
    if len(group) == 1 and earlier:
        return single(base, style, group[0], panels, load, roll=0)
    shown = sorted(earlier, key=lambda panel: not panel.locked)[: min(FIRST_FRAMES, MAX_IMAGES - len(base.images))]
    pictures = [load(panel.frame) for panel in shown if panel.frame]
    return base.replace(
        prompt=set_prompt(group, style, users=len(base.images), frames=len(shown)),
        images=[*base.images, *pictures],
        n=len(group),
        size=_size(base, earlier),
        enable_sequential=True,
    )


def set_prompt(group: Sequence[Panel], style: str | None, *, users: int, frames: int) -> str:
    """Return the text for an image set, which says what the earlier frames among the input images are for."""
    if frames:
        style = scenes.lead(_keep(users, frames, "earlier frames", "an earlier frame"), style)
    return scenes.prompt([panel.scene.text for panel in group], style=style)


def single(
    base: ImageRequest,
    style: str | None,
    panel: Panel,
    panels: Panels,
    load: Load,
    *,
    roll: int,
    seed: int | None = None,
) -> ImageRequest:
    """Return the request that draws one scene, shown the user's images and the frames around it."""
    near = neighbours(panel, panels)[: MAX_IMAGES - len(base.images)]
    pictures = [load(each.frame) for each in near if each.frame]
    text = panel.scene.text
    if near:
        keep = _keep(len(base.images), len(near), "frames", "a frame")
        text = f"{keep} Draw one new frame of this story, a picture of its own and no copy of those. Scene: {text}"
    framed = [each for each in (panel, *near, *panels) if each.frame]
    return base.replace(
        prompt=scenes.lead(text, style),
        images=[*base.images, *pictures],
        n=1,
        size=_size(base, framed),
        seed=_number(base.seed, panel.id, roll) if seed is None else seed,
        enable_sequential=False,
    )


def neighbours(panel: Panel, panels: Panels) -> list[Panel]:
    """Return the scenes whose frames a new one should go with: the next to it and locked ones, those before others."""
    ids = [each.id for each in panels]
    here = ids.index(panel.id)
    distance = {id: abs(at - here) for at, id in enumerate(ids)}
    others = sorted((each for each in panels if each.frame and each.id != panel.id), key=lambda each: distance[each.id])
    near = [each for each in others if each.locked or distance[each.id] == 1] or others[:1]
    return sorted(near, key=lambda each: not each.locked)[:NEIGHBOURS]


def _keep(users: int, frames: int, several: str, one: str) -> str:
    first, last = users + 1, users + frames
    if frames == 1:
        return f"Image {first} is {one} of the same story: keep its characters, style and light."
    return f"Images {first} to {last} are {several} of the same story: keep their characters, style and light."


def _size(base: ImageRequest, framed: Sequence[Panel]) -> str:
    """Return the size of the frames that are there, which a preset alone would take from the last input image."""
    if base.size not in PRESETS:
        return base.size
    drawn = next((panel.frame for panel in framed if panel.frame and panel.frame.run), None)
    size = f"{drawn.width}*{drawn.height}" if drawn else base.size
    return base.size if size_problem(size, model=base.model, plain=False) else size


def _number(*parts: object) -> int:
    written = json.dumps(parts, ensure_ascii=False).encode()
    return int.from_bytes(hashlib.sha256(written).digest()[:8], "big") % (MAX_SEED + 1)
