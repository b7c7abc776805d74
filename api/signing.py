"""Which signer the configuration names, and what stands around its key."""

from api.config import Config
from custody.log.note import NoteSigner
from custody.publishing.checked_signer import CheckedSigner
from custody.publishing.key_lock import KeyLock
from custody.publishing.signer import Signer
from storage.objects import ObjectStore

#: In the keys' folder: what the signer last signed.
SIGNER_STATE = "signer-state.json"


def signer_of(config: Config, key: NoteSigner, store: ObjectStore) -> CheckedSigner:
    """The signer in this process, with the memory that stands beside its key."""
    signer = Signer(key, config.keys_folder / SIGNER_STATE, config.origin)
    return CheckedSigner(signer, store, KeyLock(config.keys_folder).hold)
