//! A bill aggregator on loopback, shaped like VTpass, for tests and demonstrations.
//!
//! It is a real HTTP server with a book of its own: what it *really* paid, per
//! request id, whatever it answered. A test drives an engine against it and
//! then compares the two. It declines, hangs, lies, hangs up after paying, and
//! sends webhooks five times, by customer reference or by a seeded plan; see
//! [`Fault`]. It pays one request id at most once.
//!
//! ```
//! use sandbox_biller::{Config, SandboxBiller};
//!
//! let biller = SandboxBiller::start(Config::default())?;
//! println!("pay your bills at {}", biller.url());
//! assert!(biller.book().is_empty());
//! biller.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | route | what it is |
//! |---|---|
//! | `POST /api/pay`, `POST /api/requery` | pay, and ask what became of it |
//! | `POST /api/merchant-verify` | look a customer up; `…-unknown` is nobody |
//! | `GET /api/services`, `/api/service-variations`, `/api/balance` | what is sold, and the money left |
//! | `GET /sandbox/book` | the truth |
//! | `POST /sandbox/faults` | `{"plan": "mixed", "seed": 7, "percentages": {…}, "customers": {"080": "decline"}}` |
//! | `POST /sandbox/reverse` | takes `{"request_id": …}` back |
//! | `POST /sandbox/webhooks` | sends webhooks to `{"biller": url, "gateway": url}` from now on |
//!
//! Beside it stands a payment gateway, through which customers bring money in.
//! It has its own book, and a key: `Authorization: Bearer <key>`.
//!
//! | route | what it is |
//! |---|---|
//! | `POST /gateway/charges` | asks for `{"amount": "100.00", "currency": "NGN", "reference": …, "metadata": {…}}`, once per reference |
//! | `GET /gateway/charges`, `GET /gateway/charges/{id}` | the truth about all charges, and about one |
//! | `POST /gateway/charges/{id}/resend` | sends the webhook of an ended charge again |
//! | `GET /gateway/checkout/{id}` | where the customer pays; no key |
//! | `POST /gateway/charges/{id}/complete?outcome=…` | plays the customer: `success`, `failure`, `late`, `duplicate`, `silent` (paid, no webhook), `other-amount` (one naira less), `forged` and `lie` (not paid, but a webhook says so, signed wrongly or well); no key |
//!
//! Its webhooks are `{"id": "evt_…", "type": "charge.paid", "data": {the charge}}`,
//! signed as the biller's are, in [`GATEWAY_SIGNATURE_HEADER`].
//!
//! Not for the open network: it binds to 127.0.0.1, and `/sandbox` asks for no key.
#![forbid(unsafe_code)]

mod answer;
mod biller;
mod book;
mod charge;
mod fault;
mod gateway;
mod http;
mod kobo;
mod pay;
mod shelf;
mod webhook;

pub use book::{Entry, Status};
pub use charge::{Charge, ChargeStatus};
pub use fault::{Fault, Plan};
pub use webhook::{GATEWAY_SIGNATURE_HEADER, SIGNATURE_HEADER, sign};

use crate::biller::{Biller, Closing};
use crate::charge::Charges;
use crate::gateway::Gateway;
use crate::webhook::{Address, Delivery, Desk};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How the biller is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// What the `api-key` header must say.
    pub api_key: String,
    /// What the `secret-key` header must say.
    pub secret_key: String,
    /// Where webhooks go, `http://host:port/path`; none are sent without.
    pub webhook_url: Option<String>,
    /// What webhooks are signed with.
    pub webhook_secret: String,
    /// What the gateway's merchants must send as bearer token.
    pub gateway_key: String,
    /// Where the gateway's webhooks go; none are sent without.
    pub gateway_webhook_url: Option<String>,
    /// What the gateway's webhooks are signed with.
    pub gateway_webhook_secret: String,
    /// How often what goes wrong.
    pub plan: Plan,
    /// What the plan, tokens and transaction numbers are derived from.
    pub seed: u64,
    /// How long and how often the faults last.
    pub pace: Pace,
    /// The prepaid money at the start, in kobo.
    pub balance_minor: i64,
    /// A file to append the book to, as JSON lines.
    pub book: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            port: 0,
            api_key: "sandbox-api-key".to_owned(),
            secret_key: "sandbox-secret-key".to_owned(),
            webhook_url: None,
            webhook_secret: "sandbox-webhook-secret".to_owned(),
            gateway_key: "sandbox-gateway-key".to_owned(),
            gateway_webhook_url: None,
            gateway_webhook_secret: "sandbox-gateway-secret".to_owned(),
            plan: Plan::default(),
            seed: 0,
            pace: Pace::default(),
            balance_minor: 10_000_000_000,
            book: None,
        }
    }
}

/// How long and how often the faults last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long a hanging request is held before the connection is closed.
    pub hang: Duration,
    /// How late [`Fault::Late`] answers, and the gateway's `late` webhook comes.
    pub late: Duration,
    /// How many requeries answer pending.
    pub polls: u32,
    /// How many requeries answer 500 for [`Fault::RequeryError`].
    pub requery_errors: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { hang: Duration::from_secs(120), late: Duration::from_millis(1500), polls: 2, requery_errors: 2 }
    }
}

/// A running biller. Dropping it shuts it down.
pub struct SandboxBiller {
    biller: Arc<Biller>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl SandboxBiller {
    /// Binds the port and begins to serve.
    ///
    /// # Errors
    /// The port is taken, the book's file cannot be opened, or no thread can be had.
    pub fn start(config: Config) -> std::io::Result<SandboxBiller> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))?;
        let address = listener.local_addr()?;
        let (callback, gateway_callback) = (address_of(config.webhook_url), address_of(config.gateway_webhook_url));
        let (webhooks, queue) = sync_channel::<Delivery>(WEBHOOKS_WAITING_MAX);
        let desk = |header, address: &Address, secret| Desk { header, address: Arc::clone(address), secret };
        let biller_desk = desk(SIGNATURE_HEADER, &callback, config.webhook_secret);
        let gateway_desk = desk(GATEWAY_SIGNATURE_HEADER, &gateway_callback, config.gateway_webhook_secret);
        Builder::new()
            .name("sandbox-webhooks".into())
            .spawn(move || webhook::send_all(&queue, &biller_desk, &gateway_desk))?;
        let faults = fault::Faults { plan: config.plan, seed: config.seed, ..fault::Faults::default() };
        let biller = Arc::new(Biller {
            api_key: config.api_key,
            secret_key: config.secret_key,
            pace: config.pace,
            book: Mutex::new(book::Book::open(config.balance_minor, config.book.as_deref())?),
            faults: Mutex::new(faults),
            gateway: Gateway {
                key: config.gateway_key,
                charges: Mutex::new(Charges::new()),
                callback: gateway_callback,
                url: format!("http://{address}"),
                late: config.pace.late,
            },
            callback,
            webhooks,
            closing: Closing::default(),
        });
        let shared = Arc::clone(&biller);
        let acceptor = Builder::new().name("sandbox-accept".into()).spawn(move || accept(&listener, &shared))?;
        Ok(SandboxBiller { biller, address, acceptor: Some(acceptor) })
    }

    /// Where it listens: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything it really did, in the order the requests arrived.
    #[must_use]
    pub fn book(&self) -> Vec<Entry> {
        self.biller.book().entries().to_vec()
    }

    /// What it really did for one request id.
    #[must_use]
    pub fn entry(&self, request_id: &str) -> Option<Entry> {
        self.biller.book().entry(request_id).cloned()
    }

    /// Plays this fault on every later payment for this customer.
    pub fn set_fault(&self, customer: &str, fault: Fault) {
        self.biller.faults().customers.insert(customer.to_owned(), fault);
    }

    /// Everything the gateway was asked for, and what customers paid, oldest first.
    #[must_use]
    pub fn charges(&self) -> Vec<Charge> {
        self.biller.gateway.charges.lock().unwrap_or_else(PoisonError::into_inner).all().to_vec()
    }

    /// Sends the biller's webhooks to this address from now on.
    pub fn set_webhook_url(&self, url: &str) {
        *self.biller.callback.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.to_owned());
    }

    /// Sends the gateway's webhooks to this address from now on.
    pub fn set_gateway_webhook_url(&self, url: &str) {
        *self.biller.gateway.callback.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.to_owned());
    }

    /// Takes a payment back; false when there is none to take back.
    pub fn reverse(&self, request_id: &str) -> bool {
        self.biller.reverse(request_id)
    }

    /// Stops serving and lets go of the port; hanging requests are hung up on.
    pub fn shutdown(mut self) {
        self.close();
    }

    fn close(&mut self) {
        let Some(acceptor) = self.acceptor.take() else { return };
        self.biller.closing.begin();
        // The acceptor waits in accept(); a connection wakes it.
        drop(TcpStream::connect(self.address));
        acceptor.join().ok();
    }
}

impl Drop for SandboxBiller {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for SandboxBiller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SandboxBiller").field("url", &self.url()).finish_non_exhaustive()
    }
}

fn address_of(url: Option<String>) -> Address {
    Arc::new(Mutex::new(url))
}

/// One thread per connection, so that a hanging request holds up nobody else.
fn accept(listener: &TcpListener, biller: &Arc<Biller>) {
    let busy = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if biller.closing.has_begun() {
            return;
        }
        let Ok(mut stream) = stream else { continue };
        if busy.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
            busy.fetch_sub(1, Ordering::SeqCst);
            http::Reply::html(503, "<html><body>503 Service Unavailable</body></html>").write(&mut stream).ok();
            continue;
        }
        let (biller, leaving) = (Arc::clone(biller), Arc::clone(&busy));
        let served = Builder::new().name("sandbox-request".into()).spawn(move || {
            serve(stream, &biller);
            leaving.fetch_sub(1, Ordering::SeqCst);
        });
        if served.is_err() {
            busy.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn serve(mut stream: TcpStream, biller: &Biller) {
    let Ok(request) = http::read(&mut stream) else { return };
    let exchange = biller.answer(&request);
    // Whether the payer still listens is the payer's affair.
    exchange.reply.write(&mut stream).ok();
    drop(stream);
    if let Some(delivery) = exchange.after {
        biller.closing.wait(delivery.delay);
        biller.notify(delivery);
    }
}

/// Enough for every worker of every test to hang at once.
const CONNECTIONS_MAX: usize = 256;
const WEBHOOKS_WAITING_MAX: usize = 4096;
