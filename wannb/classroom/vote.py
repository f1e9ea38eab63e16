"""A blind judging of pictures by a whole class: a page for each person, whose verdicts come back as they are given."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wannb.files import write
from wannb.judging import judge
from wannb.runs import GeneratedImage
from wannb.scoring import scores

#: Pictures, and pairs of them, that a class has the patience for.
MOST_PICTURES, _MOST_PAIRS = 40, 30


class Vote:
    """One judging of a class, in a folder of its own.

    Args:
        folder: an empty one, for the page, its key and the verdicts.
        pictures: two or more, by their names in the scores.
        question: what is asked; by default which one is better.
        language: of the page.

    Raises:
        ValueError: fewer than two pictures or too many.
    """

    def __init__(
        self, folder: Path, pictures: Mapping[str, GeneratedImage], *, question: str = "", language: str = "en"
    ) -> None:
        if not 2 <= len(pictures) <= MOST_PICTURES:
            raise ValueError(f"{len(pictures)} pictures: a class judges 2 to {MOST_PICTURES}; tick or hide some")
        self._folder = folder
        folder.mkdir(parents=True)
        judging = judge(
            {name: [image] for name, image in pictures.items()},
            judge="class",
            file=folder / "class.jsonl",
            pairs=_MOST_PAIRS if len(pictures) * (len(pictures) - 1) // 2 > _MOST_PAIRS else None,
            question=question or None,
            repeats=0,
            language=language,
        )
        self.pairs, self.pictures = judging.total, len(pictures)
        [self._page] = judging._save(folder / "judging.html", handed_in=True)
        judging.close()
        self._people: dict[str, int] = {}

    def address(self, person: int) -> str:
        """Return the name of a person's page, which nobody can guess; the same one each time."""
        name = next((name for name, whose in self._people.items() if whose == person), "")
        if not name:
            name = secrets.token_hex(16)
            self._people[name] = person
        return name

    def page(self, name: str) -> str | None:
        return self._page.read_text("utf-8") if name in self._people else None

    def take(self, name: str, written: bytes, names: Mapping[int, str]) -> bool:
        """Keep what a person has judged so far, under the name that the class knows; False for what is no such file."""
        try:
            head, *lines = [json.loads(line) for line in written.split(b"\n") if line.strip()]
            known = {**head, "judge": f"{names[self._people[name]]} ({self._people[name]})"}
        except (ValueError, KeyError, TypeError):
            return False
        if not head.get("wannb_judging_page") or len(lines) > 2 * self.pairs:
            return False
        text = "".join(f"{json.dumps(each)}\n" for each in (known, *lines))
        write(self._folder / f"verdicts-{self._people[name]}.jsonl", text.encode())
        return True

    def told(self) -> dict[str, Any]:
        """Return how many have judged how much, and the pictures, the best first."""
        files = sorted(self._folder.glob("verdicts-*.jsonl"))
        given = sum(max(0, len(file.read_text("utf-8").splitlines()) - 1) for file in files)
        found = scores(*files).contestants if given else ()
        return {
            "people": len(files),
            "verdicts": given,
            "pairs": self.pairs,
            "scores": [
                {"label": each.label, "strength": each.strength, "interval": str(each.interval)} for each in found
            ],
        }
