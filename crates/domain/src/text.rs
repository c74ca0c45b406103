//! Texts that cannot be wrong.

/// Declares a text type with a rule; `RULE` is the sentence a refusal carries.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// What a valid one looks like, for messages.
            pub const RULE: &'static str = $rule;

            pub fn parse(text: &str) -> Result<Self, &'static str> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(Self::RULE) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text!(
    /// A name: 1 to 255 characters.
    Name,
    "must be a string of 1 to 255 characters",
    |text| !text.is_empty() && within(text, 255)
);
text!(
    /// Any other text: up to 10,000 characters.
    Text,
    "must be a string of at most 10,000 characters",
    |text| within(text, 10_000)
);
text!(
    /// A short text without a closed list, such as the `status` of a contract: 1 to 64 characters.
    Label,
    "must be a string of 1 to 64 characters",
    |text| !text.is_empty() && within(text, 64)
);
text!(
    /// An e-mail address: one `@` with text on both sides, at most 254 characters.
    Email,
    "must be an e-mail address of at most 254 characters",
    |text| within(text, 254)
        && matches!(text.split_once('@'), Some((local, host))
            if !local.is_empty() && !host.is_empty() && !host.contains('@'))
);

text!(
    /// The name of a source that a company registers: no `:`, which parts a source from an id.
    SourceLabel,
    "must be 1 to 64 letters, digits, _, - or .",
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
);

impl Email {
    /// The address as it is compared.
    pub fn key(&self) -> String {
        folded(&self.0)
    }
}

impl Name {
    /// The name, or a part of it, as it is searched.
    pub fn key(&self) -> String {
        folded(&self.0)
    }
}

/// A text as it is compared without regard to case: letter by letter. (The lower case of a whole
/// text depends on where a sigma stands.)
pub fn folded(text: &str) -> String {
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.map(|letter| if letter == 'ς' { 'σ' } else { letter }).collect()
}

/// Whether `text` has at most `limit` characters and no U+0000.
fn within(text: &str, limit: usize) -> bool {
    (text.len() <= limit || text.chars().nth(limit).is_none()) && !text.contains('\0')
}
