"""`wannb class`: the gateway of a class on a port of this machine, with its pages."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import socket
import ssl
import time
from collections import Counter
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wannb.connection import connect, open_store
from wannb.errors import WannbError
from wannb.files import make_folder
from wannb.request import MODELS, MODES, ImageRequest
from wannb.runs import DONE

if TYPE_CHECKING:
    from wannb.classroom import Books, Caps, Gateway
    from wannb.client import Client

HOST = "127.0.0.1"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `wannb class`."""
    parser.add_argument("--people", type=int, help="how many join (default: 30)")
    parser.add_argument("--images", type=int, default=8, help="images each may make (default: 8)")
    parser.add_argument("--total", type=int, help="images that all may make together")
    parser.add_argument("--money", help="the most that all may cost, in the region's currency, such as 20")
    parser.add_argument("--until", help="the time at which nothing more is taken, such as 17:00")
    parser.add_argument("--model", action="append", default=[], help="a model that may be asked for (default: all)")
    parser.add_argument("--size", action="append", default=[], help="a size that may be asked for, such as 1K")
    modes = ", ".join(map(repr, MODES))
    parser.add_argument("--mode", action="append", default=[], help=f"a mode that may be asked for, of {modes}")
    parser.add_argument(
        "--then-mock", action="store_true", help="whoever is at a cap goes on with drawn pictures, as many again"
    )
    parser.add_argument("--mock", action="store_true", help="the mock server, for nothing; the default without a key")
    parser.add_argument("--replay", type=Path, help="the mock server with the pictures of this folder of runs")
    parser.add_argument("--folder", type=Path, default=Path("wannb-class"), help="the class's books and runs")
    parser.add_argument("--host", default=HOST, help="the address to listen at (default: this machine alone)")
    parser.add_argument("--port", type=int, default=8800, help="the port (default: 8800)")
    parser.add_argument("--certificate", type=Path, help="a file with certificate and key, for https")
    parser.add_argument("--teachers", default="teachers", help="behind JupyterHub: the group with the teacher's page")
    parser.add_argument("--language", help="of the pages, en or zh (default: WANNB_LANGUAGE, then en)")


def run(options: argparse.Namespace) -> int:
    """Serve a class until it is ended, and return the exit status.

    Raises:
        ValueError: an option that cannot be used, before anything is started.
    """
    import uvicorn

    from wannb.classroom import Books, Gateway
    from wannb.mock.server.http import give_memory_back

    hub = _started_by_hub(options)
    recorded = _recorded(options.replay)
    caps = _caps(options, recorded)
    people = (0 if hub else 30) if options.people is None else options.people
    if people < 0 or options.images < 0:
        raise ValueError("--people and --images cannot be negative")
    _check_certificate(options.certificate)
    listening = _listening(*(hub or (options.host, options.port)))
    folder = options.folder.resolve()
    make_folder(folder)
    give_memory_back()
    with ExitStack() as stack:
        client, drawn = _clients(options, folder, stack)
        books = Books(folder / "class.sqlite")
        stack.callback(books.close)
        for number in range(len(books.people()) + 1, people + 1):
            books.add(str(number), most=options.images)
        token = books.setting("token") or secrets.token_hex(24)
        books.set("token", token)
        gateway = stack.enter_context(Gateway(client, books, caps, mock=drawn, replayed=recorded))
        app, served = _app(options, gateway, token, folder, hub=hub is not None)
        print(_kind(client, recorded, options))
        if caps.until:
            print(f"Nothing more is taken from {datetime.fromtimestamp(caps.until):%H:%M on %A, %Y-%m-%d} on.")
        if hub is None:
            _announce(options, books, token, listening)
        config = uvicorn.Config(app, ssl_certfile=options.certificate, **served)
        with suppress(KeyboardInterrupt):  # Ctrl-C, after everything was let go
            asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
    return 0


def _app(options: argparse.Namespace, gateway: Gateway, token: str, folder: Path, *, hub: bool) -> tuple[Any, Any]:
    """Return the application, and how uvicorn serves it."""
    from wannb.classroom import Site

    site = Site(gateway, token=token, folder=folder, hub=hub)
    if not hub:
        return site.app, site.SERVED
    from wannb.classroom import Hub

    print(
        f"JupyterHub says who asks. Its admins and the group {options.teachers!r} have the teacher's page.", flush=True
    )
    return Hub(site, secret=token, most=options.images, teachers=options.teachers), site.SERVED


def _started_by_hub(options: argparse.Namespace) -> tuple[str, int] | None:
    """Return host and port that JupyterHub gave to this process as one of its services, None where it is none.

    A notebook server of a hub has the same variables but for the service's name.
    """
    url = urlsplit(os.environ.get("JUPYTERHUB_SERVICE_URL", ""))
    if not os.environ.get("JUPYTERHUB_SERVICE_NAME"):
        return None
    if not url.hostname or not url.port:
        raise ValueError('JupyterHub gave this service no address: give it a "url" such as http://127.0.0.1:10101')
    if options.people is not None or options.certificate:
        raise ValueError("--people and --certificate: the hub says who is of the class, and does TLS; leave them out")
    if find_spec("jupyterhub") is None:
        raise ValueError('JupyterHub is not installed beside wannb; pip install "wannb[class,hub]"')
    return url.hostname, url.port


def _recorded(folder: Path | None) -> list[ImageRequest]:
    """Return the requests of a folder's finished runs, the newest first."""
    if folder is None:
        return []
    found = []
    for run in open_store(folder).runs() if folder.is_dir() else ():
        with suppress(WannbError):  # a damaged one is not replayed
            if run.state == DONE and run.whole and run.request is not None:
                found.append(run.request)
    if not found:
        raise ValueError(f"--replay {folder}: there are no finished runs; give a folder of runs, such as wannb-runs")
    return found


def _caps(options: argparse.Namespace, recorded: list[ImageRequest]) -> Caps:
    from wannb.classroom import Caps

    for name, known in (("model", MODELS), ("mode", MODES)):
        if wrong := next((each for each in getattr(options, name) if each not in known), None):
            raise ValueError(f"--{name} {wrong}: {' or '.join(known)}")
    # What is recorded may be asked for, so that pages and programs ask for that: of most runs first.
    models = options.model or [name for name, _ in Counter(str(each.model) for each in recorded).most_common()]
    sizes = options.size or [name for name, _ in Counter(str(each.size) for each in recorded).most_common()]
    return Caps(
        total=options.total,
        money=_money(options.money),
        until=_moment(options.until),
        models=tuple(models),
        sizes=tuple(sizes),
        modes=tuple(options.mode),
    )


def _clients(options: argparse.Namespace, folder: Path, stack: ExitStack) -> tuple[Client, Client | None]:
    """Return who asks the service, and who draws for those who are at a cap, if anybody."""
    if options.replay is not None:
        from wannb.mock import serve

        server = stack.enter_context(serve(replay=options.replay))
        client = connect("mock", base_url=server.base_url, store=folder / "runs", language=options.language)
    else:
        client = connect("mock" if options.mock else None, store=folder / "runs", language=options.language)
    stack.enter_context(client)
    if not options.then_mock or client.service.kind == "mock":
        return client, client if options.then_mock else None
    return client, stack.enter_context(connect("mock", store=folder / "drawn"))


def _kind(client: Client, recorded: list[ImageRequest], options: argparse.Namespace) -> str:
    if recorded:
        return (
            f"Practice: whoever asks for one of the {len(recorded)} runs in {options.replay}, with its prompt, size "
            "and number of images, is given its pictures, whatever the seed. Anything else is drawn, and says MOCK. "
            "Nothing is sent out and nothing is billed."
        )
    if client.service.kind == "mock":
        return "Practice: the mock server draws the pictures. Nothing is sent out and nothing is billed."
    return f"Live at {client.service.host}: every image that comes back is billed to your key."


def _announce(options: argparse.Namespace, books: Books, token: str, listening: socket.socket) -> None:
    scheme = "https" if options.certificate else "http"
    address = f"{scheme}://{_named(options.host)}:{listening.getsockname()[1]}"
    if options.host != HOST:
        print(f"Everyone in this network can reach {address}; each request needs a code.")
        if not options.certificate:
            print("Without --certificate codes and pictures can be read by others in the network.")
    print(f"Students open {address}/ with their code; programs use {address}/api/v1 with the code in place of the key.")
    for person in books.people():
        print(f"  {person.name:>12}  {person.code}")
    print(
        f"The teacher's page: {address}/teacher?token={token}\nCtrl-C ends the class; started again it goes on.",
        flush=True,
    )


def _named(host: str) -> str:
    """Return the address that others use for a server that listens everywhere."""
    anywhere = False
    with suppress(ValueError):  # a name
        anywhere = ip_address(host).is_unspecified
    if not anywhere:
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))  # nothing is sent: only a route is looked up
        except OSError:
            return socket.gethostname()
        return str(trial.getsockname()[0])


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ValueError(f"cannot listen at {host}:{port}: {error.strerror or error}; --port names another") from error


def _check_certificate(file: Path | None) -> None:
    if file is not None:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(file)
        except OSError as error:  # what ssl raises is one too
            why = "it holds no certificate with its key, as PEM" if isinstance(error, ssl.SSLError) else error.strerror
            raise ValueError(f"--certificate {file}: {why}") from error


def _money(text: str | None) -> Decimal | None:
    try:
        amount = None if text is None else Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if amount is not None and not (amount.is_finite() and amount >= 0):
        raise ValueError(f"--money {text}: a number such as 20 or 7.50")
    return amount


def _moment(text: str | None) -> float | None:
    """Return the epoch seconds of a time of today, of tomorrow where it has passed."""
    if text is None:
        return None
    try:
        hour, minute = map(int, text.split(":"))
        moment = datetime.now().replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        raise ValueError(f"--until {text}: a time such as 17:00") from None
    return (moment if moment.timestamp() > time.time() else moment + timedelta(days=1)).timestamp()
