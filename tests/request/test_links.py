"""Links and file URIs as people write and copy them: sent as a browser would, read from where they point."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from pictures import encoded

from wannb import ImageRequest
from wannb.request.inputs import as_input

PICTURE = encoded()
TEXT = base64.b64encode(PICTURE).decode()

LINKS = [
    ("https://example.com/猫.png", "https://example.com/%E7%8C%AB.png"),
    (
        "https://example.com/图片/猫 1.png".replace(" ", "%20"),
        "https://example.com/%E5%9B%BE%E7%89%87/%E7%8C%AB%201.png",
    ),
    ("https://example.com/a.png?名=猫&w=50%25", "https://example.com/a.png?%E5%90%8D=%E7%8C%AB&w=50%25"),
    ("https://例え.jp/猫.png", "https://xn--r8jz45g.jp/%E7%8C%AB.png"),
    ("https://图片.中国:8443/a.png", "https://xn--wcsw84d.xn--fiqs8s:8443/a.png"),
    ("https://例え。jp/a.png", "https://xn--r8jz45g.jp/a.png"),
    ("https://faß.de/a.png", "https://xn--fa-hia.de/a.png"),
    ("https://BÜCHER.example/Ä.png", "https://xn--bcher-kva.example/%C3%84.png"),
    ("https://example.com/😀.png", "https://example.com/%F0%9F%98%80.png"),
    ("https://example.com/%E7%8C%AB猫.png", "https://example.com/%E7%8C%AB%E7%8C%AB.png"),
    ("https://example.com/100%.png", "https://example.com/100%.png"),
    ("https://example.com/%e7%8c%ab.png?Signature=a%2Bb%3D", "https://example.com/%e7%8c%ab.png?Signature=a%2Bb%3D"),
    ("https://example.com/a.png#图", "https://example.com/a.png#%E5%9B%BE"),
    ("https://example.com/a|b{1}.png", "https://example.com/a|b{1}.png"),
    ("HTTPS://example.com/Cat.png", "https://example.com/Cat.png"),
    ("Http://Example.com/Cat.png", "http://Example.com/Cat.png"),
    ("https://example.com:8443/a.png", "https://example.com:8443/a.png"),
    ("https://[2001:db8::1]:8080/a.png", "https://[2001:db8::1]:8080/a.png"),
    ("https://203.0.113.7/a.png", "https://203.0.113.7/a.png"),
    ("  https://example.com/a.png\n", "https://example.com/a.png"),
    ("https:/example.com/a.png", "https://example.com/a.png"),
    ("oss://bucket/图/猫.png", "oss://bucket/图/猫.png"),
    ("OSS://bucket/a.png", "oss://bucket/a.png"),
]


@pytest.mark.parametrize(("given", "sent"), LINKS)
def test_a_link_is_sent_as_a_browser_sends_it(given: str, sent: str) -> None:
    image = as_input(given)
    assert (image.url, image.problem) == (sent, None)
    assert as_input(image.url).url == sent


def test_a_link_that_became_a_path_is_one_again() -> None:
    assert as_input(Path("https://example.com/猫.png")).url == "https://example.com/%E7%8C%AB.png"


def test_a_link_is_shown_as_it_was_written() -> None:
    assert as_input("https://例え.jp/猫.png?Signature=abc").name == "https://例え.jp/猫.png?..."


def test_a_record_and_code_hold_what_is_sent() -> None:
    request = ImageRequest(prompt="x", images="https://例え.jp/猫.png")
    assert ImageRequest.from_dict(request.as_dict()) == request
    assert ImageRequest.from_dict(request.as_dict()).fingerprint == request.fingerprint
    assert '"https://xn--r8jz45g.jp/%E7%8C%AB.png"' in request.code()


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("https://example.com/my cat.png", "a link cannot hold spaces or invisible characters; write a space as %20"),
        ("https://ho st/a.png", "a link cannot hold spaces"),
        ("https://example.com/a\u3000b.png", "a link cannot hold spaces or invisible characters"),
        ("https://example.com/\u202egnp.a", "invisible characters"),
        ("https://example.com/\ud800.png", "invisible characters"),
        ("https://bob:secret@例え.jp/a.png", "must not hold a user name or password"),
        ("https:///a.png", "names no host, or not a valid one"),
        ("https://例..jp/a.png", "names no host, or not a valid one"),
        ("https://例\u2044え.jp/a.png", "names no host, or not a valid one"),
        ("https://" + "例" * 80 + ".jp/a.png", "names no host, or not a valid one"),
        ("https://例え.jp:port/a.png", "names no host, or not a valid one"),
        ("ftp://例え.jp/a.png", "links are http, https or oss, not ftp; download it and give the file"),
        ("S3://bucket/a.png", "not s3"),
    ],
)
def test_a_link_that_cannot_be_sent_is_one_sentence(link: str, words: str) -> None:
    image = as_input(link)
    assert words in (image.problem or "")
    assert "secret" not in f"{image!r} {image.problem}"


FILES: list[Callable[[Path], str]] = [
    lambda place: place.as_uri(),
    lambda place: place.as_uri().replace("file://", "FILE://"),
    lambda place: place.as_uri().replace("file://", "File://"),
    lambda place: f"file://{place}",
    lambda place: f"file:{quote(str(place))}",
    lambda place: f"FILE:{place}",
    lambda place: f"file://localhost{quote(str(place))}",
    lambda place: f"file://LOCALHOST{place}",
    lambda place: f"file:///{place}",
    lambda place: f" {place.as_uri()}\n",
    lambda place: f"file://{place.name}",
    lambda place: "file:///C:/My%20Pictures/猫.png",
    lambda place: "file:///c:/My Pictures/%E7%8C%AB.png".replace("c:", "C:"),
    lambda place: "FILE:///C:/My%20Pictures/猫.png",
    lambda place: "file:/C:/My%20Pictures/猫.png",
    lambda place: "file://localhost/C:/My%20Pictures/猫.png",
]


@pytest.mark.parametrize("uri", FILES, ids=range(len(FILES)))
def test_a_file_uri_leads_to_its_file(uri: Callable[[Path], str], tmp_path: Path) -> None:
    place = tmp_path / "Straße 1 + 猫.png"
    place.write_bytes(PICTURE)
    # On Windows the drive; elsewhere a folder of that name below the working folder.
    drive = tmp_path / "C:" / "My Pictures"
    drive.mkdir(parents=True)
    (drive / "猫.png").write_bytes(PICTURE)
    image = as_input(uri(place))
    assert (image.content, image.problem) == (PICTURE, None)


def test_a_file_uri_that_leads_nowhere_names_itself() -> None:
    image = as_input("file:///C:/Users/me/cat.png")
    assert (image.problem or "").startswith("no file 'file:///C:/Users/me/cat.png' from folder ")


@pytest.mark.parametrize(
    "uri",
    [
        f"data:image/png;base64,{TEXT}",
        f"DATA:image/png;BASE64,{TEXT}",
        f"data:image/png;name=cat.png;base64,{TEXT}",
        f"data:image/png;base64;charset=utf-8,{TEXT}",
        f"data:;base64,{TEXT}",
        f"data:image/jpeg; base64,{TEXT}",
        f"  data:image/png;base64,{TEXT}\n",
        f"data:image/png;base64,{base64.encodebytes(PICTURE).decode()}",
        f"data:image/png;base64,{quote(TEXT, safe='')}",
        f"data:image/png;base64,{base64.urlsafe_b64encode(PICTURE).decode()}",
        f"data:image/png;base64,{TEXT.rstrip('=')}",
        f"data:image/png,{quote(PICTURE)}",
    ],
    ids=range(12),
)
def test_a_data_uri_of_any_form_is_its_picture(uri: str) -> None:
    image = as_input(uri)
    assert (image.content, image.problem) == (PICTURE, None)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("data:image/png;base64,%%%", "the base64 text of this data URI is damaged"),
        ("data:image/png;base64,AAAAA", "the base64 text of this data URI is damaged"),
        (f"data:image/png;base64,{TEXT[:60]}", "damaged or cut off"),
        ("data:image/png;base64,", "empty, 0 bytes"),
        ("data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        ("data:text/html,<html>", "a web page (HTML)"),
        ("data:application/pdf;base64,JVBERi0=", "a PDF"),
    ],
)
def test_a_data_uri_without_a_picture_is_one_sentence(uri: str, words: str) -> None:
    assert words in (as_input(uri).problem or "")
