"""Tokens judged by us and by `openssl ts -verify`: both take and refuse the same."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custody.timestamps.der import with_sorted_certificates
from custody.timestamps.tokens import (
    MAX_ANSWER_BYTES,
    TimestampRequest,
    TokenAlteredError,
    TokenChainError,
    TokenDigestError,
    TokenError,
    TokenNonceError,
    TokenRefusedError,
    TokenTimeError,
    TokenUnreadableError,
    check_fresh,
    check_token,
    new_request,
    read_token,
)
from tests.services.authority import Authority, make_authority

NOTE = "test.example/custody\n7\nAAAA\n\n— test.example/custody BBBB\n".encode()


def openssl_takes(raw: bytes, note: bytes, roots: Path, folder: Path) -> bool:
    (folder / "note").write_bytes(note)
    (folder / "answer.tsr").write_bytes(raw)
    command = ["openssl", "ts", "-verify", "-data", "note", "-in", "answer.tsr", "-CAfile", roots]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0 and "Verification: OK" in done.stdout


def roots_of(authority: Authority) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(authority.roots.read_bytes())


@pytest.fixture(scope="session", params=["rsa", "ecdsa"])
def authority(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Authority:
    folder = tmp_path_factory.mktemp("authority") / request.param
    return make_authority(folder, f"tsa {request.param}", request.param)


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority") / "other", "other", "ecdsa")


@pytest.fixture(scope="session")
def asked() -> TimestampRequest:
    return new_request(NOTE)


@pytest.fixture(scope="session")
def answer(authority: Authority, asked: TimestampRequest) -> bytes:
    return authority.reply(asked.data)


def flipped(raw: bytes, at: int) -> bytes:
    changed = bytearray(raw)
    changed[at] ^= 1
    return bytes(changed)


def test_both_take_a_good_token(
    authority: Authority, answer: bytes, asked: TimestampRequest, tmp_path: Path
) -> None:
    token = read_token(answer)
    check_token(token, NOTE, roots_of(authority))
    check_fresh(token, asked, token.gen_time)
    assert openssl_takes(answer, NOTE, authority.roots, tmp_path)


def test_no_two_requests_have_one_nonce() -> None:
    assert len({new_request(NOTE).nonce for _ in range(50)}) == 50


def test_certificates_are_sorted_in_a_copy_alone(answer: bytes, tmp_path: Path) -> None:
    """OpenSSL writes the chain as it came; whichever order that is, the copy has one."""
    copy = with_sorted_certificates(answer)
    assert sorted(copy) == sorted(answer)
    assert with_sorted_certificates(copy) == copy
    token = read_token(answer)
    assert len(token.answer.signed_data.certificates) == 2


def test_both_refuse_a_token_of_other_bytes(
    authority: Authority, answer: bytes, tmp_path: Path
) -> None:
    with pytest.raises(TokenDigestError):
        check_token(read_token(answer), NOTE + b"\n", roots_of(authority))
    assert not openssl_takes(answer, NOTE + b"\n", authority.roots, tmp_path)


def test_a_digest_of_another_algorithm_is_refused(authority: Authority, tmp_path: Path) -> None:
    """Thirty-two bytes that equal the SHA-256, said to be something else."""
    (tmp_path / "note").write_bytes(NOTE)
    query = subprocess.run(
        ["openssl", "ts", "-query", "-data", "note", "-sha384", "-cert"],
        cwd=tmp_path, capture_output=True, check=True,
    ).stdout  # fmt: skip
    with pytest.raises(TokenDigestError, match="algorithm"):
        check_token(read_token(authority.reply(query)), NOTE, roots_of(authority))


def test_both_refuse_another_authoritys_roots(
    answer: bytes, other: Authority, tmp_path: Path
) -> None:
    with pytest.raises(TokenChainError):
        check_token(read_token(answer), NOTE, roots_of(other))
    assert not openssl_takes(answer, NOTE, other.roots, tmp_path)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (timedelta(days=-30), timedelta(days=-1)),
        (timedelta(days=1), timedelta(days=30)),
    ],
    ids=["run out", "not yet begun"],
)
def test_both_refuse_a_certificate_that_did_not_hold_then(
    tmp_path: Path, begins: timedelta, ends: timedelta
) -> None:
    lapsed = make_authority(tmp_path / "lapsed", "lapsed", "ecdsa", begins=begins, ends=ends)
    raw = lapsed.reply(new_request(NOTE).data)
    with pytest.raises(TokenChainError):
        check_token(read_token(raw), NOTE, roots_of(lapsed))
    assert not openssl_takes(raw, NOTE, lapsed.roots, tmp_path)


def test_both_refuse_every_flipped_byte_of_what_is_signed(
    authority: Authority, answer: bytes, tmp_path: Path
) -> None:
    """The statement with its digest, time and nonce, and the signature at the end."""
    token = read_token(answer)
    digest_at = answer.index(token.digest)
    time_at = answer.index(token.gen_time.strftime("%Y%m%d%H%M%S").encode(), digest_at)
    for at in (digest_at, digest_at + 31, time_at + 3, time_at + 13, len(answer) - 1):
        raw = flipped(answer, at)
        with pytest.raises(TokenError):
            check_token(read_token(raw), NOTE, roots_of(authority))
        assert not openssl_takes(raw, NOTE, authority.roots, tmp_path)
    with pytest.raises(TokenAlteredError):
        check_token(read_token(flipped(answer, len(answer) - 1)), NOTE, roots_of(authority))
    with pytest.raises(TokenAlteredError):
        check_token(read_token(flipped(answer, time_at + 13)), NOTE, roots_of(authority))


def test_an_answer_to_another_request_is_not_fresh(answer: bytes) -> None:
    token = read_token(answer)
    with pytest.raises(TokenNonceError):
        check_fresh(token, new_request(NOTE), token.gen_time)


def test_a_time_far_from_ours_is_not_fresh(answer: bytes, asked: TimestampRequest) -> None:
    token = read_token(answer)
    for minutes in (-6, 6):
        with pytest.raises(TokenTimeError):
            check_fresh(token, asked, token.gen_time + timedelta(minutes=minutes))
    check_fresh(token, asked, token.gen_time + timedelta(minutes=4))


def test_a_refusal_is_told_from_a_token(authority: Authority) -> None:
    with pytest.raises(TokenRefusedError, match="status 2"):
        read_token(authority.reply(b"no query at all"))


UNREADABLE: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda raw: b"",
    "a page": lambda raw: b"<html>",
    "cut off": lambda raw: raw[:-1],
    "a byte too many": lambda raw: raw + b"\0",
    "a length of no end": lambda raw: b"\x30\x80" + raw[2:],
    "longer than any": lambda raw: b"\x30" * (MAX_ANSWER_BYTES + 1),
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_answer_is_unreadable(answer: bytes, make: Callable[[bytes], bytes]) -> None:
    with pytest.raises(TokenUnreadableError):
        read_token(make(answer))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_hostile_bytes_end_in_our_errors_and_are_never_taken(
    answer: bytes, authority: Authority, data: st.DataObject
) -> None:
    """Whatever is changed: it is refused, or what is signed is still what was signed."""
    good = read_token(answer)
    changed = bytearray(answer)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(answer) - 1))] = data.draw(st.integers(0, 255))
    try:
        token = read_token(bytes(changed))
        check_token(token, NOTE, roots_of(authority))
    except TokenError:
        return
    assert (token.gen_time, token.digest) == (good.gen_time, good.digest)


@given(st.binary(max_size=400))
def test_any_bytes_end_in_our_errors(raw: bytes) -> None:
    with pytest.raises(TokenError):
        read_token(raw)
