"""How far publishing is behind, as the commands of the log tell it."""

from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from api.cli.shell import Shell
from api.services import Services
from custody.publishing.merge_lag import MergeLag, read_merge_lag

#: What waits for less than this is on its way.
TOLD = timedelta(seconds=2)


def find_merge_lag(services: Services) -> MergeLag | None:
    """How the log stands, asked before a command adds to it; None where no row can be read."""
    try:
        with services.database.read() as tx:
            return read_merge_lag(tx)
    except SQLAlchemyError:
        return None


def tell_merge_lag(shell: Shell, services: Services, lag: MergeLag | None) -> None:
    """A line if entries wait, and another if they have waited for too long."""
    if lag is None or not lag.entries:
        return
    age = lag.age(services.clock.now())
    word = "lag.waiting" if age >= TOLD else "verify.waiting"
    shell.say(word, count=lag.entries, seconds=int(age.total_seconds()))
    if age > services.config.merge_lag_alarm:
        shell.say("lag.overdue", error=True, seconds=services.config.merge_lag_alarm_s)
