//! Requests: whatever is read has a canonical form, and that is read as the same.
#![no_main]

use lexgate_model::{Request, RequestLimits};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let limits = RequestLimits::default();
    let Ok(request) = Request::from_json(bytes, &limits) else { return };
    let canonical = request.canonical();
    let wide = RequestLimits { bytes: usize::MAX, ..limits };
    let again = Request::from_json(canonical.text().as_bytes(), &wide);
    assert_eq!(again.as_ref().ok(), Some(&request), "{:?}", again.as_ref().err());
    assert_eq!(again.unwrap().canonical().text(), canonical.text());
    // A date of its own changes nothing else.
    if let Some(when) = request.when() {
        let mut same = request.clone();
        same.set_when(when);
        assert_eq!(same, request);
    }
});
