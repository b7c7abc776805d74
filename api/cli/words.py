"""What commands say to people, in both languages. JSON is English only."""

import string

from api.cli.demo_words import DEMO_WORDS
from api.cli.details_words import DETAILS_WORDS
from api.cli.key_words import KEY_WORDS
from api.cli.log_words import LOG_WORDS
from api.cli.recover_words import RECOVER_WORDS
from api.cli.signer_words import SIGNER_WORDS
from api.cli.verify_words import VERIFY_WORDS
from api.web.locale import LANGUAGES, has_text, translate

WORDS: dict[str, tuple[str, str]] = {
    **DEMO_WORDS,
    **DETAILS_WORDS,
    **LOG_WORDS,
    **RECOVER_WORDS,
    **VERIFY_WORDS,
    **SIGNER_WORDS,
    **KEY_WORDS,
    "home_made": ("已建立：{home}", "made: {home}"),
    "home_there": ("已存在：{home}", "already there: {home}"),
    "home_next": (
        "下一步：liuhen serve --home {home}",
        "next: liuhen serve --home {home}",
    ),
    "serving": (
        "留痕正在运行：{address}（Ctrl-C 停止）",
        "Liuhen serves {address} (Ctrl-C stops it)",
    ),
    "stopping": ("正在停止……", "stopping …"),
    "recorded.by_hand": ("{time}（人工指定）", "{time} (set by hand)"),
    "recorded.no_clock": ("没有给出时间", "gave no time"),
    "row.altered": ("数据库行被改动：{columns}", "row altered: {columns}"),
    "clips_total": ("共 {total} 条", "{total:clip|clips}"),
    "clips_total.some": ("共 {total} 条，列出 {shown} 条", "{shown} of {total:clip|clips}"),
    "cases_total": ("共 {total} 件", "{total:case|cases}"),
    "cases_total.some": ("共 {total} 件，列出 {shown} 件", "{shown} of {total:case|cases}"),
    "entries_total": ("共 {total} 条", "{total:entry|entries}"),
    "entries_total.some": (
        "共 {total} 条，列出 {shown} 条",
        "{shown} of {total:entry|entries}",
    ),
    "case_created": ("已建案：{number}", "created: {number}"),
    "case_changed": ("已修改：{number}（{fields}）", "changed: {number} ({fields})"),
    "case_unchanged": ("没有改动：{number}", "nothing to change: {number}"),
    "field.number": ("案号", "number"),
    "field.procedure": ("程序", "procedure"),
    "field.title": ("案由", "title"),
    "field.party": ("当事人", "party"),
    "field.occurred_on": ("日期", "date"),
    "field.officers": ("执法人员", "officers"),
    "linked": ("已关联：{clip} → {number}（{stage}）", "linked: {clip} → {number} ({stage})"),
    "unlinked": ("已取消关联：{clip} → {number}", "unlinked: {clip} → {number}"),
    "import.archived": ("已入库  {name}  {id}", "archived  {name}  {id}"),
    "import.known": ("已有    {name}  {id}", "known     {name}  {id}"),
    "import.refused": ("未接收  {name}  {reason}", "refused   {name}  {reason}"),
    "import.skipped": ("跳过    {name}  {reason}", "skipped   {name}  {reason}"),
    "import.nothing": (
        "给出的路径都被跳过了，什么也没有接收；请给出文件本身，或文件夹",
        "all that was named was skipped, nothing was taken in; name the files, or a folder",
    ),
    "import.done": (
        "文件 {files}：入库 {new}，此前已入库（内容相同）{known}，未接收 {refused}；跳过 {skipped}",
        (
            "{files:file|files}: {new} new, {known} already here (same content), "
            "{refused} refused, {skipped} skipped"
        ),
    ),
    "exported": (
        "证据包：{path}（{clips} 条录像，{bytes}）",
        "bag: {path} ({clips:clip|clips}, {bytes})",
    ),
    "user_added": (
        "已添加 {name}（{role}），一次性密码：{password}",
        "added {name} ({role}), one-time password: {password}",
    ),
    "password_reset": (
        "{name} 的新一次性密码：{password}（原密码作废，已退出登录）",
        "new one-time password for {name}: {password} (the old one is void, they are signed out)",
    ),
    "token": (
        "{name} 的一次性登记码（七天内有效）：{token}",
        "one-time enrolment token for {name} (valid for seven days): {token}",
    ),
    "failure.no_clip": (
        "没有录像 {name}；编号见 liuhen clips list",
        "there is no clip {name}; `liuhen clips list` shows their ids",
    ),
    "failure.no_user": (
        "没有用户 {name}；用户见 liuhen users list",
        "there is no user {name}; `liuhen users list` shows them",
    ),
    "failure.port_taken": (
        "{host} 的端口 {port} 已被占用；用 --port 换一个，或者停掉占用它的程序",
        "port {port} on {host} is taken; name another with --port, or end what is listening there",
    ),
    "failure.no_listening": (
        "无法监听 {host}:{port}：{reason}",
        "can't listen on {host}:{port}: {reason}",
    ),
    "failure.no_home": (
        (
            "{error} 里没有留痕的数据文件夹；先建立：liuhen init --home {error}"
            "（或用 --home、LIUHEN_HOME 指定别处）"
        ),
        (
            "there is no Liuhen home in {error}; make one with: liuhen init --home {error} "
            "(or name another with --home or LIUHEN_HOME)"
        ),
    ),
    "failure.key_file": (
        "{error}；密钥文件只能由所有者读取（chmod 600）",
        "{error}; key files must be readable by their owner only (chmod 600)",
    ),
    "failure.unwritable": (
        (
            "不能写入 {error}，而所做的事必须记入日志；"
            "请让它可写，或用 liuhen verify 只读核验（不留记录）"
        ),
        (
            "{error} can't be written, and what is done must be logged; make it writable, "
            "or run liuhen verify, which then records nothing"
        ),
    ),
    "failure.key_missing": (
        "{error}；请把这个文件从另外保存的副本放回原处（docs/operations.md），再重试",
        "{error}; put the file back from the copy kept apart (docs/operations.md), then try again",
    ),
    "failure.empty": (
        "{error}；先关联录像：liuhen cases link NO CLIP --stage STAGE",
        "{error}; link one first: liuhen cases link NO CLIP --stage STAGE",
    ),
    "failure.impossible": ("无法核验：{error}", "it could not be checked: {error}"),
    "failure.database": ("数据库不能用：{error}", "the database can't be used: {error}"),
    "failure.disk_full": (
        "数据库所在的磁盘满了（{error}）；腾出空间后再试",
        "the disk of the database is full ({error}); make room and try again",
    ),
    "failure.unforeseen": (
        "这是程序的错误；没有留下做了一半的事。",
        "this should not have happened; nothing half-done was committed.",
    ),
    "usage.moment": (
        "“{text}”不是时间，写成 2026-11-22 或 2026-11-22T09:30",
        "“{text}” is no time: write 2026-11-22 or 2026-11-22T09:30",
    ),
    "usage.year": (
        "{day}：年份要在 {first} 到 {last} 之间",
        "{day}: a year from {first} to {last}",
    ),
    "usage.day": ("“{text}”不是日期，写成 2026-11-22", "“{text}” is no day: write 2026-11-22"),
    "usage.twice": ("{code} 写了两次", "{code} is given twice"),
    "expected": ("应为", "expected"),
    "found": ("实为", "found"),
    "publish_failed": (
        "已记入日志，但未能发布：{reason}",
        "it is in the log, which could not be published: {reason}",
    ),
    "publish_unknown": (
        "日志读不了，有没有待发布的记录不知道：{reason}",
        "the log can't be read, so whether anything waits to be published is not known: {reason}",
    ),
    "head.id": ("编号", "id"),
    "head.name": ("文件名", "name"),
    "head.station_name": ("名称", "name"),
    "head.officer": ("执法人员", "officer"),
    "head.recorder": ("记录仪", "recorder"),
    "head.recorded": ("录制时间", "recorded"),
    "head.recorder_clock": ("记录仪时钟", "recorder's clock"),
    "head.size": ("大小", "size"),
    "head.state": ("状态", "state"),
    "head.number": ("案号", "number"),
    "head.case": ("案件", "case"),
    "head.title": ("案由", "title"),
    "head.procedure": ("程序", "procedure"),
    "head.day": ("日期", "day"),
    "head.clips": ("录像", "clips"),
    "head.index": ("序号", "index"),
    "head.at": ("时间", "at"),
    "head.kind": ("事件", "kind"),
    "head.item": ("对象", "item"),
    "head.actor": ("操作者", "actor"),
    "head.purpose": ("事由", "purpose"),
    "head.outcome": ("结果", "outcome"),
    "head.account": ("用户名", "account"),
    "head.station": ("采集站", "station"),
    "head.role": ("角色", "role"),
    "head.seen": ("最近联系", "last seen"),
    "head.field": ("项", "field"),
    "head.value": ("值", "value"),
    "head.further_name": ("另有文件名", "further name"),
    "head.admitted": ("入库时间", "admitted"),
    "head.entries": ("条目数", "entries"),
    "head.file": ("文件", "file"),
    "head.authority": ("时间戳机构", "authority"),
    "head.stamped": ("机构时间", "authority's time"),
    "head.link": ("关联案件", "link"),
    "head.stage": ("环节", "stage"),
    "head.party": ("当事人", "party"),
    "head.cosigner": ("联署方", "cosigned by"),
    "head.witness_kind": ("身份", "as"),
    "head.cosigned_size": ("联署到", "up to"),
    "head.received": ("收到", "received"),
    "head.behind_since": ("落后自", "behind since"),
    "officer.certificate": (
        "{officer}（执法证号 {number}）",
        "{officer} (certificate {number})",
    ),
    "officer.no_certificate": (
        "{officer}（未填执法证号）",
        "{officer} (no certificate number)",
    ),
    "role.admin": ("管理员", "administrator"),
    "role.legal": ("法制室", "legal office"),
    "reason.empty": ("空文件", "the file is empty"),
    "reason.unreadable": ("无法读取", "it can't be read"),
    "reason.read_error": ("读取出错", "reading it failed"),
    "reason.vanished": ("文件已消失", "it vanished"),
    "reason.changed_while_read": ("读取时仍在变化", "it changed while it was read"),
    "reason.not_a_regular_file": ("不是普通文件", "it is no regular file"),
    "reason.server_refused": ("服务器拒收", "the server refused it"),
    "reason.digest_mismatch": ("校验值不符", "its digest did not match"),
    "state.settled": ("已稳定", "settled"),
    "state.hashed": ("已计算校验值", "hashed"),
    "state.hashing": ("计算校验值", "hashing"),
    "state.sending": ("上传中", "sending"),
    "state.sent": ("等待回执", "sent"),
    "state.received": ("已入库", "received"),
    "state.released": ("已释放", "released"),
    "state.refused": ("未接收", "refused"),
    "state.failed": ("会再试", "will be tried again"),
    "state.skipped": ("未接收", "not taken"),
    "state.gone": ("文件已不在", "gone"),
}


#: What can be done with a clip of this kind once it is ready, where that is not to play it.
_READY_FOR = {
    "picture": "clip.viewable",
    "text": "clip.viewable",
    "document": "clip.to_download",
}


def say_reason(language: str, reason: str) -> str:
    """A station's reason code, and what may follow it after a colon, in words."""
    code, colon, rest = reason.partition(":")
    key = f"reason.{code.strip()}"
    if key in WORDS:
        return say(language, key) + colon + rest
    return translate(language, key) + colon + rest if has_text(key) else reason


def say_word(language: str, family: str, code: str) -> str:
    """A code of the archive as the pages call it; one that has no word in ``family`` as it is."""
    key = f"{family}.{code}"
    return translate(language, key) if has_text(key) else code


def say_clip_state(language: str, state: str, reason: str | None, kind: str | None = None) -> str:
    """A clip's state and why it is in it, in words; what is ready is for what its kind allows."""
    key = _READY_FOR.get(str(kind), "state.ready") if state == "ready" else f"state.{state}"
    text = translate(language, key)
    return text if reason is None else f"{text}: {say_clip_reason(language, reason)}"


def say_clip_reason(language: str, reason: str) -> str:
    """Why a clip can't be played whole: ``code: English sentence``, in the language's own words."""
    key = f"clip_reason.{reason.partition(':')[0]}"
    return translate(language, key) if has_text(key) else reason


def say(language: str, key: str, **values: object) -> str:
    """The words for ``key`` in ``language`` (``zh`` or ``en``).

    A number that a text names as ``{files:file|files}`` gets the word that goes with it: some
    texts have several, so that a text for one and a text for many would not do.
    """
    return _FORMATTER.format(WORDS[key][LANGUAGES.index(language)], **values)


class _Formatter(string.Formatter):
    def format_field(self, value: object, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        if not bar:
            return str(super().format_field(value, format_spec))
        return f"{value} {one if value == 1 else many}"


_FORMATTER = _Formatter()
