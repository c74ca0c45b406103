//! PostgreSQL by the names of several hosts: one of them says nothing, the next one serves.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use server::store::{Location, Options, Store};
use testing::{Database, Engine};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

/// A host that takes no connection, as one that has lost its power: its queue is full.
async fn vanished() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = timeout(Duration::from_millis(500), TcpStream::connect(address)).await {
        queue.push(stream.unwrap());
    }
    (address, listener, queue)
}

/// A host that takes connections and says nothing.
async fn silent() -> (SocketAddr, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener.local_addr().unwrap(), listener)
}

/// A host that lets everybody in, takes writes, and then says nothing.
async fn frozen() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 1_024];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await;
            let _ = stream.read(&mut asked).await;
            let column = b"T\0\0\0\x1a\0\x01r\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\0\0\0\0\0\0";
            let row = b"D\0\0\0\x0d\0\x01\0\0\0\x03offC\0\0\0\x09SHOW\0Z\0\0\0\x05I";
            let _ = stream.write_all(&[&column[..], row].concat()).await;
            open.push(stream);
        }
    });
    address
}

/// Opens the database at this host, or at the next one.
async fn open(host: SocketAddr, database: &str) -> Result<Duration, String> {
    let url = database.replace('@', &format!("@{host},"));
    opened(format!("{url}?sslmode=disable")).await
}

async fn opened(url: String) -> Result<Duration, String> {
    let (begun, options) = (Instant::now(), Options { connections: 1, ..Options::default() });
    let location = Location::Postgres(url);
    match timeout(Duration::from_secs(30), Store::open(&location, &options)).await {
        Ok(Ok(_)) => Ok(begun.elapsed()),
        Ok(Err(error)) => Err(error.0),
        Err(_) => Err("it waits for ever".to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_host_serves() {
    let database = Database::new(Engine::Postgres).await;
    let url = database.url();
    let (vanished, _listener, _queue) = vanished().await;
    let (silent, _silent) = silent().await;
    let frozen = frozen().await;
    let took = tokio::join!(open(vanished, &url), open(silent, &url), open(frozen, &url));
    for (took, least, host) in
        [(took.0, 2, "vanished"), (took.1, 4, "silent"), (took.2, 4, "frozen")]
    {
        let took = took.unwrap_or_else(|error| panic!("{host}: {error}"));
        assert!(took >= Duration::from_secs(least), "{host} was not asked: {took:?}");
    }
}

/// Where there is no other, nobody waits for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_only_host_is_given_up() {
    let url = format!("postgres://postgres@{}/x?sslmode=disable", frozen().await);
    let (silent, _silent) = silent().await;
    let silent = format!("postgres://postgres@{silent}/x?sslmode=disable&connect_timeout=1");
    for error in <[_; 2]>::from(tokio::join!(opened(url), opened(silent))) {
        let error = error.unwrap_err();
        assert!(error.starts_with("PostgreSQL: Timeout"), "{error}");
    }
}
