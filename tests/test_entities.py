"""Codes, dates, amounts and units are found as people spell them."""

from datetime import date

import pytest

from nlu.entities import find

TODAY = date(2026, 11, 21)


def found(text: str) -> list[tuple[str, str]]:
    return [(entity.kind, entity.value) for entity in find(text, TODAY)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("H29.19-260312-0005", "H29.19-260312-0005"),
        ("mã h29.19 – 260312 – 0005 của tôi", "H29.19-260312-0005"),
        ("hs H29 . 19-260312-0005.", "H29.19-260312-0005"),
        ("H29.19 260312 0005", "H29.19-260312-0005"),
        ("000.00.01.H29-240115-0001", "000.00.01.H29-240115-0001"),
        ("38.98.H29-210519-0003", "38.98.H29-210519-0003"),
        ("G09.20-20260609-0092637", "G09.20-20260609-0092637"),
        ("Ｈ２９.19_260312_0005", "H29.19-260312-0005"),
        ("số 12. H15.50.05.13-261008-0975", "H15.50.05.13-261008-0975"),
    ],
)
def test_a_dossier_code_is_found_in_any_sane_spelling(said: str, code: str) -> None:
    assert found(said) == [("dossier_code", code)]


@pytest.mark.parametrize(
    ("code", "kind"), [("H29.19-261340-0001", "code_no_such_month"), ("H29.19-261122-0001", "code_in_future")]
)
def test_a_near_miss_is_told_apart(code: str, kind: str) -> None:
    assert found(code) == [(kind, code)]


@pytest.mark.parametrize(
    ("said", "kind", "value"),
    [
        ("1.000656.000.00.00.H29", "procedure_code", "1.000656"),
        ("thủ tục 1.004222?", "procedure_code", "1.004222"),
        ("03706/2026/07906", "insurance_dossier", "03706/2026/07906"),
        ("G22.99.3-241219795252", "payment_code", "G22.99.3-241219795252"),
        ("của ‹số định danh› nè", "citizen_number", "‹số định danh›"),
        ("ngày 5 tháng 3", "date", "2026-03-05"),
        ("hẹn ngày 05-12", "date", "2026-12-05"),
        ("5/3/2025", "date", "2025-03-05"),
        ("mai con ra phường được hông", "date", "2026-11-22"),
        ("hôm nay", "date", "2026-11-21"),
    ],
)
def test_other_codes_and_dates_are_found(said: str, kind: str, value: str) -> None:
    assert found(said) == [(kind, value)]


@pytest.mark.parametrize(
    ("said", "vnd"),
    [("500k", 500_000), ("500 ngàn", 500_000), ("1tr", 1_000_000), ("1tr5", 1_500_000), ("1 triệu rưỡi", 1_500_000)]
    + [("10.000đ", 10_000), ("10,000 đồng", 10_000), ("1,5 triệu", 1_500_000), ("2 triệu 5", 2_500_000)],
)
def test_amounts_become_whole_dong(said: str, vnd: int) -> None:
    assert found(f"đóng {said} phải không") == [("amount", str(vnd))]


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        ("tôi ở phường Sài Gòn", "Phường Sài Gòn"),
        ("p. ben thanh", "Phường Bến Thành"),
        ("P.Tân Hoà", "Phường Tân Hòa"),
        ("phuong tan dinhh", "Phường Tân Định"),
        ("xã Thạnh An", "Xã Thạnh An"),
        ("nhà ở vung tau", "Phường Vũng Tàu"),
        ("đặc khu côn đảo", "Đặc khu Côn Đảo"),
    ],
)
def test_units_are_found_with_and_without_marks(said: str, unit: str) -> None:
    assert found(said) == [("unit", unit)]


@pytest.mark.parametrize(
    "said",
    [
        "chị Mai",
        "thương mại",
        "mai táng phí",
        "năm 2026 đóng phí",
        "tôi hỏi bạn có biết",
        "phường nào",
        "tỉnh Bình Dương",
    ]
    + ["mua con dao", "sổ đất đỏ", "gọi 1022", "20/2020/QĐ-TTg", "phường bạn có làm không"],
)
def test_nothing_is_found_where_nothing_is_named(said: str) -> None:
    assert found(said) == []


def test_offsets_refer_to_the_text_as_given() -> None:
    said = "ơ\u0309 Phươ\u0300ng Sa\u0300i Go\u0300n, H29.19–260312–0005"
    assert [said[entity.start : entity.end] for entity in find(said, TODAY)] == [
        "Phươ\u0300ng Sa\u0300i Go\u0300n",
        "H29.19–260312–0005",
    ]


def test_a_name_of_two_units_without_marks_gives_both_at_half_the_score() -> None:
    units = [(entity.value, entity.score) for entity in find("xa thanh an", TODAY)]
    assert units == [("Xã Thanh An", 0.5), ("Xã Thạnh An", 0.5)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("nghe nói mất năm trăm ngàn phải không", "amount", "500000"),
        ("hết hai triệu rưỡi", "amount", "2500000"),
        ("hai tram nam muoi nghin dong", "amount", "250000"),
        ("một triệu hai trăm ngàn", "amount", "1200000"),
        ("năm nay ba em nộp hồ sơ", "amount", None),
        ("con em 14 tuổi", "age", "14"),
        ("bà nội tám mươi lăm tuổi", "age", "85"),
        ("my son is 6 years old", "age", "6"),
        ("bé 6 tháng tuổi", "age", None),
        ("làm giấy khai sinh cho con trai", "relation", "child"),
        ("vợ em người Hàn", "relation", "spouse"),
        ("ba em mất hôm qua", "relation", "parent"),
        ("bà ngoại tui yếu rồi", "relation", "grandparent"),
        ("mua ba chiếc xe", "relation", None),
    ],
)
def test_numbers_in_words_ages_and_relations(text, kind, value):
    """Whole numbers, whole years, one name for each kind of relative; a father is no three."""
    assert dict(reversed(found(text))).get(kind) == value
