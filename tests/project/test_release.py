"""`scripts/release` makes a release in a clone, or says why not and leaves everything as it was."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FIRST = "release: the first section of CHANGELOG.md must be"
UPLOAD = "python -m twine upload"
TODAY = datetime.date.today().isoformat()
HEADING = "## 9.1.0 (unreleased)"
ADDRESS = '\n[project.urls]\nRepository = "https://github.com/somebody/wannb"\n'


def git(folder: Path, *arguments: str) -> str:
    person = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", *person, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone of what stands here, committed, whose first section is version 9.1.0."""
    folder = tmp_path / "clone"
    folder.mkdir()
    files = "wannb scripts notebooks/01-*.ipynb pyproject.toml README.md CHANGELOG.md CITATION.cff LICENSE .gitignore"
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *files.split())
    for name in listed.split("\0")[:-1]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    change(folder, "CHANGELOG.md", "# Changelog\n", f"# Changelog\n\n{HEADING}\n\n- new\n")
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "A")
    git(folder, "config", "user.email", "a@example.org")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")


def release(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/release", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_release_is_built_committed_and_tagged_and_not_uploaded(clone: Path) -> None:
    change(clone, "pyproject.toml", "\n[project.scripts]", f"{ADDRESS}\n[project.scripts]")
    commit(clone)
    before = git(clone, "rev-parse", "HEAD")

    dry = release(clone, "9.1.0", "--dry-run")
    assert dry.stdout == (
        "would change wannb/_version.py, CITATION.cff, scripts/conda/recipe.yaml, CHANGELOG.md, README.md; build wheel "
        "and sdist; commit, and tag v9.1.0\n"
    )
    assert (git(clone, "status", "--porcelain"), git(clone, "rev-parse", "HEAD")) == ("", before)

    made = release(clone, "9.1.0")
    assert made.returncode == 0, made.stdout + made.stderr
    built = "dist/wannb-9.1.0-py3-none-any.whl dist/wannb-9.1.0.tar.gz"
    assert (
        f"Nothing was uploaded. When the tests are green:\n  git push --follow-tags && python -m twine upload {built}"
        in made.stdout
    )
    assert all((clone / name).is_file() for name in built.split())
    with tarfile.open(clone / built.split()[1]) as sdist:
        shown = sdist.extractfile("wannb-9.1.0/PKG-INFO").read().decode()
    address = "https://github.com/somebody/wannb"
    assert f"[Start]({address}/blob/HEAD/docs/start.md)" in shown
    assert f'<img src="{address}/raw/HEAD/notebooks/studio.jpg"' in shown
    assert git(clone, "log", "-1", "--format=%s") == "Release 9.1.0\n"
    assert git(clone, "rev-parse", "v9.1.0^{commit}") == git(clone, "rev-parse", "HEAD")
    assert git(clone, "status", "--porcelain") == ""
    assert '__version__ = "9.1.0"' in (clone / "wannb" / "_version.py").read_text()
    assert '  version: "9.1.0"\n' in (clone / "scripts" / "conda" / "recipe.yaml").read_text()
    assert f"version: 9.1.0\ndate-released: {TODAY}\n" in (clone / "CITATION.cff").read_text()
    assert f"# Changelog\n\n## 9.1.0 ({TODAY})\n\n- new\n" in (clone / "CHANGELOG.md").read_text("utf-8")
    title, empty, badges, *_ = (clone / "README.md").read_text("utf-8").splitlines()
    assert (title, empty) == ("# wannb", "")
    first = "notebooks/01-text-to-image.ipynb"
    assert f"(https://mybinder.org/v2/gh/somebody/wannb/HEAD?labpath={first})" in badges
    assert f"(https://colab.research.google.com/github/somebody/wannb/blob/HEAD/{first})" in badges
    assert (clone / first).is_file()

    again = release(clone, "9.1.0")
    assert again.stderr == "release: 9.1.0 does not come after 9.1.0, which has a tag already\n"
    assert "must be '## 9.2.0 (unreleased)', and is" in release(clone, "9.2.0").stderr
    change(clone, "CHANGELOG.md", "## 9.1.0", "## (unreleased)\n\n- newer\n\n## 9.1.0")
    commit(clone)
    assert release(clone, "9.2.0", "--dry-run").stdout == (
        "would change wannb/_version.py, CITATION.cff, scripts/conda/recipe.yaml, CHANGELOG.md; build wheel and sdist; "
        "commit, and tag v9.2.0\n"
    )


def test_what_is_not_ready_is_a_sentence_and_changes_nothing(clone: Path) -> None:
    for version, why in {
        "next": "release: 'next' is no version; write it as 0.2.0 or 0.2.0rc1\n",
        "v9.1": "release: write the version 'v9.1' as '9.1'\n",
        "9.2.0": f"{FIRST} '## 9.2.0 (unreleased)', and is {HEADING[3:]!r}\n",
    }.items():
        found = release(clone, version)
        assert (found.returncode, found.stderr) == (1, why)
    change(clone, "CHANGELOG.md", "- new\n", "\n")
    found = release(clone, "9.1.0")
    says = "release: the working tree has changes; commit or stash them first:\n M CHANGELOG.md\n"
    assert (found.returncode, found.stderr) == (1, says)
    commit(clone)
    found = release(clone, "9.1.0")
    assert found.stderr == "release: the section '## 9.1.0 (unreleased)' of CHANGELOG.md says nothing that users see\n"
    change(clone, "CHANGELOG.md", HEADING, f"{HEADING}\n\n- new")
    change(clone, "pyproject.toml", "Typing :: Typed", "Typing :: Typed of Course")
    commit(clone)
    before = git(clone, "rev-parse", "HEAD")
    found = release(clone, "9.1.0")
    assert found.returncode == 1
    assert "Unknown classifier" in found.stderr
    assert "the README gets no badges" in found.stdout
    assert (git(clone, "status", "--porcelain"), git(clone, "rev-parse", "HEAD")) == ("", before)
    assert git(clone, "tag") == ""


def test_badges_are_there_if_and_only_if_the_project_has_an_address() -> None:
    address = "Repository =" in (ROOT / "pyproject.toml").read_text("utf-8")
    assert ("[![Open in " in (ROOT / "README.md").read_text("utf-8")) == address
