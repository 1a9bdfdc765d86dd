//! What a connection does instead of sending an HTTP response: bytes as they are, pauses, and its end. Faults below HTTP are
//! made of this: a reset, a head that breaks off, a body that drips, bytes that are no HTTP.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;

use crate::server::stream::Stream;

/// A response extension: the listener discards the response and follows this plan.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub steps: Vec<Step>,
    pub end: End,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Bytes),
    Pause(Duration),
}

/// How the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Closed in order (FIN).
    Close,
    /// Reset (RST): what the client has not read yet may be lost.
    Reset,
    /// Left open, until the client leaves or its patience is too long.
    Hang,
}

/// The longest time that a connection is left hanging.
const HANG: Duration = Duration::from_secs(600);

impl Wire {
    /// Closes the connection without sending a byte.
    pub(crate) fn close() -> Self {
        Self { steps: Vec::new(), end: End::Close }
    }

    pub(crate) async fn follow(self, mut stream: Stream) -> io::Result<()> {
        for step in self.steps {
            match step {
                Step::Send(bytes) => {
                    stream.write_all(&bytes).await?;
                    stream.flush().await?;
                }
                Step::Pause(pause) => tokio::time::sleep(pause).await,
            }
        }
        match self.end {
            End::Close => stream.shutdown().await,
            End::Reset => stream.reset(),
            End::Hang => {
                let mut nowhere = tokio::io::sink();
                let leaving = tokio::io::copy(&mut stream, &mut nowhere);
                let _ = tokio::time::timeout(HANG, leaving).await;
                Ok(())
            }
        }
    }
}
