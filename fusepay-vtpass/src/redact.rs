//! Evidence that can be kept and shown: the answer without what it would be
//! worth stealing.

/// The text of an answer with keys, tokens, pins and long numbers masked. Works
/// on text, not on JSON, because the answers worth keeping are often broken.
pub(crate) fn redact(body: &[u8], secrets: &[&[u8]]) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    for secret in secrets.iter().filter_map(|secret| std::str::from_utf8(secret).ok()) {
        if !secret.is_empty() {
            text = text.replace(secret, MASK);
        }
    }
    for name in SECRET_FIELDS {
        text = mask_field(&text, name);
    }
    mask_numbers(&text)
}

/// Masks the text value of every JSON field of this name, whatever its case.
fn mask_field(text: &str, name: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let key = format!("\"{name}\"");
    let (mut masked, mut done) = (String::with_capacity(text.len()), 0);
    while let Some(at) = lower.get(done..).and_then(|rest| rest.find(&key)) {
        let after = done + at + key.len();
        let rest = text.get(after..).unwrap_or_default();
        let value = rest.trim_start().strip_prefix(':').map(str::trim_start).and_then(|value| value.strip_prefix('"'));
        masked.push_str(text.get(done..after).unwrap_or_default());
        done = after;
        if let Some(value) = value {
            let opens = after + (rest.len() - value.len());
            let length = end_of_text(value);
            masked.push_str(text.get(after..opens).unwrap_or_default());
            masked.push_str(if length == 0 { "" } else { MASK });
            done = opens + length;
        }
    }
    masked.push_str(text.get(done..).unwrap_or_default());
    masked
}

/// Where a JSON text ends: before its closing quote, or where the answer was cut.
fn end_of_text(value: &str) -> usize {
    let mut is_escaped = false;
    for (place, letter) in value.char_indices() {
        match letter {
            '"' if !is_escaped => return place,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    value.len()
}

/// Masks all but the last four digits of numbers of ten digits and more:
/// tokens, pins, phones and meters, with spaces or hyphens in them or not.
fn mask_numbers(text: &str) -> String {
    let (mut masked, mut run) = (String::with_capacity(text.len()), String::new());
    for letter in text.chars() {
        if letter.is_ascii_digit() || (!run.is_empty() && matches!(letter, '-' | ' ')) {
            run.push(letter);
        } else {
            flush(&mut masked, &mut run);
            masked.push(letter);
        }
    }
    flush(&mut masked, &mut run);
    masked
}

fn flush(masked: &mut String, run: &mut String) {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let mut left = digits;
    for letter in run.chars() {
        let is_hidden = digits >= 10 && letter.is_ascii_digit() && left > 4;
        left -= usize::from(letter.is_ascii_digit());
        masked.push(if is_hidden { '*' } else { letter });
    }
    run.clear();
}

const MASK: &str = "[masked]";
const SECRET_FIELDS: &[&str] = &["purchased_code", "token", "maintoken", "bonustoken", "pin", "serial", "password"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_stealing_is_masked() {
        let body =
            br#"{"code":"000","purchased_code":"Token : 1\"23","Pin" : "abc","amount":"1000.00","m":"4570-0000 0017"}"#;
        assert_eq!(
            redact(body, &[]),
            r#"{"code":"000","purchased_code":"[masked]","Pin" : "[masked]","amount":"1000.00","m":"****-**** 0017"}"#
        );
    }

    #[test]
    fn a_cut_answer_is_masked_to_its_end() {
        assert_eq!(redact(br#"{"purchased_code":"Token : abc"#, &[]), r#"{"purchased_code":"[masked]"#);
        assert_eq!(redact(br#"{"purchased_code":"#, &[]), r#"{"purchased_code":"#);
        assert_eq!(redact("é\"pin\":\"é".as_bytes(), &[]), "é\"pin\":\"[masked]");
    }

    #[test]
    fn an_echoed_key_is_masked() {
        assert_eq!(redact(b"bad key s3cret!", &[b"s3cret", b""]), "bad key [masked]!");
    }
}
