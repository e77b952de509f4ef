"""A draft file for an editor: the facts of an exported record, the sentences left to be written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from knowledge import checking, national_export
from knowledge.errors import NotFound


def draft(export: Path, code: str, field: str, today: date) -> str:
    """The YAML text of a new procedure file. Raises NotFound when the export has no such code."""
    item = national_export.record(_find(export, code))
    content = {**item, "field": field, "former_codes": [], "checked_on": today.isoformat(), "case_question": ""}
    if not content["stale"]:
        del content["stale"]
    return yaml.dump(_ordered(content), allow_unicode=True, sort_keys=False, width=118)


def _find(export: Path, code: str) -> dict[str, Any]:
    with export.open(encoding="utf-8") as lines:
        return next(_matching(lines, code))


def _matching(lines: Iterable[str], code: str) -> Any:
    for line in lines:
        if f'"{code}"' in line and (found := json.loads(line))["code"] == code:
            yield found
    raise NotFound(f"the export holds no procedure {code}")


ORDER = tuple(json.loads(checking.SCHEMA.read_text(encoding="utf-8"))["properties"])
# the schema lists the keys in the order an editor reads them


def _ordered(content: dict[str, Any]) -> dict[str, Any]:
    return {key: content[key] for key in ORDER if key in content}
