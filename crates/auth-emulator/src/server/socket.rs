//! Unix sockets: their files, which must not outlive the emulator, and must not be taken from another one that is running.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// The file of a bound socket; removed when dropped.
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Binds a socket that only this user can connect to.
pub(crate) fn bind(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let bound = UnixListener::bind(path).or_else(|error| {
        let is_left_over = error.kind() == io::ErrorKind::AddrInUse
            && std::os::unix::net::UnixStream::connect(path)
                .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
        if !is_left_over {
            return Err(error);
        }
        fs::remove_file(path)?;
        UnixListener::bind(path)
    })?;
    let file = SocketFile(path.to_owned());
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok((bound, file))
}
