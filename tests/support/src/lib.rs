//! What the tests, the examples and the benchmark share: an imitation of the Agents API behind a real
//! socket, an authority for its certificates, and the runners' parsers of what the program writes.

pub mod agents_api;
pub mod authority;
pub mod parsers;
pub mod stand_in;
