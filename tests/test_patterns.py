"""Every regular expression of the package, on texts that were written to take hours."""

from __future__ import annotations

import ast
import importlib
import json
import random
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rooms import modules

from wannb.tools.tidy import tidy

try:
    from re import _compiler as compiler  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_compile as compiler
    import sre_parse as parser

#: Characters of each text, and seconds of this process that one search may take. What grows by the square takes 50.
LENGTH, MOST = 50_000, 2.0
#: Texts for each pattern.
TRIES = 16
#: Parts of a repetition that count as without an end.
_MANY = 30
_FLAGS = {"I": re.I, "IGNORECASE": re.I, "M": re.M, "S": re.S, "X": re.X, "A": re.A}


class TooSlow(Exception):
    pass


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` after so many seconds of this process; a search notices it as well."""

    def late(number: int, frame: Any) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def patterns() -> dict[str, tuple[re.Pattern[Any], set[str]]]:
    """Return every pattern that a module compiles or writes into a call of `re`, with the methods it is used by."""
    found: dict[str, tuple[re.Pattern[Any], set[str]]] = {}
    uses: dict[str, set[str]] = {}
    for path in modules().values():
        for name, method in re.findall(r"\b(\w+)\.(?=(\w+))", path.read_text()):
            uses.setdefault(name, set()).add(method)
    for name, path in modules().items():
        for at, value in vars(importlib.import_module(name)).items():
            if isinstance(value, re.Pattern):
                found[f"{name}.{at}"] = value, uses.get(at, set())
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, (str, bytes))
            ):
                flags = re.RegexFlag(0)
                for each in ast.walk(node):
                    if isinstance(each, ast.Attribute) and each.attr in _FLAGS:
                        flags |= _FLAGS[each.attr]
                pattern = re.compile(node.args[0].value, flags)
                if node.func.attr != "compile":
                    found[f"{name}:{node.lineno}"] = pattern, {node.func.attr}
    return found


def letter(items: Any, rng: random.Random) -> str:
    """Return a character of a set."""
    letters = [chr(number) for number in range(9, 127)] + ["é", "中", "\u0e01", "\u0600", "\x01", "\x85"]
    pattern = _compiled(parser.SubPattern(parser.State(), [(parser.IN, items)]))
    fitting = [each for each in letters if pattern.fullmatch(each)]
    return rng.choice(fitting) if fitting else "?"


def _compiled(tree: Any) -> re.Pattern[str]:
    compiled: re.Pattern[str] = compiler.compile(tree)
    return compiled


def written(tree: Any, rng: random.Random, pumps: list[tuple[str, str]], before: str = "") -> str:
    """Return a text that matches a pattern, short, and note each repetition with what stands before it."""
    text = ""
    for kind, value in tree:
        kind = str(kind)
        if kind == "LITERAL":
            text += chr(value)
        elif kind == "NOT_LITERAL":
            text += "b" if value == ord("a") else "a"
        elif kind == "ANY":
            text += "a"
        elif kind == "IN":
            text += letter(value, rng)
        elif kind == "BRANCH":
            texts = [written(each, rng, pumps, before + text) for each in value[1]]
            text += rng.choice(texts)
        elif kind == "SUBPATTERN":
            text += written(value[3], rng, pumps, before + text)
        elif kind in ("ATOMIC_GROUP",):
            text += written(value, rng, pumps, before + text)
        elif kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, body = value
            parts = [written(body, rng, pumps, before + text) for _ in range(3)]
            if int(most) >= _MANY:
                pumps.append((before + text, parts[0]))
            text += "".join(rng.choice(parts) for _ in range(max(least, 1)))
    return text


def attacks(pattern: re.Pattern[Any]) -> list[str]:
    """Return texts in which a pattern begins to fit again and again, and fails late."""
    rng = random.Random(1)
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    flags = pattern.flags & ~re.U if isinstance(pattern.pattern, bytes) else pattern.flags
    found: dict[str, None] = {}
    for _ in range(3):
        pumps: list[tuple[str, str]] = []
        whole = written(parser.parse(source, flags & ~re.DEBUG), rng, pumps)
        for before, body in pumps:
            found[before + body * (LENGTH // max(1, len(body))) + rng.choice("\x00! \n")] = None
        parts = {whole, whole[:-1], *(part for before, body in pumps for part in (body, before, before + body))}
        for part in filter(None, sorted(parts)):
            found[part * (LENGTH // len(part)) + rng.choice(["", "\x00", "\n"])] = None
    return rng.sample(sorted(found), min(len(found), TRIES))


PATTERNS = patterns()
#: These begin at the start of a text only.
ANCHORED = {"match", "fullmatch"}


@pytest.mark.parametrize("name", PATTERNS)
def test_a_search_takes_a_time_that_grows_with_the_text(name: str) -> None:
    pattern, methods = PATTERNS[name]
    for text in attacks(pattern):
        given = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
        try:
            with at_most(MOST):
                for _ in pattern.finditer(given) if methods - ANCHORED or not methods else ():
                    pass
                for anchored in methods & ANCHORED:
                    getattr(pattern, anchored)(given)
        except TooSlow:
            pytest.fail(f"{pattern.pattern!r} on {text[:80]!r}...")


def test_a_notebook_with_thousands_of_findings_is_tidied_at_once(tmp_path: Path) -> None:
    secrets = {
        "a": "sk-abcdefgh1234567890",
        "b": "https://h/a.png?Signature=aB3xyz-012345",
        "c": "Signature=aB3xyz-012345",
    }
    cell = {"cell_type": "raw", "source": "", "metadata": secrets}
    book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell] * 2400}
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps(book))
    with at_most(10.0):
        found = tidy(path, check=True)
    assert len(found.findings) == 3 * 2400
