//! Users and sessions: who comes in, who stays, who goes.

pub(crate) mod desk;
pub(crate) mod guess;
pub(crate) mod login;
pub(crate) mod register;

pub(crate) use crate::engine::auth::desk::AuthDesk;
pub(crate) use crate::engine::auth::guess::recover;
