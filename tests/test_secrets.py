"""Sealing, keys and tokens."""

import base64
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from overture import secrets

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
PLACE = "team-1/row-1"


def test_what_was_sealed_opens_in_its_place() -> None:
    sealer = secrets.Sealer([KEY])

    sealed = sealer.seal("s3crét", context=PLACE)

    assert sealer.open(sealed, context=PLACE) == "s3crét"
    assert "s3crét".encode() not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    sealer = secrets.Sealer([KEY])

    assert sealer.seal("text", context=PLACE) != sealer.seal("text", context=PLACE)


def test_a_sealed_value_does_not_open_in_another_place() -> None:
    sealer = secrets.Sealer([KEY])

    with pytest.raises(secrets.SealBroken, match="moved"):
        sealer.open(sealer.seal("text", context=PLACE), context="team-1/row-2")


def test_no_byte_of_a_sealed_value_can_be_altered() -> None:
    sealer = secrets.Sealer([KEY])
    sealed = sealer.seal("text", context=PLACE)

    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(secrets.SealBroken):
            sealer.open(bytes(altered), context=PLACE)
        with pytest.raises(secrets.SealBroken):
            sealer.open(sealed[:position], context=PLACE)


def test_a_former_key_opens_and_the_first_key_seals() -> None:
    old = secrets.Sealer([KEY]).seal("text", context=PLACE)
    rotated = secrets.Sealer([OTHER, KEY])

    assert rotated.open(old, context=PLACE) == "text"
    assert not old.startswith(rotated.mark)
    new = rotated.seal("text", context=PLACE)
    assert new.startswith(rotated.mark)
    assert secrets.Sealer([OTHER]).open(new, context=PLACE) == "text"


def test_a_missing_key_is_reported_as_such() -> None:
    sealed = secrets.Sealer([KEY]).seal("text", context=PLACE)

    with pytest.raises(secrets.SealBroken, match="not at hand"):
        secrets.Sealer([OTHER]).open(sealed, context=PLACE)


@pytest.mark.parametrize("keys", [[], [b"short"], [KEY, b"short"]])
def test_keys_of_a_wrong_length_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(secrets.KeyUnusable):
        secrets.Sealer(keys)


def test_keys_are_read_in_base64_and_hexadecimal() -> None:
    key = b"\xfb\xff" * 16
    standard, web_safe = base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode().rstrip("=")

    assert secrets.parse_keys(f"{standard}, {web_safe},{key.hex()}") == [key, key, key]


@pytest.mark.parametrize("text", ["", "correct horse battery staple", "AAAA", "é" * 43, f"{KEY.hex()},"])
def test_what_is_no_key_is_refused_with_the_way_to_make_one(text: str) -> None:
    with pytest.raises(secrets.KeyUnusable, match="openssl rand"):
        secrets.parse_keys(text)


def test_the_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"

    (key,) = secrets.load_or_create_keys(path)

    assert len(key) == 32
    assert secrets.load_or_create_keys(path) == [key]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"

    with ThreadPoolExecutor(max_workers=8) as executor:
        keys = list(executor.map(lambda _: secrets.load_or_create_keys(path)[0], range(8)))

    assert len(set(keys)) == 1


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    secrets.load_or_create_keys(path)
    path.chmod(0o640)

    with pytest.raises(secrets.KeyUnusable, match="chmod 600"):
        secrets.load_or_create_keys(path)


def test_a_damaged_key_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text("half a ke")
    path.chmod(0o600)

    with pytest.raises(secrets.KeyUnusable, match="backup"):
        secrets.load_or_create_keys(path)
    assert path.read_text() == "half a ke"


def test_tokens_are_recognisable_long_and_never_the_same() -> None:
    tokens = {secrets.new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert all(re.fullmatch(r"ovt_[\w-]{43}", token) for token in tokens)


def test_a_token_is_stored_as_its_sha_256() -> None:
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    assert secrets.token_hash("abc").hex() == digest
