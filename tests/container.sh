#!/usr/bin/env bash
# Builds the container image from the Dockerfile, unchanged but for the digests of its bases, and runs it, without Docker and without the real base
# images: both are made here from packages of the same Debian, with this machine's Rust. The program then runs as the
# image says, hardened as in config/compose.yaml: as user 65532, on a read-only root, without capabilities, with a
# PostgreSQL on loopback.
#
# Needs root and Debian. Installs buildah, runc, mmdebstrap, jq, curl and PostgreSQL if they are missing.
# Keeps the base images and the builder's caches in target/container, for a quicker next run, and removes all else.
set -euo pipefail
cd "$(dirname "$0")/.."

image=localhost/waapify-ghl:test
start_seconds=30 stop_seconds=30 # stop_seconds is the default of STOP_TIMEOUT_SECONDS
work=$(realpath -m "${CARGO_TARGET_DIR:-target}")/container
scratch=$(mktemp -d)
chmod 711 "$scratch"
mkdir -p "$work"

pass() { printf '  ok  %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# buildah keeps the caches of RUN --mount in TMPDIR.
buildah() { TMPDIR=$work command buildah --root "$work/images" --runroot "$scratch/buildah" "$@"; }
runc() { command runc --root "$scratch/runc" "$@"; }
as_postgres() { (cd / && setpriv --reuid postgres --regid postgres --clear-groups "$@"); }

clean_up() {
    local name
    for name in $(runc list --quiet 2>/dev/null); do runc delete --force "$name" || true; done
    [ ! -d "$scratch/data" ] || as_postgres "$postgres/pg_ctl" -s -D "$scratch/data" -m immediate stop || true
    buildah rm --all >/dev/null 2>&1 || true
    buildah rmi --force "$image" >/dev/null 2>&1 || true
    rm -rf "$scratch" "$work"/buildah[0-9]*
}
trap clean_up EXIT

# ---- tools

[ "$(id -u)" = 0 ] || fail "only root may make base images and run containers here"
missing=()
for tool in buildah runc mmdebstrap jq curl; do command -v "$tool" >/dev/null || missing+=("$tool"); done
find_postgres() { find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' 2>/dev/null | sort -V | tail -1; }
[ -n "$(find_postgres)" ] || missing+=(postgresql)
if [ ${#missing[@]} != 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$work/apt.log"
fi
postgres=$(find_postgres)

# ---- stand-ins for the base images

# A stand-in cannot have the digest of the real image.
sed 's/@sha256:[0-9a-f]*//' Dockerfile >"$scratch/Dockerfile"
build_base=$(sed -n 's/^FROM \(.*\) AS build$/\1/p' "$scratch/Dockerfile")
final_base=$(sed -n 's/^FROM \([^ ]*\)$/\1/p' "$scratch/Dockerfile")
build_release=${build_base##*-}
case $final_base in
    *debian12*) final_release=bookworm ;;
    *debian13*) final_release=trixie ;;
    *) fail "which Debian is $final_base?" ;;
esac

# make_base NAME RELEASE VARIANT PACKAGES OPTIONS...: makes an image of Debian packages, with OPTIONS for `buildah
# config`.
make_base() {
    local name=$1 release=$2 variant=$3 packages=$4 certificates=/etc/ssl/certs/ca-certificates.crt container
    shift 4
    mmdebstrap --quiet --variant="$variant" --include="$packages" "$release" "$scratch/root.tar"
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$scratch/root.tar" / >/dev/null
    # This machine's certificates, for a network with a proxy that signs for other hosts.
    buildah copy --quiet "$container" $certificates $certificates >/dev/null
    [ ! -f "$scratch/rust.tar" ] || buildah add --quiet "$container" "$scratch/rust.tar" /usr/local >/dev/null
    buildah config "$@" "$container"
    buildah commit --quiet --rm "$container" "$name" >/dev/null
    rm -f "$scratch"/*.tar
}

made_of="$build_base, $final_base, $(rustc --version)"
if [ "$(cat "$work/made-of" 2>/dev/null)" != "$made_of" ]; then
    echo "Making stand-ins for $build_base and $final_base"
    rm -rf "$work/images" "$work/made-of"
    tar -C "$(rustc --print sysroot)" --exclude=./share -cf "$scratch/rust.tar" .
    make_base "$build_base" "$build_release" apt gcc,libc6-dev,ca-certificates \
        --env CARGO_HOME=/usr/local/cargo --env PATH=/usr/local/bin:/usr/bin:/bin
    make_base "$final_base" "$final_release" extract base-files,netbase,tzdata,libc6,libgcc-s1 \
        --user 65532 --workingdir /home/nonroot --env PATH=/usr/local/bin:/usr/bin:/bin
    echo "$made_of" >"$work/made-of"
fi

# ---- build

echo "Building the image; the log is $work/build.log"
began=$SECONDS
buildah build --pull-never --isolation chroot --format docker --file "$scratch/Dockerfile" --tag "$image" . >"$work/build.log" 2>&1 ||
    { tail -30 "$work/build.log" >&2; fail "the image does not build"; }
pass "it builds, in $((SECONDS - began)) s"

config=$(buildah inspect --type image "$image" | jq .Docker.config)
root=$(buildah mount "$(buildah from --pull-never "$image")")
program=$root$(jq -r '.Entrypoint[0]' <<<"$config")
megabytes() { awk "BEGIN { printf \"%.1f MB\", $1 / 1e6 }"; }
size_of() { buildah images --format '{{.Size}}' "$1"; }
pass "image $(size_of "$image"): base $(size_of "$final_base"), program $(megabytes "$(stat -c %s "$program")"), \
compressed $(megabytes "$(gzip -c "$program" | wc -c)")"

# ---- run

# free_port FROM: prints the first port from FROM on which nothing listens.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}

# prepare "COMMAND" VARIABLES...: makes `runc run` start the image's program with COMMAND, or with the image's if it
# is empty.
prepare() {
    mkdir -p "$scratch/bundle"
    rm -f "$scratch/bundle/config.json"
    runc spec --bundle "$scratch/bundle"
    # The machine's network, so that the program reaches loopback.
    jq --argjson image "$config" --arg root "$root" --arg command "$1" '
        .root = {path: $root, readonly: true}
        | .process.terminal = false
        | .process.user = ($image.User | tonumber | {uid: ., gid: .})
        | .process.capabilities = {}
        | .process.noNewPrivileges = true
        | .process.cwd = $image.WorkingDir
        | .process.env = $image.Env + $ARGS.positional
        | .process.args = $image.Entrypoint + (if $command == "" then $image.Cmd else $command / " " end)
        | .linux.namespaces |= map(select(.type != "network"))
        | .mounts |= map(select(.destination | startswith("/sys") | not))
    ' <(cat "$scratch/bundle/config.json") --args "${@:2}" >"$scratch/config.json"
    mv "$scratch/config.json" "$scratch/bundle/config.json"
}

# start NAME: runs what was prepared, and waits until it is ready.
start() {
    local began
    began=$(date +%s%3N)
    runc run --bundle "$scratch/bundle" "$1" >"$scratch/$1.log" 2>&1 &
    job=$!
    until curl -fs "$address/readyz" >/dev/null; do
        kill -0 $job 2>/dev/null || { cat "$scratch/$1.log" >&2; fail "$1 ended"; }
        [ $(($(date +%s%3N) - began)) -lt $((start_seconds * 1000)) ] || fail "$1 is not ready after $start_seconds s"
        sleep 0.1
    done
    pass "$1: ready after $(($(date +%s%3N) - began)) ms"
}

# stop NAME: sends SIGTERM, and checks that it ends with 0 in time.
stop() {
    local began code=0
    began=$(date +%s%3N)
    runc kill "$1" TERM
    wait $job || code=$?
    began=$(($(date +%s%3N) - began))
    [ $code = 0 ] || fail "$1 ended with $code"
    [ $began -lt $((stop_seconds * 1000)) ] || fail "$1 took $began ms to stop"
    pass "$1: SIGTERM ends it with 0, after $began ms"
}

as_lines() { jq -es "$1" "$2" >/dev/null || { cat "$2" >&2; fail "the log is not as it should be: $1"; }; }

install -d -o postgres -g postgres "$scratch/data"
as_postgres "$postgres/initdb" -D "$scratch/data" -U waapify --auth=trust --no-sync >/dev/null
database_port=$(free_port 5433)
as_postgres "$postgres/pg_ctl" -s -w -D "$scratch/data" -l "$scratch/data/server.log" \
    -o "-p $database_port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off" start
database=postgres://waapify@127.0.0.1:$database_port/postgres
port=$(free_port 8080)
address=http://127.0.0.1:$port
settings=(BIND_ADDR=127.0.0.1 PORT="$port" PUBLIC_URL=https://sms.example.com GHL_CLIENT_ID=66b1f0a2c3d4e5f60718293a-test
    GHL_CLIENT_SECRET=secret ENCRYPTION_KEYS="$(head -c 32 /dev/urandom | base64)")

echo "Running it"
prepare "" "${settings[@]}"
! runc run --bundle "$scratch/bundle" no-database >"$scratch/log" 2>&1 || fail "it starts without a database"
as_lines 'length == 1 and .[0].level == "ERROR" and (.[0].message | startswith("DATABASE_URL is not set"))' "$scratch/log"
pass "without DATABASE_URL it says so, in one line of JSON"

prepare "marketplace" PUBLIC_URL=https://sms.example.com
runc run --bundle "$scratch/bundle" guide | grep -q 'https://sms.example.com/oauth/callback' || fail "no guide is printed"
pass "marketplace needs PUBLIC_URL alone"

prepare "" "${settings[@]}" DATABASE_URL="$database"
start service
pid=$(runc state service | jq .pid)
status() { awk -v name="$1:" '$1 == name { $1 = ""; print substr($0, 2) }' "/proc/$pid/status"; }
[ "$(status Uid)" = "65532 65532 65532 65532" ] || fail "it runs as $(status Uid)"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
    [ "$(status $set)" = 0000000000000000 ] || fail "it has capabilities: $set $(status $set)"
done
[ "$(status NoNewPrivs)" = 1 ] || fail "it may gain privileges"
grep -q '^[^ ]* [^ ]* [^ ]* [^ ]* / ro[, ]' "/proc/$pid/mountinfo" || fail "its root can be written to"
pass "it runs as 65532, without capabilities, on a read-only root"
mapfile -t health < <(jq -r '.Healthcheck.Test[1:][]' <<<"$config")
runc exec service "${health[@]}" || fail "the image's health check fails"
pass "the image's health check: ${health[*]}"
curl -fs "$address/" | grep -q WhatsApp || fail "/ says nothing"
stop service
as_lines 'all(.level != "ERROR")' "$scratch/service.log"

prepare "sandbox --database-url $database" BIND_ADDR=0.0.0.0 PORT="$port"
start sandbox
curl -fs "$address/" | grep -q '/sandbox/page.js' || fail "the sandbox shows no page"
curl -fs "http://localhost:$port/" >/dev/null || fail "the simulated GHL shows no page"
stop sandbox
