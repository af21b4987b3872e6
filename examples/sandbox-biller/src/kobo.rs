//! Naira text to kobo and back, exactly. Written apart from the engine's own
//! decimal code on purpose: the book must not share the engine's mistakes.

/// Kobo of a naira text such as `1000` or `1000.50`; `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 2 {
        return None;
    }
    let naira: i64 = whole.parse().ok()?;
    let kobo: i64 = format!("{fraction:0<2}").parse().ok()?;
    naira.checked_mul(100)?.checked_add(kobo)
}

/// Naira with two places.
pub(crate) fn text(kobo: i64) -> String {
    let sign = if kobo < 0 { "-" } else { "" };
    let magnitude = kobo.unsigned_abs();
    format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naira_text_is_read_exactly_or_not_at_all() {
        assert_eq!(parse("1000.5"), Some(100_050));
        assert_eq!(parse("0.29"), Some(29));
        assert_eq!(parse("7"), Some(700));
        for text in ["", ".", "1.", ".5", "1.234", "-1", "1e3", "1,000", " 1", "99999999999999999999"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(text(100_050), "1000.50");
        assert_eq!(text(-5), "-0.05");
    }
}
