"""Draws a ticket's life from its table into docs/tickets.md: python -m bot.drawing"""

from __future__ import annotations

from pathlib import Path

from bot.ticket import ACTORS, TABLE, Event, Stage

PATH = Path(__file__).parents[1] / "docs" / "tickets.md"
START, END = "<!-- drawn by python -m bot.drawing -->\n", "<!-- end of the drawing -->\n"
NAMES = {
    Stage.BOT: "the assistant",
    Stage.QUEUED: "queued at a desk",
    Stage.OFFICER: "with an officer",
    Stage.CITIZEN: "waiting for the citizen",
    Stage.FILED: "a complaint at a desk",
    Stage.BESIDE: "a complaint beside the talk",
    Stage.CLOSED: "closed",
}


def drawing() -> str:
    """The table as a Mermaid state diagram, and as a table of stages and events."""
    lines = ["```mermaid", "stateDiagram-v2", *(f'    state "{NAMES[stage]}" as {stage}' for stage in Stage)]
    lines.append(f"    [*] --> {Stage.BOT}")
    for stage, moves in TABLE.items():
        for to in Stage:
            events = [event for event, target in moves.items() if target is to]
            if events:
                lines.append(f"    {stage} --> {to}: {', '.join(events)}")
    return "\n".join([*lines, "```", "", *_rows(), ""])


def _rows() -> list[str]:
    """Event by stage: where each leads; empty where it is refused."""
    head = ["event", "by", *Stage]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for event in Event:
        ways = [TABLE[stage].get(event, "") for stage in Stage]
        rows.append(f"| `{event}` | {ACTORS[event]} | {' | '.join(ways)} |")
    return rows


def drawn(document: str) -> str:
    """A document with the drawing in its place. Raises ValueError when it has no place for it."""
    before, start, rest = document.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError("no place for the drawing")
    return f"{before}{START}{drawing()}{END}{after}"


if __name__ == "__main__":
    PATH.write_text(drawn(PATH.read_text(encoding="utf-8")), encoding="utf-8")
