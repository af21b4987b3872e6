//! Goal: no token, of access or bought, stays in memory that was given back.
//! Method: an allocator that looks into a block, named beforehand by its address,
//! at the moment it is freed.

#![allow(clippy::unwrap_used, reason = "a test gives up by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use fusepay::auth::{
    fusepay_auth_login, fusepay_auth_refresh, fusepay_auth_register, fusepay_login, fusepay_registered,
    fusepay_registration, fusepay_tokens,
};
use fusepay::bill::{fusepay_bill_pay, fusepay_bill_tokens, fusepay_pay_bill};
use fusepay::biller::{fusepay_bill_item_entry, fusepay_biller_entry};
use fusepay::catalogue::fusepay_bill_load_catalogue;
use fusepay::codes::{FUSEPAY_OUTCOME_KIND_PAID, FUSEPAY_OUTCOME_KIND_UNKNOWN};
use fusepay::config::{FUSEPAY_WORKER_MANUAL, fusepay_config, fusepay_key};
use fusepay::engine::{
    fusepay_engine, fusepay_engine_close, fusepay_engine_open, fusepay_engine_register_provider, fusepay_engine_run_due,
};
use fusepay::id::fusepay_wallet_id;
use fusepay::memory::{fusepay_clear, fusepay_text_array};
use fusepay::money::fusepay_money;
use fusepay::payment::fusepay_payment;
use fusepay::policy::fusepay_hash_cost;
use fusepay::provider::{fusepay_pay_request, fusepay_provider, fusepay_query_request};
use fusepay::reply::{fusepay_reply, fusepay_reply_token};
use fusepay::wallet::{fusepay_money_request, fusepay_wallet_fund};

/// The address of the block that is watched; 0 for none.
static WATCHED: AtomicUsize = AtomicUsize::new(0);
/// How many of its bytes were not zero when it was freed; -1 until then.
static LEFT: AtomicI64 = AtomicI64::new(-1);

struct Watching;

// SAFETY: everything is the system's allocator's; a block is looked into before it
// is given back, all of it.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if block.addr() == WATCHED.load(Ordering::SeqCst) {
            WATCHED.store(0, Ordering::SeqCst);
            // SAFETY: the block is still ours, so many bytes, and was written whole.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            let left = bytes.iter().filter(|byte| **byte != 0).count();
            LEFT.store(i64::try_from(left).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// How many bytes of a text were left in its memory when `free` gave it back.
#[track_caller]
fn left_of(text: *const c_char, free: impl FnOnce()) -> i64 {
    LEFT.store(-1, Ordering::SeqCst);
    WATCHED.store(text.addr(), Ordering::SeqCst);
    free();
    let left = LEFT.load(Ordering::SeqCst);
    assert!(left >= 0, "the text was not given back");
    left
}

/// A struct as `FUSEPAY_INIT` begins it.
fn begun<T>() -> T {
    // SAFETY: structs of the interface are valid with every byte zero, and begin with their size.
    unsafe {
        let mut zeros = std::mem::zeroed::<T>();
        std::ptr::from_mut(&mut zeros).cast::<usize>().write(size_of::<T>());
        zeros
    }
}

fn opened(path: &CStr) -> *mut fusepay_engine {
    let mut key: fusepay_key = begun();
    key.id = c"first".as_ptr();
    (key.secret, key.secret_length) = (b"a key of the tests, 32 bytes long".as_ptr(), 32);
    let mut cost: fusepay_hash_cost = begun();
    (cost.memory_kib, cost.passes, cost.lanes) = (7168, 5, 1);
    let mut config: fusepay_config = begun();
    config.path = path.as_ptr();
    (config.keys, config.key_count) = (&raw const key, 1);
    (config.hash_cost, config.worker) = (&raw const cost, FUSEPAY_WORKER_MANUAL);
    let mut engine = std::ptr::null_mut();
    assert_eq!(fusepay_engine_open(&raw const config, &raw mut engine, std::ptr::null_mut()), 0);
    engine
}

const PASSWORD: &str = "seven blue lamps by the river";

fn registered(engine: *const fusepay_engine) -> fusepay_registered {
    let mut request: fusepay_registration = begun();
    request.email = c"ada@example.com".as_ptr();
    (request.first_name, request.last_name) = (c"Ada".as_ptr(), c"Obi".as_ptr());
    (request.password, request.password_length) = (PASSWORD.as_ptr(), PASSWORD.len());
    let mut registered = begun();
    let status = fusepay_auth_register(engine, &raw const request, &raw mut registered, std::ptr::null_mut());
    assert_eq!(status, 0);
    registered
}

fn logged_in(engine: *const fusepay_engine) -> fusepay_tokens {
    let mut request: fusepay_login = begun();
    request.email = c"ada@example.com".as_ptr();
    (request.password, request.password_length) = (PASSWORD.as_ptr(), PASSWORD.len());
    let mut tokens = begun();
    assert_eq!(fusepay_auth_login(engine, &raw const request, &raw mut tokens, std::ptr::null_mut()), 0);
    tokens
}

extern "C-unwind" fn pay(_: *mut c_void, _: *const fusepay_pay_request, reply: *mut fusepay_reply) -> u32 {
    assert_eq!(fusepay_reply_token(reply, c"1234-5678-9012-3456".as_ptr()), 0);
    FUSEPAY_OUTCOME_KIND_PAID
}

extern "C-unwind" fn query(_: *mut c_void, _: *const fusepay_query_request, _: *mut fusepay_reply) -> u32 {
    FUSEPAY_OUTCOME_KIND_UNKNOWN
}

/// A provider that sells vouchers, and what it sells.
fn stock(engine: *const fusepay_engine) {
    let mut provider: fusepay_provider = begun();
    provider.pay = Some(pay);
    provider.query = Some(query);
    let nowhere = std::ptr::null_mut();
    assert_eq!(fusepay_engine_register_provider(engine, c"power".as_ptr(), &raw const provider, nowhere), 0);
    let mut item: fusepay_bill_item_entry = begun();
    (item.code, item.name, item.currency) = (c"PREPAID".as_ptr(), c"Units".as_ptr(), c"NGN".as_ptr());
    (item.minimum_minor, item.maximum_minor) = (1, 1000);
    let providers = [c"power".as_ptr()];
    let mut biller: fusepay_biller_entry = begun();
    (biller.code, biller.name, biller.category) = (c"POWER".as_ptr(), c"Power".as_ptr(), c"ELECTRICITY".as_ptr());
    (biller.providers, biller.provider_count) = (providers.as_ptr(), 1);
    (biller.items, biller.item_count) = (&raw const item, 1);
    assert_eq!(fusepay_bill_load_catalogue(engine, &raw const biller, 1, nowhere), 0);
}

/// Vouchers bought with money of this wallet.
fn bought(engine: *const fusepay_engine, wallet_id: fusepay_wallet_id) -> fusepay_text_array {
    stock(engine);
    let nowhere = std::ptr::null_mut();
    let amount = fusepay_money { minor: 1000, currency: b"NGN\0".map(|byte| c_char::from_ne_bytes([byte])) };
    let mut deposit: fusepay_money_request = begun();
    (deposit.wallet_id, deposit.amount) = (wallet_id, amount);
    let mut transaction = begun();
    assert_eq!(fusepay_wallet_fund(engine, &raw const deposit, &raw mut transaction, nowhere), 0);
    fusepay_clear((&raw mut transaction).cast());
    let mut bill: fusepay_pay_bill = begun();
    (bill.wallet_id, bill.amount, bill.customer_reference) = (wallet_id, amount, c"meter".as_ptr());
    (bill.biller, bill.item) = (c"POWER".as_ptr(), c"PREPAID".as_ptr());
    let mut payment: fusepay_payment = begun();
    assert_eq!(fusepay_bill_pay(engine, &raw const bill, &raw mut payment, nowhere), 0);
    assert_eq!(fusepay_engine_run_due(engine, std::ptr::null_mut(), nowhere), 0);
    let mut vouchers: fusepay_text_array = begun();
    assert_eq!(fusepay_bill_tokens(engine, &raw const payment.id, &raw mut vouchers, nowhere), 0);
    fusepay_clear((&raw mut payment).cast());
    assert_eq!(vouchers.length, 1);
    vouchers
}

/// One test: the allocator watches one block at a time.
#[test]
fn tokens_are_wiped_when_their_record_lets_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = CString::new(folder.path().join("secrets.db").to_str().unwrap()).unwrap();
    let mut engine = opened(&path);

    let mut first = registered(engine);
    // SAFETY: the record was just filled.
    let (user, tokens) = unsafe { (*first.user, *first.tokens) };
    // SAFETY: as above.
    let wallet_id = unsafe { (*first.wallet).id };
    // SAFETY: as above.
    assert!(unsafe { CStr::from_ptr(tokens.access) }.count_bytes() > 20);
    // What is no secret stays: the method sees what is left.
    assert!(left_of(user.email, || fusepay_clear((&raw mut first).cast())) > 10);
    let mut second = logged_in(engine);
    assert_eq!(left_of(second.access, || fusepay_clear((&raw mut second).cast())), 0);
    let mut third = logged_in(engine);
    assert_eq!(left_of(third.refresh, || fusepay_clear((&raw mut third).cast())), 0);

    // A record that is filled again gives its former memory back, while the token
    // in it is still read.
    let mut again = logged_in(engine);
    let (old, mut status) = (again.refresh, -1);
    let left = left_of(old, || status = fusepay_auth_refresh(engine, old, &raw mut again, std::ptr::null_mut()));
    assert_eq!((left, status), (0, 0));
    assert_ne!(again.refresh, old);
    fusepay_clear((&raw mut again).cast());

    let mut vouchers = bought(engine, wallet_id);
    // SAFETY: the record was just filled with one text.
    let voucher = unsafe { *vouchers.items };
    // SAFETY: as above.
    assert_eq!(unsafe { CStr::from_ptr(voucher) }, c"1234-5678-9012-3456");
    assert_eq!(left_of(voucher, || fusepay_clear((&raw mut vouchers).cast())), 0);
    assert_eq!(fusepay_engine_close(&raw mut engine, 1000, std::ptr::null_mut()), 0);
}
