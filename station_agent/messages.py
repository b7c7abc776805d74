"""What the station says to people, in Chinese and English; programs get codes instead."""

from station_agent.reasons import code_of

_MESSAGES: dict[str, tuple[str, str]] = {
    # states of a file
    "state.seen": ("发现", "seen"),
    "state.settled": ("已稳定", "settled"),
    "state.hashed": ("已计算校验值", "hashed"),
    "state.sending": ("上传中", "sending"),
    "state.sent": ("已上传，等待回执", "sent, waiting for its receipt"),
    "state.received": ("已入库", "archived"),
    "state.released": ("已可清除", "released"),
    "state.failed": ("稍后重试", "to be tried again"),
    "state.refused": ("未接收", "refused"),
    "state.gone": ("文件已不在", "gone"),
    "work.settled": ("计算校验值", "hashing"),
    "work.sending": ("上传", "sending"),
    # reasons
    "reason.empty": ("空文件（有内容后会再次处理）", "empty (taken up again if it grows)"),
    "reason.unreadable": ("无读取权限", "no permission to read it"),
    "reason.read_error": ("读取出错", "reading failed"),
    "reason.vanished": ("文件已不在采集源上", "no longer on the source"),
    "reason.changed_while_read": ("读取时仍在变化", "changed while it was read"),
    "reason.not_a_regular_file": ("不是普通文件", "not a regular file"),
    "reason.server_refused": ("服务器不接收", "the server refuses it"),
    "reason.digest_mismatch": ("校验值不一致", "digests differ"),
    "reason.interrupted": ("连接中断", "the connection was cut"),
    "reason.server_error": ("服务器出错", "the server failed"),
    "reason.server_full": (
        "服务器磁盘放不下这个文件；腾出空间后会自动继续",
        "the archive's disk has no room for this file; it goes on by itself once there is",
    ),
    "reason.upload_gone": ("服务器上已无此上传", "the server dropped the upload"),
    "reason.bytes_needed": (
        "已上传，但服务器上没有；请把记录仪接回，会自动重新上传",
        "it was sent, but the archive has not got it; dock the recorder again, it is sent anew",
    ),
    "reason.not_watched": ("所在文件夹已不再监视", "its folder is no longer watched"),
    "reason.receipt_wrong": (
        "回执不能证明已入库，请通知管理员",
        "the receipt proves nothing; tell the administrator",
    ),
    "reason.log_rolled_back": (
        "存档给出的日志比以前旧",
        "the archive shows an older log than before",
    ),
    "reason.misnamed": (
        "存档里的名称或时间不是采集站报送的，请通知管理员",
        "the archive has another name or time than this station gave; tell the administrator",
    ),
    "reason.manifest_lost": (
        "存档已没有这份清单，采集站也不再保存",
        "the archive has lost it, and the station keeps it no more",
    ),
    "reason.unforeseen": ("意外错误", "an unforeseen error"),
    "reason.symlink": ("符号链接", "a symbolic link"),
    "reason.fifo": ("管道", "a FIFO"),
    "reason.socket": ("套接字", "a socket"),
    "reason.device": ("设备文件", "a device"),
    "reason.folder": ("是文件夹", "a folder (what is in it is taken)"),
    "reason.ignored": ("系统文件", "a file of the system"),
    "reason.station_home": ("采集站自己的文件夹", "the station's own folder"),
    # what is wrong with the station itself
    "reason.not_enrolled": (
        "采集站尚未登记：请向管理员要一个登记码，执行 liuhen-station enrol --token",
        "not enrolled: ask the administrator for a token, then liuhen-station enrol --token",
    ),
    "reason.station_refused": (
        "服务器拒绝本采集站；请联系管理员，已被停用的，用新的登记码重新登记，文件不会丢失",
        (
            "the server refuses this station; ask the administrator, and if it was revoked, enrol "
            "anew with a new token; nothing is lost"
        ),
    ),
    "reason.not_running": (
        "还有文件没有入库，但采集站程序没有运行；请启动它（liuhen-station run）",
        "files wait to be archived and the agent does not run; start it (liuhen-station run)",
    ),
    "reason.key_unusable": (
        "采集站密钥不能用；放回完好的一份，或用新的登记码重新登记",
        "the station's key can't be used; put a good copy back, or enrol anew with a new token",
    ),
    "reason.enrolment_unusable": (
        "登记信息读不出来；放回完好的一份，或用新的登记码重新登记",
        "the enrolment can't be read; put a good copy back, or enrol anew with a new token",
    ),
    "reason.trust_unusable": (
        "所记的存档日志读不出来；请保留此文件并通知审计人员，放回完好的一份，或用新的登记码重新登记",
        (
            "what was seen of the archive's log can't be read; keep this file, tell the auditor, "
            "and put a good copy back, or enrol anew with a new token"
        ),
    ),
    "reason.journal_unusable": (
        "采集记录读不出来；启动采集站程序，它会自行处理，文件不会丢失",
        "the journal can't be read; start the agent, which deals with it, nothing is lost",
    ),
    "reason.journal_blocked": (
        "采集记录的位置被别的东西占了；请把它移开，程序会重新建立采集记录，文件不会丢失",
        (
            "something else stands in the place of the journal; move it away, the agent begins the "
            "journal anew, nothing is lost"
        ),
    ),
    "reason.journal_read_only": (
        "采集记录是只读的；请给采集站的账户写权限，程序会自动继续，文件不会丢失",
        (
            "the journal is read-only; let the station's account write it, the agent goes on by "
            "itself, nothing is lost"
        ),
    ),
    "reason.home_read_only": (
        "采集站的文件夹是只读的；请给采集站的账户写权限，程序会自动继续，文件不会丢失",
        (
            "the station's folder is read-only; let its account write it, the agent goes on by "
            "itself, nothing is lost"
        ),
    ),
    "reason.disk_full": (
        "本机磁盘已满，请腾出空间；文件不会丢失",
        "the disk of this station is full, make room; nothing is lost",
    ),
    "reason.stale": (
        "采集站程序在运行，但没有动静；请重启它，文件不会丢失",
        "the agent runs but gives no sign of life; restart it, nothing is lost",
    ),
    # lines
    "skipped": ("跳过 {name}：{reason}", "skipped {name}: {reason}"),
    "folder": ("无法列出文件夹 {name}：{reason}", "can't list the folder {name}: {reason}"),
    "server.away": (
        "服务器暂不可用（{reason}）；会继续重试，文件不会丢失",
        "the server is away ({reason}); trying on, nothing is lost",
    ),
    "server.refuses": (
        (
            "服务器在线，但拒绝本采集站（{reason}）；文件不会丢失。请联系管理员；"
            "已被停用的，用新的登记码重新登记（liuhen-station enrol --token）"
        ),
        (
            "the server is there, but refuses this station ({reason}); nothing is lost. Ask the "
            "administrator; if it was revoked, enrol anew (liuhen-station enrol --token)"
        ),
    ),
    "server.back": ("服务器已恢复", "the server is back"),
    "alarm": (
        "警报：{reason}。不再相信新的回执，请立即通知管理员和审计人员",
        "ALARM: {reason}. New receipts are not believed; tell the administrator and the auditor",
    ),
    "alarm.file": ("警报：{name}：{reason}", "ALARM: {name}: {reason}"),
    "station": (
        "采集站本机故障：{reason}；会继续重试，文件不会丢失",
        "trouble on this station: {reason}; trying on, nothing is lost",
    ),
    "enrolled": (
        "采集站“{name}”已登记，编号 {id}",
        "the station “{name}” is enrolled as {id}",
    ),
    "already_enrolled": (
        "采集站已登记（编号 {id}）；要重新登记，请给出新的登记码",
        "the station is enrolled already as {id}; give a new token to enrol it anew",
    ),
    "no_token": (
        "采集站尚未登记：请向管理员要一个登记码，用 --token 给出",
        "this station is not enrolled: ask the administrator for an enrolment token (--token)",
    ),
    "enrolment_refused": (
        (
            "登记没有成功：登记码不对、用过或已过期，或者名称已有采集站在用。"
            "没有上传任何文件；请管理员发放新的登记码（存档的答复：{reason}）"
        ),
        (
            "not enrolled: the token is wrong, used or expired, or the name is taken. "
            "Nothing was sent; ask the administrator for a new token (the archive said: {reason})"
        ),
    ),
    "server_unreachable": ("无法连接服务器：{reason}", "the server can't be reached: {reason}"),
    "watching": (
        "采集站“{name}”正在监视 {count} 个文件夹，服务器 {server}",
        "the station “{name}” watches {count} folders for {server}",
    ),
    "summary": (
        "已入库 {received}，未接收 {refused}，待重试 {failed}，已不在 {gone}，未完成 {open}",
        "archived {received}, refused {refused}, to retry {failed}, gone {gone}, open {open}",
    ),
    "archived_before": (
        "已入库 {received} 个文件，其中 {before} 个此前已入库（内容相同，只存一份）",
        "files archived: {received}, of which archived already (same content): {before}",
    ),
    "skipped_count": (
        "跳过 {count} 个链接、管道等（不是普通文件，名称见上，也在 status 里）",
        "{count} skipped: links, FIFOs and the like (named above and in `status`)",
    ),
    "stopped": ("已停止；下次从中断处继续", "stopped; goes on from here next time"),
    # status
    "status.running": ("运行中", "running"),
    "status.not_running": ("未运行", "not running"),
    "status.files": ("文件", "files"),
    "status.current": ("正在处理", "at work on"),
    "status.refused": ("有问题的文件", "files with trouble"),
    "status.empty": ("空文件，不必处理", "empty files, nothing to be done"),
    "status.manifests_refused": (
        "存档未接收的清单（其中的文件照常上传；请告知管理员）",
        "lists the archive did not take (their files are sent without; tell the administrator)",
    ),
    "status.held": ("暂缓，稍后再试", "held back, tried again later"),
    "status.folders": ("未能列出或读取", "could not be listed or read"),
    "status.problems": ("需要处理", "to be looked after"),
    "status.alive": ("最近动静", "last sign of life"),
    "status.age": ("{at}（{seconds} 秒前）", "{at} ({seconds} s ago)"),
    "status.unknown": ("不明", "unknown"),
    "status.skipped": ("跳过，不接收", "skipped, not taken"),
    "status.free": ("磁盘剩余", "free disk"),
    "status.last_receipt": ("最近回执", "last receipt"),
    "status.server": ("服务器", "server"),
    "status.refuses": ("拒绝本采集站", "refuses this station"),
    "status.answers": ("正常", "answers"),
    "status.trouble": ("本机故障", "trouble of the station"),
    "status.alarm": ("警报", "ALARM"),
    "status.none": ("无", "none"),
    "journal_damaged": (
        "采集记录已损坏，原文件另存为 {path}；将重新读取文件夹并向服务器核对",
        "the journal was damaged, kept as {path}; folders and archive are asked anew",
    ),
    "journal_replaced": (
        "采集记录在运行中被删除或换掉了；已按现有的重新打开，将重新读取文件夹并向服务器核对",
        (
            "the journal was deleted or replaced while we ran; opened again as it stands, and "
            "folders and archive are asked anew"
        ),
    ),
}

LANGUAGES = ("zh", "en")


def say(language: str, key: str, **values: object) -> str:
    """The message for ``key``. A key that is not in the catalogue raises `KeyError`."""
    return _MESSAGES[key][LANGUAGES.index(language)].format(**values)


def say_reason(language: str, reason: str) -> str:
    """A composed reason in words: what we know of it, then what the system or the server said."""
    _, _, detail = reason.partition(":")
    key = f"reason.{code_of(reason)}"
    if key not in _MESSAGES:
        return reason
    words = say(language, key)
    return f"{words} ({detail.strip()})" if detail.strip() else words
