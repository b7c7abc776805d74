"""What every command shares: the home, the language, who is typing, and how entries get out."""

import functools
import os
import pwd
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from api.cli.output import print_json, print_table, visible
from api.cli.words import say
from api.config import Config, default_home, load_config
from api.web.locale import LANGUAGES

if TYPE_CHECKING:
    from api.services import Services
    from api.web.telling import Teller
    from custody.actors import Actor
    from custody.events import EventKind
    from custody.log.entry import Json

#: Pauses before each try to publish, in seconds.
PUBLISH_PAUSES_S = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6)

#: Of the commands that verify.
READ_ONLY_HELP = "Write nothing, not even that it was verified; for a copy or a read-only disk."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shell:
    """The options that every command takes."""

    home: Path
    given_language: str | None
    as_json: bool

    def config(self, **overrides: Any) -> Config:
        """The configuration of the home. Raises `ConfigError`."""
        return load_config(self.home, language=self.given_language, **overrides)

    def reads_only(self, given: bool) -> bool:
        """Whether a verification writes nothing: asked for, or because nothing can be written."""
        from api.services import home_exists, home_is_writable

        config = self.config()
        return given or (home_exists(config) and not home_is_writable(config))

    @property
    def language(self) -> str:
        return self.config().language

    @contextmanager
    def open(
        self,
        *,
        migrate: bool = True,
        read_only: bool = False,
        changes: bool = False,
        publishes: bool = True,
    ) -> Iterator["Services"]:
        """The services over the home; what was appended inside is published at the end, unless the
        command ``publishes`` by itself (False).

        ``changes``: the command takes in or changes evidence, which nobody may while an older copy
        waits to be recovered (`LogRestoredError`).

        A command that verifies does not ``migrate``: it says what is wrong with the tables.
        ``read_only``: nothing can be appended. Raises `HomeMissingError` and what the engines
        raise.
        """
        from api.services import open_services

        with open_services(self.config(), migrate=migrate, read_only=read_only) as services:
            if read_only or not publishes:
                yield services
                return
            if changes:
                services.publisher.watch.ask_once()
                services.publisher.watch.require_whole()
            try:
                yield services
            finally:  # a refused command has left an entry too
                self.publish(services, only_pending=True)

    @property
    def actor(self) -> "Actor":
        """Whoever has this shell: the account on this machine."""
        from custody.actors import Actor, Role, Via

        user = account_name()
        return Actor(f"shell:{user}"[:64], Role.OPERATOR, Via.SHELL, socket.gethostname(), user)

    def say(self, key: str, *, error: bool = False, **values: object) -> None:
        """One line for people, with whatever a name may hide made visible."""
        shown = {
            name: visible(value) if isinstance(value, str) else value
            for name, value in values.items()
        }
        click.echo(say(self.language, key, **shown), err=error)

    def confirm(self, key: str, *, yes: bool) -> None:
        """Ask before what can't be undone. Raises `CommandError` for a no, and where JSON is
        printed, so that nobody is there to ask."""
        from api.cli.failures import CommandError

        if yes:
            return
        if self.as_json or not click.confirm(self.word(key), err=True):
            raise CommandError("failure.not_confirmed")

    def teller(self, names: Mapping[str, str]) -> "Teller":
        """Tells findings in the language and zone; ``names`` are of the things they speak of."""
        from api.web.telling import Teller

        config = self.config()
        return Teller(config.language, config.zone, names)

    def say_total(self, key: str, shown: int, total: int) -> None:
        """Under a list: how many there are, and how many of them are shown where that is fewer."""
        if shown < total:
            self.say(f"{key}.some", error=True, shown=shown, total=total)
        else:
            self.say(key, error=True, total=total)

    def word(self, key: str) -> str:
        return say(self.language, key)

    def print_list(
        self,
        items: Sequence[T],
        heads: Sequence[str],
        as_json: Callable[[T], object],
        as_row: Callable[[T], Sequence[str]],
    ) -> None:
        """``items`` as JSON where that is asked for, else as a table under the words ``heads``."""
        if self.as_json:
            print_json([as_json(item) for item in items])
        else:
            words = [self.word(f"head.{head}") for head in heads]
            print_table(words, [as_row(item) for item in items])

    def note(
        self,
        services: "Services",
        kind: "EventKind",
        item: str | None = None,
        facts: Mapping[str, "Json"] | None = None,
        details: Mapping[str, "Json"] | None = None,
    ) -> None:
        """Append one entry in a transaction of its own: what was looked at, before it is shown."""
        from custody.events import actor_item
        from custody.ledger import Event

        event = Event(kind, item or actor_item(self.actor), facts or {}, details or {})
        with services.database.write() as tx:
            services.ledger.append(tx, self.actor, event)

    def publish(
        self,
        services: "Services",
        *,
        only_pending: bool = False,
        failing: str = "publish_failed",
    ) -> bool:
        """Publish what was appended, in case no server runs; whether nothing stood in the way.

        With ``only_pending`` nothing is touched where every entry has its index. What was done
        stands whether or not this succeeds, so a failure is told (in the words under ``failing``)
        and no more. A publisher that is at work (another command, which may have begun too early to
        see our entries) gets a few seconds; one that takes longer is a server and goes on by
        itself.
        """
        from sqlalchemy.exc import SQLAlchemyError

        from custody.errors import CustodyError
        from custody.log.errors import LogError
        from custody.publishing.sequencer import is_pending, newest_pending
        from storage.errors import StorageError

        failure = "publish_unknown"
        try:
            with services.database.read() as tx:
                newest = newest_pending(tx)
            if newest is None and only_pending:
                return True
            failure = failing
            for pause_s in PUBLISH_PAUSES_S:
                time.sleep(pause_s)
                services.publisher.run_once()
                with services.database.read() as tx:
                    if newest is None or not is_pending(tx, newest):
                        break
        # On rows that somebody altered anything may fail; what the command found must still show.
        except (
            ArithmeticError,
            CustodyError,
            LogError,
            OSError,
            SQLAlchemyError,
            StorageError,
            TypeError,
            ValueError,
        ) as error:
            # Imported here: it knows every engine's errors, and a refused line needs none.
            from api.cli.errors import text_of

            reason = text_of(error, self.language).partition("\n")[0] or type(error).__name__
            self.say(failure, error=True, reason=reason)
            return False
        return True


def account_name() -> str:
    """The account this process runs under; its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def with_shell(*, prints: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the common options, and a `Shell` made of them as its first argument."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(home: Path | None, lang: str | None, as_json: bool = False, **options: Any) -> Any:
            shell = Shell((home or default_home()).absolute(), lang, as_json)
            return function(shell, **options)

        decorated = click.option(
            "--home",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="The home folder (LIUHEN_HOME, else var).",
        )(call)
        decorated = click.option(
            "--lang", type=click.Choice(LANGUAGES), help="Language of what is said to people."
        )(decorated)
        if prints:
            decorated = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(
                decorated
            )
        return decorated

    return decorate
