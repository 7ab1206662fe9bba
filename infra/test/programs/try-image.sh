#!/bin/bash
# try-image.sh HOME CONTEXT WORK NODE NPM: builds the image of CONTEXT with buildah on roots made of Debian's packages, and
# runs its entry as its user in a chroot whose root is read only. Says what it finds, a line each. In mounts of its own.
set -e
home=$1 context=$2 work=$3 node=$4 npm=$5
mount --bind "$home/ld.cache" /etc/ld.so.cache
export PATH="$home/root/usr/bin:$PATH" BUILDAH_ISOLATION=chroot
cd "$work"
echo '{"default":[{"type":"insecureAcceptAnything"}]}' > policy.json
build() { buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"; }
keep() { build commit --quiet --signature-policy policy.json --format docker "$1" "localhost/$2" >/dev/null; build rm "$1" >/dev/null; }

container=$(build from scratch)
build add "$container" "$home/base.tar" / >/dev/null
keep "$container" base
container=$(build from scratch)
build add "$container" "$home/build.tar" / >/dev/null
build add "$container" "$node" /usr/local/bin/node >/dev/null
build add "$container" "$npm" /usr/local/lib/node_modules/npm >/dev/null
printf '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n' > npm.sh
chmod 755 npm.sh
build add "$container" npm.sh /usr/local/bin/npm >/dev/null
# The authorities that this machine trusts: what stands between it and the registry may have one of its own.
authorities=/etc/ssl/certs/ca-certificates.crt
build config --env PATH=/usr/local/bin:/usr/bin:/bin --env NODE_EXTRA_CA_CERTS=$authorities "$container"
keep "$container" build
build bud --signature-policy policy.json --format docker --layers=false --build-arg VERSION=1.2.3 \
  --build-arg BUILD_IMAGE=localhost/build --build-arg BASE_IMAGE=localhost/base \
  -v "$HOME/.npm:/root/.npm:rw" -v $authorities:$authorities:ro -t localhost/millrace "$context" >build.log 2>&1 || { tail -30 build.log >&2; exit 1; }

container=$(build from --pull-never --signature-policy policy.json localhost/millrace)
inspect() { build inspect --type image --format "$1" localhost/millrace; }
echo "size=$(du -sb "$(build mount "$container")" | cut -f1)"
user=$(inspect '{{.Docker.Config.User}}')
volumes=$(inspect '{{range $place, $_ := .Docker.Config.Volumes}}{{$place}} {{end}}')
folder=$(inspect '{{.Docker.Config.WorkingDir}}')
echo "user=$user"
echo "labels=$(inspect '{{index .Docker.Config.Labels "org.opencontainers.image.version"}} {{index .Docker.Config.Labels "org.opencontainers.image.licenses"}}')"
words() { inspect "{{range .Docker.Config.$1}}{{.}} {{end}}" | sed 's/ $//'; }
entry=$(words Entrypoint)
health=$(words Healthcheck.Test)
echo "entry=$entry $(words Cmd)"
echo "health=$health"
words Env > env

root=$(build mount "$container")
umount /etc/ld.so.cache
mkdir -p "$root/proc" "$root/dev"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
for place in $volumes; do
  mount -t tmpfs -o mode=1777 tmpfs "$root$place"
done
mount -o remount,ro,bind "$root"
inside() { env -i $(cat env) chroot --userspec="$user" --groups= "$root" "$@"; }
echo "version=$(inside $entry --version)"
inside /usr/local/bin/node -e "
const { readFileSync, writeFileSync } = require('node:fs')
try { writeFileSync('/app/x', '') } catch ({ code }) { console.log('root=' + code) }
console.log('uid=' + process.getuid())
console.log('components=' + JSON.parse(readFileSync('/app/sbom.cdx.json', 'utf8')).components.length)"
# chroot and env give their place to the entry: its process is the one started here.
env -i $(cat env) chroot --userspec="$user" --groups= "$root" /usr/local/bin/node -e "
process.chdir('$folder')
process.execve(process.execPath, '$entry stream --every 1s'.split(' '), process.env)" >worker.log 2>&1 &
worker=$!
trap 'kill -9 $worker 2>/dev/null || true' EXIT
for _ in $(seq 150); do
  inside ${health#CMD } >/dev/null 2>&1 && grep -q '"committed"' worker.log && { echo healthy=yes; break; }
  sleep 0.2
done
kill -TERM $worker
wait $worker && echo "exit=0" || echo "exit=$?"
tail -3 worker.log >&2
