"""Keys: where a Model Studio key is looked for, and what is said of one that cannot be used."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from wannb.files import read_file
from wannb.masking import SHORTEST, Secret, holds_key, mask
from wannb.translation import Said, say

KEY_FILE = "~/.dashscope/api_key"
#: Bytes of a file that holds one key.
_MOST = 2**20
#: What a key consists of (RFC 6750); a quote, a brace or a "name=" around it was copied by mistake.
_KEY = re.compile(r"[A-Za-z0-9._~+/-]+=*")
#: Variables whose name says that they may hold a key, but no more than that.
_ALIKE = re.compile(
    r"(DASHSCOPE|QWEN(_?CLOUD)?|MODEL_?STUDIO|BAILIAN|ALI(BABA|YUN)(_?CLOUD)?)_?(API_?)?(KEYS?|TOKEN)", re.I
)
#: The other variables that are read. Messages, host names and folders show what is in them.
_NOT_FOR_KEYS = (
    *("WANNB_MODE", "WANNB_REGION", "WANNB_STORE", "WANNB_LANGUAGE", "WANNB_BUDGET", "WANNB_MOCK_URL"),
    *("DASHSCOPE_WORKSPACE_ID", "DASHSCOPE_HTTP_BASE_URL", "DASHSCOPE_API_KEY_FILE_PATH"),
)
#: Where JupyterHub says to a notebook server which hosts are its own.
_HUBS = ("JUPYTERHUB_API_URL", "JUPYTERHUB_PUBLIC_HUB_URL", "JUPYTERHUB_PUBLIC_URL", "JUPYTERHUB_HOST")
#: A code that `wannb class` gives out: no letter or digit that is taken for another.
_CLASS_CODE = re.compile(r"[A-HJ-NP-Z2-9]{5}-[A-HJ-NP-Z2-9]{5}")


def is_class_code(key: object) -> bool:
    """Return whether this is the code of one of a class, and no key.

    >>> is_class_code("KGZRT-EZ2ZE"), is_class_code("sk-0123456789")
    (True, False)
    """
    return _CLASS_CODE.fullmatch(str(key)) is not None


def hub_token(url: str) -> Secret | None:
    """Return the token that JupyterHub gave this notebook server, for a service of this same hub; None for any other.

    The hub names its own hosts in the environment: the token is sent to no other one.
    """
    token, base = environment("JUPYTERHUB_API_TOKEN"), (environment("JUPYTERHUB_BASE_URL") or "").rstrip("/")
    hosts = {urlsplit(environment(name) or "").hostname for name in _HUBS}
    parts = urlsplit(url)
    ours = parts.hostname is not None and parts.hostname in hosts and parts.path.startswith(f"{base}/services/")
    return Secret(token) if token and ours else None


def environment(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def find_key(given: object = None) -> tuple[Secret, str] | None:
    """Return the key that `connect()` would use, and where it was found; None if there is none.

    Raises:
        ValueError: the first that is found cannot be read, or cannot be a key.
    """
    places: Mapping[str, Callable[[], object]] = KEY_PLACES if given is None else {"api_key": lambda: _bare(given)}
    for place, look in places.items():
        if found := _key_in(place, look):
            return found, place
    return None


def other_keys() -> list[str]:
    """Return the places with a key that differs from the one that `connect()` would use."""
    used, found = find_key(), []
    for place, look in KEY_PLACES.items():
        with suppress(ValueError):
            key = _key_in(place, look)
            found += [place] if key and used and key != used[0] else []
    return found


def names_alike() -> list[str]:
    """Return the variables that may hold a key by their names, and that nothing reads."""
    return sorted(name for name in os.environ if _ALIKE.fullmatch(name) and name not in KEY_PLACES and os.environ[name])


def _key_in(place: str, look: Callable[[], object]) -> Secret | None:
    why = None
    try:
        key = look()
    except OSError as error:
        key, why = None, error.strerror or str(error)
        if place.endswith("_PATH"):
            why = f"{environment(place)!r}: {why}"
    if why is not None:
        raise ValueError(
            say(
                "the API key in {place} cannot be read: {why}. Correct or remove it, or use connect('mock')",
                place=place,
                why=mask(why),
            )
        )
    if key is None:
        return None
    usable = isinstance(key, str) and bool(_KEY.fullmatch(key))
    secret, key = Secret(str(key)), None
    if not usable:
        raise ValueError(
            say(
                "the API key is not text, or holds spaces, quotes or characters beyond ASCII; copy it again to {place}",
                place=mask(f"{place}={environment(place)!r}") if place.endswith("_PATH") else place,
            )
        )
    return secret


def _bare(given: object) -> object:
    return str(given).strip() if isinstance(given, (str, Secret)) else given


def _in_file(name: str | None, *, must: bool = False) -> str | None:
    """Return what a key file holds, None if there is none; `OSError` if it cannot be read, is empty or `must` be."""
    if name is None:
        return None
    file = Path(os.path.expanduser(name))
    hidden = file.parent.is_dir() and not os.access(file.parent, os.X_OK)
    if not (must or hidden or os.path.lexists(file)):
        return None
    content = read_file(file, most=_MOST)
    # Windows writes files of text in either way.
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if text := content.decode("utf-16" if wide else "utf-8-sig", "replace").strip():
        return text
    raise OSError(say("it is empty"))


def _in_secrets(ask: Callable[[], object]) -> str | None:
    """Return what a hosted notebook keeps as the secret DASHSCOPE_API_KEY; None elsewhere, or if it does not answer."""
    try:
        key = ask()
    except Exception as error:  # each host has its own kinds for one that is missing and one that does not come
        if type(error).__name__ != "NotebookAccessError":
            return None
        key = None
    else:
        return (str(key).strip() or None) if key else None
    raise OSError(say("this notebook may not read it; allow that beside the secret"))


def _of_colab() -> object:
    from google.colab import userdata

    return userdata.get("DASHSCOPE_API_KEY")


def _of_kaggle() -> object:
    from kaggle_secrets import UserSecretsClient

    return UserSecretsClient().get_secret("DASHSCOPE_API_KEY")


#: Where a key is looked for, in this order: what the place is called, and what is there. None is nothing; an `OSError`
#: is a key that cannot be read. The first three are those of the official SDK.
KEY_PLACES: dict[str, Callable[[], str | None]] = {
    "DASHSCOPE_API_KEY": lambda: environment("DASHSCOPE_API_KEY"),
    "DASHSCOPE_API_KEY_FILE_PATH": lambda: _in_file(environment("DASHSCOPE_API_KEY_FILE_PATH"), must=True),
    KEY_FILE: lambda: _in_file(KEY_FILE),
    "QWENCLOUD_API_KEY": lambda: environment("QWENCLOUD_API_KEY"),
    "MODELSTUDIO_API_KEY": lambda: environment("MODELSTUDIO_API_KEY"),
    Said("Colab's secrets"): lambda: _in_secrets(_of_colab),
    Said("Kaggle's secrets"): lambda: _in_secrets(_of_kaggle),
}


def place_of_a_key(options: Mapping[str, object]) -> str | None:
    """Return the option of `connect`, or the variable, in which a key stands where no key belongs."""
    known = {key for name in KEY_PLACES if len(key := os.environ.get(name, "").strip()) >= SHORTEST}
    known -= {os.environ.get("DASHSCOPE_API_KEY_FILE_PATH", "").strip()}  # the name of a file
    places = {**options, **{name: os.environ.get(name) for name in _NOT_FOR_KEYS}}
    return next((place for place, said in places.items() if str(said).strip() in known or holds_key(str(said))), None)


def notices_of(found: tuple[Secret, str] | None, mode: str | None, set_mode: str) -> Iterator[str]:
    """Yield what one should know of the key that is used, or why there is none."""
    if found is not None:
        if found[1] not in ("api_key", "DASHSCOPE_API_KEY", KEY_FILE):
            yield Said("The key is that in {place}.", place=found[1])
        of_hub = str(found[0]) == environment("JUPYTERHUB_API_TOKEN")
        if not (str(found[0]).startswith("sk-") or is_class_code(found[0]) or of_hub):
            yield Said(
                "The key in {place} does not begin with 'sk-', as keys of Model Studio do. If calls are refused, "
                "copy it again.",
                place=found[1],
            )
    elif mode is None and set_mode == "mock":
        with suppress(ValueError):
            if unused := find_key():
                yield Said("The key in {place} is not used: WANNB_MODE is 'mock'.", place=unused[1])
    elif str(mode).lower() != "mock" and (names := names_alike()):
        named = ", ".join(names)
        yield Said("{names} is not read. If it holds a Model Studio key, set DASHSCOPE_API_KEY to it.", names=named)
