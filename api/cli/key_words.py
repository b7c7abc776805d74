"""What the commands say that change the log's keys."""

KEY_WORDS: dict[str, tuple[str, str]] = {
    "failure.not_confirmed": (
        "没有确认，什么都没有做；确认请加 --yes",
        "not confirmed, and nothing was done; --yes says so beforehand",
    ),
    "rotate.ask": (
        "为日志生成新密钥，并在旧密钥之下公布？",
        "Make new keys for the log and announce them under the old ones?",
    ),
    "rotate.begun": (
        "新密钥已公布，从此新旧都签名。新公钥依次为日志、回执、日志（ML-DSA-44）：",
        "the new keys are announced; old and new sign. New: log, receipts, log (ML-DSA-44):",
    ),
    "rotate.under_way": (
        "换密钥已在进行，新旧都在签名。新公钥依次为日志、回执、日志（ML-DSA-44）：",
        "a change is under way; old and new sign. New: log, receipts, log (ML-DSA-44):",
    ),
    "rotate.next": (
        "请备份 keys/，把新公钥交给见证方和审计方；{days} 天后用 liuhen log retire-key 停用旧密钥",
        "back keys/ up, give these to witnesses, auditors; in {days} days: log retire-key",
    ),
    "retire.ask": (
        "停用日志的旧密钥并销毁其私钥？此事不可撤回",
        "End the log's old keys and destroy their private halves? This can't be undone",
    ),
    "retire.early": (
        "旧密钥 {until:%Y-%m-%d %H:%M} 起才能停用，工作站和见证方要先换用新密钥；失窃时用 --now",
        (
            "they may be ended from {until:%Y-%m-%d %H:%M} on: stations and witnesses must take "
            "the new ones first; after a theft: --now"
        ),
    ),
    "retire.no_reason": ("--now 之后请写明理由", "say why after --now"),
    "retire.unpublished": (
        "新密钥还没有公布出去，旧密钥不能停用；先让日志公布（liuhen serve），再试",
        "the new keys are not published yet; let liuhen serve publish the log, then try again",
    ),
    "retire.done": (
        "旧密钥已停用，私钥已销毁，公钥留在 keys/retired/；签过的仍有效。备份里的旧私钥也请销毁",
        (
            "the old keys are ended and destroyed, public halves kept in keys/retired/; what they "
            "signed stays good. Destroy the old private keys in backups too"
        ),
    ),
    "retire.nothing": ("没有要停用的旧密钥", "there are no old keys to end"),
    "retire.again": (
        "旧密钥已停用，但日志尚未公布；公布之后再执行一次，以销毁私钥",
        "the old keys are ended; once the log is published, run this again to destroy them",
    ),
}
