"""What this machine and this process are: front end, kernel, packages, fonts."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from .lines import Line

#: extra -> what one has of it
_EXTRAS = {
    "lab": "JupyterLab, for wannb lab",
    "studio": "Voilà, for wannb studio",
    "judge": "scores of blind judging",
    "slides": "storyboards as PowerPoint",
}
_SAMPLES = {"Latin": "A flower shop, fünf Äpfel", "Chinese": "花店，精美的橱窗"}
#: names of a command -> what it starts
_SERVERS = {
    "jupyter-lab jupyterlab": "JupyterLab",
    "jupyter-notebook notebook": "Notebook 7",
    "jupyterhub-singleuser": "JupyterHub",
}
_SEEN = "JupyterLab 4, Notebook 7 and Voilà"


def front_end() -> Line:
    """Say which program shows this process's outputs, as far as the environment tells."""
    shell = _shell()
    name, sure, do = _named_front_end(shell)
    if sure:
        return Line(name="front end", state="note" if do else "ok", says=name, do=do)
    return Line(name="front end", state="note", says=f"unsure: {name}", do=do)


def _named_front_end(shell: Any) -> tuple[str, bool, str]:
    """Return the front end, whether that is sure, and what to know about it."""
    known = os.environ
    unseen = f"The forms have been seen in {_SEEN} only; where one stays empty, use client.generate(...) instead"
    if "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in known:
        return "Colab", True, "Colab may not show what a form does while it works: form.run() waits and shows the end"
    if "KAGGLE_KERNEL_RUN_TYPE" in known:
        return "Kaggle", True, unseen
    if shell is None:
        return "a plain Python, no notebook: results show as text", True, ""
    if getattr(shell, "kernel", None) is None:
        return "IPython in a terminal: results show as text", True, ""
    if "__vsc_ipynb_file__" in getattr(shell, "user_ns", {}):
        return "VS Code", True, unseen
    if known.get("SERVER_SOFTWARE", "").lower().startswith("voila/"):
        return "Voilà", True, ""
    started = _parent_command()
    if "voila" in started:
        return "Voilà", True, ""
    if "VSCODE_PID" in known or "VSCODE_CWD" in known:
        return "VS Code", False, unseen
    for words, name in _SERVERS.items():
        if started & set(words.split()):
            return f"a server that was started as {name}; its page can be another", False, ""
    if "JPY_SESSION_NAME" in known:
        return "a Jupyter server, so JupyterLab or Notebook 7", False, ""
    return "a kernel that no Jupyter server started, such as of nbconvert", False, ""


def _shell() -> Any:
    ipython = sys.modules.get("IPython")  # where it was not imported, no shell of it runs
    return None if ipython is None else ipython.get_ipython()


def _parent_command() -> set[str]:
    """Return the names that stand in the command of the program that started this one; none where it cannot be told."""
    try:
        words = Path(f"/proc/{os.getppid()}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return set()
    return {Path(word).stem for word in words[:4]}


def kernel() -> Line:
    """Say which Python runs, and whether it is a notebook's kernel."""
    python = f"Python {platform.python_version()} on {platform.system()}"
    try:
        ipykernel = version("ipykernel")
    except PackageNotFoundError:
        do = f"{sys.executable} -m pip install ipykernel makes this Python a kernel"
        return Line(name="kernel", state="note", says=f"{python}; ipykernel is not installed here", do=do)
    runs = getattr(_shell(), "kernel", None) is not None
    return Line(
        name="kernel", state="ok", says=f"{python}, ipykernel {ipykernel}{'' if runs else ', not running here'}"
    )


def packages() -> Iterator[Line]:
    """Say which versions are here, and which are missing or too old."""
    needed, wrong = [], []
    for requirement in _requirements(None):
        try:
            here = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        needed.append(f"{requirement.name} {here}")
        if not requirement.specifier.contains(here, prereleases=True):
            wrong.append(f"{requirement.name} is {here}, needed is {requirement.specifier}")
    if wrong:
        do = f"{sys.executable} -m pip install -U wannb"
        yield Line(name="packages", state="wrong", says="; ".join(wrong), do=do)
    else:
        yield Line(name="packages", state="ok", says=", ".join(needed))


def extras() -> Line:
    """Say which optional parts are here."""
    here: list[str] = []
    missing: list[str] = []
    for extra in _EXTRAS:
        fits = [_fits(requirement) for requirement in _requirements(extra)]
        (here if fits and all(fits) else missing).append(extra)
    says = f"here: {', '.join(here) or 'none'}"
    if not missing:
        return Line(name="extras", state="ok", says=says)
    says += "; not here: " + ", ".join(f"{extra} ({_EXTRAS[extra]})" for extra in missing)
    return Line(name="extras", state="note", says=says, do=f'if wanted: pip install "wannb[{",".join(missing)}]"')


def _requirements(extra: str | None) -> Iterator[Any]:
    """Yield what the package asks for, or one of its extras."""
    from packaging.requirements import Requirement

    for text in requires("wannb") or ():
        requirement = Requirement(text)
        marker = requirement.marker
        always = marker is None or marker.evaluate({"extra": ""})
        if always if extra is None else not always and marker is not None and marker.evaluate({"extra": extra}):
            yield requirement


def _fits(requirement: Any) -> bool:
    try:
        return bool(requirement.specifier.contains(version(requirement.name), prereleases=True))
    except PackageNotFoundError:
        return False


def fonts() -> Line:
    """Say whether figures can set Latin and Chinese."""
    from wannb.figures import fonts as typeset

    faces = {script: typeset.families(text) for script, text in _SAMPLES.items()}
    says = "; ".join(
        f"{script}: {'no font has all of it' if face.missing else face.families[-1]}" for script, face in faces.items()
    )
    notices = [face.notice for face in faces.values() if face.missing]
    do = f"figures, grids and pages show □ for what is missing. {notices[0]}" if notices else ""
    return Line(name="fonts", state="note" if notices else "ok", says=says, do=do)
