//! What goes wrong with an HTTP request, as RFC 9457 tells it: `application/problem+json`, with the place in the body.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lexgate_audit::Refused;
use lexgate_engine::Busy;
use lexgate_model::BadRequest;
use lexgate_model::request;
use serde::Serialize;

/// What goes wrong. Each is a type of its own in the sense of RFC 9457.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    BadRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    BodyTooSlow,
    Conflict,
    Deleted,
    StaleRevision,
    TooLarge,
    MediaType,
    Unusable,
    TooMany,
    Internal,
    Unavailable,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Kind; 15] = [
        Kind::BadRequest,
        Kind::Unauthenticated,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::MethodNotAllowed,
        Kind::BodyTooSlow,
        Kind::Conflict,
        Kind::Deleted,
        Kind::StaleRevision,
        Kind::TooLarge,
        Kind::MediaType,
        Kind::Unusable,
        Kind::TooMany,
        Kind::Internal,
        Kind::Unavailable,
    ];

    /// Returns its status, its name, and what it is called.
    pub(crate) fn all(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Kind::BadRequest => (StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read"),
            Kind::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "Who asks is not known"),
            Kind::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Who asks may not do this"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not-found", "There is no such thing"),
            Kind::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This is not done here")
            }
            Kind::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "body-too-slow", "The body came too slowly"),
            Kind::Conflict => (StatusCode::CONFLICT, "conflict", "Something else is under way"),
            Kind::Deleted => (StatusCode::GONE, "deleted", "It was deleted"),
            Kind::StaleRevision => {
                (StatusCode::PRECONDITION_FAILED, "stale-revision", "The set was changed by somebody else")
            }
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "More than is allowed"),
            Kind::MediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The content type is another")
            }
            Kind::Unusable => (StatusCode::UNPROCESSABLE_ENTITY, "unusable", "It cannot be used as it is"),
            Kind::TooMany => {
                (StatusCode::TOO_MANY_REQUESTS, "too-many", "This tenant asks too much at a time")
            }
            Kind::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on this side")
            }
            Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "It cannot be done now"),
        }
    }
}

/// A place in a body, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct At {
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

/// An error response: RFC 9457 problem details.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    detail: String,
    pointer: Option<String>,
    errors: Vec<At>,
    retry_after_s: Option<u32>,
}

#[derive(Serialize)]
pub(crate) struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    #[serde(skip_serializing_if = "<[At]>::is_empty")]
    errors: &'a [At],
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        Problem { kind, detail: detail.into(), pointer: None, errors: Vec::new(), retry_after_s: None }
    }

    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Problem {
        self.pointer = Some(pointer.into());
        self
    }

    pub(crate) fn with(mut self, errors: Vec<At>) -> Problem {
        self.errors = errors;
        self
    }

    pub(crate) fn again_in(mut self, seconds: u32) -> Problem {
        self.retry_after_s = Some(seconds);
        self
    }

    #[cfg(test)]
    pub(crate) fn again_s(&self) -> Option<u32> {
        self.retry_after_s
    }

    pub(crate) fn not_found(what: impl Into<String>) -> Problem {
        Problem::new(Kind::NotFound, what)
    }

    /// What goes wrong on this side is told to the log, not to the caller.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Problem {
        tracing::error!(error = %chain(error), "internal");
        Problem::new(Kind::Internal, "see the log of the server")
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Problem {
        Problem::new(Kind::Unavailable, detail).again_in(1)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind.all().0
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the text for the caller.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the place in the body, an RFC 6901 pointer, if it is about one.
    #[must_use]
    pub fn pointer(&self) -> Option<&str> {
        self.pointer.as_deref()
    }

    pub(crate) fn body(&self) -> Body<'_> {
        let (status, name, title) = self.kind.all();
        Body {
            r#type: format!("urn:lexgate:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            pointer: self.pointer.as_deref(),
            errors: &self.errors,
        }
    }
}

/// Writes an error with everything that caused it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)?;
        self.errors.iter().try_for_each(|at| write!(f, "; {} (at {})", at.detail, at.pointer))
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == Kind::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<BadRequest> for Problem {
    fn from(bad: BadRequest) -> Problem {
        let kind = match bad.problem {
            request::Problem::Limit(..) => Kind::TooLarge,
            _ => Kind::BadRequest,
        };
        Problem::new(kind, bad.to_string()).at(bad.pointer)
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Problem {
        let kind = match busy {
            Busy::Tenant => Kind::TooMany,
            Busy::All => Kind::Unavailable,
        };
        Problem::new(kind, busy.to_string()).again_in(1)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::Busy => Problem::unavailable(refused.to_string()),
            Refused::Closed => Problem::unavailable("the server is stopping"),
            Refused::Invalid(_) => Problem::internal(&refused),
            Refused::Failed(_) => {
                tracing::error!(error = %chain(&refused), "the log takes no more entries");
                Problem::new(Kind::Unavailable, "decisions cannot be recorded, so none is made").again_in(30)
            }
        }
    }
}

impl From<lexgate_audit::Error> for Problem {
    fn from(error: lexgate_audit::Error) -> Problem {
        use lexgate_audit::Error;
        match error {
            Error::NoEntry(id) => Problem::not_found(format!("there is no decision `{id}`")),
            Error::TooBroad => Problem::new(Kind::Unusable, error.to_string()),
            Error::Index(_) | Error::IndexLocked => Problem::unavailable(error.to_string()),
            _ => Problem::internal(&error),
        }
    }
}
