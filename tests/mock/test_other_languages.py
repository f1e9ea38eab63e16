"""Other programs against the mock server: the official Java SDK, and the page that shows a request in each language.

`mvn -q -f tests/java -Dout=FOLDER package` builds what the Java tests run; WANNB_SDK_JAVA names that folder. Without it
they are skipped, and so is each language that is not installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from mock.test_sdk import interpreter
from PIL import Image

from wannb import mock

PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "another-language.md"
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=off"

NEWER = """
import sys
import dashscope
if not hasattr(dashscope, "Client"):
    sys.exit(print("older"))
try:
    dashscope.Client(base_url=sys.argv[1]).images.generate(model="wan2.7-image-pro", prompt="a cat", n=1)
except Exception as error:
    print(error)
"""


def block(language: str) -> str:
    """Return the block of a language on the page."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return str(found)


def java() -> tuple[str, str]:
    """Return how Java is started, and where what it runs is."""
    folder = os.environ.get("WANNB_SDK_JAVA")
    if not folder:
        pytest.skip("WANNB_SDK_JAVA is not set")
    return "java", f"{folder}/check.jar{os.pathsep}{folder}/lib/*"


def run(command: list[str], folder: Path, url: str, given: str | None = None) -> str:
    """Run a program that has the mock's address and a key in its environment, and return what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DASHSCOPE_"))}
    environment |= {"DASHSCOPE_HTTP_BASE_URL": url, "DASHSCOPE_API_KEY": "sk-mock", "HOME": str(folder)}
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=120, cwd=folder, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_official_java_sdk_works_against_the_mock(tmp_path: Path) -> None:
    program, classes = java()
    Image.new("RGB", (400, 300), "teal").save(tmp_path / "picture.png")
    with mock.serve(task_seconds=0.3) as server:
        command = [program, QUIET, "-cp", classes, "Check", server.base_url, str(tmp_path / "picture.png")]
        printed = run(command, tmp_path, server.base_url)
        assert printed.count("ok ") == 10
        sent = server.log.of("POST", "generation")
        asked = [each for each in sent if (each.json or {})["parameters"].get("bbox_list")]
        assert [each.json["parameters"]["bbox_list"] for each in asked if each.json] == [[[[0, 0, 90, 90]]]]
        assert asked[0].headers["x-dashscope-ossresourceresolve"] == "enable"


@pytest.mark.parametrize("language", ["shell", "javascript", "python", "java"])
def test_the_page_shows_a_request_that_works(language: str, tmp_path: Path) -> None:
    commands = {"shell": ["bash", "-s"], "javascript": ["node", "--input-type=module", "-"]}
    if language == "java":
        program, classes = java()
        (tmp_path / "Main.java").write_text(block("java"), encoding="utf-8")
        command, given = [program, QUIET, "-cp", classes, "Main.java"], None
    elif language == "python":
        command, given = [interpreter(), "-c", block("python")], None
    else:
        command, given = commands[language], block(language)
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    with mock.serve(task_seconds=0.1) as server:
        printed = run(command, tmp_path, server.base_url, given)
        assert printed.strip().startswith(server.url), printed
        [made] = server.log.of("POST", "generation")
    assert made.json is not None
    assert made.json["parameters"] | {"seed": 7, "n": 1, "size": "1K"} == made.json["parameters"]


def test_the_newer_interface_of_the_python_sdk_misroutes_these_models(tmp_path: Path) -> None:
    with mock.serve() as server:
        printed = run([interpreter(), "-c", NEWER, server.base_url], tmp_path, server.base_url)
        if "older" in printed:
            pytest.skip("this SDK has no such interface")
        [entry] = server.log
    assert entry.path == "/api/v1/services/aigc/text2image/image-synthesis"
    assert "url error, please check url!" in printed
