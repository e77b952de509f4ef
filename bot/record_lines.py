"""How the values of a record are said: papers, fees, time limits, channels. Pure; what is not known is said."""

from __future__ import annotations

from bot.wording import phrase, vnd, words
from knowledge.procedure import Channel, Document, Fee, FeeStatus, ProcessingTime, TimeUnit


def document_line(document: Document) -> str:
    """One paper: what, how many, which form, when."""
    said = copies_line(document)
    line = document.name.rstrip(" .;")
    line += f" – {said}" if said else ""
    line += phrase("form", form=document.form) if document.form else ""
    return line + (f". {document.note}" if document.note else "")


def copies_line(document: Document) -> str:
    """How many originals and copies; empty when the record does not say."""
    counts = {"originals": document.originals, "copies": document.copies}
    return ", ".join(phrase(kind, number=number) for kind, number in counts.items() if number)


def fee_line(fee: Fee, case_labels: dict[str, str]) -> str:
    """One fee as the record has it; what is not known is said."""
    kind = words()["fee_kinds"][fee.kind]
    match fee.status:
        case FeeStatus.AMOUNT if fee.amount_vnd:
            said = f"{kind} {vnd(fee.amount_vnd)}" if fee.kind else vnd(fee.amount_vnd)
            said += f"/{fee.per}" if fee.per else ""
            said += f" ({fee.text.strip(' .()')})" if fee.text else ""
        case FeeStatus.FREE:
            said = phrase("free", kind=kind) if fee.kind else phrase("free_of_charge")
            said += f" ({fee.text.strip(' .()')})" if len(fee.text) > 12 else ""
        case FeeStatus.BY_RULE:
            said = fee.text
        case _:
            said = phrase("unpublished")
    return _dated(fee, said, case_labels)


def time_line(time: ProcessingTime, case_labels: dict[str, str]) -> str:
    """One time limit as the record has it."""
    if time.unit is TimeUnit.SAME_DAY:
        said = time.text
    elif time.amount is not None and time.unit is not None:
        said = f"{time.amount:g} {words()['time_units'][time.unit]}".replace(".", ",")
        said += "" if time.unit_certain else phrase("unit_uncertain")
        said += f" – {time.text}" if time.text else ""
    else:
        said = time.text
    return _dated(time, said, case_labels)


def _dated(value: Fee | ProcessingTime, said: str, case_labels: dict[str, str]) -> str:
    """Before the value its case and channels, behind it its basis and last day."""
    before = [case_labels[value.case_id]] if value.case_id in case_labels else []
    if value.channels and len(value.channels) < len(Channel):
        before.append(", ".join(channel_name(channel) for channel in value.channels))
    after = phrase("basis", basis=value.basis) if value.basis and value.basis not in said else ""
    after += phrase("last_day", day=value.valid_to) if value.valid_to else ""
    line = ": ".join([*before, said.rstrip(" .")]) + after
    return line[:1].upper() + line[1:]


def channel_name(channel: Channel) -> str:
    """How a dossier is handed in, in words."""
    return str(words()["channels"][channel.value])
