"""Worker processes beside the serving one: whoever writes is answered, also after one of them was killed."""

from __future__ import annotations

import os
import signal

import pytest

from evals.plays import Question
from evals.process import family
from evals.site import Site, site, until

pytestmark = pytest.mark.slow

WAIT_S = 90


def test_a_crew_answers_and_is_replaced() -> None:
    """The serving process answers nothing itself; a killed worker process is followed by another that answers."""
    with site(MOT_CUA_WORKERS="1") as running:
        assert running.server.process
        serving = running.server.process.pid
        assert "khai sinh" in answer(running, "9001", "Làm giấy khai sinh cho bé cần giấy tờ gì?").casefold()
        (worker,) = set(family(serving)) - {serving}
        os.kill(worker, signal.SIGKILL)
        assert "kết hôn" in answer(running, "9002", "Đăng ký kết hôn cần giấy tờ gì?").casefold()
        (another,) = set(family(serving)) - {serving}
        assert another != worker


def answer(running: Site, person: str, text: str) -> str:
    """What a citizen on Telegram reads after a question."""

    def told() -> list[str]:
        return [sending.text for sending in running.vendors.sendings("telegram") if sending.person == person]

    running.vendors.say(Question("telegram", person, 0, text, ""))
    until(told, WAIT_S, 0.1)
    return told()[0]
