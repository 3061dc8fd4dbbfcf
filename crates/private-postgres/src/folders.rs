//! The folders that a start creates, which are removed again when it fails.
//!
//! Owns: remembering which folders were not there before. Refuses: removing any other.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{PrivatePostgresError, io_error};

/// Folders that this process created. Dropping the value removes them, unless they are to be kept.
#[derive(Default)]
pub(super) struct NewFolders {
    /// Removed with all that is in them.
    whole: Vec<PathBuf>,
    /// Those above them, innermost first; removed when they are empty.
    above: Vec<PathBuf>,
}

impl NewFolders {
    /// Creates `folder`, and what is missing above it.
    pub(super) fn create(&mut self, folder: &Path) -> Result<(), PrivatePostgresError> {
        let missing = folder.ancestors().take_while(|folder| !folder.exists());
        let mut missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.above.extend(missing.split_off(1));
        self.whole.append(&mut missing);
        fs::create_dir_all(folder).map_err(io_error("create the folder", folder))
    }

    /// Lets them stay.
    pub(super) fn keep(&mut self) {
        self.whole.clear();
        self.above.clear();
    }
}

impl Drop for NewFolders {
    fn drop(&mut self) {
        for folder in &self.whole {
            let _ = fs::remove_dir_all(folder);
        }
        for folder in &self.above {
            let _ = fs::remove_dir(folder);
        }
    }
}
