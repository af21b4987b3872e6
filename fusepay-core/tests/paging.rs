//! Goal: whoever pages through payments while others are being made sees each
//! once, in the order they were made.
//! Method: random turns of paying, reading a page of any size, and a clock that
//! stands, goes on or goes back (proptest), against a list of what was made.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fusepay_core::{Clock, HistoryFilter, PaymentId, PaymentStatus};
use fusepay_testkit::World;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Turn {
    Pay(u8),
    Read(u32),
    Clock(i64),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    // Weighted: most of it in one millisecond, which is where order is lost.
    let turn = prop_oneof![
        4 => (1..5_u8).prop_map(Turn::Pay),
        4 => (1..4_u32).prop_map(Turn::Read),
        1 => (-5_000..5_000_i64).prop_map(Turn::Clock),
    ];
    prop::collection::vec(turn, 4..24)
}

fn set_clock(world: &World, change: i64) {
    let now = world.clock().wall();
    world.clock().set_wall(now.plus(change));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_by_status_show_each_payment_once_in_the_order_they_were_made(turns in turns()) {
        let world = World::open();
        let wallet = world.funded_wallet(10_000_000);
        let (mut made, mut seen): (Vec<PaymentId>, Vec<PaymentId>) = (Vec::new(), Vec::new());
        let read = |seen: &mut Vec<PaymentId>, limit: u32| {
            let after = seen.last().copied();
            let page = world.engine().bill().list_by_status(PaymentStatus::Pending, after, limit).unwrap();
            seen.extend(page.iter().map(|payment| payment.id));
            page.len()
        };
        for turn in turns {
            match turn {
                Turn::Pay(count) => made.extend((0..count).map(|_| world.pay(wallet, "meter", 100))),
                Turn::Read(limit) => drop(read(&mut seen, limit)),
                Turn::Clock(change) => set_clock(&world, change),
            }
        }
        while read(&mut seen, 3) > 0 {}
        prop_assert_eq!(seen, made);
    }

    #[test]
    fn pages_of_a_wallet_show_what_was_there_once(turns in turns(), size in 1..6_u32) {
        let world = World::open();
        let wallet = world.funded_wallet(10_000_000);
        let before: Vec<PaymentId> = (0..7).map(|_| world.pay(wallet, "meter", 100)).collect();
        let (mut payments, mut lines, mut cursor) = (Vec::new(), Vec::new(), None);
        let history = world.engine().history();
        for turn in turns.into_iter().chain(std::iter::repeat_n(Turn::Read(1), 20)) {
            match turn {
                Turn::Pay(count) => (0..count).for_each(|_| _ = world.pay(wallet, "meter", 100)),
                Turn::Clock(change) => set_clock(&world, change),
                Turn::Read(_) => {
                    let last = payments.last().copied();
                    let page = world.engine().bill().list(wallet, last, size).unwrap();
                    payments.extend(page.iter().map(|payment| payment.id));
                    if lines.is_empty() || cursor.is_some() {
                        let page = history.page(wallet, &HistoryFilter::new(), cursor.as_deref(), size).unwrap();
                        lines.extend(page.lines.iter().map(|line| line.sequence));
                        cursor = page.next_cursor;
                    }
                }
            }
        }
        let was_there: Vec<PaymentId> = payments.iter().copied().filter(|id| before.contains(id)).collect();
        prop_assert_eq!(was_there, before.into_iter().rev().collect::<Vec<_>>());
        prop_assert!(lines.windows(2).all(|pair| pair[1] == pair[0] - 1), "{:?}", lines);
        prop_assert!(cursor.is_some() || lines.last() == Some(&1));
    }
}
