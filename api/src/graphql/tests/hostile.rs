//! The dearest documents that the guards let through, and the time they take.
//!
//! Each is as large as the limits allow. An unoptimised build answers all of them together in the time given, so no
//! single one can hold up a server.

use std::time::Instant;

use super::*;

fn documents() -> Vec<(&'static str, String)> {
    let fields = "who ".repeat(1_400);
    let many_small: Vec<String> = (0..180)
        .map(|n| format!("fragment f{n} on Query {{ who me {{ who }} }}"))
        .collect();
    let spreads: Vec<String> = (0..180).map(|n| format!("...f{n}")).collect();
    let nested = format!("{}who{}", "me { ".repeat(28), " }".repeat(28));
    let chain: Vec<String> = (0..14)
        .map(|n| format!("fragment c{n} on Query {{ who me {{ ...c{} }} }}", n + 1))
        .collect();
    let wide = "...w ".repeat(30);
    let sixty = "who ".repeat(60);
    let conflicts: Vec<String> = (0..90)
        .map(|n| format!("a{n}: echo(text: \"{n}\")"))
        .collect();
    let unknown = "nothing ".repeat(1_400);
    let variables: Vec<String> = (0..400).map(|n| format!("$v{n}: Int")).collect();
    vec![
        ("one field many times", format!("{{ {fields} }}")),
        (
            "many small fragments",
            format!("{{ {} }} {}", spreads.join(" "), many_small.join(" ")),
        ),
        ("deep", format!("{{ {nested} }}")),
        (
            "a chain of fragments",
            format!(
                "{{ ...c0 }} {} fragment c14 on Query {{ {} }}",
                chain.join(" "),
                "who ".repeat(1_000)
            ),
        ),
        (
            "one wide fragment often",
            format!("{{ {wide} }} fragment w on Query {{ {sixty} }}"),
        ),
        ("many aliases", format!("{{ {} }}", conflicts.join(" "))),
        ("many unknown fields", format!("{{ {unknown} }}")),
        (
            "many unused variables",
            format!("query({}) {{ who }}", variables.join(" ")),
        ),
        (
            "a long string",
            format!("{{ echo(text: \"{}\") }}", "x".repeat(32_000)),
        ),
        (
            "a long list",
            format!("{{ echo(text: [{}]) }}", "1 ".repeat(250)),
        ),
    ]
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test is about time")]
async fn documents_at_the_limits_are_answered_soon() {
    let settings = settings();
    let schema = schema(Mutation::default(), &settings);
    for (name, document) in documents() {
        let limits = &settings.guard;
        crate::graphql::guard::text::check(&document, limits)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        let parsed = async_graphql_parser::parse_query(&document).unwrap();
        crate::graphql::guard::document::check(&parsed, limits)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        let began = Instant::now();
        let response = schema.execute(document.as_str()).await;
        let took = began.elapsed();
        eprintln!("{name}: {took:?}, {} errors", response.errors.len());
        assert!(took < Duration::from_secs(2), "{name} took {took:?}");
    }
}
