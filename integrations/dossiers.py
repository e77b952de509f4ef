"""Dossiers: what any portal says of one application, in the same words whichever portal it is.

Personal data ends in this room: `Dossier` is what whoever knows the code may see, and has no field for a person.
`Details` is shown only once the portal's own record confirmed a second factor (`Proof`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Protocol


class Status(IntEnum):
    """The ten national statuses; UNKNOWN keeps its raw label in the dossier."""

    UNKNOWN = 0
    REGISTERED = 1
    ACCEPTED = 2
    NOT_ACCEPTED = 3
    PROCESSING = 4
    SUPPLEMENT_REQUIRED = 5
    PAYMENT_REQUIRED = 6
    WITHDRAWN = 7
    STOPPED = 8
    PROCESSED = 9
    RETURNED = 10


LABELS: Mapping[Status, str] = {
    Status.REGISTERED: "Mới đăng ký",
    Status.ACCEPTED: "Được tiếp nhận",
    Status.NOT_ACCEPTED: "Không được tiếp nhận",
    Status.PROCESSING: "Đang xử lý",
    Status.SUPPLEMENT_REQUIRED: "Yêu cầu bổ sung giấy tờ",
    Status.PAYMENT_REQUIRED: "Yêu cầu thực hiện nghĩa vụ tài chính",
    Status.WITHDRAWN: "Công dân yêu cầu rút hồ sơ",
    Status.STOPPED: "Dừng xử lý",
    Status.PROCESSED: "Đã xử lý xong",
    Status.RETURNED: "Đã trả kết quả",
}


class Group(StrEnum):
    """What a status means to the citizen."""

    WAITING = "waiting"
    PROCESSING = "processing"
    PAUSED = "paused"
    REFUSED = "refused"
    DONE = "done"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


GROUPS: Mapping[Status, Group] = {
    Status.UNKNOWN: Group.UNKNOWN,
    Status.REGISTERED: Group.WAITING,
    Status.ACCEPTED: Group.PROCESSING,
    Status.NOT_ACCEPTED: Group.REFUSED,
    Status.PROCESSING: Group.PROCESSING,
    Status.SUPPLEMENT_REQUIRED: Group.PAUSED,
    Status.PAYMENT_REQUIRED: Group.PAUSED,
    Status.WITHDRAWN: Group.WITHDRAWN,
    Status.STOPPED: Group.PAUSED,
    Status.PROCESSED: Group.DONE,
    Status.RETURNED: Group.DONE,
}


@dataclass(frozen=True)
class Step:
    """One event in a dossier's life, without the person who did it."""

    at: datetime
    # aware
    status: Status
    label: str
    # the portal's words


@dataclass(frozen=True)
class Dossier:
    """One application as it may be shown to whoever knows its code: nobody's name, number or address."""

    code: str
    # H29.19-260312-0005, as the portal writes it
    procedure_name: str
    procedure_code: str | None
    # 1.004222, when the portal gives it
    status: Status
    status_label: str
    # the portal's words, shown as they are when the status is UNKNOWN
    applied_on: date | None
    # the citizen handed it in
    accepted_on: date | None
    # the one-stop unit took it in
    due_on: date | None
    # the promised day
    completed_on: date | None
    # the work ended
    updated_at: datetime | None
    # aware; when the portal last changed it
    agency_name: str | None
    steps: tuple[Step, ...] = ()
    # what happened, oldest first
    collect_until: date | None = None
    # the last day to collect the result, when the portal gives one
    delay_reason: str | None = None
    # why it is late, in the agency's words with every person blanked, when the portal gives it
    new_due_on: date | None = None
    # the day promised instead, when the portal gives one
    fees_due: bool | None = None
    # whether the portal calls a fee unpaid, which is no more than status 6 tells; None: it leaves it open


@dataclass(frozen=True)
class Found:
    """A dossier, and how fresh it is."""

    dossier: Dossier
    fetched_at: datetime
    # aware; when the portal said so
    stale: bool = False
    # the portal does not answer now: this is what it said then


@dataclass(frozen=True)
class FeeDue:
    """Money that is asked for."""

    name: str
    amount_vnd: int | None
    # None: the portal names no amount


@dataclass(frozen=True)
class Details:
    """What the applicant may see besides: asked for with a second factor."""

    applicant: str
    # shortened: "N*** T** An"; "" when the portal names nobody
    supplements: Sequence[str] = ()
    # what is asked to be handed in, in the portal's words
    fees: Sequence[FeeDue] = ()
    # due and not paid
    asks_payment: bool = False
    # the status asks for payment (6), also where no fee is named
    procedure_code: str | None = None
    # 1.004222, when the portal gives it
    pay_link: str = ""
    # the portal's own page on which these fees are paid (https); empty: it gives none


Proof = Callable[[str], bool]
# whether a value of the portal's record (the last digits of an identity number or phone) is the one the citizen gave;
# compares in constant time and keeps nothing


class Dossiers(Protocol):
    """Whoever knows dossiers. Raises the errors of `integrations.errors`."""

    def find(self, code: str) -> Found:
        """What the code alone opens."""
        ...

    def details(self, code: str, proof: Proof) -> Details:
        """What the second factor opens. An unknown code and a wrong factor both raise NotFound, alike in time."""
        ...


def group(status: Status) -> Group:
    """What the status means to the citizen."""
    return GROUPS[status]
