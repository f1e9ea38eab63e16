"""From arguments and the environment to the right service, with the key in one place."""

from __future__ import annotations

import codecs
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import wannb
from wannb import connect, connection
from wannb.errors import NoKey, StoreError
from wannb.masking import Secret
from wannb.runs import Store
from wannb.service import keys
from wannb.tools.doctor import doctor

KEY = "sk-0123456789abcdef"


def test_without_a_key_it_is_the_mock_server_and_says_so() -> None:
    with connect() as client:
        assert client.service.kind == "mock"
        assert "mock server, nothing is billed" in repr(client)
        assert "nothing is billed" in client._repr_html_()
        assert "127.0.0.1" not in repr(client) + client._repr_html_()


def test_two_clients_of_one_process_share_the_mock_server() -> None:
    with connect() as one, connect() as other:
        assert one.service == other.service


@pytest.mark.parametrize(
    ("options", "address", "region"),
    [
        ({}, "https://dashscope-intl.aliyuncs.com/api/v1", "singapore"),
        ({"region": "beijing"}, "https://dashscope.aliyuncs.com/api/v1", "beijing"),
        ({"workspace": "ws-1"}, "https://ws-1.ap-southeast-1.maas.aliyuncs.com/api/v1", "singapore"),
        ({"workspace": "ws-1", "region": "beijing"}, "https://ws-1.cn-beijing.maas.aliyuncs.com/api/v1", "beijing"),
        ({"base_url": "https://gateway.example/api/v1/"}, "https://gateway.example/api/v1", "singapore"),
        ({"base_url": "https://dashscope.aliyuncs.com/api/v1"}, "https://dashscope.aliyuncs.com/api/v1", "beijing"),
    ],
)
def test_regions_workspaces_and_addresses(options: dict[str, str], address: str, region: str) -> None:
    with connect(api_key=KEY, **options) as client:  # type: ignore[arg-type]
        assert (client.service.kind, client.service.base_url) == ("live", address)
        assert client.service.region == region, "the address decides the region and so the price"
        assert "live at" in repr(client)


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("WANNB_REGION", "beijing")
    monkeypatch.setenv("DASHSCOPE_WORKSPACE_ID", "ws-2")
    monkeypatch.setenv("WANNB_STORE", str(tmp_path / "there"))
    with connect() as client:
        assert client.service.base_url == "https://ws-2.cn-beijing.maas.aliyuncs.com/api/v1"
        assert client.store.root == tmp_path / "there"
    with connect("mock", store=tmp_path / "here") as client:
        assert client.service.kind == "mock"
        assert client.store.root == tmp_path / "here"


MOCK_ADDRESS = "http://127.0.0.1:8123/api/v1"
LIVE_ADDRESS = "https://dashscope-intl.aliyuncs.com/api/v1"


KEY_SET, MODE_SET = {"DASHSCOPE_API_KEY": KEY}, {"WANNB_MODE": "mock"}
ADDRESS_SET = {"DASHSCOPE_HTTP_BASE_URL": MOCK_ADDRESS}
SHARED_ADDRESS = "http://127.0.0.1:8124/api/v1"
#: What `wannb lab` and `wannb studio` set for their kernels if they found no key.
LAB = {connection.SHARED_MOCK: SHARED_ADDRESS}
#: What scripts set to send everything to a mock server.
SCRIPT = MODE_SET | ADDRESS_SET
GATEWAY = "https://gateway.example/api/v1"
GATEWAY_SET = {"DASHSCOPE_HTTP_BASE_URL": GATEWAY}


@pytest.mark.parametrize(
    ("environment", "mode", "options", "kind", "address"),
    [
        # A lab that was started without a key
        (LAB, None, {}, "mock", SHARED_ADDRESS),
        (LAB, "auto", {}, "mock", SHARED_ADDRESS),
        (LAB, "mock", {}, "mock", SHARED_ADDRESS),
        (LAB, "mock", {"api_key": KEY}, "mock", SHARED_ADDRESS),
        (LAB, None, {"api_key": KEY}, "live", LIVE_ADDRESS),
        (LAB, "auto", {"api_key": KEY}, "live", LIVE_ADDRESS),
        (LAB, "live", {"api_key": KEY}, "live", LIVE_ADDRESS),
        (LAB, None, {"api_key": KEY, "base_url": GATEWAY}, "live", GATEWAY),
        (LAB, None, {"api_key": KEY, "base_url": SHARED_ADDRESS}, "mock", SHARED_ADDRESS),
        (LAB, None, {"api_key": KEY, "base_url": SHARED_ADDRESS + "/"}, "mock", SHARED_ADDRESS),
        (LAB, None, {"base_url": MOCK_ADDRESS}, "mock", MOCK_ADDRESS),
        (LAB | KEY_SET, None, {}, "live", LIVE_ADDRESS),
        (LAB | KEY_SET, "live", {}, "live", LIVE_ADDRESS),
        (LAB | KEY_SET, "mock", {}, "mock", SHARED_ADDRESS),
        (LAB | KEY_SET | MODE_SET, None, {}, "mock", SHARED_ADDRESS),
        (LAB | MODE_SET, None, {"api_key": KEY}, "live", LIVE_ADDRESS),
        (LAB | GATEWAY_SET, None, {}, "mock", SHARED_ADDRESS),
        (LAB | GATEWAY_SET, None, {"api_key": KEY}, "live", GATEWAY),
        (LAB | {"DASHSCOPE_HTTP_BASE_URL": SHARED_ADDRESS}, None, {"api_key": KEY}, "live", LIVE_ADDRESS),
        (LAB | {"DASHSCOPE_HTTP_BASE_URL": SHARED_ADDRESS}, "live", {"api_key": KEY}, "live", LIVE_ADDRESS),
        (LAB | ADDRESS_SET, None, {}, "mock", MOCK_ADDRESS),
        # A script's environment
        (SCRIPT, None, {"api_key": KEY}, "live", LIVE_ADDRESS),
        (SCRIPT, "auto", {"api_key": KEY}, "live", LIVE_ADDRESS),
        (SCRIPT, "live", {"api_key": KEY}, "live", LIVE_ADDRESS),
        (SCRIPT, "live", {"api_key": KEY, "base_url": MOCK_ADDRESS}, "live", MOCK_ADDRESS),
        (SCRIPT, "mock", {"api_key": KEY}, "mock", MOCK_ADDRESS),
        (SCRIPT | KEY_SET, "live", {}, "live", LIVE_ADDRESS),
        (SCRIPT | KEY_SET, "auto", {}, "live", LIVE_ADDRESS),
        (SCRIPT | KEY_SET, None, {}, "mock", MOCK_ADDRESS),
        (SCRIPT, None, {}, "mock", MOCK_ADDRESS),
        (SCRIPT, None, {"base_url": "http://127.0.0.1:9/api/v1"}, "mock", "http://127.0.0.1:9/api/v1"),
        # A person's own
        ({}, None, {}, "mock", None),
        ({}, None, {"api_key": KEY}, "live", LIVE_ADDRESS),
        ({}, None, {"api_key": f" {KEY}\n"}, "live", LIVE_ADDRESS),
        ({}, "LIVE", {"api_key": KEY}, "live", LIVE_ADDRESS),
        (KEY_SET, None, {}, "live", LIVE_ADDRESS),
        (KEY_SET, "mock", {}, "mock", None),
        (KEY_SET, None, {"base_url": GATEWAY}, "live", GATEWAY),
        (MODE_SET | KEY_SET, None, {}, "mock", None),
        (MODE_SET, "auto", {"api_key": KEY}, "live", LIVE_ADDRESS),
        ({"WANNB_MODE": "live"}, None, {"api_key": KEY}, "live", LIVE_ADDRESS),
        ({"WANNB_MODE": "live"}, "mock", {}, "mock", None),
        (ADDRESS_SET, None, {"api_key": KEY}, "live", MOCK_ADDRESS),
        (ADDRESS_SET, None, {}, "mock", MOCK_ADDRESS),
        (GATEWAY_SET, None, {}, "mock", None),
        (GATEWAY_SET | KEY_SET, None, {}, "live", GATEWAY),
        (GATEWAY_SET | KEY_SET, "mock", {}, "mock", None),
    ],
)
def test_a_key_or_mode_that_is_given_wins_over_what_the_environment_has(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    mode: connection.Mode | None,
    options: dict[str, str],
    kind: str,
    address: str | None,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with connect(mode, **options) as client:  # type: ignore[arg-type]
        assert client.service.kind == kind
        assert address in (client.service.base_url, None)
        shown = repr(client) + client._repr_html_()
        assert ("is billed" in shown, "nothing is billed" in shown) == (True, kind == "mock"), shown


@pytest.mark.parametrize(
    ("environment", "mode", "options", "error", "words"),
    [
        (LAB, "live", {}, NoKey, "live mode needs a key"),
        (SCRIPT, "live", {}, NoKey, "live mode needs a key"),
        (LAB, "live", {"api_key": KEY, "base_url": SHARED_ADDRESS}, ValueError, "is a mock server: nothing .* live"),
        ({"WANNB_MODE": "live"}, None, {}, NoKey, "live mode needs a key"),
        ({}, None, {"base_url": GATEWAY}, NoKey, "'https://gateway.example/api/v1' needs a key"),
        ({}, "mock", {"base_url": GATEWAY, "api_key": KEY}, ValueError, "a mock server always is"),
        ({}, None, {"api_key": ""}, ValueError, "the API key is not text"),
        ({}, None, {"api_key": " "}, ValueError, "the API key is not text"),
        ({}, 5, {}, ValueError, "mode=5 is not"),
    ],
)
def test_what_contradicts_itself_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    mode: Any,
    options: dict[str, str],
    error: type[Exception],
    words: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(error, match=words) as caught:
        connect(mode, **options)  # type: ignore[arg-type]
    assert KEY not in str(caught.value)


def test_the_mock_server_of_this_process_is_never_called_live() -> None:
    with connect() as mock:
        address = mock.service.base_url
        with connect(api_key=KEY, base_url=address) as client:
            assert client.service.kind == "mock"
        with pytest.raises(ValueError, match="is a mock server"):
            connect("live", api_key=KEY, base_url=address)


def test_live_without_a_key_says_where_it_looks_in_the_language_that_is_asked_for() -> None:
    for language, words in (("en", "or leave the mode out"), ("zh", "[\u4e00-\u9fff]{4}")):
        with pytest.raises(NoKey, match=r"DASHSCOPE_API_KEY.*~/\.dashscope/api_key") as caught:
            connect("live", language=language)
        assert re.search(words, str(caught.value))
    with pytest.raises(ValueError, match="language='fr'"):
        connect("mock", language="fr")


# Where a key is looked for

OTHER = "sk-fedcba9876543210"


def key_file(content: bytes) -> None:
    file = Path.home() / ".dashscope" / "api_key"
    file.parent.mkdir()
    file.write_bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        f"{KEY}\n".encode(),
        f"\r\n {KEY}\r\n".encode(),
        KEY.encode("utf-8-sig"),  # Notepad
        f"{KEY}\r\n".encode("utf-16"),  # PowerShell
        codecs.BOM_UTF16_BE + KEY.encode("utf-16-be"),
    ],
    ids=["a line", "spaces around", "Notepad", "PowerShell", "big-endian"],
)
def test_the_key_file_of_the_official_sdk_is_read(content: bytes) -> None:
    key_file(content)
    assert keys.find_key() == (Secret(KEY), "~/.dashscope/api_key")
    with connect() as client:
        assert client.service.kind == "live"


@pytest.mark.parametrize("name", ["DASHSCOPE_API_KEY", "QWENCLOUD_API_KEY", "MODELSTUDIO_API_KEY"])
def test_a_key_is_found_under_each_of_its_names(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, KEY)
    with connect() as client:
        assert client.service.kind == "live"
        assert (name in repr(client)) is (name != "DASHSCOPE_API_KEY"), "another name than the usual one is said"
        assert KEY not in repr(client) + client._repr_html_()
    monkeypatch.setenv("DASHSCOPE_API_KEY", OTHER)
    assert keys.find_key() == (Secret(OTHER), "DASHSCOPE_API_KEY")


def test_the_file_that_the_sdk_is_told_of_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key_file(OTHER.encode())
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE_PATH", "~/mine.txt")
    (tmp_path / "mine.txt").write_text(KEY)
    monkeypatch.setenv("QWENCLOUD_API_KEY", "sk-third")
    assert keys.find_key() == (Secret(KEY), "DASHSCOPE_API_KEY_FILE_PATH")
    monkeypatch.delenv("DASHSCOPE_API_KEY_FILE_PATH")
    assert keys.find_key() == (Secret(OTHER), "~/.dashscope/api_key"), "the SDK's places come first"
    monkeypatch.setenv("DASHSCOPE_API_KEY", OTHER)
    assert keys.find_key() == (Secret(OTHER), "DASHSCOPE_API_KEY")


def test_a_key_that_is_renewed_is_taken_by_the_next_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    key_file(KEY.encode())
    with connect() as before:
        monkeypatch.setenv("DASHSCOPE_API_KEY", OTHER)
        with connect() as after:
            assert (before._key, after._key) == (Secret(KEY), Secret(OTHER))
    (Path.home() / ".dashscope" / "api_key").chmod(0o600)
    says = "yes, in DASHSCOPE_API_KEY; another one in ~/.dashscope/api_key is not used"
    assert (wannb.doctor()["key"].says, wannb.doctor()["key"].state) == (says, "note")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf \r\n", "it is empty"),
        (b"x" * (2**20 + 1), "over 1 MB"),
        (None, "not a plain file"),
        ("missing", "No such file"),
        ("closed", "Permission denied"),
    ],
    ids=["empty", "blank", "large", "folder", "gone", "closed"],
)
@pytest.mark.parametrize("place", ["~/.dashscope/api_key", "DASHSCOPE_API_KEY_FILE_PATH"])
def test_a_key_that_cannot_be_read_is_named_and_the_mock_takes_no_ones_place_in_silence(
    content: Any, why: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path.home() / ".dashscope" / "api_key"
    file.parent.mkdir()
    if place != "~/.dashscope/api_key":
        monkeypatch.setenv(place, str(file))
    if content is None:
        file.mkdir()
    elif content == "missing":
        file.symlink_to("nowhere")
    elif content == "closed":
        file.write_text(KEY)
        plain = keys.read_file

        def closed(path: Path, *, most: int) -> bytes:
            raise PermissionError(13, "Permission denied") if path == file else AssertionError(plain)

        monkeypatch.setattr(keys, "read_file", closed)
    else:
        file.write_bytes(content)
    for mode in (None, "live"):
        with pytest.raises(ValueError, match=rf"the API key in {place} cannot be read: .*{why}.*connect\('mock'\)"):
            connect(mode)  # type: ignore[arg-type]
    with connect("mock") as client:
        assert client.notices == ()
    found = wannb.doctor()["key"]
    assert (found.state, place in found.says, why in found.says) == ("wrong", True, True)


@pytest.mark.parametrize(
    ("variable", "value", "option", "why"),
    [
        ("WANNB_MODE", "bogus", {"mode": "mock"}, "is not 'auto', 'live' or 'mock'"),
        ("WANNB_REGION", "mars", {"region": "beijing"}, "is not one of 'singapore', 'beijing'"),
        ("WANNB_LANGUAGE", "fr", {"language": "zh"}, "is not one of 'en'"),
        ("DASHSCOPE_WORKSPACE_ID", "../evil", {"workspace": "ws-1"}, "is not a workspace id"),
        ("DASHSCOPE_HTTP_BASE_URL", "example.com", {"base_url": "https://host.example/api/v1"}, "is not an address"),
        ("DASHSCOPE_HTTP_BASE_URL", "http://example.com", {"mode": "mock"}, "would send the key unencrypted"),
    ],
)
def test_what_the_environment_gives_is_named_by_its_variable(
    variable: str, value: str, option: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    for key in ({}, {"api_key": KEY}) if not variable.endswith("_URL") else ({"api_key": KEY},):
        with pytest.raises(ValueError, match=f"^{variable}={value!r} {why}"):
            connect(**key)  # type: ignore[arg-type]
    connect(**{"api_key": KEY, **option}).close()


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff\xfe"], ids=["missing", "empty", "binary"])
def test_a_key_file_that_cannot_be_used_is_named_with_its_path_and_once(
    content: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key.txt"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE_PATH", str(file))
    with pytest.raises(ValueError, match=re.escape(repr(str(file)))):
        connect()
    assert [line.name for line in wannb.doctor().wrong] == ["key"]


@pytest.mark.parametrize(("key", "hint"), [("hello", True), ("gw.0123456789", True), (KEY, False)])
def test_a_key_of_another_kind_is_taken_with_a_hint(key: str, hint: bool) -> None:
    with connect(api_key=key) as client:
        assert client.service.kind == "live"
        assert ("does not begin with 'sk-'" in repr(client)) is hint
        assert key not in repr(client) + client._repr_html_()


def test_a_home_that_is_closed_to_this_user_is_like_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    with connect() as client:
        assert client.service.kind == "mock"


@pytest.mark.parametrize(
    "text",
    [f'"{KEY}"', f"'{KEY}'", f"DASHSCOPE_API_KEY={KEY}", f'{{"api_key": "{KEY}"}}', f"{KEY} {KEY}", f"{KEY}\u00e9"],
)
def test_a_key_with_something_around_it_is_refused_before_it_is_sent(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", text)
    with pytest.raises(ValueError, match="copy it again to DASHSCOPE_API_KEY") as caught:
        connect()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        *((name, False) for name in ("DASHSCOPE_KEY", "QWEN_API_KEY", "BAILIAN_API_KEY", "ALIBABA_API_KEY")),
        *((name, False) for name in ("dashscope_api_key", "QWEN_CLOUD_API_KEY", "ALIYUN_API_KEY", "DASHSCOPE_APIKEY")),
        *((name, True) for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "OPENAI_API_KEY")),
    ],
)
def test_a_variable_that_may_hold_a_key_and_is_not_read_is_named(
    name: str, read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, KEY)
    with connect() as client:
        assert client.service.kind == "mock"
        shown = repr(client) + client._repr_html_()
        assert (f"{name} is not read" in shown) is not read
        assert KEY not in shown
    assert (name in wannb.doctor()["key"].says) is not read
    with connect(language="zh") as client:
        assert ("不会读取" in repr(client)) is not read


def test_a_key_that_the_mode_leaves_unused_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANNB_MODE", "mock")
    with connect() as client:
        assert client.notices == ()
    key_file(KEY.encode())
    with connect() as client:
        assert "The key in ~/.dashscope/api_key is not used: WANNB_MODE is 'mock'" in repr(client)
    with connect("mock") as client:
        assert client.notices == (), "who says mock means it"


def test_an_address_of_the_live_service_is_never_taken_for_a_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", "https://dashscope.aliyuncs.com/api/v1")
    with connect() as client:
        assert client.service.base_url.startswith("http://127.0.0.1:")
    with pytest.raises(ValueError, match="not on this machine"):
        connect("mock", base_url="https://dashscope.aliyuncs.com/api/v1")


PLAIN = "a-key-of-another-form"
MISPLACED = [
    *((name, {}, {name: KEY}) for name in ("mode", "region", "workspace", "base_url", "store", "budget", "language")),
    ("mode", {}, {"mode": f" {KEY}\n"}),
    ("mode", {}, {"mode": KEY.encode()}),
    ("base_url", {}, {"base_url": f"https://{KEY}@gateway.example/api/v1"}),
    ("base_url", {}, {"base_url": f"https://gateway.example/api/v1?key={KEY}"}),
    ("store", {}, {"store": Path("runs") / KEY}),
    *(
        (name, {name: KEY}, {})
        for name in ("WANNB_MODE", "WANNB_REGION", "WANNB_STORE", "WANNB_LANGUAGE", "WANNB_MOCK_URL")
    ),
    *((name, {name: KEY}, {}) for name in ("DASHSCOPE_WORKSPACE_ID", "DASHSCOPE_HTTP_BASE_URL")),
    ("DASHSCOPE_API_KEY_FILE_PATH", {"DASHSCOPE_API_KEY_FILE_PATH": KEY}, {}),
    ("region", {"DASHSCOPE_API_KEY": PLAIN}, {"region": PLAIN}),
]


@pytest.mark.parametrize("more", [{}, {"api_key": "sk-fedcba9876543210"}], ids=["no other key", "a key"])
@pytest.mark.parametrize(("place", "environment", "options"), MISPLACED)
def test_a_key_in_a_wrong_place_is_not_shown_and_one_is_told_where_keys_go(
    place: str,
    environment: dict[str, str],
    options: dict[str, Any],
    more: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=rf"^{place} holds an API key.*connect\(api_key=.*DASHSCOPE_API_KEY") as caught:
        connect(**options, **more)
    everything = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    ours = everything.partition("in connect\n")[2]
    assert ours
    assert KEY not in str(caught.value) + ours
    assert PLAIN not in str(caught.value) + ours
    assert not list(Path.cwd().iterdir()), "no folder has the key in its name"
    assert KEY not in str(wannb.doctor()), "the check of the machine shows it neither"


def test_a_folder_or_workspace_may_begin_like_a_key() -> None:
    with connect("mock", store="sk-learn-experiments", workspace="sk-workshop-2026") as client:
        assert client.store.root.name == "sk-learn-experiments"


def test_other_doors_show_no_key_either() -> None:
    with pytest.raises(StoreError, match=r"DASHSCOPE_API_KEY") as caught:
        Store(KEY)
    assert KEY not in str(caught.value)
    with pytest.raises(TypeError, match=r"client holds an API key.*DASHSCOPE_API_KEY") as other:
        wannb.studio(KEY)  # type: ignore[arg-type]
    assert KEY not in str(other.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "dead"}, "mode='dead'"),
        ({"region": "mars"}, "region='mars'"),
        ({"workspace": "../evil"}, "workspace='../evil'"),
        ({"base_url": "http://example.com/api/v1", "api_key": KEY}, "unencrypted"),
        ({"base_url": "example.com", "api_key": KEY}, "is not an address"),
        ({"base_url": "https://u:p@example.com", "api_key": KEY}, "user name"),
        ({"api_key": "sk-a b"}, "holds spaces"),
        ({"budget": "much"}, "budget='much'"),
        ({"budget": -1}, "budget=-1"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        connect(**options)  # type: ignore[arg-type]


def test_a_budget_of_the_environment_holds_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANNB_BUDGET", "3")
    with connect("mock") as client:
        assert str(client.budget) == "3.00 USD"
    with connect("mock", budget=1) as client:
        assert str(client.budget) == "1.00 USD"
    monkeypatch.setenv("WANNB_BUDGET", "three")
    with pytest.raises(ValueError, match=r"WANNB_BUDGET='three' is not an amount of money; write it like 2\.50"):
        connect("mock")


def test_a_budget_is_in_the_regions_currency() -> None:
    with connect("mock", budget=2.5) as client:
        assert str(client.budget) == "2.50 USD"
    with connect("mock", region="beijing", budget="1") as client:
        assert str(client.budget) == "1.00 CNY"
    assert isinstance(client.budget, wannb.Money)


# Secrets of hosted notebooks


class TimeoutException(Exception):
    """As Colab raises it when its page does not answer."""


class SecretNotFoundError(Exception):
    """As Colab raises it for a name that has no secret."""


class NotebookAccessError(Exception):
    """As Colab raises it for a secret that was not opened to the notebook."""


class BackendError(Exception):
    """As Kaggle raises it for a name that has no secret."""


def hosted(monkeypatch: pytest.MonkeyPatch, host: str, answer: object) -> list[str]:
    """Let a host of notebooks answer with a secret, or raise an error; return the names that it is asked for."""
    asked: list[str] = []

    def get(*given: Any) -> object:
        asked.append(given[-1])
        if isinstance(answer, BaseException):
            raise answer
        return answer

    google, colab, userdata, kaggle = (ModuleType(name) for name in ("google", "colab", "userdata", "kaggle_secrets"))
    vars(google)["colab"], vars(colab)["userdata"], vars(userdata)["get"] = colab, userdata, get
    vars(kaggle)["UserSecretsClient"] = type("UserSecretsClient", (), {"get_secret": get})
    stand_ins = {"google": google, "google.colab": colab, "google.colab.userdata": userdata}
    for name, module in (stand_ins if host == "Colab" else {"kaggle_secrets": kaggle}).items():
        monkeypatch.setitem(sys.modules, name, module)
    return asked


@pytest.mark.parametrize("host", ["Colab", "Kaggle"])
def test_a_key_is_found_in_the_secrets_of_a_hosted_notebook(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = hosted(monkeypatch, host, f" {KEY}\n")
    with connect() as client:
        assert (client.service.kind, client._key) == ("live", Secret(KEY))
        assert f"The key is that in {host}'s secrets." in repr(client)
        assert KEY not in repr(client) + client._repr_html_()
    assert set(asked) == {"DASHSCOPE_API_KEY"}
    found = doctor()["key"]
    assert found.says == f"yes, in {host}'s secrets"
    with connect(language="zh") as client:
        assert f"{host} 的密钥" in repr(client)


@pytest.mark.parametrize("host", ["Colab", "Kaggle"])
def test_a_key_of_the_environment_wins_over_secrets_which_are_not_asked(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = hosted(monkeypatch, host, "sk-another-0123456789")
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    with connect() as client:
        assert client._key == Secret(KEY)
    with connect("mock"):
        pass
    with connect(api_key=KEY):
        pass
    assert asked == []


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("Colab", TimeoutException("Requesting secret DASHSCOPE_API_KEY timed out.")),
        ("Colab", SecretNotFoundError("no such secret")),
        ("Colab", TimeoutError()),
        ("Colab", AttributeError("no kernel")),
        ("Colab", None),
        ("Colab", ""),
        ("Colab", "  "),
        ("Kaggle", BackendError("no such secret")),
        ("Kaggle", ConnectionError("Timeout error trying to communicate with service.")),
        ("Kaggle", ValueError()),
        ("Kaggle", None),
    ],
)
def test_secrets_that_do_not_come_are_passed_over(host: str, answer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = hosted(monkeypatch, host, answer)
    with connect() as client:
        assert client.service.kind == "mock"
    assert asked


def test_a_secret_that_is_not_open_to_the_notebook_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    hosted(monkeypatch, "Colab", NotebookAccessError("no"))
    with pytest.raises(ValueError, match=r"in Colab's secrets cannot be read: this notebook may not read it; allow"):
        connect()


def test_a_secret_that_is_no_key_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    hosted(monkeypatch, "Colab", "two words")
    with pytest.raises(ValueError, match="Colab's secrets") as caught:
        connect()
    assert "two words" not in str(caught.value)


def test_an_interrupt_while_a_secret_is_asked_for_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    hosted(monkeypatch, "Colab", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        connect()
