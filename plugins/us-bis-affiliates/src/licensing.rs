//! How applications for a licence are treated, by the list that an owner is on.

use lexgate_sdk::Table;
use lexgate_sdk::contract::LicensingPolicy;

/// A row for each list and programme (`*` for every other) of which that is known.
#[derive(Debug)]
pub(crate) struct Licensing(Vec<(String, String, LicensingPolicy)>);

impl Licensing {
    /// Reads the column `licensing` beside `list` and `program`; `unknown`, or nothing, where it is not known.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Licensing, String> {
        let mut rows = Vec::new();
        for row in Table::parse(bytes)?.rows() {
            let policy = match row.get("licensing")? {
                "presumption-of-approval" => LicensingPolicy::PresumptionOfApproval,
                "case-by-case" => LicensingPolicy::CaseByCase,
                "presumption-of-denial" => LicensingPolicy::PresumptionOfDenial,
                "policy-of-denial" => LicensingPolicy::PolicyOfDenial,
                "unknown" | "" => continue,
                other => return Err(row.error(["`", other, "` is no licensing policy"].concat())),
            };
            rows.push((row.get("list")?.to_owned(), row.get("program")?.to_owned(), policy));
        }
        Ok(Licensing(rows))
    }

    /// Returns the strictest of these lists and programmes; where that of one is not known, denial is presumed at
    /// least.
    pub(crate) fn of<'l>(&self, on: impl IntoIterator<Item = (&'l str, &'l str)>) -> LicensingPolicy {
        let policies = on.into_iter().map(|(list, program)| {
            let row = |wanted: &str| self.0.iter().find(|row| row.0 == list && row.1 == wanted);
            row(program).or_else(|| row("*")).map_or(LicensingPolicy::PresumptionOfDenial, |row| row.2)
        });
        policies.max().unwrap_or(LicensingPolicy::PresumptionOfDenial)
    }
}
