//! `bodies::door` on whatever libFuzzer thinks of.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fusepay_fuzz::bodies::door(bytes));
