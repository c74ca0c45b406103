//! Assigning a seniority to a position. It stands in for the position's free text.

use domain::{Kind, Ref};

use super::{Position, read};
use crate::entities::image::held;
use crate::entities::{Judged, Place};
use crate::operation::{Operation, Turn};
use crate::references::{self, Wanted};
use crate::scope::Scope;
use crate::store::{self, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Assign {
    pub scope: Scope,
    pub position: Ref,
    pub seniority: Ref,
}

/// Assigns a seniority to a position, in place of the one it had.
impl Operation for Assign {
    const NAME: &'static str = "positions.assign_seniority";
    type Outcome = Position;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<Position> {
        let Self { scope, position, seniority } = self;
        let wanted = [
            Wanted { kind: Kind::Position, reference: position, at: None },
            Wanted { kind: Kind::Seniority, reference: seniority, at: None },
        ];
        let found = references::require(tx, scope, &wanted).await?;
        let &Scope { company, source, .. } = scope;
        let place = Place { company, id: found[0], now: turn.now, source };
        let gone = || store::Error::changed("the position was deleted meanwhile");
        // First, because it holds the position against an update.
        let before = held(tx, company, Kind::Position, place.id).await?.ok_or_else(gone)?;
        let sql = "UPDATE positions SET seniority = NULL, updated_at = $3
            WHERE company_id = $1 AND id = $2";
        tx.execute(sql, params![company, place.id, turn.now]).await?;
        let sql = "INSERT INTO position_seniorities (company_id, position_id, seniority_id)
            VALUES ($1, $2, $3)
            ON CONFLICT (company_id, position_id)
                DO UPDATE SET seniority_id = excluded.seniority_id";
        tx.execute(sql, params![company, place.id, found[1]]).await?;
        turn.updated(tx, (company, Kind::Position, place.id), &before).await?;
        read(tx, place).await?.ok_or_else(|| gone().into())
    }
}
