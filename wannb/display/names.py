"""Names of files that speak: of what is in them, in every script, on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from wannb.translation import Said, count

#: What cannot stand in a file's name on one system or another, and the names that Windows keeps for itself.
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|(?:com|lpt)[\d¹²³]|conin\$|conout\$) *(\..*)?$")
#: Bytes of a name; most systems take 255, with an ending and what `write` puts around it.
_LONGEST = 180
#: Characters and bytes of the words in a name.
_WORDS, _BYTES = 48, 90


def file_name(text: str, *facts: str, ending: str) -> str:
    """Return a file name made of a text's first words and of facts, which every system takes.

    >>> file_name("Fox in snow!", "2", "seed-7", ending=".png")
    'fox-in-snow-2-seed-7.png'
    """
    plain = re.sub(r"['’]", "", unicodedata.normalize("NFC", text).lower())
    words = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in plain).split()
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word
        if len(longer) > _WORDS or len(longer.encode()) > _BYTES:
            # Scripts without spaces have one long word.
            name = name or longer.encode()[:_BYTES].decode(errors="ignore")[:_WORDS]
            break
        name = longer
    name = "-".join([part for part in (name, *facts) if part]) or "image"
    return f"image-{name}{ending}" if name_problem(name) else f"{name}{ending}"


def different(names: Iterable[str]) -> list[str]:
    """Return names of which no two are the same, not even where capitals do not count.

    >>> different(["a.png", "A.png", "a.png"])
    ['a.png', 'A-2.png', 'a-3.png']
    """
    taken: set[str] = set()
    found = []
    for name in names:
        stem, dot, ending = name.rpartition(".")
        number, free = 2, name
        while free.casefold() in taken:
            number, free = number + 1, f"{stem}-{number}{dot}{ending}"
        taken.add(free.casefold())
        found.append(free)
    return found


def name_problem(name: str) -> Said | None:
    """Return why a file or folder cannot have a name, without its ending, on every system; None if it can.

    >>> name_problem("a/b")
    'a name cannot hold /'
    """
    if not name.strip():
        return Said("write a name")
    if bad := _UNFIT.search(name):
        return Said("a name cannot hold {letter}", letter=bad[0] if bad[0].isprintable() else repr(bad[0]))
    if name != name.strip(" ."):
        return Said("a name cannot begin or end with a space or a dot")
    if kept := _RESERVED.match(name):
        return Said("Windows keeps the name {name} for itself", name=kept[1])
    over = len(name) - len(name.encode()[:_LONGEST].decode(errors="ignore"))
    return Said("it is too long: leave out {text}", text=count(over, "character")) if over else None
