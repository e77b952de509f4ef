"""What could tell who asked is hidden, and what tells what was asked stays."""

from __future__ import annotations

import pytest

from bot.lost_questions import clean
from nlu import identifying

HIDDEN = [
    ("tôi tên Nguyễn Văn Hùng, làm căn cước ở đâu", "tôi tên ‹tên›, làm căn cước ở đâu"),
    ("em ten lan muon doi can cuoc", "em ten ‹tên› muon doi can cuoc"),
    ("toi ten tran minh anh sinh nam 1990 o binh thanh", "toi ten ‹tên› sinh nam ‹ngày sinh› o binh thanh"),
    ("ho ten: le thi hoa, xin ct07", "ho ten: ‹tên›, xin ct07"),
    ("em là phạm thị bé, xin trích lục", "em là ‹tên›, xin trích lục"),
    ("con tên Bảo sinh ngày 5/11/2026 chưa khai sinh", "con tên ‹tên› sinh ngày ‹ngày sinh› chưa khai sinh"),
    ("hồ sơ của bà Trần Thị Mai tới đâu", "hồ sơ của bà ‹tên› tới đâu"),
    ("Lê Hoàng Nam nộp rồi", "‹tên› nộp rồi"),
    ("my name is John Carter and I need a permit", "my name is ‹tên› and I need a permit"),
    ("nhà em số nhà 12 lê lợi, phường Bến Thành", "nhà em ‹địa chỉ›, phường Bến Thành"),
    ("em ở 45/6 đường số 8 phường Tân Phú thì nộp đâu", "em ở ‹địa chỉ› phường Tân Phú thì nộp đâu"),
    ("tui ở hẻm 212 muốn xin số", "tui ở ‹địa chỉ› muốn xin số"),
    ("chung cư A12.05 bầu ban quản trị", "chung cư ‹địa chỉ› bầu ban quản trị"),
    ("hồ sơ H29.19-260312-0005 sao lâu quá", "hồ sơ ‹mã số› sao lâu quá"),
    ("phiếu HT-7K3M-Q4XA chưa ai gọi", "phiếu ‹mã số› chưa ai gọi"),
    ("xe 59X1-234.56 sang tên", "xe ‹mã số› sang tên"),
    ("mã 1234567 của em", "mã ‹mã số› của em"),
]
KEPT = [
    "làm giấy khai sinh cho bé cần giấy tờ gì",
    "đổi tên con trong giấy khai sinh",
    "cải chính tên mẹ ghi sai trên giấy khai sinh",
    "đăng ký tên công ty",
    "LÀM LÝ LỊCH TƯ PHÁP Ở ĐÂU",
    "Lý lịch tư pháp làm ở Thành phố Hồ Chí Minh",
    "em là hộ nghèo thì có được giảm lệ phí không",
    "thủ tục 1.001193 phí 1.500.000 đồng phải không",
    "đóng 150000 đồng ở đâu",
    "địa chỉ nộp hồ sơ ở đâu",
    "theo quyết định 59/2020/QH14",
    "quy hoạch đô thị của khu này",
]


@pytest.mark.parametrize(("text", "hidden"), HIDDEN)
def test_who_asked_is_hidden(text: str, hidden: str) -> None:
    """Names, homes, days of birth, codes and plates have a placeholder in their place."""
    assert identifying.hide(text) == hidden


@pytest.mark.parametrize("text", KEPT)
def test_what_was_asked_stays(text: str) -> None:
    """A question that tells of nobody is not touched."""
    assert identifying.hide(text) == text


@pytest.mark.parametrize("text", [text for text, _ in HIDDEN])
def test_hiding_twice_changes_nothing(text: str) -> None:
    """What is hidden stays as it is."""
    once = clean(text)
    assert clean(once) == once


def test_numbers_go_first() -> None:
    """Both passes together leave neither the number nor the name."""
    assert (
        clean("em tên Hoa, sđt 0903123456, cccd 079201234567")
        == "em tên ‹tên›, sđt ‹số điện thoại›, cccd ‹số định danh›"
    )
