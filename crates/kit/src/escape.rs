//! Texts of packages, guests and requests, made fit for where they are shown: a terminal, Markdown, HTML and SVG.
//!
//! All of them are hostile. What comes out reads the same and does nothing: it moves no cursor, turns no direction, makes
//! no markup and no link.

/// Returns whether a character moves the cursor, or turns the direction of what follows.
fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}'
            | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns a text fit for a terminal: nothing in it moves the cursor, changes colours or turns the direction of what
/// follows.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// Returns at most so many letters of a text, with an ellipsis where some were left out.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}

/// Returns a text fit for HTML and for XML, between tags and in a quoted attribute.
#[must_use]
pub fn markup(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML has no place for these two at all.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c if harmful(c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Returns an address that may be followed: `https` or `http`, of characters that end no attribute and no link.
#[must_use]
pub fn address(url: &str) -> Option<&str> {
    let is_web =
        ["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    let tame = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`' | '|');
    (is_web && url.chars().all(tame)).then_some(url)
}

/// Returns a text fit for one line or one cell of Markdown. Names between back-ticks stay code.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut parts = text.split('`').peekable();
    let mut quoted = false;
    while let Some(part) = parts.next() {
        let closes = parts.peek().is_some();
        if quoted && closes && is_name(part) {
            safe.push('`');
            safe.push_str(part);
            safe.push('`');
            quoted = false;
            continue;
        }
        if quoted {
            safe.push_str("\\`");
        }
        one_line(part, &mut safe);
        quoted = closes;
    }
    safe.trim().to_owned()
}

/// Returns a text fit for a paragraph of Markdown: what would begin a heading, a list or a quote does not.
#[must_use]
pub fn markdown_paragraph(text: &str) -> String {
    let safe = markdown(text);
    let digits = safe.bytes().take_while(u8::is_ascii_digit).count();
    match safe.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => {
            let (number, rest) = safe.split_at(digits);
            format!("{number}\\{rest}")
        }
        Some(b'#' | b'+' | b'-' | b'=') if digits == 0 => format!("\\{safe}"),
        _ => safe,
    }
}

/// Returns a text as code of Markdown, also inside a table; where a table could not tell its end, as text.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    if text.contains(['|', '\\']) {
        return markdown(text);
    }
    let text = plain(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    // A blank on both sides is taken off again by whoever shows it.
    let blank =
        if text.is_empty() || text.contains('`') || text.trim().len() < text.len() { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// Names, pointers, codes and values: what may stay code between back-ticks.
fn is_name(text: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | '@');
    !text.is_empty() && text.chars().all(part)
}

fn one_line(text: &str, safe: &mut String) {
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => safe.push(' '),
            '\\' | '*' | '_' | '[' | ']' | '|' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // What begins an address would be made a link: `https://`, `www.`, somebody's mail.
            ':' if ["http", "https", "ftp"]
                .iter()
                .any(|scheme| safe.to_ascii_lowercase().ends_with(scheme)) =>
            {
                safe.push_str("&#58;");
            }
            '.' if safe.to_ascii_lowercase().ends_with("www") => safe.push_str("&#46;"),
            '@' => safe.push_str("&#64;"),
            c if harmful(c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_moves_the_cursor_or_turns_direction() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{202e}d\u{9b}e"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\u{fffd}e");
        assert_eq!(plain("지원되지 않는 지역, 示例"), "지원되지 않는 지역, 示例");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("示例한국", 2), "示例…");
        assert_eq!(cut("示例", 2), "示例");
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            markup("<b onclick='x'>\"a\" & \u{0}\u{202e}\u{ffff}"),
            "&lt;b onclick=&#39;x&#39;&gt;&quot;a&quot; &amp; \u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(markup("한국, 示例"), "한국, 示例");
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(markdown(text), expected, "{text:?}");
    }

    #[test]
    fn nothing_in_a_text_is_markdown_but_names_between_back_ticks() {
        check("the parameter `unverified` answers", "the parameter `unverified` answers");
        check("a | b\n\n# c", "a \\| b  # c");
        check("<script>&*_[x](y)~", "&lt;script&gt;&amp;\\*\\_\\[x\\](y)\\~");
        check(
            "![x](https://e.example/a.png) www.e.example a@e.example",
            "!\\[x\\](https&#58;//e.example/a.png) www&#46;e.example a&#64;e.example",
        );
        check("one ` alone", "one \\` alone");
        check("`a | b`", "\\`a \\| b\\`");
        check("`` `x` ``", "\\`\\` `x` \\`\\`");
        check("`a` and `b`", "`a` and `b`");
    }

    #[test]
    fn no_paragraph_begins_a_list_or_a_heading() {
        let check = |text: &str, expected: &str| assert_eq!(markdown_paragraph(text), expected);
        check("# big", "\\# big");
        check("- item", "\\- item");
        check("12. item", "12\\. item");
        check("    code", "code");
        check("2025 was a year", "2025 was a year");
    }

    #[test]
    fn code_ends_where_its_text_ends() {
        assert_eq!(markdown_code("a-b"), "`a-b`");
        assert_eq!(markdown_code("a`b c"), "`` a`b c ``");
        assert_eq!(markdown_code("a\\|b"), "a\\\\\\|b");
        assert_eq!(markdown_code(""), "`  `");
    }

    #[test]
    fn only_addresses_of_the_web_are_followed() {
        assert_eq!(address("https://e.example/a?b=c#d"), Some("https://e.example/a?b=c#d"));
        for url in [
            "javascript:alert(1)",
            "https://",
            "https://e.example/\" onclick=\"",
            "https://e.example/a b",
            "//e.example",
        ] {
            assert_eq!(address(url), None, "{url}");
        }
    }
}
