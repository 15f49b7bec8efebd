//! Lists of parties that hold on certain days: determinations, mitigation agreements, military companies.

use lexgate_sdk::{Condition, Date, Names, Obligation, Party, Period, Row, Table, date};

/// One version of a list.
#[derive(Debug)]
pub(crate) struct Register(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    names: Names,
    period: Period,
    /// What must be done; of mitigation agreements only.
    obligation: Option<Obligation>,
}

impl Register {
    /// Reads the columns `name` and `of`, where there are such `scheme` and `id` of a registration, and `from` and `until`,
    /// which may be empty.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Register, String> {
        let entry = |row: &Row<'_>| {
            let period = Period { from: day(row, "from")?, until: day(row, "until")? };
            Ok(Entry { names: Names::of_row(row)?, period, obligation: None })
        };
        Table::parse(bytes)?.rows().map(|row| entry(&row)).collect::<Result<_, _>>().map(Register)
    }

    /// Reads the same, and the columns `agreement`, `obligation` (its kind, such as `notify-authority`) and `terms`.
    pub(crate) fn of_obligations(bytes: &[u8]) -> Result<Register, String> {
        let mut register = Register::parse(bytes)?;
        for (entry, row) in register.0.iter_mut().zip(Table::parse(bytes)?.rows()) {
            let kind = row.get("obligation")?;
            if kind.is_empty() {
                return Err(row.error("there is no `obligation`"));
            }
            let obligation = Obligation::binding(kind).text("agreement", row.get("agreement")?);
            entry.obligation = Some(obligation.text("terms", row.get("terms")?));
        }
        Ok(register)
    }

    /// Returns whether anything on it holds on the date.
    pub(crate) fn any_on(&self, date: Date) -> bool {
        self.on(date).next().is_some()
    }

    /// Returns whether a party is on it, by name or registration.
    pub(crate) fn has<'a>(&self, party: Party<'a>, date: Date) -> Condition<'a> {
        Condition::any(self.on(date).map(|entry| entry.names.has(party)))
    }

    /// Returns whether a party is called like somebody on it.
    pub(crate) fn alike<'a>(&self, party: Party<'a>, date: Date, least: u8) -> Condition<'a> {
        Condition::any(self.on(date).map(|entry| entry.names.alike(party, least)))
    }

    /// Returns what parties that are on it must do, each thing once.
    pub(crate) fn obligations<'a>(
        &self,
        parties: impl Iterator<Item = Party<'a>>,
        date: Date,
    ) -> Vec<Obligation> {
        let mut obligations = Vec::new();
        for party in parties {
            for entry in self.on(date).filter(|entry| entry.names.has(party).truth().possible()) {
                let new = entry.obligation.iter().filter(|obligation| !obligations.contains(*obligation));
                let new: Vec<_> = new.cloned().collect();
                obligations.extend(new);
            }
        }
        obligations
    }

    fn on(&self, date: Date) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| entry.period.contains(date))
    }
}

fn day(row: &Row<'_>, column: &str) -> Result<Option<Date>, String> {
    match row.get(column)? {
        "" => Ok(None),
        text => date::parse(text).map(Some).ok_or_else(|| row.error(format!("`{text}` is not a date"))),
    }
}
