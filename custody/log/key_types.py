"""What keys of every type of signature have in common."""

from typing import Protocol


class Verifier(Protocol):
    """A key of any type that is trusted under a name."""

    @property
    def name(self) -> str: ...

    @property
    def key_hash(self) -> bytes:
        """The four bytes by which a signature names this key; they tell the type, too."""
        ...

    def verify(self, text: str, signature: bytes) -> None:
        """Raise `NoteError` unless ``signature`` is this key's over ``text``."""
        ...


class LineSigner(Protocol):
    """A private key of any type that signs notes."""

    def sign(self, text: str) -> str:
        """The signature line over ``text``, newline included."""
        ...
