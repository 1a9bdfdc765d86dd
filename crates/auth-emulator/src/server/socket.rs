//! Unix sockets: their files, which must not outlive the emulator, and must not be taken from another one that is running.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tokio::net::UnixListener;

use crate::framework::sync::lock;

/// The file of a bound socket; removed when dropped.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Device and inode: another socket may have replaced it.
    identity: Option<(u64, u64)>,
}

/// Held while a file is replaced or removed, so that no socket removes the file of its successor.
static REPLACING: Mutex<()> = Mutex::new(());

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _replacing = lock(&REPLACING);
        if identity(&self.path) == self.identity {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Like `bind`, in place of a socket of this program that is not closed yet.
pub(crate) fn replace(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let _replacing = lock(&REPLACING);
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => bind(path),
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
    if let Err(error) = fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)) {
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok((bound, SocketFile { path: path.to_owned(), identity: identity(path) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_replaced_socket_leaves_the_file_of_its_successor() {
        let path = std::env::temp_dir().join(format!("auth-emulator-{}.sock", std::process::id()));
        let first = bind(&path).unwrap();
        assert_eq!(bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse, "it is open");
        let (second, file) = replace(&path).unwrap();
        drop(first.1);
        drop(first.0);
        let connected = tokio::net::UnixStream::connect(&path).await;
        assert!(connected.is_ok() && second.accept().await.is_ok(), "{connected:?}");
        drop(file);
        assert!(!path.exists());
    }
}
