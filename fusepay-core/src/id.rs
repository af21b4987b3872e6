//! One type per identifier, so that a wallet can't be passed for a payment.
//!
//! Ids are 16 bytes: UUIDs of version 7 (RFC 9562 section 5.7), 48 bits of wall
//! clock in front and 74 random bits behind, so that rows made together lie
//! together. As text: 36 lower-case characters with hyphens.

use crate::clock::UnixMillis;
use crate::entropy::{Entropy, random};
use crate::error::{Error, Result};
use crate::vocabulary::Code;

fn mint(entropy: &dyn Entropy, now: UnixMillis) -> Result<[u8; 16]> {
    let mut bytes: [u8; 16] = random(entropy)?;
    let [_, _, t0, t1, t2, t3, t4, t5] = now.0.max(0).to_be_bytes();
    let [b0, b1, b2, b3, b4, b5, b6, _, b8, ..] = &mut bytes;
    (*b0, *b1, *b2, *b3, *b4, *b5) = (t0, t1, t2, t3, t4, t5);
    *b6 = (*b6 & 0x0f) | 0x70;
    *b8 = (*b8 & 0x3f) | 0x80;
    Ok(bytes)
}

/// Bits of a UUID of version 7 behind its clock that are not fixed.
const FREE_BITS: u32 = 74;

/// The id itself where it is greater than the last one; otherwise one a random
/// step behind the last: a clock that stands or went back breaks no order.
fn behind(minted: [u8; 16], last: [u8; 16]) -> [u8; 16] {
    if minted > last {
        return minted;
    }
    // RFC 9562 section 6.2, method 2; from 1 to 2^32, so that it stays hard to guess.
    let step = (number(minted) & u128::from(u32::MAX)).saturating_add(1);
    from_number(number(last).saturating_add(step))
}

/// An id as a number of 122 bits: clock, then what is random, without the fixed bits.
fn number(bytes: [u8; 16]) -> u128 {
    let all = u128::from_be_bytes(bytes);
    let (clock, high, low) = (all >> 80, all >> 64 & 0xfff, all & (u128::MAX >> 66));
    clock << FREE_BITS | high << 62 | low
}

fn from_number(number: u128) -> [u8; 16] {
    let number = number.min(u128::MAX >> 6);
    let (clock, high, low) = (number >> FREE_BITS, number >> 62 & 0xfff, number & (u128::MAX >> 66));
    (clock << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low).to_be_bytes()
}

fn write_text(bytes: &[u8; 16], f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let digits = crate::canonical::hex(bytes);
    let parts = [digits.get(..8), digits.get(8..12), digits.get(12..16), digits.get(16..20), digits.get(20..)];
    for (index, part) in parts.into_iter().flatten().enumerate() {
        if index > 0 {
            f.write_str("-")?;
        }
        f.write_str(part)?;
    }
    Ok(())
}

fn parse_text(text: &str) -> Result<[u8; 16]> {
    let invalid = || Error::new(Code::InvalidId, "an id is 36 lower-case hexadecimal characters with hyphens");
    if text.len() != 36 {
        return Err(invalid());
    }
    let mut nibbles = Vec::with_capacity(32);
    for (index, byte) in text.bytes().enumerate() {
        match (index, byte) {
            (8 | 13 | 18 | 23, b'-') => {}
            (8 | 13 | 18 | 23, _) => return Err(invalid()),
            (_, b'0'..=b'9') => nibbles.push(byte - b'0'),
            (_, b'a'..=b'f') => nibbles.push(byte - b'a' + 10),
            _ => return Err(invalid()),
        }
    }
    let bytes: Vec<u8> = nibbles.chunks_exact(2).filter_map(|pair| Some(pair.first()? << 4 | pair.last()?)).collect();
    bytes.try_into().map_err(|_| invalid())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes 16 bytes for an id of this kind, as they are.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                $name(bytes)
            }

            /// The 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            #[allow(dead_code, reason = "not every kind is minted in core")]
            pub(crate) fn mint(entropy: &dyn Entropy, now: UnixMillis) -> Result<Self> {
                mint(entropy, now).map($name)
            }

            /// Mints one that is greater than the last one there is, so that ids
            /// stand in the order they were made in.
            #[allow(dead_code, reason = "not every kind is put in order")]
            pub(crate) fn mint_behind(entropy: &dyn Entropy, now: UnixMillis, last: Option<Self>) -> Result<Self> {
                let minted = mint(entropy, now)?;
                Ok($name(last.map_or(minted, |last| behind(minted, last.0))))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write_text(&self.0, f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write_text(&self.0, f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                parse_text(&text).map($name).map_err(serde::de::Error::custom)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                parse_text(text).map($name)
            }
        }
    )+};
}

ids! {
    /// A user.
    UserId;
    /// A log-in of a user on one device; the `sid` of its tokens.
    SessionId;
    /// A wallet.
    WalletId;
    /// A reservation of part of a wallet's balance.
    HoldId;
    /// A transaction: one money event its owner sees.
    TransactionId;
    /// A bill payment.
    PaymentId;
    /// A price for a bill, good until it expires.
    QuoteId;
    /// A database, made once when the file is created.
    InstanceId;
}

/// A job in the queue: its number, from 1, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;
    use std::str::FromStr;

    #[test]
    fn an_id_behind_another_is_greater_and_still_of_version_7() {
        let entropy = SeededEntropy::new(1);
        let mut last = None;
        // The clock stands, goes back, and goes on.
        for now in [5_000, 5_000, 5_000, 1_000, 0, 5_001, 9_000] {
            let id = WalletId::mint_behind(&entropy, UnixMillis(now), last).unwrap();
            assert!(last.is_none_or(|last| id > last), "{id} after {last:?}");
            assert_eq!((id.0[6] >> 4, id.0[8] >> 6), (7, 0b10), "{id}");
            last = Some(id);
        }
        assert!(last.unwrap().to_string().starts_with("00000000-2328-7"), "{last:?}");
    }

    #[test]
    fn a_step_carries_through_the_fixed_bits() {
        let full: [u8; 16] = WalletId::from_str("00000000-0001-7fff-bfff-ffffffffffff").unwrap().0;
        let next = behind([0; 16], full);
        assert_eq!(WalletId(next).to_string(), "00000000-0002-7000-8000-000000000000");
        assert_eq!(from_number(number(full)), full);
    }

    #[test]
    fn an_id_is_a_uuid_of_version_7_with_the_time_in_front() {
        let id = WalletId::mint(&SeededEntropy::new(1), UnixMillis(0x0123_4567_89ab)).map(|id| id.to_string());
        let text = id.unwrap_or_default();
        assert!(text.starts_with("01234567-89ab-7"), "{text}");
        assert_eq!(text.parse::<WalletId>().map(|id| id.to_string()).unwrap_or_default(), text);
    }

    #[test]
    fn malformed_text_is_refused() {
        for text in [
            "",
            "x",
            "01234567-89AB-7000-8000-000000000000",
            "0123456789ab-7000-8000-000000000000----",
            "é1234567-89ab-7000-8000-00000000000",
        ] {
            assert_eq!(text.parse::<UserId>().map_err(|e| e.code()), Err(Code::InvalidId), "{text}");
        }
    }
}
