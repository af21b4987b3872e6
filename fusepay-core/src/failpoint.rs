//! Places to die at: named points in the code where a test wants the process
//! killed. Compiled with the `testing` feature alone; without it nothing of
//! this is in the program.
//!
//! A process that was started with `FUSEPAY_FAILPOINT=name=n` in its environment
//! sends itself `SIGKILL` when it comes to the point of that name for the n-th
//! time. Nothing is cleaned up on the way: for the file it is as if somebody had
//! killed the process there. The tests read the names from the sources.

/// Marks a point: `failpoint!("room.moment");`.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "testing")]
        $crate::failpoint::pass($name);
    };
}
pub(crate) use failpoint;

/// The variable that names the point and the visit.
#[cfg(feature = "testing")]
const VARIABLE: &str = "FUSEPAY_FAILPOINT";

/// Dies here when the environment says so, and returns otherwise.
#[cfg(feature = "testing")]
pub(crate) fn pass(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    // Read once: a look at the environment takes a lock.
    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static VISITS: AtomicU64 = AtomicU64::new(0);

    let wanted = WANTED.get_or_init(|| std::env::var(VARIABLE).ok().and_then(|text| parse(&text)));
    let Some((_, visit)) = wanted.as_ref().filter(|(wanted, _)| wanted == name) else { return };
    if VISITS.fetch_add(1, Ordering::SeqCst).saturating_add(1) == *visit {
        die()
    }
}

#[cfg(feature = "testing")]
fn parse(text: &str) -> Option<(String, u64)> {
    let (name, visit) = text.split_once('=')?;
    Some((name.to_owned(), visit.parse().ok()?))
}

#[cfg(feature = "testing")]
fn die() -> ! {
    #[cfg(unix)]
    let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL);
    // Where there is no such signal; also never buffers, unwinds or cleans up.
    std::process::abort()
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_a_name_and_a_visit() {
        assert_eq!(parse("writer.answered=3"), Some(("writer.answered".to_owned(), 3)));
        assert_eq!(parse("writer.answered"), None);
        assert_eq!(parse("writer.answered=soon"), None);
    }

    #[test]
    fn nobody_dies_without_a_wish() {
        pass("failpoint.test");
    }
}
