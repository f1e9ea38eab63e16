"""Characters: named figures and places with pictures of them, for all boards of a runs folder.

wannb-runs/storyboards/.characters/
  characters.json      the characters in their order
  <hash>.png           their pictures, named by content hash, one copy for all folders of the runs where they can share
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from wannb.display import html, previews
from wannb.errors import StoreError
from wannb.files import parse_json, read_file, write
from wannb.request import Inputs, as_inputs
from wannb.runs import Store
from wannb.translation import Said, count, say

#: Pictures of one character, letters of a name and of its words, characters of a folder: at most.
MOST_PICTURES, MOST_LETTERS, MOST_WORDS, MOST_CHARACTERS = 3, 60, 300, 60
FORMAT = 1
_MOST_BYTES = 1_000_000
#: Scripts that write no spaces between words: a name may stand beside any of their letters.
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_FILE = re.compile(r"[0-9a-f]{64}\.[a-z]{3,4}")


@dataclass(frozen=True, kw_only=True)
class Character:
    """A figure or a place that scenes name.

    Attributes:
        name: as the scenes' texts write it; capital letters do not matter.
        words: what goes into the prompt beside the pictures, such as "a girl of ten in a red coat".
        files: its pictures, at most three, by their names in `Characters.folder`.
    """

    name: str
    words: str = ""
    files: tuple[str, ...] = ()

    def is_in(self, text: str) -> bool:
        """Return whether a text names it, as a word of its own.

        >>> Character(name="Mia").is_in("mia's kitchen"), Character(name="Mia").is_in("Miami")
        (True, False)
        """
        words = r"\s+".join(map(re.escape, self.name.split()))
        start = "" if re.match(f"[{_UNSPACED}]", self.name) else rf"(?<![^\W{_UNSPACED}])"
        end = "" if re.search(f"[{_UNSPACED}]$", self.name) else rf"(?![^\W{_UNSPACED}])"
        return re.search(start + words + end, text, re.IGNORECASE) is not None


class Characters:
    """The characters of a runs folder, which all its boards share; `board.characters` returns them.

    A scene whose text names one gets its pictures among the input images of its request, and its words in the prompt.
    How much of it comes back is for you to see: the service promises nothing.

    >>> board.characters.add("Mia", ["mia.png", "mia-side.png"], "a girl of ten in a red coat")    # doctest: +SKIP
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.folder = store.root / "storyboards" / ".characters"

    @property
    def _file(self) -> Path:
        return self.folder / "characters.json"

    def __iter__(self) -> Iterator[Character]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __getitem__(self, name: str) -> Character:
        found = next((each for each in self if _same(each.name, name)), None)
        if found is None:
            there = ", ".join(repr(each.name) for each in self) or say("no characters yet")
            raise KeyError(say("no character {name}; there are: {there}", name=repr(name), there=there))
        return found

    def add(self, name: str, images: Inputs = (), words: str = "") -> Character:
        """Add a character, or put it in the place of the one of that name; nothing is sent, and nothing is billed.

        Args:
            name: up to 60 letters, as the scenes write it.
            images: up to three pictures, as of any request; a link is not downloaded. Copies are kept.
            words: up to 300 letters that say what the pictures may not show.

        Raises:
            TypeError, ValueError: one of them is not what it must be, or there are 60 characters.
            StoreError: a file cannot be written.
        """
        made = Character(name=_checked("name", name, MOST_LETTERS), words=_checked("words", words, MOST_WORDS))
        if not made.name:
            raise ValueError(say("a character needs a name, as the scenes write it"))
        given = as_inputs(images)
        if len(given) > MOST_PICTURES:
            raise ValueError(
                say("{name}: {n} pictures; at most {most}", name=made.name, n=len(given), most=MOST_PICTURES)
            )
        for picture in given:
            why = picture.problem or ("" if picture.content else Said("a link is not downloaded; give the file"))
            if why:
                raise ValueError(say("{picture}: {why}", picture=picture.name, why=why))
        try:
            files = tuple(dict.fromkeys(self._store.keep(picture, self.folder).name for picture in given))
        except OSError as error:
            raise StoreError(error.strerror or str(error)) from error
        made = replace(made, files=files)
        with self._store.lock("characters"):
            there = self._read()
            if not any(_same(each.name, name) for each in there):
                if len(there) >= MOST_CHARACTERS:
                    raise ValueError(say("at most {most} characters in one runs folder", most=MOST_CHARACTERS))
                there = (*there, made)
            self._write(made if _same(each.name, made.name) else each for each in there)
        return made

    def remove(self, name: str) -> None:
        """Remove a character; frames that show it stay, and so do its pictures on the disk.

        Raises:
            KeyError: there is none of that name.
        """
        gone = self[name]
        with self._store.lock("characters"):
            self._write(each for each in self._read() if each.name != gone.name)

    def paths(self, character: Character) -> list[Path]:
        """Return the files of a character's pictures."""
        return [self.folder / name for name in character.files]

    def named_in(self, texts: Iterable[str]) -> list[Character]:
        """Return the characters that texts name, in their own order."""
        whole = "\n".join(texts)
        return [each for each in self if each.is_in(whole)]

    def _read(self) -> tuple[Character, ...]:
        try:
            data = parse_json(read_file(self._file, most=_MOST_BYTES, links=False))
            if data["wannb_characters"] > FORMAT:
                raise ValueError(Said("a newer wannb wrote it; update wannb to open it, nothing is wrong with it"))
            return tuple(_character(each) for each in data["characters"])
        except FileNotFoundError:
            return ()
        except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise StoreError(Said("cannot read {path}: {why}", path=repr(str(self._file)), why=error)) from error

    def _write(self, them: Iterable[Character]) -> None:
        data = {"wannb_characters": FORMAT, "characters": [asdict(each) for each in them]}
        try:
            self._store.make_folder(self.folder)
            write(self._file, json.dumps(data, ensure_ascii=False, indent=1).encode())
        except OSError as error:
            raise StoreError(error.strerror or str(error)) from error

    def __repr__(self) -> str:
        return f"Characters({', '.join(each.name for each in self)})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        rows = []
        for each in self:
            jpegs = previews(self.paths(each), 240)
            alts = [say("picture {at} of {name}", at=at, name=each.name) for at in range(1, len(jpegs) + 1)]
            figures = [
                html.figure(jpeg, alt=alt, caption=(), size=(1, 1), width=90)
                for jpeg, alt in zip(jpegs, alts, strict=True)
            ]
            rows.append(html.block(each.name, lines=[each.words], body=html.row(figures)))
        return {
            "text/plain": repr(self),
            "text/html": "".join(rows) or html.block("", lines=[Said("no characters yet")]),
        }


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Characters of a request: their pictures in the order that they are sent in, and what did not fit.

    Attributes:
        pictures: each character with those of its files that are sent.
        left_out: what is not sent, in words.
    """

    pictures: tuple[tuple[Character, tuple[str, ...]], ...] = ()
    left_out: tuple[Said, ...] = ()

    def told(self, before: int) -> str:
        """Return what the prompt says of them, `before` input images being sent before theirs."""
        said, first = [], before + 1
        for character, files in self.pictures:
            last = first + len(files) - 1
            which = f"Image {first} shows" if first == last else f"Images {first} to {last} show"
            words = " ".join(character.words.split()).rstrip(".")
            if files:
                said.append(f"{which} {character.name}{f': {words}' if words else ''}.")
            elif words:
                said.append(f"{character.name}: {words}.")
            first = last + 1
        return " ".join([*said, "Keep the looks of each as shown."] if any(f for _, f in self.pictures) else said)


def cast(characters: Sequence[Character], room: int) -> Cast:
    """Return which pictures of characters fit into so many input images: the first of each, then the second, the third.

    >>> mia, tom = Character(name="Mia", files=("a.png", "b.png")), Character(name="Tom", files=("c.png",))
    >>> chosen = cast([mia, tom], 2)
    >>> [files for _, files in chosen.pictures], chosen.left_out
    ([('a.png',), ('c.png',)], ('1 picture of Mia',))
    """
    chosen = [0] * len(characters)
    for turn in range(MOST_PICTURES):
        for at, each in enumerate(characters):
            if turn < len(each.files) and sum(chosen) < room:
                chosen[at] += 1
    left_out = [
        Said("{pictures} of {name}", pictures=count(len(each.files) - n, "picture"), name=each.name)
        for each, n in zip(characters, chosen, strict=True)
        if n < len(each.files)
    ]
    return Cast(
        pictures=tuple((each, each.files[:n]) for each, n in zip(characters, chosen, strict=True)),
        left_out=tuple(left_out),
    )


def _same(one: str, other: object) -> bool:
    return isinstance(other, str) and one.casefold() == " ".join(other.split()).casefold()


def _checked(name: str, value: object, most: int) -> str:
    if not isinstance(value, str):
        raise TypeError(say("a character's {name} is text, not {value}", name=name, value=repr(value)))
    written = " ".join(value.split())
    if len(written) > most:
        raise ValueError(
            say("a character's {name} has {n} letters; at most {most}", name=name, n=len(written), most=most)
        )
    if any("\ud800" <= letter <= "\udfff" for letter in written):
        raise ValueError(say("a character's {name} is broken text: it holds halves of characters", name=name))
    return written


def _character(each: Any) -> Character:
    files = tuple(map(str, each["files"]))
    # The file may come from elsewhere: it must not lead out of its folder.
    if not all(map(_FILE.fullmatch, files)):
        raise ValueError(f"{files!r} are not pictures of a character")
    return Character(name=str(each["name"]), words=str(each["words"]), files=files[:MOST_PICTURES])
