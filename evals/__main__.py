"""Quality, measured.

`own` and `portal` ask and score, `truth` compares every answer with its record, `fit` chooses the confidence.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bot import ask, settings, wiring
from evals import fitting, rendering, scoring, truth
from evals.scoring import Label, Score
from knowledge import catalogue, questions, record
from knowledge.importing import SERVED
from nlu import encoder, training

OWN = Path(__file__).parent / "data" / "questions.jsonl"
PORTAL = Path("../shared/data/questions.jsonl")
RASA_URL = "http://127.0.0.1:5005"


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, path, run in (("own", OWN, _own), ("portal", PORTAL, _portal)):
        command = commands.add_parser(name)
        command.add_argument("file", nargs="?", type=Path, default=path)
        command.add_argument("--engine", choices=("rasa", "embedded"), default="embedded")
        command.add_argument("--answers", type=Path, help="keep the answers in this file")
        command.set_defaults(run=run)
    truth_check = commands.add_parser("truth")
    truth_check.set_defaults(run=_truth)
    fit = commands.add_parser("fit")
    fit.set_defaults(run=_fit)
    return parser


def _own(options: argparse.Namespace) -> int:
    labels = [scoring.label(row) for row in _rows(options.file)]
    answers = _answers(labels, options)
    _print(labels, answers)
    return 0


def _portal(options: argparse.Namespace) -> int:
    """The questions of public sets that carry a procedure code."""
    if not options.file.exists():
        print(f"{options.file} is not here: this measurement needs the public questions", file=sys.stderr)
        return 2
    rows = [row for row in _rows(options.file) if row.get("procedure_code")]
    labels = [
        Label(str(number), row["question"], row["kind"], row["procedure_code"], (), "")
        for number, row in enumerate(rows)
    ]
    _print(labels, _answers(labels, options))
    return 0


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _answers(labels: Sequence[Label], options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    url = RASA_URL if options.engine == "rasa" else ""
    assistant = wiring.build_assistant(replace(settings.load(), rasa_url=url))
    answers = {}
    for item in track(labels, description="asking", console=Console(stderr=True)):
        question = ask.Question(item.id, (item.text,))
        answers[item.id] = next(ask.run(assistant, question, date.today()))
    if options.answers:
        lines = [json.dumps(answer, ensure_ascii=False) for answer in answers.values()]
        options.answers.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return answers


def _print(labels: Sequence[Label], answers: dict[str, dict[str, Any]]) -> None:
    about = [item for item in labels if item.code]
    columns: list[tuple[str, Callable[[Score], float]]] = [
        ("hit@1", lambda score: score.hit_1),
        ("hit@3", lambda score: score.hit_3),
        ("hit@10", lambda score: score.hit_10),
        ("MRR", lambda score: score.mrr),
        ("answered", lambda score: score.answered),
        ("right", lambda score: score.right_when_answered),
        ("asked", lambda score: score.asked),
        ("among buttons", lambda score: score.right_when_asked),
    ]
    table = Table("style", "n", *(name for name, _ in columns))
    for style, group in {**scoring.by_style(about), "all": about}.items():
        result = scoring.score(group, answers)
        table.add_row(style, str(result.questions), *(f"{100 * read(result):.1f}" for _, read in columns))
    Console(width=130).print(table)
    for (right, given), count in scoring.behaviours([item for item in labels if not item.code], answers).items():
        print(f"{right:>15} -> {given:<15} {count}")


def _truth(options: argparse.Namespace) -> int:
    """Render every answer of every reviewed procedure and compare its figures with the files."""
    today = date.today()
    rendered, figures = 0, 0
    found: list[truth.Mismatch] = []
    for raw in track(list(catalogue.read_reviewed(catalogue.REVIEWED_FOLDER)), console=Console(stderr=True)):
        for answer in rendering.answers(record.procedure(raw, reviewed=True), today):
            rendered += 1
            figures += len(truth.figures(answer.text))
            found += truth.compare(raw, answer.aspect, answer.case_id, answer.channel, answer.text, today)
    for mismatch in found:
        print(f"{mismatch.code} {mismatch.part}: {mismatch.problem}")
    print(f"{rendered} answers rendered, {figures} figures compared, {len(found)} mismatches")
    return 1 if found else 0


def _fit(options: argparse.Namespace) -> int:
    records, asked = catalogue.load(settings.load().catalogue_dir / SERVED), questions.load()
    off_topic = [example.text for example in training.load() if example.intent in ("off_topic", "greet", "thanks")]
    fitted = {
        kind: fitting.fit(list(fitting.cases(partial(wiring.entries, records), asked, off_topic, reader)))
        for kind, reader in (("words", None), ("meanings", encoder.default()))
        if kind == "words" or reader is not None
    }
    fitting.write(fitted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
