"""Families: procedures that differ by a qualifier only."""

import pytest

from bot.compose import qualifiers
from nlu.families import are_siblings

MARRIAGE, FOREIGN = "Đăng ký kết hôn", "Đăng ký kết hôn có yếu tố nước ngoài"


@pytest.mark.parametrize(
    ("first", "second", "siblings"),
    [
        (MARRIAGE, FOREIGN, True),
        ("Đăng ký khai sinh", "Đăng ký lại khai sinh", True),
        ("Đăng ký khai tử lưu động", "Thủ tục đăng ký khai tử (cấp xã)", True),
        (MARRIAGE, "Đăng ký khai sinh", False),
        ("Thủ tục", "Thủ tục", False),
    ],
)
def test_siblings_differ_by_a_qualifier_only(first, second, siblings):
    """Special words, brackets and small words do not make another family; a name of nothing else has none."""
    assert are_siblings(first, second) is siblings


def test_a_family_is_asked_about_by_what_tells_its_members_apart():
    """The shared beginning is said once; the plain member is the usual case."""
    shared, labels = qualifiers([MARRIAGE, FOREIGN, "Đăng ký kết hôn lưu động"])
    assert shared == MARRIAGE
    assert labels == ["Trường hợp thông thường", "Có yếu tố nước ngoài", "Lưu động"]


def test_names_without_a_shared_beginning_stay_whole():
    """What is left of the names would tell nothing."""
    assert qualifiers(["Đăng ký lại khai sinh", "Đăng ký khai sinh"]) == (
        "",
        ["Đăng ký lại khai sinh", "Đăng ký khai sinh"],
    )
