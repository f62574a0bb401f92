//! The signals with which runners cancel a job.

use crate::model::Signal;
use std::{future::poll_fn, io, task::Poll};
use tokio::signal::unix::{self, SignalKind};

/// Begins to listen when it is made: as PID 1 of a container, the process would not end by a signal
/// that it does not listen to.
#[derive(Debug)]
pub struct Signals([(Signal, unix::Signal); 2]);

impl Signals {
    /// Begins to listen. It must be called in the runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self([
            (Signal::Interrupt, unix::signal(SignalKind::interrupt())?),
            (Signal::Terminate, unix::signal(SignalKind::terminate())?),
        ]))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            for (signal, listener) in &mut self.0 {
                if listener.poll_recv(context).is_ready() {
                    return Poll::Ready(*signal);
                }
            }
            Poll::Pending
        })
        .await
    }
}
