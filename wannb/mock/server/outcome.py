"""What comes of a request: the pictures and the usage, as the drawn mock or a recording has them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from wannb.mock.recordings.format import DRAWN, Recording, items_of

from .results import Results
from .rules import Order
from .sizes import FIXED, output_size

if TYPE_CHECKING:
    from wannb.mock.drawing import Drawing


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`output` is what a finished answer holds, with image paths in place of URLs; or `failure`."""

    output: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    failure: tuple[str, str] | None = None


def drawn(order: Order, seed: int, results: Results, name: UUID, *, fewer: bool, scope: Any) -> Outcome:
    """Draw what was ordered; `fewer` gives two thirds of an image set, since its n is a maximum."""
    count = max(1, order.n * 2 // 3) if fewer and order.sequential else order.n
    size = output_size(order.size, order.images[-1].size if order.images else None, has_images=bool(order.images))
    items = [
        {
            "type": "image",
            "image": results.add(name, index, size=size, make=_maker(order, seed, size, index, count), scope=scope),
        }
        for index in range(count)
    ]
    # Documented: a set is one choice with several images. Several single pictures are reported (by third
    # parties, not documented) to be as many choices.
    groups = [items] if order.sequential else [[item] for item in items]
    return Outcome(
        output={
            "finished": True,
            "choices": [
                {"finish_reason": "stop", "message": {"role": "assistant", "content": group}} for group in groups
            ],
        },
        usage=_usage(order, count, size),
    )


def recorded(
    recording: Recording, order: Order | None, seed: int, results: Results, name: UUID, *, scope: Any
) -> Outcome | None:
    """Play the final answer of a recording, or return None where it holds none."""
    final = recording.task if recording.task is not None else recording.response.get("json")
    if not isinstance(final, dict) or not isinstance(final.get("output"), dict):
        return None
    kept = {
        key: value
        for key, value in copy.deepcopy(final["output"]).items()
        if key not in ("task_id", "task_status", "submit_time", "scheduled_time", "end_time")
    }
    if final["output"].get("task_status") == "FAILED":
        return Outcome(failure=(str(kept.get("code", "")), str(kept.get("message", ""))))
    if "choices" not in kept:
        return None
    usage = dict(said) if isinstance(said := final.get("usage"), dict) else {}
    items = [item for item in items_of({"output": kept}) if isinstance(item.get("image"), str)]
    size = _said_size(usage)
    for index, item in enumerate(items):
        if item["image"] != DRAWN:
            read = partial(recording.image, item["image"])
            read()  # what is not there shall be known before anything is promised
            item["image"] = results.add(name, index, size=size or (1, 1), read=read, scope=scope)
            continue
        if order is None:
            raise ValueError(f"{recording.file.name}: its pictures are drawn, but its request breaks a rule.")
        true_size = size or output_size(
            order.size, order.images[-1].size if order.images else None, has_images=bool(order.images)
        )
        item["image"] = results.add(
            name, index, size=true_size, make=_maker(order, seed, true_size, index, len(items)), scope=scope
        )
    return Outcome(output=kept, usage=usage)


def _said_size(usage: dict[str, Any]) -> tuple[int, int] | None:
    said = FIXED.fullmatch(str(usage.get("size", "")))
    return (int(said[1]), int(said[2])) if said else None


def _maker(order: Order, seed: int, size: tuple[int, int], index: int, count: int) -> Callable[[], Drawing]:
    def make() -> Drawing:
        from wannb.mock.drawing import Drawing

        return Drawing(
            prompt=order.prompt,
            seed=seed,
            size=size,
            index=index,
            count=count,
            sequential=order.sequential,
            model=order.model,
            images=tuple(source.read() for source in order.images),
            boxes=order.boxes,
            palette=order.palette,
            watermark=order.watermark,
            thinking=order.thinking,
        )

    return make


def _usage(order: Order, count: int, size: tuple[int, int]) -> dict[str, Any]:
    # Shaped like the documented examples: a text costs a few tokens, an input image some 9,000, and the
    # output 3n-1. The numbers are not billed.
    asked = 14 + len(order.prompt) // 4 + 9350 * len(order.images)
    made = 3 * count - 1
    return {
        "size": f"{size[0]}*{size[1]}",
        "total_tokens": asked + made,
        "image_count": count,
        "output_tokens": made,
        "input_tokens": asked,
    }
