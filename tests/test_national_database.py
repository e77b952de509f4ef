"""Answers of LayThuTuc: well formed, oddly formed and malformed ones."""

import json
from datetime import date

import pytest

from knowledge import importing, national_database, record
from knowledge.errors import BadRecord, KnowledgeError

TODAY = date(2026, 11, 21)
ANSWER = {
    "ID": "1",
    "MATTHC": "2.000635",
    "TENTTHC": "Cấp bản sao trích lục hộ tịch",
    "CAPTHUCHIEN": [{"CAPTHUCHIEN": "3"}],
    "CACHTHUCTHUCHIEN": [
        {
            "KENH": "1",
            "THOIGIAN": [{"THOIGIANGIAIQUYET": "1", "DONVITINH": "Ngày làm việc", "MOTA": ""}],
            "PHILEPHI": [{"MAPHILEPHI": "x", "SOTIEN": "8000", "DONVI": "Đồng", "MOTA": "/bản"}],
        },
        {"KENH": "2", "THOIGIAN": None, "PHILEPHI": [{"SOTIEN": "0", "DONVI": "Đồng", "MOTA": None}]},
    ],
    "THANHPHANHOSO": [{"TRUONGHOP": "", "GIAYTO": [{"TENGIAYTO": "Tờ khai", "SOBANCHINH": "1", "SOBANSAO": "0"}]}],
    "CANCUPHAPLY": [{"SOVANBAN": "60/2014/QH13", "TENVANBAN": "Luật Hộ tịch"}],
    "COQUANTHUCHIEN": {"MADONVI": "1", "TENDONVI": "Ủy ban nhân dân cấp xã"},
}


def read(**changes):
    return record.procedure(national_database.record({**ANSWER, **changes}, "2026-11-21"), reviewed=False)


def test_a_whole_answer_is_read():
    """Channels, times, fees, papers and laws come over with their numbers."""
    found = read()
    assert [(fee.status, fee.amount_vnd, fee.channels) for fee in found.fees] == [
        ("amount", 8000, ("counter",)),
        ("unpublished", None, ("online",)),
    ]
    assert (found.times[0].amount, found.times[0].unit) == (1, "working_days")
    assert (found.documents[0].originals, found.documents[0].copies) == (1, 0)
    assert found.authority == "Ủy ban nhân dân cấp xã"


@pytest.mark.parametrize(
    ("fee", "status", "amount"),
    [
        ({"SOTIEN": "0"}, "unpublished", None),
        ({"SOTIEN": "0", "MOTA": "Theo quy định của HĐND"}, "by_rule", None),
        ({"SOTIEN": "20"}, "unpublished", None),
        ({"SOTIEN": "20", "MOTA": "20.000 đồng/lần"}, "by_rule", None),
        ({"SOTIEN": 50000}, "amount", 50000),
        ({"SOTIEN": "50.000"}, "amount", 50000),
        ({"SOTIEN": "năm mươi"}, "unpublished", None),
        ({}, "unpublished", None),
    ],
)
def test_a_zero_or_lost_thousands_are_no_fee(fee, status, amount):
    """Only a whole number of at least a thousand dong is an amount."""
    found = read(CACHTHUCTHUCHIEN=[{"KENH": "1", "PHILEPHI": [fee]}]).fees[0]
    assert (found.status, found.amount_vnd) == (status, amount)


@pytest.mark.parametrize(
    ("time", "told"),
    [
        ({"THOIGIANGIAIQUYET": "7", "DONVITINH": "Ngày"}, [(7, "calendar_days")]),
        ({"THOIGIANGIAIQUYET": "0,5", "DONVITINH": "ngày làm việc"}, [(0.5, "working_days")]),
        ({"THOIGIANGIAIQUYET": "7", "DONVITINH": ""}, []),
        ({"THOIGIANGIAIQUYET": None, "DONVITINH": None, "MOTA": "Trong 3 ngày làm việc"}, [(None, None)]),
    ],
)
def test_a_time_without_unit_is_not_told(time, told):
    """A number of nothing is no time limit."""
    found = read(CACHTHUCTHUCHIEN=[{"KENH": "1", "THOIGIAN": [time]}])
    assert [(item.amount, item.unit) for item in found.times] == told
    assert bool(found.open_points) or told


@pytest.mark.parametrize("key", ["CACHTHUCTHUCHIEN", "THANHPHANHOSO", "CANCUPHAPLY", "COQUANTHUCHIEN", "CAPTHUCHIEN"])
@pytest.mark.parametrize("value", [None, "", [], {}, [None], "text", 7])
def test_missing_and_odd_lists_are_survived(key, value):
    """A nested list that is null, missing or of another type leaves its part empty."""
    assert read(**{key: value}).code == "2.000635"


@pytest.mark.parametrize("bad", [{"MATTHC": "abc"}, {"MATTHC": None}, {"TENTTHC": ""}, {"TENTTHC": None}])
def test_an_answer_without_code_or_name_is_refused(bad):
    """What cannot be named cannot be served."""
    with pytest.raises(BadRecord):
        read(**bad)


@pytest.mark.parametrize(
    "line",
    [
        ANSWER,
        {"result": [ANSWER]},
        {"error_code": 0, "result": ANSWER},
        {"message": json.dumps({"result": [ANSWER]})},
    ],
)
def test_wrapped_answers_are_opened(tmp_path, line):
    """Bare, in `result`, or as JSON text inside `message`: it is the same record."""
    (tmp_path / "in.jsonl").write_text(json.dumps(line), encoding="utf-8")
    assert importing.import_export(tmp_path / "in.jsonl", tmp_path / "out", TODAY).served == 1


def test_another_provinces_code_is_kept_apart(tmp_path):
    """A local code that ends in another province's mark is never served; H29 is ours."""
    codes = ["1.000001.000.00.00.H29", "1.000002.000.00.00.H19"]
    lines = [json.dumps({**ANSWER, "MATTHC": code}) for code in codes]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = importing.import_export(tmp_path / "in.jsonl", tmp_path / "out", TODAY)
    assert (done.served, done.elsewhere) == (1, 1)


@pytest.mark.parametrize("line", ['{"message": "no json"}', '{"result": [1]}', '{"message": null}'])
def test_a_wrapping_that_cannot_be_opened_is_refused(tmp_path, line):
    """The line is refused with a reason, the next one is loaded."""
    (tmp_path / "in.jsonl").write_text(f"{line}\n{json.dumps(ANSWER)}", encoding="utf-8")
    done = importing.import_export(tmp_path / "in.jsonl", tmp_path / "out", TODAY)
    assert done.served == 1
    assert done.refused[0].line == 1 and done.refused[0].reason


def test_an_unknown_format_is_refused_whole(tmp_path):
    """A file that says it has another format changes nothing."""
    (tmp_path / "in.jsonl").write_text(json.dumps(ANSWER), encoding="utf-8")
    importing.import_export(tmp_path / "in.jsonl", tmp_path / "out", TODAY)
    before = (tmp_path / "out" / importing.SERVED).read_bytes()
    (tmp_path / "in.jsonl").write_text(f'{{"format": 2}}\n{json.dumps(ANSWER)}', encoding="utf-8")
    with pytest.raises(KnowledgeError, match="format 2"):
        importing.import_export(tmp_path / "in.jsonl", tmp_path / "out", TODAY)
    assert (tmp_path / "out" / importing.SERVED).read_bytes() == before
