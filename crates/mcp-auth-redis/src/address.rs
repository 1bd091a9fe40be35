//! Where a node of the engine listens.

use std::fmt;

/// Host and port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Address {
    /// A name or an IP address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Address {
    pub(crate) fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// Reads `host`, `host:port`, `[address]:port`, or the bare IPv6 form that nodes use of themselves (`::1:6379`).
    pub(crate) fn parse(text: &str, default_port: u16) -> Option<Self> {
        if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']')?;
            let port = match rest {
                "" => default_port,
                rest => rest.strip_prefix(':')?.parse().ok()?,
            };
            return (!host.is_empty()).then(|| Self::new(host, port));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (text, default_port),
        };
        (!host.is_empty()).then(|| Self::new(host, port))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_every_usual_form() {
        for (text, shown) in [
            ("localhost", "localhost:6379"),
            ("10.0.0.1:7000", "10.0.0.1:7000"),
            ("[::1]:7000", "[::1]:7000"),
            ("[::1]", "[::1]:6379"),
            ("fd00::2:7001", "[fd00::2]:7001"),
        ] {
            assert_eq!(Address::parse(text, 6_379).unwrap().to_string(), shown);
        }
        for text in ["", ":1", "host:", "host:x", "host:70000", "[::1", "[]:1", "[::1]x"] {
            assert_eq!(Address::parse(text, 6_379), None, "{text}");
        }
    }
}
