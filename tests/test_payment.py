"""Payment: the QR code says what is owed and to whom, its page opens for whoever was told, and no card is asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
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
from bot.payment import VALID_S, Payments, accounts
from bot.vietqr import MOST_VND, Account, NotPayable, content
from integrations.dossiers import Details, FeeDue
from nlu import personal_data
from tests.memory_ports import MemoryTown
from tests.town import DOSSIER_CODE, Clock
from web.app import create_app
from web.payment_page import PaymentPage

ACCOUNT = Account("970436", "Ngân hàng thử nghiệm", "0000000000123", "UBND PHUONG BEN THANH (THU)")
FEES = (FeeDue("Lệ phí", 30_000), FeeDue("Phí", 45_000))
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
    """The picture gives the text back."""
    text = content(ACCOUNT, amount_vnd, code)
    assert [found.text for found in zxingcpp.read_barcodes(drawn(text))] == [text]


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
    token = made.address(DOSSIER_CODE, FEES).rpartition("/")[2]
    due = made.read(token)
    assert DOSSIER_CODE not in token and due is not None and (due.code, due.fees) == (DOSSIER_CODE, FEES)
    assert made.read(token[:-2] + "A=") is None and made.read("x") is None
    clock.at += timedelta(seconds=VALID_S + 1)
    assert made.read(token) is None


@pytest.mark.parametrize(
    ("made", "code", "fees"),
    [
        (payments(), "H30.19-260312-0005", FEES),
        (payments(url=""), DOSSIER_CODE, FEES),
        (payments(), DOSSIER_CODE, (FeeDue("Lệ phí", 0),)),
    ],
    ids=["another unit", "no address of ours", "nothing due"],
)
def test_without_an_account_there_is_no_code(made: Payments, code: str, fees: tuple[FeeDue, ...]) -> None:
    """A unit without an account, or a sum that cannot be paid, has no page."""
    assert made.address(code, fees) == ""


@pytest.mark.parametrize(("pay_at", "says"), [("https://a.example/p/x", "a.example/p/x"), ("", "không có mã QR")])
def test_the_citizen_is_told_how_to_pay(pay_at: str, says: str) -> None:
    """Under unpaid fees stands the page, shown once like the fees, or that there is no QR code."""
    reply = compose(DetailsFacts(Outcome.DETAILS_SHOWN, DOSSIER_CODE, Details("", fees=FEES), pay_at))
    assert reply is not None and says in reply.plain()
    assert not pay_at or says not in reply.without_private("").plain()


def page(payments: Payments) -> TestClient:
    return TestClient(create_app(MemoryTown().ports(), "secret", PaymentPage.over(payments).routes()))


def test_the_page_shows_sum_and_account() -> None:
    """Every fee, the sum, the account, the content and a picture with words beside it; nothing to type into."""
    made = payments()
    shown = page(made).get(made.address(DOSSIER_CODE, FEES).removeprefix("https://motcua.example"))
    for words in ("30.000 đồng", "45.000 đồng", "75.000 đồng", ACCOUNT.number, ACCOUNT.holder, DOSSIER_CODE, "<svg"):
        assert words in shown.text
    assert "<input" not in shown.text and shown.headers["cache-control"] == "no-store"
    assert page(made).get("/p/x").status_code == 404


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
