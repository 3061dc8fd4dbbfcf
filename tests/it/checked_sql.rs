//! Compares the prepared data in `.sqlx`, with which the compiler checks statements, with the migrated database.

use std::path::Path;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Column as _, Either, Executor as _, SqlSafeStr as _, TypeInfo as _};

use crate::harness::TestDatabase;

/// A type's name in Postgres, from its name in the prepared data: `TextArray` becomes `TEXT[]`.
fn type_name(prepared: &Value) -> String {
    let name = prepared
        .as_str()
        .expect("a type that Postgres has by itself");
    match name.strip_suffix("Array") {
        Some(element) => format!("{}[]", element.to_uppercase()),
        None => name.to_uppercase(),
    }
}

fn prepared_statements() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let entries = std::fs::read_dir(folder).expect(".sqlx is there: ./dev sql makes it");
    entries
        .map(|entry| {
            serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn every_prepared_statement_is_what_the_migrated_database_says_of_it() {
    let database = TestDatabase::new().await;
    let statements = prepared_statements();
    assert!(statements.len() > 100, "{} statements", statements.len());
    for statement in statements {
        let sql = statement["query"].as_str().unwrap();
        let told = AssertSqlSafe(sql.to_owned()).into_sql_str();
        let told = database.pool.describe(told).await;
        let told = told.unwrap_or_else(|error| panic!("{error}: run ./dev sql\n{sql}"));
        let prepared = &statement["describe"];
        let columns: Vec<_> = told
            .columns()
            .iter()
            .enumerate()
            .map(|(i, column)| {
                let (name, kind) = (column.name().to_owned(), column.type_info().name());
                (name, kind.to_owned(), told.nullable(i))
            })
            .collect();
        let expected: Vec<_> = prepared["columns"]
            .as_array()
            .unwrap()
            .iter()
            .zip(prepared["nullable"].as_array().unwrap())
            .map(|(column, nullable)| {
                let name = column["name"].as_str().unwrap().to_owned();
                (name, type_name(&column["type_info"]), nullable.as_bool())
            })
            .collect();
        assert_eq!(columns, expected, "run ./dev sql\n{sql}");
        let parameters = match told.parameters() {
            Some(Either::Left(types)) => types.iter().map(|it| it.name().to_owned()).collect(),
            _ => Vec::new(),
        };
        let expected: Vec<_> = prepared["parameters"]["Left"]
            .as_array()
            .unwrap()
            .iter()
            .map(type_name)
            .collect();
        assert_eq!(parameters, expected, "run ./dev sql\n{sql}");
    }
}

#[test]
fn a_type_of_the_prepared_data_is_named_as_postgres_names_it() {
    assert_eq!(type_name(&"TextArray".into()), "TEXT[]");
    assert_eq!(type_name(&"Timestamptz".into()), "TIMESTAMPTZ");
}
