"""The camera of a scene, in the language that the scene is written in."""

from __future__ import annotations

import pytest

from wannb.staging.camera import ANGLES, MOVEMENTS, SHOTS, camera_words, check_camera, written_in


def test_choices_are_said_in_the_language_of_the_scene() -> None:
    words = camera_words("extreme close-up", "bird's eye", "dolly in")
    assert words == "extreme close-up, bird's-eye view, camera dollies in"
    assert written_in("一只猫醒来")(words) == "大特写，鸟瞰，镜头推近"
    assert written_in("猫が起きる")(words) == words, "Japanese is not Chinese"
    assert camera_words("", "", "") == ""


def test_every_choice_has_its_own_chinese_words() -> None:
    chinese = written_in("中")
    said = [chinese(words) for each in (SHOTS, ANGLES, MOVEMENTS) for words in each.values()]
    assert len(set(said)) == len(said) == 19
    assert not any(letter.isascii() for text in said for letter in text)


def test_another_choice_is_refused_with_those_there_are() -> None:
    check_camera(shot="", angle="low", movement="pan")
    with pytest.raises(ValueError, match=r"angle is 'upside down'; choose one of 'eye level', 'low'"):
        check_camera(angle="upside down")
