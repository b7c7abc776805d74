"""The bytes of evidence: thumbnails, pictures, the player's stream, the original.

Nothing leaves without a grant, which is in the log already; what leaves is counted into it
before it is handed over, so that a crash can only count too much. What it is, `custody.served`
says: the object that the clip's entries name, and none where its row says otherwise.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Self
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from sqlalchemy.engine import Connection

from api.dependencies import Person, PersonDep, ServicesDep, SubmittedDep
from api.services import Services
from api.web.provenance import UnconfirmedDownloadError, breach_of, original_held
from api.web.ranges import ByteRange, RangeUnsatisfiableError, parse_range
from api.web.text_original import MAX_SHOWN_BYTES, ShownText, shown_text
from custody.access import Right
from custody.clips import Clip
from custody.errors import PurposeMissingError, RenditionNotFoundError
from custody.events import clip_item
from custody.history import history_of
from custody.renditions import Rendition
from custody.served import find_served_rendition, get_served_original, get_served_rendition
from custody.viewings import Grant, GrantKind, count_bytes, get_grant, open_download
from storage.errors import ObjectNotFoundError

router = APIRouter()

#: What is counted, and read from the store, at a time: half a minute of a proxy.
BLOCK_BYTES = 4 * 1024**2
#: What is handed to the socket at a time.
PIECE_BYTES = 256 * 1024

#: Originals that a browser shows itself, by the end of their name; where nothing was made of them.
#: Never anything that could carry script.
PLAYABLE = {
    "mp4": "video/mp4",
    "mov": "video/mp4",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An object to be sent: where it lies, what it is; ``digest`` is the SHA-256, hex."""

    object_key: str
    size_bytes: int
    media_type: str
    digest: str

    @classmethod
    def of(cls, stored: Clip | Rendition, media_type: str) -> Self:
        """An original or a rendition, sent as ``media_type``."""
        return cls(stored.object_key, stored.size_bytes, media_type, stored.sha256)


def playable_type(clip: Clip) -> str | None:
    """The media type under which the original itself can be shown, if it can."""
    kind = PLAYABLE.get(clip.name.rpartition(".")[2].lower())
    wanted = {"picture": "image/", "audio": "audio/", "video": "video/"}.get(clip.media_kind)
    return kind if kind and wanted and kind.startswith(wanted) else None


def find_streamed(tx: Connection, clip_id: str) -> Shown | None:
    """What is played of a clip; None where a browser can show neither proxy nor original.

    Raises `ClipNotFoundError`, `ServedAlteredError`.
    """
    clip = get_served_original(tx, clip_id)
    proxy = find_served_rendition(tx, clip_id, "proxy")
    if proxy is not None:
        return Shown.of(proxy, proxy.media_type)
    media_type = playable_type(clip)
    return None if media_type is None else Shown.of(clip, media_type)


def read_text(services: Services, grant: Grant, clip: Clip) -> ShownText:
    """The beginning of a text original, counted into its viewing before it is handed over.

    Raises `ServedAlteredError`, and as `ObjectStore.open` does, `ObjectNotFoundError` for an object
    that ends early too, and `GrantExpiredError` once the viewing is closed.
    """
    with services.database.read() as tx:
        clip = get_served_original(tx, clip.id)
    length = min(clip.size_bytes, MAX_SHOWN_BYTES)
    with services.store.open(clip.object_key, length=length) as handle:
        beginning = handle.read()
    if len(beginning) != length:
        raise ObjectNotFoundError(f"{clip.object_key} ended {length - len(beginning)} bytes early")
    with services.database.write() as tx:
        count_bytes(tx, grant.id, 1, length)
    return shown_text(beginning, clip.size_bytes)


@router.get("/clips/{clip_id}/thumbnail")
def send_thumbnail(
    request: Request, services: ServicesDep, person: PersonDep, clip_id: str, listing: str = ""
) -> Response:
    """The small picture of a clip in a list; the list's own grant opens it."""
    grant = _use_grant(services, person, listing, clip_id, GrantKind.LISTING)
    with services.database.read() as tx:
        rendition = find_served_rendition(tx, clip_id, "poster") or get_served_rendition(
            tx, clip_id, "waveform"
        )
    return _send(request, services, grant, Shown.of(rendition, rendition.media_type))


@router.get("/clips/{clip_id}/renditions/{kind}")
def send_rendition(
    request: Request,
    services: ServicesDep,
    person: PersonDep,
    clip_id: str,
    kind: str,
    viewing: str = "",
) -> Response:
    """A picture made of the clip: poster, contact sheet or waveform."""
    grant = _use_grant(services, person, viewing, clip_id, GrantKind.VIEWING)
    with services.database.read() as tx:
        rendition = get_served_rendition(tx, clip_id, kind)
    return _send(request, services, grant, Shown.of(rendition, rendition.media_type))


@router.get("/clips/{clip_id}/stream")
def stream_clip(
    request: Request, services: ServicesDep, person: PersonDep, clip_id: str, viewing: str = ""
) -> Response:
    """What the player plays: the proxy, else the original where a browser can show it."""
    grant = _use_grant(services, person, viewing, clip_id, GrantKind.VIEWING)
    with services.database.read() as tx:
        shown = find_streamed(tx, clip_id)
    if shown is None:
        raise RenditionNotFoundError(f"proxy of {clip_id}")
    return _send(request, services, grant, shown)


@router.post("/clips/{clip_id}/download")
def open_original(
    services: ServicesDep,
    person: SubmittedDep,
    clip_id: str,
    purpose: Annotated[str, Form()] = "",
    confirm: Annotated[str, Form()] = "",
) -> Response:
    """Hand out the original: the purpose goes into the log, then the way to the bytes opens.

    Where the original does not verify only to somebody who says that they know.
    """
    services.access.require(person.actor, Right.DOWNLOAD, clip_item(clip_id))
    with services.database.read() as tx:
        get_served_original(tx, clip_id)
        history = history_of(tx, clip_item(clip_id))
    broken = breach_of(history) is not None and not original_held(history)
    if broken and not confirm:
        raise UnconfirmedDownloadError
    try:
        with services.database.write() as tx:
            grant = open_download(
                tx, services.ledger, services.clock, person.actor, clip_id, purpose, warned=broken
            )
    except PurposeMissingError:
        return RedirectResponse(f"/clips/{clip_id}?refused=download", 303)
    return RedirectResponse(f"/clips/{clip_id}/original?download={grant.id}", 303)


@router.get("/clips/{clip_id}/original")
def send_original(
    request: Request, services: ServicesDep, person: PersonDep, clip_id: str, download: str = ""
) -> Response:
    """The untouched bytes under the recorder's own file name; ranges let a broken one go on."""
    grant = _use_grant(services, person, download, clip_id, GrantKind.DOWNLOAD)
    with services.database.read() as tx:
        clip = get_served_original(tx, clip_id)
    shown = Shown.of(clip, "application/octet-stream")
    return _send(
        request,
        services,
        grant,
        shown,
        {"Content-Disposition": content_disposition(clip.name, clip.sha256)},
    )


def content_disposition(name: str, sha256: str) -> str:
    """``attachment`` with the name as RFC 6266 and RFC 5987 write it.

    What no file system takes, or what turns text round, becomes ``_``; a name of nothing else is
    replaced by the digest. The plain form for old programs has ASCII only.
    """
    clean = "".join(
        "_" if character in '/\\"<>|:*?' or unicodedata.category(character)[0] == "C" else character
        for character in name
    ).strip(". ")
    clean = clean or sha256
    plain = clean.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"


def _use_grant(
    services: Services, person: Person, grant_id: str, clip_id: str, kind: GrantKind
) -> Grant:
    """The standing grant, of somebody who still has the right to what it opens."""
    right = Right.DOWNLOAD if kind is GrantKind.DOWNLOAD else Right.SEE_FOOTAGE
    services.access.require(person.actor, right, clip_item(clip_id))
    with services.database.read() as tx:
        return get_grant(tx, services.clock, person.actor, grant_id, clip_id, kinds=(kind,))


def _send(
    request: Request,
    services: Services,
    grant: Grant,
    shown: Shown,
    headers: dict[str, str] | None = None,
) -> Response:
    etag = f'"{shown.digest}"'
    answer_headers = {"Accept-Ranges": "bytes", "ETag": etag, **(headers or {})}
    wanted = request.headers.get("range")
    if request.headers.get("if-range", etag) != etag:
        wanted = None
    try:
        part = parse_range(wanted, shown.size_bytes)
    except RangeUnsatisfiableError:
        answer_headers["Content-Range"] = f"bytes */{shown.size_bytes}"
        return Response(status_code=416, headers=answer_headers)
    whole = ByteRange(0, shown.size_bytes)
    if part is not None:
        answer_headers["Content-Range"] = part.content_range(shown.size_bytes)
    with services.database.write() as tx:
        count_bytes(tx, grant.id, 1, 0)
    # Opened before the answer begins, so that a missing object is an error page and not a cut.
    handle = services.store.open(
        shown.object_key, start=(part or whole).start, length=(part or whole).length
    )
    answer_headers["Content-Length"] = str((part or whole).length)
    return StreamingResponse(
        _pieces(services, grant.id, handle, (part or whole).length),
        status_code=200 if part is None else 206,
        media_type=shown.media_type,
        headers=answer_headers,
    )


def _pieces(services: Services, grant_id: str, handle: BinaryIO, length: int) -> Iterator[bytes]:
    with handle:
        left = length
        while left > 0:
            block = handle.read(min(BLOCK_BYTES, left))
            if not block:
                # The answer is cut short of its Content-Length, so no client takes it for whole.
                raise EOFError(f"an object ended {left} bytes early")
            with services.database.write() as tx:
                count_bytes(tx, grant_id, 0, len(block))
            left -= len(block)
            view = memoryview(block)
            for start in range(0, len(block), PIECE_BYTES):
                yield bytes(view[start : start + PIECE_BYTES])
