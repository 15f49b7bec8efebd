//! What one can look for in an index.

use super::Trouble;
use super::rows::{Term, brief, kind, number, number_of_kind, outcome};
use crate::entry::Kind;
use crate::id::EntryId;
use crate::read::Location;
use jiff::Timestamp;
use lexgate_model::{Outcome, Span};
use rusqlite::types::Value;
use rusqlite::{Connection, Row as Cells, params_from_iter};
use std::fmt;
use std::str::FromStr;

/// Most rows of a page.
const MOST_ROWS: usize = 1_000;

/// What to look for. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Whose.
    pub tenant: Option<String>,
    /// About what.
    pub kind: Option<Kind>,
    /// Recorded at this instant or later.
    pub from: Option<Timestamp>,
    /// Recorded before this instant.
    pub until: Option<Timestamp>,
    /// What was decided.
    pub ends: Option<Ends>,
    /// Decided by a binding of this id, whatever its mode.
    pub binding: Option<String>,
    /// Decided by a policy of this id, whatever its version.
    pub policy: Option<String>,
    /// About a party with this record id.
    pub party: Option<String>,
    /// About a party with this identifier, of whatever scheme.
    pub identifier: Option<String>,
    /// What the caller called the request.
    pub request_id: Option<String>,
    /// Whether a policy was at fault.
    pub fault: Option<bool>,
    /// Whether it was a what-if.
    pub what_if: Option<bool>,
    /// In which order.
    pub order: Order,
    /// Behind which row, of an earlier page in the same order.
    pub after: Option<Cursor>,
    /// Rows of a page, 1 to 1 000.
    pub rows: usize,
}

impl Default for Query {
    /// Everything, newest first, 100 rows a page.
    fn default() -> Query {
        Query {
            tenant: None,
            kind: None,
            from: None,
            until: None,
            ends: None,
            binding: None,
            policy: None,
            party: None,
            identifier: None,
            request_id: None,
            fault: None,
            what_if: None,
            order: Order::NewestFirst,
            after: None,
            rows: 100,
        }
    }
}

/// What a decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// It was this, whatever the missing facts are.
    Exactly(Outcome),
    /// It was open, and asked for facts.
    Open,
    /// It may be this or stricter.
    OrStricter(Outcome),
}

/// In which order rows come. It is that of the log, not of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// The place of a row, from which the next page goes on. To others it is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(u64);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Cursor, Self::Err> {
        text.parse().map(Cursor)
    }
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Cursor>,
    /// The number of the last entry that the index knows; what was appended later is not found yet.
    pub indexed: u64,
}

/// What the index knows of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub sequence: u64,
    /// Its id.
    pub id: EntryId,
    /// About what.
    pub kind: Kind,
    /// Whose.
    pub tenant: String,
    /// When it was recorded, to the microsecond.
    pub recorded: Timestamp,
    /// The revision of the set.
    pub set_revision: Option<String>,
    /// What the caller called the request.
    pub request_id: Option<String>,
    /// What was decided; nothing where it was deleted.
    pub span: Option<Span>,
    /// Whether a policy was at fault.
    pub fault: Option<bool>,
    /// Whether it was a what-if.
    pub what_if: Option<bool>,
    /// Whether its sections were deleted.
    pub deleted: bool,
    /// Where it lies.
    pub location: Location,
}

/// Conditions and their values, one after the other.
#[derive(Default)]
struct Where {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
}

impl Where {
    fn and(&mut self, condition: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.values.push(value.into());
        }
    }

    /// Adds that a bunch of a sort, of this tenant if there is one, has a term.
    fn term(
        &mut self,
        (of_all, of_one): (&'static str, &'static str),
        term: Term,
        text: Option<&String>,
        tenant: Option<&String>,
    ) {
        if let Some(text) = text {
            self.conditions.push(if tenant.is_some() { of_one } else { of_all });
            self.values.extend([Value::from(term as i64), Value::from(text.clone())]);
            self.values.extend(tenant.cloned().map(Value::from));
        }
    }
}

/// Entries whose bunch has a term: of all tenants, and of one.
const DECIDING: (&str, &str) = (
    "deciding IN (SELECT bunch FROM terms WHERE what = ? AND text = ?)",
    "deciding IN (SELECT bunch FROM terms WHERE what = ? AND text = ? \
     AND tenant = (SELECT number FROM names WHERE text = ?))",
);
const PARTIES: (&str, &str) = (
    "parties IN (SELECT bunch FROM terms WHERE what = ? AND text = ?)",
    "parties IN (SELECT bunch FROM terms WHERE what = ? AND text = ? \
     AND tenant = (SELECT number FROM names WHERE text = ?))",
);

impl Query {
    pub(super) fn run(&self, connection: &Connection) -> Result<Page, Trouble> {
        let (sql, values) = self.sql();
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(&values), row)?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let next = rows.last().filter(|_| rows.len() == self.most()).map(|row| Cursor(row.sequence));
        Ok(Page { rows, next, indexed: 0 })
    }

    fn most(&self) -> usize {
        self.rows.clamp(1, MOST_ROWS)
    }

    fn sql(&self) -> (String, Vec<Value>) {
        let Where { conditions, values } = self.conditions();
        let filter = match conditions.as_slice() {
            [] => String::new(),
            all => format!("WHERE {}", all.join(" AND ")),
        };
        let order = match self.order {
            Order::NewestFirst => "DESC",
            Order::OldestFirst => "ASC",
        };
        let sql = format!(
            "SELECT sequence, id, kind, (SELECT text FROM names WHERE number = tenant), recorded, \
             (SELECT text FROM names WHERE number = set_revision), request_id, floor, ceiling, fault, what_if, \
             deleted, segment, offset FROM entries {filter} ORDER BY sequence {order} LIMIT {}",
            self.most()
        );
        (sql, values)
    }

    fn conditions(&self) -> Where {
        let mut all = Where::default();
        // Few entries have a party, an identifier: with one of these, SQLite is to begin there. Request ids are found with their
        // tenant.
        let is_rare = self.party.is_some() || self.identifier.is_some();
        let by_tenant = if is_rare && self.request_id.is_none() {
            "+tenant = (SELECT number FROM names WHERE text = ?)"
        } else {
            "tenant = (SELECT number FROM names WHERE text = ?)"
        };
        all.and(by_tenant, self.tenant.clone());
        all.and("kind = ?", self.kind.map(number_of_kind));
        self.in_time(&mut all);
        match self.ends {
            None => {}
            Some(Ends::Exactly(outcome)) => {
                all.and("floor = ?", Some(number(outcome)));
                all.and("ceiling = ?", Some(number(outcome)));
            }
            Some(Ends::Open) => all.conditions.push("floor < ceiling"),
            Some(Ends::OrStricter(outcome)) => all.and("ceiling >= ?", Some(number(outcome))),
        }
        let tenant = self.tenant.as_ref();
        all.term(DECIDING, Term::Binding, self.binding.as_ref(), tenant);
        all.term(DECIDING, Term::Policy, self.policy.as_ref(), tenant);
        all.term(PARTIES, Term::Party, self.party.as_ref(), tenant);
        all.term(PARTIES, Term::Identifier, self.identifier.as_ref(), tenant);
        all.and("request_brief = ?", self.request_id.as_deref().map(brief));
        all.and("request_id = ?", self.request_id.clone());
        all.and("fault = ?", self.fault.map(i64::from));
        all.and("what_if = ?", self.what_if.map(i64::from));
        all
    }

    /// Says when, and behind which row. Clocks go backwards, so an instant says nothing exact about where in the log to look;
    /// but each segment knows the earliest and the latest of its own, and all others are passed over.
    fn in_time(&self, all: &mut Where) {
        let (from, until) =
            (self.from.map(Timestamp::as_microsecond), self.until.map(Timestamp::as_microsecond));
        let after = self.after.map(|Cursor(after)| i64::try_from(after).unwrap_or(i64::MAX));
        let (behind, before) = match self.order {
            Order::NewestFirst => (None, after),
            Order::OldestFirst => (after, None),
        };
        match from {
            None => all.and("sequence > ?", behind),
            Some(from) => {
                all.conditions
                    .push("sequence > max(?, (SELECT min(first) - 1 FROM segments WHERE latest >= ?))");
                all.values.extend([Value::from(behind.unwrap_or(0)), Value::from(from)]);
            }
        }
        match until {
            None => all.and("sequence < ?", before),
            Some(until) => {
                all.conditions
                    .push("sequence < min(?, (SELECT max(last) + 1 FROM segments WHERE earliest < ?))");
                all.values.extend([Value::from(before.unwrap_or(i64::MAX)), Value::from(until)]);
            }
        }
        all.and("recorded >= ?", from);
        all.and("recorded < ?", until);
    }
}

fn row(cells: &Cells<'_>) -> rusqlite::Result<Row> {
    let wrong = |column: usize, what: &str| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Null, what.into())
    };
    let kind = kind(cells.get(2)?);
    let end = |column| Ok::<_, rusqlite::Error>(cells.get::<_, Option<i64>>(column)?.and_then(outcome));
    let (floor, ceiling) = (end(7)?, end(8)?);
    let recorded = Timestamp::from_microsecond(cells.get(4)?);
    Ok(Row {
        sequence: cells.get(0)?,
        id: EntryId::from_bytes(cells.get(1)?),
        kind: kind.ok_or_else(|| wrong(2, "an unknown kind"))?,
        tenant: cells.get(3)?,
        recorded: recorded.map_err(|_| wrong(4, "an instant out of range"))?,
        set_revision: cells.get(5)?,
        request_id: cells.get(6)?,
        span: floor.zip(ceiling).map(|(floor, ceiling)| Span { floor, ceiling }),
        fault: cells.get(9)?,
        what_if: cells.get(10)?,
        deleted: cells.get(11)?,
        location: Location { segment: cells.get(12)?, offset: cells.get(13)? },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_looks_at_too_much_is_ended_and_the_next_is_not() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(super::super::TABLES).unwrap();
        let fill = "INSERT INTO about VALUES (3, NULL, 60001); INSERT INTO names VALUES (1, 'acme'); \
            WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60000) \
            INSERT INTO entries (sequence, id, segment, offset, kind, tenant, recorded, fault, deleted) \
            SELECT n, zeroblob(16), 1, n, 0, 1, n, 0, 0 FROM n";
        connection.execute_batch(fill).unwrap();
        let mut index = super::super::Index::over(connection, false);
        let faults = Query { tenant: Some("acme".to_owned()), fault: Some(true), ..Query::default() };
        let ended = index.look_for(1, &faults);
        assert!(matches!(ended, Err(Trouble::TooBroad)), "{ended:?}");
        assert_eq!(index.look(&faults).unwrap().rows, []);
        let no_faults = Query { fault: Some(false), ..faults };
        assert_eq!(index.look_for(1, &no_faults).unwrap().rows.len(), no_faults.most());
    }

    #[test]
    fn what_nobody_wrote_makes_an_index_worthless() {
        let entry = |number: u8| {
            format!(
                "INSERT INTO entries (sequence, id, segment, offset, kind, tenant, recorded, deleted) \
                 VALUES ({number}, x'{number:032x}', 1, 80, 0, 1, {number}, 0);"
            )
        };
        let fill: String = (1..=3).map(entry).collect();
        let fill =
            format!("INSERT INTO about VALUES (3, NULL, 4); INSERT INTO names VALUES (1, 'acme'); {fill}");
        for damage in [
            "",
            "DELETE FROM entries WHERE sequence = 2",
            "UPDATE names SET text = CAST(x'ff' AS TEXT)",
            "UPDATE entries SET id = x'01' WHERE sequence = 2",
            "UPDATE entries SET kind = 77 WHERE sequence = 2",
            "UPDATE entries SET recorded = 9223372036854775807 WHERE sequence = 2",
            "DELETE FROM names",
            "UPDATE entries SET segment = -1 WHERE sequence = 2",
            "ALTER TABLE entries DROP COLUMN fault",
        ] {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(super::super::TABLES).unwrap();
            connection.execute_batch(&fill).unwrap();
            connection.execute_batch(damage).unwrap();
            let mut index = super::super::Index::over(connection, false);
            let mut id = [0; 16];
            id[15] = 2;
            let located = index.locate(EntryId::from_bytes(id)).map(|found| found.is_some());
            let page = index.look(&Query { rows: 3, ..Query::default() }).map(|page| page.rows.len());
            let worthless = [located.map(usize::from), page].map(|done| match done {
                Err(Trouble::Worthless(_)) => true,
                Err(other) => panic!("{damage}: {other:?}"),
                Ok(_) => false,
            });
            assert_eq!(worthless.contains(&true), !damage.is_empty(), "{damage}");
        }
    }

    #[test]
    fn each_index_is_what_a_query_begins_with() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(super::super::TABLES).unwrap();
        let text = || Some("x".to_owned());
        let begins = |query: Query, with: &str| {
            let (sql, values) = query.sql();
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan = statement.query_map(params_from_iter(&values), |row| row.get::<_, String>(3)).unwrap();
            let plan = plan.collect::<Result<Vec<_>, _>>().unwrap();
            assert!(plan.iter().any(|step| step.contains(with)), "{query:?}: {plan:#?}");
        };
        let tenant = || Query { tenant: text(), ..Query::default() };
        let epoch = Some(Timestamp::UNIX_EPOCH);
        begins(tenant(), "entries USING INDEX by_tenant (tenant=?)");
        begins(Query { from: epoch, ..tenant() }, "entries USING INDEX by_tenant (tenant=? AND rowid>?)");
        begins(Query { until: epoch, ..tenant() }, "entries USING INDEX by_tenant (tenant=? AND rowid<?)");
        begins(Query { from: epoch, ..Query::default() }, "entries USING INTEGER PRIMARY KEY (rowid>?)");
        begins(Query { until: epoch, ..Query::default() }, "entries USING INTEGER PRIMARY KEY (rowid<?)");
        begins(
            Query { request_id: text(), ..tenant() },
            "entries USING INDEX by_request (request_brief=? AND tenant=?)",
        );
        begins(Query { binding: text(), ..Query::default() }, "entries USING INDEX by_deciding (deciding=?)");
        begins(Query { policy: text(), ..Query::default() }, "entries USING INDEX by_deciding (deciding=?)");
        for query in [
            Query { party: text(), ..Query::default() },
            Query { identifier: text(), ..tenant() },
            Query { party: text(), policy: text(), from: epoch, until: epoch, ..tenant() },
        ] {
            begins(query.clone(), "entries USING INDEX by_parties (parties=?");
            let of_one = if query.tenant.is_some() { " AND tenant=?" } else { "" };
            begins(query, &format!("terms USING PRIMARY KEY (what=? AND text=?{of_one})"));
        }
    }
}
