"""The error that commands raise themselves; it imports nothing, so that `--help` stays quick."""


class CommandError(Exception):
    """The command can't be carried out; the text says why and what to do."""
