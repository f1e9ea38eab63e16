"""Each tutorial ends with an exercise: as stored it says what is missing, and its solution turns it to done."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

import wannb
from wannb.client import Client
from wannb.mock import MockServer
from wannb.tools.exercises import Check

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))
PLACE = "# Your code here\n"
PHOTO = """
from matplotlib.cbook import get_sample_data

portrait = get_sample_data("grace_hopper.jpg", asfileobj=False)
"""
#: What a student may write in place of `PLACE`; pictures of earlier cells are made anew.
SOLUTIONS = {
    "00-your-first-pictures": """
client.generate("A postcard of a harbour", size=wannb.size_for("16:9", "1K"), n=2, seed=1)
""",
    "01-text-to-image": """
client.generate("A card for the counter of a flower shop", size=wannb.size_for("3:4", "1K"), n=2, seed=1)
""",
    "02-image-editing": PHOTO
    + """
client.edit("Make it a blue postage stamp", portrait, size="1K", n=2, seed=1)
""",
    "03-multi-reference": PHOTO
    + """
client.edit("Put image 1 on image 2, beside image 3", [portrait] * 3, size="1K", seed=1)
""",
    "04-interactive-editing": PHOTO
    + """
client.edit("A plant in the boxed place", portrait, bbox_list=[[[10, 10, 200, 200]]], size="1K", n=2, seed=1)
""",
    "05-image-set-from-text": """
client.image_set(["A dog wakes", "The dog runs", "The dog sleeps"], style="ink", size="1K", seed=1)
""",
    "06-image-set-from-image": PHOTO
    + """
client.image_set(["the bottle in a desert", "the bottle in a garden", "the bottle on a boat"], images=portrait, seed=1)
""",
    "07-tasks": """
boats = ["A sailing boat in fog", "A steamer in fog"]
tasks = [client.submit(wannb.ImageRequest(prompt=boat, size="1K", seed=1)) for boat in boats]
[task.result() for task in tasks]
""",
    "08-studio": """
wannb.forms.TextToImageForm(client, prompt="A lighthouse in fog", size="1K", n=2, seed=1).run()
""",
    "09-forms-and-code": """
form = wannb.forms.TextToImageForm(client, prompt="A paper boat", size=wannb.size_for("16:9", "1K"), n=3, seed=1)
form.run()
""",
    "10-prompt-study": """
models = ["wan2.7-image-pro", "wan2.7-image"]
wannb.sweep(client, prompt="A lighthouse on a rocky coast", model=models, size="768*768").run()
""",
    "11-blind-judging": """
wannb.sweep(client, prompt=["A forest", "A dark forest"], seed=[1, 2], size="768*768", model="wan2.7-image").run()
""",
    "12-storyboard": """
wannb.Storyboard(
    client, ["A paper boat", "The paper boat at sea", "It comes home"], name="boat", size="1280*720"
).run()
""",
    "13-what-goes-wrong": """
with server.scenario("500 then ok"):
    client.generate("A green balloon", size="768*768", n=2, seed=1)
""",
    "14-where-money-is-at-stake": """
with server.scenario("dropped after accept"):
    client.generate("A green balloon", size="768*768", seed=1)
""",
    "15-a-small-published-study": """
models = ["wan2.7-image-pro", "wan2.7-image"]
wannb.sweep(client, prompt="A bridge at dawn", model=models, seed=1, size="768*768").run()
""",
    "16-prepare-a-workshop": """
for prompt in ("A fox in the snow", "A fox in the rain"):
    client.generate(prompt, size="768*768", seed=1)
""",
}


def cell(path: Path) -> dict[str, Any]:
    """Return the exercise of a tutorial, its last cell of code."""
    return next(each for each in reversed(json.loads(path.read_text())["cells"]) if each["cell_type"] == "code")


def checked(source: str, **names: Any) -> Any:
    """Run a cell and return what its last line shows."""
    *body, last = ast.parse(source).body
    assert isinstance(last, ast.Expr)
    exec(compile(ast.Module(body, []), "<exercise>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<exercise>", "eval"), names)


def test_every_tutorial_has_a_solution() -> None:
    assert sorted(SOLUTIONS) == [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_exercise_says_first_what_is_missing(path: Path) -> None:
    [output] = cell(path)["outputs"]
    head, *lines = "".join(output["data"]["text/plain"]).splitlines()
    assert head == f"Exercise: {sum(line.startswith('✗ ') for line in lines)} to do"
    assert head != "Exercise: 0 to do"


@pytest.mark.usefixtures("quick_pictures")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_solution_turns_its_exercise_to_done(path: Path, client: Client, server: MockServer) -> None:
    source = "".join(cell(path)["source"])
    assert source.startswith(PLACE)
    before = checked(source, wannb=wannb, client=client)
    assert isinstance(before, Check)
    assert not before
    assert len(server.log) == 0, "a check sends nothing"
    after = checked(source.replace(PLACE, SOLUTIONS[path.stem]), wannb=wannb, client=client, server=server)
    assert after.missing == []
    assert after
