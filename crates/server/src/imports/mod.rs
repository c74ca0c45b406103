//! Entities that come from elsewhere with their ids: all of them in one transaction, or none.

use std::collections::HashSet;
use std::sync::Arc;

use domain::{ExternalId, Kind, Ref, Source};
use jiff::Timestamp;

use crate::app::App;
use crate::clients::Client;
use crate::contracts::Contract;
use crate::entities::{self, Called, Entity, Link, Place};
use crate::events;
use crate::operation::Turn;
use crate::positions::Position;
use crate::references::{self, At, Wanted};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{self, Col, Stop, Tx, Work, params};
use crate::teams::Team;
use crate::users::User;

/// An entity with its id, and what sources call it.
pub struct One<E: Entity> {
    pub id: i64,
    pub new: E::New,
    pub references: Vec<(Source, ExternalId)>,
}

/// What could not be read: its kind, and its id if that could be.
pub type Unread = Vec<(Kind, Option<i64>)>;

/// Declares the kinds that come in, in the order in which one may refer to another.
macro_rules! kinds {
    ($($all:ident: $kind:ident),* $(,)?) => {
        /// What comes in.
        #[derive(Default)]
        pub struct Import {
            $(pub $all: Vec<One<$kind>>,)*
            /// If there is any, nothing comes in: the others are only judged.
            pub unread: Unread,
        }

        impl Import {
            /// How many there are of each kind.
            pub fn counts(&self) -> Vec<(Kind, usize)> {
                vec![$(($kind::KIND, self.$all.len())),*]
            }

            async fn insert(&self, run: &mut Run<'_>) -> store::Result<()> {
                $(run.all::<$kind>(&self.$all).await?;)*
                // Last: until the commit nobody else draws new ids.
                $(run.sequence(&self.$all).await?;)*
                Ok(())
            }
        }
    };
}

kinds! {
    clients: Client,
    positions: Position,
    users: User,
    teams: Team,
    contracts: Contract,
}

/// A record that cannot come in: its kind, its place among those of the kind, and why.
#[derive(Clone, Debug)]
pub struct Wrong {
    pub kind: Kind,
    pub nth: usize,
    pub why: Refusal,
}

/// Brings everything in, or tells what is wrong with each record that cannot; nothing, if it was only
/// judged and all is right. New ids of a kind are drawn behind those that came in.
pub async fn import(app: &App, scope: Scope, import: Arc<Import>) -> Result<(), Stop<Vec<Wrong>>> {
    let (now, company) = (app.clock.now(), scope.company);
    let done = app.store.run("import", Work::Long, async move |tx: &mut Tx| {
        let mut turn = Turn { now, first_id: 0, events: Vec::new() };
        let amiss = import.unread.iter().copied().collect();
        let mut run = Run { tx, turn: &mut turn, scope: &scope, wrong: Vec::new(), amiss };
        import.insert(&mut run).await?;
        if !run.wrong.is_empty() || !import.unread.is_empty() {
            return Err(Stop::Refused(run.wrong));
        }
        let last: Vec<_> = events::keep(tx, &scope, turn.events, now).into_iter().collect();
        tx.finish(&last).await?;
        Ok(())
    });
    done.await?;
    app.feed.wrote(company, app.store.has_one_writer());
    Ok(())
}

/// Ids from here on are not followed: those that are drawn would come to their end.
const FAR: i64 = 1 << 48;

/// What is amiss: its kind and its id, or with `None` anything of the kind.
type Amiss = HashSet<(Kind, Option<i64>)>;

/// Whether a reference is to something that is amiss.
fn would_be_there(amiss: &Amiss, wanted: &Wanted<'_>) -> bool {
    let of_kind = |id| amiss.contains(&(wanted.kind, id));
    matches!(wanted.reference, Ref::Internal(id) if of_kind(Some(*id)) || of_kind(None))
}

/// What is brought in, and what of it is wrong.
struct Run<'a> {
    tx: &'a mut Tx,
    turn: &'a mut Turn,
    scope: &'a Scope,
    wrong: Vec<Wrong>,
    /// What would be there if it were right.
    amiss: Amiss,
}

impl Run<'_> {
    async fn all<E: Entity>(&mut self, all: &[One<E>]) -> store::Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        let scope = self.scope;
        let links: Vec<Vec<Link<'_>>> = all.iter().map(|one| E::links(&one.new)).collect();
        let mut wanted = Vec::new();
        let places: Vec<(usize, usize)> = links
            .iter()
            .map(|links| {
                let first = wanted.len();
                wanted.extend(links.iter().filter_map(|&(field, kind, reference)| {
                    Some(Wanted { kind, reference: reference?, at: Some(At::Field(field)) })
                }));
                (first, wanted.len())
            })
            .collect();
        let found = references::resolve(self.tx, scope, &wanted).await?;
        for (nth, (one, links)) in all.iter().zip(&links).enumerate() {
            let (first, end) = places[nth];
            let looked = (&wanted[first..end], &found[first..end]);
            match self.judge(one, links, looked).await {
                Ok(()) => continue,
                Err(Stop::Refused(Some(why))) => {
                    self.wrong.push(Wrong { kind: E::KIND, nth, why });
                }
                Err(Stop::Refused(None)) => {}
                Err(Stop::Failed(error)) => return Err(error),
            }
            self.amiss.insert((E::KIND, Some(one.id)));
        }
        self.references(all).await
    }

    /// Brings a record in. `None`: it refers to one that is amiss, and it is that one's fault.
    async fn judge<E: Entity>(
        &mut self,
        one: &One<E>,
        links: &[Link<'_>],
        (wanted, found): (&[Wanted<'_>], &[Option<i64>]),
    ) -> Result<(), Stop<Option<Refusal>>> {
        let missing = wanted.iter().zip(found).filter(|(_, found)| found.is_none());
        let missing = missing.map(|(wanted, _)| *wanted);
        let (excused, missing): (Vec<Wanted<'_>>, Vec<Wanted<'_>>) =
            missing.partition(|wanted| would_be_there(&self.amiss, wanted));
        let judged = match (missing.is_empty(), excused.is_empty()) {
            (true, true) => entities::linked(self.tx, self.scope, links, wanted, found).await,
            (true, false) => return Err(Stop::Refused(None)),
            (false, _) => {
                let found = vec![None; missing.len()];
                Err(references::not_found(self.tx, self.scope, &missing, &found).await)
            }
        };
        let judged = match judged {
            Ok(linked) => self.one(one, &linked).await,
            Err(stop) => Err(stop),
        };
        judged.map_err(|stop| match stop {
            Stop::Refused(why) => Stop::Refused(Some(why)),
            Stop::Failed(error) => Stop::Failed(error),
        })
    }

    async fn one<E: Entity>(
        &mut self,
        one: &One<E>,
        linked: &[Option<i64>],
    ) -> entities::Judged<()> {
        let place = Place {
            company: self.scope.company,
            id: one.id,
            now: self.turn.now,
            source: self.scope.source,
        };
        let called = Called::Chosen(one.id);
        let scope = (self.scope, place);
        entities::insert::<E>(self.tx, self.turn, scope, &called, &one.new, linked).await.map(drop)
    }

    /// What sources call them. One that is taken is wrong.
    async fn references<E: Entity>(&mut self, all: &[One<E>]) -> store::Result<()> {
        let each = || {
            let all = all.iter().enumerate();
            all.flat_map(|(nth, one)| one.references.iter().map(move |known| (nth, one.id, known)))
        };
        let ids: Vec<i64> = each().map(|(_, id, _)| id).collect();
        let sources: Vec<i64> = each().map(|(.., (source, _))| source.id).collect();
        let names: Vec<&str> = each().map(|(.., (_, name))| name.as_str()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let (company, kind, now): (i64, _, Timestamp) =
            (self.scope.company, E::KIND.name(), self.turn.now);
        let batch = [Col::Int(&ids), Col::Int(&sources), Col::Text(&names)];
        let sql = "INSERT INTO external_refs
                (company_id, kind, external_id, source_id, entity_id, created_at)
            SELECT $1, $2, e.external_id, e.source_id, e.entity_id, $3
            FROM {e(entity_id bigint, source_id bigint, external_id text)} WHERE true
            ON CONFLICT DO NOTHING";
        let inserted = self.tx.execute_many(sql, params![company, kind, now], &batch).await?;
        if inserted == ids.len() as u64 {
            return Ok(());
        }
        // Who has them: those of an entity itself are its own.
        let sql = "SELECT e.ord, r.entity_id
            FROM {e(entity_id bigint, source_id bigint, external_id text)}
            CROSS JOIN external_refs r
            WHERE r.company_id = $1 AND r.kind = $2 AND r.external_id = e.external_id
                AND r.source_id = e.source_id AND r.entity_id <> e.entity_id
            ORDER BY e.ord";
        let taken: Vec<(i64, i64)> =
            self.tx.query_batch(sql, params![company, kind], &batch).await?;
        let all: Vec<_> = each().collect();
        for (ord, owner) in taken {
            let place = usize::try_from(ord - 1).ok().and_then(|place| all.get(place));
            let Some((nth, _, (source, external_id))) = place else { continue };
            let (source, external_id) = (*source, external_id.clone());
            let why = Refusal::ReferenceTaken { kind: E::KIND, source, external_id, owner };
            self.wrong.push(Wrong { kind: E::KIND, nth: *nth, why });
        }
        Ok(())
    }

    /// New ids come behind these: else each would be drawn, found taken, and drawn again.
    async fn sequence<E: Entity>(&mut self, all: &[One<E>]) -> store::Result<()> {
        let ids = all.iter().map(|one| one.id).filter(|id| *id < FAR);
        let Some(last) = ids.max() else { return Ok(()) };
        let sql = "INSERT INTO id_sequences (name, next) VALUES ($1, $2 + 1)
            ON CONFLICT (name) DO UPDATE SET next = $2 + 1 WHERE id_sequences.next <= $2";
        let name = store::Sequence::Entity(E::KIND).name();
        self.tx.execute(sql, params![name, last]).await.map(drop)
    }
}
