//! The little of the engines' protocol (RESP2) that an administrator needs.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long a connection, and then each answer, may take, where nobody says otherwise.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection without TLS.
#[derive(Debug)]
pub struct Resp {
    stream: BufReader<TcpStream>,
}

/// What an engine answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A status or a value; what is no UTF-8 is replaced.
    Text(String),
    /// A number.
    Integer(i64),
    /// Several answers.
    List(Vec<Reply>),
    /// No value.
    Nil,
    /// A refusal, inside of a list.
    Error(String),
}

impl Resp {
    /// Connects, and gives each answer 2 s.
    ///
    /// # Errors
    ///
    /// Nobody listens at `address`, or nobody answers.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        Self::connect_within(address, PATIENCE)
    }

    /// Connects, and gives that and each answer as long as `patience`.
    ///
    /// # Errors
    ///
    /// As [`Resp::connect`].
    pub fn connect_within(address: SocketAddr, patience: Duration) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, patience)
            .with_context(|| format!("no connection to the engine at {address}"))?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a command and reads its answer.
    ///
    /// # Errors
    ///
    /// The connection is broken, the engine is silent for too long, or it refuses the command.
    pub fn ask(&mut self, command: &[&str]) -> Result<Reply> {
        let name = command.first().copied().unwrap_or_default();
        self.exchange(command).and_then(Reply::accepted).with_context(|| format!("asking {name}"))
    }

    /// The lines of `INFO section` by name.
    ///
    /// # Errors
    ///
    /// As [`Resp::ask`].
    pub fn info(&mut self, section: &str) -> Result<BTreeMap<String, String>> {
        let told = self.ask(&["INFO", section])?.into_text()?;
        let pairs = told.lines().filter_map(|line| line.split_once(':'));
        Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn exchange(&mut self, command: &[&str]) -> Result<Reply> {
        let mut bytes = Vec::new();
        write!(bytes, "*{}\r\n", command.len())?;
        for word in command {
            write!(bytes, "${}\r\n{word}\r\n", word.len())?;
        }
        self.stream.get_mut().write_all(&bytes)?;
        self.read()
    }

    fn read(&mut self) -> Result<Reply> {
        let line = self.line()?;
        let Some((kind, rest)) = line.split_at_checked(1) else {
            bail!("the engine answered with an empty line");
        };
        Ok(match kind {
            "+" => Reply::Text(rest.to_owned()),
            "-" => Reply::Error(rest.to_owned()),
            ":" => Reply::Integer(rest.parse()?),
            "$" | "*" if rest.starts_with('-') => Reply::Nil,
            "$" => Reply::Text(self.bulk(rest.parse()?)?),
            "*" => {
                let count: usize = rest.parse()?;
                Reply::List((0..count).map(|_| self.read()).collect::<Result<_>>()?)
            }
            _ => bail!("the engine answered with `{line}`, which is no RESP2"),
        })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => bail!("the engine closed the connection"),
        }
    }

    fn bulk(&mut self, length: usize) -> Result<String> {
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Reply {
    /// The text of a value or status.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn into_text(self) -> Result<String> {
        match self {
            Self::Text(text) => Ok(text),
            other => bail!("`{other}` is no text"),
        }
    }

    /// The members of a list; none of anything else.
    pub fn items(&self) -> &[Reply] {
        if let Self::List(items) = self { items } else { &[] }
    }

    fn accepted(self) -> Result<Self> {
        match self {
            Self::Error(said) => bail!("the engine refused: {said}"),
            reply => Ok(reply),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Error(text) => f.write_str(text),
            Self::Integer(number) => write!(f, "{number}"),
            Self::List(items) => f.debug_list().entries(items.iter().map(Self::to_string)).finish(),
            Self::Nil => f.write_str("(nil)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one command with `bytes`, and closes.
    fn answer(bytes: &'static [u8]) -> Result<Reply> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let engine = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut asked = [0; 14];
            stream.read_exact(&mut asked).unwrap();
            stream.write_all(bytes).unwrap();
            asked
        });
        let reply = Resp::connect(address)?.ask(&["PING"]);
        assert_eq!(&engine.join().unwrap(), b"*1\r\n$4\r\nPING\r\n");
        reply
    }

    #[test]
    fn every_kind_of_answer_is_read() {
        let list = "*4\r\n+OK\r\n:-2\r\n$5\r\na\r\nbc\r\n*1\r\n$-1\r\n";
        let reply = answer(list.as_bytes()).unwrap();
        assert_eq!(reply.to_string(), r#"["OK", "-2", "a\r\nbc", "[\"(nil)\"]"]"#);
        assert_eq!(reply.items()[3], Reply::List(vec![Reply::Nil]));
    }

    #[test]
    fn a_refusal_and_half_an_answer_are_errors() {
        let error = format!("{:#}", answer(b"-NOAUTH no\r\n").unwrap_err());
        assert_eq!(error, "asking PING: the engine refused: NOAUTH no");
        assert!(answer(b"$5\r\nab").is_err());
        assert!(answer(b"").is_err());
        assert!(answer(b"%1\r\n").is_err());
    }
}
