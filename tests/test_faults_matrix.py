"""The matrix of faults: rows name tests that exist, the document has every row, what did not run does not hold."""

from __future__ import annotations

import ast
from datetime import date

import pytest

from evals import faults
from evals.faults import Played, Row

KILLED = ("web process", "answering process", "followed dossiers", "sender", "Rasa", "PostgreSQL")
ROW = Row("fire", "here", "0 / 0 / 0", "nothing", "at once", ("tests/test_a.py::test_b", "tests/test_c.py"))
BOTH = [Played("tests/test_a.py::test_b", 1.0, True), Played("tests/test_c.py::test_d", 2.0, True)]
REPORT = """<testsuites><testsuite>
<testcase classname="tests.end_to_end.test_a" name="test_b[x]" time="1.5"/>
<testcase classname="tests.test_c" name="test_d" time="0.5"><failure message="no"/></testcase>
<testcase classname="tests.test_c" name="test_e" time="0"><skipped/></testcase>
</testsuite></testsuites>"""


def functions(file: str) -> set[str]:
    """The tests of a file."""
    tree = ast.parse((faults.ROOT / file).read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_row_is_held_by_tests_that_exist() -> None:
    """No row stands without a test, and each test that a row names is there."""
    for row in faults.load():
        for name in row.tests:
            file, _, function = name.partition("::")
            assert function in functions(file) if function else functions(file), name


def test_the_document_has_every_row() -> None:
    """docs/reliability.md shows each row as it is in the data, and none of them failed when it was written."""
    document = faults.DOCUMENT.read_text("utf-8")
    shown = document[document.index(faults.BEGIN) : document.index(faults.END)]
    for row in faults.load():
        assert f"| {row.fault} | {row.where} | {row.counts} | {row.citizen} | {row.recovery} |" in shown
    assert "fails" not in shown


@pytest.mark.parametrize("kind", KILLED)
def test_every_kind_of_process_is_killed(kind: str) -> None:
    """There is a row in which each kind of process that we run is killed."""
    assert [row for row in faults.load() if kind in f"{row.fault} {row.where}" and "killed" in row.fault]


def test_a_report_is_read() -> None:
    """Cases of a function count by its name; a failed and a skipped one did not hold."""
    assert faults.read(REPORT) == [
        Played("tests/end_to_end/test_a.py::test_b", 1.5, True),
        Played("tests/test_c.py::test_d", 0.5, False),
        Played("tests/test_c.py::test_e", 0.0, False),
    ]


@pytest.mark.parametrize(
    ("played", "verdict"),
    [
        (BOTH, "2 plays, 3 s"),
        (BOTH[:1], "**fails**"),
        ([BOTH[0], Played("tests/test_c.py::test_d", 2.0, False)], "**fails**"),
        ([], "not run"),
    ],
)
def test_a_row_holds_when_all_its_tests_ran_and_held(played: list[Played], verdict: str) -> None:
    """A test that is missing from the run is a row that does not hold, and the table says so."""
    assert faults.holds(ROW, played) is (played == BOTH)
    assert f"| {verdict}: tests/test_a.py, tests/test_c.py |" in faults.matrix([ROW], played, date(2026, 11, 22))


def test_only_the_matrix_is_written_anew() -> None:
    """What stands before and behind the markers stays; a second writing changes nothing more."""
    once = faults.written(f"before\n{faults.BEGIN}\nold\n{faults.END}\nafter", "new")
    assert once == f"before\n{faults.BEGIN}\nnew\n{faults.END}\nafter" == faults.written(once, "new")
