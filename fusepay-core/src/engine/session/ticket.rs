//! The ticket of a session: its token, verified again at every use.

use crate::auth::record::Principal;
use crate::engine::auth::token;
use crate::engine::inner::{Access, Inner};
use crate::error::Result;
use crate::secret::Secret;
use std::sync::Arc;

/// A token and the engine that verifies it.
pub(crate) struct Ticket {
    pub(crate) inner: Arc<Inner>,
    token: Secret,
}

impl Ticket {
    pub(crate) fn take(inner: &Arc<Inner>, access_token: &str) -> Result<Self> {
        token::verify(inner, access_token)?;
        Ok(Ticket { inner: Arc::clone(inner), token: Secret::from(access_token) })
    }

    /// Whom the session stands for, now.
    pub(crate) fn principal(&self) -> Result<Principal> {
        // Text by construction: it came in as one.
        token::verify(&self.inner, self.token.expose_text().unwrap_or_default())
    }

    /// What this session may see, asked anew. Every noun of a session begins here.
    pub(crate) fn access(&self) -> Result<Access> {
        self.principal().map(|who| Access::Owner(who.user_id))
    }
}
