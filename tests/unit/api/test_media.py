"""The name under which an original is handed out (RFC 6266, RFC 5987)."""

from urllib.parse import unquote

import pytest

from api.routes.media import content_disposition

SHA256 = "ab" * 32


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("TA00716_JX0227_20170623093621.MOV", "TA00716_JX0227_20170623093621.MOV"),
        ("现场检查.mp4", "现场检查.mp4"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ('a"b;\r\nX: y.mp4', "a_b;__X_ y.mp4"),
        ("evil\u202egpj.exe", "evil_gpj.exe"),
        ("50% 📹.mp4", "50% 📹.mp4"),
        ("...", SHA256),
    ],
)
def test_a_name_is_kept_but_for_what_does_harm(name: str, kept: str) -> None:
    header = content_disposition(name, SHA256)
    plain, _, encoded = header.partition("; filename*=UTF-8''")
    assert unquote(encoded) == kept
    assert header.isascii()
    assert header.isprintable()
    assert plain.startswith('attachment; filename="')
    assert plain.count('"') == 2
