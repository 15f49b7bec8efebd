//! Relationship records: who consolidates, manages or feeds whom.

use crate::import::error::shorten;
use crate::import::fields::{Fields, MOST_PARTS, View, cut};
use crate::import::lei::is_lei;
use crate::import::report::{Notes, Reason};
use lexgate_model::{Date, date};
use serde_json::{Value, json};

pub(super) const START: &[&str] = &["Relationship", "StartNode", "NodeID"];
pub(super) const END: &[&str] = &["Relationship", "EndNode", "NodeID"];

/// What a relationship is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkKind {
    Direct,
    Ultimate,
    Managed,
    Subfund,
    Feeder,
    Branch,
}

impl LinkKind {
    const ALL: [LinkKind; 6] = [
        LinkKind::Direct,
        LinkKind::Ultimate,
        LinkKind::Managed,
        LinkKind::Subfund,
        LinkKind::Feeder,
        LinkKind::Branch,
    ];

    fn code(self) -> &'static str {
        match self {
            LinkKind::Direct => "IS_DIRECTLY_CONSOLIDATED_BY",
            LinkKind::Ultimate => "IS_ULTIMATELY_CONSOLIDATED_BY",
            LinkKind::Managed => "IS_FUND-MANAGED_BY",
            LinkKind::Subfund => "IS_SUBFUND_OF",
            LinkKind::Feeder => "IS_FEEDER_TO",
            LinkKind::Branch => "IS_INTERNATIONAL_BRANCH_OF",
        }
    }

    /// Returns the interest that the parent holds by it: never a share, which the register does not publish.
    fn interest(self) -> &'static str {
        match self {
            LinkKind::Managed => "rightsGrantedByContract",
            LinkKind::Direct
            | LinkKind::Ultimate
            | LinkKind::Subfund
            | LinkKind::Feeder
            | LinkKind::Branch => "otherInfluenceOrControl",
        }
    }
}

/// Days on which a relationship holds: from the first, until before the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    from: Option<Date>,
    end: Option<Date>,
}

/// A relationship that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// The child, fund or branch.
    pub(super) start: String,
    /// The parent, manager or head office.
    pub(super) end: String,
    pub(super) kind: LinkKind,
    held: Vec<Held>,
    status: Option<String>,
    registration: Option<String>,
}

impl Link {
    /// Reads a record; nothing, with a remark, if it cannot be used.
    pub(super) fn read(record: &View<'_>, notes: &mut Notes) -> Option<Link> {
        let relationship = record.get("Relationship")?;
        let start = node(&relationship, "StartNode", notes)?;
        let end = node(&relationship, "EndNode", notes)?;
        let Some(kind) = relationship.get("RelationshipType") else {
            notes.add("/Relationship/RelationshipType", Reason::Missing, "is not there");
            return None;
        };
        let code = kind.text(notes)?;
        let Some(known) = LinkKind::ALL.into_iter().find(|known| known.code() == code) else {
            let says = format!("`{}` is a type of relationship that is not known here", shorten(code));
            notes.add(&kind.pointer, Reason::UnknownCode, says);
            return None;
        };
        let held = periods(&relationship, notes);
        let status = relationship.get("RelationshipStatus").and_then(|status| status.text(notes));
        let registration =
            record.at(&["Registration", "RegistrationStatus"]).and_then(|status| status.text(notes));
        let ended = held.iter().all(|held| held.end.is_some());
        let usable = in_force(status, ended, notes) && is_registered(registration, ended, notes);
        usable.then(|| Link {
            start: start.to_owned(),
            end: end.to_owned(),
            kind: known,
            held,
            status: status.map(str::to_owned),
            registration: registration.map(str::to_owned),
        })
    }

    /// Returns the name of the relationship in the request.
    pub(super) fn record_id(&self) -> String {
        format!("{}-{}-{}", self.start, self.kind.code(), self.end)
    }

    /// Returns whether it holds on a date.
    pub(super) fn holds_on(&self, date: Date) -> bool {
        let holds =
            |held: &Held| held.from.is_none_or(|from| from <= date) && held.end.is_none_or(|end| date < end);
        self.held.iter().any(holds)
    }

    /// Returns the relationship of the request. The ultimate parent may be the direct one, too.
    pub(super) fn fields(&self, also_direct: bool) -> (Fields, Notes) {
        let mut notes = Notes::default();
        let directness = if self.kind == LinkKind::Ultimate && !also_direct { "indirect" } else { "direct" };
        let held = cut(self.held.clone(), MOST_PARTS, "/Relationship/RelationshipPeriods", &mut notes);
        let interest = |held: Held| {
            let mut interest = json!({ "kind": self.kind.interest(), "directness": directness });
            for (name, day) in [("start", held.from), ("end", held.end)] {
                if let (Some(day), Some(interest)) = (day, interest.as_object_mut()) {
                    interest.insert(name.to_owned(), Value::from(day.to_string()));
                }
            }
            interest
        };
        let interests: Vec<Value> = held.into_iter().map(interest).collect();
        let mut fields = Fields::new(&self.record_id())
            .with("subject", Some(json!(self.start)))
            .with("interestedParty", Some(json!(self.end)))
            .with("interests", Some(Value::Array(interests)));
        fields.fact("gleifRelationshipType", Some(json!(self.kind.code())));
        fields.fact("gleifRelationshipStatus", self.status.as_deref().map(Value::from));
        fields.fact("gleifRegistrationStatus", self.registration.as_deref().map(Value::from));
        (fields, notes)
    }
}

/// Makes one relationship of those between the same two parties of the same type.
pub(super) fn merge(links: Vec<Link>) -> Option<Link> {
    let mut links = links;
    links.sort_by(|a, b| (&a.held, &a.status, &a.registration).cmp(&(&b.held, &b.status, &b.registration)));
    links.into_iter().reduce(|mut one, other| {
        one.held.extend(other.held);
        one.held.sort();
        one.held.dedup();
        one
    })
}

/// Returns the LEI of an end of a relationship.
fn node<'t>(relationship: &View<'t>, name: &str, notes: &mut Notes) -> Option<&'t str> {
    let Some(id) = relationship.at(&[name, "NodeID"]) else {
        notes.add(&format!("/Relationship/{name}/NodeID"), Reason::Missing, "is not there");
        return None;
    };
    let text = id.text(notes)?;
    let kind = relationship.at(&[name, "NodeIDType"]).and_then(|kind| kind.text(notes)).unwrap_or("LEI");
    if kind != "LEI" || !is_lei(text) {
        notes.bad(&id.pointer, text, "is not an LEI");
        return None;
    }
    Some(text)
}

/// Returns the days of the periods that are about the relationship, not about accounts or documents.
fn periods(relationship: &View<'_>, notes: &mut Notes) -> Vec<Held> {
    let all = relationship.get("RelationshipPeriods").or_else(|| relationship.get("Period"));
    let all = all.map(|all| all.get("RelationshipPeriod").unwrap_or(all));
    let mut held = Vec::new();
    for period in all.iter().flat_map(View::each) {
        let get = |name: &str, column: &str| period.get(name).or_else(|| period.get(column));
        let kind = get("PeriodType", "periodType").and_then(|kind| kind.text(notes));
        if kind != Some("RELATIONSHIP_PERIOD") {
            continue;
        }
        let from = get("StartDate", "startDate").and_then(|view| day(&view, notes));
        let end = get("EndDate", "endDate").and_then(|view| day(&view, notes));
        match (from, end) {
            (Some(first), Some(last)) if first > last => {
                let says = format!("ends on {last}, before it begins on {first}; the days are left out");
                notes.add(&period.pointer, Reason::Inconsistent, says);
                held.push(Held { from: None, end: None });
            }
            _ => held.push(Held { from, end }),
        }
    }
    if held.is_empty() {
        let says = "has no relationship period; it is taken to hold on every day";
        notes.add("/Relationship/RelationshipPeriods", Reason::Remark, says);
        held.push(Held { from: None, end: None });
    }
    held.sort();
    held.dedup();
    held
}

/// Returns the calendar date of an instant, as it is written.
fn day(view: &View<'_>, notes: &mut Notes) -> Option<Date> {
    let text = view.text(notes)?;
    let (day, rest) = text.split_at_checked(10).unwrap_or((text, ""));
    let read = date::parse(day).filter(|_| rest.is_empty() || rest.starts_with('T'));
    if read.is_none() {
        notes.bad(&view.pointer, text, "is not a date");
    }
    read
}

fn in_force(status: Option<&str>, ended: bool, notes: &mut Notes) -> bool {
    const AT: &str = "/Relationship/RelationshipStatus";
    match status {
        Some("ACTIVE") => true,
        Some("INACTIVE") if ended => true,
        Some("INACTIVE") => {
            notes.add(AT, Reason::NotInForce, "is inactive, and does not say since when");
            false
        }
        Some(other) => {
            notes.add(
                AT,
                Reason::UnknownCode,
                format!("`{}` is not a status of relationships", shorten(other)),
            );
            false
        }
        None => {
            notes.add(AT, Reason::Missing, "is not there; the relationship is taken as active");
            true
        }
    }
}

fn is_registered(status: Option<&str>, ended: bool, notes: &mut Notes) -> bool {
    const AT: &str = "/Registration/RegistrationStatus";
    match status {
        Some("PUBLISHED" | "TRANSFERRED" | "PENDING_TRANSFER" | "PENDING_ARCHIVAL") => true,
        Some("LAPSED") => {
            notes.add(AT, Reason::Lapsed, "the registration has lapsed; the relationship is used");
            true
        }
        Some("RETIRED") if ended => true,
        Some(code @ ("RETIRED" | "ANNULLED" | "DUPLICATE" | "CANCELLED" | "PENDING_VALIDATION")) => {
            notes.add(
                AT,
                Reason::NotInForce,
                format!("the registration is `{code}`; the relationship is not used"),
            );
            false
        }
        Some(other) => {
            let says =
                format!("`{}` is not a status of registrations; the relationship is used", shorten(other));
            notes.add(AT, Reason::UnknownCode, says);
            true
        }
        None => {
            notes.add(AT, Reason::Missing, "is not there; the relationship is used");
            true
        }
    }
}
