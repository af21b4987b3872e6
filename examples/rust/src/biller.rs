//! The biller: a process of its own, and what it really did.

use fusepay_core::{Currency, Money};
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// What the biller and we have agreed on.
pub(crate) const API_KEY: &str = "demo-api-key";
/// See [`API_KEY`].
pub(crate) const SECRET_KEY: &str = "demo-secret-key";
/// What the biller signs its webhooks with.
pub(crate) const WEBHOOK_SECRET: &str = "demo-webhook-secret";

/// A running biller process. It ends with us: its standard input does.
pub(crate) struct BillerProcess {
    child: Child,
    pub(crate) url: String,
}

/// One line of the biller's book.
#[derive(Debug, Clone)]
pub(crate) struct BookLine {
    pub(crate) paid_minor: i64,
    pub(crate) times_paid: u64,
    pub(crate) is_reversed: bool,
    pub(crate) fault: String,
}

impl BillerProcess {
    /// Starts the program that lies beside ours.
    pub(crate) fn start(webhook_url: &str, seed: u64) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|cause| cause.to_string())?;
        let program = own.with_file_name(format!("sandbox-biller{}", std::env::consts::EXE_SUFFIX));
        let mut child = Command::new(&program)
            .args(["--api-key", API_KEY, "--secret-key", SECRET_KEY, "--webhook-secret", WEBHOOK_SECRET])
            .args(["--webhook-url", webhook_url, "--plan", "mixed", "--seed", &seed.to_string()])
            .args(["--hang-ms", "3000", "--late-ms", "300"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|cause| format!("{}: {cause}; build it first: make demo does", program.display()))?;
        let out = child.stdout.take().ok_or("the biller has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).map_err(|cause| cause.to_string())?;
        let url = line.trim().strip_prefix("listening on ").ok_or(format!("the biller said {line:?}"))?;
        Ok(BillerProcess { url: url.to_owned(), child })
    }

    /// What the biller really did, by request id.
    pub(crate) fn book(&self) -> Result<HashMap<String, BookLine>, String> {
        let text = ureq::get(format!("{}/sandbox/book", self.url))
            .header("api-key", API_KEY)
            .header("secret-key", SECRET_KEY)
            .call()
            .and_then(|mut answer| answer.body_mut().read_to_string())
            .map_err(|cause| format!("the biller's book: {cause}"))?;
        let book: Value = serde_json::from_str(&text).map_err(|cause| cause.to_string())?;
        let lines = book.get("entries").and_then(Value::as_array).ok_or("no entries in the book")?;
        lines
            .iter()
            .map(|line| {
                let number = |name: &str| line.get(name).and_then(Value::as_u64).ok_or(format!("no {name} in {line}"));
                let paid = line.get("amount_paid").and_then(Value::as_str).ok_or("no amount_paid")?;
                let paid = Money::parse(paid, Currency::NGN).map_err(|error| error.to_string())?;
                let id = line.get("request_id").and_then(Value::as_str).ok_or("no request id")?;
                let entry = BookLine {
                    paid_minor: paid.minor(),
                    times_paid: number("times_paid")?,
                    is_reversed: line.get("reversed").and_then(Value::as_bool).ok_or("no reversed")?,
                    fault: line.get("fault").and_then(Value::as_str).unwrap_or("?").to_owned(),
                };
                Ok((id.to_owned(), entry))
            })
            .collect()
    }

    /// Makes the biller take a delivered payment back, as a disco does next day.
    pub(crate) fn take_back(&self, request_id: &str) -> Result<(), String> {
        let body = serde_json::json!({ "request_id": request_id }).to_string();
        ureq::post(format!("{}/sandbox/reverse", self.url))
            .header("api-key", API_KEY)
            .header("secret-key", SECRET_KEY)
            .send(body)
            .map(|_| ())
            .map_err(|cause| format!("reverse: {cause}"))
    }
}

impl Drop for BillerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
