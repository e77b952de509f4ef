"""Numbers planted in a whole play of the program at its most talkative: none is in anything it wrote or sent."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.officers import Officers
from bot.roles import Role
from bot.settings import Settings
from bot.store import open_store
from integrations.stand_ins import telegram
from tests.end_to_end.program import START_S, Program, data_folder, started
from tests.memory_ports import PASSWORD
from tests.serving import served, until
from tests.town import QUICK

pytestmark = pytest.mark.slow

TOKEN = "1234:PLANTED"
CITIZEN = 77
WEB = {
    "079201934567": "cccd của em là 079 201 934 567, làm lại bao nhiêu tiền",
    "0912945678": "gọi lại em số 0912.945.678 nha",
    "planted.web@gmail.com": "gửi kết quả về planted.web@gmail.com được không",
    "4111111119111111": "thẻ 4111 1111 1911 1111 bị trừ tiền hai lần",
    "024956789": "cmnd cũ 024-956-789 đổi sang căn cước ở đâu",
    "0071009234567": "hoàn phí vào stk 0071 0092 34567 vietcombank",
}
TELEGRAM = {
    "052199123956": "mất căn cước 052199123956 làm lại ở đâu",
    "0388912356": "sdt em 0388 912 356",
    "planted.tele@yahoo.com": "mail planted.tele@yahoo.com",
    "5500000900000004": "the 5500-0000-9000-0004 het han",
}
# what must not be found -> what a citizen writes
OFFICER = {"0795912334": "cho gặp cán bộ, số em 0795912334"}
MARK = "quokka"
# an ordinary word of a citizen: in the database, so the search sees what is there; in no log
ASKED = 3
# questions that Rasa hears at least: once a conversation waits for an officer it hears no more of it
PAUSES = re.compile(rb"[\s.\-]+")


@dataclass
class Rasa:
    """A Rasa server that understands nothing for certain and remembers what it was asked."""

    asked: list[str] = field(default_factory=list)

    async def parse(self, request: Request) -> Response:
        """One reading."""
        self.asked.append((await request.body()).decode())
        return JSONResponse({"intent": {"name": "ask_documents", "confidence": 0.4}, "entities": []})

    def app(self) -> Starlette:
        """As a web application."""
        return Starlette(routes=[Route("/model/parse", self.parse, methods=["POST"])])


@dataclass
class Play:
    """The running program and its neighbours."""

    program: Program
    rasa: Rasa
    telegram: httpx.Client
    pages: dict[str, str] = field(default_factory=dict)
    # what people and machines were shown

    def keep(self, response: httpx.Response) -> httpx.Response:
        """Remember an answer with its headers."""
        name = f"{response.request.method} {response.request.url.path} {len(self.pages)}"
        self.pages[name] = f"{response.headers} {response.text}"
        return response

    def files(self) -> dict[str, bytes]:
        """What lies in the folder, with the database's write-ahead log, and what was printed."""
        lies = {path.name: path.read_bytes() for path in self.program.folder.rglob("*") if path.is_file()}
        return {**lies, "log": self.program.log.read_bytes()}

    def wrote(self) -> dict[str, bytes]:
        """Every output: files, pages, requests to neighbours."""
        calls = self.telegram.get("/__control/calls").json()
        ours = json.dumps([call for call in calls if call["method"] != "getUpdates"], ensure_ascii=False)
        # the answers to getUpdates are what the citizen wrote, on its way in
        shown = {name: page.encode() for name, page in self.pages.items()}
        spoken = {"rasa": "\n".join(self.rasa.asked).encode(), "telegram": ours.encode()}
        return {**self.files(), **shown, **spoken}


@contextmanager
def play(folder: Path) -> Iterator[Play]:
    """The program with web chat, console, Telegram and Rasa."""
    data, rasa = data_folder(folder), Rasa()
    store = open_store(Settings(data_dir=data).database)
    Officers(store, QUICK).add("lan", "Nguyễn Thị Lan", PASSWORD, [Role.OFFICER])
    store.close()
    with ExitStack() as stack:
        line = stack.enter_context(served(telegram.app(TOKEN)))
        neighbours = {
            "MOT_CUA_TELEGRAM_TOKEN": TOKEN,
            "MOT_CUA_TELEGRAM_API_URL": line,
            "MOT_CUA_RASA_URL": stack.enter_context(served(rasa.app())),
            "MOT_CUA_ENCODER": "none",
            "MOT_CUA_FLOOD_TIMES": "100",
            "MOT_CUA_LOG_LEVEL": "debug",
        }
        program = stack.enter_context(started(folder, data=data, **neighbours))
        until(program.healthy, START_S)
        http = stack.enter_context(httpx.Client(base_url=line, trust_env=False, timeout=30))
        yield Play(program, rasa, http)


def on_the_web(play: Play) -> None:
    """A citizen writes everything, asks for an officer, and sends what is refused."""
    with client(play) as http:
        play.keep(http.get("/"))
        for text in (MARK, *WEB.values(), *OFFICER.values()):
            message = {"id": str(uuid4()), "kind": "text", "text": text}
            assert play.keep(http.post("/chat/messages", json=message)).status_code == 202
        number = next(iter(WEB))
        bad = [
            http.post("/chat/messages", content=f'{{"id": "{number}", "text": "{number}'),
            http.post("/chat/messages", json={"id": number, "kind": "text", "text": number}),
            http.post("/chat/messages", json={"id": str(uuid4()), "kind": number, "text": number}),
            http.get(f"/{number}", headers={"Accept": "text/html"}),
            http.get("/chat/messages", params={"text": number}),
            http.post("/webhooks/telegram", content=number),
        ]
        assert http.post("/chat/form", data={"id": number, "text": number}).status_code >= 400
        # gives the draft back to whoever typed it: not looked through
        assert all(400 <= play.keep(response).status_code < 500 for response in bad)
        until(lambda: open_messages(play) == 0, 60)
        play.keep(http.get("/"))


def on_telegram(play: Play) -> None:
    """A citizen writes on Telegram; the first answers fail."""
    play.telegram.post("/__control/fault", json={"mode": "500_html", "times": 2, "method": "sendMessage"})
    for text in TELEGRAM.values():
        play.telegram.post("/__control/message", json={"chat_id": CITIZEN, "text": text}).raise_for_status()
    query = {"chat_id": str(CITIZEN), "at_least": str(len(TELEGRAM)), "wait_s": "60"}
    assert len(play.telegram.get("/__control/sent", params=query, timeout=90).json()) >= len(TELEGRAM)


def at_the_console(play: Play) -> None:
    """An officer opens the ticket, takes it, answers, looks for a number and takes the transcript away."""
    with client(play) as http:
        login = play.keep(http.get("/console/login")).text
        form = {"csrf": hidden(login), "username": "lan", "password": PASSWORD, "next": ""}
        queue = play.keep(http.post("/console/login", data=form)).text
        ticket = re.findall(r"/console/tickets/(\d+)", queue)[0]
        page = play.keep(http.get(f"/console/tickets/{ticket}")).text
        assert "‹số điện thoại›" in page
        for act, fields in (("claim", {}), ("reply", {"text": "Em chào anh/chị.", "key": str(uuid4())})):
            play.keep(http.post(f"/console/tickets/{ticket}/{act}", data={"csrf": hidden(page), **fields}))
        play.keep(http.get(f"/console/tickets/{ticket}/transcript.txt"))
        looked = http.post("/console/search", data={"csrf": hidden(page), "text": next(iter(OFFICER))})
        assert looked.status_code < 500
        # its page shows what the officer typed: it is not looked through


def open_messages(play: Play) -> int:
    """How many messages wait for their turn."""
    with closing(sqlite3.connect(play.program.folder / "mot_cua.db")) as database:
        return int(database.execute("SELECT count(*) FROM inbox WHERE status <> 'done'").fetchone()[0])


def client(play: Play) -> httpx.Client:
    """A browser."""
    headers = {"Accept": "text/html"}
    return httpx.Client(
        base_url=play.program.address, trust_env=False, timeout=30, headers=headers, follow_redirects=True
    )


def hidden(page: str) -> str:
    """The form's token."""
    return re.findall(r'name="csrf" value="([^"]*)"', page)[0]


def hits(outputs: Mapping[str, bytes], numbers: Iterator[str] | list[str]) -> list[str]:
    """Where which number stands, also with spaces, dots or dashes between its digits."""
    squeezed = {name: PAUSES.sub(b"", content) for name, content in outputs.items()}
    wanted = {number: PAUSES.sub(b"", number.encode()) for number in numbers}
    return [
        f"{number} in {name}: {content[max(0, at - 150) : at + 60]!r}"
        for name, content in squeezed.items()
        for number, digits in wanted.items()
        if (at := content.find(digits)) >= 0
    ]


def test_the_search_finds_what_is_there() -> None:
    """A number is found with and without pauses, in any output."""
    outputs = {"log": b"text='079 201 934.567'", "database": b"\x00079201934567\x00", "page": b"079201"}
    assert len(hits(outputs, ["079201934567"])) == 2


def test_no_planted_number_is_in_any_output(tmp_path: Path) -> None:
    """Database and its log, log at DEBUG, pages, error pages, metrics, requests to Rasa and Telegram: 0 hits."""
    with play(tmp_path) as played:
        on_telegram(played)
        on_the_web(played)
        at_the_console(played)
        played.keep(httpx.get(f"{played.program.address}/ready", trust_env=False))
        metrics = played.keep(httpx.get(f"{played.program.address}/metrics", trust_env=False))
        assert metrics.status_code == 200
        outputs = played.wrote()
        assert played.program.stop() == 0
        after = {f"{name} at the end": content for name, content in played.files().items()}
    assert any(name.endswith("-wal") and content for name, content in outputs.items())
    assert any(MARK.encode() in content for name, content in outputs.items() if "mot_cua.db" in name)
    assert b'"level": "debug"' in outputs["log"] and len(played.rasa.asked) >= ASKED
    assert outputs["log"].count(b'"event": "turn"') >= len(WEB) + len(TELEGRAM)
    found = hits({**outputs, **after}, [*WEB, *TELEGRAM, *OFFICER])
    assert not found, "\n".join(found)
    assert MARK.encode() not in outputs["log"]
