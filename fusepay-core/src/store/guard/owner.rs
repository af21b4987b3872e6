//! Who claimed an incarnation: enough to tell, later and from another process
//! of the same machine, that exactly this process is gone.

use crate::error::{Error, Result};
use crate::vocabulary::Code;

/// A process, told apart from any other that gets its pid later.
///
/// The text form (`to_string`, [`Owner::from_text`]) is what the store records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pid: u32,
    /// Start of the process in clock ticks since boot; 0 when unknown.
    started: u64,
    /// Inode of the namespace `pid` counts in; 0 when unknown.
    pid_namespace: u64,
    /// Inode of the namespace `started` counts in; 0 when unknown.
    time_namespace: u64,
}

impl Owner {
    /// This process.
    pub(crate) fn current() -> Owner {
        platform::current()
    }

    /// Number of the pid namespace; 0 when unknown.
    pub(crate) fn pid_namespace(&self) -> u64 {
        self.pid_namespace
    }

    /// Reads what `to_string` wrote. Error: `Corrupt`.
    pub(crate) fn from_text(text: &str) -> Result<Owner> {
        let mut numbers = text.split(':').map(|part| part.parse::<u64>().ok());
        let mut next = || numbers.next().flatten();
        let owner = (|| {
            let pid = u32::try_from(next()?).ok()?;
            Some(Owner { pid, started: next()?, pid_namespace: next()?, time_namespace: next()? })
        })();
        match (owner, numbers.next()) {
            (Some(owner), None) => Ok(owner),
            _ => Err(Error::new(Code::Corrupt, "the recorded owner of an incarnation cannot be read")),
        }
    }

    /// Whether this process has provably ended. In doubt, as from another pid
    /// namespace, it has not.
    pub(crate) fn is_gone(&self, observer: &Owner) -> bool {
        if self.pid == 0 || self.pid_namespace == 0 || self.pid_namespace != observer.pid_namespace {
            return false;
        }
        if !platform::exists(self.pid) {
            return true;
        }
        let is_comparable = self.started != 0 && self.time_namespace == observer.time_namespace;
        is_comparable && platform::started(self.pid).is_some_and(|started| started != self.started)
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}:{}", self.pid, self.started, self.pid_namespace, self.time_namespace)
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use crate::store::guard::owner::Owner;
    use nix::errno::Errno;
    use nix::unistd::Pid;
    use std::os::unix::fs::MetadataExt;

    pub(super) fn current() -> Owner {
        let pid = std::process::id();
        // A /proc of another pid namespace numbers other processes: useless.
        let is_ours = std::fs::read_link("/proc/self").is_ok_and(|link| link.as_os_str() == pid.to_string().as_str());
        if !is_ours {
            return Owner { pid, started: 0, pid_namespace: 0, time_namespace: 0 };
        }
        let inode = |path: &str| std::fs::metadata(path).map_or(0, |metadata| metadata.ino());
        Owner {
            pid,
            started: started(pid).unwrap_or(0),
            pid_namespace: inode("/proc/self/ns/pid"),
            time_namespace: inode("/proc/self/ns/time"),
        }
    }

    /// Asks the kernel, not /proc, which may hide the processes of others.
    pub(super) fn exists(pid: u32) -> bool {
        let Ok(pid) = i32::try_from(pid) else { return true };
        nix::sys::signal::kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH)
    }

    /// Field 22 of `/proc/<pid>/stat`; the name before it may hold anything, a
    /// parenthesis too, so we count from the last one. proc_pid_stat(5).
    pub(super) fn started(pid: u32) -> Option<u64> {
        let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        let stat = String::from_utf8_lossy(&stat);
        let (_, fields) = stat.rsplit_once(')')?;
        fields.split_whitespace().nth(19)?.parse().ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use crate::store::guard::owner::Owner;

    pub(super) fn current() -> Owner {
        Owner { pid: std::process::id(), started: 0, pid_namespace: 0, time_namespace: 0 }
    }

    pub(super) fn exists(_pid: u32) -> bool {
        true
    }

    pub(super) fn started(_pid: u32) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_survives_the_way_through_its_text() {
        let owner = Owner { pid: 4_194_303, started: u64::MAX, pid_namespace: 4_026_531_836, time_namespace: 0 };
        assert_eq!(Owner::from_text(&owner.to_string()).unwrap(), owner);
    }

    #[test]
    fn a_text_that_is_not_an_owner_is_corrupt() {
        for text in ["", "1", "1:2:3", "1:2:3:4:5", "a:2:3:4", "-1:2:3:4", "4294967296:2:3:4"] {
            assert_eq!(Owner::from_text(text).unwrap_err().code(), Code::Corrupt, "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_owner_is_gone_only_when_that_is_certain() {
        let me = Owner::current();
        assert!(me.started > 0 && me.pid_namespace > 0);
        assert!(!me.is_gone(&me));
        assert!(Owner { started: me.started + 1, ..me }.is_gone(&me), "the pid was given to another process");
        assert!(!Owner { started: 0, ..me }.is_gone(&me), "start unknown");
        assert!(!Owner { started: me.started + 1, time_namespace: 7, ..me }.is_gone(&me), "other count of ticks");
        assert!(Owner { pid: 4_194_304, ..me }.is_gone(&me), "no such process");
        assert!(!Owner { pid: 4_194_304, pid_namespace: 7, ..me }.is_gone(&me), "cannot be seen from here");
        assert!(!Owner { pid: 4_194_304, pid_namespace: 0, ..me }.is_gone(&me), "namespace unknown");
        assert!(!Owner { pid: 0, ..me }.is_gone(&me));
    }
}
