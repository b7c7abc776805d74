"""A signer of its own beside a home, with the key that the server no more has."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from api.config import Config, load_config_without_rows
from api.services import SIGNER_STATE
from api.signing import own_signer
from api.stores import build_store
from custody.publishing.key_folder import KeyFolder
from custody.publishing.keys import load_signing_keys
from custody.publishing.signer_desk import SignerDesk
from custody.publishing.signer_server import UnixSignerServer
from storage.durable import make_folder


@dataclass(frozen=True)
class SignerHome:
    """The home of a signer that has what it needs and no more."""

    folder: Path

    @property
    def socket(self) -> Path:
        return self.folder / "signer.sock"

    @property
    def state(self) -> Path:
        return self.folder / "keys" / SIGNER_STATE

    @property
    def address(self) -> str:
        return f"unix:{self.socket}"

    def config(self) -> Config:
        return load_config_without_rows(self.folder, environment={})

    @contextmanager
    def listening(self) -> Iterator[None]:
        """The signer, in a thread."""
        config = self.config()
        keys = KeyFolder(config.keys_folder, config.origin, load_signing_keys)
        desk = SignerDesk(own_signer(config, keys), build_store(config, read_only=True))
        with UnixSignerServer(desk, self.socket) as server:
            thread = threading.Thread(target=server.serve_forever, args=[0.02])
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


def part_signer(config: Config, folder: Path) -> tuple[Config, SignerHome]:
    """Move the log's key with its memory out of the server's home, as docs/operations.md says.

    The server's configuration from then on, and the signer's home.
    """
    make_folder(folder / "keys", mode=0o700)
    shutil.copy(config.keys_folder / "receipts.pub", folder / "keys")
    for name in ("log.key", "log-ml-dsa.key", SIGNER_STATE):
        if (config.keys_folder / name).exists():
            (config.keys_folder / name).rename(folder / "keys" / name)
    (folder / "liuhen.toml").write_text(
        f'origin = "{config.origin}"\nobjects = "{config.objects_address}"\n', encoding="utf-8"
    )
    home = SignerHome(folder)
    return replace(config, signer=home.address), home
