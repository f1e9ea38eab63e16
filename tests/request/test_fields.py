"""`wannb.request.fields`: one text for each option, and signatures and docstrings that agree with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from wannb import ImageRequest
from wannb.client import Client
from wannb.request.fields import CALL_HELP, FIELDS

#: Calls that take the options of a request, and those of their own or with a text of their own.
CALLS: list[tuple[Callable[..., Any], set[str]]] = [
    (ImageRequest.__init__, set()),
    (Client.generate, set()),
    (Client.edit, set()),
    (Client.image_set, {"prompt", "style", "n"}),
]


@pytest.mark.parametrize(("call", "own"), CALLS, ids=[call.__qualname__ for call, _ in CALLS])
def test_signatures_and_docstrings_agree_with_the_fields(call: Callable[..., Any], own: set[str]) -> None:
    documented = ImageRequest.__doc__ if call is ImageRequest.__init__ else call.__doc__
    text = " ".join(str(documented).split())
    parameters = list(inspect.signature(call).parameters.values())[1:]
    for parameter in parameters:
        name, field = parameter.name, FIELDS.get(parameter.name)
        assert f" {name}: " in text, f"{call.__qualname__} does not say what {name} is"
        if name in own:
            continue
        assert f" {name}: {field.help if field else CALL_HELP[name]}" in text
        if field:
            assert parameter.annotation == field.type
            assert parameter.default in (field.default, parameter.empty)
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
