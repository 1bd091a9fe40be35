//! Who is at the other end, as far as the network says.

use std::net::IpAddr;

/// Longest user agent that is kept, in bytes.
pub const MAX_USER_AGENT_BYTES: usize = 256;

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// The address, behind trusted proxies the one that they vouch for.
    pub ip_address: Option<IpAddr>,
    /// What the client calls itself, at most [`MAX_USER_AGENT_BYTES`]. Untrusted: escape it before you show it.
    pub user_agent: Option<Box<str>>,
}

impl Client {
    /// A client; a longer user agent is cut.
    pub fn new(ip_address: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        Self { ip_address, user_agent: user_agent.map(|text| cut(text).into()) }
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_USER_AGENT_BYTES)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_user_agent_is_cut_between_characters() {
        let long = "é".repeat(200);
        let client = Client::new(None, Some(&long));
        assert_eq!(client.user_agent.as_deref(), Some(&*"é".repeat(128)));
        let odd = format!("a{long}");
        assert_eq!(Client::new(None, Some(&odd)).user_agent.unwrap().len(), 255);
        assert_eq!(Client::new(None, Some("curl")).user_agent.as_deref(), Some("curl"));
    }
}
