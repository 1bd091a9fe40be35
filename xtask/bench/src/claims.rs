//! The guide's payload as each library is given it: typed, so that none pays for a map that its users would avoid.

use serde::{Deserialize, Serialize};

/// What `jsonwebtoken` reads and writes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) role: String,
    pub(crate) token_type: String,
    pub(crate) exp: u64,
    pub(crate) iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jti: Option<String>,
}

impl Claims {
    pub(crate) fn admin(iat: u64, exp: u64) -> Self {
        Self {
            user_id: "admin".into(),
            username: "admin".into(),
            role: "admin".into(),
            token_type: "access".into(),
            exp,
            iat,
            jti: None,
        }
    }

    /// As long as the ones we issue, and not made anew for each token.
    pub(crate) fn with_fixed_id(self) -> Self {
        Self { jti: Some("AAECAwQFBgcICQoLDA0ODw".into()), ..self }
    }
}

/// What `jwt-simple` reads besides the registered claims, which it keeps itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Custom {
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) role: String,
    pub(crate) token_type: String,
}
