"""Go through a notebook's cells: what is too heavy, expires or is secret is changed in place and told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from . import pictures
from .book import as_it_stood, joined
from .traces import Keys, Links, texts

#: Another kernel knows none of these: front ends show "model not found" in place of what stands beside them.
_WIDGETS = ("application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json")
_SHARED = "if others may have seen it, make a new key and delete this one"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was found.

    Attributes:
        cell: the number of the cell, from 1; None for the notebook itself.
        kind: "change" for what was changed, or with `check` would be; "problem" for what a person must see to; "note"
            for what may stay.
        says: what it is, in one line. It holds no key and no link.
    """

    cell: int | None
    kind: Literal["change", "problem", "note"]
    says: str

    def __str__(self) -> str:
        place = "notebook" if self.cell is None else f"cell {self.cell}"
        return f"{place}: {self.says}"


class Sweep:
    """One pass over a notebook, which is changed in place.

    Attributes:
        findings: what was found, in the notebook's order.
        refused: whether a key stands where nothing may be changed, so that the notebook must not be written.
    """

    def __init__(self, keys: Keys, links: Links, *, source: bool) -> None:
        self.findings: list[Finding] = []
        self.refused = False
        self._keys = keys
        self._links = links
        self._source = source
        self._cell: int | None = None

    def run(self, tree: dict[str, Any]) -> None:
        """Go through a notebook."""
        for number, cell in enumerate(tree["cells"], 1):
            self._cell = number
            self._read_source(cell)
            self._read_attachments(cell.get("attachments"))
            if "outputs" in cell:
                cell["outputs"] = [output for output in cell["outputs"] if self._keep(output)]
            for name in cell:
                if name not in ("source", "attachments", "outputs", "id", "cell_type"):
                    cell[name] = self._everywhere(cell[name], "")
        self._cell = None
        metadata = tree.get("metadata")
        if isinstance(metadata, dict) and metadata.pop("widgets", None) is not None:
            self._change("saved state of widgets dropped")
        for name in tree:
            if name != "cells":
                tree[name] = self._everywhere(tree[name], "")
        if not self.refused and self._keys.in_any(tree):
            self._refuse("an API key in a name, an id or an attachment: remove it by hand")

    def _read_source(self, cell: dict[str, Any]) -> None:
        source = joined(cell.get("source", "")) or ""
        new = self._keys.masked(source)
        if new != source:
            if self._source:
                self._problem(f"an API key in the source, masked; {_SHARED}")
            else:
                self._refuse(
                    "an API key in the source: take it out, put it into DASHSCOPE_API_KEY (--source masks it); "
                    + _SHARED
                )
        if self._links.found(new):
            if self._source:
                new = self._links.replaced(new, new, self._change)
            else:
                self._problem("a link in the source that expires: name a file instead (--source replaces it)")
        if self._source and new != source:
            cell["source"] = as_it_stood(new, cell["source"])

    def _read_attachments(self, attachments: Any) -> None:
        for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
            heavy = sum(len(text) for text in texts(bundle)) * 3 // 4
            if heavy > pictures.LIGHT:
                self._say("note", f"attachment {self._shown(name)} of {pictures.size(heavy)} is source and was left")

    def _keep(self, output: dict[str, Any]) -> bool:
        """Tidy an output; return False if nothing is left of it."""
        data = output.get("data")
        if isinstance(data, dict):
            dropped = [data.pop(name) for name in _WIDGETS if name in data]
            if dropped:
                self._change("widget dropped" + ("; what stands beside it stays" if data else ""))
                if not data:
                    return False
            output["data"] = data = self._with_thumbnails(data, output.get("metadata"))
        around = "\n".join(_joined_texts(output))
        for name, value in output.items():
            if name == "data" and isinstance(data, dict):
                output[name] = {
                    kind: each if _is_picture(kind) else self._text(each, around) for kind, each in data.items()
                }
            else:
                output[name] = self._text(value, around) if name == "text" else self._everywhere(value, around)
        return True

    def _with_thumbnails(self, data: dict[str, Any], metadata: Any) -> dict[str, Any]:
        """Return a bundle with heavy pictures as JPEG; what was said of the picture's shown size stays said."""
        new: dict[str, Any] = {}
        for kind, value in data.items():
            text = joined(value)
            if not _is_picture(kind) or text is None:
                new[kind] = value
                continue
            try:
                small = pictures.thumbnail(text)
            except ValueError as error:
                self._problem(f"{error}; clear this output, or run the cell again")
                small = None
            if small is None:
                new[kind] = value
                continue
            self._change(small.says)
            if kind != "image/jpeg" and "image/jpeg" in data:
                continue  # the same picture stands there in this form too
            new["image/jpeg"] = small.text
            if isinstance(metadata, dict) and kind in metadata:
                metadata["image/jpeg"] = metadata.pop(kind)
        return new

    def _text(self, value: Any, around: str) -> Any:
        """Return a text of an output, which may stand as a list of lines, with all that is to be changed in it."""
        text = joined(value)
        if text is None:
            return self._everywhere(value, around)
        new = pictures.in_text(text, self._change, self._broken)
        new = self._clean(new, around)
        return value if new == text else as_it_stood(new, value)

    def _everywhere(self, value: Any, around: str) -> Any:
        """Return a tree of JSON without keys and expiring links, names included."""
        if isinstance(value, str):
            return self._clean(value, around)
        if isinstance(value, list):
            return [self._everywhere(each, around) for each in value]
        if isinstance(value, dict):
            return {self._clean(name, around): self._everywhere(each, around) for name, each in value.items()}
        return value

    def _clean(self, text: str, around: str) -> str:
        new = self._keys.masked(text)
        if new != text:
            self._problem(f"an API key, masked; {_SHARED}")
        return self._links.replaced(new, around, self._change) if "://" in new or "=" in new else new

    def _broken(self, what: str) -> None:
        self._problem(f"{what}; clear this output, or run the cell again")

    def _shown(self, name: str) -> str:
        return repr(self._keys.masked(name)[:60])

    def _change(self, says: str) -> None:
        self._say("change", says)

    def _problem(self, says: str) -> None:
        self._say("problem", says)

    def _refuse(self, says: str) -> None:
        self.refused = True
        self._problem(says)

    def _say(self, kind: Literal["change", "problem", "note"], says: str) -> None:
        finding = Finding(cell=self._cell, kind=kind, says=says)
        if finding not in self.findings:  # the same link stands in an output's text and in its HTML
            self.findings.append(finding)


def _is_picture(kind: str) -> bool:
    return kind.startswith("image/") and kind != "image/svg+xml"


def _joined_texts(output: dict[str, Any]) -> list[str]:
    """Return the texts of an output, each in one piece; pictures left out."""
    data = output.get("data")
    found: list[str] = []
    for name, value in [*output.items(), *(data.items() if isinstance(data, dict) else ())]:
        if name != "data" and not _is_picture(name):
            text = joined(value)
            found += texts(value) if text is None else [text]
    return found
