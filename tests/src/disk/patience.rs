//! Where a lock is refused for good, waiting for it would only cost time.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Disks on which a lock is refused now.
static IMPATIENT: AtomicUsize = AtomicUsize::new(0);

/// Whether SQLite need not sleep. It is not told which disk it sleeps for.
pub(super) fn is_impatient() -> bool {
    IMPATIENT.load(Ordering::Acquire) > 0
}

/// Keeps count of the disks on which a lock is refused.
pub(super) fn count_impatient(was: &mut bool, is: bool) {
    match (*was, is) {
        (false, true) => drop(IMPATIENT.fetch_add(1, Ordering::AcqRel)),
        (true, false) => drop(IMPATIENT.fetch_sub(1, Ordering::AcqRel)),
        _ => (),
    }
    *was = is;
}
