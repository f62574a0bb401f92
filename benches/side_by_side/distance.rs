//! A network between a client and the API: to make a connection takes a round trip, each piece takes half of one,
//! and what comes back begins slowly, as with TCP. The kernel of many machines cannot delay loopback itself.

use anyhow::Result;
use std::collections::VecDeque;
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

/// Delivers what the server sends: no more is on its way than the window has room for. What is acknowledged makes
/// room for as much again, and the window larger by as much (RFC 5681).
fn answer(near: &TcpStream, pieces: Receiver<Sent>, round_trip: Duration) {
    // When a part is acknowledged, and how long it is.
    let mut on_its_way: VecDeque<(Instant, usize)> = VecDeque::new();
    let mut room = FIRST_WINDOW;
    for (mut sent, piece) in pieces {
        let mut rest = piece.as_slice();
        while !rest.is_empty() {
            while let Some((acknowledged, length)) = on_its_way.front().copied()
                && (acknowledged <= sent || room == 0)
            {
                on_its_way.pop_front();
                sent = sent.max(acknowledged);
                room += 2 * length;
            }
            let (now, later) = rest.split_at(room.min(rest.len()));
            on_its_way.push_back((sent + round_trip, now.len()));
            room -= now.len();
            deliver(near, sent + round_trip / 2, now);
            rest = later;
        }
    }
    let _ = near.shutdown(Shutdown::Write);
}

fn deliver(mut to: &TcpStream, when: Instant, piece: &[u8]) {
    thread::sleep(when.saturating_duration_since(Instant::now()));
    let _ = to.write_all(piece);
}
