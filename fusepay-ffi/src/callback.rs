//! What every callback of a host has in common: a pointer of the host's own, and
//! a function that is told, exactly once, that the library is done with it.

use std::ffi::c_void;

/// Gives `user_data` back to the host. Called exactly once for everything the
/// host registers, also when registering fails: when the engine has let go of
/// it and the last call in flight has returned; never, if that call never
/// returns. May come on any thread.
pub type fusepay_destroy = Option<extern "C-unwind" fn(user_data: *mut c_void)>;

/// A host's pointer, owned by the library until it is dropped.
pub(crate) struct UserData {
    pointer: *mut c_void,
    destroy: fusepay_destroy,
}

// SAFETY: the header demands that user data may be used from any thread.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    /// Takes the pointer over.
    pub(crate) const fn new(pointer: *mut c_void, destroy: fusepay_destroy) -> Self {
        UserData { pointer, destroy }
    }

    /// What the callback is to be called with.
    pub(crate) const fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            crate::panic::guard_or((), || destroy(self.pointer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn user_data_is_given_back_once() {
        extern "C-unwind" fn count(user_data: *mut c_void) {
            // SAFETY: the test's own counter.
            let counter = unsafe { &*user_data.cast::<Cell<u32>>() };
            counter.set(counter.get() + 1);
        }
        let counter = Cell::new(0u32);
        let data = UserData::new((&raw const counter).cast_mut().cast(), Some(count));
        assert_eq!(counter.get(), 0);
        drop(data);
        assert_eq!(counter.get(), 1);
        drop(UserData::new(std::ptr::null_mut(), None));
    }
}
