"""Writes keys.json: checkpoints signed by two kinds of key, and the entries that change them.

Run as ``python -m tests.assets.log.make_key_vectors``. The keys are for tests only. An ML-DSA-44
signature comes out anew each time, so the file is verified, not made again, by the tests.
"""

import json
from pathlib import Path
from typing import Any

from custody.log.checkpoint import Checkpoint
from custody.log.key_history import follow_keys
from custody.log.merkle import hash_leaf, root_of
from custody.log.note import sign_note
from tests.services.key_sets import ORIGIN, announced, generation, retired

TARGET = Path(__file__).parent / "keys.json"
#: The first keys name themselves, then who follows, and are retired by them.
ENTRIES = (announced(1, 1), announced(2, 1), retired(1, 2))


def make() -> dict[str, Any]:
    """Everything that stands in keys.json; of each size the checkpoint as the log signs it."""
    entries = [entry.encode() for entry in ENTRIES]
    history = follow_keys(generation(1).log.verifier, enumerate(ENTRIES))
    signers = [key for number in (1, 2) for key in generation(number).signers]
    checkpoints = []
    for size in range(1, len(entries) + 1):
        required = history.trusted.required(size)
        text = Checkpoint(ORIGIN, size, root_of(list(map(hash_leaf, entries[:size])))).encode()
        note = sign_note(text, [key for key in signers if key.verifier in required])
        checkpoints.append({"note": note, "required": [one.vkey for one in required]})
    return {
        "keys": [{"secret": key.secret_text(), "vkey": key.verifier.vkey} for key in signers],
        "entries": [entry.decode() for entry in entries],
        "checkpoints": checkpoints,
        "trusted": history.trusted.to_json(),
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
