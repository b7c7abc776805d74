"""Help, usage and errors of `liuhen-station` in Chinese; English stands where each is made."""

import re

from station_agent.errors import StationError

_CHINESE = {
    # help
    "The agent of a collection station: from the dock to the archive, with proof.": (
        "采集站程序：从采集到入库，处处有证明。"
    ),
    "options": "选项",
    "commands": "命令",
    "show this help and exit": "显示这份说明",
    "show the version and exit": "显示版本",
    "configuration (LIUHEN_STATION_CONFIG, station.toml)": (
        "配置文件（LIUHEN_STATION_CONFIG，默认 station.toml）"
    ),
    "language, over the configuration's": "语言，优先于配置文件",
    "how to show what happens; json: one object a line": "怎样显示进展；json：每行一个对象",
    "one-time enrolment token of the administrator (first start)": (
        "管理员发放的一次性登记码（第一次启动时用）"
    ),
    "make a key and make this station known": "生成密钥，登记本采集站",
    "watch the folders until stopped": "一直监视文件夹，直到停止",
    "archive what is there now, then end": "把现有的文件入库，然后结束",
    "one pass, which scan always does": "只做一遍（scan 本来就只做一遍）",
    "end when nothing has moved for so long (20)": "这么久没有进展就结束（20）",
    "how the station is doing": "采集站现在的状态",
    "as JSON": "输出 JSON",
    "print a commented configuration to start from": "输出带说明的配置文件样本",
    # errors
    "The station could not do what was asked.": "采集站未能完成。",
    "The configuration can't be used.": "配置不能用。",
    "This station is not enrolled; run `liuhen-station enrol` with a token.": (
        "采集站尚未登记；用登记码执行 liuhen-station enrol。"
    ),
    "The archive does not take this enrolment.": "存档没有接受这次登记。",
    "The station's key or its pinned keys are missing, unreadable or open to others.": (
        "采集站的密钥或记下的存档公钥缺失、读不出来，或别人也能读。"
    ),
    "What was seen of the log can't be read; keep the file and enrol the station anew.": (
        "所记的存档日志读不出来；请保留此文件，用新的登记码重新登记采集站。"
    ),
    "Another agent is working with this home folder.": "另一个采集站程序正在使用这个文件夹。",
    "The journal can't be read or written.": "采集记录读不出来或写不进去。",
    "There is no room left on the disk that holds the journal; nothing is lost, make room.": (
        "采集记录所在的磁盘满了；没有丢失什么，请腾出空间。"
    ),
    "The journal or its folder is read-only; let the station's account write it.": (
        "采集记录或其文件夹是只读的；请给采集站的账户写权限。"
    ),
    "The journal is damaged.": "采集记录损坏。",
    "The journal was written by a newer version of this program.": (
        "采集记录是由更新版本的程序写的。"
    ),
    "The file is no longer what the journal knew when this work began.": (
        "文件已不是开始处理时的样子。"
    ),
    "A file can't be read as it should.": "文件读不出来。",
    "The server can't be reached or asks for a pause.": "服务器连不上，或要求稍后再试。",
    "The server is there and does not accept this station: it was revoked, or is not known.": (
        "服务器在线，但不接受本采集站：已被停用，或服务器不认识它。"
    ),
    "The server refuses this for good (a 4xx other than 408, 423 and 429).": "服务器拒绝了。",
    "The agent was asked to stop.": "采集站程序正在停止。",
    "The archive did not take the manifest; it is handed in again after a pause.": (
        "存档没有接收清单；稍后重新提交。"
    ),
    "The receipt does not prove that the archive holds this file.": (
        "回执不能证明存档里有这个文件。"
    ),
    "The archive has the file under a name that this station did not announce.": (
        "存档里这个文件的名称不是本采集站报送的名称。"
    ),
    "The server's log does not agree with the checkpoint this station saw before.": (
        "服务器的日志与本采集站以前看到的检查点不一致。"
    ),
}

#: What argparse says of a command line, by its form.
_USAGE = (
    (r"the following arguments are required: (.*)", r"缺少：\1"),
    (r"unrecognized arguments: (.*)", r"不认识的参数：\1"),
    (r"argument (.*?): invalid choice: (.*) \(choose from (.*)\)", r"\1 不能是 \2，只能是 \3"),
    (r"argument (.*?): expected one argument", r"\1 后面要有值"),
    (r"argument (.*?): invalid float value: (.*)", r"\1 要一个数字，不是 \2"),
    (r"argument (.*?): ignored explicit argument (.*)", r"\1 后面不能有值：\2"),
    (r"ambiguous option: (.*) could match (.*)", r"\1 可能是 \2，请写全"),
)


def translated(text: str, language: str) -> str:
    """A text of help in the language. Raises `KeyError` where it has no Chinese."""
    return _CHINESE[text] if language == "zh" else text


def explain(error: Exception, language: str) -> str:
    """What ``error`` says: its docstring in the language, and its detail as it is."""
    meaning = _CHINESE.get((type(error).__doc__ or "").strip())
    if language != "zh" or not isinstance(error, StationError) or meaning is None:
        return str(error)
    detail = Exception.__str__(error)
    return f"{meaning.rstrip('。')}（{detail}）" if detail else meaning


def usage_error(message: str, language: str) -> str:
    """What is wrong with a command line."""
    if language == "zh":
        for form, chinese in _USAGE:
            found = re.fullmatch(form, message, re.DOTALL)
            if found is not None:
                return found.expand(chinese)
    return message
