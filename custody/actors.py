"""Who does something: a snapshot, never a reference, so the log shows an event as it was."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person or machine is allowed to be (domain.md, "Who uses it")."""

    ADMIN = "admin"
    LEGAL = "legal"
    STATION = "station"
    SYSTEM = "system"  # the service itself: the worker, the publisher
    OPERATOR = "operator"  # somebody with a shell on the server: the command line
    ANONYMOUS = "anonymous"  # before sign-in


class Via(StrEnum):
    """How the actor proved who they are."""

    PASSWORD = "password"  # noqa: S105
    STATION_KEY = "station-key"
    SHELL = "shell"
    SERVICE = "service"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Actor:
    """One acting person or machine.

    ``id`` is pseudonymous (a user's or station's UUID, or a fixed word such as ``worker``);
    ``name`` is for pages and goes into an entry's details only, which can be destroyed.
    ``origin`` is where from: an address or a host name.
    """

    id: str
    role: Role
    via: Via
    origin: str
    name: str = ""


def service_actor(part: str) -> Actor:
    """The service acting on its own behalf; ``part`` says which part, e.g. ``worker``."""
    return Actor(id=part, role=Role.SYSTEM, via=Via.SERVICE, origin="local", name=part)
