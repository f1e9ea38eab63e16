# ruff: noqa: E501
"""Scripts: lines, paragraphs, tables and Fountain, in English and Chinese, become the scenes that a person means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wannb.boards.reading import KINDS, decoded, read_script

#: What is given, what it is read as, and its scenes as (text, notes, dialogue, seconds) without what is empty.
SCRIPTS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "a line each": ("A cat wakes up\nIt goes out", "lines", [{"text": "A cat wakes up"}, {"text": "It goes out"}]),
    "numbers": ("1. A cat wakes up\n2) It goes out\n(3) It rains", "lines", [
        {"text": "A cat wakes up"}, {"text": "It goes out"}, {"text": "It rains"}]),
    "numbers of scenes": ("Scene 1: A cat wakes up\nShot 2 - It goes out", "lines", [
        {"text": "A cat wakes up"}, {"text": "It goes out"}]),
    "bullets": ("- A cat wakes up\n* It goes out\n• It rains", "lines", [
        {"text": "A cat wakes up"}, {"text": "It goes out"}, {"text": "It rains"}]),
    "a number that is part of it": ("3 cats wake up\n2001 begins", "lines", [
        {"text": "3 cats wake up"}, {"text": "2001 begins"}]),
    "Chinese numbers": ("1、一只猫醒来\n第二镜：它走出门\n场景3：下雨了\n镜头 4 它睡了", "lines", [
        {"text": "一只猫醒来"}, {"text": "它走出门"}, {"text": "下雨了"}, {"text": "它睡了"}]),
    "seconds": ("A cat wakes up (2.5 s)\nIt goes out [3 sec]\n下雨了（4秒）", "lines", [
        {"text": "A cat wakes up", "seconds": 2.5}, {"text": "It goes out", "seconds": 3}, {"text": "下雨了", "seconds": 4}]),
    "a note in a line": ("A cat wakes up [[slow push in]]\nIt goes out", "lines", [
        {"text": "A cat wakes up", "notes": "slow push in"}, {"text": "It goes out"}]),
    "labelled lines": ("A cat wakes up\nDialogue: Tom: Good morning!\nNote: yawning\nSeconds: 2\nIt goes out", "lines", [
        {"text": "A cat wakes up", "dialogue": "Tom: Good morning!", "notes": "yawning", "seconds": 2},
        {"text": "It goes out"}]),
    "dialogue in a line": (
        'Mia at the harbour. MIA: "Will it swim?" (3 s)\nShe waits (2 s) Mia (softly): “Go on!” Old Tom: “Ho.”\n'
        '3. It sinks. Dialogue: Oh no!\nTOM: "Well."\n小猫坐着。小猫：“早安！”（4秒）', "lines", [
        {"text": "Mia at the harbour.", "dialogue": "MIA: Will it swim?", "seconds": 3},
        {"text": "She waits", "dialogue": "Mia (softly): Go on!\nOld Tom: Ho.", "seconds": 2},
        {"text": "It sinks.", "dialogue": "Oh no!\nTOM: Well."},
        {"text": "小猫坐着。", "dialogue": "小猫：早安！", "seconds": 4}]),
    "words to be seen": (
        'A door. Sign: "OPEN"\nA board that says: "SHUT"\nThe cat "Tom" sleeps. "Hm."\n一家店。牌子上写着：“营业中”', "lines", [
        {"text": 'A door. Sign: "OPEN"'}, {"text": 'A board that says: "SHUT"'}, {"text": 'The cat "Tom" sleeps. "Hm."'},
        {"text": "一家店。牌子上写着：“营业中”"}]),
    "labels in Chinese": ("一只猫醒来\n对白：早安！\n备注：打哈欠\n时长：2秒\n它走出门", "lines", [
        {"text": "一只猫醒来", "dialogue": "早安！", "notes": "打哈欠", "seconds": 2}, {"text": "它走出门"}]),
    "a sentence with commas": ("A cat, an orange one, wakes up\nIt stretches, and goes out", "lines", [
        {"text": "A cat, an orange one, wakes up"}, {"text": "It stretches, and goes out"}]),
    "Windows ends of lines": ("A cat wakes up\r\nIt goes out\r\n", "lines", [
        {"text": "A cat wakes up"}, {"text": "It goes out"}]),
    "paragraphs": ("A cat wakes up\non the sofa.\n\nIt goes out.", "paragraphs", [
        {"text": "A cat wakes up on the sofa."}, {"text": "It goes out."}]),
    "paragraphs with labels": ("A cat wakes up.\nDialogue: Good morning!\n\n2. It goes out. (4 s)\nSound: a door", "paragraphs", [
        {"text": "A cat wakes up.", "dialogue": "Good morning!"},
        {"text": "It goes out.", "notes": "a door", "seconds": 4}]),
    "a spreadsheet with a header": ("#\tDescription\tDialogue\tNotes\tSeconds\n1\tA cat wakes up\tGood morning!\tyawning\t2.5\n2\tIt goes out\t\t\t4", "table", [
        {"text": "A cat wakes up", "dialogue": "Good morning!", "notes": "yawning", "seconds": 2.5},
        {"text": "It goes out", "seconds": 4}]),
    "a spreadsheet without a header": ("1\tA cat wakes up\tyawning\t2\n2\tIt goes out\t\t3", "table", [
        {"text": "A cat wakes up", "notes": "yawning", "seconds": 2}, {"text": "It goes out", "seconds": 3}]),
    "text, notes, dialogue, seconds": ("A cat wakes up\tyawning\tGood morning!\t2", "table", [
        {"text": "A cat wakes up", "notes": "yawning", "dialogue": "Good morning!", "seconds": 2}]),
    "a spreadsheet in Chinese": ("镜号\t画面内容\t台词\t角色\t音效\t时长\n1\t一只猫醒来\t早安！\t小猫\t鸟鸣\t2秒\n2\t它走出门\t\t\t\t0:03", "table", [
        {"text": "一只猫醒来", "dialogue": "小猫: 早安！", "notes": "鸟鸣", "seconds": 2}, {"text": "它走出门", "seconds": 3}]),
    "a cell of two lines": ('Picture\tLines\n"A cat\nwakes up"\t"TOM: Hi\nANN: Ho"', "table", [
        {"text": "A cat wakes up", "dialogue": "TOM: Hi\nANN: Ho"}]),
    "a column of its own": ("Picture\tLens\tSound\nA cat wakes up\t35 mm\tbirds", "table", [
        {"text": "A cat wakes up", "notes": "Lens: 35 mm; birds"}]),
    "numbers of scenes and a description": ("Scene\tShot\tDescription\n1\t1A\tA cat wakes up\n1\t1B\tIt goes out", "table", [
        {"text": "A cat wakes up"}, {"text": "It goes out"}]),
    "columns of the camera": ("Picture\tShot size\tAngle\tMovement\nA cat\tclose-up\tlow\tcrane up\nIt goes\t\t\tcamera pans", "table", [
        {"text": "A cat", "notes": "Movement: crane up", "camera": {"shot": "close-up", "angle": "low"}},
        {"text": "It goes", "camera": {"movement": "pan"}}]),
    "scene as the text": ("Scene\tNotes\nA cat wakes up\tyawning", "table", [
        {"text": "A cat wakes up", "notes": "yawning"}]),
    "a row that goes on": ("Picture\tCharacter\tDialogue\nA cat wakes up\tTOM\tHi\n\tANN\tHo\nIt rains\t\t", "table", [
        {"text": "A cat wakes up", "dialogue": "TOM: Hi\nANN: Ho"}, {"text": "It rains"}]),
    "CSV with a header": ('text,notes,seconds\n"A cat, an orange one",yawning,2\nIt goes out,,', "table", [
        {"text": "A cat, an orange one", "notes": "yawning", "seconds": 2}, {"text": "It goes out"}]),
    "CSV with spaces after the commas": ('text, dialogue, seconds\n"A cat, an orange one", "TOM: Hi, cat!", 2\nIt goes out, , 3', "table", [
        {"text": "A cat, an orange one", "dialogue": "TOM: Hi, cat!", "seconds": 2}, {"text": "It goes out", "seconds": 3}]),
    "CSV with semicolons": ("Text;Dauer;Seconds\nEine Katze;lang;2,5\nEs regnet;;", "table", [
        {"text": "Eine Katze", "notes": "Dauer: lang", "seconds": 2.5}, {"text": "Es regnet"}]),
    "CSV without a header": ("A cat wakes up,2\nIt goes out,3", "table", [
        {"text": "A cat wakes up", "seconds": 2}, {"text": "It goes out", "seconds": 3}]),
    "a table with bars": ("| Picture | Dialogue |\n|---|:--:|\n| A cat wakes up | Hi |\n| It goes out | |", "table", [
        {"text": "A cat wakes up", "dialogue": "Hi"}, {"text": "It goes out"}]),
    "Fountain": ("INT. KITCHEN - DAY\n\nA cat wakes up. [[slow push in]]\n\nIt stretches.\n\nTOM\n(yawning)\nGood morning!\n\nEXT. STREET - NIGHT #2#\n\nIt rains.", "Fountain", [
        {"text": "INT. KITCHEN - DAY. A cat wakes up. It stretches.", "notes": "slow push in", "dialogue": "TOM: (yawning) Good morning!"},
        {"text": "EXT. STREET - NIGHT. It rains."}]),
    "Fountain with a title page": ("Title: _**The Boat**_\nAuthor: A. Writer\n\nINT. HARBOUR - DAY\n\nA boat. /* not\nthis */\n\nCUT TO:\n\n.THE SEA\n\nWaves.\n\n@McAvoy ^\nHo!\n\n= The end.", "Fountain", [
        {"text": "INT. HARBOUR - DAY. A boat.", "notes": "CUT TO:"},
        {"text": "THE SEA. Waves.", "dialogue": "McAvoy: Ho!", "notes": "The end."}]),
    "Fountain in Chinese": ("标题：雪狐\n\n内景 咖啡馆 - 日\n\n一只猫醒来。[[慢推]]\n\n@张三\n早安！\n\n李四：（笑）你好。\n\n第2场 街道 夜\n\n下雨了。", "Fountain", [
        {"text": "内景 咖啡馆 - 日。一只猫醒来。", "notes": "慢推", "dialogue": "张三: 早安！\n李四：（笑）你好。"},
        {"text": "第2场 街道 夜。下雨了。"}]),
    "two scenes in one place": ("INT. KITCHEN - DAY\n\nINT. HALL - DAY\n\nA dog.", "Fountain", [
        {"text": "INT. KITCHEN - DAY"}, {"text": "INT. HALL - DAY. A dog."}]),
    "nothing": (" \n\n\t\n", "lines", []),
}  # fmt: skip


@pytest.mark.parametrize("given", SCRIPTS)
def test_a_script_becomes_the_scenes_that_are_meant(given: str) -> None:
    text, kind, scenes = SCRIPTS[given]
    script = read_script(text)
    found = [
        {name: value for name, value in vars(part).items() if value not in ("", None, {})} for part in script.parts
    ]
    assert (script.kind, found) == (kind, scenes)
    assert script.notices == ()


def test_a_title_page_gives_the_title() -> None:
    assert read_script(SCRIPTS["Fountain with a title page"][0]).title == "The Boat"
    assert read_script(SCRIPTS["Fountain in Chinese"][0]).title == "雪狐"


def test_fountain_without_headings_has_a_scene_a_paragraph() -> None:
    script = read_script("Title: x\n\nA cat wakes up.\n\nTOM\nHi!\n\nIt goes out.\n")
    assert [(part.text, part.dialogue) for part in script.parts] == [
        ("A cat wakes up.", "TOM: Hi!"),
        ("It goes out.", ""),
    ]


def test_what_is_not_clear_is_said() -> None:
    script = read_script("Dialogue\tText\tSeconds\nHi\t\t\n\tA cat\tsoon\n\tA dog\t700")
    assert [part.seconds for part in script.parts] == [None, None]
    assert list(map(str, script.notices)) == [
        "row 2 has no text of a scene and is left out",
        "row 3: 'soon' is no time from 0 to 600 s",
        "row 4: '700' is no time from 0 to 600 s",
    ]
    script = read_script("TOM\nHi!\n\nINT. KITCHEN\n\nA cat.", kind="Fountain")
    assert [part.text for part in script.parts] == ["INT. KITCHEN. A cat."]
    assert "left out" in script.notices[0]


def test_a_person_says_what_it_is() -> None:
    text = "A cat wakes up.\nIt stretches.\n\nIt goes out."
    assert len(read_script(text, kind="lines").parts) == 3
    assert len(read_script(text).parts) == 2
    assert read_script("A cat, a dog\nRain, snow", ending=".csv").parts[0].notes == "a dog"
    with pytest.raises(ValueError, match="kind='prose'; a script is read as lines, paragraphs, table, Fountain"):
        read_script("x", kind="prose")
    with pytest.raises(ValueError, match="over 1000000 characters"):
        read_script("x" * 1_000_001)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("一只猫醒来，很乖。".encode("gb18030"), "一只猫醒来，很乖。"),
        ("一只猫".encode("utf-8-sig"), "一只猫"),
        ("A\t一只猫".encode("utf-16"), "A\t一只猫"),
        ("Le café est fermé à midi".encode("cp1252"), "Le café est fermé à midi"),
        ("Eine Tür öffnet sich".encode("cp1252"), "Eine Tür öffnet sich"),
    ],
)
def test_files_of_any_encoding_are_read(content: bytes, text: str) -> None:
    assert decoded(content) == text


@settings(max_examples=60)
@given(st.text(alphabet=" \t\n|,;:\"'.-#@>~=[]()*_!ABINT猫内景一1秒s\ud800\x00"), st.sampled_from(["", *KINDS]))
def test_no_text_breaks_it(text: str, kind: str) -> None:
    script = read_script(text, kind=kind)
    assert all(part.text.strip() for part in script.parts)
