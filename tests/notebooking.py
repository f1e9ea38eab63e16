"""Notebooks for tests, made by hand: pictures that no encoder makes small, outputs, keys and links."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

from pictures import chunk
from PIL import Image

from wannb.tools.tidy import Tidied

KEY = "sk-" + "0a1b2c3d4e5f" * 3
LINK = (
    "https://bucket.oss-cn.example.com/1d/a.png?Expires=1790000000&OSSAccessKeyId="
    + "LTAI5tAbCd&Signature="
    + "aB3%2Fxyz%3D"
)
VIEW = {"model_id": "0123456789abcdef0123456789abcdef", "version_major": 2, "version_minor": 0}


def bomb() -> bytes:
    """Return a few bytes that claim to be a picture of 3.6 billion pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b""))


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def opened(encoded: str) -> Image.Image:
    image: Image.Image = Image.open(io.BytesIO(base64.b64decode(encoded)))
    return image


def code(source: Any = "pass", *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "id": "x", "metadata": {}, "execution_count": 1, "outputs": outputs, "source": source}


def shown(**data: Any) -> dict[str, Any]:
    bundle = {name.replace("_", "/", 1): value for name, value in data.items()}
    return {"output_type": "display_data", "data": bundle, "metadata": {}}


def printed(*lines: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": list(lines)}


def notebook(*cells: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}


def written(path: Path, *cells: dict[str, Any], **more: Any) -> Path:
    """Write cells as a notebook."""
    path.write_text(json.dumps(notebook(*cells, **more), indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path


def outputs(path: Path, cell: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_bytes())["cells"][cell]["outputs"]
    return found


def said(found: Tidied) -> str:
    return "\n".join(str(finding) for finding in found.findings)
