"""The doctor: each thing is broken once, and the sentence that an operator reads names it and the mend."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot import doctor, settings, wiring
from bot.__main__ import main
from bot.checkup import configuration, database, machine, media, neighbours, records
from bot.checkup.finding import Finding, Mark, told, words
from bot.errors import BadSettings
from bot.officers import Officers
from bot.roles import Role
from bot.settings import Settings, secret_key
from bot.store import Store
from bot.zalo_tokens import ZaloTokens
from integrations.zalo_tokens import TokenPair
from knowledge import questions
from knowledge.releasing import Releases, new_key, read_key
from nlu.encoder import Encoder
from nlu.retrieval import Entry
from nlu.stored import has_retrieval, retrieval
from tests import town
from tests.postgresql import Server
from tests.serving import free_port, served
from tests.test_releasing import RECORDS

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
READER = Encoder(None, None, None)  # type: ignore[arg-type]
# stands for one that is installed: it is not asked


@dataclass(frozen=True)
class Scene:
    """An installation to break."""

    folder: Path
    neighbour: str
    # address of a server that plays all others: the first part of a path says how it goes

    @property
    def settings(self) -> Settings:
        """Its settings, with words alone."""
        return Settings(data_dir=self.folder, cache_dir=self.folder / "cache", encoder="none")

    def migrated(self) -> Store:
        """Its database, with tables."""
        town.store(self.folder).close()
        shutil.move(self.folder / "town.db", self.folder / "mot_cua.db")
        return Store(self.settings.database)

    def revision(self, found: str) -> Finding:
        """What is found at a migration."""
        with self.migrated().writing() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :found"), {"found": found})
        return database.state(self.settings.database)

    def key(self, content: str = "key", mode: int = 0o600) -> Path:
        """A secret key in its place."""
        path = settings.key_path(self.settings)
        path.write_text(content)
        path.chmod(mode)
        return path

    def release(self, made_at: datetime, damage: bytes = b"") -> Finding:
        """A release that two people signed, some of it changed afterwards."""
        people = {person: new_key(self.folder / person) for person in ("an", "binh")}
        lines = [f"{person}: {key}" for person, key in people.items()]
        (self.folder / "approvers.yaml").write_text("\n".join(lines), encoding="utf-8")
        releases = Releases(self.folder)
        releases.make("r1", RECORDS, [], made_at)
        for person in people:
            releases.approve("r1", person, read_key(self.folder / person))
        releases.switch("r1")
        with (self.folder / "releases" / "r1" / "catalogue.jsonl").open("ab") as file:
            file.write(damage)
        return records.release(self.folder, NOW)

    def officers(self, **roles: Role) -> Finding:
        """Who may sign in."""
        store = self.migrated()
        for name, role in roles.items():
            Officers(store, town.QUICK).add(name, name, "a password of theirs", [role])
        store.close()
        return database.officers(self.settings.database)

    def telegram(self, how: str, **chosen: str) -> Iterable[Finding]:
        """A bot at the neighbour."""
        url = f"{self.neighbour}/{how}" if how else f"http://127.0.0.1:{free_port()}"
        return neighbours.telegram(replace(self.settings, telegram_token="1:t", telegram_api_url=url, **chosen))

    def zalo(self, age: timedelta | None, refresh_token: str = "") -> Finding:
        """An application whose tokens are so old."""
        store = self.migrated()
        if age is not None:
            ZaloTokens(store, "app", secret_key(self.settings)).keep(TokenPair("a", "r", NOW), NOW - age)
        store.close()
        return neighbours.zalo(replace(self.settings, zalo_app_id="app", zalo_refresh_token=refresh_token), NOW)

    def portal(self, how: str) -> Iterable[Finding]:
        """The City's system at the neighbour; gone when nothing is said."""
        url = f"{self.neighbour}/{how}" if how else f"http://127.0.0.1:{free_port()}"
        return neighbours.reachable(replace(self.settings, portal_url=url))

    def index(self, is_built: bool) -> Finding:
        """The town's catalogue, and its index."""
        if is_built:
            retrieval(wiring.entries(town.catalogue(), questions.load()), self.settings.cache_dir, None)
        return records.index(self.settings, town.catalogue(), None)


async def play(request: Request) -> JSONResponse:
    """A neighbour that goes as the first part of the path says."""
    how, what = request.path_params["how"], request.path_params.get("what")
    answers: dict[str | None, Any] = {
        "version": {"version": "3.5.0" if how == "old" else "3.6.21"},
        "status": {"model_file": "models/today.tar.gz"},
    }
    status = {"empty": 409, "down": 503, "strange": 401}.get(how, 200)
    return JSONResponse(answers.get(what, {}), 200 if what == "version" else status)


@pytest.fixture(scope="module")
def neighbour() -> Iterator[str]:
    """A server that answers as its address says."""
    with served(Starlette(routes=[Route("/{how}", play), Route("/{how}/{what:path}", play)])) as address:
        yield address


@pytest.fixture
def scene(tmp_path: Path, neighbour: str) -> Scene:
    """A new installation."""
    (tmp_path / "data").mkdir(mode=0o700)
    return Scene(tmp_path / "data", neighbour)


def pending(scene: Scene) -> Path:
    """A key whose change was interrupted."""
    path = scene.key()
    settings.next_key(path).write_text("next")
    return path


def readable(scene: Scene) -> Path:
    """A folder that everybody may read."""
    scene.folder.chmod(0o755)
    return scene.folder


def a_file(scene: Scene) -> Path:
    """A file where a folder should be."""
    path = scene.folder / "file"
    path.touch()
    return path


def locked(scene: Scene) -> Finding:
    """A database whose file cannot be had to write."""
    scene.migrated().close()
    (scene.folder / "mot_cua.db.turn").mkdir()
    return database.state(scene.settings.database)


def emptied(scene: Scene) -> Finding:
    """A database without tables."""
    (scene.folder / "mot_cua.db").touch()
    return database.state(scene.settings.database)


def migrated(scene: Scene) -> Finding:
    """A database as it should be."""
    scene.migrated().close()
    return database.state(scene.settings.database)


STAND_IN = f"{sys.executable} -m integrations.stand_ins.reader"
NOTHING = "postgresql+psycopg://nobody@127.0.0.1:9/none?connect_timeout=1"
OIDC = {"oidc_issuer": "https://id.example"}
FOUND: dict[tuple[str, str], Callable[[Scene], Finding | Iterable[Finding]]] = {
    ("settings", "fit"): lambda scene: configuration.settings_fit(scene.settings),
    ("settings", "unfit"): lambda scene: configuration.settings_fit(replace(scene.settings, **OIDC)),
    ("settings", "unknown"): lambda scene: configuration.slips(settings.unknown({"MOT_CUA_DATABSE_URL": "x"})),
    ("data_folder", "kept"): lambda scene: machine.data_folder(scene.folder),
    ("data_folder", "not_made"): lambda scene: machine.data_folder(scene.folder / "nowhere"),
    ("data_folder", "not_writable"): lambda scene: machine.data_folder(a_file(scene)),
    ("data_folder", "open_to_others"): lambda scene: machine.data_folder(readable(scene)),
    ("disk", "enough"): lambda scene: machine.disk(50 * 10**9),
    ("disk", "nearly_full"): lambda scene: machine.disk(10**9),
    ("disk", "full"): lambda scene: machine.disk(10**8),
    ("secret_key", "kept"): lambda scene: configuration.secret_key(scene.key()),
    ("secret_key", "not_made"): lambda scene: configuration.secret_key(scene.folder / "secret_key"),
    ("secret_key", "half_changed"): lambda scene: configuration.secret_key(pending(scene)),
    ("secret_key", "unreadable"): lambda scene: configuration.secret_key(scene.key("")),
    ("secret_key", "open_to_others"): lambda scene: configuration.secret_key(scene.key(mode=0o644)),
    ("database", "ready"): migrated,
    ("database", "not_made"): lambda scene: database.state(scene.settings.database),
    ("database", "unreachable"): lambda scene: database.state(NOTHING),
    ("database", "empty"): emptied,
    ("database", "older"): lambda scene: scene.revision("0009"),
    ("database", "newer"): lambda scene: scene.revision("9999"),
    ("database", "read_only"): locked,
    ("officers", "some"): lambda scene: scene.officers(lan=Role.OFFICER, mai=Role.ADMINISTRATOR),
    ("officers", "nobody"): lambda scene: scene.officers(),
    ("officers", "no_administrator"): lambda scene: scene.officers(lan=Role.OFFICER),
    ("backup", "ready"): lambda scene: database.backup(scene.settings.database),
    ("backup", "missing"): lambda scene: database.backup(NOTHING, str(scene.folder)),
    ("clock", "right"): lambda scene: machine.clock(NOW, NOW, NOW - HOUR),
    ("clock", "apart"): lambda scene: machine.clock(NOW, NOW - HOUR, None),
    ("clock", "behind"): lambda scene: machine.clock(NOW, None, NOW + HOUR),
    ("time_zone", "known"): lambda scene: machine.time_zone(),
    ("time_zone", "missing"): lambda scene: machine.time_zone("Asia/Nowhere"),
    ("time_zone", "wrong"): lambda scene: machine.time_zone("UTC"),
    ("release", "served"): lambda scene: scene.release(NOW - DAY),
    ("release", "none"): lambda scene: records.release(scene.folder, NOW),
    ("release", "old"): lambda scene: scene.release(NOW - 91 * DAY),
    ("release", "from_tomorrow"): lambda scene: scene.release(NOW + 2 * DAY),
    ("release", "refused"): lambda scene: scene.release(NOW - DAY, damage=b"\n"),
    ("index", "built"): lambda scene: scene.index(True),
    ("index", "to_build"): lambda scene: scene.index(False),
    ("encoder", "ready"): lambda scene: records.sentence_encoder(Settings(), READER),
    ("encoder", "switched_off"): lambda scene: records.sentence_encoder(scene.settings, None),
    ("encoder", "missing"): lambda scene: records.sentence_encoder(Settings(), None),
    ("rasa", "not_set"): lambda scene: neighbours.rasa(""),
    ("rasa", "answers"): lambda scene: neighbours.rasa(f"{scene.neighbour}/well"),
    ("rasa", "silent"): lambda scene: neighbours.rasa(f"http://127.0.0.1:{free_port()}"),
    ("rasa", "no_model"): lambda scene: neighbours.rasa(f"{scene.neighbour}/empty"),
    ("rasa", "other_version"): lambda scene: neighbours.rasa(f"{scene.neighbour}/old"),
    ("portals", "not_set"): lambda scene: neighbours.reachable(scene.settings),
    ("portals", "answers"): lambda scene: scene.portal("strange"),
    ("portals", "ailing"): lambda scene: scene.portal("down"),
    ("portals", "silent"): lambda scene: scene.portal(""),
    ("telegram", "not_set"): lambda scene: neighbours.telegram(scene.settings),
    ("telegram", "answers"): lambda scene: scene.telegram("well"),
    ("telegram", "refused"): lambda scene: scene.telegram("strange"),
    ("telegram", "silent"): lambda scene: scene.telegram(""),
    ("telegram", "no_address"): lambda scene: scene.telegram("well", telegram_mode="webhook"),
    ("telegram", "no_secret"): lambda scene: scene.telegram("well", telegram_mode="webhook"),
    ("zalo", "not_set"): lambda scene: neighbours.zalo(scene.settings, NOW),
    ("zalo", "fresh"): lambda scene: scene.zalo(HOUR),
    ("zalo", "first_token"): lambda scene: scene.zalo(None, "seed"),
    ("zalo", "not_allowed"): lambda scene: scene.zalo(None),
    ("zalo", "stale"): lambda scene: scene.zalo(27 * HOUR),
    ("media", "not_set"): lambda scene: media.readers(scene.settings),
    ("media", "answers"): lambda scene: media.readers(replace(scene.settings, ocr_command=f"{STAND_IN} --echo")),
    ("media", "silent"): lambda scene: media.readers(replace(scene.settings, voice_command=f"{STAND_IN} --fault dies")),
    ("fonts", "installed"): lambda scene: machine.fonts(),
    ("fonts", "missing"): lambda scene: machine.fonts("no_such_font"),
    ("optional", "installed"): lambda scene: machine.optional({"json": "nothing"}),
    ("optional", "missing"): lambda scene: machine.optional({"no_such_package": "photos are not read"}),
}  # fmt: skip
# what each state of bot/data/doctor.yaml looks like; ("settings", "unread") is the command's, below
COMMANDS_OWN = {("settings", "unread")}


@pytest.mark.parametrize(("check", "state"), FOUND, ids=str)
def test_each_state_is_found(scene: Scene, check: str, state: str) -> None:
    """What is as it should be is said to be, what is broken is found, and the sentence is whole."""
    found = FOUND[check, state](scene)
    findings = [found] if isinstance(found, Finding) else list(found)
    (finding,) = [one for one in findings if one.state == state]
    advice = told(finding)
    assert finding.check == check and advice.says.endswith(".") and "{" not in advice.says + advice.do
    assert bool(advice.do) == (advice.mark is not Mark.GOOD)


def test_every_state_is_broken_once() -> None:
    """No state of the words is without its test."""
    known = {(check, state) for check, said in words().items() for state in said["states"]}
    assert known == FOUND.keys() | COMMANDS_OWN


def test_a_neighbour_that_is_gone_is_told_without_the_token(scene: Scene) -> None:
    """The token of Telegram is in the address that is asked, and in no sentence."""
    chosen = replace(scene.settings, telegram_token="12345:SECRET", telegram_api_url=f"http://127.0.0.1:{free_port()}")
    assert "SECRET" not in "".join(told(finding).says + told(finding).do for finding in neighbours.telegram(chosen))


def test_nothing_is_made_by_looking(scene: Scene) -> None:
    """After an examination a new installation is as empty as before."""
    assert {told(finding).mark for finding in doctor.examine(scene.settings, NOW)} == {Mark.GOOD, Mark.LOOK}
    assert list(scene.folder.iterdir()) == []


def test_a_database_of_a_server(server: Server, scene: Scene) -> None:
    """PostgreSQL: ready, with a clock of its own; read-only when it takes no writes."""
    url = server.make("empty_town")
    assert database.state(url).state == "ready"
    on_server, newest = database.moments(url)
    assert on_server is not None and newest is None
    assert database.state(f"{url}&options=-c%20default_transaction_read_only%3Don").state == "read_only"


def test_an_index_of_other_words_is_not_the_one(tmp_path: Path) -> None:
    """An index counts as built for the very entries that it was built of."""
    one = [Entry("1.000001", "Đăng ký khai sinh", ("khai sinh",), True, ())]
    retrieval(one, tmp_path, None)
    assert has_retrieval(one, tmp_path, None) and not has_retrieval(one * 2, tmp_path, None)


@pytest.mark.parametrize(
    ("name", "value", "code", "says"),
    [
        ("ENCODER", "none", 0, "the first start makes it"),
        ("PORT", "none", 1, "MOT_CUA_PORT='none' is not a int"),
        ("SECOND_STEP_ROLES", "leader", 1, "MOT_CUA_SECOND_STEP_ROLES"),
    ],
)
def test_the_command(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    code: int,
    says: str,
) -> None:
    """The exit code is 0 when nothing is broken, 1 when something is; each line has its mark."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(scene.folder))
    monkeypatch.setenv("MOT_CUA_ENCODER", "none")
    monkeypatch.setenv(f"MOT_CUA_{name}", value)
    assert main(["doctor"]) == code
    printed = capsys.readouterr().out
    assert says in printed and ("✗" in printed) == bool(code)


def test_for_machines(scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` says the same with names; a slip in the arguments is code 2."""
    monkeypatch.setenv("MOT_CUA_DATA_DIR", str(a_file(scene)))
    monkeypatch.setenv("MOT_CUA_ENCODER", "none")
    assert main(["doctor", "--json"]) == 1
    found = {item["name"]: item for item in json.loads(capsys.readouterr().out)}
    assert found["Data folder"]["mark"] == "broken" and found["Data folder"]["state"] == "not_writable"
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--jsn"])
    assert ended.value.code == 2


def test_secrets_lie_in_files(tmp_path: Path) -> None:
    """A folder of secrets holds settings in files named like them; the environment goes before it; a slip is told."""
    (tmp_path / "mot_cua_telegram_token").write_text("1:t\n")
    (tmp_path / "mot_cua_telegram_tocken").write_text("1:t")
    environment = {"MOT_CUA_SECRETS_DIR": str(tmp_path)}
    assert settings.load(environment).telegram_token == "1:t"
    assert settings.load({**environment, "MOT_CUA_TELEGRAM_TOKEN": "2:u"}).telegram_token == "2:u"
    assert settings.unknown(environment) == ["MOT_CUA_TELEGRAM_TOCKEN"]
    assert settings.load({"MOT_CUA_SECRETS_DIR": str(tmp_path / "nowhere")}) == Settings()
    (tmp_path / "mot_cua_database_url").mkdir()
    with pytest.raises(BadSettings, match="MOT_CUA_SECRETS_DIR"):
        settings.load(environment)


def test_the_newest_message_tells_the_time(scene: Scene) -> None:
    """A clock that went back is seen beside the newest message."""
    store = scene.migrated()
    town.say(store, "xin chào")
    store.close()
    _, newest = database.moments(scene.settings.database)
    assert newest is not None and machine.clock(newest - DAY, None, newest).state == "behind"
