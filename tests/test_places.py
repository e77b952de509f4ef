"""A place is shown with its date and its caution, and only for the units its source names."""

import re
from collections import Counter

import pytest

from knowledge.places import PlaceKind, Places
from knowledge.units import Current, Former, SharedName, Units, offered

PLACES = Places.load()
UNITS = Units.load()


def test_every_list_is_whole() -> None:
    assert Counter(place.kind for place in PLACES) == {
        PlaceKind.IDENTITY_CARD: 49,
        PlaceKind.SOCIAL_INSURANCE: 36,
        PlaceKind.LAND_REGISTRATION: 14,
        PlaceKind.CITY_CENTRE: 1,
    }


def test_every_place_has_its_source_its_date_and_its_caution() -> None:
    for place in PLACES:
        assert place.name and place.source and place.via and re.fullmatch(r"20\d\d(-\d\d)?(-\d\d)?", place.as_of)
        assert place.verify and "1022" in place.caution and place.as_of[:4] in place.caution


def test_every_unit_named_is_a_unit_of_today() -> None:
    for place in PLACES:
        named = [UNITS.named(name) for name in (*place.serves, *filter(None, [place.unit]))]
        assert named or place.whole_city, place.name
        assert not place.address or place.unit in place.address or place.unit.lower() in place.address.lower()


def test_the_address_of_a_place_resolves_to_the_unit_it_stands_in() -> None:
    for place in filter(lambda place: place.address, PLACES):
        found = UNITS.resolve(place.address)
        assert isinstance(found, Current | Former | SharedName), place.address
        assert UNITS.named(place.unit) in offered(found)


def test_no_unit_has_two_land_registration_branches() -> None:
    served = Counter(unit for place in PLACES for unit in place.serves)
    assert served and set(served.values()) == {1}


@pytest.mark.parametrize(
    ("kind", "unit", "names"),
    [
        (PlaceKind.LAND_REGISTRATION, "Phường Vườn Lài", ["Chi nhánh Văn phòng Đăng ký đất đai số 10"]),
        (PlaceKind.LAND_REGISTRATION, "Phường Sài Gòn", []),
        (PlaceKind.SOCIAL_INSURANCE, "Phường Tân Định", ["BHXH Cơ sở Tân Định"]),
        (PlaceKind.IDENTITY_CARD, "Đặc khu Côn Đảo", ["Điểm thu nhận hồ sơ căn cước số 32"]),
        (PlaceKind.CITY_CENTRE, "Xã Củ Chi", ["Trung tâm Phục vụ hành chính công Thành phố Hồ Chí Minh"]),
    ],
)
def test_places_are_found_by_the_unit_they_serve_or_stand_in(kind: PlaceKind, unit: str, names: list[str]) -> None:
    assert [place.name for place in PLACES.of(kind, unit)] == names
