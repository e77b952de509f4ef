"""The documents for operators: every command in them is run, and what cannot be run here is listed with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runbooks import TASKS, Block, Scratch, blocks

DOCUMENTS = sorted(TASKS.glob("*.md"))
WITH_COMMANDS = [path for path in DOCUMENTS if any(not block.not_run for block in blocks(path.read_text("utf-8")))]
SYSTEMD = "needs root and systemd; tests/test_systemd.py checks the units"
NOT_RUN = {
    "add-a-channel": ["stands for a channel that is not written yet"],
    "edit-the-catalogue": ["needs an officer and a key; tests/test_catalogue_drafts.py signs"],
    "guidance-sheet": ["needs a signed sheet; tests/test_sheet.py signs one"],
    "install": ["needs the network; make test begins with it", SYSTEMD],
    "read-the-dashboard": ["tests/test_read_the_dashboard.py runs it"],
    "run-on-postgresql": ["tests/end_to_end/test_cluster.py runs it"],
    "scale-out": ["tests/end_to_end/test_cluster.py runs it", SYSTEMD],
    "upgrade": ["needs the network and a release", SYSTEMD],
    "back-up": [SYSTEMD],
}
EXAMPLE = """
1. Do:

       .venv/bin/python -m bot switches show
       .venv/bin/python -m bot following

       {"no": "command"}

<!-- given: mkdir x -->
<!-- runs until stopped; ready when http://127.0.0.1:8000/health answers -->
```sh
.venv/bin/python -m web
```

```yaml
make: nothing
```

   <!-- not run: because -->
   ```sh
   sudo reboot
   ```
"""


@pytest.mark.slow
@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: path.stem)
def test_every_command_does_what_it_should(path: Path, tmp_path: Path) -> None:
    """Whoever types what a document says meets no error."""
    Scratch(tmp_path).follow(path.read_text("utf-8"))


def test_what_is_not_run_is_known() -> None:
    """A command is left out for one of these reasons only."""
    left_out = {path.stem: [block.not_run for block in blocks(path.read_text("utf-8"))] for path in DOCUMENTS}
    reasons = {name: [why for why in said if why] for name, said in left_out.items()}
    assert {name: sorted(set(said)) for name, said in reasons.items() if said} == {
        name: sorted(said) for name, said in NOT_RUN.items()
    }


def test_commands_are_found() -> None:
    """Fences of sh and indented commands are blocks, other code is not; comments before them say what to know."""
    assert list(blocks(EXAMPLE)) == [
        Block(".venv/bin/python -m bot switches show\n.venv/bin/python -m bot following"),
        Block(
            ".venv/bin/python -m web",
            given="mkdir x",
            goes_on=True,
            ready_at="http://127.0.0.1:8000/health",
        ),
        Block("sudo reboot", not_run="because"),
    ]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("```sh\ntrue\nls nowhere\ntrue\n```", "nowhere"),
        ("<!-- runs until stopped -->\n```sh\ntrue\n```\n```sh\nsleep 1\n```", "ended by itself|true"),
    ],
)
def test_a_command_that_fails_fails(document: str, says: str, tmp_path: Path) -> None:
    """Neither an error in the middle of a block nor an end that comes too early passes."""
    with pytest.raises(AssertionError, match=says):
        Scratch(tmp_path).follow(document)
