//! A request body that notes when it leaves.
//!
//! The API cannot act on a rollback before it has the body, and an HTTP client asks for the body only
//! once there is a connection. So the first poll of the body is the last moment at which it is certain
//! that nothing was done.

use crate::model::Delivery;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// A note of how far all bodies that were to leave have come.
#[derive(Debug, Default)]
pub(super) struct DeliveryNote {
    has_left: AtomicBool,
    is_in_doubt: AtomicBool,
}

impl DeliveryNote {
    /// How far the requests have come.
    pub(super) fn delivery(&self) -> Delivery {
        let is = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        match (is(&self.is_in_doubt), is(&self.has_left)) {
            (true, _) => Delivery::InDoubt,
            (false, true) => Delivery::NoEffect,
            (false, false) => Delivery::NotSent,
        }
    }

    /// All requests that left are known to have had no effect.
    pub(super) fn settle(&self) {
        self.is_in_doubt.store(false, Ordering::Relaxed);
    }

    fn leave(&self) {
        self.has_left.store(true, Ordering::Relaxed);
        self.is_in_doubt.store(true, Ordering::Relaxed);
    }
}

/// The body of a request for a rollback.
pub(super) struct DeliveryBody {
    /// The bytes; none once they have left.
    bytes: Option<Bytes>,
    note: Arc<DeliveryNote>,
}

impl DeliveryBody {
    /// A body that notes in `note` when it leaves.
    pub(super) fn new(bytes: Vec<u8>, note: &Arc<DeliveryNote>) -> Self {
        Self { bytes: Some(bytes.into()), note: Arc::clone(note) }
    }
}

impl Body for DeliveryBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.note.leave();
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
