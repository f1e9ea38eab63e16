"""Tidy notebooks for sharing: thumbnails instead of originals, no keys, no expiring links, no state of widgets.

Outputs and metadata are changed; source cells only if that is asked for.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import os
import re
import stat
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from wannb import files, masking
from wannb.display import PREVIEW_PIXELS, small_jpeg
from wannb.service import find_key
from wannb.translation import Said, current, joined, say, spoken

__all__ = ["Finding", "Tidied", "tidy"]

#: Bytes up to which a picture stays as it is: a thumbnail would lose the small print of a figure.
LIGHT = 150_000
_LONGEST = 400_000_000
_KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_URI = re.compile(
    r"data:image/(?:png|apng|jpe?g|webp|gif|bmp|x-ms-bmp|tiff)(?:;[\w.-]+=[\w.-]+)*;base64,"
    r"([A-Za-z0-9+/=%]+(?:\r?\n[A-Za-z0-9+/=%]+)*)",
    re.I,
)
#: Replaces a link that expires.
EXPIRED = "[expired link]"
#: Front ends show "model not found" for these in another kernel, instead of what is beside them.
_WIDGETS = {"application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"}
_SHARED = Said("if others may have seen it, create a new key and delete this one")
_LARGEST = 1 << 30
_MOST_CELLS_NAMED = 3
#: A shorter key of one's own could be an ordinary word.
_SHORTEST_OWN_KEY = 12
_BOM = b"\xef\xbb\xbf"
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})", re.M)
_INDENT = re.compile(r"\A\s*\{\r?\n([ \t]+)\"")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found in a notebook.

    Attributes:
        cell: the number of the cell, from 1; None for the notebook itself.
        kind: "change" for what was changed, or with `check` would be; "problem" for what a person must solve; "note"
            for what may stay.
        says: a sentence without keys or links.
    """

    cell: int | None
    kind: Literal["change", "problem", "note"]
    says: str

    def __str__(self) -> str:
        place = say("notebook") if self.cell is None else say("cell {number}", number=self.cell)
        return f"{place}: {say(self.says)}"


@dataclass(frozen=True, kw_only=True, repr=False)
class Tidied:
    """The result of `tidy` for one notebook.

    Attributes:
        path: the notebook.
        findings: what was found, each with its cell.
        before, after: size of the file in bytes; with `check`, `after` is the size it would have.
        written: whether the file was changed.
        check: whether the notebook was only checked.
        language: in which it shows itself.
    """

    path: Path
    findings: tuple[Finding, ...]
    before: int
    after: int
    written: bool
    check: bool
    language: str = field(default_factory=current)

    @property
    def changes(self) -> tuple[Finding, ...]:
        """The findings that were changed, or would be."""
        return tuple(finding for finding in self.findings if finding.kind == "change")

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that a person must solve."""
        return tuple(finding for finding in self.findings if finding.kind == "problem")

    @property
    def clean(self) -> bool:
        """Whether nothing is left to do."""
        return not self.problems and not (self.check and self.changes)

    @spoken
    def as_dict(self) -> dict[str, Any]:
        """Return the same as data for JSON."""
        findings = [{"cell": each.cell, "kind": each.kind, "says": say(each.says)} for each in self.findings]
        sizes = {"before": self.before, "after": self.after}
        facts = {"clean": self.clean, "written": self.written, "check": self.check}
        return {"path": str(self.path), **facts, **sizes, "findings": findings}

    @spoken
    def __repr__(self) -> str:
        if self.written:
            head = say("tidied, {before} -> {after}", before=size(self.before), after=size(self.after))
        elif self.clean:
            head = say("tidy, {size}", size=size(self.after))
        else:
            head = say("not tidy, nothing was changed, {size}", size=size(self.before))
        lines = [f"  {finding}" for finding in self.findings if finding.kind != "problem"]
        name = self.path.name if self.path.name.isprintable() else ascii(self.path.name)
        return "\n".join([f"{name}: {head}", *lines, *(f"  ! {finding}" for finding in self.problems)])


def tidy(path: str | os.PathLike[str], *, check: bool = False, max_kb: float = 500, source: bool = False) -> Tidied:
    """Make a saved notebook light and safe to share, and return what was found.

    In outputs: pictures above 150 kB become JPEG thumbnails of 512 pixels, expiring links and API keys are masked,
    and widgets are dropped, with what is beside them kept. A key in a source cell is refused: nothing is written. A
    second call changes nothing. Save the notebook first; a front end that has it open offers to load it again.

    Args:
        path: the notebook.
        check: change nothing, only say what would be changed.
        max_kb: a notebook of more kilobytes is a problem, with its largest cells named.
        source: mask keys and expiring links in source cells too.

    Raises:
        ValueError: the file is not a notebook, cannot be read or written, or was changed meanwhile by another program.

    >>> wannb.tidy("book.ipynb")    # doctest: +SKIP
    book.ipynb: tidied, 6.1 MB -> 203 kB
      cell 2: picture (2048*2048, 5.2 MB) -> thumbnail (512*512, 61 kB)
      cell 4: widget dropped; what is beside it stays
    """
    if isinstance(max_kb, bool) or not isinstance(max_kb, (int, float)) or not max_kb > 0:
        raise ValueError(say("max_kb={given} is not a size; give kilobytes above 0, such as 500", given=repr(max_kb)))
    try:
        opened = _File.read(path)
        book = copy.deepcopy(opened.book)
        sweep = _Sweep(source=source)
        sweep.run(book)
        content = opened.content if book == opened.book else opened.encoded(book)
    except RecursionError:
        raise ValueError(say("{path} is nested too deep for a notebook", path=repr(str(path)))) from None
    if len(content) > max_kb * 1000:
        sweep.findings[_too_large(book, len(content), max_kb)] = None
    changed = content != opened.content and not sweep.refused
    if changed and not check:
        opened.write(content)
    return Tidied(
        path=opened.path,
        findings=tuple(sweep.findings),
        before=len(opened.content),
        after=len(content) if changed else len(opened.content),
        written=changed and not check,
        check=check,
    )


def _too_large(book: dict[str, Any], total: int, most: float) -> Finding:
    sizes = [(len(json.dumps(cell, ensure_ascii=False)), number) for number, cell in enumerate(book["cells"], 1)]
    largest = [
        Said("cell {number} ({size})", number=number, size=size(length))
        for length, number in sorted(sizes, reverse=True)[:_MOST_CELLS_NAMED]
    ]
    says = Said(
        "{size} is more than {most} kB; the largest are {cells}: show fewer pictures, or clear outputs",
        size=size(total),
        most=f"{most:g}",
        cells=joined(", ", largest),
    )
    return Finding(cell=None, kind="problem", says=says)


class _Sweep:
    """One pass over a notebook, which is changed in place; `refused`: a key is where nothing may be changed."""

    def __init__(self, *, source: bool) -> None:
        #: In their order, each once: a link can be in an output's text and in its HTML.
        self.findings: dict[Finding, None] = {}
        self.refused = False
        self._source = source
        self._cell: int | None = None
        try:
            found = find_key()
        except ValueError:  # not usable as a key
            found = None
        self._own_key = found[0] if found and len(str(found[0])) >= _SHORTEST_OWN_KEY else None

    def run(self, book: dict[str, Any]) -> None:
        for self._cell, cell in enumerate(book["cells"], 1):
            self._check_source(cell)
            self._note_attachments(cell.get("attachments", {}))
            if "outputs" in cell:
                cell["outputs"] = [tidied for output in cell["outputs"] if (tidied := self._output(output))]
            for name in set(cell) - {"source", "attachments", "outputs", "id", "cell_type"}:
                cell[name] = self._everywhere(cell[name])
        self._cell = None
        if book["metadata"].pop("widgets", None) is not None:
            self._say("change", Said("saved state of widgets dropped"))
        for name in set(book) - {"cells"}:
            book[name] = self._everywhere(book[name])
        whole = json.dumps(book, ensure_ascii=False)
        if not self.refused and self._without_keys(whole) != whole:
            self._refuse(Said("an API key in a name, an id or an attachment: remove it by hand"))

    def _check_source(self, cell: dict[str, Any]) -> None:
        source = cell.get("source", "")
        masked = self._without_keys(source)
        if masked != source and self._source:
            self._say("problem", joined("; ", [Said("an API key in the source, masked"), _SHARED]))
        elif masked != source:
            advice = Said("an API key in the source: remove it, and set DASHSCOPE_API_KEY (--source masks it)")
            self._refuse(joined("; ", [advice, _SHARED]))
        if self._source:
            cell["source"] = self._without_links(masked)
        elif _masked_links(masked) != (masked, masked):
            self._say("problem", Said("an expiring link in the source: use a file instead (--source masks it)"))

    def _note_attachments(self, attachments: dict[str, Any]) -> None:
        for name, bundle in attachments.items():
            heavy = len(json.dumps(bundle)) * 3 // 4
            if heavy > LIGHT:
                shown = repr(self._without_keys(name)[:60])
                self._say("note", Said("attachment {name} of {size} is source and stays", name=shown, size=size(heavy)))

    def _output(self, output: dict[str, Any]) -> dict[str, Any] | None:
        """Return an output tidied, None if nothing is left of it."""
        data = output.get("data")
        if isinstance(data, dict):
            kept = {kind: value for kind, value in data.items() if kind not in _WIDGETS}
            if len(kept) < len(data):
                stays = Said("widget dropped; what is beside it stays")
                self._say("change", stays if kept else Said("widget dropped"))
                if not kept:
                    return None
            output["data"] = self._with_thumbnails(kept, output.get("metadata", {}))
        tidied: dict[str, Any] = self._everywhere(output)
        return tidied

    def _with_thumbnails(self, data: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
        """Return a bundle with heavy pictures as JPEG; the metadata, such as the shown size, follow."""
        new: dict[str, Any] = {}
        for kind, value in data.items():
            jpeg = self._thumbnail(value) if _is_picture(kind, value) else None
            if jpeg is None:
                new[kind] = value
            elif kind == "image/jpeg" or "image/jpeg" not in data:  # or the same picture is there in that form too
                new["image/jpeg"] = jpeg
                if kind in metadata:
                    metadata["image/jpeg"] = metadata.pop(kind)
        return new

    def _thumbnail(self, encoded: str) -> str | None:
        """Return a thumbnail of a heavy picture as base64, None if it stays."""
        try:
            small = _thumbnail(encoded)
        except ValueError as error:
            self._say("problem", joined("; ", [error.args[0], Said("clear this output, or run the cell again")]))
            return None
        if small:
            self._say("change", small[1])
        return small and small[0]

    def _everywhere(self, value: Any) -> Any:
        """Return JSON data, names included, with light pictures and without keys and expiring links."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self._everywhere(each) for each in value]
        if isinstance(value, dict):
            return {
                self._text(name): each if _is_picture(name, each) else self._everywhere(each)
                for name, each in value.items()
            }
        return value

    def _text(self, text: str) -> str:
        if "data:image/" in text.casefold():
            text = _URI.sub(self._uri, text)
        masked = self._without_keys(text)
        if masked != text:
            self._say("problem", joined("; ", [Said("an API key, masked"), _SHARED]))
        return self._without_links(masked)

    def _uri(self, uri: re.Match[str]) -> str:
        jpeg = self._thumbnail(unquote(uri[1]))
        return uri[0] if jpeg is None else f"data:image/jpeg;base64,{jpeg}"

    def _without_keys(self, text: str) -> str:
        if self._own_key is not None:
            text = text.replace(str(self._own_key), f"sk-{masking.MASK}")
        return masking.mask_keys(text, sure=True)

    def _without_links(self, text: str) -> str:
        links, signatures = _masked_links(text)
        if links != text:
            self._say("change", Said("expiring link masked"))
        if signatures != links:
            self._say("change", Said("signature of a link masked"))
        return signatures

    def _refuse(self, says: Said) -> None:
        self.refused = True
        self._say("problem", says)

    def _say(self, kind: Literal["change", "problem", "note"], says: Said) -> None:
        self.findings[Finding(cell=self._cell, kind=kind, says=says)] = None


def _masked_links(text: str) -> tuple[str, str]:
    """Return a text without expiring links, and that without lone signatures."""
    if "://" not in text and "=" not in text:
        return text, text
    links = masking.LINK.sub(lambda link: EXPIRED if masking.expires(link[0]) else link[0], text)
    return links, masking.mask_signatures(links, sure=True)


def _is_picture(kind: str, value: object) -> bool:
    return kind.startswith("image/") and kind != "image/svg+xml" and isinstance(value, str)


@dataclass(frozen=True, kw_only=True)
class _File:
    """A notebook's file as it was read, links followed, and the notebook with each text in one piece."""

    path: Path
    content: bytes = field(repr=False)
    book: Any = field(repr=False)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> _File:
        """Read a notebook; `ValueError` says why a file is not one, and what to do."""
        name = repr(str(path))
        try:
            place = Path(path).expanduser().resolve()
            content = files.read_file(place, most=_LARGEST)
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ValueError(say("cannot read the notebook {name}: {reason}", name=name, reason=reason)) from error
        return cls(path=place, content=content, book=_parsed(content, name))

    def encoded(self, book: Any) -> bytes:
        """Return a notebook as bytes in the layout of the file: indentation, line ends and what follows the last."""
        import nbformat
        from nbformat.v4.rwbase import split_lines

        tree = split_lines(nbformat.from_dict(book))  # type: ignore[no-untyped-call]
        text = self.content.removeprefix(_BOM).decode()
        for cell, old in zip(tree["cells"], json.loads(text)["cells"], strict=True):
            source = old.get("source", "")
            if "".join(source) == "".join(
                cell.get("source", "")
            ):  # to the byte, also where its lines are cut otherwise
                cell["source"] = source
        indent = _INDENT.match(text)
        layout: dict[str, Any] = {"indent": indent[1] if indent else 1}
        if "\n" not in text.strip():
            layout = {"separators": (", ", ": ") if '": ' in text[:200] else (",", ":")}
        # Some programs write \u4e00 for 一, and a comparison of versions should show real changes only.
        new = json.dumps(tree, ensure_ascii=text.isascii() and "\\u" in text, **layout)
        try:
            new.encode()
        except UnicodeEncodeError:  # half a character can only be an escape
            new = json.dumps(tree, ensure_ascii=True, **layout)
        new += text[len(text.rstrip()) :]
        if "\r\n" in text:
            new = re.sub(r"\r?\n", "\r\n", new)
        return (_BOM if self.content.startswith(_BOM) else b"") + new.encode()

    def write(self, content: bytes) -> None:
        """Replace the file's content; `ValueError` if another program has changed it, or it cannot be written."""
        try:
            if self.path.read_bytes() != self.content:
                raise ValueError(
                    say(
                        "{path} was changed by another program and was left alone; save it in your front end, then "
                        "tidy it again",
                        path=repr(str(self.path)),
                    )
                )
            rights = stat.S_IMODE(self.path.stat().st_mode)
            files.write(self.path, content)
            self.path.chmod(rights)
        except OSError as error:
            raise ValueError(error.strerror or str(error)) from error


def _parsed(content: bytes, name: str) -> Any:
    import nbformat.v4

    try:
        text = content.removeprefix(_BOM).decode()
        tree = json.loads(text)
    except UnicodeDecodeError as error:
        raise ValueError(say("{name} is not UTF-8 text (byte {byte})", name=name, byte=error.start)) from None
    except ValueError as error:
        conflict = _CONFLICT.search(text)
        if conflict is None:
            raise ValueError(say("{name} is not JSON, so not a notebook: {error}", name=name, error=error)) from None
        line = text.count("\n", 0, conflict.start()) + 1
        raise ValueError(
            say(
                "{name} holds the marks of a merge conflict (line {line}): take one side, or use nbdime, then tidy it",
                name=name,
                line=line,
            )
        ) from None
    if not isinstance(tree, dict) or not isinstance(tree.get("nbformat"), int):
        raise ValueError(say("{name} is not a notebook: it has no nbformat", name=name))
    if tree["nbformat"] != 4:
        raise ValueError(
            say(
                "{name} is a notebook of format {format}; open it in JupyterLab and save it as format 4",
                name=name,
                format=tree["nbformat"],
            )
        )
    try:
        book = nbformat.v4.to_notebook(tree)  # type: ignore[no-untyped-call]
        whole = all(isinstance(cell.get("source", ""), str) for cell in book["cells"])
    except (AttributeError, KeyError, TypeError):  # nbformat's way to say that a part is missing or of another kind
        whole = False
    if not whole:
        raise ValueError(say("{name} is damaged: nbformat cannot read its cells", name=name))
    return book


# Thumbnails


def _thumbnail(encoded: str) -> tuple[str, Said] | None:
    """Return a JPEG as base64 and what to say about it, None if the picture given as base64 may stay.

    `ValueError`, with a `Said`: the picture cannot be opened, or not safely.
    """
    from PIL import Image, ImageOps

    if len(encoded) > _LONGEST:
        raise ValueError(Said("a picture of {size} was not opened", size=size(len(encoded) * 3 // 4)))
    try:
        content = base64.b64decode("".join(encoded.split()), validate=True)
    except ValueError:
        raise ValueError(Said("the base64 text of a picture is damaged")) from None
    if not content:
        raise ValueError(Said("a picture is empty"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(content), formats=_KINDS)
            if len(content) <= LIGHT or (opened.format == "JPEG" and max(opened.size) <= PREVIEW_PIXELS):
                return None
            before = f"{opened.width}*{opened.height}, {size(len(content))}"
            is_animation = getattr(opened, "is_animated", False) and opened.format != "MPO"
            opened.draft("RGB", (PREVIEW_PIXELS, PREVIEW_PIXELS))
            image = ImageOps.exif_transpose(opened)
            if image.has_transparency_data:
                image = image.convert("RGBA")
            elif image.mode.startswith("I"):  # 16 bits a pixel
                image = image.convert("I").point(lambda value: value / 256).convert("L")
            elif image.mode not in ("L", "RGB"):
                image = image.convert("RGB")
            image.thumbnail((PREVIEW_PIXELS, PREVIEW_PIXELS), Image.Resampling.LANCZOS, reducing_gap=2.0)
            if image.mode == "RGBA":  # a page is white, and a JPEG knows no transparency
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            jpeg = small_jpeg(image, PREVIEW_PIXELS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(Said("a picture has too many pixels to be opened safely")) from None
    except Exception as error:  # Pillow's decoders raise anything for damaged files
        raise ValueError(Said("a picture cannot be opened ({error})", error=type(error).__name__)) from None
    if len(jpeg) >= len(content):
        return None
    after = f"{image.width}*{image.height}, {size(len(jpeg))}"
    says = (
        Said("picture ({before}) -> first picture of the animation ({after})", before=before, after=after)
        if is_animation
        else Said("picture ({before}) -> thumbnail ({after})", before=before, after=after)
    )
    return base64.b64encode(jpeg).decode(), says


def size(number: int) -> str:
    """Return a number of bytes in words.

    >>> size(1_234_567)
    '1.2 MB'
    """
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{max(1, round(number / 1000))} kB"
