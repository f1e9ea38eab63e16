"""What people need who do not see the page, use no mouse, or hold it in one hand: every tab of the Studio, alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser.lab import Lab, settled
from browser.test_forms_live import NAMELESS, OVERFLOW
from processes import Command, needs_voila

import wannb
from wannb import mock

TABS = 7
#: Buttons and fields of less than 24 pixels.
SMALL = """root => [...root.querySelectorAll('button, input, select, textarea, summary, a[href], [role=tab]')]
  .filter(one => one.getClientRects().length && one.type !== 'file' && one.type !== 'checkbox')
  .filter(one => { const {width, height} = one.getBoundingClientRect(); return width < 24 || height < 24; })
  .map(one => one.outerHTML.slice(0, 200))"""
#: Texts that say nothing, states that are not said, tabs without a panel.
MUTE = """root => ["[title='null']", "[title='']", ".widget-toggle-button:not([aria-pressed], [aria-expanded])",
  ".wannb-choice:not([aria-pressed])", ".widget-toggle-buttons:not([role=group][aria-label])",
  "[role=tab]:not([aria-controls])", ".lm-mod-current[aria-selected=false]"].filter(one => root.querySelector(one))"""


@contextmanager
def alone(lab: Lab, folder: Path, *options: str) -> Iterator[Any]:
    """Open `wannb studio` in a folder, and give its page."""
    folder.mkdir(exist_ok=True)
    environment = {name: value for name, value in lab.environment.items() if name != "WANNB_STORE"}
    started = ("-m", "wannb.commands.cli", "studio", "--no-browser", "--port", "0", *options)
    with Command(*started, folder=folder, environment=environment) as command:
        page = lab.page()
        page.goto(command.wait_for(r"http://127\S+token=\w+")[0])
        page.locator(".wannb-texttoimageform .wannb-go").wait_for()
        yield page
        page.close()


#: What is shown of the open tab, a form.
OPEN = ".wannb-studio > .widget-tab > .widget-tab-contents > :not(.lm-mod-hidden) > .wannb-form"
#: Whether a text has another color than what is behind it.
READ = "one => getComputedStyle(one).color !== getComputedStyle(one).backgroundColor"


def turn(page: Any, number: int) -> Any:
    """Open a tab and return its form."""
    page.locator(".wannb-studio > .widget-tab > .lm-TabBar [role=tab]").nth(number).click()
    form = page.locator(OPEN)
    form.locator(".wannb-heading").first.wait_for()
    return form


def wrong(page: Any, *rules: str, part: str | None = None) -> list[str]:
    """Return what axe calls critical, serious or moderate on a page, or a part of it, each with where it is."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # A page from disk may not read its style sheets.
    read = {"preload": page.url.startswith("http")}
    options = {"resultTypes": ["violations"], **read, **({"runOnly": list(rules)} if rules else {})}
    found = axe.run(page, context=part, options=options).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}: {node['failureSummary'][:200]}"
        for each in found
        if each["impact"] != "minor"
        for node in each["nodes"]
    ]


@needs_voila
@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "zh")])
def test_no_tab_has_a_fault_that_axe_finds_and_nothing_is_cut_on_a_phone(
    lab: Lab, server: mock.MockServer, tmp_path: Path, theme: str, language: str
) -> None:
    client = wannb.connect(mode="mock", base_url=server.base_url, store=tmp_path / "here" / "wannb-runs")
    client.generate("A flower shop", size="1K", seed=1, n=2)
    with alone(lab, tmp_path / "here", "--theme", theme, "--language", language) as page:
        for number in range(TABS):
            form = turn(page, number)
            if number == 0:
                form.locator("textarea").first.fill("A flower shop")
                form.locator("input[placeholder]").nth(0).fill("1")
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 844})
                settled(page.locator(".wannb-studio"))
                assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), (number, width)
                assert form.evaluate(OVERFLOW) == [], (number, width)
            assert form.evaluate(NAMELESS) == [], number
            assert page.locator(".wannb-studio").evaluate(SMALL) == [], number
            assert page.locator(".wannb-studio").evaluate(MUTE) == [], number
            # In the dark nothing but colours can be otherwise. What is around the forms is seen once, with the last.
            rules, part = ["color-contrast"] if theme == "dark" else [], None if number == TABS - 1 else OPEN
            assert wrong(page, *rules, part=part) == [], number
        page.emulate_media(forced_colors="active")
        assert page.locator(".lm-TabBar-tab.lm-mod-current").first.evaluate(READ), (
            "the open tab, in the system's colors"
        )
