//! Exchange rates, and the currency of contracts that needs them.

use expect_test::expect;
use serde_json::{Value, json};
use testing::{Answer, TestApp, both_engines};

async fn sync(t: &TestApp, source: &str, records: Value) -> Answer {
    t.api
        .post(
            "/v2/integrations/currency-exchanges",
            json!({"metadata": {"source": source}, "currency_exchanges": records}),
        )
        .await
}

fn rate(foreign: &str, amount: Value, effective: &str) -> Value {
    json!({"foreign_currency": foreign, "base_currency": "USD", "amount": amount, "effective_date": effective})
}

both_engines! {
    /// Each record is counted once: created, there already, replaced, rejected.
    async fn counters(t: TestApp) {
        let full = json!({
            "foreign_currency": "EUR", "base_currency": "USD", "amount": 110.50, "factor": 1,
            "effective_date": "2025-03-20T02:00:00Z",
            "metadata": {"last_updated_datetime": "2025-03-20T04:00:00Z", "rate_type": "EURX"}
        });
        expect![[r#"
            200 OK
            {"status":"success","company_id":1,"records_received":2,"records_deduplicated":0,"records_created":2,"records_replaced":0,"records_rejected":0,"errors":[]}"#]].assert_eq(&sync(&t, "GLOBANT", json!([full, rate("ARS", json!(0.0012345678), "2025-03-20T02:00:00Z")])).await.to_string());
        expect![[r#"
            200 OK
            {"status":"success","company_id":1,"records_received":2,"records_deduplicated":1,"records_created":0,"records_replaced":1,"records_rejected":0,"errors":[]}"#]].assert_eq(&sync(&t, "GLOBANT", json!([full, rate("ARS", json!(0.0012345679), "2025-03-20T23:59:59Z")])).await.to_string());
        // Another day by UTC, whatever the offset; another factor is another rate.
        expect![[r#"
            200 OK
            {"status":"success","company_id":1,"records_received":2,"records_deduplicated":0,"records_created":1,"records_replaced":1,"records_rejected":0,"errors":[]}"#]].assert_eq(&sync(&t, "GLOBANT", json!([
            rate("EUR", json!(110.5), "2025-03-20T23:30:00-03:00"),
            {"foreign_currency": "EUR", "base_currency": "USD", "amount": 110.5, "factor": 100, "effective_date": "2025-03-20T00:00:00Z"},
        ])).await.to_string());
        // In one request, in order.
        expect![[r#"
            200 OK
            {"status":"success","company_id":1,"records_received":4,"records_deduplicated":1,"records_created":1,"records_replaced":2,"records_rejected":0,"errors":[]}"#]].assert_eq(&sync(&t, "GLOBANT", json!([
            rate("CHF", json!(1), "2025-03-20T02:00:00Z"), rate("CHF", json!(1), "2025-03-20T03:00:00Z"),
            rate("CHF", json!(2), "2025-03-20T02:00:00Z"), rate("CHF", json!(1), "2025-03-20T02:00:00Z"),
        ])).await.to_string());
        // The last one counts.
        assert_eq!(sync(&t, "GLOBANT", json!([rate("CHF", json!(1.0), "2025-03-20T09:00:00Z")])).await.ok()["records_deduplicated"], 1);
    }

    async fn rejected_records(t: TestApp) {
        expect![[r#"
            200 OK
            {"status":"partial","company_id":1,"records_received":6,"records_deduplicated":0,"records_created":1,"records_replaced":0,"records_rejected":5,"errors":[{"from_currency":"XYZ","to_currency":"USD","message":"Currency not found: XYZ"},{"from_currency":"EUR","to_currency":"EURO","message":"Currency not found: EURO"},{"from_currency":"EUR","to_currency":"ARS","message":"base_currency must be the company's base currency, USD"},{"from_currency":"EUR","to_currency":"USD","message":"effective_date and last_updated_datetime must be on the same day"},{"from_currency":"eur","to_currency":"USD","message":"Currency not found: eur"}]}"#]].assert_eq(&sync(&t, "GLOBANT", json!([
            rate("XYZ", json!(1), "2025-03-20T02:00:00Z"),
            {"foreign_currency": "EUR", "base_currency": "EURO", "amount": 1, "effective_date": "2025-03-20T02:00:00Z"},
            {"foreign_currency": "EUR", "base_currency": "ARS", "amount": 1, "effective_date": "2025-03-20T02:00:00Z"},
            {"foreign_currency": "EUR", "base_currency": "USD", "amount": 1, "effective_date": "2025-03-20T23:00:00Z", "metadata": {"last_updated_datetime": "2025-03-21T01:00:00Z"}},
            rate("eur", json!(1), "2025-03-20T02:00:00Z"),
            rate("EUR", json!(1), "2025-03-20T02:00:00Z"),
        ])).await.to_string());
        // All of them: 422. Other sources may be late.
        let late = json!([{"foreign_currency": "EUR", "base_currency": "USD", "amount": 2, "effective_date": "2025-03-20T23:00:00Z", "metadata": {"last_updated_datetime": "2025-03-21T01:00:00Z"}}]);
        expect![[r#"
            422 Unprocessable Entity
            {"status":"failed","company_id":1,"records_received":1,"records_deduplicated":0,"records_created":0,"records_replaced":0,"records_rejected":1,"errors":[{"from_currency":"EUR","to_currency":"USD","message":"effective_date and last_updated_datetime must be on the same day"}]}"#]].assert_eq(&sync(&t, "GLOBANT", late.clone()).await.to_string());
        assert_eq!(sync(&t, "SAP", late).await.ok()["records_replaced"], 1);
    }

    async fn shape(t: TestApp) {
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"13 fields are not valid: /currency_exchanges/0/foreign_currency, /currency_exchanges/0/base_currency, /currency_exchanges/0/amount, /currency_exchanges/0/effective_date, /currency_exchanges/1, /currency_exchanges/2/foreign_currency, /currency_exchanges/2/base_currency, /currency_exchanges/2/amount, /currency_exchanges/2/factor, /currency_exchanges/2/effective_date, ...","request_id":"[id]","errors":[{"pointer":"/currency_exchanges/0/foreign_currency","message":"is required and must be a string of 1 to 64 characters"},{"pointer":"/currency_exchanges/0/base_currency","message":"is required and must be a string of 1 to 64 characters"},{"pointer":"/currency_exchanges/0/amount","message":"is required and must be a number above 0 and below 100,000,000 with at most 10 decimal places"},{"pointer":"/currency_exchanges/0/effective_date","message":"is required and must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00"},{"pointer":"/currency_exchanges/1","message":"must be an object of: foreign_currency base_currency amount factor effective_date metadata"},{"pointer":"/currency_exchanges/2/foreign_currency","message":"must be a string of 1 to 64 characters"},{"pointer":"/currency_exchanges/2/base_currency","message":"must be a string of 1 to 64 characters"},{"pointer":"/currency_exchanges/2/amount","message":"must be a number above 0 and below 100,000,000 with at most 10 decimal places"},{"pointer":"/currency_exchanges/2/factor","message":"must be a number above 0 and below 100,000,000 with at most 10 decimal places"},{"pointer":"/currency_exchanges/2/effective_date","message":"must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00"},{"pointer":"/currency_exchanges/3/amount","message":"must be a number above 0 and below 100,000,000 with at most 10 decimal places"},{"pointer":"/currency_exchanges/4/amount","message":"must be a number above 0 and below 100,000,000 with at most 10 decimal places"},{"pointer":"/currency_exchanges/4/effective_date","message":"must be a moment in ISO 8601 with its offset, such as 2026-05-11T00:00:00-00:00"}]}"#]].assert_eq(&sync(&t, "GLOBANT", json!([{}, 7, {"foreign_currency": 1, "base_currency": "", "amount": 0, "factor": -1, "effective_date": "2025-03-20"},
            rate("EUR", json!(0.00000000001), "2025-03-20T02:00:00Z"), rate("EUR", json!(100_000_000), "2025-03-20T02:00:00")])).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/currency_exchanges must be a non-empty list","request_id":"[id]","errors":[{"pointer":"/currency_exchanges","message":"must be a non-empty list"}]}"#]].assert_eq(&sync(&t, "GLOBANT", json!([])).await.to_string());
        let record = rate("EUR", json!(1), "2025-03-20T02:00:00Z");
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/currency_exchanges must be a list of at most 20 records, not 21","request_id":"[id]","errors":[{"pointer":"/currency_exchanges","message":"must be a list of at most 20 records, not 21"}]}"#]].assert_eq(&sync(&t, "GLOBANT", json!(vec![record.clone(); 21])).await.to_string());
        assert_eq!(sync(&t, "GLOBANT", json!(vec![record; 20])).await.ok()["records_deduplicated"], 19);
        for odd in ["-009000-01-01T00:00:00Z", "-000001-01-01T00:00:00Z", "20250320T020000Z", "2025-03-20T02Z", "2025-03-20T02:00:00+00:00[UTC]"] {
            let answer = sync(&t, "GLOBANT", json!([rate("EUR", json!(1), odd)])).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (400, &json!("/currency_exchanges/0/effective_date")), "{odd}");
        }
        // The first and the last days that can be written, whatever the offset makes of them.
        for edge in ["0000-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"] {
            assert_eq!(sync(&t, "GLOBANT", json!([rate("EUR", json!(1), edge)])).await.status, 200, "{edge}");
        }
        assert_eq!(sync(&t, "EXCEL", json!([rate("EUR", json!(1), "2025-03-20T02:00:00Z")])).await.json()["name"], "InvalidSourceError");
    }

    /// A contract in another currency needs a rate to the company's base currency.
    async fn contracts_need_a_rate(t: TestApp) {
        t.api.create("clients", "OKTA", "c", json!({"name": "Acme"})).await.ok();
        let create = async |id: &str, currency: Value| t.api.create("contracts", "OKTA", id, json!({"name": "K", "client_id": "c", "value": 5, "currency": currency})).await;
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"CORCustomError","code":"CTR006","message":"Cannot save contract. Exchange rate not found for EUR to USD. Please sync exchange rates first.","request_id":"[id]","errors":[{"pointer":"/currency","message":"Cannot save contract. Exchange rate not found for EUR to USD. Please sync exchange rates first."}]}"#]].assert_eq(&create("k", json!("EUR")).await.to_string());
        expect![[r#"
            400 Bad Request
            {"status":400,"name":"ValidationError","code":"VALIDATION","message":"/currency must be the ISO 4217 code of a currency, such as EUR","request_id":"[id]","errors":[{"pointer":"/currency","message":"must be the ISO 4217 code of a currency, such as EUR"}]}"#]].assert_eq(&create("k", json!("euro")).await.to_string());
        assert_eq!(create("in the base currency", json!("USD")).await.status, 200);
        assert_eq!(create("without", Value::Null).await.status, 200);
        let update = async |currency: Value| t.api.put("/v2/integrations/contracts/without", json!({"metadata": {"source": "OKTA"}, "name": "x", "currency": currency})).await;
        assert_eq!(update(json!("EUR")).await.json()["code"], "CTR006");
        sync(&t, "OKTA", json!([rate("EUR", json!(1.1), "2025-03-20T02:00:00Z")])).await.ok();
        assert_eq!(create("k", json!("EUR")).await.status, 200);
        assert_eq!(update(json!("EUR")).await.status, 200);
        assert_eq!(update(Value::Null).await.status, 200);
        // Another company's rates are not this one's.
        let other = t.other_company().await;
        other.create("clients", "OKTA", "c", json!({"name": "Acme"})).await.ok();
        let refused = other.create("contracts", "OKTA", "k", json!({"name": "K", "client_id": "c", "currency": "EUR"})).await;
        assert_eq!(refused.json()["code"], "CTR006");
    }
}
