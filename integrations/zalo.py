"""Zalo's Official Account API v3: consultation messages to people who wrote to the account.

The shapes were read in public code and guides, never tried against the live service: addresses, header and the kind of
button are settings. Zalo answers HTTP 200 and says in `error` what happened; CODES says what to do about it. The API
knows no idempotency key: a message whose answer was lost may be sent twice. Raises the errors of
`integrations.errors`; nothing of a message is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from integrations.errors import BadAnswer, Refused, Unavailable, Undeliverable
from integrations.zalo_tokens import Tokens

LONGEST_TEXT = 2000
# characters; counted here in UTF-16 units, the strictest of the readings
MOST_BUTTONS = 5
MOST_ELEMENTS = 5
LONGEST_TITLE = 100
LONGEST_SUBTITLE = 500
LONGEST_PAYLOAD = 1000
# characters of a button or of an element of a list
LARGEST_FILE = 5 * 2**20
# bytes of a PDF
SLOW_DOWN_S = 1.0
# the pause after a rate limit: the limit is told by the second


class Remedy(StrEnum):
    """What can be done about an error."""

    REFRESH = "refresh"
    # another access token, then once more
    SLOW_DOWN = "slow down"
    # every message waits a moment
    LATER = "later"
    # this message waits
    WINDOW = "window"
    # the citizen has to write first; SMS, telephone or a template message are left
    RECIPIENT = "recipient"
    # the citizen left or is barred
    MESSAGE = "message"
    # ours is wrong and stays wrong
    OPERATOR = "operator"
    # the account or its package: a person has to act


CODES: Mapping[int, Remedy] = {
    -32: Remedy.SLOW_DOWN,
    -201: Remedy.MESSAGE,
    -204: Remedy.OPERATOR,
    -205: Remedy.OPERATOR,
    -210: Remedy.MESSAGE,
    -211: Remedy.LATER,
    -213: Remedy.RECIPIENT,
    -216: Remedy.REFRESH,
    -220: Remedy.REFRESH,
    -224: Remedy.OPERATOR,
    -227: Remedy.RECIPIENT,
    -230: Remedy.WINDOW,
    -232: Remedy.WINDOW,
    -233: Remedy.MESSAGE,
    -240: Remedy.OPERATOR,
    -244: Remedy.RECIPIENT,
    -320: Remedy.OPERATOR,
    -321: Remedy.OPERATOR,
}
# a code that is not here is a BadAnswer: nobody has told us what it means


@dataclass(frozen=True)
class Press:
    """A button that answers in the citizen's place."""

    title: str
    # at most 100 characters
    payload: str
    # at most 1,000 characters; comes back as the text of a user_send_text


@dataclass(frozen=True)
class Element:
    """One line of a list."""

    title: str
    # at most 100 characters
    subtitle: str = ""
    # at most 500 characters; the first element must have one
    image_url: str = ""
    url: str = ""
    # opened by a touch


@dataclass(frozen=True)
class ZaloSettings:
    """Where the API is, and the readings on which the sources disagree."""

    base_url: str = "https://openapi.zalo.me"
    message_path: str = "/v3.0/oa/message/cs"
    upload_path: str = "/v2.0/oa/upload/file"
    # gives a token for a file; empty: no files are sent
    token_header: str = "access_token"
    button_type: str = "oa.query.hide"
    # "oa.query.show" writes the payload into the chat, as if the citizen had typed it
    button_template: str = ""
    # template_type of a message with buttons; empty leaves it out
    timeout_s: float = 5.0
    # for each of connect, send, receive


class ZaloClient:
    """Sends messages of one Official Account. Safe to share between threads."""

    def __init__(self, settings: ZaloSettings, tokens: Tokens, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._tokens = tokens
        self._http = httpx.Client(
            base_url=settings.base_url, timeout=settings.timeout_s, transport=transport, trust_env=False
        )

    def send_text(self, user_id: str, text: str, buttons: Sequence[Press] = ()) -> str:
        """Send a text with at most five buttons under it; the message's id.

        Raises Undeliverable, Unavailable, Refused, BadAnswer.
        """
        message: dict[str, Any] = {"text": text}
        if buttons:
            kind = {"template_type": self._settings.button_template} if self._settings.button_template else {}
            message["attachment"] = _template(kind | {"buttons": self._buttons(buttons)})
        return self._send(user_id, message)

    def send_list(self, user_id: str, elements: Sequence[Element], buttons: Sequence[Press] = ()) -> str:
        """Send a list of at most five elements; the message's id. Raises like send_text."""
        payload: dict[str, Any] = {"template_type": "list", "elements": [_element(element) for element in elements]}
        if buttons:
            payload["buttons"] = self._buttons(buttons)
        return self._send(user_id, {"attachment": _template(payload)})

    def send_file(self, user_id: str, name: str, content: bytes) -> str:
        """Send a PDF of at most LARGEST_FILE bytes; the message's id. Raises like send_text; BadAnswer if unset."""
        path = self._settings.upload_path
        if not path:
            raise BadAnswer("zalo: no path for files is set")
        parts = {"file": (name, content, "application/pdf")}
        given = self._with_token(lambda token: self._posted(path, token, files=parts))
        if not given.get("token"):
            raise BadAnswer("zalo: a file was taken without a token")
        return self._send(user_id, {"attachment": {"type": "file", "payload": {"token": str(given["token"])}}})

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _buttons(self, buttons: Sequence[Press]) -> list[dict[str, str]]:
        kind = self._settings.button_type
        return [{"title": button.title, "type": kind, "payload": button.payload} for button in buttons]

    def _send(self, user_id: str, message: Mapping[str, Any]) -> str:
        body = {"recipient": {"user_id": user_id}, "message": message}
        sent = self._with_token(lambda token: self._posted(self._settings.message_path, token, json=body))
        return str(sent.get("message_id", ""))

    def _with_token(self, ask: Callable[[str], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Asks with the token we hold, and once more with another when Zalo refuses it: nothing was done then."""
        token = self._tokens.usable()
        try:
            return ask(token)
        except _Stale:
            pass
        try:
            return ask(self._tokens.instead_of(token))
        except _Stale:
            raise Refused("zalo: a fresh token is refused") from None

    def _posted(self, path: str, token: str, **content: Any) -> Mapping[str, Any]:
        """What Zalo gives back for `json`, or for `files`."""
        headers = {self._settings.token_header: token}
        try:
            answer = self._http.post(path, headers=headers, **content)
        except httpx.HTTPError as error:
            raise Unavailable(f"zalo: {type(error).__name__}") from None
        return _data(_content(answer))


class _Stale(Exception):
    """The access token is refused."""


def _template(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "template", "payload": payload}


def _element(element: Element) -> dict[str, Any]:
    """An element without what it does not have."""
    given = {"title": element.title, "subtitle": element.subtitle, "image_url": element.image_url}
    action = {"default_action": {"type": "oa.open.url", "url": element.url}} if element.url else {}
    return {name: value for name, value in given.items() if value} | action


def _content(answer: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of an answer that Zalo itself gave; a page of a gateway is an outage."""
    status = answer.status_code
    if status == 401:
        raise _Stale
    if status == 429 or status >= 500:
        raise Unavailable(f"zalo: HTTP {status}", _retry_after_s(answer))
    try:
        content = answer.json()
    except (ValueError, RecursionError):
        raise Unavailable(f"zalo: HTTP {status}, not JSON") from None
    if not isinstance(content, dict):
        raise BadAnswer(f"zalo: HTTP {status}, not a JSON object")
    return content


def _retry_after_s(answer: httpx.Response) -> float | None:
    """The wait that is asked for, when it is given in seconds."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def _data(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """What Zalo gives back; otherwise the error that says what to do."""
    code = _code(content.get("error"))
    if code == 0:
        data = content.get("data")
        return data if isinstance(data, dict) else {}
    match CODES.get(code):
        case Remedy.REFRESH:
            raise _Stale
        case Remedy.SLOW_DOWN:
            raise Unavailable(f"zalo: error {code}", SLOW_DOWN_S)
        case Remedy.LATER:
            raise Unavailable(f"zalo: error {code}")
        case Remedy.OPERATOR:
            raise Refused(f"zalo: error {code}")
        case None:
            raise BadAnswer(f"zalo: error {code}, which nobody has told us about")
        case reason:
            raise Undeliverable(f"zalo: error {code}", reason.value)


def _code(value: object) -> int:
    """The error's number, given as number or as text."""
    try:
        return int(str(value))
    except ValueError:
        raise BadAnswer("zalo: no error number") from None
