//! The id under which a provider knows a payment. Derived, never random, so
//! that a host that repeats a call after restoring an older backup sends the
//! same id, and the biller can refuse the double.
#![allow(dead_code, reason = "used by the engine")]

use crate::bill::provider::RequestIdFormat;
use crate::canonical::{Canonical, hex};
use crate::clock::{CivilTime, UnixMillis};
use crate::error::{Error, Result};
use crate::id::{InstanceId, UserId};
use crate::vocabulary::{Code, Operation};

/// The version of the derivation. Changing it would send payments twice.
const VERSION: u8 = 1;
/// Africa/Lagos: UTC+1, without daylight saving.
const LAGOS_OFFSET_MS: i64 = 3_600_000;

/// What a request id is derived from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestIdOrigin<'a> {
    /// The database.
    pub(crate) instance: InstanceId,
    /// Whose call it is.
    pub(crate) principal: UserId,
    /// What the call does.
    pub(crate) operation: Operation,
    /// The call's key.
    pub(crate) key: &'a str,
    /// The time in the id, for formats that carry one. Part of the call's
    /// fingerprint, and not of the hash.
    pub(crate) requested_at: UnixMillis,
}

/// The request id in the provider's format.
///
/// # Errors
/// [`Code::InvalidArgument`]: a hexadecimal length outside 16 to 64
/// (`request_id_format`); for a format with a time, a year in its zone outside
/// 1970 to 9999 (`requested_at`).
pub(crate) fn derive(format: RequestIdFormat, origin: &RequestIdOrigin<'_>) -> Result<String> {
    let digest = Canonical::new("fusepay.request_id", VERSION)
        .bytes(origin.instance.as_bytes())
        .bytes(origin.principal.as_bytes())
        .number(i64::from(origin.operation.number()))
        .text(origin.key)
        .sha256();
    match format {
        RequestIdFormat::Uuid => Ok(uuid(&digest)),
        RequestIdFormat::Hex(length) => hexadecimal(&digest, length),
        RequestIdFormat::VtpassTimed => vtpass(&digest, origin.requested_at),
    }
}

/// A UUID of version 8 (RFC 9562 section 5.8): ours are hashes by our own recipe.
fn uuid(digest: &[u8; 32]) -> String {
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, rest @ ..] = digest;
    let node = rest.first_chunk::<6>().copied().unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        hex(&[*b0, *b1, *b2, *b3]),
        hex(&[*b4, *b5]),
        hex(&[(b6 & 0x0f) | 0x80, *b7]),
        hex(&[(b8 & 0x3f) | 0x80, *b9]),
        hex(&node)
    )
}

fn hexadecimal(digest: &[u8; 32], length: u8) -> Result<String> {
    let text = hex(digest);
    match text.get(..usize::from(length)) {
        Some(part) if length >= 16 => Ok(part.to_owned()),
        _ => Err(Error::field(Code::InvalidArgument, "request_id_format", "must have 16 to 64 hexadecimal characters")),
    }
}

/// VTpass: `YYYYMMDDHHII` in Africa/Lagos, then whatever is unique
/// (<https://www.vtpass.com/documentation/how-to-generate-request-id/>).
fn vtpass(digest: &[u8; 32], requested_at: UnixMillis) -> Result<String> {
    let CivilTime { year, month, day, hour, minute, .. } = CivilTime::utc(requested_at.plus(LAGOS_OFFSET_MS));
    if !(1970..=9999).contains(&year) {
        return Err(Error::field(Code::InvalidArgument, "requested_at", "must lie in the years 1970 to 9999"));
    }
    let unique = hexadecimal(digest, 20)?;
    Ok(format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{unique}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn derived(format: RequestIdFormat, key: &str, at: i64) -> Result<String> {
        derive(
            format,
            &RequestIdOrigin {
                instance: InstanceId::from_bytes([1; 16]),
                principal: UserId::from_bytes([2; 16]),
                operation: Operation::Pay,
                key,
                requested_at: UnixMillis(at),
            },
        )
    }

    #[test]
    fn the_ids_of_version_1_never_change() {
        // 2026-12-31T23:05Z is already the new year in Lagos.
        let at = 1_798_758_300_000;
        for (format, expected) in [
            (RequestIdFormat::Uuid, "a8c7491f-fc44-80e1-bb37-5f0bb4b29f8e"),
            (RequestIdFormat::Hex(16), "a8c7491ffc44a0e1"),
            (RequestIdFormat::VtpassTimed, "202701010005a8c7491ffc44a0e1fb37"),
        ] {
            assert_eq!(derived(format, "order-1", at).unwrap(), expected);
        }
    }

    #[test]
    fn every_part_of_the_origin_counts_but_the_time() {
        let key = "order-1";
        let other_key = "order-2";
        let origin = RequestIdOrigin {
            instance: InstanceId::from_bytes([1; 16]),
            principal: UserId::from_bytes([2; 16]),
            operation: Operation::Pay,
            key,
            requested_at: UnixMillis(0),
        };
        let id = |origin: RequestIdOrigin<'_>| derive(RequestIdFormat::Uuid, &origin).unwrap();
        for other in [
            RequestIdOrigin { instance: InstanceId::from_bytes([3; 16]), ..origin },
            RequestIdOrigin { principal: UserId::from_bytes([3; 16]), ..origin },
            RequestIdOrigin { operation: Operation::Fund, ..origin },
            RequestIdOrigin { key: other_key, ..origin },
        ] {
            assert_ne!(id(origin), id(other));
        }
        assert_eq!(id(origin), id(RequestIdOrigin { requested_at: UnixMillis(5), ..origin }));
    }

    #[test]
    fn a_length_or_year_out_of_range_is_refused() {
        for length in [0, 15, 65, 255] {
            assert_eq!(derived(RequestIdFormat::Hex(length), "k", 0).map_err(|e| e.code()), Err(Code::InvalidArgument));
        }
        // The last minute of 1969 and the first of 10000, in Lagos.
        for (at, is_accepted) in [
            (-3_600_001, false),
            (-3_600_000, true),
            (253_402_297_199_999, true),
            (253_402_297_200_000, false),
            (i64::MIN, false),
            (i64::MAX, false),
        ] {
            assert_eq!(derived(RequestIdFormat::VtpassTimed, "k", at).is_ok(), is_accepted, "{at}");
            assert!(derived(RequestIdFormat::Uuid, "k", at).is_ok());
        }
    }

    proptest! {
        #[test]
        fn formats_have_their_shape(key in "[ -~]{1,128}", length in 16u8..=64, at in 0..253_402_297_200_000_i64) {
            let uuid = derived(RequestIdFormat::Uuid, &key, at).unwrap();
            prop_assert!(uuid.parse::<InstanceId>().is_ok());
            prop_assert_eq!(uuid.as_bytes()[14], b'8');
            prop_assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
            let hex = derived(RequestIdFormat::Hex(length), &key, at).unwrap();
            prop_assert_eq!(hex.len(), usize::from(length));
            let timed = derived(RequestIdFormat::VtpassTimed, &key, at).unwrap();
            prop_assert_eq!(timed.len(), 32);
            prop_assert!(timed.bytes().take(12).all(|b| b.is_ascii_digit()));
        }
    }
}
