//! Tokens that a biller hands out (electricity vouchers, PINs), sealed for the
//! database: whoever steals the file can't spend them. XChaCha20-Poly1305 with
//! the payment's id as associated data, so that a sealed token can't be moved
//! to another payment.
//!
//! Bytes: version 0 is `0` and a JSON array, for hosts without a key. Version
//! 1 is `1`, the key's id (4 bytes, big-endian), the nonce (24 bytes), then
//! ciphertext and tag of the same JSON array. Version 0 is still read when a
//! key is there, since the key may have come later.
#![allow(dead_code, reason = "used by the engine")]

use crate::canonical::Canonical;
use crate::error::{Error, Result};
use crate::id::PaymentId;
use crate::secret::Secret;
use crate::vocabulary::Code;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const VERSION_PLAIN: u8 = 0;
const VERSION_SEALED: u8 = 1;
const KEY_BYTES: usize = 32;

/// Seals and opens tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct TokenVault {
    /// The first seals; all open.
    keys: Vec<(u32, Secret)>,
}

impl TokenVault {
    /// Stores tokens as they are.
    pub(crate) const fn plain() -> Self {
        TokenVault { keys: Vec::new() }
    }

    /// Adds a key of 32 random bytes. The first one added seals; the others
    /// only open what they sealed before a change of keys.
    ///
    /// # Errors
    /// [`Code::InvalidConfig`] unless it is 32 bytes, not all the same, and
    /// its id is new.
    pub(crate) fn with_key(mut self, key_id: u32, key: Secret) -> Result<Self> {
        let invalid = |why: &str| Err(Error::field(Code::InvalidConfig, "token_key", why));
        let bytes = key.expose();
        if bytes.len() != KEY_BYTES || bytes.iter().all(|byte| Some(byte) == bytes.first()) {
            return invalid("must be 32 random bytes");
        }
        if self.key(key_id).is_some() {
            return invalid("its id is in use; give every key its own");
        }
        self.keys.push((key_id, key));
        Ok(self)
    }

    fn key(&self, key_id: u32) -> Option<&Secret> {
        self.keys.iter().find(|(id, _)| *id == key_id).map(|(_, key)| key)
    }

    /// Seals the tokens of one payment. The nonce must be random and never
    /// used again.
    ///
    /// # Errors
    /// [`Code::TooLong`] when they are longer than the cipher can take.
    pub(crate) fn seal(&self, tokens: &[String], payment: PaymentId, nonce: [u8; 24]) -> Result<Vec<u8>> {
        let too_long = || Error::field(Code::TooLong, "tokens", "can't be sealed in one piece");
        let plain = Zeroizing::new(serde_json::to_vec(tokens).map_err(|_| too_long())?);
        let Some((key_id, key)) = self.keys.first() else {
            return Ok([&[VERSION_PLAIN], plain.as_slice()].concat());
        };
        let header = associated(*key_id, payment);
        let payload = Payload { msg: &plain, aad: header.as_bytes() };
        let sealed = cipher(key)?.encrypt(&XNonce::from(nonce), payload).map_err(|_| too_long())?;
        Ok([&[VERSION_SEALED], key_id.to_be_bytes().as_slice(), &nonce, &sealed].concat())
    }

    /// The tokens of one payment.
    ///
    /// # Errors
    /// [`Code::NotAllowed`] naming the key's id, when no such key is
    /// configured: configure it. [`Code::Corrupt`] when the bytes were changed,
    /// belong to another payment, or the key under this id is another one.
    pub(crate) fn open(&self, bytes: &[u8], payment: PaymentId) -> Result<Vec<String>> {
        let corrupt = || Error::new(Code::Corrupt, "stored tokens are damaged, or sealed with another key of this id");
        match bytes.split_first() {
            Some((&VERSION_PLAIN, plain)) => serde_json::from_slice(plain).map_err(|_| corrupt()),
            Some((&VERSION_SEALED, rest)) => {
                let (key_id, rest) = rest.split_first_chunk::<4>().ok_or_else(corrupt)?;
                let (nonce, sealed) = rest.split_first_chunk::<24>().ok_or_else(corrupt)?;
                let key_id = u32::from_be_bytes(*key_id);
                let key = self.key(key_id).ok_or_else(|| {
                    Error::new(Code::NotAllowed, format!("the tokens are sealed with key {key_id}; configure it"))
                })?;
                let header = associated(key_id, payment);
                let payload = Payload { msg: sealed, aad: header.as_bytes() };
                let plain = cipher(key)?.decrypt(&XNonce::from(*nonce), payload).map_err(|_| corrupt())?;
                serde_json::from_slice(&Zeroizing::new(plain)).map_err(|_| corrupt())
            }
            _ => Err(corrupt()),
        }
    }
}

fn associated(key_id: u32, payment: PaymentId) -> Canonical {
    Canonical::new("fusepay.vault", VERSION_SEALED).number(i64::from(key_id)).bytes(payment.as_bytes())
}

fn cipher(key: &Secret) -> Result<XChaCha20Poly1305> {
    XChaCha20Poly1305::new_from_slice(key.expose())
        .map_err(|_| Error::field(Code::InvalidConfig, "token_key", "must be 32 random bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAYMENT: PaymentId = PaymentId::from_bytes([5; 16]);

    fn key(first: u8) -> Secret {
        Secret::new((first..first + 32).collect::<Vec<u8>>())
    }

    fn vault() -> TokenVault {
        TokenVault::plain().with_key(1, key(1)).unwrap()
    }

    fn tokens() -> Vec<String> {
        vec!["1234-5678-9012-3456-7890".to_owned(), "pin 42 é".to_owned()]
    }

    #[test]
    fn sealed_tokens_can_be_shown_again_and_are_not_in_the_bytes() {
        let bytes = vault().seal(&tokens(), PAYMENT, [9; 24]).unwrap();
        assert_eq!(vault().open(&bytes, PAYMENT).unwrap(), tokens());
        assert!(!bytes.windows(4).any(|window| window == b"1234"));
    }

    #[test]
    fn the_bytes_of_version_1_never_change() {
        let bytes = vault().seal(&["1".to_owned()], PAYMENT, [9; 24]).unwrap();
        assert_eq!(crate::canonical::hex(bytes.get(29..).unwrap()), "75110f9656bf65fa7cdba839b5b12237d7a5df491d");
    }

    #[test]
    fn without_a_key_they_are_stored_as_they_are_and_read_later_with_one() {
        let bytes = TokenVault::plain().seal(&tokens(), PAYMENT, [0; 24]).unwrap();
        assert_eq!(bytes.first(), Some(&0));
        assert_eq!(TokenVault::plain().open(&bytes, PAYMENT).unwrap(), tokens());
        assert_eq!(vault().open(&bytes, PAYMENT).unwrap(), tokens());
    }

    #[test]
    fn another_payment_another_key_or_no_key_opens_nothing() {
        let bytes = vault().seal(&tokens(), PAYMENT, [9; 24]).unwrap();
        let code = |vault: &TokenVault, payment| vault.open(&bytes, payment).map_err(|e| e.code());
        assert_eq!(code(&vault(), PaymentId::from_bytes([6; 16])), Err(Code::Corrupt));
        assert_eq!(code(&TokenVault::plain().with_key(1, key(2)).unwrap(), PAYMENT), Err(Code::Corrupt));
        assert_eq!(code(&TokenVault::plain().with_key(2, key(1)).unwrap(), PAYMENT), Err(Code::NotAllowed));
        assert_eq!(code(&TokenVault::plain(), PAYMENT), Err(Code::NotAllowed));
        let rotated = TokenVault::plain().with_key(2, key(2)).unwrap().with_key(1, key(1)).unwrap();
        assert_eq!(code(&rotated, PAYMENT), Ok(tokens()));
        assert_eq!(rotated.seal(&[], PAYMENT, [0; 24]).unwrap().get(1..5), Some(&[0, 0, 0, 2][..]));
    }

    #[test]
    fn unfit_keys_are_refused() {
        for (id, bytes) in [(2, vec![]), (2, vec![1; 31]), (2, vec![7; 32]), (1, (9..41).collect())] {
            let code = vault().with_key(id, Secret::new(bytes)).map_err(|e| e.code());
            assert_eq!(code.err(), Some(Code::InvalidConfig));
        }
    }

    proptest! {
        #[test]
        fn a_changed_byte_is_noticed(at in 0usize..60, flip in 1u8..) {
            let mut bytes = vault().seal(&tokens(), PAYMENT, [9; 24]).unwrap();
            bytes[at] ^= flip;
            prop_assert!(vault().open(&bytes, PAYMENT).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = vault().open(&bytes, PAYMENT);
        }
    }
}
