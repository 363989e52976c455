//! docs/sandbox.md holds the text of `--help`, word for word.

use crate::running::command;

async fn said(flags: &[&str]) -> String {
    let output = command(flags).output().await.unwrap();
    assert!(output.status.success(), "{flags:?}");
    assert_eq!(output.stderr, b"", "{flags:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn help_is_what_the_documentation_shows() {
    let help = said(&["--help"]).await;
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sandbox.md")).unwrap();
    let shown = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(shown, help, "run `npm run docs`");
    assert_eq!(said(&["-h"]).await, help, "one help, however it is asked for");
}

#[tokio::test]
async fn help_fits_a_terminal() {
    for line in said(&["--help"]).await.lines() {
        assert!(line.chars().count() <= 100, "{line}");
        assert_eq!(line, line.trim_end());
    }
}
