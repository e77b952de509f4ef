"""Every setting, read once from the environment. No other module reads it."""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import BadSettings


@dataclass(frozen=True, repr=False)
class Settings:
    """How this process runs. Each field is set by MOT_CUA_<FIELD IN CAPITALS>, or a file in MOT_CUA_SECRETS_DIR."""

    data_dir: Path = Path("var")
    # database, imported catalogue, secrets
    cache_dir: Path = Path("var/cache")
    # search indexes, built again when they are missing
    database_url: str = ""
    # empty: SQLite in data_dir
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 0
    # processes that answer messages; 0: the one that serves does it too
    answer_threads: int = 2
    # messages that this process answers at a time, without `workers`; 0: other processes over the database answer
    encoder: str = "auto"
    # "auto": the sentence encoder where it is installed; "none": words alone
    rasa_url: str = ""
    # empty: the embedded engine only; several servers, with spaces between, are asked in their order
    rasa_timeout_s: float = 0.8
    portal_url: str = ""
    # empty: dossier look-up says that it is not connected
    portal_token_url: str = ""
    portal_client_id: str = ""
    portal_client_secret: str = ""
    portal_timeout_s: float = 3.0
    # of every portal: a look-up with its repetitions
    national_url: str = ""
    # empty: codes of other units than the City's are not looked up
    national_username: str = ""
    national_password: str = ""
    national_unit: str = ""
    # madonvi, our agency's id there
    national_dstcode: str = ""
    national_token_url: str = ""
    # empty: no gateway in front of the national services wants a token of its own
    national_client_id: str = ""
    national_client_secret: str = ""
    lgsp_in_front_of: str = ""
    # "city", "national" or both: their addresses are then the gateway's
    lgsp_access_key: str = ""
    lgsp_secret_key: str = ""
    lgsp_app_name: str = ""
    lgsp_partner_code: str = ""
    lgsp_partner_code_cus: str = ""
    portals_file: str = ""
    # changes to integrations/data/portals.yaml: routes, paths, fields
    portal_at_once: int = 4
    # look-ups that may wait for one portal; those beyond are answered at once
    portal_fresh_s: float = 60.0
    # an answer is given again without asking
    portal_stale_s: float = 86_400.0
    # the last answer is given, marked stale, while the portal fails
    portal_failures: int = 5
    # in a row, until the portal is left alone
    portal_rest_s: float = 30.0
    follow_interval_min: int = 60
    # by day a followed dossier is asked for once in so many minutes
    follow_per_s: int = 40
    # questions about followed dossiers in a second, of this process; what the portal bears
    follow_day_from_h: int = 7
    follow_day_until_h: int = 21
    # hours of the City in which citizens are told what is new
    follow_threads: int = 2
    # pollers of this process; 0: other processes follow
    remind_working_days: int = 2
    # officers see a followed dossier so many working days before it is due (bot/deadlines.py)
    sync_per_s: int = 2
    # dossiers compared between the two systems in a second, each with a question to both; 0: this process compares none
    sync_interval_min: int = 240
    # a dossier is compared once in so many minutes
    sync_sample_file: str = ""
    # dossier codes to compare besides those that are followed, one on each line
    satisfaction_quiet_min: int = 15
    # so long after an answer a citizen is asked how satisfied they are (bot/satisfaction.py); 0: nobody is
    telegram_token: str = ""
    # empty: no Telegram
    telegram_api_url: str = "https://api.telegram.org"
    telegram_mode: str = "polling"
    # "polling" or "webhook"
    telegram_webhook_url: str = ""
    # public address of our webhook route, for "webhook"
    telegram_webhook_secret: str = ""
    zalo_app_id: str = ""
    # empty: no Zalo; otherwise both secrets are needed too (docs/zalo.md)
    zalo_app_secret: str = ""
    # the application's, for tokens
    zalo_oa_secret: str = ""
    # the Official Account's, which signs webhooks
    zalo_refresh_token: str = ""
    # the first one, or a new one after a loss; later ones are kept in the database
    zalo_api_url: str = "https://openapi.zalo.me"
    zalo_message_path: str = "/v3.0/oa/message/cs"
    zalo_upload_path: str = "/v2.0/oa/upload/file"
    # where a guidance sheet is handed in before it is sent; empty: its address is sent instead
    zalo_token_header: str = "access_token"
    zalo_oauth_url: str = "https://oauth.zaloapp.com"
    zalo_token_path: str = "/v4/oa/access_token"
    zalo_timeout_s: float = 5.0
    zalo_signature_header: str = "X-ZEvent-Signature"
    zalo_timestamp_from: str = "either"
    # the signed timestamp: "body", "header" or "either"
    zalo_timestamp_header: str = "X-ZEvent-Timestamp"
    zalo_button_type: str = "oa.query.hide"
    zalo_button_template: str = ""
    # template_type of a message with buttons; empty leaves it out
    zalo_button_prefix: str = "#"
    # stands before the payload of our buttons
    zalo_photo_origins: str = "https://*.zdn.vn https://*.zadn.vn"
    # where photos of citizens may be fetched; empty: none are looked at
    flood_times: int = 1
    # how many times the message limits of bot/data/limits.yaml this process takes: for large hosts, and for measuring
    second_step_roles: str = "lead editor auditor administrator privacy"
    # officers with one of these sign in with a code as well (bot/roles.py); empty: whoever wants to
    oidc_issuer: str = ""
    # the agency's identity provider; empty: passwords only (docs/tasks/sign-in.md)
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_redirect_url: str = ""
    # public address of our /console/oidc/back, as it is registered with the provider
    oidc_timeout_s: float = 5.0
    play_ahead_s: int = 0
    # for plays and tests: how far the clock is ahead of the machine's; refused where a vendor could be real
    public_url: str = ""
    # where people reach us: "https://motcua.example"; empty: sheets have no QR code, messages and cards no link
    sheet_key_file: str = ""
    # PKCS#12: signs the guidance sheets (docs/tasks/guidance-sheet.md); empty: they are not signed
    sheet_key_passphrase: str = ""
    sheet_pkcs11_module: str = ""
    # library of a hardware key, in place of the file: "/usr/lib/softhsm/libsofthsm2.so"; empty: none
    sheet_pkcs11_token: str = ""
    # label of the token
    sheet_pkcs11_key: str = ""
    # label of the key and of its certificate on it
    sheet_pkcs11_pin: str = ""
    sheet_time_url: str = ""
    # an authority for time stamps (RFC 3161): "https://tsa.example/"; empty: signatures have none
    sheet_authority_file: str = ""
    # PEM: whose signatures and time stamps the check of sheets believes; empty: nobody's
    sheet_revoked_file: str = ""
    # PEM: their lists of revoked certificates; empty: nobody asks
    accounts_file: str = ""
    # YAML: the agencies' bank accounts by unit id (docs/tasks/payment.md); empty: no QR codes for fees
    embed_origins: str = ""
    # sites that may show the web chat in a frame: "https://phuong.example https://so.example"; empty: none
    log_format: str = "auto"
    # "json": one object a line; "plain": to read; "auto": plain at a terminal, JSON elsewhere
    log_level: str = "info"
    # of our own modules: debug, info, warning, error; others speak from a warning on, unless this is debug
    metrics_from: str = ""
    # networks besides this machine that may read /metrics and /ready: "10.0.0.0/8"; empty: none
    trace_url: str = ""
    # OTLP over HTTP: "http://127.0.0.1:4318/v1/traces"; empty: no traces
    voice_command: str = ""
    # hears voice messages: ".readers/voice/bin/python -m integrations.readers.voice" (`make voice`, docs/media.md)
    # empty: citizens are asked to type
    voice_longest_s: int = 30
    # of one voice message; of a longer one nothing is heard
    ocr_command: str = ""
    # reads the print of photos without a QR code: ".readers/ocr/bin/python -m integrations.readers.ocr" (`make ocr`)
    # empty: QR codes and barcodes alone are read
    reader_timeout_s: int = 25
    # for one voice message or photo, the start of the program included
    reader_memory_mb: int = 1_500

    def __repr__(self) -> str:
        """Without what opens anything: settings end up in logs and in traces of errors."""
        shown = (f"{name}={'…' if value and name in SECRETS else repr(value)}" for name, value in vars(self).items())
        return f"Settings({', '.join(shown)})"

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'mot_cua.db'}"

    @property
    def embedders(self) -> tuple[str, ...]:
        """The origins that may show the web chat in a frame."""
        return tuple(self.embed_origins.replace(",", " ").split())

    @property
    def zalo_photos(self) -> tuple[str, ...]:
        """The origins at which citizens' photos lie."""
        return tuple(self.zalo_photo_origins.replace(",", " ").split())

    @property
    def watchers(self) -> tuple[str, ...]:
        """The networks besides this machine that may read how it stands."""
        return tuple(self.metrics_from.replace(",", " ").split())

    @property
    def counts_dir(self) -> Path:
        """Where the processes of this host count together."""
        return self.data_dir / "counts"

    @property
    def catalogue_dir(self) -> Path:
        """Where imports and releases of the catalogue lie."""
        return self.data_dir / "catalogue"


SECRETS = frozenset(
    (
        *("portal_client_secret", "national_password", "national_client_secret", "lgsp_secret_key", "telegram_token"),
        *("telegram_webhook_secret", "zalo_app_secret", "zalo_oa_secret", "zalo_refresh_token", "oidc_client_secret"),
        *("sheet_key_passphrase", "sheet_pkcs11_pin", "database_url"),
        # an address of a database carries its password
    )
)
LAST_PORT = 65_535
MOST_WORKERS = 64
PORTAL_ADDRESSES = ("portal_url", "portal_token_url", "national_url", "national_token_url")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")
_ON_THIS_MACHINE = re.compile(r"http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?")
_PREFIX = "MOT_CUA_"
SECRETS_DIR = "MOT_CUA_SECRETS_DIR"
# a folder with a file for each setting that is not to be seen in the environment; the environment goes before it
_RANGES = {
    "follow_interval_min": (1, 720),
    "follow_per_s": (1, 10_000),
    "follow_day_from_h": (0, 12),
    "follow_day_until_h": (13, 24),
    "follow_threads": (0, 64),
    "remind_working_days": (0, 20),
    "sync_per_s": (0, 1_000),
    "sync_interval_min": (15, 10_080),
    "answer_threads": (0, 64),
    "satisfaction_quiet_min": (0, 720),
    "voice_longest_s": (1, 120),
    "reader_timeout_s": (1, 40),
    # fetching and reading fit into the minute for which a message is held
    "reader_memory_mb": (256, 65_536),
}


_CHOICES = {"log_format": ("auto", "json", "plain"), "log_level": ("debug", "info", "warning", "error")}


os.environ.setdefault("GOMP_SPINCOUNT", "10000")
# threads of the sentence encoder wait by spinning: without a bound a sentence takes seconds on a busy machine


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment. Raises BadSettings for a value that cannot be read."""
    values: dict[str, object] = {}
    environment = {**_secrets(environment), **environment}
    for name, default in vars(Settings()).items():
        text = environment.get(_PREFIX + name.upper())
        if text is not None:
            values[name] = _read(name, text, default)
    made = Settings(**values)  # type: ignore[arg-type]
    _check_play(made)
    return made


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process with these settings."""
    said = {_PREFIX + name.upper(): str(value) for name, value in vars(settings).items()}
    return {**os.environ, **said}


def names() -> list[str]:
    """Every name that is read from the environment."""
    return [_PREFIX + name.upper() for name in vars(Settings())] + [SECRETS_DIR]


def unknown(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Names of an environment, and of its folder of secrets, that look like settings and are none."""
    said = {**_secrets(environment), **environment}
    return sorted(name for name in said if name.startswith(_PREFIX) and name not in names())


def _secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings that lie in files named like them in small letters: what systemd and containers hand over as secrets.

    None where the folder is not there: systemd makes it when there is something to put in. Raises BadSettings.
    """
    folder = environment.get(SECRETS_DIR)
    files = sorted(Path(folder).glob(f"{_PREFIX.lower()}*")) if folder else []
    try:
        return {path.name.upper(): path.read_text(encoding="utf-8").strip() for path in files}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{SECRETS_DIR}: a file of {folder} cannot be read ({type(error).__name__})") from error


def _read(name: str, text: str, default: object) -> object:
    try:
        value = type(default)(text) if not isinstance(default, Path) else Path(text)  # type: ignore[call-arg]
    except ValueError as error:
        raise BadSettings(f"{_PREFIX}{name.upper()}={text!r} is not a {type(default).__name__}") from error
    least = -math.inf if name == "play_ahead_s" else 0
    if isinstance(value, int | float) and not (least <= value < math.inf and value > -math.inf):
        raise BadSettings(f"{_PREFIX}{name.upper()}={text!r} is no number from {least}")
    if name == "port" and not (isinstance(value, int) and 0 < value <= LAST_PORT):
        raise BadSettings(f"{_PREFIX}PORT={text!r} is no port: take one from 1 to {LAST_PORT}")
    if name == "workers" and not (isinstance(value, int) and 0 <= value <= MOST_WORKERS):
        raise BadSettings(f"{_PREFIX}WORKERS={text!r} is no whole number from 0 to {MOST_WORKERS}")
    if name in PORTAL_ADDRESSES and text:
        _check_address(name, text)
    if name == "portal_at_once" and not (isinstance(value, int) and value >= 1):
        raise BadSettings(f"{_PREFIX}PORTAL_AT_ONCE={text!r} is no whole number from 1")
    if name == "flood_times" and not (isinstance(value, int) and value >= 1):
        raise BadSettings(f"{_PREFIX}FLOOD_TIMES={text!r} is no whole number from 1")
    if name in _RANGES and not _RANGES[name][0] <= value <= _RANGES[name][1]:  # type: ignore[operator]
        least, most = _RANGES[name]
        raise BadSettings(f"{_PREFIX}{name.upper()}={text!r} is no whole number from {least} to {most}")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise BadSettings(f"{_PREFIX}{name.upper()}={text!r} is none of {', '.join(_CHOICES[name])}")
    if name == "metrics_from":
        _check_networks(Settings(metrics_from=text).watchers)
    if name == "public_url" and text:
        _check_origins(name, (text.replace("*", "/"),))
        # one address, not many
    if name == "embed_origins":
        _check_origins(name, Settings(embed_origins=text).embedders)
    if name == "zalo_photo_origins":
        _check_origins(name, Settings(zalo_photo_origins=text).zalo_photos)
        _check_secrecy(name, Settings(zalo_photo_origins=text).zalo_photos)
    return value


def _check_address(name: str, text: str) -> None:
    """Citizens' data travels to a portal: encrypted, or not beyond this machine. Credentials have their own fields."""
    try:
        address = urlsplit(text)
        is_ours = address.hostname in _LOOPBACK and address.scheme == "http"
        is_written = text.isascii() and text.isprintable() and " " not in text
        # what is not would be left out in silence
        is_plain = is_written and not (address.username or address.password or address.query or address.fragment)
        is_good = is_plain and bool(address.hostname) and (is_ours or address.scheme == "https")
    except ValueError:
        is_good = False
    if not is_good:
        raise BadSettings(f"{_PREFIX}{name.upper()} is no address of a portal: https://..., or http:// on this machine")


def _check_play(made: Settings) -> None:
    """A moved clock promises wrong hours: it stays on this machine, with stand-ins for everybody else."""
    vendors = [(made.telegram_api_url, made.telegram_token)]
    vendors += [(url, made.zalo_app_id) for url in (made.zalo_api_url, made.zalo_oauth_url)]
    asked = [made.portal_url, made.national_url, made.oidc_issuer, *(url for url, used in vendors if used)]
    hosts = [made.host, *(urlsplit(url).hostname for url in asked if url)]
    if made.play_ahead_s and (made.embed_origins or not set(hosts) <= set(_LOOPBACK)):
        raise BadSettings(
            f"{_PREFIX}PLAY_AHEAD_S moves the clock: only on this machine, with stand-ins for all vendors"
        )


def _check_origins(name: str, origins: tuple[str, ...]) -> None:
    """An origin is a scheme, a host and maybe a port, nothing behind it: the rest would end up in a header."""
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise BadSettings(f"{_PREFIX}{name.upper()}: {origin!r} is no origin; write it like https://phuong.example")


def _check_networks(networks: tuple[str, ...]) -> None:
    """Each is an address or a network."""
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise BadSettings(f"{_PREFIX}METRICS_FROM: {network!r} is no network; write it like 10.0.0.0/8") from error


def _check_secrecy(name: str, origins: tuple[str, ...]) -> None:
    """What citizens sent is fetched in the clear on our own machine only."""
    for origin in origins:
        if not (origin.startswith("https:") or _ON_THIS_MACHINE.fullmatch(origin)):
            raise BadSettings(f"{_PREFIX}{name.upper()}: {origin!r} would be asked in the clear; take https")


def count_in(folder: Path) -> None:
    """Name the folder in which the processes of this host count together (bot/meters.py); before anything counts."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def key_path(settings: Settings) -> Path:
    """Where the secret key lies: beside the database."""
    return settings.data_dir / "secret_key"


def next_key(path: Path) -> Path:
    """Where the one lies that is to take its place, while it is changed (bot/keys.py)."""
    return path.with_name(f"{path.name}.next")


def secret_key(settings: Settings) -> str:
    """The key that signs cookies: made at first start, kept beside the database. Raises BadSettings amid a change."""
    path = key_path(settings)
    if next_key(path).exists():
        raise BadSettings(f"{path}: a change of the key was not finished: run `python -m bot rotate-key --stopped`")
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):  # another process that starts was quicker
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
