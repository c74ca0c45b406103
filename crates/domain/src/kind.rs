//! The kinds of entity that have external ids.

/// Lists the kinds: a line each.
macro_rules! kinds {
    ($($kind:ident, $name:literal, $not_found:literal;)*) => {
        /// A kind of entity that source systems know under their own ids.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $($kind,)*
        }

        impl Kind {
            pub const ALL: [Kind; [$($name),*].len()] = [$(Kind::$kind),*];

            /// What a valid name is, for messages.
            pub const RULE: &'static str = concat!("must be one of:" $(, " ", $name)*);

            /// The kind as it stands in the database, in `/api` and in messages.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Kind::$kind => $name,)*
                }
            }

            /// The published error name for an entity that is not there.
            pub const fn not_found(self) -> &'static str {
                match self {
                    $(Kind::$kind => $not_found,)*
                }
            }

            /// The kind with this [`name`](Self::name).
            pub fn from_name(name: &str) -> Option<Kind> {
                match name {
                    $($name => Some(Kind::$kind),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    Brand, "brand", "BrandNotFoundError";
    Category, "category", "CategoryNotFoundError";
    Client, "client", "ClientNotFoundError";
    Contract, "contract", "ContractNotFoundError";
    Leave, "leave", "LeaveNotFoundError";
    LeaveType, "leave_type", "LeaveTypeNotFoundError";
    Position, "position", "PositionNotFoundError";
    Product, "product", "ProductNotFoundError";
    Project, "project", "ProjectNotFoundError";
    Seniority, "seniority", "SeniorityNotFoundError";
    Team, "team", "TeamNotFoundError";
    User, "user", "UserNotFoundError";
    WorkingTime, "working_time", "WorkingTimeNotFoundError";
    Workspace, "workspace", "WorkspaceNotFoundError";
}
