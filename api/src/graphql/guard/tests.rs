//! The documents that attackers send, and the laws that hold for all of them.

use async_graphql_parser::parse_query;
use proptest::prelude::*;

use super::{Limits, Measure, Refusal, document, text};

fn judge(source: &str) -> Result<(), Refusal> {
    let limits = Limits::default();
    text::check(source, &limits)?;
    match parse_query(source) {
        Ok(parsed) => document::check(&parsed, &limits),
        Err(_) => Ok(()),
    }
}

fn too_large(measure: Measure) -> Result<(), Refusal> {
    let limits = Limits::default();
    let limit = match measure {
        Measure::Bytes => limits.bytes,
        Measure::Tokens => limits.tokens,
        Measure::Depth => limits.depth,
        Measure::Selections => limits.selections,
        Measure::Aliases => limits.aliases,
        Measure::Directives => limits.directives,
        Measure::ListItems => limits.list_items,
    };
    Err(Refusal::TooLarge { measure, limit })
}

/// `depth` fragments, each spreading the next one `width` times.
fn chained_fragments(depth: usize, width: usize) -> String {
    let links = (0..depth).map(|level| {
        let spreads = format!("...f{} ", level + 1).repeat(width);
        format!("fragment f{level} on Query {{ {spreads} }}")
    });
    let mut parts = vec!["{ ...f0 }".to_owned()];
    parts.extend(links);
    parts.push(format!("fragment f{depth} on Query {{ __typename }}"));
    parts.join("\n")
}

#[test]
fn a_list_two_thousand_deep_is_refused_before_parsing() {
    let source = format!("{{ echo(s: {}{}) }}", "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(judge(&source), too_large(Measure::Depth));
}

#[test]
fn deep_objects_selections_types_and_unclosed_brackets_are_refused() {
    let deep = 40;
    for source in [
        format!("{{ e(s: {}1{}) }}", "{a:".repeat(deep), "}".repeat(deep)),
        format!("{}a{}", "{a".repeat(deep), "}".repeat(deep)),
        format!(
            "query($v: {}Int{}) {{ a }}",
            "[".repeat(deep),
            "]".repeat(deep)
        ),
        "[".repeat(deep),
        format!("{{ a {} }}", "... { ".repeat(deep)),
    ] {
        assert_eq!(judge(&source), too_large(Measure::Depth), "{source}");
    }
}

#[test]
fn brackets_in_strings_and_comments_do_not_count() {
    let many = "[{(".repeat(100);
    let lines = format!("\n{many}\n");
    for source in [
        format!("{{ e(s: \"{many}\") }}"),
        format!("{{ e(s: \"\\\"{many}\\\\\") }}"),
        format!("{{ e(s: \"\"\"{lines} \\\"\"\" {many} \" \"\" {many}\"\"\") }}"),
        format!("# {many}\r{{ a # {many}\n}} # {many}"),
    ] {
        assert_eq!(judge(&source), Ok(()), "{source}");
        assert!(parse_query(&source).is_ok(), "{source}");
    }
}

#[test]
fn a_block_string_that_never_ends_hides_no_brackets() {
    // The grammar reads `"""` as `""` and a quote when no three quotes follow.
    let source = format!(
        "{{ e(s: [\"\"\" \"{}{}]) }}",
        "[".repeat(2_000),
        "]".repeat(2_000)
    );
    assert_eq!(judge(&source), Err(Refusal::UnendedText));
}

#[test]
fn a_string_ended_by_a_line_hides_no_brackets() {
    let source = format!("{{ e(s: \"\n{}", "[".repeat(2_000));
    assert_eq!(judge(&source), too_large(Measure::Depth));
}

#[test]
fn a_carriage_return_ends_a_comment() {
    let source = format!("# harmless\r{}", "[".repeat(2_000));
    assert_eq!(judge(&source), too_large(Measure::Depth));
}

#[test]
fn long_texts_and_many_tokens_are_refused() {
    assert_eq!(
        judge(&format!("{{ a }} #{}", " ".repeat(40_000))),
        too_large(Measure::Bytes)
    );
    assert_eq!(
        judge(&format!("{{ {} }}", "a ".repeat(3_000))),
        too_large(Measure::Tokens)
    );
    assert_eq!(judge(&"$".repeat(3_001)), too_large(Measure::Tokens));
}

#[test]
fn chained_fragments_are_refused_at_once() {
    #[expect(clippy::disallowed_methods, reason = "the test is about time")]
    let began = std::time::Instant::now();
    assert_eq!(
        judge(&chained_fragments(24, 2)),
        too_large(Measure::Selections)
    );
    assert_eq!(
        judge(&chained_fragments(200, 2)),
        too_large(Measure::Selections)
    );
    assert!(began.elapsed() < std::time::Duration::from_secs(1));
}

#[test]
fn unused_chained_fragments_are_refused_too() {
    let source = chained_fragments(24, 2).replacen("{ ...f0 }", "{ __typename }", 1);
    assert_eq!(judge(&source), too_large(Measure::Selections));
}

#[test]
fn a_long_thin_chain_is_refused_for_its_depth() {
    assert_eq!(judge(&chained_fragments(100, 1)), too_large(Measure::Depth));
}

#[test]
fn fragments_that_contain_themselves_are_refused() {
    for source in [
        "{ ...a } fragment a on Q { ...a }",
        "{ ...a } fragment a on Q { x { ...b } } fragment b on Q { ... { ...a } }",
        "{ x } fragment a on Q { ...b } fragment b on Q { ...a }",
    ] {
        assert!(
            matches!(judge(source), Err(Refusal::Cycle { .. })),
            "{source}"
        );
    }
}

#[test]
fn aliases_directives_and_lists_are_bounded() {
    let aliases: Vec<String> = (0..101).map(|number| format!("a{number}: x ")).collect();
    let aliases = aliases.concat();
    assert_eq!(
        judge(&format!("{{ {aliases} }}")),
        too_large(Measure::Aliases)
    );
    let directives = "@skip(if: false) ".repeat(51);
    assert_eq!(
        judge(&format!("{{ x {directives} }}")),
        too_large(Measure::Directives)
    );
    assert_eq!(
        judge(&format!("query {directives} {{ x }}")),
        too_large(Measure::Directives)
    );
    assert_eq!(
        judge(&format!("query($v: Int {directives}) {{ x }}")),
        too_large(Measure::Directives)
    );
    let items = "1 ".repeat(251);
    assert_eq!(
        judge(&format!("{{ x(l: [{items}]) }}")),
        too_large(Measure::ListItems)
    );
    assert_eq!(
        judge(&format!("{{ x(o: {{l: [{items}]}}) }}")),
        too_large(Measure::ListItems)
    );
    assert_eq!(
        judge(&format!("query($v: [Int] = [{items}]) {{ x }}")),
        too_large(Measure::ListItems)
    );
}

#[test]
fn aliases_multiply_with_the_fragments_that_hold_them() {
    let fragment = "fragment f on Q { a: x b: x c: x }";
    let spreads = "y { ...f } ".repeat(40);
    assert_eq!(
        judge(&format!("{{ {spreads} }} {fragment}")),
        too_large(Measure::Aliases)
    );
}

#[test]
fn dozens_of_fragments_beside_their_components_pass() {
    // Ten chains of six; the page spreads their beginnings.
    let beginnings: Vec<String> = (0..10).map(|chain| format!("...c{}", chain * 6)).collect();
    let mut parts = vec![format!(
        "query Page {{ page {{ {} }} }}",
        beginnings.join(" ")
    )];
    parts.extend((0..60).map(|number| {
        let next = if number % 6 == 5 {
            String::new()
        } else {
            format!("child {{ ...c{} }}", number + 1)
        };
        format!("fragment c{number} on Node {{ id name rank {next} }}")
    }));
    let source = parts.join("\n");
    assert_eq!(judge(&source), Ok(()));
}

#[test]
fn the_introspection_query_of_graphiql_passes() {
    let of_type = "ofType { kind name ".repeat(9) + &"}".repeat(9);
    let source = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name kind }} mutationType {{ name kind }} \
         subscriptionType {{ name kind }} types {{ ...FullType }} directives {{ name description locations \
         args(includeDeprecated: true) {{ ...InputValue }} }} }} }} \
         fragment FullType on __Type {{ kind name description fields(includeDeprecated: true) {{ name description \
         args(includeDeprecated: true) {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason }} \
         inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }} enumValues {{ name }} possibleTypes {{ ...TypeRef }} }} \
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }} \
         fragment TypeRef on __Type {{ kind name {of_type} }}"
    );
    assert_eq!(judge(&source), Ok(()));
    assert!(parse_query(&source).is_ok());
}

#[test]
fn the_named_operation_is_found_and_its_root_fields_are_counted() {
    let source = "mutation A { a } mutation B { a ...f ... { b } } fragment f on M { c d }";
    let parsed = parse_query(source).unwrap();
    let count = |name| {
        document::find_operation(&parsed, name)
            .map(|found| document::root_fields(&parsed, found).len())
    };
    assert_eq!(count(Some("A")), Some(1));
    assert_eq!(count(Some("B")), Some(4));
    assert_eq!(count(Some("C")), None);
    assert_eq!(count(None), None);
}

/// What the guard counts as depth, taken from its answer by trying limits.
fn guarded_depth(source: &str) -> usize {
    let generous = |depth| Limits {
        bytes: 1 << 20,
        tokens: 1 << 20,
        depth,
        ..Limits::default()
    };
    (0..1_000)
        .find(|depth| text::check(source, &generous(*depth)).is_ok())
        .unwrap()
}

fn arbitrary_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1".to_owned()),
        Just("-1.5e3".to_owned()),
        Just("$v".to_owned()),
        Just("RED".to_owned()),
        "[a-z\\[\\]{}()# ]{0,8}".prop_map(|inner| format!("\"{inner}\"")),
        "[a-z\\[\\]{}()# \n]{0,8}".prop_map(|inner| format!("\"\"\"{inner}\"\"\"")),
    ];
    leaf.prop_recursive(6, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner, 0..4).prop_map(|items| {
                let fields: Vec<String> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| format!("k{index}: {item}"))
                    .collect();
                format!("{{{}}}", fields.join(" "))
            }),
        ]
    })
}

fn value_depth(value: &async_graphql_value::Value) -> usize {
    use async_graphql_value::Value;
    match value {
        Value::List(items) => 1 + items.iter().map(value_depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(value_depth).max().unwrap_or(0),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn the_guard_never_panics_and_never_lets_the_parser_down(source in "[\\[\\]{}()\"\\\\#.$@:!a-z0-9 \n\r]{0,300}") {
        let _judged = judge(&source);
    }

    #[test]
    fn rubbish_of_any_kind_is_survived(source in "\\PC{0,200}") {
        let _judged = judge(&source);
    }

    #[test]
    fn the_text_guard_never_counts_less_than_the_parser_nests(value in arbitrary_value()) {
        use async_graphql_parser::types::Selection;
        let source = format!("query($v: Int) {{ e(s: {value}) }}");
        if let Ok(parsed) = parse_query(&source) {
            let operation = document::find_operation(&parsed, None).unwrap();
            let Selection::Field(field) = &operation.selection_set.node.items[0].node else { panic!("a field") };
            let nested = value_depth(&field.node.arguments[0].1.node);
            // The braces of the operation and the parentheses of the field come on top.
            prop_assert_eq!(guarded_depth(&source), nested + 2);
        }
    }

    #[test]
    fn writing_fragments_out_gives_the_guarded_number(width in 1_usize..4, depth in 1_usize..6) {
        let source = chained_fragments(depth, width);
        // One spread in the operation, then `width` times as many on each level, and a field at each end.
        let spreads: usize = (0..=depth).map(|level| width.pow(u32::try_from(level).unwrap())).sum();
        let expected = spreads + width.pow(u32::try_from(depth).unwrap());
        let parsed = parse_query(&source).unwrap();
        let at = |selections| document::check(&parsed, &Limits { selections, ..Limits::default() });
        prop_assert!(at(expected).is_ok());
        prop_assert!(at(expected - 1).is_err());
    }
}
