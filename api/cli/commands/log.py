"""`liuhen log`."""

from api.cli.lazy import group

command = group(
    "log",
    "The custody log: entries, keys, checkpoint, witnesses, verification.",
    show="log_show",
    verify="log_verify",
    vkey="log_vkey",
    rotate_key="log_rotate_key",
    retire_key="log_retire_key",
    checkpoint="log_checkpoint",
    prove="log_prove",
    mirror="log_mirror",
    recover="log_recover",
    witnesses="log_witnesses",
    stamp="log_stamp",
    stamps="log_stamps",
    destroy_details="log_destroy_details",
)
