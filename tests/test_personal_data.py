"""Personal numbers never pass the door; codes, money and dates do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.personal_data import mask

SEPARATORS = st.sampled_from(["", " ", ".", "-", " - ", "\u2013", "\u200b"])
CITIZEN_NUMBERS = st.from_regex(r"0[0-9]{11}", fullmatch=True)
PHONE_NUMBERS = st.from_regex(r"0[35789][0-9]{8}", fullmatch=True)


@pytest.mark.parametrize(
    ("said", "masked", "kind"),
    [
        ("cccd 079201234567 nha", "cccd ‹số định danh› nha", "citizen_number"),
        ("０７９２０１２３４５６７", "‹số định danh›", "citizen_number"),
        ("cmnd 023456789", "cmnd ‹số CMND›", "old_citizen_number"),
        ("CMND số 225.456.789 Đồng Nai", "CMND số ‹số CMND› Đồng Nai", "old_citizen_number"),
        ("gọi 0903.123.456", "gọi ‹số điện thoại›", "phone_number"),
        ("(+84) 903-123-456", "‹số điện thoại›", "phone_number"),
        ("84903123456", "‹số điện thoại›", "phone_number"),
        ("(028) 3829 1234", "‹số điện thoại›", "phone_number"),
        ("a.b+c@gmail.com.vn", "‹email›", "email"),
        ("số 7912345678", "số ‹số BHXH›", "insurance_number"),
        ("bhxh: 0123456789", "bhxh: ‹số BHXH›", "insurance_number"),
        ("GD4797912345678", "‹số BHXH›", "insurance_number"),
        ("MST: 0312345678-001", "MST: ‹mã số thuế›", "tax_number"),
        ("thẻ 9704 1234 5678 9012", "thẻ ‹số thẻ›", "card_number"),
        ("hộ chiếu C1234567", "hộ chiếu ‹số hộ chiếu›", "passport_number"),
        ("hộ chiếu EA1234567", "hộ chiếu ‹số hộ chiếu›", "passport_number"),
        ("stk 0071 0012 34567 vcb", "stk ‹số tài khoản› vcb", "card_number"),
        ("mã số thuế cá nhân 8123456789 đóng mã", "mã số thuế cá nhân ‹mã số thuế› đóng mã", "tax_number"),
        ("thẻ 9704360000000000005 đóng phí", "thẻ ‹số thẻ› đóng phí", "card_number"),
        ("+84 28 3829 1234", "‹số điện thoại›", "phone_number"),
        ("09o1234567", "‹số điện thoại›", "phone_number"),
        ("0901/234/567", "‹số điện thoại›", "phone_number"),
        ("số em không chín một 2345678", "số em ‹số điện thoại›", "phone_number"),
        ("lan a còng gmail chấm com", "‹email›", "email"),
        ("lan chấm le @gmail,com", "‹email›", "email"),
        ("john (at) example (dot) com", "‹email›", "email"),
        ("sđt O9O1 222 333 ở quê", "sđt ‹số điện thoại› ở quê", "phone_number"),
        ("căn cước O792O1OOO333", "căn cước ‹số định danh›", "citizen_number"),
        ("cc nè, 0792, 0198, 7654", "cc nè, ‹số định danh›", "citizen_number"),
        ("gõ 4000, 0566, 5566, 5556", "gõ ‹số thẻ›", "card_number"),
        ("stk 1903 2012 2020 77", "stk ‹số tài khoản›", "card_number"),
        ("acc vietin 101 8765 43210", "acc vietin ‹số tài khoản›", "card_number"),
        ("hchieu b 7654321", "hchieu ‹số hộ chiếu›", "passport_number"),
    ],
)
def test_a_personal_number_is_replaced(said: str, masked: str, kind: str) -> None:
    result = mask(said)
    assert (result.text, result.found) == (masked, (kind,))


@pytest.mark.parametrize(
    "said",
    [
        "H29.19-260312-0005",
        "h29.19 – 260312 – 0005",
        "H29.19 260312 0005",
        "H29.19-261340-0001",
        "000.00.01.H29-240115-0001",
        "G09.20-20260609-0092637",
        "G22.99-251225-020175",
        "G22.99.3-241219795252",
        "1.004222",
        "1.000656.000.00.00.H29",
        "03706/2026/07906",
        "10.000.000 đồng",
        "100.000.000.000",
        "500000000 đồng",
        "1.500.000đ",
        "sinh ngày 05/03/1990, 05-03-1990",
        "ngày 21/11/2026 14:30",
        "gọi 1022 hoặc 19001009",
        "Nghị định 118/2025/NĐ-CP",
        "1800599920",
        "1800 1091",
        "079/2023/0012",
        "không, một hai ba ngày",
        "số tài khoản nộp phí là 1.500.000đ hả",
        "năm 2019 2020 2021 2022 em đều đóng",
        "vận đơn EB123456789VN",
        "nhà em ở 35 đường số 9, tổ 12",
    ],
)
def test_codes_money_and_dates_stay(said: str) -> None:
    assert mask(said).text == said


@given(CITIZEN_NUMBERS, st.lists(SEPARATORS, min_size=11, max_size=11), st.booleans())
def test_no_spelling_of_a_citizen_number_passes(number: str, gaps: list[str], wide: bool) -> None:
    digits = [chr(ord(digit) + 0xFEE0) if wide else digit for digit in number]
    spelt = "".join(digit + gap for digit, gap in zip(digits, [*gaps, ""], strict=True))
    assert not any(character.isdigit() for character in mask(f"số của tôi: {spelt} nha").text)


@given(PHONE_NUMBERS, st.sampled_from(["0", "+84", "84", "+84 ", "(+84) "]), st.sampled_from(["", " ", ".", "-"]))
def test_no_spelling_of_a_phone_number_passes(number: str, prefix: str, gap: str) -> None:
    spelt = prefix + gap.join([number[1:4], number[4:7], number[7:]])
    assert mask(f"gọi {spelt} giúp em").text == "gọi ‹số điện thoại› giúp em"


@given(st.text(alphabet="0123456789 .-‹›Hđ+@abGk/\u200b", max_size=40))
def test_masking_twice_changes_nothing(said: str) -> None:
    once = mask(said).text
    assert mask(once).text == once
