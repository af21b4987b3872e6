//! One trial: put a damaged file in place, open it, ask everything, and judge.

use crate::answers::{Answers, Subjects, ask};
use crate::harm::Harm;
use crate::life::Image;
use fusepay_core::{
    Code, Config, ErrorKind, FilePermissions, FusePay, HashCost, KeyRing, ManualClock, MoneyRequest, Secret,
    SeededEntropy, UnixMillis, WorkerMode,
};
use fusepay_testkit::{PROVIDER, ScriptedProvider, ngn};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// When every trial takes place: after everything that happened in the fixture.
const NOW: UnixMillis = UnixMillis(1_773_400_000_000);

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// `open` refused the file, with this code.
    Refused(&'static str),
    /// `verify` or the audit names the damage.
    Named,
    /// A read answered this code; all others were true.
    ReadRefused(&'static str),
    /// Every answer was true: the bytes mean nothing.
    Silent,
    /// The log was cut at a commit: every answer was true then, and a head of
    /// the audit chain kept elsewhere tells. The number of commits left.
    Older(usize),
    /// What must not be, in a sentence.
    Violation(String),
}

/// How much is asked of a damaged file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    Everything,
    /// Verification of the audit chain alone, and the chain itself.
    Chain,
}

/// A place to put damaged files in, with the truth about the whole one.
pub(crate) struct Bench {
    dir: TempDir,
    depth: Depth,
    whole: Image,
    pub(crate) subjects: Subjects,
    truth: Answers,
    /// What was true before each commit that is only in the log, oldest first.
    pub(crate) older: Vec<Answers>,
}

impl Bench {
    /// Takes the truth from a whole file.
    pub(crate) fn new(image: &Image) -> Bench {
        let mut bench = Bench {
            dir: place(),
            depth: Depth::Everything,
            whole: image.clone(),
            subjects: Subjects::default(),
            truth: Answers::new(),
            older: Vec::new(),
        };
        if image.log.is_none() {
            // Opened and closed once, so that the file lies where it says it lies.
            bench.put(image);
            bench.open().unwrap().close(PATIENCE).unwrap();
            bench.whole = Image::read(&bench.path());
        }
        bench.put(&bench.whole);
        let engine = bench.open().unwrap();
        bench.subjects = Subjects::of(&engine).unwrap();
        bench.truth = ask(&engine, &bench.subjects);
        assert!(engine.verify().unwrap().is_sound);
        assert!(bench.truth.values().all(Result::is_ok), "{:?}", bench.truth);
        engine.close(PATIENCE).unwrap();
        bench
    }

    /// The same, asking no more than this.
    pub(crate) fn with_depth(mut self, depth: Depth) -> Bench {
        self.depth = depth;
        self
    }

    /// The file as it is before anything happens to it.
    pub(crate) fn whole(&self) -> &Image {
        &self.whole
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("damaged.db")
    }

    /// What a file answers that is whole, but older.
    pub(crate) fn answers_of(&self, image: &Image) -> Answers {
        self.put(image);
        let engine = self.open().unwrap();
        let answers = ask(&engine, &self.subjects);
        assert!(engine.verify().unwrap().is_sound);
        engine.close(PATIENCE).unwrap();
        answers
    }

    /// Writes into the same files, so that they do not look copied.
    fn put(&self, image: &Image) {
        write(&self.path(), &image.database);
        for (ending, bytes) in [("-wal", &image.log), ("-shm", &image.index)] {
            let beside = PathBuf::from(format!("{}{ending}", self.path().display()));
            match bytes {
                Some(bytes) => write(&beside, bytes),
                None => drop(std::fs::remove_file(beside)),
            }
        }
    }

    fn open(&self) -> fusepay_core::Result<FusePay> {
        let keys = KeyRing::hs256("world", Secret::from("Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6")).unwrap();
        let config = Config::new(self.path(), keys)
            .with_worker(WorkerMode::Manual)
            .with_hash_cost(HashCost::insecure_for_tests())
            .with_file_permissions(FilePermissions::Relaxed)
            .with_simulation(Arc::new(ManualClock::new(NOW)), Arc::new(SeededEntropy::new(99)))
            .with_provider(PROVIDER, Arc::new(ScriptedProvider::new()));
        FusePay::open(config)
    }

    /// Does harm to the file and sees what the engine makes of it.
    pub(crate) fn tries(&self, harm: Harm) -> Outcome {
        self.judge(&harm.done_to(&self.whole))
    }

    /// Sees what the engine makes of these files.
    pub(crate) fn judge(&self, image: &Image) -> Outcome {
        self.put(image);
        let judged = catch_unwind(AssertUnwindSafe(|| match self.open() {
            Err(error) if is_honest(error.code()) => Outcome::Refused(error.code().name()),
            Err(error) => Outcome::Violation(format!("open answered {error:?}")),
            Ok(engine) => {
                let outcome = match self.depth {
                    Depth::Everything => self.look_at(&engine),
                    Depth::Chain => self.look_at_chain(&engine),
                };
                if self.depth == Depth::Everything {
                    provoke(&engine, &self.subjects);
                }
                // A damaged file may refuse to be closed cleanly too.
                let _ = engine.close(PATIENCE);
                outcome
            }
        }));
        judged.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("?");
            Outcome::Violation(format!("a panic: {text}"))
        })
    }

    fn look_at(&self, engine: &FusePay) -> Outcome {
        let answers = ask(engine, &self.subjects);
        let is_sound = match engine.verify() {
            Ok(report) => report.is_sound,
            Err(error) if is_honest(error.code()) => false,
            Err(error) => return Outcome::Violation(format!("verify answered {error:?}")),
        };
        let chain = engine.audit();
        let follows = |head| chain.verify(head).is_ok_and(|report| report.is_sound);
        if !is_sound || !follows(None) {
            return Outcome::Named;
        }
        if answers == self.truth {
            return if follows(self.subjects.head.as_ref()) {
                Outcome::Silent
            } else {
                Outcome::Violation("the kept head is not in a chain that says it is whole".to_owned())
            };
        }
        if let Some(commits) = self.older.iter().position(|older| *older == answers) {
            return if follows(self.subjects.head.as_ref()) {
                Outcome::Violation("the loss of commits is not seen with the kept head".to_owned())
            } else {
                Outcome::Older(commits)
            };
        }
        self.compare(&answers)
    }

    fn look_at_chain(&self, engine: &FusePay) -> Outcome {
        let audit = engine.audit();
        match audit.verify(self.subjects.head.as_ref()) {
            Ok(report) if report.is_sound => {}
            Ok(report) if report.first_bad.is_some() => return Outcome::Named,
            Err(error) if is_honest(error.code()) => return Outcome::Named,
            other => return Outcome::Violation(format!("audit verification answered {other:?}")),
        }
        let answer = audit.read(0, 500).map(|records| format!("{records:?}")).map_err(|error| error.code());
        match &self.truth["audit.read"] {
            truth if *truth == answer => Outcome::Silent,
            truth => Outcome::Violation(difference("audit.read", truth, &answer)),
        }
    }

    /// Nothing names the damage: every single answer must be true or an honest error.
    fn compare(&self, answers: &Answers) -> Outcome {
        let mut code = None;
        for (question, truth) in &self.truth {
            let Some(answer) = answers.get(question) else {
                return Outcome::Violation(format!("nobody asked {question}"));
            };
            match answer {
                Err(refusal) if is_honest(*refusal) => code = Some(*refusal),
                _ if answer == truth => {}
                _ => return Outcome::Violation(difference(question, truth, answer)),
            }
        }
        code.map_or(Outcome::Silent, |code| Outcome::ReadRefused(code.name()))
    }
}

/// How long a close may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// In memory where there is such a place: what is tried here is not the disk.
fn place() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn write(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

/// Damage is a fault, never a refusal, a "later", or an "I don't know".
fn is_honest(code: Code) -> bool {
    code.kind() == ErrorKind::Fault
}

/// Writes on a damaged file must be answered, whatever the answer.
fn provoke(engine: &FusePay, subjects: &Subjects) {
    for wallet in subjects.wallets() {
        let _ = engine.wallet().fund(&MoneyRequest::new(*wallet, ngn(1)));
    }
    let _ = engine.run_due();
}

fn difference(question: &str, truth: &crate::answers::Answer, answer: &crate::answers::Answer) -> String {
    let (Ok(truth), Ok(answer)) = (truth, answer) else { return format!("{question} answered {answer:?}") };
    let same = truth.bytes().zip(answer.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| {
        let bytes = text.as_bytes();
        String::from_utf8_lossy(&bytes[same.saturating_sub(60)..(same + 40).min(bytes.len())]).into_owned()
    };
    format!("{question} answered …{}… and not …{}…", around(answer), around(truth))
}
