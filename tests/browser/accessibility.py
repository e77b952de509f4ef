"""What axe-core says of a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Frame, Page

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Violation = tuple[str, str]
# the rule, and the first place that breaks it


def violations(page: Page | Frame, left_out: Sequence[str] = ()) -> list[Violation]:
    """Each rule that a page breaks as it stands; but those left out."""
    page.evaluate(AXE)
    rules = {rule: {"enabled": False} for rule in left_out}
    found = page.evaluate("options => axe.run(options)", {"runOnly": RULES, "rules": rules})
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]


def violations_by_day_and_night(page: Page, left_out: Sequence[str] = ()) -> list[Violation]:
    """The same in light and in dark colours."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [(f"{rule}, {scheme}", place) for rule, place in violations(page, left_out)]
    return found
