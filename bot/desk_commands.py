"""The commands about desks: who serves where, leads, is on duty, is away. Each says what it did in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date, time

from bot import desks, settings
from bot.accounts import Accounts
from bot.roster import Slot
from bot.rota import Rotas, Serving, half_day
from bot.staffing import Staffing, Unfit
from bot.store import Store, open_store

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`desk ...`."""
    acts = commands.add_parser("desk", help="who serves at which desk, and when").add_subparsers(required=True)
    _act(acts, "list", list_desks, "every desk with its officers")
    join = _act(acts, "join", join_desk, "an officer serves at a desk; again: with other skills", "desk", "username")
    join.add_argument("--skill", action="append", default=[], help="field of procedures; may be repeated; none: all")
    join.add_argument("--capacity", type=int, help="tickets held at a time; without it the desk's")
    join.add_argument("--lead", action=argparse.BooleanOptionalAction, help="looks after the desk (needs the role)")
    leave = _act(acts, "leave", leave_desk, "no longer; tickets go back to the queue", "desk", "username")
    leave.add_argument("--why", required=True, help="for the record")
    duty = _act(acts, "duty", set_duty, "the weekly rota of an officer at a desk; none: taken out", "desk", "username")
    duty.add_argument("slots", nargs="*", type=slot, metavar="mon/07:30-11:30")
    away = _act(acts, "away", be_away, "an officer is on duty nowhere for some days", "username")
    for name in ("first", "last"):
        away.add_argument(name, type=date.fromisoformat, metavar="YYYY-MM-DD")


def _act(
    acts: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[Store, argparse.Namespace], str],
    tells: str,
    *positional: str,
) -> argparse.ArgumentParser:
    parser = acts.add_parser(name, help=tells)
    for argument in positional:
        parser.add_argument(argument)
    parser.set_defaults(run=lambda options: _told(run, open_store(settings.load().database), options))
    return parser


def _told(run: Callable[[Store, argparse.Namespace], str], store: Store, options: argparse.Namespace) -> int:
    """Prints what was done, or why it was not."""
    try:
        print(run(store, options))
    except KeyError as error:
        print(f"error: there is no desk or officer {error}, or they do not serve there", file=sys.stderr)
        return 1
    except Unfit as error:
        print(f"error: not possible: {error}", file=sys.stderr)
        return 1
    return 0


def slot(text: str) -> Slot:
    """A stretch of the rota: "mon/07:30-11:30". Raises ValueError."""
    weekday, _, hours = text.partition("/")
    opens, closes = (time.fromisoformat(part) for part in hours.split("-"))
    return Slot(WEEKDAYS.index(weekday), opens, closes)


def list_desks(store: Store, options: argparse.Namespace) -> str:
    """One line a desk, one under it an officer."""
    rotas, lines = Rotas(store), []
    for plan in rotas.desks():
        lines.append(f"{plan.id}\t{plan.name}")
        lines += [f"  {_line(one)}" for one in rotas.of(plan.id).serving]
    return "\n".join(lines)


def join_desk(store: Store, options: argparse.Namespace) -> str:
    """Raises KeyError, Unfit."""
    freed = Staffing(store).join(options.desk, _number(store, options), options.skill, options.capacity, options.lead)
    return f"{options.username} serves at {options.desk}; {freed} tickets went back to a queue"


def leave_desk(store: Store, options: argparse.Namespace) -> str:
    """Raises KeyError."""
    freed = Staffing(store).leave(options.desk, _number(store, options), options.why)
    return f"{options.username} left {options.desk}; {freed} tickets went back to the queue"


def set_duty(store: Store, options: argparse.Namespace) -> str:
    """Raises KeyError, Unfit."""
    Staffing(store).plan(options.desk, _number(store, options), options.slots)
    return f"{options.username} at {options.desk}: {len(options.slots)} stretches a week"


def be_away(store: Store, options: argparse.Namespace) -> str:
    """Both days belong to it. Raises KeyError, Unfit."""
    starts_at, ends_at = half_day(desks.load().everyone, options.first, options.last)
    Staffing(store).away(_number(store, options), starts_at, ends_at)
    return f"{options.username} is away from {options.first} to {options.last}"


def _number(store: Store, options: argparse.Namespace) -> int:
    return Accounts(store).named(options.username).id


def _line(one: Serving) -> str:
    weekly = " ".join(f"{WEEKDAYS[slot.weekday]}/{slot.opens:%H:%M}-{slot.closes:%H:%M}" for slot in one.slots)
    parts = [
        one.username,
        "lead" if one.is_lead else "",
        "on duty" if one.is_on_duty else "",
        f"{one.held}/{one.capacity}",
    ]
    return "\t".join([*(part for part in parts if part), *(sorted(one.skills)), *([weekly] if weekly else [])])
