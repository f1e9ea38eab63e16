"""Tables as files: rows for spreadsheets, as JSON lines or as parquet with pictures, and judges' verdicts as such."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from wannb import files
from wannb.figures import ending, flat, put
from wannb.files import make_folder
from wannb.runs import GeneratedImage
from wannb.translation import Said, say

ENDINGS = (".csv", ".json", ".jsonl", ".parquet")
#: Rows whose images are in memory together.
_GROUP = 16


def write_rows(
    path: str | os.PathLike[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    images: Mapping[str, Sequence[GeneratedImage]] | None = None,
    shown: bool = False,
) -> Path:
    """Write rows with equal columns into a file of one of `ENDINGS`, and return its place.

    Args:
        path: the file; its folder is made.
        rows: plain values, times, lists and mappings. In `.csv` lists and mappings are JSON.
        images: for parquet, columns of the bytes of images, one for each row; read a few at a time.
        shown: whether these are columns that Hugging Face's `datasets` shows as images, `{"bytes": ..., "path": ...}`.

    Raises:
        ImportError: parquet without pyarrow.
        OSError: the file cannot be written.
    """
    kind = Path(path).suffix.lower()
    if kind == ".csv":
        return put(path, csv_of(rows))
    if kind == ".parquet":
        return _parquet(Path(path).expanduser(), rows, images or {}, shown=shown)
    lines = [json.dumps(row, ensure_ascii=False, default=_plain) for row in rows]
    text = "[\n" + ",\n".join(lines) + "\n]\n" if kind == ".json" else "\n".join(lines) + "\n"
    return put(path, text.encode(errors="replace"))


def csv_of(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return rows as CSV in UTF-8."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8", errors="replace")


def _cell(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return _plain(value) if isinstance(value, datetime) else value


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _parquet(
    place: Path, rows: Sequence[Mapping[str, Any]], images: Mapping[str, Sequence[GeneratedImage]], *, shown: bool
) -> Path:
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise ImportError(say('parquet needs the library pyarrow: pip install "wannb[parquet]"')) from error
    facts = pyarrow.Table.from_pylist([_sound(dict(row)) for row in rows])
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())]) if shown else pyarrow.binary()
    schema = pyarrow.schema([*((name, kind) for name in images), *facts.schema])
    if shown:
        # What `datasets` reads: without it the column would be bytes and a name.
        told = {"info": {"features": {name: {"_type": "Image"} for name in images}}}
        schema = schema.with_metadata({"huggingface": json.dumps(told)})
    make_folder(place.parent)
    part = place.with_name(f".{place.name}.part")
    try:
        with ParquetWriter(part, schema) as writer:
            for start in range(0, len(rows), _GROUP):
                group = facts.slice(start, _GROUP)
                for name in reversed(list(images)):
                    content = [_content(image, shown) for image in images[name][start : start + _GROUP]]
                    group = group.add_column(0, name, pyarrow.array(content, kind))
                writer.write_table(group.cast(schema))
        files.rename(part, place)
    finally:
        part.unlink(missing_ok=True)
    return place


def _content(image: GeneratedImage, shown: bool) -> Any:
    name = f"{image.path.parent.name}-{image.path.name}"
    return {"bytes": image.bytes(), "path": name} if shown else image.bytes()


def _sound(value: Any) -> Any:
    """Return a value without halves of characters, which parquet cannot hold."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {name: _sound(each) for name, each in value.items()}
    return [_sound(each) for each in value] if isinstance(value, list) else value


# Verdicts of judges, as programs and people of the field know them

COLUMNS = ("battles", "pick-a-pic", "hpd")
_SIDES = ("left", "right")
#: Hexadecimal digits of a judge's name in HPD.
_HASH = 16


def save_verdicts(
    path: str | os.PathLike[str],
    tallied: Any,
    *,
    columns: str,
    pictures: Any,
) -> Path:
    """Write the votes of a `Tally`; see `Scores.save`."""
    if columns not in COLUMNS:
        values = {"name": "columns", "value": repr(columns), "known": ", ".join(map(repr, COLUMNS))}
        raise ValueError(say("{name}={value} is not one of {known}", **values))
    kind = ending(path, ENDINGS, Said("a table of verdicts"))
    if not (tallied and tallied.votes):
        raise ValueError(say("no verdict yet: there is nothing to save"))
    if any(len(vote.contestants) < 2 for vote in tallied.votes):
        raise ValueError(say("these are verdicts on one picture at a time, no pairs; scores.table() has them"))
    images = _images(pictures)
    labels = {key: each.label for key, each in tallied.contestants.items()}
    given = [_told(vote, labels, images) for vote in tallied.votes]
    if columns == "battles":
        return write_rows(path, [_battle(each, tallied.question) for each in given])
    for each in given:
        if not isinstance(each["prompt"], str):
            if images:
                raise ValueError(
                    say("the two pictures of a pair have no prompt in common, which {columns} has", columns=columns)
                )
            raise ValueError(
                say("the verdicts do not say the prompt of each pair; give pictures=, the plan that was judged")
            )
    if columns == "hpd":
        return write_rows(path, _hpd(given))
    inside: dict[str, list[GeneratedImage]] = {}
    if kind == ".parquet":
        if not all(image for told in given for image in told["images"]):
            raise ValueError(say("the pictures themselves are in this table; give pictures=, the plan that was judged"))
        inside = {f"jpg_{side}": [told["images"][side] for told in given] for side in (0, 1)}
    return write_rows(path, _pick_a_pic(given), images=inside)


def _images(pictures: Any) -> dict[str, GeneratedImage]:
    """Return the images of a plan, or of groups of results, by their checksums."""
    if pictures is None:
        return {}
    results = pictures.values() if isinstance(pictures, Mapping) else pictures.results()
    return {image.sha256: image for result in results if result for image in flat(result)}


def _told(vote: Any, labels: Mapping[str, str], images: Mapping[str, GeneratedImage]) -> dict[str, Any]:
    """Return a verdict as it was seen, left and right, with what is known of the pictures."""
    line = vote.line
    sides = [line[side] for side in _SIDES]
    known = [images.get(str(side.get("sha256"))) for side in sides]
    asked = [image.request.prompt if image and image.request else None for image in known]
    prompt = vote.shared.get("prompt") if None in asked else asked[0] if len(set(asked)) == 1 else None
    return {
        "prompt": prompt,
        "contestants": [labels.get(key, "") for key in line["labels"]],
        "uids": [str(side.get("sha256") or side.get("contestant")) for side in sides],
        "files": [_file(side, image) for side, image in zip(sides, known, strict=True)],
        "images": known,
        "verdict": vote.winner if vote.left_won is None else "left" if vote.left_won else "right",
        "judge": vote.judge,
        "time": line.get("time"),
        "pair": vote.pair,
        "category": vote.shared.get("category"),
    }


def _file(side: Mapping[str, Any], image: GeneratedImage | None) -> str:
    """Return where a picture is in its runs folder."""
    if image:
        return f"{image.path.parent.name}/{image.path.name}"
    return "/".join(filter(None, [str(side.get("run", "")), f"image-{side.get('image', 1)}.png"]))


def _battle(told: Mapping[str, Any], question: str | None) -> dict[str, Any]:
    return {
        "model_a": told["contestants"][0],
        "model_b": told["contestants"][1],
        "winner": {"left": "model_a", "right": "model_b", "bad": "both_bad"}.get(told["verdict"], "tie"),
        "judge": told["judge"],
        "tstamp": told["time"],
        "question": question,
        "prompt": told["prompt"] if isinstance(told["prompt"], str) else None,
        "category": told["category"],
        "image_a": told["files"][0],
        "image_b": told["files"][1],
    }


def _pick_a_pic(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    judges = {name: number for number, name in enumerate(dict.fromkeys(told["judge"] for told in given))}
    examples = Counter(told["prompt"] for told in given)
    rows = []
    for number, told in enumerate(given):
        labels = {"left": (1.0, 0.0), "right": (0.0, 1.0)}.get(told["verdict"], (0.5, 0.5))
        row: dict[str, Any] = {
            "are_different": told["uids"][0] != told["uids"][1],
            "best_image_uid": told["uids"][labels.index(1.0)] if 1.0 in labels else None,
            "caption": told["prompt"],
            "created_at": datetime.fromisoformat(told["time"]) if told["time"] else None,
            "has_label": True,
        }
        for side in (0, 1):
            row |= {f"image_{side}_uid": told["uids"][side], f"image_{side}_url": told["files"][side]}
        row |= {f"label_{side}": labels[side] for side in (0, 1)}
        row |= {f"model_{side}": told["contestants"][side] for side in (0, 1)}
        user, of = judges[told["judge"]], examples[told["prompt"]]
        rows.append({**row, "ranking_id": number, "user_id": user, "num_example_per_prompt": of})
    return rows


def _hpd(given: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row a pair of pictures, in the order in which the first judge saw them."""
    pairs: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for told in given:
        pairs[told["pair"]].append(told)
    rows = []
    for votes in pairs.values():
        first = votes[0]
        annotations = []
        for told in votes:
            rank = {"left": [1, 2], "right": [2, 1]}.get(told["verdict"], [1, 1])
            hashed = hashlib.sha256(told["judge"].encode(errors="replace")).hexdigest()[:_HASH]
            annotations.append({"rank": rank if told["uids"] == first["uids"] else rank[::-1], "user_hash": hashed})
        won = Counter(tuple(each["rank"]) for each in annotations)
        lead = won[1, 2] - won[2, 1]
        preferred = [int(lead > 0), int(lead < 0)]
        rows.append(
            {
                "prompt": first["prompt"],
                "file_path": first["files"],
                "human_preference": preferred,
                "image_path": first["files"],
                "rank": [2 - preferred[0], 2 - preferred[1]] if lead else [1, 1],
                "raw_annotations": annotations,
            }
        )
    return rows
