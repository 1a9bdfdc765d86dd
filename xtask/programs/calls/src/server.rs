//! A minimal server: HTTP/1.1 with keep-alive, GET and POST, two responses made beforehand.

use crate::{Result, models};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

pub fn serve() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?.port())?;
    out.flush()?;
    let answers = Arc::new((answer(&models::user_json()), answer(&models::list_json())));
    for stream in listener.incoming() {
        // A connection that broke before it was taken is the client's trouble.
        let Ok(stream) = stream else { continue };
        let answers = Arc::clone(&answers);
        std::thread::spawn(move || {
            // A client that goes away ends its thread.
            let _ = connection(stream, &answers.0, &answers.1);
        });
    }
    Ok(())
}

fn answer(json: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: Thu, 06 Jul 2017 13:12:03 GMT\r\ncontent-length: {}\r\n\r\n",
        json.len()
    );
    (head + json).into_bytes()
}

fn connection(mut stream: TcpStream, user: &[u8], list: &[u8]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            let read = stream.read(&mut chunk)?;
            if read == 0 {
                return Ok(());
            }
            buffer.extend_from_slice(&chunk[..read]);
        };
        let end = end + body_length(&buffer[..end]);
        while buffer.len() < end {
            let read = stream.read(&mut chunk)?;
            if read == 0 {
                return Ok(());
            }
            buffer.extend_from_slice(&chunk[..read]);
        }
        let line = buffer.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let is_list = line.starts_with(b"GET") && line.ends_with(b"/users HTTP/1.1");
        stream.write_all(if is_list { list } else { user })?;
        buffer.drain(..end);
    }
}

fn body_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}
