//! Many pages that wait, and phones that open their links.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use futures_util::future::{join, try_join_all};
use futures_util::{SinkExt, StreamExt};
use handset_protocol::client;
use hyper::{Method, StatusCode};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::error::LoadError;
use crate::flows::{Caller, Numbers};
use crate::http::{Body, Http, connect};
use crate::server::{MeasuredServer, ServerKind};

/// How many are opened side by side.
const OPENERS: usize = 16;

/// A page that waits.
struct WaitingPage {
    socket: WebSocketStream<TcpStream>,
    /// The path whose request wakes it.
    link: String,
}

/// Pages that wait at one server.
pub(crate) struct WaitingPages {
    kind: ServerKind,
    address: SocketAddr,
    /// The clients that start the flows; none at the floor.
    callers: Vec<Option<Caller>>,
    numbers: Numbers,
    pages: Vec<WaitingPage>,
}

impl WaitingPages {
    pub(crate) async fn new(server: &MeasuredServer) -> Result<Self, LoadError> {
        let (kind, address) = (server.kind, server.address);
        let mut callers = Vec::new();
        for _ in 0..OPENERS {
            callers.push(if kind == ServerKind::Floor { None } else { Some(Caller::open(address).await?) });
        }
        Ok(Self { kind, address, callers, numbers: Numbers::new(), pages: Vec::new() })
    }

    /// Lets it grow to so many. Each socket has answered once when this returns.
    pub(crate) async fn grow(&mut self, size: usize) -> Result<(), LoadError> {
        let (kind, address, numbers) = (self.kind, self.address, &self.numbers);
        let opened = Cell::new(self.pages.len());
        let pages = RefCell::new(&mut self.pages);
        let open = async |caller: &mut Option<Caller>| {
            while opened.get() < size {
                let index = opened.replace(opened.get() + 1);
                let (path, link) = match caller {
                    Some(caller) => {
                        let (auth_token, link) = caller.link(&numbers.next()).await?;
                        (format!("{}?token={auth_token}", client::paths::STATUS), link)
                    }
                    None => (format!("/socket/{index}"), format!("/wake/{index}")),
                };
                let socket = wait(address, index, &path).await?;
                pages.borrow_mut().push(WaitingPage { socket, link });
            }
            Ok::<_, LoadError>(())
        };
        try_join_all(self.callers.iter_mut().map(open)).await?;
        let answered = if kind == ServerKind::Floor { "ping" } else { "pong" };
        // One after the other in a few rows: each must answer, and that takes no time worth saving.
        for page in &mut self.pages {
            page.socket.send(Message::text("ping")).await?;
            if told(&mut page.socket).await? != answered {
                return Err("a socket does not answer".into());
            }
        }
        Ok(())
    }

    /// Opens the links of so many pages, `at_once` at a time. Returns the times from each link's request to its page's event,
    /// in ms, shortest first. A woken page waits no more.
    pub(crate) async fn click(&mut self, clicks: usize, at_once: usize) -> Result<Vec<f64>, LoadError> {
        let at = self.pages.len().saturating_sub(clicks);
        let clicked = Rc::new(RefCell::new(self.pages.split_off(at)));
        let phone = async || {
            let mut times = Vec::new();
            loop {
                let Some(page) = clicked.borrow_mut().pop() else { return Ok::<_, LoadError>(times) };
                times.push(self.open_link(page).await?);
            }
        };
        let mut times = try_join_all((0..at_once).map(|_| phone())).await?.concat();
        times.sort_by(f64::total_cmp);
        Ok(times)
    }

    async fn open_link(&self, mut page: WaitingPage) -> Result<f64, LoadError> {
        let begin = Instant::now();
        let opened = async {
            let mut http = Http::open(self.address).await?;
            let (status, _) = http.ask(Method::GET, &page.link, None, Body::None).await?;
            Ok::<_, LoadError>(status)
        };
        let woken = async {
            let text = told(&mut page.socket).await?;
            Ok::<_, LoadError>((begin.elapsed(), text))
        };
        let (status, told) = join(opened, woken).await;
        let ((time, text), status) = (told?, status?);
        let (expected, event) = match self.kind {
            ServerKind::Floor => (StatusCode::OK, "{}"),
            ServerKind::Memory | ServerKind::Sqlite => (StatusCode::SEE_OTHER, r#"{"next":"done"}"#),
        };
        if status != expected || text != event {
            return Err(format!("a link that is opened answers {status}").into());
        }
        Ok(time.as_secs_f64() * 1000.0)
    }
}

/// Opens a socket as the `index`-th of many.
async fn wait(address: SocketAddr, index: usize, path: &str) -> Result<WebSocketStream<TcpStream>, LoadError> {
    // Of this side nothing is measured, but it has to fit in beside the other.
    let config = WebSocketConfig::default().read_buffer_size(512).write_buffer_size(0);
    let stream = connect(address, index).await?;
    let (socket, _) = client_async_with_config(format!("ws://{address}{path}"), stream, Some(config)).await?;
    Ok(socket)
}

/// The next text.
async fn told(socket: &mut WebSocketStream<TcpStream>) -> Result<String, LoadError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(_)) | None => return Err("a socket ended without a word".into()),
            Some(Err(error)) => return Err(error.into()),
        }
    }
}
