"""Images of the mock service: inputs and their rules, temporary uploads, results under signed links.

The mock fetches nothing: an image at a public address is unseen, and a placeholder stands for it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import UUID

from wannb.masking import without_signature
from wannb.mock.exchange import DATA_URI, MODELS, Refused, Request, Response, wrong
from wannb.mock.recordings.format import identity

from .settings import Settings
from .tasks import CHINA, RETENTION

# Documented: formats, sides, ratio and bytes of an input image.
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/bmp": "BMP", "image/webp": "WEBP"}
SIDE_MIN, SIDE_MAX = 240, 8000
RATIO_MAX = 8
BYTES_MAX = 20 * 1024 * 1024
POLICY_SECONDS = 300  # documented and seen live 2026-04
OBJECT_SECONDS = 48 * 3600  # documented
FILE_MB_MAX = 1024  # seen live 2026-04; the documentation's example says 100
UPLOAD_MUST = {"object-acl": "private", "forbid-overwrite": "true"}  # fields that begin with x-oss-
UPLOADS_ID, RESULTS_ID = "WANNBMOCKUPLOADS", "WANNBMOCKRESULTS"
BODIES_KEPT = 16  # an image set, and some more
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_BAD_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


@dataclass(frozen=True, kw_only=True)
class InputImage:
    """One input image; size and bytes are None where the mock does not have them."""

    reference: str  # as the client sent it, shortened for an inline image
    size: tuple[int, int] | None = None
    read: Callable[[], bytes | None] = field(default=lambda: None, repr=False)

    @property
    def identity(self) -> str:
        """Its name in a recording: `image:<identity>`, or its public address."""
        data = self.read()
        return f"image:{identity(data)}" if data is not None else without_signature(self.reference)


def inline(text: str, where: str) -> InputImage:
    """Read a `data:<MIME>;base64,<data>` image, checked as documented."""
    start = DATA_URI.match(text)
    if start is None:
        raise wrong(where, "a data URI must look like data:image/png;base64,<data>")
    mime = start[1].lower()
    if mime not in FORMATS:
        raise _bad_format(where, f"{mime} is not supported; use one of {', '.join(FORMATS)}")
    try:
        data = base64.b64decode(text[start.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise wrong(where, "the data URI is not valid base64 (no spaces, no line breaks)") from None
    size = check(data, where, mime=mime)
    return InputImage(reference=f"data:{mime}", size=size, read=lambda: data)


def named(reference: str) -> str:
    """Return the name in recordings of an image that is inline or at a public address."""
    if not DATA_URI.match(reference):
        return without_signature(reference)
    try:
        return inline(reference, "image").identity
    except Refused:
        return f"image:refused:{hashlib.sha256(reference.encode('utf-8', 'replace')).hexdigest()}"


def check(data: bytes, where: str, *, mime: str | None = None) -> tuple[int, int]:
    """Return width and height of an encoded image, or refuse what the service would not take."""
    from PIL import Image

    if len(data) > BYTES_MAX:
        raise Refused("InvalidImage.ImageSize", f"{where}: the image has {len(data)} bytes; the limit is 20 MB.")
    try:
        with Image.open(BytesIO(data)) as image:
            name = "JPEG" if image.format == "MPO" else str(image.format)
            width, height = image.size
            alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
            image.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _bad_size(where, "input image too large: each side may have 8000 pixels") from None
    except Exception:  # Pillow raises many kinds for a broken file; all mean the same here
        raise _bad_format(where, "the image cannot be opened") from None
    if name not in FORMATS.values():
        raise _bad_format(where, f"{name} is not supported; use JPEG, PNG, BMP or WEBP")
    if mime is not None and FORMATS[mime] != name:
        raise _bad_format(where, f"the data URI says {mime} but the image is {name}; make the two agree")
    if name == "PNG" and alpha:
        raise _bad_format(where, "PNG with an alpha channel is not supported; flatten it to RGB first")
    if not (SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX):
        sides = f"each side must be {SIDE_MIN} to {SIDE_MAX} pixels"
        raise _bad_size(where, f"input image too small or too large: it is {width}*{height}, and {sides}")
    if max(width, height) > RATIO_MAX * min(width, height):
        raise _bad_size(where, f"the image is {width}*{height}; its ratio must lie between 1:8 and 8:1")
    return width, height


def _bad_format(where: str, what: str) -> Refused:
    return Refused("InvalidImage.FileFormat", f"{where}: image format error: {what}.")


def _bad_size(where: str, what: str) -> Refused:
    return Refused("InvalidImageResolution", f"{where}: {what}.")


@dataclass(kw_only=True)
class ResultImage:
    """One image on the result host; `draw` returns its body, drawn or read when it is first downloaded."""

    path: str
    size: tuple[int, int]
    draw: Callable[[], bytes] = field(repr=False)
    playing: Any = None  # the scenario that the request's own header names
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An uploaded file, bound to the model its policy was requested for."""

    model: str
    at: float
    read: Callable[[], bytes] = field(repr=False)


class Shelf:
    """Input images of one server life, on disk and not in memory: in a file without a name, which ends with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: Any = None
        self._starts: dict[bytes, int] = {}  # by digest

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def keep(self, data: bytes) -> Callable[[], bytes]:
        """Keep an image, the same one once, and return what reads it."""
        digest, length = hashlib.sha256(data).digest(), len(data)
        with self._lock:
            self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115
            if digest not in self._starts:
                start = self._file.seek(0, 2)
                self._file.write(data)
                self._starts[digest] = start
        return lambda: self._read(digest, length)

    def _read(self, digest: bytes, length: int) -> bytes:
        with self._lock:
            self._file.seek(self._starts[digest])
            return bytes(self._file.read(length))


class Images:
    """The object store: results for 24 hours under signed links, uploads for 48 hours.

    Nothing is drawn before it is downloaded, so submits and queries stay fast; the last few are kept, and others drawn
    again. Links and policies are signed with the secret.
    """

    def __init__(self, settings: Settings) -> None:
        self._now = settings.now
        self._fresh = settings.fresh
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._results: dict[str, ResultImage] = {}
        self._drawn = lru_cache(BODIES_KEPT)(lambda path: self._results[path].draw())
        self._policies: dict[str, tuple[str, str, float]] = {}  # folder, model and end of what was signed
        self._uploads: dict[str, Upload] = {}
        self._shelf = Shelf()

    def _sign(self, text: str) -> str:
        return base64.b64encode(hmac.new(self._secret, text.encode(), hashlib.sha1).digest()).decode()

    # Results

    def add(self, name: UUID, index: int, **image: Any) -> str:
        """Register a result, given as for `ResultImage`, and return its path, shaped like those seen live 2026-04."""
        day = datetime.fromtimestamp(self._now(), CHINA).strftime("%Y%m%d")
        path = f"/{name.hex[:2]}/{name.hex[2:4]}/{day}/{name.hex[4:12]}/{name}_{index}.png"
        with self._lock:
            self._results[path] = ResultImage(path=path, **image)
        return path

    def link(self, path: str, *, base: str, ended: float) -> str:
        """Return the signed URL of a path on the server at `base`: seen live 2026-04, it works for 24 hours."""
        until = str(int(ended + RETENTION))
        signature = quote(self._sign_link(path, until), safe="")
        return f"{base}{path}?Expires={until}&OSSAccessKeyId={RESULTS_ID}&Signature={signature}"

    def _sign_link(self, path: str, until: str) -> str:
        return self._sign(f"GET\n\n\n{until}\n{path}")

    def playing(self, path: str) -> Any:
        """Return the scenario that the request behind a result named."""
        image = self._results.get(path)
        return image.playing if image else None

    def download(self, request: Request) -> Response:
        """Serve a result, whole or from a byte on, or refuse as the object store does."""
        self._check_link(request.path, request.query)
        image = self._results.get(request.path)
        if image is None:
            raise Refused("NoSuchKey", "The specified key does not exist.", Key=request.path[1:])
        body = self._body(image)
        headers = {"content-type": "image/png", "accept-ranges": "bytes", "etag": _etag(body)}
        wanted = _RANGE.fullmatch(request.header("range"))
        if wanted is None or int(wanted[1]) >= len(body):
            return Response(headers=headers, body=body)
        start = int(wanted[1])
        end = min(int(wanted[2] or len(body) - 1), len(body) - 1)
        headers["content-range"] = f"bytes {start}-{end}/{len(body)}"
        return Response(status=206, headers=headers, body=body[start : end + 1])

    def _check_link(self, path: str, query: Mapping[str, str]) -> None:
        until, signature = query.get("Expires", ""), query.get("Signature", "")
        if not signature or query.get("OSSAccessKeyId") != RESULTS_ID:
            raise Refused("AccessDenied", "You have no right to access this object because of bucket acl.")
        if not hmac.compare_digest(signature.encode(), self._sign_link(path, until).encode()):
            raise Refused("SignatureDoesNotMatch", _BAD_SIGNATURE)
        if self._now() > int(until):
            raise Refused("AccessDenied", "Request has expired.", Expires=until)

    def _body(self, image: ResultImage) -> bytes:
        # One lock an image: two downloads of one draw it once, two images are drawn side by side.
        with image.lock:
            return self._drawn(image.path)

    # Inputs

    def input(self, text: str, where: str, model: str, *, resolve: bool) -> InputImage:
        """Return the input image behind a data URI, an oss:// URL or an http(s) URL, or refuse it.

        `where` is its place in the request, `resolve` whether the request has the header that oss:// URLs need.
        """
        if text.startswith("data:"):
            return inline(text, where)
        if text.startswith("oss://"):
            return self._uploaded(text, where, model, resolve=resolve)
        if not text.startswith(("http://", "https://")):
            raise Refused(
                "InvalidURL",
                f"{where}: must be an http(s) URL, a data URI or an oss:// URL, not {text[:40]!r}. "
                "A local file has to be sent as a data URI or uploaded first.",
            )
        if own := self._own(text):
            return own
        parts = urlsplit(text)
        if parts.path in self._results:
            gone = "the link to this result has expired or was changed; query its task again, or send the file"
            raise wrong(where, f"download image failed: {gone}")
        if not parts.hostname or text.split() != [text]:
            raise Refused("InvalidURL", f"{where}: {text[:80]!r} is not a usable http(s) URL.")
        return InputImage(reference=text)

    def shelved(self, image: InputImage) -> InputImage:
        """Return an input image as one that may be kept: the bytes of an inline one are on the shelf."""
        data = image.read() if image.reference.startswith("data:") else None
        return image if data is None else replace(image, read=self._shelf.keep(data))

    def _own(self, url: str) -> InputImage | None:
        """Return one of our own results as an input image, None if the URL is not (or no longer) good."""
        parts = urlsplit(url)
        image = self._results.get(parts.path)
        try:
            self._check_link(parts.path, dict(parse_qsl(parts.query)))
        except Refused:
            return None
        return None if image is None else InputImage(reference=url, size=image.size, read=lambda: self._body(image))

    def _uploaded(self, url: str, where: str, model: str, *, resolve: bool) -> InputImage:
        if not resolve:
            # Documented: without the header the service takes oss:// for a URL that is not valid.
            header = "An oss:// URL needs the header X-DashScope-OssResourceResolve: enable"
            raise wrong(where, f"url error, please check url! {header}")
        found = self._uploads.get(url.removeprefix("oss://"))
        if found is None or self._now() >= found.at + OBJECT_SECONDS:
            raise Refused(
                "InvalidParameter.DataInspection",
                f"{where}: Unable to download the media resource: nothing was uploaded under this oss:// URL, "
                "or it is older than 48 hours. Upload the file again.",
            )
        if found.model != model:
            advice = "request a policy with the model of the call"
            raise wrong(where, f"the file was uploaded for {found.model} and cannot be used with {model}; {advice}")
        return InputImage(reference=url, size=check(found.read(), where), read=found.read)

    def identify(self, reference: str) -> str:
        """Return the name of an input image in recordings."""
        stored = self._uploads.get(reference.removeprefix("oss://")) if reference.startswith("oss://") else None
        if stored is not None:
            return f"image:{identity(stored.read())}"
        own = self._own(reference) if reference.startswith("http") else None
        return own.identity if own is not None else named(reference)

    # Uploads

    def policy(self, request: Request) -> dict[str, Any]:
        """Answer `GET /uploads?action=getPolicy&model=...`."""
        if request.query.get("action") != "getPolicy":
            raise wrong("action", "must be getPolicy")
        model = request.query.get("model", "")
        if not model:
            raise wrong("model", "required, the model that will use the file")
        if model not in MODELS:
            raise Refused("ModelNotFound", f"Model not exist: {model[:80]!r}.")
        now, until = self._now(), self._now() + POLICY_SECONDS
        account = hashlib.md5(self._secret, usedforsecurity=False).hexdigest()
        folder = f"dashscope-instant/{account}/{_utc(now):%Y-%m-%d}/{self._fresh()}"
        document = {
            "expiration": f"{_utc(until):%Y-%m-%dT%H:%M:%S.000Z}",
            "conditions": [
                ["content-length-range", 0, FILE_MB_MAX * 1024 * 1024],
                ["starts-with", "$key", folder],
                {"bucket": "wannb-mock"},
                *({f"x-oss-{name}": value} for name, value in UPLOAD_MUST.items()),
            ],
        }
        policy = base64.b64encode(json.dumps(document).encode()).decode()
        with self._lock:
            self._policies[policy] = folder, model, until
        data = {
            "policy": policy,
            "signature": self._sign(policy),
            "upload_dir": folder,
            "upload_host": request.base,
            "expire_in_seconds": POLICY_SECONDS,
            "max_file_size_mb": FILE_MB_MAX,
            "capacity_limit_mb": 999999999,
            "oss_access_key_id": UPLOADS_ID,
            **{f"x_oss_{name.replace('-', '_')}": value for name, value in UPLOAD_MUST.items()},
        }
        return {"data": data}

    def upload(self, request: Request, notes: list[str]) -> Response:
        """Store a file that is sent as a form, or refuse as the object store does; `notes` go to the log."""
        form = parse_form(request)
        if form is None:
            raise Refused("MalformedPOSTRequest", "The body of your POST request is not well-formed.")
        fields, name, data = form
        model = self._checked_model(fields)
        if data is None:
            raise Refused("InvalidArgument", "POST requires exactly one file upload per request.")
        if len(data) > FILE_MB_MAX * 1024 * 1024:
            raise Refused("EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
        key = fields["key"].replace("${filename}", name)
        with self._lock:
            if key in self._uploads:
                message = "The object you specified already exists and can not be overwritten."
                raise Refused("FileAlreadyExists", message, Key=key)
            self._uploads[key] = Upload(model=model, at=self._now(), read=self._shelf.keep(data))
        notes.append(f"stored {key}, sha256:{hashlib.sha256(data).hexdigest()}, {len(data)} bytes")
        status = 200 if fields.get("success_action_status") == "200" else 204
        return Response(status=status, headers={"etag": _etag(data)})

    def _checked_model(self, fields: Mapping[str, str]) -> str:
        """Return the model of an upload's policy; refuse what does not keep to the policy."""
        policy = fields.get("policy", "")
        if fields.get("ossaccesskeyid") != UPLOADS_ID:
            raise Refused("InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
        if not hmac.compare_digest(fields.get("signature", "").encode(), self._sign(policy).encode()):
            raise Refused("SignatureDoesNotMatch", _BAD_SIGNATURE)
        folder, model, until = self._policies[policy]
        if self._now() > until:
            raise _denied("Policy expired.")
        key = fields.get("key", "")
        if not key.startswith(folder + "/") or key == folder + "/":
            raise _denied(f'Policy Condition failed: ["starts-with", "$key", "{folder}"]')
        for name, value in UPLOAD_MUST.items():
            if fields.get(f"x-oss-{name}") != value:
                raise _denied(f'Policy Condition failed: ["eq", "$x-oss-{name}", "{value}"]')
        return model


def _denied(reason: str) -> Refused:
    return Refused("AccessDenied", f"Invalid according to Policy: {reason}")


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, timezone.utc)


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest().upper()}"'


def parse_form(request: Request) -> tuple[dict[str, str], str, bytes | None] | None:
    """Return the fields of a multipart/form-data body and its file's name and content; None if it is not well-formed.

    By hand: the standard library's mail parser copies and decodes a 20 MB image several times.
    """
    kind = re.match(r'multipart/form-data\s*;.*?boundary="?([^";]+)"?', request.header("content-type"), re.IGNORECASE)
    if kind is None:
        return None
    mark = b"--" + kind[1].strip().encode()
    pieces = (b"\r\n" + request.body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        return None
    fields: dict[str, str] = {}
    for piece in pieces[1:-1]:
        head, gap, data = piece.partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        name = re.search(r'[;\s]name="([^"]*)"', text)
        if not gap or name is None:
            return None
        if name[1] == "file":
            filename = re.search(r'filename="([^"]*)"', text)
            return fields, filename[1] if filename else "", data  # the object store ignores what comes after the file
        fields[name[1].lower()] = data.decode("utf-8", "replace")
    return fields, "", None
