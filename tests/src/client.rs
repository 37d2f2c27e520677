//! An HTTP client that costs little: one connection, requests that were written before, answers read to their end.
//!
//! For load and for faults, where the usual client would take more of the machine than the server does. Deliberately
//! absent: redirects, cookies, compression and TLS; it speaks HTTP/1.1 to loopback.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept alive.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer that came whole.
#[derive(Debug)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its body, unpacked from chunks if it came in such.
    pub body: &'a [u8],
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// The system's.
    pub async fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// # Errors
    /// The connection ended before that, or what came is no answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break Head::read(&self.buffer[..end], end + 4)?;
            }
            self.read_more().await?;
        };
        let Some(length) = head.length else {
            return self.read_chunks(head).await;
        };
        let end = head.end + length;
        while self.buffer.len() < end {
            self.read_more().await?;
        }
        Ok(Answer {
            status: head.status,
            body: &self.buffer[head.end..end],
        })
    }

    async fn read_chunks(&mut self, head: Head) -> io::Result<Answer<'_>> {
        let (mut at, mut body) = (head.end, Vec::new());
        loop {
            let line = loop {
                if let Some(length) = find(&self.buffer[at..], b"\r\n") {
                    break length;
                }
                self.read_more().await?;
            };
            let size = std::str::from_utf8(&self.buffer[at..at + line]).ok();
            let size = size
                .and_then(|text| usize::from_str_radix(text.trim(), 16).ok())
                .ok_or_else(|| broken("the size of a chunk"))?;
            let start = at + line + 2;
            while self.buffer.len() < start + size + 2 {
                self.read_more().await?;
            }
            body.extend_from_slice(&self.buffer[start..start + size]);
            at = start + size + 2;
            if size == 0 {
                break;
            }
        }
        self.buffer = body;
        Ok(Answer {
            status: head.status,
            body: &self.buffer,
        })
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

struct Head {
    status: u16,
    /// None where the body comes in chunks.
    length: Option<usize>,
    end: usize,
}

impl Head {
    fn read(bytes: &[u8], end: usize) -> io::Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| broken("the head"))?;
        let mut lines = text.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|word| word.parse().ok())
            .ok_or_else(|| broken("the status"))?;
        let mut length = Some(0);
        for line in lines {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse().map_err(|_| broken("the length"))?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                length = None;
                break;
            }
        }
        Ok(Self {
            status,
            length,
            end,
        })
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{what} of an answer cannot be read"),
    )
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// A request for a page.
pub fn get(address: SocketAddr, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/html\r\n\r\n").into_bytes()
}

/// A form as a browser sends it.
pub fn post_form(address: SocketAddr, path: &str, form: &str) -> Vec<u8> {
    post(address, path, "application/x-www-form-urlencoded", form)
}

/// A request with a body of another type.
pub fn post(address: SocketAddr, path: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncontent-type: {kind}\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
