"""What `liuhen log recover` says."""

RECOVER_WORDS: dict[str, tuple[str, str]] = {
    "verify.restored": (
        "{what}请运行 liuhen log recover --dry-run（运维手册“备份与恢复”）",
        "{what} Run liuhen log recover --dry-run (operations guide, “Backup and restore”).",
    ),
    "recover.whole": (
        "没有需要补回的：数据库、存储与已签发的 {size} 条日志一致",
        "nothing to recover: database and store agree with the {size} entries that were signed",
    ),
    "recover.left": (
        (
            "没有采用 {source}：应当签名的密钥没有都签，或签名的密钥已经停用；"
            "它不是本日志签发的，请保存一份，再运行 liuhen verify --all"
        ),
        (
            "left aside: {source}. Not all keys that must sign have signed it, or one that was "
            "retired has: it is not the log’s own. Keep a copy, then run liuhen verify --all"
        ),
    ),
    "recover.would": (
        "只是试算，没有写入任何内容；去掉 --dry-run 才会补回",
        "this was a trial, nothing was written; without --dry-run it is done",
    ),
    "recover.progress": ("已补回 {done}/{total} 条日志", "{done} of {total} entries written"),
    "recover.replayed": (
        (
            "日志 {size} 条；从备份时的 {first} 条起补回 {written} 条，认出等待中的 {matched} 条，"
            "恢复后新记的 {followed} 条接在后面"
        ),
        (
            "the log has {size:entry|entries}; the copy ended at {first}: {written} written again, "
            "{matched} found waiting, {followed} appended since follow behind them"
        ),
    ),
    "recover.store": (
        "存储：从 {tiles} 条起重写日志文件，补回 {archived} 个检查点",
        (
            "store: files of the log written again from entry {tiles} on, "
            "{archived} checkpoints put back"
        ),
    ),
    "recover.heads": (
        "检查点 {checkpoints} 个、联署 {cosignatures} 个、时间戳 {timestamps} 个已补回数据库",
        (
            "back in the database: {checkpoints:checkpoint|checkpoints}, "
            "{cosignatures:cosignature|cosignatures}, {timestamps:timestamp|timestamps}"
        ),
    ),
    "recover.papers": (
        (
            "读了 {files} 个文件：取回 {taken} 条的细节，{known} 条本来就有，"
            "{misfits} 份与日志不符，没有采用"
        ),
        (
            "{files:file|files} read: details of {taken} entries taken back, {known} were there, "
            "{misfits} do not fit the log and were left"
        ),
    ),
    "recover.details_gone": (
        "{count} 条日志的细节丢失（条目本身完好）：",
        "the details of {count:entry|entries} are gone (the entries themselves stand):",
    ),
    "recover.details_item": ("  {item}：{count} 条", "  {item}: {count}"),
    "recover.gone": (
        "不能补回、要由人处理的 {count} 项：",
        "{count} things that people have to see to:",
    ),
    "recover.more": ("  ……另有 {count} 项，见 --json", "  … and {count} more, see --json"),
    "recover.original.whole": ("原始件完好", "its original is whole"),
    "recover.original.altered": ("原始件被改动", "its original was altered"),
    "recover.original.missing": ("原始件缺失", "its original is missing"),
    "recover.gone.clip": (
        (
            "  录像 {id}（SHA-256 {sha256}）：{original}；请用 --receipts 交上采集站的回执，"
            "或把同样的文件再接收一次"
        ),
        (
            "  recording {id} (SHA-256 {sha256}): {original}; bring its station’s receipt with "
            "--receipts, or hand the same file in again"
        ),
    ),
    "recover.gone.original": (
        "  录像 {id}（SHA-256 {sha256}）：原始件缺失；从存储的其他副本放回，或把同样的文件再交一次",
        (
            "  recording {id} (SHA-256 {sha256}): its original is missing; put it back from "
            "another copy of the store, or hand the same file in again"
        ),
    ),
    "recover.gone.rendition": (
        "  衍生件 {id}：没有录像的行，要先补回录像",
        "  rendition {id}: has no row; its recording comes first",
    ),
    "recover.gone.name": (
        "  录像的另一个名称 {id}：名称丢失",
        "  further name {id}: what it was is lost",
    ),
    "recover.gone.link": (
        "  关联 {id}：案件或录像没有补回；办案人重新关联",
        "  link {id}: its case or recording is not back; whoever handles the case links it again",
    ),
    "recover.gone.case": (
        "  案件 {id}：案号、案由丢失；办案人重新立案并关联录像",
        "  case {id}: number and matter are lost; whoever handles it creates and links it again",
    ),
    "recover.gone.station": (
        "  采集站 {id}：名称丢失；管理员重新登记",
        "  station {id}: its name is lost; the administrator enrols it again",
    ),
    "recover.gone.dock_session": (
        "  采集批次 {id}：清单丢失；用 --receipts 指向采集站的数据文件夹",
        "  dock session {id}: its list is lost; point --receipts at the station’s home",
    ),
    "recover.gone.user": (
        "  用户 {id}：账号名丢失；管理员重新添加",
        "  user {id}: the account’s name is lost; the administrator adds it again",
    ),
    "recover.gone.password": (
        "  用户 {id}：备份之后改过密码，旧密码已作废；liuhen users reset-password",
        (
            "  user {id}: the password is younger than the copy, the old one is void; "
            "liuhen users reset-password"
        ),
    ),
}
