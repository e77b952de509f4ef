"""Vietnamese words without their marks, so that names can be compared however they were typed."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Lower case without diacritics."""
    parts = unicodedata.normalize("NFKD", text.lower().replace("đ", "d"))
    return "".join(part for part in parts if not unicodedata.combining(part))
