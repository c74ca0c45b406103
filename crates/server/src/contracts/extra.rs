//! What COR's Main API says of a contract besides. It is kept and shown, and decides nothing.

use domain::Text;

use crate::entities::{Judged, Place, set};
use crate::store::{Tx, params};

/// What is sent: `None` keeps, `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    pub source: Option<Option<Text>>,
    pub frequency: Option<Option<Text>>,
    pub url: Option<Option<Text>>,
    pub url_name: Option<Option<Text>>,
    /// JSON.
    pub json_integrations: Option<Option<String>>,
    /// An id of COR's.
    pub currency_id: Option<Option<i64>>,
    /// An id of COR's.
    pub user_positions_header_id: Option<Option<i64>>,
}

impl Extra {
    fn is_empty(&self) -> bool {
        [&self.source, &self.frequency, &self.url, &self.url_name].iter().all(|it| it.is_none())
            && self.json_integrations.is_none()
            && self.currency_id.is_none()
            && self.user_positions_header_id.is_none()
    }

    /// Writes what was sent to a contract that is held.
    pub async fn write(&self, tx: &mut Tx, at: Place) -> Judged<()> {
        if self.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE contracts SET
                source = CASE WHEN $3 THEN $4 ELSE source END,
                frequency = CASE WHEN $5 THEN $6 ELSE frequency END,
                url = CASE WHEN $7 THEN $8 ELSE url END,
                url_name = CASE WHEN $9 THEN $10 ELSE url_name END,
                json_integrations = CASE WHEN $11 THEN $12 ELSE json_integrations END,
                currency_id = CASE WHEN $13 THEN $14 ELSE currency_id END,
                user_positions_header_id =
                    CASE WHEN $15 THEN $16 ELSE user_positions_header_id END
            WHERE company_id = $1 AND id = $2";
        let values = params![
            at.company,
            at.id,
            self.source.is_some(),
            set(&self.source).map(Text::as_str),
            self.frequency.is_some(),
            set(&self.frequency).map(Text::as_str),
            self.url.is_some(),
            set(&self.url).map(Text::as_str),
            self.url_name.is_some(),
            set(&self.url_name).map(Text::as_str),
            self.json_integrations.is_some(),
            set(&self.json_integrations).map(String::as_str),
            self.currency_id.is_some(),
            set(&self.currency_id).copied(),
            self.user_positions_header_id.is_some(),
            set(&self.user_positions_header_id).copied(),
        ];
        tx.execute(sql, values).await?;
        Ok(())
    }
}
