"""The national export: what the portal leaves open stays open, and a bad line never takes a good one with it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge import __main__ as command
from knowledge import record
from knowledge.catalogue import read_records
from knowledge.errors import BadRecord, KnowledgeError
from knowledge.importing import ELSEWHERE, SERVED, Imported, import_export
from knowledge.national_export import is_of_this_city
from knowledge.national_export import record as read
from tests.town import TODAY

WHOLE_EXPORT = Path(__file__).parents[2] / "shared" / "data" / "procedures.jsonl"
METHOD = {
    "channel": "Trực tiếp",
    "time_limit": "7 ngày làm việc",
    "fee": "20,000 đồng",
    "fee_status": "amount",
    "description": "",
}
EXPORT: dict[str, Any] = {
    "code": "1.004222",
    "name": "Đăng ký thường trú.",
    "level": "Cấp Xã, Cấp tỉnh",
    "agency": "Công an cấp xã",
    "authority": "",
    "receiving_address": "",
    "decision": "1523/QĐ-BCA-C06",
    "locality": "",
    "steps": "Bước 1: Nộp hồ sơ\n- Bước 2: Nhận kết quả",
    "methods": [METHOD],
    "documents": [{"case": "", "name": "- Tờ khai", "form": "CT01", "original_copies": 1, "photo_copies": 0}],
    "legal_basis": [{"code": "68/2020/QH14", "name": "Luật Cư trú"}],
    "conditions": "",
    "result": "Thông báo",
    "url": "https://example.org",
    "as_of": "2026-07-18",
    "mentions_district_level": False,
    "online_level": "",
}


def method(**changes: Any) -> dict[str, Any]:
    """What an export with one changed way of handing in becomes."""
    return read({**EXPORT, "methods": [{**METHOD, **changes}]})


def lines(folder: Path, *items: Any) -> Path:
    """An export file: dictionaries as JSON, bytes as they are."""
    path = folder / "export.jsonl"
    path.write_bytes(b"\n".join(i if isinstance(i, bytes) else json.dumps(i).encode() for i in items) + b"\n")
    return path


def imported(folder: Path, *items: Any) -> Imported:
    """What an import of these lines does."""
    return import_export(lines(folder, *items), folder / "into", TODAY)


def names(folder: Path, file: str = SERVED) -> list[str]:
    """The names that an import left."""
    return [item["name"] for item in read_records(folder / "into" / file)]


NOT_PUBLISHED = {"status": "unpublished"}
SUSPECT = ["amount_suspect_thousands"]


def amount(vnd: int, **words: str) -> dict[str, Any]:
    """A fee that is one number."""
    return {"status": "amount", "amount_vnd": vnd, **words}


def by_rule(text: str) -> dict[str, Any]:
    """A fee that is only told in words."""
    return {"status": "by_rule", "text": text}


@pytest.mark.parametrize(
    ("status", "text", "notes", "fee"),
    [
        ("amount", "20,000 đồng", None, amount(20_000)),
        ("amount", "1,500,000 đồng (một lần)", None, amount(1_500_000, text="một lần")),
        ("amount", "10,000 đồng (10.000 đồng/lần)", "x", amount(10_000, text="10.000 đồng/lần")),
        ("amount", "10,000 đồng (trẻ em: 5.000 đồng)", None, by_rule("10.000 đồng (trẻ em: 5.000 đồng)")),
        ("amount", "20 đồng (20.000 đồng/tờ khai)", SUSPECT, by_rule("20.000 đồng/tờ khai")),
        ("amount", "150,000 đồng (theo biểu)", SUSPECT, by_rule("theo biểu")),
        ("amount", "20 đồng", SUSPECT, NOT_PUBLISHED),
        ("amount", "20 đồng", None, NOT_PUBLISHED),
        ("amount", "0,000 đồng", None, NOT_PUBLISHED),
        ("amount", "20,000 đồng", ["ambiguous_split"], NOT_PUBLISHED),
        ("free_text_says_free", "Miễn phí (Miễn theo Luật)", None, {"status": "free", "text": "Miễn theo Luật"}),
        ("free_text_says_free", "Miễn phí", None, {"status": "free"}),
        ("portal_zero_no_text", "Miễn phí", None, NOT_PUBLISHED),
        ("portal_zero_but_text", "Miễn phí", None, NOT_PUBLISHED),
        ("portal_zero_but_text", "Miễn phí (Chưa quy định.)", None, NOT_PUBLISHED),
        ("portal_zero_but_text", "Miễn phí (Do HĐND tỉnh quy định)", None, by_rule("Do HĐND tỉnh quy định")),
        ("unknown", "Miễn phí", None, NOT_PUBLISHED),
        ("unknown", "", None, NOT_PUBLISHED),
        (None, None, None, NOT_PUBLISHED),
    ],
)
def test_a_fee_is_never_better_known_than_at_its_source(
    status: str, text: str, notes: Any, fee: dict[str, Any]
) -> None:
    """A zero is never free, a lost thousand never printed, and a number glued to another is not believed."""
    item = method(fee=text, fee_status=status, note=notes)
    assert item["fees"] == [{**fee, "channels": ["counter"]}]
    opened = [point["field"] for point in item["open"]]
    assert ("fees" in opened) == (fee["status"] == "unpublished")


@pytest.mark.parametrize(
    ("text", "notes", "time"),
    [
        ("7 ngày làm việc", None, {"amount": 7, "unit": "working_days", "unit_certain": True}),
        ("7 Ngày", None, {"amount": 7, "unit": "calendar_days", "unit_certain": True}),
        ("7 ngày", ["unit_uncertain"], {"amount": 7, "unit": "calendar_days", "unit_certain": False}),
        ("7 ngày", "unit_uncertain", {"amount": 7, "unit": "calendar_days", "unit_certain": False}),
        ("7 ngày làm việc", "unit_uncertain", {"amount": 7, "unit": "working_days", "unit_certain": True}),
        ("0,5 ngày làm việc", None, {"amount": 0.5, "unit": "working_days", "unit_certain": True}),
        ("4 giờ làm việc", None, {"amount": 4, "unit": "working_hours", "unit_certain": True}),
        ("24 giờ", None, {"amount": 24, "unit": "hours", "unit_certain": True}),
        ("2 tháng", None, {"amount": 2, "unit": "months", "unit_certain": True}),
        ("Không quá 15 ngày. ngày", None, {"text": "Không quá 15 ngày."}),
        ("Trong vòng 10 ngày", None, {"text": "Trong vòng 10 ngày"}),
        ("1 (nguồn không ghi đơn vị)", None, None),
        ("15 ngày", ["ambiguous_split"], None),
        ("Theo mô tả ngày", None, None),
        ("7", None, None),
        ("", None, None),
    ],
)
def test_a_time_needs_its_unit(text: str, notes: Any, time: dict[str, Any] | None) -> None:
    """A time without unit is never called days; where the source mixed units up, the record says so."""
    item = method(time_limit=text, note=notes)
    assert item["times"] == ([{**time, "channels": ["counter"]}] if time else [])
    assert ("times" in [point["field"] for point in item["open"]]) == (time is None)


@pytest.mark.parametrize(
    ("text", "description", "said"),
    [
        ("5 ngày", "Cấp lại: 3 ngày, cấp mới: 5 ngày", "Cấp lại: 3 ngày, cấp mới: 5 ngày"),
        ("5 ngày", "Nộp tại quầy", None),
        ("Theo mô tả ngày", "Không quá 5 ngày làm việc", "Không quá 5 ngày làm việc"),
    ],
)
def test_the_words_about_a_time_are_kept(text: str, description: str, said: str | None) -> None:
    """What the source says in words about its time limit stands beside the number, or in its place."""
    assert method(time_limit=text, description=description)["times"][0].get("text") == said


def test_equal_values_of_channels_are_one() -> None:
    """The same fee through two channels is one fee, another through a third is another."""
    ways = [{**METHOD, "channel": channel} for channel in ("Trực tiếp", "Trực tuyến", "Dịch vụ bưu chính", "")]
    ways[2]["fee"] = "30,000 đồng"
    item = read({**EXPORT, "methods": ways})
    assert [(fee["amount_vnd"], fee["channels"]) for fee in item["fees"]] == [
        (20_000, ["counter", "online"]),
        (30_000, ["post"]),
    ]
    assert item["channels"] == ["counter", "online", "post"] and len(item["times"]) == 1


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ({}, "name", "Đăng ký thường trú"),
        ({"name": "  Đăng \u200eký\n "}, "name", "Đăng ký"),
        ({}, "levels", ["city", "ward"]),
        ({"level": "Cấp huyện"}, "levels", ["other"]),
        ({"level": ""}, "levels", ["other"]),
        ({}, "authority", "Công an cấp xã"),
        ({"as_of": "2026-07"}, "valid_from", "2026-07-01"),
        ({"mentions_district_level": True}, "stale", True),
        ({"online_level": "toàn trình"}, "online_level", "full"),
        ({"online_level": "có nộp trực tuyến (Cổng không gắn cờ toàn trình)"}, "online_level", "unknown"),
        ({}, "steps", ["Bước 1: Nộp hồ sơ", "Bước 2: Nhận kết quả"]),
        ({"conditions": "Thu nhập dưới 1,800,000"}, "conditions", "Thu nhập dưới 1.800.000"),
        ({"legal_basis": [{"code": "7/2025/NQ-CP", "name": "Nghị quyết số 66."}]}, "legal_basis", []),
        ({"legal_basis": [{"code": "2068/2020/QH14", "name": "Luật"}]}, "legal_basis", []),
        ({"legal_basis": [{"code": "", "name": "Luật"}]}, "legal_basis", []),
        ({"legal_basis": None}, "legal_basis", []),
        ({"quality": "fallback: chỉ có tên"}, "open", [{"field": "record", "reason": "bản ghi trên Cổng chưa đầy đủ"}]),
    ],
)
def test_a_record_is_cleaned(change: dict[str, Any], key: str, value: Any) -> None:
    """Texts become one line, levels and dates ours, and numbers of laws that were damaged are left out."""
    assert read({**EXPORT, **change})[key] == value


@pytest.mark.parametrize(
    ("rows", "common", "cases"),
    [
        ([("", "A", 1, 0)], [("A", 1, 0)], []),
        ([("Trường hợp 1", "A", 1, 2)], [("A", 1, 2)], []),
        ([("", "A", 1, 0), ("Hai", "B", None, "x")], [("A", 1, 0)], [("c1", "Hai", [("B", None, None)])]),
        (
            [("Một", "A", 1, -1), ("Hai", "B", 0, 1)],
            [],
            [("c1", "Một", [("A", 1, None)]), ("c2", "Hai", [("B", 0, 1)])],
        ),
        ([("", " -+ ", 1, 0)], [], []),
    ],
)
def test_papers_are_told_by_case(rows: list[tuple[Any, ...]], common: list[Any], cases: list[Any]) -> None:
    """Papers under headings become cases, one heading alone is none, and a count that is no number is not known."""
    keys = ("case", "name", "original_copies", "photo_copies")
    item = read({**EXPORT, "documents": [dict(zip(keys, row, strict=True)) for row in rows]})

    def told(papers: list[dict[str, Any]]) -> list[Any]:
        return [(paper["name"], paper["originals"], paper["copies"]) for paper in papers]

    assert told(item["documents"]) == common
    assert [(case["id"], case["label"], told(case["documents"])) for case in item["cases"]] == cases


@pytest.mark.parametrize(
    ("locality", "ours"),
    [
        ("", True),
        (None, True),
        ("UBND Thành phố Hồ Chí Minh", True),
        ("UBND TP HỒ CHÍ MINH", True),
        ("UBND tỉnh Đắk Lắk", False),
        ("Hà Nội", False),
    ],
)
def test_other_provinces_are_kept_apart(tmp_path: Path, locality: str | None, ours: bool) -> None:
    """A procedure of another province is kept in a file that is never served, also when it is written decomposed."""
    assert is_of_this_city({"locality": locality}) is ours
    decomposed = locality and unicodedata.normalize("NFD", locality)
    done = imported(tmp_path, {**EXPORT, "locality": decomposed})
    assert (done.served, done.elsewhere) == (int(ours), int(not ours))
    assert len(names(tmp_path, SERVED if ours else ELSEWHERE)) == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": "100422"}, "does not look like 1.004222"),
        ({"code": "1.004222\n"}, "does not look like 1.004222"),
        ({"code": "١.٠٠٤٢٢٢"}, "does not look like 1.004222"),
        ({"code": 1.004222}, "does not look like 1.004222"),
        ({"code": None}, "does not look like 1.004222"),
        ({"code": "1.116538"}, "1.116538 is a test record of the portal: leave it out"),
        ({"name": " "}, "no name: give the procedure's name"),
        ({"name": None}, "no name"),
        ({"name": ["a"]}, "name is no text"),
        ({"as_of": "2026-13"}, "as_of '2026-13' is not a date"),
        ({"as_of": "2026-02-30"}, "is not a date YYYY-MM or YYYY-MM-DD"),
        ({"as_of": "18/07/2026"}, "is not a date"),
        ({"as_of": "2026-07\n"}, "is not a date"),
        ({"as_of": None}, "is not a date"),
        ({"methods": "Trực tiếp"}, "methods is not a list of objects"),
        ({"documents": [1]}, "documents is not a list of objects"),
        ({"methods": [{"channel": ["Trực tiếp"]}]}, "methods: channel is no text"),
        ({"documents": [{"name": {"vi": "A"}}]}, "documents: name is no text"),
        ({"methods": [{"note": [["x"]]}]}, "1.004222"),
    ],
    ids=repr,
)
def test_a_bad_record_is_refused_with_its_reason(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    """A bad record is refused with its line and what is wrong, and the good ones around it are loaded."""
    good = {**EXPORT, "code": "1.000001"}
    done = imported(tmp_path, good, {**EXPORT, **change}, {**good, "code": "1.000002"})
    assert (done.served, [refusal.line for refusal in done.refused]) == (2, [2])
    assert reason in done.refused[0].reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"code": "1.004222", "na', "not a JSON object in UTF-8"),
        (b"\xff\xfe{}", "not a JSON object in UTF-8"),
        (b"[" * 100_000, "not a JSON object in UTF-8"),
        (b'{"code": ' + b"9" * 5_000 + b"}", "not a JSON object in UTF-8"),
        (b'["1.004222"]', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no name"),
        (json.dumps({**EXPORT, "code": "1.000001"}).encode(), "1.000001 appears twice: the first one is kept"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_bad_line_does_not_stop_the_rest(tmp_path: Path, line: bytes, reason: str) -> None:
    """A line that is cut, nested, in another encoding or there twice is refused by number; the rest is loaded."""
    good = {**EXPORT, "code": "1.000001"}
    done = imported(tmp_path, good, b"", line, {**good, "code": "1.000002"})
    assert (done.served, [refusal.line for refusal in done.refused]) == (2, [3])
    assert reason in done.refused[0].reason


def decomposed(value: Any) -> Any:
    """A JSON value with decomposed letters."""
    return json.loads(unicodedata.normalize("NFD", json.dumps(value, ensure_ascii=False)))


def test_decomposed_letters_are_read_alike(tmp_path: Path) -> None:
    """An export with decomposed letters gives the same records as one with composed letters, channels and fees too."""
    whole = {**EXPORT, "methods": [{**METHOD, "description": "Cấp lại trong 3 ngày"}]}
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, export in ((first, whole), (second, decomposed(whole))):
        folder.mkdir()
        assert imported(folder, export).served == 1
    assert list(read_records(first / "into" / SERVED)) == list(read_records(second / "into" / SERVED))
    assert names(second) == ["Đăng ký thường trú"]


def test_a_byte_order_mark_is_harmless(tmp_path: Path) -> None:
    """A file that begins with a byte order mark, as Windows writes it, is read from its first line."""
    assert imported(tmp_path, b"\xef\xbb\xbf" + json.dumps(EXPORT).encode()).served == 1


def test_what_is_imported_can_be_served(tmp_path: Path) -> None:
    """Each imported line is a procedure of the catalogue, unreviewed, with the source it came from."""
    imported(tmp_path, EXPORT)
    procedure = record.procedure(next(read_records(tmp_path / "into" / SERVED)), reviewed=False)
    assert (procedure.code, procedure.decision, procedure.reviewed) == ("1.004222", "1523/QĐ-BCA-C06", False)
    assert procedure.valid_from == procedure.checked_on == date(2026, 7, 18)
    assert procedure.fees_on(TODAY)[0].amount_vnd == 20_000


def kept(folder: Path) -> dict[str, bytes]:
    """The files of an import, without drafts."""
    return {path.name: path.read_bytes() for path in (folder / "into").iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize("items", [[], [b"nonsense"], [{**EXPORT, "name": ""}], [{"format": 2}]], ids=repr)
def test_a_failed_import_changes_nothing(tmp_path: Path, items: list[Any]) -> None:
    """An import without one good record is refused with its first reason, and what was served is served on."""
    imported(tmp_path, EXPORT)
    before = kept(tmp_path)
    with pytest.raises(KnowledgeError):
        imported(tmp_path, *items)
    assert kept(tmp_path) == before and len(before) == 2


def test_an_import_replaces_the_one_before(tmp_path: Path) -> None:
    """A new import takes the place of the old one whole: nothing of the old one is left."""
    imported(tmp_path, EXPORT, {**EXPORT, "code": "1.000002", "locality": "Hà Nội"})
    imported(tmp_path, {**EXPORT, "code": "1.000003", "name": "Mới"})
    assert (names(tmp_path), names(tmp_path, ELSEWHERE)) == (["Mới"], [])


def test_progress_adds_up_to_the_file(tmp_path: Path) -> None:
    """Progress is told in bytes and adds up to the size of the file."""
    path, steps = lines(tmp_path, EXPORT, b"", b"nonsense"), list[int]()
    import_export(path, tmp_path / "into", TODAY, steps.append)
    assert sum(steps) == path.stat().st_size and len(steps) == 3


@pytest.mark.parametrize(
    ("items", "code", "said"),
    [
        ([EXPORT], 0, "1 procedures loaded, 0 of other provinces kept apart, 0 refused"),
        ([EXPORT, b"x"], 0, "line 2: refused: not a JSON object"),
        ([EXPORT, *[b"x"] * 30], 0, "... and 10 more refused"),
        ([b"x"], 1, ""),
        (None, 1, ""),
    ],
    ids=lambda value: str(value)[:20],
)
def test_the_command_says_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], items: list[Any] | None, code: int, said: str
) -> None:
    """`python -m knowledge import` says what was loaded and refused; it exits with 1 when nothing could be."""
    path = tmp_path / "missing.jsonl" if items is None else lines(tmp_path, *items)
    assert command.main(["import", str(path), "--into", str(tmp_path / "into")]) == code
    out, err = capsys.readouterr()
    assert said in out and ("error: " in err) == bool(code)


@pytest.mark.parametrize("arguments", [[], ["import"], ["no such command"], ["draft", "1.004222", "cu_tru"]])
def test_a_wrong_command_line_exits_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that cannot be read is explained and exits with 2."""
    with pytest.raises(SystemExit, match="2"):
        command.main(arguments)
    assert "usage:" in capsys.readouterr().err


def every(value: Any) -> Iterator[Any]:
    """The export with each of its values, however deep, replaced by something else."""
    for other in (None, 7, -1.5, True, "", "x" * 50, [], [None], [[]], {}, {"a": []}):
        for key in EXPORT:
            yield {**value, key: other}
        for key in ("channel", "time_limit", "fee", "fee_status", "description", "note"):
            yield {**value, "methods": [{**METHOD, key: other}]}
        for key in ("case", "name", "form", "original_copies", "photo_copies"):
            yield {**value, "documents": [{**EXPORT["documents"][0], key: other}]}


def test_no_value_breaks_an_import(tmp_path: Path) -> None:
    """Whatever stands in place of a value, its record is loaded or refused, and the import goes on."""
    odd = [{**export, "code": f"2.{number:06}"} for number, export in enumerate(every(EXPORT))]
    done = imported(tmp_path, *odd, EXPORT)
    assert done.served + done.elsewhere + len(done.refused) == len(odd) + 1 and done.served > 1
    for item in read_records(tmp_path / "into" / SERVED):
        assert not record.procedure(item, reviewed=False).name.startswith(("[", "{", "None"))
    with pytest.raises(BadRecord):
        read({})


@pytest.mark.slow
def test_the_whole_national_export_is_loaded(tmp_path: Path) -> None:
    """The whole export (../shared/data/procedures.jsonl, not shipped) is loaded, and spoilt lines in it are refused."""
    if not WHOLE_EXPORT.exists():
        pytest.skip(f"{WHOLE_EXPORT} is not there: it lies beside the checkout, not in it")
    path = tmp_path / "export.jsonl"
    spoilt = json.dumps({**EXPORT, "code": "1.116538"}).encode() + b'\n{"code": "1.004222", "na'
    path.write_bytes(WHOLE_EXPORT.read_bytes() + spoilt)
    done = import_export(path, tmp_path / "into", TODAY)
    assert done.served > 3_500 and done.elsewhere > 500 and len(done.refused) >= 2
    assert all(refusal.reason for refusal in done.refused)
    amounts = [fee.get("amount_vnd") for item in read_records(tmp_path / "into" / SERVED) for fee in item["fees"]]
    assert min(amount for amount in amounts if amount is not None) >= 1000
