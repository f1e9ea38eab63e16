"""Films: an MP4 is played by ffmpeg, picture by picture; what is said is in it, in pieces that can be read."""

from __future__ import annotations

import io
import re
import subprocess
import wave
from pathlib import Path
from typing import Any

import pytest
from exports.reels import shot
from PIL import Image

from wannb.exports import Pages, Reel, export
from wannb.exports.film import film, srt

WHOLE: dict[str, Any] = {"dpi": 100, "language": "", "subtitles": "picture", "sound": None}
SPEECH = "TOM: Good morning! I have been waiting for you since the tide turned, and the boat will not wait. " * 6


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> Reel:
    """Two shots of one color each, one that says much, and one without a picture."""
    folder = tmp_path_factory.mktemp("film")
    for name, color in (("one", "#204080"), ("two", "#a03020")):
        Image.new("RGB", (400, 224), color).save(folder / f"{name}.png")
    size = (400, 224)
    shots = (
        shot(1, "A boat", of=3, path=folder / "one.png", seconds=1.5, size=size),
        shot(2, "A quay", of=3, path=folder / "two.png", seconds=2.0, size=size, dialogue=SPEECH),
        shot(3, "It goes", of=3, seconds=0.5, size=size, dialogue="船走了。"),
    )
    return Reel(title="The boat", shots=shots)


def ran(*options: str) -> subprocess.CompletedProcess[bytes]:
    program = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    return subprocess.run([program, "-hide_banner", "-nostdin", *options], capture_output=True, check=False)


def about(path: Path) -> str:
    return ran("-i", str(path)).stderr.decode()


def at(path: Path, second: float) -> Image.Image:
    taken = ran("-ss", str(second), "-i", str(path), "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-").stdout
    return Image.open(io.BytesIO(taken)).convert("RGB")


def saved(reel: Reel, path: Path, **options: Any) -> list[Path]:
    return export(Pages(reel=reel), path, **{**WHOLE, "pixels": 400, **options})


def near(color: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(one - two) <= 6 for one, two in zip(color, wanted, strict=True))


def test_an_mp4_is_played_everywhere_and_lasts_as_long_as_its_scenes(reel: Reel, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    [path] = saved(reel, tmp_path / "story.mp4")
    told = about(path)
    assert "Duration: 00:00:04.00" in told
    assert re.search(r"Video: h264 \([\w ]+\).* yuv420p\(tv, bt709.*400x224.*25 fps", told)
    assert "Audio" not in told
    assert path.read_bytes()[4:8] == b"ftyp"
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat"), "it plays before all of it is there"
    assert near(at(path, 0.1).getpixel((200, 100)), (0x20, 0x40, 0x80))
    assert near(at(path, 1.44).getpixel((200, 100)), (0x20, 0x40, 0x80))
    assert near(at(path, 1.56).getpixel((200, 100)), (0xA0, 0x30, 0x20))
    assert near(at(path, 3.6).getpixel((5, 5)), (0x22, 0x22, 0x22)), "a slate with the text"
    [again] = saved(reel, tmp_path / "again.mp4")
    assert again.read_bytes() == path.read_bytes()


def test_what_is_said_is_in_the_picture_in_pieces_of_two_lines_and_within_what_a_screen_shows(
    reel: Reel, tmp_path: Path
) -> None:
    [path] = saved(reel, tmp_path / "story.gif")
    with Image.open(path) as gif:
        assert gif.n_frames > 4  # type: ignore[attr-defined]
        seen, times = [], 0
        for number in range(1, gif.n_frames - 1):  # type: ignore[attr-defined]
            gif.seek(number)
            times += gif.info["duration"]
            seen.append(gif.convert("RGB"))
    assert times == pytest.approx(2000, abs=30)
    for frame in seen:
        white = [(x, y) for x in range(400) for y in range(224) if min(frame.getpixel((x, y))) > 200]  # type: ignore[type-var]
        assert white
        assert min(x for x, _ in white) >= 18
        assert max(x for x, _ in white) <= 382
        assert max(y for _, y in white) <= 213
        assert near(frame.getpixel((3, 222)), (0xA0, 0x30, 0x20))
    words = srt(reel, 400)
    assert "".join(SPEECH.split()) in "".join(re.sub(r"(?m)^\d+\n[\d:,]+ --> .*$", "", words).split())
    blocks = [block.splitlines() for block in words.strip().split("\n\n")]
    assert blocks[0][:1] == ["1"]
    assert blocks[0][1].startswith("00:00:01,500 --> ")
    assert all(1 <= len(block) - 2 <= 2 for block in blocks)
    assert blocks[-1] == [str(len(blocks)), "00:00:03,500 --> 00:00:04,000", "船走了。"]
    assert film(reel, "WEBP", 200, "none") != film(reel, "WEBP", 200, "picture")


def test_sound_ends_with_the_film_and_words_can_be_a_track(reel: Reel, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    with wave.open(str(tmp_path / "waves.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\x00\x20" * 8000)
    path, words = saved(reel, tmp_path / "story.mp4", subtitles="track", sound=tmp_path / "waves.wav")
    told = about(path)
    assert "Duration: 00:00:04.0" in told
    assert "Audio: aac" in told
    assert "Subtitle: mov_text" in told
    assert words == tmp_path / "story.srt"
    assert words.read_text(encoding="utf-8") == srt(reel, 400)
    assert near(at(path, 2.5).getpixel((200, 205)), (0xA0, 0x30, 0x20)), "nothing is in the picture"
    (tmp_path / "notes.txt").write_text("la la la")
    for wrong in ("notes.txt", "missing.mp3"):
        with pytest.raises(ValueError, match=rf"{wrong}' cannot be read as sound"):
            saved(reel, tmp_path / "no.mp4", sound=tmp_path / wrong)
    with pytest.raises(ValueError, match="subtitles='loud' is not one of 'picture', 'track', 'none'"):
        saved(reel, tmp_path / "no.mp4", subtitles="loud")
    assert not (tmp_path / "no.mp4").exists()
