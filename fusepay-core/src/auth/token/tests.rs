//! Forgeries against access tokens. Every test holds the signing key, so that
//! what refuses is the rule in question and not the signature: one good token is
//! changed in one respect, signed again, and must get the one answer.

use super::*;
use crate::secret::Secret;
use serde_json::{Map, Value, json};

const NOW: UnixMillis = UnixMillis(1_760_000_000_500);
const NOW_S: i64 = 1_760_000_000;
const ALL_CLAIMS: [&str; 9] = ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "ver"];

fn key(seed: u8) -> Secret {
    Secret::new((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(seed)).collect::<Vec<_>>())
}

fn hs() -> KeyRing {
    KeyRing::hs256("k1", key(1)).unwrap()
}

fn ed() -> KeyRing {
    KeyRing::eddsa("k1", key(1)).unwrap()
}

fn policy() -> TokenPolicy {
    TokenPolicy::new("https://pay.example", "fusepay-users")
}

fn request() -> AccessRequest {
    AccessRequest {
        user: UserId::from_bytes([1; 16]),
        session: SessionId::from_bytes([2; 16]),
        generation: 3,
        jti: [4; 16],
        now: NOW,
    }
}

fn good_header(ring: &KeyRing) -> Value {
    json!({"alg": ring.signing().algorithm_name(), "kid": "k1", "typ": "at+jwt"})
}

fn good_claims() -> Map<String, Value> {
    let Value::Object(claims) = json!({
        "iss": "https://pay.example", "aud": "fusepay-users",
        "sub": request().user.to_string(), "sid": request().session.to_string(),
        "jti": URL_SAFE_NO_PAD.encode([4; 16]),
        "iat": NOW_S, "nbf": NOW_S, "exp": NOW_S + 900, "ver": 3,
    }) else {
        unreachable!()
    };
    claims
}

/// Signs whatever text is given for header and claims.
fn signed(ring: &KeyRing, header: &str, claims: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = ring.signing().try_sign(input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn with_header(ring: &KeyRing, header: &str) -> String {
    signed(ring, header, &Value::Object(good_claims()).to_string())
}

fn with_claims(ring: &KeyRing, claims: &str) -> String {
    signed(ring, &good_header(ring).to_string(), claims)
}

fn with_claim(ring: &KeyRing, name: &str, value: &str) -> String {
    let mut claims = good_claims();
    claims.insert(name.to_owned(), json!("@"));
    with_claims(ring, &Value::Object(claims).to_string().replacen("\"@\"", value, 1))
}

#[track_caller]
fn check(ring: &KeyRing, token: &str, is_accepted: bool) {
    check_at(ring, &policy(), NOW, token, is_accepted);
}

#[track_caller]
fn check_at(ring: &KeyRing, policy: &TokenPolicy, now: UnixMillis, token: &str, is_accepted: bool) {
    let shown: String = token.chars().take(200).collect();
    match verify_access(ring, policy, now, token) {
        Ok(_) => assert!(is_accepted, "accepted: {shown}"),
        Err(error) => {
            assert!(!is_accepted, "refused: {shown}");
            assert_eq!(format!("{error:?}"), format!("{:?}", invalid_token()), "the answer must not tell why");
            assert_eq!((error.field_name(), error.retry_after_ms()), (None, None));
        }
    }
}

#[test]
fn an_issued_token_verifies_and_says_what_was_asked() {
    for ring in [hs(), ed()] {
        let token = issue_access(&ring, &policy(), &request()).unwrap();
        let claims = verify_access(&ring, &policy(), NOW, &token).unwrap();
        let expected = AccessClaims {
            user: request().user,
            session: request().session,
            jti: [4; 16],
            issued_at_s: NOW_S,
            expires_at_s: NOW_S + 900,
            generation: 3,
        };
        assert_eq!(claims, expected);
        // The forger's own good token passes too, or the tests below would prove nothing.
        check(&ring, &with_claims(&ring, &Value::Object(good_claims()).to_string()), true);
        check(&ring, &with_claim(&ring, "ver", "0"), true);
    }
}

#[test]
fn every_altered_character_is_noticed() {
    for ring in [hs(), ed()] {
        let token = issue_access(&ring, &policy(), &request()).unwrap();
        for place in 0..token.len() {
            for replacement in ["A", "B", "_", ".", "=", "+", " ", "\n", "\0"] {
                let mut other = token.clone();
                other.replace_range(place..=place, replacement);
                check(&ring, &other, other == token);
            }
        }
    }
}

#[test]
fn one_token_has_one_spelling() {
    for ring in [hs(), ed()] {
        let token = issue_access(&ring, &policy(), &request()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else { unreachable!() };
        for other in [
            format!("{token}="),
            format!("{token}=="),
            format!("{token}."),
            format!(".{token}"),
            format!("{token} "),
            format!(" {token}"),
            format!("{token}\n"),
            format!("{header}=.{claims}.{signature}"),
            format!("{header}..{signature}"),
            format!("{header}.{claims}"),
            format!("{header}.{claims}."),
            format!(".{claims}.{signature}"),
            format!("{header}.{claims}.{signature}.{signature}"),
            format!("{header}.{claims}.{signature}.."),
            format!("{header} .{claims}.{signature}"),
            token.replace('-', "+").replace('_', "/") + "+",
            token.to_uppercase(),
            "..".to_owned(),
            ".".to_owned(),
            String::new(),
            format!("Bearer {token}"),
        ] {
            check(&ring, &other, false);
        }
        // Loose bits behind the last byte: the same bytes, spelt otherwise.
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let last = ALPHABET.iter().position(|c| *c == token.as_bytes()[token.len() - 1]).unwrap();
        let respelt = format!("{}{}", &token[..token.len() - 1], char::from(ALPHABET[last | 1]));
        check(&ring, &respelt, last & 1 == 1);
        assert_ne!(respelt, token);
    }
}

#[test]
fn length_is_bounded_before_anything_is_read() {
    check(&hs(), &"A".repeat(4097), false);
    check(&hs(), &"A.".repeat(5_000_000), false);
    let mut claims = good_claims();
    claims.insert("iss".to_owned(), json!("x".repeat(4000)));
    check(&hs(), &with_claims(&hs(), &Value::Object(claims).to_string()), false);
}

#[test]
fn unsigned_and_confused_algorithms_are_refused() {
    let names = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS384",
        "HS512",
        "RS256",
        "PS256",
        "ES256",
        "hs256",
        "Hs256",
        "eddsa",
        "Ed25519",
        " HS256",
        "HS256 ",
        "HS256\u{0}",
    ];
    for ring in [hs(), ed()] {
        for alg in names {
            let token = with_header(&ring, &json!({"alg": alg, "kid": "k1", "typ": "at+jwt"}).to_string());
            check(&ring, &token, false);
            let (unsigned, _) = token.rsplit_once('.').unwrap();
            check(&ring, &format!("{unsigned}."), false);
            check(&ring, unsigned, false);
            check(&ring, &format!("{unsigned}.AA"), false);
        }
    }
}

#[test]
fn one_familys_key_does_not_verify_the_others_tokens() {
    // A token of the other family under the same key id and key bytes.
    check(&hs(), &with_header(&ed(), &good_header(&ed()).to_string()), false);
    check(&ed(), &with_header(&hs(), &good_header(&hs()).to_string()), false);
    // Claiming the ring's own algorithm over the other's signature.
    check(&hs(), &with_header(&ed(), &good_header(&hs()).to_string()), false);
    check(&ed(), &with_header(&hs(), &good_header(&ed()).to_string()), false);
    // The classic: HMAC with the public key, which everybody knows.
    let seed: [u8; 32] = key(1).expose().try_into().unwrap();
    let public = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let forger = KeyRing::hs256("k1", Secret::new(public)).unwrap();
    check(&ed(), &with_header(&forger, &good_header(&hs()).to_string()), false);
    check(&ed(), &with_header(&forger, &good_header(&ed()).to_string()), false);
}

#[test]
fn headers_with_anything_more_are_refused() {
    let ring = hs();
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("jku", json!("https://evil.example/keys")),
        ("jwk", json!({"kty": "oct", "k": "AAAA"})),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AAAA"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("b64", json!(false)),
        ("cty", json!("JWT")),
        ("", json!(null)),
    ] {
        let mut header = good_header(&ring);
        header[name] = value;
        check(&ring, &with_header(&ring, &header.to_string()), false);
    }
}

#[test]
fn headers_with_anything_less_or_mistyped_are_refused() {
    let ring = hs();
    for name in ["alg", "kid", "typ"] {
        let mut header = good_header(&ring);
        header.as_object_mut().unwrap().remove(name);
        check(&ring, &with_header(&ring, &header.to_string()), false);
        for value in [json!(null), json!(""), json!(0), json!(true), json!([]), json!({}), json!(["HS256"])] {
            header[name] = value;
            check(&ring, &with_header(&ring, &header.to_string()), false);
        }
    }
}

#[test]
fn duplicate_keys_in_header_and_claims_are_refused() {
    let ring = hs();
    let header = good_header(&ring).to_string();
    for (name, value) in [("alg", "\"HS256\""), ("kid", "\"k1\""), ("typ", "\"at+jwt\""), ("\\u0061lg", "\"HS256\"")] {
        check(&ring, &with_header(&ring, &header.replacen('{', &format!("{{\"{name}\":{value},"), 1)), false);
    }
    let claims = Value::Object(good_claims()).to_string();
    for name in ALL_CLAIMS {
        let value = &good_claims()[name];
        check(&ring, &with_claims(&ring, &claims.replacen('{', &format!("{{\"{name}\":{value},"), 1)), false);
    }
}

#[test]
fn what_is_no_json_object_is_refused() {
    let ring = hs();
    let claims: Vec<Value> = ALL_CLAIMS.iter().map(|name| good_claims()[*name].clone()).collect();
    check(&ring, &with_claims(&ring, &Value::Array(claims).to_string()), false);
    check(&ring, &with_header(&ring, "[\"HS256\",\"k1\",\"at+jwt\"]"), false);
    let good = Value::Object(good_claims()).to_string();
    let deep = "[".repeat(2_000);
    for text in ["", "null", "\"x\"", "1", "{}", "{", "\u{feff}{}", deep.as_str()] {
        check(&ring, &with_claims(&ring, text), false);
        check(&ring, &with_header(&ring, text), false);
    }
    for text in [format!("{good}{good}"), format!("{good}x"), format!(" {good}"), good.replace(',', ",,")] {
        check(&ring, &with_claims(&ring, &text), false);
    }
    let mut bytes = good.into_bytes();
    bytes[10] = 0xff;
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(good_header(&ring).to_string()), URL_SAFE_NO_PAD.encode(bytes));
    let signature = URL_SAFE_NO_PAD.encode(ring.signing().try_sign(input.as_bytes()).unwrap());
    check(&ring, &format!("{input}.{signature}"), false);
}

#[test]
fn unknown_and_malformed_key_ids_are_refused() {
    let ring = hs();
    let long = "k".repeat(65);
    for kid in ["k2", "", "K1", "../../etc/passwd", "k1' OR '1'='1", "https://evil.example/k1", "k1\0", "k1 ", &long] {
        check(&ring, &with_header(&ring, &json!({"alg": "HS256", "kid": kid, "typ": "at+jwt"}).to_string()), false);
    }
}

#[test]
fn other_kinds_of_token_are_refused() {
    let ring = hs();
    for typ in ["JWT", "jwt", "AT+JWT", "application/at+jwt", "at+jwt ", "rt+jwt", "id+jwt", ""] {
        check(&ring, &with_header(&ring, &json!({"alg": "HS256", "kid": "k1", "typ": typ}).to_string()), false);
    }
}

#[test]
fn every_claim_is_required_and_typed() {
    let ring = hs();
    for name in ALL_CLAIMS {
        let mut claims = good_claims();
        claims.remove(name);
        check(&ring, &with_claims(&ring, &Value::Object(claims).to_string()), false);
        for value in ["null", "\"\"", "-1", "\"9\"", "1.5", "1e300", "1e3", "1760000000.0", "[]", "{}", "true", "-0"] {
            check(&ring, &with_claim(&ring, name, value), false);
        }
        if name != "ver" {
            check(&ring, &with_claim(&ring, name, "0"), false);
        }
    }
    for value in ["[\"fusepay-users\"]", "[\"fusepay-users\",\"other\"]", "\"Fusepay-users\"", "\"other\""] {
        check(&ring, &with_claim(&ring, "aud", value), false);
    }
    check(&ring, &with_claim(&ring, "iss", "\"https://pay.example/\""), false);
    check(&ring, &with_claim(&ring, "role", "\"admin\""), false);
    check(&ring, &with_claim(&ring, "sub", &format!("\"{}\"", request().user.to_string().to_uppercase() + "A")), false);
    check(&ring, &with_claim(&ring, "jti", "\"AAAA\""), false);
}

#[test]
fn lifetimes_beyond_the_configured_are_refused_even_under_our_key() {
    let ring = hs();
    for exp in ["9223372036854775807", "9223372036854775808", "18446744073709551615", "1e18"] {
        check(&ring, &with_claim(&ring, "exp", exp), false);
    }
    check(&ring, &with_claim(&ring, "exp", &(NOW_S + 901).to_string()), false);
    check(&ring, &with_claim(&ring, "exp", &(NOW_S + 10 * 365 * DAY_S).to_string()), false);
    check(&ring, &with_claim(&ring, "exp", &(NOW_S + 899).to_string()), true);
    check(&ring, &with_claim(&ring, "iat", "-9223372036854775808"), false);
}

/// A token that was good for ten seconds around the given ones.
fn timed(iat: i64, nbf: i64, exp: i64) -> String {
    let mut claims = good_claims();
    for (name, value) in [("iat", iat), ("nbf", nbf), ("exp", exp)] {
        claims.insert(name.to_owned(), json!(value));
    }
    with_claims(&hs(), &Value::Object(claims).to_string())
}

#[test]
fn without_leeway_a_token_begins_and_ends_on_the_second() {
    check(&hs(), &timed(NOW_S - 10, NOW_S - 10, NOW_S + 1), true);
    check(&hs(), &timed(NOW_S - 10, NOW_S - 10, NOW_S), false);
    check(&hs(), &timed(NOW_S - 10, NOW_S - 10, NOW_S - 1), false);
    check(&hs(), &timed(NOW_S, NOW_S, NOW_S + 10), true);
    check(&hs(), &timed(NOW_S, NOW_S + 1, NOW_S + 10), false);
    check(&hs(), &timed(NOW_S + 1, NOW_S + 1, NOW_S + 10), false);
    check(&hs(), &timed(NOW_S - 1, NOW_S - 2, NOW_S + 10), false);
    check(&hs(), &timed(NOW_S, NOW_S, NOW_S), false);
    // A clock an hour back refuses rather than trusts.
    let token = issue_access(&hs(), &policy(), &request()).unwrap();
    check_at(&hs(), &policy(), NOW.plus(-3_600_000), &token, false);
    check_at(&hs(), &policy(), NOW.plus(899_499), &token, true);
    check_at(&hs(), &policy(), NOW.plus(899_500), &token, false);
}

#[test]
fn leeway_is_exactly_what_is_configured() {
    let lenient = TokenPolicy { leeway_s: 60, ..policy() };
    for (token, is_accepted) in [
        (timed(NOW_S - 100, NOW_S - 100, NOW_S - 59), true),
        (timed(NOW_S - 100, NOW_S - 100, NOW_S - 60), false),
        (timed(NOW_S + 60, NOW_S + 60, NOW_S + 100), true),
        (timed(NOW_S + 61, NOW_S + 61, NOW_S + 100), false),
    ] {
        check_at(&hs(), &lenient, NOW, &token, is_accepted);
    }
}

#[test]
fn an_old_key_verifies_until_retired_and_then_at_once_not() {
    let mut ring = hs();
    let old = issue_access(&ring, &policy(), &request()).unwrap();
    ring.rotate("k2", key(2), NOW.plus(60_000)).unwrap();
    let new = issue_access(&ring, &policy(), &request()).unwrap();
    check(&ring, &old, true);
    check(&ring, &new, true);
    check_at(&ring, &policy(), NOW.plus(60_001), &old, false);
    ring.retire("k1").unwrap();
    check(&ring, &old, false);
    check(&ring, &new, true);
}

#[test]
fn a_key_does_not_verify_under_another_keys_id() {
    let ring = KeyRing::hs256("k1", key(1)).unwrap().with_verify_only("k2", key(2), NOW).unwrap();
    let header = json!({"alg": "HS256", "kid": "k2", "typ": "at+jwt"}).to_string();
    check(&ring, &with_header(&hs(), &header), false);
}

#[test]
fn unsafe_policies_are_refused() {
    let good = policy();
    assert!(good.check().is_ok());
    for (bad, field) in [
        (TokenPolicy::new("", "a"), "issuer"),
        (TokenPolicy::new("a\n", "a"), "issuer"),
        (TokenPolicy::new("a", ""), "audience"),
        (TokenPolicy::new("a", "b".repeat(256)), "audience"),
        (TokenPolicy { access_lifetime_s: 0, ..good.clone() }, "access_lifetime_s"),
        (TokenPolicy { access_lifetime_s: DAY_S + 1, ..good.clone() }, "access_lifetime_s"),
        (TokenPolicy { leeway_s: 61, ..good.clone() }, "leeway_s"),
        (TokenPolicy { leeway_s: -1, ..good.clone() }, "leeway_s"),
        (TokenPolicy { refresh_idle_s: 60, ..good.clone() }, "refresh_idle_s"),
        (TokenPolicy { refresh_idle_s: 91 * DAY_S, ..good.clone() }, "refresh_idle_s"),
        (TokenPolicy { refresh_absolute_s: 366 * DAY_S, ..good.clone() }, "refresh_absolute_s"),
        (TokenPolicy { refresh_grace_s: 61, ..good.clone() }, "refresh_grace_s"),
    ] {
        let error = bad.check().unwrap_err();
        assert_eq!((error.code(), error.field_name()), (Code::InvalidConfig, Some(field)));
    }
}

#[test]
fn the_longest_names_still_make_a_token_that_verifies() {
    let policy = TokenPolicy::new("\"".repeat(255), "\"".repeat(255));
    policy.check().unwrap();
    let token = issue_access(&hs(), &policy, &request()).unwrap();
    check_at(&hs(), &policy, NOW, &token, true);
}
