//! The VFS itself: C callbacks over those of `unix`. All `unsafe` of the disk is
//! here.
//!
//! A watched `sqlite3_file` is a [`Shell`] in SQLite's memory; behind it a
//! [`Handle`] on the heap holds the `unix` file. An unwatched one *is* a `unix`
//! file.

use super::patience::is_impatient;
use super::{Call, CallKind, FaultKind, FileKind, State, Watch, mount_of};
use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Once};

/// SQLite's own VFS.
static UNIX: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(std::ptr::null_mut());

/// Registers the VFS as the default one, once in a process.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the VFS found lives as long as the process, and so does the
        // leaked copy; SQLite is initialised by the call that finds it.
        unsafe {
            let unix = ffi::sqlite3_vfs_find(std::ptr::null());
            assert!(!unix.is_null(), "SQLite has a VFS");
            UNIX.store(unix, Ordering::Release);
            // What is not overridden are functions of `unix` that use no more
            // of their VFS than its data and limits, which are the same here.
            let mut disk = *unix;
            disk.zName = c"fusepay-disk".as_ptr();
            disk.pNext = std::ptr::null_mut();
            disk.szOsFile = disk.szOsFile.max(c_size::<Shell>());
            disk.xOpen = Some(open);
            disk.xDelete = Some(delete);
            disk.xAccess = Some(access);
            disk.xSleep = Some(sleep);
            let code = ffi::sqlite3_vfs_register(Box::leak(Box::new(disk)), 1);
            assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the VFS");
        }
    });
}

fn c_size<T>() -> c_int {
    c_int::try_from(size_of::<T>()).expect("a small struct")
}

/// What SQLite sees of a watched file.
#[repr(C)]
struct Shell {
    file: sqlite3_file,
    handle: *mut Handle,
}

struct Handle {
    /// The `unix` file; words, so that it is aligned.
    below: Vec<u64>,
    watch: Arc<Watch>,
    life: u64,
    path: PathBuf,
    kind: FileKind,
}

impl Handle {
    fn below(&mut self) -> *mut sqlite3_file {
        self.below.as_mut_ptr().cast()
    }

    fn methods(&mut self) -> &'static sqlite3_io_methods {
        // SAFETY: a handle exists only while its `unix` file is open; the
        // methods of `unix` are constants.
        unsafe { &*(*self.below()).pMethods }
    }

    fn enter(&self, state: &mut State, kind: CallKind) -> Option<FaultKind> {
        state.enter(self.life, Call { kind, file: self.kind })
    }

    /// Counts the call; the code it fails with, if it does.
    fn refused(&self, kind: CallKind) -> Option<c_int> {
        self.enter(&mut self.watch.state(), kind).map(|fault| fault.code(kind))
    }

    /// The bytes of a range, as far as the file has them.
    fn peek(&mut self, offset: u64, length: usize) -> Vec<u8> {
        let size = self.size();
        let there = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX).min(length);
        let mut bytes = vec![0; there];
        let (Some(read), Ok(amount), Ok(offset)) =
            (self.methods().xRead, c_int::try_from(there), i64::try_from(offset))
        else {
            return Vec::new();
        };
        if there > 0 {
            // SAFETY: the `unix` file is open, and the buffer has `there` bytes.
            unsafe { read(self.below(), bytes.as_mut_ptr().cast(), amount, offset) };
        }
        bytes
    }

    fn size(&mut self) -> u64 {
        let mut size = 0;
        if let Some(ask) = self.methods().xFileSize {
            // SAFETY: the `unix` file is open.
            unsafe { ask(self.below(), &raw mut size) };
        }
        u64::try_from(size).unwrap_or(0)
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> c_int {
        if let Some(unsynced) = self.watch.state().files.get_mut(&self.path) {
            unsynced.notice_others(&self.path);
        }
        let (old_size, old) = (self.size(), self.peek(offset, bytes.len()));
        let (Some(write), Ok(amount), Ok(at)) =
            (self.methods().xWrite, c_int::try_from(bytes.len()), i64::try_from(offset))
        else {
            return ffi::SQLITE_IOERR_WRITE;
        };
        // SAFETY: the `unix` file is open, and the buffer has `amount` bytes.
        let code = unsafe { write(self.below(), bytes.as_ptr().cast(), amount, at) };
        if code == ffi::SQLITE_OK {
            let mut state = self.watch.state();
            let unsynced = state.files.entry(self.path.clone()).or_default();
            unsynced.written(offset, old, bytes.to_vec(), old_size);
            if self.kind == FileKind::Log {
                unsynced.mark_if_forgotten(&self.path);
            }
        }
        code
    }
}

/// # Safety
/// `file` is a watched file that `open` filled and `close` has not emptied.
unsafe fn handle<'f>(file: *mut sqlite3_file) -> &'f mut Handle {
    // SAFETY: as above; SQLite uses a file from one thread at a time.
    unsafe { &mut *(*file.cast::<Shell>()).handle }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // Version 2: shared memory, but no mapping of the database.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// # Safety
/// `name` is null or a C string.
unsafe fn path_of(name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: as above.
    let name = unsafe { CStr::from_ptr(name) };
    Some(Path::new(OsStr::from_bytes(name.to_bytes())).to_owned())
}

// SAFETY, for every function below: SQLite calls it by its contract
// (sqlite.org/c3ref/vfs.html, io_methods.html), so names are C strings or null,
// buffers have the length said, and files are open. The functions of `unix` are
// called with what SQLite gave, or with the `unix` file of the handle.

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let unix = UNIX.load(Ordering::Acquire);
    // SAFETY: see above.
    unsafe {
        let Some(open_unix) = (*unix).xOpen else { return ffi::SQLITE_CANTOPEN };
        let watched = path_of(name).and_then(|path| mount_of(&path).map(|watch| (path, watch)));
        let Some((path, watch)) = watched else {
            return open_unix(unix, name, file, flags, out_flags);
        };
        (*file).pMethods = std::ptr::null();
        let kind = FileKind::of(flags);
        let life = {
            let mut state = watch.state();
            let life = state.life;
            if let Some(fault) = state.enter(life, Call { kind: CallKind::Open, file: kind }) {
                return fault.code(CallKind::Open);
            }
            if kind == FileKind::Database {
                state.databases.insert(path.clone());
            }
            life
        };
        let words = usize::try_from((*unix).szOsFile).unwrap_or(0).div_ceil(size_of::<u64>());
        let mut handle = Box::new(Handle { below: vec![0; words], watch, life, path, kind });
        let code = open_unix(unix, name, handle.below(), flags, out_flags);
        if code != ffi::SQLITE_OK {
            return code;
        }
        let shell = file.cast::<Shell>();
        (*shell).handle = Box::into_raw(handle);
        (*shell).file.pMethods = &raw const METHODS;
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see above; the handle was boxed by `open` and is not used again.
    unsafe {
        let mut handle = Box::from_raw((*file.cast::<Shell>()).handle);
        (*file).pMethods = std::ptr::null();
        match handle.methods().xClose {
            Some(close) => close(handle.below()),
            None => ffi::SQLITE_OK,
        }
    }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, buffer: *mut c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        let fault = handle.enter(&mut handle.watch.clone().state(), CallKind::Read);
        let Some(read) = handle.methods().xRead else { return ffi::SQLITE_IOERR_READ };
        match fault {
            None => read(handle.below(), buffer, amount, offset),
            Some(FaultKind::ShortRead) => {
                read(handle.below(), buffer, amount, offset);
                let (all, half) = (usize::try_from(amount).unwrap_or(0), usize::try_from(amount / 2).unwrap_or(0));
                std::ptr::write_bytes(buffer.cast::<u8>().add(half), 0, all - half);
                FaultKind::ShortRead.code(CallKind::Read)
            }
            Some(fault) => fault.code(CallKind::Read),
        }
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, buffer: *const c_void, amount: c_int, offset: i64) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        let bytes = std::slice::from_raw_parts(buffer.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
        let offset = u64::try_from(offset).unwrap_or(0);
        let fault = handle.enter(&mut handle.watch.clone().state(), CallKind::Write);
        match fault {
            None => handle.write(bytes, offset),
            Some(FaultKind::Kill) => FaultKind::Kill.code(CallKind::Write),
            Some(fault) => {
                let (half, _) = bytes.split_at(bytes.len() / 2);
                handle.write(half, offset);
                fault.code(CallKind::Write)
            }
        }
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        if let Some(code) = handle.refused(CallKind::Truncate) {
            return code;
        }
        let (old_size, to) = (handle.size(), u64::try_from(size).unwrap_or(0));
        let old = handle.peek(to, usize::try_from(old_size.saturating_sub(to)).unwrap_or(0));
        let Some(truncate) = handle.methods().xTruncate else { return ffi::SQLITE_IOERR_TRUNCATE };
        let code = truncate(handle.below(), size);
        if code == ffi::SQLITE_OK && to != old_size {
            let mut state = handle.watch.state();
            state.files.entry(handle.path.clone()).or_default().cut_short(to, old, old_size);
        }
        code
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        let fault = handle.enter(&mut handle.watch.clone().state(), CallKind::Sync);
        if fault == Some(FaultKind::SyncLoses) {
            let size = usize::try_from(handle.size()).unwrap_or(0);
            let current = handle.peek(0, size);
            if let Some(unsynced) = handle.watch.state().files.get_mut(&handle.path) {
                unsynced.notice_others(&handle.path);
                unsynced.forget(&current);
                if handle.kind == FileKind::Log {
                    unsynced.mark_if_forgotten(&handle.path);
                }
            }
        }
        if let Some(fault) = fault {
            return fault.code(CallKind::Sync);
        }
        let Some(sync) = handle.methods().xSync else { return ffi::SQLITE_IOERR_FSYNC };
        let code = sync(handle.below(), flags);
        if code == ffi::SQLITE_OK
            && let Some(unsynced) = handle.watch.state().files.get_mut(&handle.path)
        {
            unsynced.synced();
        }
        code
    }
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        if let Some(code) = handle.refused(CallKind::Size) {
            return code;
        }
        handle.methods().xFileSize.map_or(ffi::SQLITE_IOERR_FSTAT, |ask| ask(handle.below(), size))
    }
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        if let Some(code) = handle.refused(CallKind::Lock) {
            return code;
        }
        handle.methods().xLock.map_or(ffi::SQLITE_IOERR_LOCK, |lock| lock(handle.below(), level))
    }
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    // SAFETY: see above. The dead let go of their locks, too.
    unsafe {
        let handle = handle(file);
        handle.methods().xUnlock.map_or(ffi::SQLITE_OK, |unlock| unlock(handle.below(), level))
    }
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, result: *mut c_int) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        if let Some(code) = handle.refused(CallKind::Lock) {
            return code;
        }
        handle.methods().xCheckReservedLock.map_or(ffi::SQLITE_IOERR_LOCK, |check| check(handle.below(), result))
    }
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, op: c_int, argument: *mut c_void) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        // It could resize the file unseen; SQLite does without it.
        if op == ffi::SQLITE_FCNTL_SIZE_HINT || op == ffi::SQLITE_FCNTL_CHUNK_SIZE {
            return ffi::SQLITE_NOTFOUND;
        }
        handle.methods().xFileControl.map_or(ffi::SQLITE_NOTFOUND, |control| control(handle.below(), op, argument))
    }
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        handle.methods().xSectorSize.map_or(4096, |ask| ask(handle.below()))
    }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        handle.methods().xDeviceCharacteristics.map_or(0, |ask| ask(handle.below()))
    }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    page_size: c_int,
    may_extend: c_int,
    region: *mut *mut c_void,
) -> c_int {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        if let Some(code) = handle.refused(CallKind::ShmMap) {
            *region = std::ptr::null_mut();
            return code;
        }
        let Some(map) = handle.methods().xShmMap else { return ffi::SQLITE_IOERR_SHMMAP };
        map(handle.below(), page, page_size, may_extend, region)
    }
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: see above. Letting go of a lock can't fail.
    unsafe {
        let handle = handle(file);
        if flags & ffi::SQLITE_SHM_LOCK != 0
            && let Some(code) = handle.refused(CallKind::ShmLock)
        {
            return code;
        }
        let Some(lock) = handle.methods().xShmLock else { return ffi::SQLITE_IOERR_SHMLOCK };
        lock(handle.below(), offset, count, flags)
    }
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: see above.
    unsafe {
        let handle = handle(file);
        if let Some(barrier) = handle.methods().xShmBarrier {
            barrier(handle.below());
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, should_delete: c_int) -> c_int {
    // SAFETY: see above. The dead remove nothing.
    unsafe {
        let handle = handle(file);
        let is_dead = {
            let state = handle.watch.state();
            state.life != handle.life
        };
        let should_delete = if is_dead { 0 } else { should_delete };
        handle.methods().xShmUnmap.map_or(ffi::SQLITE_OK, |unmap| unmap(handle.below(), should_delete))
    }
}

unsafe extern "C" fn delete(_vfs: *mut sqlite3_vfs, name: *const c_char, sync_directory: c_int) -> c_int {
    let unix = UNIX.load(Ordering::Acquire);
    // SAFETY: see above.
    unsafe {
        let Some(delete) = (*unix).xDelete else { return ffi::SQLITE_IOERR_DELETE };
        let watched = path_of(name).and_then(|path| mount_of(&path).map(|watch| (path, watch)));
        let Some((path, watch)) = watched else { return delete(unix, name, sync_directory) };
        let mut state = watch.state();
        let life = state.life;
        if let Some(fault) = state.enter(life, Call { kind: CallKind::Delete, file: FileKind::Other }) {
            return fault.code(CallKind::Delete);
        }
        let content = std::fs::read(&path).unwrap_or_default();
        let code = delete(unix, name, sync_directory);
        if code == ffi::SQLITE_OK && sync_directory == 0 {
            state.files.entry(path).or_default().removed(content);
        } else if code == ffi::SQLITE_OK {
            state.files.remove(&path);
        }
        code
    }
}

unsafe extern "C" fn access(_vfs: *mut sqlite3_vfs, name: *const c_char, flags: c_int, result: *mut c_int) -> c_int {
    let unix = UNIX.load(Ordering::Acquire);
    // SAFETY: see above.
    unsafe {
        let Some(access) = (*unix).xAccess else { return ffi::SQLITE_IOERR_ACCESS };
        if let Some(watch) = path_of(name).and_then(|path| mount_of(&path)) {
            let mut state = watch.state();
            let life = state.life;
            if let Some(fault) = state.enter(life, Call { kind: CallKind::Access, file: FileKind::Other }) {
                return fault.code(CallKind::Access);
            }
        }
        access(unix, name, flags, result)
    }
}

unsafe extern "C" fn sleep(_vfs: *mut sqlite3_vfs, micros: c_int) -> c_int {
    if is_impatient() {
        return micros;
    }
    let unix = UNIX.load(Ordering::Acquire);
    // SAFETY: see above.
    unsafe { (*unix).xSleep.map_or(micros, |sleep| sleep(unix, micros)) }
}
