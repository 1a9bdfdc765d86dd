//! The transport over standard input and output: one message per line. A line that is no message gets a response that says so.

use super::message;
use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcError, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use std::io;
use std::pin::Pin;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, BufReader, Empty};

/// Reads lines, and writes by the transport of the library.
pub(super) struct Pipes<R, W: AsyncWrite> {
    input: BufReader<R>,
    /// What was read of a line. It stays if a read is dropped.
    line: Vec<u8>,
    longest: usize,
    /// The line is too long, and its rest is skipped.
    is_skipping: bool,
    /// A session began.
    has_begun: bool,
    output: AsyncRwTransport<RoleServer, Empty, W>,
    /// The response to the last line. It is written before the next line is read.
    refusal: Option<Sending>,
}

type Sending = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Pipes<R, W> {
    pub(super) fn new(input: R, output: W, longest: usize) -> Self {
        let output = AsyncRwTransport::new(tokio::io::empty(), output);
        let (input, line) = (BufReader::new(input), Vec::new());
        Self { input, line, longest, is_skipping: false, has_begun: false, output, refusal: None }
    }

    /// Reads the next line, which is `None` if it is too long. The last one needs no end of line.
    async fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let room = self.longest.saturating_add(1).saturating_sub(self.line.len());
            let read = (&mut self.input).take(room as u64).read_until(b'\n', &mut self.line).await?;
            let is_whole = self.line.ends_with(b"\n");
            if read == 0 && self.line.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if !is_whole && self.line.len() > self.longest {
                self.line.clear();
                if !std::mem::replace(&mut self.is_skipping, true) {
                    return Ok(None);
                }
            } else {
                let line = std::mem::take(&mut self.line);
                if !std::mem::replace(&mut self.is_skipping, false) {
                    return Ok(Some(line));
                }
            }
        }
    }

    /// The message of a line.
    fn message(&mut self, line: Option<&[u8]>) -> Result<Option<ClientJsonRpcMessage>, JsonRpcError> {
        let line = line.ok_or_else(|| message::too_long(self.longest))?.trim_ascii();
        let Some(message) = (if line.is_empty() { None } else { message::read(line)? }) else {
            return Ok(None);
        };
        if !self.has_begun {
            // The library would end the server for a notification that comes first.
            let Some(begins) = message::begins(&message)? else { return Ok(None) };
            self.has_begun = begins;
        }
        Ok(Some(message))
    }
}

impl<R: AsyncRead + Send + Unpin, W: AsyncWrite + Send + Unpin + 'static> Transport<RoleServer>
    for Pipes<R, W>
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.output.send(message)
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            if let Some(sending) = &mut self.refusal {
                let sent = sending.await;
                self.refusal = None;
                sent.ok()?;
            }
            let line = self.next_line().await.ok()?;
            match self.message(line.as_deref()) {
                Ok(Some(message)) => return Some(message),
                Ok(None) => {}
                Err(error) => {
                    self.refusal = Some(Box::pin(self.output.send(ServerJsonRpcMessage::Error(error))));
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The responses to lines of which none is read as a message, and the methods of the others.
    async fn through(input: &[u8], longest: usize) -> (Vec<String>, String) {
        let (output, mut printed) = tokio::io::duplex(1 << 16);
        let mut pipes = Pipes::new(input, output, longest);
        let mut methods = Vec::new();
        while let Some(message) = pipes.receive().await {
            match message {
                ClientJsonRpcMessage::Request(request) => methods.push(request.request.method().to_owned()),
                other => methods.push(format!("{other:?}")),
            }
        }
        drop(pipes);
        let mut text = String::new();
        printed.read_to_string(&mut text).await.unwrap();
        (methods, text)
    }

    #[tokio::test]
    async fn the_last_line_needs_no_end_and_long_lines_are_skipped_whole() {
        let ping = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
        let long = format!("{}{ping}", "x".repeat(500));
        let (methods, printed) =
            through(format!("{ping}\r\n\n  \n{long}\n{ping}\n{long}").as_bytes(), 100).await;
        assert_eq!(methods, ["ping", "ping"]);
        assert_eq!(printed.matches("-32600").count(), 2, "{printed}");
        let exact = format!("{ping}\n{ping}");
        assert_eq!(through(exact.as_bytes(), ping.len()).await.0, ["ping"; 2]);
        assert_eq!(through(ping.as_bytes(), ping.len()).await.0, ["ping"]);
    }

    #[tokio::test]
    async fn a_session_begins_with_a_request() {
        let early = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n\
            {\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/list\"}\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
        let (methods, printed) = through(early.as_bytes(), 1_000).await;
        assert_eq!(methods, ["ping"]);
        assert!(printed.contains("\"id\":9") && printed.contains("send initialize first"), "{printed}");
    }
}
