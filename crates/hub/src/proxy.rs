//! Which proxy the environment names for the Hub, and for which machines none is used.
//!
//! The variables are those of curl, git and `huggingface_hub`, in upper or lower case. `ureq` would read them too, but
//! it passes over a value that it cannot read and connects directly, and it cannot say which variable it took: here a
//! wrong value is an error, and every error names the variable. A value may hold a password, so nothing shows it.

use std::fmt;

use contract::problem::HubProblem;

/// Variables that count for an address, the first that is set. curl would not take `HTTP_PROXY` for https; whoever has
/// set only that one has no other way out, so it is the last resort.
const FOR_HTTPS: [&str; 3] = ["HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"];
const FOR_HTTP: [&str; 2] = ["HTTP_PROXY", "ALL_PROXY"];
const NO_PROXY: &str = "NO_PROXY";

/// A proxy as a variable names it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxySetting {
    /// The variable.
    pub variable: String,
    /// Its value, which may hold a password.
    pub(crate) address: String,
    /// Patterns of the machines that are asked directly, in the form of `ureq`.
    pub(crate) direct: Vec<String>,
}

impl fmt::Debug for ProxySetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxySetting")
            .field("variable", &self.variable)
            .finish_non_exhaustive()
    }
}

impl ProxySetting {
    /// The proxy for an endpoint, where `read` gives the value of a variable that is set to something.
    pub fn of_environment(endpoint: &str, read: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let either = |name: &str| {
            [name.to_owned(), name.to_lowercase()]
                .into_iter()
                .find_map(|name| read(&name).map(|value| (name, value)))
        };
        let names: &[&str] = if endpoint.starts_with("http://") {
            &FOR_HTTP
        } else {
            &FOR_HTTPS
        };
        let (variable, address) = names.iter().find_map(|name| either(name))?;
        Some(Self {
            variable,
            address,
            direct: either(NO_PROXY).map_or_else(Vec::new, |(_, list)| direct(&list)),
        })
    }

    /// The problem that the value is not an address.
    pub(crate) fn unusable(&self) -> HubProblem {
        HubProblem::BadProxy {
            variable: self.variable.clone(),
        }
    }
}

/// `NO_PROXY` as curl reads it: names separated by commas or blanks, each with the machines below it; `*` is
/// everything.
fn direct(list: &str) -> Vec<String> {
    let names = list.split([',', ' ', '\t']).map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .flat_map(|name| {
            if name == "*" {
                return vec![name.to_owned()];
            }
            let name = name.trim_start_matches('*').trim_start_matches('.');
            if name.parse::<std::net::Ipv6Addr>().is_ok() {
                // In an address, the colons of an IPv6 number are in brackets.
                return vec![format!("[{name}]")];
            }
            vec![name.to_owned(), format!(".{name}")]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: &str = "https://huggingface.co";

    fn found(endpoint: &str, set: &[(&str, &str)]) -> Option<ProxySetting> {
        ProxySetting::of_environment(endpoint, |name| {
            set.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn variable(endpoint: &str, set: &[(&str, &str)]) -> Option<String> {
        found(endpoint, set).map(|setting| setting.variable)
    }

    #[test]
    fn the_variable_of_the_scheme_goes_first_in_either_case() {
        let set = [
            ("ALL_PROXY", "a"),
            ("https_proxy", "b"),
            ("HTTP_PROXY", "c"),
        ];
        assert_eq!(variable(HUB, &set).as_deref(), Some("https_proxy"));
        assert_eq!(
            variable("http://mirror", &set).as_deref(),
            Some("HTTP_PROXY")
        );
        assert_eq!(
            variable(HUB, &[("all_proxy", "a")]).as_deref(),
            Some("all_proxy")
        );
        assert_eq!(
            variable(HUB, &[("http_proxy", "a")]).as_deref(),
            Some("http_proxy")
        );
        assert_eq!(variable("http://mirror", &[("HTTPS_PROXY", "a")]), None);
        assert_eq!(variable(HUB, &[("NO_PROXY", "*")]), None);
    }

    #[test]
    fn machines_without_a_proxy_are_read_as_curl_does() {
        let list = "localhost, .intern.example *.lab,::1";
        let setting = found(HUB, &[("HTTPS_PROXY", "p"), ("no_proxy", list)]).unwrap();
        assert_eq!(
            setting.direct,
            [
                "localhost",
                ".localhost",
                "intern.example",
                ".intern.example",
                "lab",
                ".lab",
                "[::1]"
            ]
        );
        assert_eq!(direct("*"), ["*"]);
        assert!(direct(" , ").is_empty());
    }

    #[test]
    fn a_password_is_never_shown() {
        let setting = found(HUB, &[("HTTPS_PROXY", "http://ada:s3cret@proxy:1")]).unwrap();
        let shown = format!("{setting:?} {}", setting.unusable());
        assert!(
            !shown.contains("s3cret") && !shown.contains("ada"),
            "{shown}"
        );
        assert!(shown.contains("HTTPS_PROXY"), "{shown}");
    }
}
