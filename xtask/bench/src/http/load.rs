//! Load over keep-alive connections: as fast as answers come (throughput), or at a fixed rate (latency).
//!
//! At a fixed rate a request's latency counts from the moment at which it was due, not from the moment at which the
//! driver came to send it. Otherwise a server that stalls would be asked less while it stalls, and its stall would
//! hardly show ("coordinated omission").

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What is sent, and what must come back.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) address: SocketAddr,
    pub(crate) bytes: Vec<u8>,
    pub(crate) status: u16,
}

impl Request {
    /// `GET path`.
    pub(crate) fn get(address: SocketAddr, path: &str) -> Self {
        let bytes = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes();
        Self { address, bytes, status: 200 }
    }

    /// `GET path` with a bearer token.
    pub(crate) fn get_with(address: SocketAddr, path: &str, token: &str) -> Self {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n");
        let bytes = format!("{head}Authorization: Bearer {token}\r\n\r\n").into_bytes();
        Self { address, bytes, status: 200 }
    }

    /// `POST path` with JSON.
    pub(crate) fn post(address: SocketAddr, path: &str, body: &serde_json::Value) -> Self {
        let body = body.to_string();
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}"
        );
        Self { address, bytes: format!("{head}\r\n\r\n{body}").into_bytes(), status: 200 }
    }

    /// `POST path` with a bearer token and a body of JSON.
    pub(crate) fn post_with(address: SocketAddr, path: &str, token: &str, body: &str) -> Self {
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n");
        let length = body.len();
        let rest =
            format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
        Self { address, bytes: [head, rest].concat().into_bytes(), status: 200 }
    }

    /// Sends it once, on a connection of its own.
    pub(crate) async fn exchange(&self) -> Result<()> {
        Connection::open(self).await?.exchange(self).await
    }
}

/// How many requests were answered, and in what time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Throughput {
    pub(crate) requests: f64,
    seconds: f64,
}

impl Throughput {
    /// Requests a second.
    pub(crate) fn rate(self) -> f64 {
        self.requests / self.seconds
    }
}

/// Keeps `connections` busy that each send the next request when the answer is in.
pub(crate) async fn throughput(
    request: &Request,
    connections: usize,
    span: Duration,
) -> Result<Throughput> {
    let began = Instant::now();
    let end = began + span;
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let request = request.clone();
        tasks.spawn(async move {
            let mut connection = Connection::open(&request).await?;
            let mut count = 0_u32;
            while Instant::now() < end {
                connection.exchange(&request).await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut requests = 0.0;
    while let Some(count) = tasks.join_next().await {
        requests += f64::from(count??);
    }
    // The last answers come after the end of the span; where an answer takes long that counts.
    Ok(Throughput { requests, seconds: began.elapsed().as_secs_f64() })
}

/// Latencies in nanoseconds of one caller that asks again when the answer is there.
pub(crate) async fn asks_on(request: Request, span: Duration) -> Result<Histogram<u64>> {
    let mut connection = Connection::open(&request).await?;
    let mut latencies = histogram()?;
    let end = Instant::now() + span;
    while Instant::now() < end {
        let begun = Instant::now();
        connection.exchange(&request).await?;
        record(&mut latencies, begun);
    }
    Ok(latencies)
}

/// Adds the time since `begun`.
pub(crate) fn record(latencies: &mut Histogram<u64>, begun: Instant) {
    latencies.saturating_record(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
}

/// Latencies in nanoseconds at a fixed rate, shared evenly among the connections.
pub(crate) async fn open_loop(
    request: &Request,
    connections: u32,
    rate: f64,
    span: Duration,
) -> Result<Histogram<u64>> {
    let interval = Duration::from_secs_f64(f64::from(connections) / rate);
    let start = Instant::now() + Duration::from_millis(50);
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        let request = request.clone();
        // Spread out, so that the connections do not fire together.
        let first = start + interval.mul_f64(f64::from(number) / f64::from(connections));
        tasks.spawn(at_fixed_rate(request, first, interval, start + span));
    }
    let mut all = histogram()?;
    while let Some(own) = tasks.join_next().await {
        all.add(own??).context("histograms of one shape add up")?;
    }
    Ok(all)
}

async fn at_fixed_rate(
    request: Request,
    first: Instant,
    interval: Duration,
    end: Instant,
) -> Result<Histogram<u64>> {
    let mut connection = Connection::open(&request).await?;
    let mut latencies = histogram()?;
    let mut due = first;
    while due < end {
        tokio::time::sleep_until(due).await;
        connection.exchange(&request).await?;
        record(&mut latencies, due);
        due += interval;
    }
    Ok(latencies)
}

/// A microsecond to a minute, three digits.
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1_000, 60_000_000_000, 3)?)
}

/// One keep-alive connection. Reads just enough HTTP for servers whose answers have a length.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(request: &Request) -> Result<Self> {
        let stream = TcpStream::connect(request.address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn exchange(&mut self, request: &Request) -> Result<()> {
        self.stream.write_all(&request.bytes).await?;
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the server closed the connection");
            if let Some(status) = complete(&self.buffer)? {
                ensure!(status == request.status, "answered {status}, not {}", request.status);
                return Ok(());
            }
        }
    }

    /// What the last answer said after its head.
    pub(crate) fn body(&self) -> String {
        let answer = String::from_utf8_lossy(&self.buffer);
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }
}

/// The status of an answer that has arrived whole.
fn complete(answer: &[u8]) -> Result<Option<u16>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(answer.get(..end).unwrap_or_default())?;
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    match (status, length) {
        (Some(status), Some(length)) => Ok((answer.len() >= end + 4 + length).then_some(status)),
        _ => bail!("an answer without status or length: {head}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_last_byte() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(complete(answer).unwrap(), Some(200));
        for cut in 0..answer.len() {
            assert_eq!(complete(&answer[..cut]).unwrap(), None, "{cut}");
        }
        assert!(complete(b"HTTP/1.1 200 OK\r\n\r\n").is_err(), "no length");
    }
}
