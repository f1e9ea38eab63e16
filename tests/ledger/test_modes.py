"""Who may read a folder of runs: its owner alone, unless the folder was there before; exports are the person's own."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import make_client, small

import wannb
from wannb import ImageRequest
from wannb.client import Client
from wannb.mock import MockServer
from wannb.runs.store import Store

pytestmark = [
    pytest.mark.usefixtures("quick_pictures"),
    pytest.mark.skipif(os.name != "posix", reason="there are no such modes"),
]


@pytest.fixture(params=[0o022, 0o002, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink()
    }


def use(client: Client, cat: Path) -> None:
    """Make everything that a folder of runs may hold."""
    result = client.run(ImageRequest(prompt="x", images=str(cat), seed=1, size="768*768"))
    client.submit(small(2)).result()
    client.run(small(3), via="sync")
    result._repr_mimebundle_()
    client.runs("x")
    wannb.sweep(client, prompt="x", seed=[2, 3], size="768*768").run()
    board = wannb.Storyboard(client, ["a", "b"], size="768*768", name="board")
    board.run()
    plan = wannb.sweep(client, prompt="x", seed=[2, 3], size="768*768")
    wannb.judge(plan, judge="me", by="seed").press("1")
    (result.path / "run.jsonl").write_text("{broken")
    client.rescue()
    result.path.joinpath("image-1.png").unlink()
    client.run(ImageRequest(prompt="x", images=str(cat), seed=1, size="768*768"))


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    from PIL import Image

    Image.new("RGB", (300, 300), "red").save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


def test_a_folder_that_is_made_is_the_owners_alone(server: MockServer, tmp_path: Path, cat: Path, umask: int) -> None:
    root = tmp_path / "new" / "runs"
    with make_client(server, Store(root)) as client:
        use(client, cat)
    found = modes(root)
    assert len(found) > 30
    open_ones = {name: oct(mode) for name, mode in found.items() if mode not in (0o700, 0o600)}
    assert open_ones == {}
    assert stat.S_IMODE(root.parent.stat().st_mode) == 0o777 & ~umask, "what is above it is as usual"


@pytest.mark.parametrize("mode", [0o755, 0o775, 0o750])
def test_one_that_was_there_keeps_its_mode_and_what_is_in_it_follows_the_umask(
    mode: int, server: MockServer, tmp_path: Path, cat: Path, umask: int
) -> None:
    root = tmp_path / "runs"
    root.mkdir()
    root.chmod(mode)
    with make_client(server, Store(root)) as client:
        use(client, cat)
    found = modes(root)
    assert found.pop(".") == mode
    wrong = {name: oct(each) for name, each in found.items() if each not in (0o777 & ~umask, 0o666 & ~umask)}
    assert {name: each for name, each in wrong.items() if not name.startswith(".locks/")} == {}


def test_what_is_exported_is_as_usual(server: MockServer, tmp_path: Path, umask: int) -> None:
    with make_client(server, Store(tmp_path / "runs")) as client:
        result = client.run(small())
        plan = wannb.sweep(client, prompt="x", seed=[1, 2], size="768*768").run()
        made = [result[0].save(tmp_path / "a.png"), *plan.grid().save(tmp_path / "g.png")]
        made += [wannb.compare(result, result).save(tmp_path / "c.html")]
        result[0].save(tmp_path / "folder")
        made += list((tmp_path / "folder").iterdir())
    assert {stat.S_IMODE(Path(path).stat().st_mode) for path in made} == {0o666 & ~umask}
