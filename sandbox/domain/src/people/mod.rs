//! Phone numbers and their owners: notation, test users, magic numbers, records, comparison and evaluation. No
//! sessions.

pub(crate) mod carrier_behaviour;
pub(crate) mod compare;
pub(crate) mod evaluation;
pub(crate) mod magic_numbers;
pub(crate) mod person;
pub(crate) mod phone;
pub(crate) mod test_users;
