"""Dossier codes: found in every spelling, near misses named by what is wrong, nothing guessed, linear time."""

from __future__ import annotations

import time
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals import fuzz_codes
from nlu import personal_data
from nlu.dossier_codes import CODE, NORMAL, Fault, find
from nlu.text import normalise

TODAY = fuzz_codes.TODAY
CODE_A, CODE_B, CODE_C = "H29.19-260312-0005", "000.00.01.H29-240115-0001", "G09.20-20260609-0092637"


def found(text: str, today: date = TODAY) -> list[tuple[str, str]]:
    """Kinds and values, read as the assistant reads: normalised and masked."""
    return [(item.kind, item.value) for item in find(personal_data.mask(normalise(text)).text, today)]


@pytest.mark.parametrize(
    "code",
    [
        "38.98.H29-210519-0003",
        "000.00.01.H29-260310-0420",
        "000.00.53.H48-220921-0099",
        "000.00.12.H62-201105-0004",
        "H56.14-240823-0001",
        "H15.50.05.13-261008-0975",
        "G22.99.08-260921-896048",
        "G22.99-251225-020175",
        "H29-150101-001",
        "K05.1-20261121-1234567",
    ],
)
def test_codes_of_every_authority_are_codes(code: str) -> None:
    """Old and new forms, three to seven digits, dates of six and eight, of whatever province or ministry."""
    assert found(code) == [(CODE, code)] and NORMAL.fullmatch(code)


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("mã h29.19 – 260312 – 0005 của tôi", [CODE_A]),
        ("Ｈ２９．１９＿２６０３１２−０００５", [CODE_A]),
        ("H29.19‐260312‑0005.", [CODE_A]),
        ("H29.19\n260312\n0005", [CODE_A]),
        ("H29.19-2603\n12-0005", [CODE_A]),
        ("H29.19-260312-00\n05 nha", [CODE_A]),
        ("H29.19-260312-000\n5", [CODE_A]),
        ("H29.19.260312.0005", [CODE_A]),
        ("H29 19 260312 0005", [CODE_A]),
        ("H29-19-260312-0005", [CODE_A]),
        ("000.00.01.\nH29-240115-0001", [CODE_B]),
        ("https://dvc.example/?ma=H29.19-260312-0005&k=1", [CODE_A]),
        ("bien_nhan_H29.19-260312-0005.pdf", [CODE_A]),
        ("nộp ngày 12.03. H29.19-260312-0005", [CODE_A]),
        (f"{CODE_A}, {CODE_B} và {CODE_C}?", [CODE_A, CODE_B, CODE_C]),
        (f"{CODE_A} {CODE_B}\n{CODE_C}", [CODE_A, CODE_B, CODE_C]),
        (f"{CODE_A} 2 bản, hẹn 5 ngày", [CODE_A]),
    ],
)
def test_spellings_are_read(said: str, codes: list[str]) -> None:
    """Separators, lines, case and width do not matter; what stands around a code is not part of it."""
    assert found(said) == [(CODE, code) for code in codes]


@pytest.mark.parametrize(
    ("said", "fault", "value"),
    [
        ("H29.19-0005", Fault.NO_DATE, "H29.19-0005"),
        ("h29 - 0005", Fault.NO_DATE, "H29-0005"),
        ("H29.19-260312", Fault.NO_NUMBER, "H29.19-260312"),
        ("260312-0005", Fault.NO_UNIT, "260312-0005"),
        ("29.19-260312-0005", Fault.NO_UNIT, "29.19-260312-0005"),
        ("H29.19-260340-0005", Fault.NO_SUCH_DAY, "H29.19-260340-0005"),
        ("H29.19-250229-0005", Fault.NO_SUCH_DAY, "H29.19-250229-0005"),
        ("H29.19-261340-0001", Fault.NO_SUCH_MONTH, "H29.19-261340-0001"),
        ("H17.00-000000-0000", Fault.NO_SUCH_MONTH, "H17.00-000000-0000"),
        ("H29.19-261122-0001", Fault.FUTURE, "H29.19-261122-0001"),
        ("H29.19-19700101-0001", Fault.TOO_OLD, "H29.19-19700101-0001"),
        ("H29-141231-0001", Fault.TOO_OLD, "H29-141231-0001"),
        ("H29.19-26312-0005", Fault.DATE_LENGTH, "H29.19-26312-0005"),
        ("H29.19-2026312-0005", Fault.DATE_LENGTH, "H29.19-2026312-0005"),
        ("H29.19-260312-05", Fault.NUMBER_SHORT, "H29.19-260312-05"),
        ("H29.19-260312-00051234", Fault.NUMBER_LONG, "H29.19-260312-00051234"),
        ("H29.19-26O3l2-OOO5", Fault.UNCLEAR, CODE_A),
        ("H29.I9-260312-0005", Fault.UNCLEAR, CODE_A),
        ("OOO.OO.O1.H29-240115-0001", Fault.UNCLEAR, CODE_B),
        ("H29.19-2603120005", Fault.UNCLEAR, CODE_A),
        ("H29.19260312-0005", Fault.UNCLEAR, CODE_A),
        ("H29.19-20123100051", Fault.UNCLEAR, "H29.19-201231-00051"),
        ("H29.19-2611240005", Fault.FUTURE, "H29.19-261124-0005"),
        ("H29.19-260340-0005-1", Fault.NO_SUCH_DAY, "H29.19-260340-0005"),
        ("H29.19-26-03-12-0005", Fault.UNCLEAR, CODE_A),
        ("H29.19-260312-0005-1", Fault.UNCLEAR, CODE_A),
        ("H29.19-260312-0005nha", Fault.UNCLEAR, CODE_A),
    ],
)
def test_a_near_miss_is_named(said: str, fault: Fault, value: str) -> None:
    """What is missing, impossible, too short or too long is named; what may be meant is a question, never a code."""
    assert found(f"xem giúp {said} nhé") == [(fault.value, value)]


@pytest.mark.parametrize(
    ("said", "kind", "value"),
    [
        ("1.000656.000.00.00.H29", "procedure_code", "1.000656"),
        ("2.000635", "procedure_code", "2.000635"),
        ("03706/2026/07906", "insurance_dossier", "03706/2026/07906"),
        ("G22.99.3-241219795252", "payment_code", "G22.99.3-241219795252"),
        ("079201234567", "citizen_number", "‹số định danh›"),
        ("CMND 024123456", "old_citizen_number", "‹số CMND›"),
        ("mst 0301234567", "tax_number", "‹mã số thuế›"),
        ("9704 1234 5678 9012", "card_number", "‹số thẻ›"),
        ("C1234567", "passport_number", "‹số hộ chiếu›"),
        ("0903123456", "phone_number", "‹số điện thoại›"),
    ],
)
def test_a_look_alike_is_told_apart(said: str, kind: str, value: str) -> None:
    """Other offices' numbers are named, a person's number is masked before anybody reads it."""
    assert found(said) == [(kind, value)]


@pytest.mark.parametrize(
    "said",
    ["nhà số H12-345", "căn A12.05-123", "p12 260312", "đường D15 260312 12345", "quy định 20/2020/QĐ-TTg", "H29"]
    + ["mẫu B02-DN", "260340-0005", "12-03-2026", "hỏi 5 giờ", "lô B12-345 6789", "từ 8h30 đến 11h30", "260312-0005-7"],
)
def test_other_numbers_are_left_alone(said: str) -> None:
    """Flats, wards, dates, forms and hours are no near misses."""
    assert [kind for kind, _ in found(said) if kind.startswith("code_") or kind == CODE] == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("H29.19-079201234567", "079201234567"),
        ("H29.19-260312-079201234567", "079201234567"),
        ("nhà H29 0903 12 3456", "0903 12 3456"),
        ("A12. 079203-012345", "079203-012345"),
        (f"{CODE_A} 091 2345678", "2345678"),
        (f"{CODE_A}\n0912345678", "0912345678"),
    ],
)
def test_no_personal_number_hides_behind_a_code(said: str, kept: str) -> None:
    """What codes are spared from masking never spares a person's number that stands beside them."""
    assert kept not in personal_data.mask(normalise(said)).text


@given(st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_every_spelling_comes_back(random: Random) -> None:
    """A code in any spelling, with words around it, is read as its normal form and nothing else."""
    code = fuzz_codes.code(random)
    text = random.choice(fuzz_codes.AROUND) + fuzz_codes.spelt(code, random) + random.choice(fuzz_codes.BEHIND)
    assert fuzz_codes.read(text) == [code]


@given(st.one_of(st.text(max_size=400), st.text(alphabet=fuzz_codes.NOISE, max_size=400)), st.dates())
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_read(text: str, today: date) -> None:
    """Nothing raises, on any day; entities lie in the text, in order, apart; a code is in its normal form."""
    entities = find(text, today)
    ends = [0, *(entity.end for entity in entities)]
    assert all(end <= entity.start < entity.end <= len(text) for end, entity in zip(ends, entities, strict=False))
    assert all(NORMAL.fullmatch(entity.value) for entity in entities if entity.kind in (CODE, Fault.UNCLEAR.value))


@given(st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_a_spoilt_code_is_never_another_one_in_silence(random: Random) -> None:
    """A letter typed for a digit gives a question or an explanation, never the portal's answer for another code."""
    code = fuzz_codes.code(random)
    places = [place for place, sign in enumerate(code) if sign in "01" and not code[place - 1].isalpha()]
    for place in places:
        spoilt = code[:place] + random.choice("oO" if code[place] == "0" else "lI") + code[place + 1 :]
        assert all(value == code or kind != CODE for kind, value in found(spoilt)), spoilt


@pytest.mark.parametrize(
    "piece",
    [
        "H29.",
        "1.",
        "H29 ",
        "H29.19-",
        "0.h29.1-260312-",
        "260312-",
        "H29.19-260312-0005 ",
        "12345678",
        "o1l",
        "- ",
        "‹số",
    ],
)
def test_time_grows_with_the_length(piece: str) -> None:
    """Four times the length takes about four times as long, on whatever is repeated; a quadratic reader takes 16."""
    short, long = (piece * (length // len(piece)) for length in (40_000, 160_000))
    best = {text: min(_took_s(text) for _ in range(3)) for text in (short, long)}
    assert best[long] < 8 * best[short]


def _took_s(text: str) -> float:
    started = time.process_time()
    find(text, TODAY)
    return time.process_time() - started


def test_the_fuzzer_is_repeatable_and_finds_nothing() -> None:
    """The same seed reads the same inputs; none crashes, none is lost."""
    first, second = fuzz_codes.run(300, 4), fuzz_codes.run(300, 4)
    assert (first.inputs, first.crashes, first.lost) == (300, 0, 0)
    assert first.first_wrong == second.first_wrong == ""
