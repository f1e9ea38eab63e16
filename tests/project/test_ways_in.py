"""The container file, the conda recipe and their page say what the package has; neither can be built here."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import wannb
from wannb.commands import cli

tomllib: Any = pytest.importorskip("tomllib")

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DOCKERFILE = (ROOT / "binder" / "Dockerfile").read_text("utf-8")
RECIPE = ROOT / "scripts" / "conda" / "recipe.yaml"
PAGE = (ROOT / "docs" / "how-to" / "start-elsewhere.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"^```shell\n(.*?)^```$", PAGE, re.M | re.S) for line in block.splitlines()]
#: Where a package has another name at conda-forge.
CONDA = {"matplotlib": "matplotlib-base"}


def extras(text: str) -> set[str]:
    return {name for names in re.findall(r"[\w.]\[([\w,]+)\]", text) for name in names.split(",")}


def instructions() -> list[tuple[str, str]]:
    lines = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
    words = "\n".join(lines).replace("\\\n", "").splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in words]


def test_the_container_is_what_binder_asks_for() -> None:
    """https://mybinder.readthedocs.io/en/latest/tutorials/dockerfile.html"""
    steps = instructions()
    given: dict[str, list[str]] = {}
    for name, rest in steps:
        given.setdefault(name, []).append(rest)
    [base] = given["FROM"]
    tag = re.fullmatch(r"python:3\.(\d+)-slim", base)
    assert tag
    assert f"3.{tag[1]}" >= PROJECT["requires-python"].removeprefix(">=")
    assert given["ARG"] == ["NB_USER=wannb", "NB_UID=1000"]
    assert given["ENV"] == ["USER=${NB_USER} HOME=/home/${NB_USER}"]
    assert (given["COPY"], given["WORKDIR"]) == (["--chown=${NB_UID} . ${HOME}"], ["${HOME}"])
    assert "ENTRYPOINT" not in given, "Binder's own command would be its argument"
    *_, user, _port, _command = steps
    assert user == ("USER", "${NB_USER}"), "nothing runs as root"
    [install] = [rest for rest in given["RUN"] if rest.startswith("pip install")]
    assert extras(install) == {"lab", "studio"}
    assert {"notebook", "jupyterhub"} <= set(shlex.split(install))
    assert PROJECT["optional-dependencies"]["lab"][0].startswith("jupyterlab")


def test_the_container_starts_a_command_that_is_there() -> None:
    [command] = [json.loads(rest) for name, rest in instructions() if name == "CMD"]
    assert command[0] in PROJECT["scripts"]
    options = cli._parser().parse_args(command[1:])
    assert (options.run, options.no_browser, options.more) == (cli._lab, True, ["--ip=0.0.0.0"])
    assert ("EXPOSE", str(options.port)) in instructions()
    assert not re.search(r"sk-|API_KEY|TOKEN", DOCKERFILE, re.I)


def test_what_is_paid_for_stays_out_of_the_image() -> None:
    left_out = (ROOT / "binder" / "Dockerfile.dockerignore").read_text("utf-8").split()
    assert {".git", "**/wannb-runs", "**/recorded-runs"} <= set(left_out)
    assert cli.open_store(None).root.name == "wannb-runs"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_has_options_and_files_that_are_there(command: str) -> None:
    assert extras(command) <= set(PROJECT["optional-dependencies"])
    if ours := re.search(r'"wannb\[lab\]" (wannb .*)', command):
        assert cli._parser().parse_args(ours[1].split()[1:]).run is cli._lab
    for name in re.findall(r"(?:binder|scripts)/\S+", command):
        assert (ROOT / name).is_file()
    for name in re.findall(r"WANNB_\w+", command):
        assert name in (ROOT / "wannb" / "connection.py").read_text("utf-8")
    if command.startswith("docker run"):
        assert command.endswith(" wannb"), "the command comes from the image"


def test_the_page_and_the_files_say_the_same_commands() -> None:
    for text in (DOCKERFILE, RECIPE.read_text("utf-8")):
        for command in re.findall(r"^#.*?((?:docker|rattler-build) \S+ -.*)$", text, re.M):
            assert command in COMMANDS
    assert re.search(r"labpath=(\S+?)`", PAGE)[1] == "notebooks/01-text-to-image.ipynb"  # type: ignore[index]
    for way in re.findall(r"\(#([\w-]+)\)", PAGE):
        assert way in {re.sub(r"\W+", "-", line[3:].lower()) for line in PAGE.splitlines() if line.startswith("## ")}


def test_the_conda_recipe_is_the_package() -> None:
    """rattler-build's own reader refuses what it does not know; conda-smithy is not on the index."""
    rattler_build = pytest.importorskip("rattler_build")
    [rendered] = rattler_build.Stage0Recipe.from_file(str(RECIPE)).render(rattler_build.VariantConfig())
    recipe = rendered.recipe.to_dict()
    assert (recipe["package"]["name"], recipe["package"]["version"]) == ("wannb", wannb.__version__)
    needs = [re.fullmatch(r"([\w-]+)(\W.*)", line).groups() for line in PROJECT["dependencies"]]  # type: ignore
    python = f"python {PROJECT['requires-python']}"
    assert recipe["requirements"]["run"] == [python, *(f"{CONDA.get(name, name)} {rest}" for name, rest in needs)]
    assert "hatchling >=1.26" in recipe["requirements"]["host"]
    assert recipe["build"]["noarch"] == "python"
    assert recipe["build"]["python"]["entry_points"] == [f"{name} = {at}" for name, at in PROJECT["scripts"].items()]
    assert (RECIPE.parent / recipe["source"][0]["path"] / recipe["about"]["license_file"][0]).is_file()
    assert recipe["about"]["license"] == PROJECT["license"]
    assert recipe["tests"][1]["script"][0] == "wannb --version"
