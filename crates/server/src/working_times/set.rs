//! Giving a user its working time, in place of the one that it has.

use domain::working_time::Week;
use domain::{Kind, Ref};

use super::{New, WorkingTime, insert_days};
use crate::entities::image::{self, change};
use crate::entities::{Entity, Judged, Place};
use crate::events::{Data, Verb};
use crate::operation::{Operation, Turn};
use crate::references::{self, At, Wanted};
use crate::scope::Scope;
use crate::store::{Error, Sequence, Tx, params};

/// What a request asks for.
#[derive(Debug)]
pub struct Set {
    pub scope: Scope,
    pub user: Ref,
    pub week: Week,
}

/// Creates the user's working time, or gives it other days; the user's id.
impl Operation for Set {
    const NAME: &'static str = "working_times.set";
    type Outcome = i64;

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::Entity(Kind::WorkingTime), 1))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<i64> {
        let Self { scope, user, week } = self;
        let company = scope.company;
        let at = Some(At::Field("userId"));
        let wanted = [Wanted { kind: Kind::User, reference: user, at }];
        let user_id = references::require(tx, scope, &wanted).await?[0];
        let sql = "SELECT id FROM working_times WHERE company_id = $1 AND user_id = $2";
        let Some((id,)) = tx.query_opt(sql, params![company, user_id]).await? else {
            let place = place(scope, turn, turn.first_id);
            let new = New { user: user.clone(), week: week.clone() };
            if WorkingTime::insert(tx, place, &new, &[Some(user_id)]).await?.is_none() {
                let clash = WorkingTime::clash(tx, scope, &new, &[Some(user_id)]).await?;
                return Err(match clash {
                    Some(_) => Error::changed("the user got a working time meanwhile").into(),
                    None => Error::IdTaken.into(),
                });
            }
            let image = image::image(tx, company, Kind::WorkingTime, place.id).await?;
            let change = change(Kind::WorkingTime, None, image.as_ref());
            turn.tell(Kind::WorkingTime, Verb::Created, place.id, Data::Entity(change, Vec::new()));
            return Ok(user_id);
        };
        let gone = || Error::changed("the working time was deleted meanwhile");
        let before = image::held(tx, company, Kind::WorkingTime, id).await?.ok_or_else(gone)?;
        let sql = "DELETE FROM working_time_days WHERE company_id = $1 AND working_time_id = $2";
        tx.execute(sql, params![company, id]).await?;
        insert_days(tx, place(scope, turn, id), week.days()).await?;
        let sql = "UPDATE working_times SET updated_at = $3 WHERE company_id = $1 AND id = $2";
        tx.execute(sql, params![company, id, turn.now]).await?;
        turn.updated(tx, (company, Kind::WorkingTime, id), &before).await?;
        Ok(user_id)
    }
}

fn place(scope: &Scope, turn: &Turn, id: i64) -> Place {
    Place { company: scope.company, id, now: turn.now, source: scope.source }
}
