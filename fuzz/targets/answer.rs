//! Answers: the bytes are the memory of a guest, which the host reads its findings from.
#![no_main]

libfuzzer_sys::fuzz_target!(init: { let _ = std::panic::take_hook(); }, |bytes: &[u8]| {
    let package = lexgate_fuzz::package(lexgate_fuzz::answering(bytes));
    lexgate_fuzz::run(package.expect("it is a policy"));
});
