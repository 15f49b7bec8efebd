//! One request from a file or from standard input, and when it asks.

use crate::ambient;
use crate::exit::Exit;
use anyhow::{Context, Result};
use lexgate_model::{BadRequest, Request, RequestLimits, When, date};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Opens a file, or standard input.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let (dir, name) = ambient::file(path)?;
    let file = dir.open(&name).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Box::new(BufReader::new(file)))
}

/// Reads one request.
pub(crate) fn read(path: &Path, limits: &RequestLimits) -> Result<Request> {
    let mut text = Vec::new();
    let most = u64::try_from(limits.bytes).unwrap_or(u64::MAX).saturating_add(1);
    let reading = || format!("cannot read `{}`", path.display());
    open(path)?.take(most).read_to_end(&mut text).with_context(reading)?;
    Request::from_json(&text, limits).with_context(|| format!("`{}` is not a request", path.display()))
}

/// Tells a program why a request is refused, with the place; everything else, and a person, is told as any error is.
pub(crate) fn refused(error: anyhow::Error, json: bool) -> Result<Exit> {
    match error.downcast_ref::<BadRequest>() {
        Some(bad) if json => {
            ambient::print_json_line(&json!({ "error": described(bad) }))?;
            Ok(Exit::CouldNotAnswer)
        }
        _ => Err(error),
    }
}

pub(crate) fn described(bad: &BadRequest) -> Value {
    json!({ "pointer": bad.pointer, "message": bad.to_string() })
}

/// Reads a date or an instant.
pub(crate) fn instant_or_date(text: &str) -> Result<When> {
    if let Some(date) = date::parse(text) {
        return Ok(When::Date(date));
    }
    let instant = text.parse().with_context(|| {
        format!("`{text}` is neither a date, `2025-09-05`, nor an instant, `2025-09-05T16:00:00Z`")
    })?;
    When::instant(instant).with_context(|| format!("`{text}` lies outside the years 1 to 9999"))
}
