//! The page `/graphiql`, served from the binary: no CDN, no inline script.
//!
//! Its script is built by `api/assets/graphiql/source` and checked in compressed, so that building the server needs no
//! Node.

use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use http::header;

const SCRIPT: &[u8] = include_bytes!("../../assets/graphiql/graphiql.js.gz");
const STYLE: &[u8] = include_bytes!("../../assets/graphiql/graphiql.css.gz");

const PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <title>GraphiQL · Mingjian 明鉴</title>\n\
    <link rel=\"icon\" href=\"data:,\">\n\
    <link rel=\"stylesheet\" href=\"graphiql/graphiql.css\">\n\
    <div id=\"graphiql\" class=\"graphiql-host\"><noscript>GraphiQL needs JavaScript.</noscript></div>\n\
    <script src=\"graphiql/graphiql.js\" defer></script>\n</html>\n";

/// Scripts are our own file alone. The editor writes style attributes and style elements, hence the one exception, on
/// this page only; it carries no token and no data of its own.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The page and its two files.
pub fn routes() -> Router {
    Router::new()
        .route("/graphiql", get(page))
        .route(
            "/graphiql/graphiql.js",
            get(async || file("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route(
            "/graphiql/graphiql.css",
            get(async || file("text/css; charset=utf-8", STYLE)),
        )
}

async fn page() -> impl IntoResponse {
    (
        [(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)],
        Html(PAGE),
    )
}

/// Every browser reads gzip, so there is no other form.
fn file(content_type: &'static str, bytes: &'static [u8]) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_ENCODING, "gzip"),
        // The name stays the same when the server is updated.
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, bytes)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::{Request, StatusCode};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn the_page_loads_its_own_files_and_nothing_else() {
        for quoted in PAGE
            .split(['"'])
            .filter(|part| part.starts_with("graphiql/"))
        {
            let request = Request::get(format!("/{quoted}"))
                .body(Body::empty())
                .unwrap();
            let response = routes().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{quoted}");
            assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        }
        assert!(!PAGE.contains("//") && PAGE.contains("<script src="));
    }

    #[tokio::test]
    async fn no_script_stands_in_the_page() {
        let response = routes()
            .oneshot(Request::get("/graphiql").body(Body::empty()).unwrap())
            .await
            .unwrap();
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.contains("script-src 'self';"));
        assert!(PAGE.contains("defer></script>") && PAGE.matches("<script").count() == 1);
    }
}
