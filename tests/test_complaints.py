"""Complaints: told in a short form that loses nothing, kept beside the talk, forwarded and answered within limits."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import complaint, desks, forwarding, retention, tables
from bot.assistant import Turn
from bot.breaches import NOTED
from bot.complaint import Form, Step, Wish
from bot.conversation import Conversation
from bot.decide import SHORT_REPLY, decide
from bot.decisions import AskComplaint, Decision, DropComplaint, TakeComplaint
from bot.errors import BadData
from bot.facts import ComplaintFacts
from bot.forwarding import Counted, Span
from bot.messages import Kind
from bot.outbox import Outbox
from bot.outcomes import Outcome
from bot.places import located
from bot.staffing import Staffing
from bot.ticket import Ending, Refusal, Stage, Why, find_code
from bot.utterance import LONGEST_READ, admit
from nlu.understanding import Aspect, Understanding
from tests import town
from tests.test_clocks import CALENDAR, at
from tests.test_timers import LAN, MINH, OFFICE, Place
from tests.town import DOSSIER_CODE, understood

STORY = "cán bộ quầy số 2 quát mẹ tôi trước mặt mọi người"
SENT = "complaint:send"
TOLD = Form(STORY, "phường Bến Thành", "26743", "hôm qua", step=Step.CHECK)


@pytest.fixture
def place(database: object) -> Place:
    """A Monday morning with two officers at the desk for everyone."""
    return Place(database, desks.load())  # type: ignore[arg-type]


# What is told


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("gửi", Wish.SEND),
        ("Gửi luôn đi", Wish.SEND),
        ("gui phan anh", Wish.SEND),
        ("thôi, không gửi nữa", Wish.DROP),
        ("Huỷ phản ánh", Wish.DROP),
        ("đừng gửi", Wish.DROP),
        ("bỏ qua", Wish.SKIP),
        ("không rõ", Wish.SKIP),
        ("tôi không nhớ", Wish.SKIP),
        ("ko biet", Wish.SKIP),
        ("gửi tiếp phản ánh", Wish.ON),
        ("tiếp tục", Wish.ON),
        ("tôi gửi hồ sơ ba lần", None),
        ("không rõ lý do trả hồ sơ", None),
        ("bỏ qua lời tôi nói", None),
        ("họ không gửi giấy hẹn", None),
        ("", None),
    ],
)
def test_a_wish_is_heard_alone(text: str, wish: Wish | None) -> None:
    """Words about the form itself are a wish only when the message says nothing else."""
    assert complaint.wish(text) is wish


@pytest.mark.parametrize(
    ("form", "step"),
    [
        (Form("a", step=Step.PLACE), Step.PLACE),
        (Form(f"ở Phường Bến Thành, {STORY}", step=Step.PLACE), Step.TIME),
        (Form(f"ở Sài Gòn, {STORY}", step=Step.PLACE), Step.PLACE),  # the whole City, perhaps
        (Form("a", dossier=DOSSIER_CODE, step=Step.TIME), Step.CHECK),
        (Form(f"tại Phường Bến Thành, {STORY}", dossier=DOSSIER_CODE, step=Step.PLACE), Step.CHECK),
        (Form("a", time="hôm qua ở phường Bến Thành", step=Step.PLACE), Step.CHECK),
        (Form("a", step=Step.WHAT), Step.WHAT),
    ],
)
def test_what_was_told_is_not_asked_for(form: Form, step: Step) -> None:
    """A place in the story and a dossier's code are heard where they are said."""
    assert located(form).step is step


@pytest.mark.parametrize(
    ("answer", "unit", "shown"),
    [
        ("phường Bến Thành", "26743", "phường Bến Thành"),
        ("Bến Thành", "26743", "Bến Thành"),
        ("quầy số 2", "", "quầy số 2"),
        ("không ở phường nào", "", "không ở phường nào"),
        ("họ bảo thiếu giấy rồi đuổi về", "", ""),
        ("ở ủy ban gần chợ, đi vào hẻm bên phải", "", "ở ủy ban gần chợ, đi vào hẻm bên phải"),
        ("ở đó " + "tôi tới ba lần rồi mà " * 5, "", ""),
    ],
)
def test_a_place_is_named_or_more_of_the_story(answer: str, unit: str, shown: str) -> None:
    """A unit is found in the answer; a long answer that names none belongs to the story. Its words stay in any case."""
    answer = answer.strip()
    form = located(Form("chậm", step=Step.PLACE).answered(answer))
    assert (form.unit, form.place, form.step) == (unit, shown, Step.TIME)
    assert answer in f"{form.what} {form.place}"


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("tôi muốn phản ánh cán bộ", Step.WHAT),
        ("toi can khieu nai ve viec nay duoc khong", Step.WHAT),
        ("tôi muốn khiếu nại cán bộ ở phường", Step.WHAT),
        ("cán bộ phường để tôi chờ ba tiếng", Step.PLACE),
        (f"tôi muốn phản ánh {STORY}", Step.PLACE),
    ],
)
def test_saying_that_one_complains_tells_nothing(text: str, step: Step) -> None:
    """Who only says that they complain is asked what happened; who tells it is not; the words stay in any case."""
    assert complaint.begun(text) == Form(text, step=step)


@pytest.mark.parametrize(
    ("text", "is_question"),
    [
        ("lệ phí khai sinh bao nhiêu vậy", True),
        ("còn kết hôn thì nộp ở đâu ạ", True),
        ("làm thẻ căn cước có phải đóng tiền?", True),
        ("lệ phí thường trú", True),
        ("phường không niêm yết lệ phí kết hôn, thu của tôi 200 nghìn", False),
        ("hỏi nộp ở đâu thì họ bảo tự đi mà tìm", False),
    ],
)
def test_a_story_is_no_question(text: str, is_question: bool) -> None:
    """Words in the middle of a complaint are a question when they are put as one, or say next to nothing."""
    assert complaint.is_question(text) is is_question


sayings = st.text("abcđêơ số 2,.?", min_size=1, max_size=40).filter(str.strip) | st.sampled_from(
    [STORY, "không rõ", "gửi luôn", "thôi", "có", "phường Bến Thành", DOSSIER_CODE, "lệ phí thường trú", "x " * 1500]
)
INTENTS = ["complaint", "affirm", "deny", "ask_fee", "dossier_status", "off_topic", "scam", "greet", "?"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(sayings, st.sampled_from(INTENTS), st.booleans()), min_size=1, max_size=8))
def test_the_form_never_loses_what_was_said(said: list[tuple[str, str, bool]]) -> None:
    """What is said while a complaint is told is a part of it, a wish, or something else that leaves it whole."""
    script = town.Script({admit(town.message(text)).text: _meaning(*rest) for text, *rest in said})
    assistant, conversation, kept = town.assistant(script), Conversation(form=Form()), list[str]()
    conversation = _turn(assistant, "complaint:on", conversation, Kind.BUTTON).conversation
    for text, _, _ in said:
        turn = _turn(assistant, text, conversation)
        match turn.facts:
            case ComplaintFacts(outcome, form):
                is_told = outcome is not Outcome.COMPLAINT_TAKEN and not _is_wish(turn)
                kept += [turn.utterance.text.rstrip(". ")] if is_told else []
                whole = f"{form.what} {form.place} {form.time} {form.dossier}"
                assert [words for words in kept if words not in whole] == []
            case facts:
                is_dropped = facts.outcome is Outcome.COMPLAINT_DROPPED
                assert turn.conversation.form == (None if is_dropped else conversation.form)
        conversation = turn.conversation
        if conversation.form is None:
            return


def _is_wish(turn: Turn) -> bool:
    meaning, words = turn.understanding, turn.utterance.text
    plain = meaning is not None and meaning.intent in ("affirm", "deny") and len(words.split()) <= SHORT_REPLY
    return plain or complaint.wish(words) is not None


def _meaning(intent: str, asks: bool) -> Understanding:
    candidates, aspects = ({town.RESIDENCE: 0.9}, (Aspect.FEE,)) if asks else ({}, ())
    return understood(intent=intent, aspects=aspects, candidates=candidates)


def _turn(assistant: object, text: str, conversation: Conversation, kind: Kind = Kind.TEXT) -> Turn:
    utterance = admit(town.message(text, kind=kind))
    return assistant.turn(utterance, conversation, date(2026, 11, 23))  # type: ignore[attr-defined,no-any-return]


def _decided(text: str, meaning: Understanding | None, form: Form | None, *, asked: bool = True) -> Decision:
    conversation = _turn(town.assistant(), "complaint:on", Conversation(form=form), Kind.BUTTON).conversation
    conversation = conversation if asked else conversation.with_(awaiting=Conversation().awaiting)
    kind = Kind.BUTTON if meaning is None else Kind.TEXT
    return decide(admit(town.message(text, kind=kind)), meaning, conversation, town.RULES)


NO, YES, NOTHING = understood("không", "deny"), understood("có", "affirm"), understood("x", confidence=0.0)
AT_PLACE, AT_TIME = Form("chậm", step=Step.PLACE), Form("chậm", step=Step.TIME)


@pytest.mark.parametrize(
    ("text", "meaning", "form", "decision"),
    [
        ("không", NO, Form(), DropComplaint()),
        ("không", NO, AT_PLACE, AskComplaint(AT_PLACE.passed())),
        ("không", NO, AT_TIME, AskComplaint(AT_TIME.passed())),
        ("không", NO, TOLD, DropComplaint()),
        ("có", YES, TOLD, TakeComplaint(TOLD)),
        ("có", YES, AT_PLACE, AskComplaint(AT_PLACE.answered("có"))),
        ("gửi luôn", NOTHING, AT_PLACE, TakeComplaint(AT_PLACE)),
        ("và còn đòi tiền", NOTHING, TOLD, AskComplaint(TOLD.more("và còn đòi tiền"))),
        (DOSSIER_CODE, understood(entities={"dossier_code": DOSSIER_CODE}), AT_TIME, AskComplaint(
            Form("chậm", dossier=DOSSIER_CODE, step=Step.CHECK))),
        ("complaint:send", None, AT_TIME, TakeComplaint(AT_TIME)),
        ("complaint:drop", None, AT_TIME, DropComplaint()),
        ("complaint:skip:time", None, AT_TIME, AskComplaint(AT_TIME.passed())),
        ("complaint:skip:place", None, AT_TIME, AskComplaint(AT_TIME)),  # pressed twice
        ("complaint:on", None, AT_TIME, AskComplaint(AT_TIME)),
    ],
)  # fmt: skip
def test_what_a_reply_to_the_form_means(
    text: str, meaning: Understanding | None, form: Form, decision: Decision
) -> None:
    """A no skips a question or drops the whole, a yes confirms it, a code is the dossier's; buttons do it at once."""
    assert _decided(text, meaning, form) == decision


def test_a_text_too_long_to_read_is_told_all_the_same() -> None:
    """A long story is kept as an answer though no engine reads it."""
    story = "chờ mãi " * 300
    assert len(story) > LONGEST_READ
    decision = _decided(story, NOTHING, Form())
    assert decision == AskComplaint(Form(" ".join(story.split()), step=Step.PLACE))


def test_after_something_else_only_a_wish_is_heard() -> None:
    """While the talk is about something else the form waits; words to send, drop or go on with it are heard."""
    assert _decided("gửi luôn", NOTHING, AT_TIME, asked=False) == TakeComplaint(AT_TIME)
    assert _decided("thôi không gửi", NOTHING, AT_TIME, asked=False) == DropComplaint()
    assert not isinstance(_decided("hôm qua", NOTHING, AT_TIME, asked=False), AskComplaint | TakeComplaint)
    more = understood("họ còn đòi tiền", "complaint")
    assert _decided("họ còn đòi tiền", more, AT_TIME, asked=False) == AskComplaint(AT_TIME.more("họ còn đòi tiền"))


# What is owed


def file(place: Place, who: str = "an") -> str:
    """A complaint is sent with one press; what the citizen is told."""
    return place.says(f"complain:{DOSSIER_CODE}", who, Kind.BUTTON)


def owed(place: Place, ticket_id: int = 1) -> dict[str, datetime | None]:
    """The limits that run."""
    return {clock.limit.value: clock.due_at for clock in place.desk.clocks(ticket_id) if clock.stopped_at is None}


@pytest.mark.parametrize(
    ("filed", "unclear", "agencies", "due"),
    [
        ("23 09:00", None, 0, {"forwarding": "23 09:05"}),
        ("23 11:28", None, 0, {"forwarding": "23 13:03"}),  # over lunch
        ("22 22:00", None, 0, {"forwarding": "23 07:35"}),  # at night
        ("23 09:00", "23 09:03", 0, {"unclear_forwarding": "23 10:00"}),
        ("23 09:00", "23 09:30", 0, {"unclear_forwarding": "23 10:00"}),  # too late, but not twice the time
        ("23 09:00", None, 1, {"agency_answer": "2026-12-03 09:00"}),
        ("23 09:00", None, 2, {"agency_answer": "2026-12-08 09:00"}),
        ("23 09:00", "23 09:03", 3, {"agency_answer": "2026-12-08 09:03"}),
    ],
)
def test_the_limits_of_the_rules(
    place: Place, filed: str, unclear: str | None, agencies: int, due: dict[str, str]
) -> None:
    """Forwarded in 5 minutes, in an hour where the authority is unclear; answered in 10 days, 15 by several agencies.

    Minutes are of the desk's working time, days of the calendar; nothing else is owed on a complaint.
    """
    place.clock.at = at(filed)
    file(place)
    place.desk.claim(1, LAN)
    if unclear:
        place.clock.at = at(unclear)
        place.desk.mark_unclear(1, LAN)
    if agencies:
        place.desk.forward(1, LAN, [f"Sở {number}" for number in range(agencies)])
    assert owed(place) == {limit: at(when) for limit, when in due.items()}


def test_an_agency_more_gives_the_longer_limit(place: Place) -> None:
    """A second agency later makes it 15 days from the first forwarding; the same one again changes nothing."""
    file(place)
    place.desk.claim(1, LAN)
    for agencies, days in ((["Sở A"], 10), (["Sở A"], 10), (["Sở B"], 15)):
        place.desk.forward(1, LAN, agencies)
        place.clock.move(3600)
        assert owed(place) == {"agency_answer": at("23 09:00") + timedelta(days=days)}
    assert place.desk.complaint(1).track.agencies == ("Sở A", "Sở B")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        (Span(timedelta(days=10), Counted.CALENDAR), "23 09:00", "2026-12-03 09:00"),
        (Span(timedelta(days=2), Counted.WORKING_DAYS), "23 09:00", "26 17:00"),  # the 24th is a holiday
        (Span(timedelta(minutes=5), Counted.DESK), "23 11:28", "23 13:03"),
        (Span(timedelta(minutes=5), Counted.CALENDAR), "23 11:28", "23 11:33"),
    ],
)
def test_whose_time_counts_is_data(span: Span, start: str, end: str) -> None:
    """A limit runs in the desk's time, the calendar's, or to the end of a working day, as the file says."""
    assert span.after(at(start), desks.load().everyone.calendar) == at(end)
    assert CALENDAR.zone is at(start).tzinfo


@pytest.mark.parametrize(
    "change",
    [
        {"warn_at_percent": 100},
        {"limits": {}},
        {"limits": {"forward": {"minutes": 5, "counted": "moon"}}},
        {"limits": {**complaint.content()["limits"], "answer": {"days": 15, "counted": "calendar"}}},
        {"limits": {**complaint.content()["limits"], "forward": {"minutes": 0, "counted": "desk"}}},
    ],
    ids=str,
)
def test_bad_limits_are_refused(change: dict[str, object]) -> None:
    """A limit that is none, missing, or longer than the one that stands in for it is an error of the data."""
    with pytest.raises(BadData, match="complaints"):
        forwarding.read({**complaint.content(), **change})


def test_warned_before_and_breached_after(place: Place) -> None:
    """Each limit is one warning and one breach with its cause, for the lead; nothing of it is told to the citizen."""
    file(place)
    said = place.until("23 09:10")
    place.desk.claim(1, LAN)
    place.desk.forward(1, LAN, ["Sở Nội vụ"])
    place.clock.at = at("2026-12-01 10:00")
    place.timers.step()
    place.clock.at = at("2026-12-03 09:30")
    place.timers.step()
    noted = [row["text"].split(" ") for row in town.rows(place.store, tables.ticket_event) if row["kind"] in NOTED]
    found = [(limit, cause) for limit, _, cause in noted]
    late = [("forwarding", "not_claimed"), ("agency_answer", ""), ("agency_answer", "agency_silent")]
    assert [one for one in found if one != ("forwarding", "")] == late and said == []


# What becomes of it


def test_nobody_waits_in_the_talk(place: Place) -> None:
    """Whoever complained has a code and the limits of the rules, and the assistant goes on answering."""
    told = file(place)
    code = place.ticket().code
    assert find_code(told) == code and place.ticket().state.stage is Stage.FILED
    assert all(part in told for part in ("5 phút", "1 giờ", "10 ngày", "15 ngày", "Quy chế Cổng thông tin 1022"))
    assert "Đăng ký khai sinh" in place.says("khai sinh")
    place.desk.claim(1, LAN)
    assert "Đăng ký khai sinh" in place.says("khai sinh")
    assert place.desk.take_next(MINH) is None


def test_a_complaint_passes_its_own_desk(place: Place) -> None:
    """A complaint goes to the desk for everyone, whatever it is about, and waits in its queue with the others."""
    Staffing(place.store).join("ho_tich_ben_thanh", MINH)
    place.says("khai sinh")
    place.says("tôi muốn phản ánh")
    file(place)
    assert place.ticket().state.desk == OFFICE and place.desk.take_next(MINH) is None
    assert "vị trí thứ 2" in place.says("gặp cán bộ", "binh")
    assert [place.desk.take_next(LAN), place.desk.take_next(LAN)] == [1, 2]


def test_a_code_tells_where_it_is(place: Place) -> None:
    """Filed, seen, unclear, forwarded to whom and when, answered: never what was said, nor a day nobody promised."""
    file(place)
    code, told = place.ticket().code, []
    acts = [
        lambda: None,
        lambda: place.desk.claim(1, LAN),
        lambda: place.desk.mark_unclear(1, LAN),
        lambda: place.desk.forward(1, LAN, ["Sở Nội vụ"]),
        lambda: place.desk.answer(1, LAN, "Bí mật."),
    ]
    for act in acts:
        act()
        told.append(place.says(code, "binh"))
    words = [
        "đang chờ cán bộ xem",
        "Cán bộ đang xem",
        "đang tìm cơ quan",
        "Sở Nội vụ lúc 09:00",
        "đã có trả lời lúc 09:00",
    ]
    assert [word in text for word, text in zip(words, told, strict=True)] == [True] * 5
    assert "10 ngày" in told[3] and "03/12" not in told[3] and "Bí mật" not in "".join(told)


def test_the_answer_reaches_the_citizen(place: Place) -> None:
    """Where it went and what the agency answered is told in the talk; then it is closed."""
    file(place)
    place.desk.claim(1, LAN)
    place.desk.forward(1, LAN, ["Sở Nội vụ", "Sở Y tế"])
    assert "Sở Nội vụ, Sở Y tế" in town.replies(place.store)[-1] and "15 ngày" in town.replies(place.store)[-1]
    place.desk.answer(1, LAN, "Đã nhắc nhở.\nXin lỗi bà.")
    told = town.replies(place.store)[-1]
    assert "Đã nhắc nhở." in told and "Xin lỗi bà." in told and place.ticket().state.ending is Ending.ANSWERED
    assert owed(place) == {}


def test_a_complaint_and_an_officer_at_once(place: Place) -> None:
    """Whoever has complained may wait for an officer about something else: each is a ticket of its own."""
    file(place)
    place.says("gặp cán bộ")
    assert [place.ticket(number).state.stage for number in (1, 2)] == [Stage.FILED, Stage.QUEUED]
    place.desk.claim(1, LAN)
    refused = place.desk.ask(1, LAN, "Ngày nào ạ?", "k")
    assert not refused and "Ngày nào" not in "".join(town.replies(place.store)), "the talk is another ticket's"
    place.desk.claim(2, MINH)
    place.desk.resolve(2, MINH)
    assert place.desk.ask(1, LAN, "Ngày nào ạ?", "k2") and place.says("hôm qua") == ""
    assert place.ticket().state.stage is Stage.OFFICER


def test_silence_does_not_end_a_complaint(place: Place) -> None:
    """Who does not answer what an officer needs to know gets the assistant back, and the complaint goes on."""
    file(place)
    place.desk.claim(1, LAN)
    place.desk.ask(1, LAN, "Ngày nào ạ?", "k")
    assert place.until("26 09:00") == []
    assert place.ticket().state.stage is Stage.BESIDE and "Đăng ký khai sinh" in place.says("khai sinh")


def test_who_stops_waiting_does_not_withdraw(place: Place) -> None:
    """A complaint that was reopened stays at the desk when the citizen goes back to the assistant."""
    file(place)
    place.desk.claim(1, LAN)
    place.desk.answer(1, LAN, "Đã xử lý.")
    place.desk.reopen(1, MINH)
    assert place.ticket().state.stage is Stage.QUEUED
    place.says("stay", kind=Kind.BUTTON)
    assert place.ticket().state.stage is Stage.FILED and place.desk.take_next(MINH) == 1


@pytest.mark.parametrize("stage", [Stage.QUEUED, Stage.CITIZEN, Stage.OFFICER])
def test_whoever_leaves_does_not_withdraw(place: Place, stage: Stage) -> None:
    """A citizen who shuts the channel leaves the complaint with its desk, or with the officer who has it."""
    file(place)
    place.desk.claim(1, LAN)
    if stage is Stage.QUEUED:
        place.desk.answer(1, LAN, "Đã xử lý.")
        place.desk.reopen(1, LAN)
    else:
        place.desk.ask(1, LAN, "Ngày nào ạ?", "k")
        place.says("hôm qua") if stage is Stage.OFFICER else None
    assert place.ticket().state.stage is stage
    outbox = Outbox(place.store)
    delivery = outbox.take("webchat", place.clock(), "an")
    assert delivery is not None
    outbox.close_conversation(delivery, place.clock())
    assert place.ticket().state.stage is (Stage.FILED if stage is Stage.QUEUED else Stage.BESIDE)


def test_only_complaints_are_forwarded(place: Place) -> None:
    """Another matter knows no agencies."""
    place.says("gặp cán bộ")
    place.desk.claim(1, LAN)
    for refused in (
        place.desk.forward(1, LAN, ["Sở"]),
        place.desk.mark_unclear(1, LAN),
        place.desk.answer(1, LAN, "x"),
    ):
        assert refused == Refusal(Why.NOT_NOW)
    assert place.events() == ["opened", "claimed"]


def test_a_complaint_that_is_not_answered_is_kept(place: Place) -> None:
    """Ninety days of silence delete no complaint that is still open; once it is closed, all of it goes."""
    file(place)
    later = place.clock() + retention.KEEP + timedelta(days=1)
    assert retention.delete_old(place.store, later) == 0
    place.desk.claim(1, LAN)
    place.desk.answer(1, LAN, "Đã xử lý.")
    assert retention.delete_old(place.store, later) == 1
    assert town.rows(place.store, tables.complaint) == town.rows(place.store, tables.ticket) == []


def test_whoever_has_all_deleted_keeps_an_unanswered_complaint(place: Place) -> None:
    """The talk goes at once; the complaint stays until it is answered, as the question before it says."""
    file(place)
    assert "Phản ánh đã gửi" in place.says("forget", kind=Kind.BUTTON)
    place.says("forget:yes", kind=Kind.BUTTON)
    assert "Mã yêu cầu: YC-" in town.replies(place.store)[-1]
    assert len(town.rows(place.store, tables.complaint)) == len(town.rows(place.store, tables.ticket)) == 1
    assert not any(row["text"] for row in town.rows(place.store, tables.inbox))


def test_the_tables_go_back(place: Place) -> None:
    """The migration can be taken back: open complaints are closed, and a conversation has one open ticket again."""
    file(place)
    place.says("gặp cán bộ")
    with place.store.engine.connect() as connection:
        town.migrate(connection, "0008", down=True)
        states = connection.execute(sa.text("SELECT state FROM ticket ORDER BY id")).scalars().all()
        town.migrate(connection, "head")
    assert states == ["closed", "queued"]
