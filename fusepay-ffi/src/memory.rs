//! Records as C reads them, and the memory their texts live in.
//!
//! A record is a struct of the host's own, begun with `FUSEPAY_INIT`. The
//! library fills it; what it points to (texts, optional values, further
//! records) belongs to the record's memory, which `fusepay_clear` gives back.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use fusepay_core::{Code, Error};
use zeroize::Zeroizing;

use crate::boundary::guard;
use crate::error::fusepay_error;
use crate::handle::{Handles, Kind};
use crate::panic::guard_or;

/// The memory of a record. Only the library looks behind it.
pub struct fusepay_memory {
    _private: (),
}

const MEMORIES: Handles<Memory> = Handles::new(Kind::Memory);

/// How every record begins.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) struct_size: usize,
    pub(crate) memory: *mut fusepay_memory,
}

/// A struct that the library fills for C.
///
/// # Safety
/// The type is `repr(C)`, begins with the fields of [`Head`], and every bit
/// pattern the library writes into it may be copied in part, from its start.
pub(crate) unsafe trait Record: Copy + 'static {
    /// Its name in C.
    const NAME: &'static str;
}

/// How a value of the core looks as a record.
pub(crate) trait Show<T: ?Sized>: Record {
    /// The record; what it points to goes into the memory.
    fn show(value: &T, memory: &mut Memory) -> Self;
}

/// Declares records. The structs themselves are written out, because the header
/// is made from the source as it stands.
macro_rules! records {
    ($($name:ident),+ $(,)?) => {$(
        // SAFETY: `repr(C)`, begins with `struct_size` and `memory`, plain fields only.
        unsafe impl crate::memory::Record for $name {
            const NAME: &'static str = stringify!($name);
        }
    )+};
}
pub(crate) use records;

/// What a record points to.
#[derive(Default)]
pub(crate) struct Memory {
    texts: Vec<CString>,
    secrets: Vec<Zeroizing<Vec<u8>>>,
    blocks: Vec<Box<dyn std::any::Any>>,
}

// SAFETY: nothing in it changes once the record is shown, and the raw pointers
// in its blocks point into the same memory.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// A NUL-terminated copy. A text with a NUL inside ends there: none of the
    /// engine's has one.
    pub(crate) fn text(&mut self, text: &str) -> *const c_char {
        let end = text.find('\0').unwrap_or(text.len());
        let copy = CString::new(text.get(..end).unwrap_or_default()).unwrap_or_default();
        let pointer = copy.as_ptr();
        self.texts.push(copy);
        pointer
    }

    /// As [`Memory::text`], wiped when the memory is given back: a token.
    pub(crate) fn secret_text(&mut self, text: &str) -> *const c_char {
        let end = text.find('\0').unwrap_or(text.len());
        // Room for all of it from the start: a copy that grew would leave parts behind.
        let mut copy = Zeroizing::new(Vec::with_capacity(end + 1));
        copy.extend(text.bytes().take(end));
        copy.push(0);
        let pointer = copy.as_ptr().cast();
        self.secrets.push(copy);
        pointer
    }

    /// As [`Memory::text`]; NULL when absent.
    pub(crate) fn optional_text(&mut self, text: Option<&str>) -> *const c_char {
        text.map_or(std::ptr::null(), |text| self.text(text))
    }

    /// A value that may be absent; NULL when it is.
    pub(crate) fn optional<T: 'static>(&mut self, value: Option<T>) -> *const T {
        value.map_or(std::ptr::null(), |value| self.value(value))
    }

    /// A value in a place of its own.
    pub(crate) fn value<T: 'static>(&mut self, value: T) -> *const T {
        let boxed = Box::new(value);
        let pointer: *const T = &raw const *boxed;
        self.blocks.push(boxed);
        pointer
    }

    /// An array; NULL when it is empty.
    pub(crate) fn array<T: 'static>(&mut self, values: Vec<T>) -> *const T {
        if values.is_empty() {
            return std::ptr::null();
        }
        let boxed: Box<Vec<T>> = Box::new(values);
        let pointer = boxed.as_ptr();
        self.blocks.push(boxed);
        pointer
    }

    /// A record inside another one, which owns it.
    pub(crate) fn record<R: Show<T>, T: ?Sized>(&mut self, value: &T) -> *const R {
        let mut record = R::show(value, self);
        set_head(&mut record, Head { struct_size: size_of::<R>(), memory: std::ptr::null_mut() });
        self.value(record)
    }

    /// Records inside another one: an array of pointers, so that a host built
    /// against a smaller record still steps through it rightly.
    pub(crate) fn list<R: Show<T>, T>(&mut self, values: &[T]) -> *const *const R {
        let pointers = values.iter().map(|value| self.record::<R, T>(value)).collect();
        self.array(pointers)
    }

    /// Texts inside a record.
    pub(crate) fn text_list(&mut self, texts: &[String]) -> *const *const c_char {
        let pointers = texts.iter().map(|text| self.text(text)).collect();
        self.array(pointers)
    }

    fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.secrets.is_empty() && self.blocks.is_empty()
    }
}

fn set_head<R: Record>(record: &mut R, head: Head) {
    // SAFETY: every `Record` begins with the fields of `Head`.
    unsafe { std::ptr::from_mut(record).cast::<Head>().write(head) }
}

/// Fills a record of the host's. What it held before is given back first; what
/// the host's struct has no room for is left out.
///
/// # Errors
/// [`Code::InvalidArgument`] for NULL or a struct that was not begun with
/// `FUSEPAY_INIT`; the record is untouched then.
pub(crate) fn fill<R: Show<T>, T: ?Sized>(out: *mut R, value: &T) -> Result<(), Error> {
    let before = demand_record(out)?;
    let mut memory = Memory::default();
    let mut record = R::show(value, &mut memory);
    let owner = if memory.is_empty() { std::ptr::null_mut() } else { MEMORIES.insert(Arc::new(memory))? };
    set_head(&mut record, Head { struct_size: before.struct_size, memory: owner });
    release(before.memory);
    let bytes = before.struct_size.min(size_of::<R>());
    // SAFETY: the host says that so many bytes are its own, and both are `R` as
    // far as they go.
    unsafe { std::ptr::copy_nonoverlapping(std::ptr::from_ref(&record).cast::<u8>(), out.cast::<u8>(), bytes) };
    Ok(())
}

/// Runs an operation and fills a record with its answer. Whether there is a
/// record to fill is asked first, so that nothing is done that can't be answered.
pub(crate) fn fetch<R: Show<T>, T>(
    out: *mut R,
    error: *mut *mut fusepay_error,
    operation: impl FnOnce() -> Result<T, Error>,
) -> i32 {
    guard(error, || {
        demand_record(out)?;
        fill(out, &operation()?)
    })
}

/// Checks that there is a record to fill, before anything is done that could not
/// be answered.
///
/// # Errors
/// [`Code::InvalidArgument`].
pub(crate) fn demand_record<R: Record>(out: *mut R) -> Result<Head, Error> {
    let invalid = |why: &str| Error::field(Code::InvalidArgument, "result", format!("{why} of type {}", R::NAME));
    if out.is_null() || !out.is_aligned() {
        return Err(invalid("must point to a struct"));
    }
    // SAFETY: not NULL, aligned, and by the header's contract a record.
    let head = unsafe { out.cast::<Head>().read() };
    // No struct of ours is near this size: what is larger was never initialised.
    if !(size_of::<Head>()..=STRUCT_SIZE_MAX).contains(&head.struct_size) {
        return Err(invalid("begin it with FUSEPAY_INIT: it must be a struct"));
    }
    Ok(head)
}

/// The largest `struct_size` that is believed.
pub(crate) const STRUCT_SIZE_MAX: usize = 4096;

fn release(memory: *mut fusepay_memory) {
    if !memory.is_null() {
        drop(MEMORIES.remove(memory));
    }
}

/// Gives back what a record points to: its texts, optional values and inner
/// records. Call it on every record the library filled, once it is not needed;
/// a record that is filled again gives its former memory back by itself.
///
/// NULL, and a record that is empty or was cleared already, do nothing. A copy
/// of a record shares its memory: clear one of them.
#[unsafe(no_mangle)]
pub extern "C" fn fusepay_clear(record: *mut c_void) {
    guard_or((), || {
        if record.is_null() || !record.cast::<Head>().is_aligned() {
            return;
        }
        // SAFETY: not NULL, aligned, and by the header's contract a record.
        let head = unsafe { &mut *record.cast::<Head>() };
        release(std::mem::replace(&mut head.memory, std::ptr::null_mut()));
    });
}

/// A text the library made.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_text {
    /// `sizeof(fusepay_text)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the text; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// The text, NUL-terminated UTF-8.
    pub text: *const c_char,
    /// Its length in bytes, without the NUL.
    pub length: usize,
}

/// Several texts the library made.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fusepay_text_array {
    /// `sizeof(fusepay_text_array)`, set by `FUSEPAY_INIT`.
    pub struct_size: usize,
    /// Owns the texts; given back by `fusepay_clear`.
    pub memory: *mut fusepay_memory,
    /// How many there are.
    pub length: usize,
    /// The texts; NULL when there are none.
    pub items: *const *const c_char,
}

records!(fusepay_text, fusepay_text_array);

impl Show<String> for fusepay_text {
    fn show(value: &String, memory: &mut Memory) -> Self {
        Show::<str>::show(value, memory)
    }
}

impl Show<str> for fusepay_text {
    fn show(value: &str, memory: &mut Memory) -> Self {
        let Head { struct_size, memory: owner } = EMPTY;
        fusepay_text { struct_size, memory: owner, text: memory.text(value), length: value.len() }
    }
}

impl Show<Vec<String>> for fusepay_text_array {
    fn show(value: &Vec<String>, memory: &mut Memory) -> Self {
        let Head { struct_size, memory: owner } = EMPTY;
        fusepay_text_array { struct_size, memory: owner, length: value.len(), items: memory.text_list(value) }
    }
}

/// The head of a record that is being made; whoever shows it sets the real one.
pub(crate) const EMPTY: Head = Head { struct_size: 0, memory: std::ptr::null_mut() };

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn begun() -> fusepay_text {
        fusepay_text {
            struct_size: size_of::<fusepay_text>(),
            memory: std::ptr::null_mut(),
            text: std::ptr::null(),
            length: 0,
        }
    }

    #[test]
    fn a_record_is_filled_filled_again_and_cleared_twice() {
        let mut text = begun();
        fill(&raw mut text, "one").unwrap();
        let copy = text;
        fill(&raw mut text, "second").unwrap();
        // SAFETY: the record was just filled.
        assert_eq!(unsafe { CStr::from_ptr(text.text) }, c"second");
        assert!(MEMORIES.find(copy.memory).is_err(), "the first text was given back");
        let memory = text.memory;
        fusepay_clear((&raw mut text).cast());
        fusepay_clear((&raw mut text).cast());
        assert!(MEMORIES.find(memory).is_err());
        assert!(text.memory.is_null());
    }

    #[test]
    fn a_smaller_struct_of_an_older_host_is_filled_as_far_as_it_goes() {
        let mut text = begun();
        text.struct_size -= size_of::<usize>();
        text.length = 99;
        fill(&raw mut text, "one").unwrap();
        assert_eq!((text.length, text.struct_size), (99, size_of::<fusepay_text>() - size_of::<usize>()));
        fusepay_clear((&raw mut text).cast());
    }

    #[test]
    fn what_was_never_begun_is_refused_and_untouched() {
        let mut text = begun();
        text.struct_size = 0;
        assert_eq!(fill(&raw mut text, "one").map_err(|error| error.code()), Err(Code::InvalidArgument));
        assert!(text.text.is_null());
        let nothing: *mut fusepay_text = std::ptr::null_mut();
        assert_eq!(fill(nothing, "one").map_err(|error| error.code()), Err(Code::InvalidArgument));
        fusepay_clear(std::ptr::null_mut());
    }
}
