//! QR codes as pictures that stand alone: SVG of black squares on white, whatever the page around it looks like.

use std::fmt::Write;

use fast_qr::{ECL, QRBuilder};

/// White squares around a code, as its standard asks for.
const QUIET: usize = 4;

/// An address as an SVG picture. `told` is read out instead of it.
///
/// # Errors
/// The address is longer than a code can hold, some two thousand characters.
pub fn draw_svg(address: &str, told: &str) -> Result<String, CodeFault> {
    // A quarter of it may be damaged: a poster hangs outside.
    let code = QRBuilder::new(address)
        .ecl(ECL::Q)
        .build()
        .map_err(|_| CodeFault)?;
    let side = code.size + 2 * QUIET;
    let mut squares = String::new();
    for (row, line) in (0..code.size).map(|row| (row, &code[row])) {
        let mut column = 0;
        while column < code.size {
            let length = (line[column..code.size].iter())
                .take_while(|square| square.value())
                .count();
            if length > 0 {
                let _infallible = write!(
                    squares,
                    "M{} {}h{length}v1h-{length}z",
                    column + QUIET,
                    row + QUIET
                );
            }
            column += length.max(1);
        }
    }
    let told = escape(told);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{told}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path d=\"{squares}\" fill=\"#000\"/></svg>"
    ))
}

/// The address does not fit into a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address is too long for a QR code")]
pub struct CodeFault;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
