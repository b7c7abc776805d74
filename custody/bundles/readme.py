"""The page that goes with a bag: how to check it without us. Chinese first."""

from custody.bundles.timestamps import STAMP_COMMANDS

#: The key of a ``vkey`` file as DER, the signed text, the signature, and what OpenSSL says to them.
COMMANDS = r"""
     r=receipts/<id>.txt k=log/receipts.vkey t=$(mktemp -d)
     (printf '\060\052\060\005\006\003\053\145\160\003\041\000'
      cut -d+ -f3- $k | base64 -d | tail -c 32) > $t/key.der
     sed '/^$/,$d' $r > $t/text
     tail -n 1 $r | cut -d' ' -f3 | base64 -d | tail -c 64 > $t/signature
     openssl pkeyutl -verify -pubin -keyform DER -inkey $t/key.der -rawin \
       -in $t/text -sigfile $t/signature
""".strip("\n")

#: What gives each original's digests.
DIGESTS = """
     sha256sum originals/*
     openssl dgst -sm3 originals/*
""".strip("\n")

_TEXT = """\
证据包  {number}
================

本文件夹是一个 BagIt 包（RFC 8493）。核对本包不需要我们的软件，也不需要信任我们。

  originals/   原始录像，与采集站收到的文件逐字节一致
  proxies/     便于播放的低码率副本（衍生件），不是原始件
  custody/     每条录像的保管历史：日志条目、细节、包含性证明
  receipts/    入库回执
  case.json    案件、环节与清单；recorded_at_source 为 recorder 的时间出自记录仪时钟，
               为 hand 的由人工指定（记录仪自己的时间见 recorder_clock_at）
  log/         检查点与公钥（*.vkey）；timestamps/ 是时间戳机构的答复与根证书

一、文件是否完整
  1. 任意 BagIt 工具：        bagit.py --validate <文件夹>
  2. 或者只用系统自带的工具，在本包的文件夹（bagit.txt 所在处）里运行：
     sha256sum -c manifest-sha256.txt

二、录像是否就是入库的录像
  custody/<编号>.json 中的 sha256、sm3、size_bytes 必须与 originals/ 中的文件一致，
  也必须与其中 clip.admitted 条目（entry，base64 编码的 JSON）的 facts 一致。
  在 data 文件夹里计算（SM3 用 OpenSSL 1.1.1 或更新的版本）：
{digests}

三、日志是否被改写
  1. 条目哈希：SHA-256（字节 00 + 条目字节）等于 leaf_hash。
  2. 按 RFC 9162 第 2.1.3.2 节，用 index、tree_size、proof 由 leaf_hash 算出根，
     必须等于 log/checkpoint 第三行（base64）。
  3. log/checkpoint 是 C2SP signed-note，签名须用 log/log.vkey 验证；
     第二个签名（ML-DSA-44）用 log/log-ml-dsa.vkey。
     请另行取得同一公钥与更早或更晚的检查点，确认它们属于同一棵树。
  4. 细节：HMAC-SHA256（密钥 salt，内容为 details 的规范 JSON）等于条目中的 commitment。
     已依法销毁的细节两者皆为 null，details_destroyed 写明时间、规则和记载销毁的条目序号。

四、入库回执是否成立
  回执 receipts/<编号>.txt 是存档签名的话：这条录像已存入、已读回，入库条目已公布。它是 C2SP
  signed-note：第一行标题，第二行 JSON，空一行，最后一行“— 名称 签名”（Ed25519）。
  1. 签名，用系统自带的工具（OpenSSL 3），在 data 文件夹里运行，把 <id> 换成录像编号：
{commands}
     显示 Signature Verified Successfully 即为存档所签。日志换过密钥的，旧公钥在旁边：第一代是
     log/receipts.1.vkey 和 log/log.1.vkey，依此类推。更换之前签发的回执，把 k 换成当时的公钥。
  2. 第二行 JSON 中的 sha256、sm3、size_bytes 必须与 originals/ 中的文件一致。
  3. 其中的 entry（base64）是入库条目：kind 为 clip.admitted，outcome 为 ok，item 为
     clip:<clip_id>，facts 恰为 clip（即 clip_id）、sha256、sm3、size_bytes，值与回执相同。
  4. 其中的 checkpoint 是签发时的检查点，签名用 log/log.vkey 验证；entry 按第三节第 1、2 步，
     用 index、proof（base64）和该检查点第二行的条目数算出的根，必须等于它的第三行。它可能
     早于 log/checkpoint。
  5. salt 与 details 按第三节第 4 步等于 entry 中的 commitment。
  没有回执的录像，是导出时入库条目还没有公布，不等于有问题。

五、日志在什么时候已经如此
  log/timestamps/<name>.tsr 是时间戳机构（RFC 3161）对 log/checkpoint 整个文件的答复，按它的时钟
  写明：那时这个检查点、连同其中的每一条目，已经存在。只用 OpenSSL，在 data 文件夹里运行，把
  <name> 换成文件名：
{stamp_commands}
  显示 Verification: OK 即为成立；第二条命令显示时间（Time stamp）。<name>.roots.pem 是存档所认定的
  根证书，请向该机构另行取得并比对。机构的证书过期后，给 openssl ts -verify 加 -attime 和那一时间
  （1970 年起的秒数）。没有这个文件夹的包，导出时没有机构作答，或没有配置。


Evidence bag  {number}
======================

This folder is a BagIt bag (RFC 8493). It can be checked without our software and without
trusting us.

  originals/   the recordings, byte for byte what the collection station saw
  proxies/     smaller copies for playing (renditions), not originals
  custody/     each recording's custody history: log entries, details, inclusion proofs
  receipts/    the archive's signed receipts
  case.json    the case, its stages and what is in the bag; a time with recorded_at_source
               "recorder" is the recorder's clock, with "hand" it was set by a person (the
               recorder's own is recorder_clock_at)
  log/         checkpoint and public keys (*.vkey); in timestamps/ what time-stamping authorities
               answered, and their root certificates

1. Are the files complete?
   Any BagIt tool:               bagit.py --validate <folder>
   or with what every Unix has, in the folder of the bag (where bagit.txt is):
     sha256sum -c manifest-sha256.txt

2. Is a recording the one that was admitted?
   sha256, sm3 and size_bytes in custody/<id>.json must be those of the file in originals/, and
   those in the facts of its clip.admitted entry (``entry``, JSON in base64). In the folder data
   (SM3 with OpenSSL 1.1.1 or newer):
{digests}

3. Was the log rewritten?
   a. SHA-256(byte 00, entry bytes) is leaf_hash.
   b. By RFC 9162 section 2.1.3.2, index, tree_size and proof lead from leaf_hash to a root, which
      must be the third line (base64) of log/checkpoint.
   c. log/checkpoint is a C2SP signed note; verify its signature with log/log.vkey, and the second
      one (ML-DSA-44) with log/log-ml-dsa.vkey. Obtain the keys, and an earlier or later
      checkpoint, from somebody else as well.
   d. HMAC-SHA256(key: salt, over the canonical JSON of details) is the entry's commitment. Where
      details were destroyed on their legal date both are null, and details_destroyed has the time,
      the rule and the index of the entry that says so.

4. Does a receipt hold?
   receipts/<id>.txt is the archive's signed word that a recording is stored and was read back, and
   that its admission is published. It is a C2SP signed note: a title, a line of JSON, an empty
   line, and the line of the signature (Ed25519).
   a. The signature, with what every system has (OpenSSL 3), in the folder data;
      <id> is the recording's:
{commands}
      "Signature Verified Successfully" says that the archive signed it. Where the log has changed
      its keys, those of before lie beside: log/receipts.1.vkey and log/log.1.vkey are the first,
      and so on. For a receipt of before the change let k be the key of its time.
   b. sha256, sm3 and size_bytes in the JSON must be those of the file in originals/.
   c. ``entry`` (base64) is the admission: kind clip.admitted, outcome ok, item clip:<clip_id>, and
      its facts are exactly clip (the clip_id), sha256, sm3 and size_bytes, as in the receipt.
   d. ``checkpoint`` is the one of that day; verify its signature with log/log.vkey. As in 3 a and
      b, index, proof (base64) and the number on its second line lead from ``entry`` to the root
      on its third. It may be older than log/checkpoint.
   e. ``salt`` and ``details`` make the commitment in ``entry``, as in 3 d.
   A recording without a receipt is not a wrong one: its admission was not published yet when the
   bag was made.

5. When was the log as it is?
   log/timestamps/<name>.tsr is what a time-stamping authority (RFC 3161) answered about the whole
   file log/checkpoint: by its clock, this checkpoint and every entry before it was there at the
   time it says. With OpenSSL alone, in the folder data; <name> is that of the file:
{stamp_commands}
   "Verification: OK" says that it holds; the second command shows the time ("Time stamp").
   <name>.roots.pem are the roots that the archive goes by: obtain them from the authority as well,
   and compare. Once its certificates have run out, give openssl ts -verify that time too
   (-attime, in seconds since 1970). A bag without this folder was made where no authority answered,
   or none is configured.
"""


def readme(number: str) -> str:
    """The text for the bag of the case ``number``."""
    return _TEXT.format(
        number=number, commands=COMMANDS, digests=DIGESTS, stamp_commands=STAMP_COMMANDS
    )
