"""The checker: each bad file is refused with its path, its line and the mend."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from knowledge import __main__ as command
from knowledge.checking import check, check_file
from knowledge.record import procedure

GOOD = """\
code: "1.100002"
former_codes: ["1.099998"]
name: Chứng thực bản sao
field: chung_thuc
purpose: Dành cho người cần bản sao.
levels: [ward]
authority: Ủy ban nhân dân phường
receiving_point: Trung tâm phường
channels: [counter]
online_level: none
case_question: Anh/chị có bản chính không?
cases:
  - id: co
    label: Có bản chính
    documents: []
  - id: khong
    label: Không có bản chính
    documents: []
documents:
  - name: Bản chính
    originals: 1
fees:
  - status: amount
    amount_vnd: 2000
    case: co
    valid_from: "2026-01-01"
    valid_to: "2026-12-31"
  - status: by_rule
    text: Theo quy định.
times:
  - amount: 2
    unit: working_days
exemptions:
  - id: ngheo
    label: Hộ nghèo
    kinds: [phi]
    percent: 100
    basis: 97/2015/QH13
    valid_from: "2026-01-01"
result: Bản sao
steps: [Nộp hồ sơ.]
legal_basis:
  - number: 23/2015/NĐ-CP
    name: Nghị định về chứng thực
aliases: [sao y]
examples: [một, hai, ba, bốn, năm, sáu]
source:
  code: "1.100002"
  as_of: "2026-07"
valid_from: "2026-07-01"
checked_on: "2026-11-01"
"""
TOMORROW = (date.today() + timedelta(days=2)).isoformat()


def written(folder: Path, text: str | bytes, name: str = "chung_thuc/1.100002.yaml") -> Path:
    """A file of the catalogue."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def edited(old: str, new: str) -> tuple[str, int]:
    """The good file with one edit, and the line of the edit."""
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new), GOOD[: GOOD.index(old)].count("\n") + 1


def test_a_good_file_has_no_problem(tmp_path: Path) -> None:
    """The checker finds nothing in a good file, and takes note of the codes that it holds."""
    owners: dict[str, Path] = {}
    path = written(tmp_path, GOOD)
    assert check_file(path, owners) == []
    assert owners == {"1.100002": path, "1.099998": path}


@pytest.mark.parametrize(
    ("old", "new", "mend"),
    [
        ("amount_vnd: 2000", "amount_vnd: hai nghìn", "is not of type 'integer'"),
        ("amount_vnd: 2000", "amount_vnd: 2000.5", "is not of type 'integer'"),
        ("amount_vnd: 2000", "amount_vnd: 0", "minimum"),
        ("amount_vnd: 2000", "amount_vnd: 20", "were the thousands lost"),
        ("amount_vnd: 2000", "amount_vnd: 20050", "were the thousands lost"),
        ("levels: [ward]", "levels: [district]", "is not one of"),
        ("online_level: none", "online_level: maybe", "is not one of"),
        ("purpose: Dành cho người cần bản sao.", 'purpose: ""', "should be non-empty"),
        ('code: "1.100002"\nformer', 'code: "100002"\nformer', "does not match"),
        ('["1.099998"]', "[1.099998]", "is not of type 'string'"),
        ("case: co\n", "case: con\n", "no case con; known: co, khong"),
        ('valid_to: "2026-12-31"', 'valid_to: "2025-12-31"', "valid_to lies before valid_from: exchange them"),
        ('valid_to: "2026-12-31"', 'valid_to: "2026-02-30"', "2026-02-30 is not a day of the calendar"),
        ('valid_to: "2026-12-31"', "valid_to: 2026-12-31", "is not of type 'string'"),
        (
            '    valid_from: "2026-01-01"\nresult',
            '    valid_from: "2026-13-01"\nresult',
            "is not a day of the calendar",
        ),
        ("text: Theo quy định.", "basis: 1/2020/NĐ-CP", "'text' is a required property"),
        ("unit: working_days", "unit: days", "'days' is not one of"),
        ("unit: working_days", "unit: same_day", "same_day needs a text"),
        ("number: 23/2015/NĐ-CP", "number: Nghị định 23", "is not a legal number such as 75/2022/TT-BTC"),
        ("[một, hai, ba, bốn, năm, sáu]", "[một, hai]", "give at least 6 example questions"),
        ('  code: "1.100002"\n  as_of', '  code: "1.100009"\n  as_of', "the source's code differs"),
        ('checked_on: "2026-11-01"', f'checked_on: "{TOMORROW}"', "checked_on lies in the future"),
        ("result: Bản sao", "result: Bản sao\nprice: 1", "'price' was unexpected"),
        ("result: Bản sao\n", "", "'result' is a required property"),
        ("result: Bản sao", "result: Bản sao\nresult: Bản sao", "result is there twice"),
        ("result: Bản sao", "result: Bản: sao", "not YAML"),
        ("result: Bản sao", "result: [Bản sao", "not YAML"),
    ],
    ids=lambda text: text.splitlines()[0][:30] if text else "nothing",
)
def test_a_bad_file_is_refused_with_line_and_mend(tmp_path: Path, old: str, new: str, mend: str) -> None:
    """One bad edit gives one problem, on the line of the edit or beside it, with what to do."""
    text, line = edited(old, new)
    path = written(tmp_path, text)
    problems = check_file(path, {})
    assert len(problems) == 1 and mend in problems[0].text
    assert str(problems[0]).startswith(f"{path}:{problems[0].line}: ")
    of_the_file = problems[0].text.startswith("the file: ")
    assert problems[0].line == 1 if of_the_file else abs(problems[0].line - line) <= 1


@pytest.mark.parametrize(
    ("old", "new", "mend"),
    [
        ("case_question: Anh/chị có bản chính không?\n", "", "several cases but no case_question"),
        ("id: khong", "id: co", "case co appears twice"),
    ],
)
def test_cases_must_be_told_apart(tmp_path: Path, old: str, new: str, mend: str) -> None:
    """Several cases need different names and the question that chooses between them."""
    problems = check_file(written(tmp_path, edited(old, new)[0]), {})
    assert mend in [problem.text for problem in problems][0]


@pytest.mark.parametrize("key", ["fees", "times"])
def test_what_is_not_known_is_said(tmp_path: Path, key: str) -> None:
    """A file without fees or times is refused unless it says under `open` why they are not known."""
    start, end = GOOD.index(f"{key}:"), GOOD.index({"fees": "times:", "times": "exemptions:"}[key])
    silent = GOOD[:start] + f"{key}: []\n" + GOOD[end:]
    assert [problem.text.split(":")[0] for problem in check_file(written(tmp_path, silent), {})] == [f"no {key}"]
    open_point = f"open: [{{field: {key}, reason: Cổng chưa công bố}}]\n"
    assert check_file(written(tmp_path, silent + open_point), {}) == []


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (unicodedata.normalize("NFD", GOOD), "not in NFC: save the file with composed Vietnamese letters"),
        (GOOD.encode("utf-16"), "not UTF-8"),
        (GOOD.encode()[:-3] + b"\xe1\x2e", "not UTF-8"),
        ("", "is not of type 'object'"),
        ("- một\n- hai\n", "is not of type 'object'"),
    ],
    ids=["NFD", "UTF-16", "cut letter", "empty", "list"],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str | bytes, mend: str) -> None:
    """A file in another encoding or shape is refused on its first line, and checking goes on."""
    problems = check_file(written(tmp_path, text), {})
    assert [problem.line for problem in problems] == [1] and mend in problems[0].text


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("chung_thuc/1.100003.yaml", "the file is named 1.100003.yaml but holds 1.100002: rename it"),
        ("ho_tich/1.100002.yaml", "the file lies in ho_tich/ but its field is chung_thuc"),
    ],
)
def test_a_file_lies_where_its_content_says(tmp_path: Path, name: str, mend: str) -> None:
    """A file is named after its code and lies in the folder of its field."""
    assert [problem.text for problem in check_file(written(tmp_path, GOOD, name), {})] == [mend]


def test_a_code_has_one_file(tmp_path: Path) -> None:
    """A code, current or former, is held by one file: the second one is refused with the name of the first."""
    first = written(tmp_path, GOOD)
    heir = GOOD.replace('"1.100002"', '"1.100005"').replace("1.099998", "1.100002")
    second = written(tmp_path, heir, "chung_thuc/1.100005.yaml")
    assert [str(problem) for problem in check(tmp_path)] == [f"{second}:1: 1.100002 is already held by {first}"]


def test_what_is_checked_can_be_loaded(tmp_path: Path) -> None:
    """A file without problem becomes a procedure with its dates, case and amount."""
    loaded = procedure(yaml.load(GOOD, Loader=yaml.CSafeLoader), reviewed=True)
    assert (loaded.fees[0].amount_vnd, loaded.fees[0].case_id) == (2000, "co")
    assert loaded.fees[0].valid_to == date(2026, 12, 31) and loaded.fees[1].valid_from == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("text", "code", "said"), [(GOOD, 0, "1 files checked, 0 problems"), ("a: b: c", 1, "1 problems")]
)
def test_the_command_says_whether_all_is_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, said: str
) -> None:
    """`python -m knowledge check` prints every problem, and its exit code is 0 only when there is none."""
    path = written(tmp_path, text)
    assert command.main(["check", str(tmp_path)]) == code
    out = capsys.readouterr().out
    assert said in out and (f"{path}:1: not YAML" in out) == bool(code)


def test_the_shipped_files_are_good() -> None:
    """Every reviewed file that is shipped passes the checker."""
    assert [str(problem) for problem in check()] == []
