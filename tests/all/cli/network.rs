//! models add in an office: through a proxy, with certificates of a private authority, and what is said when it fails.

use std::net::TcpListener;

use contract::NetworkOutcome;
use duologue_tests::output;
use project::session::Session;

use super::hub::{command, hub};
use super::hub_server::{Hub, ID};
use super::office::{Asked, Authority, HOST, OfficeProxy};
use super::{Place, Said};

/// A proxy's password, which nothing may show.
const PASSWORD: &str = "s3cret";
/// `ada:s3cret` as HTTP sends it.
const CREDENTIALS: &str = "Basic YWRhOnMzY3JldA==";

/// Downloads from the Hub of an office with these variables, and asserts that no output shows the password.
fn add(place: &Place, hub: &Hub, variables: &[(&str, &str)]) -> Said {
    let args = ["models", "add", ID];
    let mut command = command(place, hub, &args);
    let output = output(command.envs(variables.iter().copied()).arg("--json"));
    for stream in [&output.stdout, &output.stderr] {
        let told = String::from_utf8_lossy(stream);
        assert!(!told.contains(PASSWORD), "{told}");
    }
    Said::new(&args, &output)
}

/// Asserts that a download is refused with this code, in these words, and that nothing shows the password.
fn refused(
    place: &Place,
    hub: &Hub,
    variables: &[(&str, &str)],
    (exit, code): (i32, &str),
    words: &[&str],
) {
    let answer = add(place, hub, variables);
    assert_eq!(
        (answer.code, answer.last["code"].as_str()),
        (exit, Some(code)),
        "{}",
        answer.last
    );
    let told = format!("{} {}", answer.last["message"], answer.last["fix"]);
    for word in words {
        assert!(told.contains(word), "`{word}` is not in {told}");
    }
}

fn proxy_address(port: u16) -> String {
    format!("http://ada:{PASSWORD}@127.0.0.1:{port}")
}

/// The machines of the ledger; attempts that were refused are left out.
fn ledger(place: &Place) -> Vec<String> {
    let session = Session::open(&place.workspace()).expect("the workspace");
    let rows = session.network().expect("the ledger").rows;
    rows.into_iter()
        .filter(|row| row.line.outcome != NetworkOutcome::Refused)
        .map(|row| row.line.host)
        .collect()
}

#[test]
fn a_model_comes_through_a_proxy_from_a_hub_with_a_private_certificate() {
    let (place, hub, authority) = (Place::new(), hub(), Authority::new());
    let proxy = OfficeProxy::serve(authority.serve(HOST, hub.port), None);
    let file = place.write("office.pem", &authority.pem);
    let (endpoint, address) = (format!("https://{HOST}"), proxy_address(proxy.port));
    let variables = [
        ("HF_ENDPOINT", endpoint.as_str()),
        ("https_proxy", &address),
        ("SSL_CERT_FILE", &file),
    ];
    let answer = add(&place, &hub, &variables);
    assert_eq!(answer.code, 0, "{}", answer.last);
    // The weights come from another machine, which is reached through the proxy too.
    let asked = proxy.asked();
    let store = format!("localhost:{}", hub.port);
    for target in [format!("{HOST}:443"), store] {
        let wanted = Asked {
            target,
            credentials: Some(CREDENTIALS.to_owned()),
        };
        assert!(asked.contains(&wanted), "{wanted:?} is not in {asked:?}");
    }
    // Each tunnel is one connection, under the machine that was asked for and not under the proxy's name.
    let ledger = ledger(&place);
    assert_eq!(ledger.len(), asked.len(), "{ledger:?}");
    for host in &ledger {
        assert!(
            [HOST, "localhost"].contains(&host.as_str()),
            "{host} is in the ledger"
        );
    }
    // It is here now, and offline nothing is asked of the proxy either.
    assert_eq!(add(&place, &hub, &variables).last["connections"], 0);
    let empty = Place::new();
    let offline = [&variables[..], &[("HF_HUB_OFFLINE", "1")]].concat();
    refused(&empty, &hub, &offline, (2, "offline"), &[ID]);
    assert_eq!(proxy.asked(), []);
}

#[test]
fn a_certificate_that_nobody_here_signed_is_refused_with_the_way_out() {
    let (place, hub) = (Place::new(), hub());
    let (theirs, other) = (Authority::new(), Authority::new());
    let proxy = OfficeProxy::serve(theirs.serve(HOST, hub.port), None);
    let file = place.write("other.pem", &other.pem);
    let (endpoint, address) = (format!("https://{HOST}"), proxy_address(proxy.port));
    let variables = [
        ("HF_ENDPOINT", endpoint.as_str()),
        ("HTTPS_PROXY", &address),
        ("SSL_CERT_FILE", &file),
    ];
    refused(
        &place,
        &hub,
        &variables,
        (2, "untrusted_certificate"),
        &[
            HOST,
            "certificate",
            "SSL_CERT_FILE",
            "operating system's store",
        ],
    );
    // The connection was opened, and is recorded; the Hub at its other end saw nothing.
    assert_eq!(ledger(&place), [HOST]);
    assert!(hub.requests().is_empty());
    // The same without the variable: the system's store does not know it either.
    refused(
        &place,
        &hub,
        &variables[..2],
        (2, "untrusted_certificate"),
        &[HOST],
    );
    // A certificate of the right authority for another machine.
    let elsewhere = OfficeProxy::serve(theirs.serve("files.office.invalid", hub.port), None);
    let (file, address) = (
        place.write("theirs.pem", &theirs.pem),
        proxy_address(elsewhere.port),
    );
    let variables = [
        ("HF_ENDPOINT", endpoint.as_str()),
        ("HTTPS_PROXY", &address),
        ("SSL_CERT_FILE", &file),
    ];
    let answer = add(&place, &hub, &variables);
    assert_eq!(answer.last["code"], "untrusted_certificate");
    assert_eq!(answer.last["args"]["fault"], "other_host");
    let nothing = place.write("nothing.pem", "no certificate");
    let variables = [variables[0], variables[1], ("SSL_CERT_FILE", &nothing)];
    refused(
        &place,
        &hub,
        &variables,
        (2, "bad_certificates"),
        &["nothing.pem", "PEM"],
    );
}

#[test]
fn a_proxy_that_fails_is_named_with_its_variable_and_without_its_password() {
    let (place, hub) = (Place::new(), hub());
    let endpoint = format!("https://{HOST}");
    let with = |variable, address: &str, exit_and_code, words: &[&str]| {
        let variables = [("HF_ENDPOINT", endpoint.as_str()), (variable, address)];
        refused(&place, &hub, &variables, exit_and_code, words);
    };
    // The port was free a moment ago.
    let silent = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let place_of_silent = format!("127.0.0.1:{silent}");
    with(
        "HTTPS_PROXY",
        &proxy_address(silent),
        (1, "proxy_unreachable"),
        &[&place_of_silent, "HTTPS_PROXY"],
    );
    with(
        "all_proxy",
        &format!("socks5h://ada:{PASSWORD}@127.0.0.1:{silent}"),
        (1, "proxy_unreachable"),
        &[&place_of_silent, "all_proxy"],
    );
    let strict = OfficeProxy::serve(hub.port, Some("407 Proxy Authentication Required"));
    with(
        "HTTPS_PROXY",
        &proxy_address(strict.port),
        (2, "proxy_refused"),
        &["407", "HTTPS_PROXY", HOST],
    );
    // They got no farther than the proxy, as the ledger shows for all three.
    assert_eq!(ledger(&place), ["127.0.0.1"; 3]);
    with(
        "ALL_PROXY",
        &format!("ftp://ada:{PASSWORD}@proxy:1"),
        (2, "bad_proxy"),
        &["ALL_PROXY", "http://HOST:PORT"],
    );
}

#[test]
fn machines_of_no_proxy_are_asked_directly() {
    let (place, hub) = (Place::new(), hub());
    let strict = OfficeProxy::serve(hub.port, Some("403 Forbidden"));
    let address = proxy_address(strict.port);
    let variables = [
        ("HTTP_PROXY", address.as_str()),
        ("NO_PROXY", "127.0.0.1, localhost"),
    ];
    refused(
        &place,
        &hub,
        &variables[..1],
        (2, "proxy_refused"),
        &["403", "HTTP_PROXY"],
    );
    assert_eq!(strict.asked().len(), 1);
    let answer = add(&place, &hub, &variables);
    assert_eq!(answer.code, 0, "{}", answer.last);
    assert_eq!(strict.asked(), []);
}
