use super::*;
use lexgate_sdk::contract::Certificate;
use lexgate_sdk::testing::{company, request};

#[test]
fn more_certificates_than_can_be_weighed_are_refused() {
    let of = |count: usize| {
        let paper = Certificate {
            record_id: None,
            scheme: "CSAP".to_owned(),
            grade: None,
            service_model: None,
            holder: None,
            valid_from: None,
            valid_until: None,
            underlying: None,
            facts: Vec::new(),
        };
        let raw = request("2025-01-01").party(company("buyer", "KR")).participant("purchaser", "buyer");
        let raw = raw.with(|raw| raw.certificates = Some(vec![paper; count])).build();
        KrNisVerification.evaluate(Request::new(&raw).unwrap(), &mut Findings::new())
    };
    assert!(of(MOST_CERTIFICATES).is_ok());
    assert!(of(MOST_CERTIFICATES + 1).is_err());
}
