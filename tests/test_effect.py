"""What a changed record does to finding procedures, over a release of three records and words alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.settings import Settings
from evals import effect
from evals.scoring import Label
from knowledge.releasing import Releases, read_key
from nlu.readings import Readings
from nlu.retrieval import Retrieval
from tests.editing import prepared
from tests.town import BIRTH, COPY, EDITED, MORNING, RECORDS, RESIDENCE

QUESTIONS = [
    Label("1", "nhập hộ khẩu", "plain", RESIDENCE),
    Label("2", "đóng dấu photo", "plain", COPY),
    Label("3", "xin chào", "plain", ""),
]


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    """Settings over a served release of the town's reviewed records."""
    settings = Settings(data_dir=tmp_path, cache_dir=tmp_path / "cache", encoder="none")
    settings.catalogue_dir.mkdir()
    prepared(settings.catalogue_dir, EDITED, "an", "binh")
    releases = Releases(settings.catalogue_dir)
    releases.make("r1", EDITED, [], MORNING)
    for name in ("an", "binh"):
        releases.approve("r1", name, read_key(settings.catalogue_dir / name))
    releases.switch("r1")
    return settings


def test_a_new_alias_finds_its_procedure(chosen: Settings) -> None:
    """Progress after each question about the record or its neighbours, then both counts and what changed."""
    before = RECORDS[COPY]
    *progress, last = effect.measured(before, {**before, "aliases": ["đóng dấu photo"]}, chosen, QUESTIONS)
    result = last["result"]
    assert [step["done"] for step in progress] == list(range(1, result["questions"] + 1))
    assert result["after"] > result["before"]
    assert [(one["text"], one["was_right"], one["is_right"]) for one in result["changed"]] == [
        ("đóng dấu photo", False, True)
    ]


def test_what_is_not_searched_changes_nothing(chosen: Settings) -> None:
    """Another fee finds nothing else."""
    before = RECORDS[BIRTH]
    *_, last = effect.measured(before, {**before, "result": "khác"}, chosen, QUESTIONS)
    assert last["result"]["before"] == last["result"]["after"] and last["result"]["changed"] == []


def test_what_is_served_is_indexed_once(chosen: Settings) -> None:
    """Of each further draft one index is built; the one of what is served is read, however many drafts there were."""
    before, folder = RECORDS[COPY], chosen.cache_dir / effect.FOLDER
    list(effect.measured(before, {**before, "aliases": ["đóng dấu photo"]}, chosen, QUESTIONS))
    first = set(folder.glob("Retrieval-*.pickle"))
    for number in range(4):
        list(effect.measured(before, {**before, "aliases": [f"đóng dấu {number}"]}, chosen, QUESTIONS))
    assert len(first) == 2 and len(first & set(folder.glob("Retrieval-*.pickle"))) == 1


def test_an_index_of_known_readings_is_the_same() -> None:
    """Phrases that were read before give the index that they give when they are read anew."""
    entries, readings = effect.entries(RECORDS), Readings()
    indexes = [Retrieval(entries, None, known) for known in (None, readings, readings)]
    plain, once, again = ([index.signals(label.text) for label in QUESTIONS] for index in indexes)
    assert plain == once == again and any(plain) and len(readings) > 0


def test_sentences_of_editors_are_asked_too(
    chosen: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A test that was made of a lost question is asked of each draft near it, and counted apart."""
    before, test = RECORDS[COPY], {"id": "lost-1", "text": "đóng dấu photo", "style": "lost", "code": COPY}
    asked = {"before": before, "after": {**before, "aliases": ["đóng dấu photo"]}, "tests": [test]}
    (tmp_path / "draft.json").write_text(json.dumps(asked), encoding="utf-8")
    effect.tell(tmp_path / "draft.json", chosen)
    lost = json.loads(capsys.readouterr().out.splitlines()[-1])["result"]["styles"]["lost"]
    assert (lost["before"]["questions"], lost["before"]["hit_1"], lost["after"]["hit_1"]) == (1, 0, 1)
