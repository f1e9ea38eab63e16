"""`wannb.masking`: keys and signatures are found in any text, in linear time, and nothing else is changed."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable

import pytest

from wannb.masking import (
    Hidden,
    Secret,
    expires,
    expiring_links,
    is_secret_name,
    is_signed,
    mask,
    mask_keys,
    mask_signatures,
    without_signature,
)

KEY = "sk-" + "0123456789abcdef" * 2
SIGNATURE = "aB3xyz0123456%3D"
SIGNED = f"https://h.example.com/a.png?Expires=1790000000&OSSAccessKeyId=key123&Signature={SIGNATURE}"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"key={KEY}, again",
        f"\x1b[33m'\x1b[39m\x1b[33m{KEY}\x1b[39m",
        f"\x1b[31m{KEY}",
        f"\x1b[1;31m{KEY}",
        f"key=\\n{KEY}",
        f"https://example.com/?key%3D{KEY}",
        f"Authorization: Bearer {KEY[3:]}",
        f"authorization: bearer {KEY[3:]}",
        f"Bearer%20{KEY[3:]}",
    ],
)
def test_a_key_is_masked_whatever_it_follows(text: str) -> None:
    for masked in (mask(text), mask_keys(text), mask_keys(text, sure=True)):
        assert KEY[3:] not in masked
        assert "***" in masked or "?..." in masked


@pytest.mark.parametrize(
    "text", ["task-0385dc79-1234-5678-9abc-123456789012", "sk-...", "sk-***", "a bearer of good news", "Bearer of"]
)
def test_words_that_look_like_keys_stay_where_only_sure_ones_are_masked(text: str) -> None:
    assert mask_keys(text, sure=True) == text


def test_made_up_keys_stay_only_where_sure_ones_are_masked() -> None:
    for text in ("sk-your-key-goes-right-here", "sk-container-id-1", "Bearer short"):
        assert mask_keys(text, sure=True) == text
        assert "***" in mask_keys(text)


@pytest.mark.parametrize(
    "link",
    [
        SIGNED,
        "https://h/a.png?security-token=CAISabc",
        "https://h/a.png?x-oss-signature=abc",
        "https://h/a.png?X-Amz-Credential=abc",
        "https://proxy/?url=https%3A%2F%2Fh%2Fa.png%3FExpires%3D179%26Signature%3Dabc",
    ],
)
def test_a_link_that_a_store_signed_is_signed_and_expires(link: str) -> None:
    assert is_signed(link)
    assert expires(link)
    assert list(expiring_links(f'<img src="{link}"> and https://h/a.png?n=1')) == [link]
    assert without_signature(link) == link.partition("?")[0]
    assert mask(link) == link.partition("?")[0] + "?..."


@pytest.mark.parametrize(
    "query", ["?sv=1&sig=abc", "?auth_key=1-0-0-abc", "#access_token=abc", ";jsessionid=1", "?pwd=x"]
)
def test_a_link_with_any_secret_is_signed(query: str) -> None:
    assert is_signed(f"https://h/a.png{query}")
    assert without_signature(f"https://h/a.png{query}") == "https://h/a.png"
    assert not expires(f"https://h/a.png{query}")


def test_a_public_link_stays() -> None:
    link = "https://h/a.png?w=1&page=2"
    assert not is_signed(link)
    assert without_signature(link) == link
    assert without_signature("https://user:word@h/a.png?w=1") == "https://h/a.png?w=1"
    assert "word" not in mask("https://user:word@h/a.png")


def test_a_lone_signature_is_masked_and_talk_of_signatures_stays() -> None:
    text = f"?Expires=1\\u0026Signature={SIGNATURE}&n=1"
    assert mask_signatures(text, sure=True) == "?Expires=1\\u0026Signature=***&n=1"
    assert mask_signatures(text) == "?Expires=***&n=1"
    talk = "https://example.com/?... [Signature=...], x-oss-... and inspect.signature(f), Signature=some_function_name"
    assert mask_signatures(talk, sure=True) == talk
    for name in ("OSSAccessKeyId", "security-token", "x-oss-credential", "auth_key", "api_key", "client_secret"):
        assert mask_signatures(f"&{name}=abc&n=1") == f"&{name}=***&n=1"


def test_names_of_secrets() -> None:
    secret = ("Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "Signature", "OSSAccessKeyId", "sig")
    assert all(map(is_secret_name, secret))
    assert not any(map(is_secret_name, ("page_no", "page_size", "start_time", "model_name", "content-type", "n")))


def test_a_known_secret_is_masked_in_any_shape_and_control_characters_go() -> None:
    assert mask("the key plain-word\x1b[2J failed", "plain-word") == "the key *** [2J failed"


@pytest.mark.parametrize("function", [mask, mask_keys, mask_signatures, is_signed, without_signature, expires])
@pytest.mark.parametrize(
    "part",
    [
        "a",
        "a-",
        "a://",
        "x-a-",
        "Bearer ",
        "sk-",
        "?=",
        "sig",
        "&sig",
        "Signature=",
        "x-oss-",
        "http://",
        "%3Fkey",
        "@",
    ],
)
def test_any_text_is_masked_in_linear_time(function: Callable[[str], object], part: str) -> None:
    def seconds(length: int) -> float:
        text = "?" + part * (length // len(part))
        began = time.process_time()
        function(text)
        list(expiring_links(text))
        return time.process_time() - began

    # Four times the text takes four times as long; with a quadratic pattern sixteen times, and minutes.
    for length in (1_000, 10_000, 100_000):
        assert seconds(4 * length) < 8 * max(seconds(length), 0.02), length


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(KEY)
    assert KEY not in repr([secret]) + repr(vars(secret))
    assert str(pickle.loads(pickle.dumps(secret))) == str(copy.copy(secret)) == KEY
    assert secret == Secret(KEY)
    assert secret != KEY
    assert len({secret, Secret(KEY)}) == 1
    assert repr(Hidden(url=SIGNED)) == "<url>"
