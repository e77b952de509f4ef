"""Complaints as kept: what was told stands beside its ticket, and goes with it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from bot import forwarding, ledger, tables
from bot.complaint import Form
from bot.forwarding import Track
from bot.places import unit_of


@dataclass(frozen=True)
class Complaint:
    """One complaint, for officers."""

    form: Form
    unit: str
    # name of the ward or commune that was surely named; "" when none was
    track: Track
    answer_days: int
    # that the rules give the agencies it was forwarded to


def keep(connection: sa.Connection, ticket_id: int, form: Form) -> None:
    """Keep what was told of a complaint."""
    told = {"what": form.what, "place": form.place, "unit": form.unit, "time": form.time, "dossier": form.dossier}
    connection.execute(sa.insert(tables.complaint).values(ticket_id=ticket_id, **told))


def of(connection: sa.Connection, ticket_id: int) -> Complaint | None:
    """The complaint of a ticket; None when the ticket is about something else."""
    query = sa.select(tables.complaint).where(tables.complaint.c.ticket_id == ticket_id)
    row = connection.execute(query).mappings().first()
    track = forwarding.track(ledger.histories(connection, [ticket_id])[ticket_id]) if row else None
    if row is None or track is None:
        return None
    unit = unit_of(row["unit"])
    return Complaint(
        form=Form(row["what"], row["place"], row["unit"], row["time"], row["dossier"]),
        unit=unit.name if unit else "",
        track=track,
        answer_days=forwarding.load().answer_by(track.agencies).days,
    )
