"""Every fault of every portal, over real servers: what comes out, and that the next look-up works again."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.decisions import LookUpDossiers
from bot.facts import DossierFacts
from bot.outcomes import Outcome
from bot.perform import perform
from integrations.errors import IntegrationError
from integrations.resilient import Patience, Resilient
from integrations.stand_ins.faults import MODES
from integrations.stand_ins.settings import NAMES
from tests import town
from tests.portals import CODES, NOW, Served, running

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[1] / "docs" / "reliability.md"
SHOWN, STALE = "shown", "shown, marked stale"
LATER_S = 400.0
# longer than an answer counts as fresh and than a portal is left alone
SLOW_S = 0.7
# longer than the time limit of tests.portals


@dataclass(frozen=True)
class Met:
    """What becomes of a look-up."""

    first: str
    # nothing was known of the dossier
    again: str
    # the portal had told of it before
    details: str
    # asked with the right factor


MATRIX = {
    "slow": Met("Unavailable", STALE, "Unavailable"),
    "500": Met("Unavailable", STALE, "Unavailable"),
    "503": Met("Unavailable", STALE, "Unavailable"),
    "429": Met("Unavailable", STALE, "Unavailable"),
    "html": Met("BadAnswer", STALE, "BadAnswer"),
    "truncated": Met("BadAnswer", STALE, "BadAnswer"),
    "wrong_types": Met("BadAnswer", STALE, "shown"),
    "other_person": Met("AnotherDossier", STALE, "AnotherDossier"),
    "old": Met(SHOWN, STALE, "shown"),
    "empty": Met("NotFound", "NotFound", "NotFound"),
}


class Clock:
    """Seconds that pass when they are told to."""

    at_s = 0.0

    def __call__(self) -> float:
        """The present."""
        return self.at_s


def found(portal: Resilient, code: str) -> str:
    """What becomes of a look-up, in a word."""
    try:
        return STALE if portal.find(code).stale else SHOWN
    except IntegrationError as error:
        assert code not in str(error)
        return type(error).__name__


def opened(portal: Resilient, code: str) -> str:
    """What becomes of asking for details, in a word."""
    try:
        return SHOWN if portal.details(code, lambda value: True) else ""
    except IntegrationError as error:
        assert code not in str(error)
        return type(error).__name__


def spoiled(served: Served, fault: str, name: str) -> tuple[Met, list[str]]:
    """What becomes of look-ups under a fault, and of those after it."""
    clock, code = Clock(), CODES[name]
    portal = Resilient(name, served.client, Patience(), clock)
    seen, after = [], []
    for ask in (found, found, opened):
        served.order(fault)
        seen.append(ask(portal, code))
        served.order("ok")
        clock.at_s += LATER_S
        after.append(found(portal, code))
        clock.at_s += LATER_S
    return Met(*seen), after


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", MATRIX)
def test_fault(fault: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """A fault gives its error, or the last answer marked stale; the look-up after it is answered fresh."""
    caplog.set_level(logging.INFO)
    with running(name, slow_s=SLOW_S) as served:
        met, after = spoiled(served, fault, name)
    assert met == MATRIX[fault]
    assert after == [SHOWN] * 3
    alarms = caplog.text.count("portal_answered_about_another_dossier")
    assert alarms == (3 if fault == "other_person" else 0)
    assert CODES[name] not in caplog.text


@pytest.mark.parametrize("name", NAMES)
def test_an_older_copy_of_the_record(name: str) -> None:
    """A copy of the portal that lags behind does not take back what was told: the later state stays, marked stale."""
    clock = Clock()
    with running(name) as served, closing(Resilient(name, served.client, Patience(), clock)) as portal:
        told = portal.find(CODES[name]).dossier
        served.order("old")
        clock.at_s += LATER_S
        again = portal.find(CODES[name])
        assert served.client.find(CODES[name]).dossier.status != told.status
    assert (again.dossier, again.stale) == (told, True)


def test_stale_has_its_end() -> None:
    """An answer older than the configured age is not given any more, and its moment is always told."""
    clock = Clock()
    with running("city") as served, closing(Resilient("city", served.client, Patience(stale_s=3600), clock)) as portal:
        portal.find(CODES["city"])
        served.order("500")
        clock.at_s = 3599.0
        assert portal.find(CODES["city"]).fetched_at == NOW
        clock.at_s = 3601.0 + Patience().rest_s
        assert found(portal, CODES["city"]) == "Unavailable"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [("empty", Outcome.DOSSIER_NOT_FOUND), ("500", Outcome.PORTAL_DOWN), ("other_person", Outcome.PORTAL_DOWN)],
)
def test_what_the_citizen_is_told(fault: str, outcome: Outcome) -> None:
    """Errors become outcomes with words of their own, and a dossier is told again when the fault is over."""
    clock = Clock()
    with running("city") as served, closing(Resilient("city", served.client, Patience(), clock)) as portal:
        for mode, expected in ((fault, outcome), ("ok", Outcome.DOSSIER_FOUND)):
            served.order(mode)
            facts: Any = perform(LookUpDossiers((CODES["city"],)), town.catalogue(), portal, NOW.date())
            assert facts.outcome is expected
    assert isinstance(facts, DossierFacts) and facts.dossier.due_on == NOW.date() + timedelta(days=6)


def test_the_matrix_is_whole_and_written_down() -> None:
    """Every fault that the stand-ins know is in the matrix, and docs/reliability.md has each of its rows."""
    assert set(MATRIX) == set(MODES) - {"ok"}
    written = DOCUMENT.read_text("utf-8")
    rows = [f"| `{fault}` | {met.first} | {met.again} | {met.details} |" for fault, met in MATRIX.items()]
    assert [row for row in rows if row not in written] == []
