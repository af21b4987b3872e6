//! The memory of every word that was ever released: `List NUMBER NAME`, one a
//! line. A line may be added, never changed or taken away, because numbers and
//! names stand in other people's databases and programs.

use fusepay_core::LISTS;

/// The list as the vocabulary has it now.
pub(crate) fn vocabulary() -> String {
    let mut text = String::new();
    for (list, words) in LISTS {
        for word in *words {
            text.push_str(&format!("{list} {} {}\n", word.number, word.name));
        }
    }
    text
}

/// The lines of an earlier list that the vocabulary no longer has.
pub(crate) fn lost(earlier: &str) -> Vec<String> {
    let now = vocabulary();
    let now: std::collections::HashSet<&str> = now.lines().collect();
    earlier.lines().filter(|line| !now.contains(line)).map(str::to_owned).collect()
}

/// What to say about them.
pub(crate) fn refusal(lost: &[String]) -> String {
    format!("a released word is never changed or taken away; the vocabulary has lost: {}", lost.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_vanished_or_changed_is_named() {
        assert_eq!(lost(&vocabulary()), Vec::<String>::new());
        assert_eq!(lost("Code 1 GONE\n"), ["Code 1 GONE"]);
        assert_eq!(lost("Code 100 RENAMED\n"), ["Code 100 RENAMED"]);
    }
}
