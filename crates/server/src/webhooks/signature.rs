//! What lets a receiver know that a webhook is ours: HMAC-SHA256 with a secret of both.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::secret::Secret;

/// Tells a reader what the rest is.
const PREFIX: &str = "whsec_";

/// The secret of an endpoint. Unlike a token's it is kept as it is, since signing needs it.
#[derive(Clone, Debug)]
pub struct SigningSecret {
    text: Secret,
    key: hmac::Key,
}

impl SigningSecret {
    /// What a valid one looks like, for messages.
    pub const RULE: &'static str = "must be whsec_ and the Base64 of 24 to 64 bytes";

    /// A new one of 256 random bits.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self::of(&format!("{PREFIX}{}", STANDARD.encode(bytes)), &bytes))
    }

    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let encoded = text.strip_prefix(PREFIX).ok_or(Self::RULE)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| Self::RULE)?;
        match bytes.len() {
            24..=64 => Ok(Self::of(text, &bytes)),
            _ => Err(Self::RULE),
        }
    }

    fn of(text: &str, bytes: &[u8]) -> Self {
        Self { text: text.into(), key: hmac::Key::new(hmac::HMAC_SHA256, bytes) }
    }

    /// The secret itself, for the receiver and for the row that keeps it.
    pub fn reveal(&self) -> &str {
        self.text.reveal()
    }
}

/// The value of `webhook-signature`: one signature for each secret, so that a receiver who knows
/// the old one or the new one can check. `id` must hold no full stop, which ends it in what is
/// signed; `timestamp` is in seconds since 1970.
pub fn sign(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut signatures = String::new();
    for secret in secrets {
        let mut context = hmac::Context::with_key(&secret.key);
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        let space = if signatures.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(signatures, "{space}v1,{}", STANDARD.encode(context.sign()));
    }
    signatures
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use standardwebhooks::Webhook;

    use super::*;
    use crate::clock::Clock;

    const BODY: &[u8] = br#"{"type":"contract.created"}"#;

    fn verify(secret: &SigningSecret, id: &str, timestamp: i64, signature: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", timestamp.into());
        headers.insert("webhook-signature", signature.parse().unwrap());
        Webhook::new(secret.reveal()).unwrap().verify(BODY, &headers).is_ok()
    }

    #[test]
    fn the_official_library_verifies() {
        let [old, new, other] = [(); 3].map(|()| SigningSecret::random().unwrap());
        let now = Clock::System.now().as_second();
        let signature = sign(&[old.clone(), new.clone()], "msg_1", now, BODY);
        assert_eq!(signature.split(' ').count(), 2);
        assert!(verify(&old, "msg_1", now, &signature));
        assert!(verify(&new, "msg_1", now, &signature));
        assert!(!verify(&other, "msg_1", now, &signature));
        assert!(!verify(&old, "msg_2", now, &signature));
        assert!(!verify(&old, "msg_1", now + 1, &signature));
        assert_eq!(sign(&[], "msg_1", now, BODY), "");
    }

    #[test]
    fn the_same_signs_the_same() {
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let official = Webhook::new(secret.reveal()).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = sign(&[secret], id, 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(signature, official.sign(id, 1_614_265_330, body).unwrap());
    }

    #[test]
    fn secrets() {
        let secret = SigningSecret::random().unwrap();
        assert_eq!(secret.reveal().len(), "whsec_".len() + 44);
        assert!(!format!("{secret:?}").contains(&secret.reveal()[6..]));
        for wrong in ["", "whsec_", "whsec_AAAA", "whsec_not base64", &secret.reveal()[6..]] {
            assert_eq!(SigningSecret::parse(wrong).unwrap_err(), SigningSecret::RULE, "{wrong}");
        }
        let again = SigningSecret::parse(secret.reveal()).unwrap();
        assert_eq!(sign(&[again], "a", 1, BODY), sign(&[secret], "a", 1, BODY));
        let long = format!("whsec_{}", STANDARD.encode([0; 65]));
        assert!(SigningSecret::parse(&long).is_err());
    }
}
