//! What C hands in, checked before it is believed: texts, secrets, arrays,
//! request structs, ids and words.
//!
//! These functions follow pointers that came from C. Nothing can prove them
//! good; the header says what they must be (NULL or valid for the call), and
//! everything that can be seen from here is checked: NULL, alignment, length,
//! UTF-8, `struct_size`, ranges. They are private to this crate, and only called
//! with what a host passed.

use std::ffi::{CStr, c_char};

use fusepay_core::{Code, Error, Metadata, Secret};

use crate::memory::STRUCT_SIZE_MAX;

/// The longest text that is looked at, in bytes. The engine's own bounds are
/// tighter and answer with the field's; this one keeps a text without an end
/// from being read for ever.
const TEXT_BYTES_MAX: usize = 1 << 16;
/// The most elements an array may have; the engine's own bounds are tighter.
const ARRAY_LENGTH_MAX: usize = 1 << 20;

fn invalid(field: &'static str, why: &str) -> Error {
    Error::field(Code::InvalidArgument, field, why)
}

/// A text that must be there.
///
/// # Errors
/// [`Code::InvalidArgument`] for NULL and for what is not UTF-8; [`Code::TooLong`].
pub(crate) fn text<'a>(field: &'static str, pointer: *const c_char) -> Result<&'a str, Error> {
    if pointer.is_null() {
        return Err(invalid(field, "must not be NULL"));
    }
    // Looked at byte by byte up to its end: what lies behind may not be ours.
    // SAFETY: not NULL, and by the header's contract NUL-terminated.
    let end = (0..=TEXT_BYTES_MAX).find(|offset| unsafe { pointer.add(*offset).read() } == 0);
    if end.is_none() {
        return Err(Error::field(Code::TooLong, field, format!("has at most {TEXT_BYTES_MAX} bytes")));
    }
    // SAFETY: as above, and its end was just seen.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| invalid(field, "must be UTF-8"))
}

/// A text that may be NULL.
///
/// # Errors
/// As [`text`].
pub(crate) fn optional_text<'a>(field: &'static str, pointer: *const c_char) -> Result<Option<&'a str>, Error> {
    if pointer.is_null() { Ok(None) } else { text(field, pointer).map(Some) }
}

/// A text that may be NULL, as the core's requests own it.
///
/// # Errors
/// As [`text`].
pub(crate) fn owned_text(field: &'static str, pointer: *const c_char) -> Result<Option<String>, Error> {
    Ok(optional_text(field, pointer)?.map(str::to_owned))
}

/// A text whose absence means the empty one.
///
/// # Errors
/// As [`text`].
pub(crate) fn text_or_empty<'a>(field: &'static str, pointer: *const c_char) -> Result<&'a str, Error> {
    Ok(optional_text(field, pointer)?.unwrap_or(""))
}

/// Metadata: the text of a JSON object; NULL for none.
///
/// # Errors
/// As [`text`]; [`Code::InvalidMetadata`].
pub(crate) fn metadata(pointer: *const c_char) -> Result<Metadata, Error> {
    optional_text("metadata", pointer)?.map_or(Ok(Metadata::empty()), Metadata::parse)
}

/// Bytes; NULL with a length of 0 for none.
///
/// # Errors
/// [`Code::InvalidArgument`] for NULL with a length, and for a length no object has.
pub(crate) fn bytes<'a>(field: &'static str, pointer: *const u8, length: usize) -> Result<&'a [u8], Error> {
    if length == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() || isize::try_from(length).is_err() {
        return Err(invalid(field, "needs a pointer to as many bytes as its length says"));
    }
    // SAFETY: not NULL, at most isize::MAX, and by the header's contract readable.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

/// A secret that must be there. The library's copy is wiped after use.
///
/// # Errors
/// As [`bytes`], and for an empty one.
pub(crate) fn secret(field: &'static str, pointer: *const u8, length: usize) -> Result<Secret, Error> {
    match bytes(field, pointer, length)? {
        [] => Err(invalid(field, "must not be empty")),
        secret => Ok(Secret::new(secret)),
    }
}

/// A password as its user typed it; whether it will do, and be it empty, is the
/// core's to say. The library's copy is wiped after use.
///
/// # Errors
/// As [`bytes`], and for NULL.
pub(crate) fn password(field: &'static str, pointer: *const u8, length: usize) -> Result<Secret, Error> {
    if pointer.is_null() {
        return Err(invalid(field, "must not be NULL"));
    }
    bytes(field, pointer, length).map(Secret::new)
}

/// A value behind a pointer that may be NULL: an id, a number.
///
/// # Errors
/// [`Code::InvalidArgument`] for a pointer that is not aligned.
pub(crate) fn optional<T: Copy>(field: &'static str, pointer: *const T) -> Result<Option<T>, Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    if !pointer.is_aligned() {
        return Err(invalid(field, "is not aligned"));
    }
    // SAFETY: not NULL, aligned, and by the header's contract valid.
    Ok(Some(unsafe { pointer.read() }))
}

/// A value behind a pointer that must not be NULL.
///
/// # Errors
/// [`Code::InvalidArgument`].
pub(crate) fn value<T: Copy>(field: &'static str, pointer: *const T) -> Result<T, Error> {
    optional(field, pointer)?.ok_or_else(|| invalid(field, "must not be NULL"))
}

/// The place of an answer that is a plain value.
///
/// # Errors
/// [`Code::InvalidArgument`] for NULL and for a pointer that is not aligned.
pub(crate) fn demand_place<T>(field: &'static str, out: *mut T) -> Result<(), Error> {
    if out.is_null() || !out.is_aligned() { Err(invalid(field, "must point to a variable")) } else { Ok(()) }
}

/// Writes an answer that is a plain value.
///
/// # Errors
/// As [`demand_place`].
pub(crate) fn put<T: Copy>(field: &'static str, out: *mut T, value: T) -> Result<(), Error> {
    demand_place(field, out)?;
    // SAFETY: not NULL, aligned, and by the header's contract the host's own variable.
    unsafe { out.write(value) };
    Ok(())
}

/// A struct that C fills for the library: begins with `struct_size`.
///
/// # Safety
/// The type is `repr(C)`, begins with a `usize` for its size, and is valid with
/// every byte zero (pointers, numbers, optional functions).
pub(crate) unsafe trait Request: Copy {}

/// Declares request structs.
macro_rules! requests {
    ($($name:ident),+ $(,)?) => {$(
        // SAFETY: `repr(C)`, begins with `struct_size`; numbers, pointers and optional functions only.
        unsafe impl crate::input::Request for $name {}
    )+};
}
pub(crate) use requests;

/// A request as far as the host's struct goes; what an older host does not know is zero.
///
/// # Errors
/// [`Code::InvalidArgument`] for NULL and for a struct that was not begun with `FUSEPAY_INIT`.
pub(crate) fn request<T: Request>(field: &'static str, pointer: *const T) -> Result<T, Error> {
    let size = struct_size(field, pointer)?;
    let mut copy = std::mem::MaybeUninit::<T>::zeroed();
    // SAFETY: the host says that so many bytes are its own; zeros are a valid `T`.
    unsafe {
        let bytes = size.min(size_of::<T>());
        std::ptr::copy_nonoverlapping(pointer.cast::<u8>(), copy.as_mut_ptr().cast::<u8>(), bytes);
        Ok(copy.assume_init())
    }
}

/// A request that may be NULL.
///
/// # Errors
/// As [`request`].
pub(crate) fn optional_request<T: Request>(field: &'static str, pointer: *const T) -> Result<Option<T>, Error> {
    if pointer.is_null() { Ok(None) } else { request(field, pointer).map(Some) }
}

/// Fills a request of the host's as far as its struct goes; the size stays.
///
/// # Errors
/// As [`request`].
pub(crate) fn fill<T: Request>(field: &'static str, place: *mut T, value: &T) -> Result<(), Error> {
    let end = struct_size(field, place)?.min(size_of::<T>());
    let start = size_of::<usize>();
    // SAFETY: the host says that so many bytes are its own; both begin with a size, which is passed over.
    unsafe {
        let from = std::ptr::from_ref(value).cast::<u8>().add(start);
        std::ptr::copy_nonoverlapping(from, place.cast::<u8>().add(start), end.saturating_sub(start));
    }
    Ok(())
}

fn struct_size<T: Request>(field: &'static str, pointer: *const T) -> Result<usize, Error> {
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(invalid(field, "must point to a struct"));
    }
    // SAFETY: not NULL, aligned, and by the header's contract a struct that begins with its size.
    let size = unsafe { pointer.cast::<usize>().read() };
    if (size_of::<usize>()..=STRUCT_SIZE_MAX).contains(&size) {
        Ok(size)
    } else {
        Err(invalid(field, "begin the struct with FUSEPAY_INIT"))
    }
}

/// An array of requests. The host's own `struct_size` is the step, so that an
/// array of an older, smaller struct is read rightly.
///
/// # Errors
/// As [`request`]; elements of different sizes.
pub(crate) fn request_array<T: Request>(
    field: &'static str,
    pointer: *const T,
    length: usize,
) -> Result<Vec<T>, Error> {
    if length == 0 {
        return Ok(Vec::new());
    }
    if length > ARRAY_LENGTH_MAX {
        return Err(Error::field(Code::TooLong, field, format!("has at most {ARRAY_LENGTH_MAX} elements")));
    }
    let step = struct_size(field, pointer)?;
    let element = |index: usize| {
        // SAFETY: by the header's contract the array has `length` elements of this size.
        let element = unsafe { pointer.byte_add(index * step) };
        match struct_size(field, element)? {
            size if size == step => request(field, element),
            _ => Err(invalid(field, "begin every element with FUSEPAY_INIT of one type")),
        }
    };
    (0..length).map(element).collect()
}

/// An array of plain values.
///
/// # Errors
/// [`Code::InvalidArgument`], [`Code::TooLong`].
pub(crate) fn value_array<'a, T: Copy>(field: &'static str, first: *const T, length: usize) -> Result<&'a [T], Error> {
    if length == 0 {
        return Ok(&[]);
    }
    if length > ARRAY_LENGTH_MAX {
        return Err(Error::field(Code::TooLong, field, format!("has at most {ARRAY_LENGTH_MAX} elements")));
    }
    if first.is_null() || !first.is_aligned() {
        return Err(invalid(field, "needs a pointer to as many elements as its length says"));
    }
    // SAFETY: not NULL, aligned, and by the header's contract so many elements.
    Ok(unsafe { std::slice::from_raw_parts(first, length) })
}

/// An array of texts.
///
/// # Errors
/// As [`value_array`] and [`text`].
pub(crate) fn text_array(
    field: &'static str,
    first: *const *const c_char,
    length: usize,
) -> Result<Vec<String>, Error> {
    value_array(field, first, length)?.iter().map(|pointer| text(field, *pointer).map(str::to_owned)).collect()
}

/// A word of the vocabulary by its number.
///
/// # Errors
/// [`Code::InvalidArgument`] for a number that is none.
pub(crate) fn word<T>(field: &'static str, number: u32, from: impl Fn(u16) -> Option<T>) -> Result<T, Error> {
    u16::try_from(number).ok().and_then(from).ok_or_else(|| invalid(field, "is not a constant of this version"))
}

/// A word that may be left out: 0 stands for none.
///
/// # Errors
/// As [`word`].
pub(crate) fn optional_word<T>(
    field: &'static str,
    number: u32,
    from: impl Fn(u16) -> Option<T>,
) -> Result<Option<T>, Error> {
    if number == 0 { Ok(None) } else { word(field, number, from).map(Some) }
}

/// Writes the number of a word that C names.
///
/// # Errors
/// [`Code::InvalidArgument`] for a name that is none, and as [`put`].
pub(crate) fn parse_word(
    name: *const c_char,
    number: *mut u32,
    from: impl Fn(&str) -> Option<u16>,
) -> Result<(), Error> {
    let found = from(text("name", name)?).ok_or_else(|| invalid("name", "is not a word of this list"))?;
    put("number", number, u32::from(found))
}

/// A yes or no of a request: 0 or 1.
///
/// # Errors
/// [`Code::InvalidArgument`] for anything else.
pub(crate) fn flag(field: &'static str, number: u32) -> Result<bool, Error> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(invalid(field, "must be 0 or 1")),
    }
}

/// A span of time in milliseconds.
///
/// # Errors
/// [`Code::InvalidArgument`] for a negative one.
pub(crate) fn span(field: &'static str, ms: i64) -> Result<std::time::Duration, Error> {
    u64::try_from(ms).map(std::time::Duration::from_millis).map_err(|_| invalid(field, "must not be negative"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Small {
        struct_size: usize,
        first: i64,
    }

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Grown {
        struct_size: usize,
        first: i64,
        second: i64,
    }

    requests!(Small, Grown);

    fn code<T>(result: Result<T, Error>) -> Code {
        result.map(drop).unwrap_err().code()
    }

    #[test]
    fn a_text_is_checked_before_it_is_believed() {
        assert_eq!(text("label", c"naira ₦".as_ptr()).unwrap(), "naira ₦");
        assert_eq!(code(text("label", std::ptr::null())), Code::InvalidArgument);
        assert_eq!(code(text("label", c"\xff".as_ptr())), Code::InvalidArgument);
        let endless = std::ffi::CString::new(vec![b'x'; TEXT_BYTES_MAX + 1]).unwrap();
        assert_eq!(code(text("label", endless.as_ptr())), Code::TooLong);
        assert_eq!(optional_text("label", std::ptr::null()).unwrap(), None);
        assert_eq!(text("label", std::ptr::null()).unwrap_err().field_name(), Some("label"));
    }

    #[test]
    fn bytes_and_words_outside_their_range_are_refused() {
        assert_eq!(code(bytes("body", std::ptr::null(), 1)), Code::InvalidArgument);
        assert_eq!(code(bytes("body", c"x".as_ptr().cast(), usize::MAX)), Code::InvalidArgument);
        assert_eq!(bytes("body", std::ptr::null(), 0).unwrap(), b"");
        assert_eq!(code(secret("key", c"x".as_ptr().cast(), 0)), Code::InvalidArgument);
        assert_eq!(code(password("password", std::ptr::null(), 0)), Code::InvalidArgument);
        assert_eq!(password("password", c"x".as_ptr().cast(), 0).unwrap().expose(), b"");
        assert_eq!(code(word("status", 70_000, fusepay_core::WalletStatus::from_number)), Code::InvalidArgument);
        assert_eq!(code(flag("keeps", 2)), Code::InvalidArgument);
        assert_eq!(code(span("deadline_ms", -1)), Code::InvalidArgument);
    }

    #[test]
    fn an_older_and_a_newer_host_are_both_understood() {
        let older = [1, 2].map(|first| Small { struct_size: size_of::<Small>(), first });
        let read = request_array::<Grown>("requests", older.as_ptr().cast(), 2).unwrap();
        assert_eq!(read.iter().map(|grown| (grown.first, grown.second)).collect::<Vec<_>>(), [(1, 0), (2, 0)]);
        let newer = [3, 4].map(|first| Grown { struct_size: size_of::<Grown>(), first, second: 9 });
        let read = request_array::<Small>("requests", newer.as_ptr().cast(), 2).unwrap();
        assert_eq!(read.iter().map(|small| small.first).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn a_request_is_filled_as_far_as_the_host_knows_it() {
        let ours = Grown { struct_size: size_of::<Grown>(), first: 5, second: 6 };
        // An older host's struct, and what it keeps behind it.
        let mut older = Grown { struct_size: size_of::<Small>(), first: 0, second: 7 };
        fill("request", &raw mut older, &ours).unwrap();
        assert_eq!((older.struct_size, older.first, older.second), (size_of::<Small>(), 5, 7));
        let mut newer = Grown { struct_size: size_of::<Grown>(), first: 0, second: 8 };
        fill("request", (&raw mut newer).cast(), &Small { struct_size: size_of::<Small>(), first: 9 }).unwrap();
        assert_eq!((newer.struct_size, newer.first, newer.second), (size_of::<Grown>(), 9, 8));
        let mut never = Small { struct_size: 0, first: 1 };
        assert_eq!(code(fill("request", &raw mut never, &never.clone())), Code::InvalidArgument);
        assert_eq!(never.first, 1);
    }

    #[test]
    fn a_struct_that_was_never_begun_is_refused() {
        let never = Small { struct_size: 0, first: 1 };
        assert_eq!(code(request("request", &raw const never)), Code::InvalidArgument);
        assert_eq!(code(request::<Small>("request", std::ptr::null())), Code::InvalidArgument);
        let mixed = [Small { struct_size: 16, first: 1 }, Small { struct_size: 24, first: 2 }];
        assert_eq!(code(request_array("requests", mixed.as_ptr(), 2)), Code::InvalidArgument);
    }
}
