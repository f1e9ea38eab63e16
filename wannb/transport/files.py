"""Files: pictures up to the vendor's temporary store, images down to disk, by a connection that has no key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import httpx

from wannb.errors import (
    ApiError,
    BadRequest,
    ConnectionFailed,
    DownloadFailed,
    LinkExpired,
    RateLimited,
    ServiceError,
    StoreError,
    UnknownOutcome,
    mask,
)
from wannb.inputs import InputImage
from wannb.service import is_loopback

from .sender import Sender

T = TypeVar("T")

_MAX_DOWNLOAD = 256 * 1024 * 1024
_DOWNLOAD_SECONDS = 600


class Files:
    """Upload and download."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def upload(self, image: InputImage, *, model: str) -> str:
        """Upload a picture to the vendor's temporary store and return its `oss://` link, good for 48 hours."""

        def attempt() -> str:
            policy = (
                self._sender.call("GET", "/uploads", params={"action": "getPolicy", "model": model}).get("data") or {}
            )
            try:
                # The name must be unlike any other: two different files of one name must not meet.
                name = f"{policy['upload_dir']}/{image.sha256}{image.suffix}"
                form = {
                    "OSSAccessKeyId": policy["oss_access_key_id"],
                    "policy": policy["policy"],
                    "Signature": policy["signature"],
                    "key": name,
                    "x-oss-object-acl": policy["x_oss_object_acl"],
                    "x-oss-forbid-overwrite": policy["x_oss_forbid_overwrite"],
                    "success_action_status": "200",
                }
                host = str(policy["upload_host"])
            except (KeyError, TypeError):
                raise BadRequest("UploadFailed", "the upload policy is not as documented", status=200) from None
            _must_be_safe(host)
            answer = self._sender.send(
                self._sender.files,
                "POST",
                host,
                data=form,
                files={"file": (name.rpartition("/")[2], image.content, image.mime)},
            )
            if answer.status_code != 200:
                kind = ServiceError if answer.status_code >= 500 else BadRequest
                raise kind("UploadFailed", "the file host refused the upload", status=answer.status_code)
            return f"oss://{name}"

        return self._sender.retry(attempt, unknown=True)

    def download(self, link: str, path: Path, *, check: Callable[[Path], T]) -> T:
        """Fetch a link into a file and return what `check` says of it.

        Args:
            link: a signed https link, or one of this machine.
            path: a temporary file; it is written over.
            check: raises `ValueError` for a file that is cut or damaged, which is then fetched again.

        Raises:
            LinkExpired: the link is dead.
            DownloadFailed: the file did not arrive whole in several tries.
        """

        def attempt() -> T:
            self._fetch(link, path)
            try:
                return check(path)
            except ValueError as error:
                raise UnknownOutcome(f"the image arrived {error}") from error

        try:
            return self._sender.retry(attempt, unknown=True)
        except (ConnectionFailed, UnknownOutcome, ServiceError, RateLimited) as error:
            reason = f"{error.code}, HTTP {error.status}" if isinstance(error, ApiError) else str(error)
            raise DownloadFailed(f"an image could not be fetched: {reason}") from error

    def _fetch(self, link: str, path: Path) -> None:
        deadline = self._sender.clock.monotonic() + _DOWNLOAD_SECONDS
        for _ in range(4):
            _must_be_safe(link)
            try:
                with self._sender.files.stream("GET", link) as answer:
                    if not answer.is_redirect:
                        return self._write(answer, path, deadline)
                    link = urljoin(link, answer.headers["location"])
                    continue
            except OSError as error:
                raise StoreError(f"cannot write {str(path)!r}: {error.strerror or error}") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                trouble = self._sender.translate(error)
            # Outside the handler: httpx's own error holds the signed link.
            raise trouble
        raise DownloadFailed("the link of an image leads round in circles")

    def _write(self, answer: httpx.Response, path: Path, deadline: float) -> None:
        if answer.status_code in (403, 404, 410):
            raise LinkExpired("the link of an image is dead; links live for 24 hours")
        if answer.status_code != 200:
            raise ServiceError("DownloadFailed", "the file host failed", status=answer.status_code)
        size = int(answer.headers.get("content-length") or 0)
        with path.open("wb") as file:
            for part in answer.iter_raw():
                if max(size, file.tell()) > _MAX_DOWNLOAD:
                    raise DownloadFailed("an image is larger than 256 MB, which no documented size can be")
                if self._sender.clock.monotonic() > deadline:
                    raise UnknownOutcome(f"an image took over {_DOWNLOAD_SECONDS} s")
                file.write(part)


def _must_be_safe(link: str) -> None:
    try:
        parts = urlsplit(link)
    except ValueError:
        raise DownloadFailed("the link of an image is broken") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise DownloadFailed(f"files are fetched over https only, not {mask(link)!r}")
