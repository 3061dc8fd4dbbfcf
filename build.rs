//! Rebuilds when a migration is added: they are embedded, and the compiler does not watch their folder by itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
