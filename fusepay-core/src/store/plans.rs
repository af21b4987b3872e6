//! Prepares every statement of the store on a fresh schema and compares its
//! query plan with `tests/golden/query_plans.txt`: a new table scan shows up in
//! a diff. `UPDATE=1 cargo test` writes the file anew.

use crate::id::InstanceId;
use crate::store;
use crate::store::migration;
use rusqlite::Connection;

const CATALOGUES: &[(&str, &[(&str, &str)])] = &[
    ("audit", store::audit::CATALOGUE),
    ("auth", store::auth::CATALOGUE),
    ("backup", store::backup::CATALOGUE),
    ("bill", store::bill::CATALOGUE),
    ("catalogue", store::catalogue::CATALOGUE),
    ("event", store::event::CATALOGUE),
    ("history", store::history::CATALOGUE),
    ("idempotency", store::idempotency::CATALOGUE),
    ("instance", store::instance::CATALOGUE),
    ("ledger", store::ledger::CATALOGUE),
    ("queue", store::queue::CATALOGUE),
    ("verify", store::verify::CATALOGUE),
    ("wallet", store::wallet::CATALOGUE),
];

fn plan(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect(sql);
    for index in 1..=statement.parameter_count() {
        statement.raw_bind_parameter(index, "").expect(sql);
    }
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().expect(sql) {
        steps.push(format!("    {}", row.get::<_, String>(3).expect(sql)));
    }
    steps.join("\n")
}

#[test]
fn every_statement_has_the_plan_we_know() {
    let connection = Connection::open_in_memory().expect("a database in memory");
    migration::migrate(&connection, InstanceId::from_bytes([1; 16])).expect("a fresh schema");
    let mut found = String::from("# Written by UPDATE=1 cargo test -p fusepay-core plans. One block per statement.\n");
    for (file, catalogue) in CATALOGUES {
        for (name, sql) in *catalogue {
            found.push_str(&format!("\n{file}.{name}\n{}\n", plan(&connection, sql)));
        }
    }
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/query_plans.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(golden, &found).expect("the golden file is written");
    }
    let known = std::fs::read_to_string(golden).unwrap_or_default();
    assert!(found == known, "query plans changed; look at them and run UPDATE=1 cargo test -p fusepay-core plans");
}
