//! Writing to whoever may not read: a pipe that stays full must not stop a rollback, nor keep a signal
//! from ending it.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long a reader is waited for, in all.
const WRITE_TIMEOUT: Duration = Duration::from_secs(1);
/// The bytes that a pipe takes at once where it takes any (`PIPE_BUF` of Linux, pipe(7)).
const AT_ONCE: usize = 4_096;

/// A file or a stream, and the time that is left for those who read it.
#[derive(Debug)]
pub struct TimeoutWriter {
    file: File,
    left: Duration,
}

impl TimeoutWriter {
    /// Takes a second handle of something, without a buffer.
    pub fn new(file: impl AsFd) -> io::Result<Self> {
        Ok(Self { file: File::from(file.as_fd().try_clone_to_owned()?), left: WRITE_TIMEOUT })
    }

    fn is_ready(&mut self) -> io::Result<bool> {
        let begun = Instant::now();
        let most = Timespec::try_from(self.left).unwrap_or_default();
        let mut wanted = [PollFd::new(&self.file, PollFlags::OUT)];
        let count = retry_on_intr(|| poll(&mut wanted, Some(&most)))?;
        self.left = self.left.saturating_sub(begun.elapsed());
        Ok(count > 0)
    }
}

impl Write for TimeoutWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_ready()? {
            return Err(io::Error::new(ErrorKind::TimedOut, "nobody reads it"));
        }
        self.file.write(bytes.get(..AT_ONCE).unwrap_or(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
