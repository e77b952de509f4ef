"""Notices: what a follower of a dossier reads, from the news and the words in bot/data. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from bot.compose import compose
from bot.facts import DossierFacts
from bot.following import LONGEST, Follower, Kind, News, calendar
from bot.messages import Block, Button, Reply
from bot.outcomes import Outcome
from bot.progress import progress
from bot.wording import say, words
from integrations.dossiers import Found


def write(follower: Follower, news: News, found: Found | None, on: date) -> Reply:
    """The notice: what is new, then the dossier as a look-up tells it; `found` is None where no answer brought it."""
    told = None
    if found is not None:
        told = compose(DossierFacts(Outcome.DOSSIER_FOUND, found, progress(found.dossier, calendar(), on)))
    first = [kind for kind in news.kinds if kind is not Kind.ENDED]
    last = [Kind.ENDED] if Kind.ENDED in news.kinds else []
    blocks = (
        *_lines(first, follower, news),
        *(told.blocks if told else ()),
        *_lines(last, follower, news),
    )
    return Reply(blocks, _buttons(follower.code, news))


def _lines(kinds: Iterable[Kind], follower: Follower, news: News) -> list[Block]:
    values = {
        "code": follower.code,
        "before": follower.seen.label,
        "after": news.seen.label,
        "due_before": _day(follower.seen.due_on),
        "due": _day(news.seen.due_on),
        "days": str(LONGEST.days),
    }
    return [block for kind in kinds for block in say(f"follow_{kind}", **values).blocks]


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _buttons(code: str, news: News) -> tuple[Button, ...]:
    """One press stops, or goes on after the longest time; a fee that is due is one press away."""
    names = ["detail"] if Kind.FEES_DUE in news.kinds else []
    names += ["follow_on"] if Kind.OVER in news.kinds else [] if news.ends else ["unfollow"]
    payloads = {"follow_on": f"follow:{code}", "officer": "officer"}
    payloads |= {name: f"{name}:{code}" for name in ("detail", "unfollow")}
    return tuple(Button(words()["buttons"][name], payloads[name]) for name in (*names, "officer"))
