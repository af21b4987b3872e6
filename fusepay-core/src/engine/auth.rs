//! Users and sessions: who comes in, who stays, who goes.

pub(crate) mod desk;
pub(crate) mod guess;
pub(crate) mod issue;
pub(crate) mod keys;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod operator;
pub(crate) mod profile;
pub(crate) mod register;
pub(crate) mod token;
