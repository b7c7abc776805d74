"""Where the traces of clips begin and become public: read from the rows, for many at once."""

from collections.abc import Mapping, Sequence

from sqlalchemy.engine import Connection

from api.web.trace import Origin, Publication
from custody.clips import Clip
from custody.events import EventKind, clip_item
from custody.history import HistoryEvent
from custody.publishing.published import first_checkpoints
from ingest.dock_lists import dockings_of


def origins_of(
    tx: Connection, clips: Sequence[Clip], histories: Mapping[str, Sequence[HistoryEvent]]
) -> dict[str, Origin]:
    """The origin of each clip by its id; three queries, however many they are.

    ``histories`` are the clips' own, by item. Of a clip that no station brought, or whose session
    never arrived, there is no docking; of one whose admission waits, no publication.
    """
    docked = dockings_of(tx, [one.dock_session_id for one in clips if one.dock_session_id])
    admitted = {clip.id: _admission(histories[clip_item(clip.id)]) for clip in clips}
    published = first_checkpoints(tx, [index for index in admitted.values() if index is not None])
    origins = {}
    for clip in clips:
        index = admitted[clip.id]
        checkpoint = None if index is None else published.get(index)
        publication = (
            None if checkpoint is None else Publication(checkpoint.size, checkpoint.published_at)
        )
        origins[clip.id] = Origin(docked.get(clip.dock_session_id or ""), publication)
    return origins


def _admission(events: Sequence[HistoryEvent]) -> int | None:
    """The index of the admission, None while it waits or where the history is cut short."""
    first = next(iter(events), None)
    return first.idx if first is not None and first.kind == EventKind.CLIP_ADMITTED else None
