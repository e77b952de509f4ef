"""The measurements of docs/media.md: what is drawn, counted and told."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from bot import settings
from bot.media_words import seen
from evals import media_receipts, scoring
from evals.media_receipts import CARD, CODE, DISTURBANCES, NOTHING, ON, WRONG, photos, verdict
from evals.media_voice import FEWEST_WORDS, MOST_WORDS, errors, questions
from integrations.reader_process import Bounds
from nlu.dossier_codes import NORMAL
from tests.town import DOSSIER_CODE

DOCUMENT = (Path(__file__).parents[1] / "docs" / "media.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("heard", "with_marks", "without"),
    [
        ("làm giấy khai sinh", 0, 0),
        ("Làm giấy khai sinh", 0, 0),
        ("lam giay khai sinh", 0.5, 0),
        ("làm giấy khai", 0.25, 0.25),
        ("làm đấy khai sinh ạ", 0.5, 0.5),
        ("", 1, 1),
    ],
)
def test_words_that_are_wrong_are_counted(heard: str, with_marks: float, without: float) -> None:
    """Wrong, missing and added words over those that were said, with their marks and without."""
    assert errors("làm giấy khai sinh", heard, True) == with_marks
    assert errors("làm giấy khai sinh", heard, False) == without


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ((f"Mã hồ sơ: {DOSSIER_CODE}",), CODE),
        ((f"Mã hồ sơ: {DOSSIER_CODE}", "H29.19-260312-0006"), WRONG),
        (("Mã hồ sơ: H29.19-260312-0006",), WRONG),
        (("Giấy tiếp nhận",), NOTHING),
        (("CĂN CƯỚC CÔNG DÂN",), CARD),
    ],
)
def test_what_came_of_a_photo_is_judged(lines: tuple[str, ...], what: str) -> None:
    """Right is the one code that was drawn and nothing else."""
    assert verdict(seen(lines, ON), DOSSIER_CODE) == what


def test_sheets_are_drawn_the_same_each_time() -> None:
    """Every disturbance has its photo, with a good code that is the same in every run."""
    first, again = list(photos("receipt", 1)), list(islice(photos("receipt", 1), 3))
    assert [name for name, _, _ in first] == list(DISTURBANCES)
    assert [code for _, code, _ in first[:3]] == [code for _, code, _ in again]
    assert all(NORMAL.fullmatch(code) for _, code, _ in first)
    assert all(content.startswith(b"\xff\xd8") for _, _, content in first)


def test_a_disturbance_changes_the_sheet() -> None:
    """Each but the first and the one of the camera's file makes another picture."""
    sheet = Image.effect_noise((200, 100), 50).convert("RGB")
    same = [name for name, disturb in DISTURBANCES.items() if disturb(sheet).tobytes() == sheet.tobytes()]
    assert same == ["straight", *(name for name in media_receipts.QUALITY if name.startswith("JPEG"))]


def test_questions_are_spread_and_speakable() -> None:
    """As many as asked for, of a length that one speaks, each about one procedure, from the whole set."""
    labels = scoring.load()
    chosen = questions(labels, 30)
    assert len(chosen) == 30 and len({label.field for label in chosen}) > 5
    assert all(FEWEST_WORDS <= len(label.text.split()) <= MOST_WORDS and label.code for label in chosen)


def test_the_document_names_what_is() -> None:
    """Every setting in docs/media.md is one, with the value that it says."""
    assert set(re.findall(r"MOT_CUA_\w+", DOCUMENT)) <= set(settings.names())
    told = dict(re.findall(r"\| `(MOT_CUA_\w+)` \| (\d+) \|", DOCUMENT))
    usual = settings.load({})
    assert told and all(
        str(getattr(usual, name.removeprefix("MOT_CUA_").lower())) == value for name, value in told.items()
    )
    assert (usual.voice_command, usual.ocr_command) == ("", "")
    assert Bounds() == Bounds(usual.reader_timeout_s, usual.reader_memory_mb, usual.voice_longest_s)
