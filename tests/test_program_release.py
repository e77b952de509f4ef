"""A release of the program: made from what git holds, signed, and refused when a byte of it is another."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from knowledge.releasing import new_key

ROOT = Path(__file__).parents[1]


def release(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, over the repository of a folder."""
    command = [sys.executable, str(ROOT / ".ci" / "release.py"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def key(tmp_path: Path) -> str:
    """The public key under which a small repository was released as v1."""
    who = ["-c", "user.name=An", "-c", "user.email=an@phuong.example"]
    (tmp_path / "constraints.txt").write_text("rich==15.0.0\n")
    for arguments in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"], ["tag", "v1"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    public = new_key(tmp_path / "key")
    assert release(tmp_path, "make", "v1", "key", "--into", ".").returncode == 0
    return public


def test_a_release_is_whole(tmp_path: Path, key: str) -> None:
    """It holds what the commit holds, not what lies beside it, and its signature fits."""
    with tarfile.open(tmp_path / "mot-cua-v1.tar.gz") as archive:
        assert archive.getnames() == ["mot-cua-v1", "mot-cua-v1/constraints.txt"]
    done = release(tmp_path, "verify", "mot-cua-v1.json", key)
    assert (done.returncode, done.stdout) == (0, "whole, and signed with this key\n")


@pytest.mark.parametrize("suffix", ["tar.gz", "json", "sig"])
def test_a_changed_release_is_refused(tmp_path: Path, key: str, suffix: str) -> None:
    """One byte more in any of its files, and it is not ours."""
    with (tmp_path / f"mot-cua-v1.{suffix}").open("ab") as file:
        file.write(b"0")
    done = release(tmp_path, "verify", "mot-cua-v1.json", key)
    assert done.returncode == 1 and "do not use it" in done.stderr


def test_another_key_is_refused(tmp_path: Path, key: str) -> None:
    """Whoever signs with a key of their own is not believed."""
    done = release(tmp_path, "verify", "mot-cua-v1.json", new_key(tmp_path / "another"))
    assert done.returncode == 1 and "not signed with this key" in done.stderr
