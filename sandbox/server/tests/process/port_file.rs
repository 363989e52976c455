//! The port file, which tells other processes the port.

use std::path::PathBuf;
use std::process::Stdio;

use crate::running::{PATIENCE, SandboxProcess, command};
use crate::start_and_end::refusal;

/// A port file in a folder of its own.
struct PortFolder(PathBuf);

impl PortFolder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("handset-port-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> String {
        self.0.join("port").to_str().unwrap().to_owned()
    }

    fn read(&self) -> Option<String> {
        std::fs::read_to_string(self.file()).ok()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned()).collect()
    }

    async fn start(&self) -> SandboxProcess {
        self.start_with(&[]).await
    }

    async fn start_with(&self, flags: &[&str]) -> SandboxProcess {
        SandboxProcess::start(&[&["--listen", "127.0.0.1:0", "--port-file", &self.file()], flags].concat()).await
    }
}

impl Drop for PortFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn line(running: &SandboxProcess) -> String {
    format!("{}\n", running.address.rsplit(':').next().unwrap())
}

#[tokio::test]
async fn the_file_holds_the_port_from_the_ready_line_until_the_end() {
    for signal in ["TERM", "INT"] {
        let place = PortFolder::new(signal);
        let running = place.start().await;
        assert_eq!(place.read(), Some(line(&running)));
        assert_eq!(place.names(), ["port"], "nothing beside it");
        assert!(running.end(signal).await.status.success());
        assert_eq!(place.names(), [""; 0], "{signal}");
    }
}

/// A process that polls for the file can use its content at once, whatever was there before.
#[tokio::test]
async fn the_file_is_never_partial_and_never_stale() {
    let place = PortFolder::new("polled");
    std::fs::write(place.file(), "1\n").unwrap();
    let poll = async {
        loop {
            match place.read() {
                // Until the start has replaced it.
                Some(old) if old == "1\n" => {}
                Some(text) => break text,
                None => {}
            }
            tokio::task::yield_now().await;
        }
    };
    let (polled, running) = tokio::join!(tokio::time::timeout(PATIENCE, poll), place.start());
    let polled = polled.unwrap();
    assert_eq!(polled, line(&running));
    tokio::net::TcpStream::connect(("127.0.0.1", polled.trim_end().parse().unwrap())).await.unwrap();
}

#[tokio::test]
async fn the_file_of_a_later_process_is_left_alone() {
    let place = PortFolder::new("later");
    let (earlier, later) = (place.start().await, place.start().await);
    assert!(earlier.end("TERM").await.status.success());
    assert_eq!(place.read(), Some(line(&later)));
    assert!(later.end("TERM").await.status.success());
    assert_eq!(place.read(), None);
}

/// A process that does not start has no port, and leaves the file of the running one.
#[tokio::test]
async fn a_start_that_fails_leaves_the_file_of_the_running_process() {
    let place = PortFolder::new("failed");
    let store = format!("sqlite:{}", place.0.join("sandbox.db").display());
    let running = place.start_with(&["--store", &store]).await;
    let file = place.file();
    let failing: [(&[&str], &str); 4] = [
        (&["--listen", &running.address], &running.address),
        (&["--listen", "127.0.0.1:0", "--store", &store], "another sandbox is using it"),
        (&["--listen", "127.0.0.1:0", "--tls-cert", "/no/cert", "--tls-key", "/no/key"], "/no/cert"),
        (&["--listen", "127.0.0.1:0", "--otp-seconds", "0"], "'otp.seconds'"),
    ];
    for (flags, reason) in failing {
        let said = refusal(&[flags, &["--port-file", &file]].concat()).await;
        assert!(said.contains(reason), "{said}");
        assert_eq!(place.read(), Some(line(&running)), "{flags:?}");
    }
    assert!(running.end("TERM").await.status.success());
    assert_eq!(place.read(), None);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_refused_by_name() {
    let place = PortFolder::new("refused");
    let file = place.0.join("no/such/folder/port");
    let output = command(&["--listen", "127.0.0.1:0", "--port-file", file.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    assert_eq!(output.stdout, b"", "there is no ready line");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--port-file: "), "{said}");
}
