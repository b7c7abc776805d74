"""Which signer the configuration names, and what stands around its key."""

from api.config import Config
from custody.publishing.checked_signer import CheckedSigner
from custody.publishing.key_folder import KeyFolder
from custody.publishing.key_lock import KeyLock
from custody.publishing.signer import Signer
from custody.publishing.signer_client import RemoteSigner
from custody.publishing.signing import TreeSigner
from storage.objects import ObjectStore

#: In the keys' folder: what the signer last signed.
SIGNER_STATE = "signer-state.json"


def signer_of(
    config: Config, keys: KeyFolder, store: ObjectStore, *, is_copy: bool = False
) -> TreeSigner:
    """The signer that ``signer`` names, asked over its socket; else the one in this process.

    ``keys`` may be public halves where it is another process. Of a copy nothing is ever signed.
    """
    if config.signer:
        return RemoteSigner(
            config.signer,
            keys.keys,
            config.origin,
            secret=config.signer_secret,
            optional=is_copy,
        )
    return CheckedSigner(own_signer(config, keys), store, KeyLock(config.keys_folder).hold)


def own_signer(config: Config, keys: KeyFolder) -> Signer:
    """The keys with the memory that stands beside them."""
    return Signer(keys.keys, config.keys_folder / SIGNER_STATE, config.origin)
