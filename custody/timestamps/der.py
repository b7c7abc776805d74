"""The certificates of an RFC 3161 answer put in the order that DER asks of a SET.

OpenSSL's ``ts -reply -chain`` writes them as they came. No signature covers their order, and
strict readers (`rfc3161_client` among them) refuse such an answer; so they are sorted in a copy
that is only read, while the answer itself is kept as it came.
"""

_SEQUENCE, _CONTEXT_0, _INTEGER, _OID, _SET = 0x30, 0xA0, 0x02, 0x06, 0x31


def with_sorted_certificates(answer: bytes) -> bytes:
    """``answer`` (a TimeStampResp) with its certificates in order; itself where there are none.

    Raises `ValueError` for what is not built like one.
    """
    response = _enter(answer, 0, len(answer), _SEQUENCE)
    if response[1] != len(answer):
        raise ValueError("bytes after the answer")
    _, at = _enter(answer, *response, _SEQUENCE)  # status
    if at == response[1]:
        return answer  # a refusal has no token
    content = _enter(answer, at, response[1], _SEQUENCE)
    _, at = _enter(answer, *content, _OID)
    signed = _enter(answer, *_enter(answer, at, content[1], _CONTEXT_0), _SEQUENCE)
    at = signed[0]
    for tag in (_INTEGER, _SET, _SEQUENCE):  # version, digest algorithms, what is signed
        _, at = _enter(answer, at, signed[1], tag)
    if at == signed[1] or answer[at] != _CONTEXT_0:
        return answer
    start, end = _enter(answer, at, signed[1], _CONTEXT_0)
    certificates = []
    at = start
    while at < end:
        _, after = _enter(answer, at, end, answer[at])
        certificates.append(answer[at:after])
        at = after
    return answer[:start] + b"".join(sorted(certificates)) + answer[end:]


def _enter(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Where the content of the element at ``at`` begins and ends, which is of this ``tag``."""
    if at + 2 > end or data[at] != tag:
        raise ValueError(f"no element 0x{tag:02x} at byte {at}")
    length, start = data[at + 1], at + 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > end:
            raise ValueError(f"no length at byte {at}")
        length = int.from_bytes(data[start : start + count])
        start += count
    if start + length > end:
        raise ValueError(f"the element at byte {at} is cut off")
    return start, start + length
