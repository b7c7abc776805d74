"""One way to write a size, for pages and commands: binary units, as they are computed. Pure."""


def size_text(size_bytes: int) -> str:
    """``2.4 GiB`` for people."""
    amount = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
