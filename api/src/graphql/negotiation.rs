//! Media types: which one the client sent, and which of ours it accepts.

use http::{HeaderMap, HeaderValue, header};

/// A form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/graphql-response+json`: the status says whether the operation was executed.
    GraphqlResponse,
    /// `application/json`: for older clients; a well-formed request gets 200 whatever is wrong with its document.
    Json,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }
}

/// The best answer that the client accepts. `None`: it accepts neither.
///
/// Without `Accept`, and where a wildcard leaves us free, JSON: that is what a client that says nothing can read.
pub fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    let mut lines = headers.get_all(header::ACCEPT).iter().peekable();
    if lines.peek().is_none() {
        return Some(MediaType::Json);
    }
    let ranges: Vec<Range<'_>> = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(Range::parse)
        .collect();
    let quality = |media: &str| {
        // The most specific range decides, not the most generous one.
        let exact = ranges.iter().find(|range| range.is(media));
        let family = || ranges.iter().find(|range| range.is("application/*"));
        let any = || ranges.iter().find(|range| range.is("*/*"));
        exact
            .or_else(family)
            .or_else(any)
            .map_or(0, |range| range.quality)
    };
    let graphql = quality("application/graphql-response+json");
    let json = quality("application/json");
    let names_graphql = ranges
        .iter()
        .any(|range| range.is("application/graphql-response+json"));
    match (graphql, json) {
        (0, 0) => None,
        // At equal quality the newer form wins only for a client that knows it by name.
        (graphql, json) if graphql > json || (graphql == json && names_graphql) => {
            Some(MediaType::GraphqlResponse)
        }
        _ => Some(MediaType::Json),
    }
}

/// Whether the client accepts this media type, and not only by a wildcard.
pub fn accepts_by_name(headers: &HeaderMap, media: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(Range::parse)
        .any(|range| range.is(media) && range.quality > 0)
}

struct Range<'a> {
    media: &'a str,
    /// Thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().filter(|media| !media.is_empty())?;
        let mut quality = 1_000;
        for parameter in parts {
            let (name, value) = parameter.split_once('=')?;
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => quality = parse_quality(value.trim())?,
                // We write UTF-8 only; a range that wants another encoding is none that we can fill.
                "charset" if !is_utf8(value) => return None,
                _ => {}
            }
        }
        Some(Self { media, quality })
    }

    fn is(&self, media: &str) -> bool {
        self.media.eq_ignore_ascii_case(media)
    }
}

/// `0`, `0.5`, `0.125`, `1`, `1.000`, as thousandths.
fn parse_quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

fn is_utf8(charset: &str) -> bool {
    charset
        .trim()
        .trim_matches('"')
        .eq_ignore_ascii_case("utf-8")
}

/// Whether the body is JSON in UTF-8. Anything else is refused, above all what a form on another site can send.
pub fn is_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(Ok(line)), None) = (lines.next().map(HeaderValue::to_str), lines.next()) else {
        return false;
    };
    let mut parts = line.split(';').map(str::trim);
    let json = parts
        .next()
        .is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let plain = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|value| value.as_bytes() == b"identity");
    json && plain
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) => !name.trim().eq_ignore_ascii_case("charset") || is_utf8(value),
            None => parameter.is_empty(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        negotiate(&headers)
    }

    #[test]
    fn the_form_follows_the_client() {
        use MediaType::{GraphqlResponse, Json};
        for (accept, expected) in [
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/json", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            (
                "application/graphql-response+json, application/json",
                Some(GraphqlResponse),
            ),
            (
                "application/json, application/graphql-response+json",
                Some(GraphqlResponse),
            ),
            (
                "application/graphql-response+json;q=0.5, application/json;q=0.9",
                Some(Json),
            ),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                Some(GraphqlResponse),
            ),
            (
                "application/graphql-response+json;charset=gbk, application/json",
                Some(Json),
            ),
            ("application/json;q=0, */*", Some(GraphqlResponse)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("text/html, */*;q=0.1", Some(Json)),
        ] {
            assert_eq!(accepted(accept), expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Some(Json));
    }

    #[test]
    fn only_json_in_utf8_is_json() {
        let judge = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::CONTENT_TYPE, line.parse().unwrap());
            }
            is_json(&headers)
        };
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert!(judge(&[good]), "{good}");
        }
        for bad in [
            "text/plain",
            "multipart/form-data",
            "application/json; charset=gbk",
            "application/jsonp",
            "x",
        ] {
            assert!(!judge(&[bad]), "{bad}");
        }
        assert!(!judge(&[]));
        assert!(!judge(&["application/json", "text/plain"]));
    }
}
