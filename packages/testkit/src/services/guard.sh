# Runs the command given until it ends, or until this script's standard input does: its owner is gone then,
# however that one died. Leads a process group, and ends all of it: politely first, by force after four seconds.
exec 3<&0
"$@" </dev/null 3<&- &
server=$!

(
  trap : TERM
  read -r nothing <&3
  kill -TERM -$$
  sleep 4
  kill -KILL -$$
) &
watcher=$!

trap : TERM
while :; do
  wait $server
  status=$?
  # The signal above cuts a wait short while the server is still on its way out.
  kill -0 $server 2>/dev/null || break
done
kill -KILL $watcher
trap '' TERM
kill -TERM -$$
exit $status
