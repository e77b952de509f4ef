"""The City's system and the national one over real HTTP, as evals/sync_cases.py planted them, with faults.

`python -m evals.sync_portals --ports 8101 8102 --dossiers 1000 --seed 1 --start EPOCH_S --faults 0.02` serves both with
no more work than their shapes need. GET /__clock?at=EPOCH_S says to either what time it is. Some answers by chance are
errors, cut short, about somebody else, or empty; in the middle of the run the national system is down for a while.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from evals.sync_cases import Plantation, Told, code, number_of
from integrations.dossiers import LABELS, Status

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CITY, NATIONAL = "city", "national"
CLOCK_PATH = "/__clock"
DOWN_FOR = 60
# requests to the national system
FAULTS = ("500", "cut", "other", "500", "cut", "other", "500", "cut", "other", "empty")
OWN_WORDS = "Chờ lãnh đạo ký"
PERSON = "Nguyễn Văn Ví Dụ"
_CODE = re.compile(rb"H29\.\d{2}-261101-\d{7}")
_LENGTH = re.compile(rb"(?i)content-length: (\d+)")


@dataclass(frozen=True)
class World:
    """What both systems know."""

    plantation: Plantation
    start: datetime
    # aware
    faults: float
    # share of the answers

    def told(self, portal: str, number: int, now: datetime) -> Told:
        """What a system tells of a dossier at a moment."""
        case = self.plantation.case(number)
        if portal == CITY:
            return case.here
        is_later = now >= self.start + timedelta(hours=case.later_h)
        return case.there_later if case.there_later and is_later else case.there

    def day(self, days: int | None, form: str) -> str:
        """A day, five in the afternoon."""
        if days is None:
            return ""
        return datetime.combine(self.start.date() + timedelta(days=days), time(17), ZONE).strftime(form)

    def changed(self, told: Told, now: datetime, form: str) -> str:
        """When a system changed the dossier last."""
        if told.changed_h is None:
            return ""
        last = self.start + timedelta(hours=told.changed_h)
        return (now.replace(minute=0, second=0) if told.is_busy else last).strftime(form)

    def fault(self, portal: str, number: int, asked: int) -> str:
        """What goes wrong with an answer; "": nothing."""
        chance = random.Random(f"{self.plantation.seed} {portal} {number} {asked}")
        return chance.choice(FAULTS) if chance.random() < self.faults else ""


def city_row(world: World, number: int, told: Told, now: datetime) -> dict[str, Any]:
    """A record of the City's system."""
    form = "%Y-%m-%dT%H:%M:%S.000%z"
    fees = [] if told.is_paid is None else [{"name": "Lệ phí", "amount": 30_000, "paid": told.is_paid}]
    return {
        "code": code(number), "statusCurrentTask": LABELS[Status(told.status)] if told.status else OWN_WORDS,
        "appliedDate": world.day(told.received, form), "acceptedDate": world.day(told.received, form),
        "appointmentDate": world.day(told.due, form), "completedDate": world.day(told.finished, form),
        "updatedDate": world.changed(told, now, form), "dossierFee": fees, "agency": {"name": "Bộ phận Một cửa"},
        "procedure": {"code": "1.001193", "translate": {"name": "Đăng ký khai sinh"}},
        "applicant": {"data": {"fullname": PERSON, "identityNumber": "000190000100"}},
    }  # fmt: skip


def national_row(world: World, number: int, told: Told, now: datetime) -> dict[str, Any]:
    """A record of the national system."""
    form = "%Y%m%d%H%M%S"
    fee = {"TenPhiLePhi": "Lệ phí", "Gia": "30000", "TrangThaiThanhToan": str(int(bool(told.is_paid)))}
    return {
        "MaHoSo": code(number), "TrangThaiHoSo": str(told.status), "MaTTHC": "1.001193", "TenTTHC": "Đăng ký khai sinh",
        "NgayNopHoSo": world.day(told.received, form), "NgayTiepNhan": world.day(told.received, form),
        "NgayHenTra": world.day(told.due, form), "NgayKetThucXuLy": world.day(told.finished, form),
        "NgayCapNhat": world.changed(told, now, form), "DanhSachLePhi": [] if told.is_paid is None else [fee],
        "ChuHoSo": PERSON, "SoGiayToChuHoSo": "000190000100",
    }  # fmt: skip


class System:
    """One of both."""

    def __init__(self, portal: str, world: World) -> None:
        self._portal = portal
        self._world = world
        self._now = world.start
        self._asked: Counter[int] = Counter()
        self._down = range(0)
        if portal == NATIONAL and world.faults:
            self._down = range(world.plantation.dossiers // 2, world.plantation.dossiers // 2 + DOWN_FOR)

    def answer(self, line: bytes, body: bytes) -> tuple[int, bytes]:
        """Status and content for a request line and its body."""
        if asked := _CODE.search(line) or _CODE.search(body):
            return self._look_up(number_of(asked[0].decode()))
        if moved := re.search(rb"at=([\d.]+)", line):
            self._now = datetime.fromtimestamp(float(moved[1]), ZONE)
        entrance = (
            {"access_token": "t", "expires_in": 3600} if self._portal == CITY else {"error_code": 0, "session": "s"}
        )
        return 200, json.dumps(entrance).encode()

    def _look_up(self, number: int) -> tuple[int, bytes]:
        self._asked[number] += 1
        fault = self._world.fault(self._portal, number, self._asked[number])
        if fault == "500" or self._asked.total() in self._down:
            return 500, b"{}"
        shown = (number + 1) % self._world.plantation.dossiers if fault == "other" else number
        told = self._world.told(self._portal, shown, self._now)
        row = (city_row if self._portal == CITY else national_row)(self._world, shown, told, self._now)
        whole = json.dumps(_listed(self._portal, [row] if told.is_there and fault != "empty" else [])).encode()
        return 200, whole[: len(whole) // 2] if fault == "cut" else whole


def _listed(portal: str, rows: list[dict[str, Any]]) -> Mapping[str, Any]:
    return {"content": rows} if portal == CITY else {"error_code": "00", "result": rows}


class Connection(asyncio.Protocol):
    """One kept-alive connection: requests one after the other."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._heard = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connects."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A part of a request; answered when it is whole."""
        self._heard += data
        head, mark, body = self._heard.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if mark and len(body) >= (int(length[1]) if length else 0):
            self._heard = b""
            status, content = self._system.answer(head.partition(b"\r\n")[0], body)
            assert self._transport
            form = b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            self._transport.write(form % (status, len(content), content))


async def serve(ports: Sequence[int], world: World) -> None:
    """Answer for ever."""
    loop = asyncio.get_running_loop()
    systems = [System(portal, world) for portal in (CITY, NATIONAL)]
    servers = [
        await loop.create_server(lambda system=system: Connection(system), "127.0.0.1", port)  # type: ignore[misc]
        for system, port in zip(systems, ports, strict=True)
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve on the loopback until killed."""
    parser = argparse.ArgumentParser(prog="python -m evals.sync_portals", description=__doc__)
    parser.add_argument("--ports", type=int, nargs=2, required=True)
    parser.add_argument("--dossiers", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--start", type=float, required=True)
    parser.add_argument("--faults", type=float, required=True)
    asked = parser.parse_args(arguments)
    start = datetime.fromtimestamp(asked.start, ZONE)
    asyncio.run(serve(asked.ports, World(Plantation(asked.dossiers, asked.seed), start, asked.faults)))


if __name__ == "__main__":
    main()
