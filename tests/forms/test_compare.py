"""CompareForm is a view of a sweep: priced before it is sent, filled up by a next press, and the same as its code."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from forms.using import SMALL, inputs, named, picture, press, shown, told
from PIL import Image

import wannb
from wannb import mock
from wannb.client import Client
from wannb.errors import InvalidRequest
from wannb.forms import CompareForm
from wannb.plan import Plan
from wannb.request.sizes import PRO, STANDARD

OLD = "These images are of earlier settings."
FOUR = {"prompt": ["a cat", "a dog"], "seed": [1, 2], "size": SMALL}


def seeds(form: CompareForm, text: str) -> None:
    """Write into the field of the seeds."""
    form._controls["seed"]._text.value = text  # type: ignore[attr-defined]


# The plan, its code and its price


@pytest.mark.parametrize(
    "options",
    [
        {"prompt": "one"},
        {"prompt": ['with "quotes"', "it's\ntwo lines", "一座灯塔"], "seed": 7},
        {"prompt": "x", "seed": range(3, 20), "n": 2, "model": [PRO, STANDARD], "size": ["1K", "1280*720", "4K"]},
        {"prompt": "x", "size": ["1280*720"], "model": STANDARD},
    ],
)
def test_the_code_makes_the_same_plan(client: Client, options: dict[str, Any]) -> None:
    form = CompareForm(client, **options)
    assert form.plan.name == evaluated(form, client).name
    assert requests(form.plan) == requests(wannb.sweep(client, **options))


def requests(plan: Plan) -> set[str]:
    return {cell.fingerprint for cell in plan.cells}


def evaluated(form: CompareForm, client: Client) -> Plan:
    given: dict[str, Any] = {"wannb": wannb, "client": client}
    exec(form.code.split("\nplan.run()")[0], given)
    plan: Plan = given["plan"]
    return plan


def test_pictures_are_edited_each_by_itself_or_all_together(client: Client) -> None:
    pictures = [picture("a.png"), picture("b ümläut's.png", (480, 640))]
    form = CompareForm(client, prompt=["as ink", "at night"], images=pictures)
    assert [len(cell.request.images) for cell in form.plan.cells] == [1] * 4
    assert evaluated(form, client).name == form.plan.name
    form._controls["images"]._way.value = True  # type: ignore[attr-defined]
    assert [len(cell.request.images) for cell in form.plan.cells] == [2] * 2
    assert evaluated(form, client).name == form.plan.name
    assert CompareForm(client, prompt=["as ink", "at night"], images=[pictures]).plan.name == form.plan.name  # type: ignore[union-attr]


def test_a_picture_without_a_file_is_named_in_the_code(client: Client) -> None:
    form = CompareForm(client, prompt="x", images=Image.new("RGB", (300, 300)))
    assert form.code.startswith("# Set image_1 first: ")
    assert "images=image_1" in form.code


def test_a_signature_of_a_link_is_not_in_the_code(client: Client) -> None:
    form = CompareForm(client, prompt="x", images="https://host.example/a.png?Signature=secret")
    assert "secret" not in form.code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("7", [7]),
        ("1, 2,3", [1, 2, 3]),
        ("1-3, 9", [1, 2, 3, 9]),
        ("1 2 2", [1, 2]),
        ("1、2，3", [1, 2, 3]),
        ("3–5", [3, 4, 5]),
    ],
)
def test_seeds_are_read_from_a_text(client: Client, text: str, expected: list[int] | None) -> None:
    form = CompareForm(client, prompt="x")
    seeds(form, text)
    assert [cell.request.seed for cell in form.plan.cells] == (expected or [1])
    assert "once with each of these seeds" in shown(form), "another help than that of a single request"


@pytest.mark.parametrize(
    ("text", "why"),
    [("a", "whole numbers"), ("1-", "whole numbers"), ("5-1", "smaller number first"), ("1-9999", "too many seeds")],
)
def test_what_is_no_seed_is_said_and_nothing_can_be_made(client: Client, text: str, why: str) -> None:
    form = CompareForm(client, prompt="x")
    seeds(form, text)
    assert form.plan is None
    assert form.button.disabled
    assert why in form._controls["seed"]._note.value
    with pytest.raises(InvalidRequest, match=why):
        form.run()


def test_too_many_requests_are_refused_with_their_number(client: Client) -> None:
    form = CompareForm(client, prompt=[f"{number}" for number in range(10)], seed=range(400))
    assert form.plan is None
    assert "4000" in form._hint.value


def test_no_model_or_no_size_is_said(client: Client) -> None:
    form = CompareForm(client, prompt="x", model=[], size=["16x"])
    assert [problem.field for problem in form.problems] == ["model", "size"]


@pytest.mark.parametrize("wrong", [{"model": "wan2.6"}, {"n": [1, 2]}, {"n": 9}])
def test_what_it_cannot_show_is_refused(client: Client, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CompareForm(client, prompt="x", **wrong)


# Making the images


def test_the_button_says_how_many_and_the_price_and_makes_only_what_is_missing(
    client: Client, server: mock.MockServer
) -> None:
    form = CompareForm(client, **FOUR)
    assert form.button.description == "Generate 4 images · demo ($0.30 live)"
    assert "4 cells" in form._matrix.value
    press(form)
    assert server.billed == 4
    assert "4 of 4 generated" in told(form)
    assert form.grid.html().count("<img ") == 4
    seeds(form, "1-3")
    assert form.button.description.startswith("Generate 2 images")
    press(form)
    assert server.billed == 6
    again = CompareForm(client, **FOUR)
    press(again)
    assert (server.billed, again.grid.html().count("<img ")) == (6, 4)


def test_a_stopped_run_sends_nothing_more_and_a_second_press_makes_the_rest(
    client: Client, server: mock.MockServer
) -> None:
    form = CompareForm(client, **FOUR)
    with form._lock:  # the worker waits with its first word, so that nothing is sent yet
        form.button.click()
        form.stop()
    form.worker.join()
    assert server.billed == 0
    assert "nothing more was sent" in told(form)
    press(form)
    assert server.billed == 4


def test_what_is_not_legal_is_left_out_and_said(client: Client, server: mock.MockServer) -> None:
    form = CompareForm(client, prompt="x", size=[SMALL, "4K"], model=STANDARD)
    assert form.button.description.startswith("Generate 1 image ·")
    form.run()
    assert server.billed == 1
    assert "1 left out, not legal" in told(form)


def test_nothing_legal_turns_the_button_off(client: Client) -> None:
    form = CompareForm(client, prompt="x", size="4K", model=STANDARD)
    assert form.button.disabled
    assert "the table says why" in form._hint.value
    with pytest.raises(InvalidRequest, match="4K"):
        form.run()


def test_refused_and_failed_cells_are_shown_with_the_next_step(client: Client, server: mock.MockServer) -> None:
    form = CompareForm(client, **FOUR)
    with server.scenario("refused content"):
        form.run()
    assert "4 refused by the content inspection" in told(form)
    assert "refused: " in form.grid.html()
    assert form.button.disabled
    seeds(form, "8")
    with server.scenario("failed task"):
        form.run()
    assert "Press the button to try again" in told(form)
    press(form)
    assert form.grid.html().count("<img ") == 2


def test_a_function_that_follows_is_told(client: Client) -> None:
    form, told = CompareForm(client, prompt="x", size=SMALL), []
    form.made = lambda: told.append(form.button.description)
    form.run()
    assert told == ["Show side by side · free, already generated"]


def rewrite(form: CompareForm, text: str) -> None:
    """Write another first prompt."""
    form._controls["prompt"]._rows.entries[0]._text.value = text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "change",
    [
        lambda form: rewrite(form, "a fox"),
        lambda form: rewrite(form, ""),
        lambda form: seeds(form, "1, 3"),
        lambda form: seeds(form, "x"),
        lambda form: form._controls["size"].fill(["1K"]),
        lambda form: form._controls["model"].fill([]),
        lambda form: form._controls["n"].fill(2),
    ],
)
def test_the_images_of_other_requests_are_marked(client: Client, server: mock.MockServer, change: Any) -> None:
    form = CompareForm(client, **FOUR)
    form.run()
    form.grid._axes["rows"].value = "seed"
    before = form._repr_mimebundle_()["text/html"]
    change(form)
    assert OLD in shown(form)
    assert OLD in form._repr_mimebundle_()["text/html"]
    assert form.code.endswith("plan.grid()") or form.plan is None
    with form._filling:
        form._fill({**FOUR, "model": PRO, "n": 1})
    form._touched()
    assert form._repr_mimebundle_()["text/html"] == before, "they are the form's again without a request"
    assert OLD not in shown(form)
    assert form.code.endswith('plan.grid(rows="seed")')
    assert server.billed == 4


def test_what_was_just_paid_is_shown_although_a_prompt_changed_meanwhile(
    client: Client, server: mock.MockServer
) -> None:
    form = CompareForm(client, **FOUR)
    with form._lock:  # the worker waits with its first word
        form.button.click()
        rewrite(form, "a fox")
    form.worker.join(30)
    assert form.grid.html().count("<img ") == 4
    assert "a fox" not in form.grid.html()
    assert OLD in shown(form)


# Budget


@pytest.mark.parametrize(
    ("budget", "button", "made"),
    [
        ("", "Generate 4 images · demo ($0.30 live)", 4),
        ("0.30", "Generate 4 images · demo ($0.30 live)", 4),
        ("5", "Generate 4 images · demo ($0.30 live)", 4),
        ("0.20", "Generate up to 4 images · demo ($0.20 live)", 2),
    ],
)
def test_a_budget_holds_back_what_could_pass_it(
    client: Client, server: mock.MockServer, budget: str, button: str, made: int
) -> None:
    form = CompareForm(client, **FOUR, budget=budget)
    assert form.button.description == button
    press(form)
    assert server.billed == made
    assert f"{made} of 4 generated" in told(form)
    assert ("2 held back by the budget" in told(form)) == (made == 2)
    written = f"plan.run(budget={budget})" if budget else "plan.run()"
    assert f"\n{written}\n" in form.code
    form._controls["budget"].fill(None)
    press(form)
    assert server.billed == 4


@pytest.mark.parametrize("budget", [1, 1.5, "1.5", Decimal("1.5")])
def test_a_budget_is_given_as_to_a_plan(client: Client, budget: Any) -> None:
    form = CompareForm(client, **FOUR, budget=budget)
    assert f"plan.run(budget={budget})" in form.code
    assert form.plan is not None


@pytest.mark.parametrize("budget", ["-1", "a lot", "nan", "inf"])
def test_what_is_no_budget_is_said_and_nothing_is_sent(client: Client, budget: str) -> None:
    form = CompareForm(client, **FOUR, budget=budget)
    assert [problem.field for problem in form.problems] == ["budget"]
    assert form.button.disabled
    assert budget in form._controls["budget"]._note.value


def test_a_budget_below_one_image_is_an_error_in_plain_words(client: Client, server: mock.MockServer) -> None:
    form = CompareForm(client, **FOUR, budget="0.01")
    press(form)
    assert server.billed == 0
    assert "0.01" in told(form)


# Files


@pytest.mark.parametrize(("ending", "start"), [(".pdf", b"%PDF"), (".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_the_grid_is_saved_as_it_is_laid_out(client: Client, ending: str, start: bytes) -> None:
    form = CompareForm(client, **FOUR)
    form.run()
    form.grid._axes["rows"].value = "seed"
    form.grid.files._format.value = ending
    form.grid.files.name.value = "my study"
    form.grid.files.buttons[0].click()
    form.worker.join()
    file = Path(f"my study{ending}")
    assert file.read_bytes().startswith(start)
    assert file.name in shown(form.grid.files._said)
    assert str(Path.cwd()) in shown(form.grid.files._said)
    assert "Download all 4 as ZIP" in shown(form.grid._all)
    assert form.grid.html().count("<img ") == 4


def test_a_file_that_cannot_be_saved_is_an_error_in_the_form(client: Client) -> None:
    Path("study.pdf").mkdir()
    form = CompareForm(client, **FOUR)
    form.run()
    form.grid.files.name.value = "study"
    form.grid.files.buttons[0].click()
    named(form, "Overwrite").click()
    form.worker.join()
    assert 'role="alert"' in told(form)
    assert not form.button.disabled


# Layouts


def test_a_layout_is_chosen_for_nothing_and_stands_in_the_code(client: Client, server: mock.MockServer) -> None:
    form = CompareForm(client, **FOUR)
    form.run()
    before, page = len(server.log), form.grid._page.value
    form.grid._axes["rows"].value = "seed"
    assert form.grid._page.value != page
    assert form.code.endswith('plan.grid(rows="seed")')
    form.grid._axes["columns"].value = "seed"
    assert form.grid.axes == {"columns": "seed"}, "one place for each option"
    form.grid._axes["pages"].value = "prompt"
    assert form.grid._page.value.count('role="heading"') == 2
    assert len(server.log) == before


# A title and labels of one's own


def test_a_title_and_labels_stand_in_the_grid_in_the_file_and_in_the_code(
    client: Client, server: mock.MockServer
) -> None:
    form = CompareForm(client, **FOUR)
    form.run()
    before = len(server.log)
    named(form.grid.box, "Title and labels").value = True
    named(form.grid.box, "a cat").value = "  Subject <A> "
    named(form.grid.box, "seed 2").value = "second"
    named(form.grid.box, "Title").value = "Pets"
    page = form.grid.html()
    assert form.grid._page.value == page
    assert ">Pets<" in page
    heads = re.findall(r"<bdi>([^<]*)</bdi>", page)
    assert {"Subject &lt;A&gt;", "a dog"} <= set(heads), "a value without a label keeps its own"
    assert "second" in page
    assert form.code.endswith(
        'plan.grid(title="Pets", labels={"prompt": {"a cat": "Subject <A>"}, "seed": {2: "second"}})'
    )
    form.grid.files._format.value = ".svg"
    form.grid.files.buttons[0].click()
    form.worker.join()
    labels = {"prompt": {"a cat": "Subject <A>"}, "seed": {2: "second"}}
    form.plan.grid(title="Pets", labels=labels).save("same.svg")  # type: ignore[union-attr]
    assert Path("comparison.svg").read_bytes() == Path("same.svg").read_bytes()
    seeds(form, "2, 3")
    assert form.code.endswith("plan.grid()"), "images of earlier settings"
    form.run()
    assert [field.value for field in inputs(form.grid.lettering.box)[2:]] == ["  Subject <A> ", "", "second", ""]
    named(form.grid.box, "seed 2").value = named(form.grid.box, "Title").value = ""
    assert form.code.endswith('plan.grid(labels={"prompt": {"a cat": "Subject <A>"}})')
    assert len(server.log) > before


def test_many_values_take_their_labels_as_lines(client: Client) -> None:
    form = CompareForm(client, prompt="a cat", seed=range(1, 62), size=SMALL)
    form.grid.show(form.plan)
    named(form.grid.box, "Title and labels").value = True
    named(form.grid.box, "seed: a label a line, in the order of the values").value = "first\n\nthird"
    assert form.code.endswith('plan.grid(labels={"seed": {1: "first", 3: "third"}})')


def test_a_label_of_a_picture_is_given_by_its_place(chinese: Client) -> None:
    form = CompareForm(chinese, prompt="as ink", images=[picture("a.png"), picture("b.png")], size=SMALL)
    form.run()
    named(form.grid.box, "标题和标签").value = True
    named(form.grid.box, "b.png").value = "客厅"
    assert "客厅" in form.grid.html()
    assert form.code.endswith('plan.grid(labels={"images": {1: "客厅"}})')


# How it looks


def test_the_plan_is_said_in_chinese_and_what_is_a_persons_stays(chinese: Client) -> None:
    form = CompareForm(chinese, prompt=["refused", "a <cat>"], size=[SMALL, "4K"], model=STANDARD)
    assert "个请求" in form._matrix.value
    assert "不合规" in form._matrix.value
    assert "请用" in form._matrix.value, "the rule too"
    form.run()
    assert "已生成 2 / 4" in told(form)
    assert "<bdi>refused</bdi>" in form._matrix.value
    assert "<bdi>refused</bdi>" in form.grid.html()
    assert "<bdi>a &lt;cat&gt;</bdi>" in form.grid.html()


# Cells of which fewer images came than were asked for


def test_a_button_fills_the_cells_that_lack_images_and_says_what_all_of_it_costs(
    client: Client, server: mock.MockServer
) -> None:
    form = CompareForm(client, prompt="a boat", seed=[1], n=3, size=SMALL)
    assert form._filler.layout.display == "none"
    with server.scenario("partly refused"):
        press(form)
    assert form._filler.description == "Fill 1 cell · Generate 3 images · demo ($0.225 live)"
    page = " ".join(re.sub("<[^>]+>", " ", form._matrix.value).split())
    assert "1 cell with fewer images than asked: “Fill 1 cell” asks and pays again" in page
    assert "fill=True" not in shown(form) + form._page()
    seeds(form, "1, 2")
    assert form.button.description == "Generate 3 images · demo ($0.225 live)"
    assert form._filler.description == "Fill 1 cell · Generate 6 images · demo ($0.45 live)", (
        "it sends the open one too"
    )
    form._controls["budget"].fill("0.30")
    form._touched()
    assert form._filler.description == "Fill 1 cell · Generate up to 6 images · demo ($0.30 live)"
    seeds(form, "1")
    form._controls["budget"].fill(None)
    form._touched()
    billed = server.billed
    form._filler.click()
    form.worker.join(30)
    assert server.billed == billed + 3
    assert form._filler.layout.display == "none"
    assert "fewer images" not in form._matrix.value


def test_a_fill_that_would_cost_something_else_by_now_sends_nothing(
    client: Client, chinese: Client, server: mock.MockServer
) -> None:
    form = CompareForm(chinese, prompt="a boat", seed=[1, 2], n=3, size=SMALL)
    with server.scenario("partly refused"):
        press(form)
    assert form._filler.description == "补齐 2 格 · 生成 6 张图片 · 演示（正式价 $0.45）"
    assert "“补齐 2 格”会重新请求并计费" in form._matrix.value
    assert "2 个种子 = 2 个请求" in form._matrix.value
    form.plan.client.run(form.plan.cells[0].request, fresh=True)  # type: ignore[union-attr]
    billed = server.billed
    form._filler.click()
    form.worker.join(30)
    assert (server.billed, form._filler.description) == (billed, "补齐 1 格 · 生成 3 张图片 · 演示（正式价 $0.225）")
    form.run(fill=True)
    assert server.billed == billed + 3


def test_images_of_earlier_settings_are_marked_and_their_settings_come_back(client: Client) -> None:
    form = CompareForm(client, **FOUR)
    press(form)
    assert OLD not in shown(form)
    assert "4 of 4 generated" in told(form)
    seeds(form, "3")
    assert OLD in shown(form)
    assert form.grid.html().count("<img ") == 4
    assert "generated" not in told(form)
    named(form.grid.box, "Copy settings").click()
    assert form.plan.name == wannb.sweep(client, **FOUR).name  # type: ignore[union-attr]
    assert OLD not in shown(form)


@pytest.mark.parametrize("pictures", [None, "each", "together"])
def test_a_plan_opens_as_a_form(client: Client, pictures: str | None) -> None:
    images = [picture("a.png"), picture("b.png", (480, 640))]
    options: dict[str, Any] = {"prompt": ["a cat", "a dog"], "seed": [3, 4], "model": STANDARD, "size": "1K", "n": 2}
    options |= {"images": images if pictures == "each" else [images]} if pictures else {}
    plan = wannb.sweep(client, **options)
    form = wannb.forms.open(client, plan)
    assert isinstance(form, CompareForm)
    assert requests(form.plan) == requests(plan)
    form = CompareForm(client, prompt="something else", images=images, size=["2K", "4K"])
    form.recall(plan)
    assert requests(form.plan) == requests(plan)


def test_a_plan_that_no_form_shows_says_so(client: Client) -> None:
    with pytest.raises(ValueError, match="cannot show watermark"):
        wannb.forms.open(client, wannb.sweep(client, prompt=["a", "b"], watermark=True))


def test_heads_of_a_plan_are_chinese_for_who_reads_chinese(chinese: Client) -> None:
    form = CompareForm(chinese, **FOUR)
    press(form)
    seen = re.sub(r"<[^>]+>", " ", form._matrix.value + form.grid.html())
    assert "种子 1" in seen
    assert "提示词" in seen
    assert not re.search("prompt|seed|size|model", seen)
