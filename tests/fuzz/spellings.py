"""Parsers of texts that have one spelling each: what is accepted is written again the same."""

from collections.abc import Callable
from datetime import datetime

from custody.log.canonical import format_time, parse_time
from custody.log.checkpoint import Checkpoint
from custody.log.cosignature import CosignatureVerifier, Cosigner
from custody.log.encoding import decode_base64, encode_base64, parse_decimal
from custody.log.errors import LogError
from custody.log.note import NoteSigner, NoteVerifier
from custody.log.sample import Asked
from custody.log.tiles import bundle_path, parse_bundle_path, parse_tile_path, tile_path


def text_of(data: bytes) -> str:
    """Bytes as text that somebody may hand to a parser of texts, Unicode or not."""
    return data.decode("utf-8", "surrogateescape")


def one_spelling(
    data: bytes,
    parse: Callable[[str], object],
    write: Callable[..., str],
    refusal: type[Exception] = LogError,
) -> bool:
    text = text_of(data)
    try:
        found = parse(text)
    except refusal:
        return False
    assert write(found) == text
    return True


def verifier_key(data: bytes) -> bool:
    return one_spelling(data, NoteVerifier.parse, lambda key: key.vkey)


def signer_key(data: bytes) -> bool:
    return one_spelling(data, NoteSigner.parse, lambda key: key.secret_text())


def cosigner_key(data: bytes) -> bool:
    return one_spelling(data, CosignatureVerifier.parse, lambda key: key.vkey)


def cosigner_secret(data: bytes) -> bool:
    return one_spelling(data, Cosigner.parse, lambda key: key.secret_text())


def checkpoint(data: bytes) -> bool:
    return one_spelling(data, Checkpoint.parse, lambda found: found.encode())


def path_of_tile(data: bytes) -> bool:
    return one_spelling(data, parse_tile_path, tile_path)


def path_of_bundle(data: bytes) -> bool:
    return one_spelling(data, parse_bundle_path, lambda found: bundle_path(*found))


def time(data: bytes) -> bool:
    def write(at: datetime) -> str:
        return format_time(at)

    return one_spelling(data, parse_time, write)


def base64(data: bytes) -> bool:
    return one_spelling(data, decode_base64, encode_base64, ValueError)


def decimal(data: bytes) -> bool:
    return one_spelling(data, parse_decimal, str, ValueError)


def asked(data: bytes) -> bool:
    return one_spelling(data, Asked.parse, str)
