//! Webhooks: signed, sent one after the other from a thread of their own.

use crate::http;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The header that carries the biller's signature: `t=<unix seconds>,v1=<hex>`.
pub const SIGNATURE_HEADER: &str = "x-sandbox-signature";

/// The header that carries the gateway's signature, of the same form.
pub const GATEWAY_SIGNATURE_HEADER: &str = "x-gateway-signature";

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Biller,
    Gateway,
}

/// One webhook to send.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) from: Sender,
    pub(crate) body: String,
    pub(crate) times: u32,
    pub(crate) is_forged: bool,
    /// How long after the reply it is sent.
    pub(crate) delay: Duration,
    /// Told when all of them were sent.
    pub(crate) sent: Option<SyncSender<()>>,
}

/// Where webhooks go; set late, because a host learns its own port late.
pub(crate) type Address = Arc<Mutex<Option<String>>>;

/// Where one sender's webhooks go, and how they are signed.
pub(crate) struct Desk {
    pub(crate) header: &'static str,
    pub(crate) address: Address,
    pub(crate) secret: String,
}

/// The value of the signature header: HMAC-SHA256 over `<unix seconds>.<body>`.
#[must_use]
pub fn sign(secret: &[u8], unix_seconds: u64, body: &[u8]) -> String {
    // HMAC takes keys of every length; the error can't happen.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{unix_seconds}.").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={unix_seconds},v1={hex}")
}

/// Sends until the biller is gone. A host that does not listen loses its webhook.
pub(crate) fn send_all(queue: &Receiver<Delivery>, biller: &Desk, gateway: &Desk) {
    while let Ok(delivery) = queue.recv() {
        let desk = match delivery.from {
            Sender::Biller => biller,
            Sender::Gateway => gateway,
        };
        let url = desk.address.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let secret = if delivery.is_forged { "not the secret" } else { desk.secret.as_str() };
        let signature = sign(secret.as_bytes(), now, delivery.body.as_bytes());
        for _ in 0..delivery.times {
            if let Some(url) = &url
                && let Err(cause) = http::post(url, &[(desk.header, &signature)], delivery.body.as_bytes())
            {
                eprintln!("webhook to {url} was not delivered: {cause}");
            }
        }
        if let Some(sent) = delivery.sent {
            sent.send(()).ok();
        }
    }
}
