//! `cargo xtask codegen [--check]`: writes the generated files, or says which
//! of them are stale. `cargo xtask install`: lays the C library out.

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask codegen [--check]
       cargo xtask install [--prefix P] [--destdir D] [--libdir lib] [--profile release]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let answer = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["codegen"] => xtask::codegen::write(&xtask::codegen::workspace_root()),
        ["codegen", "--check"] => xtask::codegen::check(&xtask::codegen::workspace_root()),
        ["install", options @ ..] => xtask::install::Install::parse(options)
            .and_then(|install| install.run(&xtask::codegen::workspace_root()))
            .map(|done| eprintln!("{done}")),
        _ => Err(USAGE.to_owned()),
    };
    match answer {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
