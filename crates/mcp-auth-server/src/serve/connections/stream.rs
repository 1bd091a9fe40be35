//! The stream below a protocol: what it has been given and could not write waits for the client, too.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Held, Ticket};

/// What TLS, and the protocol above it, keep of what they were given.
const BUFFERS: usize = 64 * 1024;

/// Counts its buffers while the client takes nothing.
#[derive(Debug)]
pub(crate) struct Unwritten<S> {
    stream: S,
    ticket: Arc<Ticket>,
    held: Option<Held>,
}

impl<S> Unwritten<S> {
    pub(crate) fn new(stream: S, ticket: &Arc<Ticket>) -> Self {
        Self { stream, ticket: Arc::clone(ticket), held: None }
    }

    fn note<T>(&mut self, polled: Poll<T>) -> Poll<T> {
        if polled.is_ready() {
            self.held = None;
        } else if self.held.is_none() {
            self.held = Some(self.ticket.hold(BUFFERS));
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unwritten<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unwritten<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.note(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.note(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
