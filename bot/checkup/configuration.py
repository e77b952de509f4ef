"""Settings that cannot work together, names that are no setting, the secret key."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from bot import portals, settings, wiring
from bot.checkup.finding import Finding
from bot.errors import BotError
from bot.settings import Settings
from knowledge.catalogue import Catalogue

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def settings_fit(chosen: Settings) -> Iterator[Finding]:
    """Every part that is set is made as the program makes it; each refusal is told."""
    refusals = list(filter(None, (_refusal(make, chosen) for make in _PARTS)))
    yield from (Finding("settings", "unfit", {"why": why}) for why in dict.fromkeys(refusals))
    if not refusals:
        yield Finding("settings", "fit")


def slips(unknown: Iterable[str]) -> Iterator[Finding]:
    """A name that begins like a setting and is none does nothing: mostly a slip of the finger."""
    known = settings.names()
    for name in unknown:
        near = get_close_matches(name, known, n=1) or ["bot/settings.py"]
        yield Finding("settings", "unknown", {"setting": name, "near": near[0]})


def secret_key(path: Path) -> Finding:
    """The key is there, whole, and for its owner's eyes only."""
    facts = {"path": path}
    if settings.next_key(path).exists():
        return Finding("secret_key", "half_changed", facts)
    if not path.exists():
        return Finding("secret_key", "not_made", facts)
    if not path.is_file() or not path.stat().st_size:
        return Finding("secret_key", "unreadable", facts)
    return Finding("secret_key", "open_to_others" if path.stat().st_mode & OTHERS else "kept", facts)


def _refusal(make: Callable[[Settings], object], chosen: Settings) -> str:
    """Why a part cannot be made; empty when it can."""
    try:
        make(chosen)
    except BotError as error:
        return str(error)
    return ""


def _zalo(chosen: Settings) -> None:
    if chosen.zalo_app_id:
        wiring.zalo_oauth(chosen)
        wiring.zalo_seal(chosen)


_PARTS: tuple[Callable[[Settings], object], ...] = (
    wiring.second_step_roles,
    wiring.identity_provider,
    portals.dossiers,
    _zalo,
    lambda chosen: wiring.sheets(chosen, lambda: Catalogue(())),
)
