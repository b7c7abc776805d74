"""A file's identity as the columns of the journal hold it."""

from station_agent.settle import Identity

IDENTITY = "size_bytes, mtime_ns, ctime_ns, inode, device"


def held_number(number: int) -> int | str:
    """``number`` as a column of type ANY holds it: SQLite's integers end at 64 bits.

    File systems count seconds, and some of them in 64 bits: a time in nanoseconds may be longer.
    """
    return number if -(2**63) <= number < 2**63 else str(number)


def identity_in(*cells: object) -> Identity:
    """The `Identity` in the cells of `IDENTITY`."""
    return Identity(*map(int, cells))  # type: ignore[arg-type]


def cells_of(identity: Identity) -> tuple[object, ...]:
    """The cells of `IDENTITY` for it."""
    return (
        identity.size_bytes,
        held_number(identity.mtime_ns),
        held_number(identity.ctime_ns),
        str(identity.inode),
        str(identity.device),
    )
