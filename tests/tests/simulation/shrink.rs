//! Fewer steps that still fail.

/// How often a life may be lived to shrink it.
const TRIES_MAX: u32 = 400;

/// Leaves out ever smaller pieces while the rest still fails (delta debugging:
/// Zeller and Hildebrandt, 2002).
pub(crate) fn shrink<T: Clone>(mut steps: Vec<T>, fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut tries = 0;
    let mut piece = steps.len().div_ceil(2);
    while piece > 0 {
        let mut at = 0;
        while at < steps.len() && tries < TRIES_MAX {
            let mut rest = steps.clone();
            rest.drain(at..(at + piece).min(steps.len()));
            tries += 1;
            if fails(&rest) {
                steps = rest;
            } else {
                at += piece;
            }
        }
        piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
    }
    steps
}

#[test]
fn what_matters_is_left() {
    let steps: Vec<u32> = (0..500).collect();
    let least = shrink(steps, |rest| rest.contains(&17) && rest.contains(&400));
    assert_eq!(least, [17, 400]);
}
