"""A service that repeats secrets, and the search for them in all that is said and written."""

from __future__ import annotations

import json
import re
import traceback
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from conftest import FAST
from hostile import Hostile, is_create, is_query, ok
from IPython.core.ultratb import VerboseTB

from wannb.client import Client
from wannb.mock import Request, Response
from wannb.runs.store import Store
from wannb.service.endpoint import mock as mock_service

HERE = Path(__file__).parent
#: One as the vendor's keys look, and one that no pattern knows.
KEYS = ["sk-4c81e7f0everywhere92", "Jw8.pQ5~everywhere-Tn3"]
SIGNED = "SIG4everywhere"
LINK = f"https://bucket.example/cat.png?Expires=2000000000&Signature={SIGNED}"
PACE = replace(FAST, retry_seconds=0.2, lookups=(0.0, 0.02))
GIVEN_OUT = re.compile(rb'(?:Signature=|"signature": ?"|"policy": ?")([^"&\\]{8,})')


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the proxies out of the environment, so that a test brings its own."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Talkative:
    """A service that keeps in mind every signature it gives out, and whose refusals repeat key, link and address."""

    def __init__(self, key: str) -> None:
        self.secrets = {key, SIGNED}
        self.refusing = False
        said = f"{key} may not fetch {LINK}, api_key={key}"
        self._echo = {"code": "InvalidParameter", "message": said, "request_id": key, key: LINK}
        self.server = Hostile(self._script)

    def _script(self, request: Request, answer: Response) -> Any:
        for found in GIVEN_OUT.findall(answer.body):
            self.secrets |= {found.decode(), unquote(found.decode()), quote(found.decode(), safe="")}
        if self.refusing and is_create(request):
            body = json.dumps(self._echo).encode()
            head = f"HTTP/1.1 400 Bad\r\nx-echo: {LINK}\r\ncontent-length: {len(body)}\r\n\r\n"
            return [head.encode(), body]
        if self.refusing and is_query(request):
            task = request.path.rpartition("/")[2]
            output = {"task_id": task, "task_status": "FAILED", **self._echo}
            return ok(json.dumps({"request_id": "r", "output": output}).encode())
        return None

    def client(self, key: str, store: Path) -> Client:
        return Client(mock_service(self.server.base_url), key, Store(store), pace=PACE)

    def found_in(self, *texts: object) -> list[str]:
        """Return what stands around each secret in the texts."""
        found = []
        for text in map(str, texts):
            for secret in self.secrets:
                place = text.find(secret)
                if place >= 0:
                    found.append(text[max(0, place - 150) : place + len(secret)])
        return found


def told(error: BaseException) -> str:
    """Return an error as tracebacks that print variables tell it, the tests' own frames left out."""
    seen: BaseException | None = error
    inside = []
    while seen:
        sent = vars(seen).get("_request")  # an error of httpx holds its request, and so the key
        inside += [str(vars(seen)), str(sent and sent.headers.raw)]
        while seen.__traceback__ and HERE in Path(seen.__traceback__.tb_frame.f_code.co_filename).parents:
            seen.__traceback__ = seen.__traceback__.tb_next
        seen = seen.__cause__ or seen.__context__
    said = traceback.TracebackException.from_exception(error, capture_locals=True)
    verbose = VerboseTB(theme_name="nocolor", include_vars=True).text(type(error), error, error.__traceback__)
    return "\n".join([*said.format(), verbose, repr(error), *inside])


def unpacked(content: bytes) -> Iterator[str]:
    """Yield a file as it is, and what is packed inside it: of PNG chunks, PDF streams."""
    yield content.decode("latin-1")
    for start in re.finditer(rb"x[\x01\x5e\x9c\xda]", content):
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(content[start.start() :], 200_000).decode("latin-1")
