"""Serves the portals' stand-ins on the loopback: the City's, the national services, and the gateway in front of each.

    python -m integrations.stand_ins [--only city national lgsp-city lgsp-national] [--ports 8099 8096 8095 8094]

prints the settings that reach them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn

from integrations.stand_ins import lgsp, national, portal
from integrations.stand_ins.settings import NAMES, environment

APPS: Mapping[str, Callable[[], Any]] = {
    "city": portal.app,
    "national": national.app,
    "lgsp-city": lambda: lgsp.app(portal.app()),
    "lgsp-national": lambda: lgsp.app(national.app(), own_tokens=True),
}
PORTS = (8099, 8096, 8095, 8094)


def main() -> None:
    """Serves until ended."""
    parser = argparse.ArgumentParser(prog="python -m integrations.stand_ins", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--ports", nargs="+", type=int, default=PORTS, help="one for each")
    parser.add_argument("--with-owner", action="store_true", help="end when standard input closes: its owner is gone")
    options = parser.parse_args()
    served = dict(zip(options.only, options.ports, strict=False))
    for name, port in served.items():
        print(f"\n{name}: http://127.0.0.1:{port}")
        for setting, value in environment(name, f"http://127.0.0.1:{port}").items():
            print(f"MOT_CUA_{setting.upper()}={value}")
    sys.stdout.flush()
    if options.with_owner:
        threading.Thread(target=_end_with_owner, daemon=True).start()
    asyncio.run(_serve({port: APPS[name]() for name, port in served.items()}))


async def _serve(apps: Mapping[int, Any]) -> None:
    servers = [
        uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="warning", timeout_graceful_shutdown=1))
        for port, app in apps.items()
    ]
    await asyncio.gather(*(server.serve() for server in servers))


def _end_with_owner() -> None:
    """Whoever holds the other end of our standard input may be killed: the pipe tells, whatever happened."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
