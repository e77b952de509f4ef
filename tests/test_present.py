"""The clock that a play may move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot import settings
from bot.errors import BadSettings
from bot.present import Present

LOOPBACK = "http://127.0.0.1:8098"
TELEGRAM = {"MOT_CUA_TELEGRAM_TOKEN": "1:x"}
ZALO = {"MOT_CUA_ZALO_APP_ID": "1"}


def test_a_moved_clock_goes_on() -> None:
    """A clock that was moved is ahead by so much and goes on; moved by nothing it is the machine's."""
    present, hour = Present(), timedelta(hours=1)
    present.move(3600)
    assert timedelta() <= present() - datetime.now(UTC) - hour + timedelta(seconds=1) < timedelta(seconds=2)
    present.move(0)
    assert abs(present() - datetime.now(UTC)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "real",
    [
        {"MOT_CUA_HOST": "0.0.0.0"},
        {"MOT_CUA_EMBED_ORIGINS": "https://phuong.example"},
        {"MOT_CUA_PORTAL_URL": "https://portal.example"},
        {"MOT_CUA_OIDC_ISSUER": "https://accounts.example"},
        TELEGRAM,
        ZALO,
        {**TELEGRAM, "MOT_CUA_TELEGRAM_API_URL": "https://127.0.0.1.example"},
    ],
    ids=str,
)
def test_a_moved_clock_stays_on_this_machine(real: dict[str, str]) -> None:
    """A moved clock is refused wherever a citizen, a vendor or a portal could be a real one."""
    with pytest.raises(BadSettings, match="PLAY_AHEAD_S"):
        settings.load({"MOT_CUA_PLAY_AHEAD_S": "60", **real})
    assert settings.load({"MOT_CUA_PLAY_AHEAD_S": "0", **real}).play_ahead_s == 0


@pytest.mark.parametrize(
    "played",
    [
        {},
        {**TELEGRAM, "MOT_CUA_TELEGRAM_API_URL": LOOPBACK},
        {**ZALO, "MOT_CUA_ZALO_API_URL": LOOPBACK, "MOT_CUA_ZALO_OAUTH_URL": LOOPBACK},
    ],
    ids=str,
)
def test_a_play_moves_its_clock(played: dict[str, str]) -> None:
    """With stand-ins on this machine alone the clock may be moved, forward and back."""
    for ahead_s in (86_400, -60):
        assert settings.load({"MOT_CUA_PLAY_AHEAD_S": str(ahead_s), **played}).play_ahead_s == ahead_s
