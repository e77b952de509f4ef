"""Commands about neighbours: zalo (the first tokens), following (how late the questions to the portals are)."""

from __future__ import annotations

import argparse
import secrets
import sys
from urllib.parse import parse_qsl, urlsplit

from bot import settings, wiring
from bot.followers import Followers
from bot.present import now
from bot.store import open_store
from bot.zalo_tokens import ZaloTokens
from integrations.zalo_tokens import pkce


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`following` and `zalo CALLBACK`."""
    follow = commands.add_parser("following", help="how many follow how many dossiers, and how late the questions are")
    follow.set_defaults(run=_following)
    zalo = commands.add_parser("zalo", help="let an administrator authorise us to a Zalo Official Account")
    zalo.add_argument("callback", help="the callback address that is registered with the application")
    zalo.set_defaults(run=_zalo)


def _following(options: argparse.Namespace) -> int:
    figures = Followers(open_store(settings.load().database)).figures(now())
    print(f"followers {figures.followers}, dossiers {figures.dossiers}, longest overdue {figures.overdue_s:.0f} s")
    return 0


def _zalo(options: argparse.Namespace) -> int:
    """The administrator's permission brings a code, the code the first pair of tokens."""
    loaded = settings.load()
    oauth, store = wiring.zalo_oauth(loaded), open_store(loaded.database)
    book = ZaloTokens(store, loaded.zalo_app_id, settings.secret_key(loaded))
    (challenge, verifier), state = pkce(), secrets.token_urlsafe(12)
    print(f"1. Open as an administrator of the account:\n{oauth.permission_url(options.callback, challenge, state)}")
    print("2. Paste the whole address that the browser was sent to, within 10 minutes:", flush=True)
    query = dict(parse_qsl(urlsplit(sys.stdin.readline().strip()).query))
    if query.get("state") != state or not query.get("code"):
        print("error: that is not the answer to this permission; start again", file=sys.stderr)
        return 1
    book.keep(oauth.redeem(query["code"], verifier), now())
    print("Tokens are kept; a running assistant uses them at once.")
    return 0
