//! Password hashes: argon2id (RFC 9106) in PHC strings, compared at a cost that
//! does not tell whether there was anything to compare with.
//!
//! Whatever an account's state, one verification costs one argon2 at the
//! configured cost: [`verify_password`] for a stored hash, [`verify_decoy`] where
//! there is none (unknown name, locked, deactivated, no password). A hash from
//! cheaper days is topped up to the same number of blocks written, which is what
//! argon2's time follows to first order. A hash *dearer* than configured cannot be
//! made cheaper: after lowering the cost, a host's old accounts answer more slowly
//! until they log in with a raised one again; so raise it, never lower it.

use crate::auth::keyring::check_key;
use crate::auth::password::prepare;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::vocabulary::Code;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Bytes of salt, from the engine's entropy, new for every hash.
pub(crate) const SALT_BYTES: usize = 16;
/// Bytes of tag in hashes we make.
const TAG_BYTES: usize = 32;

/// OWASP's and ASVS's equivalent settings, memory in KiB and passes. A cost must
/// reach one of them in both (ASVS 5.0 appendix C, Password Storage Cheat Sheet).
const FLOOR: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];
/// The dearest hash anyone is made to wait for, ours or one found in the file.
const MEMORY_KIB_MAX: u32 = 1 << 20;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 16;
/// argon2 needs eight blocks per lane (RFC 9106 section 3.1).
const KIB_PER_LANE_MIN: u32 = 8;

/// Longer text is no PHC string of ours or of any importer we know.
const PHC_BYTES_MAX: usize = 512;
/// argon2's own limits are wider; nothing in use is outside these.
const SALT_RANGE: std::ops::RangeInclusive<usize> = 8..=64;
const TAG_RANGE: std::ops::RangeInclusive<usize> = 16..=64;

/// What one password hash costs whoever computes it, the engine and a thief alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for HashCost {
    /// 19 MiB, 2 passes, 1 lane: OWASP's first recommendation, 24 ms on the
    /// machine this was measured on.
    fn default() -> Self {
        HashCost { memory_kib: 19_456, passes: 2, lanes: 1 }
    }
}

impl HashCost {
    /// A cost of this much memory in KiB, this many passes over it, in this many lanes.
    ///
    /// # Errors
    /// `INVALID_CONFIG`: below every one of 47104 KiB and 1 pass, 19456/2,
    /// 12288/3, 9216/4, 7168/5; or above 1 GiB, 16 passes, 16 lanes.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self> {
        let refused = |text: &str| Err(Error::field(Code::InvalidConfig, "hash_cost", text));
        if !FLOOR.iter().any(|(memory_min, passes_min)| memory_kib >= *memory_min && passes >= *passes_min) {
            return refused(
                "is too cheap; use at least 47104 KiB with 1 pass, 19456 with 2, 12288 with 3, 9216 with 4 or 7168 with 5",
            );
        }
        let cost = HashCost { memory_kib, passes, lanes };
        if !cost.is_bearable() {
            return refused("is too dear; use at most 1 GiB, 16 passes and 16 lanes of at least 8 KiB");
        }
        Ok(cost)
    }

    /// A cost that protects nothing and takes microseconds.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub const fn insecure_for_tests() -> Self {
        HashCost { memory_kib: 16, passes: 1, lanes: 1 }
    }

    /// Memory, in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes.
    #[must_use]
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    fn is_bearable(self) -> bool {
        (1..=LANES_MAX).contains(&self.lanes)
            && (1..=PASSES_MAX).contains(&self.passes)
            && (self.lanes.saturating_mul(KIB_PER_LANE_MIN)..=MEMORY_KIB_MAX).contains(&self.memory_kib)
    }

    /// Blocks of 1 KiB written.
    fn blocks(self) -> u64 {
        u64::from(self.memory_kib).saturating_mul(u64::from(self.passes))
    }
}

/// A key outside the database that goes into every hash (argon2's `secret`), so
/// that the file alone gives nothing to guess against. Its id is stored with the
/// hash; the key never is. Losing the key loses every password made with it.
#[derive(Clone)]
pub struct Pepper {
    current: PepperKey,
    former: Vec<PepperKey>,
}

#[derive(Clone)]
struct PepperKey {
    id: String,
    key: Secret,
}

impl PepperKey {
    fn new(id: &str, key: Secret) -> Result<Self> {
        // Eight bytes are all a PHC string has room for.
        let is_id = (1..=8).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_id {
            return Err(Error::field(Code::InvalidConfig, "pepper", "its id must be 1 to 8 of A-Z a-z 0-9 _ -"));
        }
        check_key("pepper", &key)?;
        Ok(PepperKey { id: id.to_owned(), key })
    }
}

impl Pepper {
    /// A pepper of at least 32 bytes under an id of 1 to 8 letters, digits, `_`, `-`.
    ///
    /// # Errors
    /// `INVALID_CONFIG`: a malformed id, or a key that is short or a placeholder.
    pub fn new(id: &str, key: Secret) -> Result<Self> {
        Ok(Pepper { current: PepperKey::new(id, key)?, former: Vec::new() })
    }

    /// Adds one that was used before: it verifies, and is replaced at the next log-in.
    ///
    /// # Errors
    /// `INVALID_CONFIG`, as [`Pepper::new`], and for an id that is there already.
    pub fn with_former(mut self, id: &str, key: Secret) -> Result<Self> {
        if self.find(id).is_some() {
            return Err(Error::field(Code::InvalidConfig, "pepper", "two peppers have the same id"));
        }
        self.former.push(PepperKey::new(id, key)?);
        Ok(self)
    }

    fn find(&self, id: &str) -> Option<&PepperKey> {
        std::iter::once(&self.current).chain(&self.former).find(|pepper| pepper.id == id)
    }
}

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pepper({})", self.current.id)
    }
}

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Verdict {
    /// The password is right.
    Match {
        /// The stored hash is weaker than what would be made now: replace it in
        /// the log-in's commit, on condition that it is still the one verified.
        rehash: bool,
    },
    /// It is wrong, or there is nothing it could be right against.
    Mismatch,
}

/// Hashes a password into a PHC string.
///
/// # Errors
/// Those of [`prepare`]; `OUT_OF_MEMORY`.
pub(crate) fn hash_password(
    password: &Secret,
    salt: [u8; SALT_BYTES],
    cost: HashCost,
    pepper: Option<&Pepper>,
) -> Result<String> {
    let text = prepare(password)?;
    let pepper = pepper.map(|pepper| &pepper.current);
    let mut tag = Zeroizing::new([0u8; TAG_BYTES]);
    let work = Work { key: pepper.map(|pepper| &pepper.key), ..Work::current(cost, &salt) };
    work.run(text.as_bytes(), tag.as_mut_slice())?;
    let HashCost { memory_kib, passes, lanes } = cost;
    let key_id = pepper.map_or(String::new(), |pepper| format!(",keyid={}", STANDARD_NO_PAD.encode(&pepper.id)));
    let (salt, tag) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(tag.as_slice()));
    Ok(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}{key_id}${salt}${tag}"))
}

/// Compares a password with a stored hash, in constant time and at no less than
/// the configured cost. Malformed hashes, costs beyond the ceiling and unknown
/// peppers are a mismatch after a decoy: what stands in the file is not trusted
/// to be ours, and the caller is not told.
///
/// # Errors
/// `OUT_OF_MEMORY` alone.
pub(crate) fn verify_password(
    password: &Secret,
    phc: &str,
    cost: HashCost,
    pepper: Option<&Pepper>,
) -> Result<Verdict> {
    let (Ok(text), Some(stored)) = (prepare(password), Stored::parse(phc)) else {
        return verify_decoy(cost, pepper);
    };
    let key = match &stored.key_id {
        None => None,
        Some(id) => match pepper.and_then(|pepper| pepper.find(id)) {
            Some(found) => Some(&found.key),
            None => return verify_decoy(cost, pepper),
        },
    };
    let mut tag = Zeroizing::new(vec![0u8; stored.tag.len()]);
    stored.work(key).run(text.as_bytes(), &mut tag)?;
    top_up(stored.cost, cost)?;
    if bool::from(tag.ct_eq(&stored.tag)) {
        Ok(Verdict::Match { rehash: stored.is_weaker_than(cost, pepper) })
    } else {
        Ok(Verdict::Mismatch)
    }
}

/// Does the work of [`verify_password`] where there is no hash to verify.
///
/// # Errors
/// `OUT_OF_MEMORY` alone.
pub(crate) fn verify_decoy(cost: HashCost, pepper: Option<&Pepper>) -> Result<Verdict> {
    let mut tag = [0u8; TAG_BYTES];
    let key = pepper.map(|pepper| &pepper.current.key);
    Work { key, ..Work::current(cost, &[0; SALT_BYTES]) }.run(b"decoy", &mut tag)?;
    std::hint::black_box(tag);
    Ok(Verdict::Mismatch)
}

/// Writes as many blocks as the configured cost has more than the spent one.
fn top_up(spent: HashCost, wanted: HashCost) -> Result<()> {
    let missing = wanted.blocks().saturating_sub(spent.blocks());
    if missing < u64::from(KIB_PER_LANE_MIN) {
        return Ok(());
    }
    let passes = missing.div_ceil(u64::from(wanted.memory_kib)).max(1);
    let memory_kib = (missing / passes).max(u64::from(KIB_PER_LANE_MIN));
    let (Ok(memory_kib), Ok(passes)) = (u32::try_from(memory_kib), u32::try_from(passes)) else { return Ok(()) };
    let _ = verify_decoy(HashCost { memory_kib, passes, lanes: 1 }, None)?;
    Ok(())
}

/// Everything argon2 is told but the password.
struct Work<'a> {
    algorithm: Algorithm,
    version: Version,
    cost: HashCost,
    salt: &'a [u8],
    key: Option<&'a Secret>,
}

impl<'a> Work<'a> {
    fn current(cost: HashCost, salt: &'a [u8]) -> Self {
        Work { algorithm: Algorithm::Argon2id, version: Version::V0x13, cost, salt, key: None }
    }

    fn run(&self, password: &[u8], tag: &mut [u8]) -> Result<()> {
        let HashCost { memory_kib, passes, lanes } = self.cost;
        let argon2 = Params::new(memory_kib, passes, lanes, Some(tag.len())).and_then(|params| match self.key {
            Some(key) => Argon2::new_with_secret(key.expose(), self.algorithm, self.version, params),
            None => Ok(Argon2::new(self.algorithm, self.version, params)),
        });
        argon2.and_then(|argon2| argon2.hash_password_into(password, self.salt, tag)).map_err(|cause| {
            if cause == argon2::Error::OutOfMemory {
                return Error::new(Code::OutOfMemory, "no memory to check a password with");
            }
            // Costs and lengths were checked by HashCost::new or Stored::parse.
            Error::new(Code::InvalidConfig, format!("argon2 refuses this cost: {cause}"))
        })
    }
}

/// A PHC string taken apart.
struct Stored {
    algorithm: Algorithm,
    version: Version,
    cost: HashCost,
    key_id: Option<String>,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

impl Stored {
    /// `$argon2{d,i,id}[$v={16,19}]$m=…,t=…,p=…[,keyid=…]$salt$tag`, within the
    /// ceiling; anything else is none. Ours, not the library's, because the
    /// library computes whatever the text demands.
    fn parse(phc: &str) -> Option<Self> {
        if phc.len() > PHC_BYTES_MAX || !phc.is_ascii() {
            return None;
        }
        let fields: Vec<&str> = phc.split('$').collect();
        let (name, version, params, salt, tag) = match fields.as_slice() {
            ["", name, params, salt, tag] => (*name, Version::V0x10, *params, *salt, *tag),
            ["", name, "v=16", params, salt, tag] => (*name, Version::V0x10, *params, *salt, *tag),
            ["", name, "v=19", params, salt, tag] => (*name, Version::V0x13, *params, *salt, *tag),
            _ => return None,
        };
        let algorithm = match name {
            "argon2d" => Algorithm::Argon2d,
            "argon2i" => Algorithm::Argon2i,
            "argon2id" => Algorithm::Argon2id,
            _ => return None,
        };
        let (cost, key_id) = parse_params(params)?;
        let salt = STANDARD_NO_PAD.decode(salt).ok().filter(|salt| SALT_RANGE.contains(&salt.len()))?;
        let tag = STANDARD_NO_PAD.decode(tag).ok().filter(|tag| TAG_RANGE.contains(&tag.len()))?;
        Some(Stored { algorithm, version, cost, key_id, salt, tag })
    }

    fn work<'a>(&'a self, key: Option<&'a Secret>) -> Work<'a> {
        Work { algorithm: self.algorithm, version: self.version, cost: self.cost, salt: &self.salt, key }
    }

    /// Never true of a dearer hash: a rehash must not be a downgrade.
    fn is_weaker_than(&self, cost: HashCost, pepper: Option<&Pepper>) -> bool {
        let lacks_pepper = pepper.is_some_and(|pepper| self.key_id.as_ref() != Some(&pepper.current.id));
        self.algorithm != Algorithm::Argon2id
            || self.version != Version::V0x13
            || self.cost.memory_kib < cost.memory_kib
            || self.cost.passes < cost.passes
            || self.salt.len() < SALT_BYTES
            || self.tag.len() < TAG_BYTES
            || lacks_pepper
    }
}

fn parse_params(params: &str) -> Option<(HashCost, Option<String>)> {
    let mut params = params.split(',');
    let mut number = |prefix: &str| parse_number(params.next()?.strip_prefix(prefix)?);
    let cost = HashCost { memory_kib: number("m=")?, passes: number("t=")?, lanes: number("p=")? };
    let key_id = match params.next() {
        None => None,
        Some(field) => Some(String::from_utf8(STANDARD_NO_PAD.decode(field.strip_prefix("keyid=")?).ok()?).ok()?),
    };
    (params.next().is_none() && cost.is_bearable()).then_some((cost, key_id))
}

/// Decimal, no sign, no leading zero (PHC string format specification).
fn parse_number(text: &str) -> Option<u32> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (!text.starts_with('0') || text == "0");
    if is_canonical { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const CHEAP: HashCost = HashCost::insecure_for_tests();
    const MATCH: Verdict = Verdict::Match { rehash: false };
    const WEAKER: Verdict = Verdict::Match { rehash: true };

    fn secret(text: &str) -> Secret {
        Secret::from(text)
    }

    fn pepper(id: &str, seed: u8) -> Pepper {
        Pepper::new(id, key(seed)).unwrap()
    }

    fn key(seed: u8) -> Secret {
        Secret::new((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(seed)).collect::<Vec<_>>())
    }

    fn verify(password: &str, phc: &str, cost: HashCost) -> Verdict {
        verify_password(&secret(password), phc, cost, None).unwrap()
    }

    #[test]
    fn a_hash_is_an_argon2id_phc_string_with_our_cost_salt_and_tag() {
        let phc = hash_password(&secret("blue lamp river"), [7; 16], HashCost::default(), None).unwrap();
        let fields: Vec<&str> = phc.split('$').collect();
        assert_eq!(fields[1..4], ["argon2id", "v=19", "m=19456,t=2,p=1"]);
        assert_eq!(STANDARD_NO_PAD.decode(fields[4]).unwrap(), [7; 16]);
        assert_eq!(STANDARD_NO_PAD.decode(fields[5]).unwrap().len(), 32);
        assert_eq!(verify("blue lamp river", &phc, HashCost::default()), MATCH);
        assert_eq!(verify("blue lamp rivers", &phc, HashCost::default()), Verdict::Mismatch);
    }

    #[test]
    fn the_reference_implementations_hashes_verify() {
        // phc-winner-argon2, src/test.c.
        for phc in [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        ] {
            // Weaker, because their salt has eight bytes.
            assert_eq!(verify("password", phc, CHEAP), WEAKER, "{phc}");
            assert_eq!(verify("Password", phc, CHEAP), Verdict::Mismatch, "{phc}");
        }
    }

    #[test]
    fn two_salts_make_two_hashes_of_one_password() {
        let hash = |salt| hash_password(&secret("blue lamp river"), [salt; 16], CHEAP, None).unwrap();
        assert_ne!(hash(1), hash(2));
    }

    #[test]
    fn costs_below_every_row_or_above_the_ceiling_are_no_configuration() {
        for (memory, passes) in FLOOR {
            assert!(HashCost::new(memory, passes, 1).is_ok());
            assert_eq!(HashCost::new(memory - 1, passes, 1).map_err(|e| e.code()), Err(Code::InvalidConfig));
        }
        for (memory, passes, lanes) in [
            (8, 1, 1),
            (0, 0, 0),
            (7_168, 4, 1),
            (19_456, 1, 1),
            (MEMORY_KIB_MAX + 1, 2, 1),
            (19_456, 17, 1),
            (19_456, 2, 0),
            (19_456, 2, 17),
            (u32::MAX, u32::MAX, u32::MAX),
        ] {
            let refused = HashCost::new(memory, passes, lanes).map_err(|e| e.code());
            assert_eq!(refused, Err(Code::InvalidConfig), "{memory}/{passes}/{lanes}");
        }
    }

    #[test]
    fn only_weaker_hashes_are_to_be_replaced() {
        let config = HashCost { memory_kib: 64, passes: 2, lanes: 1 };
        for (memory_kib, passes, lanes, expected) in [
            (64, 2, 1, MATCH),
            (32, 2, 1, WEAKER),
            (64, 1, 1, WEAKER),
            (128, 1, 1, WEAKER),
            (256, 3, 1, MATCH),
            (64, 2, 4, MATCH),
        ] {
            let phc = hash_password(&secret("pw"), [1; 16], HashCost { memory_kib, passes, lanes }, None).unwrap();
            assert_eq!(verify("pw", &phc, config), expected, "{phc}");
            assert_eq!(verify("px", &phc, config), Verdict::Mismatch, "{phc}");
        }
    }

    #[test]
    fn older_variants_and_versions_verify_and_are_to_be_replaced() {
        for (algorithm, name) in [(Algorithm::Argon2d, "argon2d"), (Algorithm::Argon2i, "argon2i")] {
            let mut tag = [0u8; 32];
            let work = Work { algorithm, version: Version::V0x10, ..Work::current(CHEAP, &[3; 16]) };
            work.run(b"pw", &mut tag).unwrap();
            let (salt, tag) = (STANDARD_NO_PAD.encode([3; 16]), STANDARD_NO_PAD.encode(tag));
            for version in ["$v=16", ""] {
                assert_eq!(verify("pw", &format!("${name}{version}$m=16,t=1,p=1${salt}${tag}"), CHEAP), WEAKER);
            }
        }
    }

    #[test]
    fn planted_costs_beyond_the_ceiling_are_a_quick_mismatch() {
        let began = Instant::now();
        let tail = "$AQEBAQEBAQEBAQEBAQEBAQ$AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
        for params in [
            "m=4294967295,t=4294967295,p=16777215",
            "m=1048577,t=1,p=1",
            "m=16,t=17,p=1",
            "m=512,t=1,p=17",
            "m=8,t=1,p=2",
            "m=0,t=0,p=0",
            "m=99999999999999999999,t=1,p=1",
        ] {
            assert_eq!(verify("pw", &format!("$argon2id$v=19${params}{tail}"), CHEAP), Verdict::Mismatch, "{params}");
        }
        assert!(began.elapsed().as_millis() < 1_000);
    }

    #[test]
    fn malformed_hashes_are_a_mismatch() {
        let good = hash_password(&secret("pw"), [1; 16], CHEAP, None).unwrap();
        let mut bad: Vec<String> = [
            "",
            "$",
            "$$$$$",
            "$argon2id$",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$argon2id$v=19$m=16,t=1,p=1$AQEBAQEBAQEBAQEBAQEBAQ$",
            "$argon2id$v=19$m=16,t=1,p=1$$AQEBAQEBAQEBAQEBAQEBAQ",
            "plain",
        ]
        .iter()
        .map(|text| (*text).to_owned())
        .collect();
        bad.push("é".repeat(60));
        bad.push("$".repeat(10_000_000));
        for (from, to) in [
            ("v=19", "v=20"),
            ("v=19", "v=019"),
            ("m=16", "m=016"),
            ("m=16", "m=+16"),
            ("m=16", "m=16 "),
            ("t=1", "t=-1"),
            ("m=16,t=1", "t=1,m=16"),
            ("p=1", "p=1,data=AA"),
            ("p=1", "p=1,keyid=AA,keyid=AA"),
            ("p=1", "p=1,keyid=AA"),
            ("argon2id", "Argon2id"),
            ("$argon2id", "argon2id"),
        ] {
            assert!(good.contains(from), "{from}");
            bad.push(good.replacen(from, to, 1));
        }
        bad.push(format!("{good}="));
        bad.push(format!("{good}$"));
        bad.push(format!("{good}\n"));
        for phc in bad {
            assert_eq!(verify("pw", &phc, CHEAP), Verdict::Mismatch, "{:?}", phc.chars().take(80).collect::<String>());
        }
        assert_eq!(verify("pw", &good, CHEAP), MATCH);
    }

    #[test]
    fn nothing_is_truncated_or_folded() {
        let long = "blue lamp river stone kettle orbit ".repeat(40)[..1024].to_owned();
        let phc = hash_password(&secret(&long), [1; 16], CHEAP, None).unwrap();
        assert_eq!(verify(&long, &phc, CHEAP), MATCH);
        for place in [72, 1023] {
            let mut other = long.clone().into_bytes();
            other[place] = b'#';
            assert_eq!(verify(std::str::from_utf8(&other).unwrap(), &phc, CHEAP), Verdict::Mismatch);
        }
        assert_eq!(verify(&format!("{long}x"), &phc, CHEAP), Verdict::Mismatch);
    }

    #[test]
    fn composed_and_decomposed_passwords_are_one_and_full_width_is_another() {
        let phc = hash_password(&secret("mañana será otro día"), [1; 16], CHEAP, None).unwrap();
        assert_eq!(verify("man\u{303}ana sera\u{301} otro di\u{301}a", &phc, CHEAP), MATCH);
        assert_eq!(verify("ｍañana será otro día", &phc, CHEAP), Verdict::Mismatch);
    }

    #[test]
    fn a_password_that_can_not_be_one_is_a_mismatch_not_an_error() {
        let phc = hash_password(&secret("pw"), [1; 16], CHEAP, None).unwrap();
        for password in [Secret::new(vec![0xff]), secret("pw\0"), secret(&"x".repeat(1025))] {
            assert_eq!(verify_password(&password, &phc, CHEAP, None).unwrap(), Verdict::Mismatch);
            assert!(hash_password(&password, [1; 16], CHEAP, None).is_err());
        }
    }

    #[test]
    fn a_pepper_is_named_in_the_hash_and_needed_to_verify() {
        let now = pepper("p2", 1);
        let phc = hash_password(&secret("pw"), [1; 16], CHEAP, Some(&now)).unwrap();
        assert!(phc.contains(",keyid=cDI$"), "{phc}");
        let with = |pepper: Option<&Pepper>| verify_password(&secret("pw"), &phc, CHEAP, pepper).unwrap();
        assert_eq!(with(Some(&now)), MATCH);
        assert_eq!(with(None), Verdict::Mismatch);
        assert_eq!(with(Some(&pepper("p2", 2))), Verdict::Mismatch);
        assert_eq!(with(Some(&pepper("p3", 1))), Verdict::Mismatch);
        let rotated = pepper("p3", 3).with_former("p2", key(1)).unwrap();
        assert_eq!(with(Some(&rotated)), WEAKER);
    }

    #[test]
    fn a_hash_without_pepper_is_to_be_replaced_once_there_is_one() {
        let phc = hash_password(&secret("pw"), [1; 16], CHEAP, None).unwrap();
        assert_eq!(verify_password(&secret("pw"), &phc, CHEAP, Some(&pepper("p1", 1))).unwrap(), WEAKER);
    }

    #[test]
    fn poor_peppers_are_no_configuration() {
        let code = |id: &str, key: Secret| Pepper::new(id, key).map(drop).map_err(|e| e.code());
        assert_eq!(code("", key(1)), Err(Code::InvalidConfig));
        assert_eq!(code("ninechars", key(1)), Err(Code::InvalidConfig));
        assert_eq!(code("a$b", key(1)), Err(Code::InvalidConfig));
        assert_eq!(code("p1", Secret::new(vec![1; 32])), Err(Code::InvalidConfig));
        assert_eq!(code("p1", Secret::from("short")), Err(Code::InvalidConfig));
        assert_eq!(pepper("p1", 1).with_former("p1", key(2)).map(drop).map_err(|e| e.code()), Err(Code::InvalidConfig));
    }

    #[test]
    fn a_cheap_hash_is_topped_up_to_the_configured_blocks() {
        // Counted, not timed: the rule is arithmetic on blocks.
        for (spent, wanted) in [((8_192, 1), (19_456, 2)), ((19_456, 1), (19_456, 2)), ((19_450, 2), (19_456, 2))] {
            let cost = |(memory_kib, passes)| HashCost { memory_kib, passes, lanes: 1 };
            let missing = cost(wanted).blocks() - cost(spent).blocks();
            let passes = missing.div_ceil(u64::from(wanted.0));
            let topped = missing / passes * passes;
            assert!(missing - topped < passes && missing / passes <= u64::from(wanted.0));
            top_up(cost(spent), cost(wanted)).unwrap();
        }
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", pepper("p1", 1)), "Pepper(p1)");
    }
}
