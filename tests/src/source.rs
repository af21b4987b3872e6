//! Rust sources as the house rules see them: each line of code without its
//! comments, strings apart, and nothing of the test module at the bottom.
//!
//! A small lexer, not a parser: it knows comments, strings of every kind,
//! characters and lifetimes, which is all that a rule about words needs.

use std::path::{Path, PathBuf};

/// One file, split into what the rules look at.
#[derive(Debug)]
pub struct Source {
    /// Path below the folder that was read, with forward slashes.
    pub path: String,
    /// The whole text, as it stands in the file.
    pub text: String,
    /// Code without comments and with emptied strings; index + 1 is the line.
    pub code: Vec<String>,
    /// Every string literal: its first line, and what is between the quotes.
    pub strings: Vec<(usize, String)>,
}

impl Source {
    /// Splits a text. Everything from `#[cfg(test)] mod tests` on is dropped
    /// from `code` and `strings`.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        let (blank, mut strings) = Lexer::new(text).run();
        let mut code: Vec<String> = blank.lines().map(str::to_owned).collect();
        if let Some(end) = test_module(&code) {
            code.truncate(end);
            strings.retain(|(line, _)| *line <= end);
        }
        Source { path: path.to_owned(), text: text.to_owned(), code, strings }
    }

    /// The name of the file without its folders.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Every identifier of the code with its line.
    pub fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.code.iter().enumerate();
        lines.flat_map(|(index, line)| line.split(|c| !is_word(c)).map(move |word| (index + 1, word)))
    }
}

/// Every file below a folder that a rule may look at: what is built, hidden or
/// installed is left out. Sorted, so that complaints come in one order.
#[must_use]
pub fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = entry.path();
            let skipped = name == ".git" || name.starts_with(".venv") || name == "__pycache__";
            let built = path.join("CACHEDIR.TAG").exists() || (name == "target" && folder == root);
            if path.is_dir() && !path.is_symlink() && !skipped && !built {
                folders.push(path);
            } else if path.is_file() && !path.is_symlink() && !skipped {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Every Rust source below a folder.
#[must_use]
pub fn sources(root: &Path) -> Vec<Source> {
    let rust = files(root).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.filter_map(|path| {
        let below = path.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
        Some(Source::new(&below, &std::fs::read_to_string(&path).ok()?))
    })
    .collect()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The line before which the test module begins, if the file has one.
fn test_module(code: &[String]) -> Option<usize> {
    for (index, line) in code.iter().enumerate() {
        if !line.trim().starts_with("#[cfg(test)]") && !line.trim().starts_with("#[cfg(all(test") {
            continue;
        }
        let mut rest = code.iter().skip(index + 1).map(|line| line.trim());
        let item = rest.find(|line| !line.is_empty() && !line.starts_with("#["));
        if item.is_some_and(|line| line.trim_start_matches("pub(crate) ").starts_with("mod tests")) {
            return Some(index);
        }
    }
    None
}

struct Lexer {
    letters: Vec<char>,
    at: usize,
    line: usize,
    blank: String,
    strings: Vec<(usize, String)>,
}

impl Lexer {
    fn new(text: &str) -> Self {
        Lexer { letters: text.chars().collect(), at: 0, line: 1, blank: String::new(), strings: Vec::new() }
    }

    fn peek(&self, ahead: usize) -> char {
        self.letters.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Moves on by one letter; only a line's end is always kept.
    fn step(&mut self, keep: bool) -> char {
        let letter = self.peek(0);
        self.at += 1;
        if letter == '\n' {
            self.line += 1;
        }
        if keep || letter == '\n' {
            self.blank.push(letter);
        }
        letter
    }

    fn run(mut self) -> (String, Vec<(usize, String)>) {
        while self.at < self.letters.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '/') => self.line_comment(),
                ('/', '*') => self.block_comment(),
                ('"', _) => self.string(),
                ('\'', _) => self.character(),
                (letter, _) if is_word(letter) => self.word(),
                _ => {
                    self.step(true);
                }
            }
        }
        (self.blank, self.strings)
    }

    fn line_comment(&mut self) {
        while self.at < self.letters.len() && self.peek(0) != '\n' {
            self.step(false);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.at < self.letters.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.step(false);
                    continue;
                }
            }
            self.step(false);
            self.step(false);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let (line, mut content) = (self.line, String::new());
        self.step(true);
        while self.at < self.letters.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                content.push(self.step(false));
            }
            content.push(self.step(false));
        }
        self.step(true);
        self.strings.push((line, content));
    }

    /// A raw string, standing at its first `#` or quote.
    fn raw_string(&mut self) {
        let hashes = (0..).take_while(|ahead| self.peek(*ahead) == '#').count();
        let (line, mut content) = (self.line, String::new());
        (0..=hashes).for_each(|_| {
            self.step(true);
        });
        let ends = |lexer: &Self| lexer.peek(0) == '"' && (1..=hashes).all(|ahead| lexer.peek(ahead) == '#');
        while self.at < self.letters.len() && !ends(self) {
            content.push(self.step(false));
        }
        (0..=hashes).for_each(|_| {
            self.step(true);
        });
        self.strings.push((line, content));
    }

    /// A character's content is dropped; a lifetime is kept.
    fn character(&mut self) {
        self.step(true);
        if self.peek(0) == '\\' {
            self.step(false);
            self.step(false);
            while self.at < self.letters.len() && self.peek(0) != '\'' {
                self.step(false);
            }
            self.step(true);
        } else if self.peek(1) == '\'' {
            self.step(false);
            self.step(true);
        }
    }

    /// An identifier, or the prefix of a raw string.
    fn word(&mut self) {
        let mut word = String::new();
        while is_word(self.peek(0)) {
            word.push(self.step(true));
        }
        let hashes = (0..).take_while(|ahead| self.peek(*ahead) == '#').count();
        if matches!(word.as_str(), "r" | "br" | "cr") && self.peek(hashes) == '"' {
            self.raw_string();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_told_from_code() {
        let text = "let a = \"SELECT \\\" // no\"; // f64\n/* f32 /* deep */ */ let b = r#\"UPDATE \"x\"\"#;\nlet c = '\"'; let d: &'static str = '\\'';";
        let source = Source::new("a.rs", text);
        assert_eq!(source.strings, [(1, "SELECT \\\" // no".to_owned()), (2, "UPDATE \"x\"".to_owned())]);
        assert_eq!(source.code[0], "let a = \"\"; ");
        assert_eq!(source.code[1].trim(), "let b = r#\"\"#;");
        assert!(source.code[2].contains("&'static str"));
        assert!(source.words().all(|(_, word)| word != "f64" && word != "f32"));
    }

    #[test]
    fn the_test_module_is_dropped() {
        let source =
            Source::new("a.rs", "//! x\nfn a() {}\n\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n  fn b() { \"S\" }\n}\n");
        assert_eq!(source.code.len(), 3);
        assert_eq!(source.strings, []);
        let other = Source::new("a.rs", "#[cfg(test)]\nuse x;\nfn a() {}\n");
        assert_eq!(other.code.len(), 3);
    }
}
