//! Set-up, demo, tests, race sweeps and counts of this workspace.
fn main() {}
