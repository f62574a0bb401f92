//! Standard output and standard error, written by a thread of their own: whoever does not read them
//! must not stop a rollback, nor keep a signal from ending it.

use std::io::{self, Write, stderr, stdout};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// What a reader may take to read the rest, in the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Both streams.
pub struct Streams {
    out: Stream,
    err: Stream,
    written: Receiver<()>,
}

/// One of them, which takes everything at once.
pub struct Stream {
    is_err: bool,
    queue: Sender<(bool, Vec<u8>)>,
}

impl Streams {
    /// Starts the thread. Both streams keep the order of what is written to them.
    pub fn start() -> Self {
        let (queue, lines) = channel::<(bool, Vec<u8>)>();
        let (done, written) = channel();
        thread::spawn(move || {
            for (is_err, bytes) in lines {
                // A closed stream hides nothing: the exit code tells the end.
                let _ = match is_err {
                    true => stderr().write_all(&bytes),
                    false => stdout().write_all(&bytes).and_then(|()| stdout().flush()),
                };
            }
            let _ = done.send(());
        });
        let stream = |is_err| Stream { is_err, queue: queue.clone() };
        Self { out: stream(false), err: stream(true), written }
    }

    /// Standard output and standard error.
    pub fn both(&mut self) -> (&mut Stream, &mut Stream) {
        (&mut self.out, &mut self.err)
    }

    /// Waits until everything is written, but not for ever.
    pub fn finish(self) {
        let Self { out, err, written } = self;
        drop((out, err));
        let _ = written.recv_timeout(PATIENCE);
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.queue.send((self.is_err, bytes.to_vec()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
