"""`wannb class`: the gateway of a class on a port of this machine, with its pages."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import socket
import time
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from wannb.connection import connect
from wannb.request import MODELS

if TYPE_CHECKING:
    from wannb.classroom import Books

HOST = "127.0.0.1"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `wannb class`."""
    parser.add_argument("--people", type=int, default=30, help="how many join (default: 30)")
    parser.add_argument("--images", type=int, default=8, help="images each may make (default: 8)")
    parser.add_argument("--total", type=int, help="images that all may make together")
    parser.add_argument("--money", help="the most that all may cost, in the region's currency, such as 20")
    parser.add_argument("--until", help="the time at which nothing more is taken, such as 17:00")
    parser.add_argument("--model", action="append", default=[], help="a model that may be asked for (default: all)")
    parser.add_argument("--size", action="append", default=[], help="a size that may be asked for, such as 1K")
    parser.add_argument("--no-sets", action="store_true", help="no image sets")
    parser.add_argument("--then-mock", action="store_true", help="whoever is at a cap goes on with drawn pictures")
    parser.add_argument("--mock", action="store_true", help="the mock server, for nothing; the default without a key")
    parser.add_argument("--replay", type=Path, help="the mock server with the pictures of this folder of runs")
    parser.add_argument("--folder", type=Path, default=Path("wannb-class"), help="the class's books and runs")
    parser.add_argument("--host", default=HOST, help="the address to listen at (default: this machine alone)")
    parser.add_argument("--port", type=int, default=8800, help="the port (default: 8800)")
    parser.add_argument("--certificate", type=Path, help="a file with certificate and key, for https")
    parser.add_argument("--language", default="en", choices=("en", "zh"), help="of the pages (default: en)")


def run(options: argparse.Namespace) -> int:
    """Serve a class until it is ended, and return the exit status.

    Raises:
        ValueError: an option that cannot be used, before anything is started.
    """
    import uvicorn

    from wannb.classroom import Books, Caps, Gateway, Site

    caps = Caps(
        total=options.total,
        money=_money(options.money),
        until=_moment(options.until),
        models=tuple(options.model),
        sizes=tuple(options.size),
        sets=not options.no_sets,
        draw_on=options.then_mock,
    )
    if options.people < 0 or options.images < 0:
        raise ValueError("--people and --images cannot be negative")
    if wrong := next((model for model in options.model if model not in MODELS), None):
        raise ValueError(f"--model {wrong}: {' or '.join(MODELS)}")
    listening = _listening(options.host, options.port)
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if options.replay is not None:
            from wannb.mock import serve

            server = stack.enter_context(serve(replay=options.replay))
            client = stack.enter_context(connect("mock", base_url=server.base_url, store=folder / "runs"))
        else:
            client = stack.enter_context(connect("mock" if options.mock else None, store=folder / "runs"))
        drawn = None
        if options.then_mock:
            drawn = client
            if client.service.kind != "mock":
                drawn = stack.enter_context(connect("mock", store=folder / "drawn"))
        books = Books(folder / "class.sqlite")
        stack.callback(books.close)
        for number in range(len(books.people()) + 1, options.people + 1):
            books.add(str(number), most=options.images)
        token = books.setting("token") or secrets.token_hex(24)
        books.set("token", token)
        gateway = stack.enter_context(Gateway(client, books, caps, mock=drawn))
        site = Site(gateway, token=token, folder=folder, language=options.language)
        _announce(options, client.service.kind, client.service.host, books, token, listening)
        config = uvicorn.Config(
            site.app,
            log_level="warning",
            access_log=False,  # the names of pictures are not for a log
            ssl_certfile=options.certificate,
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
    return 0


def _announce(
    options: argparse.Namespace, kind: str, host: str, books: Books, token: str, listening: socket.socket
) -> None:
    scheme = "https" if options.certificate else "http"
    address = f"{scheme}://{_named(options.host)}:{listening.getsockname()[1]}"
    if kind == "mock":
        print("Practice: the mock server draws the pictures. Nothing is sent out and nothing is billed.")
    else:
        print(f"Live at {host}: every image that comes back is billed to your key.")
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
