//! Rebuilds when a migration is added: migrations are embedded, and the compiler does not watch their folder itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
