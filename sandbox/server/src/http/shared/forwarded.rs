//! The hops in X-Forwarded-For and in Forwarded (RFC 7239). Which of them is trusted is decided in `caller_address`.
//!
//! The crates for Forwarded split a line also within quoted strings, or return only the last hop. A line that is no list of
//! RFC 7239 names nobody here, since a caller could have begun a quoted string that goes on in what a proxy appends.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The hops of X-Forwarded-For, the caller's end first; a hop without an address is `None`. `None`: there is no such header.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    headers.contains_key(X_FORWARDED_FOR).then(|| {
        let lines = headers.get_all(X_FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("unknown"));
        lines.flat_map(|line| line.split(',')).map(str::trim).filter(|hop| !hop.is_empty()).map(address).collect()
    })
}

/// The hops of Forwarded, the caller's end first; a hop without an address is `None`. A header that is malformed is one hop
/// without an address. `None`: there is no such header.
pub(super) fn forwarded(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    headers.contains_key(header::FORWARDED).then(|| {
        let lines = headers.get_all(header::FORWARDED).iter().map(|line| elements(line.to_str().ok()?));
        let hops: Option<Vec<_>> = lines.collect();
        hops.map_or_else(|| vec![None], |hops| hops.concat())
    })
}

/// The hops of one line. `None`: malformed.
fn elements(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let elements = split_unquoted(line, ',')?;
    elements.into_iter().map(str::trim).filter(|element| !element.is_empty()).map(hop).collect()
}

/// The address of an element, `for=…;by=…`. The outer `None`: malformed.
fn hop(element: &str) -> Option<Option<IpAddr>> {
    let mut names = Vec::new();
    let mut hop = None;
    for pair in split_unquoted(element, ';')?.into_iter().map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let name = name.to_ascii_lowercase();
        let value = unquoted(value)?;
        if !is_token(&name) || names.contains(&name) {
            return None;
        }
        if name == "for" {
            hop = address(&value);
        }
        names.push(name);
    }
    Some(hop)
}

/// Splits a text, but not within quoted strings. `None`: a quoted string does not end.
fn split_unquoted(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text.split(|letter: char| {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => return letter == separator && !is_quoted,
        }
        false
    });
    let parts: Vec<&str> = parts.collect();
    (!is_quoted).then_some(parts)
}

/// A value, without the quotation marks and escapes of a quoted string. `None`: malformed.
fn unquoted(value: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = value.strip_prefix('"') else {
        // Without quotation marks, RFC 7239 allows no colon and no bracket. Some proxies send them.
        let is_plain = value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\,;=".contains(&byte));
        return (is_plain && !value.is_empty()).then_some(Cow::Borrowed(value));
    };
    let mut text = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next()? {
            '"' => break,
            '\\' => text.push(letters.next()?),
            letter => text.push(letter),
        }
    }
    letters.as_str().is_empty().then_some(Cow::Owned(text))
}

/// Whether the text is a token of RFC 9110.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The address of a node, with or without a port. `None`: `unknown`, obfuscated, or malformed.
fn address(node: &str) -> Option<IpAddr> {
    let without_port = match node.rsplit_once(":_") {
        // An obfuscated port.
        Some((node, port)) if port.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) => node,
        _ => node,
    };
    let in_brackets = || without_port.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || node.parse().ok().map(|address: SocketAddr| address.ip());
    let address = without_port.parse().ok().or_else(in_brackets).or_else(with_port);
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    type ReadHeader = fn(&HeaderMap) -> Option<Vec<Option<IpAddr>>>;

    /// The hops, in one text; a hop without an address is `?`.
    fn hops(read: ReadHeader, name: HeaderName, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), HeaderValue::from_str(line).unwrap());
        }
        let hops = read(&headers).unwrap().into_iter().map(|hop| hop.map_or("?".to_owned(), |hop| hop.to_string()));
        hops.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn x_forwarded_for_lists_addresses_with_and_without_ports() {
        for (lines, expected) in [
            (vec!["192.0.2.1"], "192.0.2.1"),
            (
                vec!["192.0.2.1:80,192.0.2.2 ,\t2001:db8::1", "[2001:db8::2]"],
                "192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2",
            ),
            (vec!["[2001:db8::1]:80", ", ,192.0.2.1,"], "2001:db8::1 192.0.2.1"),
            (vec!["::ffff:192.0.2.1"], "192.0.2.1"),
            (vec!["unknown, _x, localhost, 192.0.2, 192.0.2.1:x, [192.0.2.1], \"192.0.2.1\""], "? ? ? ? ? ? ?"),
            (vec![""], ""),
        ] {
            assert_eq!(hops(x_forwarded_for, X_FORWARDED_FOR, &lines), expected, "{lines:?}");
        }
        assert_eq!((x_forwarded_for(&HeaderMap::new()), forwarded(&HeaderMap::new())), (None, None));
    }

    #[test]
    fn forwarded_lists_elements_of_which_for_counts() {
        for (lines, expected) in [
            (vec!["for=192.0.2.43, FOR=198.51.100.17"], "192.0.2.43 198.51.100.17"),
            (
                vec!["for=192.0.2.60;proto=http;by=203.0.113.43", "for=\"[2001:db8:cafe::17]:4711\""],
                "192.0.2.60 2001:db8:cafe::17",
            ),
            (vec!["by=203.0.113.43 ;; For=\"192.0.2.1:80\";"], "192.0.2.1"),
            (vec!["for=192.0.2.1:80,for=[2001:db8::1]"], "192.0.2.1 2001:db8::1"),
            (vec!["for=\"\\192.0.2.1:_x-1\", for=\"[2001:db8::1]:_x\""], "192.0.2.1 2001:db8::1"),
            (vec!["for=unknown, for=_hidden, for=\"_SEVKISEK\", proto=https, for=\"\", for=a.test"], "? ? ? ? ? ?"),
            (vec!["host=\"a,for=192.0.2.9;\";for=192.0.2.1,,"], "192.0.2.1"),
            (vec![" "], ""),
        ] {
            assert_eq!(hops(forwarded, header::FORWARDED, &lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_malformed_header_is_one_hop_without_an_address() {
        for line in [
            "192.0.2.1",
            "for=",
            "for",
            "for =192.0.2.1",
            "for= 192.0.2.1",
            "for=\"192.0.2.1",
            "for=\"192.0.2.1\"x",
            "for=192.0.2.1\"",
            "for=\"192.0.2.1\\",
            "for=192.0.2.1;for=192.0.2.2",
            "=192.0.2.1",
            "for=192.0.2.1 for=192.0.2.2",
            "for==192.0.2.1",
        ] {
            assert_eq!(hops(forwarded, header::FORWARDED, &["for=192.0.2.9", line]), "?", "{line}");
        }
    }
}
