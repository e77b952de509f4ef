"""How people ask for a procedure: questions by its code, used to find it and never shown.

They stand apart from the records (knowledge/data/questions/*.txt), because most belong to procedures that an operator
imports. One block a procedure: a line `# 1.001193`, then one question a line.
"""

from __future__ import annotations

import re
from pathlib import Path

from knowledge.errors import BadRecord

FOLDER = Path(__file__).parent / "data" / "questions"

_CODE = re.compile(r"# (\d\.\d{6})")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|“[^“”]*”")
_OPENING = re.compile(r"^(?:thủ tục|hồ sơ|trình tự)\s+", re.IGNORECASE)
_QUALIFYING = re.compile(
    r"(?<!\s)\s+(?:đối với|trong trường hợp|thuộc thẩm quyền|theo quy định|do bộ|tại bộ)\b.*$", re.IGNORECASE
)
_SHORTEST = 3
# words of a generated question


def load(folder: Path = FOLDER) -> dict[str, tuple[str, ...]]:
    """The questions of every file, by code. Raises BadRecord for a line that belongs to no code."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.txt")):
        code = ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if head := _CODE.fullmatch(line.strip()):
                code = head[1]
            elif line.strip():
                if not code:
                    raise BadRecord([f"{path}:{number}: a question before the first code"])
                found.setdefault(code, []).append(line.strip())
    return {code: tuple(dict.fromkeys(lines)) for code, lines in found.items()}


def generated(name: str) -> tuple[str, ...]:
    """Questions made of a name alone, for a procedure that nobody has written any for."""
    plain = " ".join(_OPENING.sub("", _BRACKETS.sub(" ", name)).split())
    short = _QUALIFYING.sub("", plain)
    made = [text for text in dict.fromkeys((plain, short)) if len(text.split()) >= _SHORTEST and text != name]
    return (*made, f"làm {short[:1].lower()}{short[1:]} như thế nào")
