"""The machine's interface: exact keys, one line a turn, bad lines by number, nothing stored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.ask import BadLine, Question, read, run, tell
from bot.outcomes import Outcome, meanings
from tests.town import BIRTH, COPY, DOSSIER_CODE, RESIDENCE, SCRIPT, TODAY, Script, assistant, understood

ROOT = Path(__file__).parents[1]
KEYS = {
    "id": str,
    "turn": int,
    "engine": str,
    "behaviour": str,
    "intent": str,
    "aspects": list,
    "procedures": list,
    "reply": str,
    "buttons": list,
    "sources": list,
    "elapsed_ms": int,
}
OFFICER = {"label": "Gặp cán bộ", "payload": "officer"}


def asked(*turns: str, script: Script | None = None, on: date = TODAY) -> list[dict[str, Any]]:
    """The answers to one conversation with the town's assistant."""
    return list(run(assistant(script), Question("q1", turns), on))


def file(folder: Path, *lines: str | bytes | dict[str, Any]) -> Path:
    """A file of questions."""
    path = folder / "questions.jsonl"
    encoded = [line if isinstance(line, bytes) else _text(line).encode() for line in lines]
    path.write_bytes(b"\n".join(encoded) + b"\n")
    return path


def _text(line: str | dict[str, Any]) -> str:
    return line if isinstance(line, str) else json.dumps(line)


@pytest.mark.parametrize("text", [*SCRIPT, "", "xyz", "a" * 5_000, "số 0903123456"])
def test_every_answer_has_the_published_shape(text: str) -> None:
    """Every answer has exactly the published keys, of the published types, and can be written as one JSON line."""
    (answer,) = asked(text)
    assert {key: type(value) for key, value in answer.items()} == KEYS
    line = json.dumps(answer, ensure_ascii=False)
    assert "\n" not in line and json.loads(line) == answer
    assert answer["behaviour"] in {meaning.behaviour for meaning in meanings().values()}
    assert answer["reply"] and answer["elapsed_ms"] >= 0


def test_the_keys_are_the_documented_ones() -> None:
    """The published description names every key and no other."""
    document = (ROOT / "docs" / "machine-interface.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in document.splitlines() if line.startswith("| `")]
    named = {name.strip(" `") for row in rows for name in row.split(",")}
    assert named == set(KEYS)


def test_an_answer_tells_where_it_is_from() -> None:
    """An answer carries the record's code, decision, dates and address, and the candidates with their confidence."""
    (answer,) = asked("lệ phí thường trú")
    assert answer["sources"] == [
        {
            "code": RESIDENCE,
            "decision": "1523/QĐ-BCA-C06",
            "valid_from": "2026-07-18",
            "checked_on": "2026-11-01",
            "url": "",
        }
    ]
    assert answer["procedures"] == [{"code": RESIDENCE, "name": f"tên {RESIDENCE}", "confidence": 0.9}]
    assert (answer["intent"], answer["aspects"], answer["engine"]) == ("ask_fee", ["fee"], "embedded")
    assert "20.000 đồng" in answer["reply"] and answer["buttons"][-1] == OFFICER


@pytest.mark.parametrize(
    ("text", "behaviour", "engine"),
    [
        ("khai sinh", "answer", "embedded"),
        ("đăng ký", "clarify", "embedded"),
        ("xin chào", "smalltalk", "embedded"),
        ("gặp cán bộ", "handoff", "embedded"),
        (DOSSIER_CODE, "dossier_status", "embedded"),
        ("", "clarify", "none"),
        ("👍", "clarify", "none"),
    ],
)
def test_the_behaviour_says_what_was_done(text: str, behaviour: str, engine: str) -> None:
    """Each kind of turn has its behaviour; a text that nobody had to read has no engine."""
    (answer,) = asked(text)
    assert (answer["behaviour"], answer["engine"]) == (behaviour, engine)
    assert (answer["procedures"] == []) == (text not in ("khai sinh", "đăng ký"))


def test_turns_are_one_conversation() -> None:
    """The turns of a question follow each other: a follow-up is about what was talked about before."""
    first, second, third = asked("khai sinh", "lệ phí", "lệ phí thường trú")
    assert [answer["turn"] for answer in (first, second, third)] == [1, 2, 3]
    assert [answer["sources"][0]["code"] for answer in (first, second, third)] == [BIRTH, BIRTH, RESIDENCE]
    assert second["procedures"][0] == {"code": BIRTH, "name": "Đăng ký khai sinh", "confidence": 1.0}


def test_questions_are_apart() -> None:
    """Another question starts anew: nothing of the one before is remembered."""
    asked("khai sinh")
    (answer,) = asked("lệ phí")
    assert answer["behaviour"] == "clarify" and answer["sources"] == []


def test_a_choice_is_made_by_number() -> None:
    """What was offered can be chosen in the next turn."""
    offered, chosen = asked("đăng ký", "hai")
    assert [button["payload"] for button in offered["buttons"]] == [f"p:{BIRTH}", f"p:{RESIDENCE}", "none"]
    assert chosen["sources"][0]["code"] == RESIDENCE


def test_a_case_is_chosen_by_number() -> None:
    """Where the answer asks for the case, a number picks it as its button would."""
    asks, chosen = asked("khai sinh", "hai")
    assert [button["payload"] for button in asks["buttons"]] == ["c:co_giay", "c:khong_giay", "officer"]
    assert "Văn bản của người làm chứng" in chosen["reply"]


def test_the_talk_goes_on_after_an_officer_was_asked() -> None:
    """A conversation that was handed over stays with the assistant, so that a file is measured to its end."""
    handed, answered = asked("gặp cán bộ", "khai sinh")
    assert (handed["behaviour"], answered["behaviour"]) == ("handoff", "answer")


@pytest.mark.parametrize(
    ("on", "amount"),
    [(date(2026, 12, 31), "10.000 đồng"), (date(2027, 1, 1), "15.000 đồng"), (date(2027, 7, 1), None)],
)
def test_answers_are_of_their_day(on: date, amount: str | None) -> None:
    """The day of the question decides which fees are told, and whether the procedure is in force at all."""
    (answer,) = asked("lệ phí thường trú", on=on)
    assert (amount is None) == (answer["sources"] == []) == (answer["behaviour"] == "clarify")
    assert amount is None or amount in answer["reply"]


def test_at_most_ten_procedures_are_named() -> None:
    """At most ten candidates are named, rounded, the one that was told first when the talk was already about it."""
    many = {f"1.20000{number}": 0.01 for number in range(9)} | {COPY: 0.01, "1.200010": 0.00001}
    script = Script({**SCRIPT, "lệ phí": understood(aspects=SCRIPT["lệ phí"].aspects, candidates=many)})
    _, answer = asked("khai sinh", "lệ phí", script=script)
    codes = [item["code"] for item in answer["procedures"]]
    assert len(codes) == len(set(codes)) == 10 and codes[0] == BIRTH
    assert {item["confidence"] for item in answer["procedures"]} == {1.0, 0.01}


def test_numbers_are_masked_before_reading() -> None:
    """A personal number in a question reaches neither the engine nor the answer."""
    script = Script()
    (answer,) = asked("số em 0903123456", script=script)
    assert script.heard == ["số em ‹số điện thoại›"]
    assert "0903123456" not in json.dumps(answer) and "che số" in answer["reply"]


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ({"id": "a", "text": "khai sinh"}, Question("a", ("khai sinh",))),
        ({"id": 7, "text": ""}, Question("7", ("",))),
        ({"id": "a", "turns": ["một", "hai"]}, Question("a", ("một", "hai"))),
        ({"id": "a", "turns": ["một"], "text": "hai", "more": 1}, Question("a", ("một",))),
        (b"\xef\xbb\xbf" + b'{"id": "a", "text": "b"}\r', Question("a", ("b",))),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_question_is_read(tmp_path: Path, line: Any, question: Question) -> None:
    """A line with `id` and `text`, or `id` and `turns`, is a question; a byte order mark or more keys do no harm."""
    assert list(read(file(tmp_path, line))) == [question]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not a JSON object in UTF-8"),
        (b'{"id": "a", "text": "\xff"}', "not a JSON object in UTF-8"),
        ("[" * 100_000, "not a JSON object in UTF-8"),
        ('{"id": ' + "9" * 5_000 + ', "text": "a"}', "not a JSON object in UTF-8"),
        ('{"id": "\\ud800", "text": "a"}', "not a JSON object in UTF-8"),
        ("7", "needs `id`"),
        ("[]", "needs `id`"),
        ('"text"', "needs `id`"),
        ("null", "needs `id`"),
        ({"id": "a"}, "needs `id`"),
        ({"text": "a"}, "needs `id`"),
        ({"id": "a", "text": 7}, "turns is not a list of texts"),
        ({"id": "a", "turns": []}, "turns is not a list of texts"),
        ({"id": "a", "turns": "một"}, "turns is not a list of texts"),
        ({"id": "a", "turns": ["một", None]}, "turns is not a list of texts"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_line_is_told_by_its_number(tmp_path: Path, line: Any, reason: str) -> None:
    """A line that is no question is told with its number in the file and what is wrong; the others are read."""
    good = {"id": "a", "text": "khai sinh"}
    first, bad, last = read(file(tmp_path, good, "", line, good))
    assert first == last == Question("a", ("khai sinh",))
    assert isinstance(bad, BadLine) and bad.number == 3 and reason in bad.reason


def test_nothing_odd_breaks_a_turn() -> None:
    """A lone surrogate, a control character or a very long text is answered like any other message."""
    answers = asked("\ud800", "\x00\x1b[31m", "a" * 3_000, "</script>")
    assert [answer["behaviour"] for answer in answers] == ["clarify"] * 4
    assert all(json.dumps(answer, ensure_ascii=False).encode() for answer in answers)
    assert meanings()[Outcome.ASKED_AGAIN].behaviour == "clarify"


@pytest.mark.parametrize(
    ("lines", "code", "numbers"),
    [
        ([{"id": "a", "text": "khai sinh"}, {"id": "b", "turns": ["khai sinh", "lệ phí"]}], 0, []),
        (["{", {"id": "a", "text": "khai sinh"}, "[]", {"id": "b", "turns": ["khai sinh", "lệ phí"]}], 1, [1, 3]),
    ],
)
def test_the_rest_goes_on_behind_a_bad_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: list[Any], code: int, numbers: list[int]
) -> None:
    """Each message is one line of output, each bad line one of errors, and the exit code is 1 when there was any."""
    assert tell(assistant(), read(file(tmp_path, *lines)), TODAY, "embedded") == code
    out, err = capsys.readouterr()
    answers = [json.loads(line) for line in out.splitlines()]
    assert [(answer["id"], answer["turn"]) for answer in answers] == [("a", 1), ("b", 1), ("b", 2)]
    assert [int(line.split()[1].strip(":")) for line in err.splitlines()] == numbers


def test_a_person_reads_the_reply_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Without JSON the reply is printed as a person reads it."""
    assert tell(assistant(), [Question("1", ("xin chào",))], TODAY, "embedded", as_json=False) == 0
    assert capsys.readouterr().out.startswith("Chào anh/chị.")


def test_messages_of_the_other_engine_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Who asked for Rasa is told how many messages Rasa did not read; an unreadable text counts for none."""
    assert tell(assistant(), [Question("1", ("xin chào", "khai sinh", ""))], TODAY, "rasa") == 0
    assert capsys.readouterr().err.startswith("2 messages were read by the embedded engine")


@pytest.mark.slow
def test_the_program_answers_machines(tmp_path: Path) -> None:
    """The real program prints one JSON line for a question, nothing else, and exits with 0."""
    command = [sys.executable, "-m", "bot", "ask", "--json", "--on", "2026-11-22", "đăng ký khai sinh"]
    environment = {**os.environ, "MOT_CUA_DATA_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=True)
    (answer,) = map(json.loads, done.stdout.splitlines())
    assert list(answer) == list(KEYS)
    assert (answer["behaviour"], answer["sources"][0]["code"]) == ("answer", "1.001193")
