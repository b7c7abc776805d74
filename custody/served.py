"""What leaves the house under a grant: the object that the clip's own entries name.

A row only repeats its entry, and somebody with the database can make the row of one clip name the
bytes of another, or any object of the store. So what is sent is held against the log first, as the
grant is: key, size, digest and kind of media. Where the two differ nothing is sent.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy.engine import Connection

from custody.clip_rows import Clip
from custody.clips import get_clip_as_it_stands
from custody.errors import RenditionNotFoundError, ServedAlteredError
from custody.events import EventKind, clip_item
from custody.history import HistoryEvent, events_of
from custody.object_keys import original_key, rendition_key
from custody.renditions import Rendition, find_rendition

#: What each kind of rendition may be sent as: never anything that could carry script.
MEDIA_TYPES: Mapping[str, frozenset[str]] = {
    "proxy": frozenset({"video/mp4", "audio/mp4", "image/jpeg"}),
    "poster": frozenset({"image/jpeg"}),
    "sheet": frozenset({"image/jpeg"}),
    "waveform": frozenset({"image/png"}),
}
_ORIGINAL = (EventKind.CLIP_ADMITTED, EventKind.CLIP_DESCRIBED)
#: On PostgreSQL each statement sees what was committed before it: what seems to differ is read
#: again, for a clip may have been described in between.
_LOOKS = 2


def get_served_original(tx: Connection, clip_id: str) -> Clip:
    """The clip whose original is to be sent; its row is what the log says of it.

    Raises `ClipNotFoundError`, `ServedAlteredError`.
    """
    differing: list[str] = []
    for _ in range(_LOOKS):
        events = events_of(tx, clip_item(clip_id), _ORIGINAL)
        clip = get_clip_as_it_stands(tx, clip_id)
        differing = [*clip.altered, *_differences(clip, events)]
        if not differing:
            return clip
    raise ServedAlteredError(f"clip {clip_id}: {', '.join(differing)}")


def find_served_rendition(tx: Connection, clip_id: str, kind: str) -> Rendition | None:
    """The clip's rendition of this kind, to be sent; None where none was made.

    Raises `ServedAlteredError`, also where the row is gone or can't be read and the log knows it.
    """
    for _ in range(_LOOKS):
        events = events_of(tx, clip_item(clip_id), (EventKind.RENDITION_MADE,))
        made = next((one for one in events if one.facts.get("kind") == kind), None)
        found = find_rendition(tx, clip_id, kind)
        if made is None and found is None:
            return None
        if made is not None and found is not None and _is_as_made(found, made):
            return found
    raise ServedAlteredError(f"clip {clip_id}: {kind if kind in MEDIA_TYPES else 'rendition'}")


def get_served_rendition(tx: Connection, clip_id: str, kind: str) -> Rendition:
    """As `find_served_rendition`; raises `RenditionNotFoundError` where there is none."""
    found = find_served_rendition(tx, clip_id, kind)
    if found is None:
        raise RenditionNotFoundError(f"{kind} of {clip_id}")
    return found


def _is_as_made(found: Rendition, made: HistoryEvent) -> bool:
    facts = made.facts
    key = rendition_key(found.clip_id, found.kind, str(facts.get("sha256")))
    return (
        made.intact
        and found.media_type in MEDIA_TYPES.get(found.kind, ())
        and (found.clip_id, found.id) == (facts.get("clip"), facts.get("rendition"))
        and (found.object_key, found.sha256) == (key, facts.get("sha256"))
        and (found.size_bytes, found.media_type)
        == (facts.get("size_bytes"), facts.get("media_type"))
    )


def _differences(clip: Clip, events: Iterable[HistoryEvent]) -> list[str]:
    """The columns of ``clip`` that are not as its entries have them; of two admissions the first
    counts, as for a verification."""
    said: dict[str, object] = {}
    for event in events:
        if not event.intact:
            continue
        facts = event.facts
        if event.kind == EventKind.CLIP_DESCRIBED:
            said["media_kind"] = facts.get("media_kind")
        elif "sha256" not in said:
            said |= {name: facts.get(name) for name in ("sha256", "sm3", "size_bytes")}
            said["object_key"] = original_key(str(facts.get("sha256")))
            said["name"] = event.details.get("name")
    if "sha256" not in said:
        return ["sha256"]
    return [name for name, value in said.items() if getattr(clip, name) != value]
