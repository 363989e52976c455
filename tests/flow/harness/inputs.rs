//! The phone numbers and codes of a person in these tests.

/// A valid number.
pub(crate) const NUMBER: &str = "+12025550147";
/// Another valid number.
pub(crate) const OTHER_NUMBER: &str = "+447968905512";
/// A valid code.
pub(crate) const CODE: &str = "482913";
/// Another valid code.
pub(crate) const OTHER_CODE: &str = "917350";
