"""A policy file that can be carried out, or a refusal that names the line."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from custody.errors import WitnessPolicyError
from custody.log.cosignature import Cosigner
from custody.witnesses.cosignatures import key_id
from custody.witnesses.policy import Asked, load_policy
from tests.unit.custody.log.samples import LOG_KEY, signer

NAME = "witness.example"
SHORT = Cosigner(NAME, Ed25519PrivateKey.from_private_bytes(bytes(32))).verifier
LONG = Cosigner(NAME, MLDSA44PrivateKey.from_seed_bytes(bytes(32))).verifier


def write(folder: Path, *lines: str) -> Path:
    path = folder / "witnesses.policy"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def refused(path: Path) -> str:
    with pytest.raises(WitnessPolicyError) as caught:
        load_policy(path, LOG_KEY.verifier, required=True)
    return str(caught.value)


def test_without_a_file_nobody_is_asked(tmp_path: Path) -> None:
    missing = tmp_path / "witnesses.policy"
    assert load_policy(missing, LOG_KEY.verifier, required=False) is None
    assert str(missing) in refused(missing)


def test_one_address_is_asked_once_for_all_its_keys(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"log {LOG_KEY.verifier.vkey}",
        f"witness short {SHORT.vkey} https://witness.example/w/",
        f"witness long {LONG.vkey} https://witness.example/w",
        "group both any short long",
        "quorum both",
    )
    policy = load_policy(path, LOG_KEY.verifier, required=True)
    assert policy is not None
    address = "https://witness.example/w/add-checkpoint"
    assert policy.asked == (Asked(address, ("short", "long"), (SHORT, LONG)),)
    assert list(policy.keys) == [key_id(SHORT), key_id(LONG)]


def test_a_line_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    text = refused(write(tmp_path, "# ours", "witness w nonsense https://w.example", "quorum w"))
    assert "line 2" in text
    assert "line 3" in refused(write(tmp_path, "", "", "qourum none"))


def test_a_policy_of_another_log_is_refused(tmp_path: Path) -> None:
    other = signer("other.example/log").verifier
    assert "other logs" in refused(write(tmp_path, f"log {other.vkey}", "quorum none"))


@pytest.mark.parametrize(
    "url", ["ftp://w.example", "https://", "w.example", "https://a:b@w.example", "http://w:x/"]
)
def test_an_address_that_can_not_be_asked_is_refused(tmp_path: Path, url: str) -> None:
    text = refused(write(tmp_path, f"witness w1 {SHORT.vkey} {url}", "quorum w1"))
    assert "w1" in text


def test_no_more_witnesses_than_a_checkpoint_has_room_for(tmp_path: Path) -> None:
    def lines(count: int) -> list[str]:
        keys = [
            Cosigner(NAME, MLDSA44PrivateKey.from_seed_bytes(bytes([n]) * 32)) for n in range(count)
        ]
        return [f"witness w{n} {key.verifier.vkey}" for n, key in enumerate(keys)] + ["quorum w0"]

    assert load_policy(write(tmp_path, *lines(18)), LOG_KEY.verifier, required=True) is not None
    assert "room" in refused(write(tmp_path, *lines(19)))
