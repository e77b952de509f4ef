"""Everything put together from settings. The only place that knows which class plays which part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import desks, flood, rules
from bot.aside import SetAside
from bot.assistant import Assistant
from bot.channels.zalo import TIMESTAMPS, Accept, Seal, Zalo
from bot.door import Door
from bot.editions import Editions
from bot.errors import BadSettings
from bot.flood import Flood
from bot.handoff import Desk
from bot.inbox import Inbox
from bot.officers import Officers
from bot.outbox import Outbox
from bot.roster import Roster
from bot.settings import Settings
from bot.standing import NoTickets, TicketBook, Tickets
from bot.store import Store, open_store
from bot.timers import Timers
from bot.worker import Worker, now
from bot.zalo_tokens import ZaloTokens
from integrations.dossiers import Details, Dossiers, Found, Proof
from integrations.errors import Unavailable
from integrations.portal import PortalClient, PortalSettings
from integrations.zalo import ZaloClient, ZaloSettings
from integrations.zalo_tokens import OAuthClient, OAuthSettings, Tokens
from knowledge import questions
from knowledge.catalogue import Catalogue
from knowledge.procedure import Procedure
from knowledge.questions import generated
from nlu import encoder, stored, training
from nlu.rasa_client import RasaClient
from nlu.retrieval import Entry
from nlu.understander import Interpreter
from nlu.understanding import Understander


@dataclass(frozen=True)
class Parts:
    """A running conversation room."""

    settings: Settings
    store: Store
    editions: Editions
    inbox: Inbox
    # for the terminal: one person at their own machine
    flood: Flood
    door: Door
    # for every channel that strangers reach
    outbox: Outbox
    desk: Desk
    aside: SetAside
    officers: Officers
    roster: Roster
    worker: Worker
    timers: Timers


class NoPortal:
    """Stands where no portal is set: every look-up is an outage with words for the citizen."""

    def find(self, code: str) -> Found:
        """Raises Unavailable."""
        raise Unavailable("no portal is set")

    def details(self, code: str, proof: Proof) -> Details:
        """Raises Unavailable."""
        raise Unavailable("no portal is set")


def build(settings: Settings) -> Parts:
    """The room over its database."""
    store = open_store(settings.database)
    served = desks.load()
    editions = build_editions(settings, TicketBook(store, served, now))
    kept_away = Flood(flood.load().times(settings.flood_times), now)
    return Parts(
        settings=settings,
        store=store,
        editions=editions,
        inbox=Inbox(store),
        flood=kept_away,
        door=Door(store, kept_away),
        outbox=Outbox(store),
        desk=Desk(store, served),
        aside=SetAside(store),
        officers=Officers(store),
        roster=Roster(store),
        worker=Worker(store, editions.assistant, served=served),
        timers=Timers(store, served, now),
    )


def build_assistant(settings: Settings) -> Assistant:
    """The assistant without a database: what `python -m bot ask` and the evals use."""
    return build_editions(settings).assistant()


def build_editions(settings: Settings, tickets: Tickets | None = None) -> Editions:
    """The assistant over the edition that is served. The engines and the portal outlive a switch of editions."""
    readers, dossiers, thresholds = engines(settings), portal(settings), rules.load()
    asked, reader = questions.load(), encoder.default() if settings.encoder == "auto" else None

    def over(records: Catalogue) -> Assistant:
        known = entries(records, asked)
        index = stored.retrieval(known, settings.cache_dir, reader)
        scope = stored.scope(training.load(), known, index, settings.cache_dir, reader)
        return Assistant(
            Interpreter(readers, scope, index, reader), records, dossiers, thresholds, tickets or NoTickets()
        )

    return Editions(settings.catalogue_dir, over)


def engines(settings: Settings) -> list[Understander]:
    """Rasa first where it is set; the embedded engine always."""
    embedded: Understander = stored.engine(training.load(), settings.cache_dir)
    if not settings.rasa_url:
        return [embedded]
    return [RasaClient(settings.rasa_url, settings.rasa_timeout_s), embedded]


def entries(records: Catalogue, asked: Mapping[str, Sequence[str]]) -> list[Entry]:
    """The catalogue as it can be found, with the questions that people ask by code."""
    return [_entry(item, asked.get(item.code, ())) for item in sorted(records, key=lambda item: item.code)]


def _entry(item: Procedure, asked: Sequence[str]) -> Entry:
    phrases = (*item.aliases, *item.examples, *asked)
    return Entry(item.code, item.name, phrases, item.reviewed, () if phrases else generated(item.name))


def portal(settings: Settings) -> Dossiers:
    """The City's dossier system, when it is set."""
    if not settings.portal_url:
        return NoPortal()
    return PortalClient(
        PortalSettings(
            base_url=settings.portal_url,
            token_url=settings.portal_token_url,
            client_id=settings.portal_client_id,
            client_secret=settings.portal_client_secret,
            timeout_s=settings.portal_timeout_s,
        )
    )


def zalo(parts: Parts, accept: Accept) -> tuple[Zalo, Tokens]:
    """The Zalo channel and the tokens to keep fresh for it. Raises BadSettings when a secret is missing."""
    chosen = parts.settings
    tokens = Tokens(zalo_oauth(chosen), zalo_book(chosen, parts.store), now)
    client = ZaloClient(
        ZaloSettings(
            base_url=chosen.zalo_api_url,
            message_path=chosen.zalo_message_path,
            token_header=chosen.zalo_token_header,
            button_type=chosen.zalo_button_type,
            button_template=chosen.zalo_button_template,
            timeout_s=chosen.zalo_timeout_s,
        ),
        tokens,
    )
    return Zalo(client, accept, parts.outbox, zalo_seal(chosen), chosen.zalo_button_prefix), tokens


def zalo_seal(chosen: Settings) -> Seal:
    """How Zalo's events are signed. Raises BadSettings."""
    if not chosen.zalo_oa_secret:
        raise BadSettings("MOT_CUA_ZALO_OA_SECRET is missing: no event of Zalo could be believed")
    if chosen.zalo_timestamp_from not in TIMESTAMPS:
        raise BadSettings(f"MOT_CUA_ZALO_TIMESTAMP_FROM is one of {', '.join(TIMESTAMPS)}")
    return Seal(
        chosen.zalo_app_id,
        chosen.zalo_oa_secret,
        chosen.zalo_signature_header,
        chosen.zalo_timestamp_from,
        chosen.zalo_timestamp_header,
    )


def zalo_oauth(chosen: Settings) -> OAuthClient:
    """Where Zalo's tokens come from. Raises BadSettings."""
    if not (chosen.zalo_app_id and chosen.zalo_app_secret):
        raise BadSettings("MOT_CUA_ZALO_APP_ID or MOT_CUA_ZALO_APP_SECRET is missing: tokens cannot be refreshed")
    where = OAuthSettings(
        app_id=chosen.zalo_app_id,
        app_secret=chosen.zalo_app_secret,
        base_url=chosen.zalo_oauth_url,
        token_path=chosen.zalo_token_path,
    )
    return OAuthClient(where, now)


def zalo_book(chosen: Settings, store: Store) -> ZaloTokens:
    """Where Zalo's tokens are kept, with the refresh token of the settings unless it was taken before."""
    book = ZaloTokens(store, chosen.zalo_app_id)
    if chosen.zalo_refresh_token:
        book.seed(chosen.zalo_refresh_token, now())
    return book
