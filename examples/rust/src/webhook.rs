//! The host's web server, as small as it gets: it hands webhooks to the engine
//! byte for byte, and answers what the engine says.

use fusepay_core::{FusePay, Webhook};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use tiny_http::{Response, Server};

/// A server for webhooks; believes nothing, verifies nothing: the engine does.
pub(crate) struct WebhookServer {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
    engine: Arc<OnceLock<Arc<FusePay>>>,
    pub(crate) url: String,
}

impl WebhookServer {
    /// Binds a free port on loopback. The biller needs the address before the
    /// engine is open; until then webhooks are told to come again.
    pub(crate) fn start() -> Result<Self, String> {
        let server = Arc::new(Server::http("127.0.0.1:0").map_err(|cause| cause.to_string())?);
        let url = format!("http://{}/webhooks/vtpass", server.server_addr());
        let engine: Arc<OnceLock<Arc<FusePay>>> = Arc::default();
        let (listener, shared) = (Arc::clone(&server), Arc::clone(&engine));
        let thread = std::thread::spawn(move || serve(&listener, &shared));
        Ok(WebhookServer { server, thread: Some(thread), engine, url })
    }

    /// Lets webhooks in.
    pub(crate) fn connect(&self, engine: &Arc<FusePay>) {
        let _ = self.engine.set(Arc::clone(engine));
    }
}

fn serve(server: &Server, engine: &OnceLock<Arc<FusePay>>) {
    for mut request in server.incoming_requests() {
        let mut body = Vec::new();
        if request.as_reader().read_to_end(&mut body).is_err() {
            continue;
        }
        let headers = request.headers().iter().map(|h| (h.field.to_string(), h.value.to_string())).collect();
        let status = match engine.get() {
            None => 503,
            Some(engine) => match engine.bill().receive_webhook("vtpass", &Webhook::new(headers, body)) {
                Ok(_) => 200,
                Err(error) if error.is_retryable() => 503,
                Err(_) => 401,
            },
        };
        let _ = request.respond(Response::empty(status));
    }
}

impl Drop for WebhookServer {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
