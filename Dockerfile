# syntax=docker/dockerfile:1

# Both stages are Debian 13: a program linked against a newer C library than the one it meets does not
# start. Change them together.
FROM rust:1-slim-trixie AS build
WORKDIR /build
# .dockerignore lets only the sources through.
COPY . .
# Downloaded crates and compiled dependencies stay in caches of the builder. Cargo compares times, not contents, so the
# sources get the time of this build: a cache that is newer than a changed file would hide the change.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    find . -path ./target -prune -o -type f -exec touch {} + \
    && cargo build --release --locked --bin waapify-ghl \
    && cp target/release/waapify-ghl /usr/local/bin/

# No shell and no package manager; the C library, libgcc and the CA certificates that TLS needs.
# The user is "nonroot", 65532.
FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /usr/local/bin/waapify-ghl /usr/local/bin/waapify-ghl
ENV LOG_FORMAT=json
EXPOSE 8080
# Asks its own /readyz, which also asks the database.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/waapify-ghl", "health"]
ENTRYPOINT ["/usr/local/bin/waapify-ghl"]
CMD ["serve"]
