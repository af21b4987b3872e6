//! The Python door: the extension module `fusepay._fusepay`. No rule lives
//! here; the package around it (`python/fusepay`) holds the names a host sees.

use pyo3::prelude::*;

/// One word as Python receives it: its list, its number and its name.
type Word = (&'static str, u16, &'static str);

/// The compiled half of the `fusepay` package.
#[pymodule]
mod _fusepay {
    use super::{Word, pyfunction};

    /// The version of the engine, such as "0.1.0".
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Every word of the vocabulary, for the test that the Python enumerations agree.
    #[pyfunction]
    fn vocabulary() -> Vec<Word> {
        let lists = fusepay_core::LISTS.iter();
        lists.flat_map(|(list, words)| words.iter().map(|word| (*list, word.number, word.name))).collect()
    }
}
