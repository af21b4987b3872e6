//! Goal: a history shows every line exactly once, adds up, and shows nobody
//! what is another's. Method: one engine per test in a directory of its own, a
//! manual clock that stands still unless it is moved, randomness from a seed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fusepay_core::*;
use std::collections::BTreeSet;
use std::slice;
use std::sync::Arc;

const START: UnixMillis = UnixMillis(1_760_000_000_000);

struct House {
    engine: FusePay,
    clock: Arc<ManualClock>,
    _directory: tempfile::TempDir,
}

fn house() -> House {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let secret = Secret::new((0..32u8).map(|i| i.wrapping_mul(37)).collect::<Vec<_>>());
    let config = Config::new(directory.path().join("pay.db"), KeyRing::hs256("k1", secret).unwrap())
        .with_simulation(Arc::clone(&clock) as Arc<dyn Clock>, Arc::new(SeededEntropy::new(7)))
        .with_worker(WorkerMode::Manual)
        .with_hash_cost(HashCost::insecure_for_tests());
    House { engine: FusePay::open(config).unwrap(), clock, _directory: directory }
}

fn ngn(minor: i64) -> Money {
    Money::new(minor, Currency::NGN)
}

fn code<T>(result: Result<T>) -> Result<(), Code> {
    result.map(drop).map_err(|error| error.code())
}

impl House {
    fn register(&self, email: &str) -> Wallet {
        let request = Registration::new(email, "Ada", "Obi", "seven blue lamps by the river");
        self.engine.auth().register(&request).unwrap().wallet
    }

    fn fund(&self, wallet: &Wallet, minor: i64) -> Transaction {
        self.engine.wallet().fund(&MoneyRequest::new(wallet.id, ngn(minor))).unwrap()
    }

    fn debit(&self, wallet: &Wallet, minor: i64) -> Transaction {
        self.engine.wallet().debit(&MoneyRequest::new(wallet.id, ngn(minor))).unwrap()
    }

    fn transfer(&self, from: &Wallet, to: &Wallet, minor: i64) -> Transaction {
        self.engine.wallet().transfer(&TransferRequest::new(from.id, to.id, ngn(minor))).unwrap()
    }

    fn balance(&self, wallet: &Wallet) -> i64 {
        self.engine.wallet().find(wallet.id).unwrap().balance_minor
    }

    /// Every line of a wallet, page by page.
    fn walk(&self, wallet: &Wallet, filter: &HistoryFilter, limit: u32) -> Vec<Transaction> {
        let (mut lines, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.engine.history().page(wallet.id, filter, cursor.as_deref(), limit).unwrap();
            assert!(page.lines.len() <= usize::try_from(limit).unwrap());
            lines.extend(page.lines);
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return lines,
            }
        }
    }
}

fn sequences(lines: &[Transaction]) -> Vec<i64> {
    lines.iter().map(|line| line.sequence).collect()
}

#[test]
fn pages_show_every_line_once_while_the_clock_stands_still() {
    let house = house();
    let (ada, obi) = (house.register("ada@example.com"), house.register("obi@example.com"));
    for minor in 1..=10 {
        house.fund(&ada, 1_000);
        house.transfer(&ada, &obi, minor);
        house.debit(&ada, minor);
    }
    for limit in [1, 2, 7, 29, 30, 31, 500] {
        let lines = house.walk(&ada, &HistoryFilter::new(), limit);
        assert_eq!(sequences(&lines), (1..=30).rev().collect::<Vec<_>>(), "limit {limit}");
        assert!(lines.iter().all(|line| line.created_at == START && line.wallet_id == ada.id));
    }
    assert_eq!(house.walk(&obi, &HistoryFilter::new(), 3).len(), 10);
}

#[test]
fn the_last_running_balance_and_the_sum_of_lines_are_the_balance() {
    let house = house();
    let (ada, obi) = (house.register("ada@example.com"), house.register("obi@example.com"));
    house.fund(&ada, 50_000);
    house.transfer(&ada, &obi, 12_345);
    house.debit(&ada, 55);
    house.transfer(&obi, &ada, 45);
    for wallet in [&ada, &obi] {
        let lines = house.walk(wallet, &HistoryFilter::new(), 2);
        assert_eq!(lines[0].balance_minor, house.balance(wallet));
        assert_eq!(lines.iter().map(|line| line.amount_minor).sum::<i64>(), house.balance(wallet));
        assert!(lines.windows(2).all(|pair| pair[0].balance_minor - pair[0].amount_minor == pair[1].balance_minor));
    }
}

#[test]
fn lines_booked_while_paging_disturb_no_page() {
    let house = house();
    let ada = house.register("ada@example.com");
    (0..9).for_each(|_| drop(house.fund(&ada, 100)));
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = house.engine.history().page(ada.id, &HistoryFilter::new(), cursor.as_deref(), 2).unwrap();
        seen.extend(sequences(&page.lines));
        house.fund(&ada, 1);
        // The wall clock may go anywhere in between.
        house.clock.set_wall(START.plus(-1_000 * i64::try_from(seen.len()).unwrap()));
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

#[test]
fn filters_hold_together_and_over_pages() {
    let house = house();
    let (ada, obi) = (house.register("ada@example.com"), house.register("obi@example.com"));
    for order in 0..6 {
        let metadata = Metadata::parse(&format!("{{\"order\":{order},\"note\":\"50% _off_\"}}")).unwrap();
        house.engine.wallet().fund(&MoneyRequest::new(ada.id, ngn(100)).with_metadata(metadata)).unwrap();
        house.transfer(&ada, &obi, 10);
        house.clock.advance(1_000);
    }
    let walk = |filter: HistoryFilter| house.walk(&ada, &filter, 2);
    let funded = walk(HistoryFilter::new().with_kind(TransactionType::WalletFunding));
    assert_eq!(sequences(&funded), [11, 9, 7, 5, 3, 1]);
    let span = HistoryFilter::new().with_from(START.plus(1_000)).with_until(START.plus(3_000));
    assert_eq!(sequences(&walk(span.clone())), [6, 5, 4, 3]);
    assert_eq!(sequences(&walk(span.with_kind(TransactionType::Transfer))), [6, 4]);
    let about = |text: &str| sequences(&walk(HistoryFilter::new().with_metadata_contains(text)));
    assert_eq!(about("\"order\":3"), [7]);
    assert_eq!(about("50% _off_").len(), 6);
    // To the letter: no wildcards, no case folding, no way into the SQL.
    for text in ["5__ _off_", "%", "50% _OFF_", "' OR '1'='1", "*"] {
        assert_eq!(about(text).len(), usize::from(text == "%") * 6, "{text}");
    }
    assert_eq!(walk(HistoryFilter::new().with_status(TransactionStatus::Completed)).len(), 12);
    assert_eq!(walk(HistoryFilter::new().with_status(TransactionStatus::Pending)).len(), 0);
}

#[test]
fn unusable_questions_are_refused() {
    let house = house();
    let ada = house.register("ada@example.com");
    house.fund(&ada, 100);
    let history = house.engine.history();
    let page = |filter: &HistoryFilter, limit| code(history.page(ada.id, filter, None, limit));
    for limit in [0, 501, u32::MAX] {
        assert_eq!(page(&HistoryFilter::new(), limit), Err(Code::InvalidArgument));
        assert_eq!(
            code(history.page_of_user(ada.user_id, &HistoryFilter::new(), None, limit)),
            Err(Code::InvalidArgument)
        );
    }
    let text = |text: &str| page(&HistoryFilter::new().with_metadata_contains(text), 1);
    assert_eq!(text(""), Err(Code::InvalidArgument));
    assert_eq!(text("a\0b"), Err(Code::InvalidArgument));
    assert_eq!(text(&"x".repeat(256)), Ok(()));
    assert_eq!(text(&"x".repeat(257)), Err(Code::TooLong));
    let backwards = HistoryFilter::new().with_from(UnixMillis(2)).with_until(UnixMillis(1));
    assert_eq!(page(&backwards, 1), Err(Code::InvalidArgument));
    assert_eq!(code(history.statement(ada.id, UnixMillis(2), UnixMillis(1))), Err(Code::InvalidArgument));
    let nobody = WalletId::from_bytes([9; 16]);
    assert_eq!(code(history.page(nobody, &HistoryFilter::new(), None, 1)), Err(Code::NotFound));
    assert_eq!(code(history.statement(nobody, START, START)), Err(Code::NotFound));
    assert_eq!(code(history.balance_at(nobody, START)), Err(Code::NotFound));
}

#[test]
fn a_cursor_is_good_for_its_own_listing_alone() {
    let house = house();
    let (ada, obi) = (house.register("ada@example.com"), house.register("obi@example.com"));
    for wallet in [&ada, &obi] {
        (0..3).for_each(|_| drop(house.fund(wallet, 100)));
    }
    let history = house.engine.history();
    let all = HistoryFilter::new();
    let cursor = history.page(ada.id, &all, None, 1).unwrap().next_cursor.unwrap();
    let with =
        |wallet: &Wallet, filter: &HistoryFilter, cursor: &str| code(history.page(wallet.id, filter, Some(cursor), 1));
    assert_eq!(with(&ada, &all, &cursor), Ok(()));
    assert_eq!(with(&obi, &all, &cursor), Err(Code::InvalidCursor));
    assert_eq!(with(&ada, &HistoryFilter::new().with_until(START), &cursor), Err(Code::InvalidCursor));
    assert_eq!(code(history.page_of_user(ada.user_id, &all, Some(&cursor), 1)), Err(Code::InvalidCursor));
    let of_user = history.page_of_user(ada.user_id, &all, None, 1).unwrap().next_cursor.unwrap();
    assert_eq!(with(&ada, &all, &of_user), Err(Code::InvalidCursor));
    let longest = "A".repeat(1_000_000);
    for garbage in ["", " ", "null", "0", "é", &cursor[1..], &format!("{cursor}A"), &longest, "' OR 1=1 --"] {
        assert_eq!(with(&ada, &all, garbage), Err(Code::InvalidCursor), "{garbage:.40}");
        assert_eq!(code(history.page_of_user(ada.user_id, &all, Some(garbage), 1)), Err(Code::InvalidCursor));
    }
}

#[test]
fn all_wallets_of_a_user_are_one_history_in_the_order_of_booking() {
    let house = house();
    let first = house.register("ada@example.com");
    let second = house.engine.wallet().create(first.user_id, Currency::NGN, "savings").unwrap();
    let other = house.register("obi@example.com");
    for minor in 1..=5 {
        house.fund(&first, 100);
        house.fund(&other, 100);
        house.transfer(&first, &second, minor);
        house.transfer(&second, &other, 1);
    }
    let all = HistoryFilter::new();
    let whole = house.engine.history().page_of_user(first.user_id, &all, None, 500).unwrap();
    assert_eq!(whole.next_cursor, None);
    assert_eq!(whole.lines.len(), 5 + 10 + 5);
    for limit in [1, 2, 3, 19, 20, 21] {
        let (mut lines, mut cursor) = (Vec::new(), None);
        loop {
            let page = house.engine.history().page_of_user(first.user_id, &all, cursor.as_deref(), limit).unwrap();
            lines.extend(page.lines);
            if lines.len() == 4 {
                // New lines and new wallets are newer than the first page.
                let new = house.engine.wallet().create(first.user_id, Currency::NGN, "new").unwrap();
                house.fund(&new, 1);
                house.debit(&new, 1);
            }
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let newer = lines.iter().filter(|line| ![first.id, second.id].contains(&line.wallet_id)).count();
        assert_eq!(lines[newer..], whole.lines[..], "limit {limit}");
    }
    let keys: BTreeSet<_> = whole.lines.iter().map(|line| (line.wallet_id, line.sequence)).collect();
    assert_eq!(keys.len(), whole.lines.len());
    let nobody = house.engine.history().page_of_user(UserId::from_bytes([9; 16]), &all, None, 5).unwrap();
    assert_eq!((nobody.lines.len(), nobody.next_cursor), (0, None));
}

#[test]
fn a_transaction_is_found_by_each_of_its_names() {
    let house = house();
    let (ada, obi) = (house.register("ada@example.com"), house.register("obi@example.com"));
    let request = MoneyRequest::new(ada.id, ngn(500)).with_external_reference("bank-7");
    let funded = house.engine.wallet().fund(&request).unwrap();
    let sent = house.transfer(&ada, &obi, 200);
    let history = house.engine.history();
    assert_eq!(history.find(funded.id).unwrap(), slice::from_ref(&funded));
    assert_eq!(history.find_by_reference(&funded.reference).unwrap(), slice::from_ref(&funded));
    let kind = TransactionType::WalletFunding;
    assert_eq!(history.find_by_external_reference(kind, "bank-7").unwrap(), slice::from_ref(&funded));
    let both = history.find(sent.id).unwrap();
    assert_eq!(both.len(), 2);
    assert_eq!((both[0].wallet_id, both[0].amount_minor, both[0].counterparty), (ada.id, -200, Some(obi.id)));
    assert_eq!((both[1].wallet_id, both[1].amount_minor, both[1].counterparty), (obi.id, 200, Some(ada.id)));
    assert_eq!(both[0], sent);
    let other_prefix = funded.reference.replace("FUND_", "BILL_");
    assert_eq!(code(history.find_by_reference(&other_prefix)), Err(Code::NotFound));
    assert_eq!(code(history.find_by_reference(&funded.reference.to_lowercase())), Err(Code::InvalidId));
    assert_eq!(code(history.find(TransactionId::from_bytes([9; 16]))), Err(Code::NotFound));
    assert_eq!(code(history.find_by_external_reference(kind, "bank-8")), Err(Code::NotFound));
    assert_eq!(code(history.find_by_external_reference(TransactionType::Credit, "bank-7")), Err(Code::NotFound));
    assert_eq!(code(history.find_by_external_reference(kind, &"x".repeat(129))), Err(Code::TooLong));
}

#[test]
fn statements_that_follow_each_other_show_every_line_once_and_add_up() {
    let house = house();
    let ada = house.register("ada@example.com");
    // The wall clock goes back in the middle.
    for (step, at) in [0, 10, 20, 15, 5, 25, 25, 40].into_iter().enumerate() {
        house.clock.set_wall(START.plus(at));
        house.fund(&ada, 100 + i64::try_from(step).unwrap());
    }
    house.debit(&ada, 50);
    let history = house.engine.history();
    for borders in [vec![0, 41], vec![0, 10, 16, 20, 25, 26, 41], (0..=41).collect()] {
        let (mut lines, mut balance) = (Vec::new(), 0);
        for pair in borders.windows(2) {
            let statement = history.statement(ada.id, START.plus(pair[0]), START.plus(pair[1])).unwrap();
            assert_eq!(statement.opening_minor, balance, "{borders:?}");
            let sum: i64 = statement.lines.iter().map(|line| line.amount_minor).sum();
            assert_eq!(statement.opening_minor + sum, statement.closing_minor);
            assert_eq!(history.balance_at(ada.id, statement.until.plus(-1)).unwrap().minor(), statement.closing_minor);
            balance = statement.closing_minor;
            lines.extend(sequences(&statement.lines));
        }
        assert_eq!(lines, (1..=9).collect::<Vec<_>>(), "{borders:?}");
        assert_eq!(balance, house.balance(&ada));
    }
    let empty = history.statement(ada.id, START.plus(-5), START).unwrap();
    assert_eq!((empty.opening_minor, empty.closing_minor, empty.lines.len()), (0, 0, 0));
    let later = history.statement(ada.id, START.plus(100), START.plus(100)).unwrap();
    assert_eq!((later.opening_minor, later.closing_minor), (house.balance(&ada), house.balance(&ada)));
    let ever = history.statement(ada.id, UnixMillis(i64::MIN), UnixMillis(i64::MAX)).unwrap();
    assert_eq!(ever.lines.len(), 9);
    assert_eq!(history.balance_at(ada.id, START.plus(-1)).unwrap(), ngn(0));
}

#[test]
fn a_statement_is_written_for_spreadsheets_and_programs() {
    let house = house();
    let ada = house.register("ada@example.com");
    let request = MoneyRequest::new(ada.id, ngn(1_950))
        .with_description("=HYPERLINK(\"http://x\",\"y\")")
        .with_external_reference("-7, \"b\"");
    let line = house.engine.wallet().fund(&request).unwrap();
    let statement = house.engine.history().statement(ada.id, START, START.plus(1)).unwrap();
    let csv = statement.to_csv();
    let (header, record) = csv.split_once("\r\n").unwrap();
    assert!(header.starts_with("sequence,created_at,id,reference,type,status,amount,currency,balance,"));
    assert!(record.starts_with(&format!("1,2025-10-09T08:53:20.000Z,{},{},WALLET_FUNDING,", line.id, line.reference)));
    assert!(record.contains(",COMPLETED,19.50,NGN,19.50,"));
    assert!(record.contains(r#""'-7, ""b""","'=HYPERLINK(""http://x"",""y"")""#), "{record}");
    assert!(record.ends_with("\r\n") && record.matches("\r\n").count() == 1);
    let json: serde_json::Value = serde_json::from_str(&statement.to_json().unwrap()).unwrap();
    assert_eq!(json["lines"][0]["amount_minor"], 1_950);
    assert_eq!(json["lines"][0]["type"], "WALLET_FUNDING");
    assert_eq!(json["closing_minor"], 1_950);
}
