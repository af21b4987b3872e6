//! Compiles C programs against the committed header and the library that cargo
//! built for this very test run, and runs them.

#![allow(dead_code, reason = "every test file uses its part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Every warning is an error.
pub(crate) const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// The folder of the whole workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The compiler named by an environment variable, or the usual one.
pub(crate) fn compiler(variable: &str, usual: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| usual.to_owned())
}

/// Runs a command that must succeed; what it printed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed ({}):\n{printed}{errors}", output.status);
    printed
}

/// The shared library that cargo built for this very test run.
pub(crate) fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    [folder.join("libfusepay.so"), folder.join("../libfusepay.so")]
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("no libfusepay.so near {}", folder.display()))
}

/// A program of `tests/c`, compiled and linked with the library, in an empty
/// folder of its own, which is gone with it.
pub(crate) struct Program {
    folder: tempfile::TempDir,
}

impl Program {
    /// Compiles a program as C99.
    #[track_caller]
    pub(crate) fn compile(source: &str) -> Self {
        Program::c99(&root().join("tests/c").join(source))
    }

    #[track_caller]
    fn c99(source: &Path) -> Self {
        let mut command = Command::new(compiler("CC", "cc"));
        command.arg("-std=c99").arg("-I").arg(root().join("tests/c")).arg(source);
        Program::link(command)
    }

    /// Links what a compiler was told to compile.
    #[track_caller]
    pub(crate) fn link(mut command: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = library();
        let soname = concat!("libfusepay.so.0.", env!("CARGO_PKG_VERSION_MINOR"));
        std::os::unix::fs::symlink(&library, folder.path().join(soname)).unwrap();
        command.args(WARNINGS).args(["-pthread", "-g", "-I"]).arg(root().join("include")).arg(&library);
        run(command.arg("-o").arg(folder.path().join("program")));
        Program { folder }
    }

    /// Where it runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it in its folder; what it printed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(self.folder().join("program"));
        run(command.args(arguments).current_dir(self.folder()).env("LD_LIBRARY_PATH", self.folder()))
    }
}

/// Compiles and runs a program of `tests/c`; what it printed.
#[track_caller]
pub(crate) fn run_c(source: &str) -> String {
    Program::compile(source).run(&[])
}

/// As [`run_c`], a program that the test wrote itself; it may include the headers
/// of `tests/c`.
#[track_caller]
pub(crate) fn run_c_text(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("program.c");
    std::fs::write(&source, text).unwrap();
    Program::c99(&source).run(&[])
}
