"""Releases: dated, signed editions of the catalogue. Two people approve; a tampered one is refused; any can come back.

A folder holds `releases/<id>/` with `catalogue.jsonl`, `manifest.json` and one `approval-<name>.json` a person, and
`current`: its last line is the id that is served, the lines before it are those that were. Approvals are Ed25519
signatures over the manifest's bytes; who may approve is listed with public keys in `approvers.yaml`. Raises the errors
of knowledge.errors.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from knowledge import record
from knowledge.catalogue import Catalogue
from knowledge.errors import Tampered, Unapproved, UnknownRelease

APPROVALS_NEEDED = 2
FORMAT = 1
ID = re.compile(r"^[0-9A-Za-z][0-9A-Za-z._-]{0,60}$")
CATALOGUE = "catalogue.jsonl"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What a release says of itself."""

    id: str
    format: int
    made_at: str
    # ISO, with zone
    sha256: str
    # of catalogue.jsonl
    reviewed: int
    # procedures written and read by people
    imported: int


@dataclass(frozen=True)
class Standing:
    """A release as it lies there, verified or not."""

    manifest: Manifest
    signers: tuple[str, ...]
    # people whose signatures fit
    fault: str
    # why it may not be served; empty when it may


class Releases:
    """The releases of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(
        self, release_id: str, reviewed: Iterable[record.Record], imported: Iterable[record.Record], now: datetime
    ) -> Manifest:
        """A new release of records in the catalogue's own shape, without any approval."""
        target = self._path(release_id)
        if target.exists():
            raise UnknownRelease(f"there is already a release {release_id}: choose another name")
        draft = target.with_name(f".{target.name}.new")
        draft.mkdir(parents=True, exist_ok=True)
        counts = {"reviewed": 0, "imported": 0}
        digest = hashlib.sha256()
        with (draft / CATALOGUE).open("wb") as file:
            for kind, records in (("reviewed", reviewed), ("imported", imported)):
                for item in records:
                    line = _line({"reviewed": kind == "reviewed", "record": item})
                    digest.update(line)
                    file.write(line)
                    counts[kind] += 1
        manifest = Manifest(release_id, FORMAT, now.isoformat(timespec="seconds"), digest.hexdigest(), **counts)
        (draft / MANIFEST).write_bytes(_line(vars(manifest)))
        os.replace(draft, target)
        return manifest

    def approve(self, release_id: str, person: str, key: Ed25519PrivateKey) -> None:
        """A person's signature under the manifest. The catalogue is checked first: nobody signs what is damaged."""
        content = self._manifest_bytes(release_id)
        self._check_digest(release_id, _manifest(content))
        listed = self._approvers().get(person)
        if listed is None or listed.public_bytes_raw() != key.public_key().public_bytes_raw():
            raise Unapproved(f"this is not the key that approvers.yaml lists for {person}")
        approval = {"person": person, "signature": key.sign(content).hex()}
        (self._path(release_id) / f"approval-{person}.json").write_bytes(_line(approval))

    def verify(self, release_id: str) -> Manifest:
        """The manifest of a release that is whole and approved by two different people, or an error."""
        content = self._manifest_bytes(release_id)
        manifest = _manifest(content)
        if manifest.format != FORMAT:
            raise Tampered(f"release {release_id} has format {manifest.format}; this program reads format {FORMAT}")
        self._check_digest(release_id, manifest)
        people = set(self._signers(release_id, content))
        if len(people) < APPROVALS_NEEDED:
            raise Unapproved(
                f"release {release_id} is approved by {len(people)} of {APPROVALS_NEEDED} different people"
                + (f": {', '.join(sorted(people))}" if people else "")
            )
        return manifest

    def ids(self) -> list[str]:
        """Every release that lies there, by its name."""
        return sorted(path.parent.name for path in (self._folder / "releases").glob(f"*/{MANIFEST}") if _named(path))

    def standing(self, release_id: str) -> Standing:
        """What a release says of itself, who signed it, and why it may not be served."""
        content, fault, signers = self._manifest_bytes(release_id), "", []
        try:
            signers = list(self._signers(release_id, content))
            self.verify(release_id)
        except (Tampered, Unapproved) as error:
            fault = str(error)
        return Standing(_manifest(content), tuple(signers), fault)

    def approvers(self) -> list[str]:
        """The people who may sign."""
        return sorted(self._approvers())

    def switch(self, release_id: str) -> Manifest:
        """Serve a verified release from now on; also the way back to an earlier one."""
        manifest = self.verify(release_id)
        draft = self._folder / ".current.new"
        history = [line for line in self.history() if line != release_id]
        draft.write_text("\n".join([*history, release_id]) + "\n", encoding="utf-8")
        os.replace(draft, self._folder / "current")
        return manifest

    def roll_back(self) -> Manifest:
        """Serve the release that was served before this one."""
        history = self.history()
        if len(history) < 2:
            raise UnknownRelease("there is no earlier release to go back to")
        self.verify(history[-2])
        draft = self._folder / ".current.new"
        draft.write_text("\n".join(history[:-1]) + "\n", encoding="utf-8")
        os.replace(draft, self._folder / "current")
        return self.verify(history[-2])

    def current(self) -> str:
        """The id that is served; empty when there is none."""
        history = self.history()
        return history[-1] if history else ""

    def records(self, release_id: str) -> Iterator[tuple[bool, dict[str, Any]]]:
        """(reviewed, record) of a release, unverified."""
        with (self._path(release_id) / CATALOGUE).open(encoding="utf-8") as lines:
            for line in lines:
                content = json.loads(line)
                yield content["reviewed"], content["record"]

    def load(self, release_id: str) -> Catalogue:
        """The catalogue of a verified release."""
        self.verify(release_id)
        return Catalogue(record.procedure(item, reviewed=reviewed) for reviewed, item in self.records(release_id))

    def _path(self, release_id: str) -> Path:
        if not ID.match(release_id):
            raise UnknownRelease(f"{release_id!r} cannot name a release: letters, digits, dot, dash, underscore")
        return self._folder / "releases" / release_id

    def _manifest_bytes(self, release_id: str) -> bytes:
        try:
            return (self._path(release_id) / MANIFEST).read_bytes()
        except FileNotFoundError as error:
            raise UnknownRelease(f"there is no release {release_id}") from error

    def _check_digest(self, release_id: str, manifest: Manifest) -> None:
        with (self._path(release_id) / CATALOGUE).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != manifest.sha256:
            raise Tampered(f"release {release_id}: {CATALOGUE} is not what its manifest says")

    def _signers(self, release_id: str, content: bytes) -> Iterator[str]:
        """The listed people whose signature fits; a signature that does not fit is an alarm."""
        keys = self._approvers()
        for path in sorted(self._path(release_id).glob("approval-*.json")):
            approval = json.loads(path.read_bytes())
            key = keys.get(approval["person"])
            if key is None:
                raise Tampered(f"release {release_id}: {approval['person']} is not listed in approvers.yaml")
            try:
                key.verify(bytes.fromhex(approval["signature"]), content)
            except (InvalidSignature, ValueError) as error:
                raise Tampered(f"release {release_id}: the signature of {approval['person']} does not fit") from error
            yield approval["person"]

    def _approvers(self) -> Mapping[str, Ed25519PublicKey]:
        """Different people have different keys: a key listed twice counts for nobody."""
        path = self._folder / "approvers.yaml"
        listed = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) if path.exists() else {}
        if len(set(listed.values())) != len(listed):
            raise Tampered(f"{path}: two people have the same key")
        return {
            person: Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for person, key in (listed or {}).items()
        }

    def history(self) -> list[str]:
        """The releases that were served, the present one last."""
        path = self._folder / "current"
        return path.read_text(encoding="utf-8").split() if path.exists() else []


def new_key(path: Path) -> str:
    """A person's private key, written for nobody else to read; the public key as hexadecimal digits."""
    key = Ed25519PrivateKey.generate()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes_raw())
    return key.public_key().public_bytes_raw().hex()


def read_key(path: Path) -> Ed25519PrivateKey:
    """The private key of a file."""
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def _named(manifest: Path) -> bool:
    """Whether a folder is a release, not one that is being made."""
    return bool(ID.match(manifest.parent.name))


def _manifest(content: bytes) -> Manifest:
    try:
        return Manifest(**json.loads(content))
    except (ValueError, TypeError) as error:
        raise Tampered(f"a manifest cannot be read: {error}") from error


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode() + b"\n"
