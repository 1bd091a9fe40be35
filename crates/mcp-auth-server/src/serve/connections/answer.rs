//! The body of an answer, in pieces that are known to be taken or not.
//!
//! hyper takes a body from its handler at once, and keeps it until the client wants it. A piece is dropped when it has gone
//! out, which is how the connection knows that its client moves.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::{Held, Ticket};

/// As large as a frame of HTTP/2: slow clients are seen to move, and fast ones lose nothing.
const PIECE: usize = 16 * 1024;

/// Counts what of a body its client has not taken yet.
#[derive(Debug)]
pub(crate) struct Untaken<B> {
    body: B,
    ticket: Arc<Ticket>,
    rest: Option<(Bytes, Arc<Held>)>,
}

impl<B> Untaken<B> {
    pub(crate) fn new(body: B, ticket: &Arc<Ticket>) -> Self {
        Self { body, ticket: Arc::clone(ticket), rest: None }
    }

    /// The next piece of these bytes; the others are kept.
    fn cut(&mut self, mut bytes: Bytes, held: Arc<Held>) -> Frame<Bytes> {
        let piece = bytes.split_to(bytes.len().min(PIECE));
        if !bytes.is_empty() {
            self.rest = Some((bytes, Arc::clone(&held)));
        }
        Frame::data(Bytes::from_owner(Piece { bytes: piece, held }))
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Untaken<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some((bytes, held)) = self.rest.take() {
            return Poll::Ready(Some(Ok(self.cut(bytes, held))));
        }
        let polled = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(polled.map(|frame| {
            frame.map(|frame| match frame.into_data() {
                Ok(bytes) => {
                    let held = Arc::new(self.ticket.hold(bytes.len()));
                    self.cut(bytes, held)
                }
                Err(other) => other,
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.as_ref().map_or(0, |(bytes, _)| bytes.len() as u64);
        let of_body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(rest));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}

/// Bytes that have not gone out yet.
struct Piece {
    bytes: Bytes,
    held: Arc<Held>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.held.moved();
    }
}
