//! The rules, read from `contract/*.txt`.
//!
//! A line that is not indented is a rule; the indented lines below it name its tests, as `cargo test -- --list` does.
//! A test of another suite, for a rule of the facade, is named by file: `path::name`. `#` begins a comment.

/// One rule, and the tests that prove it.
#[derive(Debug)]
pub(crate) struct ContractRule {
    pub(crate) text: String,
    pub(crate) tests: Vec<String>,
}

/// One row of the table of endings.
pub(crate) struct EndingRow {
    pub(crate) reported: String,
    pub(crate) finish: String,
    pub(crate) promise: String,
    pub(crate) state: String,
    pub(crate) kind: String,
}

const ENDINGS: &str = include_str!("../contract/endings.txt");
const FILES: &[&str] = &[
    include_str!("../contract/token.txt"),
    include_str!("../contract/loop.txt"),
    include_str!("../contract/otp.txt"),
    include_str!("../contract/link.txt"),
    include_str!("../contract/mobile_auth.txt"),
    include_str!("../contract/status.txt"),
    include_str!("../contract/deadlines.txt"),
    include_str!("../contract/repeats.txt"),
    include_str!("../contract/pace.txt"),
    include_str!("../contract/typed.txt"),
    include_str!("../contract/events.txt"),
    include_str!("../contract/secrets.txt"),
    include_str!("../contract/resume.txt"),
    ENDINGS,
];

/// Every rule of every file.
pub(crate) fn rules() -> Vec<ContractRule> {
    let mut rules: Vec<ContractRule> = Vec::new();
    for line in FILES.iter().flat_map(|file| file.lines()) {
        match (line.trim(), line.starts_with(' ')) {
            ("", _) => {}
            (comment, _) if comment.starts_with('#') => {}
            (test, true) => rules.last_mut().expect("a test stands below its rule").tests.push(test.to_owned()),
            (text, false) => rules.push(ContractRule { text: text.to_owned(), tests: Vec::new() }),
        }
    }
    rules
}

/// The row of the table of endings with this id.
pub(crate) fn ending(id: &str) -> EndingRow {
    let rows = ENDINGS.lines().filter(|line| !line.starts_with([' ', '#'])).map(cells);
    let row: Vec<String> = rows.into_iter().find(|row| row[0] == id).unwrap_or_else(|| panic!("no ending {id}"));
    let [_, reported, finish, promise, state, kind, _] = row.try_into().expect("a row has seven cells");
    EndingRow { reported, finish, promise, state, kind }
}

/// Every step of the protocol: name, error area, whether the primary and the secondary role know it.
pub(crate) fn step_areas() -> Vec<(String, Option<String>, bool, bool)> {
    let table = include_str!("../contract/steps.txt");
    let rows = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(cells);
    rows.map(|row| {
        let [step, area, primary, secondary] = row.try_into().expect("a row has four cells");
        (step, Some(area).filter(|area| area != "-"), primary == "yes", secondary == "yes")
    })
    .collect()
}

fn cells(line: &str) -> Vec<String> {
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}
