//! What a provider object is asked, and what it can do.

use std::time::Duration;

use fusepay_core::{Money, UnixMillis};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::convert::{FromPy, Notes, ToPy};
use crate::error::invalid;
use crate::record::record;

record! {
    /// One payment to send.
    PayRequest from fusepay_core::PayRequest {
        /// Our id for it: never changes, and is all that a later query has.
        request_id: String,
        /// The biller's code in the catalogue.
        biller: String,
        /// The item's code in the catalogue.
        item: String,
        /// Whom to pay for: a meter, a phone, a policy.
        customer_reference: String,
        /// What the biller is to receive.
        amount: Money,
        /// The notes given to `pay`.
        metadata: Notes,
        /// Which send this is, from 1.
        attempt: u32,
        /// How long from now the answer is waited for.
        deadline: Duration,
    }
}

record! {
    /// One question about a payment sent earlier.
    QueryRequest from fusepay_core::QueryRequest {
        /// The id that was sent.
        request_id: String,
        /// The provider's own number, where an earlier answer gave one.
        provider_reference: Option<String>,
        /// What the biller was to receive.
        amount: Money,
        /// When it was first sent, by the wall clock.
        sent_at: UnixMillis,
        /// How long from now the answer is waited for.
        deadline: Duration,
    }
}

record! {
    /// One customer to look up before paying.
    CustomerRequest from fusepay_core::CustomerRequest {
        /// The biller's code in the catalogue.
        biller: String,
        /// The item's code in the catalogue.
        item: String,
        /// A meter, a phone, a policy.
        customer_reference: String,
        /// How long from now the answer is waited for.
        deadline: Duration,
    }
}

record! {
    /// What the provider knows about a customer.
    Customer from fusepay_core::Customer {
        /// The name the biller has.
        name: String,
        /// The address the biller has, if any.
        address: Option<String> = None => None,
        /// The least the customer must pay, in minor units, if the biller says so.
        minimum_minor: Option<i64> = None => None,
    }
}

impl From<Customer> for fusepay_core::Customer {
    fn from(customer: Customer) -> Self {
        let mut core = fusepay_core::Customer::new(customer.name);
        core.address = customer.address;
        core.minimum_minor = customer.minimum_minor;
        core
    }
}

/// Bytes: the body of a webhook.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Raw(pub(crate) Vec<u8>);

impl From<Vec<u8>> for Raw {
    fn from(bytes: Vec<u8>) -> Self {
        Raw(bytes)
    }
}

impl ToPy for Raw {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(PyBytes::new(py, &self.0).into_any())
    }

    // A body carries tokens.
    fn show(&self, _: Python<'_>) -> PyResult<String> {
        Ok(format!("<{} bytes>", self.0.len()))
    }
}

impl FromPy for Raw {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let bytes = object.cast::<PyBytes>();
        Ok(Raw(bytes.map_err(|_| invalid(object.py(), field, "must be bytes"))?.as_bytes().to_vec()))
    }
}

/// The headers of a webhook: pairs, or a mapping.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

impl From<Vec<(String, String)>> for Headers {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Headers(pairs)
    }
}

impl ToPy for Headers {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let pairs: Vec<_> = self.0.iter().map(|pair| vec![pair.0.clone(), pair.1.clone()]).collect();
        pairs.to_py(py)
    }

    // Headers carry signatures and keys.
    fn show(&self, py: Python<'_>) -> PyResult<String> {
        let names: Vec<String> = self.0.iter().map(|(name, _)| name.clone()).collect();
        names.show(py)
    }
}

impl FromPy for Headers {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let pairs = if object.hasattr("items")? { object.call_method0("items")? } else { object.clone() };
        let pair = |pair: Bound<'_, PyAny>| pair.extract::<(String, String)>();
        let read: PyResult<_> = pairs.try_iter().and_then(|pairs| pairs.map(|item| item.and_then(pair)).collect());
        read.map(Headers).map_err(|_| invalid(object.py(), field, "must be pairs of str, or a mapping of str to str"))
    }
}

record! {
    /// A webhook as the host received it.
    Webhook from fusepay_core::Webhook {
        /// Header names, as received, and their values: pairs, or a mapping.
        headers: Headers,
        /// The body, byte for byte: signatures are over this.
        body: Raw,
    }
    methods {
        /// The first header of this name, whatever its case.
        fn header(&self, name: &str) -> Option<&str> {
            let found = self.headers.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        }
    }
}

/// How a provider wants its request ids.
#[pyclass(frozen, eq, hash, module = "fusepay")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RequestIdFormat(Format);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Format {
    Uuid,
    Hex(u8),
    VtpassTimed,
}

#[pymethods]
impl RequestIdFormat {
    /// 36 characters, hexadecimal with hyphens. The default.
    #[staticmethod]
    fn uuid() -> Self {
        RequestIdFormat(Format::Uuid)
    }

    /// This many lower-case hexadecimal characters, 16 to 64.
    #[staticmethod]
    fn hex(characters: &Bound<'_, PyAny>) -> PyResult<Self> {
        crate::convert::read(characters, "characters").map(|count| RequestIdFormat(Format::Hex(count)))
    }

    /// VTpass: twelve digits of `YYYYMMDDHHII` in Africa/Lagos, then 20 hexadecimal
    /// characters. The time is the `requested_at` of `pay`.
    #[staticmethod]
    fn vtpass_timed() -> Self {
        RequestIdFormat(Format::VtpassTimed)
    }

    fn __repr__(&self) -> String {
        match self.0 {
            Format::Uuid => "RequestIdFormat.uuid()".to_owned(),
            Format::Hex(count) => format!("RequestIdFormat.hex({count})"),
            Format::VtpassTimed => "RequestIdFormat.vtpass_timed()".to_owned(),
        }
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let (py, class) = (slf.py(), slf.get_type());
        let (maker, arguments) = match slf.get().0 {
            Format::Uuid => ("uuid", None),
            Format::Hex(count) => ("hex", Some(count)),
            Format::VtpassTimed => ("vtpass_timed", None),
        };
        Ok((class.getattr(maker)?, PyTuple::new(py, arguments)?))
    }
}

impl ToPy for RequestIdFormat {
    fn to_py<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Bound::new(py, *self)?.into_any())
    }
}

impl FromPy for RequestIdFormat {
    fn from_py(object: &Bound<'_, PyAny>, field: &'static str) -> PyResult<Self> {
        let format = object.cast::<RequestIdFormat>().map(|format| *format.get());
        format.map_err(|_| invalid(object.py(), field, "must be RequestIdFormat, such as RequestIdFormat.hex(32)"))
    }
}

record! {
    /// What a provider can do; read once, when it is registered.
    Capabilities {
        /// For how long sending the same request id again is safe. `None`, the
        /// default: it is never safe, and the engine resends only after `NotSent`.
        idempotent_submit: Option<Duration> = None => None,
        /// Whether `query` works. `True` by default; without it an unknown payment
        /// goes to review.
        can_query: bool = None => true,
        /// How long after a send "not found" may still turn into "paid". 5 minutes by default.
        not_found_grace: Duration = None => fusepay_core::Capabilities::default().not_found_grace,
        /// How many times in a row, past the grace, "not found" must be answered
        /// before it counts as conclusive. 3 by default, at least 1.
        not_found_times: u32 = None => fusepay_core::Capabilities::default().not_found_times,
        /// How the provider wants its request ids. UUIDs by default.
        request_id_format: RequestIdFormat = None => RequestIdFormat(Format::Uuid),
        /// How long one call may take before the engine calls it unknown. A minute by default.
        call_deadline: Duration = None => fusepay_core::Capabilities::default().call_deadline,
        /// How many calls may run at the same time, 1 to 64. 4 by default.
        concurrent_calls_max: u32 = None => fusepay_core::Capabilities::default().concurrent_calls_max,
    }
}

impl From<Capabilities> for fusepay_core::Capabilities {
    fn from(capabilities: Capabilities) -> Self {
        let mut core = fusepay_core::Capabilities::default();
        core.idempotent_submit = capabilities.idempotent_submit;
        core.can_query = capabilities.can_query;
        core.not_found_grace = capabilities.not_found_grace;
        core.not_found_times = capabilities.not_found_times;
        core.request_id_format = match capabilities.request_id_format.0 {
            Format::Uuid => fusepay_core::RequestIdFormat::Uuid,
            Format::Hex(count) => fusepay_core::RequestIdFormat::Hex(count),
            Format::VtpassTimed => fusepay_core::RequestIdFormat::VtpassTimed,
        };
        core.call_deadline = capabilities.call_deadline;
        core.concurrent_calls_max = capabilities.concurrent_calls_max;
        core
    }
}
