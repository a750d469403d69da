//! HTTP/2 by hand: frames that no client would send.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout, timeout_at},
};

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// Error code `CANCEL`.
pub const CANCEL: [u8; 4] = [0, 0, 0, 8];

/// A frame of any kind.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = length.get(1..).unwrap_or_default().to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A field that is not to be remembered, without Huffman's code.
pub fn field(name: &str, value: &str) -> Vec<u8> {
    literal(0, name, value)
}

/// A field that both sides remember.
pub fn remembered_field(name: &str, value: &str) -> Vec<u8> {
    literal(0x40, name, value)
}

fn literal(kind: u8, name: &str, value: &str) -> Vec<u8> {
    let mut field = vec![kind];
    for text in [name, value] {
        length(&mut field, text.len());
        field.extend(text.as_bytes());
    }
    field
}

/// An integer with a prefix of seven bits (RFC 7541, 5.1).
fn length(field: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(127) else {
        field.push(u8::try_from(length).unwrap_or(127));
        return;
    };
    field.push(127);
    while rest >= 128 {
        field.push(0x80 | u8::try_from(rest % 128).unwrap_or(0));
        rest /= 128;
    }
    field.push(u8::try_from(rest).unwrap_or(0));
}

/// The fields of a call.
pub fn call(path: &str, token: Option<&str>) -> Vec<u8> {
    let mut fields = [
        field(":method", "POST"),
        field(":scheme", "http"),
        field(":path", path),
        field(":authority", "connector"),
        field("content-type", "application/grpc"),
        field("te", "trailers"),
    ]
    .concat();
    if let Some(token) = token {
        fields.extend(field("authorization", &format!("Bearer {token}")));
    }
    fields
}

/// What came of sending without end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flooded {
    /// The server closed the connection.
    pub is_closed: bool,
    pub bytes_sent: usize,
    pub bytes_heard: usize,
    /// The error code of its `GOAWAY`.
    pub goaway: Option<u32>,
}

/// A connection.
pub struct Wire {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

/// One frame that came.
#[derive(Clone, Debug)]
pub struct Frame {
    pub kind: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Wire {
    /// A connection that has said what HTTP/2 begins with.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        Self::over(TcpStream::connect(address).await?).await
    }

    /// The same, which takes in little before somebody reads.
    pub async fn open_narrow(address: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4_096)?;
        Self::over(socket.connect(address).await?).await
    }

    /// The same from another address of this machine.
    pub async fn open_from(source: [u8; 4], address: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((source, 0).into())?;
        Self::over(socket.connect(address).await?).await
    }

    async fn over(mut stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        // It may have been closed at once; that shows when something is read.
        let _ = stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// Sends, unless the other side has closed.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// The next frame; `None` when the other side has closed.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = take_frame(&mut self.buffer) {
                return Some(frame);
            }
            let mut bytes = [0; 16 * 1024];
            let count = self.stream.read(&mut bytes).await.ok().filter(|count| *count > 0)?;
            self.buffer.extend(bytes.get(..count)?);
        }
    }

    /// Waits for the headers of an answer; false when the other side closes before.
    pub async fn is_answered(&mut self, patience: Duration) -> Result<bool> {
        let answered = async {
            while let Some(frame) = self.next().await {
                if frame.kind == HEADERS {
                    return true;
                }
            }
            false
        };
        timeout(patience, answered).await.context("neither an answer nor an end")
    }

    /// Sends this again and again and reads nothing, until nothing more is taken for a while. The bytes sent.
    pub async fn until_stalled(mut self, bytes: &[u8], patience: Duration) -> Result<usize> {
        let mut sent = 0;
        let sending = async {
            while let Ok(outcome) = timeout(Duration::from_secs(1), self.stream.write_all(bytes)).await {
                if outcome.is_err() {
                    break;
                }
                sent += bytes.len();
            }
        };
        timeout(patience, sending).await.context("it reads on and on")?;
        Ok(sent)
    }

    /// Sends what `next` makes and reads what comes, for so long or until the other side closes.
    pub async fn flood(self, time: Duration, mut next: impl FnMut() -> Vec<u8>) -> Result<Flooded> {
        let (mut from, mut to) = self.stream.into_split();
        let mut buffer = self.buffer;
        let hearing = tokio::spawn(async move {
            let mut heard = (0, None);
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = from.read(&mut bytes).await {
                heard.0 += count;
                buffer.extend(bytes.get(..count).unwrap_or_default());
                while let Some(frame) = take_frame(&mut buffer) {
                    if frame.kind == GOAWAY {
                        let code = frame.payload.get(4..8).and_then(|code| code.try_into().ok());
                        heard.1 = code.map(u32::from_be_bytes);
                    }
                }
            }
            heard
        });
        let mut flooded = Flooded::default();
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            let bytes = next();
            match timeout_at(deadline, to.write_all(&bytes)).await {
                Ok(Ok(())) => flooded.bytes_sent += bytes.len(),
                Ok(Err(_)) => flooded.is_closed = true,
                Err(_) => break,
            }
            if flooded.is_closed {
                break;
            }
        }
        drop(to);
        if !flooded.is_closed {
            hearing.abort();
            return Ok(flooded);
        }
        let heard = timeout(Duration::from_secs(30), hearing).await.context("it answers without end")??;
        (flooded.bytes_heard, flooded.goaway) = heard;
        Ok(flooded)
    }
}

fn take_frame(buffer: &mut Vec<u8>) -> Option<Frame> {
    let [high, middle, low, kind, _, s0, s1, s2, s3] = *buffer.first_chunk::<9>()?;
    let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()?;
    let payload = buffer.get(9..9 + length)?.to_vec();
    buffer.drain(..9 + length);
    Some(Frame { kind, stream: u32::from_be_bytes([s0, s1, s2, s3]), payload })
}
