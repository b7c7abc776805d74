"""The error that commands raise themselves."""

from api.cli.words import say


class CommandError(Exception):
    """The command can't be carried out; the text ``key`` of the words says why and what to do."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def said(self, language: str) -> str:
        return say(language, self.key, **self.values)

    def __str__(self) -> str:
        return self.said("en")
