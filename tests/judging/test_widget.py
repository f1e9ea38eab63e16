"""The widget gives nothing away, saves each verdict before the next pair, and drops presses for other pairs."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from judging.pictures import groups

from wannb.errors import StoreError
from wannb.judging import judge
from wannb.judging.pairs import contest_of
from wannb.judging.record import Record
from wannb.judging.widget import Judging
from wannb.plan import Plan
from wannb.scoring import LEFT, RIGHT, SKIP, TIE
from wannb.scoring import read_sheet as read

SECRETS = ["heron", "reeds", "woodcut", "wan2.7", "4711", "4712", "seed", "run.json", "png"]


def test_judges_get_their_own_order_and_the_same_pairs(plan: Plan, folder: Path) -> None:
    def order(name: str, **options: Any) -> list[str]:
        judging = judge(plan, judge=name, file=folder / f"{len(list(folder.glob('*')))}.jsonl", **options)
        return [f"{pair.id} {judging._sides(pair)[0][0]}" for pair in judging._order]

    assert order("one") == order("one")
    assert order("one") != order("two")
    assert order("one", seed=1) != order("one", seed=2)
    few = [{each.split()[0] for each in order(name, pairs=4)} for name in ("one", "two")]
    assert few[0] == few[1]
    assert len(few[0]) == 4


def test_each_key_has_its_verdict_on_disk_before_the_next_pair(plan: Plan) -> None:
    judging = judge(plan, judge="Keys")
    assert not judging.file.exists()
    for number, (key, verdict) in enumerate([("1", LEFT), ("2", RIGHT), ("=", TIE), ("S", SKIP), ("t", TIE)], 1):
        judging.press(key)
        assert judging.number == number
        assert list(read(judging.file).verdicts.values())[-1]["verdict"] == verdict
    judging.press("u")
    judging.press("Backspace")
    assert judging.number == len(judging.verdicts) == len(read(judging.file).verdicts) == 3
    for key in ("0", "right", "left"):
        judging.press(key)
    assert judging.number == judging.total == 6
    judging.press("1")
    assert [each["verdict"] for each in judging.verdicts] == [LEFT, RIGHT, TIE, TIE, RIGHT, LEFT]
    with pytest.raises(ValueError, match=r"1 Left.*U Undo"):
        judging.press("x")
    assert judging.file == plan.client.store.root / "judgements" / f"{plan.name}-Keys.jsonl"


def test_completion_shows_what_is_for_people(plan: Plan) -> None:
    judging = judge(plan, judge="Tab")
    judging.press("1")
    own = {"file", "judge", "language", "number", "press", "question", "record", "save", "scores", "total", "verdicts"}
    assert set(dir(judging)) == own | {"close", "layout", "observe", "unobserve"}
    assert all(hasattr(judging, name) for name in dir(judging))


def test_the_page_gets_nothing_of_what_is_compared(plan: Plan, folder: Path) -> None:
    judging = judge(plan, judge="two", file=folder / "two.jsonl")
    contest = contest_of(plan)
    secrets = [*SECRETS, plan.name, *(each.id for each in contest.contestants), *(pair.id for pair in contest.pairs)]
    secrets += [image.sha256[:12] for pair in contest.pairs for image in pair.images]
    secrets += [image.path.parent.name for pair in contest.pairs for image in pair.images]
    for number in range(judging.total + 1):
        state = judging.get_state()
        for name in ("_esm", "_css", "_anywidget_id"):
            state.pop(name)
        slots = [slot for slot in (judging.even, judging.odd) if slot]
        # Letters of a short secret may be among the bytes of a picture by chance.
        pictures = [b64decode(slot[side].partition(",")[2]) for slot in slots for side in (LEFT, RIGHT)]
        state |= {name: {**state[name], LEFT: "", RIGHT: ""} for name in ("even", "odd")}
        seen = repr(state).casefold() + repr(judging._repr_mimebundle_()).casefold()
        for secret in secrets:
            assert secret.casefold() not in seen, secret
            assert len(secret) < 6 or not any(secret.encode() in picture for picture in pictures), secret
        assert {slot["number"] for slot in slots} == {number, number + 1} & set(range(judging.total))
        assert all(slot[side].startswith("data:image/jpeg;base64,") for slot in slots for side in (LEFT, RIGHT))
        assert all(picture.startswith(b"\xff\xd8") and b"iTXt" not in picture for picture in pictures)
        judging.press("1")
    judging.press("u")
    assert (judging.odd["number"], judging.even) == (5, {})


def test_a_press_for_another_pair_is_dropped(plan: Plan, folder: Path) -> None:
    judging = judge(plan, file=folder / "x.jsonl")
    for content in ({"verdict": "left", "number": 0, "seconds": 1.25}, {"verdict": "left", "number": 0}):
        judging._handle_custom_msg(content, [])
    for content in ({"verdict": "delete", "number": 1}, {"number": 1}, {"verdict": "undo", "number": 7}, "left"):
        judging._handle_custom_msg(content, [])
    assert judging.number == 1
    assert judging.verdicts[0]["seconds"] == 1.25


def test_a_verdict_that_cannot_be_saved_does_not_count(plan: Plan, folder: Path) -> None:
    folder.mkdir()
    (folder / "file").touch()
    judging = judge(plan, file=folder / "file" / "x.jsonl")
    judging._handle_custom_msg({"verdict": "left", "number": 0}, [])
    assert "could not be saved" in judging.problem
    with pytest.raises(StoreError, match="could not be saved"):
        judging.press("1")
    assert (judging.number, judging.verdicts) == (0, [])
    (folder / "file").unlink()
    judging.press("1")
    assert (judging.number, judging.problem) == (1, "")


def test_it_speaks_the_language_of_its_client(plan: Plan, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan.client, "language", "zh")
    judging = judge(plan, file=folder / "x.jsonl")
    assert (judging.language, judging.question) == ("zh", "哪一张更好？")
    with pytest.raises(ValueError, match="跳过"):
        judging.press("x")
    assert "评委" in repr(judging.scores())
    assert judge(plan, file=folder / "x.jsonl", language="en", question="Nicer?").question == "Nicer?"


@pytest.mark.parametrize("damaged", [True, False])
def test_a_picture_lost_while_judging_is_skipped(folder: Path, monkeypatch: pytest.MonkeyPatch, damaged: bool) -> None:
    judging = judge(groups(folder, "AB", 4), file=folder / "x.jsonl")
    sent: list[Any] = []
    monkeypatch.setattr(judging, "send", sent.append)
    gone = judging._sides(judging._order[2])[0][1].path
    if damaged:
        gone.write_bytes(b"no picture")
    else:
        gone.unlink()
    for number in range(2):
        judging._handle_custom_msg({"verdict": "left", "number": number}, [])
    assert (judging.number, len(read(judging.file).verdicts), len(sent)) == (2, 2, 2)
    assert (judging.even["left"], judging.even["right"][:15]) == ("", "data:image/jpeg")
    assert "skip" in judging.problem
    judging._handle_custom_msg({"verdict": "left", "number": 2}, [])
    with pytest.raises(StoreError, match="skip"):
        judging.press("1")
    assert (judging.number, len(read(judging.file).verdicts), len(sent)) == (2, 2, 3), "judged without being seen"
    judging._handle_custom_msg({"verdict": "skip", "number": 2}, [])
    assert (judging.number, judging.problem, len(sent)) == (3, "", 4)


def test_the_page_gets_its_answer_even_after_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judging = judge(groups(folder, "AB", 2), file=folder / "x.jsonl")
    sent: list[Any] = []
    monkeypatch.setattr(judging, "send", sent.append)
    monkeypatch.setattr(judging, "_do", lambda what, seconds: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        judging._take({"verdict": "left", "number": 0})
    assert sent == [{"kind": "answered", "number": 0}]


def test_new_pairs_leave_the_old_verdicts_alone(folder: Path) -> None:
    contest = contest_of(groups(folder, "ABC", 3))
    fewer = replace(contest, pairs=contest.pairs[:4])
    first = Judging(fewer, Record(folder / "x.jsonl", contest=fewer, judge="one"))
    first.press("1")
    first.press("2")
    later = Judging(contest, Record(folder / "x.jsonl", contest=contest, judge="one"))
    assert (later.number, later.total) == (2, 9)
    assert later.verdicts == first.verdicts
