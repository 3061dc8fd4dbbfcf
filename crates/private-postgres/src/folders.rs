//! Undo for folders: a start that fails removes the folders that it created, and no others.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{PrivatePostgresError, io_error};

/// Folders that this process created. Dropping the value removes them, unless [`NewFolders::keep`] was called.
#[derive(Default)]
pub(super) struct NewFolders {
    /// Removed with their contents.
    whole: Vec<PathBuf>,
    /// The created parents of those, innermost first. Removed only when empty.
    above: Vec<PathBuf>,
}

impl NewFolders {
    /// Creates `folder` and its missing parents.
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

    /// Forgets the folders, so that dropping the value does not remove them.
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
