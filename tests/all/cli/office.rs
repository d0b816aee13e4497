//! The network of an office on loopback: the Hub behind TLS with a certificate of the office's own authority, and a
//! proxy that is the only way to it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The Hub's name in the office. No name server knows it, so whoever reaches it has come through the proxy.
pub(super) const HOST: &str = "hub.office.invalid";

/// A certificate authority that no system trusts.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate as a PEM file has it.
    pub(super) pem: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "An office's authority");
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// Serves the Hub at `port` under `name` with TLS; returns the port.
    pub(super) fn serve(&self, name: &str, port: u16) -> u16 {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .and_then(|params| params.signed_by(&key, &self.issuer))
            .expect("a certificate");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map(Arc::new)
            .expect("a certificate with its key");
        listen(move |client| {
            let connection =
                ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            let mut client = StreamOwned::new(connection, client);
            let request = head(&mut client)?;
            let mut hub = TcpStream::connect(("127.0.0.1", port))?;
            hub.write_all(&request)?;
            // The Hub closes the connection after each answer.
            let mut answer = Vec::new();
            hub.read_to_end(&mut answer)?;
            client.write_all(&answer)?;
            client.conn.send_close_notify();
            client.flush()
        })
    }
}

/// What somebody asked the proxy for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Host and port.
    pub(super) target: String,
    /// Who asked, in the words of the header.
    pub(super) credentials: Option<String>,
}

/// A proxy that understands CONNECT. It leads `HOST` to another port and everything else where it wants to go.
pub(super) struct OfficeProxy {
    pub(super) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl OfficeProxy {
    /// `refuse` is the status line of a proxy that lets nobody through.
    pub(super) fn serve(hub_port: u16, refuse: Option<&'static str>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let port = listen(move |mut client| {
            let request = String::from_utf8(head(&mut client)?).map_err(io::Error::other)?;
            let target = request
                .strip_prefix("CONNECT ")
                .and_then(|after| after.split(' ').next())
                .unwrap_or_default()
                .to_owned();
            let credentials = request
                .lines()
                .find_map(|line| line.strip_prefix("Proxy-Authorization: "))
                .map(str::to_owned);
            seen.lock().expect("what was asked").push(Asked {
                target: target.clone(),
                credentials,
            });
            if let Some(status) = refuse {
                return client.write_all(
                    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes(),
                );
            }
            let server = match target.strip_prefix(HOST) {
                Some(_) => TcpStream::connect(("127.0.0.1", hub_port))?,
                None => TcpStream::connect(&target)?,
            };
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
            thread::spawn(move || pass(from_client, to_server));
            pass(server, client)
        });
        Self { port, asked }
    }

    /// What it was asked for since the last call.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().expect("what was asked"))
    }
}

/// Answers each connection on a thread of its own, until the process ends; returns the port.
fn listen(answer: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A client that goes away in the middle is part of the tests.
            thread::spawn(move || answer(stream).ok());
        }
    });
    port
}

/// A request up to the empty line.
fn head(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

fn pass(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    io::copy(&mut from, &mut to)?;
    to.shutdown(Shutdown::Write)
}
