//! Writes that are refused when what the caller saw is no more.

use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use domain::{ExternalId, Kind, Ref};

use super::etag;
use crate::app::App;
use crate::contracts::attach::include;
use crate::contracts::period;
use crate::entities::{Judged, image};
use crate::http::{Caller, JsonBody, Records, Write};
use crate::operation::{Operation, Turn};
use crate::references::named::{find_all, find_one};
use crate::references::{At, Named};
use crate::refusal::Refusal;
use crate::scope::Scope;
use crate::store::{Sequence, Tx};

/// What a request says that the caller has seen.
#[derive(Debug)]
pub enum Seen {
    /// Nothing is compared.
    Nothing,
    /// `*`: that there is something.
    Something,
    /// One of these ETags.
    Tags(Vec<String>),
}

impl Seen {
    pub fn read(headers: &HeaderMap) -> Self {
        let sent = headers.get_all(IF_MATCH).iter().map(|value| value.to_str().unwrap_or_default());
        let tags: Vec<String> =
            sent.flat_map(|text| text.split(',')).map(|tag| tag.trim().to_owned()).collect();
        match () {
            () if tags.is_empty() => Self::Nothing,
            () if tags.iter().any(|tag| tag == "*") => Self::Something,
            () => Self::Tags(tags),
        }
    }

    /// A write of records. Those that are sent under a condition are not kept when they are
    /// refused: later it may hold no more.
    pub fn write<'a>(
        &self,
        app: &'a App,
        caller: &'a Caller,
        body: &'a JsonBody,
        records: Records,
    ) -> Write<'a> {
        let write = Write::of(app, caller, body);
        match self {
            Self::Nothing => write.records(records),
            Self::Something | Self::Tags(_) => write.without_records(),
        }
    }
}

/// What has an ETag.
pub trait Tagged: Send + Sync + 'static {
    /// Its ETag, after which it is held until the commit; `None`: it is not there.
    fn tag(
        &self,
        tx: &mut Tx,
        scope: &Scope,
    ) -> impl Future<Output = Judged<Option<String>>> + Send;
}

/// The ranges of one user on one contract.
#[derive(Debug)]
pub struct Ranges {
    pub contract: Named,
    pub user: Named,
}

impl Tagged for Ranges {
    async fn tag(&self, tx: &mut Tx, scope: &Scope) -> Judged<Option<String>> {
        // The locks of the operations, in their order.
        include(tx, scope.company).await?;
        let contract = find_one(tx, scope, Kind::Contract, &self.contract, None).await?;
        period::hold(tx, scope.company, contract).await?;
        let at = Some(At::Field("user"));
        let user = find_one(tx, scope, Kind::User, &self.user, at).await?;
        Ok(Some(etag::of_ranges(tx, scope, contract, user).await?))
    }
}

/// An entity by what the scope's source calls it.
#[derive(Debug)]
pub struct Known {
    pub kind: Kind,
    pub external_id: ExternalId,
}

impl Tagged for Known {
    async fn tag(&self, tx: &mut Tx, scope: &Scope) -> Judged<Option<String>> {
        let Self { kind, external_id } = self;
        let own = [Named { source: scope.source, reference: Ref::External(external_id.clone()) }];
        let Some(id) = find_all(tx, scope.company, *kind, &own).await?[0] else { return Ok(None) };
        image::held(tx, scope.company, *kind, id).await?;
        Ok(etag::of_entity(tx, scope, *kind, id).await?)
    }
}

/// An operation that is done only if what it is about is as the caller saw it.
#[derive(Debug)]
pub struct IfMatch<O, T> {
    pub operation: O,
    pub seen: Seen,
    pub about: T,
}

impl<O: Operation, T: Tagged> Operation for IfMatch<O, T> {
    const NAME: &'static str = O::NAME;
    type Outcome = O::Outcome;

    fn scope(&self) -> &Scope {
        self.operation.scope()
    }

    fn ids(&self) -> Option<(Sequence, usize)> {
        self.operation.ids()
    }

    async fn run(&self, tx: &mut Tx, turn: &mut Turn) -> Judged<O::Outcome> {
        let is_seen = match &self.seen {
            Seen::Nothing => true,
            Seen::Something => self.about.tag(tx, self.scope()).await?.is_some(),
            Seen::Tags(tags) => {
                self.about.tag(tx, self.scope()).await?.is_some_and(|tag| tags.contains(&tag))
            }
        };
        match is_seen {
            true => self.operation.run(tx, turn).await,
            false => Err(Refusal::Stale.into()),
        }
    }
}
