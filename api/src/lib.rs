//! HTTP, GraphQL, citizen pages and the command line
