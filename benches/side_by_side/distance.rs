//! A network between a client and the API: to make a connection takes a round trip, each piece takes half of one,
//! and what comes back begins slowly, as with TCP. The kernel of many machines cannot delay loopback itself.

use anyhow::Result;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The bytes that are sent before the first of them is acknowledged: ten segments (RFC 6928).
const FIRST_WINDOW: usize = 10 * 1_460;

/// A piece, and when it was sent.
type Sent = (Instant, Vec<u8>);

/// Puts a distance before the server at `port`. Returns the port to connect to.
pub fn before(port: u16, round_trip: Duration) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let own = listener.local_addr()?.port();
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            thread::spawn(move || relay(&near, port, round_trip));
        }
    });
    Ok(own)
}

fn relay(near: &TcpStream, port: u16, round_trip: Duration) -> Result<()> {
    // For the client, the connection is there at once; what it sends is on its way only after a round trip.
    let connected = Instant::now() + round_trip;
    let far = TcpStream::connect(("127.0.0.1", port))?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (to_far, for_far) = channel();
    let (to_near, for_near) = channel();
    thread::scope(|scope| {
        scope.spawn(|| read(near, to_far));
        scope.spawn(|| read(&far, to_near));
        scope.spawn(|| {
            for (sent, piece) in for_far {
                deliver(&far, sent.max(connected) + round_trip / 2, &piece);
            }
            let _ = far.shutdown(Shutdown::Write);
        });
        answer(near, for_near, round_trip);
    });
    Ok(())
}

fn read(mut from: &TcpStream, to: Sender<Sent>) {
    let mut piece = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut piece) {
        if to.send((Instant::now(), piece[..count].to_vec())).is_err() {
            return;
        }
    }
}

/// Delivers what the server sends: a window full in each round trip, which doubles whenever it was used up.
fn answer(near: &TcpStream, pieces: Receiver<Sent>, round_trip: Duration) {
    let (mut window, mut left, mut round) = (FIRST_WINDOW, FIRST_WINDOW, Instant::now());
    for (mut sent, piece) in pieces {
        let mut rest = piece.as_slice();
        while !rest.is_empty() {
            if left == 0 && sent < round + round_trip {
                sent = round + round_trip;
                window *= 2;
            }
            if sent >= round + round_trip {
                (round, left) = (sent, window);
            }
            let (now, later) = rest.split_at(left.min(rest.len()));
            deliver(near, sent + round_trip / 2, now);
            left -= now.len();
            rest = later;
        }
    }
    let _ = near.shutdown(Shutdown::Write);
}

fn deliver(mut to: &TcpStream, when: Instant, piece: &[u8]) {
    thread::sleep(when.saturating_duration_since(Instant::now()));
    let _ = to.write_all(piece);
}
