//! A user's session.
