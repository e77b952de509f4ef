"""What holds on every page, looked at once each: for everyone, on a small screen, under the strict policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import visits
from tests.browser.accessibility import Violation, violations_by_day_and_night
from tests.browser.conftest import application, served
from tests.memory_ports import MemoryTown

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Visit = Callable[[Page], None]
SIZES = [(320, 640, ""), (320, 256, ""), (360, 640, "large")]
# a small screen, 400 % zoom, and large text (web/static/modes.js)
MODES = {
    "large text": ({"text": "large"}, {}),
    "high contrast": ({"contrast": "high"}, {}),
    "the system's contrast": ({}, {"contrast": "more"}),
    "forced colours": ({}, {"forced_colors": "active"}),
}
# name -> what the page's buttons set, what the system asks for


@dataclass(frozen=True)
class Seen:
    """What one look at a page told."""

    policies: Sequence[str]
    # of all that was fetched for it
    trouble: Sequence[str]
    # errors and warnings of the browser's console
    low_targets: Sequence[str]
    # what one presses and is less than 44 pixels high
    widths: Mapping[tuple[int, int, str], int]
    # width, height and text -> how wide it is
    violations: Sequence[Violation]


@contextmanager
def opened(browser: Browser, visit: Visit) -> Iterator[tuple[Page, list[str], list[str]]]:
    """A page of a fresh town, visited; its policies and its trouble."""
    with served(application(MemoryTown())) as site:
        context = browser.new_context(base_url=site, locale="vi-VN")
        context.set_default_timeout(10_000)
        page = context.new_page()
        policies: list[str] = []
        trouble: list[str] = []
        page.on("console", lambda message: message.type in ("error", "warning") and trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("response", lambda got: policies.append(got.headers.get("content-security-policy", "")))
        visit(page)
        yield page, policies, trouble
        context.close()


def low_targets(page: Page) -> list[str]:
    """What is not high enough for a thumb; a box is pressed by its label."""
    boxes = "[type=checkbox], [type=radio]"
    pressed = (
        f"button:visible, summary:visible, input:not({boxes}):visible, textarea:visible, label:has({boxes}):visible"
    )
    heights = page.locator(pressed).evaluate_all(
        "all => all.map((one) => [one.innerText || one.id, one.getBoundingClientRect().height])"
    )
    return [text for text, height in heights if height < 44]


def width(page: Page, size: tuple[int, int, str]) -> int:
    """How wide the page is in a window of a size."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    if page.locator("script[src*='modes']").count():  # the console has no large text
        page.evaluate("text => { document.documentElement.dataset.text = text; }", size[2])
    return int(page.evaluate("document.documentElement.scrollWidth"))


@pytest.fixture(scope="module", params=visits.PAGES, ids=lambda visit: visit.__name__)
def seen(request: pytest.FixtureRequest, browser: Browser) -> Seen:
    """Each page, looked at once."""
    with opened(browser, request.param) as (page, policies, trouble):
        low, found = low_targets(page), violations_by_day_and_night(page)
        return Seen(policies, trouble, low, {size: width(page, size) for size in SIZES}, found)


def test_axe_finds_nothing(seen: Seen) -> None:
    """axe-core finds no violation on any page, by day or by night."""
    assert seen.violations == []


def test_policy_is_strict_and_kept(seen: Seen) -> None:
    """Every page carries the strict policy and breaks no rule of it; the console stays silent."""
    assert seen.policies and all(policy.startswith("default-src 'self';") for policy in seen.policies)
    assert [text for text in seen.trouble if "404" not in text] == []


def test_no_sideways_scroll(seen: Seen) -> None:
    """At 320 pixels, at 400 % zoom and with large text nothing needs sideways scrolling."""
    assert {size: wide for size, wide in seen.widths.items() if wide > size[0]} == {}


def test_targets_are_large(seen: Seen) -> None:
    """Whatever one presses is at least 44 pixels high."""
    assert seen.low_targets == []


@pytest.mark.parametrize("visit", [visits.empty_chat, visits.chat], ids=lambda visit: visit.__name__)
def test_axe_finds_nothing_in_any_mode(browser: Browser, visit: Visit) -> None:
    """axe-core finds no violation with large text and high contrast, by button or system, by day or by night."""
    found = {}
    with opened(browser, visit) as (page, *_):
        for mode, (pressed, system) in MODES.items():
            page.emulate_media(
                contrast=system.get("contrast", "null"), forced_colors=system.get("forced_colors", "null")
            )
            page.evaluate(
                "set => Object.assign(document.documentElement.dataset, {text: '', contrast: '', ...set})", pressed
            )
            # forced colours are the system's own: axe reads those of the page behind them
            found[mode] = violations_by_day_and_night(page, ["color-contrast"] if "forced_colors" in system else [])
    assert {mode: broken for mode, broken in found.items() if broken} == {}
