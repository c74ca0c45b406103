//! Who works on a project, besides the user who manages it.

use domain::{Kind, Ref};

use crate::app::App;
use crate::entities::Judged;
use crate::events::Verb;
use crate::events::data::{Data, Direction, Member};
use crate::operation::{Operation, Turn};
use crate::references::{self, At, Wanted};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Col, Sequence, Tx, params, row};

/// Collaborators that a project may have: all of them are told at once.
const MOST: i64 = 10_000;

row! {
    pub struct Collaborator {
        pub id: i64,
        pub first_name: String,
        pub last_name: String,
    }
}

/// The collaborators of a project, by id.
pub async fn of(app: &App, scope: Scope, project: Ref) -> Judged<Vec<Collaborator>> {
    app.store
        .read("projects.collaborators", async move |tx: &mut Tx| {
            let project = references::find(tx, &scope, Kind::Project, &project).await?;
            let sql = "SELECT u.id, u.first_name, u.last_name
                FROM project_users p CROSS JOIN users u
                WHERE p.company_id = $1 AND p.project_id = $2
                    AND u.company_id = p.company_id AND u.id = p.user_id
                ORDER BY u.id";
            Ok(tx.query(sql, params![scope.company, project]).await?)
        })
        .await
}

/// Makes users collaborators of a project; those who are stay so. Nobody becomes one when the
/// project or any user is unknown.
#[derive(Debug)]
pub struct Add {
    pub scope: Scope,
    pub project: Ref,
    pub users: Vec<Ref>,
}

impl Operation for Add {
    const NAME: &'static str = "projects.add-collaborators";
    type Outcome = ();

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        Some((Sequence::Collaborator, self.users.len()))
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<()> {
        let company = self.scope.company;
        let users = self.users.iter().enumerate().map(|(nth, user)| {
            let at = Some(At::Element("usersIds", nth, ""));
            Wanted { kind: Kind::User, reference: user, at }
        });
        let project = Wanted { kind: Kind::Project, reference: &self.project, at: None };
        let wanted: Vec<Wanted<'_>> = std::iter::once(project).chain(users).collect();
        let mut users = references::require(tx, &self.scope, &wanted).await?;
        let project = users.remove(0);
        users.sort_unstable();
        users.dedup();
        let sql = "INSERT INTO project_users (company_id, project_id, user_id, id, created_at)
            SELECT $1, $2, e.user_id, $3 + e.ord - 1, $4 FROM {e(user_id bigint)}
            WHERE true ON CONFLICT DO NOTHING
            RETURNING id, user_id";
        let values = params![company, project, turn.first_id, turn.now];
        let added: Vec<(i64, i64)> = tx.query_batch(sql, values, &[Col::Int(&users)]).await?;
        let sql = "SELECT count(*) FROM project_users WHERE company_id = $1 AND project_id = $2";
        let count: Option<(i64,)> = tx.query_opt(sql, params![company, project]).await?;
        if count.is_some_and(|(count,)| count > MOST) {
            let message = format!("would be more than {MOST} collaborators of the project");
            return Err(Refusal::Invalid { pointer: "/usersIds".to_owned(), message }.into());
        }
        tell(turn, Verb::UsersAttached, Direction::Added, project, added);
        Ok(())
    }
}

/// Takes a collaborator off a project. A user who is none is skipped.
#[derive(Debug)]
pub struct Remove {
    pub scope: Scope,
    pub project: Ref,
    pub user: Ref,
}

impl Operation for Remove {
    const NAME: &'static str = "projects.remove-collaborator";
    type Outcome = ();

    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<()> {
        let wanted = [(Kind::Project, &self.project), (Kind::User, &self.user)]
            .map(|(kind, reference)| Wanted { kind, reference, at: None });
        let found = references::require(tx, &self.scope, &wanted).await?;
        let sql = "DELETE FROM project_users
            WHERE company_id = $1 AND project_id = $2 AND user_id = $3
            RETURNING id, user_id";
        let removed = tx.query(sql, params![self.scope.company, found[0], found[1]]).await?;
        tell(turn, Verb::UsersDetached, Direction::Removed, found[0], removed);
        Ok(())
    }
}

/// Tells who became a collaborator, or is none any more, if anybody.
fn tell(turn: &mut Turn, verb: Verb, way: Direction, project: i64, who: Vec<(i64, i64)>) {
    if who.is_empty() {
        return;
    }
    let member = |(id, user_id)| Member { id, user_id };
    let data = Data::Members(way, who.into_iter().map(member).collect());
    turn.tell(Kind::Project, verb, project, data);
}
