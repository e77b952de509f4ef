"""Oracles for files of strangers: photos and sheets are read within bounds or refused."""

from __future__ import annotations

from bot import receipts
from bot.sheet_signature import Checker, Verdict
from evals.fuzz.target import Check
from evals.fuzz.texts import TODAY, hold
from integrations import photos
from nlu import dossier_codes


def photo() -> Check:
    """Of a photo come dossier codes, or the word for an identity card, or nothing."""
    longest = photos.MOST_CODES * photos.LONGEST_CODE

    def check(data: bytes) -> None:
        read = receipts.words(data, TODAY)
        lines = read.split("\n") if read else []
        hold(len(read) <= longest, "more than eight codes say")
        is_code = all(dossier_codes.NORMAL.fullmatch(line) for line in lines)
        hold(is_code or (len(lines) == 1 and read.startswith("\u2039")), "something else of a photo")

    return check


def sheet() -> Check:
    """A file that nobody signed is never said to be ours."""
    checker = Checker(())

    def check(data: bytes) -> None:
        found = checker.check(data)
        hold(found.verdict is not Verdict.VALID and found.signer == "", "a stranger's sheet is called ours")

    return check
