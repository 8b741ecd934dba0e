//! The container runtime. It knows nothing of the harness: a spec goes in, a running container comes out.

pub mod handshake;
