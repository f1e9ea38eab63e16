"""What a saved image says of itself: its request, in the words of wannb, of other readers and of press photographs.

A PNG gets three text chunks before its pixels: `wannb`, JSON from which `recall` reads the request; `parameters`, the
lines that readers of generated images look for; and an XMP packet with IPTC's fields for generated images (IPTC Photo
Metadata Standard 2025.1). Every other byte stays as the service sent it. A chunk that the service's file has already is
not written again, and a file that is sealed by a C2PA manifest stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from html import escape
from typing import Any

from wannb import png
from wannb._version import __version__
from wannb.files import parse_json

#: The keywords of the chunks.
CHUNK, PARAMETERS, XMP = "wannb", "parameters", "XML:com.adobe.xmp"
#: PNG's chunk for a C2PA manifest, which is void when another byte of the file changes.
_SEAL = b"caBX"
_NOT_XML = re.compile("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"{fields}/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def with_metadata(data: bytes, facts: Mapping[str, Any], size: tuple[int, int], *, minimal: bool = False) -> bytes:
    """Return a PNG as it is saved.

    Args:
        facts: of the run and the image, with the request as `ImageRequest.as_dict`, None for a task that was adopted by
            its id alone.
        size: width and height in pixels.
        minimal: leave out the request, and with it the prompt.
    """
    kinds = set(kinds_in(data))
    if _SEAL in kinds:
        return data
    request = None if minimal else facts.get("request")
    texts = {PARAMETERS: _parameters(request, size) if request else "", XMP: _xmp(facts, request)}
    texts = {keyword: text for keyword, text in texts.items() if text and keyword.encode() not in kinds}
    own = json.dumps({**facts, "request": request, "texts": list(texts)}, ensure_ascii=False)
    return png.with_texts(data, {CHUNK: own, **texts})


def as_sent(data: bytes) -> bytes:
    """Return a saved image as the service sent it."""
    own = png.read_text(data, CHUNK) if png.is_png(data) else None
    if own is None:
        return data
    facts: Any = None
    with suppress(ValueError):
        facts = parse_json(own)
    added = facts.get("texts") if isinstance(facts, Mapping) else None
    for keyword in (CHUNK, *(each for each in (PARAMETERS, XMP) if isinstance(added, list) and each in added)):
        text = png.read_text(data, keyword)
        if text is not None:
            data = data.replace(png.text_chunk(keyword, text), b"", 1)
    return data


def kinds_in(data: bytes) -> Iterator[bytes]:
    """Yield the kind of each chunk of a PNG, and of texts of any kind their keywords as well."""
    for kind, content in png.chunks(data):
        yield kind
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            yield content.partition(b"\0")[0]


def _parameters(request: Mapping[str, Any], size: tuple[int, int]) -> str:
    """Return the text that web galleries and viewers of generated images read: the prompt, and a line of options."""
    seed = request.get("seed")
    options = {"Seed": seed, "Size": "{}x{}".format(*size), "Model": request.get("model"), "Version": _version()}
    line = ", ".join(f"{name}: {value}" for name, value in options.items() if value is not None)
    return f"{request.get('prompt')}\n{line}"


def _xmp(facts: Mapping[str, Any], request: Mapping[str, Any] | None) -> str:
    """Return an XMP packet; the mock's pictures have one too, since it may replay real ones."""
    model = (facts.get("request") or {}).get("model")
    fields = {
        "xmp:CreatorTool": _version(),
        "Iptc4xmpExt:DigitalSourceType": _SOURCE,
        "Iptc4xmpExt:AISystemUsed": "wannb mock server" if facts.get("service") == "mock" else "Alibaba Model Studio",
        "Iptc4xmpExt:AISystemVersionUsed": model,
        "Iptc4xmpExt:AIPromptInformation": request and request.get("prompt"),
    }
    told = {
        name: escape(_NOT_XML.sub(" ", str(value))).replace("\n", "&#10;") for name, value in fields.items() if value
    }
    written = (f'\n {name}="{value}"' for name, value in told.items())
    return _PACKET.format(fields="".join(written))


def _version() -> str:
    return f"wannb {__version__}"
