"""The editors' form: every record goes through it unchanged, and what is wrong is told where it is."""

from __future__ import annotations

from typing import Any

import pytest

from bot import record_form
from knowledge import checking
from knowledge.catalogue import REVIEWED_FOLDER, read_reviewed
from knowledge.record import procedure
from tests.town import BIRTH, COPY, RECORDS

FORM = record_form.load()
RIGHT = {**RECORDS[BIRTH], "examples": [f"câu {number}" for number in range(6)]}


def faults(**changed: str) -> dict[str, str]:
    """The kinds of faults by place, when some texts of the town's record are typed anew."""
    texts = {**record_form.write(FORM, RIGHT), **{name.replace("__", "."): text for name, text in changed.items()}}
    _, found = record_form.read(FORM, texts, RIGHT)
    return {".".join(map(str, fault.where)): fault.kind for fault in found}


def test_every_shipped_record_goes_through_the_form_unchanged() -> None:
    """What citizens are told from a record is the same after it was written into the form and read again."""
    for record in read_reviewed(REVIEWED_FOLDER):
        again, found = record_form.read(FORM, record_form.write(FORM, record), record)
        assert found == [] and procedure(again, reviewed=True) == procedure(record, reviewed=True)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, {}),
        ({"name": " "}, {"name": "minLength"}),
        ({"documents__0__originals": "hai"}, {"documents.0.originals": "number"}),
        ({"fees__1__status": "amount"}, {"fees.1.amount_vnd": "required"}),
        ({"fees__1__amount_vnd": "5000"}, {"fees.1.amount_vnd": "not"}),
        ({"fees__1__status": "amount", "fees__1__amount_vnd": "50.000"}, {}),
        ({"fees__1__status": "amount", "fees__1__amount_vnd": "50"}, {"fees.1.amount_vnd": "thousands_lost"}),
        ({"fees__1__status": "by_rule"}, {"fees.1.text": "required"}),
        ({"fees__1__case": "khac"}, {"fees.1.case": "no_such_case"}),
        ({"times__0__text": ""}, {"times.0": "same_day_text"}),
        ({"case_question": ""}, {"case_question": "no_case_question"}),
        ({"checked_on": "2026-02-30"}, {"checked_on": "no_day"}),
        ({"checked_on": "hôm qua"}, {"checked_on": "pattern"}),
        ({"valid_to": "2020-01-01"}, {"valid_to": "reversed_days"}),
        ({"examples": "một câu"}, {"examples": "few_examples"}),
        ({"legal_basis__0__number": "Luật"}, {"legal_basis.0.number": "legal_number"}),
    ],
)
def test_a_fault_is_told_at_its_field(changed: dict[str, str], found: dict[str, str]) -> None:
    """Each wrong text is found at its own field, by the schema's check or the checker's."""
    assert faults(**changed) == found


def test_every_fault_has_a_sentence() -> None:
    """Every fault lies at a field or a row of the page, and no sentence but the last resort is the last resort."""
    texts = record_form.write(FORM, RIGHT)
    for path in ("name", "fees.0.status", "times.0.text", "checked_on"):
        _, found = record_form.read(FORM, {**texts, path: ""}, RIGHT)
        shown = record_form.nodes(FORM, {**texts, path: ""}, found)
        assert problems(shown) and FORM.sentences["other"] not in problems(shown)


def problems(nodes: Any) -> list[str]:
    """The sentences of a page."""
    inside = [problem for node in nodes for row in node.rows for problem in (row.problem, *problems(row.nodes))]
    return [problem for problem in (*(node.problem for node in nodes), *inside) if problem]


def test_rows_come_and_go() -> None:
    """A new row is empty and last; a row that goes lets those after it move up; an unknown list is refused."""
    texts = record_form.write(FORM, RIGHT)
    more = record_form.grown(FORM, texts, "cases.1.documents")
    assert more["cases.1.documents.1.name"] == "" and len(more) == len(texts) + 5
    less = record_form.shrunk(FORM, more, "cases.0")
    assert less["cases.0.id"] == "khong_giay" and "cases.1.id" not in less
    assert record_form.shrunk(FORM, more, "cases.1.documents.1") == texts
    for path in ("exemptions", "cases.1.id", "cases.1", "name", ""):
        with pytest.raises(KeyError):
            record_form.grown(FORM, texts, path)


def test_what_the_form_does_not_show_is_kept() -> None:
    """Exemptions, levels, former codes and the code itself stay; texts the form does not know are dropped."""
    rule = {"id": "x", "label": "Trẻ em", "kinds": ["phi"], "percent": 50, "basis": "1/2026/TT-BTC"}
    record = {**RIGHT, "exemptions": [rule], "former_codes": ["1.000001"]}
    texts = record_form.shaped(FORM, {**record_form.write(FORM, record), "code": "9.999999", "fees.x.text": "y"})
    again, _ = record_form.read(FORM, texts, record)
    assert again == record and checking.faults(again) == []


def test_a_tariff_by_pages_is_a_part_of_its_fee() -> None:
    """Dotted columns make a mapping inside the row, and none when all are empty."""
    tariff = {"first_pages": 2, "first_vnd": 2000, "further_vnd": 1000}
    fee = {"status": "by_rule", "text": "theo trang", "tariff": tariff}
    texts = record_form.write(FORM, {**RECORDS[COPY], "fees": [fee]})
    assert record_form.read(FORM, texts, RECORDS[COPY])[0]["fees"] == [fee]
    blank = {name: "" if ".tariff." in name else text for name, text in texts.items()}
    assert record_form.read(FORM, blank, RECORDS[COPY])[0]["fees"] == [{"status": "by_rule", "text": "theo trang"}]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("fees.0.amount_vnd", "Mức thu 1: Số tiền (đồng)"),
        ("cases.1.documents.0.name", "Trường hợp 2: Giấy tờ 1: Tên giấy tờ"),
        ("steps.3", "Các bước"),
        ("legal_basis.2", "Văn bản 3"),
        ("source.as_of", "Bản sao của nguồn ngày"),
        ("levels", "levels"),
    ],
)
def test_a_path_has_words(path: str, label: str) -> None:
    """A path of a difference is told in the words of the form."""
    assert FORM.label(path) == label
