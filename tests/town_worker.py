"""A worker of the small town as a process of its own: `python -m tests.town_worker URL`, until it is ended."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

from bot.inbox import MESSAGE
from bot.loop import Loop
from bot.store import Store
from nlu.understanding import Understanding
from tests import town

THINKS_S = 0.02


class Slow(town.Script):
    """An interpreter that takes its time."""

    def understand(self, text: str, topic: str = "") -> Understanding:
        """The scripted meaning, later."""
        time.sleep(THINKS_S)
        return super().understand(text, topic)


def main() -> None:
    """Answer until standard input ends."""
    store = Store(sys.argv[1])
    loop = Loop(town.worker(store, Slow(), lambda: datetime.now(UTC)).step, 3)
    store.listen(MESSAGE, loop.ring)
    loop.start()
    sys.stdin.read()
    loop.stop()
    store.close()


if __name__ == "__main__":
    main()
