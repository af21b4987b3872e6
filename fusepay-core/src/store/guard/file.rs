//! Which files the engine is willing to open, and how it creates them: never
//! through a link, never readable by others, never on a network.
//!
//! Checks come before opening wherever they can (`lstat`), because merely
//! closing a descriptor of a database drops locks of others in this process.

use crate::error::{Error, Result};
use crate::vocabulary::Code;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How strictly modes and owners are judged. Links, special files and network
/// file systems are refused either way, and new files are never wider than the
/// database itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permissions {
    /// Files 0600 and ours, in a directory only we or root may change.
    Strict,
    /// As the host has set them.
    Relaxed,
}

/// Which file something is, whatever it is called. Zero on Windows, where the
/// standard library cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    /// Number of the device; may change over a restart of the machine.
    pub(crate) device: u64,
    /// Number of the file on it.
    pub(crate) inode: u64,
}

impl FileIdentity {
    /// The identity of an open file.
    pub(crate) fn of(file: &File) -> Result<FileIdentity> {
        let metadata =
            file.metadata().map_err(|cause| failed("read the state of", Path::new("an open file"), cause))?;
        Ok(platform::identity(&metadata))
    }

    /// The identity of what stands at this path now, links not followed.
    pub(crate) fn at(path: &Path) -> Result<Option<FileIdentity>> {
        Ok(look(path)?.map(|metadata| platform::identity(&metadata)))
    }
}

/// Makes the path absolute and free of links in its directories, and checks
/// the directory. The last component is left as it is, to be judged on its own.
pub(crate) fn resolve(path: &Path, permissions: Permissions) -> Result<PathBuf> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.is_empty() || bytes == b":memory:" || bytes.contains(&0) {
        return Err(Error::field(Code::InvalidConfig, "path", "must name a file"));
    }
    let name = path.file_name().ok_or_else(|| Error::field(Code::InvalidConfig, "path", "must name a file"))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let directory = parent.canonicalize().map_err(|cause| {
        if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
            return Error::field(Code::InvalidConfig, "path", format!("there is no directory {}", parent.display()));
        }
        failed("find", parent, cause)
    })?;
    let metadata = directory.metadata().map_err(|cause| failed("look at", &directory, cause))?;
    if !metadata.is_dir() {
        return Err(Error::field(Code::InvalidConfig, "path", format!("{} is not a directory", parent.display())));
    }
    platform::judge_directory(&directory, &metadata, permissions)?;
    platform::refuse_network(&directory)?;
    let resolved = directory.join(name);
    if resolved.as_os_str().len() > PATH_BYTES_MAX {
        return Err(Error::field(Code::InvalidConfig, "path", format!("is longer than {PATH_BYTES_MAX} bytes")));
    }
    Ok(resolved)
}

/// Judges the database, if it exists, and tells the mode for files beside it.
pub(crate) fn check_database(path: &Path, permissions: Permissions) -> Result<u32> {
    match look(path)? {
        Some(metadata) => {
            platform::judge_file(path, &metadata, permissions)?;
            Ok(platform::mode_beside(&metadata, permissions))
        }
        None => Ok(PRIVATE),
    }
}

/// Refuses an empty database beside a log with content: SQLite would delete
/// the log, and with it commits somebody was promised.
pub(crate) fn refuse_lost_database(path: &Path, permissions: Permissions) -> Result<()> {
    let wal = crate::store::guard::sibling(path, "-wal");
    let Some(log) = look(&wal)? else { return Ok(()) };
    platform::judge_file(&wal, &log, permissions)?;
    let is_database_empty = look(path)?.is_none_or(|database| database.len() == 0);
    if is_database_empty && log.len() > 0 {
        return Err(Error::new(
            Code::Corrupt,
            format!(
                "{} is missing or empty, but {} has commits of it; restore both, or move the log away",
                path.display(),
                wal.display()
            ),
        ));
    }
    Ok(())
}

/// Refuses a network file system under an open file. The directory was asked
/// before, but a file can be mounted by itself.
pub(crate) fn refuse_network(file: &File, path: &Path) -> Result<()> {
    platform::refuse_network_under(file, path)
}

/// Opens a file for reading and writing, creating it when missing, and tells
/// whether it did.
pub(crate) fn open_or_create(path: &Path, permissions: Permissions, mode: u32) -> Result<(File, bool)> {
    // Two openers may create at once; whoever loses finds the file the next time.
    for _ in 0..CREATE_TRIES {
        let Some(metadata) = look(path)? else {
            match create(path, mode) {
                Ok(file) => return Ok((file, true)),
                Err(cause) if cause.kind() == ErrorKind::AlreadyExists => continue,
                Err(cause) => return Err(failed("create", path, cause)),
            }
        };
        platform::judge_file(path, &metadata, permissions)?;
        let file = match open_unfollowed(path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == ErrorKind::NotFound => continue,
            Err(cause) => return Err(failed("open", path, cause)),
        };
        if FileIdentity::of(&file)? == platform::identity(&metadata) {
            return Ok((file, false));
        }
    }
    Err(unsafe_file(path, "it is being replaced again and again"))
}

/// Judges a file, or creates it when missing, without opening an existing one;
/// tells whether it was created.
pub(crate) fn check_or_create(path: &Path, permissions: Permissions, mode: u32) -> Result<bool> {
    for _ in 0..CREATE_TRIES {
        if let Some(metadata) = look(path)? {
            platform::judge_file(path, &metadata, permissions)?;
            return Ok(false);
        }
        match create(path, mode) {
            Ok(_) => return Ok(true),
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(failed("create", path, cause)),
        }
    }
    Err(unsafe_file(path, "it is being replaced again and again"))
}

/// Opens an existing file for reading and writing; fails on a link. Never
/// blocks, whatever it turns out to be.
pub(crate) fn open_unfollowed(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    platform::unfollowed(&mut options);
    options.open(path)
}

/// Makes new names in the directory of this file survive a power cut: SQLite
/// syncs the directory only for files it has created itself.
pub(crate) fn sync_directory_of(path: &Path) -> Result<()> {
    platform::sync_directory(path.parent().unwrap_or(Path::new("/")))
}

/// Writes a file over itself, and syncs it. After a sync that failed, the
/// system may take pages for written that never were (Linux: "fsyncgate",
/// 2018): they read well, and a further sync does nothing. Written again, they
/// are really written.
pub(crate) fn write_again(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    platform::unfollowed(&mut options);
    let over = |path: &Path| {
        let mut file = options.open(path)?;
        let mut chunk = vec![0; REWRITE_CHUNK];
        loop {
            let at = file.stream_position()?;
            let length = file.read(&mut chunk)?;
            if length == 0 {
                return file.sync_all();
            }
            file.seek(SeekFrom::Start(at))?;
            file.write_all(chunk.get(..length).unwrap_or_default())?;
        }
    };
    over(path).map_err(|cause| failed("write again", path, cause))
}

/// Creates a file of our own (0600) that did not exist; never follows a link.
pub(crate) fn create_private(path: &Path) -> Result<File> {
    create(path, PRIVATE).map_err(|cause| failed("create", path, cause))
}

/// Whether anything, even a dangling link, stands at this path.
pub(crate) fn is_taken(path: &Path) -> Result<bool> {
    Ok(look(path)?.is_some())
}

/// Gives a file another name in its directory. Answers false, and changes
/// nothing, when there is something under that name already.
pub(crate) fn rename_new(from: &Path, to: &Path) -> Result<bool> {
    match platform::rename_exclusively(from, to) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(cause) => Err(failed("rename", from, cause)),
    }
}

/// Looks first, then renames: for systems that can't do both in one step. The
/// directory is ours alone, so nobody else is expected in between.
fn look_and_rename(from: &Path, to: &Path) -> std::io::Result<()> {
    if to.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    std::fs::rename(from, to)
}

/// Says which step on which file failed, with the code that fits the cause.
pub(crate) fn failed(action: &str, path: &Path, cause: std::io::Error) -> Error {
    let kind = cause.kind();
    let code = if platform::is_link_loop(&cause) {
        Code::UnsafeFile
    } else if matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) {
        Code::ReadOnly
    } else if matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        Code::StorageFull
    } else {
        Code::StorageFault
    };
    Error::new(code, format!("could not {action} {}: {cause}", path.display())).with_source(cause)
}

/// What stands at this path, links not followed.
fn look(path: &Path) -> Result<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(failed("look at", path, cause)),
    }
}

fn create(path: &Path, mode: u32) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    platform::unfollowed(&mut options);
    platform::create(&options, path, mode)
}

fn unsafe_file(path: &Path, reason: &str) -> Error {
    Error::field(Code::UnsafeFile, "path", format!("{}: {reason}", path.display()))
}

/// `rw-------`.
const PRIVATE: u32 = 0o600;

/// SQLite's limit is 512 bytes (`MAX_PATHNAME`) with its own suffixes in them.
const PATH_BYTES_MAX: usize = 500;

/// How often a file may appear or vanish under us before we give up.
const CREATE_TRIES: u32 = 8;

/// How many bytes of a file are written again at a time.
const REWRITE_CHUNK: usize = 1 << 16;

#[cfg(unix)]
mod platform {
    use crate::error::Result;
    use crate::store::guard::file::{FileIdentity, PRIVATE, Permissions, failed, look_and_rename, unsafe_file};
    use nix::fcntl::OFlag;
    use std::fs::{File, Metadata, OpenOptions};
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    pub(super) fn identity(metadata: &Metadata) -> FileIdentity {
        FileIdentity { device: metadata.dev(), inode: metadata.ino() }
    }

    pub(super) fn judge_directory(path: &Path, metadata: &Metadata, permissions: Permissions) -> Result<()> {
        if permissions == Permissions::Relaxed {
            return Ok(());
        }
        // In a sticky directory (/tmp) others may add files but not touch ours.
        let is_sticky = metadata.mode() & 0o1000 != 0;
        if metadata.mode() & 0o022 != 0 && !is_sticky {
            return Err(unsafe_file(path, "others may write to this directory; chmod go-w it, or relax permissions"));
        }
        if !is_trusted(metadata.uid()) {
            return Err(unsafe_file(path, "this directory belongs to another user"));
        }
        Ok(())
    }

    pub(super) fn judge_file(path: &Path, metadata: &Metadata, permissions: Permissions) -> Result<()> {
        if metadata.file_type().is_symlink() {
            return Err(unsafe_file(path, "it is a symbolic link; give the path it leads to"));
        }
        if !metadata.is_file() {
            return Err(unsafe_file(path, "it is not a regular file"));
        }
        // SQLite would keep one log per name for the same database.
        if metadata.nlink() > 1 {
            return Err(unsafe_file(path, "it has more than one name (hard links)"));
        }
        if permissions == Permissions::Strict && metadata.mode() & 0o077 != 0 {
            return Err(unsafe_file(path, "others may read or write it; chmod 600 it, or relax permissions"));
        }
        if permissions == Permissions::Strict && metadata.uid() != nix::unistd::geteuid().as_raw() {
            return Err(unsafe_file(path, "it belongs to another user"));
        }
        Ok(())
    }

    fn is_trusted(uid: u32) -> bool {
        uid == 0 || uid == nix::unistd::geteuid().as_raw()
    }

    /// The mode for files beside this database: whoever was let into it needs
    /// them as well.
    pub(super) fn mode_beside(database: &Metadata, permissions: Permissions) -> u32 {
        match permissions {
            Permissions::Strict => PRIVATE,
            Permissions::Relaxed => database.mode() & 0o666,
        }
    }

    pub(super) fn unfollowed(options: &mut OpenOptions) {
        // O_NONBLOCK: opening a FIFO must not wait for its other end.
        options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    }

    pub(super) fn create(options: &OpenOptions, path: &Path, mode: u32) -> std::io::Result<File> {
        let file = options.clone().mode(mode & PRIVATE).open(path)?;
        // The umask may have taken bits away, and the group's were not given yet.
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        Ok(file)
    }

    pub(super) fn sync_directory(path: &Path) -> Result<()> {
        File::open(path).and_then(|directory| directory.sync_all()).map_err(|cause| failed("sync", path, cause))
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    pub(super) fn rename_exclusively(from: &Path, to: &Path) -> std::io::Result<()> {
        use nix::errno::Errno;
        use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
        match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
            // Not every file system knows the flag.
            Err(Errno::EINVAL | Errno::ENOSYS) => look_and_rename(from, to),
            other => other.map_err(std::io::Error::from),
        }
    }

    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    pub(super) use crate::store::guard::file::look_and_rename as rename_exclusively;

    pub(super) fn is_link_loop(cause: &std::io::Error) -> bool {
        cause.raw_os_error() == Some(nix::libc::ELOOP)
    }

    #[cfg(target_os = "linux")]
    pub(super) use crate::store::guard::file::network::{refuse_network, refuse_network_under};

    #[cfg(not(target_os = "linux"))]
    pub(super) fn refuse_network(_directory: &Path) -> Result<()> {
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn refuse_network_under(_file: &File, _path: &Path) -> Result<()> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod network {
    use crate::error::{Error, Result};
    use crate::store::guard::file::failed;
    use crate::vocabulary::Code;
    use nix::sys::statfs::{FsType, fstatfs, statfs};
    use std::fs::File;
    use std::path::Path;

    pub(super) fn refuse_network(directory: &Path) -> Result<()> {
        judge(directory, statfs(directory).map(|found| found.filesystem_type()))
    }

    pub(super) fn refuse_network_under(file: &File, path: &Path) -> Result<()> {
        judge(path, fstatfs(file).map(|found| found.filesystem_type()))
    }

    fn judge(path: &Path, found: nix::Result<FsType>) -> Result<()> {
        let kind = found.map_err(|cause| failed("ask for the file system of", path, cause.into()))?;
        // The type is signed on some systems, and the number fills all 32 bits.
        let magic = (kind.0 as u64) & 0xFFFF_FFFF;
        match UNTRUSTED.iter().find(|(number, _)| *number == magic) {
            Some((_, name)) => Err(Error::field(
                Code::UnsupportedFileSystem,
                "path",
                format!("{} lies on {name}, where locks and shared memory cannot be trusted", path.display()),
            )),
            None => Ok(()),
        }
    }

    /// Numbers from statfs(2) and the kernel's `magic.h`. FUSE stands here as
    /// well: it may be anything, a network included (sshfs, virtiofs).
    pub(super) const UNTRUSTED: &[(u64, &str)] = &[
        (0x6969, "NFS"),
        (0x517B, "SMB"),
        (0xFF53_4D42, "CIFS"),
        (0xFE53_4D42, "SMB 2"),
        (0x564C, "NCP"),
        (0x7375_7245, "Coda"),
        (0x5346_414F, "AFS"),
        (0x6B41_4653, "AFS"),
        (0x0102_1997, "9P"),
        (0x00C3_6400, "Ceph"),
        (0x0BD0_0BD0, "Lustre"),
        (0x4750_4653, "GPFS"),
        (0x7461_636F, "OCFS2"),
        (0x0116_1970, "GFS2"),
        (0x1983_0326, "BeeGFS"),
        (0x6573_5546, "FUSE"),
    ];
}

#[cfg(not(unix))]
mod platform {
    use crate::error::Result;
    use crate::store::guard::file::{FileIdentity, PRIVATE, Permissions, unsafe_file};
    use std::fs::{File, Metadata, OpenOptions};
    use std::path::Path;

    pub(super) fn identity(_metadata: &Metadata) -> FileIdentity {
        FileIdentity { device: 0, inode: 0 }
    }

    pub(super) fn judge_directory(_path: &Path, _metadata: &Metadata, _permissions: Permissions) -> Result<()> {
        Ok(())
    }

    pub(super) fn judge_file(path: &Path, metadata: &Metadata, _permissions: Permissions) -> Result<()> {
        if !metadata.file_type().is_file() {
            return Err(unsafe_file(path, "it is a link, a directory or a special file"));
        }
        Ok(())
    }

    pub(super) fn mode_beside(_database: &Metadata, _permissions: Permissions) -> u32 {
        PRIVATE
    }

    pub(super) fn unfollowed(_options: &mut OpenOptions) {}

    pub(super) fn create(options: &OpenOptions, path: &Path, _mode: u32) -> std::io::Result<File> {
        options.open(path)
    }

    pub(super) fn sync_directory(_path: &Path) -> Result<()> {
        Ok(())
    }

    pub(super) use crate::store::guard::file::look_and_rename as rename_exclusively;

    pub(super) fn is_link_loop(_cause: &std::io::Error) -> bool {
        false
    }

    pub(super) fn refuse_network(_directory: &Path) -> Result<()> {
        Ok(())
    }

    pub(super) fn refuse_network_under(_file: &File, _path: &Path) -> Result<()> {
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn local_file_systems_are_not_on_the_list_of_untrusted_ones() {
        // ext4, xfs, btrfs, tmpfs, overlay, zfs, f2fs
        for magic in [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630, 0x2FC1_2FC1, 0xF2F5_2010] {
            assert!(network::UNTRUSTED.iter().all(|(number, _)| *number != magic));
        }
    }

    #[test]
    fn a_file_system_of_the_kernel_is_refused_by_nobody() {
        assert!(network::refuse_network(Path::new("/")).is_ok());
    }
}
