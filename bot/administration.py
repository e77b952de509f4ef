"""The commands of whoever runs the program: officers and switches. Each says what it did in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from bot import settings
from bot.accounts import Accounts, LastAdministrator
from bot.officers import Officers
from bot.passwords import draw
from bot.roles import Role
from bot.store import Store, open_store
from bot.switch_book import Change, SwitchBook
from bot.switches import Mode

BY = "command"
ROLES = [role.value for role in Role]


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`officers ...` and `switches ...`."""
    _add_officers(commands.add_parser("officers", help="add, list, disable officers; give them roles"))
    _add_switches(commands.add_parser("switches", help="turn the assistant off and on; a notice to every citizen"))


def _add_officers(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(required=True)
    _act(acts, "list", list_officers, "every account, its roles and its state")
    add = _act(acts, "add", add_officer, "a new account; prints the password once")
    add.add_argument("username")
    add.add_argument("name")
    add.add_argument("--role", choices=ROLES, action="append", help="may be repeated; without it: officer")
    add.add_argument("--email", default="", help="for signing in with an identity provider")
    roles = _act(acts, "roles", set_roles, "these roles and no other")
    roles.add_argument("username")
    roles.add_argument("roles", nargs="+", choices=ROLES)
    for name, run, tells in (
        ("disable", disable, "no sign-in any more; open sessions end now"),
        ("enable", enable, "may sign in again"),
        ("reset", reset, "the telephone is lost: the second step is set up anew"),
        ("password", give_password, "a new password, printed once"),
    ):
        _act(acts, name, run, tells).add_argument("username")


def _add_switches(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(required=True)
    _act(acts, "show", show_switches, "how the switches stand, and the last changes")
    mode = _act(acts, "mode", set_mode, "what the assistant may do")
    mode.add_argument("mode", choices=[item.value for item in Mode])
    notice = _act(acts, "notice", set_notice, "what every citizen is told once; an empty text takes it away")
    notice.add_argument("text")
    for act in (mode, notice):
        act.add_argument("--channel", default="", help="webchat, telegram, zalo, ...; without it: every channel")
        act.add_argument("--why", required=True, help="for the record")


def _act(
    acts: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[Store, argparse.Namespace], int],
    tells: str,
) -> argparse.ArgumentParser:
    parser = acts.add_parser(name, help=tells)
    parser.set_defaults(run=lambda options: run(open_store(settings.load().database), options))
    return parser


def list_officers(store: Store, options: argparse.Namespace) -> int:
    """One line an officer."""
    for account in Accounts(store).all():
        state = "disabled" if account.disabled_at else "second step" if account.has_second_step else "password only"
        print(f"{account.username}\t{account.name}\t{','.join(sorted(account.roles))}\t{state}")
    return 0


def add_officer(store: Store, options: argparse.Namespace) -> int:
    """Prints username and password."""
    password, roles = draw(), [Role(name) for name in options.role or [Role.OFFICER.value]]
    made = Officers(store).add(
        options.username, options.name, password, roles, email=options.email, by=BY, must_change=True
    )
    if not made:
        print(f"error: there is already an officer {options.username} {options.email}".rstrip(), file=sys.stderr)
        return 1
    print(f"{options.username} {password}")
    return 0


def set_roles(store: Store, options: argparse.Namespace) -> int:
    """Prints the roles."""
    roles = [Role(name) for name in options.roles]
    told = f"{options.username}: {', '.join(sorted(roles))}"
    return _change(store, options, lambda accounts, number: accounts.set_roles(number, roles, BY), told)


def disable(store: Store, options: argparse.Namespace) -> int:
    """Ends the sessions too."""
    told = f"{options.username}: disabled, no session is open"
    return _change(store, options, lambda accounts, number: accounts.disable(number, BY), told)


def enable(store: Store, options: argparse.Namespace) -> int:
    """The opposite of disable."""
    told = f"{options.username}: may sign in"
    return _change(store, options, lambda accounts, number: accounts.enable(number, BY), told)


def reset(store: Store, options: argparse.Namespace) -> int:
    """The second step goes."""
    told = f"{options.username}: no second step"
    return _change(store, options, lambda accounts, number: accounts.reset_second_step(number, BY), told)


def give_password(store: Store, options: argparse.Namespace) -> int:
    """Prints username and password."""
    return _change(store, options, lambda accounts, number: f"{options.username} {accounts.give_password(number, BY)}")


def _change(
    store: Store, options: argparse.Namespace, act: Callable[[Accounts, int], str | None], told: str = ""
) -> int:
    accounts = Accounts(store)
    try:
        print(act(accounts, accounts.named(options.username).id) or told)
    except KeyError:
        print(f"error: there is no officer {options.username}", file=sys.stderr)
        return 1
    except LastAdministrator:
        print(f"error: {options.username} is the last administrator", file=sys.stderr)
        return 1
    return 0


def show_switches(store: Store, options: argparse.Namespace) -> int:
    """What stands, then the last changes."""
    book = SwitchBook(store)
    for change in book.standing():
        print(_told(change))
    for change in book.changes():
        print(f"  {change.at:%Y-%m-%d %H:%M} UTC\t{change.by}\t{_told(change)}\t{change.why}")
    return 0


def set_mode(store: Store, options: argparse.Namespace) -> int:
    """Says how many citizens are told that the assistant is back."""
    told = SwitchBook(store).set_mode(Mode(options.mode), options.channel, BY, options.why)
    print(f"mode {options.channel or 'every channel'}: {options.mode}" + (f", {told} citizens told" if told else ""))
    return 0


def set_notice(store: Store, options: argparse.Namespace) -> int:
    """An empty text takes the notice away."""
    SwitchBook(store).set_notice(options.text, options.channel, BY, options.why)
    print(f"notice {options.channel or 'every channel'}: {options.text or 'none'}")
    return 0


def _told(change: Change) -> str:
    return f"{change.kind} {change.channel or 'every channel'}: {change.value or 'none'}"
