//! Who may come in and what they may do: addresses, passwords, tokens, back-off
//! after failures, roles. Pure rules: time, randomness and stored facts come in
//! as arguments, decisions go out. The reads and writes around them are the
//! engine's.

pub(crate) mod authorisation;
pub(crate) mod email;
pub(crate) mod gate;
pub(crate) mod hashing;
pub(crate) mod keyring;
pub(crate) mod lockout;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod record;
pub(crate) mod refresh;
pub(crate) mod token;
