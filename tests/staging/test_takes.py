"""Takes: what stands under them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from wannb.staging.takes import Take


def test_a_take_says_little_under_its_picture_and_all_of_its_text_to_a_screen_reader(tmp_path: Path) -> None:
    Image.new("RGB", (64, 36)).save(path := tmp_path / "take.png")
    text = "Heavy rain falls on the old harbour while the cat hides under a blue umbrella"
    take = Take(scene=2, number=3, path=path, width=64, height=36, seed=7, text=text, run_id="r", chosen=True)
    page = take.figure(pixels=64, width=64)
    assert "<bdi>scene 2, take 3 · the frame now · seed 7</bdi><br><bdi>Heavy rain falls on the old harbour…<" in page
    assert f'alt="Scene 2, take 3: {text}"' in page
