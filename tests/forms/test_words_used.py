"""Every text that a form says is in the Chinese catalogue, and the catalogue holds no text that nobody says."""

from __future__ import annotations

import ast
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sayings import (
    ERRORS,
    PACKAGE,
    PLACE,
    TEXTS,
    all_problems,
    every_error,
    found,
    lines_of,
    raised,
    refused_calls,
    rendered,
    sayings_of,
    taken,
)

from wannb import errors
from wannb.client import Client
from wannb.ledger import run
from wannb.request import fields, inputs
from wannb.request.image_request import MODES
from wannb.service import wire
from wannb.service.endpoint import REGIONS


def spoken(node: ast.expr, known: dict[str, list[str]]) -> list[str]:
    """Return the texts that an argument can be, as far as the source tells."""
    if isinstance(node, ast.Name):
        return known.get(node.id, [])
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return spoken(node.body, known) + spoken(node.orelse, known)
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in spoken(value, known)]
    if isinstance(node, (ast.Tuple, ast.List)):
        return [text for value in node.elts for text in spoken(value, known)]
    if isinstance(node, ast.Dict):
        return [text for value in node.values for text in spoken(value, known)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return spoken(node.func.value, known) + [text for value in node.args[1:] for text in spoken(value, known)]
    return []


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield each text that a module says through the catalogue, with the call."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            known[node.targets[0].id] = spoken(node.value, {})
    for node in ast.walk(tree):
        if isinstance(node, (ast.comprehension, ast.For)) and isinstance(node.target, ast.Name):
            known[node.target.id] = spoken(node.iter, known)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name.lstrip("_") in ("words", "t") and node.args:
            if isinstance(node.args[0], ast.JoinedStr):
                yield ast.unparse(node.args[0]), node
            for text in spoken(node.args[0], known):
                yield text, node
        for keyword in node.keywords:
            # A form's own problems are said by `sentence`, as those of a request are.
            if name == "Problem" and keyword.arg == "rule" and path.parent.name == "forms":
                for text in spoken(keyword.value, known):
                    yield text, node


SAID = [
    (path.name, *call)
    for path in [*PACKAGE.glob("*.py"), *PACKAGE.glob("forms/*.py"), *PACKAGE.glob("judging/*.py")]
    for call in calls(path)
]


#: What the system and httpx say most often, in the middle of a sentence of wannb's.
OF_THE_SYSTEM = ["EACCES", "ENOSPC", "EISDIR", "ENOTDIR", "EROFS", "ENAMETOOLONG"]


OF_THE_NETWORK = [
    "[Errno 111] Connection refused",
    "[Errno -2] Name or service not known",
    "[Errno -3] Temporary failure in name resolution",
    "timed out",
    "The read operation timed out",
    "Server disconnected without sending a response",
]


def literals(path: Path) -> Iterator[str]:
    """Yield the texts in a module, with numbers where values stand."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = rendered(node, {}) if isinstance(node, (ast.Constant, ast.JoinedStr)) else None
        if text and " " in text and len(text) < 400:
            yield text


@pytest.mark.parametrize(("file", "text", "call"), SAID, ids=[f"{file}: {text[:50]}" for file, text, _ in SAID])
def test_every_text_that_a_form_says_is_there_with_its_values(file: str, text: str, call: ast.Call) -> None:
    assert text in TEXTS, f"{file}:{call.lineno} says what wannb/languages/zh.json does not know"
    given = {keyword.arg for keyword in call.keywords}
    # Without values it is filled on the page.
    if given and None not in given and not {"rule", "field"} & given:
        assert given == set(PLACE.findall(text)), f"{file}:{call.lineno}"


def test_a_text_of_a_form_is_seen_wherever_it_stands() -> None:
    lines = [
        *("self.words('a' if x else 'b')", "t({'k': 'c'}.get(y, 'd'))", "self._words(z or 'e')", "word('no')"),
        *("words(f'{x}')", "names = ('f', 'g')", "[words(name) for name in names]"),
    ]
    path = Path("source.py")
    path.write_text("\n".join(lines))
    assert sorted(text for text, _ in calls(path)) == ["a", "b", "c", "d", "e", "f", "f'{x}'", "g"]


def test_nothing_is_in_the_catalogue_that_nobody_says(client: Client, tmp_path: Path) -> None:
    pictured = taken(tmp_path)
    corpus = [*MODES, *run.RANK, *wire.FINAL, wire.PENDING, wire.RUNNING, "sent", "saved", *fields.CALL_HELP.values()]
    corpus += [state.lower() for state in (*wire.FINAL, wire.PENDING)]
    corpus += [text for field in fields.FIELDS.values() for text in (field.label, field.help)]
    problems = all_problems()
    corpus += [text for problem in problems for text in (problem.value, problem.rule, str(problem))]
    corpus += [str(errors.InvalidRequest(problems[:number])) for number in (1, 2)]
    corpus += [text for text, _ in sayings_of(pictured)]
    named = [inputs.InputImage(name=name) for name in ("a.png", "a.png, a signed link that was not kept")]
    for image in (*pictured, *named):
        corpus += [f"image 1 ({image.name})", f"image 1 ({image.name}): converted from GIF"]
    corpus += [*raised(), *map(str, every_error())]
    corpus += [kind.__doc__.splitlines()[0] for kind in ERRORS.values() if kind.__doc__]
    # What is said of many is said of one as well.
    corpus += [re.sub(r"(7\d{4} \w+)s\b", r"\1", text) for text in raised()]
    corpus += [*lines_of(client), *refused_calls()]
    corpus += [text for path in PACKAGE.glob("*.py") for text in literals(path)]
    corpus += REGIONS
    corpus += [os.strerror(getattr(errno, name)) for name in OF_THE_SYSTEM] + OF_THE_NETWORK
    used = set().union(*map(found, corpus)) | {text for _, text, _ in SAID}
    assert set(TEXTS) - used == set()
