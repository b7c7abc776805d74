import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.log.encoding import decode_base64, encode_base64, parse_decimal


@given(st.binary(max_size=64))
def test_bytes_come_back(data):
    assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize(
    "text", ["QR==", "Qh==", "QQ", "QQ=", "Q Q=", "QQ==\n", "-_==", "é", "=", "QQ==QQ=="]
)
def test_another_spelling_of_base64_is_refused(text):
    with pytest.raises(ValueError):
        decode_base64(text)


@given(st.integers(0, 10**19 - 1))
def test_numbers_come_back(number):
    assert parse_decimal(str(number)) == number


@pytest.mark.parametrize("text", ["", "00", "01", "+1", "-1", "1 ", "1_0", "１", "1\n", "1" * 20])
def test_another_spelling_of_a_number_is_refused(text):
    with pytest.raises(ValueError):
        parse_decimal(text)
