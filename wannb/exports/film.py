"""A board as a film: an animated GIF or WebP, or an MP4 that every browser, phone and editor plays.

What is said in a scene is shown in its picture, in pieces that a person can read one after the other; or, in an MP4, it
is a track of subtitles that can be turned off, and a file beside the film.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from wannb.errors import WannbError
from wannb.figures import Lines, Paper, rendered
from wannb.translation import Said, joined, say

from .reel import Reel, Shot, images, set_whole, shrunk

#: Behind a picture of another shape than the film's, and behind the text that replaces a missing one; its letters.
_BARS, _SLATE, _CHALK = "#111111", "#222222", "#e8e8e8"
#: Behind the words in a picture.
_BAND, _WHITE = "#000000a8", "#ffffff"
_DPI = 100
#: Where what is said goes: into the picture, to a track of its own, nowhere.
SUBTITLES = ("picture", "track", "none")
#: Of a film's height: the size of what is said in it, and its distance from the lower edge (a screen may cut it off).
_LETTER, _SAFE = 1 / 20, 0.05
#: Lines of what is said that are shown at once.
_LINES = 2
#: Pictures a second; editors expect an even rhythm.
_RHYTHM = 25
#: Seconds of a scene in an MP4 at least.
_SHORTEST = 1 / _RHYTHM
_PLAIN = "-hide_banner -loglevel error -nostdin -y"
#: H.264 with half the colors and even sides, its index first: what browsers play before all of it is there.
_CODEC = (
    f"-vf fps={_RHYTHM},scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -c:v libx264 -preset veryfast "
    "-tune stillimage -crf 20 -colorspace bt709 -color_primaries bt709 -color_trc bt709 -movflags +faststart "
    "-map_metadata -1 -fflags +bitexact -flags:v +bitexact"
)
_SOUND = "-map 1:a:0 -c:a aac -b:a 160k -af apad -flags:a +bitexact"


@dataclass(frozen=True, kw_only=True)
class Cue:
    """What is said for some seconds of a film, from `begin` on."""

    begin: float
    seconds: float
    lines: Lines


def film(reel: Reel, kind: str, pixels: int, subtitles: str) -> bytes:
    """Return a film that runs in a loop, as a "GIF" or "WEBP"; `pixels` are those of its longer side."""
    timed = list(_timed(reel, pixels, subtitles))
    # The times of a GIF are in steps of 10 ms, and viewers show anything shorter than 20 ms far longer.
    step = 10 if kind == "GIF" else 1
    times = [max(20, round(seconds * 1000 / step) * step) for _, seconds in timed]
    options: dict[str, Any] = {"save_all": True, "duration": times if len(times) > 1 else times[0], "loop": 0}
    frames = [image for image, _ in timed]
    if kind == "GIF":
        frames = [frame.quantize(256) for frame in frames]
        options["optimize"] = False
    else:
        options |= {"quality": 85, "method": 3, "minimize_size": False}
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, append_images=frames[1:], **options)
    return buffer.getvalue()


def mp4(reel: Reel, pixels: int, subtitles: str, sound: Path | None) -> tuple[bytes, str]:
    """Return a film as an MP4 file, and its subtitles as an .srt file, empty unless they are a track.

    Raises:
        WannbError: imageio-ffmpeg is not installed.
        ValueError: the sound cannot be read.
    """
    try:
        from imageio_ffmpeg import get_ffmpeg_exe
    except ImportError:
        raise WannbError(Said('a film as .mp4 needs imageio-ffmpeg; pip install "wannb[film]"')) from None
    program = get_ffmpeg_exe()
    if sound and _ran(program, "-i", str(sound), *["-map", "0:a:0", "-t", "0.1", "-f", "null", "-"]):
        raise ValueError(say("{file} cannot be read as sound", file=repr(str(sound))))
    with tempfile.TemporaryDirectory(prefix="wannb-film-") as folder:
        place, total, listed = Path(folder), 0.0, ["ffconcat version 1.0"]
        for number, (image, seconds) in enumerate(_timed(reel, pixels, subtitles)):
            image.save(place / f"{number}.png", compress_level=1)
            listed += [f"file {number}.png", f"duration {max(_SHORTEST, seconds):.6f}"]
            total += max(_SHORTEST, seconds)
        # The last picture once more: its time would not count otherwise.
        (place / "list.txt").write_text("\n".join([*listed, listed[-2]]) + "\n")
        words = srt(reel, pixels) if subtitles == "track" else ""
        (place / "words.srt").write_text(words, encoding="utf-8")
        inputs = ["-f", "concat", "-safe", "0", "-i", str(place / "list.txt"), *(["-i", str(sound)] if sound else [])]
        inputs += ["-i", str(place / "words.srt")] if words else []
        tracks = ["-map", "0:v:0", *(_SOUND.split() if sound else [])]
        tracks += ["-map", f"{1 + bool(sound)}:s:0", "-c:s", "mov_text"] if words else []
        made = place / "film.mp4"
        if why := _ran(program, *inputs, *tracks, *_CODEC.split(), "-t", f"{total:.6f}", str(made)):
            raise WannbError(Said("the film could not be made: {why}", why=why))
        return made.read_bytes(), words


def srt(reel: Reel, pixels: int) -> str:
    """Return what is said in a film, with its times, as players and editors read it."""
    blocks, now = list[str](), 0.0
    for shot in reel.shots:
        for cue in _cues(shot, _size(reel, pixels)):
            times = f"{_clock(now + cue.begin)} --> {_clock(now + cue.begin + cue.seconds)}"
            blocks.append("\n".join([str(len(blocks) + 1), times, *cue.lines.lines]))
        now += shot.seconds
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _clock(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3600000:02}:{whole // 60000 % 60:02}:{whole // 1000 % 60:02},{whole % 1000:03}"


def _ran(program: str, *options: str) -> str:
    """Run ffmpeg and return what it complains of; empty if it did its work."""
    done = subprocess.run([program, *_PLAIN.split(), *options], capture_output=True, check=False)
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return (said[-1] if said else str(done.returncode)) if done.returncode else ""


def _size(reel: Reel, pixels: int) -> tuple[int, int]:
    """Return the film's width and height: the shape that most frames have, with even sides."""
    width, height = reel.shape
    scale = pixels / max(width, height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _timed(reel: Reel, pixels: int, subtitles: str) -> Iterator[tuple[Image.Image, float]]:
    """Yield the pictures of a film with their seconds."""
    size = _size(reel, pixels)
    for image, shot in zip(images(reel.shots, max(size)), reel.shots, strict=True):
        frame = ImageOps.pad(image, size, color=_BARS) if image else _slate(shot, size)
        cues = _cues(shot, size) if subtitles == "picture" else []
        for cue in cues:
            yield _with(frame, cue.lines), cue.seconds
        if not cues:
            yield frame, shot.seconds


def _cues(shot: Shot, size: tuple[int, int]) -> list[Cue]:
    """Return what is said in a scene, a few lines at a time, each for its share of the scene's seconds."""
    if not shot.dialogue.strip():
        return []
    point = max(5.0, size[1] * _LETTER * 72 / _DPI)
    [(whole, _)] = set_whole([(shot.dialogue, 1.0, _WHITE)], size[0] / _DPI * (1 - 2 * _SAFE), point)
    lines = [line for line in whole.lines if line.strip()]
    parts = [lines[at : at + _LINES] for at in range(0, len(lines), _LINES)]
    letters = [sum(map(len, part)) for part in parts]
    begin, cues = 0.0, list[Cue]()
    for part, share in zip(parts, letters, strict=True):
        seconds = shot.seconds * share / sum(letters)
        cues.append(Cue(begin=begin, seconds=seconds, lines=replace(whole, lines=tuple(part))))
        begin += seconds
    return cues


def _with(frame: Image.Image, lines: Lines) -> Image.Image:
    """Return a frame with lines on a dark band, within what every screen shows."""
    width, edge = frame.width / _DPI, lines.size / 72 * 0.35
    paper = Paper(width, lines.height + 2 * edge, dpi=_DPI, alt="", color=_BAND)
    paper.write(lines, 0, edge, width=width, align="center", color=_WHITE)
    with Image.open(io.BytesIO(rendered(paper.figure, "png"))) as band:
        whole = frame.convert("RGBA")
        whole.alpha_composite(band.convert("RGBA"), (0, max(0, round(frame.height * (1 - _SAFE)) - band.height)))
    return whole.convert("RGB")


def _slate(shot: Shot, size: tuple[int, int]) -> Image.Image:
    """Return a picture with a scene's text, and why it has no frame."""
    width, height = size[0] / _DPI, size[1] / _DPI
    paper = Paper(width, height, dpi=_DPI, alt=shot.alt, color=_SLATE)
    point = max(5.0, min(width, height) * 72 / 16)
    text = joined("\n", [joined(": ", [str(shot.number), shot.instead]), shot.text])
    sizes = [point * share for share in (1, 0.85, 0.7, 0.55, 0.4, 0.3, 0.2, 0.1)]
    lines = shrunk(text, width * 0.9, height * 0.9, sizes)
    paper.write(lines, 0, height / 2, width=width, align="center", anchor="center", color=_CHALK)
    with Image.open(io.BytesIO(rendered(paper.figure, "png"))) as image:
        drawn: Image.Image = image.convert("RGB").resize(size)
    return drawn
