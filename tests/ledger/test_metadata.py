"""What a saved image says of itself, to wannb and to other programs, and what it does not say."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path

import pytest
from conftest import make_client
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import wannb
from wannb import mock, png
from wannb.client import Client
from wannb.errors import RecallError
from wannb.ledger.metadata import as_sent, kinds_in, with_metadata
from wannb.mock.recordings import run_folders
from wannb.runs import Store

pytestmark = pytest.mark.usefixtures("quick_pictures")

PROMPT = 'A cat & a <dog>,\n"two" 猫\x07'
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


def png_of(**texts: str) -> bytes:
    """Return a PNG whose maker gave it texts, in a chunk each."""
    info, out = PngInfo(), io.BytesIO()
    for keyword, text in texts.items():
        info.add_itxt(keyword.replace("_", ":").replace("-", "."), text)
    Image.new("RGB", (8, 6), "teal").save(out, "PNG", pnginfo=info)
    return out.getvalue()


def test_other_programs_find_the_prompt_and_that_it_was_generated(client: Client) -> None:
    image = client.generate(PROMPT, size="768*768", seed=7)[0]
    with Image.open(image.path) as picture:
        info, xmp = picture.info, picture.getxmp()
    assert info["parameters"] == f"{PROMPT}\nSeed: 7, Size: 768x768, Model: wan2.7-image-pro, Version: wannb 0.1.0"
    told = xmp["xmpmeta"]["RDF"]["Description"]
    assert told["DigitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert told["AISystemVersionUsed"] == "wan2.7-image-pro"
    assert told["AIPromptInformation"] == PROMPT.replace("\x07", " ")
    assert wannb.recall(image.path) == image.request


@pytest.mark.parametrize("facts", [{"request": None}, {}, {"request": {"prompt": "猫", "seed": None, "model": "m"}}])
@pytest.mark.parametrize("texts", [{}, {"parameters": "theirs"}, {"XML_com-adobe-xmp": "<x/>", "Comment": "theirs"}])
def test_what_is_added_comes_out_again_byte_for_byte(facts: dict[str, object], texts: dict[str, str]) -> None:
    theirs = png_of(**texts)
    saved = with_metadata(theirs, facts, (8, 6))
    assert png.check(saved) == (8, 6)
    assert saved != theirs
    assert as_sent(saved) == theirs
    assert run_folders.as_sent(saved) == theirs
    for keyword in ("parameters", "XML:com.adobe.xmp"):
        assert list(kinds_in(saved)).count(keyword.encode()) <= 1, "a file has one packet"


@pytest.mark.parametrize("own", ["{", "7", '{"texts": "parameters"}', '{"texts": [7, "Comment"]}'])
def test_a_spoilt_text_hides_no_image(own: str) -> None:
    theirs = png_of()
    for plain in (as_sent, run_folders.as_sent):
        assert plain(png.with_texts(theirs, {"wannb": own})) == theirs
        assert plain(b"no PNG") == b"no PNG"


def test_a_file_sealed_by_a_manifest_stays_as_it_is() -> None:
    sealed = png.with_texts(png_of(), {"x": "y"}).replace(b"iTXtx", b"caBXx")
    assert with_metadata(sealed, {"request": {"prompt": "a"}}, (8, 6)) == sealed


def test_minimal_files_hold_no_prompt_and_the_runs_folder_does(
    server: mock.MockServer, store: Store, tmp_path: Path
) -> None:
    secret = "a prompt nobody may read"
    with Client(make_client(server, store).service, "sk-mock", store, metadata="minimal") as client:
        plan = wannb.sweep(client, prompt=secret, seed=[1, 2], size="768*768").run()
        image = plan.one(seed=1)[0]
        [figure] = plan.grid().save(tmp_path / "figure.png")
        assert wannb.recall(image.path) == image.request
        for file in (image.path, figure):
            assert secret.encode() not in file.read_bytes()
        assert b"trainedAlgorithmicMedia" in image.path.read_bytes()
        assert json.loads(png.read_text(image.bytes(), "wannb") or "")["request"] is None
        assert hashlib.sha256(as_sent(image.bytes())).hexdigest() == image.sha256
        with pytest.raises(RecallError, match="metadata='minimal'"):
            wannb.recall(shutil.copy(image.path, tmp_path / "alone.png"))
        assert len(client.run(image.request)) == 1
        assert server.billed == 2


def test_another_kind_of_metadata_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="metadata='none' is neither 'full' nor 'minimal'"):
        wannb.connect("mock", store=tmp_path, metadata="none")  # type: ignore[arg-type]
