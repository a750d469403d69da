#!/bin/bash
# Makes the secrets that docker-compose.yml mounts, once: keys and passwords that exist are left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=deploy/secrets
umask 077
mkdir -p "$folder"

random() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }
# In an address, so without the characters that would end a password there.
random_password() { head -c 24 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }

for role in postgres owner app audit_reader; do
    [ -e "$folder/${role}_password" ] || random_password >"$folder/${role}_password"
done
for role in owner app audit_reader; do
    printf 'postgres://connector_%s:%s@postgres/connector' "$role" "$(cat "$folder/${role}_password")" \
        >"$folder/${role}_database_url"
done
if [ ! -e "$folder/keyring.json" ]; then
    printf '{\n  "current": "1",\n  "keys": {\n    "1": "%s"\n  },\n  "fingerprint_key": "%s"\n}\n' \
        "$(random)" "$(random)" >"$folder/keyring.json"
fi
# The database's image reads its files under a user of its own; the folder keeps others on this machine out.
chmod 644 "$folder"/*_password

# Compose mounts the files as they are, so the servers run as the one who may read them: not as root.
if [ "$(id -u)" = 0 ]; then
    chown -R 65532:65532 "$folder"
else
    user="$(id -u):$(id -g)"
    touch .env
    grep -q '^CONNECTOR_USER=' .env || printf 'CONNECTOR_USER=%s\n' "$user" >>.env
fi
echo "secrets are in $folder; back keyring.json up: without it nothing that was sealed can be opened"
