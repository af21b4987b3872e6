//! What can be locked on the lock file, and where each lock lies.

use crate::error::{Error, Result};
use crate::vocabulary::Code;

/// One lock of the lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Opening, migrating, recovering.
    Maintenance,
    /// Writing.
    Writing,
    /// The one engine of a process. A pid alone is not enough: two containers
    /// that share a volume both have a process 1.
    Process {
        /// Number of the pid namespace; 0 when unknown.
        namespace: u64,
        /// Pid inside it.
        pid: u32,
    },
    /// One life of an engine, by the number the store gave it.
    Incarnation(i64),
}

impl Slot {
    /// The byte that stands for it. No two slots share one, and most lie far
    /// beyond the end of the file, which is empty: locks need no bytes.
    pub(crate) fn offset(self) -> Result<i64> {
        match self {
            Slot::Maintenance => Ok(0),
            Slot::Writing => Ok(1),
            Slot::Process { namespace, pid } => {
                // 32 bits of namespace (an inode of nsfs), 24 of pid (Linux allows 22).
                let place = ((namespace & 0xFFFF_FFFF) << 24) | u64::from(pid & 0x00FF_FFFF);
                i64::try_from(place).map(|place| PROCESS_BASE | place).map_err(|_| out_of_range(self))
            }
            Slot::Incarnation(number) if (0..INCARNATION_BASE).contains(&number) => Ok(INCARNATION_BASE | number),
            Slot::Incarnation(_) => Err(out_of_range(self)),
        }
    }
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Slot::Maintenance => f.write_str("maintenance"),
            Slot::Writing => f.write_str("writing"),
            Slot::Process { namespace, pid } => write!(f, "process-{namespace}-{pid}"),
            Slot::Incarnation(number) => write!(f, "incarnation-{number}"),
        }
    }
}

fn out_of_range(slot: Slot) -> Error {
    Error::new(Code::InvariantBroken, format!("{slot} has no place on the lock file"))
}

const PROCESS_BASE: i64 = 1 << 57;
const INCARNATION_BASE: i64 = 1 << 61;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_has_a_byte_of_its_own() {
        let slots = [
            Slot::Maintenance,
            Slot::Writing,
            Slot::Process { namespace: 0, pid: 1 },
            Slot::Process { namespace: 0, pid: 4_194_303 },
            Slot::Process { namespace: 1, pid: 1 },
            Slot::Process { namespace: 0xFFFF_FFFF, pid: 4_194_303 },
            Slot::Incarnation(0),
            Slot::Incarnation(1),
            Slot::Incarnation(INCARNATION_BASE - 1),
        ];
        let offsets: std::collections::HashSet<i64> = slots.iter().map(|s| s.offset().unwrap()).collect();
        assert_eq!(offsets.len(), slots.len());
        assert!(offsets.iter().all(|o| *o >= 0));
    }

    #[test]
    fn an_incarnation_out_of_range_is_refused() {
        for number in [-1, i64::MIN, INCARNATION_BASE, i64::MAX] {
            assert_eq!(Slot::Incarnation(number).offset().unwrap_err().code(), Code::InvariantBroken);
        }
    }
}
