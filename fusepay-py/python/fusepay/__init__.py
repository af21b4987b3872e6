"""FusePay: an embedded engine for wallets, bill payments and reversals."""

from fusepay._fusepay import __version__
from fusepay._vocabulary import (
    AttemptKind,
    Code,
    ErrorKind,
    EventName,
    HoldStatus,
    JobKind,
    JobStatus,
    LimitWindow,
    OutcomeKind,
    PaymentStatus,
    ReviewReason,
    Role,
    TransactionStatus,
    TransactionType,
    UserStatus,
    WalletStatus,
)

__all__ = [
    "AttemptKind",
    "Code",
    "ErrorKind",
    "EventName",
    "HoldStatus",
    "JobKind",
    "JobStatus",
    "LimitWindow",
    "OutcomeKind",
    "PaymentStatus",
    "ReviewReason",
    "Role",
    "TransactionStatus",
    "TransactionType",
    "UserStatus",
    "WalletStatus",
    "__version__",
]
