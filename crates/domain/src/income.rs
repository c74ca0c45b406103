//! What projects earn by.

/// What a project earns by: one of a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncomeType(&'static str);

impl IncomeType {
    /// All there are, as COR names them.
    pub const NAMES: [&'static str; 4] = ["fee", "one_time", "hourly_rate", "contract"];

    /// What a valid one looks like, for messages.
    pub const RULE: &'static str = "must be one of: fee one_time hourly_rate contract";

    pub fn parse(name: &str) -> Result<Self, &'static str> {
        Self::NAMES.into_iter().find(|known| *known == name).map(Self).ok_or(Self::RULE)
    }

    pub const fn as_str(self) -> &'static str {
        self.0
    }
}
