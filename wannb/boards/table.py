"""Tables as scenes: what a spreadsheet copies (tabs), CSV, and tables drawn with bars, with and without a header."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from wannb.staging import camera_of
from wannb.translation import Said, shorten

from .lines import Part, one_line, seconds_of

#: What a column may be called, in lower case without signs. A weak one is a scene's text where no other column is.
_NAMES = {
    "text": "text description desc action visual visuals picture image prompt content shotdescription scenedescription "
    "画面 画面内容 内容 描述 画面描述 镜头内容 文字 分镜内容 提示词",
    "dialogue": "dialogue dialog line lines spoken speech voice voiceover vo subtitle subtitles narration "
    "对白 台词 旁白 字幕 对话",
    "notes": "notes note comment comments remark remarks sound camera audio music sfx "
    "备注 说明 声音 音效 音乐 注释 机位",
    "seconds": "seconds second sec secs s duration length time 秒 秒数 时长 时间 时长秒",
    "character": "character speaker role who 角色 人物 说话人",
    "camera": "shotsize angle cameraangle movement cameramovement 景别 角度 运镜",
    "number": "# № number no nr n id shotno sceneno shotnumber scenenumber 序号 镜号 编号 场号 镜头号 号",
    "weak": "scene scenes shot frame panel title 场景 镜头 分镜 场次",
}
#: The columns of the list of shots that wannb saves with a board; what is made anew or found again is left out.
_SAVED = {
    "number": "number",
    "seconds": "seconds",
    "scene": "text",
    "shot": "camera",
    "dialogue": "dialogue",
    "note": "notes",
    "prompt": "number",
    "seed": "number",
    "model": "number",
    "run": "number",
    "file": "number",
}
_MEANS = {name: role for role, names in _NAMES.items() for name in names.split()}
#: In the order that the columns of a table without a header are taken for.
_TEXTS = ("text", "notes", "dialogue")
_MOST_SAID = 5


def rows_of(text: str, *, certain: bool = False) -> list[list[str]] | None:
    """Return the rows of a text that is a table, or None; `certain` where its file's name says that it is one."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) >= 2 and all(line.strip().startswith("|") for line in lines):
        return [_cells(line) for line in lines if set(line) - set("|:- \t") or "--" not in line]
    if lines and sum("\t" in line for line in lines) * 2 >= len(lines):
        return _read(text, "\t")
    for mark in (",", ";"):
        rows = _read(text, mark) if mark in (lines or [""])[0] else []
        # Commas are in sentences as well: only a header, or a column of numbers in every row, makes a table of them.
        wide = {len(row) for row in rows}
        if rows and (
            _header(rows[0]) or (len(rows) > 1 and len(wide) == 1 and any(map(_numbers, zip(*rows, strict=True))))
        ):
            return rows
    if certain and lines:
        return _read(text, _delimiter(text))
    return None


def parts_of(rows: Sequence[Sequence[str]], said: list[Said]) -> Iterator[Part]:
    """Yield the scenes of a table's rows, and note what was not clear."""
    width = max(map(len, rows))
    full = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    names = full[0] if _header(full[0]) else []
    body = full[1:] if names else full
    roles = _named(names, body) if names else _guessed(body)
    part: Part | None = None
    for number, row in enumerate(body, 2 if names else 1):
        more = _part(row, roles, names, number, said)
        if more == Part():
            continue
        if more.text:
            if part:
                yield part
            part = more
        elif part:
            # A row that only goes on with what is said or noted in the scene before it.
            part = part.more(notes=more.notes, dialogue=more.dialogue)
        else:
            said.append(Said("row {number} has no text of a scene and is left out", number=number))
    if part:
        yield part


def _part(row: Sequence[str], roles: Sequence[str], names: Sequence[str], number: int, said: list[Said]) -> Part:
    part, speaker = Part(), ""
    for place, (cell, role) in enumerate(zip(row, roles, strict=True)):
        if not cell or role == "number":
            continue
        if names == [*_SAVED] and cell.startswith(("'=", "'+", "'-", "'@")):
            cell = cell[1:]  # the mark that keeps spreadsheets from taking it for a formula
        camera = camera_of(cell) if role == "camera" else {}
        lines = "\n".join(filter(None, map(one_line, cell.splitlines())))
        if role == "seconds":
            seconds = seconds_of(cell)
            part = part.more(seconds=seconds)
            if seconds is None and len(said) < _MOST_SAID:
                why = Said(
                    "row {number}: {value} is no time from 0 to 600 s", number=number, value=repr(shorten(cell, 40))
                )
                said.append(why)
        elif role == "character":
            speaker = one_line(cell)
        elif role == "dialogue":
            part = part.more(dialogue=lines)
        elif camera:
            part = replace(part, camera={**part.camera, **camera})
        elif role == "text":
            part = part.more(text=one_line(cell))
        else:
            name = names[place] if names and role in ("other", "camera") else ""
            part = part.more(notes=": ".join(filter(None, (one_line(name), one_line(cell)))))
    if speaker:
        dialogue = f"{speaker}: {part.dialogue}" if part.dialogue else ""
        part = replace(part, dialogue=dialogue)
        part = part if dialogue else part.more(notes=speaker)
    return part


def _named(names: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """Return what the columns of a table with a header are."""
    if list(names) == [*_SAVED]:
        return [*_SAVED.values()]
    roles = [_MEANS.get(_plain(name), "other") for name in names]
    for place, role in enumerate(roles):
        if role != "weak":
            continue
        column = [row[place] for row in body]
        if "text" in roles or all(re.fullmatch(r"\W*\d{0,4}[a-zA-Z]?\W*", cell) for cell in column):
            roles[place] = "number" if all(len(cell) < 5 for cell in column) else "other"
        else:
            roles[place] = "text"
    if "text" not in roles:
        # The widest of the columns that nobody named.
        others = [place for place, role in enumerate(roles) if role in ("other", "notes")]
        if others:
            roles[max(others, key=lambda place: sum(len(row[place]) for row in body))] = "text"
    return roles


def _guessed(body: Sequence[Sequence[str]]) -> list[str]:
    """Return what the columns of a table without a header are: text, notes, dialogue, and numbers by what they are."""
    roles, texts = list[str](), iter(_TEXTS)
    for column in zip(*body, strict=True):
        cells = [cell for cell in column if cell]
        counting = [cell.strip(".)# ") for cell in cells] == [str(number) for number in range(1, len(cells) + 1)]
        if cells and counting and not roles:
            roles.append("number")
        elif _numbers(column) and "seconds" not in roles:
            roles.append("seconds")
        else:
            roles.append(next(texts, "notes") if cells else "number")
    return roles


def _header(row: Sequence[str]) -> bool:
    """Return whether a row names columns: two that are known, or all."""
    known = [cell for cell in row if _plain(cell) in _MEANS]
    filled = [cell for cell in row if cell.strip()]
    return len(filled) >= 2 and (len(known) >= 2 or len(known) == len(filled))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower()) or name.strip()


def _numbers(column: Sequence[str]) -> bool:
    cells = [cell for cell in column if cell.strip()]
    return bool(cells) and all(seconds_of(cell) is not None for cell in cells)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _read(text: str, delimiter: str) -> list[list[str]]:
    # A quote within a cell, as in 5" lens, is a quote only where the cell begins with it, also after a space.
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=delimiter != "\t")
    try:
        return [row for row in rows if any(cell.strip() for cell in row)]
    except csv.Error:
        return [line.split(delimiter) for line in text.splitlines() if line.strip()]


def _delimiter(text: str) -> str:
    try:
        return csv.Sniffer().sniff(text[:8192], delimiters=",;\t|").delimiter
    except csv.Error:
        return ","
