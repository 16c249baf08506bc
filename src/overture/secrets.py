"""Secrets at rest and access tokens.

What is sealed opens only in the place it was sealed for: the context (team and row) is part of the seal.
"""

import base64
import binascii
import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
TOKEN_PREFIX = "ovt_"  # noqa: S105 - the visible beginning of every token
_FORM = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_HEADER_BYTES = len(_FORM) + _KEY_ID_BYTES


class KeyUnusable(ValueError):
    """A secret key cannot be used; the text says why and how to make one."""


class SealBroken(Exception):
    """A sealed value does not open: another key, another place, or altered bytes."""


class Sealer:
    """Seals texts with AES-256-GCM under the first of its keys, and opens them under any of them."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take the keys, 32 bytes each: the one in use first, then former ones that still open.

        Raises:
            KeyUnusable: there is no key, or one of a wrong length.
        """
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise KeyUnusable(f"A secret key has exactly {KEY_BYTES} bytes, and there must be at least one.")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._header = _FORM + _key_id(keys[0])

    def seal(self, plaintext: str, *, context: str) -> bytes:
        """Seal `plaintext` for the place `context` (team id and row id)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = self._ciphers[self._header[len(_FORM) :]]
        bound = self._header + context.encode()
        return self._header + nonce + cipher.encrypt(nonce, plaintext.encode(), bound)

    def open(self, sealed: bytes, *, context: str) -> str:
        """Return the text of `sealed`.

        Raises:
            SealBroken: the key is not among ours, the value was sealed for another place, or it was altered.
        """
        header, rest = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
        cipher = self._ciphers.get(header[len(_FORM) :])
        if header[: len(_FORM)] != _FORM or cipher is None:
            raise SealBroken(
                "A stored secret was sealed under a key that is not at hand. Set OVERTURE_SECRET_KEY to the "
                "key in use followed by the former ones, separated by commas."
            )
        try:
            plain = cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header + context.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken("A stored secret was altered, or moved from the row it was sealed for.") from error
        return plain.decode()

    @property
    def mark(self) -> bytes:
        """How every seal begins that is under the key in use; others have to be made anew to retire the former keys."""
        return self._header


def parse_keys(text: str) -> list[bytes]:
    """Read the keys of `OVERTURE_SECRET_KEY`: the one in use first, then former ones, separated by commas.

    Each is 32 bytes, in base64 (either alphabet) or in hexadecimal.

    Raises:
        KeyUnusable: one of them is not.
    """
    return [_parse_key(part.strip()) for part in text.split(",")]


def load_or_create_keys(path: Path) -> list[bytes]:
    """Return the keys kept in the file `path`; make the file, readable by its owner alone, if there is none.

    Processes that start at the same moment get the same key.

    Raises:
        KeyUnusable: the file holds no key, or others may read it.
    """
    if not path.exists():
        _create_key_file(path)
    return read_keys(path)


def read_keys(path: Path) -> list[bytes]:
    """Return the keys kept in the file `path`, one in each line: the one in use, and while it is rotated the former.

    Raises:
        KeyUnusable: the file holds no key, or others may read it.
    """
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"The key file {path} can be read by other users. Close it: chmod 600 {path}")
    try:
        return [_parse_key(line) for line in path.read_text(encoding="ascii").strip().split("\n")]
    except ValueError as error:
        raise KeyUnusable(
            f"The key file {path} holds no key. Restore it from a backup: what was sealed with it opens with "
            "nothing else."
        ) from error


def new_key() -> bytes:
    """Make a secret key."""
    return secrets.token_bytes(KEY_BYTES)


def write_keys(path: Path, keys: Sequence[bytes]) -> None:
    """Put keys into the file `path`, the one in use first; it holds the former ones or these, whatever breaks."""
    draft = _write_draft(path, keys)
    draft.replace(path)
    _keep(path.parent)


def new_token() -> str:
    """Make an access token: a recognisable beginning and 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """Return what is stored of a token. Plain SHA-256 suffices: 256 random bits cannot be guessed."""
    return hashlib.sha256(token.encode()).digest()


def _create_key_file(path: Path) -> None:
    """Write the file aside and link it into place: it appears whole, and only the first writer's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _write_draft(path, [new_key()])
    try:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    _keep(path.parent)


def _write_draft(path: Path, keys: Sequence[bytes]) -> Path:
    """Write keys into a file beside `path` that only its owner can read."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b"".join(base64.b64encode(key) + b"\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    return draft


def _keep(folder: Path) -> None:
    """Have the disk keep what names stand in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parse_key(text: str) -> bytes:
    try:
        if re.fullmatch(r"[0-9a-fA-F]{64}", text):
            return bytes.fromhex(text)
        standard = text.rstrip("=").translate(str.maketrans("-_", "+/"))
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyUnusable(
            f"A secret key is {KEY_BYTES} random bytes in base64 or hexadecimal. Make one: openssl rand -base64 32"
        )
    return key


def _key_id(key: bytes) -> bytes:
    """Name a key without giving it away."""
    return hashlib.sha256(b"overture key id" + key).digest()[:_KEY_ID_BYTES]
