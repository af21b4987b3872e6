//! Randomness as the engine sees it: a seam for the host to inject. Nothing
//! outside this file asks anybody else for random bytes.

use crate::clock::UnixMillis;
use crate::error::{Error, Result};
use crate::vocabulary::Code;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::sync::Mutex;

/// Where the engine learns random bytes. Called from any thread, never from
/// inside a transaction; must not call the engine.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer. An error refuses the call that needed it
    /// ([`Code::NoEntropy`]); nothing is written.
    fn fill(&self, buffer: &mut [u8]) -> Result<()>;
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        getrandom::fill(buffer)
            .map_err(|cause| Error::new(Code::NoEntropy, format!("the operating system gave no randomness: {cause}")))
    }
}

/// A generator that gives the same bytes for the same seed (ChaCha20). For
/// tests and simulation only: whoever knows the seed knows every id and salt.
pub struct SeededEntropy(Mutex<rand_chacha::ChaCha20Rng>);

impl SeededEntropy {
    /// A generator started from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        SeededEntropy(Mutex::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed)))
    }
}

impl std::fmt::Debug for SeededEntropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SeededEntropy")
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(buffer);
        Ok(())
    }
}

/// The time and randomness one operation brings along into its transaction.
/// A transaction may be run again; a clone taken at its start makes each run
/// mint the same ids.
pub(crate) struct Supplies {
    /// The wall clock, for records.
    pub(crate) wall: UnixMillis,
    /// The engine's timeline, for everything that falls due.
    pub(crate) due: UnixMillis,
    rng: Mutex<rand_chacha::ChaCha20Rng>,
}

impl Supplies {
    pub(crate) fn new(wall: UnixMillis, due: UnixMillis, entropy: &dyn Entropy) -> Result<Self> {
        let seed: [u8; 32] = random(entropy)?;
        Ok(Supplies { wall, due, rng: Mutex::new(rand_chacha::ChaCha20Rng::from_seed(seed)) })
    }
}

impl Clone for Supplies {
    fn clone(&self) -> Self {
        let rng = self.rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        Supplies { wall: self.wall, due: self.due, rng: Mutex::new(rng) }
    }
}

impl Entropy for Supplies {
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        self.rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(buffer);
        Ok(())
    }
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N]> {
    let mut bytes = [0u8; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_sequence() {
        let a: [u8; 32] = random(&SeededEntropy::new(7)).unwrap_or_default();
        let b: [u8; 32] = random(&SeededEntropy::new(7)).unwrap_or_default();
        let c: [u8; 32] = random(&SeededEntropy::new(8)).unwrap_or_default();
        assert_eq!(a, b);
        assert_ne!(a, c);
    }
}
