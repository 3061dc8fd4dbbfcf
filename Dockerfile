# syntax=docker/dockerfile:1

# Both stages are Debian 13: a program linked against a newer C library than the one it meets does not
# start. Change them together.
FROM rust:1-slim-trixie AS build
WORKDIR /build

# The dependencies alone, over empty sources: this layer is built again only when they change.
COPY Cargo.toml Cargo.lock build.rs ./
RUN mkdir -p src tests/it \
    && touch src/lib.rs tests/it/main.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked

# migrations/ and config/default.toml are built into the program.
COPY config/default.toml config/
COPY migrations migrations
COPY src src
# The real sources can be older than the empty ones just built, and Cargo goes by their times.
RUN touch src/main.rs src/lib.rs && cargo build --release --locked

# No shell and no package manager; the C library, libgcc and the CA certificates that TLS needs.
# The user is "nonroot", 65532.
FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /build/target/release/waapify-ghl /usr/local/bin/waapify-ghl
ENV LOG_FORMAT=json
EXPOSE 8080
# Asks its own /readyz, which also asks the database.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/waapify-ghl", "health"]
ENTRYPOINT ["/usr/local/bin/waapify-ghl"]
CMD ["serve"]
