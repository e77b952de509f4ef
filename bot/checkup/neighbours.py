"""Other people's systems, asked for nothing of anybody: whether they answer and let us in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa

from bot import tables
from bot.checkup.finding import Finding
from bot.settings import Settings
from bot.store import Store
from integrations.errors import Unavailable
from integrations.reach import status_of
from nlu.errors import NluError
from nlu.rasa_client import RasaClient

RASA_VERSION = "3.6.21"
# nlu/rasa/requirements.txt
ASK_S = 5.0
SERVER_FAILED = 500
NOT_LET_IN = (401, 403, 404)
# Telegram says 401 or 404 to a token it does not know
REFRESHED_WITHIN = timedelta(hours=26)
# an access token of Zalo lives 25 hours; we refresh six hours before
WEBHOOK = "webhook"


def rasa(url: str, timeout_s: float = ASK_S) -> Finding:
    """The version and the model that answer."""
    if not url:
        return Finding("rasa", "not_set")
    try:
        with RasaClient(url, timeout_s, known_intents=()) as client:
            serving = client.serving()
    except NluError as error:
        return Finding("rasa", "silent", {"url": url, "why": str(error).rstrip(".")})
    facts = {"version": serving.version, "wanted": RASA_VERSION, "model": serving.model}
    if not serving.model:
        return Finding("rasa", "no_model", facts)
    return Finding("rasa", "answers" if serving.version == RASA_VERSION else "other_version", facts)


def reachable(chosen: Settings) -> Iterator[Finding]:
    """Each portal and the identity provider: a bare request for their address, without credentials."""
    asked = {
        "the City's dossier system": chosen.portal_url,
        "the national services": chosen.national_url,
        "the officers' identity provider": chosen.oidc_issuer,
    }
    for name, url in asked.items():
        if url:
            yield _reached(name, url)
    if not chosen.portal_url:
        yield Finding("portals", "not_set")


def telegram(chosen: Settings) -> Iterator[Finding]:
    """The token, by asking the bot for its own name; and what a webhook needs."""
    if not chosen.telegram_token:
        yield Finding("telegram", "not_set")
        return
    yield Finding("telegram", _telegram(chosen))
    if chosen.telegram_mode == WEBHOOK and not chosen.telegram_webhook_url:
        yield Finding("telegram", "no_address")
    if chosen.telegram_mode == WEBHOOK and not chosen.telegram_webhook_secret:
        yield Finding("telegram", "no_secret")


def zalo(chosen: Settings, now: datetime) -> Finding:
    """The tokens by their age; asking Zalo would spend one."""
    if not chosen.zalo_app_id:
        return Finding("zalo", "not_set")
    refreshed_at = _refreshed_at(chosen.database, chosen.zalo_app_id)
    if refreshed_at is None:
        return Finding("zalo", "first_token" if chosen.zalo_refresh_token else "not_allowed")
    facts = {"hours": round((now - refreshed_at).total_seconds() / 3600)}
    return Finding("zalo", "stale" if now - refreshed_at > REFRESHED_WITHIN else "fresh", facts)


def _reached(name: str, url: str) -> Finding:
    facts = {"name": name, "host": urlsplit(url).netloc}
    try:
        status = status_of(url, ASK_S)
    except Unavailable as error:
        return Finding("portals", "silent", {**facts, "why": error})
    return Finding("portals", "ailing" if status >= SERVER_FAILED else "answers", {**facts, "status": status})


def _telegram(chosen: Settings) -> str:
    try:
        status = status_of(f"{chosen.telegram_api_url}/bot{chosen.telegram_token}/getMe", ASK_S)
    except Unavailable:
        return "silent"
    return "refused" if status in NOT_LET_IN else "silent" if status >= SERVER_FAILED else "answers"


def _refreshed_at(url: str, app_id: str) -> datetime | None:
    token = tables.zalo_token.c
    with closing(Store(url)) as store, store.reading() as connection:
        return connection.execute(sa.select(token.refreshed_at).where(token.app_id == app_id)).scalar()
