"""A class behind a real JupyterHub with the config of the docs: users and teachers ask by browser and by token."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from isolation import PATIENCE
from mocking import CREATE, body
from processes import Command

import wannb
from wannb.commands.cli import main
from wannb.service import hub_token

pytestmark = [
    pytest.mark.skipif(find_spec("jupyterhub") is None, reason="JupyterHub is not installed"),
    pytest.mark.skipif(os.name == "nt", reason="JupyterHub does not run on Windows"),
]
ROOT = Path(wannb.__file__).parent.parent
ASYNC = {"X-DashScope-Async": "enable"}
#: What a machine under test needs beside the page's own: users without accounts, free ports, and no npm.
MORE = """
import sys
sys.path.insert(0, {tests!r})
c.JupyterHub.services[0].update(url="http://127.0.0.1:{inner}", cwd={folder!r})
c.JupyterHub.services[0]["environment"] = {{"PYTHONPATH": {path!r}, "HOME": {folder!r}, "WANNB_MODE": "mock"}}
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/{base}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.Authenticator.allowed_users = {{"teacher-1", "bo", "cy", "root"}}
c.Authenticator.admin_users = {{"root"}}
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret = b"0" * 32
c.JupyterHub.api_tokens = {{}}
c.JupyterHub.services.append({{"name": "tester", "api_token": "{token}", "display": False}})
c.JupyterHub.load_roles.append(
    {{"name": "tester", "services": ["tester"], "scopes": ["admin:users", "tokens", "list:users", "admin:groups"]}}
)
if {small}:
    from classroom.hub_proxy import SmallProxy
    c.JupyterHub.proxy_class = SmallProxy
else:
    c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
"""
TESTER = "t" * 32


class RunningHub:
    """A hub that runs, as its users and their programs see it."""

    def __init__(self, url: str, hub: str, folder: Path) -> None:
        self.url, self.api_url, self.folder = url, hub, folder
        self.service = f"{url}/services/class"

    def api(self, method: str, path: str, **more: Any) -> Any:
        answer = httpx.request(
            method, f"{self.api_url}{path}", headers={"authorization": f"token {TESTER}"}, trust_env=False, **more
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def token(self, user: str, *scopes: str) -> str:
        """Return a token of a user, with the scopes of one that a notebook server has."""
        wanted = scopes or ("access:services!service=class",)
        return str(self.api("POST", f"/users/{user}/tokens", json={"scopes": list(wanted)})["token"])

    def browser(self, user: str) -> Browser:
        return Browser(self, user)


class Browser:
    """Somebody's browser: cookies, redirects, and the pass of the page that was opened last."""

    def __init__(self, hub: RunningHub, user: str) -> None:
        self.hub, self.user, self.passed = hub, user, ""
        self.http = httpx.Client(follow_redirects=True, trust_env=False, timeout=60)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: Any) -> None:
        self.http.close()

    def open(self, path: str = "/") -> httpx.Response:
        """Open a page of the class, and sign in at the hub where that is asked for."""
        answer = self.http.get(f"{self.hub.service}{path}", headers={"sec-fetch-mode": "navigate"})
        if found := re.search(r'name="_xsrf" value="([^"]+)"', answer.text):
            login = {"username": self.user, "password": "any", "_xsrf": found[1]}
            answer = self.http.post(str(answer.url), data=login)
        if found := re.search(r'data-pass="(\w+)"', answer.text):
            self.passed = found[1]
        return answer

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.passed}", **more.pop("headers", {})}
        return self.http.request(method, f"{self.hub.service}{path}", headers=headers, **more)


def free_ports(many: int) -> list[int]:
    places = [socket.create_server(("127.0.0.1", 0)) for _ in range(many)]
    ports = [place.getsockname()[1] for place in places]
    for place in places:
        place.close()
    return ports


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """The hub of `docs/how-to/jupyterhub.md`, behind configurable-http-proxy where that is installed."""
    folder = tmp_path_factory.mktemp("hub")
    port, hub, inner, api = free_ports(4)
    page = (ROOT / "docs" / "how-to" / "jupyterhub.md").read_text("utf-8")
    [config] = [block for block in re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S) if "c.JupyterHub" in block]
    facts = {"port": port, "hub": hub, "inner": inner, "api": api, "folder": str(folder), "token": TESTER}
    facts |= {"tests": str(ROOT / "tests"), "path": os.environ["PYTHONPATH"] + os.pathsep + str(ROOT), "base": ""}
    more = MORE.format(**facts, small=shutil.which("configurable-http-proxy") is None)
    (folder / "jupyterhub_config.py").write_text(f"{config}{more}")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with Command("-m", "jupyterhub", folder=folder, environment={"PATH": path}) as running:
        running.wait_for("JupyterHub is now running")
        running.wait_for("JupyterHub says who asks")
        found = RunningHub(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{hub}/hub/api", folder)
        yield found


@pytest.fixture
def bo(hub: RunningHub) -> Iterator[Browser]:
    with hub.browser("bo") as browser:
        yield browser


@pytest.fixture
def cy(hub: RunningHub) -> Iterator[Browser]:
    with hub.browser("cy") as browser:
        yield browser


def test_a_browser_signs_in_at_the_hub_and_makes_pictures_that_nobody_else_finds(bo: Browser, cy: Browser) -> None:
    page = bo.open()
    assert (page.status_code, page.url.path, bo.passed == "") == (200, "/services/class/", False)
    assert [(each.name, each.path) for each in bo.http.cookies.jar if each.name == "service-class"] == [
        ("service-class", "/services/class/")
    ]
    me = bo.ask("GET", "/class/me").json()
    assert (me["name"], me["most"], me["used"], me["mock"]) == ("bo", 8, 0, True)
    task = bo.ask("POST", f"/api/v1{CREATE}", json=body("a fox"), headers=ASYNC).json()["output"]["task_id"]
    until = time.monotonic() + PATIENCE
    while not (ask := bo.ask("GET", "/class/me").json()["asks"][0])["pictures"]:
        assert ask["state"] in ("PENDING", "RUNNING")
        assert time.monotonic() < until
        time.sleep(0.05)
    shown = bo.http.get(f"{bo.hub.service}/{ask['pictures'][0]}")
    assert (shown.headers["content-type"], shown.content[:4]) == ("image/png", b"\x89PNG")
    links = [
        each["message"]["content"][0]["image"]
        for each in bo.ask("GET", f"/api/v1/tasks/{task}").json()["output"]["choices"]
    ]
    assert links == [f"{bo.hub.service}/{ask['pictures'][0]}"]

    cy.open()
    assert cy.ask("GET", "/class/me").json()["asks"] == []
    assert cy.ask("GET", f"/api/v1/tasks/{task}").json()["output"]["task_status"] == "UNKNOWN"
    assert cy.ask("POST", f"/api/v1/tasks/{task}/cancel").status_code == 400
    assert cy.ask("GET", "/api/v1/tasks").json()["total"] == 0
    assert cy.ask("POST", "/class/caps", json={"going": False}).status_code == 401


def test_the_cookie_alone_asks_nothing_and_neither_does_anothers_pass(bo: Browser, cy: Browser) -> None:
    bo.open(), cy.open()
    assert bo.ask("GET", "/class/me").status_code == 200
    own, bo.passed = bo.passed, "none"
    assert bo.ask("GET", "/class/me").status_code == 401, "a page of another user asks with the cookie"
    bo.passed = cy.passed
    assert bo.ask("GET", "/class/me").status_code == 401
    bo.passed = own
    other = {"origin": "https://example.org"}
    assert bo.ask("POST", f"/api/v1{CREATE}", json=body("x"), headers={**ASYNC, **other}).status_code == 403
    fetched = bo.http.get(f"{bo.hub.service}/", headers={"sec-fetch-mode": "cors"})
    assert (fetched.status_code, own in fetched.text) == (403, False), "a page of another user reads the pass"
    bo.http.cookies.clear()
    assert bo.ask("GET", "/class/me").status_code == 401


def test_a_code_of_signing_in_counts_only_in_the_browser_that_began(hub: RunningHub) -> None:
    with httpx.Client(trust_env=False) as begun:
        place = begun.get(f"{hub.service}/").headers["location"]
        state = parse_qs(urlsplit(place).query)["state"][0]
        back = f"{hub.service}/oauth_callback?code=stolen&state={state}"
        assert httpx.get(back, trust_env=False).status_code == 403, "without the cookie of the state"
        assert begun.get(f"{hub.service}/oauth_callback?code=stolen&state=other").status_code == 403
        assert begun.get(f"{hub.service}/oauth_callback?state={state}").status_code == 403
        assert begun.get(back).status_code == 503, "the hub knows no such code"


def test_a_notebook_on_the_hub_asks_with_its_servers_token(
    hub: RunningHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", hub.token("cy"))
    monkeypatch.setenv("JUPYTERHUB_API_URL", hub.api_url)
    monkeypatch.setenv("JUPYTERHUB_BASE_URL", "/")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-my-own-0123456789abcdef")
    with wannb.connect(hub.service, store="own") as client:
        assert not client.notices
        assert client.service.kind == "mock", "the class practices, and says so"
        result = client.generate("a boat", size="1K", n=2)
        edited = client.edit("make it night", result[0], size="1K")
    assert (len(result), len(edited)) == (2, 1)
    token = os.environ["JUPYTERHUB_API_TOKEN"].encode()
    written = [file for folder in (tmp_path, hub.folder) for file in folder.rglob("*") if file.is_file()]
    assert not [file for file in written if token in file.read_bytes()]


def test_a_token_without_the_scope_and_one_of_a_service_let_nobody_in(hub: RunningHub) -> None:
    for token in (hub.token("bo", "read:users:name!user=bo"), TESTER, "no-token", "K" * 5000, "ABCDE-FGHJK"):
        headers = {"authorization": f"Bearer {token}"}
        answer = httpx.get(f"{hub.service}/class/me", headers=headers, trust_env=False)
        assert (answer.status_code, token) == (401, token)


def test_the_hubs_group_and_its_admins_are_the_teachers(hub: RunningHub, bo: Browser) -> None:
    assert bo.open("/teacher").status_code == 403
    bo.open()
    for user in ("teacher-1", "root"):
        with hub.browser(user) as teacher:
            assert teacher.open("/teacher").status_code == 200
            state = teacher.ask("GET", "/class/state").json()
            assert {"bo", user} <= {person["name"] for person in state["people"]}
            assert {person["code"] for person in state["people"]} == {""}
            [known] = [person for person in state["people"] if person["name"] == "bo"]
            changed = teacher.ask("POST", f"/class/people/{known['id']}", json={"name": "bo", "most": 9})
            assert changed.status_code == 200
    assert bo.ask("GET", "/class/state").status_code == 401
    assert bo.ask("GET", "/class/me").json()["most"] == 9


def test_a_person_who_is_renamed_stays_who_they_are(hub: RunningHub, cy: Browser) -> None:
    cy.open()
    with hub.browser("teacher-1") as teacher:
        teacher.open("/teacher")
        people = teacher.ask("GET", "/class/state").json()["people"]
        [known] = [person for person in people if person["name"] == "cy"]
        teacher.ask("POST", f"/class/people/{known['id']}", json={"name": "Cyril"})
        assert cy.ask("GET", "/class/me").json()["name"] == "Cyril"
        assert len(teacher.ask("GET", "/class/state").json()["people"]) == len(people)
        teacher.ask("POST", f"/class/people/{known['id']}", json={"name": "cy"})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/services/class",
        "https://hub.example.org/jupyter/services/class/",
    ],
)
def test_the_hubs_token_goes_to_the_hubs_own_services(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub_token(url) is None
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "the-token")
    assert hub_token(url) is None
    base = "/jupyter/" if "jupyter" in url else "/"
    monkeypatch.setenv("JUPYTERHUB_BASE_URL", base)
    monkeypatch.setenv("JUPYTERHUB_API_URL", "http://127.0.0.1:8081/hub/api")
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_HUB_URL", f"https://hub.example.org{base}hub/")
    assert str(hub_token(url)) == "the-token"
    for other in (
        "https://elsewhere.example.org/services/class",
        f"https://hub.example.org{base}user/bo/proxy/8000",
        "https://hub.example.org.example.net/services/class",
    ):
        assert hub_token(other) is None, other


def test_what_a_hub_decides_is_no_option_of_its_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_NAME", "class")
    assert main(["class"]) == 1
    assert 'give it a "url" such as http://127.0.0.1:10101' in capsys.readouterr().err
    monkeypatch.setenv("JUPYTERHUB_SERVICE_URL", "http://127.0.0.1:10101")
    assert main(["class", "--people", "3"]) == 1
    assert "leave them out" in capsys.readouterr().err
