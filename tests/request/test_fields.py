"""`wannb.request.fields`: signatures and docstrings agree with the options and their limits."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from wannb import ImageRequest
from wannb.client import Client
from wannb.request.fields import FIELDS, MAX_IMAGES, MAX_N, MAX_N_SET, MAX_PROMPT, MAX_SEED, PALETTE
from wannb.request.inputs import MAX_RATIO, MAX_SIDE, MIN_SIDE
from wannb.request.sizes import PRESETS, PRO, STANDARD

#: Calls that take the options of a request, and those of their own or with a text of their own.
CALLS: list[tuple[Callable[..., Any], set[str]]] = [
    (Client.generate, set()),
    (Client.edit, set()),
    (Client.image_set, {"prompt", "style", "n"}),
]


def texts(documented: object) -> dict[str, str]:
    """Return what a docstring's `Args` say of each option."""
    found = re.findall(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", inspect.cleandoc(str(documented)), re.M)
    return {name: " ".join(text.split()) for name, text in found}


def test_a_request_describes_every_option_with_its_limits() -> None:
    told = texts(ImageRequest.__doc__)
    assert list(told) == list(FIELDS)
    limits: dict[str, tuple[object, ...]] = {
        "prompt": (f"at most {MAX_PROMPT} characters",),
        "images": (f"Up to {MAX_IMAGES} pictures", f"{MIN_SIDE} to {MAX_SIDE} pixels", f"at most {MAX_RATIO}:1"),
        "model": (f"'{PRO}' (best", f"'{STANDARD}' (faster"),
        "size": (*map(repr, PRESETS), f"on {PRO} only"),
        "n": (f"1 to {MAX_N};", f"in an image set 1 to {MAX_N_SET} "),
        "seed": (f"0 to {MAX_SEED}.",),
        "color_palette": (f"{PALETTE[0]} to {PALETTE[-1]} colors",),
        "enable_sequential": (f"up to {MAX_N_SET} images",),
    }
    assert [(name, limit) for name, each in limits.items() for limit in each if str(limit) not in told[name]] == []
    parameters = inspect.signature(ImageRequest).parameters
    assert {name: each.default for name, each in parameters.items()} == {name: f.default for name, f in FIELDS.items()}


@pytest.mark.parametrize(("call", "own"), CALLS, ids=[call.__qualname__ for call, _ in CALLS])
def test_calls_take_the_options_of_a_request_and_describe_them_briefly(call: Callable[..., Any], own: set[str]) -> None:
    parameters = list(inspect.signature(call).parameters.values())[1:]
    described, usually = texts(call.__doc__), texts(ImageRequest.__doc__)
    assert list(described)[: len(parameters)] == [parameter.name for parameter in parameters]
    usual = inspect.signature(ImageRequest).parameters
    for name in (parameter.name for parameter in parameters if parameter.name not in own):
        if name not in FIELDS:
            assert described[name] == texts(Client.generate.__doc__)[name]
            continue
        parameter = inspect.signature(call).parameters[name]
        assert parameter.annotation == usual[name].annotation
        assert parameter.default in (usual[name].default, parameter.empty)
        numbers, usual_numbers = (re.findall(r"\d+", text) for text in (described[name], usually[name]))
        assert numbers[:1] == usual_numbers[:1], f"{name}: another limit than the field's"
        assert set(numbers) <= set(usual_numbers), f"{name}: another limit than the field's"
    names = [parameter.name for parameter in parameters if parameter.name in FIELDS and parameter.name not in own]
    assert names == [name for name in FIELDS if name in names], "in the order of the fields"


def test_a_request_has_every_option() -> None:
    assert (
        list(inspect.signature(ImageRequest).parameters) == list(FIELDS) == [each.name for each in fields(ImageRequest)]
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ImageRequest(prompt="x", sized="1K"), "'sized' is not an option; did you mean 'size'"),  # type: ignore[call-arg]
        (lambda: ImageRequest(prompt="x", xyz=1), "the options are prompt, images"),  # type: ignore[call-arg]
        (lambda: ImageRequest(prompt="x").replace(sed=1), "did you mean 'seed'"),
        (lambda: ImageRequest("a cat"), r"ImageRequest\(prompt='a cat'\)"),  # type: ignore[misc]
        (lambda: Client.generate(None, "x", "1K"), r"generate\(model='1K'\)"),  # type: ignore[arg-type, misc]
    ],
)
def test_a_misspelt_option_is_a_type_error_with_advice(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        call()
