"""Stock DIET as a search for procedures: every code is an intent, taught by its phrases. Runs in the Rasa environment.

    nlu/rasa/.venv/bin/python nlu/rasa/stock_diet.py taught.json asked.json EPOCHS

`taught.json` maps a code to its phrases, `asked.json` is a list of texts. Prints a JSON object: seconds of training;
for each text the ten likeliest codes and the milliseconds it took. `evals/diet.py` calls it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import yaml
from rasa.core.agent import Agent
from rasa.model_training import train_nlu

BEST = 10
FEATURES = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
# and DIET behind them: the pipeline that `rasa init` writes


def main(taught: Path, asked: Path, epochs: int) -> None:
    """Train, ask, print."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        model = train_nlu(_config(folder, epochs), _sentences(folder, json.loads(taught.read_text())), folder)
        trained_s = time.monotonic() - started
        agent = Agent.load(model)
        answers = asyncio.run(_ask(agent, json.loads(asked.read_text())))
    print(json.dumps({"trained_s": trained_s, "answers": answers}))


async def _ask(agent: Agent, texts: list[str]) -> list[dict]:
    await agent.parse_message("một câu")  # what is made at the first message is not the time of a message
    answers = []
    for text in texts:
        started = time.perf_counter()
        parsed = await agent.parse_message(text)
        took_ms = 1000 * (time.perf_counter() - started)
        answers.append({"codes": [found["name"] for found in parsed["intent_ranking"]], "ms": took_ms})
    return answers


def _config(folder: str, epochs: int) -> str:
    path = Path(folder) / "config.yml"
    diet = {"name": "DIETClassifier", "epochs": epochs, "constrain_similarities": True, "ranking_length": BEST}
    pipeline = [*FEATURES, diet]
    content = {"recipe": "default.v1", "language": "vi", "pipeline": pipeline, "policies": [], "assistant_id": "stock"}
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
    return str(path)


def _sentences(folder: str, taught: dict[str, list[str]]) -> str:
    path = Path(folder) / "nlu.yml"
    blocks = [
        {"intent": code, "examples": "".join(f"- {phrase}\n" for phrase in phrases)} for code, phrases in taught.items()
    ]
    path.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True))
    return str(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
