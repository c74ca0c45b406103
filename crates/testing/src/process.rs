//! The real binary as a process, and a small client that talks to it over TCP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running `crewline serve`. It is killed when this goes.
pub struct Server {
    pub address: SocketAddr,
    /// Where its metrics are, if it was told to serve them.
    pub metrics: Option<SocketAddr>,
    /// What `--demo` printed before it listened.
    pub printed: String,
    child: Child,
    /// Reads what it logs, to the end.
    log: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts `crewline serve` on a free port, and waits until it listens.
    pub fn start(binary: &Path, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(binary).args(["serve", "--listen", "127.0.0.1:0"]).args(arguments))
    }

    /// Starts a `crewline serve` that was prepared otherwise.
    pub fn spawn(command: &mut Command) -> Self {
        let demo = command.get_args().any(|argument| argument == "--demo");
        let mut child = command
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut log = BufReader::new(child.stderr.take().expect("stderr"));
        let mut said = String::new();
        let (address, metrics) = loop {
            let mut line = String::new();
            if log.read_line(&mut line).expect("a line") == 0 {
                panic!("the server did not start: {said}");
            }
            said.push_str(&line);
            if let Some(address) = field(&line, "address") {
                break (address.parse().expect("one"), field(&line, "metrics"));
            }
        };
        // What it prints comes before it listens.
        let mut stdout = child.stdout.take().expect("stdout");
        let mut printed = vec![0; 64 * 1024];
        let length = match demo {
            true => stdout.read(&mut printed).expect("stdout"),
            false => 0,
        };
        printed.truncate(length);
        // The pipes must not fill.
        let log = std::thread::spawn(move || {
            log.read_to_string(&mut said).expect("UTF-8");
            said
        });
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let printed = String::from_utf8(printed).expect("UTF-8");
        let metrics = metrics.map(|address| address.parse().expect("an address"));
        Self { address, metrics, printed, child, log: Some(log) }
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("a kill");
        self.child.wait().expect("an end");
    }

    /// SIGTERM, and how it ended.
    pub fn terminate(mut self) -> ExitStatus {
        self.stop()
    }

    /// SIGTERM, and all that it logged.
    pub fn log(mut self) -> String {
        self.stop();
        let log = self.log.take().expect("it is read once");
        log.join().expect("a log")
    }

    fn stop(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        let until = Instant::now() + Duration::from_secs(15);
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(Instant::now() < until, "the server did not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a line of the log, as text or as JSON, says of something.
fn field(line: &str, name: &str) -> Option<String> {
    let (_, value) = line.split_once(name)?;
    let value = value.trim_start_matches(['=', '"', ':']);
    value.split(['"', ' ', '\n']).next().map(str::to_owned)
}

/// A connection that stays open between requests.
pub struct Client {
    stream: BufReader<TcpStream>,
    token: String,
    /// More lines of each head.
    head: String,
}

impl Client {
    pub fn connect(address: SocketAddr, token: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let (stream, head) = (BufReader::new(stream), String::new());
        Ok(Self { stream, token: token.to_owned(), head })
    }

    /// What follows is sent with this key.
    pub fn under_key(&mut self, key: &str) {
        self.head = format!("idempotency-key: {key}\r\n");
    }

    /// What follows is sent on behalf of this address.
    pub fn forwarded_for(&mut self, address: &str) {
        self.head = format!("x-forwarded-for: {address}\r\n");
    }

    /// A request and its answer.
    pub fn call(&mut self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, Value)> {
        self.send(method, path, body)?;
        self.receive()
    }

    /// A request whose answer nobody waits for.
    pub fn send(&mut self, method: &str, path: &str, body: &str) -> std::io::Result<()> {
        self.write(method, path, "application/json", body.len(), body)
    }

    /// A form, and its answer.
    pub fn form(&mut self, path: &str, body: &str) -> std::io::Result<(u16, Value)> {
        self.write("POST", path, "application/x-www-form-urlencoded", body.len(), body)?;
        self.receive()
    }

    /// A request whose body never ends.
    pub fn send_partly(&mut self, method: &str, path: &str, body: &str) -> std::io::Result<()> {
        self.write(method, path, "application/json", body.len() + 1, body)
    }

    fn write(
        &mut self,
        method: &str,
        path: &str,
        kind: &str,
        length: usize,
        body: &str,
    ) -> std::io::Result<()> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: test\r\nauthorization: {}\r\n{}\
             content-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}",
            self.token, self.head,
        );
        self.stream.get_mut().write_all(request.as_bytes())
    }

    /// The next answer.
    pub fn receive(&mut self) -> std::io::Result<(u16, Value)> {
        let broken = || std::io::Error::other("the answer is not HTTP");
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status =
            line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| broken())?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}
