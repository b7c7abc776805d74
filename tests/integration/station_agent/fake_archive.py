"""An archive in this process: real HTTP over loopback, real signed receipts over a real tree.

It keeps bytes in memory and does exactly what a test tells it to do wrong.
"""

import base64
import hashlib
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from custody.log.checkpoint import Checkpoint
from custody.log.entry import ActorSnapshot, Entry, commit_details
from custody.log.errors import LogError
from custody.log.merkle import hash_leaf, prove_inclusion, tree_root
from custody.log.note import NoteSigner, NoteVerifier, generate, sign_note
from custody.log.tile_writer import extend_tiles
from custody.log.tiles import TileReader
from ingest.announcements import digest_of, read_announcement
from ingest.errors import AnnouncementError
from station_agent import wire

ORIGIN = "archive.test/custody"


class Log:
    """A growing tree and its tiles."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.tiles: dict[str, bytes] = {}

    def append(self, entry: bytes) -> int:
        leaf = hash_leaf(entry)
        self.tiles |= dict(extend_tiles(self.tiles.__getitem__, len(self.leaves), [leaf]))
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    def reader(self) -> TileReader:
        return TileReader(self.tiles.__getitem__, len(self.leaves))

    def checkpoint(self, signer: NoteSigner) -> str:
        size = len(self.leaves)
        root = tree_root(size, self.reader().read)
        return sign_note(Checkpoint(ORIGIN, size, root).encode(), [signer])


@dataclass
class Clip:
    id: str
    index: int
    entry: bytes
    salt: bytes
    details: dict[str, Any]
    sha256: str
    sm3: str
    size_bytes: int


@dataclass
class FakeUpload:
    size_bytes: int
    sha256: str
    sm3: str
    metadata: dict[str, bytes]
    data: bytearray = field(default_factory=bytearray)
    admitted: bool = False
    refused: bool = False

    def details(self) -> dict[str, Any]:
        """What its admission commits to (some of it)."""
        session = self.metadata.get("dock_session")
        return {
            "name": self.metadata["filename"].decode("utf-8", "replace"),
            "name_raw": base64.b64encode(self.metadata["filename"]).decode(),
            "dock_session": None if session is None else session.decode(),
            "file_modified_at": self.metadata["modified_at"].decode(),
        }


@dataclass
class Fault:
    """Something to do instead, once, when a request matches."""

    method: str
    part: str
    action: Callable[["Handler"], None]


class FakeArchive:
    """See the module. Everything a test may look at or change is public."""

    def __init__(self) -> None:
        self.log_key = generate(ORIGIN)
        self.receipt_key = generate(f"{ORIGIN}/receipts")
        self.signing_key = self.receipt_key  # what receipts are really signed with
        self.log = Log()
        self.clips: dict[str, Clip] = {}
        self.originals: dict[str, bytes] = {}
        self.uploads: dict[str, FakeUpload] = {}
        self.manifests: list[str] = []
        self.sessions: set[str] = set()
        #: Answered once each instead of the session's id.
        self.session_answers: list[str] = []
        self.statuses: list[dict[str, Any]] = []
        #: What stations cosigned, as it came.
        self.cosignatures: list[dict[str, Any]] = []
        self.stations: dict[str, NoteVerifier] = {}
        self.nonces: dict[str, str] = {}
        self.bearers: set[str] = set()
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.dates: str | None = None
        #: There is no room for files larger than this.
        self.refuse_larger_than: int | None = None
        #: Shown instead of the newest one.
        self.shown_checkpoint: str | None = None
        #: Said once each instead of where an upload is.
        self.locations: list[str] = []
        #: Refused with this status in the archive's own words, by file name.
        self.refused_names: dict[bytes, int] = {}
        #: What happens to an announcement on the way.
        self.change_announcement: Callable[[dict[str, bytes]], None] = lambda _: None
        #: Said once each instead of the digest of what was understood.
        self.understood: list[str] = []
        self.change_details: Callable[[dict[str, Any]], dict[str, Any]] = lambda details: details
        self.change_receipt: Callable[[wire.Receipt], wire.Receipt] = lambda receipt: receipt
        self.lock = threading.RLock()

    def fail(self, method: str, part: str, status: int, times: int = 1, **headers: str) -> None:
        """Answer the next ``times`` such requests with ``status``, without reading their body."""

        def action(handler: "Handler") -> None:
            handler.close_connection = True
            handler.answer(
                status, headers={name.replace("_", "-"): value for name, value in headers.items()}
            )

        self.faults += [Fault(method, part, action)] * times

    def cut_patch(self, after_bytes: int) -> None:
        """Take ``after_bytes`` of the next PATCH, then hang up."""

        def action(handler: "Handler") -> None:
            upload = self.uploads[handler.path.split("/")[3]]
            upload.data += handler.rfile.read(after_bytes)
            handler.close_connection = True
            handler.connection.close()

        self.faults.append(Fault("PATCH", "/api/uploads/", action))

    def on(self, method: str, part: str, action: Callable[["Handler"], None]) -> None:
        """Do ``action`` instead, once, when such a request comes."""
        self.faults.append(Fault(method, part, action))

    def fault_for(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.method == method and fault.part in path:
                    self.faults.remove(fault)
                    return fault
        return None

    def admit(self, upload: FakeUpload) -> None:
        data = bytes(upload.data)
        upload.admitted = True
        self.originals[upload.sha256] = data
        if upload.sha256 in self.clips:
            return
        clip_id = str(uuid.uuid4())
        facts = {
            "clip": clip_id,
            "sha256": upload.sha256,
            "sm3": upload.sm3,
            "size_bytes": upload.size_bytes,
        }
        salt, details = os.urandom(32), self.change_details(upload.details())
        entry = Entry(
            kind="clip.admitted",
            item=f"clip:{clip_id}",
            item_seq=0,
            item_prev=None,
            at=datetime.now(UTC),
            actor=ActorSnapshot("station", "station", "station-key", "127.0.0.1"),
            outcome="ok",
            facts=facts,
            commitment=commit_details(details, salt),
        ).encode()
        index = self.log.append(entry)
        self.clips[upload.sha256] = Clip(
            clip_id, index, entry, salt, details, upload.sha256, upload.sm3, upload.size_bytes
        )

    def receipt(self, clip: Clip) -> str:
        size = len(self.log.leaves)
        receipt = wire.Receipt(
            clip_id=clip.id,
            sha256=clip.sha256,
            sm3=clip.sm3,
            size_bytes=clip.size_bytes,
            origin=ORIGIN,
            index=clip.index,
            entry=clip.entry,
            salt=clip.salt,
            details=clip.details,
            checkpoint=self.log.checkpoint(self.log_key),
            proof=prove_inclusion(clip.index, size, self.log.reader().read),
            issued_at=datetime.now(UTC),
        )
        return wire.sign_receipt(self.change_receipt(receipt), self.signing_key)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    archive: FakeArchive

    def log_message(self, *_: Any) -> None:
        """Tests look at `requests`."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.archive.dates or super().date_time_string(timestamp)

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def json(self, status: int, value: object) -> None:
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def handle_any(self) -> None:
        archive = self.archive
        archive.requests.append((self.command, self.path))
        if (fault := archive.fault_for(self.command, self.path)) is not None:
            fault.action(self)
            return
        with archive.lock:
            open_paths = ("/api/stations/enrol", "/api/stations/challenge", "/api/stations/session")
            if self.path.startswith("/log/") or self.path in open_paths:
                self.public()
            elif self.headers.get("Authorization", "").removeprefix("Bearer ") in archive.bearers:
                self.private()
            else:
                self.body()
                self.json(401, {"error": "signed_out", "detail": "sign in"})

    def public(self) -> None:
        archive = self.archive
        if self.path.startswith("/log/tile/"):
            tile = archive.log.tiles.get(self.path.removeprefix("/log/"))
            self.answer(404) if tile is None else self.answer(200, tile)
            return
        if self.path == "/log/checkpoint":
            note = archive.shown_checkpoint or archive.log.checkpoint(archive.log_key)
            self.answer(200, note.encode()) if archive.log.leaves else self.answer(404)
            return
        if self.path == "/log/keys":  # it has never said anything of its keys
            self.json(200, {"entries": []})
            return
        value = json.loads(self.body())
        if self.path.endswith("/enrol"):
            if value["token"] != "good-token":
                self.json(403, {"detail": "no such token"})
                return
            station_id = str(uuid.uuid4())
            archive.stations[station_id] = NoteVerifier.parse(value["verifier_key"])
            self.json(
                201,
                {
                    "station_id": station_id,
                    "origin": ORIGIN,
                    "log_key": archive.log_key.verifier.vkey,
                    "receipt_key": archive.receipt_key.verifier.vkey,
                },
            )
        elif value["station_id"] not in archive.stations:
            self.json(401, {"detail": "no such station"})
        elif self.path.endswith("/challenge"):
            nonce = archive.nonces[value["station_id"]] = uuid.uuid4().hex
            self.json(200, {"nonce": nonce})
        else:
            assert archive.nonces.pop(value["station_id"]) == value["nonce"]
            verifier = archive.stations[value["station_id"]]
            signature = base64.b64decode(value["signature"])
            verifier.public.verify(signature, wire.challenge_message(value["nonce"]))
            bearer = uuid.uuid4().hex
            archive.bearers.add(bearer)
            self.json(200, {"token": bearer, "expires_in_s": 3600})

    def private(self) -> None:
        if self.path == "/api/stations/status":
            self.archive.statuses.append(json.loads(self.body()))
            self.answer(204)
        elif self.path == "/api/stations/cosignatures":
            self.archive.cosignatures.append(json.loads(self.body()))
            self.answer(204)
        elif self.path == "/api/dock-sessions":
            self.take_manifest()
        elif self.path == "/api/uploads":
            self.create()
        else:
            upload = self.archive.uploads.get(self.path.split("/")[3])
            if upload is None or upload.refused:
                self.body()
                self.answer(404 if upload is None else 410)
            elif self.path.endswith("/receipt"):
                if upload.admitted:
                    self.answer(
                        200, self.archive.receipt(self.archive.clips[upload.sha256]).encode()
                    )
                else:
                    self.answer(202, headers={"Retry-After": "0.1"})
            elif self.command == "HEAD":
                offset = upload.size_bytes if upload.admitted else len(upload.data)
                self.answer(200, headers={"Upload-Offset": str(offset)})
            elif self.command == "DELETE":
                del self.archive.uploads[self.path.split("/")[3]]
                self.answer(204)
            else:
                self.append(upload)

    def take_manifest(self) -> None:
        note = self.body().decode()
        for verifier in self.archive.stations.values():
            try:
                manifest = wire.open_manifest(note, verifier)
            except LogError:
                continue
            self.archive.manifests.append(note)
            self.archive.sessions.add(manifest.session_id)
            answers = self.archive.session_answers
            self.json(201, {"id": answers.pop(0) if answers else manifest.session_id})
            return
        self.json(400, {"detail": "of no station"})

    def create(self) -> None:
        pairs = [part.split(" ") for part in self.headers["Upload-Metadata"].split(",")]
        values = {name: base64.b64decode(value) for name, value in pairs}
        self.archive.change_announcement(values)
        size, sha256 = int(self.headers["Upload-Length"]), values["sha256"].decode()
        most = self.archive.refuse_larger_than
        if most is not None and size > most:
            self.answer(507)
            return
        try:
            announcement = read_announcement(size, values)
        except AnnouncementError as error:
            self.json(400, {"error": "announcement", "detail": str(error)})
            return
        if (status := self.archive.refused_names.get(values["filename"])) is not None:
            self.json(status, {"error": "refused", "detail": "not this one"})
            return
        session = values.get("dock_session")
        if session is not None and session.decode() not in self.archive.sessions:
            self.json(424, {"error": "dock_session", "detail": "no list of it"})
            return
        upload_id = str(uuid.uuid4())
        upload = FakeUpload(size, sha256, values["sm3"].decode(), values)
        self.archive.uploads[upload_id] = upload
        digests = self.archive.understood
        headers = {
            "Location": f"/api/uploads/{upload_id}",
            "Upload-Announcement": digests.pop(0) if digests else digest_of(announcement),
        }
        if self.archive.locations:
            headers["Location"] = self.archive.locations.pop(0)
        if sha256 in self.archive.clips:
            upload.admitted = True
            headers["Upload-Offset"] = str(size)
        self.answer(201, headers=headers)

    def append(self, upload: FakeUpload) -> None:
        offset = upload.size_bytes if upload.admitted else len(upload.data)
        if int(self.headers["Upload-Offset"]) != offset:
            self.close_connection = True
            self.answer(409, headers={"Upload-Offset": str(offset)})
            return
        upload.data += self.body()
        if not upload.admitted and len(upload.data) == upload.size_bytes:
            found = (
                hashlib.sha256(upload.data).hexdigest(),
                hashlib.new("sm3", upload.data).hexdigest(),
            )
            if found != (upload.sha256, upload.sm3):
                upload.refused = True
                self.answer(460)
                return
            self.archive.admit(upload)
        offset = upload.size_bytes if upload.admitted else len(upload.data)
        self.answer(204, headers={"Upload-Offset": str(offset)})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


@contextmanager
def serving(archive: FakeArchive, port: int = 0) -> Iterator[str]:
    """Serve ``archive``; gives its address."""
    handler = type("BoundHandler", (Handler,), {"archive": archive})
    server = _Server(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
