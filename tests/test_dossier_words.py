"""What is said of a dossier: every status in time, late and after a pause, word by word.

The words stand in tests/dossier_words.yaml, to be read and judged by a person.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.compose import compose
from bot.facts import DossierFacts
from bot.following import calendar
from bot.outcomes import Outcome
from bot.progress import Clock, Progress, progress
from integrations.dossiers import LABELS, Dossier, Found, Group, Status, Step, group
from tests.town import MORNING, TODAY, dossier

PATH = Path(__file__).parent / "dossier_words.yaml"
IN_TIME, LATE = date(2026, 11, 27), date(2026, 11, 18)
SITUATIONS: dict[str, dict[str, Any]] = {
    "on_time": {"due_on": IN_TIME},
    "late": {"due_on": LATE},
    "paused": {"due_on": LATE, "steps": "with a pause"},
}
# today is Saturday, 21 November 2026; Tuesday, 24 November is a holiday


def told(status: Status, situation: str) -> DossierFacts:
    """A dossier of the town in a situation."""
    label = LABELS.get(status, "Chờ luân chuyển")
    changes = {**SITUATIONS[situation], "status": status, "status_label": label}
    if group(status) is Group.DONE:
        changes["completed_on"] = date(2026, 11, 20)
    if "steps" in changes:
        changes["steps"] = steps(Status.ACCEPTED, Status.SUPPLEMENT_REQUIRED, Status.UNKNOWN, status)
    return facts(dossier(**changes))


def facts(found: Dossier, *, stale: bool = False, asked: str = "", kept: bool = False) -> DossierFacts:
    """A dossier as it is told on the town's day."""
    standing = progress(found, calendar(), TODAY)
    return DossierFacts(Outcome.DOSSIER_FOUND, Found(found, MORNING, stale), standing, asked, kept)


def steps(*statuses: Status) -> tuple[Step, ...]:
    """A timeline, a day each; the words of the portal name an officer, who must never be shown."""
    at = datetime.fromisoformat("2026-11-10T09:00+07:00")
    return tuple(Step(at + timedelta(days=n), status, "Cán bộ Trần Văn B xử lý") for n, status in enumerate(statuses))


def words(of: DossierFacts) -> str:
    """The reply as it is read, its buttons at the end."""
    reply = compose(of)
    assert reply is not None
    return "\n".join([reply.plain(), "", *(f"[{button.label}]" for button in reply.buttons)]) + "\n"


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_every_status_has_these_words(status: Status, situation: str) -> None:
    """All ten statuses and an unknown one are told in time, late and after a pause, in exactly these words."""
    expected = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)[status.name.lower()][situation]
    assert words(told(status, situation)) == expected


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"due_on": date(2026, 11, 23)}, Progress(Clock.LEFT, 1, date(2026, 11, 23))),
        ({"due_on": date(2026, 11, 25)}, Progress(Clock.LEFT, 2, date(2026, 11, 25))),
        ({"due_on": date(2026, 11, 21)}, Progress(Clock.LEFT, 1, date(2026, 11, 23))),
        ({"due_on": date(2026, 11, 20)}, Progress(Clock.LATE, 0, date(2026, 11, 20))),
        ({"due_on": date(2026, 11, 19)}, Progress(Clock.LATE, 1, date(2026, 11, 19))),
        ({"due_on": date(2027, 1, 5)}, Progress(Clock.LEFT, 30, date(2027, 1, 5), certain=False)),
        ({"due_on": None}, Progress(Clock.NONE)),
        ({"status": Status.STOPPED, "due_on": LATE}, Progress(Clock.PAUSED)),
        ({"status": Status.RETURNED, "due_on": LATE}, Progress(Clock.NONE)),
        (
            {"status": Status.RETURNED, "due_on": date(2026, 11, 21), "completed_on": date(2026, 11, 23)},
            Progress(Clock.DONE_IN_TIME, 0, date(2026, 11, 23)),
        ),
        (
            {"status": Status.PROCESSED, "due_on": LATE, "completed_on": date(2026, 11, 25)},
            Progress(Clock.DONE_LATE, 4, LATE),
        ),
        ({"status": Status.WITHDRAWN, "due_on": LATE}, Progress(Clock.NONE)),
    ],
    ids=str,
)
def test_the_clock_counts_working_days(changes: dict[str, Any], standing: Progress) -> None:
    """Rest days and holidays do not count, a promised day of rest means the next working day, a pause is never late."""
    assert progress(dossier(**changes), calendar(), TODAY) == standing


def test_today_is_the_promised_day() -> None:
    """On the promised day nothing is left and nothing is late."""
    standing = progress(dossier(due_on=date(2026, 11, 20)), calendar(), date(2026, 11, 20))
    assert standing == Progress(Clock.TODAY, 0, date(2026, 11, 20))


@pytest.mark.parametrize(
    ("shown", "says", "not_says"),
    [
        (facts(dossier(due_on=IN_TIME), stale=True), "đang không trả lời", "Em xem lúc"),
        (facts(dossier(due_on=IN_TIME), kept=True), "Em xem lúc", "[Nhớ hồ sơ này]"),
        (facts(dossier(due_on=IN_TIME), asked="when"), "Còn 4 ngày làm việc", "Ngày nộp"),
        (facts(dossier(due_on=date(2026, 11, 20))), "đã quá ngày hẹn trả.", "trễ hẹn 0"),
        (facts(dossier(due_on=date(2026, 11, 21))), "tính đến hết ngày 23/11/2026", "xin lỗi"),
        (facts(dossier(due_on=date(2027, 1, 5))), "Còn khoảng 30 ngày làm việc", "xin lỗi"),
        (facts(dossier(due_on=None)), "chưa ghi ngày hẹn trả", "Ngày hẹn trả"),
        (facts(dossier(due_on=LATE, delay_reason="Chờ xác minh")), "Lý do: Chờ xác minh.", "chưa nêu lý do"),
        (facts(dossier(due_on=LATE, new_due_on=IN_TIME)), "Ngày hẹn mới: 27/11/2026.", "chưa có ngày hẹn mới"),
        (
            facts(dossier(status=Status.PROCESSED, collect_until=date(2026, 12, 1))),
            "Hạn nhận: hết ngày 01/12/2026.",
            "không ghi hạn nhận",
        ),
        (facts(dossier(steps=steps(Status.ACCEPTED, Status.PROCESSING))), "11/11/2026: Đang xử lý", "Trần Văn B"),
    ],
)
def test_what_the_record_has_is_said(shown: DossierFacts, says: str, not_says: str) -> None:
    """A stale, remembered, briefly asked or unusual dossier is told as the record has it, and nothing is made up."""
    assert says in words(shown) and not_says not in words(shown)
