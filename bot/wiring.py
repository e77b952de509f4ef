"""Everything put together from settings. The only place that knows which class plays which part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from bot import desks, flood, keys, media_words, portals, rules, satisfaction, second_factor, sync_plan, traces
from bot.access_log import AccessLog
from bot.accounts import Accounts
from bot.aside import SetAside
from bot.assistant import Assistant
from bot.backlog import Backlog
from bot.board import Board
from bot.breaches import Breaches
from bot.callback import Callbacks
from bot.cards import Cards
from bot.channels.zalo import TIMESTAMPS, Accept, Seal, Zalo
from bot.data_requests import DataRequests
from bot.daybook import Daybook
from bot.deadline_cards import DeadlineCards
from bot.deadlines import Deadlines
from bot.desk_cards import DeskCards
from bot.door import Door
from bot.drafts import Drafts
from bot.editions import Editions
from bot.enclosures import Enclosures
from bot.errands import Errands
from bot.errors import BadSettings
from bot.flood import Flood
from bot.following import Plan, calendar
from bot.handoff import Desk
from bot.host_lock import HostLock
from bot.inbox import MESSAGE, Inbox
from bot.lanes import GivingWay, Lanes
from bot.loop import Loop
from bot.lost_questions import LostQuestions, Meanings
from bot.media_reader import Files, MediaReader
from bot.meters import Meters
from bot.observation import Observer, WatchedReader
from bot.officers import Officers
from bot.outbox import Outbox
from bot.passwords import Passwords
from bot.payment import Payments, accounts
from bot.pending_media import PendingMedia
from bot.poller import Poller
from bot.present import now
from bot.ratings import Survey
from bot.records import Records
from bot.report import Reports
from bot.roles import Role, Sight
from bot.roster import Roster
from bot.rota import Rotas
from bot.search import Search
from bot.second_factor import Sealer
from bot.second_step import SecondSteps
from bot.settings import Settings, secret_key
from bot.sheet_keys import Token, in_file, in_hardware
from bot.sheet_signature import Checker, Signer
from bot.sheets import Sheets
from bot.staffing import Staffing
from bot.standing import NoTickets, TicketBook, Tickets
from bot.store import Store, open_store
from bot.switch_book import SwitchBook
from bot.sync_book import SyncBook
from bot.sync_cards import SyncCards
from bot.sync_monitor import SyncMonitor, sample
from bot.timers import Timers
from bot.tries import Tries
from bot.worker import Worker
from bot.zalo_tokens import ZaloTokens
from integrations.dossiers import Dossiers
from integrations.oidc import IdentityProvider, OidcSettings
from integrations.reader_process import Bounds, ReaderProcess
from integrations.routing import Routing
from integrations.time_stamps import TimeStamps
from integrations.zalo import ZaloClient, ZaloSettings
from integrations.zalo_photos import ZaloPhotos
from integrations.zalo_tokens import OAuthClient, OAuthSettings, Tokens
from knowledge import questions
from knowledge.catalogue import Catalogue
from knowledge.procedure import Procedure
from knowledge.questions import generated
from nlu import encoder, stored, training
from nlu.encoder import Encoder, Vectors
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
    errands: Errands
    board: Board
    cards: Cards
    search: Search
    drafts: Drafts
    aside: SetAside
    officers: Officers
    accounts: Accounts
    second_steps: SecondSteps
    access_log: AccessLog
    sight: Sight
    switch_book: SwitchBook
    breaches: Breaches
    rotas: Rotas
    staffing: Staffing
    records: Records
    worker: Worker
    lanes: Lanes
    # of the threads that run the worker
    timers: Timers
    desk_cards: DeskCards
    # tells desks in their Telegram groups what waits
    survey: Survey
    # asks citizens how satisfied they are
    dossiers: Routing
    # for whoever asks in a thread of their own
    poller: Poller
    # tells citizens what is new in the dossiers they follow
    deadlines: Deadlines
    # which of them are nearly due or late, for officers
    meters: Meters
    backlog: Backlog
    # for those who watch over the service
    data_requests: DataRequests
    # what citizens ask about their own data
    daybook: Daybook
    # counts each day once it is over
    reports: Reports
    lost_questions: LostQuestions
    # collects what the assistant could not answer
    media: PendingMedia
    # voice messages and photos that are read before they are answered


def build(settings: Settings, meters: Meters | None = None) -> Parts:
    """The room over its database; `meters`: those that other processes count on as well."""
    now.move(settings.play_ahead_s)
    store = open_store(settings.database)
    served = desks.load()
    meters = meters or Meters()
    observer = Observer(meters, traces.trace(settings.trace_url))
    dossiers, lanes, plan = portals.dossiers(settings, observer), Lanes(settings.answer_threads), follow_plan(settings)
    editions = build_editions(settings, GivingWay(dossiers, lanes), TicketBook(store, served, now), observer)
    sealer, passwords, switch_book = Sealer(secret_key(settings)), Passwords(), SwitchBook(store, now)
    callbacks = Callbacks(secret_key(settings), now)
    media = PendingMedia(store, readers(settings), now)
    tries, roster = Tries(store, sealer, second_factor.load()), Roster(store, served)
    deadlines = Deadlines(store, settings.remind_working_days, now)
    kept_away = Flood(flood.load().times(settings.flood_times), now, meters)
    return Parts(
        settings=settings,
        store=store,
        editions=editions,
        inbox=Inbox(store, sealer, callbacks, media.hold),
        flood=kept_away,
        door=Door(store, kept_away, now, sealer, callbacks, media.hold),
        outbox=Outbox(store),
        desk=Desk(store, served, now),
        errands=Errands(store, callbacks, served, now),
        board=Board(store, served, now),
        search=Search(store),
        drafts=Drafts(store, editions.assistant, now),
        cards=Cards(lambda: editions.assistant().catalogue, now),
        aside=SetAside(store),
        officers=Officers(store, passwords, second_step_roles(settings), now),
        accounts=Accounts(store, passwords, now, served=served),
        second_steps=SecondSteps(store, secret_key(settings)),
        access_log=AccessLog(store, now),
        sight=Sight(roster.desks_of, roster.desk_of, roster.led_by),
        switch_book=switch_book,
        breaches=Breaches(store, served, now),
        rotas=Rotas(store, served, now),
        staffing=Staffing(store, served, now),
        records=Records(lambda: editions.assistant().catalogue, now),
        worker=Worker(store, editions.assistant, now, tries, switch_book.switches, plan, served, observer),
        lanes=lanes,
        timers=Timers(store, served, now),
        desk_cards=DeskCards(store, served, now, settings.public_url),
        survey=Survey(store, satisfaction.plan(settings.satisfaction_quiet_min), now, switch_book.switches),
        dossiers=dossiers,
        poller=Poller(store, dossiers, plan, note=deadlines.note),
        deadlines=deadlines,
        meters=meters,
        backlog=Backlog(store, served, now),
        data_requests=DataRequests(store, now),
        daybook=Daybook(store, served, now),
        reports=Reports(store, served, now),
        lost_questions=LostQuestions(store, meanings(editions), now),
        media=media,
    )


def readers(settings: Settings) -> dict[str, ReaderProcess]:
    """The programs that read what citizens send instead of words, by kind of attachment; none unless set."""
    bounds = Bounds(settings.reader_timeout_s, settings.reader_memory_mb, settings.voice_longest_s)
    commands = {media_words.SOUND: settings.voice_command, media_words.PHOTO: settings.ocr_command}
    return {kind: ReaderProcess(command, bounds) for kind, command in commands.items() if command}


def media_reader(parts: Parts, files: Files) -> MediaReader:
    """Whoever reads what is held; `files` as the channels of this process give them out."""
    lock = HostLock(parts.settings.data_dir / "reader.lock")
    return MediaReader(parts.media, files, readers(parts.settings), lock, now)


def second_step_roles(settings: Settings) -> frozenset[Role]:
    """The roles that sign in with a code as well. Raises BadSettings."""
    try:
        return frozenset(Role(name) for name in settings.second_step_roles.replace(",", " ").split())
    except ValueError as error:
        raise BadSettings(f"MOT_CUA_SECOND_STEP_ROLES: {error}; there are {', '.join(Role)}") from error


def identity_provider(settings: Settings) -> IdentityProvider | None:
    """The agency's identity provider, when it is set. Raises BadSettings when a part is missing."""
    if not settings.oidc_issuer:
        return None
    if not (settings.oidc_client_id and settings.oidc_client_secret and settings.oidc_redirect_url):
        raise BadSettings(
            "MOT_CUA_OIDC_CLIENT_ID, _CLIENT_SECRET and _REDIRECT_URL are needed with MOT_CUA_OIDC_ISSUER"
        )
    where = urlsplit(settings.oidc_issuer)
    if where.scheme != "https" and (where.scheme, where.hostname) not in (("http", "127.0.0.1"), ("http", "localhost")):
        raise BadSettings("MOT_CUA_OIDC_ISSUER begins with https://: over anything else nobody can be believed")
    return IdentityProvider(
        OidcSettings(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            redirect_url=settings.oidc_redirect_url,
            timeout_s=settings.oidc_timeout_s,
        )
    )


def answering(parts: Parts) -> Loop:
    """The threads that answer messages, woken by each; the index is built or read before they start."""
    if not parts.settings.answer_threads:
        return Loop(parts.worker.step, 0)
    parts.editions.assistant()
    threads = parts.settings.answer_threads + portals.at_once(parts.settings)
    loop = Loop(parts.worker.step, threads, parts.lanes)
    parts.store.listen(MESSAGE, loop.ring)
    return loop


def sheets(settings: Settings, records: Callable[[], Catalogue]) -> Sheets:
    """The guidance sheets over a catalogue. Raises BadSettings when the key or the authorities cannot be read."""
    authorities, revoked = settings.sheet_authority_file, settings.sheet_revoked_file
    checker = Checker.load(Path(authorities) if authorities else None, Path(revoked) if revoked else None)
    return Sheets(records, calendar(), now, settings.public_url, signer(settings), checker)


def signer(settings: Settings) -> Signer | None:
    """Who signs sheets and letters: a key in hardware, one in a file, or nobody. Raises BadSettings."""
    ask = TimeStamps(settings.sheet_time_url).ask if settings.sheet_time_url else None
    if settings.sheet_pkcs11_module:
        where = (settings.sheet_pkcs11_module, settings.sheet_pkcs11_token, settings.sheet_pkcs11_key)
        return Signer(in_hardware(Token(*where, settings.sheet_pkcs11_pin)), ask)
    if settings.sheet_key_file:
        return Signer(in_file(Path(settings.sheet_key_file), settings.sheet_key_passphrase), ask)
    return None


def payments(settings: Settings) -> Payments:
    """The QR codes for fees. Raises BadSettings when the accounts cannot be read."""
    path = Path(settings.accounts_file) if settings.accounts_file else None
    return Payments(accounts(path), keys.box(keys.PAYMENT, secret_key(settings)), settings.public_url, now)


def enclosures(settings: Settings, printed: Sheets) -> Enclosures:
    """What goes with replies."""
    return Enclosures(printed.printed, settings.public_url)


def build_assistant(settings: Settings) -> Assistant:
    """The assistant without a database: what `python -m bot ask` and the evals use."""
    return build_editions(settings, portals.dossiers(settings)).assistant()


def build_editions(
    settings: Settings, dossiers: Dossiers, tickets: Tickets | None = None, observer: Observer | None = None
) -> Editions:
    """The assistant over the edition that is served. The engines and the portals outlive a switch of editions."""
    thresholds, asked = rules.load(), questions.load()
    pays = payments(settings) if settings.public_url else None

    @cache
    def lasting() -> tuple[list[Understander], Encoder | None]:
        return engines(settings, observer or Observer()), encoder.default() if settings.encoder == "auto" else None

    def over(records: Catalogue) -> Assistant:
        readers, reader = lasting()
        known = entries(records, asked)
        index = stored.retrieval(known, settings.cache_dir, reader)
        scope = stored.scope(training.load(), known, index, settings.cache_dir, reader)
        interpreter, book = Interpreter(readers, scope, index, reader), tickets or NoTickets()
        return Assistant(interpreter, records, dossiers, thresholds, book, settings.public_url, pays)

    return Editions(settings.catalogue_dir, over)


def meanings(editions: Editions) -> Meanings:
    """What texts mean to the assistant that is served; nothing where it reads words alone."""

    def of(texts: Sequence[str]) -> Vectors | None:
        interpreter = editions.assistant().interpreter
        return interpreter.meanings(texts) if isinstance(interpreter, Interpreter) else None

    return of


def engines(settings: Settings, observer: Observer) -> list[Understander]:
    """Rasa first where it is set, one server after the other; the embedded engine always."""
    embedded: Understander = stored.engine(training.load(), settings.cache_dir)
    rasas = [RasaClient(address, settings.rasa_timeout_s) for address in settings.rasa_url.split()]
    return [*(WatchedReader("rasa", rasa, observer) for rasa in rasas), embedded]


def entries(records: Catalogue, asked: Mapping[str, Sequence[str]]) -> list[Entry]:
    """The catalogue as it can be found, with the questions that people ask by code."""
    return [_entry(item, asked.get(item.code, ())) for item in sorted(records, key=lambda item: item.code)]


def _entry(item: Procedure, asked: Sequence[str]) -> Entry:
    phrases = (*item.aliases, *item.examples, *asked)
    return Entry(item.code, item.name, phrases, item.reviewed, () if phrases else generated(item.name))


def follow_plan(settings: Settings) -> Plan:
    """How often followed dossiers are asked for, and when citizens are told."""
    return Plan(
        interval=timedelta(minutes=settings.follow_interval_min),
        day_from_h=settings.follow_day_from_h,
        day_until_h=settings.follow_day_until_h,
        per_s=settings.follow_per_s,
    )


def zalo(parts: Parts, accept: Accept, enclosed: Enclosures) -> tuple[Zalo, Tokens]:
    """The Zalo channel and the tokens to keep fresh for it. Raises BadSettings when a secret is missing."""
    chosen = parts.settings
    tokens = Tokens(zalo_oauth(chosen), zalo_book(chosen, parts.store), now)
    client = ZaloClient(
        ZaloSettings(
            base_url=chosen.zalo_api_url,
            message_path=chosen.zalo_message_path,
            upload_path=chosen.zalo_upload_path,
            token_header=chosen.zalo_token_header,
            button_type=chosen.zalo_button_type,
            button_template=chosen.zalo_button_template,
            timeout_s=chosen.zalo_timeout_s,
        ),
        tokens,
    )
    photos = ZaloPhotos(chosen.zalo_photos, chosen.zalo_timeout_s)
    seal, prefix = zalo_seal(chosen), chosen.zalo_button_prefix
    return Zalo(client, accept, parts.outbox, seal, prefix, photos=photos, enclosures=enclosed), tokens


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
    book = ZaloTokens(store, chosen.zalo_app_id, secret_key(chosen))
    book.close_plain()
    if chosen.zalo_refresh_token:
        book.seed(chosen.zalo_refresh_token, now())
    return book


def sync_book(parts: Parts) -> SyncBook:
    """Where the City's system and the national one differ. Raises BadData."""
    return SyncBook(parts.store, sync_plan.load())


def sync_cards(parts: Parts) -> SyncCards:
    """Tells desks where the systems differ."""
    return SyncCards(parts.store, desks.load(), sync_plan.load(), now, parts.settings.public_url)


def deadline_cards(parts: Parts) -> DeadlineCards:
    """Tells desks which dossiers of their units are nearly due."""
    return DeadlineCards(parts.deadlines, sync_cards(parts).desk_of, now, parts.settings.public_url)


def sync_monitor(parts: Parts) -> SyncMonitor | None:
    """Compares both systems, through the doors of citizens' look-ups; None unless both are set. Raises BadSettings."""
    chosen, doors, book = parts.settings, parts.dossiers, sync_book(parts)
    if not chosen.sync_per_s or set(portals.connected(chosen)) != set(portals.PORTALS):
        return None
    sampled = sample(Path(chosen.sync_sample_file)) if chosen.sync_sample_file else []

    def listed() -> list[str]:
        return [code for code in {*book.followed(), *sampled} if doors.portal(code) == portals.CITY]

    interval = timedelta(minutes=chosen.sync_interval_min)
    return SyncMonitor(book, doors.named(portals.CITY), doors.named(portals.NATIONAL), listed, interval, now)
