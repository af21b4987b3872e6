//! Gives the shared library its SONAME, so that a host linked against one
//! version of the interface never starts with an incompatible one.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = interface_version(env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    match std::env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("linux" | "android" | "freebsd" | "netbsd" | "openbsd") => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libfusepay.so.{version}");
        }
        Ok("macos" | "ios") => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libfusepay.{version}.dylib");
        }
        _ => {}
    }
}

/// Before 1.0 every minor version may change the interface; after it only a major one.
fn interface_version(major: &str, minor: &str) -> String {
    if major == "0" { format!("0.{minor}") } else { major.to_owned() }
}
