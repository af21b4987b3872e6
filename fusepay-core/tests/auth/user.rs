//! Users: profiles, roles, and what belongs to whom.

use crate::{House, PASSWORD, START, code, error, house, ngn};
use fusepay_core::{
    BillItem, Biller, Category, Code, Currency, HistoryFilter, HoldRequest, HoldStatus, JobId, MoneyRequest, PayBill,
    PaymentId, PaymentStatus, PersonName, ProfileUpdate, QuoteRequest, RefundRequest, RefundSource, Registration,
    ReviewVerdict, Role, SessionId, Tokens, TransferRequest, UserId, UserStatus, WalletId, WalletStatus,
};
use std::time::Duration;

#[test]
fn a_deactivated_user_is_refused_like_a_stranger_and_keeps_everything() {
    let house = house();
    let ada = house.register("ada@example.com");
    let wrong = error(house.login("nobody@example.com", PASSWORD));
    let gone = house.auth().deactivate(ada.user.id).unwrap();
    assert_eq!((gone.status, gone.version), (UserStatus::Deactivated, 2));
    assert_eq!(house.auth().deactivate(ada.user.id).unwrap(), gone);
    let refused = error(house.login("ada@example.com", PASSWORD));
    assert_eq!((refused.code(), refused.detail()), (wrong.code(), wrong.detail()));
    assert_eq!(house.engine.wallet().list(ada.user.id).unwrap().len(), 1);
    assert_eq!(
        code(house.auth().register(&Registration::new("ada@example.com", "A", "B", PASSWORD))),
        Err(Code::EmailTaken)
    );
    assert_eq!(house.auth().reactivate(ada.user.id).unwrap().status, UserStatus::Active);
    assert!(house.login("ada@example.com", PASSWORD).is_ok());
}

#[test]
fn a_profile_changes_by_version_and_grants_nothing() {
    let house = house();
    let ada = house.register("ada@example.com");
    let session = house.engine.session(&ada.tokens.access).unwrap();
    let change = |first: &str| ProfileUpdate::parse(Some(first), None).unwrap();
    let changed = session.update_profile(&change("Adaeze"), Some(1)).unwrap();
    assert_eq!((changed.first_name.as_str(), changed.last_name.as_str(), changed.version), ("Adaeze", "Obi", 2));
    assert_eq!(code(session.update_profile(&change("Ada"), Some(1))), Err(Code::Conflict));
    assert_eq!(session.update_profile(&change("Adaeze"), None).unwrap().version, 2, "no change");
    assert_eq!(session.profile().unwrap(), changed);
    assert_eq!(house.auth().update_profile(ada.user.id, &change("Ada"), None).unwrap().version, 3);
    assert_eq!(code(house.auth().find_user(UserId::from_bytes([9; 16]))), Err(Code::NotFound));
    assert!(PersonName::parse("first_name", "x").is_ok());
    assert!(house.auth().verify(&ada.tokens.access).is_ok(), "a name is no reason to end a session");
}

/// A user with money, a hold and a payment.
struct Estate {
    wallet: WalletId,
    hold: fusepay_core::HoldId,
    payment: PaymentId,
    tokens: Tokens,
    user: UserId,
}

fn estate(house: &House, email: &str) -> Estate {
    let registered = house.register(email);
    let wallet = registered.wallet.id;
    house.engine.wallet().fund(&MoneyRequest::new(wallet, ngn(100_000))).unwrap();
    let hold =
        house.engine.wallet().authorise(&HoldRequest::new(wallet, ngn(500), Duration::from_secs(3600))).unwrap().id;
    let item = BillItem::new("prepaid", "Prepaid", ngn(1), 1_000_000);
    let biller = Biller::new("disco", "Disco", Category::new("ELECTRICITY").unwrap(), "p");
    house.engine.bill().load_catalogue(&[(biller, vec![item])]).unwrap();
    let session = house.engine.session(&registered.tokens.access).unwrap();
    let payment = session.bill().pay(&PayBill::new(wallet, "disco", "prepaid", "45700000001", ngn(700))).unwrap().id;
    Estate { wallet, hold, payment, tokens: registered.tokens, user: registered.user.id }
}

#[test]
fn another_users_ids_answer_like_ids_of_nobody() {
    let house = house();
    let ada = estate(&house, "ada@example.com");
    let eve = estate(&house, "eve@example.com");
    let session = house.engine.session(&eve.tokens.access).unwrap();
    let random = Estate {
        wallet: WalletId::from_bytes([7; 16]),
        hold: fusepay_core::HoldId::from_bytes([7; 16]),
        payment: PaymentId::from_bytes([7; 16]),
        tokens: ada.tokens.clone(),
        user: UserId::from_bytes([7; 16]),
    };
    let answers = |of: &Estate, session_id: SessionId| -> Vec<(Code, String)> {
        let (wallet, bill) = (session.wallet(), session.bill());
        let quote = QuoteRequest::new(of.user, "disco", "prepaid", "45700000001", ngn(700));
        [
            wallet.find(of.wallet).map(drop),
            wallet.holds(of.wallet, HoldStatus::Active, 10).map(drop),
            wallet.find_hold(of.hold).map(drop),
            wallet.limits(of.wallet).map(drop),
            wallet.transfer(&TransferRequest::new(of.wallet, eve.wallet, ngn(1))).map(drop),
            bill.find(of.payment).map(drop),
            bill.refresh(of.payment, Duration::from_millis(1)).map(drop),
            bill.tokens(of.payment).map(drop),
            bill.list(of.wallet, None, 10).map(drop),
            bill.pay(&PayBill::new(of.wallet, "disco", "prepaid", "45700000001", ngn(700))).map(drop),
            bill.quote(&quote).map(drop),
            session.history().page(of.wallet, &HistoryFilter::new(), None, 10).map(drop),
            session.history().balance_at(of.wallet, START).map(drop),
            session.revoke_session(session_id),
        ]
        .into_iter()
        .map(|answer| answer.map_err(|error| (error.code(), error.detail().to_owned())).unwrap_err())
        .collect()
    };
    let foreign = answers(&ada, ada.tokens.session_id);
    assert_eq!(foreign, answers(&random, SessionId::from_bytes([7; 16])));
    assert!(foreign.iter().all(|(code, _)| *code == Code::NotFound), "{foreign:?}");
    assert!(house.auth().verify(&ada.tokens.access).is_ok());
    // What is theirs is there.
    assert_eq!(session.wallet().find(eve.wallet).unwrap().balance_minor, 99_300);
    assert_eq!(session.wallet().find_hold(eve.hold).unwrap().amount_minor, 500);
    assert_eq!(session.bill().find(eve.payment).unwrap().id, eve.payment);
    let second = session.wallet().create(Currency::NGN, "second").unwrap();
    session.wallet().transfer(&TransferRequest::new(eve.wallet, second.id, ngn(300))).unwrap();
    assert_eq!(session.wallet().list().unwrap().len(), 2);
    assert!(!session.history().page_of_all(&HistoryFilter::new(), None, 10).unwrap().lines.is_empty());
}

#[test]
fn roles_open_what_they_open_and_nothing_more() {
    let house = house();
    let ada = estate(&house, "ada@example.com");
    assert_eq!(code(house.engine.session(&ada.tokens.access).unwrap().operator()), Err(Code::Forbidden));
    for role in [Role::Operator, Role::Auditor, Role::Admin] {
        let tokens = house.staff(&format!("{role}@example.com"), role);
        let session = house.engine.session(&tokens.access).unwrap();
        let desk = session.operator().unwrap();
        assert!(desk.list_users(None, 10).is_ok());
        assert!(desk.search_users("ada", None, 10).is_ok());
        assert_eq!(desk.find_user(ada.user).unwrap().id, ada.user);
        assert_eq!(desk.find_payment(ada.payment).unwrap().id, ada.payment);
        assert_eq!(desk.explain_payment(ada.payment).unwrap().payment.id, ada.payment);
        assert_eq!(desk.list_payments(PaymentStatus::Pending, None, 10).unwrap().len(), 1);
        assert_eq!(desk.find_wallet(ada.wallet).unwrap().id, ada.wallet);
        assert!(desk.history(ada.wallet, &HistoryFilter::new(), None, 10).is_ok());
        assert_eq!(desk.list_wallets(ada.user).unwrap().len(), 1);
        assert!(desk.dead_letters(None, 10).is_ok() && desk.job_counts().is_ok());
        assert!(desk.open_claims(10).is_ok() && desk.open_suspense(10).is_ok());
        // Those who may get past the role, to an object that does not exist or is not in that state.
        let (nobody, no_payment) = (UserId::from_bytes([7; 16]), PaymentId::from_bytes([7; 16]));
        let refund = RefundRequest::new(no_payment, ngn(1), RefundSource::Host, "goodwill");
        let writes = [
            desk.refund(&refund).map(drop),
            desk.reverse(no_payment).map(drop),
            desk.resolve_review(no_payment, &ReviewVerdict::NotPaid, "seen").map(drop),
            desk.release_suspense(no_payment, None).map(drop),
            desk.retry_job(JobId(1_000)).map(drop),
            desk.resolve_job(JobId(1_000), "seen").map(drop),
            desk.set_wallet_status(WalletId::from_bytes([7; 16]), WalletStatus::Frozen).map(drop),
            desk.end_sessions(nobody),
        ];
        let expected = if role == Role::Auditor { Code::Forbidden } else { Code::NotFound };
        for write in writes {
            assert_eq!(code(write), Err(expected), "{role}");
        }
        let expected = if role == Role::Admin { Code::NotFound } else { Code::Forbidden };
        for write in [desk.deactivate(nobody), desk.reactivate(nobody), desk.set_role(nobody, Role::Admin)] {
            assert_eq!(code(write), Err(expected), "{role}");
        }
        // To the session itself an operator is a user like others.
        assert_eq!(code(session.bill().find(ada.payment)), Err(Code::NotFound));
        assert_eq!(
            code(desk.set_wallet_status(ada.wallet, WalletStatus::Closed)),
            if role == Role::Auditor { Err(Code::Forbidden) } else { Err(Code::InvalidArgument) }
        );
    }
}

#[test]
fn a_demotion_takes_effect_at_the_next_call() {
    let house = house();
    let tokens = house.staff("op@example.com", Role::Operator);
    let session = house.engine.session(&tokens.access).unwrap();
    let desk = session.operator().unwrap();
    assert!(desk.list_users(None, 10).is_ok());
    house.auth().set_role(tokens.user_id, Role::User).unwrap();
    assert_eq!(code(desk.list_users(None, 10)), Err(Code::InvalidToken), "the sessions of the old role are over");
    let again = house.login("op@example.com", PASSWORD).unwrap();
    assert_eq!(code(house.engine.session(&again.access).unwrap().operator()), Err(Code::Forbidden));
}

#[test]
fn the_last_admin_stays() {
    let house = house();
    let first = house.staff("first@example.com", Role::Admin);
    let session = house.engine.session(&first.access).unwrap();
    let desk = session.operator().unwrap();
    assert_eq!(code(desk.set_role(first.user_id, Role::User)), Err(Code::LastAdmin));
    assert_eq!(code(desk.deactivate(first.user_id)), Err(Code::LastAdmin));
    assert_eq!(code(house.auth().deactivate(first.user_id)), Err(Code::LastAdmin));
    assert_eq!(code(desk.set_role(first.user_id, Role::System)), Err(Code::InvalidArgument));
    let second = house.register("second@example.com").user.id;
    desk.set_role(second, Role::Admin).unwrap();
    // A deactivated admin is no admin to count on, and may lose the role.
    desk.deactivate(second).unwrap();
    assert_eq!(code(desk.set_role(first.user_id, Role::User)), Err(Code::LastAdmin));
    desk.set_role(second, Role::User).unwrap();
    desk.reactivate(second).unwrap();
    desk.set_role(second, Role::Admin).unwrap();
    assert!(desk.set_role(first.user_id, Role::User).is_ok());
}

#[test]
fn two_admins_who_demote_each_other_at_once_leave_one() {
    let house = house();
    let staff = [house.staff("a@example.com", Role::Admin), house.staff("b@example.com", Role::Admin)];
    std::thread::scope(|scope| {
        for (own, other) in [(0, 1), (1, 0)] {
            let (house, own, other) = (&house, staff[own].access.clone(), staff[other].user_id);
            scope.spawn(move || {
                let session = house.engine.session(&own)?;
                session.operator()?.set_role(other, Role::User)
            });
        }
    });
    let users = house.auth().list_users(None, 10).unwrap().users;
    assert_eq!(users.iter().filter(|user| user.role == Role::Admin).count(), 1);
}

#[test]
fn users_are_found_by_prefix_and_no_character_is_special() {
    let house = house();
    let people = [
        ("ada@example.com", "Ada", "Obi"),
        ("100%@example.com", "Per_Cent", "Ọ̀ṣun"),
        ("a_b@example.com", "50%", "Adewale"),
        ("back\\slash@example.com", "x", "y"),
        ("o'neil@example.com", "Sean", "O'Neil"),
    ];
    let mut registered = Vec::new();
    for (email, first, last) in people {
        house.clock.advance(1);
        if let Ok(new) = house.auth().register(&Registration::new(email, first, last, PASSWORD)) {
            registered.push(new.user.email);
        }
    }
    assert_eq!(registered, ["ada@example.com", "100%@example.com", "a_b@example.com", "o'neil@example.com"]);
    let found = |text: &str| -> Vec<String> {
        let page = house.auth().search_users(text, None, 10).unwrap();
        page.users.into_iter().map(|user| user.email).collect()
    };
    assert_eq!(found("ada"), ["ada@example.com"]);
    assert_eq!(found("ADE"), ["a_b@example.com"]);
    assert_eq!(found("ọ̀Ṣ"), ["100%@example.com"]);
    for text in ["%", "_", "%a", "a%", "*", "?", "\\", "d", "' OR 1=1 --", "'; DROP TABLE user; --"] {
        assert!(found(text).is_empty(), "{text}");
    }
    assert_eq!(found("100%"), ["100%@example.com"]);
    assert_eq!(found("50%"), ["a_b@example.com"]);
    assert_eq!(found("A_"), ["a_b@example.com"]);
    assert_eq!(found("o'"), ["o'neil@example.com"]);
    for (text, expected) in
        [("", Code::InvalidArgument), ("a\0", Code::InvalidArgument), (&"x".repeat(257), Code::TooLong)]
    {
        assert_eq!(code(house.auth().search_users(text, None, 10)), Err(expected));
    }
    for limit in [0, 501, u32::MAX] {
        assert_eq!(code(house.auth().list_users(None, limit)), Err(Code::InvalidArgument));
    }
    assert_eq!(code(house.auth().list_users(Some(UserId::from_bytes([7; 16])), 1)), Err(Code::InvalidCursor));
}

#[test]
fn pages_of_users_miss_nobody_and_repeat_nobody_though_all_came_at_once() {
    let house = house();
    let mut expected: Vec<UserId> = (0..7).map(|n| house.register(&format!("u{n}@example.com")).user.id).collect();
    expected.sort_unstable();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = house.auth().list_users(after, 3).unwrap();
        seen.extend(page.users.iter().map(|user| user.id));
        if seen.len() == 3 {
            // Somebody comes while the pages are turned.
            house.clock.advance(1);
            expected.push(house.register("late@example.com").user.id);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
}
