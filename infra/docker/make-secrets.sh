#!/bin/sh
# Makes the files that docker-compose.yml mounts as secrets, in the folder `secrets` of the present one: random passwords,
# and what is made of them. A password whose file is there is kept, so a file may also be written by hand beforehand
# (letters and digits: passwords become part of URLs). Run it again after a change.
set -eu
umask 022
mkdir -p secrets
# Nobody else gets in on this host; in a container each file is mounted by itself.
chmod 700 secrets
cd secrets

password() {
  [ -s "$1-password" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$1-password"
  cat "$1-password"
}

for login in postgres kasabi-api kasabi-worker kasabi-status kasabi-operations; do
  database_user=$(echo "$login" | tr - _)
  printf 'postgresql://%s:%s@postgres:5432/kasabi' "$database_user" "$(password "$login")" > "$login-database-url"
done
for user in kasabi-api kasabi-worker kasabi-operations; do
  printf 'redis://%s:%s@redis:6379' "$user" "$(password "redis-$user")" > "$user-redis-url"
done
password service > service-secret
password operator > /dev/null

# Who may do what in Redis; docs/deployment.md says why.
cat > redis-users <<USERS
user default off
user health on nopass -@all +ping
user kasabi-api on >$(password redis-kasabi-api) ~{kj}* ~kj:rate:* resetchannels -@all +@read +@write +@connection +eval +evalsha +multi +exec -@dangerous +info +cluster|slots +cluster|info
user kasabi-worker on >$(password redis-kasabi-worker) ~{kj}* ~kj:epoch ~kj:beat ~kj:health ~kj:jobs:* resetchannels -@all +@read +@write +@connection +eval +evalsha +multi +exec -@dangerous +info +cluster|slots +cluster|info
user kasabi-operations on >$(password redis-kasabi-operations) ~{kj}* ~kj:ended-session:* resetchannels -@all +@read +@connection +eval +evalsha +multi +exec -@dangerous +info +cluster|slots +cluster|info +set
USERS
