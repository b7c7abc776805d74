"""What the commands of the log say: proofs, mirrors, witnesses, timestamps."""

LOG_WORDS: dict[str, tuple[str, str]] = {
    "failure.not_published": (
        "第 {entry} 号日志尚未公布（已公布 {size} 条）",
        "entry {entry} is not published yet ({size} are)",
    ),
    "proved": (
        "第 {entry} 号日志在已签名的 {size} 条之中：证明 {proof}，原文 {bytes}",
        "entry {entry} is among the {size} signed: proof {proof}, its bytes {bytes}",
    ),
    "mirrored": (
        "镜像 {folder}：共 {size} 条日志，新增 {new} 条",
        "mirror {folder}: {size} entries, {new} of them new",
    ),
    "checkpoint.unpublished": (
        "现在无法发布，以下只是先前公布的检查点：{reason}",
        "nothing can be published now, this checkpoint is one of before: {reason}",
    ),
    "checkpoint.behind": (
        "检查点未包含最近的 {count} 条日志，最早一条已等 {seconds} 秒",
        (
            "{count:entry is|entries are} not in this checkpoint, "
            "the oldest has waited for {seconds} s"
        ),
    ),
    "lag.waiting": (
        "另有 {count} 条日志待发布，最早一条已等 {seconds} 秒",
        (
            "{count:entry more is|entries more are} waiting to be published, "
            "the oldest for {seconds} s"
        ),
    ),
    "lag.overdue": (
        "有日志条目超过 {seconds} 秒没有发布：请查看服务日志，必要时重启服务",
        (
            "entries wait for longer than {seconds} s: look at the service's log file, "
            "and restart it if need be"
        ),
    ),
    "witnesses.unnamed": ("没有指定见证方", "no witness is named"),
    "witnesses.failing": ("{name}：{reason}（自 {since}）", "{name}: {reason} (since {since})"),
    "witnesses.met": ("已见证：{size} 条", "witnessed: {size} entries"),
    "witnesses.not_met": (
        "尚未见证：公布 {size} 条，已见证 {witnessed} 条，自 {since}",
        "not yet witnessed: {size} entries, {witnessed} of them witnessed, since {since}",
    ),
    "mirrored.missing": (
        "缺时间戳：{path}（日志说收到过）",
        "a timestamp is missing: {path} (the log says it was received)",
    ),
    "stamp.stamped": (
        "已盖时间戳  {authority}  {size} 条  {at}",
        "stamped      {authority}  {size:entry|entries}  {at}",
    ),
    "stamp.standing": (
        "此前已盖    {authority}  {size} 条  {at}",
        "had stamped  {authority}  {size:entry|entries}  {at}",
    ),
    "stamp.busy": (
        "正在请求    {authority}（另一个进程）",
        "busy         {authority} (another process is asking it)",
    ),
    "stamp.failed": (
        "未盖        {authority}  {reason}",
        "not stamped  {authority}  {reason}",
    ),
    "stamp.failing": (
        "{authority}：{reason}；自 {since} 起，共 {failures} 次，会自动再试",
        "{authority}: {reason}; since {since}, {failures:time|times}, and will be tried again",
    ),
    "stamps_total": ("共 {total} 个", "{total:timestamp|timestamps}"),
    "stamps_total.some": (
        "共 {total} 个，列出 {shown} 个",
        "{shown} of {total:timestamp|timestamps}",
    ),
    "failure.no_authority": (
        "没有配置时间戳机构；在 liuhen.toml 里写 timestamp_authorities（docs/operations.md）",
        (
            "no time-stamping authority is configured; name a list of them in liuhen.toml "
            "(timestamp_authorities, see docs/operations.md)"
        ),
    ),
}
