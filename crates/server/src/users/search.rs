//! Users by a part of their name.

use domain::text::folded;

use super::Shown;
use crate::app::App;
use crate::entities::View;
use crate::entities::view::{self, Filter, Part, Slice};
use crate::store::{self, Tx, params};

/// A page of ids by name: the index that is walked has all that it needs.
const PAGE: &str = r"SELECT t.id FROM users t
    WHERE t.company_id = $1 AND t.name_key LIKE $2 ESCAPE '\' AND NOT t.hidden
    ORDER BY t.name_key, t.id LIMIT $3 OFFSET $4";

/// A part of the users, without hidden ones, whose first and last name has this text in it,
/// without regard to case; by name.
pub async fn search(
    app: &App,
    company: i64,
    text: &str,
    part: Part,
) -> store::Result<Slice<Shown>> {
    let (now, pattern) = (app.clock.now(), pattern(text));
    let filter = Filter::default()
        .and("NOT t.hidden")
        .with(r"t.name_key LIKE ? ESCAPE '\'", pattern.clone());
    let read = app.store.read("users.search", async move |tx: &mut Tx| {
        let total = view::count(tx, Shown::KIND, company, &filter).await?;
        let Some((skip, limit)) = part.of(total) else {
            return Ok(Slice { total, rows: Vec::new() });
        };
        let ids: Vec<(i64,)> = tx.query(PAGE, params![company, pattern, limit, skip]).await?;
        let ids: Vec<i64> = ids.into_iter().map(|(id,)| id).collect();
        let mut rows = view::each::<Shown>(tx, company, &ids).await?;
        Shown::complete(tx, company, &mut rows, now).await?;
        Ok(Slice { total, rows })
    });
    store::sure(read.await)
}

/// A text anywhere, in which nothing stands for anything else.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in folded(text).chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern + "%"
}
