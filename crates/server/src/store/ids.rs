//! Ids: drawn from one sequence per kind, in blocks, outside the operation that uses them.
//!
//! A block belongs to one process; what it has left when it stops is a gap.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::value::params;
use super::{Result, Stop, Store, Tx};

/// What an id is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sequence {
    Company,
    Assignment,
    ContractPosition,
    TeamMember,
    Collaborator,
    Webhook,
    Entity(domain::Kind),
}

impl Sequence {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Sequence::Company => "company",
            Sequence::Assignment => "assignment",
            Sequence::ContractPosition => "contract-position",
            Sequence::TeamMember => "team-member",
            Sequence::Collaborator => "collaborator",
            Sequence::Webhook => "webhook",
            Sequence::Entity(kind) => kind.name(),
        }
    }

    /// How many are taken from the database at once.
    fn block(self) -> i64 {
        match self {
            Sequence::Company | Sequence::Webhook => 1,
            Sequence::Assignment => 10_000,
            Sequence::ContractPosition
            | Sequence::TeamMember
            | Sequence::Collaborator
            | Sequence::Entity(_) => 50,
        }
    }
}

type Block = Arc<Mutex<Range<i64>>>;

/// The blocks this process has begun.
#[derive(Default)]
pub struct Blocks(std::sync::Mutex<HashMap<Sequence, Block>>);

impl Store {
    /// The first of `n` new ids in a row.
    pub async fn ids(&self, sequence: Sequence, n: usize) -> Result<i64> {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        let block = {
            let mut blocks = self.blocks.0.lock().unwrap_or_else(|e| e.into_inner());
            Arc::clone(blocks.entry(sequence).or_default())
        };
        // Held while the next block is drawn: all others of this kind wait for just that.
        let mut block = block.lock().await;
        if block.end - block.start < n {
            *block = self.draw(sequence, n.max(sequence.block())).await?;
        }
        block.start += n;
        Ok(block.start - n)
    }

    async fn draw(&self, sequence: Sequence, n: i64) -> Result<Range<i64>> {
        let drawn = self.write::<_, Infallible, _>("ids.draw", async move |tx: &mut Tx| {
            let sql = "INSERT INTO id_sequences (name, next) VALUES ($1, 1 + $2)
                ON CONFLICT (name) DO UPDATE SET next = id_sequences.next + $2
                RETURNING next";
            Ok(tx.query_opt::<(i64,)>(sql, params![sequence.name(), n]).await?)
        });
        match drawn.await {
            Ok(Some((next,))) => Ok(next - n..next),
            Ok(None) => Err(super::Error::Engine("a sequence gave nothing".into())),
            Err(Stop::Refused(never)) => match never {},
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}
