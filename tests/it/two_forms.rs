//! One phone, two numbers, and a contact for each of them in GHL.

use time::Duration;

use crate::harness::Bridge;
use crate::people::{add, contacts, shown, writes};

/// The number that people dial and the other one, as GHL has them, and WhatsApp's address of the other.
const PAIRS: [[&str; 2]; 3] = [
    ["+5511987654321", "+551187654321"],
    ["+525512345678", "+5215512345678"],
    ["+5491123456789", "+541123456789"],
];

fn jid(phone: &str) -> String {
    format!("{}@s.whatsapp.net", phone.trim_start_matches('+'))
}

/// A contact for each number.
async fn two_contacts(phones: [&str; 2]) -> (Bridge, [String; 2]) {
    let bridge = Bridge::new().await;
    let ids = phones.map(|phone| add(&bridge, "Pelanggan", phone));
    (bridge, ids)
}

#[tokio::test]
async fn a_reply_goes_to_the_contact_that_the_business_wrote_to_last() {
    for phones in PAIRS {
        for written in [0, 1] {
            for answers_from in [0, 1] {
                let (bridge, ids) = two_contacts(phones).await;
                let before = contacts(&bridge);
                for one in [1 - written, written] {
                    bridge.agent_sends(&ids[one], "hai", &[]).await;
                    bridge.after(Duration::seconds(3)).await;
                }
                writes(&bridge, "R1", &jid(phones[answers_from]), "resposta").await;
                bridge.after(Duration::days(4)).await;
                writes(&bridge, "R2", &jid(phones[answers_from]), "lagi").await;
                let expected = format!("{phones:?} {written} {answers_from}");
                assert_eq!(shown(&bridge, &ids[written]).len(), 2, "{expected}");
                assert!(shown(&bridge, &ids[1 - written]).is_empty(), "{expected}");
                assert_eq!(contacts(&bridge), before);
                bridge.database.pool.close().await;
            }
        }
    }
}

#[tokio::test]
async fn where_the_business_wrote_to_neither_the_exact_phone_counts() {
    for phones in PAIRS {
        for from in [0, 1] {
            let (bridge, ids) = two_contacts(phones).await;
            writes(&bridge, "R1", &jid(phones[from]), "olá").await;
            assert_eq!(shown(&bridge, &ids[from]), ["olá"], "{phones:?} {from}");
            bridge.database.pool.close().await;
        }
    }
}
