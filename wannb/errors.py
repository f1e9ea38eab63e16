"""Exceptions of wannb, as one tree.

    WannbError
    ├── InvalidRequest          refused before anything was sent (also a ValueError)
    ├── OverBudget              the budget of `connect(budget=...)` would be exceeded; nothing was sent
    ├── CalledOff               the person stopped before it was sent; nothing was sent
    ├── NoKey                   live mode, and no API key was found
    ├── StoreError              the folder of runs cannot be read or written
    ├── RecallError             a file holds no request
    ├── ConnectionFailed        the service was not reached; nothing was sent, nothing is billed
    ├── UnknownOutcome          sent, but no answer came back; it may be billed
    ├── WaitTimeout             the wait ended, the task goes on (also a TimeoutError)
    ├── TaskCanceled            the task was canceled before it ran
    ├── TaskForgotten           the service no longer knows the task (kept for 24 hours)
    ├── DownloadFailed          the images exist but could not be fetched whole
    │   └── LinkExpired             their links are dead (they live for 24 hours)
    └── ApiError                the service answered with an error: code, message, request_id
        ├── AuthenticationError     the key is wrong, or belongs to the other region
        ├── PermissionDenied        the key may not do this
        ├── QuotaExhausted          no quota or no money left; waiting does not help
        ├── RateLimited             too fast; waiting helps
        ├── ContentRefused          the content inspection refused the prompt, an input or the output
        ├── BadRequest              the service refused a value
        │   └── CancelRefused           only a task that is PENDING can be canceled
        ├── ModelNotFound           no such model in this region
        ├── NotFound                no such address, workspace or task
        ├── ServiceError            the service failed
        └── MalformedAnswer         the answer is not what the documentation describes

Each message says what happened, with which value, and what to do next. Error codes are those of Model Studio's "Error
codes" page; what is billed and what is kept for 24 hours is as documented. Keys and the signatures of links are masked
in every message.
"""

from __future__ import annotations

import copyreg
import dis
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from .masking import mask, mask_in_use
from .translation import Said, Words, count, current, docstring, joined


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One rule that a request breaks: the option's name, the value as text, and the rule with the next step."""

    field: str
    value: str
    rule: str

    @property
    def said(self) -> Said:
        """The option, its value and the rule as one sentence."""
        return Said("{option}={value}: {rule}", option=self.field, value=self.value, rule=self.rule)

    def __str__(self) -> str:
        return self.said


#: What is said of a key in a wrong place: an argument, a variable or a folder's name, never the key.
KEY_MISPLACED = Said(
    "{place} holds an API key, which does not belong there. Give it as connect(api_key=...), set DASHSCOPE_API_KEY, or "
    "write it to ~/.dashscope/api_key"
)


class WannbError(Exception):
    """Root of all errors raised by wannb, made of a sentence, or of its template and values.

    Attributes:
        title: the kind of error in a sentence, for people: the first line of its docstring.
        said: the message in English; a `translation.Said` keeps its values as well.
        language: the language of the client that raised it; `str(error)` speaks it.
    """

    title = Said("wannb cannot go on.")

    def __init_subclass__(cls) -> None:
        if told := docstring(cls):
            cls.title = Said(told.split("\n")[0])

    def __init__(self, said: str = "", **values: object) -> None:
        self.said = Said(said, **values) if values and not isinstance(said, Said) else said
        super().__init__(self.said)
        self.language = current()

    def __str__(self) -> str:
        return Words(self.language)(self.said) if isinstance(self.said, Said) else self.said

    def __reduce__(self) -> Any:
        # Errors cross processes (a pool, a cluster) although their arguments are given by name.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class InvalidRequest(WannbError, ValueError):
    """The request breaks documented rules; nothing was sent.

    `problems` holds every one of them.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        head = Said("nothing was sent, the request has {what}:", what=count(len(self.problems), "problem"))
        super().__init__(joined("\n  - ", [head, *(problem.said for problem in self.problems)]))


class OverBudget(WannbError):
    """The next request could exceed the budget; nothing was sent."""


class CalledOff(WannbError):
    """Stopped before the request was sent: nothing was sent, nothing is billed."""


class NoKey(WannbError):
    """Live mode, and no API key was found."""


class StoreError(WannbError):
    """The runs folder cannot be used."""


class RecallError(WannbError, ValueError):
    """There is no request to recall."""


class ConnectionFailed(WannbError):
    """The service was not reached: nothing was sent, nothing is billed."""

    #: Whether waiting may help, as it does not with a certificate.
    passing = True


class UnknownOutcome(WannbError):
    """A request was sent and no answer came back, so it may have been accepted and billed.

    `candidates` are the ids of the service's tasks that could be its outcome, `run_id` the run it belongs to.
    """

    def __init__(
        self, message: str, *, candidates: Sequence[str] = (), run_id: str | None = None, **values: object
    ) -> None:
        super().__init__(message, run_id=run_id, **values)
        self.candidates = tuple(candidates)
        self.run_id = run_id


class _TaskError(WannbError):
    def __init__(self, message: str, *, task_id: str | None = None, **values: object) -> None:
        super().__init__(message, task_id=task_id, **values)
        self.task_id = task_id


class WaitTimeout(_TaskError, TimeoutError):
    """The wait ended before the task did; the task goes on.

    `task_id` picks it up later.
    """


class TaskCanceled(_TaskError):
    """The task was canceled before it ran; nothing is billed."""


class TaskForgotten(_TaskError):
    """The service does not know this task; it keeps tasks for 24 hours."""


class DownloadFailed(_TaskError):
    """The task succeeded, but an image could not be fetched whole."""


class LinkExpired(DownloadFailed):
    """The link of an image is dead; links live for 24 hours."""


class ApiError(WannbError):
    """The service answered with an error.

    Attributes:
        code: the service's stable error code, such as `"InvalidApiKey"`.
        message: the service's own words, with secrets masked.
        request_id: what the vendor's support asks for.
        status: the HTTP status; 200 for a task that failed after it was accepted.
        task_id: the task that failed, if one had been accepted.
        retry_after: seconds the service asked to wait, if it did.
    """

    next_step = Said("See the code on the Model Studio page 'Error codes'.")

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int,
        request_id: str | None = None,
        task_id: str | None = None,
        retry_after: float | None = None,
        secret: str | None = None,
    ) -> None:
        self.code = mask(code, secret)
        #: Texts of ours are `Said`; the service's may repeat a secret.
        self.message = message if isinstance(message, Said) else mask(message, secret)
        self.status, self.request_id = status, request_id
        self.task_id, self.retry_after = task_id, retry_after
        if code.startswith("Class."):  # the message says what to do, and the vendor's console has no part in it
            self.next_step = Said("Nothing was billed.")
        where = Said("task {task_id} failed", task_id=task_id) if task_id else f"HTTP {status}"
        number = Said(" (request id {request_id})", request_id=request_id) if request_id else ""
        template = "{code}, {where}: {message}{number}\n{next_step}"
        values = {"code": self.code, "message": self.message, "next_step": self.next_step}
        super().__init__(Said(template, where=where, number=number, **values))


class AuthenticationError(ApiError):
    """The service does not accept the key."""

    next_step = Said(
        "Keys belong to one region: a Singapore key fails in Beijing and the other way round. Check "
        "DASHSCOPE_API_KEY and the region, as in connect(region='beijing')."
    )


class PermissionDenied(ApiError):
    """The key is known but may not do this."""

    next_step = Said("Activate the model and check the workspace's permissions in the Model Studio console.")


class QuotaExhausted(ApiError):
    """No quota or no money is left; asking again does not help."""

    next_step = Said("Nothing was billed. Top up the account or its quota in the Model Studio console, then run again.")


class RateLimited(ApiError):
    """Requests came faster than the account's limits allow."""

    next_step = Said("Nothing was billed. Wait about a minute; other programs may be using the same account.")


class ContentRefused(ApiError):
    """The content inspection refused the prompt, an input image or the output."""

    next_step = Said("Nothing was billed. Reword the prompt, change the input image, or try another seed.")


class BadRequest(ApiError):
    """The service refused a value of the request."""

    next_step = Said("Nothing was billed. Change the value that the message names and send it again.")


class CancelRefused(BadRequest):
    """The task cannot be canceled: only one that is PENDING can."""

    next_step = Said(
        "If it has begun, it goes on and its images are billed: task.result() or client.rescue() fetches them."
    )


class ModelNotFound(ApiError):
    """The model does not exist in this region."""

    next_step = Said("The models are 'wan2.7-image-pro' and 'wan2.7-image', in the regions 'singapore' and 'beijing'.")


class NotFound(ApiError):
    """The address, the workspace or the task does not exist."""

    next_step = Said("Nothing was billed. Check base_url (it ends with /api/v1), the workspace and the id.")


class ServiceError(ApiError):
    """The service failed; failed calls are not billed."""

    next_step = Said("Nothing was billed. Try again in a minute.")


class MalformedAnswer(ApiError):
    """The answer is not what the documentation describes."""

    next_step = Said("A proxy may be in the way. Requests that were sent are on disk: client.rescue() looks again.")


_BY_CODE: tuple[tuple[str, type[ApiError]], ...] = (
    (r"InvalidApiKey|NOT AUTHORIZED", AuthenticationError),
    (r"ContentRefused|DataInspectionFailed|data_inspection_failed", ContentRefused),
    (r"IPInfringementSuspect|CustomRoleBlocked", ContentRefused),
    (r"Arrearage|CommodityNotPurchased|P(re|ost)paidBillOverdue|insufficient_quota", QuotaExhausted),
    (r"AllocationQuota\.FreeTierOnly", QuotaExhausted),
    (r"AccessDenied.*|.*\.AccessDenied", PermissionDenied),
    (r"ModelNotFound|model_not_found|Model\.NotExist", ModelNotFound),
    (r"UnsupportedOperation", CancelRefused),
    (r"Throttling.*|LimitRequests", RateLimited),
    (r"Internal.*|SystemError|Model(Service|Serving).*|.*Unavailable|GatewayTimeout|RequestTimeOut", ServiceError),
)
_QUOTA_GONE = re.compile(
    r"free allocated quota|quota (is |has been )?(exhausted|used up)|exceeded your .{0,200}quota", re.I
)


def api_error(code: str, message: str, *, status: int, **more: Any) -> ApiError:
    """Return the exception for an error code of the service.

    A 429 that says that an allocation is used up is `QuotaExhausted`, not `RateLimited`: the same code is documented
    with both meanings.

    Args:
        code, message, status, more: as `ApiError` takes them.

    >>> type(api_error("Throttling.RateQuota", "slow down", status=429)).__name__
    'RateLimited'
    """
    kind = next((kind for pattern, kind in _BY_CODE if re.fullmatch(pattern, code)), None)
    if status == 429 or kind is RateLimited:
        kind = QuotaExhausted if kind is QuotaExhausted or _QUOTA_GONE.search(message) else RateLimited
    if kind is None:
        by_status = {401: AuthenticationError, 403: PermissionDenied, 404: NotFound}
        kind = by_status.get(status) or (ServiceError if status >= 500 else BadRequest)
    return kind(code, message, status=status, **more)


# In a notebook

_PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def shorten_tracebacks(formatter: Any) -> None:
    """Let IPython show what wannb raises on purpose as its sentence, under the caller's own frames.

    These are errors of wannb, refused arguments, and an interrupt while wannb waits. `%xmode Verbose` and `%tb Verbose`
    show every frame with its variables. Whatever passed through wannb is shown without keys and signatures of links.

    Args:
        formatter: IPython's `get_ipython().InteractiveTB`.
    """
    whole = formatter.structured_traceback
    if getattr(whole, "of_wannb", False):
        return

    def structured_traceback(
        etype: Any, evalue: Any = None, etb: Any = None, tb_offset: int | None = None, context: int = 5
    ) -> list[str]:
        frames = list(_frames(etb)) if isinstance(etb, TracebackType) else []
        at = _entrance(frames)
        if at is None:
            return list(whole(etype, evalue, etb, tb_offset, context))
        if formatter.mode == "Verbose" or not _is_said(evalue, frames, at):
            lines = whole(etype, evalue, etb, tb_offset, context)
        else:
            caused = evalue.__cause__, evalue.__context__, evalue.__suppress_context__
            evalue.__cause__ = evalue.__context__ = None
            try:
                lines = whole(etype, evalue, _linked(frames[:at]), tb_offset, context)
            finally:
                evalue.__cause__, evalue.__context__, evalue.__suppress_context__ = caused
                formatter.tb = etb  # for %debug, which has all frames
        return [mask_in_use(line) for line in lines]

    structured_traceback.of_wannb = True  # type: ignore[attr-defined]
    formatter.structured_traceback = structured_traceback


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _linked(frames: Sequence[TracebackType]) -> TracebackType | None:
    linked = None
    for each in reversed(frames):
        linked = TracebackType(linked, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return linked


def _entrance(frames: Sequence[TracebackType]) -> int | None:
    """Return where the caller's last frame leads into wannb, None if an error did not pass through it."""
    callers = [at for at, each in enumerate(frames) if each.tb_frame.f_globals.get("__name__") == "__main__"]
    inside = range(callers[-1] + 1 if callers else 0, len(frames))
    found = next((at for at in inside if _is_ours(frames[at])), None)
    # To set a trait of a form leads there through traitlets.
    while found and str(frames[found - 1].tb_frame.f_globals.get("__name__")).startswith("traitlets."):
        found -= 1
    return found


def _is_ours(trace: TracebackType) -> bool:
    return trace.tb_frame.f_code.co_filename.startswith(_PACKAGE)


def _is_said(error: BaseException, frames: Sequence[TracebackType], entrance: int) -> bool:
    """Return whether an error says to the caller what is wrong; any other is a fault, whose frames are needed."""
    if isinstance(error, (WannbError, KeyboardInterrupt)):
        return True
    if not isinstance(error, Exception) or isinstance(error, (AssertionError, NotImplementedError)):
        return False
    last = frames[-1]
    raised = dis.opname[last.tb_frame.f_code.co_code[last.tb_lasti]] == "RAISE_VARARGS"
    # What the first frame meets is of the call itself, such as an argument that Python refuses.
    return _is_ours(last) and (raised or entrance == len(frames) - 1)


def level_outside() -> int:
    """Return the `stacklevel` with which a warning of the caller names the line that called wannb."""
    frame, level = sys._getframe(1), 1
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] in ("wannb", "contextlib"):
        frame, level = frame.f_back, level + 1
    return level
