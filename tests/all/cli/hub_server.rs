//! A small Hub on loopback: one repository in the Hub's layout, and the failures that a real network has.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha1::{Digest, Sha1};

/// The one repository.
pub(super) const ID: &str = "acme/tiny";
pub(super) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Files at least this long are stored as the Hub stores large ones: on another machine, by their SHA-256.
const LARGE_BYTES: usize = 60_000;

/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_secs(60);

/// What happens to requests.
#[derive(Clone, Default)]
pub(super) struct Accidents {
    /// The body of a large file ends after the first number of bytes, the second number of times.
    pub(super) cut: Option<(usize, usize)>,
    /// A large file stops coming after this many bytes, and the connection stays open.
    pub(super) stall: Option<usize>,
    /// The description never comes, and the connection stays open.
    pub(super) silent: bool,
    /// Byte ranges are not understood.
    pub(super) no_ranges: bool,
    /// Large files come with a wrong byte.
    pub(super) corrupt: bool,
    /// The description is refused with this status and `X-Error-Code`.
    pub(super) refuse: Option<(u16, &'static str)>,
    /// Only requests with this token are answered.
    pub(super) token: Option<&'static str>,
}

/// A request as it was received.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
}

/// The server; it ends with the process.
pub(super) struct Hub {
    pub(super) port: u16,
    state: Arc<State>,
}

struct State {
    files: BTreeMap<String, Vec<u8>>,
    accidents: Mutex<Accidents>,
    requests: Mutex<Vec<Request>>,
}

impl Hub {
    /// Serves the files of a folder, and some that nobody needs.
    pub(super) fn serve(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            files.insert(name, std::fs::read(path).expect("a file"));
        }
        files.insert("pytorch_model.bin".to_owned(), vec![1; 100]);
        files.insert("onnx/model.onnx".to_owned(), vec![2; 100]);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (accidents, requests) = (Mutex::default(), Mutex::default());
        let state = Arc::new(State {
            files,
            accidents,
            requests,
        });
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&served);
                // A client that goes away in the middle is part of the tests.
                std::thread::spawn(move || state.answer(stream, port).ok());
            }
        });
        Self { port, state }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn let_happen(&self, accidents: Accidents) {
        *self.state.accidents.lock().expect("the accidents") = accidents;
    }

    /// The requests since the last call.
    pub(super) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.requests.lock().expect("the requests"))
    }

    pub(super) fn bytes_of(&self, name: &str) -> usize {
        self.state.files[name].len()
    }
}

impl State {
    fn answer(&self, mut stream: TcpStream, port: u16) -> std::io::Result<()> {
        let request = read_request(&stream)?;
        self.requests
            .lock()
            .expect("the requests")
            .push(request.clone());
        let accidents = self.accidents.lock().expect("the accidents").clone();
        let (path, _query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let from_store = path.strip_prefix("/store/");
        let token = accidents.token.map(|token| format!("Bearer {token}"));
        if from_store.is_none()
            && token.is_some()
            && request.headers.get("authorization") != token.as_ref()
        {
            return respond(&mut stream, 401, &[], b"{}");
        }
        if let Some(name) = from_store {
            return self.send(&mut stream, &request, &accidents, name);
        }
        if path.starts_with("/api/models/") {
            if accidents.silent {
                std::thread::sleep(FOR_EVER);
            }
            if let Some((status, code)) = accidents.refuse {
                let headers = [format!("X-Error-Code: {code}"), "Retry-After: 7".to_owned()];
                return respond(&mut stream, status, &headers, b"{}");
            }
            let known = [
                format!("/api/models/{ID}/revision/main"),
                format!("/api/models/{ID}/revision/v1"),
            ];
            return match known.iter().any(|known| known == path) {
                true => respond(
                    &mut stream,
                    200,
                    &[],
                    self.description().to_string().as_bytes(),
                ),
                false => respond(
                    &mut stream,
                    404,
                    &["X-Error-Code: RepoNotFound".to_owned()],
                    b"{}",
                ),
            };
        }
        let name = path
            .strip_prefix(&format!("/{ID}/resolve/{COMMIT}/"))
            .unwrap_or_default();
        match self.files.get(name) {
            None => respond(
                &mut stream,
                404,
                &["X-Error-Code: EntryNotFound".to_owned()],
                b"",
            ),
            Some(content) if content.len() >= LARGE_BYTES => {
                // Another name for this machine, so another machine to a client that guards its token.
                let place = format!("Location: http://localhost:{port}/store/{name}");
                respond(&mut stream, 302, &[place], b"")
            }
            Some(_) => self.send(&mut stream, &request, &Accidents::default(), name),
        }
    }

    /// A file, from the byte that is asked for.
    fn send(
        &self,
        stream: &mut TcpStream,
        request: &Request,
        how: &Accidents,
        name: &str,
    ) -> std::io::Result<()> {
        let mut content = self.files[name].clone();
        if how.corrupt {
            let middle = content.len() / 2;
            content[middle] ^= 1;
        }
        let range = request.headers.get("range").filter(|_| !how.no_ranges);
        let start: usize = range.map_or(0, |range| {
            range
                .trim_start_matches("bytes=")
                .trim_end_matches('-')
                .parse()
                .expect("a byte range")
        });
        let (status, length) = (if start > 0 { 206 } else { 200 }, content.len() - start);
        let mut head =
            format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n");
        if start > 0 {
            head += &format!(
                "Content-Range: bytes {start}-{}/{}\r\n",
                content.len() - 1,
                content.len()
            );
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        let mut end = content.len();
        {
            let mut accidents = self.accidents.lock().expect("the accidents");
            if let Some((after, times)) = how
                .cut
                .and(accidents.cut.as_mut())
                .filter(|(_, times)| *times > 0)
            {
                *times -= 1;
                end = end.min(start + *after);
            }
        }
        if let Some(after) = how.stall {
            stream.write_all(&content[start..end.min(start + after)])?;
            stream.flush()?;
            std::thread::sleep(FOR_EVER);
            return Ok(());
        }
        stream.write_all(&content[start..end])
    }

    fn description(&self) -> Value {
        let siblings: Vec<Value> = self
            .files
            .iter()
            .map(|(name, content)| {
                let mut blob = Sha1::new();
                blob.update(format!("blob {}\0", content.len()));
                blob.update(content);
                let hex: String = blob
                    .finalize()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                let mut file = json!({"rfilename": name, "size": content.len(), "blobId": hex});
                if content.len() >= LARGE_BYTES {
                    let sha256 = store::sha256_hex(content);
                    file["lfs"] =
                        json!({"sha256": sha256, "size": content.len(), "pointerSize": 134});
                }
                file
            })
            .collect();
        json!({"id": ID, "sha": COMMIT, "gated": false, "tags": ["license:apache-2.0"], "siblings": siblings})
    }
}

fn read_request(stream: &TcpStream) -> std::io::Result<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    Ok(Request {
        path: first.split(' ').nth(1).unwrap_or_default().to_owned(),
        headers,
    })
}

fn respond(
    stream: &mut TcpStream,
    status: u16,
    headers: &[String],
    body: &[u8],
) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n",
        body.len()
    );
    for header in headers {
        head += &format!("{header}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    stream.write_all(body)
}
