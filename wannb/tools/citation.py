"""How a paper cites wannb."""

from __future__ import annotations

from wannb._version import __version__


def bibtex() -> str:
    """Return how a paper cites wannb, in BibTeX; `CITATION.cff` says the same.

    >>> print(bibtex().splitlines()[0])
    @software{wannb,
    """
    fields = {
        "title": "wannb: Wan 2.7 images in a notebook",
        "author": "{The wannb authors}",
        "year": "2026",
        "version": __version__,
        "license": "MIT",
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@software{{wannb,\n{lines}\n}}\n"
