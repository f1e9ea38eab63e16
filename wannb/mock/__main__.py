"""Command line of the mock server: `python -m wannb.mock --port 8765`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from wannb.masking import holds_key
from wannb.mock.recordings.recorder import record
from wannb.mock.server.http import MockServer, PortTaken, give_memory_back, serve
from wannb.mock.server.scenarios import SCENARIOS


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; print the base URL as the only line on stdout. Return the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if any(map(holds_key, argv)):
        print("An API key is no argument: clients send it, and the mock server takes any.", file=sys.stderr)
        return 2
    parser = _parser()
    options = parser.parse_args(argv)
    if options.list_scenarios:
        for scenario in SCENARIOS.values():
            print(f"{scenario.name}: {scenario.explanation}")
        return 0
    if options.record == "live":
        parser.error(
            "run wannb mock --record live --max-images 1 for the live service; for a folder of that name write ./live"
        )
    if options.max_images is not None and not options.record:
        parser.error("--max-images works only with --record FOLDER")
    if options.upstream and not options.record:
        parser.error("--upstream works only with --record FOLDER")
    if options.strict and not options.replay:
        parser.error("--strict needs recordings to answer from: give --replay FOLDER as well")
    if options.record and options.replay:
        parser.error("--record and --replay cannot be used together")
    try:
        server = _start(options)
    except (PortTaken, FileNotFoundError, ValueError, OverflowError) as trouble:
        print(getattr(trouble, "strerror", None) or trouble, file=sys.stderr)
        return 2
    give_memory_back()
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda number, frame: stop.set())
    with server:
        print(server.base_url, flush=True)
        # In steps: on Windows an endless wait does not notice the signal.
        while not stop.wait(0.5):
            pass
    return 0


def _start(options: argparse.Namespace) -> MockServer:
    both = {name: getattr(options, name) for name in ("port", "scenario", "task_seconds")}
    if options.record:
        return record(options.record, options.upstream, max_images=options.max_images, **both)
    own = {name: getattr(options, name) for name in ("replay", "strict", "limits", "captions")}
    return serve(**both, **own)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wannb.mock",
        description="Serve a mock of the Wan 2.7 image service on this machine: any key will do, nothing is billed.",
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--scenario", choices=list(SCENARIOS), metavar="NAME", help="the fault to play")
    parser.add_argument("--list-scenarios", action="store_true", help="print the scenarios and exit")
    parser.add_argument(
        "--replay",
        action="append",
        metavar="FOLDER",
        help='answer from recordings or from runs; "bundled" for those of the package; repeat it for several folders',
    )
    parser.add_argument("--strict", action="store_true", help="refuse a request that has no recording")
    parser.add_argument("--task-seconds", type=float, default=0.6, metavar="S", help="how long a task takes")
    parser.add_argument("--limits", action="store_true", help="hold clients to the service's limits")
    parser.add_argument(
        "--no-captions", dest="captions", action="store_false", help="leave the prompt out of the MOCK label"
    )
    parser.add_argument(
        "--record",
        metavar="FOLDER",
        help="write recordings of what passes into a folder; with a key: wannb mock --record live --help",
    )
    parser.add_argument(
        "--max-images", type=int, metavar="N", help="with --record: refuse what could make more images than that"
    )
    parser.add_argument(
        "--upstream", metavar="URL", help="record another server, such as the live service (this costs money)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
