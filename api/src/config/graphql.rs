//! Settings of GraphQL.

use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use crate::graphql::guard::Limits;

/// GraphQL: what a document may cost.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting by itself, written as `true` or `false`"
)]
pub struct Graphql {
    /// Whether the schema may be asked for.
    pub introspection: bool,
    /// Whether `/graphiql` is served.
    pub graphiql: bool,
    /// Whether validation errors suggest names.
    pub suggestions: bool,
    /// A file or folder of documents that clients may name instead of sending them.
    pub trusted_documents: Option<PathBuf>,
    /// Whether no others are executed.
    pub only_trusted: bool,
    /// The two linear guards.
    pub guard: Limits,
    /// Greatest complexity of one operation.
    pub complexity: usize,
    /// Complexity that one client may spend per second, 0 for no bound; ten seconds may be saved up.
    pub cost_per_second: u32,
    /// Greatest body of a request, in bytes.
    pub body_bytes: usize,
    /// Greatest answer, in bytes.
    pub response_bytes: usize,
    /// Time for one operation.
    pub deadline: Duration,
    /// Time until a WebSocket client must have introduced itself.
    pub init_timeout: Duration,
    /// WebSockets at once.
    pub sockets: usize,
    /// Operations at once on one WebSocket.
    pub socket_operations: usize,
}

pub(super) fn read(reader: &mut Reader) -> Graphql {
    let guard = Limits::default();
    let trusted_documents = reader.optional(
        "graphql.trusted_documents",
        "file or folder of documents that clients may name by their SHA-256 instead of sending them, as graphql-codegen and \
         relay-compiler write it",
    );
    let only_trusted = reader.value(
        "graphql.only_trusted",
        false,
        "whether documents other than those of `graphql.trusted_documents` are refused",
    );
    if only_trusted && trusted_documents.is_none() {
        reader.fault(
            "graphql.only_trusted",
            "goes together with `graphql.trusted_documents`: without documents nothing could be asked",
        );
    }
    Graphql {
        trusted_documents,
        only_trusted,
        introspection: reader.value(
            "graphql.introspection",
            true,
            "whether the schema may be asked for",
        ),
        graphiql: reader.value(
            "graphql.graphiql",
            true,
            "whether the page /graphiql is served",
        ),
        suggestions: reader.value(
            "graphql.suggestions",
            true,
            "whether validation errors suggest names",
        ),
        guard: Limits {
            bytes: reader.number(
                "graphql.document_bytes",
                guard.bytes,
                256..=1_048_576,
                "greatest document, in bytes",
            ),
            tokens: reader.number(
                "graphql.document_tokens",
                guard.tokens,
                16..=100_000,
                "greatest document, in tokens",
            ),
            // The parser recurses once per bracket; beyond a few hundred its stack ends the process.
            depth: reader.number(
                "graphql.document_depth",
                guard.depth,
                4..=128,
                "deepest nesting of brackets",
            ),
            selections: reader.number(
                "graphql.selections",
                guard.selections,
                16..=100_000,
                "fields of one operation after its fragments are written out",
            ),
            aliases: reader.number(
                "graphql.aliases",
                guard.aliases,
                0..=10_000,
                "aliases of one operation",
            ),
            directives: reader.number(
                "graphql.directives",
                guard.directives,
                0..=10_000,
                "directives of one operation",
            ),
            list_items: reader.number(
                "graphql.list_items",
                guard.list_items,
                1..=10_000,
                "items of a list given as input",
            ),
        },
        complexity: reader.number(
            "graphql.complexity",
            10_000,
            100..=10_000_000,
            "greatest complexity of one operation",
        ),
        cost_per_second: reader.number(
            "graphql.cost_per_second",
            100_000,
            0..=1_000_000_000,
            "complexity that one client may spend per second, 0 for no bound",
        ),
        body_bytes: reader.number(
            "graphql.body_bytes",
            65_536,
            1_024..=1_048_576,
            "greatest request body, in bytes",
        ),
        response_bytes: reader.number(
            "graphql.response_bytes",
            4_194_304,
            65_536..=268_435_456,
            "greatest answer, in bytes",
        ),
        deadline: reader.seconds(
            "graphql.deadline_seconds",
            10,
            1..=300,
            "time for one operation",
        ),
        init_timeout: reader.seconds(
            "graphql.socket_init_seconds",
            10,
            1..=300,
            "time until a WebSocket client must have introduced itself",
        ),
        sockets: reader.number(
            "graphql.sockets",
            2_000,
            0..=1_000_000,
            "WebSockets at once",
        ),
        socket_operations: reader.number(
            "graphql.socket_operations",
            20,
            1..=1_000,
            "operations at once on one WebSocket",
        ),
    }
}
