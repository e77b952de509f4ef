"""What the measuring tools make of their figures: slopes and verdicts, the model of capacity, blocks of the report."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import tables
from bot.retention import KEEP
from bot.store import Store
from evals import bench, blocks, capacity, grown, growth, long_talks, soak
from evals.arrivals import Step
from evals.capacity import Demand, Limit, Machines
from evals.growth import Row
from evals.scaling import Measured, Model, model, predicted
from evals.slope import Slope, slope
from evals.soak import Sample, Soaked
from evals.spread import Spread
from tests.town import MORNING, say, worker

HALF_HOUR = [5.0 * number for number in range(360)]
REPORT = Path(__file__).parents[1] / bench.REPORT
GROWING, STEADY = 100.0, 0.0
# MB an hour


def noise(number: int) -> float:
    """Up and down by half a megabyte, the same each time."""
    return (number * 7919 % 101) / 101 - 0.5


@pytest.mark.parametrize(("per_h", "flat"), [(STEADY, True), (1.0, True), (GROWING, False), (-GROWING, True)])
def test_a_slope_is_told_from_noise(per_h: float, flat: bool) -> None:
    """A curve that grows by more than matters is not flat; noise, a little growth and a fall are."""
    found = slope(HALF_HOUR, [400 + per_h * at_s / 3600 + noise(number) for number, at_s in enumerate(HALF_HOUR)])
    assert found.low - 1 <= per_h <= found.high + 1
    assert found.is_flat(soak.MOST_MB_PER_H) is flat


def test_the_interval_of_a_straight_line_is_the_line() -> None:
    """Without noise the interval has no width."""
    found = slope(HALF_HOUR, [at_s / 3600 for at_s in HALF_HOUR])
    assert (found.per_h, found.low, found.high) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize(
    ("asked", "machines", "expected"),
    [
        (Demand(8, 10, 0), Machines(2, 1), Limit(100, "workers")),
        (Demand(10, 10, 5), Machines(2, 4), Limit(80, "processors")),
        (Demand(10, 10, 5), Machines(16, 16), Limit(100, "serving")),
        (Demand(10, 10, 5), Machines(16, 16, webs=16), Limit(640, "processors")),
        (Demand(10, 10, 0, beside_ms=20), Machines(2, 2), Limit(50, "processors")),
    ],
)
def test_the_part_that_is_full_first_sets_the_limit(asked: Demand, machines: Machines, expected: Limit) -> None:
    """The lowest of the three bounds is the limit, and it is named."""
    assert capacity.limit(asked, machines) == expected


@pytest.mark.parametrize(("cores", "workers", "webs"), [(1, 1, 1), (2, 1, 1), (4, 2, 2), (8, 4, 3)])
def test_processes_are_as_many_as_keep_the_processors_busy(cores: int, workers: int, webs: int) -> None:
    """Of a message that costs 12, 8 and 4 ms, half of the processors go to workers, a third to serving."""
    chosen = capacity.best(Demand(web_ms=8, worker_ms=12, database_ms=4), cores)
    assert (chosen.workers, chosen.webs) == (workers, webs)
    assert capacity.limit(Demand(8, 12, 4), chosen).by == "processors"


def test_the_model_carries_on_what_was_reached() -> None:
    """Half of the bound here is half of the bound there; in service nobody generates messages beside it."""
    demand = Demand(10, 10, 0, beside_ms=20)
    known = model([Measured("postgresql", 2, 25.0, demand, ())], cores=2)
    assert known == Model(Demand(10, 10, 0), 0.5)
    assert predicted(known, 4) == (Machines(4, 2, 2), Limit(100, "processors"))


def soaked(per_h: float = STEADY, files: int = 40, answered: int = 100) -> Soaked:
    """Half an hour; `files` open at the end, 40 before."""
    samples = [
        Sample(at_s, {"web": 400 + per_h * at_s / 3600 + noise(number)}, 40, 20, 0.0, 4.0)
        for number, at_s in enumerate(HALF_HOUR)
    ]
    last = Sample(1800, {"web": samples[-1].memory_mb["web"]}, files, 20, 0.0, 4.0)
    return Soaked("sqlite", 30, [*samples, last], Step(1, 100, answered, 30, 60, 90, 100, 1, 20))


@pytest.mark.parametrize(
    ("run", "faults"),
    [
        (soaked(), []),
        (soaked(per_h=GROWING), ["web grows"]),
        (soaked(files=60), ["open files grow from 40 to 60"]),
        (soaked(answered=98), ["2 messages lost"]),
    ],
)
def test_a_soak_says_what_grew_and_what_was_lost(run: Soaked, faults: list[str]) -> None:
    """Memory, open files and answers are judged, each by itself."""
    assert run.faults() == faults
    assert (faults[0] if faults else "nothing was lost") in soak.markdown([run])


def test_only_what_is_between_the_marks_is_written() -> None:
    """A block is replaced whole; words before, after and in other blocks stay."""
    document = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n<!-- bench:xy -->\nother\n<!-- /bench:xy -->\n"
    once = blocks.written(document, "x", "new\n")
    assert once == document.replace("\nold\n", "\n\nnew\n\n")
    assert blocks.written(once, "x", "new") == once


@pytest.mark.parametrize(
    "document", ["", "<!-- bench:x -->\n", "<!-- /bench:x -->", "<!-- bench:y -->\n<!-- /bench:y -->"]
)
def test_a_missing_mark_is_said(document: str) -> None:
    """Nothing is written anywhere else."""
    with pytest.raises(blocks.NoPlace):
        blocks.written(document, "x", "new")


OWN = {"growth": [f"growth-{part}" for part in growth.PARTS]}
# parts with several blocks


@pytest.mark.parametrize("part", bench.PARTS, ids=lambda part: part.name)
def test_every_part_has_its_place_in_the_report(part: bench.Part) -> None:
    """No measurement ends with nowhere to write."""
    for name in OWN.get(part.name, [part.name]):
        assert blocks.written(REPORT.read_text("utf-8"), name, "x")


@pytest.mark.parametrize(
    ("names", "first", "expected"),
    [(["soak", "load"], "", ["load", "soak"]), ([], "growth", ["growth", "soak"]), (["load"], "growth", [])],
)
def test_parts_are_chosen_in_their_order(names: list[str], first: str, expected: list[str]) -> None:
    """By name, or all from one on."""
    assert [part.name for part in bench.chosen(names, first)] == expected


def test_growth_is_told_as_times_of_the_first() -> None:
    """The last line of the table divides the last size by the first."""
    rows = [Row(1_000, 5, 8.0, {"message": Spread(10, 20)}), Row(10_000, 50, 10.0, {"message": Spread(11, 30)})]
    assert growth.table(rows).splitlines()[-1] == "| times as long | | 1.25 | 1.10 / 1.50 |"


def test_long_talks_compare_their_ends() -> None:
    """The first messages of everybody are set beside the last ones; each person has one conversation."""
    said: list[tuple[str, str]] = []
    found = long_talks.grown("x", lambda person, text: said.append((person, text)), ["a", "b"] * 10, turns=4, people=2)
    talkers = [person for person, _ in said[long_talks.WARM_UP :]]
    assert talkers == ["talker-0", "talker-1"] * 4
    assert found.turns == 4 and found.first.p50_ms >= 0


def test_a_database_grows_by_copies_that_wait_for_nothing(database: Store) -> None:
    """Copies have everything a talk has, other names, a day at which nothing is deleted, and only closed tickets."""
    one = worker(database)
    for number, text in enumerate(("khai sinh", "gặp cán bộ")):
        say(database, text, str(number))
        one.step()
    with database.reading() as connection:
        first = grown.highest(connection)
    grown.multiply(database, first, 3, MORNING)
    with database.reading() as connection:
        counts = {table.name: _count(connection, table) for table in grown.TABLES}
        waiting = _count(connection, tables.ticket, tables.ticket.c.state != "closed")
        oldest = connection.execute(sa.select(sa.func.min(tables.conversation.c.updated_at))).scalar_one()
    assert counts == {name: 4 * number for name, number in first.items()}
    assert waiting == 1 and MORNING - oldest < KEEP
    assert say(database, "khai sinh", "9") and one.step()


def _count(connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool] | None = None) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return int(connection.execute(query if where is None else query.where(where)).scalar_one())


def test_an_interval_reads_as_words() -> None:
    """The slope first, its interval behind it."""
    assert str(Slope(1.25, -0.5, 3.0)) in ("+1.2 (-0.5 to +3.0)", "+1.3 (-0.5 to +3.0)")
