"""A unit is named as people name it; what cannot be known is asked, never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import NotFound
from knowledge.folding import fold
from knowledge.mentions import bare
from knowledge.units import (
    Current,
    Former,
    NeedsDistrict,
    SharedName,
    Split,
    Unit,
    Units,
    Unknown,
    offered,
)

UNITS = Units.load()
SHORT = (("Phường", "P."), ("Quận", "Q."), ("Xã", "X."), ("Huyện", "H."), ("Thành phố", "TP."), ("Thị trấn", "TT"))


def shortened(text: str) -> str:
    for long, short in SHORT:
        text = text.replace(long, short)
    return text


def names(units: tuple[Unit, ...]) -> set[str]:
    return {bare(unit.name) for unit in units}


def test_the_tables_are_whole() -> None:
    assert (len(UNITS), len(UNITS.formers)) == (168, 442)
    assert len({unit.code for unit in UNITS}) == len({unit.name for unit in UNITS}) == 168
    assert sum(len(former.successors) for former in UNITS.formers) == 493
    assert sum(len(former.successors) > 1 for former in UNITS.formers) == 47
    assert {unit for former in UNITS.formers for unit in former.successors} == set(UNITS)


def test_every_former_unit_is_found_by_its_address() -> None:
    """With and without diacritics, in full and shortened."""
    for former in UNITS.formers:
        address = f"{former.name}, {former.district}, TP.HCM"
        for written in (address, fold(address), shortened(address), fold(shortened(address)), f"nhà em ở {address} ạ"):
            found = UNITS.resolve(written)
            assert isinstance(found, Former | Split) and found.former == former, written
            assert offered(found) == former.successors


def test_every_unit_of_today_is_found_by_its_name() -> None:
    """Alone when the name is no other's; among others when it is."""
    for unit in UNITS:
        for written in (unit.name, fold(unit.name), shortened(unit.name), f"{unit.name}, Thành phố Hồ Chí Minh"):
            found = UNITS.resolve(written)
            assert isinstance(found, Current | SharedName) and unit in offered(found), written
        assert unit in offered(UNITS.resolve(bare(unit.name)))
        assert UNITS.resolve(f"{unit.name} mới") == Current(unit)


@pytest.mark.parametrize(
    ("text", "former", "unit"),
    [
        ("Phường Bến Nghé, Quận 1", "Phường Bến Nghé", "Phường Sài Gòn"),
        ("P. Bến Nghé, Q.1", "Phường Bến Nghé", "Phường Sài Gòn"),
        ("phuong ben nge quan 1", "Phường Bến Nghé", "Phường Sài Gòn"),
        ("Phường 8, Quận 4", "Phường 8", "Phường Khánh Hội"),
        ("phuong 8 quan 4", "Phường 8", "Phường Khánh Hội"),
        ("p8 q4", "Phường 8", "Phường Khánh Hội"),
        ("P08Q04", "Phường 8", "Phường Khánh Hội"),
        ("quận 4 phường 8", "Phường 8", "Phường Khánh Hội"),
        ("Phường Thảo Điền, TP Thủ Đức", "Phường Thảo Điền", "Phường An Khánh"),
        ("thảo điền quận 2", "Phường Thảo Điền", "Phường An Khánh"),
        ("thao dien", "Phường Thảo Điền", "Phường An Khánh"),
        ("Xã Bình Hưng, huyện Bình Chánh", "Xã Bình Hưng", "Xã Bình Hưng"),
        ("phường 5, Tân Bình", "Phường 5", "Phường Tân Sơn Nhất"),
        ("phường Đông Hoà, Dĩ An", "Phường Đông Hòa", "Phường Đông Hòa"),
        ("thị trấn Long Hải, huyện Long Điền", "Thị trấn Long Hải", "Xã Long Hải"),
        ("thị trấn Củ Chi", "Thị trấn Củ Chi", "Xã Tân An Hội"),
        ("huyện Côn Đảo", "Huyện Côn Đảo", "Đặc khu Côn Đảo"),
        ("xa bang", "Xã Xà Bang", "Xã Châu Đức"),
        ("12/5 đường Tân Sơn Nhì, phường 14, quận Tân Bình", "Phường 14", "Phường Tân Bình"),
        ("phường Thảo Điền chuyển sang phường 8 quận 4", "Phường Thảo Điền", "Phường An Khánh"),
    ],
)
def test_a_former_unit_leads_to_its_only_successor(text: str, former: str, unit: str) -> None:
    found = UNITS.resolve(text)
    assert isinstance(found, Former) and (found.former.name, found.unit.name) == (former, unit)


@pytest.mark.parametrize(
    "text", ["Đa Kao", "da kao", "em ở da kao", "Phường Đa Kao, Quận 1", "nhà em ở phường Đa Kao quận 1 cũ"]
)
def test_a_split_unit_is_never_chosen_for(text: str) -> None:
    found = UNITS.resolve(text)
    assert isinstance(found, Split) and names(found.units) == {"Tân Định", "Sài Gòn"}


@pytest.mark.parametrize(
    ("text", "units", "former_districts"),
    [
        ("Phường Tân Phú", {"Tân Phú"}, {"Quận 7", "Thành phố Thủ Đức"}),
        ("p. cau ong lanh", {"Cầu Ông Lãnh"}, {"Quận 1"}),
        ("xa thanh an", {"Thanh An", "Thạnh An"}, set()),
        ("em ở thanh an", {"Thanh An", "Thạnh An"}, set()),
        ("xa phuoc thanh", {"Phước Thành"}, {"Huyện Củ Chi"}),
    ],
)
def test_a_name_of_two_units_is_asked_about(text: str, units: set[str], former_districts: set[str]) -> None:
    found = UNITS.resolve(text)
    assert isinstance(found, SharedName) and names(found.units) == units
    assert {former.district for former in found.formers} == former_districts


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Xã Thạnh An", "Xã Thạnh An"),
        ("Xã Thanh An", "Xã Thanh An"),
        ("Xã Phước Thành", "Xã Phước Thành"),
        ("phường Tân Phú mới", "Phường Tân Phú"),
        ("Phường Sài Gòn, Quận 1", "Phường Sài Gòn"),
        ("xã Củ Chi", "Xã Củ Chi"),
        ("Côn Đảo", "Đặc khu Côn Đảo"),
    ],
)
def test_marks_type_and_neighbours_tell_names_apart(text: str, unit: str) -> None:
    assert UNITS.resolve(text) == Current(UNITS.named(unit))


@pytest.mark.parametrize(
    ("text", "name", "districts"),
    [("phường 17", "Phường 17", 2), ("p8", "Phường 8", 8), ("phường Tân Phú cũ", "Phường Tân Phú", 2)],
)
def test_a_name_of_many_districts_needs_its_district(text: str, name: str, districts: int) -> None:
    found = UNITS.resolve(text)
    assert isinstance(found, NeedsDistrict) and (found.name, len(found.formers)) == (name, districts)


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("Phường 6, Quận 4", {"Khánh Hội"}),
        ("phường 6 bình thạnh", {"Gia Định", "Bình Lợi Trung"}),
        ("xã An Ngãi, huyện Long Điền", {"Long Điền"}),
        ("quận 1", {"Tân Định", "Sài Gòn", "Bến Thành", "Cầu Ông Lãnh"}),
        ("ở Phú Nhuận", {"Phú Nhuận", "Đức Nhuận", "Cầu Kiệu"}),
        ("phường 99", set()),
        ("em muốn làm lại sổ bảo hiểm xã hội thành phần hồ sơ gồm gì", set()),
        ("phương án phù hợp", set()),
        ("ban co phai robot khong", set()),
        ("", set()),
    ],
)
def test_what_is_not_known_gives_suggestions_at_most(text: str, suggested: set[str]) -> None:
    found = UNITS.resolve(text)
    assert isinstance(found, Unknown) and names(found.suggestions) == suggested


@given(st.text(alphabet="phuongxaquận 0148,.Bếnghétâđỉ", max_size=60) | st.text(max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    assert set(offered(UNITS.resolve(text))) <= set(UNITS)


def test_an_exact_name_is_looked_up_or_refused() -> None:
    assert UNITS.named("Phường Sài Gòn").code == "26740"
    with pytest.raises(NotFound):
        UNITS.named("Phường Bến Nghé")
