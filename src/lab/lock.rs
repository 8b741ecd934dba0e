//! One measurement at a time on a machine: two would measure each other.
//!
//! The lock is a listening socket in the abstract namespace: it needs no folder, works for every user, and is gone with
//! its process, even after SIGKILL (unix(7)).

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use crate::error::{Error, Kind, Result};

const NAME: &str = "isolab-bench";

/// Held until dropped. Err when another run holds it.
pub fn alone() -> Result<UnixListener> {
    alone_as(NAME)
}

fn alone_as(name: &str) -> Result<UnixListener> {
    let address = SocketAddr::from_abstract_name(name).expect("a short name");
    UnixListener::bind_addr(&address).map_err(|cause| {
        if cause.kind() == std::io::ErrorKind::AddrInUse {
            Error::new("start to measure", "another isolab bench is running on this machine")
                .kind(Kind::Unavailable)
                .try_this("wait until it has ended; two at once would measure each other")
        } else {
            Error::new("take the lock against a second run", cause)
        }
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_second_one_is_refused_while_the_first_lives() {
        let name = format!("isolab-test-{}", std::process::id());
        let first = super::alone_as(&name).unwrap();
        assert!(super::alone_as(&name).unwrap_err().cause.contains("another isolab bench"));
        drop(first);
        super::alone_as(&name).unwrap();
    }
}
