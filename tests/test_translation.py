"""Sentences that keep their template, and the Chinese catalogue."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import re
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wannb
from wannb import errors, translation
from wannb.display import html
from wannb.request import FIELDS
from wannb.translation import Said, Words, as_data, count, from_data, joined, override, say, shorten, spoken

PACKAGE = Path(wannb.__file__).parent
ROOT = Path(__file__).parent.parent
FILES = sorted((PACKAGE / "languages" / "zh").glob("*.json"))
TEXTS = translation.catalogue("zh")
PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
#: The command line speaks English, and so does the mock, which plays the service; the page of `wannb studio` does not.
ENGLISH = {"commands/cli.py", "commands/record_live.py", "mock"}
#: Functions whose first argument is a text to be translated.
SPEAKERS = {"Said", "say", "words", "_words"} | {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.WannbError) and not issubclass(kind, errors.ApiError)
}


def test_a_sentence_is_text_that_remembers_its_values() -> None:
    said = Said("at most {most} input images", most=9)
    assert said == "at most 9 input images"
    assert isinstance(said, str)
    assert (said.template, dict(said.values)) == ("at most {most} input images", {"most": 9})
    assert Words("zh")(said) == "输入图片最多 9 张"
    assert Words("en")(said) == said


@pytest.mark.parametrize(
    ("text", "most", "end", "short"),
    [
        ("as it is", 8, 3, "as it is"),
        ("an old boat with a red sail", 17, 0, "an old boat with…"),
        ("an old boat with a red sail", 18, 0, "an old boat with…"),
        ("an old boat with a red sail", 20, 9, "an old … red sail"),
        ("First image. Second image. Third image. Fourth image.", 37, 15, "First image. Second … Fourth image."),
        ("一只橘猫坐在窗台上看着外面的雪", 8, 0, "一只橘猫坐在窗…"),
        ("一只橘猫坐在窗台上看着外面的雪", 12, 4, "一只橘猫坐 … 外面的雪"),
        ("https://example.com/a/very/long/link", 12, 0, "https://exa…"),
        ("m" * 30, 12, 0, "mmmmmmmmmmm…"),
    ],
)
def test_a_text_is_cut_between_words(text: str, most: int, end: int, short: str) -> None:
    assert shorten(text, most, end=end) == short
    assert len(short) <= most


def test_a_value_is_translated_only_if_it_is_a_sentence_itself() -> None:
    assert Words("zh")("{option} = {why}", option="Seed", why=Said("Seed")) == "Seed = 种子"
    assert Words("zh")("Seed") == "种子"
    assert Words("zh")("nobody has written this down") == "nobody has written this down"


def test_places_without_a_value_and_braces_in_values_stay() -> None:
    assert Said("{a} and {b}", a="{b}") == "{b} and {b}"
    assert Words("zh")("{n} images", n="{n}") == Words("zh")("{n} images", n="\0").replace("\0", "{n}")


def test_chinese_has_its_own_punctuation() -> None:
    ascii_marks = re.compile(r"[\u4e00-\u9fff]([,;!?(]|: )|([,;!?] ?|: )[\u4e00-\u9fff]")
    assert [text for text in TEXTS.values() if ascii_marks.search(text)] == []
    count_without_space = re.compile(r"[\u4e00-\u9fff]\{(cells|images|lines|requests|runs|tasks)\}")
    assert [text for text in TEXTS.values() if count_without_space.search(text)] == []
    error = errors.InvalidRequest(wannb.ImageRequest(prompt="x", n=9).problems())
    assert Words("zh")(error.said).startswith("请求有 1 个问题，没有发送：\n  - n=9：文生图")


def test_sentences_are_joined() -> None:
    both = joined(" · ", [count(2, "image"), "2048*2048", count(1, "problem")])
    assert both == "2 images · 2048*2048 · 1 problem"
    assert Words("zh")(both) == f"{Words('zh')(count(2, 'image'))} · 2048*2048 · {Words('zh')(count(1, 'problem'))}"


@pytest.mark.parametrize(("mark", "chinese"), [(", ", "，"), ("; ", "；"), (": ", "："), (". ", "。"), (" = ", " = ")])
def test_joined_sentences_have_the_marks_of_their_language(mark: str, chinese: str) -> None:
    parts = joined(mark, ["a, b", Said("Seed"), joined(mark, ["x", "y"])])
    assert parts == mark.join(["a, b", "Seed", "x", "y"]), "nothing within a part is changed"
    for said in (parts, from_data(json.loads(json.dumps(as_data(parts))))):
        assert Words("zh")(said) == chinese.join(["a, b", "种子", "x", "y"])
    assert Words("zh")("{part0}, b") == "{part0}, b"


def test_sentences_of_chinese_follow_each_other_without_a_space() -> None:
    parts = [Said("Please save the file and send it back."), Said("Seed"), "x。 y"]
    assert joined(" ", parts) == "Please save the file and send it back. Seed x。 y"
    assert Words("zh")(joined(" ", parts)) == "请保存文件并发回。种子 x。 y"


@given(st.recursive(st.text(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3)))
def test_a_sentence_survives_pickle_copy_and_json(values: object) -> None:
    def build(value: object) -> str:
        if isinstance(value, dict):
            return Said("{a} in {b}", **{name: build(each) for name, each in value.items()})
        return str(value)

    said = build(values)
    for again in (
        pickle.loads(pickle.dumps(said)),
        copy.deepcopy(said),
        from_data(json.loads(json.dumps(as_data(said)))),
    ):
        assert again == said
        assert Words("zh")(again) == Words("zh")(said)
        assert type(again) is type(said)


@pytest.mark.parametrize("data", [3, None, [], {}, {"template": 1, "values": {}}, {"template": "", "values": {"b": 1}}])
def test_what_is_no_text_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="is not a text"):
        from_data(data)


def test_a_language_holds_within_a_block_and_a_thread() -> None:
    heard = []
    with override("zh"):
        thread = threading.Thread(target=lambda: heard.append(say("Seed")))
        thread.start()
        thread.join()
        assert say("Seed") == "种子"
        assert html.text(Said("Seed")) == "<bdi>种子</bdi>"
        assert html.text("Seed") == "<bdi>Seed</bdi>", "a person's text is not translated"
        error = errors.StoreError(Said("Seed"))
    assert heard == ["Seed"]
    assert say("Seed") == "Seed"
    assert (str(error), error.said) == ("种子", "Seed")
    assert str(pickle.loads(pickle.dumps(error))) == "种子"


def test_a_method_speaks_the_language_of_its_object() -> None:
    class Speaker:
        language = "zh"

        @spoken
        def speak(self, text: str) -> str:
            return say(text)

    assert Speaker().speak("Seed") == "种子"


def test_an_error_of_many_problems_is_said_whole() -> None:
    with override("zh"):
        error = errors.InvalidRequest(wannb.ImageRequest(prompt="x", n=9, size="9*9").problems())
    assert "n=9" in str(error)
    assert not re.search(r"[A-Za-z]{4,}", re.sub(r"client\.\w+|size=\S+|'[^']*'|\d\S*", "", str(error))), str(error)


@pytest.mark.parametrize("language", ["fr", "", "英语", None, 3])
def test_a_language_without_a_catalogue_is_refused(language: str) -> None:
    with pytest.raises(ValueError, match="is not one of 'en'"):
        Words(language)


@pytest.mark.parametrize("language", ["zh", "zh-CN", "zh_CN.UTF-8", "ZH", "中文", "简体中文", "Chinese"])
def test_names_of_locales_are_taken(language: str) -> None:
    assert Words(language).language == "zh"


# The catalogue


def texts_in(path: Path) -> Iterator[str]:
    """Yield every text in a module that is made to be translated."""
    tree = ast.parse(path.read_text())
    variables: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                variables.setdefault(getattr(target, "id", getattr(target, "attr", "")), []).append(node.value)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            variables.setdefault(node.target.id, []).append(node.iter)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in SPEAKERS:
            yield from constants(node.args[0], variables)
        elif name == "count" and len(node.args) > 1:
            for noun in constants(node.args[1], variables):
                yield from (f"{{n}} {noun}", f"{{n}} {noun}s")


def constants(node: ast.expr, variables: dict[str, list[ast.expr]]) -> Iterator[str]:
    """Yield the texts that an expression may be: a literal, one of several, or what a variable is set to."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Subscript):
        yield from constants(node.value, variables)
    else:
        parts = {
            ast.IfExp: lambda: [node.body, node.orelse],  # type: ignore[attr-defined]
            ast.BoolOp: lambda: node.values,  # type: ignore[attr-defined]
            ast.Dict: lambda: node.values,  # type: ignore[attr-defined]
            ast.Tuple: lambda: node.elts,  # type: ignore[attr-defined]
            ast.List: lambda: node.elts,  # type: ignore[attr-defined]
            ast.Name: lambda: variables.get(node.id, []),  # type: ignore[attr-defined]
            ast.Attribute: lambda: variables.get(node.attr, []),  # type: ignore[attr-defined]
        }.get(type(node), list)()
        inner = {name: values for name, values in variables.items() if values is not parts}
        for part in parts:
            yield from constants(part, inner)


def room_of(path: Path) -> str:
    return path.parent.relative_to(PACKAGE).parts[0] if path.parent != PACKAGE else "root"


#: The modules with texts.
SPEAKING = [
    path for path in PACKAGE.rglob("*.py") if not ENGLISH & {room_of(path), path.relative_to(PACKAGE).as_posix()}
]


@cache
def used() -> dict[str, set[str]]:
    """Return the texts of each room."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.WannbError)]
    found = {"root": {kind.title for kind in kinds}}
    found["plan"] = {f"{{n}} x {name}" for name in FIELDS}
    for path in SPEAKING:
        found.setdefault(room_of(path), set()).update(texts_in(path))
    return found


def has_words(text: str) -> bool:
    """Return whether a text has words, or marks that Chinese has of its own."""
    return bool(re.search(r"[A-Za-z]{2,}|[,;:!?] ", PLACE.sub("", text)))


@pytest.mark.parametrize("room", sorted({room_of(path) for path in SPEAKING}))
def test_everything_that_is_said_is_said_in_chinese_too(room: str) -> None:
    lacking = [text for text in sorted(used()[room]) if has_words(text) and text not in TEXTS]
    assert lacking == []


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_each_entry_is_used_and_keeps_its_places(file: Path) -> None:
    texts = json.loads(file.read_bytes())
    for english, chinese in texts.items():
        assert set(PLACE.findall(english)) == set(PLACE.findall(chinese)), english
        assert chinese.strip(), english
    assert sorted(set(texts) - set().union(*used().values())) == []


def test_no_text_stands_in_two_places() -> None:
    seen: set[str] = set()
    for file in FILES:
        for english, _ in json.loads(file.read_bytes(), object_pairs_hook=list):
            assert english not in seen, english
            seen.add(english)


def test_a_thing_has_one_name_in_all_of_chinese() -> None:
    """As Model Studio's documentation, JupyterLab in Chinese and these pages name it."""
    pages = [*PACKAGE.rglob("pages/*.html"), *ROOT.glob("docs/zh/*"), ROOT / "README.zh-CN.md"]
    said = [*TEXTS.values(), *(page.read_text("utf-8") for page in pages)]
    others = re.compile("你|脚本|调色板|运行目录|运行文件夹|真实服务|Model Studio|notebook 里")
    assert [found[0] for text in said if (found := others.search(text))] == []
