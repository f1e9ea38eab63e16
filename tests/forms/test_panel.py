"""Promises of all forms: the button says what it does and costs, never raises, and shows errors in plain words."""

from __future__ import annotations

import re
import threading
from decimal import Decimal
from typing import Any

import pytest
from forms.using import ALL, BUTTONS, REQUESTS, filled, inputs, named, press, shown, told
from ipywidgets.widgets.widget import _instances

import wannb
from wannb import forms, mock
from wannb.client import Client
from wannb.display import wake
from wannb.forms.button import button_text, spent_text
from wannb.runs.store import Store
from wannb.service.prices import Money
from wannb.translation import Words

EN = Words()


# The button


@pytest.mark.parametrize(
    ("images", "cost", "options", "text"),
    [
        (1, "0.075", {"mock": True}, "Generate 1 image · demo ($0.075 live)"),
        (2, "0.15", {"mock": True}, "Generate 2 images · demo ($0.15 live)"),
        (2, "0.15", {"mock": False}, "Generate 2 images · $0.15"),
        (2, "1", {"mock": False, "currency": "CNY"}, "Generate 2 images · ¥1.00"),
        (4, "0.3", {"mock": False, "up_to": True}, "Generate up to 4 images · at most $0.30"),
        (1, "0.03", {"mock": False, "again": True}, "Generate again · $0.03"),
        (2, None, {"mock": False}, "Generate 2 images · price unknown"),
        (2, None, {"mock": True}, "Generate 2 images · demo"),
    ],
)
def test_a_button_says_how_many_images_and_what_they_cost(
    images: int, cost: str | None, options: dict[str, Any], text: str
) -> None:
    currency = options.pop("currency", "USD")
    money = Money(amount=Decimal(cost), currency=currency) if cost else None
    assert button_text(EN, images, money, **options) == text


def test_what_was_spent_is_said_as_on_the_button() -> None:
    assert spent_text(EN, Money(amount=Decimal("0.3"), currency="USD"), mock=False) == "spent $0.30"
    assert "$0.30" in spent_text(EN, Money(amount=Decimal("0.3"), currency="USD"), mock=True)
    assert spent_text(EN, None, mock=True) == "price unknown"


@pytest.mark.parametrize("kind", BUTTONS)
def test_an_empty_form_scolds_nobody_who_has_not_begun_and_a_press_sends_nothing(
    kind: Any, client: Client, server: mock.MockServer
) -> None:
    form = kind(client)
    assert form.button.disabled
    first = "Write the scenes first." if kind is forms.StoryboardForm else "Describe the image first."
    assert first in shown(form)
    assert not [control for control in form._controls.values() if control._problems]
    press(form)
    assert not server.log.of("POST")
    form._touched()
    assert [control for control in form._controls.values() if control._problems]


@pytest.mark.parametrize("kind", BUTTONS)
def test_a_misspelt_option_is_a_type_error(kind: Any, client: Client) -> None:
    with pytest.raises(TypeError, match="promt"):
        kind(client, promt="a cat")


@pytest.mark.parametrize("kind", BUTTONS)
def test_presses_at_the_same_moment_are_one_run(kind: Any, client: Client, server: mock.MockServer) -> None:
    server.app.task_seconds = 0.3
    form = filled(kind, client)
    presses = [threading.Thread(target=form.button.click) for _ in range(6)]
    for each in presses:
        each.start()
    for each in presses:
        each.join()
    assert form.button.disabled
    with pytest.raises(RuntimeError, match=r"form\.worker\.join"):
        form.run()
    form.worker.join(30)
    assert server.billed == 2


@pytest.mark.parametrize("kind", BUTTONS)
def test_an_error_is_shown_by_the_button_raised_by_run_and_the_form_lives(
    kind: Any, client: Client, server: mock.MockServer
) -> None:
    form = filled(kind, client)
    with server.scenario("quota gone"):
        press(form)
        assert 'role="alert"' in told(form)
        assert "Nothing was billed" in shown(form)
        assert not form.button.disabled
        with pytest.raises(wannb.errors.QuotaExhausted):
            form.run()
    press(form)
    assert 'role="alert"' not in told(form)
    assert server.billed == 2


# What is seen


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_control_has_a_name(kind: Any, language: str, client: Client) -> None:
    client.language = language
    form = filled(kind, client)
    if kind in BUTTONS:
        form.run()
    if kind in REQUESTS:
        form._controls["color_palette"]._use.value = True
    named_ones = [widget for widget in inputs(form) if hasattr(widget, "description")]
    assert named_ones
    for widget in named_ones:
        assert widget.description.strip() or widget.tooltip, widget
        if type(widget).__name__ == "Button":
            assert widget.tooltip, f"{widget.description}: its title would be null"
            assert re.search(r"\w", widget.description), f"{widget.tooltip}: a screen reader would read a sign"


@pytest.mark.parametrize("kind", BUTTONS)
def test_where_no_widget_runs_a_form_is_html_that_is_the_same_each_time(kind: Any, client: Client) -> None:
    form = filled(kind, client, "<b>bold</b> <script>")
    form.run()
    bundle = form._repr_mimebundle_()
    page = bundle["text/html"]
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == form.model_id
    assert bundle["text/plain"] == repr(form)
    assert "&lt;b&gt;bold" in page
    assert "<b>bold" not in page + shown(form)
    assert "<script" not in page
    inputs_shown = len(form.request.images) if isinstance(form, forms.Form) else 0
    assert page.count("<img ") == len(re.findall(r'<img [^>]*alt="[^"]{4,}"', page)) == inputs_shown + 2
    assert form.model_id not in page, "an id that changes would fail strict nbval"
    assert page == form._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("kind", ALL)
def test_the_live_service_is_named_and_the_key_is_not(kind: Any, store: Store) -> None:
    live = Client(wannb.service.endpoint.live(region="beijing"), "sk-live", store)
    form = filled(kind, live)
    assert "live, beijing: every image is billed" in shown(form)
    assert "sk-live" not in repr(form) + str(form._repr_mimebundle_()) + shown(form)


@pytest.mark.parametrize("kind", ALL)
def test_a_closed_form_leaves_no_widgets_and_its_images_are_saved(
    kind: Any, client: Client, server: mock.MockServer
) -> None:
    server.app.task_seconds = 0.2
    wake()  # one viewer serves all forms, and stays
    before = set(_instances)
    form = filled(kind, client)
    work = None
    if kind in REQUESTS:
        form.button.click()
        work = form.worker._work
    form.close()
    assert not set(_instances) - before
    if work is not None:
        work.thread.join(20)
        assert client.runs()[0].state == "done"
        assert not set(_instances) - before, "images are shown in no form that is closed"


@pytest.mark.parametrize("kind", ALL)
def test_a_chinese_form_shows_no_english_but_names_and_a_persons_words(
    kind: Any, chinese: Client, server: mock.MockServer
) -> None:
    form = filled(kind, chinese, "lock")
    pages = [shown(form), str(form._repr_mimebundle_()["text/html"])]
    if kind in BUTTONS:
        form.run()
        with server.scenario("refused content"):
            press(form)
        pages += [shown(form), str(form._repr_mimebundle_()["text/html"])]
    assert "lock" in pages[1] or kind not in BUTTONS, "a person's text stays, also where it is one of ours"
    kept = (
        r"<[^>]+>|wan2\.7-image(-pro)?|wannb[-\w/.]*(?:\(picture\))?|lock|a dog|room\.png|image-\d\.png|"
        r"DataInspectionFailed\w*|Output data may .*?not judged\.\)|\b[0-9a-f]{8}-[-0-9a-f]+|"
        r"NumPy|storyboard|\b(prompt|model|size|seed)\b|"
        r"form\.run|\d+\w*|https?|[A-Z]{2,}\w*|client\.\w+|\w+=\S+|#\w+|[\w-]+\.(png|jpg|pdf)"
    )
    for page in pages:
        english = re.findall(r"[A-Za-z]{4,}[A-Za-z ]*", re.sub(kept, " ", page))
        assert not english, english


#: What completion shows of every form, and of each kind besides.
SHARED = {"client", "close", "layout", "observe", "unobserve"}
WORKING = SHARED | {"button", "code", "made", "problems", "run", "status", "worker"}
REQUEST = WORKING | {"mode", "recall", "request", "result", "watch"}
PUBLIC = {
    forms.TextToImageForm: REQUEST,
    forms.EditForm: REQUEST | {"use"},
    forms.RegionForm: REQUEST | {"use"},
    forms.ImageSetForm: REQUEST | {"use"},
    forms.CompareForm: WORKING | {"grid", "plan", "recall", "stop"},
    forms.StoryboardForm: WORKING | {"board", "frames", "go_on_with", "leave"},
    forms.HistoryForm: SHARED
    | {"form", "opened", "refresh", "runs", "search", "select", "selected", "status", "worker"},
    forms.Studio: SHARED
    | {"compare", "edit", "form", "history", "image_set", "regions", "storyboard", "text_to_image"},
}


@pytest.mark.parametrize("kind", ALL)
def test_completion_shows_what_is_for_people(kind: Any, client: Client) -> None:
    form = filled(kind, client)
    if kind in BUTTONS:
        form.run()
    assert set(dir(form)) == PUBLIC[kind]
    assert all(hasattr(form, name) for name in dir(form))


@pytest.mark.parametrize("module", [wannb, wannb.forms, wannb.mock])
def test_completion_shows_no_module_that_an_import_left(module: Any) -> None:
    assert set(dir(module)) == set(module.__all__)


@pytest.mark.parametrize(
    ("kind", "what", "options"),
    [
        (forms.ImageSetForm, "scene", {"prompt": wannb.request.set_prompt.prompt(["one", "two", "six"]), "n": 3}),
        (forms.CompareForm, "prompt", {"prompt": ["one", "two", "six"]}),
        (forms.StoryboardForm, "scene", {"scenes": ["one", "two", "six"]}),
        (forms.EditForm, "image", {"images": ["one.png", "two.png", "six.png"], "prompt": "x"}),
    ],
)
def test_rows_are_moved_and_removed(kind: Any, what: str, options: dict[str, Any], client: Client) -> None:
    form = kind(client, **options)

    def order() -> list[str]:
        return re.findall(r"one|two|six", form.code)

    assert order() == ["one", "two", "six"]
    assert named(form, f"Move up: {what} 1").disabled
    assert named(form, f"Move down: {what} 3").disabled
    named(form, f"Move up: {what} 3").click()
    assert order() == ["one", "six", "two"]
    named(form, f"Move down: {what} 1").click()
    assert order() == ["six", "one", "two"]
    named(form, f"Remove: {what} 2").click()
    assert order() == ["six", "two"]
    if what != "image":
        named(form, f"Add a {what}").click()
        named(form, f"{what.capitalize()} 3").value = "one"
        assert order() == ["six", "two", "one"]
        for _ in range(2):
            named(form, f"Remove: {what} 1").click()
        assert named(form, f"Remove: {what} 1").disabled, "the last row stays"


@pytest.mark.parametrize("kind", BUTTONS)
def test_help_is_for_people_who_write_no_code(client: Client, kind: Any) -> None:
    helps = [control.help_text for control in kind(client)._controls.values()]
    assert len([text for text in helps if text]) > 3
    assert [
        text for text in helps if re.search(r"wannb\.|client\.|PIL|NumPy|bytes|URL|None|[\[\]{}`]|\w+=", text)
    ] == []


def test_what_is_wrong_names_a_way_out_that_the_form_has(client: Client) -> None:
    form = wannb.forms.TextToImageForm(client, prompt="a cat", size="16:9")
    assert "choose it as the shape" in form._controls["size"]._note.value
