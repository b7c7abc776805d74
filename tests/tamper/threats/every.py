"""All rows, by person."""

from tests.tamper.threats import database, disk, keys, stations
from tests.tamper.threats.table import Case, Person, Threat

THREATS: dict[Person, tuple[Threat, ...]] = {
    Person.DISK: disk.THREATS,
    Person.DATABASE: database.THREATS,
    Person.KEYS: keys.THREATS,
    Person.STATION: stations.THREATS,
}
EVERY: tuple[Threat, ...] = tuple(threat for rows in THREATS.values() for threat in rows)

#: Each of these is found by a verification, on both engines.
CASES: list[Case] = [case for threat in EVERY for case in threat.cases]
#: The same, each with the one engine that takes it.
TYPED: list[tuple[str, Case]] = [pair for threat in EVERY for pair in threat.typed]
#: These are seen from outside.
OUTSIDE: list[Threat] = [threat for threat in EVERY if threat.strike is not None]
