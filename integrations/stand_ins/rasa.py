"""A stand-in of a Rasa server that reads every message alike: for clusters and faults, where what is read is no matter.

    python -m integrations.stand_ins.rasa --port 5006

`POST /model/parse` answers as Rasa does; faults are ordered as at the portals' stand-ins (faults.py).
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from integrations.stand_ins.faults import Faults

INTENT = "ask_documents"
SPOILED = {"wrong_types": {"intent": 7, "entities": "none"}, "empty": {"text": ""}, "old": {"intent": {"name": "bomb"}}}


def app(slow_s: float = 10) -> Starlette:
    """The stand-in as a web application."""
    faults = Faults(slow_s)

    async def parse(request: Request) -> Response:
        """One reading, unless a fault is ordered."""
        text = json.loads(await request.body())["text"]
        mode = faults.take()
        return await faults.answer(SPOILED.get(mode, _reading(text)), mode)

    return Starlette(routes=[Route("/", alive), Route("/model/parse", parse, methods=["POST"]), faults.route()])


async def alive(request: Request) -> Response:
    """What a balancer asks."""
    return PlainTextResponse("Hello from Rasa's stand-in")


def _reading(text: str) -> dict[str, Any]:
    return {"text": text, "intent": {"name": INTENT, "confidence": 0.9}, "entities": []}


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m integrations.stand_ins.rasa", description=__doc__)
    parser.add_argument("--port", type=int, default=5006)
    uvicorn.run(app(), host="127.0.0.1", port=parser.parse_args().port, log_level="warning")


if __name__ == "__main__":
    main()
