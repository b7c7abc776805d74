"""What `liuhen-verify` and `liuhen-witness` say, in Chinese and English."""

LANGUAGES = ("zh", "en")

_TEXTS: dict[str, tuple[str, str]] = {
    "about": (
        "不需要数据库，也不需要网络：用公钥核验日志镜像、证明、回执、两个检查点或抽样声明。",
        "Check a mirror, a proof, a receipt, a pair or a statement, with public keys alone.",
    ),
    "epilog": (
        "退出码：0 全部成立；1 有不成立之处；2 无法核验；64 用法错误。",
        "Exit codes: 0 all holds; 1 something does not; 2 it could not be checked; 64 wrong usage.",
    ),
    "help.arguments": ("参数", "arguments"),
    "help.commands": ("命令", "commands"),
    "help.options": ("选项", "options"),
    "help.help": ("显示这份说明", "show this help and exit"),
    "help.proof_file": ("证明文件，由 liuhen log prove 写出",
                        "the proof, as `liuhen log prove` writes it"),
    "help.receipt_file": ("入库回执", "the receipt"),
    "help.statement_file": ("抽样核验声明，由 liuhen verify --sample 写出",
                            "the statement, as `liuhen verify --sample` signs it"),
    "help.checkpoint_files": ("两个检查点的文件，先后不限", "two checkpoints, in either order"),
    "help.mirror": ("通读整个镜像", "read a whole mirror"),
    "help.proof": ("核验一条日志的证明", "check the proof of one entry"),
    "help.receipt": ("核验回执，并可与录像文件对照", "check a receipt, and a recording against it"),
    "help.pair": ("核验两个检查点是否属于同一历史", "check that two checkpoints are one history"),
    "help.statement": ("核验抽样声明：签名、样本、重读情况，与镜像对照",
                       "check a statement on a sample: signatures, choice, coverage"),
    "help.log": ("日志公钥（liuhen log vkey 的第一行），或存放它的文件；再给第三行，则须有两种签名",
                 "key of the log (line 1 of `liuhen log vkey`) or a file; with line 3 too, both"),
    "help.receipts": ("回执公钥（第二行），或存放它的文件",
                      "the receipts' key (second line), or a file with it"),
    "help.policy": ("见证策略文件（C2SP tlog-policy）", "witness policy (C2SP tlog-policy)"),
    "help.entry": ("日志条目的原文", "file with the entry's bytes"),
    "help.recording": ("录像文件：其校验值须与回执一致", "recording that the receipt must be for"),
    "help.folder": ("镜像文件夹", "folder of the mirror"),
    "help.of_mirror": ("镜像文件夹：须属于同一历史", "mirror that must be of the same history"),
    "help.json": ("输出 JSON", "print JSON"),
    "help.lang": ("语言", "language"),
    "holds": ("成立", "holds"),
    "fails": ("不成立", "does not hold"),
    "unchecked": ("无法核验", "could not be checked"),
    "mirror": (
        "{entries} 条日志、{items} 个对象的历史、跟随过 {followed} 个检查点；根 {root}",
        "entries: {entries}; histories: {items}; checkpoints followed: {followed}; root {root}",
    ),
    "problem": ("{where}：{message}", "{where}: {message}"),
    "not_yet_witnessed": (
        "见证到第 {size} 条为止，其后 {later} 条尚未见证",
        "witnessed up to {size} entries, {later} after them not yet",
    ),
    "witnessed": ("由 {names} 联署", "cosigned by {names}"),
    "proof": (
        "第 {index} 号日志在已签名的日志树中：{kind} {item} {at}",
        "entry {index} stands in the signed log: {kind} {item} {at}",
    ),
    "receipt": (
        "证据 {clip}，SHA-256 {sha256}，{size} 字节，日志第 {index} 号",
        "clip {clip}, SHA-256 {sha256}, {size} bytes, log entry {index}",
    ),
    "recording": ("录像文件与回执一致", "the recording is the receipt's"),
    "of_mirror": ("与该镜像属于同一历史", "of the same history as the mirror"),
    "statement": (
        "种子“{seed}”从 {population} 条录像中抽出的正是这 {clips} 条",
        "the seed {seed} picks exactly these {clips} out of {population} clips",
    ),
    "statement.good": (
        "档案系统声明：重读的原始件全部与入库时一致，核验没有发现问题",
        "the archive states: every original is as admitted, and nothing was found",
    ),
    "statement.found": (
        "档案系统声明有问题：发现 {findings} 项，无法核验 {unchecked} 项，未确认的录像 {clips} 条",
        "the archive states findings: {findings}, unchecked: {unchecked}, clips not held: {clips}",
    ),
    "statement.reread": (
        "{clips} 条录像中，累计重读过 {ever} 条，近 12 个月 {year} 条",
        "of {clips} clips {ever} were ever read again, {year} within 12 months",
    ),
    "statement.oldest": (
        "从未重读的录像中最早的一条：{clip}，已 {days} 天",
        "the oldest clip never read again: {clip}, {days} days",
    ),
    "witness.about": (
        "日志的见证方：只联署延续其所见历史的检查点（C2SP tlog-witness）。",
        "A witness of the log: cosigns what continues the history it has seen (C2SP tlog-witness).",
    ),
    "help.witness.folder": ("见证方的文件夹", "folder of the witness"),
    "help.witness.init": ("生成密钥与配置", "make keys and configuration"),
    "help.witness.name": ("名称，如 witness.example/w1", "its name, such as witness.example/w1"),
    "help.witness.vkey": ("输出公钥", "print its verifier keys"),
    "help.witness.listen": ("监听的地址和端口", "address and port to listen on"),
    "help.witness.serve": ("开始见证，直至停止", "witness until stopped"),
    "pair": ("两个检查点属于同一历史", "both checkpoints are of one history"),
}  # fmt: skip


def say(language: str, key: str, **values: object) -> str:
    """The text under ``key``."""
    return _TEXTS[key][LANGUAGES.index(language)].format(**values)
