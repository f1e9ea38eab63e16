"""The survey of a service: in what its answers differ from the bundled recordings and from the mock's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mocking import Api, altered, body, of_json

from wannb import mock
from wannb.mock import Request, record
from wannb.mock.recordings.scrub import Scrubber
from wannb.mock.recordings.survey import Survey, differences, drawn

Connect = Callable[[mock.MockServer], Api]


def test_the_mock_answers_in_the_shapes_of_the_bundled_recordings() -> None:
    assert len(drawn().answers) > 12
    assert [line for line in differences(drawn(), Scrubber()) if "only bundled" in line] == []


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (
            lambda output: output["choices"].extend(output["choices"][:1]),
            ["query SUCCEEDED, image set: only live: output.choices: list of several (known: list of 1)"],
        ),
        (
            lambda output: output.pop("choices"),
            ["query SUCCEEDED, one image: only bundled and mock: output.choices: list of 1"],
        ),
        (lambda output: output.update(task_status="PAUSED"), ["query of another status: only live: neither"]),
    ],
    ids=["several choices", "no choices", "another status"],
)
def test_shapes_of_sets_choices_and_states(
    change: Callable[[Any], Any], lines: list[str], tmp_path: Path, connect: Connect
) -> None:
    def changed(request: Request, answer: Any) -> None:
        if answer.get("output", {}).get("task_status") == "SUCCEEDED":
            change(answer["output"])

    with altered(of_json(changed)) as upstream:
        api = connect(record(tmp_path, upstream.base_url, thorough=True, max_images=9))
        survey = Survey(api.server.handles, {})  # type: ignore[arg-type]
        api.query(api.made(body("two houses", n=2, enable_sequential=True)))
        found = survey.lines()
    assert len(found) == len(lines)
    assert all(line.startswith(expected) for line, expected in zip(found, lines, strict=True))
