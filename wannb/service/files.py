"""Files: pictures up to the vendor's temporary store, images back, by a connection that has no key."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import httpx

from wannb.errors import (
    ApiError,
    BadRequest,
    ConnectionFailed,
    DownloadFailed,
    LinkExpired,
    RateLimited,
    ServiceError,
    UnknownOutcome,
)
from wannb.masking import Hidden, Secret, mask
from wannb.request import InputImage

from .bounded import FILE_SECONDS, without_frames
from .endpoint import is_loopback
from .http import Sender

_MAX_DOWNLOAD = 256 * 1024 * 1024


class Files:
    """Upload and download."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def upload(self, image: InputImage, *, model: str) -> str:
        """Upload a picture to the vendor's temporary store and return its `oss://` link, good for 48 hours."""

        def attempt() -> str:
            params = {"action": "getPolicy", "model": model}
            host, form = _policy(self._sender.call("GET", "/uploads", params=params).get("data"), image)
            name = form["key"]
            _must_be_safe(Secret(host))
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

    def download(self, link: Secret, *, check: Callable[[bytes], object] = lambda data: None) -> bytes:
        """Return the content of a file of at most 256 MB.

        Args:
            link: a signed https link, or one of this machine.
            check: raises `ValueError` for a file that is cut or damaged, which is then fetched again.

        Raises:
            LinkExpired: the link is dead.
            DownloadFailed: the file did not arrive whole in several tries.
        """

        def attempt() -> bytes:
            data = self._fetch(link)
            try:
                check(data)
            except ValueError as error:
                raise UnknownOutcome(f"the image arrived {error}") from error
            return data

        try:
            return self._sender.retry(attempt, unknown=True)
        except (ConnectionFailed, UnknownOutcome, ServiceError, RateLimited) as error:
            reason = f"{error.code}, HTTP {error.status}" if isinstance(error, ApiError) else str(error)
            raise DownloadFailed(f"an image could not be fetched: {reason}") from error

    def _fetch(self, link: Secret) -> bytes:
        deadline = self._sender.clock.monotonic() + FILE_SECONDS
        for _ in range(4):
            answer = self._opened(link)
            try:
                with closing(answer):
                    if not answer.has_redirect_location:
                        return self._read(answer, deadline)
                    link = _led_on(link, Secret(answer.headers["location"]))
                    continue
            except httpx.HTTPError as error:
                trouble = self._sender.translate(error)
            # Outside the handler: httpx's own error holds the signed link.
            raise trouble
        raise DownloadFailed("the link of an image leads round in circles")

    def _opened(self, link: Secret) -> httpx.Response:
        files = self._sender.files
        _must_be_safe(link)
        try:
            return files.send(files.build_request("GET", str(link)), stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            trouble = self._sender.translate(error)
        except BaseException as error:  # Ctrl-C above all
            raise without_frames(error)  # noqa: B904
        raise trouble

    def _read(self, answer: httpx.Response, deadline: float) -> bytes:
        if answer.status_code in (403, 404, 410):
            raise LinkExpired("the link of an image is dead; links live for 24 hours")
        if answer.status_code != 200:
            raise ServiceError("DownloadFailed", "the file host failed", status=answer.status_code)
        size = int(answer.headers.get("content-length") or 0)
        data = bytearray()
        for part in answer.iter_raw():
            if max(size, len(data) + len(part)) > _MAX_DOWNLOAD:
                raise DownloadFailed("an image is larger than 256 MB, which no documented size can be")
            if self._sender.clock.monotonic() > deadline:
                raise UnknownOutcome(f"an image took over {FILE_SECONDS:g} s")
            data += part
        return bytes(data)


def _policy(policy: Any, image: InputImage) -> tuple[str, Hidden]:
    """Return where a picture is uploaded to, and the fields that permit it."""
    try:
        form = Hidden(
            {
                "OSSAccessKeyId": policy["oss_access_key_id"],
                "policy": policy["policy"],
                "Signature": policy["signature"],
                # The name must be unlike any other: two different files of one name must not meet.
                "key": f"{policy['upload_dir']}/{image.sha256}{image.suffix}",
                "x-oss-object-acl": policy["x_oss_object_acl"],
                "x-oss-forbid-overwrite": policy["x_oss_forbid_overwrite"],
                "success_action_status": "200",
            }
        )
        host = policy["upload_host"]
    except (KeyError, TypeError):
        host, form = None, Hidden()
    if not isinstance(host, str) or not all(isinstance(value, str) for value in form.values()):
        raise BadRequest("UploadFailed", "the upload policy is not as documented", status=200)
    return host, form


def _led_on(link: Secret, location: Secret) -> Secret:
    """Return where a redirect leads; from https to nothing less, this machine included."""
    scheme, _ = _scheme_and_host(link)
    try:
        found = Secret(str(httpx.URL(str(link)).join(str(location))))
    except (ValueError, httpx.InvalidURL):
        raise DownloadFailed("the link of an image is broken") from None
    if scheme == "https" and _scheme_and_host(found)[0] != "https":
        raise DownloadFailed("the link of an image leads from https to another kind of address, which is not followed")
    return found


def _must_be_safe(link: Secret) -> None:
    scheme, host = _scheme_and_host(link)
    if not (scheme == "https" and host) and not (scheme == "http" and is_loopback(host)):
        raise DownloadFailed(f"files are fetched over https only, not {mask(f'{scheme}://{host}'[:200])!r}")


def _scheme_and_host(link: Secret) -> tuple[str, str]:
    try:
        url = httpx.URL(str(link))
        return url.scheme, url.host
    except (ValueError, httpx.InvalidURL):
        raise DownloadFailed("the link of an image is broken") from None
