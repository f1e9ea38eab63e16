"""Fixtures of the forms' tests."""

from __future__ import annotations

import pytest

from wannb import forms
from wannb.client import Client


@pytest.fixture(autouse=True)
def plain(quick_pictures: None) -> None:
    """Let the mock draw one color: no form looks at what is on a picture."""


@pytest.fixture
def form(client: Client) -> forms.TextToImageForm:
    """A form that is ready to be run."""
    return forms.TextToImageForm(client, prompt="a cat", size="1K")


@pytest.fixture
def chinese(client: Client) -> Client:
    """The same client, for a person who reads Chinese."""
    client.language = "zh"
    return client
