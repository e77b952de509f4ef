"""The City's dossier system (VNPT iGate v2): one dossier by its code.

The shape was read in public code of April 2025 and never tried against the live system: address, path and
credentials are settings. Personal data (applicant, papers, officers) ends here: `Dossier` has no field for it,
nothing is logged, and errors carry no content. Raises the errors of `integrations.errors`; httpx stays inside.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import httpx

from integrations.dossiers import LABELS, Details, Dossier, Found, Proof, Status
from integrations.errors import BadAnswer, NotFound, Refused, Unavailable

T = TypeVar("T")

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
VIETNAMESE = "228"
# iGate's languageId

UPDATED_FIELD = "updatedDate"
NOTE_FIELD = "additionalRequirement"
# these two names are ours: no public source shows them, confirm with the City

FACTOR_DIGITS = 4
RETRIED_STATUSES = frozenset({502, 503, 504})
TOKEN_MARGIN_S = 30.0


@dataclass(frozen=True)
class PortalSettings:
    """Where the portal is and how we prove who we are."""

    base_url: str
    # https://apigatewaydvcmc.hochiminhcity.gov.vn
    token_url: str
    # the whole address of the OAuth2 token endpoint
    client_id: str
    client_secret: str = field(repr=False)
    # issued by the City, never taken from a web page
    search_path: str = "/pa/dossier-search/dvc"
    timeout_s: float = 3.0
    # for each of connect, send, receive


def now() -> datetime:
    """The present moment in Ho Chi Minh City."""
    return datetime.now(ZONE)


class PortalClient:
    """Asks the portal. Safe to share between threads."""

    def __init__(
        self,
        settings: PortalSettings,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._http = httpx.Client(
            base_url=settings.base_url, timeout=settings.timeout_s, transport=transport, trust_env=False
        )
        self._token: tuple[str, datetime] | None = None
        # the access token and the moment from which it is not used any more
        logging.getLogger("httpx").addFilter(_without_query)

    def find(self, code: str) -> Found:
        """The dossier with this code."""
        return Found(_dossier(self._row(code)), self._clock())

    def details(self, code: str, proof: Proof) -> Details:
        """What the applicant may see besides. An unknown code and a wrong factor both raise NotFound."""
        row = self._row(code)
        if not any([proof(value) for value in _factors(row)]):
            raise NotFound("portal: no such dossier, or another person's")
        return _details(row)

    def _row(self, code: str) -> Mapping[str, Any]:
        """The portal's row of this dossier."""
        answer = self._search(code, self._usable_token())
        if answer.status_code == 401:
            answer = self._search(code, self._new_token())
        return _asked_for(_json(_accepted(answer)), code)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _search(self, code: str, token: str) -> httpx.Response:
        """The portal's answer to a search by code."""
        query: dict[str, str | int] = {"page": 0, "size": 10, "spec": "slice", "code": code}
        headers = {"Authorization": f"Bearer {token}"}
        return self._send(self._http.build_request("GET", self._settings.search_path, params=query, headers=headers))

    def _usable_token(self) -> str:
        """The token we hold while it is good, otherwise a new one."""
        if self._token and self._clock() < self._token[1]:
            return self._token[0]
        return self._new_token()

    def _new_token(self) -> str:
        """Asks for a token with our client credentials and keeps it."""
        asked_at = self._clock()
        request = self._http.build_request(
            "POST", self._settings.token_url, data={"grant_type": "client_credentials"}, headers=self._basic()
        )
        token, lifetime_s = _token(_json(_accepted(self._send(request))))
        margin_s = min(TOKEN_MARGIN_S, lifetime_s / 2)
        self._token = (token, asked_at + timedelta(seconds=lifetime_s - margin_s))
        return token

    def _basic(self) -> dict[str, str]:
        """HTTP Basic credentials as a header."""
        auth = httpx.BasicAuth(self._settings.client_id, self._settings.client_secret)
        signed = next(auth.auth_flow(httpx.Request("POST", self._settings.token_url)))
        return {"Authorization": signed.headers["Authorization"]}

    def _send(self, request: httpx.Request) -> httpx.Response:
        """Sends once, and once more after a gateway error or a broken connection: both our requests may be repeated."""
        try:
            answer = self._http.send(request)
            if answer.status_code not in RETRIED_STATUSES or "Retry-After" in answer.headers:
                return answer
        except (httpx.ConnectError, httpx.RemoteProtocolError):
            pass
        except httpx.HTTPError as error:
            raise _failure(error) from None
        try:
            return self._http.send(request)
        except httpx.HTTPError as error:
            raise _failure(error) from None


def _failure(error: httpx.HTTPError) -> Unavailable | BadAnswer:
    """The error of this room that says what httpx met."""
    met = f"portal: {type(error).__name__}"
    return BadAnswer(met) if isinstance(error, httpx.DecodingError) else Unavailable(met)


def _accepted(answer: httpx.Response) -> httpx.Response:
    """The answer if the portal served us."""
    status = answer.status_code
    if status == 200:
        return answer
    if status in (401, 403):
        raise Refused(f"portal: HTTP {status}")
    if status == 429 or status >= 500:
        raise Unavailable(f"portal: HTTP {status}", _retry_after_s(answer))
    raise BadAnswer(f"portal: HTTP {status}")


def _retry_after_s(answer: httpx.Response) -> float | None:
    """The wait the portal asks for, when it gives it in seconds."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    """The JSON object in the answer."""
    try:
        value = answer.json()
    except (ValueError, RecursionError):
        raise BadAnswer("portal: not JSON") from None
    if not isinstance(value, dict):
        raise BadAnswer("portal: not a JSON object")
    return value


def _token(answer: Mapping[str, Any]) -> tuple[str, float]:
    """The access token and its lifetime in seconds."""
    token = answer.get("access_token")
    try:
        lifetime_s = float(answer.get("expires_in", 60))
    except (TypeError, ValueError, OverflowError):
        raise BadAnswer("portal: expires_in is not a number") from None
    if not isinstance(token, str) or not token or not 0 < lifetime_s < 1e8:
        raise BadAnswer("portal: not a usable token")
    return token, lifetime_s


def _asked_for(answer: Mapping[str, Any], code: str) -> Mapping[str, Any]:
    """The row asked for; an answer about any other dossier is not believed."""
    rows = answer.get("content")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadAnswer("portal: content is not a list of dossiers")
    if not rows:
        raise NotFound("portal: no such dossier")
    asked = code.strip().upper()
    row: Mapping[str, Any] | None = next(
        (row for row in rows if str(row.get("code", "")).strip().upper() == asked), None
    )
    if row is None:
        raise BadAnswer("portal: answered with another dossier")
    return row


def _dossier(row: Mapping[str, Any]) -> Dossier:
    """One row of the portal without its personal data."""
    procedure = _object(row.get("procedure"))
    status, label = _status(row)
    return Dossier(
        code=str(row["code"]).strip(),
        procedure_name=_required(_translated(procedure), "procedure name"),
        procedure_code=_text(procedure.get("code")),
        status=status,
        status_label=_impersonal(label, row),
        applied_on=_day(row.get("appliedDate")),
        accepted_on=_day(row.get("acceptedDate")),
        due_on=_day(row.get("appointmentDate")),
        completed_on=_day(row.get("completedDate")),
        updated_at=_moment(row.get(UPDATED_FIELD)),
        agency_name=_name(_object(row.get("agency")).get("name")),
    )


def _details(row: Mapping[str, Any]) -> Details:
    """What only the applicant may see."""
    applicant = _object(_object(row.get("applicant")).get("data"))
    note = _impersonal(_text(row.get(NOTE_FIELD)) or "", row)
    return Details(_shortened(_text(applicant.get("fullname")) or ""), (note,) if note else ())


def _factors(row: Mapping[str, Any]) -> list[str]:
    """The last digits of the applicant's identity number and phone; a missing one is "" and proves nothing."""
    applicant = _object(_object(row.get("applicant")).get("data"))
    return [(_text(applicant.get(name)) or "")[-FACTOR_DIGITS:] for name in ("identityNumber", "phoneNumber")]


def _shortened(name: str) -> str:
    """Nguyễn Thị Minh An -> "N*** T*** M*** An"."""
    *before, last = name.split() or [""]
    return " ".join([*(f"{word[0]}***" for word in before), last])


def _status(row: Mapping[str, Any]) -> tuple[Status, str]:
    """The status and its label.

    Words are believed before numbers: an iGate number may come from the vendor's own list, a national label is plain.
    """
    places = [row.get("statusCurrentTask"), row.get("dossierTaskStatus"), row.get("dossierStatus")]
    labels = [label for label in map(_label, places) if label]
    for label in labels:
        if known := BY_LABEL.get(_folded(label)):
            return known, label
    if labels:
        return Status.UNKNOWN, labels[0]
    numbers = [number for number in map(_number, places) if number is not None]
    return _numbered(int(_required(numbers[0] if numbers else None, "status")))


def _numbered(number: int) -> tuple[Status, str]:
    """The status with this national number; iGate writes 0 for a new dossier."""
    try:
        status = Status(number or Status.REGISTERED)
    except ValueError:
        return Status.UNKNOWN, str(number)
    return status, LABELS[status]


def _label(value: object) -> str | None:
    """The words of a status that may be text, a number or an object with a name."""
    text = _name(value.get("name") if isinstance(value, dict) else value)
    return text if text and not text.isdecimal() else None


def _number(value: object) -> int | None:
    """The number of a status that may be 4, "4" or an object with an id."""
    value = value.get("id") if isinstance(value, dict) else value
    text = str(value).strip()
    return int(text) if not isinstance(value, bool) and re.fullmatch(r"\d{1,4}", text, re.ASCII) else None


def _folded(label: str) -> str:
    """A label without differences of case, spacing and Unicode form."""
    return " ".join(unicodedata.normalize("NFC", label).casefold().split())


BY_LABEL = {_folded(label): status for status, label in LABELS.items()}


def _translated(procedure: Mapping[str, Any]) -> str | None:
    """The procedure's name: `translate` comes as a list, a map by position, or one plain object."""
    translate = procedure.get("translate")
    options = translate if isinstance(translate, list) else [translate, *_object(translate).values()]
    objects = [option for option in options if isinstance(option, dict)]
    vietnamese = [option for option in objects if str(option.get("languageId")) == VIETNAMESE]
    names = (_name(option.get("name")) for option in vietnamese + objects)
    return next(filter(None, names), None) or _name(procedure.get("name"))


def _name(value: object) -> str | None:
    """A name given as text or as [{languageId, name}], in Vietnamese when there is a choice."""
    if not isinstance(value, list):
        return _text(value)
    objects = [option for option in value if isinstance(option, dict)]
    objects.sort(key=lambda option: str(option.get("languageId")) != VIETNAMESE)
    return next((name for name in (_text(option.get("name")) for option in objects) if name), None)


def _text(value: object) -> str | None:
    """Text that says something, or None."""
    return value.strip() or None if isinstance(value, str) else None


def _object(value: object) -> Mapping[str, Any]:
    """The JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def _required(value: T | None, what: str) -> T:
    """The value, which every dossier has."""
    if value is None:
        raise BadAnswer(f"portal: no {what}")
    return value


def _day(value: object) -> date | None:
    """The calendar day in Ho Chi Minh City."""
    moment = _moment(value)
    return moment.date() if moment else None


def _moment(value: object) -> datetime | None:
    """A moment given as ISO text or as milliseconds since 1970; without a zone it is the City's time."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"\d{11,14}", value, re.ASCII)):
            return datetime.fromtimestamp(int(value) / 1000, ZONE)
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(ZONE) if moment.tzinfo else moment.replace(tzinfo=ZONE)
    except (ValueError, OverflowError, OSError):
        raise BadAnswer("portal: unreadable date") from None


PERSONAL = re.compile(
    r"\S+@\S+\.\w+"
    r"|(?<!\d)(?<!\d\.)(?:\+84[ .-]?|0)\d{2,3}(?:[ .-]?\d{2,4}){2,3}(?!\d)"
    r"|(?<!\d)\d{9,13}(?!\d)"
)
# e-mail addresses, phone numbers in their usual groups, citizen numbers


def _impersonal(text: str, row: Mapping[str, Any]) -> str:
    """Free text of an officer with the applicant's own data, phone and citizen numbers blanked."""
    text = unicodedata.normalize("NFC", text)
    for words in sorted(_words(row.get("applicant")), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", "***", text, flags=re.IGNORECASE)
    return PERSONAL.sub("***", text)


def _words(value: object) -> Iterator[str]:
    """Every text inside a JSON value that could name a person: several words, or a long one."""
    if isinstance(value, str) and (" " in value.strip() or len(value.strip()) >= 6):
        yield unicodedata.normalize("NFC", value.strip())
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _words(part)


def _without_query(record: logging.LogRecord) -> bool:
    """Keeps dossier codes out of httpx's own log: addresses are written without their query."""
    if isinstance(record.args, tuple):
        record.args = tuple(arg.copy_with(query=None) if isinstance(arg, httpx.URL) else arg for arg in record.args)
    return True
