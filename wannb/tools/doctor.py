"""State of wannb on a machine: a table of checks, each with its result and with advice."""

from __future__ import annotations

import os
import platform
import random
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wannb._version import __version__
from wannb.connection import connect, open_store
from wannb.display import html
from wannb.errors import ApiError, AuthenticationError, WannbError
from wannb.figures import fonts
from wannb.masking import mask
from wannb.runs import ENDED, NewerFormat, Store
from wannb.service import Clock, Transport, find_key, names_alike, other_keys
from wannb.translation import Said, Words, count, current, joined, override, say, spoken

if TYPE_CHECKING:
    from wannb.client import Client

    Check = Callable[["_Setting"], Iterator["Line"]]

__all__ = ["Checkup", "Line", "doctor"]

_SIGNS = {"ok": "✓", "note": "–", "wrong": "✗"}
_EXTRAS = {
    "lab": Said("JupyterLab, for wannb lab"),
    "studio": Said("Voilà, for wannb studio"),
    "judge": Said("scores of blind judging"),
    "slides": Said("storyboards as PowerPoint"),
}
_SAMPLES = {Said("Latin"): "A flower shop, fünf Äpfel", Said("Chinese"): "花店，精美的橱窗"}
#: A clock before the release of the model in April 2026 (vendor's page) was never set.
_EARLIEST = 1_774_990_000
#: Seconds between this clock and the service's: worth knowing, and wrong.
_ASIDE, _WRONG = 30, 300
#: Free bytes on the disk: too few for a single image of 4K, and few.
_FULL, _SCARCE = 100e6, 2e9
_SHARED_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "fuse.")


@dataclass(frozen=True, kw_only=True)
class Line:
    """The result of one check.

    Attributes:
        name: what was checked.
        state: "ok", "note" for what one should know, "wrong" for what keeps wannb from working as it should.
        says: the result, in a sentence.
        do: advice; empty where nothing is to be done.
    """

    name: str
    state: Literal["ok", "note", "wrong"]
    says: str
    do: str = ""

    def __str__(self) -> str:
        head = "WRONG" if self.state == "wrong" else self.state
        said = say(joined(": ", [Said(self.name), self.says]))
        return f"{head:5} {said}" + (f"\n      -> {say(self.do)}" if self.do else "")


@dataclass(frozen=True, kw_only=True, repr=False)
class Checkup:
    """The results of `wannb.doctor()`. They hold no key.

    Attributes:
        lines: the results, in the order of a first start.
        language: in which they are shown.
    """

    lines: tuple[Line, ...]
    language: str = field(default_factory=current)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; there may be notes."""
        return not self.wrong

    @property
    def wrong(self) -> tuple[Line, ...]:
        """The lines that are wrong."""
        return tuple(line for line in self.lines if line.state == "wrong")

    def __getitem__(self, name: str) -> Line:
        """Return the line of a name, such as `doctor()["store"]`."""
        for line in self.lines:
            if line.name == name:
                return line
        raise KeyError(name)

    @spoken
    def as_dict(self) -> dict[str, Any]:
        """Return the same as data for JSON."""
        lines = [{**vars(line), "says": say(line.says), "do": say(line.do)} for line in self.lines]
        return {"ok": self.ok, "wannb": __version__, "lines": lines}

    @spoken
    def summary(self) -> str:
        """Return the whole in one line."""
        notes = sum(line.state == "note" for line in self.lines)
        wrong = Said("{n} wrong", n=len(self.wrong)) if self.wrong else Said("nothing wrong")
        parts = [wrong, count(notes, "note")] if notes else [wrong]
        return say(joined(": ", [f"wannb {__version__}", joined(", ", parts)]))

    @spoken
    def __repr__(self) -> str:
        return "\n".join([self.summary(), *map(str, self.lines)])

    @spoken
    def _repr_html_(self) -> str:
        rows = [
            (_unbroken(f"{_SIGNS[line.state]} {line.state}"), _unbroken(Said(line.name)), line.says, line.do)
            for line in self.lines
        ]
        wrong = [
            joined(". ", [Said("{name}: {says}", name=Said(one.name), says=one.says), one.do]) for one in self.wrong
        ]
        table = html.table(["", "", Said("result"), Said("what to do")], rows)
        return html.block(self.summary(), body=html.scrolled(table, self.summary()), notes=wrong)


def doctor(client: Client | None = None, *, online: bool = False) -> Checkup:
    """Check everything that wannb needs on this machine, and return the results with advice.

    Nothing is raised, nothing is billed, and no part of a key is shown. The result shows itself as a table, in the
    language of the client or of `WANNB_LANGUAGE`.

    Args:
        client: the one to check; by default what `connect()` would use.
        online: ask the live service for its task list once, which is free, to check the key and this machine's clock.
            Without it nothing is sent.

    >>> wannb.doctor().ok    # doctest: +SKIP
    True
    """
    language = client.language if client is not None else os.environ.get("WANNB_LANGUAGE", "").strip() or "en"
    try:
        language = Words(language).language
    except ValueError:
        language = "en"
    with override(language), ExitStack() as stack:
        setting = _Setting(given=client, client=client, online=online)
        if client is None:
            try:
                setting = replace(setting, client=stack.enter_context(connect()))
            except Exception as error:
                setting = replace(setting, problem=mask(str(error)))
        return Checkup(lines=tuple(line for name, check in CHECKS.items() for line in _checked(name, check, setting)))


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """The client to check: the `given` one, or that of `connect()`, None with its `problem`."""

    given: Client | None
    client: Client | None
    online: bool
    problem: str = ""

    @property
    def live(self) -> Client | None:
        """The client, if it speaks to the live service."""
        return self.client if self.client is not None and self.client.service.kind == "live" else None


def _checked(name: str, check: Check, setting: _Setting) -> list[Line]:
    """Return the lines of a check; one that raises an error says so, and the others go on."""
    lines: list[Line] = []
    try:
        lines.extend(check(setting))
    except Exception as error:  # its own text could hold anything
        lines.append(_note(Said("could not be checked ({error})", error=type(error).__name__)))
    return [replace(line, name=line.name or name) for line in lines]


def _ok(says: str, *, name: str = "") -> Line:
    return Line(name=name, state="ok", says=says)


def _note(says: str, do: str = "", *, name: str = "") -> Line:
    return Line(name=name, state="note", says=says, do=do)


def _wrong(says: str, do: str, *, name: str = "") -> Line:
    return Line(name=name, state="wrong", says=says, do=do)


# The machine


def _front_end(setting: _Setting) -> Iterator[Line]:
    known, shell = os.environ, _shell()
    unseen = Said(
        "The forms have been seen in JupyterLab 4, Notebook 7 and Voilà only; where one stays empty, use "
        "client.generate(...) instead"
    )
    colab = Said("Colab may not show the progress of a form: form.run() waits and shows the end")
    table: list[tuple[bool, str, str]] = [
        ("google.colab" in sys.modules or "COLAB_RELEASE_TAG" in known, "Colab", colab),
        ("KAGGLE_KERNEL_RUN_TYPE" in known, "Kaggle", unseen),
        (shell is None, Said("plain Python, no notebook: results show as text"), ""),
        (getattr(shell, "kernel", None) is None, Said("IPython in a terminal: results show as text"), ""),
        ("__vsc_ipynb_file__" in getattr(shell, "user_ns", {}), "VS Code", unseen),
        (known.get("SERVER_SOFTWARE", "").lower().startswith("voila/"), "Voilà", ""),
        ("JPY_SESSION_NAME" in known, Said("a Jupyter server, with JupyterLab or Notebook 7"), ""),
        (True, Said("a kernel that no Jupyter server started, such as that of nbconvert"), ""),
    ]
    says, do = next((says, do) for fits, says, do in table if fits)
    yield _note(says, do) if do else _ok(says)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")  # where it was not imported, none of its shells runs
    return None if ipython is None else ipython.get_ipython()


def _kernel(setting: _Setting) -> Iterator[Line]:
    python = f"Python {platform.python_version()} · {platform.system()}"
    try:
        package = f"ipykernel {version('ipykernel')}"
    except PackageNotFoundError:
        do = Said("{python} -m pip install ipykernel makes this Python a kernel", python=sys.executable)
        yield _note(joined("; ", [python, Said("ipykernel is not installed")]), do)
        return
    here = [] if getattr(_shell(), "kernel", None) else [Said("not running here")]
    yield _ok(joined(", ", [python, package, *here]))


def _packages(setting: _Setting) -> Iterator[Line]:
    found, wrong = _installed(None)
    if wrong:
        yield _wrong(joined("; ", wrong), f"{sys.executable} -m pip install -U wannb")
    else:
        yield _ok(joined(", ", found))


def _extras(setting: _Setting) -> Iterator[Line]:
    here = [extra for extra in _EXTRAS if _installed(extra)[0] and not _installed(extra)[1]]
    missing = [extra for extra in _EXTRAS if extra not in here]
    says = Said("installed: {extras}", extras=joined(", ", here) or "–")
    if not missing:
        yield _ok(says)
        return
    named = [Said("{extra} ({what})", extra=extra, what=_EXTRAS[extra]) for extra in missing]
    do = Said('if wanted: pip install "wannb[{extras}]"', extras=",".join(missing))
    yield _note(joined("; ", [says, Said("not installed: {extras}", extras=joined(", ", named))]), do)


def _installed(extra: str | None) -> tuple[list[str], list[Said]]:
    """Return the packages that wannb, or one of its extras, needs and has, and what is wrong with them."""
    from packaging.requirements import Requirement

    found, wrong = [], []
    for requirement in map(Requirement, requires("wannb") or ()):
        marker, name = requirement.marker, requirement.name
        always = marker is None or marker.evaluate({"extra": ""})
        if always is not (extra is None) or not (marker is None or marker.evaluate({"extra": extra or ""})):
            continue
        try:
            here = version(name)
        except PackageNotFoundError:
            wrong.append(Said("{package} is missing", package=name))
            continue
        found.append(f"{name} {here}")
        if not requirement.specifier.contains(here, prereleases=True):
            needed = str(requirement.specifier)
            wrong.append(Said("{package} is {version}, needs {needed}", package=name, version=here, needed=needed))
    return found, wrong


def _fonts(setting: _Setting) -> Iterator[Line]:
    faces = {script: fonts.families(text) for script, text in _SAMPLES.items()}
    named = {script: Said("no complete font") if face.missing else face.families[-1] for script, face in faces.items()}
    says = joined("; ", [Said("{script}: {font}", script=script, font=font) for script, font in named.items()])
    notices = [face.notice for face in faces.values() if face.missing]
    if notices:
        do = Said("figures, grids and pages show □ for what is missing. {notice}", notice=notices[0])
        yield _note(says, do)
    else:
        yield _ok(says)


# The account


def _key(setting: _Setting) -> Iterator[Line]:
    if setting.given is not None and setting.live:
        yield _ok(Said("yes, the client has one"))
        return
    try:
        found = find_key()
    except ValueError as error:
        yield _wrong(str(error), Said("write it again as one line without spaces, or remove what is there"))
        return
    if found is None:
        do = Said("nothing, to go on with the mock server; for live images set DASHSCOPE_API_KEY")
        alike = joined(", ", names_alike())
        yield _note(Said("none; {names} is not read", names=alike) if alike else Said("none"), do)
        return
    place = found[1]
    file = Path(os.environ.get(place, "") if place.endswith("_PATH") else place).expanduser()
    if not setting.live and not setting.problem:
        yield _note(Said("yes, in {place}, not used here: the mode is mock", place=place))
    elif os.name == "posix" and file.is_file() and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        shown = place if file == Path(place).expanduser() else file
        yield _note(Said("yes, in {place}, which other users can read", place=place), f"chmod 600 {shown}")
    elif others := other_keys():
        says = Said("yes, in {place}; another one in {others} is not used", place=place, others=joined(", ", others))
        yield _note(says, Said("remove the one that is old"))
    else:
        yield _ok(Said("yes, in {place}", place=place))


def _service(setting: _Setting) -> Iterator[Line]:
    if setting.client is None:
        try:
            find_key()
        except ValueError as error:
            if mask(str(error)) == setting.problem:
                return  # the line of the key says it
        yield _wrong(setting.problem, Said("correct that environment variable, or unset it"), name=Said("settings"))
        return
    place = setting.client.service
    if setting.live:
        yield _ok(Said("live at {host}: every image that comes back is billed", host=place.host))
        workspace = Said("with a workspace") if place.workspace else Said("no workspace")
        says = Said("{region}, {workspace}. A key belongs to one region", region=place.region, workspace=workspace)
        yield _ok(says, name=Said("region"))
    else:
        yield _ok(Said("a mock server at {url}: nothing is billed", url=place.base_url))


def _limits(setting: _Setting) -> Iterator[Line]:
    client = setting.client
    if client is None:
        return
    says = Said(
        "{submits} submits a second, {running} running tasks of a model, {queries} queries a second; other programs of "
        "the account count too",
        submits=f"{client.pace.submits:g}",
        running=client.pace.running,
        queries=f"{client.pace.queries:g}",
    )
    yield _ok(says)
    spent = client.spent()
    budget = Said("none") if client.budget is None else str(client.budget)
    facts = {"budget": budget, "spent": str(spent) if spent else Said("unknown")}
    says = Said("{budget}; spent so far: {spent}", **facts)
    if client.service.kind == "mock":
        says = Said("{budget}; the mock server bills nothing (so far, live: {spent})", **facts)
    yield _ok(says, name=Said("budget"))


def _language(setting: _Setting) -> Iterator[Line]:
    yield _ok(current())


def _clock(setting: _Setting) -> Iterator[Line]:
    shown = f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC"
    set_it = Said("set this machine's clock: links, runs and certificates depend on it")
    if time.time() < _EARLIEST:
        yield _wrong(Said("{time}, which is long past", time=shown), set_it)
    elif not setting.online:
        asks = Said("--online, or doctor(online=True), compares it") if setting.live else Said("not compared")
        yield _ok(joined("; ", [shown, asks]))
    if setting.online and setting.live is None:
        yield _note(Said("no question was sent: without a key there is no live service"), name=Said("answer"))
    elif setting.online and setting.live is not None:
        ahead, within = yield from _ask(setting.live)
        aside = max(0.0, abs(ahead) - within)
        if within < _ASIDE and aside < _ASIDE:
            yield _ok(Said("{time}, same as the service's", time=shown))
        elif within < _ASIDE:
            says = Said(
                "{time}, {n} seconds behind the service's"
                if ahead > 0
                else "{time}, {n} seconds ahead of the service's",
                time=shown,
                n=f"{abs(ahead):.0f}",
            )
            yield (_wrong if aside > _WRONG else _note)(says, set_it)


def _ask(client: Client) -> Generator[Line, None, tuple[float, float]]:
    """Ask the service for tasks of the last second; return the difference of the clocks and its error in seconds."""
    place, key = client.service, client._key
    pace = replace(client.pace, retry_seconds=min(3, client.pace.retry_seconds))
    transport = Transport(place, key, pace=pace, clock=Clock(), random=random.random)
    with closing(transport):
        try:
            transport.tasks(since=time.time() - 1, until=time.time())
            yield _ok(Said("{host} accepts the key", host=place.host), name=Said("answer"))
        except AuthenticationError as error:
            yield _wrong(Said("the service does not accept the key"), error.next_step, name=Said("answer"))
        except ApiError as error:
            says = Said("{host} answered {code} (HTTP {status})", host=place.host, code=error.code, status=error.status)
            yield _wrong(says, error.next_step, name=Said("answer"))
        except WannbError as error:
            do = Said("check the network, and the proxy in HTTPS_PROXY if there is one")
            yield _wrong(mask(str(error), str(key)), do, name=Said("answer"))
        return transport.skew


# The folder of runs


def _store(setting: _Setting) -> Iterator[Line]:
    store = open_store() if setting.client is None else setting.client.store
    root = store.root
    if root.exists() and not root.is_dir():
        yield _wrong(Said("{folder} is a file", folder=str(root)), Said("give a folder: connect(store=...)"))
        return
    place = next(folder for folder in (root, *root.absolute().parents) if folder.is_dir())
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".wannb-doctor-"):
            pass
    except OSError as error:
        says = Said("cannot write to {folder}: {why}", folder=str(root), why=error.strerror or str(error))
        yield _wrong(says, Said("give another folder: connect(store=...) or WANNB_STORE"))
        if place == root:
            yield from _runs(store)
        return
    free, kind = shutil.disk_usage(place).free, _file_system(place)
    says = Said(
        "{folder}, {free} GB free" if place == root else "{folder} (created by the first run), {free} GB free",
        folder=str(root),
        free=f"{free / 1e9:.1f}",
    )
    if free < _SCARCE:
        do = Said("free some space before you pay for images: one has up to 30 MB")
        yield (_wrong if free < _FULL else _note)(says, do)
    elif kind.startswith(_SHARED_FILE_SYSTEMS):
        do = Said("locks may not hold between machines: use the folder from one machine at a time")
        yield _note(joined(", ", [says, Said("on a {kind} file system", kind=kind)]), do)
    elif store.short_lived:
        where, how = store.short_lived
        yield _note(joined(", ", [says, where]), how)
    else:
        yield _ok(says)
    if place == root:
        yield _locks(store)
        yield from _runs(store)
    else:
        with tempfile.TemporaryDirectory(dir=place, prefix=".wannb-doctor-") as trial:
            yield _locks(Store(trial))


def _file_system(folder: Path) -> str:
    """Return the kind of file system, as Linux names it; empty elsewhere."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text(errors="replace").splitlines()]
    except OSError:
        return ""
    place = folder.resolve()
    holders = [(len(mount[1]), mount[2]) for mount in mounts if len(mount) > 2 and place.is_relative_to(mount[1])]
    return max(holders, default=(0, ""))[1]


def _locks(store: Store) -> Line:
    """Check that one lock keeps a second one out, which lets two kernels share a folder."""
    do = Said("use this folder from one kernel at a time, or a folder on a local disk: connect(store=...)")
    try:
        if store.locks_hold():
            return _ok(Said("work: two kernels may share the folder"), name=Said("locks"))
        says = Said("do not keep a second kernel out: two that use the folder at the same time pay twice")
    except (WannbError, NotImplementedError) as error:
        why = getattr(error.__cause__, "strerror", None) or type(error).__name__
        says = Said("do not work in this folder: {why}", why=why)
    return _wrong(says, do, name=Said("locks"))


def _runs(store: Store) -> Iterator[Line]:
    runs, unreadable = store.runs(), store.unreadable()
    newer = [name for name, why in unreadable.items() if isinstance(why, NewerFormat)]
    damaged = [name if name.isprintable() else ascii(name) for name in unreadable if name not in newer]
    if waiting := sum(run.state not in ENDED for run in runs):
        do = Said("wannb rescue, or client.rescue(), saves what was paid for; links expire after 24 hours")
        yield _note(Said("{n}, of which {waiting} have not ended", n=len(runs), waiting=waiting), do, name=Said("runs"))
    else:
        yield _ok(str(len(runs)), name=Said("runs"))
    if newer:
        says = Said("written by a newer wannb: {runs}", runs=", ".join(newer[:5]))
        yield _note(says, Said("update wannb to use them; nothing is wrong with them"), name=Said("newer runs"))
    if damaged:
        do = Said("wannb rescue repairs the record where it can, and says what to do about the others")
        yield _wrong(joined(", ", damaged[:5]), do, name=Said("damaged runs"))
    newest = max((run.created for run in runs), default="")
    if newest > f"{datetime.now(timezone.utc) + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}":
        do = Said("check this machine's clock, and that of the machine where the run was made")
        yield _note(Said("is in the future: {time}", time=newest), do, name=Said("newest run"))


def _unbroken(text: str) -> html.Markup:
    return html.Markup(f'<span style="white-space:nowrap">{html.text(text)}</span>')


#: The checks, in the order of a first start.
CHECKS: dict[str, Check] = {
    Said("front end"): _front_end,
    Said("kernel"): _kernel,
    Said("packages"): _packages,
    Said("key"): _key,
    Said("service"): _service,
    Said("limits"): _limits,
    Said("store"): _store,
    Said("clock"): _clock,
    Said("language"): _language,
    Said("fonts"): _fonts,
    Said("extras"): _extras,
}
