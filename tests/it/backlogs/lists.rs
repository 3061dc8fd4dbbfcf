//! What people look at: lists, counts and searches read no backlog either.

use std::sync::Arc;

use waapify_ghl::db::contacts::names;
use waapify_ghl::db::history::audit;
use waapify_ghl::db::views::failures::Failed;
use waapify_ghl::db::views::queue_places::Part;
use waapify_ghl::db::views::{customers, messages, queue_places, troubles};
use waapify_ghl::model::ids::MessageId;
use waapify_ghl::model::states::{Queue, QueueState};
use waapify_ghl::workers::hour_counts::HourCounts;
use waapify_ghl::workers::{Worker, step};

use super::{FEW, UNTIL_PLANNED, count_reads, long_running, run};

#[tokio::test]
async fn nor_do_the_lists_of_the_operator_or_a_count_of_hours() {
    let (bridge, pool) = long_running().await;
    let counts = Arc::new(HourCounts::new(Arc::clone(&bridge.app.context)));
    while step(&counts).await.unwrap() > 0 {}
    let agency = Failed {
        company: Some("none".into()),
        ..Failed::default()
    };
    let reason = Failed {
        reasons: Some(vec!["gateway_down".to_owned()]),
        location: Some("Other1".into()),
        ..Failed::default()
    };
    let reads = async || {
        let before = count_reads(&pool).await;
        for failed in [Failed::default(), agency.clone(), reason.clone()] {
            let scope = failed.scope(&pool).await.unwrap();
            scope.list(&pool, MessageId(i64::MAX), 50).await.unwrap();
            scope.list_oldest(&pool, MessageId(0), 50).await.unwrap();
            scope.count_reasons(&pool).await.unwrap();
        }
        troubles::list_incidents(&pool).await.unwrap();
        troubles::list_held(&pool).await.unwrap();
        audit::list(&pool, None, i64::MAX, 50).await.unwrap();
        queue_places::list(
            &pool,
            Queue::Outbound,
            QueueState::Sending,
            &Part::First,
            50,
        )
        .await
        .unwrap();
        messages::find_by_ghl_id(&pool, &"nobody".into())
            .await
            .unwrap();
        assert!(counts.claim(1).await.unwrap().is_empty());
        count_reads(&pool).await - before
    };
    for _ in 0..UNTIL_PLANNED {
        reads().await;
    }
    let read = reads().await;
    assert!(read < FEW, "{read}");
}

/// Contacts of three hundred sub-accounts, a tenth of them without a name.
const CUSTOMERS: [&str; 2] = [
    "insert into locations (location_id, company_id) select 'Shop' || n, 'Agency' || n % 9 from generate_series(1, 300) n",
    "insert into contacts (location_id, phone, contact_id, learnt_at, learnt_by, name)
     select 'Shop' || 1 + n % 300, 60110000000 + n, 'c' || n, now() - n * interval '1 s', 'delivery',
         case when n % 10 > 0 then 'Pelanggan ' || n || ' binti Contoh' end
     from generate_series(1, 60000) n",
];

#[tokio::test]
async fn nor_do_searches_for_customers_or_for_those_without_a_name() {
    let (_bridge, pool) = long_running().await;
    let reads = async |word: &str, phone: &str| {
        let before = count_reads(&pool).await;
        let by_name = customers::find_by_name(&pool, word, 11).await.unwrap();
        let numbers = [phone.to_owned()];
        let by_number = customers::find_by_number(&pool, &numbers, 11)
            .await
            .unwrap();
        customers::list_own_numbers(&pool).await.unwrap();
        let shop = "Shop11".into();
        let nameless = names::list_nameless(&pool, &shop, 30).await.unwrap();
        customers::list_messages(&pool, &shop, &"c10".into(), MessageId(i64::MAX), 50)
            .await
            .unwrap();
        let found = (by_name.len(), by_number.len(), nameless.len());
        (count_reads(&pool).await - before, found)
    };
    for _ in 0..UNTIL_PLANNED {
        reads("nobody", "1").await;
    }
    run(&pool, &CUSTOMERS).await;
    let (read, found) = reads("12345 pelanggan", "60110000077").await;
    assert_eq!(found, (1, 1, 30));
    assert!(read < FEW, "{read}");
    // A word that is in every name.
    assert_eq!(reads("contoh", "x").await.1.0, 11);
}
