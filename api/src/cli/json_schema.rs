//! `mingjian json-schema`: the published form of scheme files and of inputs.

use clap::{Args, ValueEnum};
use domain::inputs::Inputs;
use domain::scheme::Scheme;

use super::{Failure, print};

/// Which format.
#[derive(Debug, Args)]
pub(super) struct JsonSchemaArguments {
    /// The format to describe.
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Scheme files; `schemes/scheme.schema.json` is a copy.
    Scheme,
    /// Inputs of `evaluate`; `schemes/inputs.schema.json` is a copy.
    Inputs,
}

/// Prints it.
pub(super) fn run(arguments: &JsonSchemaArguments) -> Result<(), Failure> {
    let schema = match arguments.format {
        Format::Scheme => Scheme::json_schema(),
        Format::Inputs => Inputs::json_schema(),
    };
    let mut text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Failure::new(format!("the schema cannot be written: {error}")))?;
    text.push('\n');
    print(text.as_bytes())
}
