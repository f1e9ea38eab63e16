"""Reels of plain shots for the tests of exports: texts of many scripts and lengths, pictures where they are wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wannb.exports import Reel, Shot

WORDS = {
    "latin": "A paper boat leaves the harbour while the gulls turn over the quay, and nobody sees it go. ",
    "chinese": "纸船离开港口，海鸥在码头上空盘旋，没有人看见它离去。",
    "arabic": "يغادر قارب ورقي الميناء بينما تحوم النوارس فوق الرصيف ولا أحد يراه. ",
    "thai": "เรือกระดาษออกจากท่าเรือขณะที่นกนางนวลบินวนเหนือท่า",
    "unbroken": "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
    "emoji": "🚢🌊☁️👩🏽‍🚀🏴‍☠️ ",
}
KINDS = list(WORDS)


def shot(number: int, text: str, *, of: int = 6, path: Path | None = None, **more: Any) -> Shot:
    known = {"notes": "", "seconds": 3.0, "size": (1600, 900), "unsure": "", "marks": ()}
    instead = "" if path else "not generated yet"
    return Shot(number=number, of=of, text=text, path=path, instead=instead, **{**known, **more})


def reel(times: int = 1, *, kinds: list[str] = KINDS, title: str = "The boat", **more: Any) -> Reel:
    """Return a reel with a shot of each script, its words so many times one after the other."""
    shots = [
        shot(number, WORDS[kind] * times, of=len(kinds), notes=WORDS[kind], dialogue=WORDS[kind][:40], **more)
        for number, kind in enumerate(kinds, 1)
    ]
    return Reel(title=title, shots=tuple(shots))
