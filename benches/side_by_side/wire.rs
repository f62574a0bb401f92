//! What goes over the wire: one connection, observed from between its ends.

use anyhow::{Context, Result, anyhow};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long the other end's answers are on their way: long enough for a client to send all that it
/// sends without waiting for them.
const DELAY: Duration = Duration::from_millis(50);

/// What went over it.
pub struct Traffic {
    pub sent: usize,
    pub received: usize,
    /// How often the client waited for the other end, making the connection included.
    pub round_trips: usize,
}

/// How often a client is observed: where the machine is busy, what it sends at once may look like two requests.
const TIMES: usize = 3;

/// Runs a client against a port that leads to `port`, and returns the run of the fewest round trips. The client
/// must make one connection.
pub fn observe(port: u16, client: impl Fn(u16) -> Result<()>) -> Result<Traffic> {
    let observed = (0..TIMES).map(|_| observe_once(port, &client));
    let observed = observed.collect::<Result<Vec<_>>>()?;
    observed.into_iter().min_by_key(|traffic| traffic.round_trips).context("an observation")
}

fn observe_once(port: u16, client: impl Fn(u16) -> Result<()>) -> Result<Traffic> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let own = listener.local_addr()?.port();
    // Each piece, and whether it was the client's.
    let pieces = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&pieces);
    let relay = thread::spawn(move || -> Result<()> {
        let (near, _) = listener.accept()?;
        let far = TcpStream::connect(("127.0.0.1", port))?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        thread::scope(|scope| {
            scope.spawn(|| carry(&far, &near, DELAY, |bytes| note(&seen, false, bytes)));
            carry(&near, &far, Duration::ZERO, |bytes| note(&seen, true, bytes));
            let _ = far.shutdown(Shutdown::Both);
        });
        Ok(())
    });
    client(own)?;
    relay.join().map_err(|_| anyhow!("the relay panicked"))??;
    let pieces = pieces.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes =
        |of_client| pieces.iter().filter(|piece| piece.0 == of_client).map(|piece| piece.1).sum();
    let answered = pieces.windows(2).filter(|two| two[0].0 && !two[1].0).count();
    Ok(Traffic { sent: bytes(true), received: bytes(false), round_trips: 1 + answered })
}

fn note(pieces: &Mutex<Vec<(bool, usize)>>, of_client: bool, bytes: usize) {
    pieces.lock().unwrap_or_else(PoisonError::into_inner).push((of_client, bytes));
}

/// Carries bytes until an end hangs up.
fn carry(mut from: &TcpStream, mut to: &TcpStream, delay: Duration, note: impl Fn(usize)) {
    let mut piece = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        thread::sleep(delay);
        note(count);
        if to.write_all(&piece[..count]).is_err() {
            return;
        }
    }
}
