"""What `liuhen signer` says to people, in both languages."""

SIGNER_WORDS: dict[str, tuple[str, str]] = {
    "signer_serving": (
        "签名程序正在等待请求：{address}（Ctrl-C 停止）",
        "the signer listens at {address} (Ctrl-C stops it)",
    ),
    "failure.no_socket": (
        "无法监听 {path}：{reason}",
        "can't listen on {path}: {reason}",
    ),
    "failure.no_secret": (
        (
            "在端口上监听的签名程序需要口令：用 LIUHEN_SIGNER_SECRET_FILE 指定存放口令的文件，"
            "服务器也要同一个（docs/operations.md）"
        ),
        (
            "a signer on a port wants a secret: let LIUHEN_SIGNER_SECRET_FILE name the file that "
            "holds it, here and for the server (docs/operations.md)"
        ),
    ),
    "failure.no_signer_home": (
        (
            "{home} 里没有 liuhen.toml；请在那里写上与服务器相同的 origin 和 objects"
            "（docs/operations.md）"
        ),
        (
            "there is no liuhen.toml in {home}; write one with origin and objects as the server "
            "has them (docs/operations.md)"
        ),
    ),
    "failure.no_group": ("没有用户组 {group}", "there is no group {group}"),
}
