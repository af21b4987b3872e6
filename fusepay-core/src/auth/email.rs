//! E-mail addresses in the one form the engine stores and compares.
//!
//! The choice made here: ASCII only, RFC 5321 dot-atom before the `@`, host name
//! after it, the whole in lower case. RFC 5321 would let the part before the `@`
//! depend on case; no provider of any size does, and two accounts that differ
//! only in case are how password resets reach strangers (CVE-2019-19844). Every
//! look-alike beyond ASCII (full-width `@`, dotless i, other scripts) is refused
//! instead of folded: folding is where that class of fault comes from. An
//! internationalised domain is accepted in its `xn--` form. ASCII text is its own
//! NFC, so there is nothing left to normalise but case.

use crate::error::{Error, Result};
use crate::vocabulary::Code;

/// The longest address, in bytes (RFC 5321 section 4.5.3.1.3, less the brackets).
const BYTES_MAX: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321 section 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// The longest label of a domain, in bytes (RFC 1035 section 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// An e-mail address, in lower case. Two are equal exactly when they name the same user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress {
    text: String,
    at: usize,
}

impl EmailAddress {
    /// Reads an address. Space around it is refused, not trimmed: the host
    /// should know what it stores.
    ///
    /// # Errors
    /// `INVALID_EMAIL` for anything but `dot-atom@host.name` in ASCII, at most 254 bytes.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > BYTES_MAX {
            return Err(refused("is longer than 254 bytes"));
        }
        if !text.is_ascii() {
            return Err(refused("holds a character outside ASCII; write an international domain in its xn-- form"));
        }
        let Some((local, domain)) = text.split_once('@') else {
            return Err(refused("has no @"));
        };
        if !is_local_part(local) {
            return Err(refused("has before the @ something other than 1 to 64 letters, digits and inner dots"));
        }
        if !is_domain(domain) {
            return Err(refused("has after the @ something other than a host name with a dot"));
        }
        Ok(EmailAddress { text: text.to_ascii_lowercase(), at: local.len() })
    }

    /// The address, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }
}

impl std::fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for EmailAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        EmailAddress::parse(text)
    }
}

fn refused(what: &str) -> Error {
    Error::field(Code::InvalidEmail, "email", what)
}

fn is_local_part(local: &str) -> bool {
    local.len() <= LOCAL_BYTES_MAX && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// RFC 5322 section 3.2.3.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_domain(domain: &str) -> bool {
    let top_is_a_name = domain.rsplit('.').next().is_some_and(|top| !top.bytes().all(|b| b.is_ascii_digit()));
    domain.contains('.') && top_is_a_name && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_make_another_user() {
        let a = EmailAddress::parse("Ada.Obi+bills@Example.COM").unwrap();
        assert_eq!(a, EmailAddress::parse("ada.obi+bills@example.com").unwrap());
        assert_eq!(a.as_str(), "ada.obi+bills@example.com");
        assert_eq!(a.local_part(), "ada.obi+bills");
    }

    #[test]
    fn look_alikes_and_malformed_addresses_are_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let long = format!("a@{}com", "bcd.".repeat(64));
        for text in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            " ada@example.com",
            "ada@example.com ",
            "ada@example.com\n",
            "ada\0@example.com",
            "ada@exam\u{7f}ple.com",
            "ada@b@example.com",
            "ada\u{ff20}example.com",
            "ad\u{0430}@example.com",
            "ada@ex\u{0430}mple.com",
            "m\u{0131}ke@example.org",
            "ada@example\u{3002}com",
            "ada@exämple.com",
            ".ada@example.com",
            "ada.@example.com",
            "a..da@example.com",
            "\"ada\"@example.com",
            "ada(x)@example.com",
            "ada@-example.com",
            "ada@example-.com",
            "ada@example..com",
            "ada@example.com.",
            "ada@[127.0.0.1]",
            "ada@127.0.0.1",
            "ada@exa_mple.com",
            "Ada <ada@example.com>",
            "ada@example.com,eve@example.com",
            &long_local,
            &long_label,
            &long,
        ] {
            assert_eq!(EmailAddress::parse(text).map_err(|e| e.code()), Err(Code::InvalidEmail), "{text:?}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_the_address() {
        let error = EmailAddress::parse("needle@").unwrap_err();
        assert!(!error.to_string().contains("needle"));
    }

    #[test]
    fn an_international_domain_is_accepted_in_its_ascii_form() {
        assert!(EmailAddress::parse("ada@xn--exmple-cua.com").is_ok());
    }
}
