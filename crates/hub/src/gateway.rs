//! The only place that opens connections: one HTTP client, which writes each connection down before it opens it, and is
//! closed to everything when offline or locked.
//!
//! `ureq` (blocking, rustls) and not `hf-hub`: its version 1.0 is asynchronous and brings reqwest, tokio and the xet
//! client, and neither version lets a download be stopped, resumed by byte range and checked while it streams.
//!
//! A connection takes the way through the proxy that the environment names ([`ProxySetting`]) and is encrypted with
//! certificates of the authorities that this computer trusts ([`TrustSetting`]). Through a proxy, each connection is a
//! tunnel of its own, and is entered under the machine that was asked for.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use contract::CertificateFault;
use contract::problem::HubProblem;
use rustls::CertificateError;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{HeaderMap, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::WithoutBody;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, RustlsConnector,
    SocksConnector, TcpConnector, Transport,
};
use ureq::{Agent, Proxy, RequestBuilder, ResponseExt};

use crate::error::HubError;
use crate::proxy::ProxySetting;
use crate::record::{Connection, Place, Record, Recorder, Traffic};
use crate::trust::TrustSetting;

/// The Hub itself.
const HUGGING_FACE: &str = "https://huggingface.co";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// Silence after which a connection counts as broken; a download then goes on over a new one.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Time between two looks at whether to stop.
const LISTEN_EVERY: Duration = Duration::from_millis(50);
const CHUNK_BYTES: usize = 1 << 17;
/// Chunks that may wait to be written.
const CHUNKS_AHEAD: usize = 4;

/// Where models come from and with whose rights; found at the edge.
#[derive(Clone, Debug, Default)]
pub struct HubAccess {
    /// A mirror in place of the Hub (`HF_ENDPOINT`).
    pub endpoint: Option<String>,
    /// Token for private and gated models.
    pub token: Option<String>,
    /// Why a place that may hold a token could not be read; reported where one would have been needed.
    pub no_token: Option<String>,
    /// Refuse every connection.
    pub offline: bool,
    /// Refuse every connection, because the workspace's network is locked.
    pub locked: bool,
    /// The proxy that leads to the endpoint.
    pub proxy: Option<ProxySetting>,
    /// Whose certificates count.
    pub trust: TrustSetting,
}

impl HubAccess {
    /// Base address, without a slash at its end.
    pub fn endpoint(&self) -> &str {
        self.endpoint
            .as_deref()
            .unwrap_or(HUGGING_FACE)
            .trim_end_matches('/')
    }

    /// The machine that is asked.
    pub fn host(&self) -> &str {
        let after_scheme = self
            .endpoint()
            .split_once("://")
            .map_or(self.endpoint(), |(_, after)| after);
        after_scheme.split('/').next().unwrap_or(after_scheme)
    }
}

/// The client. Every connection of the process goes through one of these.
pub struct Gateway {
    /// Made for the first question: proxy and certificates are looked at only where a connection is wanted.
    client: OnceLock<Client>,
    access: HubAccess,
    stop: Arc<AtomicBool>,
    record: Record,
}

struct Client {
    agent: Agent,
    /// The proxy as host and port, with the variable that names it.
    proxy: Option<NamedProxy>,
}

#[derive(Clone)]
struct NamedProxy {
    place: String,
    variable: String,
}

/// What came before an answer's body.
struct Head {
    status: u16,
    host: String,
    headers: HeaderMap,
}

/// An answer, with its body still to be read.
pub(crate) struct Answer<'a> {
    gateway: &'a Gateway,
    pub(crate) status: u16,
    /// Machine that answered, after redirections.
    pub(crate) host: String,
    headers: HeaderMap,
    body: Receiver<io::Result<Vec<u8>>>,
}

impl Answer<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The next bytes of the body; none at its end.
    pub(crate) fn chunk(&self) -> Result<Option<Vec<u8>>, HubError> {
        let broken = |error: io::Error| {
            HubError::from(HubProblem::Unreachable {
                host: self.host.clone(),
                reason: error.to_string(),
            })
        };
        self.gateway
            .wait_for(&self.body)?
            .transpose()
            .map_err(broken)
    }

    /// The whole body, where it is no longer than `limit_bytes`.
    pub(crate) fn bytes(&self, limit_bytes: usize) -> Result<Vec<u8>, HubError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk()? {
            bytes.extend(chunk);
            if bytes.len() > limit_bytes {
                let reason = format!("more than {limit_bytes} bytes where a description should be");
                return Err(HubProblem::BadAnswer {
                    host: self.host.clone(),
                    reason,
                }
                .into());
            }
        }
        Ok(bytes)
    }
}

impl Gateway {
    /// A client that has not connected to anything yet, and writes down what it opens with `recorder`. Once `stop` is
    /// set, whatever it waits for ends in [`HubError::Interrupted`].
    pub fn new(access: HubAccess, stop: Arc<AtomicBool>, recorder: Arc<dyn Recorder>) -> Self {
        Self {
            client: OnceLock::new(),
            access,
            stop,
            record: Record::new(recorder),
        }
    }

    fn client(&self) -> Result<&Client, HubProblem> {
        match self.client.get() {
            Some(client) => Ok(client),
            None => {
                let client = Client::new(&self.access, &self.record)?;
                Ok(self.client.get_or_init(|| client))
            }
        }
    }

    /// Connections opened, or tried, so far.
    pub fn connections(&self) -> Vec<Connection> {
        self.record.connections()
    }

    /// Completes the lines of connections that are still open: nothing is asked any more.
    pub fn close(&self) {
        self.record.close();
    }

    /// Base address, without a slash at its end.
    pub fn endpoint(&self) -> &str {
        self.access.endpoint()
    }

    /// The machine that is asked.
    pub fn host(&self) -> &str {
        self.access.host()
    }

    /// Whether a token is sent.
    pub(crate) fn has_token(&self) -> bool {
        self.access.token.is_some()
    }

    /// An error where the user has asked to stop.
    pub(crate) fn go_on(&self) -> Result<(), HubError> {
        if self.stop.load(Ordering::Relaxed) {
            Err(HubError::Interrupted)
        } else {
            Ok(())
        }
    }

    /// Waits a little, listening for a request to stop.
    pub(crate) fn pause(&self, pause: Duration) -> Result<(), HubError> {
        for _ in 0..pause.as_millis().div_ceil(LISTEN_EVERY.as_millis()) {
            self.go_on()?;
            std::thread::sleep(LISTEN_EVERY);
        }
        Ok(())
    }

    /// What comes next over a channel, `None` if it has ended; listens for a request to stop.
    fn wait_for<T>(&self, channel: &Receiver<T>) -> Result<Option<T>, HubError> {
        loop {
            self.go_on()?;
            match channel.recv_timeout(LISTEN_EVERY) {
                Ok(next) => return Ok(Some(next)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }

    /// Asks for `path` below the endpoint, from byte `start` on; `what` is said in errors.
    pub(crate) fn get(&self, path: &str, start: u64, what: &str) -> Result<Answer<'_>, HubError> {
        self.refuse_if_closed(what)?;
        if !["https://", "http://"]
            .iter()
            .any(|scheme| self.endpoint().starts_with(scheme))
        {
            return Err(HubProblem::BadEndpoint {
                endpoint: self.endpoint().to_owned(),
            }
            .into());
        }
        if !self.access.token.as_deref().is_none_or(is_token) {
            return Err(HubProblem::BadToken.into());
        }
        // Ranges count bytes of the file itself, so it must not come compressed.
        let client = self.client()?;
        let mark = self.announce(client)?;
        let mut request = client
            .agent
            .get(format!("{}{path}", self.endpoint()))
            .header("Accept-Encoding", "identity");
        if let Some(token) = &self.access.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if start > 0 {
            request = request.header("Range", format!("bytes={start}-"));
        }
        let (heads, head) = sync_channel(1);
        let (chunks, body) = sync_channel(CHUNKS_AHEAD);
        std::thread::spawn(move || carry_out(request, &heads, &chunks));
        let head = self.wait_for(&head)?.ok_or_else(|| {
            self.record.failed(mark);
            HubError::from(HubProblem::Unreachable {
                host: self.host().to_owned(),
                reason: "no answer".to_owned(),
            })
        })?;
        let Head {
            status,
            host,
            headers,
        } = head.map_err(|error: ureq::Error| {
            self.record.failed(mark);
            self.no_connection(error, client)
        })?;
        let answer = Answer {
            gateway: self,
            status,
            host,
            headers,
            body,
        };
        match answer.status {
            200..300 | 416 => Ok(answer),
            _ => Err(self.refused(&answer, what)),
        }
    }

    /// An error where no connection may be opened; the attempt is written down.
    fn refuse_if_closed(&self, what: &str) -> Result<(), HubError> {
        let what = what.to_owned();
        let refusal = match (self.access.locked, self.access.offline) {
            (true, _) => HubProblem::NetworkLocked { what },
            (false, true) => HubProblem::Offline { what },
            (false, false) => return Ok(()),
        };
        if let Ok(uri) = self.endpoint().parse::<Uri>() {
            self.written(self.record.refuse(&place(&uri)))?;
        }
        Err(refusal.into())
    }

    /// Enters the connection that a question will need, before even a name is looked up; returns which lines are those of
    /// this question.
    fn announce(&self, client: &Client) -> Result<usize, HubError> {
        let mark = self.record.mark();
        if let Ok(uri) = self.endpoint().parse::<Uri>() {
            let first = first_stop(&uri, client.agent.config().proxy());
            if !self.record.is_open(&place(&uri)) && !self.record.is_open(&first) {
                self.written(self.record.announce(&first))?;
            }
        }
        Ok(mark)
    }

    fn written(&self, entered: Result<(), String>) -> Result<(), HubProblem> {
        entered.map_err(|reason| HubProblem::Unrecorded {
            host: self.host().to_owned(),
            reason,
        })
    }

    /// Why there is no connection: the proxy, a certificate, or the way itself.
    fn no_connection(&self, error: ureq::Error, client: &Client) -> HubProblem {
        // Where several machines take part, the last that was connected to is the one that failed.
        let last = || {
            let opened = self.connections();
            opened
                .last()
                .map_or_else(|| self.host().to_owned(), |last| last.host.clone())
        };
        if let Some((fault, reason)) = certificate_fault(&error) {
            let host = last();
            return HubProblem::UntrustedCertificate {
                host,
                fault,
                reason,
            };
        }
        let error = match error {
            ureq::Error::Other(inner) => match (inner.downcast::<AtProxy>(), &client.proxy) {
                (Ok(failure), Some(proxy)) => {
                    return self.proxy_failed(&failure.0, proxy.clone());
                }
                (Ok(failure), None) => failure.0,
                (Err(other), _) => ureq::Error::Other(other),
            },
            error => error,
        };
        HubProblem::Unreachable {
            host: self.host().to_owned(),
            reason: error.to_string(),
        }
    }

    fn proxy_failed(&self, error: &ureq::Error, named: NamedProxy) -> HubProblem {
        let NamedProxy { place, variable } = named;
        if let Some((fault, reason)) = certificate_fault(error) {
            return HubProblem::UntrustedCertificate {
                host: place,
                fault,
                reason,
            };
        }
        match error {
            ureq::Error::ConnectProxyFailed(reason) => HubProblem::ProxyRefused {
                proxy: place,
                variable,
                host: self.host().to_owned(),
                reason: refusal(reason),
            },
            other => HubProblem::ProxyUnreachable {
                proxy: place,
                variable,
                reason: other.to_string(),
            },
        }
    }

    /// What a status means; the Hub adds the reason in `X-Error-Code`, because it hides private models behind 401.
    fn refused(&self, answer: &Answer<'_>, what: &str) -> HubError {
        let (host, what, no_token) = (
            self.host().to_owned(),
            what.to_owned(),
            self.access.no_token.clone(),
        );
        match (answer.status, answer.header("X-Error-Code")) {
            (_, Some("GatedRepo")) | (403, _) => HubProblem::Gated {
                host,
                what,
                no_token,
            },
            (_, Some("RepoNotFound")) if self.has_token() => HubProblem::NotOnHub { host, what },
            (_, Some("RevisionNotFound" | "EntryNotFound")) | (404, _) => {
                HubProblem::NotOnHub { host, what }
            }
            (401, _) => HubProblem::Unauthorized {
                host,
                what,
                had_token: self.has_token(),
                no_token,
            },
            (429, _) => HubProblem::RateLimited {
                host,
                retry_after_s: answer
                    .header("Retry-After")
                    .and_then(|text| text.parse().ok()),
            },
            (status @ 500.., _) => HubProblem::Unreachable {
                host,
                reason: format!("status {status}"),
            },
            (status, _) => HubProblem::BadAnswer {
                host,
                reason: format!("status {status} for {what}"),
            },
        }
        .into()
    }
}

/// Whether a text may be a token: one word of plain characters, which a header can carry.
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A part of an address, with whatever has a meaning in addresses escaped.
pub(crate) fn escaped(part: &str) -> String {
    part.bytes()
        .fold(String::new(), |address, byte| match byte {
            b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                address + &char::from(byte).to_string()
            }
            _ => address + &format!("%{byte:02X}"),
        })
}

/// Sends a request and passes on what comes, until nobody listens any more. It has a thread of its own, so that a
/// connection on which nothing comes can be left behind.
fn carry_out(
    request: RequestBuilder<WithoutBody>,
    heads: &SyncSender<Result<Head, ureq::Error>>,
    chunks: &SyncSender<io::Result<Vec<u8>>>,
) {
    let answer = match request.call() {
        Ok(answer) => answer,
        Err(error) => {
            let _nobody_listens = heads.send(Err(error));
            return;
        }
    };
    let host = answer.get_uri().host().unwrap_or_default().to_owned();
    let (parts, body) = answer.into_parts();
    if heads
        .send(Ok(Head {
            status: parts.status.as_u16(),
            host,
            headers: parts.headers,
        }))
        .is_err()
    {
        return;
    }
    let mut body = body.into_reader();
    loop {
        let mut chunk = vec![0; CHUNK_BYTES];
        let next = match body.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => {
                chunk.truncate(read);
                Ok(chunk)
            }
            Err(error) => Err(error),
        };
        let broken = next.is_err();
        if chunks.send(next).is_err() || broken {
            return;
        }
    }
}

impl Client {
    fn new(access: &HubAccess, record: &Record) -> Result<Self, HubProblem> {
        let proxy = access.proxy.as_ref().map(ready).transpose()?;
        let authorities = access.trust.authorities()?;
        let certificates: Vec<Certificate<'static>> = authorities
            .iter()
            .map(|der| Certificate::from_der(der).to_owned())
            .collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&certificates))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("duologue/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(READ_TIMEOUT))
            .timeout_per_read(Some(READ_TIMEOUT))
            // Files are served by other machines, which must not see the token.
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .tls_config(tls)
            .proxy(proxy.clone())
            .build();
        // As ureq's own chain, but each connection is written down before it is opened, its bytes are counted as they go
        // over the wire, and what goes wrong at the proxy is said to be the proxy's.
        let connector =
            ().chain(Announced(record.clone()))
                .chain(ThroughProxy(SocksConnector::default()))
                .chain(ThroughProxy(ConnectProxyConnector::default()))
                .chain(TcpConnector::default())
                .chain(Opened(record.clone()))
                .chain(RustlsConnector::default());
        let named = |setting: &ProxySetting| {
            let proxy = proxy.as_ref()?;
            Some(NamedProxy {
                place: format!("{}:{}", proxy.host(), proxy.port()),
                variable: setting.variable.clone(),
            })
        };
        Ok(Self {
            agent: Agent::with_parts(config, connector, DefaultResolver::default()),
            proxy: access.proxy.as_ref().and_then(named),
        })
    }
}

/// The proxy of a setting, in the form that `ureq` uses.
fn ready(setting: &ProxySetting) -> Result<Proxy, HubProblem> {
    let unusable = |_: ureq::Error| setting.unusable();
    let proxy = Proxy::new(&setting.address).map_err(unusable)?;
    let mut builder = Proxy::builder(proxy.protocol())
        .host(proxy.host())
        .port(proxy.port());
    if let Some(name) = proxy.username() {
        builder = builder.username(name);
    }
    if let Some(password) = proxy.password() {
        builder = builder.password(password);
    }
    for pattern in &setting.direct {
        builder = builder.no_proxy(pattern);
    }
    builder.build().map_err(unusable)
}

/// A proxy's refusal; `ureq` writes a status as "proxy server responded 407/407".
fn refusal(reason: &str) -> String {
    let status = reason
        .rsplit_once('/')
        .and_then(|(_, status)| status.parse::<u16>().ok());
    status.map_or_else(|| reason.to_owned(), |status| format!("status {status}"))
}

/// What is wrong with a certificate, if that is why a connection failed.
fn certificate_fault(error: &ureq::Error) -> Option<(CertificateFault, String)> {
    let error = match error {
        ureq::Error::Rustls(error) => error,
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        _ => return None,
    };
    let rustls::Error::InvalidCertificate(reason) = error else {
        return None;
    };
    let fault = match reason {
        // An authority of the same name is trusted, but it is another one.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            CertificateFault::UnknownIssuer
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => CertificateFault::OutOfDate,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::OtherHost
        }
        _ => CertificateFault::Invalid,
    };
    Some((fault, reason.to_string()))
}

/// An error on the way through the proxy: of reaching it, or of what it answered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct AtProxy(ureq::Error);

/// A connector that leads through a proxy, where there is one.
#[derive(Debug)]
struct ThroughProxy<C>(C);

impl<In: Transport, C: Connector<In>> Connector<In> for ThroughProxy<C> {
    type Out = C::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        self.0
            .connect(details, chained)
            .map_err(|error| ureq::Error::Other(Box::new(AtProxy(error))))
    }
}

/// The machine that an address names.
fn place(uri: &Uri) -> Place {
    let usual = match uri.scheme_str() {
        Some("http") => 80,
        _ => 443,
    };
    Place {
        host: uri.host().unwrap_or_default().to_owned(),
        port: uri.port_u16().unwrap_or(usual),
    }
}

/// The machine to which the first bytes go: the proxy's, if there is one on the way.
fn first_stop(uri: &Uri, proxy: Option<&Proxy>) -> Place {
    match proxy.filter(|proxy| !proxy.is_no_proxy(uri)) {
        Some(proxy) => Place {
            host: proxy.host().to_owned(),
            port: proxy.port(),
        },
        None => place(uri),
    }
}

/// Writes each connection down before it is opened; connections taken from the pool do not pass through here.
#[derive(Debug)]
struct Announced(Record);

impl<In: Transport> Connector<In> for Announced {
    type Out = In;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<In>, ureq::Error> {
        let first = first_stop(details.uri, details.config.proxy());
        let unwritten = |reason: String| ureq::Error::Io(io::Error::other(reason));
        self.0.announce(&first).map_err(unwritten)?;
        Ok(chained)
    }
}

/// Notes that a connection is open, and counts what goes over it.
#[derive(Debug)]
struct Opened(Record);

impl<In: Transport> Connector<In> for Opened {
    type Out = Counted<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Counted<In>>, ureq::Error> {
        let Some(inner) = chained else {
            return Ok(None);
        };
        let count = self.0.opened().map(|(number, traffic)| Count {
            record: self.0.clone(),
            number,
            traffic,
        });
        // The connection to a proxy passed through here before, under the proxy's name. Now it reaches the machine that
        // was asked for; where the proxy refuses, it keeps the proxy's.
        let is_through = details
            .config
            .proxy()
            .is_some_and(|proxy| !proxy.is_no_proxy(details.uri));
        if is_through {
            self.0.reached(&place(details.uri));
        }
        Ok(Some(Counted { inner, count }))
    }
}

/// A connection whose bytes are counted; the tunnel through a proxy is counted where it begins.
#[derive(Debug)]
struct Counted<T> {
    inner: T,
    count: Option<Count>,
}

/// Where bytes are counted, until the connection is closed.
#[derive(Debug)]
struct Count {
    record: Record,
    number: usize,
    traffic: Arc<Traffic>,
}

impl Drop for Count {
    fn drop(&mut self) {
        self.record.ended(self.number);
    }
}

impl<T: Transport> Transport for Counted<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.inner.transmit_output(amount, timeout)?;
        if let Some(count) = &self.count {
            count.traffic.send(amount);
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let before = self.inner.buffers().input().len();
        let progress = self.inner.await_input(timeout)?;
        let after = self.inner.buffers().input().len();
        if let Some(count) = &self.count {
            count.traffic.receive(after.saturating_sub(before));
        }
        Ok(progress)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_cannot_change_the_question() {
        assert_eq!(escaped("refs/pr/1"), "refs%2Fpr%2F1");
        assert_eq!(
            escaped("main?blobs=false#x y%ü"),
            "main%3Fblobs%3Dfalse%23x%20y%25%C3%BC"
        );
        assert_eq!(
            escaped("model-00001-of-00002.Q4_0~1"),
            "model-00001-of-00002.Q4_0~1"
        );
    }

    #[test]
    fn a_refusal_of_a_proxy_is_its_status() {
        assert_eq!(refusal("proxy server responded 407/407"), "status 407");
        let silent = "proxy server did not respond";
        assert_eq!(refusal(silent), silent);
    }

    #[test]
    fn a_token_is_one_plain_word() {
        assert!(is_token("hf_abcXYZ-09"));
        for bad in ["", "hf_a b", "hf_a\nb", "hf_ä", "\u{7f}"] {
            assert!(!is_token(bad), "{bad:?}");
        }
    }
}
