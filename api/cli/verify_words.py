"""What verifications say to people, in both languages."""

VERIFY_WORDS: dict[str, tuple[str, str]] = {
    "verify.good": (
        "全部一致：{clips} 条录像、{renditions} 个衍生件、{entries} 条日志，重读 {bytes}",
        (
            "all good: {clips:clip|clips}, {renditions:rendition|renditions}, "
            "{entries:entry|entries}, {bytes} read again"
        ),
    ),
    "verify.bad": (
        "{findings} 项不符，{unchecked} 项无法核验",
        "{findings:finding|findings}, {unchecked} could not be checked",
    ),
    "verify.tree": (
        "检查点：{size} 条，根 {root}",
        "checkpoint: {size:entry|entries}, root {root}",
    ),
    "verify.continues": (
        "接续所留存的检查点：{size} 条，根 {root}",
        "continues the checkpoint that was kept: {size:entry|entries}, root {root}",
    ),
    "verify.not_recorded": (
        "这次核验没有写入任何内容，因此没有记入日志",
        "nothing was written by this run, so the log has no entry of it",
    ),
    "verify.no_tree": ("日志尚未发布", "nothing is published yet"),
    "verify.waiting": (
        "另有 {count} 条日志待发布",
        "{count:entry more is|entries more are} waiting to be published",
    ),
    "verify.more": ("……另有 {count} 项", "… and {count} more"),
    "verify.unrecorded": (
        "这次核验没有记入日志：{reason}",
        "this verification is not in the log: {reason}",
    ),
    "verify.stopped": (
        "核验被中断；以下是到此为止的发现，其余部分没有核验",
        "the verification was interrupted; this is what was found so far, the rest was not checked",
    ),
    "verify.sample": (
        "抽样：检查点（{size} 条）之下的 {population} 条录像中，重读 {drawn} 条",
        "sample: {drawn} of {population:clip|clips} under the checkpoint of {size:entry|entries}",
    ),
    "verify.sample_held": (
        "原始件：{held} 条一致，{failed} 条不符，{unread} 条未能读出",
        "originals: {held} as admitted, {failed} not, {unread} could not be read",
    ),
    "verify.coverage": (
        (
            "重读过的录像：累计 {ever}/{clips} 条（{ever_bytes}/{bytes}），"
            "近 12 个月 {year} 条（{year_bytes}）"
        ),
        (
            "ever read again: {ever} of {clips:clip|clips} ({ever_bytes} of {bytes}); "
            "within 12 months: {year} ({year_bytes})"
        ),
    ),
    "verify.oldest": (
        "入库后从未重读的录像中最早的一条：{clip}，{at} 入库，已 {days} 天",
        "the oldest clip never read again: {clip}, admitted {at}, {days:day|days} ago",
    ),
    "verify.all_reread": (
        "每条录像都至少重读过一次",
        "every clip was read again at least once",
    ),
    "verify.own_checkpoint": (
        "样本取自最新的检查点。要让任何人都不能挑选样本：先留存检查点，再选种子，用 --against 指定",
        (
            "drawn from the newest checkpoint. So that nobody can choose the sample, keep a "
            "checkpoint first, choose the seed after that, and name it with --against"
        ),
    ),
    "verify.statement": ("已签名的声明：{path}", "signed statement: {path}"),
    "verify.no_statement": (
        "没有声明：这里没有签名的密钥，或者样本没有抽完",
        "no statement: no key to sign it with is at hand, or the sample could not be drawn",
    ),
}
