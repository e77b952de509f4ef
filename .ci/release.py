"""The program as one signed archive, and whether an archive is one of ours.

    make release VERSION=v1.2 KEY=FILE     writes mot-cua-v1.2.tar.gz, .json and .sig into var/releases
    PYTHONPATH=. .venv/bin/python .ci/release.py verify mot-cua-v1.2.json PUBLIC_KEY

The .json says what the archive is: its digest, the commit, the digest of the pinned packages. The .sig is an Ed25519
signature of the .json's bytes, by a key as `python -m knowledge release key` makes it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from knowledge.releasing import read_key


def main() -> int:
    """0 when it was made, or is ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    acts = parser.add_subparsers(required=True)
    making = acts.add_parser("make")
    making.add_argument("version", help="a tag, or any commit")
    making.add_argument("key", type=Path)
    making.add_argument("--into", type=Path, default=Path("var/releases"))
    making.set_defaults(run=lambda options: make(options.version, options.key, options.into))
    checking = acts.add_parser("verify")
    checking.add_argument("manifest", type=Path, help="the archive and the signature lie beside it")
    checking.add_argument("key", help="the public key, in hexadecimal digits")
    checking.set_defaults(run=lambda options: verify(options.manifest, options.key))
    options = parser.parse_args()
    problem = options.run(options)
    print(problem or "whole, and signed with this key", file=sys.stderr if problem else sys.stdout)
    return int(bool(problem))


def make(version: str, key: Path, folder: Path) -> str:
    """Archive what git holds under a version, and sign what it is."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"mot-cua-{version}"
    archive = folder / f"{name}.tar.gz"
    _git("archive", "--format=tar.gz", f"--prefix={name}/", f"--output={archive}", version)
    content = {
        "archive": archive.name,
        "sha256": _digest(archive.read_bytes()),
        "commit": _git("rev-parse", f"{version}^{{commit}}").decode().strip(),
        "constraints_sha256": _digest(_git("show", f"{version}:constraints.txt")),
    }
    manifest = json.dumps(content, indent=1).encode() + b"\n"
    (folder / f"{name}.json").write_bytes(manifest)
    (folder / f"{name}.sig").write_text(read_key(key).sign(manifest).hex())
    return ""


def verify(path: Path, public_key: str) -> str:
    """What is wrong with an archive; empty when nothing is."""
    manifest = path.read_bytes()
    try:
        signature = bytes.fromhex(path.with_suffix(".sig").read_text())
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, manifest)
    except (InvalidSignature, ValueError):
        return f"{path.name} is not signed with this key: do not use it"
    content = json.loads(manifest)
    archive = path.with_name(Path(content["archive"]).name)
    if _digest(archive.read_bytes()) != content["sha256"]:
        return f"{archive.name} is not the archive that was signed: do not use it"
    return ""


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], check=True, stdout=subprocess.PIPE).stdout


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
