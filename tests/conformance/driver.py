"""What the suite asks of a channel's driver, and the town that every channel is driven in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import sqlalchemy as sa

from bot import outbox, tables
from bot.door import Door
from bot.enclosures import Enclosures
from bot.flood import Flood, load
from bot.following import calendar
from bot.handoff import Desk
from bot.inbox import MESSAGE
from bot.loop import Loop
from bot.messages import InboundMessage, Reply
from bot.officers import Officers
from bot.outbox import Outbox
from bot.present import now
from bot.sheets import Sheets
from bot.store import Store
from bot.wording import words
from tests import town

LABELS = {False: words()["buttons"]["sheet"], True: words()["buttons"]["largesheet"]}


# of the buttons that send a sheet, in usual and in large print
@dataclass(frozen=True)
class Arrived:
    """One message as the citizen sees it."""

    text: str
    choices: tuple[str, ...] = ()
    # labels of its buttons


@dataclass(frozen=True)
class Place:
    """A running assistant of the small town, with its desk and one officer."""

    store: Store
    outbox: Outbox
    desk: Desk
    officers: Officers
    officer_id: int
    accept: Callable[[InboundMessage, str], bool]
    # for a sender that waits for our answer
    push: Callable[[InboundMessage], bool]
    # for a vendor
    sheets: Sheets
    folder: Path
    # where a citizen finds what was saved

    @property
    def enclosures(self) -> Enclosures:
        """What goes with replies."""
        return Enclosures(self.sheets.printed)

    def tell(self, key: str, reply: Reply) -> None:
        """Put a reply on its way to whoever came last."""
        with self.store.writing() as connection:
            newest = connection.execute(sa.select(sa.func.max(tables.conversation.c.id))).scalar_one()
            assert outbox.put(connection, newest, f"{newest}:{key}", reply, now())

    def newest(self) -> int:
        """The number of the last reply that was made for anybody."""
        with self.store.reading() as connection:
            return int(connection.execute(sa.select(sa.func.max(tables.outbox.c.id))).scalar() or 0)

    def told(self, after_id: int) -> list[Reply]:
        """What citizens were told after a reply."""
        query = sa.select(tables.outbox.c.reply).where(tables.outbox.c.id > after_id).order_by(tables.outbox.c.id)
        with self.store.reading() as connection:
            return [outbox.from_json(row) for row in connection.execute(query).scalars()]


class Driver(ABC):
    """One citizen with one channel in their hand."""

    longest: ClassVar[int] = 1_000_000
    # UTF-16 units that one message may have
    most_buttons: ClassVar[int] = 1_000
    # under one message
    sends_pictures: ClassVar[bool] = True
    pictures_are_read: ClassVar[bool] = False
    # whether codes on them are looked for
    is_kept: ClassVar[bool] = True
    # whether a citizen who was cut off finds what was said meanwhile

    @classmethod
    @abstractmethod
    def running(cls, place: Place) -> AbstractContextManager[Callable[[], Driver]]:
        """The channel while it runs, as it runs in web/__main__.py; what it gives makes a new citizen."""

    @abstractmethod
    def write(self, text: str) -> None:
        """Send words."""

    @abstractmethod
    def write_twice(self, text: str) -> None:
        """Send words that the vendor, or the browser, delivers twice."""

    @abstractmethod
    def press(self, label: str) -> None:
        """Press the newest button with that label."""

    @abstractmethod
    def arrived(self) -> list[Arrived]:
        """Everything that has arrived up to now, in the order in which it is read."""

    @abstractmethod
    def send_picture(self, content: bytes = b"") -> None:
        """Send a picture, without content one on which there is nothing to read."""

    @abstractmethod
    def take_sheet(self, is_large: bool) -> bytes:
        """The guidance sheet of the newest answer, as a citizen takes it."""

    @abstractmethod
    def cut_off(self) -> None:
        """Nothing arrives until further notice."""

    @abstractmethod
    def reconnect(self) -> None:
        """Everything is as before."""


@contextmanager
def open_place(folder: Path) -> Iterator[Place]:
    """The town with a worker that runs."""
    store = town.store(folder)
    officers, worker, door = Officers(store), Loop(town.worker(store, clock=now).step), Door(store, Flood(load(), now))
    officers.add("lan", "Nguyễn Thị Lan", "mot-cua-2026")
    store.listen(MESSAGE, worker.ring)
    worker.start()
    sheets = Sheets(town.catalogue, calendar(), now)
    yield Place(store, Outbox(store), Desk(store), officers, 1, door.accept, door.push, sheets, folder)
    worker.stop()
    store.close()
