//! The process that will be killed, and the handle its parent has on it.
//!
//! It lives over and over: open, a storm of operations by several threads,
//! back-ups in between, close. It says what it is about to do (`ASK`), what it
//! did (`ACK`), and where in its life it is; every line is one write.

use crate::biller::{FileBiller, HANGING, STOPPED};
use crate::op::{Known, Numbers, Op};
use crate::site;
use fusepay_core::{FusePay, WalletId};
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::fmt::Display;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const DIR: &str = "FUSEPAY_TEST_DIR";
const STORM: &str = "FUSEPAY_TEST_STORM";
const FAILPOINT: &str = "FUSEPAY_FAILPOINT";
/// How long anything may take before the test is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How the name of a child begins that makes one call and no storm.
pub(crate) const ONE_CALL: &str = "one";
/// The same, and the call ends when the parent says so.
pub(crate) const ONE_STOPPED: &str = "one-stopped";
const THREADS: u64 = 4;
/// Operations per thread and life.
const STEPS: u64 = 40;

pub(crate) fn say(word: &str, rest: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("@{word} {rest}\n").as_bytes());
    let _ = out.flush();
}

// ---------------------------------------------------------------- inside

/// Does what the environment says; returns at once in a process that is nobody's child.
pub(crate) fn run() {
    let Ok(storm) = std::env::var(STORM) else { return };
    let dir = PathBuf::from(std::env::var(DIR).unwrap());
    let mut words = storm.split(' ');
    let name = words.next().unwrap();
    let mut seeds = Numbers(words.next().unwrap().parse().unwrap());
    let wallets: Vec<WalletId> = words.map(|id| WalletId::from_str(id).unwrap()).collect();
    if name.starts_with(ONE_CALL) {
        one_call(&dir, name, wallets[0], &mut seeds);
    }
    for life in 0_u64.. {
        say("OPENING", life);
        let engine = FusePay::open(site::config(&dir, FileBiller::mortal(&dir))).unwrap();
        say("OPEN", life);
        if wallets.is_empty() {
            site::prepare(&engine, &format!("{name}-{life}"));
        } else {
            let storms = Storms { engine: &engine, wallets: &wallets, dir: &dir };
            storms.rage(&format!("{name}-{life}"), seeds.next());
        }
        say("CLOSING", life);
        engine.close(Duration::from_millis(20)).unwrap();
        say("CLOSED", life);
    }
}

/// Sends one payment, and hangs in its call.
fn one_call(dir: &Path, name: &str, wallet: WalletId, numbers: &mut Numbers) -> ! {
    let engine = FusePay::open(site::config(dir, FileBiller::mortal(dir))).unwrap();
    let kind = if name.starts_with(ONE_STOPPED) { STOPPED } else { numbers.pick(HANGING) };
    let customer = format!("{kind}-{name}");
    let op = Op::about("pay", name, wallet, &customer);
    say("ASK", &op);
    say("ACK", format!("{op} OK {}", op.perform(&engine).unwrap()));
    loop {
        std::thread::park();
    }
}

struct Storms<'e> {
    engine: &'e FusePay,
    wallets: &'e [WalletId],
    dir: &'e Path,
}

impl Storms<'_> {
    fn rage(&self, name: &str, seed: u64) {
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let name = format!("{name}-{thread}");
                scope.spawn(move || self.one_thread(&name, thread, Numbers(seed.wrapping_add(thread))));
            }
        });
    }

    fn one_thread(&self, name: &str, thread: u64, mut numbers: Numbers) {
        let (mut holds, mut payments) = (Vec::new(), Vec::new());
        for step in 0..STEPS {
            let known = Known { wallets: self.wallets, holds: &holds, payments: &payments };
            let op = Op::next(format!("{name}-{step}"), &mut numbers, &known);
            say("ASK", &op);
            match op.perform(self.engine) {
                Ok(id) => {
                    say("ACK", format!("{op} OK {id}"));
                    match op.kind.as_str() {
                        "hold" => holds.push(id),
                        "pay" => payments.push(id),
                        _ => {}
                    }
                }
                Err(error) => say("ACK", format!("{op} NO {}", error.code().name())),
            }
            if thread == 0 && step == STEPS / 2 {
                self.take_stock(name);
            }
        }
    }

    /// The head of the audit chain, and a back-up.
    fn take_stock(&self, name: &str) {
        say("HEAD", self.engine.audit().head().unwrap());
        let path = self.dir.join(format!("backup-{name}.db"));
        say("SAVING", name);
        match self.engine.backup(&path) {
            Ok(()) => say("SAVED", path.display()),
            Err(error) => say("UNSAVED", error),
        }
    }
}

// ---------------------------------------------------------------- outside

/// A child under way; killed when dropped, whatever happened.
pub(crate) struct Victim {
    child: Child,
    moments: Receiver<String>,
    reader: Option<JoinHandle<Vec<String>>>,
}

impl Victim {
    /// Starts one that dies by itself at a failpoint (`name=visit`), if one is given.
    pub(crate) fn start(dir: &Path, storm: &str, failpoint: Option<&str>) -> Victim {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "a_child_rages_until_it_is_killed", "--nocapture", "--test-threads=1"])
            .env(DIR, dir)
            .env(STORM, storm)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some(failpoint) = failpoint {
            command.env(FAILPOINT, failpoint);
        }
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, moments) = channel();
        let reader = std::thread::spawn(move || {
            let mut said = Vec::new();
            for line in out.split(b'\n') {
                let Ok(line) = line else { break };
                let text = String::from_utf8_lossy(&line).into_owned();
                let Some((_, text)) = text.split_once('@') else { continue };
                if !text.starts_with("ASK") && !text.starts_with("ACK") {
                    let _ = sender.send(text.to_owned());
                }
                said.push(text.to_owned());
            }
            said
        });
        Victim { child, moments, reader: Some(reader) }
    }

    /// Waits until it says this word; false when it died before it did.
    pub(crate) fn hear(&self, word: &str) -> bool {
        self.hear_rest(word, PATIENCE).unwrap_or_else(|| panic!("a child never said {word}")).is_some()
    }

    /// Waits for this word and answers what it said with it, or nothing when it
    /// died before; `None` when the patience is spent.
    pub(crate) fn hear_rest(&self, word: &str, patience: Duration) -> Option<Option<String>> {
        let end = Instant::now() + patience;
        loop {
            match self.moments.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(said) => match said.split_once(' ') {
                    Some((said, rest)) if said == word => return Some(Some(rest.to_owned())),
                    _ => {}
                },
                Err(RecvTimeoutError::Disconnected) => return Some(None),
                Err(RecvTimeoutError::Timeout) => return None,
            }
        }
    }

    /// Stops it where it is.
    pub(crate) fn stop(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        nix::sys::signal::kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Kills it, and answers everything it had said. A last line without its
    /// end can't be seen here: the kernel writes lines of this length whole.
    pub(crate) fn kill(mut self) -> Vec<String> {
        let _ = self.child.kill();
        self.end()
    }

    /// Waits until it has died by itself.
    pub(crate) fn await_death(mut self, what: &str) -> Vec<String> {
        assert!(!self.hear("a word that nobody says"), "{what}");
        self.end()
    }

    fn end(&mut self) -> Vec<String> {
        let status = self.child.wait().unwrap();
        let said = self.reader.take().unwrap().join().unwrap();
        assert_eq!(status.code(), None, "the child ended by itself: {:?}", said.last());
        said
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
