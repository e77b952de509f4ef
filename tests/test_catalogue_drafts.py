"""Drafts and releases of the catalogue: two people, one version at a time, nothing overwritten, a way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import tables
from bot.catalogue_book import Book, Done
from bot.catalogue_drafts import CatalogueError, Draft, Outdated, OwnDraft, Stale, Stand, Unready
from bot.catalogue_releases import NothingApproved, Waiting
from bot.editions import Editions
from bot.store import Store
from knowledge.errors import KnowledgeError, NotFound, Tampered, Unapproved
from knowledge.releasing import Releases
from tests.editing import over, prepared, write
from tests.town import BIRTH, COPY, EDITED, IMPORTED, RECORDS, RESIDENCE, TODAY, Clock, rows

LAN, MINH = "lan", "minh"
WHY = "nghị quyết mới"


class Office:
    """A catalogue of the town's files, two editors with keys, and the database."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder, self.clock = store, folder, Clock()
        self.keys = {name: folder / name for name in (LAN, MINH)}
        self.edition = prepared(folder, EDITED, *self.keys)
        made = over(store, folder, self.clock)
        self.drafts, self.releases = made.drafts, made.releases

    def write(self, code: str, **changed: Any) -> None:
        write(self.folder, RECORDS[code], **changed)

    def draft(self, code: str = COPY, by: str = LAN, **texts: str) -> Draft:
        """A saved draft: of the copy, a fee of 3,000; of another procedure, another result; unless said."""
        made = self.drafts.of(self.drafts.open(code, by))
        typed = texts or ({"fees.0.amount_vnd": "3000"} if code == COPY else {"result": "khác"})
        self.drafts.save(made.id, made.version, {**made.texts, **typed}, by)
        return self.drafts.of(made.id)

    def approved(self, code: str = COPY) -> Draft:
        """Written by Lan, approved by Minh."""
        draft = self.draft(code)
        self.drafts.send(draft.id, draft.version, LAN)
        self.drafts.approve(draft.id, draft.version + 1, MINH)
        return self.drafts.of(draft.id)

    def sign(self, release: str, *people: str) -> None:
        for name in people or (LAN, MINH):
            self.releases.sign(release, name, self.keys[name].read_bytes())

    def published(self) -> str:
        """A release with the approved drafts, served."""
        name = self.releases.make(LAN)
        self.sign(name)
        self.releases.publish(name, MINH, WHY)
        return name

    def fee(self) -> int:
        return int(self.edition.record(COPY)["fees"][0]["amount_vnd"])


@pytest.fixture
def office(database: Store, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


def test_a_procedure_has_one_open_draft(office: Office) -> None:
    """Whoever edits a procedure that somebody edits already comes to the same draft; another procedure has its own."""
    assert office.drafts.open(COPY, LAN) == office.drafts.open(COPY, MINH) != office.drafts.open(BIRTH, MINH)
    for code in (IMPORTED, "9.9", "../x"):
        with pytest.raises(NotFound):
            office.drafts.open(code, LAN)


def test_nothing_typed_is_lost(office: Office) -> None:
    """What makes no sense yet is kept as it was typed, and can only not be sent."""
    draft = office.draft(**{"fees.0.amount_vnd": "ba nghìn"})
    assert draft.texts["fees.0.amount_vnd"] == "ba nghìn"
    assert [fault.where for fault in office.drafts.record(draft)[1]] == [("fees", 0, "amount_vnd")]
    with pytest.raises(Unready):
        office.drafts.send(draft.id, draft.version, LAN)
    assert office.edition.record(COPY)["fees"][0]["amount_vnd"] == 2000


def test_a_draft_that_changes_nothing_is_not_sent(office: Office) -> None:
    """There is nothing for a second person to read."""
    with pytest.raises(Unready):
        office.drafts.send(office.drafts.open(COPY, LAN), 1, LAN)


def test_who_saves_over_another_is_told(office: Office) -> None:
    """The second of two who opened the same version gets Stale, and what the first wrote stays."""
    made = office.drafts.of(office.drafts.open(COPY, LAN))
    office.drafts.save(made.id, made.version, {**made.texts, "result": "của Lan"}, LAN)
    with pytest.raises(Stale):
        office.drafts.save(made.id, made.version, {**made.texts, "result": "của Minh"}, MINH)
    assert office.drafts.of(made.id).texts["result"] == "của Lan"


@pytest.mark.parametrize("others_saved", [False, True])
def test_no_author_approves(office: Office, others_saved: bool) -> None:
    """Whoever wrote any version of a draft cannot approve it, also when somebody else wrote the last one."""
    draft = office.draft()
    if others_saved:
        office.drafts.save(draft.id, draft.version, {**draft.texts, "result": "khác"}, MINH)
        draft = office.drafts.of(draft.id)
    office.drafts.send(draft.id, draft.version, MINH)
    for name in (LAN, MINH) if others_saved else (LAN,):
        with pytest.raises(OwnDraft):
            office.drafts.approve(draft.id, draft.version + 1, name)
    assert office.drafts.of(draft.id).stand is Stand.SENT


def test_what_was_read_is_what_is_approved(office: Office) -> None:
    """A draft that was taken back and changed since it was read is not approved by the page of before."""
    draft = office.draft()
    office.drafts.send(draft.id, draft.version, LAN)
    office.drafts.take_back(draft.id, draft.version + 1, LAN)
    office.drafts.save(draft.id, draft.version + 2, {**draft.texts, "result": "khác"}, LAN)
    office.drafts.send(draft.id, draft.version + 3, LAN)
    with pytest.raises(Stale):
        office.drafts.approve(draft.id, draft.version + 1, MINH)


def test_a_refusal_says_why(office: Office) -> None:
    """A refused draft is its author's again, with the reason in the book; it can be dropped and begun anew."""
    draft = office.draft()
    office.drafts.send(draft.id, draft.version, LAN)
    office.drafts.refuse(draft.id, draft.version + 1, MINH, "thiếu căn cứ")
    assert Book(office.store).entries(draft.id)[0].text == "thiếu căn cứ"
    office.drafts.drop(draft.id, draft.version + 2, LAN, "thôi")
    assert office.drafts.all() == [] and office.drafts.open(COPY, LAN) != draft.id


@pytest.mark.parametrize("act", ["send", "approve"])
def test_a_record_that_changed_underneath_is_not_overwritten(office: Office, act: str) -> None:
    """Another record is served than the draft was begun from: it must be brought up to date, and read, first."""
    draft = office.draft()
    if act == "approve":
        office.drafts.send(draft.id, draft.version, LAN)
        draft = office.drafts.of(draft.id)
    office.write(COPY, result="Bản sao")
    with pytest.raises(Outdated):
        getattr(office.drafts, act)(draft.id, draft.version, MINH)
    if act == "send":
        office.drafts.update(draft.id, draft.version, MINH)
        office.drafts.send(draft.id, draft.version + 1, LAN)
        with pytest.raises(OwnDraft):
            office.drafts.approve(draft.id, draft.version + 2, MINH)


def test_a_release_is_made_signed_and_served(office: Office) -> None:
    """Approved drafts become a release that two people sign; then it is served, by a running process too."""
    office.approved()
    served = Editions(office.folder, lambda records: records)  # type: ignore[arg-type, return-value]
    served.assistant()
    name = office.published()
    assert (name, office.edition.id(), office.fee()) == ("2026-11-21.1", name, 3000)
    assert served.look() and served.assistant().get(COPY, TODAY).fees[0].amount_vnd == 3000  # type: ignore[attr-defined]
    assert [row["state"] for row in rows(office.store, tables.catalogue_draft)] == [Stand.PUBLISHED]
    assert office.releases.all()[0].standing.signers == (LAN, MINH)  # type: ignore[union-attr]
    done = [entry.kind for entry in reversed(Book(office.store).entries())]
    assert done[-4:] == [Done.GATHERED, Done.SIGNED, Done.SIGNED, Done.PUBLISHED]


@pytest.mark.parametrize(("people", "error"), [((), Unapproved), ((LAN,), Unapproved), ((LAN, LAN), Unapproved)])
def test_one_signature_is_not_enough(office: Office, people: tuple[str, ...], error: type[Exception]) -> None:
    """Nothing is served, and nothing is told as published, before two different people have signed."""
    office.approved()
    name = office.releases.make(LAN)
    for person in people:
        office.sign(name, person)
    with pytest.raises(error):
        office.releases.publish(name, LAN, WHY)
    assert (office.edition.id(), office.releases.waiting()) == ("", name)


@pytest.mark.parametrize("key", [b"", b"x" * 31, b"x" * 32])
def test_a_key_signs_for_its_owner_alone(office: Office, key: bytes) -> None:
    """A file that is no key, an unlisted key, and a colleague's key are refused; the book says nothing of them."""
    office.approved()
    name = office.releases.make(LAN)
    for wrong in (key, office.keys[MINH].read_bytes()):
        with pytest.raises(Unapproved):
            office.releases.sign(name, LAN, wrong)
    assert Done.SIGNED not in [entry.kind for entry in Book(office.store).entries()]


def test_one_release_waits_at_a_time(office: Office) -> None:
    """While a release waits no other is made; when it is discarded its drafts are free for the next."""
    with pytest.raises(NothingApproved):
        office.releases.make(LAN)
    draft = office.approved()
    name = office.releases.make(LAN)
    with pytest.raises(Waiting):
        office.releases.make(MINH)
    with pytest.raises(Stale):
        office.drafts.take_back(draft.id, draft.version, LAN)
    office.releases.discard(name, MINH, WHY)
    assert office.releases.make(LAN) == "2026-11-21.2"


def test_an_earlier_release_comes_back(office: Office) -> None:
    """One act serves an earlier release again, with a reason; what was made from the other one is not served then."""
    office.approved()
    first = office.published()
    office.draft(COPY, **{"fees.0.amount_vnd": "4000"})
    again = office.drafts.all()[0]
    office.drafts.send(again.id, again.version, LAN)
    office.drafts.approve(again.id, again.version + 1, MINH)
    second = office.published()
    assert office.fee() == 4000
    office.releases.return_to(first, MINH, "nhầm")
    assert (office.fee(), office.edition.id()) == (3000, first)
    assert [(item.id, item.is_current, item.was_served) for item in office.releases.all()] == [
        (first, True, False),
        (second, False, True),
    ]
    assert [(one.field, one.before, one.after) for one in office.releases.changes(second)] == [
        ("fees.0.amount_vnd", "3000", "4000")
    ]


def test_a_release_on_another_ground_is_not_served(office: Office) -> None:
    """Between making and serving somebody went back to an earlier release: what waits would undo that unseen."""
    office.approved()
    office.published()
    office.approved(RESIDENCE)
    second = office.published()
    office.approved(BIRTH)
    waits = office.releases.make(LAN)
    office.sign(waits)
    office.releases.return_to("2026-11-21.1", MINH, "nhầm")
    with pytest.raises(Outdated):
        office.releases.publish(waits, LAN, WHY)
    assert second in [item.id for item in office.releases.all()] and office.edition.id() == "2026-11-21.1"


def test_a_tampered_release_is_no_ground(office: Office) -> None:
    """A served release that was changed by hand can be neither edited nor released from; the list says so."""
    office.approved()
    name = office.published()
    path = office.folder / "releases" / name / "catalogue.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("3000", "30"), encoding="utf-8")
    for act in (lambda: office.drafts.open(BIRTH, LAN), lambda: office.releases.return_to(name, LAN, WHY)):
        with pytest.raises((Tampered, Stale)):
            act()
    assert office.releases.all()[0].standing.fault  # type: ignore[union-attr]


ACTS: dict[str, Callable[[Office, int, int], object]] = {
    "save": lambda office, draft, version: office.drafts.save(draft, version, {}, MINH),
    "update": lambda office, draft, version: office.drafts.update(draft, version, MINH),
    "send": lambda office, draft, version: office.drafts.send(draft, version, MINH),
    "take_back": lambda office, draft, version: office.drafts.take_back(draft, version, MINH),
    "approve": lambda office, draft, version: office.drafts.approve(draft, version, MINH),
    "refuse": lambda office, draft, version: office.drafts.refuse(draft, version, MINH, WHY),
    "drop": lambda office, draft, version: office.drafts.drop(draft, version, MINH, WHY),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_is_published_changes_no_more(office: Office, act: str) -> None:
    """No act moves a published draft."""
    draft = office.approved()
    office.published()
    before = rows(office.store, tables.catalogue_draft)
    with pytest.raises((CatalogueError, KnowledgeError)):
        ACTS[act](office, draft.id, draft.version)
    assert rows(office.store, tables.catalogue_draft) == before


def test_the_files_are_the_ground_until_there_is_a_release(office: Office) -> None:
    """Without a release the reviewed files are read; with one the release, whatever the files say."""
    office.approved()
    office.published()
    office.write(COPY, result="Trong tệp")
    assert office.edition.record(COPY)["result"] == "" and Releases(office.folder).current()
    assert [item["code"] for item in office.edition.reviewed()] == [COPY, RESIDENCE, BIRTH]
    assert list(office.edition.imported()) == []
