//! Copies the page to embed into `OUT_DIR`: `www/dist` if it is built, otherwise a placeholder with build instructions, so that
//! the crate always builds.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const PLACEHOLDER: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Handset sandbox</title>
</head>
<body>
<main>
<h1>The sandbox is running</h1>
<p>Its demo page was not built. <code>npm run build</code> builds it; then build the sandbox again, or start it with
<code>--www www/dist</code>.</p>
</main>
</body>
</html>
"#;

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("www");
    let www = manifest.join("../../www");
    // The parent of `dist`, because cargo rebuilds every time if a watched path does not exist.
    println!("cargo::rerun-if-changed={}", if www.is_dir() { www.display() } else { manifest.display() });
    println!("cargo::rerun-if-changed=build.rs");
    if out.is_dir() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    let dist = www.join("dist");
    if dist.join("index.html").is_file() { copy(&dist, &out) } else { fs::write(out.join("index.html"), PLACEHOLDER) }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?
        } else {
            fs::copy(entry.path(), target).map(drop)?
        }
    }
    Ok(())
}
