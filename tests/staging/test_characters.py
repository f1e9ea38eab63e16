"""Characters: found in the texts that name them, kept once for all boards, and what of them fits into a request."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from wannb.errors import StoreError
from wannb.runs import Store
from wannb.staging import Character, Characters, cast


@pytest.fixture
def characters(tmp_path: Path) -> Characters:
    return Characters(Store(tmp_path / "runs"))


def picture(name: str, color: str) -> str:
    Image.new("RGB", (300, 300), color).save(name)
    return name


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Mia", "mia's kitchen", True),
        ("Mia", "Miami at night", False),
        ("Mia", "小Mia在厨房", True),
        ("米娅", "小米娅在厨房里", True),
        ("the kitchen", "In the  kitchen.", True),
        ("the kitchen", "the kitchens", False),
        ("C-3PO", "a C-3PO waves", True),
        ("Zoë", "zoë und Zoëlla", True),
    ],
)
def test_a_text_names_a_character_as_a_word_of_its_own(name: str, text: str, found: bool) -> None:
    assert Character(name=name).is_in(text) is found


def test_pictures_are_kept_once_and_come_back_on_another_day(characters: Characters, tmp_path: Path) -> None:
    red, blue = picture("red.png", "red"), picture("blue.png", "blue")
    characters.add("Mia", [red, blue, red], "a girl  in red")
    characters.add("the kitchen", blue)
    again = Characters(Store(tmp_path / "runs"))
    mia, kitchen = again
    assert (mia.name, mia.words, len(mia.files)) == ("Mia", "a girl in red", 2)
    assert kitchen.files[0] == mia.files[1]
    places = [path for path in (tmp_path / "runs").rglob("*.png") if path.name == kitchen.files[0]]
    assert len({path.stat().st_ino for path in places}) == 1, "one copy on the disk"
    again.add("MIA", [blue])
    assert [each.name for each in again] == ["MIA", "the kitchen"], "the one of that name is replaced"
    again.remove("the kitchen")
    assert len(again) == 1
    with pytest.raises(KeyError, match="no character 'the kitchen'; there are: 'MIA'"):
        again.remove("the kitchen")


@pytest.mark.parametrize(
    ("name", "images", "words", "why"),
    [
        (" ", (), "", "needs a name"),
        ("M" * 61, (), "", "61 letters; at most 60"),
        ("Mia", ["1.png", "2.png", "3.png", "4.png"], "", "4 pictures; at most 3"),
        ("Mia", ["nowhere.png"], "", "nowhere.png"),
        ("Mia", ["https://example.com/mia.png"], "", "a link is not downloaded"),
        ("Mia", (), 7, "words is text, not 7"),
    ],
)
def test_what_cannot_be_is_refused(
    characters: Characters, name: str, images: tuple[str, ...], words: str, why: str
) -> None:
    for number in range(1, 5):
        picture(f"{number}.png", "red")
    with pytest.raises((TypeError, ValueError), match=why):
        characters.add(name, images, words)
    assert len(characters) == 0


def test_a_file_from_elsewhere_leads_nowhere(characters: Characters) -> None:
    characters.add("Mia")
    file = characters.folder / "characters.json"
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace('"files": []', '"files": ["../../secret.png"]'), encoding="utf-8")
    with pytest.raises(StoreError, match="not pictures of a character"):
        list(characters)
    file.write_text(good.replace('"wannb_characters": 1', '"wannb_characters": 2'), encoding="utf-8")
    with pytest.raises(StoreError, match="a newer wannb wrote it"):
        list(characters)


def test_the_first_picture_of_each_goes_before_the_second_of_any() -> None:
    mia = Character(name="Mia", words="a girl.", files=("a", "b", "c"))
    tom, sea = Character(name="Tom", files=("d",)), Character(name="the sea", words="grey")
    chosen = cast([mia, tom, sea], 3)
    assert [files for _, files in chosen.pictures] == [("a", "b"), ("d",), ()]
    assert chosen.left_out == ("1 picture of Mia",)
    assert chosen.told(1) == (
        "Images 2 to 3 show Mia: a girl. Image 4 shows Tom. the sea: grey. Keep the looks of each as shown."
    )
    assert cast([sea], 0).told(0) == "the sea: grey."
    assert cast([], 9).told(0) == ""
