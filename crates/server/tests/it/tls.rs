//! TLS to PostgreSQL: what each `sslmode` encrypts, and what it refuses.

use std::convert::Infallible;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use server::store::{Location, Options, Store, Tx};
use tempfile::TempDir;
use testing::Cluster;

/// A certificate authority.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server that is `localhost` to whoever trusts `right.pem`; `wrong.pem` is somebody else's.
async fn localhost() -> (Cluster, TempDir) {
    let right = authority("Right");
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &right).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [("right.pem", right.pem()), ("wrong.pem", authority("Wrong").pem())] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    (testing::with_tls(&certificate.pem(), &key.serialize_pem()).await, folder)
}

/// Whether what a URL opens is encrypted, or why it does not open.
async fn encrypted(url: String) -> Result<bool, String> {
    let options = Options { connections: 1, ..Options::default() };
    let store = Store::open(&Location::Postgres(url), &options).await.map_err(|error| error.0)?;
    let encrypted = store.read::<_, Infallible, _>("test", async move |tx: &mut Tx| {
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        Ok(tx.query_opt::<(bool,)>(sql, &[]).await?)
    });
    Ok(encrypted.await.unwrap().unwrap().0)
}

/// `sslrootcert` of a file; a slash may be percent-encoded.
fn root(folder: &TempDir, file: &str) -> String {
    let path: &Path = folder.path();
    format!("sslrootcert={}%2F{file}", path.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modes() {
    let (cluster, folder) = localhost().await;
    let (right, wrong) = (root(&folder, "right.pem"), root(&folder, "wrong.pem"));

    for (query, is_encrypted) in [
        (String::new(), true),
        ("&sslmode=disable".to_owned(), false),
        ("&sslmode=prefer".to_owned(), true),
        ("&sslmode=require".to_owned(), true),
        ("&ssl%6Dode=requir%65".to_owned(), true),
        (format!("&sslmode=require&{right}"), true),
        (format!("&{right}&sslmode=verify-full&application_name=test"), true),
    ] {
        let opened = encrypted(cluster.tcp("localhost") + &query).await;
        assert_eq!(opened, Ok(is_encrypted), "{query}");
    }
    // Who does not verify takes any name.
    assert_eq!(encrypted(cluster.tcp("127.0.0.1") + "&sslmode=require").await, Ok(true));

    for (url, said) in [
        (format!("{}&sslmode=verify-full&{wrong}", cluster.tcp("localhost")), "UnknownIssuer"),
        (format!("{}&sslmode=require&{wrong}", cluster.tcp("localhost")), "UnknownIssuer"),
        (format!("{}&sslmode=verify-full&{right}", cluster.tcp("127.0.0.1")), "not valid for name"),
        (
            format!("{}&sslmode=verify-full&{right}", cluster.tcp("example.com")),
            "not valid for name",
        ),
        (format!("{}?sslmode=require", cluster.url("postgres")), "server does not support TLS"),
        (
            format!("{}?sslmode=verify-full&{right}", cluster.url("postgres")),
            "server does not support TLS",
        ),
    ] {
        let error = encrypted(url).await.unwrap_err();
        assert!(error.starts_with("PostgreSQL: ") && error.contains(said), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    // The system's roots do not vouch for it, if there are any.
    assert!(encrypted(cluster.tcp("localhost") + "&sslmode=verify-full").await.is_err());
    assert_eq!(encrypted(cluster.url("postgres") + "?sslmode=prefer").await, Ok(false));
}

/// What is wrong with a URL is told before anybody is called, and its password never.
#[tokio::test]
async fn wrong_urls() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    let modes = "sslmode must be disable, prefer, require or verify-full";
    for (query, said) in [
        ("sslmode=verify-ca".to_owned(), modes),
        ("sslmode=".to_owned(), modes),
        ("sslmode".to_owned(), modes),
        ("sslrootcert=x".to_owned(), "sslrootcert needs sslmode=require or sslmode=verify-full"),
        ("sslmode=disable&sslrootcert=x".to_owned(), "sslrootcert needs"),
        ("sslmode=require&sslrootcert=%2Fnot%2Fthere".to_owned(), "sslrootcert /not/there: "),
        (
            format!("sslmode=require&{}", root(&folder, "empty.pem")),
            "there is no certificate in it",
        ),
        ("sslmode=require&nonsense=1".to_owned(), "the PostgreSQL URL is wrong"),
    ] {
        // The question mark in the password begins no query.
        let error =
            encrypted(format!("postgres://u:hunter2?sslmode=no@h/d?{query}")).await.unwrap_err();
        assert!(error.contains(said) && !error.contains("hunter2"), "{query}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
