"""Performing: what each neighbour brings back, and what its failure becomes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.complaint import Form, Step
from bot.conversation import Kept
from bot.decisions import (
    AnswerAbout,
    AskAgain,
    AskComplaint,
    AskFactor,
    AskSlot,
    AskWhich,
    CorrectPremise,
    Decision,
    Decline,
    DropComplaint,
    ExplainCode,
    Forget,
    HandOff,
    KeepDossier,
    LeaveQueue,
    LetDossierGo,
    ListDossiers,
    LookUpDossiers,
    RefuseDetails,
    SmallTalk,
    Stay,
    TakeComplaint,
    TellJourney,
    TellKept,
)
from bot.facts import (
    ChoiceFacts,
    ComplaintFacts,
    DossierFacts,
    DossiersFacts,
    Facts,
    KeptFacts,
    PlainFacts,
    ProcedureFacts,
)
from bot.outcomes import Outcome
from bot.perform import BAD_ANSWER, perform
from bot.progress import Clock
from integrations import errors
from integrations.dossiers import Dossier, Found, Status
from knowledge.catalogue import Catalogue
from tests.town import (
    BIRTH,
    COPY,
    DOSSIER_CODE,
    FORMER_RESIDENCE,
    IMPORTED,
    RESIDENCE,
    TODAY,
    UNKNOWN,
    Book,
    catalogue,
    dossier,
    made,
)

WHOLE = Form("chậm", time="hôm qua", step=Step.CHECK)
TWO = (Kept(DOSSIER_CODE, "nhà"), Kept("H29.19-261105-0021"))


class OneDossier:
    """A portal that answers everything with the same dossier."""

    def __init__(self, found: Dossier) -> None:
        self._found = found

    def find(self, code: str) -> Found:
        """The dossier, whatever was asked."""
        return Found(self._found, datetime(2026, 11, 20, 9, tzinfo=UTC))


def performed(decision: Decision, portal: Any = None, on: date = TODAY, records: Catalogue | None = None) -> Facts:
    """What a decision brings back in the town."""
    return perform(decision, records or catalogue(), portal or Book(), on)


@pytest.mark.parametrize(
    ("error", "outcome", "detail"),
    [
        (errors.Unavailable("down", 5), Outcome.PORTAL_DOWN, ""),
        (errors.Busy("too many wait"), Outcome.PORTAL_DOWN, "busy"),
        (errors.NotConnected("no portal is set"), Outcome.PORTAL_DOWN, "not_connected"),
        (errors.BadAnswer("not JSON"), Outcome.PORTAL_DOWN, BAD_ANSWER),
        (errors.AnotherDossier("another's"), Outcome.PORTAL_DOWN, BAD_ANSWER),
        (errors.Refused("HTTP 401"), Outcome.PORTAL_DOWN, ""),
        (errors.IntegrationError("anything else"), Outcome.PORTAL_DOWN, ""),
        (errors.NotFound("no such dossier"), Outcome.DOSSIER_NOT_FOUND, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failing_portal_is_an_outcome(error: Exception, outcome: Outcome, detail: str) -> None:
    """A portal that is down, closed to us or talking nonsense is an outcome that repeats the code, no exception."""
    assert performed(LookUpDossiers((DOSSIER_CODE,)), Book(error)) == PlainFacts(outcome, detail, DOSSIER_CODE)


def test_each_of_several_dossiers_is_asked_for() -> None:
    """Each code has its own answer, in order; the turn counts as found when one was; beyond five nothing is asked."""
    codes = ("H29.19-260312-0006", DOSSIER_CODE, *(f"H29.19-260312-001{number}" for number in range(5)))
    doubt = ExplainCode("code_in_future", "H29-991231-0005")
    facts = performed(LookUpDossiers(codes, (doubt,)))
    assert isinstance(facts, DossiersFacts)
    assert (facts.outcome, facts.left) == (Outcome.DOSSIER_FOUND, 2)
    assert [part.outcome for part in facts.parts] == [
        Outcome.DOSSIER_NOT_FOUND,
        Outcome.DOSSIER_FOUND,
        *[Outcome.DOSSIER_NOT_FOUND] * 3,
        Outcome.DOSSIER_EXPLAINED,
    ]
    down = performed(LookUpDossiers(codes[:2]), Book(errors.Unavailable("down")))
    assert down == DossiersFacts(
        Outcome.PORTAL_DOWN, tuple(PlainFacts(Outcome.PORTAL_DOWN, value=code) for code in codes[:2]), 0
    )


@pytest.mark.parametrize(
    "portal",
    [Book(errors.BadAnswer("not JSON")), OneDossier(dossier(code="H29.19-260312-0006"))],
    ids=["html", "other"],
)
def test_an_answer_that_cannot_be_believed_is_marked(portal: Any) -> None:
    """Nonsense, and an answer about another dossier than asked, are an outage for the citizen and an alarm for us."""
    facts = performed(LookUpDossiers((DOSSIER_CODE,)), portal)
    assert facts == PlainFacts(Outcome.PORTAL_DOWN, BAD_ANSWER, DOSSIER_CODE)


@pytest.mark.parametrize(
    ("due_on", "status", "clock"),
    [
        (date(2026, 11, 19), Status.PROCESSING, Clock.LATE),
        (date(2026, 11, 23), Status.PROCESSING, Clock.LEFT),
        (date(2026, 11, 20), Status.SUPPLEMENT_REQUIRED, Clock.PAUSED),
        (None, Status.PROCESSING, Clock.NONE),
    ],
)
def test_a_dossier_comes_with_its_clock(due_on: date | None, status: Status, clock: Clock) -> None:
    """A dossier is told with where it stands on the day, and with when the portal said so."""
    found = dossier(due_on=due_on, status=status)
    facts = performed(LookUpDossiers((DOSSIER_CODE,)), OneDossier(found))
    assert isinstance(facts, DossierFacts)
    assert (facts.dossier, facts.progress.clock, facts.found.fetched_at.day) == (found, clock, 20)


@pytest.mark.parametrize(
    ("code", "on", "found"),
    [
        (RESIDENCE, TODAY, RESIDENCE),
        (FORMER_RESIDENCE, TODAY, RESIDENCE),
        (RESIDENCE, date(2027, 7, 1), ""),
        (RESIDENCE, date(2026, 7, 17), ""),
        (UNKNOWN, TODAY, ""),
        ("", TODAY, ""),
    ],
)
def test_an_answer_is_about_a_procedure_in_force(code: str, on: date, found: str) -> None:
    """A procedure is answered while it is in force, also by its former code; otherwise its code is said unknown."""
    facts = performed(AnswerAbout(code, ("fee",), "co_giay"), on=on)
    if not found:
        assert facts == PlainFacts(Outcome.PROCEDURE_UNKNOWN, value=code)
    else:
        assert facts == ProcedureFacts(Outcome.ANSWERED, made(found), ("fee",), "co_giay", on)


@pytest.mark.parametrize(
    ("code", "claimed", "on", "outcome"),
    [
        (RESIDENCE, 20_000, TODAY, Outcome.ANSWERED),
        (RESIDENCE, 10_000, TODAY, Outcome.ANSWERED),
        (RESIDENCE, 10_000, date(2027, 1, 1), Outcome.PREMISE_CORRECTED),
        (RESIDENCE, 15_000, TODAY, Outcome.PREMISE_CORRECTED),
        (RESIDENCE, 0, TODAY, Outcome.PREMISE_CORRECTED),
        (BIRTH, 50_000, TODAY, Outcome.ANSWERED),
        (IMPORTED, 50_000, TODAY, Outcome.ANSWERED),
        (UNKNOWN, 50_000, TODAY, Outcome.PROCEDURE_UNKNOWN),
    ],
)
def test_a_premise_is_corrected_only_by_an_amount(code: str, claimed: int, on: date, outcome: Outcome) -> None:
    """A claimed amount is contradicted only where the record of the day gives amounts and none is the claimed one."""
    facts = performed(CorrectPremise(code, claimed), on=on)
    assert facts.outcome is outcome
    said = facts.claimed_vnd if isinstance(facts, ProcedureFacts) else None
    assert said == (claimed if outcome is Outcome.PREMISE_CORRECTED else None)


@pytest.mark.parametrize(
    ("codes", "offered"),
    [((BIRTH, COPY), (BIRTH, COPY)), ((UNKNOWN, COPY), (COPY,)), ((UNKNOWN,), ()), ((), ())],
)
def test_only_known_procedures_are_offered(codes: tuple[str, ...], offered: tuple[str, ...]) -> None:
    """A choice names procedures in force; where none is left, the question was not understood."""
    facts = performed(AskWhich(codes, ()))
    chosen = ChoiceFacts(Outcome.ASKED_WHICH, tuple(made(code) for code in offered))
    assert facts == (chosen if offered else PlainFacts(Outcome.NOT_UNDERSTOOD))


@pytest.mark.parametrize(
    ("decision", "facts"),
    [
        (AskSlot("dossier_code"), PlainFacts(Outcome.ASKED_DOSSIER_CODE)),
        (AskSlot("procedure"), PlainFacts(Outcome.ASKED_PROCEDURE)),
        (AskAgain("empty"), PlainFacts(Outcome.ASKED_AGAIN, "empty")),
        (
            ExplainCode("phone_number", "‹số điện thoại›"),
            PlainFacts(Outcome.DOSSIER_EXPLAINED, "phone_number", "‹số điện thoại›"),
        ),
        (
            ExplainCode("code_in_future", "H29-991231-0005", again=True),
            PlainFacts(Outcome.DOSSIER_INSISTED, "code_in_future", "H29-991231-0005"),
        ),
        (TellKept(), PlainFacts(Outcome.KEPT_TOLD)),
        (HandOff("asked"), PlainFacts(Outcome.HANDED_OFF, "asked")),
        (AskComplaint(Form()), ComplaintFacts(Outcome.ASKED_COMPLAINT, Form())),
        (AskComplaint(WHOLE), ComplaintFacts(Outcome.COMPLAINT_SHOWN, WHOLE)),
        (TakeComplaint(WHOLE), ComplaintFacts(Outcome.COMPLAINT_TAKEN, WHOLE)),
        (DropComplaint(), PlainFacts(Outcome.COMPLAINT_DROPPED)),
        (SmallTalk("greet"), PlainFacts(Outcome.SMALL_TALK, "greet")),
        (Decline("off_topic"), PlainFacts(Outcome.OFF_TOPIC)),
        (Decline("not_understood"), PlainFacts(Outcome.NOT_UNDERSTOOD)),
        (Decline("offer_officer"), PlainFacts(Outcome.OFFICER_OFFERED)),
        (Forget("ask"), PlainFacts(Outcome.FORGET_ASKED)),
        (Forget("held"), PlainFacts(Outcome.FORGET_PUT_OFF)),
        (Forget("confirmed"), PlainFacts(Outcome.FORGOTTEN)),
        (AskFactor(DOSSIER_CODE), PlainFacts(Outcome.FACTOR_ASKED, "", DOSSIER_CODE)),
        (AskFactor(DOSSIER_CODE, True), PlainFacts(Outcome.FACTOR_ASKED, "too_short", DOSSIER_CODE)),
        (RefuseDetails(DOSSIER_CODE, 61), PlainFacts(Outcome.FACTOR_WAITS, "2", DOSSIER_CODE)),
        (RefuseDetails(DOSSIER_CODE, 0), PlainFacts(Outcome.FACTOR_LOCKED, "", DOSSIER_CODE)),
        (LetDossierGo(DOSSIER_CODE), PlainFacts(Outcome.DOSSIER_LET_GO, value=DOSSIER_CODE)),
        (KeepDossier(DOSSIER_CODE), KeptFacts(Outcome.DOSSIER_KEPT, (), Kept(DOSSIER_CODE))),
        (KeepDossier(DOSSIER_CODE, "nhà"), KeptFacts(Outcome.DOSSIER_NAMED, (), Kept(DOSSIER_CODE, "nhà"))),
        (ListDossiers(TWO), KeptFacts(Outcome.DOSSIERS_LISTED, TWO)),
        (LeaveQueue(), PlainFacts(Outcome.LEFT_QUEUE)),
        (Stay("queue"), PlainFacts(Outcome.QUEUED)),
        (Stay("officer"), PlainFacts(Outcome.SILENT)),
        (TellJourney("no such event"), PlainFacts(Outcome.ASKED_AGAIN, "unknown_button")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain_decisions_ask_no_neighbour(decision: Decision, facts: Facts) -> None:
    """What needs no record and no portal is an outcome at once, also when the portal would fail."""
    assert performed(decision, Book(RuntimeError("nobody may ask"))) == facts
