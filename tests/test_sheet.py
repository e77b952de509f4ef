"""The guidance sheet: what it tells, how it is printed, and whether a file is one of ours."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from pyhanko.pdf_utils.reader import PdfFileReader
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot import outbox, settings, sheet_pdf
from bot.__main__ import main
from bot.channels import telegram
from bot.compose import compose
from bot.errors import BadSettings
from bot.facts import ProcedureFacts
from bot.following import calendar
from bot.messages import Reply
from bot.outcomes import Outcome
from bot.sheet import NoCase, Sheet, sheet
from bot.sheet_keys import in_file
from bot.sheet_signature import RANGE, Checker, Paper, Signer, Verdict
from evals import truth
from knowledge import catalogue, record
from tests import sheets
from tests.memory_ports import MemoryTown
from tests.sheet_authority import DAY, PASSPHRASE, SIGNER, Authority
from web.app import create_app
from web.sheet_page import MOST_BYTES

TODAY = date(2026, 11, 22)
# a Sunday; Tuesday the 24th is a day off
RECORDS = {item["code"]: item for item in catalogue.read_reviewed(catalogue.REVIEWED_FOLDER)}
RESIDENCE, SECURITY = "1.004222", "2.001402"
OWN_HOUSE = RECORDS[RESIDENCE]["cases"][0]["id"]
TOLD = ("documents", "fee", "time", "legal_basis")
SAMPLE = [*sorted(RECORDS)[::20], "1.001699", "1.008498", "1.013225"]
# and three in which a line ends within a figure, or a page
FOOTER = 48
# of the page's height, in points


def made(code: str, case_id: str = "", on: date = TODAY, url: str = "https://motcua.example") -> Sheet:
    """The sheet of a shipped procedure."""
    procedure = record.procedure(RECORDS[code], reviewed=True)
    return sheet(ProcedureFacts(Outcome.ANSWERED, procedure, (), case_id, on), calendar(), url)


def strings(value: Any) -> Iterator[str]:
    """Everything a sheet tells, days as they are printed."""
    if is_dataclass(value):
        for field in fields(value):
            yield from strings(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from strings(item)
    elif isinstance(value, date):
        yield f"{value:%d/%m/%Y}"
    elif isinstance(value, str):
        yield value


def mismatches(code: str, case_id: str, text: str, dates: frozenset[date] = frozenset()) -> list[truth.Mismatch]:
    """What the sheet's text has and the record not, or the other way; the dates that were counted are checked apart."""
    counted = {truth.Figure("day", f"{on.day}/{on.month}/{on.year}") for on in dates}
    known = [f"day {figure.value} " for figure in counted]
    found = [item for part in TOLD for item in truth.compare(RECORDS[code], part, case_id, "sheet", text, TODAY)]
    return [item for item in found if not item.problem.startswith(tuple(known))]


def cases(code: str) -> list[str]:
    return ["", *(case["id"] for case in RECORDS[code].get("cases", ()))]


def dates(told: Sheet) -> frozenset[date]:
    """The days that were counted."""
    return frozenset({told.handed_in_on, *(term.due_on for term in told.terms if term.due_on)})


def pdf_text(content: bytes) -> str:
    """The text of a file, read by another library than wrote it: whole lines, without the footers between the pages."""
    pages = pypdfium2.PdfDocument(content)
    return " ".join(" ".join(page.get_textpage().get_text_bounded(bottom=FOOTER) for page in pages).split())


@pytest.mark.parametrize("code", sorted(RECORDS))
def test_every_figure_of_every_sheet_is_in_the_record(code: str) -> None:
    """No sheet of any case tells a figure its record does not have, or leaves out a paper, fee, time or law."""
    for case_id in cases(code):
        told = made(code, case_id)
        undated = replace(
            told, handed_in_on=told.source.checked_on, terms=tuple(replace(t, due_on=None) for t in told.terms)
        )
        assert mismatches(code, case_id, "\n".join(strings(undated))) == []


@pytest.mark.parametrize("code", sorted(RECORDS))
def test_a_date_is_told_for_certain_working_days_alone(code: str) -> None:
    """A due date stands where the record gives working days, and is so many of them after the handing in."""
    told = made(code)
    limits = list(truth._holding(RECORDS[code], "times", "", TODAY))
    assert len(limits) == len(told.terms)
    for raw, term in zip(limits, told.terms, strict=True):
        is_certain = (
            raw.get("unit") == "working_days" and raw.get("unit_certain", True) and raw.get("amount") is not None
        )
        assert (term.due_on is not None) <= is_certain
        if term.due_on is not None:
            assert calendar().count_working_days(told.handed_in_on, term.due_on) == -(-raw["amount"] // 1)


@pytest.mark.parametrize(
    ("on", "handed_in_on", "due_on"),
    [
        (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 30)),
        (date(2026, 11, 25), date(2026, 11, 25), date(2026, 12, 1)),
    ],
)
def test_four_working_days(on: date, handed_in_on: date, due_on: date) -> None:
    """On a Sunday nobody takes a dossier in, and neither a weekend nor a day off is counted."""
    told = made(SECURITY, on=on)
    assert (told.handed_in_on, [term.due_on for term in told.terms]) == (handed_in_on, [due_on])


def test_no_date_beyond_the_announced_days_off() -> None:
    """Where the days off are not announced yet, no date is told."""
    assert [term.due_on for term in made(SECURITY, on=calendar().decided_through).terms] == [None]


@pytest.mark.parametrize(
    ("on", "says"), [(TODAY, "dự kiến xong ngày 30/11/2026"), (calendar().decided_through, "Ngày xong: chưa công bố")]
)
def test_what_is_not_known_is_said(on: date, says: str) -> None:
    """Where a day can be counted it stands on the page, otherwise that it was not announced: one of the two."""
    text = pdf_text(sheet_pdf.pdf(made(SECURITY, on=on)))
    assert says in text and ("dự kiến xong" in text) is not ("chưa công bố" in text)


def test_a_case_has_its_own_papers() -> None:
    """With a case the sheet has everybody's papers and this case's; without one those of every case, by name."""
    first, *others = (case["label"] for case in RECORDS[RESIDENCE]["cases"] if case["documents"])
    one, every = made(RESIDENCE, OWN_HOUSE), made(RESIDENCE)
    assert [group.label for group in one.papers] == ["", first]
    assert [group.label for group in every.papers] == ["", first, *others]


def test_an_unknown_case_is_refused() -> None:
    """A sheet for a case that the record does not have cannot be made."""
    with pytest.raises(NoCase):
        made(RESIDENCE, "khong-co")


@pytest.mark.parametrize("code", SAMPLE)
def test_the_printed_text_is_the_records(code: str) -> None:
    """The text that a reader takes out of the file has every figure, paper and law, in right Vietnamese letters."""
    told = made(code)
    text = pdf_text(sheet_pdf.pdf(told))
    assert mismatches(code, "", text, dates(told)) == []
    assert "Phiếu hướng dẫn hồ sơ" in text


def test_large_print_tells_the_same() -> None:
    """The large print has every figure too, in letters of 17 points, on more pages."""
    told = made(RESIDENCE)
    usual, large = sheet_pdf.pdf(told), sheet_pdf.pdf(told, is_large=True)
    assert mismatches(RESIDENCE, "", pdf_text(large), dates(told)) == []
    assert len(pypdfium2.PdfDocument(large)) > len(pypdfium2.PdfDocument(usual))


def test_a_screen_reader_can_read_it() -> None:
    """The file says that it is PDF/UA, has tags, a language and a title, and describes its picture."""
    content = sheet_pdf.pdf(made(SECURITY))
    root = PdfFileReader(BytesIO(content)).root
    assert (root["/Lang"], bool(root["/MarkInfo"]["/Marked"])) == ("vi", True)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in bytes(root["/Metadata"].data)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    tags = list(structure(root["/StructTreeRoot"]))
    assert {"/H1", "/H2", "/L", "/LI", "/LBody", "/Figure", "/P"} <= {str(tag["/S"]) for tag in tags}
    assert all("/Alt" in tag for tag in tags if tag["/S"] == "/Figure")


def structure(tag: Any) -> Iterator[Any]:
    """Every tag below one."""
    kids = tag.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        kid = kid.get_object() if hasattr(kid, "get_object") else kid
        if hasattr(kid, "get") and "/S" in kid:
            yield kid
            yield from structure(kid)


def test_every_font_is_inside() -> None:
    """A machine without our font shows the same letters."""
    reader = PdfFileReader(BytesIO(sheet_pdf.pdf(made(SECURITY))))
    fonts = reader.root["/Pages"]["/Kids"][0]["/Resources"]["/Font"]
    below = [font["/DescendantFonts"][0]["/FontDescriptor"] for font in (fonts[name] for name in fonts)]
    assert below
    assert all("/FontFile2" in item or "/FontFile3" in item for item in below)


def test_a_code_leads_back_to_the_procedure() -> None:
    """The QR code, read from the printed page, is the address of the web chat with this procedure."""
    picture = pypdfium2.PdfDocument(sheet_pdf.pdf(made(SECURITY)))[0].render(scale=3).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == ["https://motcua.example/?thu_tuc=2.001402"]


def test_the_same_sheet_gives_the_same_bytes() -> None:
    """Nothing of a clock or of chance is in an unsigned sheet."""
    assert sheet_pdf.pdf(made(SECURITY, url="")) == sheet_pdf.pdf(made(SECURITY, url=""))


@pytest.mark.parametrize("word", ["#panic()", "*đậm* _ng_", '"; #read("/etc/passwd")', "$x$ \\ @ <a>", "http://a.vn/x"])
def test_a_record_is_text_not_markup(word: str) -> None:
    """What stands in a record is printed as it stands, whatever the typesetter would take it for."""
    told = replace(made(SECURITY), name=word)
    assert word in pdf_text(sheet_pdf.pdf(told))


# ---- the signature ----


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Cơ quan chứng thực (thử nghiệm)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Path:
    """An authority's certificate, and a key of its."""
    place = tmp_path_factory.mktemp("keys")
    authority.write(place / "authority.pem")
    authority.give(place / "key.p12")
    return place


@pytest.fixture(scope="module")
def signer(folder: Path) -> Signer:
    return Signer(in_file(folder / "key.p12", PASSPHRASE))


@pytest.fixture(scope="module")
def checker(folder: Path) -> Checker:
    return Checker.load(folder / "authority.pem")


@pytest.fixture(scope="module")
def signed(signer: Signer) -> bytes:
    return signer.sign(sheet_pdf.pdf(made(SECURITY), signer=signer.name), Paper.SHEET)


def test_a_signed_sheet_is_valid_and_says_by_whom(signed: bytes, checker: Checker) -> None:
    """A sheet of ours is valid, names its signer in the check and on the page, and still reads the same."""
    checked = checker.check(signed)
    assert (checked.verdict, checked.signer, checked.paper) == (Verdict.VALID, SIGNER, Paper.SHEET)
    text = pdf_text(signed)
    assert f"Ký số bởi {SIGNER}" in text
    assert mismatches(SECURITY, "", text, dates(made(SECURITY))) == []


def test_an_unsigned_sheet_names_no_signer() -> None:
    """Only what is going to be signed says so."""
    assert "Ký số" not in pdf_text(sheet_pdf.pdf(made(SECURITY)))


def test_one_flipped_bit_is_refused(signed: bytes, checker: Checker) -> None:
    """Whichever bit is turned, anywhere in the file or within the signature itself, the file is not valid any more."""
    start, length, after, rest = map(int, RANGE.search(signed).groups())  # type: ignore[union-attr]
    chance = random.Random(9)
    places = [*range(length, length + 1600, 16), *(chance.randrange(len(signed)) for _ in range(100)), after, after - 1]
    for place in places:
        changed = bytearray(signed)
        changed[place] ^= 1 << chance.randrange(8)
        assert checker.check(bytes(changed)).verdict is not Verdict.VALID, place
    assert (start, after + rest) == (0, len(signed))


@pytest.mark.parametrize(
    ("before", "behind", "verdict"),
    [
        (b"", b"\n", Verdict.CHANGED),
        (b"", b"\n1 0 obj\n<<>>\nendobj\n", Verdict.CHANGED),
        (b"%PDF-1.7\n", b"", Verdict.CHANGED),
        (b" ", b"", Verdict.UNREADABLE),
    ],
)
def test_nothing_can_be_added(signed: bytes, checker: Checker, before: bytes, behind: bytes, verdict: Verdict) -> None:
    """What is put in front of a signed file or behind it is a change."""
    assert checker.check(before + signed + behind).verdict is verdict


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (b"", Verdict.UNREADABLE),
        (b"PK\x03\x04", Verdict.UNREADABLE),
        (b"%PDF-1.7\n", Verdict.NOT_SIGNED),
        (b"%PDF-1.7 /ByteRange", Verdict.CHANGED),
        (b"%PDF-1.7 /ByteRange [0 40 44 0]      <00>", Verdict.CHANGED),
        (b"%PDF-1.7 /ByteRange [0 999999999 1 1]<3082>", Verdict.CHANGED),
    ],
)
def test_a_file_of_anybody(content: bytes, verdict: Verdict, checker: Checker) -> None:
    """Whatever is brought, the check has an answer."""
    assert checker.check(content).verdict is verdict


def test_a_strangers_signature_is_not_ours(tmp_path: Path, checker: Checker, signed: bytes) -> None:
    """A whole signature of another authority is not ours, though it bears our name; nor is any without authorities."""
    stranger = Signer(in_file(Authority("Cơ quan chứng thực (thử nghiệm)").give(tmp_path / "k.p12"), PASSPHRASE))
    foreign = stranger.sign(sheet_pdf.pdf(made(SECURITY), signer=stranger.name))
    assert checker.check(foreign).verdict is Verdict.NOT_OURS
    assert Checker.load(None).check(signed).verdict is Verdict.NOT_OURS


def test_a_certificate_that_is_over_does_not_hold(tmp_path: Path, authority: Authority, checker: Checker) -> None:
    """A signature counts as long as its certificate does."""
    ended = Signer(in_file(authority.give(tmp_path / "k.p12", ends=-DAY / 2), PASSPHRASE))
    assert checker.check(ended.sign(sheet_pdf.pdf(made(SECURITY)))).verdict is Verdict.NOT_OURS


@pytest.mark.parametrize("passphrase", ["", "sai"])
def test_a_key_that_cannot_be_read_is_said_at_start(folder: Path, passphrase: str) -> None:
    """A wrong passphrase, a missing file and a file without certificates are bad settings."""
    with pytest.raises(BadSettings):
        in_file(folder / "key.p12", passphrase)
    with pytest.raises(BadSettings):
        in_file(folder / "none.p12", PASSPHRASE)
    with pytest.raises(BadSettings):
        Checker.load(folder / "key.p12")


# ---- on the web ----


def served(signer: Signer | None, checker: Checker | None) -> TestClient:
    """The site with two shipped procedures."""
    app: Starlette = create_app(MemoryTown().ports(), "secret", sheets.routes(signer, checker))
    return TestClient(app, headers={"accept": "text/html"})


def test_a_sheet_is_taken_from_its_address(signer: Signer, checker: Checker) -> None:
    """Anybody takes a signed sheet by its code, in usual and large print; browsers may keep it."""
    web = served(signer, checker)
    taken, large = web.get(f"/phieu/{SECURITY}.pdf"), web.get(f"/phieu/{SECURITY}.pdf?co_chu=lon")
    assert (taken.status_code, taken.headers["content-type"]) == (200, "application/pdf")
    assert taken.headers["cache-control"] == "public, max-age=600"
    assert "set-cookie" not in taken.headers
    assert [checker.check(item.content).verdict for item in (taken, large)] == [Verdict.VALID] * 2
    assert web.get(f"/phieu/{SECURITY}.pdf").content == taken.content


@pytest.mark.parametrize(
    "path", ["9.999999.pdf", f"{SECURITY}.pdf?truong_hop=khong-co", "%3Cscript%3E.pdf", "..%2f.pdf"]
)
def test_no_sheet_is_made_up(path: str) -> None:
    """An unknown code or case is not found."""
    assert served(None, None).get(f"/phieu/{path}").status_code == 404


def test_too_many_sheets_are_refused() -> None:
    """One address takes sixty in a minute, and is told in words when to come back."""
    web = served(None, None)
    answers = [web.get(f"/phieu/{SECURITY}.pdf") for _ in range(61)]
    assert [answer.status_code for answer in answers] == [*[200] * 60, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "chờ một phút" in answers[-1].text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda content: content, "Phiếu đúng"),
        (lambda content: content[:900] + bytes([content[900] ^ 1]) + content[901:], "Tệp đã bị sửa"),
        (lambda content: b"%PDF-1.7", "Tệp không có chữ ký số"),
        (lambda content: b"GIF89a", "Đây không phải tệp PDF"),
    ],
)
def test_a_file_is_checked_on_the_page(signed: bytes, checker: Checker, change: Any, says: str) -> None:
    """The page says in plain words what a file is; its type is read from its bytes, not from its name."""
    page = served(None, checker).post("/xac-minh-phieu", files={"phieu": ("a.pdf", change(signed), "application/pdf")})
    assert page.status_code == 200
    assert says in page.text


def test_the_check_takes_one_small_file_of_our_own_page(checker: Checker) -> None:
    """No file is said, a large one and another site's form are refused."""
    web = served(None, checker)
    assert "chưa chọn tệp" in web.post("/xac-minh-phieu", files={"phieu": ("", b"")}).text
    assert web.post("/xac-minh-phieu", files={"phieu": ("a.pdf", b"%PDF-" * MOST_BYTES)}).status_code == 413
    foreign = {"sec-fetch-site": "cross-site"}
    assert web.post("/xac-minh-phieu", files={"phieu": ("a.pdf", b"%PDF-")}, headers=foreign).status_code == 403


# ---- in the chat ----


def answered(aspects: tuple[str, ...], case_id: str = "", public_url: str = sheets.PUBLIC_URL) -> Reply:
    """The assistant's answer about residence."""
    procedure = record.procedure(RECORDS[RESIDENCE], reviewed=True)
    reply = compose(ProcedureFacts(Outcome.ANSWERED, procedure, aspects, case_id, TODAY), public_url=public_url)
    assert reply is not None
    return reply


@pytest.mark.parametrize(
    ("aspects", "case_id", "public_url", "link"),
    [
        (("documents",), "", sheets.PUBLIC_URL, "https://motcua.example/phieu/1.004222.pdf"),
        ((), OWN_HOUSE, sheets.PUBLIC_URL, ""),
        (("fee",), "", sheets.PUBLIC_URL, ""),
        (("documents",), "", "", ""),
    ],
)
def test_an_answer_about_papers_says_where_the_sheet_is(
    aspects: tuple[str, ...], case_id: str, public_url: str, link: str
) -> None:
    """An answer that asks for the case ends with the sheet's address, where ours is known; others have a button."""
    reply = answered(aspects, case_id, public_url)
    last = reply.blocks[-1]
    assert (last.kind, last.lines[0].rpartition(": ")[2] if "/phieu/" in last.lines[0] else "") == ("source", link)
    assert "".join(text for text, _ in telegram.render(reply)).count("/phieu/") == bool(link)


def test_a_stored_reply_keeps_its_case() -> None:
    """The case that an answer was about comes back from the database; a reply stored before there was one has none."""
    reply = answered((), OWN_HOUSE)
    stored = outbox.to_json(reply)
    assert outbox.from_json(stored) == reply
    del stored["sources"][0]["case_id"]
    assert outbox.from_json(stored).sources[0].case_id == ""


def test_the_web_chat_links_to_the_sheet() -> None:
    """The page names the sheet of each record in usual and large print, and the links lead to files."""
    web = served(None, None)
    web.get("/")
    web.post("/chat/form", data={"text": "Khai sinh?", "id": "6f1f6f0e-8d7a-4a3e-9f10-000000000001"})
    links = re.findall(r'href="(/phieu/[^"]+)"', web.get("/").text)
    assert links == ["/phieu/1.001193.pdf", "/phieu/1.001193.pdf?co_chu=lon"]
    assert {web.get(link).headers["content-type"] for link in links} == {"application/pdf"}


@pytest.mark.parametrize(
    ("code", "offered"), [("1.001193", 1), ("", 0), ("1.00119", 0), ("1.001193x", 0), ('"><script>', 0)]
)
def test_the_code_on_the_sheet_opens_the_chat(code: str, offered: int) -> None:
    """The page that the QR code opens offers the procedure as a button; nothing is sent before it is pressed."""
    page = served(None, None).get("/", params={"thu_tuc": code}).text
    assert page.count('name="button" value="p:') == offered
    assert "<script>" not in page.replace("<script src", "")


# ---- at the command line ----


@pytest.mark.parametrize("large", [[], ["--large"]])
def test_a_sheet_is_printed_and_verified_by_command(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], large: list[str]
) -> None:
    """`sheet` writes a signed file that `sheet verify` calls valid; with one bit turned it is refused with code 1."""
    keys = {"KEY_FILE": folder / "key.p12", "KEY_PASSPHRASE": PASSPHRASE, "AUTHORITY_FILE": folder / "authority.pem"}
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(tmp_path))
    for name, value in keys.items():
        monkeypatch.setenv(f"MOT_CUA_SHEET_{name}", str(value))
    path = tmp_path / "phieu.pdf"
    assert main(["sheet", RESIDENCE, "--case", OWN_HOUSE, *large, "-o", str(path)]) == 0
    assert main(["sheet", "verify", str(path)]) == 0
    path.write_bytes(path.read_bytes().replace(b"/Adobe.PPKLite", b"/Adobe.PPKLitf"))
    assert main(["sheet", "verify", str(path)]) == 1
    assert capsys.readouterr().out.split("\n")[1:3] == [f"valid: Phieu huong dan: {SIGNER}", "changed"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([RESIDENCE], 2),
        (["verify"], 2),
        ([RESIDENCE, "file.pdf", "-o", "x.pdf"], 2),
        (["9.999999", "-o", "x.pdf"], 1),
        ([RESIDENCE, "--case", "khong-co", "-o", "x.pdf"], 1),
        (["verify", "/khong-co.pdf"], 1),
    ],
)
def test_a_wrong_command_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    """What is missing or unknown is said in one line, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(tmp_path))
    assert main(["sheet", *words]) == code
    assert capsys.readouterr().err.startswith("error: ")
    assert list(tmp_path.glob("*.pdf")) == []


@pytest.mark.parametrize("url", ["motcua.example", "https://motcua.example/chat", "javascript:alert(1)", "https://a b"])
def test_a_public_address_is_an_origin(url: str) -> None:
    """What goes into QR codes and messages is a scheme and a host."""
    with pytest.raises(BadSettings, match="PUBLIC_URL"):
        settings.load({"MOT_CUA_PUBLIC_URL": url})
