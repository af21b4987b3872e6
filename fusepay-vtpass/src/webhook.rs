//! Webhooks: believed only with a signature over the raw body, made just now.
//!
//! VTpass itself does not sign its webhooks. The scheme here is the usual one,
//! for a gateway of yours that signs what it passes on, and for aggregators
//! that do sign: HMAC-SHA256 over `<unix seconds>.<body>`, in a header
//! `x-sandbox-signature: t=<unix seconds>,v1=<hex>`. An adapter for another
//! aggregator replaces this file.

use crate::meaning::{Said, object, read_notice};
use fusepay_core::{Code, Error, QueryOutcome, Result, Secret, UnixMillis, Webhook, WebhookNotice};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

/// Checks the signature and says what the webhook means.
pub(crate) fn verify(webhook: &Webhook, secret: &Secret, now: UnixMillis) -> Result<Vec<WebhookNotice>> {
    let signature = webhook.header(SIGNATURE_HEADER).ok_or_else(|| rejected("it is not signed"))?;
    let (seconds, tag) = read_signature(signature).ok_or_else(|| rejected("its signature is malformed"))?;
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose()).map_err(|_| rejected("there is no key to check it"))?;
    let mac = mac.chain_update(seconds.to_string()).chain_update(".").chain_update(&webhook.body);
    // In constant time: how much of a forged tag fits must not show.
    mac.verify_slice(&tag).map_err(|_| rejected("its signature does not match"))?;
    let signed_at = UnixMillis(seconds.saturating_mul(1000));
    if now.since(signed_at).unsigned_abs() > TOLERANCE_MS {
        return Err(rejected("it was signed more than five minutes from now; is it a replay?"));
    }
    notices(&webhook.body, signed_at).ok_or_else(|| rejected("its body is not one of this provider's"))
}

/// A webhook has a type; only one of them is about a payment.
fn notices(body: &[u8], signed_at: UnixMillis) -> Option<Vec<WebhookNotice>> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        r#type: String,
        #[serde(borrow)]
        data: &'a RawValue,
    }
    let envelope: Envelope<'_> = object(std::str::from_utf8(body).ok()?)?;
    if envelope.r#type != "transaction-update" {
        return Some(Vec::new());
    }
    let (request_id, said) = read_notice(envelope.data.get())?;
    let outcome = if said == Said::NotFound {
        // An absence can't announce itself.
        QueryOutcome::Unknown { cause: "a webhook said not found".to_owned() }
    } else {
        said.of_query()
    };
    let mut notice = WebhookNotice::new(request_id, outcome);
    notice.occurred_at = Some(signed_at);
    Some(vec![notice])
}

/// `t=<unix seconds>,v1=<64 hex digits>`, each exactly once and nothing else.
fn read_signature(header: &str) -> Option<(i64, [u8; 32])> {
    let (time, tag) = header.split_once(',')?;
    let seconds = time.strip_prefix("t=")?;
    let hex = tag.strip_prefix("v1=")?;
    let is_canonical = (1..=11).contains(&seconds.len()) && seconds.bytes().all(|byte| byte.is_ascii_digit());
    if !is_canonical || hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, place) in bytes.iter_mut().zip((0..).step_by(2)) {
        let pair = hex.get(place..place + 2).filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some((seconds.parse().ok()?, bytes))
}

fn rejected(why: &str) -> Error {
    Error::new(Code::WebhookRejected, format!("the webhook was refused: {why}"))
}

const SIGNATURE_HEADER: &str = "x-sandbox-signature";
/// Five minutes either way, as Stripe and Svix have it: clocks differ, and a
/// stolen webhook must not work for long.
const TOLERANCE_MS: u64 = 300_000;
