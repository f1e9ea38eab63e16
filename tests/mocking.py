"""A client for the mock's tests, with nothing of wannb's own encoder, and mock servers whose answers are changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx

from wannb.mock import App, MockServer, Request, Response

KEY = "sk-test-0123456789abcdef"
SYNC = "/services/aigc/multimodal-generation/generation"
CREATE = "/services/aigc/image-generation/generation"
SMALL = "768*768"  # the fewest pixels that are allowed: quick to draw


def data_uri(data: bytes, mime: str = "image/png") -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def body(text: str = "a cat", *images: str, model: str = "wan2.7-image-pro", **parameters: Any) -> dict[str, Any]:
    content = [*({"image": image} for image in images), {"text": text}]
    return {
        "model": model,
        "input": {"messages": [{"role": "user", "content": content}]},
        "parameters": {"n": 1, "size": SMALL, **parameters},
    }


class Api:
    """Requests with a key to the API host, and without one to the object store."""

    def __init__(self, server: MockServer, key: str = KEY) -> None:
        self.server, self.key = server, key
        self.http = httpx.Client(timeout=20, trust_env=False, verify=False)  # loading certificates takes 50 ms

    def close(self) -> None:
        self.http.close()

    def call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        merged = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        return self.http.request(method, self.server.base_url + path, headers=merged, **more)

    def create(self, value: Any = None, **headers: str) -> httpx.Response:
        extra = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.call("POST", CREATE, json=value or body(), headers={"X-DashScope-Async": "enable", **extra})

    def sync(self, value: Any = None, **headers: str) -> httpx.Response:
        extra = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.call("POST", SYNC, json=value or body(), headers=extra)

    def made(self, value: Any = None, **headers: str) -> str:
        answer = self.create(value, **headers)
        assert answer.status_code == 200, answer.text
        task_id: str = answer.json()["output"]["task_id"]
        return task_id

    def query(self, task_id: str) -> Any:
        return self.call("GET", f"/tasks/{task_id}").json()

    def policy(self, model: str = "wan2.7-image-pro") -> dict[str, str]:
        answer = self.call("GET", "/uploads", params={"action": "getPolicy", "model": model})
        data: dict[str, str] = answer.json()["data"]
        return data

    def upload(
        self, data: bytes, name: str = "a.png", given: Mapping[str, str] | None = None, **changed: str
    ) -> tuple[httpx.Response, str]:
        """Upload a file; return the answer and the oss:// URL. `changed` replaces form fields (- as _)."""
        given = given or self.policy()
        fields = {
            "OSSAccessKeyId": given["oss_access_key_id"],
            "policy": given["policy"],
            "Signature": given["signature"],
            "key": f"{given['upload_dir']}/{name}",
            "x-oss-object-acl": given["x_oss_object_acl"],
            "x-oss-forbid-overwrite": given["x_oss_forbid_overwrite"],
            "success_action_status": "200",
            **{field.replace("_", "-"): value for field, value in changed.items()},
        }
        answer = self.http.post(given["upload_host"], data=fields, files={"file": (name, data)})
        return answer, f"oss://{fields['key']}"


def urls(answer: Mapping[str, Any]) -> list[str]:
    return [item["image"] for choice in answer["output"]["choices"] for item in choice["message"]["content"]]


class Around:
    """An app with something in between, for what the named scenarios do not play."""

    def __init__(self, app: App, between: Callable[[App, Request], Response]) -> None:
        self.app, self.between = app, between

    def handle(self, request: Request) -> Response:
        return self.between(self.app, request)


def altered(change: Callable[[Request, Response], Response], keys: tuple[str, ...] | None = (KEY,)) -> MockServer:
    """Serve a stand-in for the live service whose answers are changed on their way."""
    app = App(task_seconds=0, keys=keys)
    return MockServer(app, handles=Around(app, lambda app, request: change(request, app.handle(request))))


def of_json(change: Callable[[Request, Any], None]) -> Callable[[Request, Response], Response]:
    """Change the JSON of each answer in place."""

    def changed(request: Request, response: Response) -> Response:
        if "json" not in response.headers.get("content-type", ""):
            return response
        answer = response.json()
        change(request, answer)
        return replace(response, body=json.dumps(answer).encode())

    return changed
