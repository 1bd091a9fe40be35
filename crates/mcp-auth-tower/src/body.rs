//! A response body that is the service's own or a refusal.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use mcp_auth::Refused;
use pin_project_lite::pin_project;

use crate::refusal_response;

pin_project! {
    /// The body of a response behind a layer that may refuse: the inner service's, or the refusal.
    #[derive(Debug)]
    pub struct RefusableBody<B> {
        #[pin]
        inner: Inner<B>,
    }
}

pin_project! {
    #[project = InnerProjection]
    #[derive(Debug)]
    enum Inner<B> {
        Service { #[pin] body: B },
        Refusal { body: Option<Bytes> },
    }
}

impl<B> RefusableBody<B> {
    /// The inner service's.
    pub(crate) const fn service(body: B) -> Self {
        Self { inner: Inner::Service { body } }
    }

    /// A whole response that refuses.
    pub(crate) fn refusal(refused: &Refused) -> Response<Self> {
        refusal_response(refused).map(|body| Self { inner: Inner::Refusal { body: Some(body) } })
    }
}

impl<B: Body<Data = Bytes>> Body for RefusableBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().inner.project() {
            InnerProjection::Service { body } => body.poll_frame(context),
            InnerProjection::Refusal { body } => {
                Poll::Ready(body.take().map(|b| Ok(Frame::data(b))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Service { body } => body.is_end_stream(),
            Inner::Refusal { body } => body.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Service { body } => body.size_hint(),
            Inner::Refusal { body } => {
                SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len).try_into().unwrap_or(0))
            }
        }
    }
}
