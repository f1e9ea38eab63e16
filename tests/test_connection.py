"""From arguments and the environment to the right service, with the key in one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import wannb
from wannb import connect, connection
from wannb.errors import NoKey

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
#: What `wannb lab` sets.
LAB = MODE_SET | ADDRESS_SET


@pytest.mark.parametrize(
    ("environment", "mode", "options", "kind", "address"),
    [
        (LAB, None, {"api_key": KEY}, "live", LIVE_ADDRESS),
        (LAB, "auto", {"api_key": KEY}, "live", LIVE_ADDRESS),
        (LAB, "live", {"api_key": KEY}, "live", LIVE_ADDRESS),
        (LAB, "live", {"api_key": KEY, "base_url": MOCK_ADDRESS}, "live", MOCK_ADDRESS),
        (LAB, "mock", {"api_key": KEY}, "mock", MOCK_ADDRESS),
        (LAB | KEY_SET, "live", {}, "live", LIVE_ADDRESS),
        (LAB | KEY_SET, "auto", {}, "live", LIVE_ADDRESS),
        (LAB | KEY_SET, None, {}, "mock", MOCK_ADDRESS),
        (LAB, None, {}, "mock", MOCK_ADDRESS),
        (LAB, None, {"base_url": "http://127.0.0.1:9/api/v1"}, "mock", "http://127.0.0.1:9/api/v1"),
        (MODE_SET | KEY_SET, None, {}, "mock", None),
        (ADDRESS_SET, None, {"api_key": KEY}, "live", MOCK_ADDRESS),
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


def test_live_without_a_key_says_where_it_looks_in_the_language_that_is_asked_for() -> None:
    for language, words in (("en", "or leave the mode out"), ("zh", "[\u4e00-\u9fff]{4}")):
        with pytest.raises(NoKey, match=r"DASHSCOPE_API_KEY.*~/\.dashscope/api_key") as caught:
            connect("live", language=language)
        assert re.search(words, str(caught.value))
    with pytest.raises(ValueError, match="language='fr'"):
        connect("mock", language="fr")


def test_the_key_file_of_the_official_sdk_is_read(tmp_path: Path) -> None:
    (tmp_path / ".dashscope").mkdir()
    (tmp_path / ".dashscope" / "api_key").write_text(f"{KEY}\n")
    with connect() as client:
        assert client.service.kind == "live"


def test_an_address_of_the_live_service_is_never_taken_for_a_mock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", "https://dashscope.aliyuncs.com/api/v1")
    with connect() as client:
        assert client.service.base_url.startswith("http://127.0.0.1:")
    with pytest.raises(ValueError, match="not on this machine"):
        connect("mock", base_url="https://dashscope.aliyuncs.com/api/v1")


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


def test_a_budget_is_in_the_regions_currency() -> None:
    with connect("mock", budget=2.5) as client:
        assert str(client.budget) == "2.50 USD"
    with connect("mock", region="beijing", budget="1") as client:
        assert str(client.budget) == "1.00 CNY"
    assert isinstance(client.budget, wannb.Money)
