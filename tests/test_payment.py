"""Payment: the QR code says what is owed and to whom, its page opens for whoever was told, and no card is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient
from vietnam_qr_pay import QRPay

from bot import keys
from bot.compose import compose
from bot.errors import BadSettings
from bot.facts import DetailsFacts, PlainFacts
from bot.outcomes import Outcome
from bot.payment import VALID_S, Due, Payments, accounts, due
from bot.vietqr import MOST_VND, Account, NotPayable, content
from integrations.dossiers import Details, FeeDue
from nlu import personal_data
from tests.memory_ports import MemoryTown
from tests.sheets import BIRTH, SECURITY, told
from tests.town import DOSSIER_CODE, Clock
from web.app import create_app
from web.payment_page import PaymentPage

ACCOUNT = Account("970436", "Ngân hàng thử nghiệm", "0000000000123", "UBND PHUONG BEN THANH (THU)")
FEES = (FeeDue("Lệ phí", 30_000), FeeDue("Phí", 45_000))
OWED = Due(DOSSIER_CODE, FEES)
OPEN = Due(DOSSIER_CODE, (FeeDue("Lệ phí", None),), BIRTH)
# the portal names no amount
LINK = "https://dichvucong.gov.vn/thanh-toan"
CODES = st.from_regex(r"H29\.[0-9]{1,3}-2[0-9]{5}-[0-9]{3,7}", fullmatch=True)


def checksum(text: str) -> str:
    """CRC-16/CCITT-FALSE, counted bit by bit: not the way the library does it."""
    value = 0xFFFF
    for byte in text.encode():
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return f"{value:04X}"


def drawn(text: str) -> Image.Image:
    """The QR code as a camera would have it."""
    rows = list(segno.make(text, error="q", micro=False).matrix_iter(scale=4, border=4))
    made = Image.new("L", (len(rows[0]), len(rows)), 255)
    made.putdata([0 if dark else 255 for row in rows for dark in row])
    return made


def payments(clock: Clock | None = None, url: str = "https://motcua.example") -> Payments:
    return Payments({"H29.19": ACCOUNT}, keys.box(keys.PAYMENT, "secret"), url, clock or Clock())


@given(st.integers(1, MOST_VND), CODES)
def test_a_code_says_what_was_put_in(amount_vnd: int, code: str) -> None:
    """Account, amount and content come back from every code, in ASCII, and its checksum is right."""
    text = content(ACCOUNT, amount_vnd, code)
    read = QRPay(text)
    assert (read.is_valid, read.amount, read.currency) == (True, str(amount_vnd), "704")
    assert (read.consumer.bank_bin, read.consumer.bank_number) == ("970436", "0000000000123")
    assert read.additional_data.purpose == code and text.isascii()
    assert text[-4:] == checksum(text[:-4])


@settings(max_examples=20, deadline=None)
@given(st.integers(1, MOST_VND), CODES)
def test_a_camera_reads_it(amount_vnd: int, code: str) -> None:
    """The picture gives the text back to whoever looks for QR codes, as a bank's application does."""
    text = content(ACCOUNT, amount_vnd, code)
    found = zxingcpp.read_barcodes(drawn(text), formats=zxingcpp.BarcodeFormat.QRCode)
    assert [code.text for code in found] == [text]


@pytest.mark.parametrize(
    ("amount_vnd", "code"),
    [(0, DOSSIER_CODE), (-1, DOSSIER_CODE), (MOST_VND + 1, DOSSIER_CODE), (1, ""), (1, "Hồ sơ"), (1, "A" * 51)],
)
def test_what_no_bank_reads_is_refused(amount_vnd: int, code: str) -> None:
    """Nothing to pay, too much, or a content with letters beyond ASCII has no code."""
    with pytest.raises(NotPayable):
        content(ACCOUNT, amount_vnd, code)


def test_an_address_says_nothing_and_opens_for_a_day() -> None:
    """The dossier's code is not in it; it brings back the fees until it is a day old; a changed one brings nothing."""
    clock = Clock()
    made = payments(clock)
    token = made.address(OWED).rpartition("/")[2]
    assert DOSSIER_CODE not in token and made.read(token) == OWED
    assert made.read(token[:-2] + "A=") is None and made.read("x") is None
    clock.at += timedelta(seconds=VALID_S + 1)
    assert made.read(token) is None


@pytest.mark.parametrize(
    ("made", "code", "fees"),
    [
        (payments(), "H30.19-260312-0005", FEES),
        (payments(url=""), DOSSIER_CODE, FEES),
        (payments(), DOSSIER_CODE, (FeeDue("Lệ phí", 0),)),
        (payments(), DOSSIER_CODE, (FeeDue("Lệ phí", None),)),
    ],
    ids=["another unit", "no address of ours", "nothing due", "neither amount nor procedure"],
)
def test_without_an_account_there_is_no_code(made: Payments, code: str, fees: tuple[FeeDue, ...]) -> None:
    """A unit without an account, or a sum that cannot be paid, has no page."""
    assert made.address(Due(code, fees)) == ""


UNNAMED = (FeeDue("Lệ phí", None),)
PAGE = "https://a.example/p/x"


@pytest.mark.parametrize(
    ("details", "pay_at", "says"),
    [
        (Details("", fees=FEES), PAGE, ["Mã QR để nộp", "a.example/p/x", "30.000 đồng"]),
        (Details("", fees=FEES), "", ["chưa có số tài khoản", "không có mã QR"]),
        (Details("", fees=UNNAMED), PAGE, ["Lệ phí, hệ thống không ghi số tiền", "để tham khảo", "a.example/p/x"]),
        (Details("", asks_payment=True), "", ["chờ nộp tiền, nhưng không ghi khoản nào", "không có mã QR"]),
        (Details("", fees=FEES, pay_link=LINK), "", [f"Trang nộp tiền của cổng: {LINK}"]),
    ],
)
def test_the_citizen_is_told_how_to_pay(details: Details, pay_at: str, says: list[str]) -> None:
    """What is due, the ways to pay that there are, shown once like the fees, or why there is no QR code."""
    facts = DetailsFacts(Outcome.DETAILS_SHOWN, DOSSIER_CODE, details, pay_at, has_qr=details.fees == FEES)
    reply = compose(facts)
    assert reply is not None and all(words in reply.plain() for words in says)
    assert not pay_at or "a.example" not in reply.without_private("").plain()
    assert not details.pay_link or LINK not in reply.without_private("").plain()


@pytest.mark.parametrize(
    ("details", "owed"),
    [
        (Details(""), None),
        (Details("", fees=FEES, procedure_code=BIRTH, pay_link=LINK), Due(DOSSIER_CODE, FEES, BIRTH, LINK)),
        (Details("", asks_payment=True), Due(DOSSIER_CODE, ())),
    ],
)
def test_what_is_asked_for(details: Details, owed: Due | None) -> None:
    """Named fees, or a status that asks for payment; otherwise nothing."""
    assert due(DOSSIER_CODE, details) == owed


@pytest.mark.parametrize(
    ("owed", "total_vnd"),
    [(OWED, 75_000), (OPEN, None), (Due(DOSSIER_CODE, ()), None), (replace(OWED, fees=(*FEES, *UNNAMED)), None)],
)
def test_a_sum_is_whole_or_none(owed: Due, total_vnd: int | None) -> None:
    """One amount that is left open leaves the sum open: nobody pays a part and believes it was all."""
    assert owed.total_vnd == total_vnd and bool(payments().qr(owed)) is (total_vnd is not None)


def page(payments: Payments) -> TestClient:
    return TestClient(create_app(MemoryTown().ports(), "secret", PaymentPage.over(payments, told).routes()))


def shown(made: Payments, owed: Due) -> str:
    """The page of what is owed."""
    answer = page(made).get(made.address(owed).removeprefix("https://motcua.example"))
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    return answer.text


def test_the_page_shows_sum_and_account() -> None:
    """Every fee, the sum, the account, the content and a picture with words beside it; nothing to type into."""
    text = shown(payments(), OWED)
    for words in ("30.000 đồng", "45.000 đồng", "75.000 đồng", ACCOUNT.number, ACCOUNT.holder, DOSSIER_CODE, "<svg"):
        assert words in text
    assert "<input" not in text and "trong bản ghi thủ tục" not in text
    assert page(payments()).get("/p/x").status_code == 404


@pytest.mark.parametrize("code", [BIRTH, SECURITY])
def test_without_an_amount_the_record_is_shown_and_no_qr_code(code: str) -> None:
    """The record's fees with basis and date, called what they are; no picture, no account, and why."""
    text, record = unescape(shown(payments(), replace(OPEN, procedure_code=code))), told(code)
    assert record.fees and all(fee.line in text for fee in record.fees)
    for words in (
        "không phải thông báo nộp tiền",
        f"{record.source.checked_on:%d/%m/%Y}",
        "không ghi số tiền của hồ sơ",
    ):
        assert words in text
    assert "<svg" not in text and ACCOUNT.number not in text and "Tổng:" not in text


def test_an_unknown_procedure_has_no_fee() -> None:
    """A procedure that no record tells of: its fee is said to be unknown."""
    text = shown(payments(), replace(OPEN, procedure_code="1.999999"))
    assert "không biết mức phí" in text and "<svg" not in text


def test_the_portal_s_own_page_is_one_press_away() -> None:
    """With or without a QR code; without an account the page says why it has none."""
    assert f'href="{LINK}"' in shown(payments(), replace(OWED, link=LINK))
    text = shown(payments(), replace(OWED, code="H30.19-260312-0005", link=LINK))
    assert f'href="{LINK}"' in text and "chưa có số tài khoản" in text and "<svg" not in text


@pytest.mark.parametrize("number", ["9704 1234 5678 9012", "4111 1111 1111 1111"])
def test_no_card_number_is_taken(number: str) -> None:
    """A card's number is masked before anything is stored, and whoever sent it is told not to."""
    masked = personal_data.mask(f"thẻ {number} đóng lệ phí")
    assert masked.found == ("card_number",) and number not in masked.text
    reply = compose(PlainFacts(Outcome.DOSSIER_EXPLAINED, "card_number", "‹số thẻ›"))
    assert reply is not None and "đừng gửi số thẻ" in reply.plain()


@pytest.mark.parametrize("text", ["[]", "H29: {}", "H29: {bank_bin: 1, bank_name: a, number: b, holder: c}", "{"])
def test_bad_accounts_are_said_at_start(tmp_path: Path, text: str) -> None:
    """A file that lacks part of an account is a bad setting; a whole one is read; none is none."""
    path = tmp_path / "accounts.yaml"
    path.write_text(text)
    with pytest.raises(BadSettings):
        accounts(path)
    path.write_text("H29.19: {bank_bin: '970436', bank_name: A, number: '0000000000123', holder: B}")
    assert accounts(path) == {"H29.19": replace(ACCOUNT, bank_name="A", holder="B")}
    assert accounts(None) == {}
