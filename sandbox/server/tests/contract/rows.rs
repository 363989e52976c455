//! `rows!`: the tests of one table, by the names of its rows.

/// The tests of one table, by the names of its rows.
macro_rules! rows {
    ($($row:ident),* $(,)?) => {
        /// The rows that have a test.
        pub(crate) const ROWS: &[(&str, fn())] = &[$((stringify!($row), $row)),*];
    };
}

pub(crate) use rows;
