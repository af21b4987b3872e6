//! The mapping, without a network: every documented code, and garbage.

use super::*;

const ID: &str = "202511231200abcdefabcdefabcdefab";

fn body(code: &str, status: &str) -> String {
    format!(
        r#"{{"code":"{code}","response_description":"WORDS","requestId":"{ID}","purchased_code":"Token : 12-34",
        "content":{{"transactions":{{"status":"{status}","transactionId":"17","amount":1000.5,"unique_element":"45"}}}}}}"#
    )
}

fn bare(code: &str) -> String {
    format!(r#"{{"code":"{code}","response_description":"WORDS"}}"#)
}

fn pay(body: &str) -> PayOutcome {
    read(200, body.as_bytes(), ID).of_pay()
}

fn query(body: &str) -> QueryOutcome {
    read(200, body.as_bytes(), ID).of_query()
}

#[test]
fn a_delivered_payment_carries_its_receipt_exactly() {
    let receipt = PaidReceipt::new("17").with_amount_minor(100_050).with_customer_reference("45").with_token("12-34");
    assert_eq!(pay(&body("000", "delivered")), PayOutcome::Paid(receipt.clone()));
    assert_eq!(query(&body("000", "delivered")), QueryOutcome::Paid(receipt));
}

#[test]
fn documented_refusals_decline_a_payment_and_say_nothing_to_a_query() {
    for code in REFUSALS {
        assert_eq!(pay(&bare(code)), PayOutcome::Declined { code: (*code).to_owned(), reason: "WORDS".to_owned() });
        assert!(matches!(query(&bare(code)), QueryOutcome::Unknown { .. }), "{code}");
        assert!(matches!(pay(&body(code, "delivered")), PayOutcome::Unknown { .. }), "{code} contradicts itself");
    }
}

#[test]
fn failed_and_not_processed_are_conclusive_both_ways() {
    for (code, status) in [("016", "failed"), ("091", "failed"), ("000", "failed")] {
        assert!(matches!(pay(&body(code, status)), PayOutcome::Declined { .. }), "{code}");
        assert!(matches!(query(&body(code, status)), QueryOutcome::Failed { .. }), "{code}");
    }
    for status in ["delivered", "pending", "reversed", "resolved"] {
        assert!(matches!(query(&body("016", status)), QueryOutcome::Unknown { .. }), "016 with {status}");
    }
}

#[test]
fn duplicate_pending_reversed_and_not_found_keep_their_meaning() {
    assert_eq!(pay(&bare("014")), PayOutcome::Duplicate);
    assert_eq!(pay(&bare("019")), PayOutcome::Duplicate);
    assert_eq!(pay(&bare("099")), PayOutcome::Pending { poll_after_ms: None });
    assert_eq!(query(&body("000", "initiated")), QueryOutcome::Pending { poll_after_ms: None });
    assert_eq!(query(&body("040", "reversed")), QueryOutcome::ProviderReversed { reason: "WORDS".to_owned() });
    assert!(matches!(pay(&body("040", "reversed")), PayOutcome::Unknown { .. }));
    assert_eq!(query(&bare("015")), QueryOutcome::NotFound);
    assert!(matches!(pay(&bare("015")), PayOutcome::Unknown { .. }));
}

#[test]
fn undocumented_codes_conclude_nothing() {
    for code in (0..1000).map(|n| format!("{n:03}")) {
        let known = ["014", "015", "016", "019", "040", "089", "091", "099"];
        if !REFUSALS.contains(&code.as_str()) && !known.contains(&code.as_str()) {
            assert!(matches!(pay(&bare(&code)), PayOutcome::Unknown { .. }), "{code}");
            assert!(matches!(query(&bare(&code)), QueryOutcome::Unknown { .. }), "{code}");
        }
    }
}

#[test]
fn only_2xx_reports_an_outcome_and_only_2xx_and_4xx_refuse() {
    for status in [100, 204, 301, 307, 400, 401, 403, 404, 429, 500, 502, 503, 504, 599] {
        let delivered = read(status, body("000", "delivered").as_bytes(), ID).of_pay();
        assert_eq!(matches!(delivered, PayOutcome::Paid(_)), status == 204, "{status}");
        let refused = read(status, bare("087").as_bytes(), ID).of_pay();
        let may_refuse = status == 204 || (400..500).contains(&status);
        assert_eq!(matches!(refused, PayOutcome::Declined { .. }), may_refuse, "{status}");
        assert!(
            !matches!(read(status, bare("015").as_bytes(), ID).of_query(), QueryOutcome::NotFound) || status == 204
        );
    }
}

#[test]
fn garbage_proves_nothing() {
    let delivered = body("000", "delivered");
    let mut garbage: Vec<Vec<u8>> = (0..delivered.len()).map(|cut| delivered.as_bytes()[..cut].to_vec()).collect();
    let mutants = [
        ("\"000\"", "000"),
        ("\"000\"", "\"0000\""),
        ("\"000\"", "null"),
        ("\"000\"", "[\"000\"]"),
        ("\"000\"", "\"000\",\"code\":\"016\""),
        ("\"code\"", "\"Code\""),
        ("1000.5", "1e3"),
        ("1000.5", "1000.505"),
        ("1000.5", "null,\"amount\":1"),
        ("1000.5", "{}"),
        ("1000.5", "\"1,000.50\""),
        ("1000.5", "99999999999999999999"),
        ("\"delivered\"", "\"delivered \""),
        ("\"delivered\"", "true"),
        ("\"delivered\"", "\"successful\""),
        ("\"17\"", "\"\""),
        (ID, "202511231200ffffffffffffffffffff"),
        ("requestId", "request_id"),
        ("\"transactions\":", "\"transaction\":"),
        ("{\"transactions\"", "[{\"transactions\""),
    ];
    garbage.extend(mutants.iter().map(|(from, to)| delivered.replacen(from, to, 1).into_bytes()));
    garbage.extend(mutants.iter().take(1).map(|_| format!("[{delivered}]").into_bytes()));
    for text in [
        "",
        " ",
        "null",
        "true",
        "0",
        "\"000\"",
        "[]",
        "{}",
        "[\"000\",\"ok\",\"id\",\"x\",{}]",
        "OK",
        "<html></html>",
        "{\"code\":\"000\"}",
        "{\"code\":\"000\",\"content\":[]}",
        "{\"code\":\"000\",\"content\":{\"transactions\":[\"delivered\"]}}",
    ] {
        garbage.push(text.as_bytes().to_vec());
    }
    garbage.push(vec![0xff, 0xfe, 0x00]);
    garbage.push("[".repeat(100_000).into_bytes());
    garbage.push(format!("{{\"code\":{}", "[".repeat(100_000)).into_bytes());
    for bytes in garbage {
        let shown = String::from_utf8_lossy(&bytes).chars().take(300).collect::<String>();
        assert!(matches!(read(200, &bytes, ID).of_pay(), PayOutcome::Unknown { .. }), "{shown}");
        assert!(matches!(read(200, &bytes, ID).of_query(), QueryOutcome::Unknown { .. }), "{shown}");
    }
}

#[test]
fn tokens_lose_their_label_and_pins_come_apart() {
    let all = |text| tokens(text).collect::<Vec<_>>();
    assert_eq!(all("Token : 26362054405982757802"), ["26362054405982757802"]);
    assert_eq!(all("Serial No:1, pin: 2||Serial No:3, pin: 4"), ["Serial No:1, pin: 2", "Serial No:3, pin: 4"]);
    assert_eq!(all(""), Vec::<&str>::new());
    assert_eq!(all("Tökens"), ["Tökens"]);
}
