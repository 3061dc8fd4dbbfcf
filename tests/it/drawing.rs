//! Reads `docs/states.md`, so that every test's database refuses a change of state that is not in a diagram.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;
use waapify_ghl::db::connection::Pool;

const DRAWING: &str = include_str!("../../docs/states.md");
/// The diagrams whose states are a column, and their tables.
const MACHINES: [(&str, &str); 5] = [
    ("Outbound message", "outbound"),
    ("Inbound message", "inbound"),
    ("Waapify event", "waapify_events"),
    ("GHL app event", "ghl_events"),
    ("Inbound media", "inbound_media"),
];

/// The transitions of one diagram, as (from, to).
pub fn transitions(heading: &str) -> Vec<(&'static str, &'static str)> {
    let section = DRAWING
        .split("\n## ")
        .find(|section| section.lines().next() == Some(heading));
    let lines = section.expect(heading).lines();
    let arrows = lines.filter_map(|line| line.trim().split_once(" --> "));
    arrows
        .filter_map(|(from, rest)| Some((from, rest.split_once(':')?.0)))
        .collect()
}

/// Makes a database refuse transitions that are not in a diagram. A row that a test inserts may begin in any state.
pub async fn guard(pool: &Pool) {
    for (heading, table) in MACHINES {
        let mut drawn = String::new();
        for (from, to) in transitions(heading) {
            write!(drawn, "('{from}', '{to}'), ").unwrap();
        }
        let drawn = drawn.trim_end_matches(", ");
        let sql = format!(
            "create function guard_{table}() returns trigger language plpgsql as $$ begin
                if (old.state, new.state) not in ({drawn}) then
                    raise exception 'docs/states.md draws no % --> % of {table}', old.state, new.state;
                end if;
                return new;
             end $$;
             create trigger guard_states before update of state on {table} for each row
                when (old.state is distinct from new.state) execute function guard_{table}()"
        );
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(pool)
            .await
            .unwrap();
    }
}
