"""Goal: what is kept of an answer is worth nothing to a thief.
Method: the mask alone; the cases are those of `fusepay-vtpass/src/redact.rs`."""

from __future__ import annotations

from fusepay_service.redact import redact


def test_what_is_worth_stealing_is_masked() -> None:
    body = rb'{"purchased_code":"Token : 1\"23","Pin" : "abc","amount":"1000.00","m":"4570-0000 0017"}'
    kept = '{"purchased_code":"[masked]","Pin" : "[masked]","amount":"1000.00","m":"****-**** 0017"}'
    assert redact(body, []) == kept


def test_a_cut_answer_is_masked_to_its_end() -> None:
    assert redact(b'{"purchased_code":"Token : abc', []) == '{"purchased_code":"[masked]'
    assert redact(b'{"purchased_code":', []) == '{"purchased_code":'
    assert redact('é"pin":"é'.encode(), []) == 'é"pin":"[masked]'


def test_an_echoed_key_is_masked() -> None:
    assert redact(b"bad key s3cret!", ["s3cret", ""]) == "bad key [masked]!"


def test_numbers_up_to_nine_digits_are_kept() -> None:
    assert redact(b"123456789 and 1234567890", []) == "123456789 and ******7890"
