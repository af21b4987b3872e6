//! Access tokens: JWTs (RFC 7519, profile of RFC 9068) that only this engine
//! makes and only this engine reads, so nothing optional is tolerated.
//!
//! [`verify_access`] checks in a fixed order, cheap to dear, and answers one error
//! for everything: 1 length · 2 three canonical base64url parts · 3 header of
//! exactly `alg`, `kid`, `typ`, each once (so `crit`, `jku`, `jwk`, `x5*`, `zip`,
//! `enc`, `b64` never get anywhere) · 4 the key by its id, from the ring · 5 `alg`
//! is the key's · 6 `typ` is `at+jwt` · 7 the signature · 8 the claims. The ninth
//! step, one read (user active, generation equal, session live), is the engine's.
//!
//! A generation that rises with every cause of revocation makes step 9 enough to
//! end all of a user's tokens at once.

use crate::auth::keyring::{KeyRing, is_kid};
use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::vocabulary::Code;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::signature::{Signer as _, Verifier as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Longer text is not even taken apart.
const TOKEN_BYTES_MAX: usize = 4096;
/// The explicit type that keeps every other kind of token out (RFC 9068 section 2.1).
const TYPE: &str = "at+jwt";
/// Issuer and audience, each, in bytes: so that every token stays below its limit.
const NAME_BYTES_MAX: usize = 255;

const DAY_S: i64 = 24 * 60 * 60;

/// Who issues tokens, for whom, and for how long. Times are in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenPolicy {
    /// `iss`: this engine, as its host names it. 1 to 255 bytes.
    pub issuer: String,
    /// `aud`: who accepts the tokens. 1 to 255 bytes.
    pub audience: String,
    /// How long an access token lives; also the most that is accepted. Default 15 minutes, at most a day.
    pub access_lifetime_s: i64,
    /// How far clocks may differ. Default 0, at most 60: the engine that verifies is the one that issued.
    pub leeway_s: i64,
    /// How long a session may go without a refresh. Default 30 days.
    pub refresh_idle_s: i64,
    /// How long a session may last in all. Default 90 days.
    pub refresh_absolute_s: i64,
    /// How long after a rotation the previous refresh token still gets the same
    /// successor. Default 10, at most 60.
    pub refresh_grace_s: i64,
}

impl TokenPolicy {
    /// The default times for this issuer and audience.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        TokenPolicy {
            issuer: issuer.into(),
            audience: audience.into(),
            access_lifetime_s: 15 * 60,
            leeway_s: 0,
            refresh_idle_s: 30 * DAY_S,
            refresh_absolute_s: 90 * DAY_S,
            refresh_grace_s: 10,
        }
    }

    /// Refuses what is unsafe or contradicts itself.
    ///
    /// # Errors
    /// `INVALID_CONFIG` naming the field.
    pub fn check(&self) -> Result<()> {
        let demand = |holds: bool, field, text: &str| {
            if holds { Ok(()) } else { Err(Error::field(Code::InvalidConfig, field, text)) }
        };
        let is_name = |name: &str| (1..=NAME_BYTES_MAX).contains(&name.len()) && !name.chars().any(char::is_control);
        demand(is_name(&self.issuer), "issuer", "must be 1 to 255 bytes without control characters")?;
        demand(is_name(&self.audience), "audience", "must be 1 to 255 bytes without control characters")?;
        demand((1..=DAY_S).contains(&self.access_lifetime_s), "access_lifetime_s", "must be 1 second to 1 day")?;
        demand((0..=60).contains(&self.leeway_s), "leeway_s", "must be 0 to 60 seconds")?;
        let idle = self.access_lifetime_s..=self.refresh_absolute_s;
        demand(idle.contains(&self.refresh_idle_s), "refresh_idle_s", "must lie between access and absolute lifetime")?;
        demand(self.refresh_absolute_s <= 365 * DAY_S, "refresh_absolute_s", "must be at most a year")?;
        demand((0..=60).contains(&self.refresh_grace_s), "refresh_grace_s", "must be 0 to 60 seconds")
    }
}

/// What a new access token says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AccessRequest {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    /// The user's auth generation; a token of an older one is revoked.
    pub(crate) generation: i64,
    /// Random, the token's own name.
    pub(crate) jti: [u8; 16],
    pub(crate) now: UnixMillis,
}

/// What a verified access token said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AccessClaims {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) jti: [u8; 16],
    /// Unix seconds.
    pub(crate) issued_at_s: i64,
    /// Unix seconds; from this second on the token is dead.
    pub(crate) expires_at_s: i64,
    pub(crate) generation: i64,
}

/// Exactly these, in this order when written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// Exactly these. Serde refuses absent, repeated, unknown and mistyped ones;
/// an integer is one without fraction or exponent that fits 64 bits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    ver: i64,
}

/// Signs an access token that lives from now for the policy's lifetime.
///
/// # Errors
/// `INVALID_CONFIG` when the issuer or audience makes it too long: not after
/// [`TokenPolicy::check`].
pub(crate) fn issue_access(ring: &KeyRing, policy: &TokenPolicy, request: &AccessRequest) -> Result<String> {
    let key = ring.signing();
    let header = Header { alg: key.algorithm_name().to_owned(), kid: key.kid().to_owned(), typ: TYPE.to_owned() };
    let iat = seconds(request.now);
    let claims = Claims {
        iss: policy.issuer.clone(),
        aud: policy.audience.clone(),
        sub: request.user.to_string(),
        sid: request.session.to_string(),
        jti: URL_SAFE_NO_PAD.encode(request.jti),
        iat,
        nbf: iat,
        exp: iat.saturating_add(policy.access_lifetime_s),
        ver: request.generation,
    };
    let mut token = format!("{}.{}", encode(&header)?, encode(&claims)?);
    let signature = key.try_sign(token.as_bytes()).map_err(|_| unsignable())?;
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    if token.len() > TOKEN_BYTES_MAX { Err(unsignable()) } else { Ok(token) }
}

/// Checks an access token, steps 1 to 8.
///
/// # Errors
/// `INVALID_TOKEN`, always with the same text.
pub(crate) fn verify_access(
    ring: &KeyRing,
    policy: &TokenPolicy,
    now: UnixMillis,
    token: &str,
) -> Result<AccessClaims> {
    check_token(ring, policy, now, token).ok_or_else(invalid_token)
}

/// The one answer to every token that is not accepted, access or refresh.
pub(crate) fn invalid_token() -> Error {
    Error::new(Code::InvalidToken, "the token is malformed, forged, expired or revoked")
}

fn check_token(ring: &KeyRing, policy: &TokenPolicy, now: UnixMillis, token: &str) -> Option<AccessClaims> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let parts = Parts::split(token)?;
    let header: Header = read_object(&parts.header)?;
    let key = Some(header.kid.as_str()).filter(|kid| is_kid(kid)).and_then(|kid| ring.verifying(kid, now))?;
    if header.alg != key.algorithm_name() || header.typ != TYPE {
        return None;
    }
    key.verify(parts.signed.as_bytes(), &parts.signature).ok()?;
    check_claims(&read_object(&parts.claims)?, policy, seconds(now))
}

struct Parts<'a> {
    signed: &'a str,
    header: Vec<u8>,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// The decoder refuses padding, the other alphabet, space and loose trailing
    /// bits, so one token has one spelling.
    fn split(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok().filter(|bytes| !bytes.is_empty());
        Some(Parts { signed, header: decode(header)?, claims: decode(claims)?, signature: decode(signature)? })
    }
}

fn check_claims(claims: &Claims, policy: &TokenPolicy, now_s: i64) -> Option<AccessClaims> {
    let is_ours = claims.iss == policy.issuer && claims.aud == policy.audience;
    // We write `nbf` = `iat`; an earlier one is not ours.
    let is_ordered = 0 <= claims.iat && claims.iat <= claims.nbf && claims.nbf < claims.exp;
    let is_short = claims.exp.checked_sub(claims.iat)? <= policy.access_lifetime_s;
    let latest_s = now_s.saturating_add(policy.leeway_s);
    let has_begun = claims.iat <= latest_s && claims.nbf <= latest_s;
    // RFC 7519 section 4.1.4: on the second of `exp` it is over.
    let has_ended = now_s >= claims.exp.saturating_add(policy.leeway_s);
    if !is_ours || !is_ordered || !is_short || !has_begun || has_ended || claims.ver < 0 {
        return None;
    }
    Some(AccessClaims {
        user: claims.sub.parse().ok()?,
        session: claims.sid.parse().ok()?,
        jti: URL_SAFE_NO_PAD.decode(&claims.jti).ok()?.try_into().ok()?,
        issued_at_s: claims.iat,
        expires_at_s: claims.exp,
        generation: claims.ver,
    })
}

/// A JSON object as this type. The first byte is asked because serde would also
/// take an array of the right length for a struct.
fn read_object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    if json.first() == Some(&b'{') { serde_json::from_slice(json).ok() } else { None }
}

fn encode(part: &impl Serialize) -> Result<String> {
    serde_json::to_vec(part).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| unsignable())
}

fn unsignable() -> Error {
    Error::new(Code::InvalidConfig, "an access token cannot be made with this issuer, audience and key")
}

fn seconds(moment: UnixMillis) -> i64 {
    moment.0.div_euclid(1000)
}

#[cfg(test)]
mod tests;
