//! Goal: no function of the header is harmed by NULL, by a handle that was
//! closed, or by a pointer that is no handle; those that can fail say so.
//! Method: a C program made from the header's own list of functions calls each of
//! them with nothing at all, with a stale handle, and with an object's address.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test gives up by panicking")]

mod compile;

use compile::{root, run_c_text};

/// What may well be called with nothing: it removes the logger.
const CONTENT_WITH_NOTHING: [&str; 1] = ["fusepay_log_set"];

/// A function of the header.
struct Function {
    name: String,
    answers_status: bool,
    parameters: Vec<String>,
}

/// The prototypes of the header: everything outside comments that is no struct.
fn functions() -> Vec<Function> {
    let header = std::fs::read_to_string(root().join("include/fusepay.h")).unwrap();
    let code: Vec<&str> =
        header.lines().filter(|line| !line.trim_start().starts_with("//") && !line.starts_with('#')).collect();
    let mut found = Vec::new();
    for statement in outside_braces(&code.join("\n")).split(';') {
        let text = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((before, parameters)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else { continue };
        let name = before.rsplit([' ', '*']).next().unwrap_or_default();
        if before.starts_with("typedef") || !name.starts_with("fusepay_") {
            continue;
        }
        found.push(Function {
            name: name.to_owned(),
            answers_status: before.starts_with("int32_t "),
            parameters: parameters.split(',').map(|parameter| parameter.trim().to_owned()).collect(),
        });
    }
    found
}

/// The text without what stands in braces, except that of `extern "C" {`.
fn outside_braces(code: &str) -> String {
    let code = code.replace("extern \"C\" {", "");
    let mut depth = 0i32;
    let mut out = String::new();
    for letter in code.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = (depth - 1).max(0),
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

/// Nothing, as this parameter's type says it.
fn nothing(parameter: &str) -> String {
    let kind = parameter.rsplit_once([' ', '*']).map_or("", |(kind, _)| kind).trim();
    if parameter.contains('*') {
        "NULL".to_owned()
    } else if let Some(name) = kind.strip_prefix("struct ") {
        format!("(struct {name}){{0}}")
    } else {
        "0".to_owned()
    }
}

fn is_handle(parameter: &str) -> bool {
    let handles = ["fusepay_engine", "fusepay_session", "fusepay_subscription", "fusepay_reply", "fusepay_log_files"];
    parameter.matches('*').count() == 1
        && handles.iter().any(|handle| parameter.split([' ', '*']).any(|word| word == *handle))
}

/// One call, which must not answer OK where it can fail with a reason.
fn call(function: &Function, handle: &str) -> String {
    let has_error =
        function.answers_status && function.parameters.last().is_some_and(|last| last.contains("fusepay_error **"));
    let arguments: Vec<String> = function
        .parameters
        .iter()
        .enumerate()
        .filter(|(_, parameter)| *parameter != "void")
        .map(|(index, parameter)| match parameter {
            _ if has_error && index + 1 == function.parameters.len() => "&error".to_owned(),
            parameter if index == 0 && is_handle(parameter) => handle.to_owned(),
            parameter => nothing(parameter),
        })
        .collect();
    let (name, arguments) = (&function.name, arguments.join(", "));
    if !has_error || CONTENT_WITH_NOTHING.contains(&name.as_str()) {
        return format!("    {name}({arguments});\n");
    }
    format!(
        "    status = {name}({arguments});\n    CHECK(status != FUSEPAY_OK && fusepay_error_code(error) == status);\n"
    )
}

fn program() -> String {
    let functions = functions();
    assert!(functions.len() > 150, "the header has more functions than {}", functions.len());
    let mut text = String::from("#include \"customer.h\"\n\n");
    for (place, handle) in [("nothing", "NULL"), ("stale", "stale"), ("foreign", "foreign")] {
        let wanted = functions
            .iter()
            .filter(|function| handle == "NULL" || function.parameters.first().is_some_and(|first| is_handle(first)));
        let calls: String = wanted.map(|function| call(function, handle)).collect();
        text.push_str(&format!(
            "static void call_with_{place}(void *stale, void *foreign) {{\n    (void)stale, (void)foreign;\n    \
             int32_t status = 0;\n    fusepay_error *error = NULL;\n{calls}    fusepay_error_free(&error);\n}}\n\n"
        ));
    }
    text.push_str(
        "int main(void) {\n    fusepay_engine *engine = simulated_open(\"pay.db\");\n    void *stale = engine;\n    \
         int64_t object[4] = {0};\n    CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);\n    \
         call_with_nothing(stale, object);\n    call_with_stale(stale, object);\n    call_with_foreign(stale, object);\n    \
         CHECK(object[0] == 0 && object[3] == 0);\n    return 0;\n}\n",
    );
    text
}

#[test]
fn no_function_is_harmed_by_nothing_or_by_what_is_no_handle() {
    run_c_text(&program());
}

#[test]
fn the_functions_of_the_header_are_found() {
    let functions = functions();
    let find = |name: &str| functions.iter().find(|function| function.name == name).unwrap();
    assert_eq!(find("fusepay_wallet_find").parameters.len(), 4);
    assert_eq!(nothing(&find("fusepay_money_text").parameters[0]), "(struct fusepay_money){0}");
    assert_eq!(nothing(&find("fusepay_events_read").parameters[1]), "0");
    assert!(find("fusepay_events_read").answers_status && !find("fusepay_clear").answers_status);
    assert_eq!(find("fusepay_version").parameters, ["void"]);
}
