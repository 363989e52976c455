//! Each check on small source trees: it finds the fault in one and no fault in the other.
#![allow(clippy::indexing_slicing, reason = "a test that fails panics")]

use handset_test_architecture::NeverImports::{ImportedExceptBy, OursExcept, Packages, Paths, Rooms, RoomsExcept};
use handset_test_architecture::{HouseFindings, ImportRule, NeverImports, SourceFiles};

/// The findings for a crate `a` with these files below `src/`.
fn of_crate(files: &[(&str, &str)]) -> HouseFindings {
    let files = files.iter().map(|(path, text)| (format!("src/{path}"), (*text).to_owned()));
    let manifest = ("Cargo.toml".to_owned(), "[package]\nname = \"a\"".to_owned());
    of(files.chain([manifest]).collect(), &[])
}

fn of(files: SourceFiles, rules: &[ImportRule]) -> HouseFindings {
    let findings = HouseFindings::of(files, rules, &[]);
    assert!(findings.unread.is_empty(), "{:?}", findings.unread);
    findings
}

fn rule(room: &'static str, never: NeverImports) -> ImportRule {
    ImportRule { room, never, why: "because" }
}

#[track_caller]
fn assert_circle(files: &[(&str, &str)], expected: &[&str]) {
    let found = of_crate(files).circles;
    assert_eq!(found.len(), 1, "{found:?}");
    let lines: Vec<&str> = found[0].lines().skip(1).map(str::trim).collect();
    assert_eq!(lines, expected);
}

#[track_caller]
fn assert_no_circle(files: &[(&str, &str)]) {
    let found = of_crate(files).circles;
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_circle_is_found_with_its_files_and_items() {
    assert_circle(
        &[
            ("lib.rs", "mod b; mod c;"),
            ("b.rs", "use crate::c::{One, two}; pub struct B(One); fn f() { two() }"),
            ("c.rs", "use crate::b::B; pub struct One; pub fn two() {} fn f(_: B) {}"),
        ],
        &["src/b.rs -> src/c.rs: One, two", "src/c.rs -> src/b.rs: B"],
    );
}

#[test]
fn a_circle_of_three_names_its_shortest_path() {
    let found = of_crate(&[
        ("lib.rs", "mod b; mod c; mod d;"),
        ("b.rs", "pub struct B(crate::c::C);"),
        ("c.rs", "pub struct C(crate::d::D);"),
        ("d.rs", "pub struct D(Option<crate::b::B>);"),
    ]);
    let first = found.circles[0].lines().next();
    assert_eq!(first, Some("a circle of 3 files, shortest path src/b.rs -> src/c.rs -> src/d.rs -> src/b.rs"));
}

#[test]
fn files_that_import_one_way_are_no_circle() {
    assert_no_circle(&[
        ("lib.rs", "mod b; mod c; pub use b::B;"),
        ("b.rs", "use crate::c::C; pub struct B(C);"),
        ("c.rs", "pub struct C;"),
    ]);
}

#[test]
fn a_re_export_leads_to_the_file_that_defines() {
    assert_circle(
        &[
            ("lib.rs", "mod rooms;"),
            ("rooms/mod.rs", "mod b; mod c; pub use b::B; pub use c::C as Renamed;"),
            ("rooms/b.rs", "use super::Renamed; pub struct B(Renamed);"),
            ("rooms/c.rs", "pub struct C(Option<super::B>);"),
        ],
        &["src/rooms/b.rs -> src/rooms/c.rs: C", "src/rooms/c.rs -> src/rooms/b.rs: B"],
    );
}

#[test]
fn a_module_that_re_exports_its_children_is_in_no_circle() {
    assert_no_circle(&[
        ("lib.rs", "mod rooms;"),
        ("rooms/mod.rs", "mod b; mod c; pub use b::*; pub(crate) use c::C; pub const MOST: u8 = 1;"),
        ("rooms/b.rs", "use super::{C, MOST}; pub struct B(C, [u8; MOST as usize]);"),
        ("rooms/c.rs", "pub struct C;"),
    ]);
}

#[test]
fn a_parent_that_uses_a_child_of_its_own_items_is_in_a_circle() {
    assert_circle(
        &[
            ("lib.rs", "mod rooms;"),
            ("rooms/mod.rs", "mod b; pub use b::B; pub const MOST: u8 = 1; fn f(_: B) {}"),
            ("rooms/b.rs", "pub struct B; fn f() -> u8 { super::MOST }"),
        ],
        &["src/rooms/b.rs -> src/rooms/mod.rs: MOST", "src/rooms/mod.rs -> src/rooms/b.rs: B"],
    );
}

#[test]
fn super_self_and_modules_by_name_are_resolved() {
    assert_circle(
        &[
            ("lib.rs", "mod rooms { pub mod b; mod inner { pub mod c; } use self::inner::c; }"),
            ("rooms/b.rs", "use super::c; pub struct B; fn f() { c::run() }"),
            ("rooms/inner/c.rs", "use super::super::b::{self as other}; pub fn run() { let _ = other::B; }"),
        ],
        &["src/rooms/b.rs -> src/rooms/inner/c.rs: run", "src/rooms/inner/c.rs -> src/rooms/b.rs: B"],
    );
}

#[test]
fn a_glob_counts_for_its_used_names() {
    assert_circle(
        &[
            ("lib.rs", "mod b; mod c;"),
            ("b.rs", "use crate::c::*; pub struct B; fn f() -> C { C }"),
            ("c.rs", "use crate::b::*; pub struct C; impl From<B> for C { fn from(_: B) -> C { C } }"),
        ],
        &["src/b.rs -> src/c.rs: C", "src/c.rs -> src/b.rs: B"],
    );
    assert_no_circle(&[
        ("lib.rs", "mod b; mod c;"),
        ("b.rs", "use crate::c::*; pub struct B; fn f() -> C { C }"),
        ("c.rs", "use crate::b::*; pub struct C; fn f(B2: u8) -> u8 { B2 }"),
    ]);
}

#[test]
fn private_names_do_not_come_through_a_glob() {
    assert_no_circle(&[
        ("lib.rs", "mod b; mod c; mod d;"),
        ("b.rs", "use crate::c::*; pub struct B; fn f() { let _ = Thing; }"),
        ("c.rs", "use crate::d::Thing; pub fn f(_: Thing) {}"),
        ("d.rs", "pub struct Thing; fn f(_: crate::b::B) {}"),
    ]);
}

#[test]
fn a_variable_is_not_the_function_of_its_name() {
    assert_no_circle(&[
        ("lib.rs", "mod b; mod c;"),
        ("b.rs", "use crate::c::*; pub struct B; fn f(token: u8) -> u8 { token }"),
        ("c.rs", "pub fn token(_: crate::b::B) {}"),
    ]);
}

#[test]
fn paths_in_expressions_patterns_and_attributes_count() {
    for inside in [
        "fn f() { crate::c::run::<u8>(); }",
        "fn f(x: u8) { if let crate::c::MOST = x {} }",
        "fn f() -> impl Iterator<Item = crate::c::C> { [].into_iter() }",
        "fn f() { use crate::c::run as go; go::<u8>() }",
        "fn f<T: crate::c::Kind>(_: T) {}",
        "fn f() { <u8 as crate::c::Kind>::name() }",
        "fn f() { <Vec<crate::c::C>>::new(); }",
        "#[derive(crate::c::Kind)] struct Other;",
        "#[serde(with = \"crate::c::text\")] struct Other;",
        "fn f() { println!(\"{}\", crate::c::MOST) }",
        "fn f() { select! { x = go() => crate::c::run(x), else => {} } }",
        "use crate::c::*; fn f() { json!({ \"a\": MOST }) }",
        "macro_rules! of { () => { $crate::c::C } }",
    ] {
        let findings = of_crate(&[
            ("lib.rs", "mod b; mod c;"),
            ("b.rs", &format!("pub struct B; {inside}")),
            (
                "c.rs",
                "pub struct C; pub trait Kind { fn name() {} } pub const MOST: u8 = 1; pub fn run<T>() {} \
                 fn f(_: crate::b::B) {}",
            ),
        ]);
        assert_eq!(findings.circles.len(), 1, "{inside}");
    }
}

#[test]
fn a_macro_counts_where_it_is_called() {
    assert_circle(
        &[
            ("lib.rs", "#[macro_use] mod c; mod b;"),
            ("b.rs", "pub struct B; fn f() { one!() }"),
            ("c.rs", "macro_rules! one { () => { 1 } } fn f(_: crate::b::B) {}"),
        ],
        &["src/b.rs -> src/c.rs: one", "src/c.rs -> src/b.rs: B"],
    );
}

#[test]
fn code_of_unit_tests_does_not_count() {
    assert_no_circle(&[
        ("lib.rs", "mod b; mod c;"),
        ("b.rs", "pub struct B; #[cfg(test)] use crate::c::C; #[cfg(test)] mod tests;"),
        ("b/tests.rs", "use crate::c::C;"),
        ("c.rs", "pub struct C(crate::b::B); #[cfg(all(test, unix))] mod more { use crate::b::B; }"),
    ]);
}

#[test]
fn code_for_a_feature_or_without_tests_counts() {
    for condition in ["feature = \"x\"", "any(test, feature = \"x\")", "not(test)"] {
        let findings = of_crate(&[
            ("lib.rs", "mod b; mod c;"),
            ("b.rs", &format!("pub struct B; #[cfg({condition})] use crate::c::C;")),
            ("c.rs", "pub struct C(crate::b::B);"),
        ]);
        assert_eq!(findings.circles.len(), 1, "{condition}");
    }
}

#[test]
fn circles_of_test_crates_are_listed_separately() {
    let files = [
        ("Cargo.toml", "[package]\nname = \"a\""),
        ("tests/suite/main.rs", "mod b; mod c;"),
        ("tests/suite/b.rs", "pub struct B; #[cfg(test)] use crate::c::C;"),
        ("tests/suite/c.rs", "pub struct C(crate::b::B);"),
    ];
    let findings = of(files.into_iter().collect(), &[]);
    assert!(findings.circles.is_empty());
    assert_eq!(findings.circles_in_tests.len(), 1);
}

/// Two packages: `up` imports from `low`, and `low` reads the clock.
fn packages() -> SourceFiles {
    [
        ("low/Cargo.toml", "[package]\nname = \"the-low\""),
        ("low/src/lib.rs", "//! Low.\nmod time; pub use time::Clock;"),
        ("low/src/time.rs", "//! Time.\nuse std::time::*; pub struct Clock(Instant);"),
        (
            "up/Cargo.toml",
            "[package]\nname = \"the-up\"\n[dependencies]\nthe-low = { path = \"../low\" }\nrusqlite = \"1\"",
        ),
        ("up/src/main.rs", "//! Main.\nmod app; mod http; mod cli;\nfn main() { cli::read(); }"),
        ("up/src/app.rs", "//! App.\npub use the_low::Clock;\npub fn run() {}"),
        ("up/src/cli.rs", "//! CLI.\npub fn read() {}"),
        ("up/src/http/mod.rs", "//! HTTP.\npub mod shared;\nuse crate::app::Clock;\nuse rusqlite as sql;"),
        ("up/src/http/shared.rs", "//! Shared.\nfn f() { crate::app::run(); crate::cli::read() }"),
    ]
    .into_iter()
    .collect()
}

#[track_caller]
fn assert_forbidden(room: &'static str, never: NeverImports, expected: &[&str]) {
    let findings = of(packages(), &[rule(room, never)]);
    assert_eq!(findings.empty_rules, [""; 0]);
    let found: Vec<&str> = findings.forbidden_imports.iter().filter_map(|found| found.lines().next()).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_package_imports_only_allowed_packages() {
    let through_a_re_export = "up/src/http/mod.rs:3 -> low/src/time.rs: Clock";
    assert_forbidden("up/src", OursExcept(&[]), &["up/src/app.rs:2 -> low/src/time.rs: Clock", through_a_re_export]);
    assert_forbidden("up/src", OursExcept(&["the-low"]), &[]);
    assert_forbidden("up/src/http", Packages(&["the-low"]), &[through_a_re_export]);
}

#[test]
fn a_room_imports_nothing_of_a_forbidden_room() {
    assert_forbidden("up/src/http", Rooms(&["up/src/app"]), &["up/src/http/shared.rs:2 -> up/src/app.rs: run"]);
    assert_forbidden("up/src/app", Rooms(&["up/src/http"]), &[]);
    assert_forbidden("low/src/lib", Rooms(&["low/src"]), &["low/src/lib.rs:2 -> low/src/time.rs: Clock"]);
    assert_forbidden("low/src/lib", RoomsExcept(&["low/src"], &["low/src/time"]), &[]);
}

#[test]
fn a_room_is_imported_only_by_allowed_rooms() {
    let shared = "up/src/http/shared.rs:2 -> up/src/cli.rs: read";
    let main = "up/src/main.rs:3 -> up/src/cli.rs: read";
    assert_forbidden("up/src/cli", ImportedExceptBy(&["up/src/app"]), &[shared, main]);
    assert_forbidden("up/src/cli", ImportedExceptBy(&["up/src/main"]), &[shared]);
}

#[test]
fn a_room_names_nothing_of_a_forbidden_crate() {
    assert_forbidden("low/src", Paths(&["std::time::Instant"]), &["low/src/time.rs:2 -> std::time::*"]);
    assert_forbidden("up/src", Paths(&["rusqlite"]), &["up/src/http/mod.rs:4 -> rusqlite"]);
    assert_forbidden("up/src", Paths(&["std::time::Instant", "std::tim"]), &[]);
}

#[test]
fn a_forbidden_import_is_printed_with_its_rule() {
    let findings = of(packages(), &[rule("up/src", Paths(&["rusqlite"]))]);
    assert_eq!(findings.forbidden_imports, ["up/src/http/mod.rs:4 -> rusqlite\n  rule of up/src: because"]);
}

#[test]
fn a_rule_without_a_subject_is_found() {
    for (rule, expected) in [
        (rule("up/src/gone", Rooms(&[])), "room up/src/gone"),
        (rule("up/src", Rooms(&["up/src/gone"])), "room up/src/gone"),
        (rule("up/src", RoomsExcept(&[], &["up/src/ap"])), "room up/src/ap"),
        (rule("up/src", ImportedExceptBy(&["up/src/gone"])), "room up/src/gone"),
        (rule("up/src", OursExcept(&["the-gone"])), "package the-gone"),
        (rule("up/src", Packages(&["the_low"])), "package the_low"),
        (rule("up/src", Paths(&["gone::Thing"])), "crate gone"),
    ] {
        let expected = format!("a rule names the {expected}, which does not exist");
        assert_eq!(of(packages(), &[rule]).empty_rules, [expected]);
    }
}

#[test]
fn a_repeated_type_name_is_found_with_all_definitions() {
    let findings = of_crate(&[
        ("lib.rs", "mod b; pub struct Twice;\npub trait Once { type Item; }"),
        (
            "b.rs",
            "fn f() {\n    enum Twice {}\n}\nimpl Once for u8 { type Item = u8; }\n#[cfg(test)] mod tests { type Twice = u8; }",
        ),
    ]);
    assert_eq!(findings.repeated_names, ["Twice is defined 3 times: src/b.rs:2, src/b.rs:5, src/lib.rs:1"]);
}

#[test]
fn the_two_sides_of_a_condition_are_one_definition() {
    let sides = |other| format!("#[cfg(feature = \"x\")] struct Side; #[cfg({other})] struct Side(u8);");
    assert!(of_crate(&[("lib.rs", &sides("not(feature = \"x\")"))]).repeated_names.is_empty());
    assert_eq!(of_crate(&[("lib.rs", &sides("feature = \"y\""))]).repeated_names.len(), 1);
}

#[test]
fn an_exception_needs_a_repeated_name() {
    let files = || [("Cargo.toml", "[package]\nname = \"a\""), ("src/lib.rs", "struct A; mod b { struct A; }")];
    let findings = |allowed| HouseFindings::of(files().into_iter().collect(), &[], allowed);
    assert_eq!(findings(&[("A", "because")]).lists().map(|(_, lines)| lines.len()), [0, 0, 0, 0, 0, 1, 0]);
    assert_eq!(findings(&[("A", "because"), ("B", "because")]).empty_rules.len(), 1);
}

#[test]
fn a_file_without_a_header_is_found() {
    let findings = of_crate(&[
        ("lib.rs", "//! What is in it.\nmod b; mod c; mod d;"),
        ("b.rs", "/// What is in the struct.\nstruct B;"),
        ("c.rs", "#![allow(dead_code)]\n//! What is in it.\n"),
        ("d.rs", "// Not that.\n"),
    ]);
    assert_eq!(findings.without_header, ["src/b.rs", "src/d.rs"]);
}

#[test]
fn an_unreadable_source_is_found() {
    let files = [
        ("Cargo.toml", "[package]\nname = \"a\""),
        ("low/Cargo.toml", "[package"),
        ("src/lib.rs", "mod gone; mod wrong;"),
        ("src/lost.rs", ""),
        ("src/wrong.rs", "struct"),
    ];
    let findings = HouseFindings::of(files.into_iter().collect(), &[], &[]);
    let found: Vec<&str> = findings.unread.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(found, ["low/Cargo.toml:", "src/lib.rs:", "src/lost.rs:", "src/wrong.rs:1:"]);
}

#[test]
fn a_file_with_a_path_attribute_is_found() {
    let files = [
        ("Cargo.toml", "[package]\nname = \"a\""),
        ("tests/one.rs", "#[path = \"../shared/events.rs\"] mod events;"),
        ("shared/events.rs", "mod more;"),
        ("shared/more.rs", ""),
    ];
    of(files.into_iter().collect(), &[]);
}
