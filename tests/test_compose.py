"""Composing: every figure from the record, and what the record does not say is said to be unknown."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from bot.compose import compose
from bot.facts import ChoiceFacts, DossierFacts, DossiersFacts, PlainFacts, ProcedureFacts
from bot.messages import Answer, Block, MissingSource, Reply
from bot.outcomes import Outcome
from bot.procedure_reply import MOST_BUTTONS
from bot.progress import Clock, Progress
from bot.record_lines import document_line, fee_line, time_line
from bot.wording import blocks, shorten, vnd
from integrations.dossiers import Found
from knowledge.procedure import Document, Fee, Procedure, ProcessingTime
from nlu.understanding import Aspect
from tests.town import BIRTH, COPY, DOSSIER_CODE, IMPORTED, MORNING, RECORDS, RESIDENCE, TODAY, dossier, made

CASES = {"co_giay": "Có Giấy chứng sinh"}
NOT_PUBLISHED = "Cổng chưa công bố mức thu"
AMOUNT = re.compile(r"(\d[\d.]*) đồng")
ASPECTS = ((), *((aspect.value,) for aspect in Aspect))


def fee(**record: Any) -> Fee:
    """One fee of a record."""
    return made(COPY, fees=[record]).fees[0]


def duration(**record: Any) -> ProcessingTime:
    """One time limit of a record."""
    return made(COPY, times=[record]).times[0]


def answer(
    procedure: Procedure, aspects: tuple[str, ...] = (), case_id: str = "", on: date = TODAY, claimed: int | None = None
) -> Reply:
    """The reply about a procedure."""
    outcome = Outcome.ANSWERED if claimed is None else Outcome.PREMISE_CORRECTED
    reply = compose(ProcedureFacts(outcome, procedure, aspects, case_id, on, claimed))
    assert reply is not None
    return reply


def payloads(reply: Reply) -> list[str]:
    """What the buttons of a reply send back."""
    return [button.payload for button in reply.buttons]


def test_an_answer_needs_a_source() -> None:
    """An answer without the record it came from cannot be built."""
    with pytest.raises(MissingSource):
        Answer((Block("paragraph", ("Lệ phí 2.000 đồng",)),), ())


@pytest.mark.parametrize("code", RECORDS)
@pytest.mark.parametrize("aspects", ASPECTS, ids="-".join)
def test_every_answer_shows_its_record(code: str, aspects: tuple[str, ...]) -> None:
    """Every answer names the code, the first day and the day of the last check of the record it was read from."""
    procedure = made(code)
    reply = answer(procedure, aspects)
    assert [(source.code, source.checked_on) for source in reply.sources] == [(code, procedure.checked_on)]
    shown = [line for block in reply.blocks if block.kind == "source" for line in block.lines]
    for said in (code, f"{procedure.valid_from:%d/%m/%Y}", f"{procedure.checked_on:%d/%m/%Y}", procedure.decision):
        assert said in shown[0]


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({"status": "amount", "amount_vnd": 10_000}, "10.000 đồng"),
        ({"status": "amount", "amount_vnd": 1_500_000, "kind": "phi"}, "Phí 1.500.000 đồng"),
        ({"status": "amount", "amount_vnd": 2000, "kind": "le_phi", "per": "bản"}, "Lệ phí 2.000 đồng/bản"),
        ({"status": "amount", "amount_vnd": 2000, "text": "(tối đa 200.000)"}, "2.000 đồng (tối đa 200.000)"),
        ({"status": "amount", "amount_vnd": 2000, "basis": "1/TT-B"}, "2.000 đồng (theo 1/TT-B)"),
        ({"status": "free"}, "Không thu tiền"),
        ({"status": "free", "kind": "le_phi", "text": "Miễn."}, "Không thu lệ phí"),
        (
            {"status": "free", "kind": "phi", "text": "Miễn theo Nghị quyết 1."},
            "Không thu phí (Miễn theo Nghị quyết 1)",
        ),
        ({"status": "by_rule", "text": "Theo quy định của HĐND."}, "Theo quy định của HĐND"),
        ({"status": "by_rule", "text": "theo 2/TT-B", "basis": "2/TT-B"}, "Theo 2/TT-B"),
        ({"status": "unpublished"}, NOT_PUBLISHED),
        ({"status": "unpublished", "kind": "le_phi"}, NOT_PUBLISHED),
        ({"status": "amount", "amount_vnd": 2000, "channels": ["online"]}, "Nộp trực tuyến: 2.000 đồng"),
        ({"status": "free", "channels": ["counter", "online", "post"]}, "Không thu tiền"),
        ({"status": "amount", "amount_vnd": 2000, "case": "co_giay"}, "Có Giấy chứng sinh: 2.000 đồng"),
        ({"status": "amount", "amount_vnd": 2000, "valid_to": "2026-12-31"}, "2.000 đồng (đến hết ngày 31/12/2026)"),
    ],
)
def test_a_fee_is_said_as_the_record_has_it(record: dict[str, Any], line: str) -> None:
    """A fee is told with its kind, unit, case, channel, basis and last day, as far as the record gives them."""
    assert fee_line(fee(**record), CASES) == line


@pytest.mark.parametrize("amount_vnd", [None, 0])
@pytest.mark.parametrize("status", ["amount", "unpublished"])
def test_nothing_is_never_free(amount_vnd: int | None, status: str) -> None:
    """A missing or zero amount is never told as free: only the source's own words make a fee free."""
    assert fee_line(fee(status=status, amount_vnd=amount_vnd, kind="le_phi"), {}) == NOT_PUBLISHED


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({"amount": 7, "unit": "working_days"}, "7 ngày làm việc"),
        ({"amount": 7, "unit": "calendar_days"}, "7 ngày"),
        ({"amount": 0.5, "unit": "working_days"}, "0,5 ngày làm việc"),
        ({"amount": 4, "unit": "working_hours"}, "4 giờ làm việc"),
        ({"amount": 24, "unit": "hours"}, "24 giờ"),
        ({"amount": 2, "unit": "months", "text": "tối đa."}, "2 tháng – tối đa"),
        ({"amount": 1, "unit": "same_day", "text": "Trong ngày."}, "Trong ngày"),
        ({"text": "Theo lịch hẹn"}, "Theo lịch hẹn"),
        (
            {"amount": 3, "unit": "working_days", "channels": ["post"], "basis": "1/L"},
            "Nộp qua bưu chính: 3 ngày làm việc (theo 1/L)",
        ),
        ({"amount": 3, "unit": "hours", "valid_to": "2027-01-31"}, "3 giờ (đến hết ngày 31/01/2027)"),
    ],
)
def test_a_time_is_said_with_its_unit(record: dict[str, Any], line: str) -> None:
    """Working days, calendar days and hours are told apart in every time limit."""
    assert time_line(duration(**record), CASES) == line


def test_an_uncertain_unit_is_said() -> None:
    """Where the source does not tell working days from others, the answer says so beside the number."""
    line = time_line(duration(amount=5, unit="calendar_days", unit_certain=False), {})
    assert line.startswith("5 ngày (") and "chưa ghi rõ ngày làm việc" in line


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (Document("Tờ khai.", 1, 0, "", ""), "Tờ khai – 1 bản chính"),
        (Document("Ảnh", 0, 2, "", ""), "Ảnh – 2 bản sao"),
        (Document("Hợp đồng", 1, 2, "M1", "Còn hạn."), "Hợp đồng – 1 bản chính, 2 bản sao (mẫu M1). Còn hạn."),
        (Document("Giấy tờ tùy thân;", None, None, "", ""), "Giấy tờ tùy thân"),
        (Document("Lưu ý", 0, 0, "", ""), "Lưu ý"),
    ],
)
def test_a_paper_is_said_with_its_copies(document: Document, line: str) -> None:
    """A paper is told with originals, copies, form and note; a number the source does not give is not made up."""
    assert document_line(document) == line


@pytest.mark.parametrize(
    ("on", "amounts"),
    [
        (date(2026, 7, 17), []),
        (date(2026, 7, 18), ["20.000", "10.000"]),
        (date(2026, 12, 31), ["20.000", "10.000"]),
        (date(2027, 1, 1), ["20.000", "15.000"]),
    ],
)
def test_only_the_fees_of_the_day_are_told(on: date, amounts: list[str]) -> None:
    """A fee is told from its first day to its last one, and no day longer."""
    text = answer(made(RESIDENCE, fees=RECORDS[RESIDENCE]["fees"]), ("fee",), on=on).plain()
    assert AMOUNT.findall(text) == amounts
    assert ("đến hết ngày 31/12/2026" in text) == ("10.000" in amounts)


@pytest.mark.parametrize("code", RECORDS)
@pytest.mark.parametrize("aspects", [(), ("fee",), ("documents",), ("time", "legal_basis")], ids="-".join)
def test_every_amount_is_the_record_s(code: str, aspects: tuple[str, ...]) -> None:
    """Every amount of money in an answer is one of the record's of that day: nothing is rounded, added or left out."""
    procedure = made(code)
    told = {int(amount.replace(".", "")) for amount in AMOUNT.findall(answer(procedure, aspects).plain())}
    recorded = {fee.amount_vnd for fee in procedure.fees_on(TODAY) if fee.amount_vnd}
    in_words = {int(amount) for item in procedure.fees for amount in re.findall(r"(\d+) đồng", item.text)}
    assert told == (recorded | in_words if not aspects or "fee" in aspects else set())


@pytest.mark.parametrize(
    ("aspect", "words"),
    [
        ("documents", "chưa công bố danh sách giấy tờ"),
        ("fee", "Cổng chưa công bố mức phí"),
        ("time", "chưa công bố rõ thời gian giải quyết"),
        ("place", "chưa công bố nơi nhận hồ sơ"),
        ("conditions", "không nêu điều kiện"),
        ("result", "không nêu rõ kết quả"),
        ("legal_basis", "không nêu văn bản căn cứ"),
    ],
)
def test_what_the_record_leaves_out_is_said(aspect: str, words: str) -> None:
    """Where the record says nothing the answer says that it is not known, and offers an officer."""
    reply = answer(made(IMPORTED), (aspect,))
    assert words in reply.plain()
    assert payloads(reply)[-1] == "officer"


def test_an_open_point_is_told_where_it_belongs() -> None:
    """What the source leaves open about a part is told with that part, and not with others."""
    assert "Chưa rõ: chưa rõ mức giảm cho người cao tuổi" in answer(made(RESIDENCE), ("fee",)).plain()
    assert "Chưa rõ" not in answer(made(RESIDENCE), ("time",)).plain()


@pytest.mark.parametrize(
    ("procedure", "on", "words"),
    [
        (made(COPY), TODAY, []),
        (made(COPY, reviewed=False), TODAY, ["chưa được biên tập viên"]),
        (made(COPY, checked_on="2026-05-24"), date(2026, 11, 20), []),
        (made(COPY, checked_on="2026-05-24"), date(2026, 11, 21), ["đã lâu chưa được rà soát"]),
        (made(COPY, review_after_days=10), date(2026, 11, 12), ["đã lâu chưa được rà soát"]),
        (made(COPY, stale=True), TODAY, ["nhắc đến cấp huyện"]),
        (made(IMPORTED), date(2030, 1, 1), ["chưa được biên tập viên", "nhắc đến cấp huyện"]),
    ],
)
def test_a_doubtful_record_warns(procedure: Procedure, on: date, words: list[str]) -> None:
    """A record that nobody reviewed, that is due for review or that speaks of districts says so in every answer."""
    for aspects in ASPECTS:
        warnings = [block.lines[0] for block in answer(procedure, aspects, on=on).blocks if block.kind == "warning"]
        assert [word in line for word, line in zip(words, warnings, strict=True)] == [True] * len(words)


def test_the_case_is_asked_where_papers_are_many() -> None:
    """Where the cases decide about many papers the answer asks for the case, each case a button."""
    reply = answer(made(BIRTH), ("documents",))
    assert "Trẻ có Giấy chứng sinh không ạ?" in reply.plain()
    assert payloads(reply) == ["c:co_giay", "c:khong_giay", "officer"]
    assert "Văn bản của người làm chứng" not in reply.plain()


def test_few_papers_are_told_for_all_cases() -> None:
    """Where the papers of all cases are few they are all told, each behind its case."""
    few = made(BIRTH, documents=RECORDS[BIRTH]["documents"][:2])
    text = answer(few, ("documents",)).plain()
    assert "Có Giấy chứng sinh: Giấy chứng sinh – 1 bản chính" in text
    assert "Không có Giấy chứng sinh: Văn bản của người làm chứng – 1 bản chính, 2 bản sao" in text
    assert "Trẻ có Giấy chứng sinh không" not in text


@pytest.mark.parametrize(
    ("case_id", "paper", "other"),
    [("co_giay", "- Giấy chứng sinh –", "người làm chứng"), ("khong_giay", "- Văn bản của người", "- Giấy chứng sinh")],
)
def test_a_chosen_case_has_its_own_papers(case_id: str, paper: str, other: str) -> None:
    """The papers of a chosen case are the common ones and its own, never another case's."""
    text = answer(made(BIRTH), ("documents",), case_id).plain()
    assert all(f"Giấy tờ chung {number} –" in text for number in range(1, 10))
    assert paper in text and other not in text


def test_an_overview_is_short() -> None:
    """Who asked about nothing in particular reads the first papers, and how many there are besides."""
    text = answer(made(BIRTH)).plain()
    assert text.count("Giấy tờ chung") == 8 and "Còn 1 giấy tờ nữa" in text
    assert "Dành cho cha mẹ của trẻ mới sinh." in text
    assert "Còn" not in answer(made(BIRTH), ("documents",)).plain()


def test_buttons_offer_what_was_not_told() -> None:
    """The buttons under an answer are aspects it did not tell and the record can fill, the sheet, then the officer."""
    assert payloads(answer(made(RESIDENCE), ("fee",))) == [
        "a:documents",
        "a:time",
        "a:place",
        f"sheet:{RESIDENCE}",
        "officer",
    ]
    assert payloads(answer(made(COPY))) == [f"sheet:{COPY}", "officer"]
    assert all(len(answer(made(code)).buttons) <= MOST_BUTTONS for code in RECORDS)


def test_a_corrected_premise_shows_both_amounts() -> None:
    """A wrong amount is repeated, contradicted and followed by the record's."""
    text = answer(made(RESIDENCE), ("fee",), claimed=150_000).plain()
    assert text.startswith("Anh/chị nghe nói là 150.000 đồng.")
    assert AMOUNT.findall(text) == ["150.000", "20.000", "10.000"]


@pytest.mark.parametrize(("count", "question"), [(1, "Có phải"), (3, "việc nào dưới đây")])
def test_choices_are_numbered(count: int, question: str) -> None:
    """Offered procedures are numbered in the text as their buttons stand, with a way out at the end."""
    procedures = tuple(made(code) for code in (BIRTH, COPY, RESIDENCE)[:count])
    reply = compose(ChoiceFacts(Outcome.ASKED_WHICH, procedures))
    assert reply is not None and question in reply.plain()
    assert payloads(reply) == [*(f"p:{item.code}" for item in procedures), "none"]
    assert [line for block in reply.blocks if block.kind == "bullets" for line in block.lines] == [
        f"{number}. {item.name}" for number, item in enumerate(procedures, start=1)
    ]


@pytest.mark.parametrize(("clock", "words"), [(Clock.LATE, 1), (Clock.LEFT, 0)])
def test_a_dossier_is_told_without_its_person(clock: Clock, words: int) -> None:
    """A dossier is told with its state and days, a late one with a warning, and says that it hides personal data."""
    progress = Progress(clock, 3, dossier().due_on)
    reply = compose(DossierFacts(Outcome.DOSSIER_FOUND, Found(dossier(), MORNING), progress))
    assert reply is not None
    for shown in (
        "H29.19-260312-0005",
        "Đang xử lý",
        "19/03/2026",
        "09:00 ngày 21/11/2026",
        "không hiện thông tin cá nhân",
    ):
        assert shown in reply.plain()
    assert reply.plain().count("trễ hẹn 3 ngày làm việc") == words
    mine = [
        f"detail:{DOSSIER_CODE}",
        *[f"complain:{DOSSIER_CODE}"] * words,
        f"follow:{DOSSIER_CODE}",
        f"keep:{DOSSIER_CODE}",
        "officer",
    ]
    assert payloads(reply) == mine


def test_several_dossiers_are_told_one_after_the_other() -> None:
    """Each is told as it would be alone, in order, with a button to it; what was too much is said."""
    parts = (PlainFacts(Outcome.DOSSIER_NOT_FOUND, value="H29.19-260312-0006"), found_dossier())
    alone = [compose(part) for part in parts]
    reply = compose(DossiersFacts(Outcome.DOSSIER_FOUND, parts, 0))
    assert reply is not None and all(alone)
    assert reply.blocks == tuple(block for item in alone if item for block in item.blocks)
    assert payloads(reply) == [f"dossier:{DOSSIER_CODE}", "officer"]
    over = compose(DossiersFacts(Outcome.DOSSIER_FOUND, parts, 3))
    assert over is not None and "Còn 3 mã em chưa tra" in over.blocks[-1].lines[0]


def found_dossier() -> DossierFacts:
    """The town's dossier, found."""
    return DossierFacts(Outcome.DOSSIER_FOUND, Found(dossier(), MORNING), Progress(Clock.NONE))


def test_a_masked_number_is_said_to_be_masked() -> None:
    """Who sent a personal number is told that it was hidden, whatever the reply is."""
    plain, masked = (compose(PlainFacts(Outcome.NOT_UNDERSTOOD), masked=said) for said in (False, True))
    assert plain is not None and masked is not None
    assert masked.blocks[:-1] == plain.blocks and masked.buttons == plain.buttons
    assert masked.blocks[-1].kind == "warning" and "đã che số riêng tư" in masked.blocks[-1].lines[0]


def test_blocks_follow_their_marks() -> None:
    """Rendered lines become blocks by their marks, neighbouring bullets one block, empty lines none."""
    text = "# Đầu\n\nMột câu.\n- một\n  - hai\n! cẩn thận\n- ba\n~ Nguồn: 1\n-không\n#không"
    assert blocks(text) == (
        Block("heading", ("Đầu",)),
        Block("paragraph", ("Một câu.",)),
        Block("bullets", ("một", "hai")),
        Block("warning", ("cẩn thận",)),
        Block("bullets", ("ba",)),
        Block("source", ("Nguồn: 1",)),
        Block("paragraph", ("-không",)),
        Block("paragraph", ("#không",)),
    )
    assert blocks(" \n\n") == ()


@pytest.mark.parametrize(
    ("text", "length", "short"),
    [
        ("Đăng ký", 7, "Đăng ký"),
        ("Đăng ký khai sinh", 12, "Đăng ký…"),
        ("Đăng ký, khai sinh", 12, "Đăng ký…"),
        ("Đăngkýkhaisinh", 8, "Đăngkýk…"),
        ("", 5, ""),
    ],
)
def test_shortening_cuts_between_words(text: str, length: int, short: str) -> None:
    """A label that is too long is cut between words, and is never longer than asked."""
    assert shorten(text, length) == short
    assert len(short) <= length


@pytest.mark.parametrize(("amount_vnd", "text"), [(0, "0"), (999, "999"), (1000, "1.000"), (12_345_678, "12.345.678")])
def test_money_is_written_the_vietnamese_way(amount_vnd: int, text: str) -> None:
    """Money is grouped with dots and followed by its unit."""
    assert vnd(amount_vnd) == f"{text} đồng"
