//! The body of a request, which may not come.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};

use super::{Held, Ticket};

/// The body of a request. While the client keeps it waiting, the connection counts as idle: a client that begins and
/// does not go on makes room as one that has not begun.
#[derive(Debug)]
pub(crate) struct Awaited<B> {
    body: B,
    ticket: Arc<Ticket>,
    held: Option<Held>,
}

impl<B> Awaited<B> {
    pub(crate) fn new(body: B, ticket: &Arc<Ticket>) -> Self {
        Self { body, ticket: Arc::clone(ticket), held: None }
    }

    fn set_waiting(&mut self, is_waiting: bool) {
        let place = &self.ticket.place;
        match (&self.held, is_waiting) {
            (None, true) => {
                place.idle_since.store(self.ticket.all.now(), Ordering::Relaxed);
                place.requests.fetch_sub(1, Ordering::Relaxed);
                self.held = Some(self.ticket.hold(0));
            }
            (Some(_), false) => {
                place.requests.fetch_add(1, Ordering::Relaxed);
                self.held = None;
            }
            _ => {}
        }
    }
}

impl<B: Body + Unpin> Body for Awaited<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.set_waiting(polled.is_pending());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Awaited<B> {
    fn drop(&mut self) {
        self.set_waiting(false);
    }
}
