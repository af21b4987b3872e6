//! The way to the biller and back. The one question here: when no answer came,
//! can it be *proved* that the request never left?

use fusepay_core::{Code, Error, Result, Secret};
use std::cell::Cell;
use std::time::Duration;
use ureq::http::{HeaderValue, Uri};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};
use ureq::{Agent, RequestBuilder};

/// What came back.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A whole answer, of whatever kind.
    Answer { status: u16, body: Vec<u8> },
    /// No byte of the request can have reached the biller.
    NeverSent(String),
    /// Anything else: it may have been read and acted upon.
    Silence(String),
}

/// A line to the biller.
pub(crate) struct Wire {
    agent: Agent,
    base_url: String,
    api_key: HeaderValue,
    secret_key: HeaderValue,
    connect_timeout: Duration,
    call_timeout: Duration,
}

impl Wire {
    pub(crate) fn new(config: &crate::VtpassConfig) -> Result<Wire> {
        check_base_url(&config.base_url)?;
        let settings = Agent::config_builder()
            .http_status_as_error(false)
            // A payment goes where the configuration says: not to where an
            // answer points, nor by way of a proxy found in the environment.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            // Each call has a connection of its own. A pooled one may be dying
            // while we write into it, and then nothing can be proved.
            .max_idle_connections(0)
            .user_agent(concat!("fusepay-vtpass/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Wire {
            agent: Agent::with_parts(settings, WatchedConnector::default(), DefaultResolver::default()),
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            api_key: header("api key", &config.api_key)?,
            secret_key: header("secret key", &config.secret_key)?,
            connect_timeout: config.connect_timeout,
            call_timeout: config.call_timeout,
        })
    }

    /// Posts JSON and waits no longer than `limit` for the whole answer.
    pub(crate) fn post(&self, path: &str, body: &[u8], limit: Duration) -> Heard {
        let request = self.agent.post(format!("{}{path}", self.base_url)).content_type("application/json");
        let request = self.prepare(request, limit.min(self.call_timeout));
        hear(request.send(body))
    }

    /// Gets a page and waits no longer than the call timeout for the whole of it.
    pub(crate) fn get(&self, path: &str) -> Heard {
        let request = self.agent.get(format!("{}{path}", self.base_url));
        hear(self.prepare(request, self.call_timeout).call())
    }

    /// Adds keys and time limits, and begins to watch.
    fn prepare<Body>(&self, request: RequestBuilder<Body>, limit: Duration) -> RequestBuilder<Body> {
        PHASE.set(Phase::Idle);
        // Resolving and connecting get limits of their own, so that running out
        // of them is told apart from running out of the whole.
        let before_sending = Some(limit.min(self.connect_timeout));
        request
            .header("api-key", self.api_key.clone())
            .header("secret-key", self.secret_key.clone())
            .config()
            .timeout_global(Some(limit))
            .timeout_resolve(before_sending)
            .timeout_connect(before_sending)
            .build()
    }
}

fn hear(answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Heard {
    let read = answer.and_then(|mut answer| {
        let status = answer.status().as_u16();
        answer.body_mut().with_config().limit(ANSWER_LENGTH_MAX).read_to_vec().map(|body| (status, body))
    });
    match read {
        Ok((status, body)) => Heard::Answer { status, body },
        Err(cause) if is_provably_unsent(&cause) => Heard::NeverSent(cause.to_string()),
        Err(cause) => Heard::Silence(cause.to_string()),
    }
}

/// True only for errors from before the first byte of the request. The kind of
/// error alone does not tell: a refused or reset connection looks much the same
/// before and after. So the connector notes how far it came, and only resolving
/// and addressing, which come before it, are judged by their kind.
fn is_provably_unsent(cause: &ureq::Error) -> bool {
    let is_before_connecting = matches!(
        cause,
        ureq::Error::HostNotFound
            | ureq::Error::BadUri(_)
            | ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
    );
    is_before_connecting || PHASE.get() == Phase::Connecting
}

/// How far this thread's present call has come. ureq connects, sends and
/// receives on the thread that calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No connector was asked: resolving, or (never, here) a pooled connection.
    Idle,
    /// TCP and TLS are being set up; no byte of the request is written yet.
    Connecting,
    /// There is a connection; from now on nothing is proved by an error.
    Connected,
}

thread_local! {
    static PHASE: Cell<Phase> = const { Cell::new(Phase::Idle) };
}

/// The default connector (TCP, then TLS), and a note of whether it succeeded.
#[derive(Debug, Default)]
struct WatchedConnector(DefaultConnector);

impl Connector<()> for WatchedConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> std::result::Result<Option<Self::Out>, ureq::Error> {
        PHASE.set(Phase::Connecting);
        let connection = self.0.connect(details, chained)?;
        PHASE.set(Phase::Connected);
        Ok(connection)
    }
}

/// Demands HTTPS, because the keys travel in headers; a biller on this very
/// machine may be without.
fn check_base_url(base_url: &str) -> Result<()> {
    let refuse = |why: &str| Err(Error::field(Code::InvalidConfig, "base_url", why));
    let Ok(uri) = base_url.parse::<Uri>() else { return refuse("is not an address") };
    if uri.query().is_some() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return refuse("must be without credentials and without a query");
    }
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) if cfg!(feature = "tls") => Ok(()),
        (Some("https"), Some(_)) => refuse("needs the crate's feature `tls`"),
        (Some("http"), Some("127.0.0.1" | "localhost" | "[::1]")) => Ok(()),
        _ => refuse("must begin with https://, unless the biller is on loopback"),
    }
}

fn header(field: &'static str, secret: &Secret) -> Result<HeaderValue> {
    let value = HeaderValue::from_bytes(secret.expose()).ok().filter(|value| !value.is_empty());
    let mut value = value.ok_or_else(|| Error::field(Code::InvalidConfig, field, "must be text for an HTTP header"))?;
    // Keeps it out of ureq's debug log.
    value.set_sensitive(true);
    Ok(value)
}

/// Far above every documented answer; an endless one must not fill the memory.
const ANSWER_LENGTH_MAX: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_travel_in_clear_text() {
        let verdict = |url: &str| check_base_url(url).map_err(|error| error.code());
        for url in ["https://vtpass.com", "https://sandbox.vtpass.com/", "http://127.0.0.1:8080", "http://[::1]:1"] {
            assert_eq!(verdict(url), Ok(()), "{url}");
        }
        for url in [
            "http://vtpass.com",
            "http://127.0.0.1.example.com",
            "http://localhost@example.com",
            "https://key@vtpass.com",
            "ftp://vtpass.com",
            "vtpass.com",
            "/api",
            "",
        ] {
            assert_eq!(verdict(url), Err(Code::InvalidConfig), "{url}");
        }
    }

    #[test]
    fn an_error_after_connecting_proves_nothing_whatever_its_kind() {
        let refused = || ureq::Error::Io(std::io::ErrorKind::ConnectionRefused.into());
        PHASE.set(Phase::Connected);
        assert!(!is_provably_unsent(&refused()));
        PHASE.set(Phase::Idle);
        assert!(!is_provably_unsent(&refused()));
        PHASE.set(Phase::Connecting);
        assert!(is_provably_unsent(&refused()));
    }
}
