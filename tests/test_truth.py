"""Every answer of every reviewed procedure equals its record, and the check that says so finds planted errors."""

from datetime import date

import pytest

from evals import rendering, truth
from knowledge import catalogue, record

TODAY = date.today()
RECORDS = {item["code"]: item for item in catalogue.read_reviewed(catalogue.REVIEWED_FOLDER)}
RESIDENCE = RECORDS["1.004222"]


def mismatches(raw, answer, text):
    return list(truth.compare(raw, answer.aspect, answer.case_id, answer.channel, text, TODAY))


def answer_of(raw, aspect):
    answers = rendering.answers(record.procedure(raw, reviewed=True), TODAY)
    return next(answer for answer in answers if answer.aspect == aspect and answer.channel == "plain")


@pytest.mark.parametrize("code", sorted(RECORDS))
def test_every_figure_of_every_answer_is_in_the_record(code):
    """No answer tells a figure its record does not have, or leaves out one it should tell."""
    raw = RECORDS[code]
    found = [
        mismatch
        for answer in rendering.answers(record.procedure(raw, reviewed=True), TODAY)
        for mismatch in mismatches(raw, answer, answer.text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("aspect", "right", "wrong"),
    [
        ("fee", "20.000 đồng", "25.000 đồng"),
        ("fee", "10.000 đồng", "100.000 đồng"),
        ("time", "7 ngày làm việc", "5 ngày làm việc"),
        ("time", "7 ngày làm việc", "7 ngày"),
        ("legal_basis", "68/2020/QH14", "86/2020/QH14"),
        ("", "1.004222", "1.004223"),
        ("", "kiểm tra ngày 21/11/2026", "kiểm tra ngày 22/11/2026"),
        ("documents", "Tờ khai thay đổi thông tin cư trú", "Tờ khai"),
    ],
)
def test_a_planted_error_is_found(aspect, right, wrong):
    """One figure or paper changed in a rendered answer is a mismatch."""
    answer = answer_of(RESIDENCE, aspect)
    assert right in answer.text
    assert mismatches(RESIDENCE, answer, answer.text.replace(right, wrong))


def test_a_missing_fee_is_found():
    """An answer that leaves out one of the record's amounts is a mismatch."""
    answer = answer_of(RESIDENCE, "fee")
    shortened = "\n".join(line for line in answer.text.splitlines() if "20.000" not in line)
    assert mismatches(RESIDENCE, answer, shortened)
