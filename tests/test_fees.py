"""The fee calculator: worked examples from the circulars and resolutions that the records name."""

from datetime import date

import pytest

from knowledge import catalogue, record
from knowledge.fees import Order, bill, pages_vnd
from knowledge.procedure import Channel, PageTariff

CATALOGUE = catalogue.load()
TODAY = date(2026, 11, 21)
COUNTER, ONLINE, POST = Channel.COUNTER, Channel.ONLINE, Channel.POST


def total(code, order, on=TODAY):
    return bill(CATALOGUE.get(code, on), order, on).total_vnd


@pytest.mark.parametrize(
    ("pages", "copies", "vnd"),
    [(1, 1, 2000), (2, 1, 4000), (3, 1, 5000), (10, 1, 12000), (10, 3, 36000), (4, 5, 30000), (198, 1, 200000),
     (199, 1, 200000), (300, 1, 200000), (300, 2, 400000)],
)  # fmt: skip
def test_certified_copies_go_by_pages(pages, copies, vnd):
    """Circular 226/2016/TT-BTC: 2,000 a page, 1,000 from the third, at most 200,000 a copy."""
    assert total("2.000815", Order(COUNTER, quantity=copies, pages=pages)) == vnd


@pytest.mark.parametrize(
    ("code", "order", "vnd"),
    [
        ("2.000884", Order(COUNTER), 10000),
        ("2.000884", Order(COUNTER, quantity=4), 40000),
        ("2.001019", Order(COUNTER), 50000),
        ("2.001035", Order(COUNTER, quantity=2), 100000),
        ("1.004222", Order(COUNTER), 20000),
        ("1.004222", Order(ONLINE), 10000),
        ("2.000635", Order(COUNTER, quantity=3), 24000),
        ("2.002516", Order(COUNTER), 8000),
        ("1.116410", Order(COUNTER, case_id="lan_dau"), 0),
    ],
)
def test_an_amount_is_paid_for_each_document(code, order, vnd):
    """226/2016, 75/2022 and 281/2016/TT-BTC: one amount for each document, contract, registration or copy."""
    found = bill(CATALOGUE.get(code, TODAY), order, TODAY)
    assert sum(line.amount_vnd for line in found.lines) == vnd
    assert found.lines and all(type(line.amount_vnd) is int for line in found.lines)


def town(**fees):
    """A procedure with the given fees."""
    base = {"code": "1.000001", "name": "Thử", "field": "thu", "purpose": "", "levels": ["ward"], "authority": "",
            "receiving_point": "", "channels": [], "online_level": "unknown", "documents": [], "times": [],
            "result": "", "steps": [], "legal_basis": [], "aliases": [], "examples": [], "valid_from": "2025-07-01",
            "source": {"code": "1.000001", "as_of": "2025-07"}, "checked_on": "2026-11-21"}  # fmt: skip
    return record.procedure({**base, **fees}, reviewed=True)


WAIVED = town(
    fees=[
        {"status": "amount", "amount_vnd": 30000, "kind": "le_phi", "basis": "1/NQ"},
        {"status": "free", "kind": "le_phi", "channels": ["online"], "basis": "411/NQ-HĐND",
         "valid_from": "2025-09-29"},
        {"status": "amount", "amount_vnd": 50000, "kind": "phi", "basis": "2/TT"},
    ],
    exemptions=[{"id": "ho_ngheo", "label": "Hộ nghèo", "kinds": ["le_phi"], "percent": 100, "basis": "3/TT"},
                {"id": "nua", "label": "Giảm nửa", "kinds": ["phi"], "percent": 50, "basis": "4/TT",
                 "valid_to": "2026-12-31"}],
)  # fmt: skip


@pytest.mark.parametrize(
    ("order", "on", "vnd"),
    [
        (Order(COUNTER), TODAY, 80000),
        (Order(ONLINE), TODAY, 50000),
        (Order(ONLINE), date(2025, 9, 28), 80000),
        (Order(POST), TODAY, 80000),
        (Order(COUNTER, exemption_id="ho_ngheo"), TODAY, 50000),
        (Order(COUNTER, exemption_id="nua"), TODAY, 55000),
        (Order(COUNTER, exemption_id="nua"), date(2027, 1, 1), 80000),
        (Order(COUNTER, exemption_id="unknown"), TODAY, 80000),
    ],
)
def test_le_phi_is_waived_online_while_phi_stays_due(order, on, vnd):
    """Resolution 411/NQ-HĐND waives lệ phí for online filing from its day; phí and other channels stay as they are."""
    found = bill(WAIVED, order, on)
    assert found.total_vnd == vnd
    assert all(line.basis for line in found.lines)


def test_what_is_not_known_has_no_total():
    """A fee without amount makes the total unknown, never zero."""
    unknown = town(
        fees=[{"status": "unpublished", "kind": "le_phi"}, {"status": "amount", "amount_vnd": 5000, "kind": "phi"}]
    )
    assert bill(unknown, Order(COUNTER), TODAY).total_vnd is None
    assert bill(town(fees=[]), Order(COUNTER), TODAY).total_vnd is None


def test_two_amounts_of_one_kind_are_listed_and_not_summed():
    """Where the record does not tell amounts apart, neither does the calculator."""
    either = town(fees=[{"status": "amount", "amount_vnd": 5000}, {"status": "amount", "amount_vnd": 9000}])
    found = bill(either, Order(COUNTER), TODAY)
    assert [line.amount_vnd for line in found.lines] == [5000, 9000]
    assert found.total_vnd is None


@pytest.mark.parametrize("bad", [{"quantity": 0}, {"pages": 0}, {"quantity": -1}])
def test_an_order_has_at_least_one_page_and_copy(bad):
    """An order of nothing is refused."""
    with pytest.raises(ValueError):
        Order(COUNTER, **bad)


def test_a_tariff_without_limit_goes_on():
    """Only a tariff that names a limit has one."""
    assert pages_vnd(PageTariff(1, 2000, 500, None), 1001) == 2000 + 1000 * 500
