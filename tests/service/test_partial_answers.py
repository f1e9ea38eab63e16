"""Answers that came in part: every link is read once, wherever it stands, and each reason is kept, short and masked."""

from __future__ import annotations

from typing import Any

import pytest

from wannb.errors import MalformedAnswer
from wannb.service import wire

HOST = "https://dashscope-7c2c.oss-accelerate.aliyuncs.com/1d"
UNSAFE = ("DataInspectionFailed", "Output data may contain inappropriate content.")
BROKEN = ("InternalError.Algo", "inference internal error")
CHINESE = ("DataInspectionFailed", "输出内容可能包含不当信息。")


def link(name: str, signature: str = "s") -> str:
    return f"{HOST}/{name}.png?Expires=1776429805&OSSAccessKeyId=id&Signature={signature}"


def image(name: str) -> dict[str, Any]:
    return {"type": "image", "image": link(name)}


def refusal(code: object = UNSAFE[0], message: object = UNSAFE[1]) -> dict[str, Any]:
    return {"code": code, "message": message}


def choice(*items: Any) -> dict[str, Any]:
    return {"finish_reason": "stop", "message": {"role": "assistant", "content": list(items)}}


def metrics(came: int, refused: int) -> dict[str, Any]:
    return {"task_metrics": {"TOTAL": came + refused, "SUCCEEDED": came, "FAILED": refused}}


def named(answer: wire.Answer) -> str:
    """Return the names of the files that an answer links to, in their order."""
    return " ".join(str(each).removeprefix(f"{HOST}/").partition(".png")[0] for each in answer.links)


A, B, C = image("a"), image("b"), image("c")
URL_A, URL_B, URL_C = ({"url": link(name)} for name in "abc")
#: The output, the usage, the names of the images that came, the reasons of the others, and how many were made.
ANSWERS: dict[str, tuple[dict[str, Any], Any, str, list[tuple[str, str]], int | None]] = {
    "choices, the first refused": ({"choices": [choice(refusal()), choice(B)]}, {"image_count": 1}, "b", [UNSAFE], 1),
    "choices, the last refused": ({"choices": [choice(A), choice(refusal())]}, {"image_count": 1}, "a", [UNSAFE], 1),
    "one choice, the middle refused": ({"choices": [choice(A, refusal(), C)]}, {"image_count": 2}, "a c", [UNSAFE], 2),
    "choices, all refused": ({"choices": [choice(refusal()), choice(refusal())]}, {}, "", [UNSAFE] * 2, 0),
    "choices and reasons in results": (
        {"choices": [choice(A)], "results": [refusal(), refusal(*BROKEN)], **metrics(1, 2)},
        {"image_count": 1},
        "a",
        [UNSAFE, BROKEN],
        1,
    ),
    "results alone": ({"results": [URL_A, refusal(), URL_C]}, {"image_count": 2}, "a c", [UNSAFE], 2),
    "results, no usage": ({"results": [URL_A, refusal()]}, None, "a", [UNSAFE], None),
    "results, metrics, no usage": ({"results": [refusal(), URL_B], **metrics(1, 1)}, None, "b", [UNSAFE], 1),
    "results, all refused": (
        {"results": [refusal(), refusal(*BROKEN)], **metrics(0, 2)},
        None,
        "",
        [UNSAFE, BROKEN],
        0,
    ),
    "results, all refused, no metrics": ({"results": [refusal()]}, None, "", [UNSAFE], 0),
    "metrics alone": (metrics(0, 4), None, "", [], 0),
    "usage alone": ({"choices": []}, {"image_count": 0}, "", [], 0),
    "usage before metrics": ({"results": [URL_A], **metrics(1, 3)}, {"image_count": 2}, "a", [], 2),
    "twelve, three refused": (
        {"choices": [choice(*(image(str(n)) if n % 4 else refusal() for n in range(1, 13)))]},
        {"image_count": 9},
        "1 2 3 5 6 7 9 10 11",
        [UNSAFE] * 3,
        9,
    ),
    "a link twice": ({"choices": [choice(A), choice(B), choice(A), choice(C)]}, {"image_count": 4}, "a b c", [], 4),
    "both places, each signed anew": (
        {"choices": [choice(A, B)], "results": [{"url": link("a", "t")}, {"url": link("b", "t")}, refusal()]},
        None,
        "a b",
        [UNSAFE],
        None,
    ),
    "links that are missing": (
        {"choices": [choice(A), choice({"image": None}), choice({"image": ""})], "results": [{"url": " "}, {"url": 3}]},
        {"image_count": 1},
        "a",
        [],
        1,
    ),
    "no link, no reason, no count": ({"choices": [choice({"image": None})]}, None, "", [], None),
    "a reason and a link that is missing": ({"results": [refusal(), {"url": None}]}, None, "", [UNSAFE], None),
    "texts between": (
        {"choices": [choice({"text": "Here:"}, A, {"type": "text", "text": "x"}, B)]},
        {},
        "a b",
        [],
        None,
    ),
    "entries that are texts": ({"choices": [choice("Here:", A)], "results": ["no", link("b")]}, None, "a b", [], None),
    "content that is a text": ({"choices": [{"message": {"content": "I cannot."}}, choice(A)]}, None, "a", [], None),
    "a choice that is a refusal": ({"choices": [choice(A), refusal()]}, None, "a", [UNSAFE], None),
    "a link with a code": ({"results": [{**URL_A, "code": "Success", "message": ""}]}, None, "a", [], None),
    "a link beside an empty code": ({"choices": [choice({**A, "code": "", "message": ""})]}, None, "a", [], None),
    "a refusal beside an empty link": ({"results": [{"url": "", **refusal()}, URL_B]}, None, "b", [UNSAFE], None),
    "a code alone": ({"results": [{"code": "Unheard.Of"}, URL_B]}, None, "b", [("Unheard.Of", "")], None),
    "a message alone": ({"results": [{"message": "不行"}, URL_B]}, None, "b", [("", "不行")], None),
    "Chinese": ({"results": [URL_A, refusal(*CHINESE)]}, {"image_count": 1}, "a", [CHINESE], 1),
    "odd kinds": ({"results": [refusal(7, ["x"]), 5, None, [], URL_A]}, None, "a", [("7", "['x']")], None),
    "results of another kind": ({"choices": [choice(A)], "results": {"url": "b"}}, None, "a", [], None),
    "a count that is none": ({"results": [URL_A], **metrics(1, 0)}, {"image_count": True}, "a", [], 1),
    "a negative count": ({"results": [URL_A], "task_metrics": {"SUCCEEDED": -1}}, {"image_count": -3}, "a", [], None),
    "metrics of another kind": ({"results": [URL_A], "task_metrics": [3]}, None, "a", [], None),
    "a count with a point": ({"results": [URL_A]}, {"image_count": 1.0}, "a", [], None),
}


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
@pytest.mark.parametrize(("output", "usage", "came", "refused", "made"), ANSWERS.values(), ids=ANSWERS)
def test_what_came_and_what_was_refused_are_read_wherever_they_stand(
    output: dict[str, Any], usage: Any, came: str, refused: list[tuple[str, str]], made: int | None, status: str
) -> None:
    """A failed task may carry images too: they can be paid for."""
    answer = wire.read_answer({"output": {"task_id": "t", "task_status": status, **output}, "usage": usage})
    assert (answer.status, named(answer), list(answer.refused), answer.made) == (status, came, refused, made)


@pytest.mark.parametrize("output", [{"choices": [choice(A)]}, {"results": [URL_A]}, {"results": [URL_A, refusal()]}])
def test_a_synchronous_answer_has_its_images_in_either_place(output: dict[str, Any]) -> None:
    answer = wire.read_answer({"output": output})
    assert (answer.status, named(answer)) == ("SUCCEEDED", "a")


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "CANCELED", "UNKNOWN"])
def test_only_a_task_that_has_ended_has_images(status: str) -> None:
    answer = wire.read_answer({"output": {"task_status": status, "results": [URL_A, refusal()]}})
    assert (answer.links, answer.refused, answer.made) == ((), (), None)


SIGNING = ["Expires=1", "Signature=a%2Bb", "OSSAccessKeyId=id", "security-token=t", "Security-Token=t", "x-oss-date=1",
           "x-oss-signature-version=OSS4", "X-Amz-Signature=ab", "X-Amz-Expires=3", "AWSAccessKeyId=A"]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("?id=1", "?id=2"),
        ("?id=1&Signature=s", "?id=2&Signature=s"),
        ("?Signature=s&id=1", "?Signature=s&id=2"),
        ("?Expires=9&id=1&Signature=s", "?Expires=9&id=12&Signature=s"),
        ("?Signature=s&page=1", "?Signature=s"),
        ("?file=a%2Fb.png&X-Amz-Signature=s", "?file=a%2Fc.png&X-Amz-Signature=s"),
        ("?versionId=1&Expires=2&Signature=s", "?versionId=2&Expires=2&Signature=s"),
        ("?not-Signature=1&Expires=2", "?not-Signature=2&Expires=2"),
        ("?token=1", "?token=2"),
        ("?key=1&Signature=s", "?key=2&Signature=s"),
        (".png?Signature=s", ".jpg?Signature=s"),
    ],
)
def test_links_that_differ_in_more_than_a_signature_are_two_images(first: str, second: str) -> None:
    """A gateway may name its files by a parameter."""
    links = [f"https://gateway.example/file{rest}" for rest in (first, second, first)]
    answer = wire.read_answer({"output": {"results": [{"url": each} for each in links]}})
    assert [str(each) for each in answer.links] == links[:2]


@pytest.mark.parametrize("parameter", SIGNING)
@pytest.mark.parametrize("form", ["?{0}", "?id=1&{0}", "?{0}&id=1", "?id=1&{0}&page=2"])
def test_links_that_differ_in_a_signature_alone_are_one_image(parameter: str, form: str) -> None:
    links = [f"https://gateway.example/file{form.format(each)}" for each in (parameter, parameter + "2")]
    output = {"choices": [choice({"image": links[0]})], "results": [{"url": links[1]}]}
    answer = wire.read_answer({"output": output})
    assert [str(each) for each in answer.links] == links[:1]


def test_a_reason_is_short_and_shows_no_secret() -> None:
    key, signed = "sk-0123456789abcdef0123", link("a", "TOPSECRETSIGNATURE")
    long = refusal("C" * 500, f"look at\n{signed} with {key} \x1b[31m" + "很长 " * 5000)
    [(code, message)] = wire.read_answer({"output": {"results": [long]}}).refused
    assert len(code) <= 100
    assert len(message) <= 300
    assert message.startswith(f"look at {HOST}/a.png?... with sk-*** ")
    assert message.isprintable()


@pytest.mark.parametrize("output", [{}, {"finished": True}, {"task_metrics": {"TOTAL": 4, "SUCCEEDED": 0}}])
def test_a_synchronous_answer_without_images_or_reasons_is_malformed(output: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer, match="neither task_status nor choices"):
        wire.read_answer({"output": output})
