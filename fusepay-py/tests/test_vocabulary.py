"""Goal: Python's words are the engine's words. Method: compare both lists whole."""

import pickle

import fusepay
import pytest
from conftest import PASSWORD, World
from fusepay import EventName, FusePay, Role, _fusepay, _vocabulary


def test_vocabulary_equals_the_engines() -> None:
    ours = []
    for name in _vocabulary.__all__:
        for word in getattr(_vocabulary, name):
            if isinstance(word, fusepay.Code):
                ours.append((name, word.value, word.name))
            else:
                ours.append((name, word.number, word.value))
    assert sorted(ours) == sorted(_fusepay.vocabulary())


def test_every_list_is_public() -> None:
    assert set(_vocabulary.__all__) <= set(fusepay.__all__)


def test_code_knows_its_kind_and_advice() -> None:
    assert int(fusepay.Code.INSUFFICIENT_FUNDS) == 400
    assert fusepay.Code(901) is fusepay.Code.IN_DOUBT
    assert fusepay.Code.IN_DOUBT.retryable
    assert not fusepay.Code.NOT_FOUND.retryable
    assert fusepay.Code.NOT_FOUND.kind is fusepay.ErrorKind.REFUSED


def test_words_are_their_names() -> None:
    assert fusepay.PaymentStatus("PENDING") is fusepay.PaymentStatus.PENDING
    assert fusepay.PaymentStatus.PENDING.number == 1
    assert fusepay.PaymentStatus.PENDING.meaning.startswith("debited")
    assert str(fusepay.JobKind.PROCESS_REVERSAL) == "process-reversal"
    assert pickle.loads(pickle.dumps(fusepay.Code.BUSY)) is fusepay.Code.BUSY
    assert pickle.loads(pickle.dumps(fusepay.Role.USER)) is fusepay.Role.USER


def test_version_is_set() -> None:
    assert fusepay.__version__.count(".") == 2


def test_an_argument_takes_a_member_its_name_or_its_stable_name(engine: FusePay) -> None:
    user = engine.auth.register("ada@example.com", "Ada", "Obi", PASSWORD).user
    for word in (Role.OPERATOR, "OPERATOR", Role.OPERATOR.value):
        assert engine.auth.set_role(user.id, word).role is Role.OPERATOR
    for event in (EventName.WALLET_FUNDED, "WALLET_FUNDED", "wallet.funded"):
        with engine.events.subscribe("names", lambda _: None, only=[event]):
            pass


@pytest.mark.parametrize("event", list(EventName))
def test_every_member_name_is_a_name(engine: FusePay, event: EventName) -> None:
    engine.events.subscribe(event.name, lambda _: None, only=[event.name]).close()


def test_a_short_list_is_in_the_error(world: World) -> None:
    with pytest.raises(
        fusepay.InvalidArgumentError, match="member of WorkerMode or its name: BACKGROUND, MANUAL"
    ):
        world.open(worker="SOMETIMES")


def test_a_code_shows_its_name() -> None:
    code = fusepay.Code.WEBHOOK_REJECTED
    assert (str(code), f"{code}", f"{code:d}") == ("WEBHOOK_REJECTED", "WEBHOOK_REJECTED", str(int(code)))
