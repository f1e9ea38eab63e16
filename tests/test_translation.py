"""The forms' texts in Chinese: all of them, wholly, and nothing that a stranger's text could upset."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sayings import (
    CAR,
    ERRORS,
    FILE,
    LATIN,
    PLACE,
    REQUESTS,
    TEXTS,
    all_problems,
    every_error,
    found,
    left,
    lines_of,
    problems_of_scenes,
    raised,
    refused_calls,
    sayings_of,
    sentences_in,
    taken,
)

from wannb import ImageRequest, errors
from wannb import translation as words
from wannb.client import Client
from wannb.ledger import run
from wannb.request import fields, inputs, palette, rules, sizes
from wannb.request import set_prompt as scenes
from wannb.request.image_request import MODES
from wannb.service import wire
from wannb.text import count
from wannb.translation import NUMBERS, SPOKEN, Catalogue, Template, Words

ZH = Words("zh")
#: Words that Chinese readers know as they are.
NAMES = {"API", "Key", "ID", "Errno", "MOCK", "client", "mode"}


# The catalogue itself


def test_the_catalogue_is_one_entry_a_line_and_none_twice() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert (lines[0], lines[-1]) == ("{", "}")
    assert len(lines) == len(TEXTS) + 2
    assert all(isinstance(text, str) and text.strip() == text for pair in TEXTS.items() for text in pair)


@pytest.mark.parametrize("english", TEXTS)
def test_an_entry_has_the_same_places_on_both_sides(english: str) -> None:
    names = PLACE.findall(english)
    assert set(names) == set(PLACE.findall(TEXTS[english]))
    if names:
        assert "}{" not in english, "nobody could tell where one value ends"


@pytest.mark.parametrize("english", TEXTS)
def test_an_entry_is_chinese(english: str) -> None:
    chinese = PLACE.sub(lambda place: "中" if place[1] in SPOKEN else "A", TEXTS[english])
    assert re.search(r"[一-鿿]", PLACE.sub("", TEXTS[english])) or not left_of_code(english)
    theirs = {*LATIN.findall(english), *LATIN.findall(english.lower())}
    assert set(LATIN.findall(PLACE.sub("", TEXTS[english]))) <= theirs | NAMES
    assert not re.search(r"[一-鿿][A-Za-z0-9]|[A-Za-z0-9][一-鿿]", chinese), "a space between Chinese and Latin"
    assert not re.search(r"[一-鿿][,;:?!()]|[,;?!][一-鿿]", chinese.replace("宽:高", "")), "full-width punctuation"


def left_of_code(english: str) -> list[str]:
    return [word for word in LATIN.findall(PLACE.sub("", english)) if word.islower()]


# Options, modes, states


def test_every_option_and_mode_and_state_has_its_text() -> None:
    said = [*MODES, *run.RANK, *(state for state in wire.FINAL), wire.PENDING, wire.RUNNING]
    said += [text for field in fields.FIELDS.values() for text in (field.label, field.help)]
    said += fields.CALL_HELP.values()
    for text in said:
        assert found(text), text
        assert ZH.sentence(text) != text
        assert not left(text, sizes.PRO, sizes.STANDARD), text


def test_a_help_stays_right_when_a_limit_changes() -> None:
    text = fields.FIELDS["n"].help.replace("12", "15")
    assert "15" in ZH.sentence(text)
    assert "12" not in ZH.sentence(text)


def test_a_text_built_with_a_number_is_found_by_a_plain_call_too() -> None:
    assert ZH(fields.FIELDS["prompt"].help) == ZH.sentence(fields.FIELDS["prompt"].help)
    assert str(fields.MAX_PROMPT) in ZH(fields.FIELDS["prompt"].help)


# Rules: one bad request for each, and a guard that none was left out


@pytest.mark.parametrize("options", REQUESTS, ids=lambda options: repr(options)[:50])
def test_a_bad_request_is_told_wholly_in_chinese(options: dict[str, Any]) -> None:
    problems = ImageRequest(**{"prompt": "x", **options}).problems()
    assert problems
    normal = palette.as_palette(options.get("color_palette"))
    for problem in problems:
        assert ZH.sentence(problem.rule) != problem.rule
        assert not left(problem.rule, options, fields.MODELS, os.getcwd()), problem.rule
        assert not left(problem.value, options, normal), problem.value
    whole = str(errors.InvalidRequest(problems))
    names = [problem.field for problem in problems]
    assert not left(whole, options, normal, fields.MODELS, os.getcwd(), names), whole


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> list[inputs.InputImage]:
    return taken(tmp_path_factory.mktemp("pictures"))


def test_every_picture_that_is_refused_or_changed_is_told_in_chinese(pictured: list[inputs.InputImage]) -> None:
    said = list(sayings_of(pictured))
    assert len(said) >= len(pictured)
    for text, values in said:
        assert found(text), text
        assert not left(text, *values), text
    made = ImageRequest(prompt="x", images=[image for image in pictured if image.notices and not image.problem])
    for notice in made.notices:
        assert ZH.sentence(notice).startswith("图 "), notice


def test_every_scene_that_is_refused_is_told_in_chinese() -> None:
    for problem in problems_of_scenes():
        assert not left(problem.rule), problem.rule
        assert not left(problem.value), problem.value


def test_no_rule_was_left_out_above(pictured: list[inputs.InputImage]) -> None:
    said = [text for problem in all_problems() for text in (problem.value, problem.rule)]
    said += [text for text, _ in sayings_of(pictured)] + [image.name for image in pictured]
    corpus = "\n".join([*said, *raised(), *refused_calls()])
    modules = (rules, sizes, palette, scenes, inputs)
    pieces = [piece for module in modules for piece in sentences_in(module, "prompt", "lead", "split")]
    assert len(pieces) > 60
    # What is left is a TypeError, for who writes code.
    assert [piece for piece in pieces if piece not in corpus] == ["scenes are a text or a list of texts, not a "]


anything = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=30), st.lists(st.integers(), max_size=5))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("prompt", "size", "n", "seed", "watermark", "color_palette", "bbox_list"), anything),
            "enable_sequential": st.booleans(),
            "images": st.just(CAR),
        },
    )
)
def test_any_value_of_a_bad_request_leaves_the_rule_chinese(options: dict[str, Any]) -> None:
    for problem in ImageRequest(**options).problems():
        assert not left(problem.rule, options, problem.value, sizes.PRO), problem.rule


# Errors


@pytest.mark.parametrize("text", raised())
def test_every_sentence_of_an_exception_is_known(text: str) -> None:
    assert found(text), text
    assert not left(text, "MalformedAnswer HTTP task_id data", "~/.dashscope/api_key"), text


@pytest.mark.parametrize("error", [*every_error()], ids=lambda error: f"{type(error).__name__}, {error}"[:60])
def test_every_answer_of_the_service_is_framed_in_chinese(error: errors.ApiError) -> None:
    text = str(error)
    vendors = "" if error.message in text and found(error.message) else error.message
    assert not left(text, error.code, vendors, "HTTP", error.task_id, error.request_id, "output"), text
    assert f"{error.code}，" in ZH.sentence(text)
    assert ZH.sentence(error.next_step) != error.next_step
    assert ZH.sentence(error.next_step) in ZH.sentence(text)
    for line in text.splitlines():
        assert ZH.sentence(line) in ZH.sentence(text)


@pytest.mark.parametrize("name", sorted(name for name in ERRORS if not name.startswith("_")))
def test_the_first_line_of_each_exception_is_there(name: str) -> None:
    title = (ERRORS[name].__doc__ or "").splitlines()[0]
    assert title in TEXTS


def test_the_services_own_words_stay_as_they_are() -> None:
    for message in ("Prompt", "2 images", "running", "Nothing was billed. Try again in a minute."):
        error = errors.BadRequest("InvalidParameter", message, status=400)
        assert f"HTTP 400：{message}\n未计费。" in ZH.sentence(str(error))


def test_a_persons_own_words_stay_as_they_are() -> None:
    assert ZH.sentence("no file 'done' from folder 'running'") == "在文件夹 'running' 下找不到文件 'done'"
    assert ZH.sentence("image 1 (done): converted from GIF") == "图 1（done）：已从 GIF 格式转换"
    assert ZH.sentence("Image 1 of 2: seed 7") == "第 1 张，共 2 张：seed 7"


def test_a_value_that_looks_like_the_rest_of_the_sentence_is_kept_whole() -> None:
    problem = rules.Problem(field="size", value="'a: b'", rule="write it as '2K'")
    assert ZH.sentence(str(problem)) == "size='a: b'：请写成 '2K'"
    text = "2 of 3 images are saved in '/a. b'. an image took over 600 s. They are paid for: client.rescue() fetches "
    assert "保存在 '/a. b'。下载一张图片超过了 600 秒。" in ZH.sentence(text + "the rest, within 24 hours of the run")


# Results


def test_results_and_the_client_speak_chinese(client: Client) -> None:
    for text in lines_of(client):
        assert found(text) or not left(text, "wannb dashscope-intl.aliyuncs.com"), text
        assert not left(text, "USD a seed wannb DASHSCOPE_API_KEY dashscope-intl.aliyuncs.com"), text
    assert ZH.sentence("2 images · 768*768 · seed 7 · 0.15 USD") == "2 张图片 · 768*768 · 种子 7 · 0.15 USD"
    assert ZH.sentence("1 image of 1 run brought to disk, 2 runs had never been sent") == (
        "已将 1 次运行的 1 张图片存到本地，2 次运行从未发送"
    )


# Calls


def test_values_are_put_in_and_never_looked_into() -> None:
    for speak in (ZH, Words("en")):
        assert speak("{a}{b}{c}", a="{b}", b="{0.__class__}") == "{b}{0.__class__}{c}"
        assert speak("100 % of {0} {} {a!r} {a.b}", a=1) == "100 % of {0} {} {a!r} {a.b}"
    assert ZH("seed {seed}", seed="{n}") == "种子 {n}"
    assert ZH("task {task_id}", text=1, self=2, task_id=3) == "任务 3"


def test_what_the_catalogue_does_not_know_comes_out_in_english() -> None:
    assert ZH("No such text, {name}", name="x") == "No such text, x"
    assert ZH.sentence("No such text") == "No such text"
    assert ZH.sentence("No such text · seed 7") == "No such text · 种子 7"


def test_english_is_left_alone() -> None:
    english = Words()
    assert english.language == "en"
    assert english("seed {seed}", seed=7) == "seed 7"
    for text in TEXTS:
        assert english.sentence(text) == text


@pytest.mark.parametrize("name", ["zh", "ZH", " zh ", "zh-CN", "zh_CN.UTF-8", "zh-Hans-CN", "cn", "中文", "简体中文"])
def test_chinese_has_many_names(name: str) -> None:
    assert Words(name).language == "zh"


@pytest.mark.parametrize("name", ["en", "EN", "en-GB", "en_US.UTF-8", "English", "C.UTF-8"])
def test_english_has_too(name: str) -> None:
    assert Words(name).language == "en"


@pytest.mark.parametrize("name", ["", "xx", "deutsch", "zhx", "../zh", None, 5])
def test_a_language_that_is_not_there_is_refused_with_those_that_are(name: Any) -> None:
    with pytest.raises(ValueError, match=r"'en' \(English\), 'zh' \(简体中文\)"):
        Words(name)


# Texts of strangers


class Watched(str):
    """A text that counts how often it is searched, and from where."""

    def __new__(cls, text: str) -> Watched:
        made = super().__new__(cls, text)
        made.starts = []
        return made

    starts: list[int]

    def find(self, *arguments: Any) -> int:
        self.starts.append(arguments[1])
        return super().find(*arguments)


HOSTILE = [
    "",
    " ",
    "\n" * 5000,
    " · " * 3000,
    ", " * 5000,
    "{" * 10_000,
    "{n} images",
    "{rule}" * 2000,
    "(.*)+$[a-z]{9999}\\",
    "'" * 10_000,
    "the image arrived " * 600,
    "an image could not be fetched: " * 300,
    "=: " * 3000,
    "size=" + "'" * 5000 + ": " * 2000,
    ". Nothing was sent" * 500,
    "1" * 10_000 + " images",
    "\0\ud800 𝒜 \u202e",
    "\n".join(["write it as '2K'"] * 2000),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_a_strangers_text_does_no_harm(text: str) -> None:
    said = ZH.sentence(text)
    assert isinstance(said, str)
    assert len(said) <= 2 * len(text) + 100
    assert ZH(text) == said
    assert Words().sentence(text) == text


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_may_come(text: str) -> None:
    for frame in ("{}", "write it as {}", "size={}: {}", "run {} is {}", "\n{}\n · {}"):
        assert isinstance(ZH.sentence(frame.replace("{}", text)), str)


@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text) > 1000], ids=lambda text: repr(text[:20]))
def test_a_template_goes_through_a_text_once(text: str) -> None:
    """At most two searches for each place, each from where the last one ended: no way back, so the work is linear."""
    for template in Catalogue.of(TEXTS).templates:
        framed = Watched(template.literals[0] + text + template.literals[-1])
        template.match(framed)
        assert len(framed.starts) <= 2 * len(template.names)
        assert all(later >= earlier - 1 for earlier, later in zip(framed.starts, framed.starts[1:], strict=False))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_there_is_a_limit_to_how_often_templates_are_tried(text: str) -> None:
    tried = 0

    class Counting(Template):
        def match(self, text: str) -> dict[str, str] | None:
            nonlocal tried
            tried += 1
            return super().match(text)

    known = Catalogue.of(TEXTS)
    counting = [Counting(each.literals, each.names, each.translation) for each in known.templates]
    Catalogue(texts=TEXTS, templates=tuple(counting)).say(text)
    assert tried <= words.LOOKUPS * len(counting)


def test_a_number_is_a_number() -> None:
    assert ZH.sentence("many images") == "many images"
    assert ZH.sentence("1,024 images") == "1,024 张图片"
    assert "n" in NUMBERS


def test_a_count_is_said_for_one_and_for_many() -> None:
    assert ZH.sentence(count(1, "image")) == "1 张图片"
    assert ZH.sentence(count(12, "image")) == "12 张图片"
