//! A second copy of SQLite in this process: the system's own, loaded at run time,
//! as Python's `sqlite3` is. All `unsafe` of these tests about SQLite is here.

use std::ffi::{CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

type Open = unsafe extern "C" fn(*const c_char, *mut *mut c_void, c_int, *const c_char) -> c_int;
type Exec = unsafe extern "C" fn(*mut c_void, *const c_char, *const c_void, *mut c_void, *mut *mut c_char) -> c_int;
type Close = unsafe extern "C" fn(*mut c_void) -> c_int;

/// `RTLD_NOW` and `RTLD_DEEPBIND`: its own symbols come first.
const FLAGS: c_int = 0x2 | 0x8;
const READ_WRITE: c_int = 0x2;

#[derive(Clone, Copy)]
pub(crate) struct SecondSqlite {
    open: Open,
    exec: Exec,
    close: Close,
}

impl SecondSqlite {
    /// `None` where the system has none.
    pub(crate) fn load() -> Option<SecondSqlite> {
        // SAFETY: a name that ends in NUL; the library stays for good.
        let library = unsafe { dlopen(c"libsqlite3.so.0".as_ptr(), FLAGS) };
        if library.is_null() {
            return None;
        }
        // SAFETY: the library is open and the names end in NUL.
        let find = |name: &std::ffi::CStr| unsafe { dlsym(library, name.as_ptr()) };
        let (open, exec, close) = (find(c"sqlite3_open_v2"), find(c"sqlite3_exec"), find(c"sqlite3_close"));
        if open.is_null() || exec.is_null() || close.is_null() {
            return None;
        }
        // SAFETY: these functions have these signatures since SQLite 3.5.
        unsafe {
            Some(SecondSqlite {
                open: std::mem::transmute::<*mut c_void, Open>(open),
                exec: std::mem::transmute::<*mut c_void, Exec>(exec),
                close: std::mem::transmute::<*mut c_void, Close>(close),
            })
        }
    }

    /// Opens the file, reads, and closes it; answers SQLite's code of the read.
    pub(crate) fn visit(self, path: &Path) -> i32 {
        let name = CString::new(path.as_os_str().as_bytes()).unwrap();
        let mut connection = std::ptr::null_mut();
        // SAFETY: the connection is used by this thread alone, and closed once;
        // every text ends in NUL and outlives the call.
        unsafe {
            (self.open)(name.as_ptr(), &raw mut connection, READ_WRITE, std::ptr::null());
            let sql = c"SELECT count(*) FROM posting";
            let code =
                (self.exec)(connection, sql.as_ptr(), std::ptr::null(), std::ptr::null_mut(), std::ptr::null_mut());
            (self.close)(connection);
            code
        }
    }
}
