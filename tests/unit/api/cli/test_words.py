import string

from api.cli.words import WORDS, say, say_clip_reason, say_clip_state, say_reason, say_word
from api.web.locale import LANGUAGES


def test_both_languages_say_the_same_things() -> None:
    for key, texts in WORDS.items():
        assert len(texts) == len(LANGUAGES), key
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts
        ]
        assert fields[0] == fields[1], key


def test_say_fills_in() -> None:
    assert say("en", "clips_total", total=3) == "3 clips"
    assert say("zh", "clips_total", total=3) == "共 3 条"


def test_one_thing_is_not_said_as_many() -> None:
    assert say("en", "clips_total", total=1) == "1 clip"
    assert say("en", "verify.bad", findings=1, unchecked=0).startswith("1 finding,")
    assert say("en", "verify.bad", findings=0, unchecked=1).startswith("0 findings,")
    assert say("en", "verify.waiting", count=1) == "1 entry more is waiting to be published"
    assert say("en", "verify.waiting", count=2) == "2 entries more are waiting to be published"
    assert say("zh", "verify.waiting", count=1) == "另有 1 条日志待发布"


def test_reasons_of_the_station_in_words() -> None:
    assert say_reason("en", "empty") == "the file is empty"
    assert say_reason("zh", "server_refused: 413") == "服务器拒收: 413"
    assert say_reason("en", "something new") == "something new"


def test_a_clips_state_is_said_in_the_readers_language() -> None:
    reason = "no_index_recovered: The recording was cut off"
    assert say_clip_state("en", "ready", None) == "Ready"
    assert say_clip_state("zh", "damaged", reason).startswith("文件损坏: 录制中断")
    assert say_clip_reason("zh", "unheard_of: as it came") == "unheard_of: as it came"


def test_what_is_ready_is_said_for_what_it_is() -> None:
    """As the pages do: a picture is not played."""
    said = [say_clip_state("zh", "ready", None, kind) for kind in ("video", "picture", "text")]
    assert said == ["可播放", "可查看", "可查看"]
    assert say_clip_state("zh", "ready", None, "document") == "可下载查看"
    assert say_clip_state("en", "ready", None, "picture") == "Can be viewed"
    assert say_clip_state("zh", "damaged", None, "picture") == "文件损坏"


def test_what_a_station_does_not_take_is_said_in_words() -> None:
    assert say("zh", "state.skipped") == "未接收"
    assert say_reason("zh", "symlink") == "符号链接"
    assert say_reason("en", "fifo: a pipe") != "fifo: a pipe"


def test_codes_of_the_archive_read_as_on_the_pages() -> None:
    assert say_word("zh", "event", "clip.admitted") == "入库"
    assert say_word("en", "procedure", "summary") == "Summary procedure"
    assert say_word("zh", "event", "clip.unheard_of") == "clip.unheard_of"
