"""What files are that Pillow does not open as a picture, by how they begin, and what to do with them."""

from __future__ import annotations

import codecs
import io
import re
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

from wannb.translation import Said

_HEIC = re.compile(rb".{4}ftyp(?:hei[cfmsx]|hev[cmsx]|mif1|msf1)", re.S)
_SUBFILE_TYPE, _MAKE, _DNG_VERSION = 0x00FE, 0x010F, 0xC612
_RAW = Said("a camera's RAW file")
_AGAIN = Said("copy or download it again")
_SAVE = Said("save it as JPEG or PNG")
_FRAME = Said("save the frame that you want as PNG")
_UNPACK = Said("unpack it and give a picture in it")
#: How files begin that Pillow opens and cannot load, or only with another program, what they are, and what to do.
_NEVER_LOADED = (
    (rb"%!PS|\xc5\xd0\xd3\xc6", Said("an EPS or PostScript drawing"), _SAVE),
    (rb"\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF", Said("a WMF or EMF drawing"), _SAVE),
    (rb"\0\0\x01\xb3", Said("a video"), _FRAME),
    (rb"\x89HDF|GRIB|BUFR", Said("a file of data"), Said("give the picture in it as an array")),
    (rb"II\*\0.{4}CR", _RAW, _SAVE),
)
#: The same of all files that give no picture.
_KINDS = (
    *_NEVER_LOADED,
    (_HEIC.pattern, Said("a picture that is damaged or cut off"), _AGAIN),
    (rb".{4}ftypavi[fs]", Said("an AVIF picture that Pillow cannot open here"), _SAVE),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", Said("a JPEG XL picture"), _SAVE),
    (rb".{4}ftypcrx|FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|FOVb|\0MRM", _RAW, _SAVE),
    (rb".{4}ftypM4A|ID3|fLaC|OggS|RIFF.{4}WAVE|\xff[\xfb\xf3\xf2]", Said("a sound file"), Said("give a picture")),
    (
        rb"\0.{3}(?:ftyp|moov|mdat|wide|free|skip)|RIFF.{4}AVI |\x1aE\xdf\xa3|FLV\x01|\0\0\x01\xba",
        Said("a video"),
        _FRAME,
    ),
    (rb".{,1000}?%PDF-", Said("a PDF"), Said("save the page that you want as PNG")),
    (rb"8BPS|gimp xcf|CSFCHUNK", Said("a paint program's own file"), _SAVE),
    (rb"v/1\x01|#\?R(?:ADIANCE|GBE)", Said("an HDR picture"), _SAVE),
    (rb".{128}DICM", Said("a DICOM file"), _SAVE),
    (rb"\x93NUMPY", Said("a NumPy file"), Said("give its array, numpy.load(file)")),
    (rb"PK[\x03\x05]", Said("a ZIP archive or an Office document"), _UNPACK),
    (rb"\x1f\x8b", Said("a gzip archive"), _UNPACK),
    (rb"Rar!\x1a|7z\xbc\xaf|BZh[1-9]|\xfd7zXZ|\(\xb5/\xfd|.{257}ustar", Said("an archive"), _UNPACK),
    (rb"\0\x05\x16\x07", Said("a helper file of macOS"), Said("give the file without '._' before its name")),
    (rb"L\0\0\0\x01\x14\x02\0", Said("a Windows shortcut"), Said("give the file that it points to")),
    (
        rb"\xff\xd8|\x89PNG|GIF8|RIFF.{4}WEBP|BM.{4}\0\0\0\0|II[*+]\0|MM\0[*+]",
        Said("a picture that is damaged or cut off"),
        _AGAIN,
    ),
)
_TEXTS = (
    (rb"version https://git-lfs", Said("a Git LFS pointer, not the picture"), Said("run git lfs pull")),
    (
        rb"/annex/objects/|\.\./.*/annex/objects/",
        Said("a git-annex pointer, not the picture"),
        Said("run git annex get"),
    ),
    (
        rb"(?:<\?xml[^>]*>|<!--(?:(?!-->).)*-->|\s)*<(?:!doctype html|html|head|body)",
        Said("a web page (HTML), not a picture"),
        Said("open its link in a browser and save the picture itself"),
    ),
    (rb"<.*<svg|<svg", Said("an SVG drawing"), Said("export it as PNG")),
    (rb"<\?xml|<[a-z]", Said("XML, perhaps a server's error message"), _AGAIN),
    (rb"[{\[]", Said("JSON, perhaps a server's error message"), _AGAIN),
    (rb"", Said("text, not a picture"), Said("give a path as str or Path, and the bytes of a picture as bytes")),
)


def refused_kind(content: bytes) -> Said | None:
    """Return what is wrong with a file that Pillow opens as something else than the picture in it."""
    from PIL import Image

    if _HEIC.match(content):
        with suppress(ImportError):
            import_module("pillow_heif").register_heif_opener()
    if any(re.match(pattern, content, re.S) for pattern, *_ in _NEVER_LOADED):
        return what_it_is(content)
    if content[:4] not in (b"II*\0", b"MM\0*"):
        return None
    with suppress(Exception), Image.open(io.BytesIO(content)) as image:
        # The first picture in a camera's RAW file, which is a TIFF, is a small preview of the real one.
        tags = dict(getattr(image, "tag_v2", {}))
        preview = _MAKE in tags and tags.get(_SUBFILE_TYPE, 0) & 1
        if preview or _DNG_VERSION in tags:
            return Said("this is {kind}; {advice}", kind=_RAW, advice=_SAVE)
    return None


def what_it_is(content: bytes) -> Said:
    """Return a sentence that names what a file is that Pillow cannot open."""
    if not content.strip(b"\0"):
        kind = Said("nothing but zeros") if content else Said("empty, 0 bytes")
        return Said("this is {kind}; {advice}", kind=kind, advice=_AGAIN)
    if _HEIC.match(content) and not find_spec("pillow_heif"):
        return Said("this is a HEIC photograph; run pip install pillow-heif, or save it as JPEG")
    start = content[:4096]
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        start = start.decode("utf-16", "ignore").encode("utf-8", "ignore")
    known = next((each for each in _KINDS if re.match(each[0], start, re.S)), None)
    if known is None and _is_text(start):
        known = next(each for each in _TEXTS if re.match(each[0], start.lstrip(b"\xef\xbb\xbf \t\r\n"), re.S | re.I))
    if known:
        return Said("this is {kind}; {advice}", kind=known[1], advice=known[2])
    return Said(
        "not a picture that Pillow can open; JPEG, PNG, BMP and WEBP are sent as they are, other kinds that Pillow "
        "opens are converted"
    )


def _is_text(start: bytes) -> bool:
    if re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", start):
        return False
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            codecs.getincrementaldecoder(encoding)().decode(start)  # the last character may be cut
            return True
    return False
