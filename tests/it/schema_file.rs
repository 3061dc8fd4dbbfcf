//! Keeps `docs/schema.md` equal to the schema that the migrations make.

use std::fmt::Write as _;
use std::path::Path;

use waapify_ghl::db::connection::Pool;

use crate::harness::TestDatabase;

const FILE: &str = "docs/schema.md";
const HEAD: &str = "# Schema\n\nThe tables, their indexes and the views, as `migrations/` make them. Generated: \
    `WRITE_SCHEMA=1 cargo test --test it schema_file` writes\nthis file, and the tests compare it.\n";

const COLUMNS: &str = "
    select c.relname, c.relkind = 'v' as is_view,
        format('%s %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
            case when a.attnotnull then ' not null' else '' end,
            coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')) as line
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and c.relname <> '_sqlx_migrations'
    order by 2, 1, a.attnum";
const CONSTRAINTS: &str = "
    select pg_get_constraintdef(oid) from pg_constraint where conrelid = $1::regclass and contype <> 'n' order by contype desc, conname";
const INDEXES: &str = "
    select regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE (UNIQUE )?INDEX (\\S+) ON \\S+ USING btree ', '\\1\\2 ')
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = $1::regclass and not exists (select 1 from pg_constraint where conindid = i.indexrelid)
    order by c.relname";

async fn describe(pool: &Pool) -> String {
    let columns: Vec<(String, bool, String)> =
        sqlx::query_as(COLUMNS).fetch_all(pool).await.unwrap();
    let mut page = HEAD.to_owned();
    for table in columns.chunk_by(|a, b| a.0 == b.0) {
        let (name, is_view, _) = &table[0];
        let kind = if *is_view { " (view)" } else { "" };
        writeln!(page, "\n## {name}{kind}\n\n```text").unwrap();
        for (.., line) in table {
            writeln!(page, "{line}").unwrap();
        }
        for (what, sql) in [("", CONSTRAINTS), ("index ", INDEXES)] {
            let lines: Vec<String> = sqlx::query_scalar(sql)
                .bind(name)
                .fetch_all(pool)
                .await
                .unwrap();
            for line in lines {
                writeln!(page, "{what}{line}").unwrap();
            }
        }
        page.push_str("```\n");
    }
    page
}

#[tokio::test]
async fn the_page_shows_what_the_migrations_make() {
    let database = TestDatabase::new().await;
    let page = describe(&database.pool).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "{FILE} is old: WRITE_SCHEMA=1 cargo test --test it schema_file"
    );
}
