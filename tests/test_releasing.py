"""Releases: made, approved by two, tampered with, refused, switched while serving, rolled back."""

import gc
from datetime import UTC, date, datetime

import pytest

from bot.editions import Editions
from knowledge import catalogue, difference
from knowledge.errors import KnowledgeError, Tampered, Unapproved, UnknownRelease
from knowledge.releasing import Releases, new_key, read_key

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
RECORDS = list(catalogue.read_reviewed(catalogue.REVIEWED_FOLDER))[:3]


@pytest.fixture
def releases(tmp_path):
    """A folder with two people who may approve."""
    lines = [f"{person}: {new_key(tmp_path / person)}" for person in ("an", "binh")]
    (tmp_path / "approvers.yaml").write_text("\n".join(lines), encoding="utf-8")
    return Releases(tmp_path)


def make(releases, tmp_path, name, records=RECORDS, people=("an", "binh")):
    releases.make(name, records, [], NOW)
    for person in people:
        releases.approve(name, person, read_key(tmp_path / person))


def with_fee(vnd):
    """The first record with another fee."""
    return [{**RECORDS[0], "fees": [{"status": "amount", "amount_vnd": vnd}]}, *RECORDS[1:]]


def test_a_release_needs_two_different_people(releases, tmp_path):
    """One signature, or the same person's twice, is not enough; two different people's are."""
    make(releases, tmp_path, "r1", people=("an", "an"))
    with pytest.raises(Unapproved):
        releases.switch("r1")
    releases.approve("r1", "binh", read_key(tmp_path / "binh"))
    assert releases.switch("r1").reviewed == 3
    assert releases.current() == "r1"


def test_nobody_signs_for_somebody_else(releases, tmp_path):
    """A key signs only under the name it is listed for."""
    releases.make("r1", RECORDS, [], NOW)
    with pytest.raises(Unapproved):
        releases.approve("r1", "binh", read_key(tmp_path / "an"))
    with pytest.raises(Unapproved):
        releases.approve("r1", "chi", read_key(tmp_path / "an"))


def test_one_key_under_two_names_counts_for_nobody(releases, tmp_path):
    """Two names with one key are refused."""
    make(releases, tmp_path, "r1")
    line = (tmp_path / "approvers.yaml").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "approvers.yaml").write_text(f"{line}\n{line.replace('an:', 'binh:')}\n", encoding="utf-8")
    with pytest.raises(Tampered):
        releases.verify("r1")


@pytest.mark.parametrize("name", ["catalogue.jsonl", "manifest.json", "approval-an.json"])
def test_a_changed_file_is_refused(releases, tmp_path, name):
    """One flipped character in any file of a release is found."""
    make(releases, tmp_path, "r1")
    path = tmp_path / "releases" / "r1" / name
    content = bytearray(path.read_bytes())
    digit = next(place for place in range(len(content) // 2, len(content)) if chr(content[place]).isdigit())
    content[digit] = ord("1") if content[digit] != ord("1") else ord("2")
    path.write_bytes(bytes(content))
    with pytest.raises(KnowledgeError):
        releases.switch("r1")
    assert releases.current() == ""


def test_a_switch_reaches_the_assistant_and_comes_back(releases, tmp_path):
    """The served catalogue changes with switch and rollback, without a restart."""
    make(releases, tmp_path, "r1")
    make(releases, tmp_path, "r2", with_fee(77700))
    releases.switch("r1")
    served = Editions(tmp_path, lambda records: records)
    first = served.assistant().get(RECORDS[0]["code"], date(2026, 11, 21))
    releases.switch("r2")
    assert served.look()
    assert served.assistant().get(RECORDS[0]["code"], date(2026, 11, 21)).fees[0].amount_vnd == 77700
    assert releases.roll_back().id == "r1"
    assert served.look()
    assert served.assistant().get(RECORDS[0]["code"], date(2026, 11, 21)) == first


def test_the_records_are_read_without_an_assistant(releases, tmp_path):
    """Who asks for the records alone gets those that are served, after a switch too; no assistant is made."""
    make(releases, tmp_path, "r1")
    make(releases, tmp_path, "r2", with_fee(77700))
    releases.switch("r1")
    made = []
    served = Editions(tmp_path, lambda records: made.append(records))
    first = served.catalogue()
    assert served.catalogue() is first
    releases.switch("r2")
    assert served.catalogue().get(RECORDS[0]["code"], date(2026, 11, 21)).fees[0].amount_vnd == 77700
    assert made == []


def test_an_edition_is_passed_over_by_the_collector_of_garbage(releases, tmp_path):
    """Records that stay for days are not looked through again and again: that would halt every thread."""
    make(releases, tmp_path, "r1")
    releases.switch("r1")
    gc.unfreeze()
    Editions(tmp_path, lambda records: records).assistant()
    assert gc.get_freeze_count() > len(RECORDS)


def test_a_tampered_release_is_refused_and_the_former_goes_on(releases, tmp_path):
    """A release that was damaged after it was switched to is not loaded; what was served stays."""
    make(releases, tmp_path, "r1")
    make(releases, tmp_path, "r2", with_fee(77700))
    releases.switch("r1")
    served = Editions(tmp_path, lambda records: records)
    before = served.assistant()
    releases.switch("r2")
    path = tmp_path / "releases" / "r2" / "catalogue.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("77700", "7770"), encoding="utf-8")
    assert not served.look()
    assert served.assistant() is before
    restarted = Editions(tmp_path, lambda records: records)
    assert restarted.assistant().get(RECORDS[0]["code"], date(2026, 11, 21)).fees[:1] != ()
    assert len(restarted.assistant()) == len(before)


@pytest.mark.parametrize("name", ["", "../r1", "r 1", ".hidden", "a/b"])
def test_a_release_name_cannot_leave_its_folder(releases, name):
    """Names are plain: no paths, no blanks."""
    with pytest.raises(UnknownRelease):
        releases.make(name, RECORDS, [], NOW)


def test_a_release_is_never_overwritten(releases, tmp_path):
    """A taken name, an unknown release and a rollback without history are clear errors."""
    make(releases, tmp_path, "r1")
    for act in (lambda: releases.make("r1", RECORDS, [], NOW), lambda: releases.verify("r9"), releases.roll_back):
        with pytest.raises(UnknownRelease):
            act()


def test_the_difference_is_told_field_by_field():
    """A changed fee, a new and a gone procedure each make one line; a changed example makes none."""
    before = {item["code"]: item for item in RECORDS}
    after = {item["code"]: item for item in with_fee(77700)[:2]} | {"9.000000": {**RECORDS[2], "code": "9.000000"}}
    after[RECORDS[1]["code"]] = {**RECORDS[1], "examples": ["khác"]}
    found = list(difference.changes(before, after))
    assert any(change.field.endswith("amount_vnd") and change.after == "77700" for change in found)
    assert {(change.code, change.before) for change in found if not change.field} == {
        (RECORDS[2]["code"], "there"),
        ("9.000000", ""),
    }
    assert not [change for change in found if change.code == RECORDS[1]["code"]]
