"""What is done to a finished picture: its style, the MOCK badge, the watermark, prints of references, the palette."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps
from PIL.ImageFont import FreeTypeFont

from .canvas import luminance, parse_hex

Box = tuple[int, int, int, int]
_DARK = (30, 26, 44)
_PAPER = (252, 249, 242)
#: The shorter side, in pixels, at which a style is drawn.
_STYLED_PIXELS = 720
#: Fonts with Chinese characters where systems have one, and which face of the file speaks Chinese.
_CHINESE = {
    "NotoSansCJK-Regular.ttc": 2, "NotoSansCJKsc-Regular.otf": 0, "PingFang.ttc": 0, "Hiragino Sans GB.ttc": 0,
    "STHeiti Medium.ttc": 0, "msyh.ttc": 0, "simhei.ttf": 0, "wqy-microhei.ttc": 0, "DroidSansFallbackFull.ttf": 0,
}  # fmt: skip


@lru_cache(maxsize=32)
def font(height: int) -> FreeTypeFont:
    """Return the font that Pillow carries, so that pictures are the same on every machine."""
    return ImageFont.load_default(height)  # type: ignore[return-value]  # with a height it is never a bitmap


@lru_cache(maxsize=1)
def _chinese() -> FreeTypeFont | None:
    """Return a font of this machine with Chinese characters, which Pillow's has not."""
    for name, face in _CHINESE.items():
        with suppress(OSError):
            return ImageFont.truetype(name, 24, face, layout_engine=ImageFont.Layout.BASIC)
    return None


@lru_cache(maxsize=1024)
def _draws(face: FreeTypeFont, character: str) -> bool:
    """Return whether the font has a shape of its own for the character."""
    if character.isascii():
        return character.isprintable()
    try:
        return bytes(face.getmask(character)) != bytes(face.getmask("\U000fffff"))
    except UnicodeError:  # half of a pair of surrogates
        return False


def drawable(text: str) -> str:
    """Keep the words that the font can draw whole; nothing if that would lose most of the text."""
    text = " ".join(text.split())
    words = [word for word in text.split(" ") if all(_draws(font(24), character) for character in word)]
    kept = " ".join(words)
    return kept if len(kept) * 2 >= len(text) else ""


def badge(picture: Image.Image, caption: str, frame: str = "", *, small: bool = False,
          over: Box | None = None) -> Box:  # fmt: skip
    """Put the MOCK badge with the caption at the bottom left, within the left 60 % of the width.

    ``over`` is where an older badge shows; the new one hides it. Returns the place of the new badge.
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
    ground = (left, bottom - box_height, left + mark_width + 2 * pad + caption_width, bottom)
    if over:
        ground = (min(over[0], left), min(over[1], ground[1]), max(over[2], ground[2]), max(over[3], bottom))
        left = ground[0]
    _pill(picture, ground, pad, 255 if over else 190)
    if caption:
        _pill(picture, (left, ground[1], left + mark_width + 2 * pad, ground[3]), pad, 120)
    drawer = ImageDraw.Draw(picture)
    middle = (ground[1] + ground[3]) / 2
    drawer.text((left + pad, middle), mark, fill=(255, 214, 120), font=face, anchor="lm")
    if caption:
        start = left + mark_width + 3 * pad
        drawer.text((start, middle), caption, fill=(245, 242, 250), font=face, anchor="lm")
    return ground


def poster(picture: Image.Image, title: str) -> Image.Image:
    """Print a picture on a sheet of paper with its title below, pinned on a wall."""
    width, height = picture.size
    unit = min(width, height)
    wall = Image.new("RGB", picture.size, (206, 200, 196))
    edge, foot = round(unit * 0.035), round(unit * 0.17)
    inner = (max(1, round(width * 0.86) - 2 * edge), max(1, round(height * 0.86) - edge - foot))
    sheet = _on_paper(picture, inner, edge, foot)
    line = (2 * edge, sheet.height - foot + edge // 2, sheet.width - 2 * edge, sheet.height - edge // 2)
    set_words(sheet, title.upper(), line)
    _drop(wall, sheet, ((width - sheet.width) // 2, round(height * 0.05)), max(1, unit // 100))
    return wall


def stamp(picture: Image.Image) -> None:
    """Draw the white rim and the perforation of a postage stamp on a picture."""
    width, height = picture.size
    unit = min(width, height)
    hole, rim = max(1.0, unit * 0.018), max(1, round(unit * 0.07))
    drawer = ImageDraw.Draw(picture)
    drawer.rectangle((0, 0, width - 1, height - 1), outline=_PAPER, width=rim)
    for length, upright in ((width, False), (height, True)):
        count = max(2, round(length / hole / 3.2))
        for number in range(count + 1):
            for side in (0, width if upright else height):
                x, y = (side, length * number / count) if upright else (length * number / count, side)
                drawer.ellipse((x - hole, y - hole, x + hole, y + hole), fill=(72, 66, 84))


def set_words(picture: Image.Image, text: str, box: Box) -> None:
    """Set a text into a box, as large as it fits; characters that no font here has are left out."""
    text = " ".join(text.split())[:240] or "..."
    base = font(24)
    if not all(_draws(base, character) for character in text):
        base = _chinese() or base
    text = "".join(character for character in text if _draws(base, character))
    width, height = box[2] - box[0], box[3] - box[1]
    for size in range(max(9, height // 2), 8, -max(1, height // 40)):
        face = base.font_variant(size=size)
        lines = _wrapped(text, face, width)
        if len(lines) * size * 1.25 <= height and all(face.getlength(line) <= width for line in lines):
            break
    lines = lines[: max(1, int(height / size / 1.25))]
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2 - (len(lines) - 1) * size * 0.625
    drawer = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        drawer.text((x, y + number * size * 1.25), line, fill=_DARK, font=face, anchor="mm")


def _wrapped(text: str, face: FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for word in re.findall(r"[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+\s?", text):
        if lines[-1] and face.getlength(lines[-1] + word.rstrip()) > width:
            lines.append("")
        lines[-1] += word
    return [line.rstrip() for line in lines]


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


def _fitted(text: str, face: FreeTypeFont, room: float) -> str:
    """Cut the text at a word so that it fits the room; nothing if hardly a word would."""
    text = text[:90]
    if face.getlength(text) <= room:
        return text
    while text and face.getlength(text + " ...") > room:
        text = text[: text.rindex(" ")] if " " in text else ""
    return text.rstrip(" ,.;:") + " ..." if text else ""


def lay(picture: Image.Image, references: Sequence[tuple[int, Image.Image]], chance: random.Random,
        *, right: bool = True, size: float = 0.0) -> None:  # fmt: skip
    """Lay numbered prints from the top corner on, along the longer side and then in further rows."""
    width, height = picture.size
    unit = min(width, height)
    count = len(references)
    side = max(12, round(unit * (size or (0.27 if count <= 3 else 0.215 if count <= 5 else 0.17))))
    step, margin = round(side * 1.18), round(unit * 0.035)
    # The lowest strip is left to the badge and the watermark.
    rows = max(1, (height - margin - round(unit * 0.09)) // step)
    if width > height:
        rows = min(4, rows)
    for place, (number, reference) in enumerate(references):
        column, row = divmod(place, rows)
        card = _print(reference, side, number).rotate(chance.uniform(-6, 6), Image.Resampling.BICUBIC, expand=True)
        x = margin + column * step
        left = width - x - card.width if right else x
        top = margin + row * step + round(chance.uniform(-0.02, 0.02) * side)
        _drop(picture, card, (left, max(0, top)), max(1, round(side * 0.025)))


def _print(reference: Image.Image, side: int, number: int) -> Image.Image:
    """Make one print: the picture, a white rim, and the number on the lower edge. RGBA, drawn double."""
    double = side * 2
    edge, foot = round(double * 0.06), round(double * 0.17)
    card = _on_paper(reference, (double - 2 * edge, double - 2 * edge), edge, foot)
    label, face = f"image {number}", font(max(9, round(foot * 0.56)))
    spot = (double / 2, double + (foot - edge) / 2 - foot * 0.38)
    ImageDraw.Draw(card).text(spot, label, fill=(84, 76, 88), font=face, anchor="mm")
    return card.reduce(2)


def _on_paper(picture: Image.Image, size: tuple[int, int], edge: int, foot: int) -> Image.Image:
    """Print a picture at a size on paper with a rim, wider at the foot. RGBA."""
    return ImageOps.expand(ImageOps.fit(picture, size), (edge, edge, edge, foot), _PAPER).convert("RGBA")


def _drop(picture: Image.Image, card: Image.Image, place: tuple[int, int], depth: int) -> None:
    """Paste a card with the shadow that it throws."""
    shape = card.getchannel("A")
    for step in (3, 2, 1):
        shadow = shape.point(lambda value: value * 0.14)
        picture.paste((20, 16, 40), (place[0] + depth * step // 2, place[1] + depth * step), shadow)
    picture.paste(card, place, card)


def feather(size: tuple[int, int]) -> Image.Image:
    """Make a mask that is full in the middle and nothing at the rim."""
    small = Image.new("L", (96, 96))
    ImageDraw.Draw(small).rounded_rectangle((11, 11, 84, 84), 18, fill=255)
    small = small.filter(ImageFilter.GaussianBlur(4))
    ImageDraw.Draw(small).rectangle((0, 0, 95, 95), outline=0)
    return small.resize(size, Image.Resampling.BICUBIC)


def in_style(picture: Image.Image, styles: Sequence[str]) -> Image.Image:
    """Draw a picture again in each of the styles, those of `words.styles`.

    Styles are made at one size, so that they look the same and take the same time in a picture of any size.
    """
    if not styles:
        return picture
    share = min(1.0, _STYLED_PIXELS / min(picture.size))
    small = picture.resize([max(8, round(side * share)) for side in picture.size], reducing_gap=2.0)
    for style in styles:
        small = _restyled(small, style)
    return small.resize(picture.size, Image.Resampling.NEAREST if "pixels" in styles else Image.Resampling.BICUBIC)


def _restyled(picture: Image.Image, style: str) -> Image.Image:
    gray, step = ImageOps.autocontrast(picture.convert("L"), cutoff=1), min(picture.size) / 400
    edges = ImageChops.difference(gray.filter(ImageFilter.GaussianBlur(2 * step)), gray)
    if style == "lines":
        return ImageOps.invert(edges.point(lambda value: 255 * (value > 9))).filter(ImageFilter.BLUR).convert("RGB")
    if style == "ink":  # two washes of thinned ink and the lines of a brush
        wash = gray.filter(ImageFilter.MedianFilter(5)).point(lambda v: 252 if v > 120 else 206 if v > 60 else 150)
        lines = edges.point(lambda value: 255 - min(255, max(0, value - 5) * 16))
        inked = ImageChops.multiply(wash.filter(ImageFilter.GaussianBlur(step)), lines)
        return ImageOps.colorize(inked, (28, 28, 36), (252, 249, 242))
    if style == "pencil":
        shade = ImageChops.multiply(gray.point(lambda v: 214 + v // 6), ImageOps.invert(edges.point(lambda v: v * 5)))
        return ImageOps.colorize(ImageChops.multiply(shade, _grain(picture.size, 34)), (50, 50, 56), (252, 251, 248))
    if style == "charcoal":
        smudged = gray.filter(ImageFilter.GaussianBlur(step)).point(lambda value: 70 + value * 3 // 4)
        lines = edges.point(lambda value: 255 - min(255, value * 6))
        rough = ImageChops.multiply(ImageChops.multiply(smudged, lines), _grain(picture.size, 90))
        return ImageOps.colorize(rough, (18, 17, 17), (240, 234, 224))
    if style == "watercolor":  # blurred as if wet, pale towards the edge of the paper
        wet = picture.resize([max(8, round(side / step / 1.7)) for side in picture.size], Image.Resampling.BOX)
        for _ in range(2):
            wet = wet.filter(ImageFilter.MedianFilter(5))
        wet = ImageChops.screen(wet, Image.new("RGB", wet.size, (40, 38, 34))).resize(picture.size)
        return Image.composite(wet, Image.new("RGB", picture.size, _PAPER), feather(picture.size))
    if style == "oil":  # dabs of thick paint
        tones = picture.quantize(40)
        dabs = Image.frombytes("L", tones.size, tones.tobytes()).filter(ImageFilter.ModeFilter(round(step * 4) * 2 + 3))
        dabs.putpalette(tones.getpalette() or [])
        thick = ImageChops.multiply(dabs.convert("RGB"), _grain(picture.size, 36).convert("RGB"))
        return ImageEnhance.Color(thick.filter(ImageFilter.UnsharpMask(3, 150, 2))).enhance(1.3)
    if style == "crayon":
        rough = _grain(picture.size, 255).point(lambda value: 255 * (value > 96))
        return Image.composite(ImageEnhance.Color(picture).enhance(1.3), Image.new("RGB", picture.size, _PAPER), rough)
    if style == "comic":
        flat = ImageOps.posterize(ImageEnhance.Color(picture.filter(ImageFilter.MedianFilter(5))).enhance(1.8), 2)
        flat = ImageOps.autocontrast(flat)
        flat.paste((16, 12, 20), mask=edges.point(lambda value: min(255, max(0, value - 6) * 20)))
        return flat
    if style == "pixels":
        side = min(picture.size) / 72
        coarse = picture.resize([max(1, round(length / side)) for length in picture.size], Image.Resampling.BOX)
        return coarse.quantize(24).convert("RGB").resize(picture.size, Image.Resampling.NEAREST)
    if style == "blueprint":
        return ImageOps.colorize(edges.point(lambda value: min(255, value * 7)), (22, 62, 134), (236, 244, 252))
    if style == "sepia":
        return ImageOps.colorize(gray, (40, 24, 12), (252, 240, 212), mid=(158, 118, 78))
    return gray.convert("RGB")


def _grain(size: tuple[int, int], depth: int) -> Image.Image:
    """Make the grain of paper, from white down by a depth; the same for every picture of this size."""
    width, height = (max(1, side // 2) for side in size)
    noise = Image.frombytes("L", (width, height), random.Random(5).randbytes(width * height)).resize(size)
    return noise.point(lambda value: 255 - value * depth // 255)


def repaint(picture: Image.Image, palette: Sequence[tuple[str, int]]) -> Image.Image:
    """Paint the darkest pixels in the darkest color and so on, cut where the shares say."""
    colors = sorted(((parse_hex(text), share) for text, share in palette), key=lambda item: luminance(item[0]))
    reached = list(accumulate(share for _, share in colors))
    gray, heights, painted = picture.convert("L"), _heights(picture.size), Image.new("RGB", picture.size, colors[-1][0])
    for (color, _), upto in zip(reversed(colors), reversed(reached), strict=True):
        goal = round(picture.width * picture.height * upto / (reached[-1] or 1))
        painted.paste(color, (0, 0, *picture.size), _darkest(gray, heights, goal))
    return painted


def _darkest(gray: Image.Image, heights: Image.Image, goal: int) -> Image.Image:
    """Return a mask of as many of the darkest pixels as the goal says.

    Flat areas hold thousands of pixels of one brightness. Where the cut falls into one, a second picture
    of made-up heights decides, so that the number holds and the cut runs as a soft edge down the area.
    """
    level, rest = _bin(gray.histogram(), goal)
    flat = gray.point(lambda value: 255 * (value == level))
    limit, _ = _bin(heights.histogram(flat), rest)
    low = ImageChops.darker(flat, heights.point(lambda value: 255 * (value < limit)))
    return ImageChops.lighter(low, gray.point(lambda value: 255 * (value < level)))


def _bin(histogram: Sequence[int], goal: int) -> tuple[int, int]:
    """Find the bin of a histogram that the goal falls into, and how much of it is still within the goal."""
    for number, count in enumerate(histogram):
        if count > goal:
            return number, goal
        goal -= count
    return len(histogram), 0


def _heights(size: tuple[int, int]) -> Image.Image:
    """Make a slope from top to bottom with a fine grain, the same for every picture of this size."""
    grain = Image.frombytes("L", size, random.Random(27).randbytes(size[0] * size[1]))
    return Image.blend(Image.linear_gradient("L").resize(size), grain, 0.16)
