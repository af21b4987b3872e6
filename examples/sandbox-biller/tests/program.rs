//! Goal: the program can be driven by any language: it says where it listens,
//! keeps a book that can be read while it runs and afterwards, takes faults by
//! HTTP, and ends with its standard input. Method: the built binary, raw HTTP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

fn start(book: &std::path::Path) -> (Child, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sandbox-biller"))
        .args([
            "--port",
            "0",
            "--api-key",
            "K",
            "--secret-key",
            "S",
            "--plan",
            "reliable",
            "--seed",
            "7",
            "--polls",
            "0",
        ])
        .arg("--book")
        .arg(book)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
    (program, address)
}

fn call(address: &str, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\napi-key: {key}\r\nsecret-key: S\r\n");
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

fn pay(address: &str, request_id: &str, customer: &str) -> Value {
    let order = json!({
        "request_id": request_id, "serviceID": "mtn", "billersCode": customer, "amount": "100.00", "phone": customer,
    });
    call(address, "POST", "/api/pay", "K", &order).1["code"].clone()
}

#[test]
fn the_program_serves_keeps_its_book_and_ends_with_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("book.jsonl");
    let (mut program, address) = start(&file);
    assert_eq!(call(&address, "GET", "/api/balance", "wrong", &Value::Null).0, 401);
    assert_eq!(pay(&address, "202511231200aa", "0801"), "000");
    assert_eq!(pay(&address, "202511231200aa", "0801"), "014");
    let faults = json!({ "customers": { "0802": "decline" }, "percentages": { "pending": 100 }, "seed": 9 });
    assert_eq!(call(&address, "POST", "/sandbox/faults", "", &faults).0, 200);
    assert_eq!(pay(&address, "202511231200bb", "0802"), "016");
    assert_eq!(pay(&address, "202511231200cc", "0803"), "099");
    for wrong in
        [json!({ "plan": "none" }), json!({ "percentages": { "late": 101 } }), json!({ "customers": { "1": "x" } })]
    {
        assert_eq!(call(&address, "POST", "/sandbox/faults", "", &wrong).0, 400, "{wrong}");
    }
    let undo = |id: &str| call(&address, "POST", "/sandbox/reverse", "", &json!({ "request_id": id })).0;
    assert_eq!((undo("202511231200aa"), undo("202511231200aa"), undo("202511231200bb")), (200, 404, 404));
    let (_, book) = call(&address, "GET", "/sandbox/book", "", &Value::Null);
    let entries = book["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(
        (&entries[0]["times_paid"], &entries[0]["attempts"], &entries[0]["reversed"]),
        (&json!(1), &json!(2), &json!(true))
    );
    assert_eq!((&entries[1]["paid"], &entries[2]["status"]), (&json!(false), &json!("pending")));
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success());
    let events: Vec<String> = std::fs::read_to_string(&file)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(events, ["received", "paid", "received", "failed", "received", "reversed"]);
}

#[test]
fn a_word_that_is_no_option_is_refused_with_help() {
    let output = Command::new(env!("CARGO_BIN_EXE_sandbox-biller")).args(["--colour", "blue"]).output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("there is no option --colour") && text.contains("hang-paid"), "{text}");
}
