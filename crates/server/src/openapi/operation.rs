//! An operation: a method at a path, with everything that a caller must know of it.

use crate::access::Right;
use crate::problem::Kind;
use crate::tenants::TenantName;
use axum::http::Method;
use serde_json::{Map, Value, json};

/// What bodies of JSON are sent as.
pub(crate) const JSON: &[&str] = &["application/json"];

/// What a caller needs.
#[derive(Debug, Clone)]
pub(crate) enum Needs {
    /// Nothing: it is open.
    Nothing,
    /// A right: over the tenant that the path names, or where it names none, over all.
    Right(Right),
    /// A right over a tenant that stands fast.
    RightOver(Right, TenantName),
}

impl Needs {
    fn right(&self) -> Option<Right> {
        match self {
            Needs::Nothing => None,
            Needs::Right(right) | Needs::RightOver(right, _) => Some(*right),
        }
    }
}

/// A parameter beside those of the path, which every path has by its names.
#[derive(Debug)]
struct Parameter {
    name: &'static str,
    place: &'static str,
    says: &'static str,
    schema: Value,
}

#[derive(Debug)]
struct Body {
    types: &'static [&'static str],
    schema: Value,
    says: &'static str,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    says: &'static str,
    content: &'static str,
    schema: Value,
    headers: Vec<(&'static str, &'static str)>,
    /// The schema of one line, where the content is lines.
    line: Option<Value>,
}

/// How errors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errors {
    /// As problem details.
    Problems,
    /// As a text, but for those of who asks.
    Texts,
}

/// A method at a path.
#[derive(Debug)]
pub(crate) struct Operation {
    method: Method,
    path: &'static str,
    id: &'static str,
    group: &'static str,
    summary: &'static str,
    about: &'static str,
    needs: Needs,
    parameters: Vec<Parameter>,
    body: Option<Body>,
    answers: Vec<Answer>,
    problems: Vec<Kind>,
    errors: Errors,
}

/// Returns a reference to a schema of the document.
pub(crate) fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Adds a member to an object.
pub(super) fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

impl Operation {
    pub(crate) fn new(method: Method, path: &'static str, id: &'static str, needs: Needs) -> Operation {
        Operation {
            method,
            path,
            id,
            group: "server",
            summary: "",
            about: "",
            needs,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            problems: vec![Kind::Internal],
            errors: Errors::Problems,
        }
    }

    pub(crate) fn get(path: &'static str, id: &'static str, needs: Needs) -> Operation {
        Operation::new(Method::GET, path, id, needs)
    }

    pub(crate) fn post(path: &'static str, id: &'static str, needs: Needs) -> Operation {
        Operation::new(Method::POST, path, id, needs)
    }

    pub(crate) fn put(path: &'static str, id: &'static str, needs: Needs) -> Operation {
        Operation::new(Method::PUT, path, id, needs)
    }

    /// Says what it does, in a few words and below which heading.
    pub(crate) fn says(mut self, group: &'static str, summary: &'static str) -> Operation {
        (self.group, self.summary) = (group, summary);
        self
    }

    /// Says more.
    pub(crate) fn about(mut self, about: &'static str) -> Operation {
        self.about = about;
        self
    }

    pub(crate) fn query(mut self, name: &'static str, schema: Value, says: &'static str) -> Operation {
        self.parameters.push(Parameter { name, place: "query", says, schema });
        self.problem(Kind::BadRequest)
    }

    pub(crate) fn header(mut self, name: &'static str, says: &'static str) -> Operation {
        self.parameters.push(Parameter { name, place: "header", says, schema: json!({ "type": "string" }) });
        self.problem(Kind::BadRequest)
    }

    /// Takes a body, and says what may be wrong with any.
    pub(crate) fn body(
        mut self,
        types: &'static [&'static str],
        schema: Value,
        says: &'static str,
    ) -> Operation {
        self.body = Some(Body { types, schema, says });
        self.problems(&[Kind::BadRequest, Kind::BodyTooSlow, Kind::TooLarge, Kind::MediaType])
    }

    /// Answers JSON.
    pub(crate) fn answers(self, status: u16, schema: Value, says: &'static str) -> Operation {
        self.answers_as(status, "application/json", schema, says)
    }

    pub(crate) fn answers_as(
        mut self,
        status: u16,
        content: &'static str,
        schema: Value,
        says: &'static str,
    ) -> Operation {
        self.answers.push(Answer { status, says, content, schema, headers: Vec::new(), line: None });
        self
    }

    /// Adds a header to the last answer.
    pub(crate) fn with(mut self, name: &'static str, says: &'static str) -> Operation {
        self.answers.last_mut().into_iter().for_each(|answer| answer.headers.push((name, says)));
        self
    }

    /// Says of what lines the last answer is.
    pub(crate) fn lines(mut self, schema: Value) -> Operation {
        self.answers.last_mut().into_iter().for_each(|answer| answer.line = Some(schema.clone()));
        self
    }

    pub(crate) fn problem(mut self, kind: Kind) -> Operation {
        if !self.problems.contains(&kind) {
            self.problems.push(kind);
        }
        self
    }

    pub(crate) fn problems(self, kinds: &[Kind]) -> Operation {
        kinds.iter().fold(self, |operation, kind| operation.problem(*kind))
    }

    /// Errors are texts, as AuthZEN has them; a wrong content type is an error like others.
    pub(crate) fn with_errors_as_text(mut self) -> Operation {
        self.problems.retain(|kind| *kind != Kind::MediaType);
        self.errors = Errors::Texts;
        self
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    pub(crate) fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Returns it as the document has it.
    pub(crate) fn written(&self) -> Value {
        let right = self.needs.right();
        let mut all = json!({
            "operationId": self.id,
            "tags": [self.group],
            "summary": self.summary,
            "x-lexgate-right": right.map_or("none", Right::name),
            "security": if right.is_some() { json!([{ "bearer": [] }]) } else { json!([]) },
            "responses": self.responses(),
        });
        if !self.about.is_empty() {
            put(&mut all, "description", self.about.into());
        }
        let parameters = self.parameters();
        if !parameters.is_empty() {
            put(&mut all, "parameters", parameters.into());
        }
        if let Some(body) = &self.body {
            let content: Map<String, Value> = body
                .types
                .iter()
                .map(|kind| ((*kind).to_owned(), json!({ "schema": body.schema })))
                .collect();
            let body = json!({ "required": true, "description": body.says, "content": content });
            put(&mut all, "requestBody", body);
        }
        all
    }

    fn parameters(&self) -> Vec<Value> {
        let names = self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        let of_path = names.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }));
        let others = self.parameters.iter().map(|parameter| {
            json!({
                "name": parameter.name, "in": parameter.place, "description": parameter.says,
                "required": false, "schema": parameter.schema,
            })
        });
        let id = json!({ "$ref": "#/components/parameters/x-request-id" });
        of_path.chain(others).chain([id]).collect()
    }

    fn responses(&self) -> Map<String, Value> {
        let mut all = Map::new();
        let mut kinds = self.problems.clone();
        if self.needs.right().is_some() {
            kinds.extend([Kind::Unauthenticated, Kind::Forbidden]);
        }
        if self.path.contains('{') {
            // A name that is not UTF-8.
            kinds.push(Kind::BadRequest);
        }
        for kind in kinds {
            let (status, name, title) = kind.all();
            let of_caller = matches!(kind, Kind::Unauthenticated | Kind::Forbidden | Kind::Internal);
            let mut told = json!({ "$ref": format!("#/components/responses/{name}") });
            if self.errors == Errors::Texts && !of_caller {
                let text = json!({ "schema": { "type": "string" } });
                let mut content = json!({ "text/plain; charset=utf-8": text });
                // The name of the tenant is read before anything else.
                if kind == Kind::BadRequest && self.path.contains('{') {
                    put(&mut content, "application/problem+json", json!({ "schema": named("Problem") }));
                }
                told = json!({ "description": title, "headers": headers(&[]), "content": content });
            }
            all.insert(status.as_u16().to_string(), told);
        }
        for answer in &self.answers {
            let mut content = json!({ "schema": answer.schema });
            if let Some(line) = &answer.line {
                put(&mut content, "x-lexgate-line", line.clone());
            }
            let mut content = json!({ answer.content: content });
            // A status may be an answer and a problem: it is told by its content type.
            let status = answer.status.to_string();
            if all.contains_key(&status) {
                put(&mut content, "application/problem+json", json!({ "schema": named("Problem") }));
            }
            let told = json!({
                "description": answer.says, "headers": headers(&answer.headers), "content": content,
            });
            all.insert(status, told);
        }
        all
    }
}

/// Writes the headers of an answer, with the one that every answer has.
pub(crate) fn headers(own: &[(&'static str, &'static str)]) -> Value {
    let mut all: Map<String, Value> = own
        .iter()
        .map(|(name, says)| {
            ((*name).to_owned(), json!({ "description": says, "schema": { "type": "string" } }))
        })
        .collect();
    all.insert("x-request-id".to_owned(), json!({ "$ref": "#/components/headers/x-request-id" }));
    Value::Object(all)
}
