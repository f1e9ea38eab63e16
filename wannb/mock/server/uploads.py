"""Temporary uploads: the policy, the form upload that must keep to it, and the objects for 48 hours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from .exchange import Refused, Request, Response, xml_error
from .inputs import Source, check
from .rules import MODELS

POLICY_SECONDS = 300  # documented and seen live 2026-04
OBJECT_SECONDS = 48 * 3600  # documented
FILE_MB_MAX = 1024  # seen live 2026-04; the documentation's example says 100
ACCESS_KEY_ID = "WANNBMOCKUPLOADS"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An uploaded object, bound to the model its policy was asked for."""

    key: str
    model: str
    at: float
    data: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One field of a multipart form."""

    name: str
    filename: str | None
    data: bytes = field(repr=False)


class Uploads:
    """The upload host and its objects. `now` is the server's clock, `fresh` makes ids."""

    def __init__(self, *, now: Callable[[], float], fresh: Callable[[], UUID], secret: bytes) -> None:
        self._now = now
        self._fresh = fresh
        self._secret = secret
        self._lock = threading.Lock()
        self._objects: dict[str, Stored] = {}
        self._models: dict[str, str] = {}

    def policy(self, request: Request) -> dict[str, Any]:
        """Answer `GET /uploads?action=getPolicy&model=...`."""
        if request.query.get("action") != "getPolicy":
            raise Refused(400, "InvalidParameter", "action: must be getPolicy.")
        model = request.query.get("model", "")
        if not model:
            raise Refused(400, "InvalidParameter", "model: required, the model that will use the file.")
        if model not in MODELS:
            raise Refused(404, "ModelNotFound", f"Model not exist: {model[:80]!r}.")
        now = self._now()
        account = hashlib.md5(self._secret, usedforsecurity=False).hexdigest()
        day = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%d")
        folder = f"dashscope-instant/{account}/{day}/{self._fresh()}"
        with self._lock:
            self._models[folder] = model
        until = datetime.fromtimestamp(now + POLICY_SECONDS, timezone.utc)
        document = {
            "expiration": until.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "conditions": [
                ["content-length-range", 0, FILE_MB_MAX * 1024 * 1024],
                ["starts-with", "$key", folder],
                {"bucket": "wannb-mock"},
                {"x-oss-object-acl": "private"},
                {"x-oss-forbid-overwrite": "true"},
            ],
        }
        policy = base64.b64encode(json.dumps(document).encode()).decode()
        return {
            "data": {
                "policy": policy,
                "signature": self._sign(policy),
                "upload_dir": folder,
                "upload_host": request.base,
                "expire_in_seconds": POLICY_SECONDS,
                "max_file_size_mb": FILE_MB_MAX,
                "capacity_limit_mb": 999999999,
                "oss_access_key_id": ACCESS_KEY_ID,
                "x_oss_object_acl": "private",
                "x_oss_forbid_overwrite": "true",
            }
        }

    def accept(self, request: Request, notes: list[str]) -> Response:
        """Take a form upload, or refuse it with the object store's XML; `notes` are for the log."""
        parts = parse_form(request)
        if parts is None:
            return xml_error(412, "MalformedPOSTRequest", "The body of your POST request is not well-formed.")
        fields: dict[str, str] = {}
        file: Part | None = None
        for part in parts:
            if part.name == "file":
                file = part
                break  # the object store ignores what comes after the file
            fields[part.name.lower()] = part.data.decode("utf-8", "replace")
        trouble = self._trouble(fields, file)
        if trouble is not None:
            return trouble
        assert file is not None
        key = fields["key"].replace("${filename}", file.filename or "")
        with self._lock:
            if key in self._objects:
                return xml_error(
                    409,
                    "FileAlreadyExists",
                    "The object you specified already exists and can not be overwritten.",
                    Key=key,
                )
            model = next(model for folder, model in self._models.items() if key.startswith(folder + "/"))
            self._objects[key] = Stored(key=key, model=model, at=self._now(), data=file.data)
        notes.append(f"stored {key}, sha256:{hashlib.sha256(file.data).hexdigest()}, {len(file.data)} bytes")
        status = 200 if fields.get("success_action_status") == "200" else 204
        return Response(
            status=status, headers={"etag": f'"{hashlib.md5(file.data, usedforsecurity=False).hexdigest().upper()}"'}
        )

    def source(self, url: str, where: str, model: str, *, resolve: bool) -> Source:
        """Return the input image behind an `oss://` URL; `resolve` is whether the request asked for it."""
        if not resolve:
            # Documented: without the header the service takes oss:// for a URL that is not valid.
            raise Refused(
                400,
                "InvalidParameter",
                f"{where}: url error, please check url! An oss:// URL needs the header "
                "X-DashScope-OssResourceResolve: enable.",
            )
        stored = self.find(url)
        if stored is None or self._now() >= stored.at + OBJECT_SECONDS:
            raise Refused(
                400,
                "InvalidParameter.DataInspection",
                f"{where}: Unable to download the media resource: nothing was uploaded under this oss:// URL, "
                "or it is older than 48 hours. Upload the file again.",
            )
        if stored.model != model:
            raise Refused(
                400,
                "InvalidParameter",
                f"{where}: the file was uploaded for {stored.model} and cannot be used with {model}; "
                "ask for a policy with the model of the call.",
            )
        data = stored.data
        return Source(reference=url, size=check(data, where), read=lambda: data)

    def find(self, url: str) -> Stored | None:
        return self._objects.get(url.removeprefix("oss://"))

    def _sign(self, policy: str) -> str:
        return base64.b64encode(hmac.new(self._secret, policy.encode(), hashlib.sha1).digest()).decode()

    def _trouble(self, fields: dict[str, str], file: Part | None) -> Response | None:
        policy = fields.get("policy", "")
        if fields.get("ossaccesskeyid") != ACCESS_KEY_ID:
            return xml_error(
                403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records."
            )
        if not hmac.compare_digest(fields.get("signature", "").encode(), self._sign(policy).encode()):
            return xml_error(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key "
                "and signing method.",
            )
        document = json.loads(base64.b64decode(policy))
        until = datetime.strptime(document["expiration"], "%Y-%m-%dT%H:%M:%S.000Z").replace(tzinfo=timezone.utc)
        if self._now() > until.timestamp():
            return _denied("Policy expired.")
        folder = document["conditions"][1][2]
        key = fields.get("key", "")
        if not key.startswith(folder + "/") or key == folder + "/":
            return _denied(f'Policy Condition failed: ["starts-with", "$key", "{folder}"]')
        for name, value in (("x-oss-object-acl", "private"), ("x-oss-forbid-overwrite", "true")):
            if fields.get(name) != value:
                return _denied(f'Policy Condition failed: ["eq", "${name}", "{value}"]')
        if file is None:
            return xml_error(400, "InvalidArgument", "POST requires exactly one file upload per request.")
        if len(file.data) > FILE_MB_MAX * 1024 * 1024:
            return xml_error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
        return None


def _denied(reason: str) -> Response:
    return xml_error(403, "AccessDenied", f"Invalid according to Policy: {reason}")


def parse_form(request: Request) -> list[Part] | None:
    """Split a multipart/form-data body into its parts, None where it is not well-formed.

    By hand: the standard library's mail parser copies and decodes a 20 MB image several times.
    """
    kind = re.match(r'multipart/form-data\s*;.*?boundary="?([^";]+)"?', request.header("content-type"), re.IGNORECASE)
    if kind is None:
        return None
    mark = b"--" + kind[1].strip().encode()
    pieces = (b"\r\n" + request.body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        return None
    parts: list[Part] = []
    for piece in pieces[1:-1]:
        head, gap, data = piece.partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        name = re.search(r'[;\s]name="([^"]*)"', text)
        if not gap or name is None:
            return None
        filename = re.search(r'filename="([^"]*)"', text)
        parts.append(Part(name=name[1], filename=filename[1] if filename else None, data=data))
    return parts
