"""Goal: every error is an exception of its own code, under the kind that says what to do."""

from __future__ import annotations

import inspect
import pickle

import fusepay
import pytest
from fusepay import _errors
from fusepay._errors import BY_CODE


def test_every_code_has_a_class_under_its_kind() -> None:
    assert set(BY_CODE) == set(fusepay.Code)
    kinds = {
        fusepay.ErrorKind.REFUSED: fusepay.RefusedError,
        fusepay.ErrorKind.BUSY: fusepay.BusyError,
        fusepay.ErrorKind.IN_DOUBT: fusepay.InDoubtError,
        fusepay.ErrorKind.MISUSE: fusepay.MisuseError,
        fusepay.ErrorKind.FAULT: fusepay.FaultError,
    }
    for code, made in BY_CODE.items():
        assert made.code is code
        assert issubclass(made, kinds[code.kind])
        assert getattr(fusepay, made.__name__) is made
    assert len(set(BY_CODE.values())) == len(BY_CODE)


def test_every_class_is_public() -> None:
    classes = inspect.getmembers(_errors, inspect.isclass)
    errors = {name for name, found in classes if issubclass(found, fusepay.FusePayError)}
    assert errors == set(_errors.__all__)
    assert errors <= set(fusepay.__all__)


def test_an_error_says_what_a_program_needs() -> None:
    error = fusepay.InDoubtError("try again", idempotency_key="k", retry_after_ms=5, field="amount")
    assert str(error) == error.detail == "try again"
    assert (error.code, error.kind, error.retryable) == (
        fusepay.Code.IN_DOUBT,
        fusepay.ErrorKind.IN_DOUBT,
        True,
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is fusepay.InDoubtError
    assert vars(again) == vars(error)
    assert not fusepay.NotFoundError("no").retryable


def test_what_has_no_code_is_not_raised() -> None:
    for abstract in [fusepay.FusePayError, fusepay.RefusedError, fusepay.MisuseError, fusepay.FaultError]:
        with pytest.raises(TypeError, match="no code of its own"):
            abstract("x")
