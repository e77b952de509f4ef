"""The buttons that send a guidance sheet. Each says itself which one, so that it means the same however old it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from bot.decisions import SendSheet
from bot.messages import Button

USUAL, LARGE = "sheet", "largesheet"
ENGLISH = "en."
VALUE = re.compile(r"(?P<english>en\.)?(?P<code>\d\.\d{6})(?:\.(?P<case_id>[\w\-]+))?", re.ASCII)


def button(labels: dict[str, Any], code: str, case_id: str = "", is_large: bool = False) -> Button:
    """The button of one sheet; `labels`: those of bot/data/words.yaml."""
    kind = LARGE if is_large else USUAL
    return Button(labels[kind], f"{kind}:{code}{'.' if case_id else ''}{case_id}")


def is_one(offered: Button) -> bool:
    """Whether a button sends a sheet."""
    return offered.payload.startswith((f"{USUAL}:", f"{LARGE}:"))


def in_english(buttons: Iterable[Button], labels: dict[str, Any]) -> tuple[Button, ...]:
    """The same buttons under an English frame: those of sheets are labelled in English, and their reply has one too."""
    return tuple(_in_english(offered, labels) if is_one(offered) else offered for offered in buttons)


def _in_english(offered: Button, labels: dict[str, Any]) -> Button:
    kind, _, value = offered.payload.partition(":")
    return replace(offered, label=labels[f"{kind}_english"], payload=f"{kind}:{ENGLISH}{value.removeprefix(ENGLISH)}")


def read(kind: str, value: str) -> SendSheet | None:
    """What a pressed button asks for; None when it is no button of a sheet."""
    said = VALUE.fullmatch(value)
    if said is None or kind not in (USUAL, LARGE):
        return None
    return SendSheet(said["code"], said["case_id"] or "", kind == LARGE, said["english"] is not None)
