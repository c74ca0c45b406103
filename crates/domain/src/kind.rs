//! The kinds of entity that have external ids.

/// A kind of entity that source systems know under their own ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Category,
    Client,
    Contract,
    Position,
    Seniority,
    Team,
    User,
    Workspace,
}

impl Kind {
    pub const ALL: [Kind; 8] = [
        Kind::Category,
        Kind::Client,
        Kind::Contract,
        Kind::Position,
        Kind::Seniority,
        Kind::Team,
        Kind::User,
        Kind::Workspace,
    ];

    /// The kind in lower case, as it stands in the database, in `/api` and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Category => "category",
            Kind::Client => "client",
            Kind::Contract => "contract",
            Kind::Position => "position",
            Kind::Seniority => "seniority",
            Kind::Team => "team",
            Kind::User => "user",
            Kind::Workspace => "workspace",
        }
    }

    /// The published error name for an entity that is not there, e.g. `ContractNotFoundError`.
    pub const fn not_found(self) -> &'static str {
        match self {
            Kind::Category => "CategoryNotFoundError",
            Kind::Client => "ClientNotFoundError",
            Kind::Contract => "ContractNotFoundError",
            Kind::Position => "PositionNotFoundError",
            Kind::Seniority => "SeniorityNotFoundError",
            Kind::Team => "TeamNotFoundError",
            Kind::User => "UserNotFoundError",
            Kind::Workspace => "WorkspaceNotFoundError",
        }
    }

    /// The kind with this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
