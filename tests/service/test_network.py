"""Certificates and proxies of the environment: honoured as other programs do, or named in one sentence."""

from __future__ import annotations

import gc
import os
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import trustme
from isolation import PATIENCE

import wannb
from wannb.errors import ConnectionFailed, WannbError
from wannb.masking import Secret
from wannb.service import Clock, Pace, Transport, endpoint
from wannb.service.http import _distrust

CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
Connect = Callable[[], Transport]


@pytest.fixture(autouse=True)
def quick_clients() -> None:
    """Certificates are what is tested here: each client reads its own."""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the certificate of an authority that no system trusts; what it issued for a server here is beside it."""
    folder = tmp_path_factory.mktemp("certificates")
    made = trustme.CA(organization_name="wannb", organization_unit_name="tests")
    issued = made.issue_cert("localhost", "host.test")
    made.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    (folder / "hashed").mkdir()
    # As `openssl rehash` calls it, by the names of the authority.
    made.cert_pem.write_to_path(str(folder / "hashed" / "4d1a3f72.0"))
    (folder / "empty.pem").touch()
    return folder / "ca.pem"


class Secure:
    """A server that speaks TLS, directly or after a CONNECT as a proxy does, and answers `{}` to everything."""

    def __init__(self, authority: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.with_name("server.pem"))
        #: Hosts that it was asked to connect to.
        self.connects: list[str] = []
        #: What a CONNECT is answered with.
        self.connected = "200 ok"
        secure = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    if self.request.recv(1, socket.MSG_PEEK) == b"C":
                        secure.connects.append(self._head(self.request).split()[1])
                        self.request.sendall(f"HTTP/1.1 {secure.connected}\r\ncontent-length: 0\r\n\r\n".encode())
                        if not secure.connected.startswith("200"):
                            return
                    with context.wrap_socket(self.request, server_side=True) as line:
                        while self._head(line):
                            line.sendall(b"HTTP/1.1 200 ok\r\ncontent-length: 2\r\n\r\n{}")

            def _head(self, line: Any) -> str:
                head = b""
                while not head.endswith(b"\r\n\r\n") and (more := line.recv(1)):
                    head += more
                return head.decode()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)


@pytest.fixture
def secure(authority: Path) -> Iterator[Secure]:
    with closing(Secure(authority)) as server:
        yield server


@pytest.fixture
def connect(secure: Secure) -> Iterator[Callable[..., Transport]]:
    """Return a function that makes a connection to the server, or to another host."""
    made: list[Transport] = []

    def build(host: str = "") -> Transport:
        place = endpoint.live(region="singapore", base_url=f"https://{host or f'localhost:{secure.port}'}/api/v1")
        clock = Clock(sleep=lambda seconds: None)
        made.append(Transport(place, Secret("sk-0123456789"), pace=Pace(), clock=clock, random=lambda: 1.0))
        return made[-1]

    yield build
    for each in made:
        each.close()


def ask(transport: Transport) -> Any:
    return transport.call("GET", "/tasks/x")


# Certificates


@pytest.mark.parametrize("kind", ["file", "folder", "folders"])
@pytest.mark.parametrize("variable", CERTIFICATES)
def test_a_variable_with_certificates_is_honoured(
    variable: str, kind: str, connect: Connect, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = authority.with_name("hashed")
    places = {"file": str(authority), "folder": str(hashed), "folders": f"/none{os.pathsep}{hashed}"}
    monkeypatch.setenv(variable, places[kind])
    assert ask(connect()) == {}


def test_a_variable_set_after_the_first_failure_works_at_once_also_for_the_client_that_failed(
    connect: Connect, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = connect()
    with pytest.raises(ConnectionFailed):
        ask(before)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert ask(before) == {}
    assert ask(connect()) == {}
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ConnectionFailed):
        ask(connect())
    assert ask(before) == {}, "what works is left alone"


def test_a_file_that_has_changed_is_read_again(
    connect: Connect, authority: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import certifi

    file = tmp_path / "corporate.pem"
    file.write_bytes(Path(certifi.where()).read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    with pytest.raises(ConnectionFailed):
        ask(connect())
    with file.open("ab") as more:
        more.write(authority.read_bytes())
    assert ask(connect()) == {}


def test_an_unknown_certificate_is_called_that_with_the_way_out(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "truststore", None)  # as where it is not installed
    with pytest.raises(ConnectionFailed) as caught:
        ask(connect())
    said = str(caught.value)
    assert said.startswith(
        "the certificate of localhost is not trusted: unable to get local issuer certificate. Nothing was sent."
    )
    assert "SSL_CERT_FILE" in said
    assert "truststore" in said
    assert "_ssl.c" not in said


def test_an_unknown_certificate_is_not_waited_for(secure: Secure, connect: Connect) -> None:
    tries: list[int] = []
    transport = connect()
    with pytest.raises(ConnectionFailed):
        transport.retry(lambda: tries.append(1) or ask(transport))
    assert len(tries) == 1


@pytest.mark.parametrize("variable", CERTIFICATES)
def test_certificates_that_do_not_fit_are_named(
    variable: str, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    import certifi

    monkeypatch.setenv(variable, certifi.where())
    with pytest.raises(ConnectionFailed, match=rf"certificate.*{variable}='{certifi.where()}'"):
        ask(connect())


def test_a_certificate_of_another_host_is_called_that(
    secure: Secure, connect: Callable[[str], Transport], authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with pytest.raises(ConnectionFailed, match=r"certificate of 127\.0\.0\.1 .*IP address mismatch"):
        ask(connect(f"127.0.0.1:{secure.port}"))


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("none.pem", "No such file"),
        ("empty.pem", "no certificate"),
        ("key.pem", "no certificate"),
        (".", "no certificates named as"),
        (f"none{os.pathsep}also-none", "No such file"),
    ],
)
@pytest.mark.parametrize("variable", CERTIFICATES)
def test_a_variable_without_certificates_is_named_before_anything_is_sent(
    variable: str, place: str, why: str, connect: Connect, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(authority.parent)
    monkeypatch.setenv(variable, place)
    with pytest.raises(ValueError, match=rf"(?i)^{variable}='{place}' .*{why}.*[Cc]orrect"):
        connect()


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_is_none(value: str, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in CERTIFICATES:
        monkeypatch.setenv(variable, value)
    with pytest.raises(ConnectionFailed, match="set SSL_CERT_FILE"):
        ask(connect())


def test_a_variable_that_breaks_later_is_named_and_nothing_was_sent(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = connect()
    with pytest.raises(ConnectionFailed):
        ask(transport)
    monkeypatch.setenv("SSL_CERT_FILE", "/none.pem")
    with pytest.raises(ConnectionFailed, match=r"SSL_CERT_FILE='/none.pem'.*Nothing was sent"):
        ask(transport)


def test_the_mock_server_needs_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/none.pem")
    monkeypatch.setenv("HTTPS_PROXY", "gopher://x")
    with wannb.connect("mock") as client:
        assert client.runs() == []


@pytest.mark.parametrize("installed", [False, True])
def test_truststore_is_advised_only_where_it_is_not_installed(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "truststore", ModuleType("truststore") if installed else None)
    error = ssl.SSLCertVerificationError("no")
    error.verify_message, error.verify_code = "self-signed certificate", 18
    said = str(_distrust(error, "host.test"))
    assert ("install truststore" in said) is not installed
    assert ("let this system trust it" in said) is installed


def test_truststore_is_used_where_it_is_installed_also_when_that_is_done_after_a_failure(
    connect: Connect, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = connect()
    with pytest.raises(ConnectionFailed):
        ask(transport)

    class Trusting(ssl.SSLContext):
        def __init__(self, protocol: int) -> None:
            self.load_verify_locations(authority)

    truststore: Any = ModuleType("truststore")
    truststore.SSLContext = Trusting
    monkeypatch.setitem(sys.modules, "truststore", truststore)
    assert ask(transport) == {}
    assert ask(connect()) == {}
    import certifi

    monkeypatch.setenv("CURL_CA_BUNDLE", certifi.where())
    with pytest.raises(ConnectionFailed, match="CURL_CA_BUNDLE"):
        ask(connect())


def test_connections_that_nobody_closes_close_themselves(
    secure: Secure, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    place = endpoint.live(region="singapore", base_url=f"https://localhost:{secure.port}/api/v1")
    transport = Transport(place, Secret("sk-0123456789"), pace=Pace(), clock=Clock(), random=lambda: 1.0)
    assert ask(transport) == {}
    clients = transport._api, transport.files
    del transport
    gc.collect()
    assert all(client.is_closed for client in clients)


# Proxies


def goes_through(secure: Secure, transport: Transport) -> bool:
    """Return whether a request goes to the proxy; the straight way beyond this machine is barred for tests."""
    before = len(secure.connects)
    with suppress(RuntimeError, WannbError):
        ask(transport)
    return len(secure.connects) > before


@pytest.fixture
def proxy(secure: Secure, authority: Path, monkeypatch: pytest.MonkeyPatch) -> Secure:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{secure.port}")
    return secure


def test_a_proxy_carries_what_the_service_answers(proxy: Secure, connect: Callable[[str], Transport]) -> None:
    assert ask(connect("host.test")) == {}
    assert proxy.connects == ["host.test:443"]


@pytest.mark.parametrize(
    ("host", "unproxied", "through"),
    [
        # of the report
        ("host.test", "[::1]", True),
        ("host.test", "fd07::/64", True),
        ("[fd07::5]", "fd07::/64", False),
        ("[fd08::5]", "fd07::/64", True),
        ("[fd07::5]", "[fd07::5]", False),
        # IP addresses
        ("[fd07::5]:8443", "[fd07::5]:443", True),
        ("[fd07::5]", "[fd07::5]:443", False),
        ("[fd07::5]", "fd07:0::5", False),
        ("[fd07::5]", "[fd07::]/16", False),
        ("10.1.2.3", "10.0.0.0/8", False),
        ("11.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", False),
        ("10.1.2.3", "10.9.9.9/8", False),
        ("10.1.2.3:8443", "10.1.2.3:8443", False),
        ("10.1.2.3", "0.0.0.0/0", False),
        ("host.test", "0.0.0.0/0,::/0", True),
        # names
        ("host.test", "host.test", False),
        ("host.test", "HOST.Test", False),
        ("host.test", ".host.test", False),
        ("a.host.test", ".host.test", False),
        ("a.host.test", "host.test", False),
        ("ahost.test", "host.test", True),
        ("a.host.test", "*.host.test", False),
        ("host.test", "*", False),
        ("host.test", "host.test.", False),
        ("host.test", "localhost, host.test", False),
        ("host.test", "  host.test  ,x", False),
        ("host.test", "localhost host.test", False),
        ("host.test", "host.test:443", False),
        ("host.test:8443", "host.test:443", True),
        ("host.test:8443", "host.test:8443", False),
        ("host.test", "https://host.test", False),
        ("bücher.test", "bücher.test", False),
        ("bücher.test", "xn--bcher-kva.test", False),
        # rubbish, which other programs pass over
        ("host.test", "", True),
        ("host.test", ",,", True),
        ("host.test", "[", True),
        ("host.test", ":", True),
        ("host.test", "://", True),
        ("host.test", "[::1]:x,/,10.0.0.0/99,日本,a b", True),
    ],
)
def test_no_proxy_is_honoured(
    host: str,
    unproxied: str,
    through: bool,
    proxy: Secure,
    connect: Callable[[str], Transport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", unproxied)
    assert goes_through(proxy, connect(host)) is through


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_set_after_the_first_failure_works_at_once(
    variable: str,
    secure: Secure,
    connect: Callable[[str], Transport],
    authority: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{port}")
    transport = connect("host.test")
    with pytest.raises(ConnectionFailed, match="proxy of HTTPS_PROXY"):
        ask(transport)
    monkeypatch.delenv("HTTPS_PROXY")
    monkeypatch.setenv(variable, f"127.0.0.1:{secure.port}")
    assert ask(transport) == {}


@pytest.mark.parametrize("reached", [False, True])
@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("403 Forbidden", "administrator can allow host.test; if host.test is reached without a proxy, add it to NO_"),
        ("502 Bad Gateway", "did not connect to host.test: 502 Bad Gateway. Nothing was sent"),
        ("503 Service Unavailable", "did not connect to host.test: 503"),
        ("504 Gateway Timeout", "did not connect to host.test: 504"),
        ("404 Not Found", "did not connect to host.test: 404"),
        ("302 Found", "did not connect to host.test: 302"),
        ("429 Too Many Requests", "did not connect to host.test: 429"),
        ("407 Proxy Authentication Required", "asks for a name and a password (407 Proxy Authentication Required). No"),
    ],
)
def test_a_proxy_that_does_not_connect_is_said_to_at_once(
    status: str, says: str, reached: bool, proxy: Secure, connect: Callable[[str], Transport]
) -> None:
    transport = connect("host.test")
    transport._reached, proxy.connected = reached, status
    with pytest.raises(ConnectionFailed) as caught:
        transport.create({"model": "wan2.7-image"}, oss=False, turn=nullcontext)
    assert str(caught.value).startswith("the proxy of HTTPS_PROXY ")
    assert says in str(caught.value)
    assert "othing was sent" in str(caught.value)
    with pytest.raises(ConnectionFailed, match="proxy of HTTPS_PROXY"):
        transport.learn_time()
    assert proxy.connects == ["host.test:443"] * 2


def test_a_proxy_that_stops_connecting_is_asked_for_some_seconds_while_a_task_is_waited_for(
    proxy: Secure, connect: Callable[[str], Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    transport, slept = connect("host.test"), list[float]()
    transport.clock = Clock(sleep=slept.append)
    monkeypatch.setattr("tenacity.time.monotonic", lambda: sum(slept))
    transport._reached, proxy.connected = True, "502 Bad Gateway"
    with pytest.raises(ConnectionFailed):
        transport.query("0385dc79")
    assert 3 <= sum(slept) <= 6.5


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("gopher://bob:hunter2@proxy.test:1", "gopher"),
        ("socks4://bob:hunter2@proxy.test:1", "socks4"),
        ("socks5://bob:hunter2@proxy.test:1", "socksio"),
        ("http://bob:hunter2@proxy.test:abc", "port"),
        ("proxy.test:abc", "port"),
        ("http://bob:hunter2@[::1:9", "port"),
        ("http://", "like http://host:port"),
        ("://", "."),
        ("proxy test", "like http://host:port"),
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    variable: str,
    address: str,
    why: str,
    connect: Callable[[str], Transport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, address)
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(ValueError, match=rf"(?i)^the proxy in {variable} cannot be used: .*{why}.*Correct") as caught:
        connect("host.test")
    assert "hunter2" not in str(caught.value)
    assert "bob" not in str(caught.value)


def test_a_proxy_for_other_services_does_not_matter(
    secure: Secure, connect: Connect, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    monkeypatch.setenv("HTTP_PROXY", "gopher://x")
    monkeypatch.setenv("FTP_PROXY", "gopher://x")
    assert ask(connect()) == {}
