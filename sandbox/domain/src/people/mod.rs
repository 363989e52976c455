//! Whose a phone number is: how numbers are written, test users, magic numbers, records, and their comparison.

pub(crate) mod compare;
pub(crate) mod evaluation;
pub(crate) mod magic_numbers;
pub(crate) mod person;
pub(crate) mod phone;
pub(crate) mod test_users;
