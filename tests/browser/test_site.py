"""The site, read from disk in a real browser: its search, light and dark, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.lab import Lab
from browser.test_access import wrong
from playwright.sync_api import expect

#: Of the window, and of the part of it that holds the page.
SIDEWAYS = """() => [document.documentElement, document.querySelector('.bd-article-container')]
  .some(one => one.scrollWidth > one.clientWidth)"""
PAGES = ("index", "tutorials/01-text-to-image", "how-to/modes", "reference/options")


@pytest.fixture(autouse=True)
def only_the_site(lab: Lab, site: Path) -> Iterator[None]:
    """Let pages ask for files of the site, and for nothing else."""
    lab.session.folder = site.as_uri()
    yield
    lab.session.folder = None


def address(site: Path, name: str) -> str:
    return (site / f"{name}.html").as_uri()


def test_search_works_from_disk(lab: Lab, site: Path) -> None:
    page = lab.page()
    page.goto(address(site, "index"))
    page.keyboard.press("Control+k")
    page.keyboard.type("compare prompts")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li")
    found.filter(has_text="A prompt study").first.wait_for()  # results come one after another
    expect(found.first).to_contain_text("Compare prompts")  # a page for a job before those that only have its words
    found.first.get_by_role("link").click()
    page.get_by_role("heading", name="Compare prompts, seeds, sizes and models").wait_for()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_fault_that_axe_finds(lab: Lab, site: Path, name: str) -> None:
    page = lab.page()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no color is on its way to another
        if scheme == "light":
            page.goto(address(site, name))
        page.locator(f"html[data-theme={scheme}]").wait_for(state="attached")
        # In the dark nothing but colors can be otherwise.
        assert wrong(page, *(["color-contrast"] if scheme == "dark" else [])) == [], scheme


def test_on_a_phone_only_what_keys_can_scroll_scrolls_sideways(lab: Lab, site: Path) -> None:
    page = lab.page()
    page.set_viewport_size({"width": 390, "height": 844})
    wide = []
    more = ("reference/api", "reference/errors", "reference/commands", "tutorials/10-prompt-study", "trust")
    for name in (*PAGES, *more):
        page.goto(address(site, name))
        wide += [name] if page.evaluate(SIDEWAYS) else []
        wide += wrong(page, "scrollable-region-focusable", "definition-list", "dlitem")
    assert wide == []
