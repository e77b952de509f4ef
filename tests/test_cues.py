"""Cues: aspects, counts, positions, former wards and English, found in short patterns on folded text."""

import pytest

from bot.compose import ENGLISH_FRAMES, compose
from bot.facts import PlainFacts
from bot.outcomes import Outcome
from bot.perform import emergency
from bot.wording import notes
from nlu import cues


def kinds(text):
    return {entity.kind: entity.value for entity in cues.entities(text)}


@pytest.mark.parametrize(
    ("text", "aspects"),
    [
        ("lam giay to gi va het bao nhieu tien", {"documents", "fee"}),
        ("mat may ngay", {"time"}),
        ("mat bao nhieu", {"fee"}),
        ("nop o dau", {"place"}),
        ("dang ky ket hon", set()),
        ("how much does it cost and how long", {"fee", "time"}),
    ],
)
def test_every_aspect_of_a_message_is_found(text, aspects):
    """Several aspects may be asked at once; "mấy ngày" is time, not money."""
    assert {aspect.value for aspect in cues.aspects(text)} == aspects


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("xóa dữ liệu của tôi", "forget"),
        ("xoá hết thông tin của em đi", "forget"),
        ("xoa het thong tin cua e di", "forget"),
        ("xóa giùm em cuộc trò chuyện này", "forget"),
        ("xóa hết những gì tôi đã nhắn", "forget"),
        ("cho em xóa tin nhắn này", "forget"),
        ("đừng lưu thông tin của tôi", "forget"),
        ("please delete my data", "forget"),
        ("dữ liệu nào của tôi đang được lưu", "kept"),
        ("thông tin của tôi được lưu bao lâu", "kept"),
        ("bot lưu những gì về tôi", "kept"),
        ("em có giữ lại tin nhắn không", "kept"),
        ("what data do you store about me", "kept"),
        ("xóa đăng ký thường trú", ""),
        ("xóa thế chấp", ""),
        ("xóa đăng ký thế chấp quyền sử dụng đất", ""),
        ("xoá tên trong hộ khẩu", ""),
        ("xóa thông tin của em trong sổ hộ khẩu", ""),
        ("xóa án tích", ""),
        ("xóa thông tin nợ xấu cic của tôi", ""),
        ("làm sao xóa dữ liệu của tôi trên vneid", ""),
        ("xoá nợ thuế cho hộ kinh doanh của em", ""),
        ("hủy hồ sơ của tôi", ""),
        ("thông tin đất đai của tôi lưu ở đâu", ""),
        ("nộp rồi bên phường có giữ gì không", ""),
        ("em nộp ở phường mà người ta nói thiếu nên em bực quá không làm nữa, thôi xóa dữ liệu của tôi đi", ""),
    ],
)
def test_own_data_is_told_from_registers(text, kind):
    """What is stored here is deleted or told on a plain sentence; to cross out of a register is a procedure."""
    assert [name for name in kinds(text) if name in ("forget", "kept")] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("text", "position"),
    [("2", "2"), ("số 9", "9"), ("cái thứ hai", "2"), ("option 3", "3"), ("con thứ hai nhà tôi mới sinh xong", None)],
)
def test_only_a_short_message_is_a_position(text, position):
    """A number or an ordinal alone chooses; one inside a story does not."""
    assert kinds(text).get("ordinal") == position


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("thôi theo dõi", True),
        ("Thoi khong theo doi nua em", True),
        ("ngưng theo dõi hồ sơ này", True),
        ("hủy theo dõi H29.19-260312-0005", True),
        ("không cần theo dõi nữa", True),
        ("đừng báo cho tôi nữa", True),
        ("khỏi nhắn tôi nữa", True),
        ("please stop tracking it", True),
        ("theo dõi hồ sơ ở đâu", False),
        ("không theo dõi được hồ sơ", False),
        ("tôi muốn theo dõi hồ sơ", False),
        ("báo mất giấy tờ", False),
    ],
)
def test_who_wants_to_be_told_no_more_is_heard(text, is_said):
    """Wanting no more notices is heard in any words; not being able to follow a dossier is another matter."""
    assert ("unfollow" in kinds(text)) is is_said


@pytest.mark.parametrize(
    ("text", "pages", "copies"),
    [("sao y 3 bản mỗi bản 10 trang", "10", "3"), ("photo 12 trang", "12", None), ("làm khai sinh", None, None)],
)
def test_pages_and_copies_are_counted(text, pages, copies):
    """What is wanted in number is read for the fee calculator."""
    assert (kinds(text).get("pages"), kinds(text).get("copies")) == (pages, copies)


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        ("phường Bến Nghé quận 1 giờ là phường nào", True),
        ("nhà tôi giờ thuộc phường nào", True),
        ("đăng ký tạm trú ở phường nào", False),
    ],
)
def test_a_question_about_a_former_ward_is_heard(text, is_asked):
    """Asking what a ward is called now is not asking where to file."""
    assert ("unit_question" in kinds(text)) is is_asked


@pytest.mark.parametrize(
    ("text", "is_english"),
    [
        ("How much does it cost to renew my passport?", True),
        ("I lost my driving licence, what should I do", True),
        ("cho toi hoi ve the can cuoc", False),
        ("em muốn làm passport online", False),
        ("passport", False),
    ],
)
def test_english_is_told_from_undiacritised_vietnamese(text, is_english):
    """Loan words and Vietnamese without diacritics are not English."""
    assert ("english" in kinds(text)) is is_english


@pytest.mark.parametrize("outcome", [Outcome.NOT_UNDERSTOOD, Outcome.HANDED_OFF, Outcome.SMALL_TALK])
def test_an_english_question_gets_an_english_frame(outcome):
    """The frame stands first, the reply itself behind it; without English there is none."""
    plain, framed = compose(PlainFacts(outcome)), compose(PlainFacts(outcome), english=True)
    assert plain is not None and framed is not None
    assert framed.blocks[0].lines == (notes()[ENGLISH_FRAMES[outcome]],)
    assert framed.blocks[1:] == plain.blocks


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("khong phai y em la xin ban sao chu khong phai lam moi", "xin ban sao"),
        ("nham roi em muon lam ho chieu", "em muon lam ho chieu"),
        ("no i mean the passport", "the passport"),
        ("khong phai", ""),
        ("ban sao khai sinh", ""),
    ],
)
def test_what_is_meant_after_taking_something_back(text, meant):
    """What follows counts, without what is expressly not meant."""
    assert cues.corrected(text) == meant


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("làm khai sinh cần gì và đăng ký tạm trú mấy ngày", ("làm khai sinh cần gì", "đăng ký tạm trú mấy ngày")),
        ("how do I get a passport and also register a motorbike", ("how do I get a passport", "register a motorbike")),
        ("làm khai sinh cho con trai và con gái", ()),
        ("nhà em ở quận 5. hôm qua trời mưa. đổi bằng lái ở đâu", ()),
    ],
)
def test_the_questions_of_a_message(text, questions):
    """Only what asks or wants something is a question of its own."""
    assert cues.questions(text) == questions


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("em ở Hà Nội thì làm tạm trú chỗ nào", True),
        ("which office in Da Nang issues passports", True),
        ("em quê ở Nghệ An lên Sài Gòn làm, đăng ký tạm trú sao", False),
        ("mua xe ở Đồng Nai giờ sang tên ở đây", False),
        ("làm hộ chiếu mấy ngày", False),
        ("quê em Đắk Lắk, sở giáo dục Đắk Lắk tuyển người khi nào", True),
        ("An Giang có chương trình cho vay của tỉnh không", True),
        ("thuong tru quan 8, chong o ca mau, lam giay ket hon o dau", False),
        ("mã số thuế cá nhân đăng ký ở đâu", False),
    ],
)
def test_a_matter_of_another_province(text, elsewhere):
    """Where somebody comes from is not where the matter is."""
    assert ("elsewhere" in kinds(text)) is elsewhere


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("nhà bên cạnh đang cháy", "114"),
        ("ba em đột quỵ bất tỉnh rồi", "115"),
        ("thằng cha đó đang đánh đứa nhỏ", "111"),
        ("có người cầm dao dọa giết", "113"),
        ("my house is on fire", "114"),
        ("giúp với", ""),
    ],
)
def test_the_emergency_number_that_applies(text, number):
    """By the words of the message; none when they tell nothing."""
    assert emergency(text) == number
