//! Log files: what is written where. In a test program of its own, because a
//! process has one global subscriber. Goal: levels go to their files, as JSON
//! that no text can break out of, and dropping the guard writes everything.

use fusepay_core::{Code, LogLevel, LoggingConfig, init_logging};

#[test]
fn levels_go_to_their_files_and_dropping_the_guard_writes_them() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("logs");
    let config = || LoggingConfig::new(&directory).with_level(LogLevel::Info).with_console(true).with_files_max(2);
    let guard = init_logging(config()).unwrap();
    tracing::debug!("too fine");
    tracing::info!(wallet = "w-1", "funded");
    tracing::error!("first line\nERROR second line");
    assert_eq!(init_logging(config()).map_err(|e| e.code()).err(), Some(Code::NotAllowed));
    drop(guard);

    // The text of the one file whose name begins so.
    let dated = |directory: &std::path::Path, prefix: &str| {
        let names: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
            .collect();
        assert_eq!(names.len(), 1, "{names:?}");
        std::fs::read_to_string(&names[0]).unwrap()
    };
    let combined = dated(&directory, "combined.log.");
    let lines: Vec<serde_json::Value> = combined.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{combined}");
    assert_eq!((lines[0]["level"].as_str(), lines[0]["fields"]["wallet"].as_str()), (Some("INFO"), Some("w-1")));
    let errors = dated(&directory, "error.log.");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(errors.contains(r"first line\nERROR second line"), "{errors}");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::read_to_string(directory.join("combined.log")).unwrap(), combined);
        assert_eq!(std::fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
