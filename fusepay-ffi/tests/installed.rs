//! Goal: what `make install` lays out is all that a C or C++ host needs, wherever
//! the tree is moved to.
//! Method: install into a folder, move the folder, and build both examples from
//! there with what hosts build with (pkg-config and make, CMake), shared and
//! static; each prints what is committed beside it. `UPDATE=1` writes that anew.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]
#![allow(clippy::print_stderr, reason = "what is left out is said")]

mod compile;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use compile::{root, run};

/// The installed tree, moved. Installed once for all tests of this file, in a
/// folder of cargo's, because it is large.
fn installed() -> &'static Path {
    static TREE: OnceLock<PathBuf> = OnceLock::new();
    TREE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
        let _ = std::fs::remove_dir_all(&folder);
        let (first, moved) = (folder.join("first"), folder.join("moved"));
        // The profile that is built already for this test.
        let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
        let mut install = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        install.args(["xtask", "install", "--profile", profile, "--prefix"]).arg(&first);
        run(install.current_dir(root()));
        std::fs::rename(first, &moved).unwrap();
        moved
    })
}

/// A new folder to build in, gone afterwards.
fn build_folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Whether a tool is there; says so when a test is left out for want of it.
fn has(tool: &str) -> bool {
    let is_there = Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("left out: {tool} is not installed");
    }
    is_there
}

fn pkg_config(arguments: &[&str]) -> String {
    let mut command = Command::new("pkg-config");
    command.args(arguments).arg("fusepay").env("PKG_CONFIG_PATH", installed().join("lib/pkgconfig"));
    run(&mut command).trim().to_owned()
}

#[track_caller]
fn check_output(example: &str, printed: &str) {
    let file = root().join("examples").join(example).join("expected.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, printed).unwrap();
    }
    assert_eq!(printed, std::fs::read_to_string(file).unwrap());
}

#[test]
fn pkg_config_answers_inside_the_moved_tree() {
    if !has("pkg-config") {
        return;
    }
    let tree = installed().display().to_string();
    let (include, library) = (pkg_config(&["--cflags-only-I"]), pkg_config(&["--libs-only-L"]));
    for path in [include.trim_start_matches("-I"), library.trim_start_matches("-L")] {
        assert!(path.starts_with(&tree) && Path::new(path).is_dir(), "{path}");
    }
    assert_eq!(pkg_config(&["--libs-only-l"]), "-lfusepay");
    assert!(pkg_config(&["--static", "--libs-only-l"]).contains("-lpthread"));
    assert_eq!(pkg_config(&["--modversion"]), env!("CARGO_PKG_VERSION"));
}

/// Builds and runs the C example; what it printed, and the libraries it asks for.
fn c_example(options: &[&str]) -> (String, String) {
    let folder = build_folder();
    let build = format!("BUILD={}", folder.path().display());
    let make = |target: &[&str]| {
        let mut command = Command::new("make");
        command.args(["--no-print-directory", "--silent", &build, "CFLAGS=-Wall -Wextra -Wpedantic -Wshadow -Werror"]);
        command.args(options).args(target).current_dir(root().join("examples/c"));
        // What the outer make was told is none of this one's business.
        command.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
        run(command.env("PKG_CONFIG_PATH", installed().join("lib/pkgconfig")))
    };
    let program = folder.path().join("host");
    make(&[&program.display().to_string()]);
    (make(&["run"]), needed(&program))
}

/// The libraries a program or library asks for, and its own name.
fn needed(file: &Path) -> String {
    run(Command::new("readelf").args(["-d", "-W"]).arg(file))
}

#[test]
fn the_c_example_runs_with_the_shared_library() {
    if has("pkg-config") && has("make") {
        let (printed, needed) = c_example(&[]);
        check_output("c", &printed);
        assert!(needed.contains("[libfusepay.so.0.1]"), "{needed}");
    }
}

#[test]
fn the_c_example_runs_with_the_static_library() {
    if has("pkg-config") && has("make") {
        let (printed, needed) = c_example(&["STATIC=1"]);
        check_output("c", &printed);
        assert!(!needed.contains("libfusepay"), "{needed}");
    }
}

/// Builds the C++ example with CMake and runs it.
fn cpp_example(is_static: bool) -> (String, String) {
    let folder = build_folder();
    let mut configure = Command::new("cmake");
    configure.arg("-S").arg(root().join("examples/cpp")).arg("-B").arg(folder.path());
    configure.arg(format!("-DCMAKE_PREFIX_PATH={}", installed().display()));
    configure.arg(format!("-DFUSEPAY_STATIC={}", if is_static { "ON" } else { "OFF" }));
    run(configure.arg("-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Wshadow -Werror"));
    run(Command::new("cmake").arg("--build").arg(folder.path()));
    let program = folder.path().join("host");
    (run(Command::new(&program).arg(folder.path().join("host.db"))), needed(&program))
}

#[test]
fn the_cpp_example_runs_with_the_shared_library() {
    if has("cmake") {
        let (printed, needed) = cpp_example(false);
        check_output("cpp", &printed);
        assert!(needed.contains("[libfusepay.so.0.1]"), "{needed}");
    }
}

#[test]
fn the_cpp_example_runs_with_the_static_library() {
    if has("cmake") {
        let (printed, needed) = cpp_example(true);
        check_output("cpp", &printed);
        assert!(!needed.contains("libfusepay"), "{needed}");
    }
}

#[test]
fn another_version_is_not_taken_for_this_one() {
    if !has("cmake") {
        return;
    }
    let folder = build_folder();
    for (wanted, is_found) in [("0.1", true), ("0.1.0", true), ("0.2", false), ("0.0", false), ("1.0", false)] {
        let project =
            format!("cmake_minimum_required(VERSION 3.16)\nproject(a C)\nfind_package(FusePay {wanted} REQUIRED)\n");
        std::fs::write(folder.path().join("CMakeLists.txt"), project).unwrap();
        let mut configure = Command::new("cmake");
        configure.arg("-S").arg(folder.path()).arg("-B").arg(folder.path().join("build"));
        let output = configure.arg(format!("-DCMAKE_PREFIX_PATH={}", installed().display())).output().unwrap();
        assert_eq!(output.status.success(), is_found, "{wanted}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_shared_library_names_its_interface() {
    let library = installed().join("lib/libfusepay.so");
    assert!(needed(&library).contains("Library soname: [libfusepay.so.0.1]"));
    assert_eq!(std::fs::read_link(library).unwrap(), Path::new("libfusepay.so.0.1"));
}

/// Every file below a folder, by its path there.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push((path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap())),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_headers_are_the_committed_ones() {
    let committed = files(&root().join("include"));
    assert!(committed.len() > 10);
    assert!(files(&installed().join("include")) == committed, "the installed headers differ from include/");
}
