//! Sources: the published ones, and those that a company registered.

use domain::source::BUILT_IN;
use domain::{Source, SourceLabel};

use crate::app::App;
use crate::store::{Stop, Tx, params};

/// The sources of a company, as far as a key may use them.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub(crate) registered: Vec<Source>,
    /// The ids of the only ones that the key may use; `None`: it may use all.
    pub(crate) limited_to: Option<Vec<i64>>,
}

impl Sources {
    /// All of the company's, usable or not.
    pub fn all(&self) -> impl Iterator<Item = Source> {
        BUILT_IN.into_iter().chain(self.registered.iter().copied())
    }

    /// Those that the key may use.
    pub fn usable(&self) -> impl Iterator<Item = Source> {
        self.all().filter(|source| self.may_use(*source))
    }

    /// Whether the key may speak for a source. Only an unlimited one speaks for nobody.
    pub fn may_use(&self, source: Source) -> bool {
        self.limited_to.as_ref().is_none_or(|ids| ids.contains(&source.id))
    }

    /// Whether the key may hear of what was said under a source, by its id; only an unlimited one
    /// hears of what was said in ids of ours.
    pub fn sees(&self, id: i64) -> bool {
        self.limited_to.as_ref().is_none_or(|ids| ids.contains(&id))
    }

    /// The ids of all that it hears of.
    pub fn seen(&self) -> Vec<i64> {
        let all = std::iter::once(Source::NONE.id).chain(self.all().map(|source| source.id));
        all.filter(|id| self.sees(*id)).collect()
    }

    /// The source with this name; names are compared as they are.
    pub fn named(&self, name: &str) -> Option<Source> {
        self.all().find(|source| source.name == name)
    }

    /// The source that a row names by its id, if the key may see what is said under it.
    pub fn visible(&self, id: i64) -> Option<Source> {
        self.usable().find(|source| source.id == id)
    }

    /// The names of some sources, for messages.
    pub fn names(sources: impl Iterator<Item = Source>) -> String {
        sources.map(|source| source.name).collect::<Vec<_>>().join(", ")
    }
}

/// Why a source was not registered.
#[derive(Debug)]
pub enum SourceRefusal {
    NoSuchCompany,
    /// Another one has the name, in whatever case.
    Taken(String),
}

/// Registers a source for a company.
pub async fn register(
    app: &App,
    company: i64,
    name: SourceLabel,
) -> Result<Source, Stop<SourceRefusal>> {
    let now = app.clock.now();
    app.store
        .write("sources.register", async move |tx: &mut Tx| {
            // Held until the commit: two at once stand in line.
            let company_row = tx.pick(
                "SELECT id FROM companies WHERE id = $1",
                "SELECT id FROM companies WHERE id = $1 FOR NO KEY UPDATE",
            );
            if tx.query_opt::<(i64,)>(company_row, params![company]).await?.is_none() {
                return Err(Stop::Refused(SourceRefusal::NoSuchCompany));
            }
            let registered = of_company(tx, company).await?;
            let same = |other: &Source| other.name.eq_ignore_ascii_case(name.as_str());
            if let Some(taken) = BUILT_IN.into_iter().chain(registered.iter().copied()).find(same) {
                return Err(Stop::Refused(SourceRefusal::Taken(taken.name.to_owned())));
            }
            let last = registered.iter().map(|source| source.id).max();
            let id = last.map_or(Source::FIRST_REGISTERED, |last| last + 1);
            let sql = "INSERT INTO sources (company_id, id, name, created_at)
                VALUES ($1, $2, $3, $4)";
            tx.execute(sql, params![company, id, name.as_str(), now]).await?;
            Ok(Source::registered(id, name.as_str()))
        })
        .await
}

/// The sources that a company registered, in the order in which it did.
pub async fn of_company(tx: &mut Tx, company: i64) -> crate::store::Result<Vec<Source>> {
    let sql = "SELECT id, name FROM sources WHERE company_id = $1 ORDER BY id";
    let rows: Vec<(i64, String)> = tx.query(sql, params![company]).await?;
    Ok(rows.into_iter().map(|(id, name)| Source::registered(id, &name)).collect())
}
