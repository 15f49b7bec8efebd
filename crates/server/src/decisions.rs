//! Decisions over HTTP: one, and those that were recorded.

use crate::answer::{Projected, of_entry};
use crate::config::Recording;
use crate::desk::Question;
use crate::http::{App, Asked, blocking, json};
use crate::problem::{Kind, Problem};
use crate::tenants::TenantName;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use lexgate_audit::{Caller, Cursor, Ends, Entry, EntryId, Kind as EntryKind, Order, Query, Row};
use lexgate_model::combine::Obligations;
use lexgate_model::{Outcome, Request, RequestLimits, Span};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// The header with which a repeated request means the same decision.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What a decision can be asked with, beside its request.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// `fulfilled`: the caller declares that it fulfils the obligations a permit comes with.
    #[serde(default)]
    obligations: Declared,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Declared {
    #[default]
    NotFulfilled,
    Fulfilled,
}

impl Terms {
    pub(crate) fn obligations(self) -> Obligations {
        match self.obligations {
            Declared::Fulfilled => Obligations::Fulfilled,
            Declared::NotFulfilled => Obligations::NotFulfilled,
        }
    }
}

/// Decides one request.
pub(crate) async fn one(
    app: &App,
    asked: &Asked,
    terms: Terms,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let active = asked.tenant.active()?;
    let tenant: Arc<str> = asked.tenant.name.as_str().into();
    let key = idempotency_key(headers)?;
    if key.is_some() && app.config().recording == Recording::Nothing {
        let detail = "this server records no decisions, so it cannot repeat one: leave `Idempotency-Key` out";
        return Err(Problem::new(Kind::Unusable, detail));
    }
    let limits = app.limits().request.clone();
    let held = key.as_deref().map(|key| app.desk().hold(&tenant, key)).transpose()?;
    if let Some(key) = &key {
        let (app, tenant, key) = (app.clone(), Arc::clone(&tenant), key.clone());
        let (body, limits, obligations) = (body.clone(), limits.clone(), terms.obligations());
        let before = blocking(move || {
            let entry = app.records().by_idempotency_key(&tenant, &key)?;
            entry.map(|entry| repeated(&entry, &body, &limits, obligations)).transpose()
        });
        if let Some(response) = before.await? {
            return Ok(response);
        }
    }
    let caller = Caller { idempotency_key: key, request_id: asked.request_id.clone() };
    let question = Question { tenant, active, body, caller, obligations: terms.obligations(), held };
    Ok(json(app.desk().enforce(question).await?.text))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    let Some(key) = given.next() else { return Ok(None) };
    let bad = || Problem::new(Kind::BadRequest, "give one `Idempotency-Key` of 1 to 128 visible characters");
    let key = key.to_str().map_err(|_| bad())?;
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_empty() || key.len() > 128 || !visible || given.next().is_some() {
        return Err(bad());
    }
    Ok(Some(key.to_owned()))
}

/// Returns the decision that was made before, if it was made of the same request on the same terms.
fn repeated(
    entry: &Entry,
    body: &[u8],
    limits: &RequestLimits,
    obligations: Obligations,
) -> Result<Response, Problem> {
    if entry.is_deleted() {
        return Err(Problem::new(Kind::Deleted, "the decision with this `Idempotency-Key` was deleted"));
    }
    let section = entry.section(lexgate_audit::REQUEST).map(|section| section.bytes.as_slice());
    let then = Request::from_json(section.unwrap_or_default(), limits);
    let then = then.map_err(|error| Problem::internal(&error))?;
    let mut now = Request::from_json(body, limits)?;
    if let (None, Some(when)) = (now.when(), then.when()) {
        // It did not say when; the host did.
        now.set_when(when);
    }
    let fulfils = Projected::recorded(entry)?.fulfils_obligations;
    if now.canonical() != then.canonical() || fulfils != (obligations == Obligations::Fulfilled) {
        let detail = "this `Idempotency-Key` was used for another request";
        return Err(Problem::new(Kind::Unusable, detail));
    }
    let mut response = json(of_entry(entry, false)?);
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

/// Returns a decision with its record.
pub(crate) async fn get(app: &App, asked: &Asked, id: &str) -> Result<Response, Problem> {
    let id: EntryId =
        id.parse().map_err(|error: lexgate_audit::NotEntryId| Problem::not_found(error.to_string()))?;
    let (app, tenant) = (app.clone(), Arc::clone(&asked.tenant));
    blocking(move || {
        let entry = app.records().entry(id)?;
        let own = entry.head.tenant == tenant.name.as_str() && entry.head.kind == EntryKind::Decision;
        if !own {
            return Err(Problem::not_found(format!("there is no decision `{id}`")));
        }
        if entry.is_deleted() {
            return Err(Problem::new(Kind::Deleted, format!("decision `{id}` was deleted")));
        }
        Ok(json(of_entry(&entry, true)?))
    })
    .await
}

/// What decisions can be looked for by.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Filter {
    from: Option<String>,
    until: Option<String>,
    outcome: Option<Outcome>,
    at_least: Option<Outcome>,
    open: Option<bool>,
    policy: Option<String>,
    binding: Option<String>,
    party: Option<String>,
    identifier: Option<String>,
    request_id: Option<String>,
    fault: Option<bool>,
    order: Option<Direction>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Direction {
    NewestFirst,
    OldestFirst,
}

impl Filter {
    fn query(self, tenant: &str) -> Result<Query, Problem> {
        let bad = |name: &str, what: &str| {
            Problem::new(Kind::BadRequest, format!("`{name}` in the query is not {what}"))
        };
        let instant = |name: &str, text: Option<String>| {
            let parsed = text.map(|text| text.parse::<Timestamp>()).transpose();
            parsed.map_err(|_| bad(name, "an instant like `2026-01-01T00:00:00Z`"))
        };
        let ends = match (self.outcome, self.at_least, self.open) {
            (None, None, None | Some(false)) => None,
            (Some(outcome), None, None) => Some(Ends::Exactly(outcome)),
            (None, Some(outcome), None) => Some(Ends::OrStricter(outcome)),
            (None, None, Some(true)) => Some(Ends::Open),
            _ => return Err(bad("outcome", "alone: give one of `outcome`, `atLeast` and `open`")),
        };
        let after = self.after.map(|text| text.parse::<Cursor>()).transpose();
        let limit = self.limit.unwrap_or(100);
        if !(1..=1_000).contains(&limit) {
            return Err(bad("limit", "a number from 1 to 1000"));
        }
        Ok(Query {
            tenant: Some(tenant.to_owned()),
            kind: Some(EntryKind::Decision),
            from: instant("from", self.from)?,
            until: instant("until", self.until)?,
            ends,
            binding: self.binding,
            policy: self.policy,
            party: self.party,
            identifier: self.identifier,
            request_id: self.request_id,
            fault: self.fault,
            what_if: None,
            order: match self.order {
                Some(Direction::OldestFirst) => Order::OldestFirst,
                Some(Direction::NewestFirst) | None => Order::NewestFirst,
            },
            after: after.map_err(|_| bad("after", "a `next` of an earlier page"))?,
            rows: limit,
        })
    }
}

/// A decision in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: EntryId,
    recorded: Timestamp,
    revision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(flatten)]
    span: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

impl Listed<'_> {
    fn of(row: &Row) -> Listed<'_> {
        Listed {
            id: row.id,
            recorded: row.recorded,
            revision: row.set_revision.as_deref(),
            request_id: row.request_id.as_deref(),
            span: row.span,
            fault: row.fault,
            deleted: row.deleted,
        }
    }
}

#[derive(Serialize)]
struct Listing<'a> {
    decisions: Vec<Listed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Lists of one tenant that are made at a time: half of the connections for all. Who waits for one holds a thread.
const MOST_LISTS: usize = 2;

/// Tenants whose lists are being made, each as often as it has one.
#[derive(Default)]
pub(crate) struct Reading(Arc<Mutex<Vec<TenantName>>>);

/// A list that is being made.
struct Place {
    of: Arc<Mutex<Vec<TenantName>>>,
    tenant: TenantName,
}

impl Reading {
    fn begin(&self, tenant: &TenantName) -> Result<Place, Problem> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if under_way.iter().filter(|of| *of == tenant).count() >= MOST_LISTS {
            let detail = format!("{MOST_LISTS} lists of this tenant are being made");
            return Err(Problem::new(Kind::TooMany, detail).again_in(1));
        }
        under_way.push(tenant.clone());
        Ok(Place { of: Arc::clone(&self.0), tenant: tenant.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = under_way.iter().position(|of| *of == self.tenant) {
            under_way.swap_remove(place);
        }
    }
}

/// Lists decisions, a page of them.
pub(crate) async fn list(app: &App, asked: &Asked, filter: Filter) -> Result<Response, Problem> {
    let query = filter.query(asked.tenant.name.as_str())?;
    let place = app.reading().begin(&asked.tenant.name)?;
    let app = app.clone();
    blocking(move || {
        // Until it is done, also when whoever asked is gone.
        let _place = place;
        let page = app.records().list(&query)?;
        let decisions = page.rows.iter().map(Listed::of).collect();
        let listing = Listing { decisions, next: page.next.map(|next| next.to_string()) };
        Ok(axum::Json(listing).into_response())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_few_lists_made_at_a_time_and_others_have_theirs() {
        let (acme, other): (TenantName, TenantName) = ("acme".parse().unwrap(), "other".parse().unwrap());
        let reading = Reading::default();
        let begin = |tenant| reading.begin(tenant).map_err(|problem| (problem.kind(), problem.again_s()));
        let (first, _second) = (begin(&acme).unwrap(), begin(&acme).unwrap());
        assert_eq!(begin(&acme).err(), Some((Kind::TooMany, Some(1))));
        let _of_another = begin(&other).unwrap();
        drop(first);
        assert!(begin(&acme).is_ok());
    }
}
