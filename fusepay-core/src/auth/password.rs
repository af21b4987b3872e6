//! Which passwords may be chosen. How they are hashed and compared stands in
//! `hashing.rs`.
//!
//! A password is UTF-8 text in NFC (RFC 8265 section 4; not NFKC, which folds
//! full-width and styled letters onto plain ones and makes strangers' passwords
//! equal). Its length counts code points. Nothing is trimmed, truncated or folded.
//! Sources: NIST SP 800-63B-4 section 3.1.1.2, OWASP ASVS 5.0 chapter 6.2.

use crate::auth::email::EmailAddress;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::vocabulary::Code;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// The longest password, in bytes of UTF-8 after NFC. Longer ones are refused,
/// never cut: two that differ behind a cut would be one.
pub(crate) const BYTES_MAX: usize = 1024;
/// Beyond this many bytes a password is refused before it is normalised. NFC
/// shrinks decomposed text by far less than this factor of four allows for.
const RAW_BYTES_MAX: usize = 4 * BYTES_MAX;
/// NFC makes no text longer than three times its bytes (UAX #15, table of expansion factors).
const NFC_EXPANSION: usize = 3;

/// The minimum where a password is the only factor (NIST SP 800-63B-4).
const MINIMUM_ALONE: usize = 15;
/// The minimum where a second factor is required.
const MINIMUM_WITH_SECOND: usize = 8;
/// The highest minimum: 64 code points must be allowed (NIST), so are not demanded of anyone.
const MINIMUM_MAX: usize = 64;
/// Shorter words of an address or a name are too common in ordinary text to count.
const CONTEXT_WORD_MIN: usize = 4;
/// The product's own name is nobody's secret.
const PRODUCT: &str = "fusepay";

/// What a new password must fulfil. Passwords already set are not judged again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    minimum: usize,
    floor: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        PasswordPolicy::password_alone()
    }
}

impl PasswordPolicy {
    /// At least 15 code points: the password is all that is asked for.
    #[must_use]
    pub fn password_alone() -> Self {
        PasswordPolicy { minimum: MINIMUM_ALONE, floor: MINIMUM_ALONE }
    }

    /// At least 8 code points: the configuration requires a second factor as well.
    #[must_use]
    pub fn with_second_factor() -> Self {
        PasswordPolicy { minimum: MINIMUM_WITH_SECOND, floor: MINIMUM_WITH_SECOND }
    }

    /// Asks for more code points.
    ///
    /// # Errors
    /// `INVALID_CONFIG`: fewer than the policy's own minimum, or more than 64.
    pub fn with_minimum(mut self, code_points: usize) -> Result<Self> {
        if !(self.floor..=MINIMUM_MAX).contains(&code_points) {
            let text = format!("must be between {} and {MINIMUM_MAX} code points", self.floor);
            return Err(Error::field(Code::InvalidConfig, "password_minimum", text));
        }
        self.minimum = code_points;
        Ok(self)
    }

    /// The least number of code points.
    #[must_use]
    pub fn minimum(&self) -> usize {
        self.minimum
    }

    /// Whether this password may be set for this person.
    ///
    /// # Errors
    /// In this order: `INVALID_ARGUMENT` (not UTF-8, or with a NUL),
    /// `WEAK_PASSWORD` (too long, too short, a pattern, common, made of the
    /// person's own address or name or the product's).
    pub(crate) fn check(&self, password: &Secret, person: &PasswordContext<'_>) -> Result<()> {
        let text = prepare(password)?;
        if text.chars().count() < self.minimum {
            return Err(weak(&format!("is shorter than {} characters; a few unrelated words do well", self.minimum)));
        }
        let folded = Zeroizing::new(text.to_lowercase());
        if self.is_pattern(&folded) {
            return Err(weak("is a repetition or a sequence"));
        }
        if is_common(&folded) {
            return Err(weak("is one of the most common ones"));
        }
        if self.is_made_of(&folded, &person.words()) {
            return Err(weak("is little more than the e-mail address, a name or the product's name"));
        }
        Ok(())
    }

    /// Whether guessing continues by itself: one unit over and over, or mostly
    /// neighbours in the alphabet, among the digits or on a keyboard.
    fn is_pattern(&self, folded: &str) -> bool {
        let chars = Zeroizing::new(folded.chars().collect::<Vec<char>>());
        let surprises = 1 + chars.windows(2).filter(|pair| !matches!(pair, [a, b] if are_neighbours(*a, *b))).count();
        let mut distinct = Zeroizing::new(chars.to_vec());
        distinct.sort_unstable();
        distinct.dedup();
        surprises < self.minimum / 2 || distinct.len() < self.minimum / 3 || self.is_repetition(&chars)
    }

    /// Whether a unit too short to be a password itself makes up the whole.
    fn is_repetition(&self, chars: &[char]) -> bool {
        let units = 1..self.minimum.min(chars.len() / 2 + 1);
        units.into_iter().any(|unit| chars.iter().zip(chars.iter().skip(unit)).all(|(a, b)| a == b))
    }

    /// Whether too little is left once the words are taken out.
    fn is_made_of(&self, folded: &str, words: &[String]) -> bool {
        let mut rest = Zeroizing::new(folded.to_owned());
        for word in words {
            if rest.contains(word.as_str()) {
                rest = Zeroizing::new(rest.replace(word.as_str(), ""));
            }
        }
        rest.len() < folded.len() && rest.chars().count() < self.minimum / 2
    }
}

/// What is known of the person who chooses: none of it may make up a password.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PasswordContext<'a> {
    pub(crate) email: &'a EmailAddress,
    pub(crate) names: &'a [&'a str],
}

impl PasswordContext<'_> {
    /// In lower case, the longest first, so that a whole address goes before its parts.
    fn words(&self) -> Vec<String> {
        let email = self.email.as_str();
        let mut words = vec![email.to_owned(), self.email.local_part().to_owned(), PRODUCT.to_owned()];
        words.extend(email.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
        for name in self.names {
            let name: String = name.nfc().collect::<String>().to_lowercase();
            words.extend(name.split_whitespace().map(str::to_owned));
            words.push(name.split_whitespace().collect());
            words.push(name);
        }
        words.retain(|word| word.chars().count() >= CONTEXT_WORD_MIN);
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        words
    }
}

/// The password as it is hashed: NFC.
///
/// # Errors
/// `INVALID_ARGUMENT` (not UTF-8, or with a NUL), `WEAK_PASSWORD` (too long).
pub(crate) fn prepare(password: &Secret) -> Result<Zeroizing<String>> {
    let raw = password.expose();
    if raw.len() > RAW_BYTES_MAX {
        return Err(too_long());
    }
    let Ok(text) = std::str::from_utf8(raw) else {
        return Err(Error::field(Code::InvalidArgument, "password", "is not UTF-8"));
    };
    if text.contains('\0') {
        return Err(Error::field(Code::InvalidArgument, "password", "holds a NUL character"));
    }
    // Room for the worst case at once: a string that grew would leave copies behind.
    let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_mul(NFC_EXPANSION)));
    if text.is_ascii() {
        normal.push_str(text);
    } else {
        normal.extend(text.nfc());
    }
    if normal.len() > BYTES_MAX { Err(too_long()) } else { Ok(normal) }
}

fn too_long() -> Error {
    weak("is longer than 1024 bytes")
}

fn weak(what: &str) -> Error {
    Error::field(Code::WeakPassword, "password", what)
}

/// Runs whose next character anybody would guess, both ways.
const RUNS: [&str; 5] = ["abcdefghijklmnopqrstuvwxyza", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

fn are_neighbours(a: char, b: char) -> bool {
    a == b || RUNS.iter().any(|run| run.chars().zip(run.chars().skip(1)).any(|pair| pair == (a, b) || pair == (b, a)))
}

/// In lower case and sorted by bytes, as a test checks.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// Whether the list has it, as it is or with the usual digits and signs read as letters.
fn is_common(folded: &str) -> bool {
    let plain = Zeroizing::new(folded.chars().map(unmask).collect::<String>());
    [folded, plain.as_str()].iter().any(|text| COMMON.binary_search(text).is_ok())
}

fn unmask(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '3' => 'e',
        '1' | '!' => 'i',
        '0' => 'o',
        '$' | '5' => 's',
        '7' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn verdict(policy: &PasswordPolicy, password: &str) -> Result<(), Code> {
        let email = EmailAddress::parse("chidinma.okafor@mailhouse.example").unwrap();
        let person = PasswordContext { email: &email, names: &["Chidinma", "Okafor"] };
        policy.check(&Secret::from(password), &person).map_err(|e| e.code())
    }

    fn alone(password: &str) -> Result<(), Code> {
        verdict(&PasswordPolicy::default(), password)
    }

    #[test]
    fn length_counts_code_points_not_bytes() {
        let emoji: String = "🍋🥑🌶🍇🥥🍒🍍🥝🍓🍑🍈🍐🍏🍎🥭".chars().collect();
        assert_eq!(emoji.chars().count(), 15);
        assert_eq!(alone(&emoji), Ok(()));
        assert_eq!(alone("blue lamp river"), Ok(()));
        assert_eq!(alone("blue lamp rive"), Err(Code::WeakPassword));
        // Fifteen code points decomposed, fourteen composed.
        assert_eq!(alone("blue lamp rivé"), Err(Code::WeakPassword));
        assert_eq!(alone("blue lamp rive\u{301}"), Err(Code::WeakPassword));
    }

    #[test]
    fn sixty_four_and_a_thousand_and_twenty_four_bytes_are_allowed_and_one_more_is_refused() {
        let words = "blue lamp river stone kettle orbit ".repeat(40);
        assert_eq!(alone(&words[..64]), Ok(()));
        assert_eq!(alone(&words[..1024]), Ok(()));
        assert_eq!(alone(&words[..1025]), Err(Code::WeakPassword));
        assert_eq!(alone(&"x".repeat(10_000_000)), Err(Code::WeakPassword));
    }

    #[test]
    fn decomposed_text_is_measured_after_composition() {
        // U+0958 grows in NFC from 3 bytes to 6: 171 of them are 513 bytes raw, 1026 composed.
        let prefix = "blue lamp river";
        let grows = format!("{prefix}{}", "\u{958}".repeat(168));
        assert_eq!(prepare(&Secret::from(grows.as_str())).unwrap().len(), 1023);
        let grows = format!("{prefix}{}", "\u{958}".repeat(169));
        assert_eq!(prepare(&Secret::from(grows.as_str())).map_err(|e| e.code()), Err(Code::WeakPassword));
    }

    #[test]
    fn nul_and_bad_text_are_refused() {
        assert_eq!(alone("blue lamp\0river stone"), Err(Code::InvalidArgument));
        let bad = Secret::new(vec![0xff; 20]);
        assert_eq!(prepare(&bad).map_err(|e| e.code()), Err(Code::InvalidArgument));
    }

    #[test]
    fn composition_is_nfc_and_not_nfkc() {
        let prepared = |text: &str| prepare(&Secret::from(text)).unwrap().to_string();
        assert_eq!(prepared("man\u{303}ana"), prepared("mañana"));
        assert_ne!(prepared("ｍañana"), prepared("mañana"));
        assert_eq!(prepared(" a  b "), " a  b ");
    }

    #[test]
    fn common_passwords_patterns_and_own_words_are_refused() {
        for password in [
            "passwordpassword",
            "PasswordPassword",
            "p@ssw0rdp@ssw0rd",
            "123456789012345",
            "098765432109876",
            "aaaaaaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabc",
            "blue 7!blue 7!blue 7!",
            "abcdefghijklmnopqrs",
            "qwertyuiopasdfghjkl",
            "aaaabbbbccccddddeeee",
            "correcthorsebatterystaple",
            "thisismypassword",
            "iloveyouforever",
            "fusepayfusepay1",
            "FusePay-FusePay-2026",
            "chidinma.okafor@mailhouse.example",
            "Chidinma.Okafor2026",
            "chidinmaokafor1!",
            "OkaforChidinma99",
            "mailhouse-fusepay",
        ] {
            assert_eq!(alone(password), Err(Code::WeakPassword), "{password}");
        }
    }

    #[test]
    fn ordinary_passphrases_and_random_text_pass() {
        for password in [
            "blue lamp river stone",
            "tr0ub4dor&3-and-friends",
            "0f3a9c1e7b5d2468",
            "Zg7!kQ2#vLp9@xW",
            "my okafor cousin sails north",
            "тёплый чайник у окна",
            "水をのむ猫は雨の日に本を読む。",
        ] {
            assert_eq!(alone(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn a_long_unit_may_be_repeated() {
        assert_eq!(alone("blue lamp river blue lamp river "), Ok(()));
    }

    #[test]
    fn eight_code_points_do_with_a_second_factor() {
        let policy = PasswordPolicy::with_second_factor();
        assert_eq!(verdict(&policy, "Zg7!kQ2#"), Ok(()));
        for password in
            ["Zg7!kQ2", "password", "sunshine1", "12345678", "qwertyui", "abcabcabc", "okafor12", "fusepay1"]
        {
            assert_eq!(verdict(&policy, password), Err(Code::WeakPassword), "{password}");
        }
    }

    #[test]
    fn a_minimum_below_the_floor_is_no_configuration() {
        assert_eq!(PasswordPolicy::default().with_minimum(14).map_err(|e| e.code()), Err(Code::InvalidConfig));
        assert_eq!(
            PasswordPolicy::with_second_factor().with_minimum(7).map_err(|e| e.code()),
            Err(Code::InvalidConfig)
        );
        assert_eq!(PasswordPolicy::default().with_minimum(65).map_err(|e| e.code()), Err(Code::InvalidConfig));
        assert_eq!(PasswordPolicy::default().with_minimum(20).unwrap().minimum(), 20);
    }

    #[test]
    fn the_list_is_sorted_in_lower_case_and_long_enough() {
        assert!(COMMON.is_sorted());
        assert_eq!(COMMON.iter().collect::<HashSet<_>>().len(), COMMON.len());
        assert!(COMMON.iter().all(|entry| **entry == entry.to_lowercase() && entry.chars().count() >= 8));
        // ASVS 6.2.4: 3000 entries that would otherwise satisfy the policy.
        assert!(COMMON.iter().filter(|entry| entry.chars().count() >= 15).count() >= 3000);
    }

    #[test]
    fn every_entry_of_the_list_is_refused_in_any_case() {
        let policy = PasswordPolicy::with_second_factor();
        for entry in COMMON.iter() {
            assert_eq!(verdict(&policy, &entry.to_uppercase()), Err(Code::WeakPassword), "{entry}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_the_password() {
        let email = EmailAddress::parse("a@b.example").unwrap();
        let person = PasswordContext { email: &email, names: &[] };
        let error = PasswordPolicy::default().check(&Secret::from("needle"), &person).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("needle"));
    }
}
