//! The document as a page: for people, with nothing that runs in their browser and nothing that is loaded from elsewhere.

use serde_json::{Map, Value};
use std::fmt::Write;

/// What the page looks like.
pub(super) const STYLE: &str = include_str!("style.css");

/// Returns the page of a document.
pub(super) fn of(document: &Value) -> String {
    let mut page = Page(String::new());
    page.all(document);
    page.0
}

fn at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(name).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn elements<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

struct Page(String);

impl Page {
    /// Adds markup.
    fn raw(&mut self, markup: &str) -> &mut Page {
        self.0.push_str(markup);
        self
    }

    /// Adds text.
    fn text(&mut self, text: &str) -> &mut Page {
        for char in text.chars() {
            match char {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                char => self.0.push(char),
            }
        }
        self
    }

    /// Adds text in which back-ticks set code apart.
    fn prose(&mut self, text: &str) -> &mut Page {
        for (number, part) in text.split('`').enumerate() {
            match number % 2 {
                0 => self.text(part),
                _ => self.raw("<code>").text(part).raw("</code>"),
            };
        }
        self
    }

    fn all(&mut self, document: &Value) {
        self.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        self.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        self.raw(
            "<title>Lexgate</title><link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body>\n<h1>",
        );
        self.text(at(document, "/info/title")).raw(" ").text(at(document, "/info/version")).raw("</h1>\n<p>");
        self.prose(at(document, "/info/description")).raw("</p>\n<p>");
        self.prose(at(document, "/components/securitySchemes/bearer/description"));
        self.raw("</p>\n<p><a href=\"/openapi.json\">openapi.json</a></p>\n");
        for group in elements(document, "tags") {
            let name = at(group, "/name");
            self.raw("<h2>").text(name).raw("</h2>\n<p>").prose(at(group, "/description")).raw("</p>\n");
            for (path, methods) in members(document, "paths") {
                for (method, operation) in methods.as_object().into_iter().flatten() {
                    if elements(operation, "tags").any(|tag| tag == name) {
                        self.operation(document, method, path, operation);
                    }
                }
            }
        }
        self.raw("<h2>Schemas</h2>\n");
        if let Some(components) = document.get("components") {
            for (name, schema) in members(components, "schemas") {
                self.raw("<details id=\"").text(name).raw("\"><summary><code>").text(name).raw("</code> ");
                self.prose(at(schema, "/description")).raw("</summary><div>");
                self.code(schema).raw("</div></details>\n");
            }
        }
        self.raw("</body></html>\n");
    }

    fn operation(&mut self, document: &Value, method: &str, path: &str, operation: &Value) {
        self.raw("<details id=\"").text(at(operation, "/operationId")).raw("\"><summary><b>");
        self.text(&method.to_uppercase()).raw("</b> <code>").text(path).raw("</code> ");
        self.prose(at(operation, "/summary")).raw("</summary><div>\n<p>");
        self.prose(at(operation, "/description")).raw("</p>\n<p>Right: <code>");
        self.text(at(operation, "/x-lexgate-right")).raw("</code></p>\n<table>\n");
        for parameter in elements(operation, "parameters") {
            let parameter = resolved(document, parameter);
            self.raw("<tr><td><code>").text(at(parameter, "/name")).raw("</code></td><td>");
            self.text(at(parameter, "/in")).raw("</td><td>").prose(at(parameter, "/description"));
            self.raw("</td></tr>\n");
        }
        self.raw("</table>\n");
        if let Some(body) = operation.get("requestBody") {
            self.raw("<p>Body: ").prose(at(body, "/description")).raw("</p>\n<ul>");
            self.content(body).raw("</ul>\n");
        }
        self.raw("<table>\n");
        for (status, answer) in members(operation, "responses") {
            let answer = resolved(document, answer);
            self.raw("<tr><th>").text(status).raw("</th><td>").prose(at(answer, "/description"));
            self.raw("</td><td><ul>").content(answer).raw("</ul></td></tr>\n");
        }
        self.raw("</table></div></details>\n");
    }

    fn content(&mut self, of: &Value) -> &mut Page {
        for (kind, content) in members(of, "content") {
            self.raw("<li><code>").text(kind).raw("</code> ");
            if let Some(schema) = content.get("schema") {
                self.schema(schema);
            }
            if let Some(line) = content.get("x-lexgate-line") {
                self.raw(", each line ").schema(line);
            }
            self.raw("</li>");
        }
        self
    }

    /// Adds the names of schemas, or what else there is.
    fn schema(&mut self, schema: &Value) -> &mut Page {
        if let Some(name) = at(schema, "/$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
            return self.raw("<a href=\"#").text(name).raw("\">").text(name).raw("</a>");
        }
        let mut parts = elements(schema, "anyOf").chain(elements(schema, "allOf")).peekable();
        if parts.peek().is_none() {
            return self.text(at(schema, "/type"));
        }
        for part in parts {
            self.schema(part).raw(" ");
        }
        self
    }

    fn code(&mut self, value: &Value) -> &mut Page {
        let mut text = String::new();
        // Writing into a text cannot fail.
        let _ = write!(text, "{value:#}");
        self.raw("<pre>").text(&text).raw("</pre>")
    }
}

/// Returns what a reference points to.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = at(value, "/$ref").strip_prefix('#').and_then(|pointer| document.pointer(pointer));
    target.unwrap_or(value)
}
