"""What `make run` says to people, in both languages; a part of `api.cli.words`."""

DEMO_WORDS: dict[str, tuple[str, str]] = {
    "failure.demo_port_taken": (
        ("{host} 的端口 {port} 已被占用；停掉占用它的程序，或者换一个端口：make run PORT={other}"),
        (
            "port {port} on {host} is taken; end what is listening there, or name another: "
            "make run PORT={other}"
        ),
    ),
    "failure.home_in_use": (
        "另一个 make run 正在使用 {home}；先停掉它，或者换一个文件夹：make run HOME_DIR=…",
        "another make run uses {home}; end it first, or name another home: make run HOME_DIR=…",
    ),
    "failure.server_ended": (
        "服务停止了（退出码 {code}）；{log} 的最后一行：{last}",
        "the server ended (exit code {code}); the last line of {log}: {last}",
    ),
    "failure.server_silent": (
        "服务没有在 {address} 应答；详见 {log}",
        "the server does not answer at {address}; see {log}",
    ),
    "failure.not_enrolled": (
        "采集站无法登记（退出码 {code}）；{log} 的最后一行：{last}",
        "the station can't be enrolled (exit code {code}); the last line of {log}: {last}",
    ),
    "demo.footage": ("正在生成示例录像：{folder}", "making sample footage in {folder}"),
    "demo.enrolled": ("采集站已登记：{name}", "station enrolled: {name}"),
    "demo.waiting": (
        "另一个 make run 还在使用 {home}，等它结束……",
        "another make run still uses {home}; waiting for its end …",
    ),
    "demo.agent_ended": (
        "采集站程序停止了（退出码 {code}），即将重新启动；{log} 的最后一行：{last}",
        (
            "the station agent ended (exit code {code}) and is started again; "
            "the last line of {log}: {last}"
        ),
    ),
    "demo.scanning": ("采集：{folder}", "docking {folder}"),
    "demo.media": ("正在处理录像：剩 {left} 条", "working on the clips: {left} left"),
    "demo.summary": (
        "入库 {archived} 条：可播放 {ready}，受损 {damaged}，隔离 {quarantined}",
        "{archived} archived: {ready} can be played, {damaged} damaged, {quarantined} quarantined",
    ),
    "demo.files": (
        "采集站 {received} 个文件，其中 {before} 个此前已入库（内容相同，只存一份）",
        "files of the station: {received}, of which archived already (same content): {before}",
    ),
    "demo.skipped": ("跳过：{name}（{reason}）", "skipped: {name} ({reason})"),
    "demo.skipped_more": (
        "另外还跳过 {count} 个",
        "skipped as well: {count} more",
    ),
    "demo.broken": ("受损或隔离：{name}（{reason}）", "not whole: {name} ({reason})"),
    "demo.refused": ("未接收：{name}（{reason}）", "refused: {name} ({reason})"),
    "demo.open": ("打开：{address}", "open: {address}"),
    "demo.user": (
        "{role}  用户名 {name}  一次性密码 {password}",
        "{role}  user {name}  one-time password {password}",
    ),
    "demo.user_set": (
        "{role}  用户名 {name}  密码由本人设定",
        "{role}  user {name}  password set by you",
    ),
    "demo.serving": ("继续运行，Ctrl-C 停止", "serving until Ctrl-C"),
}
