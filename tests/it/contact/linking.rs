//! An attack on a dump of the database, in the columns of the application: whoever has all tables tries to find out
//! which answer came from which address, by values that rows share and by the order in which they lie.
//!
//! What is not promised is what lies beneath the tables, such as the marks of transactions on PostgreSQL.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use service::intake::{Booking, Receipt};
use sha2::{Digest, Sha256};
use support::{World, on_both};

use super::Post;

on_both!(
    a_dump_tells_nobody_which_answer_came_from_which_address,
    the_attack_finds_a_link_where_there_is_one
);

/// Each table with its rows: the values of each by the name of the column.
pub type Dump = BTreeMap<String, Vec<BTreeMap<String, String>>>;

const PEOPLE: usize = 48;

/// Everything that is in the database.
pub async fn dump(world: &World) -> Dump {
    let reader = world.service.database.reader();
    let backend = reader.get_database_backend();
    let columns = match backend {
        DbBackend::Sqlite => {
            "SELECT m.name AS tab, c.name AS col FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'"
        }
        _ => {
            "SELECT CAST(table_name AS TEXT) AS tab, CAST(column_name AS TEXT) AS col \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let rows = reader
        .query_all_raw(Statement::from_string(backend, columns))
        .await
        .unwrap();
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        let of_table = tables.entry(row.try_get("", "tab").unwrap()).or_default();
        of_table.push(row.try_get("", "col").unwrap());
    }
    let mut dump = Dump::new();
    for (table, columns) in tables {
        let list: Vec<String> = columns
            .iter()
            .map(|column| match backend {
                DbBackend::Sqlite => format!(
                    "CASE typeof({column}) WHEN 'blob' THEN lower(hex({column})) ELSE CAST({column} AS TEXT) END AS {column}"
                ),
                _ => format!("CAST({column} AS TEXT) AS {column}"),
            })
            .collect();
        let sql = format!("SELECT {} FROM {table}", list.join(", "));
        let rows = reader
            .query_all_raw(Statement::from_string(backend, sql))
            .await
            .unwrap();
        let read = |row: &sea_orm::QueryResult| {
            let value = |column: &String| {
                let text: Option<String> = row.try_get("", column).unwrap();
                let text = text?.trim_start_matches("\\x").to_owned();
                Some((column.clone(), text))
            };
            columns.iter().filter_map(value).collect()
        };
        dump.insert(table, rows.iter().map(read).collect());
    }
    dump
}

/// A row: its table and its place in the dump.
type Place = (String, usize);

/// What may be read out of a value: itself, and the words in it that are long enough to mean something.
fn marks(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| word.len() >= 4).map(str::to_owned);
    words.chain([text.to_owned()]).collect()
}

/// The rows that can be reached from one by values that at most `most` rows share.
fn reach(dump: &Dump, from: &Place, most: usize) -> BTreeSet<Place> {
    let mut holders: BTreeMap<String, BTreeSet<Place>> = BTreeMap::new();
    for (table, rows) in dump {
        for (place, row) in rows.iter().enumerate() {
            for mark in row.values().flat_map(|value| marks(value)) {
                let of_mark = holders.entry(mark).or_default();
                of_mark.insert((table.clone(), place));
            }
        }
    }
    let mut reached = BTreeSet::from([from.clone()]);
    let mut queue = VecDeque::from([from.clone()]);
    while let Some((table, place)) = queue.pop_front() {
        for mark in dump[&table][place].values().flat_map(|value| marks(value)) {
            let sharing = &holders[&mark];
            if sharing.len() > most {
                continue;
            }
            for next in sharing {
                if reached.insert(next.clone()) {
                    queue.push_back(next.clone());
                }
            }
        }
    }
    reached
}

/// Orders of the rows of a table: by each of its columns, as texts and as numbers.
fn orders(rows: &[BTreeMap<String, String>], wanted: &[usize]) -> Vec<(String, Vec<usize>)> {
    let columns: BTreeSet<&String> = rows.iter().flat_map(BTreeMap::keys).collect();
    let mut orders = Vec::new();
    for column in columns {
        let text = |place: &usize| rows[*place].get(column).cloned().unwrap_or_default();
        let distinct: BTreeSet<String> = wanted.iter().map(&text).collect();
        // Rows that are alike in a column have no order by it.
        if distinct.len() * 2 < wanted.len() {
            continue;
        }
        let mut by_text = wanted.to_vec();
        by_text.sort_by_key(&text);
        let mut by_number = wanted.to_vec();
        by_number.sort_by_key(|place| text(place).parse::<i64>().unwrap_or(i64::MAX));
        for order in [by_text, by_number] {
            orders.push((column.clone(), order.clone()));
            orders.push((
                format!("{column} backwards"),
                order.into_iter().rev().collect(),
            ));
        }
    }
    orders
}

/// What really happened: the address, the receipt's hash, in the order of answering.
async fn answer_all(post: &Post) -> Vec<(String, String)> {
    let addresses: Vec<String> = (0..PEOPLE)
        .map(|n| format!("p{n:02}@example.com"))
        .collect();
    let named: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let list = post.list("mail", &named).await;
    post.confirm(list).await;
    post.deliver().await;
    let mut mailed = post.mailed();
    // In an order of its own, as people do.
    mailed.sort_by_key(|(address, _)| Sha256::digest(address.as_bytes()).to_vec());
    let mut truth = Vec::new();
    for (place, (address, token)) in mailed.iter().enumerate().take(PEOPLE * 3 / 4) {
        post.stand
            .world
            .clock
            .advance(std::time::Duration::from_mins(1));
        let option = if place % 2 == 0 { "good" } else { "bad" };
        let Booking::Booked(receipt) = post.answer(token, option).await else {
            panic!("not booked");
        };
        truth.push((address.clone(), hash_of(&receipt)));
    }
    // A reminder to the rest, with its jobs, belongs to what is dumped.
    post.later(1).await;
    (post.stand.world.service)
        .remind_contact_list(&domain::access::Actor::Operator, list)
        .await
        .unwrap();
    post.deliver().await;
    truth
}

fn hash_of(receipt: &Receipt) -> String {
    let digits: String = receipt.to_string().replace('-', "");
    let alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bits = String::new();
    for digit in digits.chars() {
        write!(bits, "{:05b}", alphabet.find(digit).unwrap()).unwrap();
    }
    let bytes: Vec<u8> = (0..16)
        .map(|byte| u8::from_str_radix(&bits[byte * 8..byte * 8 + 8], 2).unwrap())
        .collect();
    hex::encode(Sha256::digest(&bytes))
}

/// How many pairs the best order of the addresses and the best order of the sheets get right together, of all that can
/// be sorted.
fn best_guess(dump: &Dump, truth: &[(String, String)]) -> (usize, String) {
    let answered: BTreeSet<&String> = truth.iter().map(|(address, _)| address).collect();
    let sheets = &dump["sheet"];
    let all_sheets: Vec<usize> = (0..sheets.len()).collect();
    let known: BTreeMap<&String, &String> = truth.iter().map(|(a, r)| (a, r)).collect();
    let contacts = &dump["contact"];
    let who: Vec<usize> = (0..contacts.len())
        .filter(|place| answered.contains(&contacts[*place]["address"]))
        .collect();
    let mut best = (0, String::new());
    for (contact_column, people) in orders(contacts, &who) {
        for (sheet_column, papers) in orders(sheets, &all_sheets) {
            let right = people
                .iter()
                .zip(&papers)
                .filter(|(person, paper)| {
                    known[&contacts[**person]["address"]] == &sheets[**paper]["receipt_hash"]
                })
                .count();
            if right >= best.0 {
                best = (
                    right,
                    format!("contact.{contact_column}, sheet.{sheet_column}"),
                );
            }
        }
    }
    best
}

async fn a_dump_tells_nobody_which_answer_came_from_which_address(world: World) {
    let post = Post::new(world).await;
    let truth = answer_all(&post).await;
    let dump = dump(&post.stand.world).await;
    assert_eq!(dump["sheet"].len(), truth.len());
    assert_eq!(dump["contact"].len(), PEOPLE);

    // By values that rows share, over any number of tables. Survey, subject and panel are shared by many.
    for table in ["contact", "invitation"] {
        for place in 0..dump[table].len() {
            let reached = reach(&dump, &(table.to_owned(), place), 4);
            let sheet = reached.iter().find(|(table, _)| table == "sheet");
            assert_eq!(sheet, None, "from {:?}", dump[table][place]);
        }
    }
    // By order. Whoever guesses at random is right once on average; here everything is drawn from a seed, so what is
    // seen once is seen always.
    let (right, how) = best_guess(&dump, &truth);
    assert!(right <= 7, "{right} of {} by {how}", truth.len());
    // Invitations in each order against sheets in each order: no column of theirs goes up with the other's.
    let used: Vec<usize> = (0..PEOPLE)
        .filter(|place| dump["invitation"][*place]["state"] == "used")
        .collect();
    assert_eq!(used.len(), truth.len());
    for (column, _) in orders(&dump["invitation"], &used) {
        assert!(
            column.starts_with("token_hash"),
            "{column} puts invitations into an order"
        );
    }
}

async fn the_attack_finds_a_link_where_there_is_one(world: World) {
    let post = Post::new(world).await;
    let truth = answer_all(&post).await;
    let good = dump(&post.stand.world).await;

    // A number of the answer beside the address.
    let mut counted = good.clone();
    let turns: BTreeMap<&String, usize> = truth
        .iter()
        .zip(1..)
        .map(|((address, _), turn)| (address, turn))
        .collect();
    for row in counted.get_mut("contact").unwrap() {
        let turn = turns.get(&row["address"]).map_or(0, |turn| *turn);
        row.insert("turn".to_owned(), turn.to_string());
    }
    assert_eq!(best_guess(&counted, &truth).0, truth.len());

    // The receipt in a job of the outbox that names the contact.
    let mut joined = good.clone();
    let person = (0..PEOPLE)
        .find(|place| good["contact"][*place]["address"] == truth[0].0)
        .unwrap();
    let body = format!(
        "{{\"contact\":\"{}\",\"receipt\":\"{}\"}}",
        good["contact"][person]["id"], truth[0].1
    );
    let job = BTreeMap::from([("body".to_owned(), body)]);
    joined.get_mut("outbox").unwrap().push(job);
    let reached = reach(&joined, &("contact".to_owned(), person), 4);
    assert!(reached.iter().any(|(table, _)| table == "sheet"));
}
