"""Serves the Zalo stand-in on the loopback."""

import argparse

import uvicorn

from integrations.stand_ins.zalo.account import Account
from integrations.stand_ins.zalo.api import app


def main() -> None:
    """Serves the stand-in on the loopback."""
    account = Account()
    parser = argparse.ArgumentParser(description="Stand-in for Zalo's Official Account API")
    parser.add_argument("--port", type=int, default=8097)
    parser.add_argument("--webhook", default="", help="where events are pushed, on the loopback")
    options = parser.parse_args()
    print(f"zalo stand-in: http://127.0.0.1:{options.port}", flush=True)
    for name in ("app_id", "app_secret", "oa_secret", "refresh_token"):
        print(f"MOT_CUA_ZALO_{name.upper()}={getattr(account, name)}", flush=True)
    uvicorn.run(
        app(account, webhook=options.webhook),
        host="127.0.0.1",
        port=options.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
