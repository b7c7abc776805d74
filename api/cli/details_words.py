"""What is said where details are destroyed on their legal date."""

DETAILS_WORDS: dict[str, tuple[str, str]] = {
    "failure.no_details_rule": (
        "没有配置销毁细节的规则；在 liuhen.toml 里写 [[details_rule]]（docs/operations.md）",
        (
            "no rule for details is configured; write [[details_rule]] in liuhen.toml "
            "(see docs/operations.md)"
        ),
    ),
    "failure.no_such_rule": (
        "配置里没有名为 {name} 的规则",
        "the configuration has no rule called {name}",
    ),
    "details.separator": ("、", ", "),
    "details.progress": ("规则 {rule}：{count} 条", "rule {rule}: {count:entry|entries}"),
    "details.rule.new": (
        "规则 {rule}（新）：{kinds}，满 {days} 天",
        "rule {rule} (new): {kinds}, {days} days old",
    ),
    "details.rule.changed": (
        "规则 {rule}（已改动）：{kinds}，满 {days} 天；原为：{was_kinds}，满 {was_days} 天",
        "rule {rule} (changed): {kinds}, {days} days old; was: {was_kinds}, {was_days} days old",
    ),
    "details.rule.standing": (
        "规则 {rule}：{kinds}，满 {days} 天",
        "rule {rule}: {kinds}, {days} days old",
    ),
    "details.none": ("  没有到期的细节", "  no details are due"),
    "details.would": (
        "  将销毁 {count} 条日志的细节（{oldest} 至 {newest}）；条目本身保留",
        (
            "  would destroy the details of {count:entry|entries} ({oldest} to {newest}); "
            "the entries stay"
        ),
    ),
    "details.done": (
        "  已销毁 {count} 条日志的细节（{oldest} 至 {newest}）；条目本身保留",
        (
            "  destroyed the details of {count:entry|entries} ({oldest} to {newest}); "
            "the entries stay"
        ),
    ),
    "details.of_kind": ("    {kind}  {count}", "    {kind}  {count}"),
    "details.newly": (
        "  其中 {count} 条按此前生效的规则本会保留",
        "  {count:of them|of them} would be kept by the rule as it is in force now",
    ),
    "details.again": (
        "  {count} 条此前已销毁而数据库里又有（如恢复了旧备份）",
        "  {count} destroyed before that stand in the database again (an older backup, say)",
    ),
    "details.held": ("  {count} 条冻结保全，保留", "  {count} held, and kept"),
    "details.altered": (
        "  {count} 条与写入时不一致，没有销毁：先运行 liuhen verify",
        "  {count} not as they were appended, and left as they are: run liuhen verify first",
    ),
    "details.journal": (
        "  数据库日志文件（-wal）正被读取，旧内容还在其中；稍后再运行一次",
        (
            "  the database's journal (-wal) is being read and holds the old content; "
            "run this again later"
        ),
    ),
    "details.gone": (
        "细节已于 {at} 依规则 {rule} 销毁",
        "details destroyed on {at} under rule {rule}",
    ),
    "verify.destroyed": (
        "{count} 条日志的细节已于 {first} 依规则 {rule} 销毁（日志有据）",
        "details of {count:entry|entries} destroyed on {first} under rule {rule}, as the log says",
    ),
    "verify.destroyed.since": (
        "{count} 条日志的细节已于 {first} 至 {last} 依规则 {rule} 销毁（日志有据）",
        (
            "details of {count:entry|entries} destroyed from {first} to {last} under rule {rule}, "
            "as the log says"
        ),
    ),
}
