//! Just enough HTTP/1.1 for a sandbox: one request per connection, and, unlike
//! a proper server, the power to hang up without an answer.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A request, read to its end.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value of one query parameter, as sent: our parameters need no decoding.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, v)| v)
    }
}

/// What goes back to the caller.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A whole answer.
    Answer { status: u16, content_type: &'static str, body: Vec<u8> },
    /// The connection is closed without a byte.
    HangUp,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Reply {
        Reply::Answer { status, content_type: "application/json", body: body.to_string().into_bytes() }
    }

    pub(crate) fn html(status: u16, body: &str) -> Reply {
        Reply::Answer { status, content_type: "text/html", body: body.as_bytes().to_vec() }
    }

    pub(crate) fn write(&self, stream: &mut TcpStream) -> Result<()> {
        let Reply::Answer { status, content_type, body } = self else { return Ok(()) };
        let head = format!(
            "HTTP/1.1 {status} Sandbox\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat())?;
        stream.flush()
    }
}

/// Reads one request of at most 64 KiB.
pub(crate) fn read(stream: &mut TcpStream) -> Result<Request> {
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    let mut bytes = Vec::new();
    loop {
        if let Some((mut request, head, length)) = parse_head(&bytes)? {
            let missing = (head + length).saturating_sub(bytes.len());
            if missing == 0 {
                request.body = bytes.get(head..head + length).unwrap_or_default().to_vec();
                return Ok(request);
            }
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk)?;
        bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
        if count == 0 || bytes.len() > REQUEST_LENGTH_MAX {
            return Err(Error::new(ErrorKind::InvalidData, "no whole request"));
        }
    }
}

/// The head once it is complete, where it ends, and how long the body is.
fn parse_head(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>> {
    let invalid = |why: &str| Error::new(ErrorKind::InvalidData, why.to_owned());
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head) = parsed.parse(bytes).map_err(|cause| invalid(&cause.to_string()))? else {
        return Ok(None);
    };
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: parsed.headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect(),
        body: Vec::new(),
    };
    let length = match request.header("content-length") {
        Some(length) => length.parse().map_err(|_| invalid("content-length is not a number"))?,
        None => 0,
    };
    if length > REQUEST_LENGTH_MAX {
        return Err(invalid("the body is too long"));
    }
    Ok(Some((request, head, length)))
}

/// Posts JSON to an `http://` address and waits for the first bytes of an answer.
pub(crate) fn post(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<()> {
    let invalid = || Error::new(ErrorKind::InvalidInput, "a webhook address is http://host:port/path");
    let rest = url.strip_prefix("http://").ok_or_else(invalid)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    let extra: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n{extra}\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    stream.read(&mut [0; 64]).map(drop)
}

const REQUEST_LENGTH_MAX: usize = 64 * 1024;
const READ_TIMEOUT: Duration = Duration::from_secs(5);
