//! Files that go when the demo does.

use std::path::PathBuf;

pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A place that nothing is at; `ending` of its name.
    pub(super) fn new(ending: &str) -> Self {
        let name: [u8; 6] = baton_clock::random_bytes();
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(std::env::temp_dir().join(format!("baton-demo-{name}.{ending}")))
    }

    pub(super) fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for beside in ["", "-wal", "-shm"] {
            let _gone_already = std::fs::remove_file(format!("{}{beside}", self.path()));
        }
    }
}
