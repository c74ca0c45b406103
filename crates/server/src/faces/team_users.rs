//! Who is in a team, as COR's faces tell it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::teams::attach::Member;

/// What a relation says about its company and its user.
#[derive(Serialize, ToSchema)]
#[schema(as = TeamUserMeta)]
pub struct Meta {
    #[schema(example = 2336)]
    company_id: i64,
    user: MetaUser,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TeamUserMetaUser)]
struct MetaUser {
    #[schema(example = 48878)]
    id: i64,
    #[schema(example = "Ana")]
    first_name: String,
    #[schema(example = "Lee")]
    last_name: String,
    #[schema(example = "ana.lee@example.com")]
    email: String,
    #[schema(example = 2336)]
    company_id: i64,
}

impl Meta {
    pub fn new(company_id: i64, user: Member) -> Self {
        let Member { id, first_name, last_name, email } = user;
        Self { company_id, user: MetaUser { id, first_name, last_name, email, company_id } }
    }
}
