"""What goes in and comes out, as the original had it; unknown fields are refused."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from fusepay_service.amount import Amount

DecimalText = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2}$", examples=["1500.50"])]


class _Body(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class _Answer(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class BillType(StrEnum):
    """What a bill is for."""

    ELECTRICITY = "ELECTRICITY"
    DATA = "DATA"
    INSURANCE = "INSURANCE"


def _without_floats(value: Any) -> Any:
    """Refuse numbers that are not integers, at every level."""
    if isinstance(value, dict):
        for member in value.values():
            _without_floats(member)
    elif isinstance(value, list):
        for member in value:
            _without_floats(member)
    elif value is not None and not isinstance(value, bool | int | str):
        raise ValueError("numbers in metadata are integers; write others as text")
    return value


Metadata = Annotated[dict[str, Any], AfterValidator(_without_floats)]


class Register(_Body):
    """Who wants to become a user."""

    email: str = Field(max_length=254, json_schema_extra={"format": "email"}, examples=["ada@example.com"])
    first_name: str = Field(min_length=1, max_length=50, examples=["Ada"])
    last_name: str = Field(min_length=1, max_length=50, examples=["Obi"])
    password: str = Field(
        max_length=1024,
        # The engine's own rule, for those who read the document.
        json_schema_extra={"format": "password", "minLength": 15},
        description="At least 15 characters, and none of the common ones.",
        examples=["seven blue lamps by the river"],
        repr=False,
    )


class Login(_Body):
    """Who wants to log in."""

    email: str = Field(max_length=254, examples=["ada@example.com"])
    password: str = Field(
        max_length=1024,
        json_schema_extra={"format": "password"},
        examples=["seven blue lamps by the river"],
        repr=False,
    )


class Refresh(_Body):
    """The refresh token of a session; it works once."""

    refresh_token: str = Field(max_length=1024, alias="refresh_token", repr=False)


class Fund(_Body):
    """Money to bring in. `walletId` and `externalReference` are for operators alone."""

    amount: Amount
    wallet_id: UUID | None = None
    external_reference: str | None = Field(default=None, min_length=1, max_length=128)


class PayBill(_Body):
    """A bill to pay. Without `biller` and `item`, the first item of the type that takes the amount."""

    bill_type: BillType
    amount: Amount
    customer_reference: str = Field(min_length=1, max_length=64, examples=["45700000001"])
    biller: str | None = Field(default=None, min_length=1, max_length=64)
    item: str | None = Field(default=None, min_length=1, max_length=64)
    metadata: Metadata | None = Field(default=None, examples=[{"phone": "08012345678"}])


class UserSummary(_Answer):
    """A user, as a log-in shows them."""

    id: UUID
    email: str
    first_name: str
    last_name: str


class TokenAnswer(_Answer):
    """Tokens, and whose they are. `access_token` goes into `Authorization: Bearer …`."""

    access_token: str = Field(alias="access_token", repr=False)
    refresh_token: str = Field(alias="refresh_token", repr=False)
    expires_at: datetime = Field(description="From when on the access token is refused.")
    user: UserSummary


class Profile(UserSummary):
    """A user, as they see themselves."""

    created_at: datetime
    updated_at: datetime


class WalletAnswer(_Answer):
    """A wallet."""

    id: UUID
    user_id: UUID
    balance: DecimalText
    currency: str
    version: int


class FundingData(_Answer):
    """A funding: COMPLETED for an operator's, PENDING for one the customer has yet to pay."""

    wallet_id: UUID
    balance: DecimalText
    status: Literal["PENDING", "COMPLETED"]
    charge_id: str | None = None
    checkout_url: str | None = Field(default=None, description="Where the customer pays.")
    transaction_id: UUID | None = None


class FundingAnswer(_Answer):
    """What came of asking for a funding."""

    success: bool
    message: str
    data: FundingData


class PaymentData(_Answer):
    """A bill payment that was accepted."""

    transaction_id: UUID
    reference: str
    status: str
    message: str


class PaymentAnswer(_Answer):
    """What came of paying a bill."""

    success: bool
    message: str
    data: PaymentData


class PaymentStatusData(_Answer):
    """A bill payment as it stands."""

    transaction_id: UUID
    reference: str
    status: str
    amount: DecimalText
    type: str
    created_at: datetime
    external_reference: str | None
    failure_reason: str | None
    metadata: dict[str, Any] | None


class PaymentStatusAnswer(_Answer):
    """A bill payment's state."""

    success: bool
    message: str
    data: PaymentStatusData


class TransactionAnswer(_Answer):
    """One line of a wallet's history. The amount is negative for a debit."""

    id: UUID
    wallet_id: UUID
    amount: DecimalText
    type: str
    status: str
    reference: str
    external_reference: str | None
    metadata: dict[str, Any] | None
    failure_reason: str | None
    reversal_transaction_id: UUID | None
    created_at: datetime
    updated_at: datetime


class Receipt(_Answer):
    """What became of a webhook."""

    received: bool
    outcome: str


class Health(_Answer):
    """Whether the service can work."""

    status: Literal["ok", "failing"]


class ErrorAnswer(_Answer):
    """Why not. `code` is one of the engine's words, or one of the service's own."""

    status_code: int
    code: str
    message: str
    retryable: bool = Field(description="Whether the same request may succeed later.")
