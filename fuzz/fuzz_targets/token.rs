//! The target `token` under libFuzzer. Its body is in `tests/fuzz/src/token.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| handset_test_fuzz::run_target("token", input));
