//! The servers under load, each a process of its own: ours, and the Python service that does the same.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::child::Server;
use crate::fixture::SECRET;

/// Names the interpreter that has FastAPI.
const PYTHON: &str = "MCP_AUTH_BENCH_PYTHON";
const APP_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");

/// This program again, as the server, which is killed in the end: what it writes lies in `folder`.
pub(crate) fn ours(folder: &Path) -> Result<Server> {
    Server::start(Command::new(std::env::current_exe()?).arg("http-server").arg(folder))
}

/// `None` where the interpreter is not named.
#[expect(clippy::disallowed_methods, reason = "read once, where the program begins")]
pub(crate) fn fastapi() -> Result<Option<Server>> {
    std::env::var_os(PYTHON).map(PathBuf::from).map(start_fastapi).transpose()
}

fn start_fastapi(interpreter: PathBuf) -> Result<Server> {
    let address = free_address()?;
    let port = address.port().to_string();
    let arguments =
        ["-m", "uvicorn", "fastapi_app:app", "--log-level", "critical", "--port", &port];
    let process = Command::new(interpreter)
        .args(arguments)
        .current_dir(APP_FOLDER)
        .env("MCP_JWT_SECRET", SECRET)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .spawn()
        .with_context(|| format!("{PYTHON} names no interpreter"))?;
    let mut server = Server::new(process, address);
    wait_until_it_listens(&mut server)?;
    Ok(server)
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn wait_until_it_listens(server: &mut Server) -> Result<()> {
    let give_up = Instant::now() + Duration::from_secs(30);
    while std::net::TcpStream::connect(server.address).is_err() {
        if let Some(status) = server.process.try_wait()? {
            bail!("the FastAPI service ended with {status}");
        }
        if Instant::now() > give_up {
            bail!("the FastAPI service did not listen within 30 s");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
