"""Calls of the API: create, query, list and cancel tasks, upload and download files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from wannb.errors import (
    ApiError,
    AuthenticationError,
    BadRequest,
    ConnectionFailed,
    DownloadFailed,
    LinkExpired,
    MalformedAnswer,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    ServiceError,
    UnknownOutcome,
    WannbError,
)
from wannb.masking import Hidden, Secret, mask
from wannb.request import InputImage
from wannb.translation import Said

from . import wire
from .endpoint import Service, is_loopback, region_of
from .http import Sender, T
from .limits import Clock, Pace, account, check_called_off, left

#: Held for one try of a request.
Turn = Callable[[], AbstractContextManager[None]]

_SYNC = "/services/aigc/multimodal-generation/generation"
_CREATE = "/services/aigc/image-generation/generation"
#: Seconds; a synchronous answer may take as long as the server's own limit, which it gives as 298.
_SYNC_TIMEOUT = httpx.Timeout(330, connect=10, write=120, pool=None)
#: Pages of the task list; 2,000 tasks in a few minutes are beyond the service's limits.
_MOST_PAGES = 40
#: Looks at a task list that comes without some of its tasks.
_MOST_LOOKS = 4
#: Seconds for which a cancel in trouble is tried again: meanwhile the task may begin.
_CANCEL_SECONDS = 2.0
#: Errors of a query that say nothing about the task itself.
_NOT_THE_TASKS = (MalformedAnswer, RateLimited, AuthenticationError, PermissionDenied, QuotaExhausted)
#: Error codes of a gateway that stopped waiting: the work behind it may go on and be billed.
_GAVE_UP = {"RequestTimeOut", "GatewayTimeout", "InternalError.Timeout"}
#: Seconds by which this machine's two clocks may part before the service's is asked for again.
_STRAYED = 0.5
#: Bytes and seconds of a file, and links that lead to it.
_MAX_FILE, _FILE_SECONDS, _MOST_LINKS = 256 * 1024 * 1024, 600.0, 4
_SERVICE_ZONE = timezone(timedelta(hours=8))


class Transport(Sender):
    """Speak to one service with one key, at the pace of its `account`. Threads may share it."""

    def __init__(self, service: Service, key: Secret, *, pace: Pace, clock: Clock, random: Callable[[], float]) -> None:
        super().__init__(service, key, pace=pace, clock=clock, random=random)
        self.account = account(service.home, key, pace=pace, clock=clock)

    # Creating

    def create(
        self, body: Mapping[str, Any], *, oss: bool, turn: Turn = nullcontext, name: str = ""
    ) -> tuple[str, str | None]:
        """Create a task and return its id and the request id.

        Tries again after a refusal (429, or a 5xx error body) and when the service was not reached.

        Args:
            oss: whether the body names an uploaded `oss://` file.
            turn: held for each try, and not while it pauses in between.
            name: tells a class's gateway that a later try is the same request; the vendor's hosts are not told.

        Raises:
            UnknownOutcome: a try may have been accepted: the caller must look before anything is sent again.
        """

        def attempt() -> tuple[str, str | None]:
            with turn():
                headers = {"X-DashScope-Async": "enable"}
                if name and region_of(self.service.host) is None:
                    headers["X-Wannb-Request"] = name
                return self._paid(wire.read_created, _CREATE, json=body, headers=headers | _resolving(oss))

        return self.retry(attempt)

    def generate(self, body: Mapping[str, Any], *, oss: bool) -> wire.Answer:
        """Call the synchronous endpoint and return its answer; tries again like `create`."""

        def attempt() -> wire.Answer:
            self.account.submits[body["model"]].wait()
            check_called_off()
            return self._paid(wire.read_answer, _SYNC, json=body, headers=_resolving(oss), timeout=_SYNC_TIMEOUT)

        return self.retry(attempt)

    def _paid(self, read: Callable[[object], T], path: str, **options: Any) -> T:
        """Return the answer to a request that is billed; only the service's own accepts or refuses it.

        A page, a redirect, half an answer or another program's JSON says nothing: the service may have the request.
        """
        try:
            return read(self.call("POST", path, **options))
        except MalformedAnswer as error:
            why = Said("the answer to a sent request cannot be read (HTTP {status})", status=error.status)
            raise UnknownOutcome(why) from error
        except ApiError as error:
            if error.status in (408, 504) or error.code in _GAVE_UP:
                why = Said("the service gave up waiting for its own answer ({code})", code=error.code)
                raise UnknownOutcome(why) from error
            raise

    # Looking

    def query(self, task_id: str, *, seconds: float | None = None) -> wire.Answer:
        """Return the service's answer about a task; `seconds` is how long a query in trouble is tried again."""

        flat = 0

        def attempt() -> wire.Answer:
            nonlocal flat
            self.account.queries.wait()
            try:
                answer = wire.read_answer(self.call("GET", f"/tasks/{quote(task_id, safe='')}"))
                if answer.task_id not in (None, mask(task_id)):
                    why = Said("the answer is about task {task_id}", task_id=answer.task_id)
                    raise MalformedAnswer("MalformedAnswer", why, status=200, request_id=answer.request_id)
                return answer
            except ApiError as error:
                passing = isinstance(error, ServiceError) and not error.code.startswith("InternalError.")
                if error.status != 200 or passing or isinstance(error, _NOT_THE_TASKS):
                    raise
                # One page of the documentation prints a failed task without `output` around it. It counts only when it
                # comes twice: a task that is called failed too early would be a paid one lost.
                flat += 1
                if flat < 2:
                    why = Said("the service said {code} of task {task_id}", code=error.code, task_id=task_id)
                    raise UnknownOutcome(why) from error
                return wire.Answer(status=wire.FAILED, task_id=task_id, code=error.code, message=error.message)

        return self.retry(attempt, unknown=True, seconds=seconds)

    def tasks(self, *, since: float, until: float) -> tuple[list[wire.ListedTask], bool]:
        """Return the account's tasks created between two times, and whether these are all of them.

        Times are seconds since 1970 of the service's clock. A list without some of the tasks that it says to have is
        asked for again.

        Raises:
            UnknownOutcome: it came so several times, or no answer came.
        """
        params: dict[str, Any] = {
            # The end is rounded up to a whole second, and the span may be 24 hours at most (documented).
            "start_time": _service_time(max(since, until + 2 - 24 * 3600)),
            "end_time": _service_time(until + 1),
            "page_size": 50,
        }

        def page(number: int) -> tuple[list[wire.ListedTask], int, int]:
            self.account.queries.wait()
            return wire.read_list(self.call("GET", "/tasks/", params={**params, "page_no": number}))

        for look in range(_MOST_LOOKS):
            found: dict[str, wire.ListedTask] = {}
            number, pages, total = 0, 1, 0
            while number < min(pages, _MOST_PAGES):
                number += 1
                tasks, pages, said = self.retry(partial(page, number), unknown=True)
                found |= {task.task_id: task for task in tasks}
                total = said if number == 1 else total  # what is made meanwhile only moves the others on
            if len(found) >= total or pages > _MOST_PAGES:
                return list(found.values()), pages <= _MOST_PAGES
            self.clock.sleep(min(left(), self._pace.backoff[0] * 2**look))
        raise UnknownOutcome(Said("the task list came with {n} of its {total} tasks", n=len(found), total=total))

    def cancel(self, task_id: str) -> None:
        """Cancel a task that has not begun; the service refuses any other."""

        def attempt() -> None:
            self.account.queries.wait()
            self.call("POST", f"/tasks/{quote(task_id, safe='')}/cancel")

        self.retry(attempt, seconds=_CANCEL_SECONDS)

    def learn_time(self) -> None:
        """Read the service's clock with a free call, so that it is known before money is spent.

        Once, and again after this machine's clock was set or the machine slept.

        Raises:
            AuthenticationError: the key is wrong.
            ConnectionFailed: the service cannot be reached, and never was; or something else answers at its address.
        """
        if self._learned is None or self._strayed() > _STRAYED:

            def attempt() -> None:
                self.account.queries.wait()
                try:
                    self.call("GET", "/tasks/", params={"page_no": 1, "page_size": 1})
                except AuthenticationError:
                    raise
                except WannbError as error:
                    if isinstance(error, ConnectionFailed) and not (self._reached and error.passing):
                        raise
                    # The clock stays unknown, which only makes a later look-up ask the person.

            self.retry(attempt)

    # Files

    def upload(self, image: InputImage, *, model: str) -> str:
        """Upload a picture to the vendor's temporary store and return its `oss://` link, good for 48 hours."""

        def attempt() -> str:
            params = {"action": "getPolicy", "model": model}
            host, form = _policy(self.call("GET", "/uploads", params=params).get("data"), image)
            name = form["key"]
            self._check_scheme(Secret(host))
            file = (name.rpartition("/")[2], image.content, image.mime)
            answer = self.exchange(self.files, "POST", host, data=form, files={"file": file})
            if answer.status_code != 200:
                kind = ServiceError if answer.status_code >= 500 else BadRequest
                raise kind("UploadFailed", Said("the file host refused the upload"), status=answer.status_code)
            return f"oss://{name}"

        return self.retry(attempt, unknown=True)

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
                raise UnknownOutcome(Said("the image arrived {reason}", reason=error)) from error
            return data

        try:
            return self.retry(attempt, unknown=True)
        except (ConnectionFailed, UnknownOutcome, ServiceError, RateLimited) as error:
            reason = f"{error.code}, HTTP {error.status}" if isinstance(error, ApiError) else error.said
            raise DownloadFailed(Said("an image could not be fetched: {reason}", reason=reason)) from error

    def _check_scheme(self, link: Secret) -> None:
        """Refuse to fetch what is not https, but from this machine and from the very server that is asked."""
        scheme, host = _scheme_and_host(link)
        own = httpx.URL(self.service.address)
        here = scheme == "http" and (is_loopback(host) or (scheme, host) == (own.scheme, own.host))
        if not (scheme == "https" and host) and not here:
            shown = repr(mask(f"{scheme}://{host}"[:200]))
            raise DownloadFailed(Said("files are fetched over https only, not {link}", link=shown))

    def _fetch(self, link: Secret) -> bytes:
        for _ in range(_MOST_LINKS):
            self._check_scheme(link)
            # Not worth another try, as an unknown outcome would be.
            too_large = DownloadFailed(Said("an image is larger than 256 MB, which no documented size can be"))
            answer = self.exchange(self.files, "GET", link, most=_MAX_FILE, too_large=too_large, seconds=_FILE_SECONDS)
            if not answer.has_redirect_location:
                break
            link = _redirected(link, Secret(answer.headers["location"]))
        else:
            raise DownloadFailed(Said("the link of an image leads round in circles"))
        if answer.status_code in (403, 404, 410):
            raise LinkExpired(Said("the link of an image is dead; links live for 24 hours"))
        if answer.status_code != 200:
            raise ServiceError("DownloadFailed", Said("the file host failed"), status=answer.status_code)
        return answer.content


def _resolving(oss: bool) -> dict[str, str]:
    return {"X-DashScope-OssResourceResolve": "enable"} if oss else {}


def _service_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, _SERVICE_ZONE).strftime("%Y%m%d%H%M%S")


def _policy(policy: Any, image: InputImage) -> tuple[str, Hidden]:
    """Return the address for an upload, and the form fields that permit it."""
    try:
        form = Hidden(
            {
                "OSSAccessKeyId": policy["oss_access_key_id"],
                "policy": policy["policy"],
                "Signature": policy["signature"],
                # A name by content: two different files of one name must not meet.
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
        raise BadRequest("UploadFailed", Said("the upload policy is not as documented"), status=200)
    return host, form


def _redirected(link: Secret, location: Secret) -> Secret:
    """Return the target of a redirect; https leads to https only, also on this machine."""
    scheme, _ = _scheme_and_host(link)
    try:
        found = Secret(str(httpx.URL(str(link)).join(str(location))))
    except (ValueError, httpx.InvalidURL):
        raise DownloadFailed(Said("the link of an image is broken")) from None
    if scheme == "https" and _scheme_and_host(found)[0] != "https":
        raise DownloadFailed(
            Said("the link of an image leads from https to another kind of address, which is not followed")
        )
    return found


def _scheme_and_host(link: Secret) -> tuple[str, str]:
    try:
        url = httpx.URL(str(link))
        return url.scheme, url.host
    except (ValueError, httpx.InvalidURL):
        raise DownloadFailed(Said("the link of an image is broken")) from None
