"""Runs the assistant: web chat, console, webhooks and workers in one process; `--demo` brings what it needs.

python -m web           settings from MOT_CUA_* (bot/settings.py)
python -m web --demo    also starts stand-ins of both portals, Rasa when it is installed, and makes a demo officer
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.routing import BaseRoute

from bot import freed_memory, inbox, logs, outbox, retention, settings, sync_gauges, sync_plan, wiring
from bot.catalogue_book import Book
from bot.catalogue_drafts import CatalogueDrafts
from bot.catalogue_releases import CatalogueReleases
from bot.channels import telegram, zalo
from bot.crew import Crew
from bot.draft_effect import DraftEffect, by_evaluation
from bot.enclosures import Enclosures
from bot.errors import BadSettings, BotError
from bot.loop import Loop
from bot.lost_clusters import LostClusters
from bot.lost_decisions import LostDecisions
from bot.mailbox import Mailbox
from bot.meters import Meters
from bot.officers import Officers
from bot.own_data import Copies
from bot.present import now
from bot.roles import Role
from bot.sessions import Numbers
from bot.settings import Settings
from bot.sheets import Sheets
from bot.wiring import Parts
from bot.zalo_tokens import keep_fresh
from integrations.stand_ins.settings import environment
from knowledge.edition import Edition
from web import metrics, own_copy, readiness, webhooks
from web.app import create_app
from web.data_requests_page import DataRequestsPage
from web.deadlines_page import DeadlinesPage
from web.letter_page import LetterPage
from web.lost_questions_page import LostQuestionsPage
from web.pages import load_pages
from web.payment_page import PaymentPage
from web.ports import Access, Editing, Oversight, Ports
from web.rasa_process import RasaProcess
from web.sheet_page import SheetPage
from web.statistics_page import StatisticsPage
from web.sync_page import SyncPage

Files = dict[str, Callable[[str], Awaitable[bytes]]]
# by channel: what a citizen sent, given out again
ZALO_SENDERS = 2
RASA_PORT = 5005
DEMO_OFFICER = "canbo"
RASA_STATES = {
    True: "starting, about 20 s; the embedded engine answers meanwhile",
    False: "not installed (no Python 3.10 was found): the embedded engine answers",
}
QUESTIONS = (
    "Làm giấy khai sinh cho bé cần giấy tờ gì?",
    "dang ky tam tru het bao nhieu tien",
    "Hồ sơ H29.19-260312-0005 tới đâu rồi?",
    "Hồ sơ G22.99.08-260921-896048 tới đâu rồi?",
)


def main(arguments: list[str] | None = None) -> int:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m web", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="start what is needed around us and a demo officer")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    freed_memory.share()
    try:
        loaded = settings.load()
        logs.configure(loaded)
        _run_demo(loaded) if options.demo else _run(loaded)
    except BotError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _interrupt(number: int, frame: object) -> None:
    """An ended process ends its neighbours too."""
    raise KeyboardInterrupt


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BadSettings(f"{host}:{port} is taken by another program: set MOT_CUA_PORT to a free port") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(loaded: Settings) -> None:
    _refuse_taken_port(loaded.host, loaded.port)
    _run_fast(_serve(wiring.build(loaded, Meters.together(loaded.counts_dir))))


def _run_fast(work: Coroutine[None, None, None]) -> None:
    """On uvloop where it is to be had (not on Windows): a third less work for each request."""
    uvloop = importlib.import_module("uvloop") if importlib.util.find_spec("uvloop") else None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(work)


def _run_demo(loaded: Settings) -> None:
    """With a portal stand-in and Rasa; Rasa starts when the chat is up, so that nobody waits for it."""
    _refuse_taken_port(loaded.host, loaded.port)
    rasa_port = urlsplit(loaded.rasa_url).port or RASA_PORT
    rasa = RasaProcess(rasa_port)
    rasa_url = f"http://127.0.0.1:{rasa_port}" if rasa.installed() else ""
    here = loaded.public_url or f"http://{loaded.host}:{loaded.port}"
    with portal_stand_ins(replace(loaded, public_url=here, rasa_url=rasa_url, second_step_roles="")) as ready:
        parts = wiring.build(ready, Meters.together(ready.counts_dir))
        _welcome(parts, rasa.installed())
        try:
            _run_fast(_serve(parts, started=rasa.start if rasa.installed() else None))
        finally:
            rasa.stop()


async def _serve(parts: Parts, started: Callable[[], None] | None = None) -> None:
    """The web server with its workers and channels; `started` is called once it answers."""
    workers, stop = _workers(parts), threading.Event()
    sheets = wiring.sheets(parts.settings, parts.editions.catalogue)
    enclosed = wiring.enclosures(parts.settings, sheets)
    routes = _more_routes(parts, sheets)
    tasks: list[asyncio.Task[None]] = []
    files: Files = {}
    if parts.settings.telegram_token:
        tasks = _telegram(parts, routes, files, enclosed)
        threading.Thread(target=parts.desk_cards.run, args=[stop], daemon=True).start()
    pollers = Loop(parts.poller.step, parts.settings.follow_threads)
    pushing = _zalo(parts, routes, files, stop, enclosed) if parts.settings.zalo_app_id else ()
    loops: list[Loop | Crew] = [workers, pollers, *pushing]
    mailbox, numbers = Mailbox(parts.store, parts.outbox), Numbers(parts.store)
    tickets = (parts.desk, parts.board, parts.cards, parts.search, parts.drafts)
    access = (parts.officers, numbers, parts.aside, _access(parts))
    ports = Ports(parts.door, mailbox, *tickets, *access, _oversight(parts), parts.errands, files)
    app = create_app(ports, settings.secret_key(parts.settings), routes, parts.settings.embedders)
    config = uvicorn.Config(
        app,
        parts.settings.host,
        parts.settings.port,
        log_config=None,  # bot/logs.py says how lines are written
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    if parts.store.engine.dialect.name == "sqlite":
        await asyncio.to_thread(parts.inbox.release)
        await asyncio.to_thread(parts.outbox.release, now())
    if parts.media.kinds:
        tasks.append(asyncio.create_task(wiring.media_reader(parts, files).run()))
    for loop in loops:
        loop.start()
    _start_jobs(parts, stop)
    server = uvicorn.Server(config)
    if started is not None:
        tasks.append(asyncio.create_task(_when_started(server, started)))
    try:
        await server.serve()
    finally:
        for task in tasks:
            task.cancel()
        stop.set()
        for loop in reversed(loops):
            await asyncio.to_thread(loop.stop)


def _more_routes(parts: Parts, sheets: Sheets) -> list[BaseRoute]:
    """What is no page of chat or console proper: counts, sheets, own data, statistics, systems, letters, payment."""
    watchers, secret = parts.settings.watchers, settings.secret_key(parts.settings)
    return [
        metrics.route(partial(_counted, parts), watchers),
        readiness.route(partial(readiness.look, parts), watchers),
        *SheetPage.over(sheets, now).routes(),
        *DataRequestsPage(parts.data_requests, load_pages()).routes(),
        *own_copy.routes(Copies(parts.store, now), Numbers(parts.store), secret),
        *StatisticsPage.over(parts.reports).routes(),
        *_sync_page(parts).routes(),
        *_lost(parts).routes(),
        *PaymentPage.over(wiring.payments(parts.settings), sheets.sheet).routes(),
        *_deadlines(parts).routes(parts.dossiers, now, wiring.signer(parts.settings)),
        *LetterPage.over(parts.desk, parts.dossiers, now, wiring.signer(parts.settings)).routes(),
    ]


def _start_jobs(parts: Parts, stop: threading.Event) -> None:
    """What is done from time to time, each in a thread of its own until it is told to stop."""
    jobs: list[Callable[[threading.Event], None]] = [
        partial(retention.keep_deleting, parts.store),
        parts.editions.keep_looking,
        parts.timers.run,
        parts.survey.run,
        parts.daybook.run,
        parts.lost_questions.run,
    ]
    jobs.append(wiring.deadline_cards(parts).run)
    if monitor := wiring.sync_monitor(parts):
        tell, rate = wiring.sync_cards(parts).step, parts.settings.sync_per_s
        jobs.append(lambda ended: monitor.run(ended, parts.store, rate, tell))
    for job in jobs:
        threading.Thread(target=job, args=[stop], daemon=True).start()


def _counted(parts: Parts) -> bytes:
    synced = sync_gauges.gauges(wiring.sync_book(parts), sync_plan.load(), now())
    return parts.meters.text([*parts.backlog.gauges(), *synced])


def _sync_page(parts: Parts) -> SyncPage:
    book, desk_of = wiring.sync_book(parts), wiring.sync_cards(parts).desk_of
    return SyncPage.over(book, sync_plan.load(), desk_of, parts.sight, now)


def _deadlines(parts: Parts) -> DeadlinesPage:
    return DeadlinesPage.over(parts.deadlines, wiring.sync_cards(parts).desk_of, parts.sight)


def _access(parts: Parts) -> Access:
    provider = wiring.identity_provider(parts.settings)
    return Access(parts.accounts, parts.second_steps, parts.access_log, parts.switch_book, parts.sight, provider)


def _oversight(parts: Parts) -> Oversight:
    return Oversight(parts.breaches, parts.rotas, parts.staffing, parts.records, _editing(parts))


def _editing(parts: Parts) -> Editing:
    edition = Edition(parts.settings.catalogue_dir)
    drafts = CatalogueDrafts(parts.store, edition, clock=now)
    releases = CatalogueReleases(parts.store, parts.settings.catalogue_dir, edition, drafts, now)
    effect = DraftEffect(drafts, by_evaluation(parts.settings, LostDecisions(parts.store, drafts, now).tests), now)
    return Editing(drafts, releases, Book(parts.store), effect, now)


def _lost(parts: Parts) -> LostQuestionsPage:
    """The pages of lost questions; what one may mean says the assistant that is served."""
    editing = _editing(parts)
    decisions = LostDecisions(parts.store, editing.drafts, now)
    assistant = parts.editions.assistant
    return LostQuestionsPage.over(
        LostClusters(parts.store), decisions, editing, lambda text: assistant().interpreter.understand(text).candidates
    )


def _workers(parts: Parts) -> Loop | Crew:
    """Whoever answers messages: threads of ours, or processes beside us."""
    if parts.settings.workers:
        environment = settings.environment(parts.settings)
        crew = Crew(parts.settings.workers, environment, partial(parts.store.tell, outbox.REPLY))
        parts.store.listen(inbox.MESSAGE, crew.ring)
        return crew
    return wiring.answering(parts)


def _telegram(parts: Parts, routes: list[BaseRoute], files: Files, enclosed: Enclosures) -> list[asyncio.Task[None]]:
    """The Telegram channel, by webhook or polling."""
    chosen = parts.settings
    bot = telegram.make_bot(chosen.telegram_token, chosen.telegram_api_url)
    channel = telegram.Telegram(bot, parts.door.push, parts.outbox, enclosures=enclosed)
    files[telegram.CHANNEL] = channel.fetch
    work = [channel.deliver()]
    if chosen.telegram_mode == "webhook":
        secret = chosen.telegram_webhook_secret or secrets.token_urlsafe(32)
        routes.append(webhooks.telegram(channel.receive, secret))
        work.append(channel.set_webhook(chosen.telegram_webhook_url, secret))
    else:
        work.append(channel.poll())
    return [asyncio.create_task(item) for item in work]


def _zalo(
    parts: Parts, routes: list[BaseRoute], files: Files, stop: threading.Event, enclosed: Enclosures
) -> list[Loop]:
    """The Zalo channel: its webhook route, the loop that sends, and somebody who keeps its tokens fresh."""
    channel, tokens = wiring.zalo(parts, parts.door.push, enclosed)
    threading.Thread(target=keep_fresh, args=[tokens, stop], daemon=True).start()
    routes.append(webhooks.zalo(channel.receive))
    files[zalo.CHANNEL] = channel.fetch
    senders = Loop(channel.step, ZALO_SENDERS)
    parts.outbox.listen(senders.ring)
    return [senders]


async def _when_started(server: uvicorn.Server, act: Callable[[], None]) -> None:
    while not server.started:
        await asyncio.sleep(0.1)
    act()


@contextlib.contextmanager
def portal_stand_ins(loaded: Settings) -> Iterator[Settings]:
    """The settings that reach stand-ins of both portals, while these run."""
    ports = {"city": str(_free_port()), "national": str(_free_port())}
    command = [sys.executable, "-m", "integrations.stand_ins", "--only", *ports, "--ports", *ports.values()]
    with subprocess.Popen([*command, "--with-owner"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as stand_ins:
        try:
            for name, port in ports.items():
                loaded = replace(loaded, **environment(name, f"http://127.0.0.1:{port}"))  # type: ignore[arg-type]
            yield loaded
        finally:
            stand_ins.terminate()


def _welcome(parts: Parts, rasa_installed: bool) -> None:
    """Where everything is, who may sign in, and what to try."""
    address = f"http://{parts.settings.host}:{parts.settings.port}"
    print(f"\nWeb chat            {address}/")
    print(f"Officers' console   {address}/console")
    print(f"Portal stand-in     {parts.settings.portal_url}")
    print(f"National stand-in   {parts.settings.national_url}")
    print(f"Demo officer        {_demo_officer(parts.officers, parts.settings.data_dir)}")
    print(f"Rasa                {RASA_STATES[rasa_installed]}")
    print("\nTry:")
    for question in QUESTIONS:
        print(f"  {question}")
    print("\nCtrl+C ends everything.", flush=True)


def _demo_officer(officers: Officers, data_dir: Path) -> str:
    """Name and password, made at first start and kept beside the database."""
    path = data_dir / "demo_officer"
    if not path.exists():
        password = secrets.token_urlsafe(9)
        officers.add(DEMO_OFFICER, "Cán bộ thử nghiệm", password, list(Role))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{DEMO_OFFICER} / {password}")
    return path.read_text()


if __name__ == "__main__":
    sys.exit(main())
