"""A file that is not the picture that its name promises: the sentence names what was found and what to do."""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pictures import encoded
from PIL import Image, TiffImagePlugin

from wannb import ImageRequest
from wannb.request.inputs import InputImage, as_input
from wannb.translation import Words

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300)


def zipped(name: str = "photo.png") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, encoded())
    return out.getvalue()


def raw(**tags: Any) -> bytes:
    """Return a TIFF as cameras write it: a preview that is large enough to be sent, and tags."""
    listed = TiffImagePlugin.ImageFileDirectory_v2()
    known = {"make": 0x010F, "subfile": 0x00FE, "dng": 0xC612}
    for name, value in tags.items():
        if name == "dng":
            listed.tagtype[0xC612] = 1
        listed[known[name]] = value
    return encoded("TIFF", (300, 260), tiffinfo=listed)


def npy() -> bytes:
    out = io.BytesIO()
    np.save(out, np.zeros((300, 300), np.uint8))
    return out.getvalue()


def pdf() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 300)).save(out, "PDF")
    return out.getvalue()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e\nsize 12345\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body><svg></svg></body></html>"
KINDS: list[tuple[str, bytes, str]] = [
    ("empty", b"", "empty, 0 bytes"),
    ("zeros", bytes(5000), "nothing but zeros"),
    ("LFS pointer", POINTER, "Git LFS pointer, not the picture; run git lfs pull"),
    ("annex pointer", b"/annex/objects/SHA256E-s31390--f50d7ac4.png\n", "git-annex pointer"),
    ("annex link", b"../.git/annex/objects/Xk/SHA256E-s31390--f50d7ac4.png", "git-annex pointer"),
    ("SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing; export it as PNG"),
    ("SVG with XML", b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- by hand -->\n<svg width="9"/>', "an SVG drawing"),
    ("SVG, UTF-16", '<?xml version="1.0"?><svg/>'.encode("utf-16"), "an SVG drawing"),
    ("SVGZ", gzip.compress(b"<svg/>"), "gzip archive; unpack it"),
    ("PDF", pdf(), "a PDF; save the page that you want as PNG"),
    ("PDF after a line", b"\n\n" + pdf(), "a PDF"),
    ("HTML", PAGE, "a web page (HTML), not a picture; open its link in a browser"),
    ("HTML of a proxy", b"  \r\n<!-- a --><!-- b -->\n<HTML><body>Sign in</body>", "a web page (HTML)"),
    ("HTML in GBK", "<html><body>请先登录</body></html>".encode("gbk"), "a web page (HTML)"),
    ("HTML, UTF-16", PAGE.decode().encode("utf-16"), "a web page (HTML)"),
    ("XHTML", b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C">', "a web page (HTML)"),
    ("an error of OSS", b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>', "XML, perhaps a server's"),
    ("an error of the API", b'{"code": "InvalidApiKey", "message": "no"}', "JSON, perhaps a server's error message"),
    ("a notebook", b'{\n "cells": []}', "JSON"),
    ("text", "一只猫 with no picture".encode(), "text, not a picture"),
    ("a path as bytes", b"photos/cat.png", "give a path as str or Path"),
    ("video MP4", b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(99), "a video; save the frame"),
    ("video MOV", b"\0\0\0\x14ftypqt  \0\0\0\0qt  \0\0\0\x08wide", "a video"),
    ("video MOV, old", b"\0\0\0\x08wide\0\1\2\3mdat", "a video"),
    ("video AVI", b"RIFF\x24\0\0\0AVI LIST" + bytes(50), "a video"),
    ("video WebM", b"\x1a\x45\xdf\xa3\x01\0\0\0webm", "a video"),
    ("video MPEG", b"\0\0\1\xb3\x14\0\xf0\x13" + bytes(100), "a video"),
    ("sound MP3", b"ID3\4\0\0" + bytes(50), "a sound file"),
    ("sound WAV", b"RIFF\x24\0\0\0WAVEfmt ", "a sound file"),
    ("JPEG XL", b"\xff\x0a\xfa\x1f\x41\x91" + bytes(50), "a JPEG XL picture; save it as JPEG or PNG"),
    ("JPEG XL, boxed", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50), "a JPEG XL picture"),
    ("AVIF, cut", encoded("AVIF")[:60], "an AVIF picture"),
    ("RAW DNG", raw(dng=b"\1\4\0\0"), "a camera's RAW file; save it as JPEG or PNG"),
    ("RAW NEF", raw(make="NIKON CORPORATION", subfile=1), "a camera's RAW file"),
    ("RAW CR2", b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + raw()[8:], "RAW file"),
    ("RAW CR3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a camera's RAW file"),
    ("RAW RAF", b"FUJIFILMCCD-RAW 0201" + bytes(50), "a camera's RAW file"),
    ("RAW ORF", b"IIRO\x08\0\0\0" + bytes(50), "a camera's RAW file"),
    ("RAW RW2", b"IIU\0\x18\0\0\0" + bytes(50), "a camera's RAW file"),
    ("EPS", encoded("EPS"), "an EPS or PostScript drawing"),
    ("EPS, small", encoded("EPS", (90, 90)), "an EPS or PostScript drawing"),
    (
        "WMF",
        b"\xd7\xcd\xc6\x9a\0\0\0\0\0\0\x58\2\xa0\1\x48\0\0\0\0\0\0\0\1\0\x09\0\0\3" + bytes(50),
        "a WMF or EMF drawing",
    ),
    ("PSB", b"8BPS\0\2" + bytes(50), "a paint program's own file"),
    ("XCF", b"gimp xcf v011\0" + bytes(50), "a paint program's own file"),
    ("EXR", b"v/1\1\2\0\0\0" + bytes(50), "an HDR picture"),
    ("DICOM", bytes(128) + b"DICM\2\0", "a DICOM file"),
    ("NumPy", npy(), "a NumPy file; give its array, numpy.load(file)"),
    ("HDF5", b"\x89HDF\r\n\x1a\n" + bytes(100), "a file of data"),
    ("ZIP", zipped(), "a ZIP archive or an Office document; unpack it"),
    ("PPTX", zipped("ppt/presentation.xml"), "an Office document"),
    ("RAR", b"Rar!\x1a\7\1\0" + bytes(50), "an archive"),
    ("7z", b"7z\xbc\xaf\x27\x1c\0\4", "an archive"),
    ("macOS", b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(50), "give the file without '._' before its name"),
    ("shortcut", b"L\0\0\0\1\x14\2\0" + bytes(50), "a Windows shortcut"),
    *(
        (f"{kind}, cut", encoded(kind, color=(1, 2, 3))[:length], "damaged or cut off")
        for kind, length in [("JPEG", 30), ("PNG", 20), ("GIF", 8), ("WEBP", 30), ("BMP", 30), ("PNG", 60)]
    ),
    ("unknown", b"\1\2\3\4 what is this\0\0", "not a picture that Pillow can open"),
]


@pytest.mark.parametrize(("content", "words"), [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_the_sentence_names_what_was_found(content: bytes, words: str, tmp_path: Path) -> None:
    place = tmp_path / "photo.jpg"
    place.write_bytes(content)
    [problem] = ImageRequest(prompt="x", images=place).problems()
    assert words in str(problem)
    assert str(problem).startswith("images=image 1 (photo.jpg): ")


def test_it_is_named_in_chinese() -> None:
    [problem] = ImageRequest(prompt="x", images=PAGE).problems()
    assert "网页（HTML），不是图片；请" in Words("zh")(problem.said)


def test_heic_needs_one_more_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    image = as_input(HEIC)
    assert image.problem == "this is a HEIC photograph; run pip install pillow-heif, or save it as JPEG"


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1"])
def test_heic_is_converted_where_that_package_is(monkeypatch: pytest.MonkeyPatch, brand: bytes) -> None:
    class HeicFile(Image.Image):
        format = "HEIF"

    def opener(file: Any, name: str) -> Image.Image:
        image = HeicFile()
        image.__setstate__([{}, "RGB", (300, 260), None, b"\x0a\x14\x1e" * 300 * 260])
        return image

    def register() -> None:
        Image.register_open("HEIF", opener, lambda start: start[4:8] == b"ftyp")

    package = ModuleType("pillow_heif")
    package.register_heif_opener = register  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pillow_heif", package)
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    image = as_input(HEIC.replace(b"heic", brand))
    assert (image.width, image.height, image.problem) == (300, 260, None)
    assert image.notices == ("converted from HEIF",)
    assert Image.open(io.BytesIO(image.content or b"")).getpixel((9, 9)) == (10, 20, 30)


def test_a_real_heic() -> None:
    package = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    package.from_pillow(Image.new("RGB", (320, 256), (200, 30, 30))).save(out)
    image = as_input(out.getvalue())
    assert (image.width, image.height, image.problem) == (320, 256, None)
    assert image.notices == ("converted from HEIF",)
    damaged = as_input(out.getvalue()[:400])
    assert "damaged or cut off" in (damaged.problem or "")


@pytest.mark.parametrize("kind", ["AVIF", "JPEG2000", "TIFF", "TGA", "QOI"])
def test_a_scan_and_other_kinds_are_taken_and_named(kind: str) -> None:
    image = as_input(encoded(kind, (300, 260)))
    assert (image.width, image.height, image.problem) == (300, 260, None)
    assert image.notices == (f"converted from {kind}",)


def test_a_tiff_of_a_camera_that_is_the_whole_picture_is_taken() -> None:
    image = as_input(raw(make="Canon"))
    assert (image.width, image.height, image.problem) == (300, 260, None)


def check_nothing_is_kept(image: InputImage) -> None:
    assert (image.content, image.url) == (None, None)


def test_a_web_page_of_many_comments_takes_no_time() -> None:
    for content in (b"<!---->" * 600, b"<?xml " * 600, b"<" * 4096, b" " * 4096, b"../" * 1300):
        check_nothing_is_kept(as_input(content))
