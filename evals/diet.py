"""What stock Rasa DIET finds when it is taught our phrases, beside our understanding: the same questions, in one run.

`python -m evals.diet [--phrases 6] [--epochs 20]` needs the Rasa environment (`make rasa-environment`): every shipped
procedure is an intent of the pipeline that `rasa init` writes. With all phrases an epoch takes minutes on two cores, so
DIET is taught the name and some phrases of each, evenly chosen.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot import settings, wiring
from evals import asking, baselines, scoring
from evals.baselines import OURS, Found
from evals.measuring import answerable
from evals.scoring import Label
from knowledge import questions

RASA = Path(__file__).parents[1] / "nlu" / "rasa"
PYTHON = RASA / ".venv" / "bin" / "python"


def main() -> int:
    """Print both, in one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phrases", type=int, default=6, help="phrases of a procedure that DIET is taught")
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()
    if not PYTHON.exists():
        print("the Rasa environment is not there: make rasa-environment", file=sys.stderr)
        return 2
    assistant = asking.shipped(settings.load())
    labels = [item for item in answerable(scoring.load(), assistant.catalogue) if item.code]
    entries = wiring.entries(assistant.catalogue, questions.load())
    taught = {entry.code: _some(entry.rows, options.phrases) for entry in entries}
    diet, trained_s = _diet(taught, labels, options.epochs)
    ours = baselines.measure(OURS, lambda text: [c.code for c in asking.candidates(assistant, text)], labels)
    baselines.show(f"{len(taught)} procedures; DIET took {trained_s:.0f} s to teach", [diet, ours])
    return 0


def _some(rows: Sequence[str], count: int) -> list[str]:
    """So many of the rows, the name among them."""
    return list(rows[:: max(1, len(rows) // count)][:count])


def _diet(taught: dict[str, list[str]], labels: list[Label], epochs: int) -> tuple[Found, float]:
    with tempfile.TemporaryDirectory() as folder:
        known, asked = Path(folder) / "taught.json", Path(folder) / "asked.json"
        known.write_text(json.dumps(taught))
        asked.write_text(json.dumps([item.text for item in labels]))
        done = subprocess.run(
            [PYTHON, RASA / "stock_diet.py", known, asked, str(epochs)],
            stdout=subprocess.PIPE,
            check=True,
            cwd=folder,
            text=True,
        )
    said = json.loads(done.stdout.splitlines()[-1])
    ranks = [scoring.place(item, answer["codes"]) for item, answer in zip(labels, said["answers"], strict=True)]
    one, three, ten = (sum(0 < rank <= first for rank in ranks) / len(ranks) for first in (1, 3, 10))
    p50, p99 = (float(np.percentile([answer["ms"] for answer in said["answers"]], share)) for share in (50, 99))
    return Found("stock Rasa DIET, in its process", len(ranks), one, three, ten, p50, p99), said["trained_s"]


if __name__ == "__main__":
    sys.exit(main())
