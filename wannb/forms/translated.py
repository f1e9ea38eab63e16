"""Pages and sentences of plans, grids and boards, which are made in English, said in the person's language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

from wannb._old_translation import Catalogue
from wannb.display import html
from wannb.translation import Words

#: What they say themselves; everything else in them is a person's and stays as it is.
_TEXTS = (
    # the plan's page
    "Plan: {what} = {n} requests",
    "Plan: 1 request",
    "1 cell",
    "{n} cells",
    "{n} in the store, free",
    "{n} under way",
    "{n} failed",
    "{n} refused",
    "{n} not legal",
    "{n} lost",
    "to make: {n} requests, {what}",
    "to make: 1 request, {what}",
    "{n} images",
    "{n} image",
    "nothing left to ask for",
    "nothing billed by the mock server (live: {cost})",
    "price unknown",
    "time unknown until one such picture was made",
    "about {seconds} s",
    "about {n} min",
    "and {n} more rows",
    "✓ in the store",
    "○ 1 image",
    "○ {n} images",
    "… under way",
    "! failed",
    "✕ refused",
    "✕ not legal",
    "! lost",
    "every cell: {what}",
    "{where}: failed: {why}",
    "{where}: refused: {why}",
    "{where}: not legal: {why}",
    "{where}: lost: {why}",
    # the grid
    "open",
    "not legal",
    "not run yet",
    "under way",
    "failed",
    "refused",
    "lost",
    "failed: {why}",
    "refused: {why}",
    "not legal: {why}",
    "lost: {why}",
    "the file is gone or damaged",
    "its images are not in the folder of runs any more",
    "the service forgot the task; client.run(cell.request) asks and pays anew",
    "canceled before it ran",
    "it failed",
    "its answer was lost; it is looked up before anything is sent again",
    # the board
    "not made yet",
    "no image came for it",
    "its picture is missing or damaged",
    "locked",
    "drawn for an older text",
    "put in by hand",
    "scene {number}, take {n}",
    "the frame now",
    "seed {seed}",
    "unsure: image {number} of {of} that came back",
    "undone: {what}",
    "done again: {what}",
    "a scene's text is {value}; say what is to be seen",
    "that image is the locked frame of scene {number}; board.unlock({of}) lets it go",
    "{name}: a link is not fetched; give the file",
    "lock",
    "unlock",
    "order",
    "run",
    "assignment",
    "new scene",
    "start from the scenes",
    "what was begun before",
    "new frame of scene {number}",
    "take of scene {number}",
    "picture of scene {number}",
    "words of scene {number}",
    "removal of scene {number}",
)
_TEXT = re.compile(r"<bdi>(.*?)</bdi>", re.S)


def said(text: str, words: Words, sentences: Iterable[str] = ()) -> str:
    """Return a sentence of a plan, a grid or a board in the person's language.

    Args:
        text: as it is said in English.
        words: of the form.
        sentences: others of wannb's own that may stand in it, such as the rules that a request breaks.
    """
    return text if words.language == "en" else _catalogue(words, sentences).say(text)


def translated(page: str, words: Words, sentences: Iterable[str] = (), *, theirs: Iterable[str] = ()) -> str:
    """Return a page, as `_repr_html_` gives it with every text in a `<bdi>`, with its texts as `said` says them.

    Args:
        page, words, sentences: as for `said`.
        theirs: texts of a person, which stay as they are even where they are the same as one of wannb's own.
    """
    if words.language == "en":
        return page
    catalogue, kept = _catalogue(words, sentences), set(theirs)

    def put(found: re.Match[str]) -> str:
        text = unescape(found[1])
        return found[0] if text in kept else html.text(catalogue.say(text))

    return _TEXT.sub(put, page)


def _catalogue(words: Words, sentences: Iterable[str]) -> Catalogue:
    own = {text: words(text) for text in _TEXTS}
    return Catalogue.of({**own, **{each: words.sentence(each) for each in sentences if each}})
