"""Errors of the log and of the programs around it in Chinese; English is each one's docstring."""

CHINESE = {
    "The log, or something that claims to be part of it, does not hold.": (
        "日志，或自称属于日志的内容，不成立。"
    ),
    "This is not in the canonical form.": "不是规范的格式。",
    "The details are not the ones the entry was committed to.": "细节与条目承诺的不符。",
    "The entries of this item do not follow one another.": "同一对象的条目前后接不上。",
    "The proof does not lead to the signed root.": "证明得不出签名的根哈希。",
    "This is not a note signed by a known key.": "不是认识的密钥签名的文本。",
    "The note is not a checkpoint of this log.": "不是本日志的检查点。",
    "A key that must sign the log's checkpoints has not signed this one.": (
        "须为日志的检查点签名的密钥没有为这一个签名。"
    ),
    "A key of the log has signed after it was retired.": "日志的密钥停用之后还签了名。",
    "This entry announces or retires no key of the log.": "这条日志没有公布或停用日志的密钥。",
    "A tile or entry bundle of the log is missing, damaged or out of place.": (
        "日志的哈希块或条目包缺失、损坏或放错了位置。"
    ),
    "This is not a receipt, or not one for this file.": "不是入库回执，或不是这个文件的。",
    "This is not a statement about a sample, or not of the sample that its seed picks.": (
        "不是抽样核验声明，或不是种子抽出的样本。"
    ),
    "This is not a policy.": "这不是见证策略。",
    "The witness does not cosign this checkpoint.": "见证方不联署这个检查点。",
    "Not enough witnesses have cosigned this checkpoint.": "联署这个检查点的见证方不够。",
    "The witness's configuration or key can't be used.": "见证方的配置或密钥不能用。",
    "A witness that does not know what it cosigned must not go on; put its state back.": (
        "见证方不知道自己联署过什么，不能继续；请把状态文件放回原处。"
    ),
    "Another witness runs with this folder.": "另一个见证方正在使用这个文件夹。",
    "It could not be checked.": "无法核验。",
    "The log can't be read there.": "那里读不到日志。",
    "The log has no such file.": "日志没有这个文件。",
    "This log shows another history than the one it showed before. Keep both checkpoints.": (
        "这份日志给出的历史与以前不同。请保存两个检查点。"
    ),
    "This log shows fewer entries than it did before: an older copy of it, or one that was cut.": (
        "这份日志比以前少了条目：是较旧的副本，或者被截断了。"
    ),
    "A file of the log is not what its signed root says.": "日志文件与签名的根不符。",
}


def explain(error: Exception, language: str) -> str:
    """What ``error`` says: its docstring in the language, and its detail as it is."""
    meaning = CHINESE.get(" ".join((type(error).__doc__ or "").split()))
    if language != "zh" or meaning is None:
        return str(error)
    detail = Exception.__str__(error)
    return f"{meaning.rstrip('。')}（{detail}）" if detail else meaning.rstrip("。")
