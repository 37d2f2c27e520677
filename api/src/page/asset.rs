//! Style and script, named by their content so that a browser keeps them for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../../assets/page.css");
const SCRIPT: &str = include_str!("../../assets/page.js");

struct Asset {
    path: String,
    content_type: &'static str,
    text: &'static str,
}

static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    [
        Asset {
            path: path_of("page", "css", STYLE),
            content_type: "text/css; charset=utf-8",
            text: STYLE,
        },
        Asset {
            path: path_of("page", "js", SCRIPT),
            content_type: "text/javascript; charset=utf-8",
            text: SCRIPT,
        },
    ]
});

fn path_of(name: &str, ending: &str, text: &str) -> String {
    let digest = hex::encode(Sha256::digest(text));
    format!(
        "/assets/{name}-{}.{ending}",
        digest.get(..12).unwrap_or(&digest)
    )
}

pub(super) fn style() -> &'static str {
    &ASSETS[0].path
}

pub(super) fn script() -> &'static str {
    &ASSETS[1].path
}

pub(super) async fn get(Path(name): Path<String>) -> Response {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.path.strip_prefix("/assets/") == Some(name.as_str()));
    match asset {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
