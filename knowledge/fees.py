"""The fee calculator: what one order costs, each line with its basis. Integers only; what is not known has no amount.

Lệ phí and phí are kept apart (Law on Fees and Charges 97/2015/QH13): a lệ phí waived for online filing (resolution
411/NQ-HĐND of the City's People's Council, 29 September 2025) leaves a phí of the same procedure due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from knowledge.procedure import Channel, Exemption, Fee, FeeStatus, PageTariff, Procedure


@dataclass(frozen=True)
class Order:
    """What a citizen wants done."""

    channel: Channel
    case_id: str = ""
    quantity: int = 1
    # copies, documents or persons: whatever one amount pays for
    pages: int = 1
    # pages of one document, where the fee goes by pages
    exemption_id: str = ""

    def __post_init__(self) -> None:
        if self.quantity < 1 or self.pages < 1:
            raise ValueError("an order has at least one copy of at least one page")


@dataclass(frozen=True)
class BillLine:
    """One thing to pay."""

    kind: str
    # "le_phi", "phi" or empty
    amount_vnd: int | None
    # None: not known; 0: free or exempt
    basis: str
    # number of the document that sets it; may be empty
    text: str
    # the record's words


@dataclass(frozen=True)
class Bill:
    """All there is to pay for one order."""

    lines: tuple[BillLine, ...]
    total_vnd: int | None
    # None when a line is not known
    doubts: tuple[str, ...]
    # what the record leaves open about fees


def bill(procedure: Procedure, order: Order, on: date) -> Bill:
    """What an order costs on a day.

    Where the record gives several amounts of one kind without telling them apart, each is listed and none is summed.
    """
    applying = [fee for fee in procedure.fees_on(on) if _applies(fee, order, procedure)]
    exemption = next((item for item in procedure.exemptions if item.id == order.exemption_id), None)
    lines = tuple(_line(fee, order, exemption, on) for fee in _waived(applying))
    kinds = [line.kind for line in lines]
    single = bool(lines) and len(set(kinds)) == len(kinds)
    amounts = [line.amount_vnd for line in lines]
    known = [amount for amount in amounts if amount is not None]
    doubts = tuple(point.reason for point in procedure.open_points if point.field.split(".")[0] == "fees")
    return Bill(lines, sum(known) if single and len(known) == len(amounts) else None, doubts)


def pages_vnd(tariff: PageTariff, pages: int) -> int:
    """One copy of so many pages.

    Certified copies, circular 226/2016/TT-BTC Art. 4: 2,000 a page, 1,000 from the third, at most 200,000 a copy.
    """
    first = min(pages, tariff.first_pages)
    amount_vnd = first * tariff.first_vnd + (pages - first) * tariff.further_vnd
    return min(amount_vnd, tariff.most_vnd) if tariff.most_vnd is not None else amount_vnd


def _applies(fee: Fee, order: Order, procedure: Procedure) -> bool:
    """Through this channel, and in this case when the fee belongs to one."""
    channel = not fee.channels or order.channel in fee.channels
    return channel and (not fee.case_id or fee.case_id == order.case_id)


def _waived(fees: list[Fee]) -> list[Fee]:
    """A kind that is free through this channel is not paid besides; other kinds stay due."""
    free = {fee.kind for fee in fees if fee.status is FeeStatus.FREE}
    return [fee for fee in fees if fee.status is FeeStatus.FREE or fee.kind not in free]


def _line(fee: Fee, order: Order, exemption: Exemption | None, on: date) -> BillLine:
    amount_vnd = _amount_vnd(fee, order)
    if amount_vnd and exemption and exemption.covers(fee.kind, on):
        return BillLine(fee.kind, amount_vnd * (100 - exemption.percent) // 100, exemption.basis, exemption.label)
    return BillLine(fee.kind, amount_vnd, fee.basis, fee.text)


def _amount_vnd(fee: Fee, order: Order) -> int | None:
    if fee.tariff is not None:
        return order.quantity * pages_vnd(fee.tariff, order.pages)
    if fee.status is FeeStatus.FREE:
        return 0
    return order.quantity * fee.amount_vnd if fee.amount_vnd is not None else None
