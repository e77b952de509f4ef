"""Questions by code: read from files, made of a name where nobody wrote any."""

import pytest

from knowledge import questions
from knowledge.errors import BadRecord
from knowledge.national_database import CODE


def test_every_shipped_question_belongs_to_a_code():
    """Thousands of procedures have questions, each said once."""
    found = questions.load()
    assert len(found) > 3_000
    assert all(CODE.fullmatch(code) and len(set(asked)) == len(asked) > 0 for code, asked in found.items())


def test_a_question_before_a_code_is_refused(tmp_path):
    """With the place of the line."""
    (tmp_path / "a.txt").write_text("làm sao đây\n# 1.000001\nlàm khai sinh\n", encoding="utf-8")
    with pytest.raises(BadRecord, match=r"a\.txt:1"):
        questions.load(tmp_path)


def test_files_are_joined_by_code(tmp_path):
    """A code may stand in several files; a line that is there twice counts once."""
    (tmp_path / "a.txt").write_text("# 1.000001\nlàm khai sinh\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text(
        "# 1.000001\nlàm khai sinh\ngiấy cho em bé\n\n# 1.000002\nông mất\n", encoding="utf-8"
    )
    assert questions.load(tmp_path) == {"1.000001": ("làm khai sinh", "giấy cho em bé"), "1.000002": ("ông mất",)}


def test_questions_are_made_of_a_name():
    """Without brackets and without what only tells the authority."""
    made = questions.generated("Thủ tục cấp giấy phép nuôi cá (cấp tỉnh) đối với tổ chức")
    assert made == (
        "cấp giấy phép nuôi cá đối với tổ chức",
        "cấp giấy phép nuôi cá",
        "làm cấp giấy phép nuôi cá như thế nào",
    )
