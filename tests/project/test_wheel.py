"""What people install: the wheel holds what it must and starts in an empty environment; the sdist can be tested."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from isolation import PATIENCE
from processes import OPENER, Command, fetched

import wannb

ROOT = Path(__file__).parent.parent.parent
#: What the program `wannb` starts.
START = "wannb.commands.cli"


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a command; return what it prints, and fail with all that it says."""
    found = subprocess.run(
        list(map(str, command)), cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, folder=ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [found] = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the programs of an environment with the wheel, and with all that this one has but for our checkout."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    place = {name: sysconfig.get_path(name, vars={"base": str(folder)}) for name in ("purelib", "scripts")}
    # The files of this name within a folder that is added so are not read: they would lead to the checkout.
    (Path(place["purelib"]) / "others.pth").write_text(sysconfig.get_path("purelib"))
    for name in ("share", "etc"):
        if (Path(sys.prefix) / name).is_dir():
            (folder / name).symlink_to(Path(sys.prefix) / name)
    with zipfile.ZipFile(wheel) as archive:  # what pip does with a wheel without a build
        archive.extractall(place["purelib"])
    program = Path(place["scripts"]) / "wannb"
    program.write_text(f"#!{program.parent}/python\nimport sys\nfrom {START} import main\nsys.exit(main())\n")
    program.chmod(0o755)
    return program.parent


def tracked() -> set[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    listed = ("ls-files", "--cached", "--others", "--exclude-standard")
    return set(run("git", "-c", "core.quotePath=off", *listed, folder=ROOT).splitlines())


def test_the_wheel_holds_the_package_and_the_tutorials_and_nothing_else(wheel: Path) -> None:
    ours = {name for name in tracked() if name.startswith("wannb/")}
    ours |= {f"wannb/{name}" for name in tracked() if re.fullmatch(r"notebooks/([^/]+\.ipynb|README\.md)", name)}
    listed = zipfile.ZipFile(wheel).namelist()
    names = set(listed)
    assert len(listed) == len(names)
    assert {name for name in names if ".dist-info/" not in name} == ours
    for name in ("wannb/py.typed", "wannb/languages/zh/forms.json", "wannb/display/static/viewer.js"):
        assert name in names
    assert any(re.fullmatch(r"wannb/commands/served/voila/templates/wannb/.+", name) for name in names)
    assert any(re.fullmatch(r"wannb/mock/recordings/bundled/.+", name) for name in names)
    assert not [name for name in names if re.search(r"conftest|/test_|checkpoints|notebooks/recordings", name)]
    assert wheel.stat().st_size < 5_000_000


def test_the_index_takes_both(built: Path) -> None:
    """Metadata, and a README that the index's own renderer can show."""
    files = list(built.iterdir())
    assert len(files) == 2
    said = run(sys.executable, "-m", "twine", "--no-color", "check", "--strict", *files, folder=built)
    assert said.count("PASSED") == 2


def test_the_metadata_is_complete(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        data = Parser().parsestr(archive.read(name).decode())
        assert f"wannb = {START}:main".encode() in archive.read(name.replace("METADATA", "entry_points.txt"))
        assert name.replace("METADATA", "licenses/LICENSE") in archive.namelist()
    assert data["Version"] == wannb.__version__
    assert data["License-Expression"] == "MIT"
    assert data["Requires-Python"] == ">=3.10"
    assert data["Description-Content-Type"] == "text/markdown"
    assert str(data.get_payload()).startswith("# wannb\n\nEnglish · 中文\n\nWan 2.7 images in a notebook:")
    assert re.findall(r"\]\((?!https:)|<img", str(data.get_payload())) == []  # an index has no file beside it
    assert "Typing :: Typed" in data.get_all("Classifier", [])
    assert len(data["Summary"]) < 120


def test_the_sdist_is_the_repository(built: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names - {"PKG-INFO"} == tracked()


def test_a_program_of_a_person_runs(installed: Path, tmp_path: Path) -> None:
    """mypy reads the same program, with the package, in `scripts/check`."""
    assert run(installed / "wannb", "--version", folder=tmp_path).strip() == f"wannb {wannb.__version__}"
    said = run(installed / "python", "-W", "error", Path(__file__).with_name("typed_program.py"), folder=tmp_path)
    assert said.splitlines() == [str(installed.parent), "1360*768 [] ['image-1.png', 'image-2.png']"]
    assert len(list(tmp_path.glob("runs/*/image-2.png"))) == 1


@pytest.mark.skipif(os.name == "nt", reason="ends the server by a POSIX signal")
def test_the_lab_opens_the_first_tutorial_with_a_mock_server_for_all_kernels(installed: Path, tmp_path: Path) -> None:
    """From any folder, as `uvx --from "wannb[lab]" wannb lab` starts it: on a copy of the tutorials."""
    options = ("--no-browser", "--port", "0", "--", "--IdentityProvider.token=secret")
    command = [str(installed / "wannb"), "lab", *options]
    with Command("-c", f"import os; os.execv({command[0]!r}, {command})", folder=tmp_path) as lab:
        address = lab.wait_for(r"http://127\.0\.0\.1:(\d+)/lab")
        url = f"http://127.0.0.1:{address[1]}"
        assert "00-your-first-pictures.ipynb" in fetched(f"{url}/api/contents?token=secret")
        page = OPENER.open(f"{url}/?token=secret", timeout=PATIENCE)
        assert page.url.partition("?")[0] == f"{url}/lab/tree/00-your-first-pictures.ipynb"
        assert "<title>JupyterLab</title>" in page.read().decode()
        assert "No key: the tutorials use the mock server. Nothing is sent out and nothing is billed." in lab.said()
        [server] = [one for one in lab.family() if "jupyterlab" in one.cmdline()]
        assert server.cmdline()[0] == str(installed / "python")
        environment = server.environ()
        assert environment["WANNB_MOCK_URL"].startswith("http://127.0.0.1:")
        assert "WANNB_MODE" not in environment, "a key that is found or given later is used"
        assert "DASHSCOPE_HTTP_BASE_URL" not in environment, "nobody takes the mock's address for the service's"
    assert (tmp_path / "wannb-tutorials" / "00-your-first-pictures.ipynb").is_file()
