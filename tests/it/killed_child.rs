//! Processes that end with the test that started them.

use std::ops::{Deref, DerefMut};
use std::process::{Child, Command};

/// A process that is killed and reaped when this value is dropped, so also when the test fails. A process that
/// outlives the tests would keep their output open, and whoever reads it to its end would wait for ever.
pub struct KilledChild(Child);

impl KilledChild {
    pub fn spawn(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }
}

impl Drop for KilledChild {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Deref for KilledChild {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for KilledChild {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}
