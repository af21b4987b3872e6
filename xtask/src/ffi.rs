//! What the C door gets: constants for every word, a table of names and
//! meanings for the errors, and the header that cbindgen writes from the crate.

use std::path::Path;

use fusepay_core::{Code, ErrorKind, LISTS, Word};

use crate::text::{MARK, screaming};

/// `fusepay-ffi/src/codes.rs`.
pub(crate) fn codes() -> String {
    let mut text = format!("//! {MARK}\n\nuse std::ffi::CStr;\n\n");
    text.push_str("/// The call did what it says.\npub const FUSEPAY_OK: i32 = 0;\n");
    for code in Code::ALL {
        text.push_str(&constant("ERR", code.name(), code.meaning(), "i32", code.number()));
    }
    for (list, words) in LISTS.iter().filter(|(list, _)| *list != "Code") {
        for word in *words {
            text.push_str(&constant(&screaming(list), word.name, word.meaning, "u32", word.number));
        }
    }
    text.push_str(
        "\n/// Number, name, meaning and retry advice of every status, in ascending order.\n\
         #[rustfmt::skip]\n\
         pub(crate) const STATUSES: &[(i32, &CStr, &CStr, bool)] = &[\n    (0, c\"OK\", c\"the call did what it says\", false),\n",
    );
    for code in Code::ALL {
        let retryable = matches!(code.kind(), ErrorKind::Busy | ErrorKind::InDoubt);
        let row = format!("({}, c{:?}, c{:?}, {retryable}),", code.number(), code.name(), code.meaning());
        text.push_str(&format!("    {row}\n"));
    }
    text.push_str("];\n");
    text
}

/// `fusepay-ffi/src/words.rs`: names and numbers of every list but the errors'.
pub(crate) fn words() -> String {
    let lists: Vec<&str> = LISTS.iter().map(|(list, _)| *list).filter(|list| *list != "Code").collect();
    let mut text = format!(
        "//! {MARK}\n\nuse std::ffi::c_char;\n\n#[rustfmt::skip]\nuse fusepay_core::{{{}}};\n\nuse crate::boundary::guard;\n\
         #[allow(clippy::wildcard_imports, reason = \"every constant of them\")]\nuse crate::codes::*;\n\
         use crate::error::fusepay_error;\nuse crate::input;\n",
        lists.join(", ")
    );
    for (list, words) in LISTS.iter().filter(|(list, _)| *list != "Code") {
        text.push_str(&names(list, words));
    }
    text
}

/// The functions that give a word's name, and read it: `fusepay_payment_status_name`, `…_parse`.
fn names(list: &str, words: &[Word]) -> String {
    let (constants, snake) = (screaming(list), screaming(list).to_ascii_lowercase());
    let function = snake.strip_suffix("_name").unwrap_or(&snake);
    let example = words.first().map_or("", |word| word.name);
    let mut text = format!(
        "\n/// The stable name of one of `FUSEPAY_{constants}_*`, such as \"{example}\";\n\
         /// \"{NO_WORD}\" for a number that is none of them. A static string, never NULL.\n\
         #[unsafe(no_mangle)]\n\
         pub extern \"C\" fn fusepay_{function}_name(number: u32) -> *const c_char {{\n    let name = match number {{\n"
    );
    for word in words {
        text.push_str(&format!("        FUSEPAY_{constants}_{} => c{:?},\n", screaming(word.name), word.name));
    }
    text.push_str(&format!("        _ => c{NO_WORD:?},\n    }};\n    name.as_ptr()\n}}\n"));
    text.push_str(&format!(
        "\n/// The number of one of `FUSEPAY_{constants}_*` by its stable name, such as \"{example}\".\n\
         ///\n\
         /// Errors: `FUSEPAY_ERR_INVALID_ARGUMENT` for a name that is none of them.\n\
         #[unsafe(no_mangle)]\n\
         #[rustfmt::skip]\n\
         pub extern \"C\" fn fusepay_{function}_parse(name: *const c_char, number: *mut u32, error: *mut *mut fusepay_error) -> i32 {{\n    \
         guard(error, || input::parse_word(name, number, |name| {list}::from_name(name).map({list}::number)))\n}}\n"
    ));
    text
}

/// What is said of a number that is no word of its list. No list has such a word.
const NO_WORD: &str = "UNKNOWN_WORD";

fn constant(list: &str, name: &str, meaning: &str, of: &str, number: u16) -> String {
    format!("/// {}\npub const FUSEPAY_{list}_{}: {of} = {number};\n", sentence(meaning), screaming(name))
}

/// A meaning as a sentence of documentation.
fn sentence(meaning: &str) -> String {
    let mut letters = meaning.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// `include/fusepay.h`, from the sources of `fusepay-ffi`.
///
/// # Errors
///
/// A sentence, when cbindgen cannot read the crate.
pub(crate) fn header(root: &Path) -> Result<String, String> {
    let folder = root.join("fusepay-ffi");
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml"))?;
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_crate(&folder)
        .generate()
        .map_err(|error| format!("cbindgen: {error}"))?;
    let mut bytes = Vec::new();
    bindings.write(&mut bytes);
    String::from_utf8(bytes).map_err(|error| format!("cbindgen: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_constants_are_upper_case_with_underscores() {
        assert_eq!(screaming("PaymentStatus"), "PAYMENT_STATUS");
        assert_eq!(screaming("bill.payment.late_success"), "BILL_PAYMENT_LATE_SUCCESS");
        assert_eq!(screaming("process-bill-payment"), "PROCESS_BILL_PAYMENT");
        assert_eq!(screaming("NOT_FOUND"), "NOT_FOUND");
    }
}
