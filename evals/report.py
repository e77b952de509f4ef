"""docs/understanding.md: the measured figures as Markdown, around the prose of evals/report_intro.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evals import curves, pictures, scoring
from evals.ablation import Without
from evals.baselines import Found
from evals.dialogues import Summary
from evals.measuring import Loss, Over
from evals.scoring import Label, Score
from evals.thresholds import Threshold

TEMPLATE = Path(__file__).with_name("report_intro.md")
FEWEST = 8
# questions of a field that has a line of its own
WORST = 30
LONGEST = 70
# characters shown of a question or a name

Rows = Iterable[Sequence[object]]


@dataclass(frozen=True)
class Report:
    """Everything that one run measured."""

    day: date
    command: str
    encoder: bool
    # the sentence encoder was there
    told_from: float
    # confidence from which the assistant answers without asking
    overs: Mapping[str, Over]
    # shipped; with an import also the full one
    parts: Sequence[Over]
    # of these, the lines of the first table
    losses: Mapping[str, Loss]
    dialogues: Summary
    failing: Mapping[str, Sequence[str]]
    # dialogue -> what is wrong
    baselines: Mapping[str, Sequence[Found]]
    # by catalogue
    ablation: Sequence[Without]
    ablation_over: str
    figures: Mapping[str, float]
    thresholds: Sequence[Threshold]


def write(report: Report, path: Path) -> None:
    """The report, with its pictures in the folder `pictures` beside it."""
    folder = path.parent / "pictures"
    about = {name: over.guesses() for name, over in report.overs.items()}
    pictures.risk_coverage(
        {name: curves.risk_coverage(guesses) for name, guesses in about.items()},
        report.told_from,
        folder / "risk_coverage.svg",
    )
    pictures.reliability({name: curves.bins(guesses) for name, guesses in about.items()}, folder / "reliability.svg")
    pictures.styles(
        {
            name: {style: scoring.score(some, over.answers).hit_1 for style, some in _by_style(over).items()}
            for name, over in report.overs.items()
        },
        folder / "hit_1_by_style.svg",
    )
    path.write_text(markdown(report, TEMPLATE.read_text(encoding="utf-8")), encoding="utf-8")


def markdown(report: Report, template: str) -> str:
    """The whole text."""
    filled = {
        "command": f"`{report.command}`",
        "day": _day(report.day),
        "machine": "\n".join(_row(row) for row in _machine(report)),
        "figures": "\n\n".join(_sections(report)),
    }
    for name, text in filled.items():
        template = template.replace("{{" + name + "}}", text)
    return template


def _sections(report: Report) -> list[str]:
    return [
        *_questions(report),
        *_behaviours(report),
        *_confidence(report),
        *_noise(report),
        *_dialogues(report),
        *_baselines(report),
        *_ablation(report),
        *_thresholds(report),
        *_worst(report),
    ]


def _questions(report: Report) -> list[str]:
    head = ["questions", "n", "hit@1", "95 % interval", "hit@3", "95 % interval", "hit@10", "MRR"]
    answered = ["answered", "of these right", "wrong answers", "asked which", "right one among the choices"]
    lines = []
    for over in report.parts:
        score, first, three = over.score(), over.interval(1), over.interval(3)
        lines.append(
            [
                over.name,
                score.questions,
                _share(score.hit_1),
                f"{_share(first.low)} to {_share(first.high)}",
                _share(score.hit_3),
                f"{_share(three.low)} to {_share(three.high)}",
                _share(score.hit_10),
                f"{score.mrr:.3f}",
            ]
        )
    told = [[over.name, *_told(over.score())] for over in report.parts]
    found = [
        "## Questions about a procedure",
        "All figures in per cent, save MRR.",
        _table(head, lines),
        _table(["questions", *answered], told),
    ]
    for name, over in report.overs.items():
        found += [f"### By style, {name}", _scores("style", _by_style(over), over)]
    found.append("![hit@1 by style](pictures/hit_1_by_style.svg)")
    for name, over in report.overs.items():
        found += [f"### By field, {name}", _scores("field", _by_field(over), over)]
    return found


def _scores(what: str, groups: Mapping[str, Sequence[Label]], over: Over) -> str:
    head = [what, "n", "hit@1", "hit@3", "hit@10", "MRR", "answered", "of these right", "wrong answers"]
    lines = []
    for name, some in {**groups, "**all**": over.about}.items():
        score = scoring.score(some, over.answers)
        hits = [_share(value) for value in (score.hit_1, score.hit_3, score.hit_10)]
        lines.append([name, score.questions, *hits, f"{score.mrr:.3f}", *_told(score)[:3]])
    return _table(head, lines)


def _told(score: Score) -> list[str]:
    shares = (
        score.answered,
        score.right_when_answered,
        score.wrong_answers,
        score.asked,
        score.right_when_asked,
    )
    return [_share(value) for value in shares]


def _behaviours(report: Report) -> list[str]:
    found = ["## Behaviour", "Right behaviours (any of them) down, the given one across."]
    for name, over in report.overs.items():
        counts = scoring.confusion(over.labels, over.answers)
        given = sorted({behaviour for _, behaviour in counts})
        lines = []
        for right in dict.fromkeys(right for right, _ in counts):
            row = {behaviour: counts.get((right, behaviour), 0) for behaviour in given}
            kept = sum(count for behaviour, count in row.items() if behaviour in right)
            lines.append([" / ".join(right), *(row[each] or "" for each in given), _share(kept / sum(row.values()))])
        none = [item for item in over.labels if not item.code]
        right_share = _share(scoring.right_behaviour(none, over.answers))
        told_share = _share(scoring.off_topic_answered(none, over.answers))
        found += [
            f"### {name.capitalize()}",
            _table(["right", *given, "right, %"], lines),
            f"Of the {len(none)} questions about no procedure {right_share} % get a right behaviour; of those that "
            f"nothing answers {told_share} % are told something all the same.",
        ]
    return found


def _confidence(report: Report) -> list[str]:
    lines = []
    for name, over in report.overs.items():
        guesses, every = over.guesses(), over.guesses(about_none=True)
        lines.append(
            [
                name,
                f"{over.calibration_error():.3f}",
                f"{curves.calibration_error(every):.3f}",
                _share(curves.wrong_answer_rate(guesses, report.told_from)),
                _share(curves.wrong_answer_rate(every, report.told_from)),
            ]
        )
    head = [
        "catalogue",
        "ECE",
        "ECE with questions about none",
        "wrong above the line, %",
        "with questions about none, %",
    ]
    return [
        "## Confidence",
        f"The line is the confidence of {report.told_from:g} from which a first candidate is answered without asking; "
        "the dots of the first picture stand there. A question about no procedure has no right candidate.",
        _table(head, lines),
        "![Risk and coverage](pictures/risk_coverage.svg)",
        "![Reliability](pictures/reliability.svg)",
    ]


def _noise(report: Report) -> list[str]:
    lines = [
        [kind.replace("_", " "), loss.questions, _share(loss.clean), _share(loss.noisy), f"{loss.points:.1f}"]
        for kind, loss in report.losses.items()
    ]
    return [
        "## Noise",
        "The standard, colloquial and southern questions about shipped procedures, made noisy by `evals/noise.py` "
        "(seeded), over the shipped catalogue.",
        _table(["noise", "n", "hit@1 as they are", "hit@1 noisy", "points lost"], lines),
    ]


def _dialogues(report: Report) -> list[str]:
    found, failing = report.dialogues, report.failing
    return [
        "## Dialogues",
        f"{found.dialogues} dialogues with {found.turns} turns (`evals/data/dialogues`), over the shipped catalogue: "
        f"{_share(found.right_behaviour)} % of the turns have a right behaviour, {_share(found.faultless_turns)} % "
        "no fault at all (procedures, aspects and words too); "
        f"{_share(found.faultless)} % of the dialogues are without fault.",
        _table(["dialogue", "what is wrong"], [[name, "; ".join(problems)] for name, problems in failing.items()]),
    ]


def _baselines(report: Report) -> list[str]:
    found = ["## Beside plain search", "Names only, without aliases and questions; times per question on this machine."]
    for name, searches in report.baselines.items():
        lines = [
            [item.name, *map(_share, (item.hit_1, item.hit_3, item.hit_10)), f"{item.p50_ms:.1f}", f"{item.p99_ms:.1f}"]
            for item in searches
        ]
        head = ["search", "hit@1", "hit@3", "hit@10", "p50 ms", "p99 ms"]
        found += [f"### {name.capitalize()}, {searches[0].questions} questions", _table(head, lines)]
    return found


def _ablation(report: Report) -> list[str]:
    whole = report.ablation[0]
    lines = [
        [
            " + ".join(item.signals) or "(none)",
            _share(item.hit_1),
            f"{100 * (item.hit_1 - whole.hit_1):+.1f}",
            _share(item.hit_3),
            f"{100 * (item.hit_3 - whole.hit_3):+.1f}",
        ]
        for item in report.ablation
    ]
    return [
        "## Without a signal",
        f"Each weight of the ranking set to nought in its turn, nothing fitted again; over the {report.ablation_over} "
        "(`python -m evals ablation`).",
        _table(["switched off", "hit@1", "points", "hit@3", "points"], lines),
    ]


def _thresholds(report: Report) -> list[str]:
    lines = [
        [
            threshold.figure,
            f"{'at most' if threshold.at_most else 'at least'} {threshold.bound:g}",
            f"{report.figures[threshold.figure]:.1f}" if threshold.figure in report.figures else "not measured",
            "no" if threshold.failure(report.figures) else "yes",
        ]
        for threshold in report.thresholds
    ]
    return ["## Thresholds", "`evals/thresholds.yaml`.", _table(["figure", "must be", "is", "holds"], lines)]


def _worst(report: Report) -> list[str]:
    name, over = list(report.overs.items())[-1]
    wrong = []
    for item in over.about:
        procedures = over.answers[item.id]["procedures"]
        if procedures and not item.accepts(procedures[0]["code"]):
            wrong.append((procedures[0], item))
    wrong.sort(key=lambda pair: (-pair[0]["confidence"], pair[1].id))
    lines = [
        [
            item.id,
            item.style,
            _short(item.text),
            f"{item.code} {_short(over.names.get(item.code, ''))}",
            f"{first['code']} {_short(first['name'])}",
            f"{first['confidence']:.2f}",
        ]
        for first, item in wrong[:WORST]
    ]
    return [
        f"## The {len(lines)} surest misses, {name}",
        _table(["id", "style", "question", "right", "first", "confidence"], lines),
    ]


def _by_style(over: Over) -> dict[str, list[Label]]:
    return scoring.grouped(over.about, lambda item: item.style)


def _by_field(over: Over) -> dict[str, list[Label]]:
    """Fields with few questions stand together at the end."""
    groups = scoring.grouped(over.about, lambda item: item.field)
    large = {field: some for field, some in groups.items() if len(some) >= FEWEST}
    small = [item for field, some in groups.items() if field not in large for item in some]
    return {**large, f"fields with fewer than {FEWEST}": small} if small else large


def _machine(report: Report) -> Rows:
    sizes = ", ".join(f"{name} {len(over.names):,}" for name, over in report.overs.items())
    return [
        ["machine", f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"],
        ["procedures", sizes],
        ["sentence encoder", "installed" if report.encoder else "not installed: words alone"],
    ]


def _processor() -> str:
    """The model as Linux names it, otherwise what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _table(head: Sequence[str], rows: Rows) -> str:
    return "\n".join([_row(head), "|" + "---|" * len(head), *map(_row, rows)])


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _share(value: float) -> str:
    return f"{100 * value:.1f}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
