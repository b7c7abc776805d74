"""The kinds of custody event and their items: words that stand in the log for ever."""

import re
from enum import StrEnum

from custody.actors import Actor, Role


class EventKind(StrEnum):
    """What happened. Facts are public for ever and name only ids, digests, sizes and kinds."""

    SERVICE_STARTED = "service.started"
    KEY_ANNOUNCED = "key.announced"
    #: A key that was followed by another signs nothing from here on.
    KEY_RETIRED = "key.retired"
    STATION_INVITED = "station.invited"
    STATION_ENROLLED = "station.enrolled"
    STATION_REVOKED = "station.revoked"
    DOCK_SESSION_OPENED = "dock_session.opened"
    CLIP_ADMITTED = "clip.admitted"
    #: The store had lost the clip's object; the same bytes came again and were stored anew.
    CLIP_RESTORED = "clip.restored"
    #: The same bytes came under another name.
    CLIP_NAMED = "clip.named"
    CLIP_DESCRIBED = "clip.described"
    CLIP_STATE_CHANGED = "clip.state_changed"
    CLIP_ASSIGNED = "clip.assigned"
    RENDITION_MADE = "rendition.made"
    CASE_CREATED = "case.created"
    CASE_CHANGED = "case.changed"
    CASE_EXPORTED = "case.exported"
    LINK_MADE = "link.made"
    LINK_REMOVED = "link.removed"
    CLIP_OPENED = "clip.opened"
    CLIP_DOWNLOADED = "clip.downloaded"
    #: The original went out in the bag of a case (`CASE_EXPORTED`, in the same transaction).
    CLIP_EXPORTED = "clip.exported"
    #: Closes a viewing or a download: how often and how many bytes were sent under its grant.
    CLIP_VIEWED = "clip.viewed"
    CLIPS_LISTED = "clips.listed"
    PERSON_SIGNED_IN = "person.signed_in"
    PERSON_SIGNED_OUT = "person.signed_out"
    SIGN_IN_FAILED = "sign_in.failed"
    ACCESS_DENIED = "access.denied"
    VERIFICATION_RUN = "verification.run"
    LOG_READ = "log.read"
    #: A time-stamping authority's token of a checkpoint was received.
    LOG_STAMPED = "log.stamped"
    #: By which rule details of other entries are destroyed from now on (`custody.details`).
    DETAILS_RULE_SET = "details.rule_set"
    #: Details of other entries, which it lists, were destroyed in the same transaction.
    DETAILS_DESTROYED = "details.destroyed"
    #: An older copy of the database or the store was brought up to what was signed.
    LOG_RECOVERED = "log.recovered"
    USER_CREATED = "user.created"
    USER_CHANGED = "user.changed"


#: Items that there is one of.
LOG_ITEM = "log"
SERVICE_ITEM = "service"
ANONYMOUS_ITEM = "anonymous"

#: Longest item that the log's table takes, in characters.
MAX_ITEM_CHARACTERS = 128

_ITEM = re.compile(r"(?:log|service|anonymous|[a-z_]{1,24}:[A-Za-z0-9._-]{1,100})\Z")


def is_item(text: str) -> bool:
    """Whether ``text`` can name an item: a fixed word, or ``<sort>:<id>`` in plain ASCII."""
    return _ITEM.match(text) is not None


def clip_item(clip_id: str) -> str:
    """The item of a clip; its renditions, links and viewings belong to it too."""
    return f"clip:{clip_id}"


def case_item(case_id: str) -> str:
    return f"case:{case_id}"


def actor_item(actor: Actor) -> str:
    """The item of what an actor does that is about no single clip, case or station."""
    match actor.role:
        case Role.ANONYMOUS:
            return ANONYMOUS_ITEM
        case Role.SYSTEM | Role.OPERATOR:
            return SERVICE_ITEM
        case Role.STATION:
            return f"station:{actor.id}"
        case _:
            return f"user:{actor.id}"
