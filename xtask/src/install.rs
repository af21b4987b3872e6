//! `cargo xtask install`: builds the C library and lays it out for C and C++
//! hosts: header, shared and static library, pkg-config file, CMake package.
//!
//! What is written names no absolute path, so that the tree may be moved: both
//! package files find the rest from where they lie themselves.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of the library, and of this workspace.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Before 1.0 every minor version may change the interface (fusepay-ffi/build.rs).
const INTERFACE: &str = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
/// What a host of the static library links besides it: `rustc --print native-static-libs`.
const SYSTEM_LIBRARIES: &str = "-lgcc_s -lutil -lrt -lpthread -lm -ldl";

/// Where to, and what.
pub struct Install {
    /// The prefix that hosts will find, such as `/usr/local`.
    prefix: PathBuf,
    /// Put in front of every path that is written; for packagers.
    destdir: PathBuf,
    /// The directory of libraries below the prefix.
    libdir: String,
    /// The cargo profile.
    profile: String,
}

impl Install {
    /// Reads `--prefix P --destdir D --libdir L --profile R`.
    ///
    /// # Errors
    /// A sentence, for what is no option of ours.
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        let mut install = Install {
            prefix: "/usr/local".into(),
            destdir: PathBuf::new(),
            libdir: "lib".to_owned(),
            profile: "release".to_owned(),
        };
        for pair in words.chunks(2) {
            match pair {
                ["--prefix", value] => install.prefix = value.into(),
                ["--destdir", value] => install.destdir = value.into(),
                ["--libdir", value] => (*value).clone_into(&mut install.libdir),
                ["--profile", value] => (*value).clone_into(&mut install.profile),
                _ => return Err(format!("install does not know {}", pair.join(" "))),
            }
        }
        if install.prefix.is_relative() {
            return Err("--prefix must be an absolute path".to_owned());
        }
        Ok(install)
    }

    /// Builds and writes everything; answers what to tell the user.
    ///
    /// # Errors
    /// A sentence, when cargo fails or a file can't be written.
    pub fn run(&self, root: &Path) -> Result<String, String> {
        let built = self.build(root)?;
        copy_headers(&root.join("include"), &self.below("include"))?;
        let libraries = self.below(&self.libdir);
        let shared = format!("libfusepay.so.{VERSION}");
        copy(&built.join("libfusepay.so"), &libraries.join(&shared), 0o755)?;
        link(&shared, &libraries.join(format!("libfusepay.so.{INTERFACE}")))?;
        link(&format!("libfusepay.so.{INTERFACE}"), &libraries.join("libfusepay.so"))?;
        copy(&built.join("libfusepay.a"), &libraries.join("libfusepay.a"), 0o644)?;
        let templates = root.join("fusepay-ffi/package");
        self.fill(&templates.join("fusepay.pc.in"), &libraries.join("pkgconfig/fusepay.pc"))?;
        for file in ["FusePayConfig.cmake", "FusePayConfigVersion.cmake"] {
            self.fill(&templates.join(format!("{file}.in")), &libraries.join("cmake/FusePay").join(file))?;
        }
        Ok(format!("installed FusePay {VERSION} below {}", self.below("").display()))
    }

    /// Builds the library and says where cargo put it.
    fn build(&self, root: &Path) -> Result<PathBuf, String> {
        let arguments = ["build", "--quiet", "--locked", "--package", "fusepay-ffi", "--profile", &self.profile];
        let status = Command::new(cargo()).args(arguments).current_dir(root).status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("cargo build: {status}")),
            Err(error) => return Err(format!("cargo build: {error}")),
        }
        // The profile `dev` is built in the directory `debug`.
        let folder = if self.profile == "dev" { "debug" } else { &self.profile };
        Ok(target_directory(root)?.join(folder))
    }

    /// A directory below the prefix, as it is written.
    fn below(&self, folder: &str) -> PathBuf {
        let prefix = self.prefix.join(folder);
        match self.destdir.as_os_str().is_empty() {
            true => prefix,
            false => self.destdir.join(prefix.strip_prefix("/").unwrap_or(&prefix)),
        }
    }

    /// Writes a template with its variables filled in.
    fn fill(&self, template: &Path, file: &Path) -> Result<(), String> {
        let text = std::fs::read_to_string(template).map_err(|error| format!("{}: {error}", template.display()))?;
        // From the file's folder up to the prefix: a step for each part of the path between.
        let folder = file.parent().and_then(|folder| folder.strip_prefix(self.below("")).ok());
        let depth = folder.map_or(0, |folder| folder.components().count());
        let up = vec![".."; depth].join("/");
        let text = text
            .replace("@VERSION@", VERSION)
            .replace("@INTERFACE@", INTERFACE)
            .replace("@LIBDIR@", &self.libdir)
            .replace("@UP@", &up)
            .replace("@SYSTEM_LIBRARIES@", SYSTEM_LIBRARIES);
        make_parent(file)?;
        std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
    }
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Where cargo builds; a variable or a configuration may have moved it.
fn target_directory(root: &Path) -> Result<PathBuf, String> {
    let mut command = Command::new(cargo());
    command.args(["metadata", "--no-deps", "--locked", "--format-version", "1"]).current_dir(root);
    let output = command.output().map_err(|error| format!("cargo metadata: {error}"))?;
    let answer: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let folder = answer.get("target_directory").and_then(serde_json::Value::as_str);
    folder.map(PathBuf::from).ok_or_else(|| "cargo metadata names no target directory".to_owned())
}

fn make_parent(file: &Path) -> Result<(), String> {
    let Some(folder) = file.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// Copies every header, with the folders they lie in.
fn copy_headers(from: &Path, to: &Path) -> Result<(), String> {
    let fault = |error: std::io::Error| format!("{}: {error}", from.display());
    for entry in std::fs::read_dir(from).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().map_err(fault)?.is_dir() {
            true => copy_headers(&from, &to)?,
            false => copy(&from, &to, 0o644)?,
        }
    }
    Ok(())
}

/// Copies under a new name first, so that a host that runs keeps its old library.
fn copy(from: &Path, to: &Path, mode: u32) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    make_parent(to)?;
    let part = to.with_extension("part");
    let done = std::fs::copy(from, &part)
        .and_then(|_| std::fs::set_permissions(&part, std::fs::Permissions::from_mode(mode)))
        .and_then(|()| std::fs::rename(&part, to));
    done.map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}

fn link(target: &str, link: &Path) -> Result<(), String> {
    match std::fs::remove_file(link) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {error}", link.display()));
        }
        Ok(()) | Err(_) => {}
    }
    std::os::unix::fs::symlink(target, link).map_err(|error| format!("{}: {error}", link.display()))
}
