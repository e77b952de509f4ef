"""A desk at work: the real program with its own database, the vendors' stand-ins over HTTP, officers and citizens.

Everybody's clock shows a working morning, whatever the day of the run is; `Play.move_to` lets time pass, the program is
then started again.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from playwright.sync_api import Browser, Error, Locator, Page, expect

from bot import tables
from bot.officers import Officers
from bot.present import ZONE
from bot.roles import Role
from bot.staffing import Staffing
from bot.store import open_store
from evals.plays import Question
from evals.site import AHEAD, Site, site, until
from tests.browser.accessibility import violations
from tests.memory_ports import EVERYONE

MONDAY = datetime(2026, 11, 30, 8, 5, tzinfo=ZONE)
# a week without days off
WAIT_S = 30
WAIT_MS = WAIT_S * 1000
PASSWORD = "mot-cua-2026-thu"
LAN, MINH, QUAN = "Nguyễn Thị Lan", "Trần Văn Minh", "Phạm Minh Quân"
LAND = "dat_dai"
# the desk that Minh serves beside the one for everyone
CODE = re.compile(r"HT-\w{4}-\w{4}")
TAKEN = "đã nhận cuộc trò chuyện"
people = itertools.count(700_000_001)


class Citizen(Protocol):
    """Somebody who writes to us."""

    def says(self, text: str) -> None: ...

    def told(self) -> Sequence[str]:
        """What they were told, in order."""


@dataclass(frozen=True)
class Phone:
    """A citizen on Telegram or Zalo."""

    place: Site
    channel: str
    person: str = field(default_factory=lambda: str(next(people)))

    def says(self, text: str) -> None:
        self.place.vendors.say(Question(self.channel, self.person, 0, text, ""))

    def told(self) -> Sequence[str]:
        return [said.text for said in self.place.vendors.sendings(self.channel) if said.person == self.person]


@dataclass(frozen=True)
class Visitor:
    """A citizen at the web chat."""

    page: Page

    def says(self, text: str) -> None:
        self.page.get_by_label("Câu hỏi của anh/chị").fill(text)
        self.page.get_by_role("button", name="Gửi", exact=True).click()

    def told(self) -> Sequence[str]:
        return self.page.locator(".line.assistant, .line.officer").all_inner_texts()


@dataclass(frozen=True)
class Officer:
    """An officer at a browser of their own."""

    name: str
    page: Page

    def queue(self) -> None:
        self.page.goto("/console")

    def row(self, code: str) -> Locator:
        return self.page.locator(".ticket").filter(has_text=code)

    def opens(self, code: str) -> str:
        """From the list to the ticket; its address."""
        self.page.goto("/console?view=all")
        self.row(code).get_by_role("link").click()
        expect(self.page.locator("#facts")).to_contain_text(code, timeout=WAIT_MS)
        return self.page.url

    def claims(self, code: str) -> str:
        address = self.opens(code)
        self.page.get_by_role("button", name="Nhận phiên này").click()
        expect(self.box).to_be_visible(timeout=WAIT_MS)
        return address

    @property
    def box(self) -> Locator:
        """Where words to the citizen are written: there for whoever holds the ticket."""
        return self.page.get_by_label("Trả lời người dân")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    def sends(self, words: str) -> None:
        self.box.fill(words)
        self.page.get_by_role("button", name="Gửi cho người dân").click()
        expect(self.page.locator(".line.officer").last).to_contain_text(words, timeout=WAIT_MS)

    def presses(self, form: str) -> None:
        """Send a form of the ticket and wait for nothing."""
        self.page.evaluate("name => document.querySelector(`form[action$='/${name}']`).requestSubmit()", form)

    def closes(self, ending: str = "answered") -> None:
        self.page.get_by_label("Kết quả, người dân sẽ đọc được").select_option(ending)
        self.page.get_by_role("button", name="Kết thúc phiên").click()
        expect(self.page.get_by_role("button", name="Mở lại phiên")).to_be_visible(timeout=WAIT_MS)


@dataclass
class Play:
    """Everything that runs, and who takes part."""

    place: Site
    browser: Browser
    ahead_s: int

    def move_to(self, at: datetime) -> None:
        """Time passes until a moment (aware); the program is killed and started again."""
        ahead_s = ahead(at)
        self.place.vendors.let_pass(ahead_s - self.ahead_s)
        self.place.server.restart(**{AHEAD: str(ahead_s)})
        self.ahead_s = ahead_s

    @contextmanager
    def window(self) -> Iterator[Page]:
        """A browser of somebody's own."""
        context = self.browser.new_context(base_url=self.place.server.address, locale="vi-VN", bypass_csp=True)
        context.set_default_timeout(WAIT_MS)
        yield context.new_page()
        context.close()

    @contextmanager
    def officer(self, username: str, name: str) -> Iterator[Officer]:
        """An officer who has signed in."""
        with self.window() as page:
            sign_in(page, username)
            yield Officer(name, page)

    @contextmanager
    def visitor(self) -> Iterator[Visitor]:
        """A citizen who has opened the web chat."""
        with self.window() as page:
            page.goto("/")
            yield Visitor(page)

    def phone(self, channel: str) -> Phone:
        return Phone(self.place, channel)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the program's database."""
        with closing(sqlite3.connect(self.place.database)) as connection:
            return connection.execute(query, values).fetchall()

    def settle(self) -> None:
        """Wait until every message was worked on and nothing is left to send to a vendor."""
        open_work = (
            "SELECT id FROM inbox WHERE status IN ('new', 'working') UNION ALL "
            "SELECT id FROM outbox WHERE status IN ('pending', 'sending') AND channel <> 'webchat'"
        )
        until(lambda: not self.rows(open_work), WAIT_S)


@contextmanager
def desk_play(browser: Browser, at: datetime = MONDAY) -> Iterator[Play]:
    """The desk at a moment (aware): Lan serves the desk for everyone, Minh also that for land, Quan checks."""
    ahead_s = ahead(at)
    with site(ahead_s=ahead_s, MOT_CUA_SECOND_STEP_ROLES="") as running:
        hire(f"sqlite:///{running.database}")
        yield Play(running, browser, ahead_s)


def hire(database: str) -> None:
    """The three officers."""
    store = open_store(database)
    officers, staffing = Officers(store), Staffing(store)
    officers.add("lan", LAN, PASSWORD)
    officers.add("minh", MINH, PASSWORD)
    officers.add("quan", QUAN, PASSWORD, [Role.AUDITOR, Role.ADMINISTRATOR])
    with store.reading() as connection:
        minh = connection.execute(
            sa.select(tables.officer.c.id).where(tables.officer.c.username == "minh")
        ).scalar_one()
    for desk in (EVERYONE, LAND):
        staffing.join(desk, minh)
    store.close()


def sign_in(page: Page, username: str) -> None:
    """By name and password."""
    page.goto("/console/login")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", name="Phiên hỗ trợ")).to_be_visible(timeout=WAIT_MS)


def ahead(at: datetime) -> int:
    """How far a moment (aware) is ahead of the machine's clock, in seconds."""
    return int((at - datetime.now(ZONE)) / timedelta(seconds=1))


def hears(citizen: Citizen, words: str) -> str:
    """Wait until a citizen was told something with these words; the text."""

    def found() -> list[str]:
        return [text for text in citizen.told() if words in text]

    until(found, WAIT_S, every_s=0.05)
    return found()[-1]


def asks(citizen: Citizen) -> str:
    """A citizen asks for an officer; the code of the ticket."""
    citizen.says("gặp cán bộ")
    code = CODE.search(hears(citizen, "Mã phiếu của anh/chị"))
    assert code
    return code[0]


def after(citizen: Citizen, words: str) -> list[str]:
    """What a citizen was told from a text with these words on."""
    told = citizen.told()
    return list(told[next(index for index, text in enumerate(told) if words in text) :])


def goes_to(page: Page, address: str) -> None:
    """Open an address, however the page was left."""

    def there() -> bool:
        try:
            page.goto(address)
        except Error:
            return False
        return True

    until(there, WAIT_S)


def axe(*pages: Page) -> list[tuple[str, str]]:
    """What axe finds wrong on pages."""
    return [found for page in pages for found in violations(page)]
