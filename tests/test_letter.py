"""The apology letter: what it tells, when there is one, and that the two files say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import docx as reader
import pypdfium2
import pytest
from starlette.testclient import TestClient

from bot.following import calendar
from bot.letter import LONGEST_REASON, Incomplete, Letter, NotLate, Wish, letter, text
from bot.letter_docx import docx
from bot.letter_pdf import pdf
from bot.sheet_keys import in_file
from bot.sheet_signature import Checker, Paper, Signer, Verdict
from integrations.dossiers import Status
from tests import sheets
from tests.memory_ports import MemoryTown
from tests.sheet_authority import PASSPHRASE, Authority
from tests.town import dossier
from web.app import create_app

TODAY = date(2026, 11, 20)
# a Friday; Tuesday the 24th is a day off
MONDAY = date(2026, 11, 23)
WISH = Wish("Chờ kết quả xác minh của cơ quan khác", MONDAY)
WHOLE = Wish(WISH.reason, MONDAY, "Nguyễn Thị Minh An", "12/TXL")


def made(wish: Wish = WISH) -> Letter:
    """The letter about the town's dossier, due on 19 March."""
    return letter(dossier(), wish, calendar(), TODAY)


def docx_text(content: bytes) -> str:
    """All words of a file, those of its table first."""
    file = reader.Document(BytesIO(content))
    cells = [cell.text for table in file.tables for row in table.rows for cell in row.cells]
    return " ".join(" ".join([*cells, *(part.text for part in file.paragraphs)]).split())


def pdf_text(content: bytes) -> str:
    """All words of a file."""
    pages = pypdfium2.PdfDocument(content)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())


@pytest.mark.parametrize("read", [lambda made: docx_text(docx(made)), lambda made: pdf_text(pdf(made))])
@pytest.mark.parametrize(
    "told",
    [
        "Kính gửi: Ông/Bà Nguyễn Thị Minh An",
        "Loại hồ sơ: Đăng ký khai sinh",
        "Mã số hồ sơ: H29.19-260312-0005",
        "Tình trạng: Đang xử lý",
        "Lý do trễ hẹn: Chờ kết quả xác minh của cơ quan khác",
        "Ngày hẹn trả mới: 23/11/2026",
        "hẹn trả kết quả ngày 19/03/2026",
        "Số: 12/TXL",
    ],
)
def test_the_letter_tells_what_the_rule_asks_for(told: str, read: object) -> None:
    """Name, kind, receipt code, state, reason and new day stand in both files."""
    assert told in read(made(WHOLE))  # type: ignore[operator]


def test_what_is_not_known_is_a_blank() -> None:
    """Without a name and a number the officer finds places to fill in, and nothing is made up."""
    told = text(made())
    assert told.to == "Kính gửi: Ông/Bà …………" and told.number == "Số: …………"
    assert not made().is_whole and made(WHOLE).is_whole
    unnamed = letter(dossier(agency_name=None), WHOLE, calendar(), TODAY)
    assert text(unnamed).agency == "…………" and not unnamed.is_whole


def test_late_days_are_counted_in_working_days() -> None:
    """A dossier of Thursday is a working day late on Friday; one of Friday has only passed on Sunday."""
    one = letter(dossier(due_on=date(2026, 11, 19)), WISH, calendar(), TODAY)
    assert one.late_working_days == 1 and "(trễ 1 ngày làm việc)" in text(one).lines[0]
    passed = letter(dossier(due_on=TODAY), WISH, calendar(), date(2026, 11, 22))
    assert passed.late_working_days == 0 and "(đã qua ngày hẹn)" in text(passed).lines[0]


@pytest.mark.parametrize(
    "changes",
    [{"due_on": TODAY}, {"due_on": None}, {"status": Status.SUPPLEMENT_REQUIRED}, {"status": Status.RETURNED}],
    ids=str,
)
def test_nothing_is_apologised_for_that_is_not_late(changes: dict[str, object]) -> None:
    """A dossier in time, without a day, that waits for the citizen or is done has no letter."""
    with pytest.raises(NotLate):
        letter(dossier(**changes), WISH, calendar(), TODAY)


@pytest.mark.parametrize(
    "wish",
    [
        Wish(" ", MONDAY),
        Wish("a" * (LONGEST_REASON + 1), MONDAY),
        Wish("vì", TODAY),
        Wish("vì", date(2026, 11, 19)),
        Wish("vì", date(2026, 11, 21)),
        Wish("vì", date(2026, 11, 24)),
    ],
    ids=["no reason", "long", "today", "past", "Saturday", "day off"],
)
def test_a_promise_needs_a_reason_and_a_working_day_ahead(wish: Wish) -> None:
    """Without a reason, or with a new day on which nobody works or that has come, there is no letter."""
    with pytest.raises(Incomplete):
        made(wish)


@pytest.mark.parametrize(
    "word", ["<b>&amp;</b>", "{{ 7*7 }} {% x %}", "#panic()", "*đậm* _ng_", '"; #read("/etc/passwd")']
)
def test_words_are_text_not_markup(word: str) -> None:
    """What an officer types is printed as it stands, whatever a typesetter would take it for."""
    wish = Wish(f"vì {word}\x00\x0b hết", MONDAY, word)
    assert f"vì {word} hết" in docx_text(docx(made(wish))) and f"vì {word} hết" in pdf_text(pdf(made(wish)))


def test_only_a_whole_letter_is_signed(tmp_path: Path) -> None:
    """With a key a letter without blanks bears a signature that holds; a draft bears none."""
    authority = Authority("Cơ quan chứng thực (thử nghiệm)")
    signer = Signer(in_file(authority.give(tmp_path / "key.p12"), PASSPHRASE))
    checker = Checker.load(authority.write(tmp_path / "authority.pem"))
    assert checker.check(pdf(made(WHOLE), signer)).verdict is Verdict.VALID
    assert checker.check(pdf(made(), signer)).verdict is Verdict.NOT_SIGNED


def as_sheet(content: bytes) -> bytes:
    """The reason of the signature rewritten, every byte at its place."""
    return content.replace(b"/Reason (Thu xin loi)", b"/Reason (Phieu huong)")


@pytest.mark.parametrize(
    ("change", "says", "paper"),
    [
        (bytes, "Thư xin lỗi đúng, không phải phiếu hướng dẫn", Paper.LETTER),
        (lambda content: content[:900] + bytes([content[900] ^ 1]) + content[901:], "Tệp đã bị sửa", None),
        (as_sheet, "Tệp đã bị sửa", None),
    ],
    ids=["as signed", "one bit", "called a sheet"],
)
def test_a_letter_passes_for_no_sheet(
    tmp_path: Path, change: Callable[[bytes], bytes], says: str, paper: Paper | None
) -> None:
    """The page that checks says which paper a file is; a changed letter is neither."""
    authority = Authority("Cơ quan chứng thực (thử nghiệm)")
    signer = Signer(in_file(authority.give(tmp_path / "key.p12"), PASSPHRASE))
    checker = Checker.load(authority.write(tmp_path / "authority.pem"))
    content = change(pdf(made(WHOLE), signer))
    app = create_app(MemoryTown().ports(), "secret", sheets.routes(signer, checker))
    page = TestClient(app).post("/xac-minh-phieu", files={"phieu": ("a.pdf", content)}).text
    assert says in page and "Phiếu đúng" not in page
    assert checker.check(content).paper is paper


@pytest.mark.parametrize("words", ["(Phieu huong dan)", "\n/Reason (Phieu huong dan)\n"])
def test_no_word_of_a_letter_says_what_it_is(tmp_path: Path, words: str) -> None:
    """Whatever an officer or a portal writes into a letter, the signature alone names the paper."""
    authority = Authority("Cơ quan chứng thực (thử nghiệm)")
    signer = Signer(in_file(authority.give(tmp_path / "key.p12"), PASSPHRASE))
    checker = Checker.load(authority.write(tmp_path / "authority.pem"))
    late = replace(made(WHOLE), agency_name=words, procedure_name=words)
    assert checker.check(pdf(late, signer)).paper is Paper.LETTER
    assert checker.check(signer.sign(pdf(late))).paper is None
