//! The primary goes, its synchronous replica takes over at the same address.

use std::time::Duration;

use testing::{Backend, Balancer, Server};

use crate::binary;
use crate::durability::start;
use crate::nodes::recovered;
use crate::rules;
use crate::storm::{Storm, much};

/// The old primary even comes back for a while, as one that takes no writes, and the address
/// still leads to it: nobody may cling to it.
#[tokio::test(flavor = "multi_thread")]
async fn the_replica_takes_over() {
    let mut primary = testing::alone().await;
    let replica = primary.replica().await;
    let database = Balancer::new(vec![Backend::Unix(primary.socket())]).await;
    let url = format!("postgres://postgres@{}/postgres", database.address);
    let (first, token) = start(&url);
    let second = Server::start(binary(), &["--database", &url]);
    let nodes = [first.address, second.address];
    let balancer = Balancer::new(nodes.map(Backend::Tcp).to_vec()).await;
    let storm = Storm::begin(balancer.address, &token);

    std::thread::sleep(Duration::from_millis(1_500));
    primary.stop().await;
    primary.start_read_only().await;
    std::thread::sleep(Duration::from_millis(1_000));
    replica.promote().await;
    database.turn_to(vec![Backend::Unix(replica.socket())]);
    let took = [recovered(&first), recovered(&second)];
    std::thread::sleep(Duration::from_millis(2_000));

    let (told, seen) = storm.end();
    much(&told);
    println!("nodes were ready {took:?} behind the promotion");
    // Who knows both servers finds the one that takes writes.
    let [old, new] = [&primary, &replica].map(|cluster| cluster.url("postgres"));
    let (_, host) = old.trim_end_matches("/postgres").split_once('@').unwrap();
    let both = new.replace('@', &format!("@{host},"));
    let third = Server::start(binary(), &["--database", &both]);
    let nodes = [first.address, second.address, third.address];
    rules::hold(&replica, &nodes, &token, (&told, &seen)).await;
    for node in [first, second, third] {
        let log = node.log();
        assert!(!log.contains("status=500"), "{log}");
    }
}
