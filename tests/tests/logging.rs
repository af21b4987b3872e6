//! Goal: whatever was committed is logged, also what was committed last.
//! Method: the log is captured on this thread, which does everything in the manual mode.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fusepay_testkit::World;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_was_committed_just_before_the_end_is_logged_once() {
    let captured = Captured::default();
    let writer = captured.clone();
    let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    tracing::subscriber::with_default(log, || {
        let mut world = World::open();
        world.funded_wallet(500);
        world.close();
    });
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("name=\"wallet.funded\"").count(), 1, "{text}");
}
