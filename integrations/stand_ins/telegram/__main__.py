"""Serves the Telegram stand-in on the loopback."""

import argparse

import uvicorn

from integrations.stand_ins.telegram.api import app


def main() -> None:
    """Serves the stand-in on the loopback."""
    parser = argparse.ArgumentParser(description="Stand-in for the Telegram Bot API")
    parser.add_argument("--port", type=int, default=8098)
    parser.add_argument("--token", default="1234:TEST")
    options = parser.parse_args()
    print(f"telegram stand-in: http://127.0.0.1:{options.port}/bot{options.token}/", flush=True)
    uvicorn.run(
        app(options.token), host="127.0.0.1", port=options.port, log_level="warning", timeout_graceful_shutdown=1
    )


if __name__ == "__main__":
    main()
