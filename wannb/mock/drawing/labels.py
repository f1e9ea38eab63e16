"""Write the small honest marks on a finished picture: MOCK, caption, frame number, watermark."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Box = tuple[int, int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_DARK = (30, 26, 44)


@lru_cache(maxsize=32)
def font(height: int) -> Font:
    """Give the font that Pillow carries, so that pictures are the same on every machine."""
    return ImageFont.load_default(height)


@lru_cache(maxsize=1024)
def _drawable(character: str) -> bool:
    """Tell whether the font has a shape of its own for the character."""
    if character.isascii():
        return character.isprintable()
    try:
        face = font(24)
        shape, missing = face.getmask(character), face.getmask("\U000fffff")
        return shape.size != missing.size or bytes(shape) != bytes(missing)
    except Exception:  # the bitmap fallback font refuses what lies beyond Latin-1
        return False


def drawable(text: str) -> str:
    """Keep the words that the font can draw whole; nothing if that would lose most of the text."""
    text = " ".join(text.split())
    words = [word for word in text.split(" ") if all(map(_drawable, word))]
    kept = " ".join(words)
    return kept if len(kept) * 2 >= len(text) else ""


def badge(picture: Image.Image, caption: str, frame: str = "", *, small: bool = False,
          over: Box | None = None) -> Box:  # fmt: skip
    """Put the MOCK badge with the caption at the bottom left, within the left 60 % of the width.

    ``over`` is where an older badge shows, which the new one then hides. Give back the place taken.
    """
    width, height = picture.size
    text_height = max(9, round(min(width, height) * (0.017 if small else 0.022)))
    face, margin, pad = font(text_height), round(text_height * 1.1), round(text_height * 0.55)
    mark = f"MOCK {frame}".strip()
    mark_width = round(face.getlength(mark))
    caption = _fitted(caption, face, width * 0.6 - mark_width - margin - 4 * pad)
    caption_width = round(face.getlength(caption)) + 2 * pad if caption else 0
    box_height = text_height + 2 * pad
    left, bottom = min(margin, width // 40), height - min(margin, height // 40)
    pill = (left, bottom - box_height, left + mark_width + 2 * pad + caption_width, bottom)
    if over:
        ground = (min(over[0], pill[0]), min(over[1], pill[1]), max(over[2], pill[2]), max(over[3], pill[3]))
        _pill(picture, ground, pad, 255)
        pill = (
            ground[0],
            (ground[1] + ground[3] - box_height) // 2,
            ground[2],
            (ground[1] + ground[3] + box_height) // 2,
        )
        left = ground[0]
    else:
        ground = pill
        _pill(picture, pill, pad, 190)
    if caption:
        light = (left, ground[1], left + mark_width + 2 * pad, ground[3])
        _pill(picture, light, pad, 120)
    drawer = ImageDraw.Draw(picture)
    middle = (pill[1] + pill[3]) / 2
    drawer.text((left + pad, middle), mark, fill=(255, 214, 120), font=face, anchor="lm")
    if caption:
        start = left + mark_width + 3 * pad
        drawer.text((start, middle), caption, fill=(245, 242, 250), font=face, anchor="lm")
    return ground


def watermark(picture: Image.Image) -> None:
    """Put the mark of the service at the bottom right."""
    width, height = picture.size
    text_height = max(9, round(min(width, height) * 0.024))
    face, pad = font(text_height), round(text_height * 0.6)
    margin = min(round(text_height * 1.1), width // 40, height // 40)
    text = "AI generated"
    length = round(face.getlength(text))
    right, bottom = width - margin, height - margin
    box = (right - length - 2 * pad, bottom - text_height - 2 * pad, right, bottom)
    _pill(picture, box, text_height, 105)
    middle = (box[1] + box[3]) / 2
    ImageDraw.Draw(picture).text((box[0] + pad, middle), text, fill=(255, 255, 255), font=face, anchor="lm")


def _pill(picture: Image.Image, box: tuple[int, int, int, int], radius: int, opacity: int) -> None:
    size = (max(1, box[2] - box[0]), max(1, box[3] - box[1]))
    mask = Image.new("L", (size[0] * 2, size[1] * 2))
    corner = min(radius * 2, min(size) - 1)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] * 2 - 1, size[1] * 2 - 1), corner, fill=opacity)
    picture.paste(_DARK, (box[0], box[1], box[0] + size[0], box[1] + size[1]), mask.reduce(2))


def _fitted(text: str, face: Font, room: float) -> str:
    """Cut the text at a word so that it fits the room; nothing if hardly a word would."""
    text = text[:90]
    if face.getlength(text) <= room:
        return text
    while text and face.getlength(text + " ...") > room:
        text = text[: text.rindex(" ")] if " " in text else ""
    return text.rstrip(" ,.;:") + " ..." if text else ""
