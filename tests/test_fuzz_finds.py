"""What fuzzing found (evals/fuzz), each with the input that found it; and the fuzzer itself, run for a moment."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
import telegram as library
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.channels import telegram, zalo
from bot.channels.telegram_arrival import BadUpdates, arrival, numbered
from bot.errors import BadSettings
from bot.messages import Attachment, InboundMessage, Kind
from bot.outbox import Outbox
from bot.settings import PORTAL_ADDRESSES, load
from bot.utterance import admit
from evals.fuzz import __main__ as fuzz
from evals.fuzz.target import TARGETS, seeds
from knowledge.checking import check_file
from knowledge.errors import KnowledgeError
from knowledge.importing import import_export
from tests.test_import import EXPORT, lines
from web import webhooks

CHAT = {"id": 42, "type": "private"}
SENT = {"message_id": 7, "date": 1_763_800_000, "chat": CHAT}
FILE = {"file_id": "\0", "file_unique_id": "b"}
UNREAD = Attachment("other")


def updated(**message: Any) -> dict[str, Any]:
    """An update with a message."""
    return {"update_id": 5, "message": {**SENT, **message}}


def webhook(kept: list[InboundMessage]) -> TestClient:
    """Telegram's webhook, over a channel whose line to Telegram was never opened."""
    bot = telegram.make_bot("1:test", "http://127.0.0.1:9")
    channel = telegram.Telegram(bot, lambda message: not kept.append(message), cast(Outbox, None))
    return TestClient(Starlette(routes=[webhooks.telegram(channel.receive, "s")]))


@pytest.mark.parametrize(
    "update",
    [
        updated(text={"a": 1}),
        updated(text="x", date="yesterday"),
        updated(contact=["0912345678"]),
        updated(location={"latitude": "10.77", "longitude": {}}),
        updated(location={"latitude": 1e400, "longitude": 0}),
        updated(document=FILE),
        updated(photo=[[]]),
        updated(text="x", entities=[{"type": []}]),
    ],
)
def test_an_update_of_another_shape_is_kept_without_words(update: dict[str, Any], caplog: Any) -> None:
    """Its writer is told that it was not understood; Telegram hears 200, and no log says what stood in it."""
    kept: list[InboundMessage] = []
    with webhook(kept) as client:
        body = json.dumps(update)
        assert client.post(webhooks.TELEGRAM_PATH, content=body, headers={webhooks.TELEGRAM_SECRET: "s"}).is_success
    assert [(item.message_id, item.address, item.kind, item.attachment) for item in kept] == [
        ("5", "42", Kind.ATTACHMENT, UNREAD)
    ]
    assert "yesterday" not in caplog.text and "0912345678" not in caplog.text


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"update_id": "5"}', '{"update_id": [1]}', "[]", "{", '{"update_id": ' + "9" * 5_000 + "}"],
    ids=["deep", "text", "list", "no object", "cut off", "long"],
)
def test_what_is_no_update_is_refused(body: str) -> None:
    """A body that is no numbered object gets 400, also one that is nested without end."""
    with webhook([]) as client:
        answer = client.post(webhooks.TELEGRAM_PATH, content=body, headers={webhooks.TELEGRAM_SECRET: "s"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        ([{"update_id": 1}, "x", {"update_id": "2"}, {"update_id": 3}], [1, 3]),
        ([], []),
        ({}, None),
        (["x"], None),
        (None, None),
    ],
)
def test_a_poll_passes_over_what_has_no_number(given: object, numbers: list[int] | None) -> None:
    """The updates that can be acknowledged are taken; where there is none, the poll failed."""
    if numbers is not None:
        assert [update["update_id"] for update in numbered(given)] == numbers
        return
    with pytest.raises(BadUpdates):
        numbered(given)


def test_one_update_hides_no_other() -> None:
    """Of a polled batch with one that cannot be read every other message is kept, in order."""
    kept: list[InboundMessage] = []
    bot = telegram.make_bot("1:test", "http://127.0.0.1:9")
    channel = telegram.Telegram(bot, lambda message: not kept.append(message), cast(Outbox, None))
    batch = [{**updated(text=text), "update_id": number} for number, text in enumerate(("một", ["hai"], "ba"))]
    asyncio.run(channel.receive_all(batch))
    assert [(item.text, item.attachment) for item in kept] == [("một", None), ("", UNREAD), ("ba", None)]


def test_a_group_and_an_edit_are_passed_over() -> None:
    """What we do not serve is no arrival."""
    group = {**updated(text="x")["message"], "chat": {"id": -1, "type": "group", "title": "x"}}
    for update in ({"update_id": 1, "message": group}, {"update_id": 2, "edited_message": {**SENT, "text": "x"}}):
        assert arrival(library.Update.de_json(update, None)) is None


@pytest.mark.parametrize("payload", ["\ud800", "a\0b"])
def test_a_payload_that_no_database_keeps_is_none(payload: str) -> None:
    """An old button's data is the citizen's to write: half a character or a NUL makes it an unknown button."""
    assert admit(InboundMessage("t", "1", "1", telegram.now(), Kind.BUTTON, payload)).text == ""


@pytest.mark.parametrize("timestamp", ["\\udfff\\ud800", "\\u0000", "1 2", ""])
def test_zalo_refuses_before_it_reads(timestamp: str) -> None:
    """A body without a signature is refused whatever its timestamp says; it raises nothing."""
    raw = f'{{"timestamp": "{timestamp}"}}'.encode()
    assert zalo.Seal("1", "s").opened(raw, {"X-ZEvent-Signature": "mac=0"}, telegram.now()) is None


@pytest.mark.parametrize(("part", "name"), [("sender", "id"), ("message", "msg_id")])
@pytest.mark.parametrize("value", ["\ud800", "\0", "x" * 1_000])
def test_zalo_keeps_no_name_that_cannot_be_kept(part: str, name: str, value: str) -> None:
    """An event whose ids no database takes, or that are longer than any of Zalo's, is passed over."""
    event = {"event_name": "user_send_text", "timestamp": "1", "sender": {"id": "a"}, "message": {"msg_id": "m"}}
    assert zalo.inbound(event, "#", telegram.now()) is not None
    assert zalo.inbound(event | {part: {name: value}}, "#", telegram.now()) is None


def test_a_place_off_the_earth_is_a_place_without_numbers() -> None:
    """A coordinate of four hundred digits is kept as a place that was sent, without where it is."""
    payload = {"coordinates": {"latitude": "10.77", "longitude": 10**400}}
    message = {"msg_id": "m", "attachments": [{"payload": payload}]}
    event = {"event_name": "user_send_location", "timestamp": "1", "sender": {"id": "a"}, "message": message}
    kept = zalo.inbound(event, "#", telegram.now())
    assert kept is not None and kept.attachment == Attachment("place")


def test_half_a_character_spoils_its_own_record_only(tmp_path: Path) -> None:
    """An import refuses the record that cannot be written and takes the others."""
    bad = json.dumps({**EXPORT, "code": "1.004223", "name": "x\ud800"}).encode()
    done = import_export(lines(tmp_path, EXPORT, bad), tmp_path / "into", date(2026, 11, 22))
    assert (done.served, [refusal.line for refusal in done.refused]) == (1, [2])


@pytest.mark.parametrize(
    "text", ["2026-02-30", "a: 2026-02-30", "a: " + "[" * 5_000, "[" * 300 + "]" * 300, "a: " + "9" * 5_000]
)
def test_a_file_that_yaml_stumbles_over_is_a_problem(tmp_path: Path, text: str) -> None:
    """A day that no calendar has, lists without end, a number too long: one problem, said in words."""
    path = tmp_path / "1.001193.yaml"
    path.write_text(text, encoding="utf-8")
    assert check_file(path, {})


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e999"])
@pytest.mark.parametrize("name", ["PORTAL_TIMEOUT_S", "RASA_TIMEOUT_S", "PORTAL_REST_S"])
def test_a_setting_is_a_number_from_nothing(name: str, value: str) -> None:
    """A wait that is no number, without end or below nothing is refused at the start."""
    with pytest.raises(BadSettings, match=name):
        load({f"MOT_CUA_{name}": value})


@pytest.mark.parametrize("sign", ["\0", "\t", " ", "\n", "\u200b"])
@pytest.mark.parametrize("name", [name.upper() for name in PORTAL_ADDRESSES])
def test_an_address_is_written_plainly(name: str, sign: str) -> None:
    """A sign that reading an address leaves out in silence makes it none."""
    for address in (f"{sign}http://127.0.0.1:9", f"https://portal{sign}.example", f"ht{sign}tps://portal.example"):
        with pytest.raises(BadSettings, match=name):
            load({f"MOT_CUA_{name}": address})


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_takes_its_seeds(name: str) -> None:
    """Each target has seeds, and its oracle holds of them."""
    first, check = seeds(name), TARGETS[name].check()
    assert first
    for data in first:
        check(data)


def test_the_fuzzer_counts_what_it_tries(capsys: pytest.CaptureFixture[str]) -> None:
    """A short run gives each target its inputs and ends well."""
    code = fuzz.main(["--inputs", "300", "--only", "button payloads", "--engine", "mutations"])
    assert code == 0 and "| button payloads | 300 |" in capsys.readouterr().out


def test_an_import_without_a_good_record_says_so(tmp_path: Path) -> None:
    """A file of which nothing is left changes nothing."""
    with pytest.raises(KnowledgeError):
        import_export(lines(tmp_path, b'{"code": "\\ud800"}'), tmp_path / "into", date(2026, 11, 22))
