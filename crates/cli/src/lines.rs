//! Reads one request or a stream of them, never more than one request into memory.

use std::io::{self, BufRead};

/// A line of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Its bytes, without the line feed.
    Text(Vec<u8>),
    /// It is longer than allowed; it was read past, not kept.
    TooLong,
}

/// Reads the next line of at most `most` bytes; nothing at the end.
pub(crate) fn next(input: &mut dyn BufRead, most: usize) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            let nothing = line.is_empty() && !too_long;
            return Ok((!nothing).then(|| ended(line, too_long)));
        }
        let feed = buffer.iter().position(|&byte| byte == b'\n');
        let part = buffer.get(..feed.unwrap_or(buffer.len())).unwrap_or_default();
        if line.len() + part.len() > most {
            too_long = true;
            line = Vec::new();
        } else if !too_long {
            line.extend_from_slice(part);
        }
        let used = feed.map_or(buffer.len(), |feed| feed + 1);
        input.consume(used);
        if feed.is_some() {
            return Ok(Some(ended(line, too_long)));
        }
    }
}

fn ended(mut line: Vec<u8>, too_long: bool) -> Line {
    if too_long {
        return Line::TooLong;
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Line::Text(line)
}

/// What an input holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// One request.
    One(Vec<u8>),
    /// Requests, one a line; the first line was read already.
    Many(Option<Line>),
}

/// Finds out what an input holds: a stream if its first line is a whole JSON object and more than blanks follow, or if the
/// caller says so.
pub(crate) fn detect(input: &mut dyn BufRead, most: usize, ndjson: bool) -> io::Result<Input> {
    if ndjson {
        return Ok(Input::Many(None));
    }
    let mut text = Vec::new();
    let mut first = true;
    while let Some(line) = next(input, most)? {
        let Line::Text(line) = line else {
            // One byte more than allowed says "too large" without keeping what was.
            let stream = first && more_follows(input)?;
            return Ok(if stream {
                Input::Many(Some(Line::TooLong))
            } else {
                Input::One(vec![b' '; most + 1])
            });
        };
        let blank = line.iter().all(u8::is_ascii_whitespace);
        if first && !blank {
            // A line that ends in the middle of a value begins one that goes on; a whole object, or rubbish, stands alone.
            let alone = match serde_json::from_slice::<serde::de::IgnoredAny>(&line) {
                Ok(_) => line.trim_ascii().starts_with(b"{"),
                Err(error) => !error.is_eof(),
            };
            if alone && more_follows(input)? {
                return Ok(Input::Many(Some(Line::Text(line))));
            }
            first = false;
        }
        if !text.is_empty() {
            text.push(b'\n');
        }
        if text.len() + line.len() > most {
            return Ok(Input::One(vec![b' '; most + 1]));
        }
        text.extend_from_slice(&line);
    }
    Ok(Input::One(text))
}

/// Returns whether anything but blanks follows, reading past blanks.
fn more_follows(input: &mut dyn BufRead) -> io::Result<bool> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let blanks = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blanks < buffer.len() {
            return Ok(true);
        }
        input.consume(blanks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Input) {
        assert_eq!(detect(&mut text.as_bytes(), 64, false).unwrap(), expected, "{text:?}");
    }

    fn text(line: &str) -> Option<Line> {
        Some(Line::Text(line.as_bytes().to_vec()))
    }

    #[test]
    fn a_stream_is_told_from_one_request_by_its_first_line() {
        check("{\n  \"a\": 1\n}\n", Input::One(b"{\n  \"a\": 1\n}".to_vec()));
        check("{ \"a\": 1 }", Input::One(b"{ \"a\": 1 }".to_vec()));
        check("{ \"a\": 1 }\n\n", Input::One(b"{ \"a\": 1 }".to_vec()));
        check("{ \"a\": 1 }\nrubbish\n", Input::Many(text("{ \"a\": 1 }")));
        check("rubbish\n{}\n", Input::Many(text("rubbish")));
        check("rubbish\n", Input::One(b"rubbish".to_vec()));
        check("", Input::One(vec![]));
        assert_eq!(detect(&mut "rubbish\n{}".as_bytes(), 64, true).unwrap(), Input::Many(None));
    }

    #[test]
    fn a_line_that_is_too_long_is_read_past_and_not_kept() {
        let long = format!("{}\nshort\r\nlast", "x".repeat(100_000));
        let mut input = io::BufReader::with_capacity(7, long.as_bytes());
        assert_eq!(next(&mut input, 64).unwrap(), Some(Line::TooLong));
        assert_eq!(next(&mut input, 64).unwrap(), text("short"));
        assert_eq!(next(&mut input, 64).unwrap(), text("last"));
        assert_eq!(next(&mut input, 64).unwrap(), None);
    }
}
