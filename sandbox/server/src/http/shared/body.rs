//! The body of a request: decompressed, UTF-8, and within its size limit.

use std::error::Error;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use http_body_util::LengthLimitError;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::decompression::{DecompressionBody, RequestDecompressionLayer};

use crate::http::shared::errors::ApiError;
use handset_sandbox_domain::Refusal;
use handset_sandbox_listener::BodyDeadline;

/// The byte order mark that some programs prepend.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It is longer than that, in bytes.
    TooLong(usize),
    /// Another error.
    Other(ApiError),
}

impl From<ApiError> for BodyError {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<Refusal> for BodyError {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal.into())
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLong(most_bytes) => {
                Refusal::BadRequest(format!("the body must be at most {most_bytes} bytes")).into()
            }
            BodyError::Other(error) => error,
        }
    }
}

/// Reads the body. The limit holds for the decompressed size.
///
/// # Errors
/// The encoding is unknown, the body is too long, too slow or incomplete.
pub(crate) async fn read(mut request: Request, most_bytes: usize) -> Result<Bytes, BodyError> {
    let deadline = BodyDeadline::of(&request);
    let is_packed = is_packed(request.headers())?;
    if let Some(name) = is_packed {
        // The one spelling that the layer accepts.
        request.headers_mut().insert(header::CONTENT_ENCODING, name);
        request = unpack(request).await?;
    }
    let too_slow = |_| ApiError::http(StatusCode::REQUEST_TIMEOUT, "the body was not complete in time");
    let reading = axum::body::to_bytes(request.into_body(), most_bytes);
    let bytes = BodyDeadline::hold(deadline, reading).await.map_err(too_slow)?;
    bytes.map_err(|error| unread(&error, most_bytes))
}

/// The content encoding, if the body is compressed.
fn is_packed(headers: &HeaderMap) -> Result<Option<axum::http::HeaderValue>, ApiError> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else { return Ok(None) };
    let is_alone = headers.get_all(header::CONTENT_ENCODING).iter().count() == 1;
    let name = encoding.to_str().unwrap_or_default().trim().to_ascii_lowercase();
    match name.as_str() {
        _ if !is_alone => Err(ApiError::unknown_encoding()),
        "" | "identity" => Ok(None),
        "gzip" | "x-gzip" => Ok(Some(axum::http::HeaderValue::from_static("gzip"))),
        "deflate" => Ok(Some(axum::http::HeaderValue::from_static("deflate"))),
        _ => Err(ApiError::unknown_encoding()),
    }
}

/// The same request with a body that decompresses while it is read.
async fn unpack(request: Request) -> Result<Request, ApiError> {
    let take = service_fn(async |request: Request<DecompressionBody<Body>>| {
        Ok::<_, std::convert::Infallible>(Response::new(Body::new(request.into_body())))
    });
    let unpacked = RequestDecompressionLayer::new().layer(take).oneshot(request).await;
    let unpacked = unpacked.map_err(|_| Refusal::Internal)?;
    Ok(Request::new(Body::new(unpacked.into_body())))
}

fn unread(error: &axum::Error, most_bytes: usize) -> BodyError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return BodyError::TooLong(most_bytes);
        }
        cause = error.source();
    }
    let message = "the body is incomplete, or not encoded as header 'Content-Encoding' says";
    Refusal::BadRequest(message.to_owned()).into()
}

/// The body as text.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let is_utf_16 = bytes.iter().take(2).any(|byte| *byte == 0);
    match std::str::from_utf8(bytes) {
        Ok(text) if !is_utf_16 => Ok(text),
        _ => Err(Refusal::BadRequest("the body must be UTF-8 text".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_utf_8_with_or_without_a_mark() {
        assert_eq!(text("\u{feff}{}".as_bytes()), Ok("{}"));
        assert_eq!(text("{\"a\":\"ä\"}".as_bytes()), Ok("{\"a\":\"ä\"}"));
        let utf_16 = |text: &str, mark: &[u8], in_order: fn(u16) -> [u8; 2]| {
            mark.iter().copied().chain(text.encode_utf16().flat_map(in_order)).collect::<Vec<_>>()
        };
        for bytes in [
            utf_16("{}", b"\xff\xfe", u16::to_le_bytes),
            utf_16("{}", b"\xfe\xff", u16::to_be_bytes),
            utf_16("{}", b"", u16::to_le_bytes),
            utf_16("{}", b"", u16::to_be_bytes),
            b"{\"a\":\"\xe4\"}".to_vec(),
        ] {
            assert_eq!(text(&bytes), Err(Refusal::BadRequest("the body must be UTF-8 text".to_owned())));
        }
    }
}
