# Started once by every test binary that has servers. $1 is the directory below which all their files are. Standard input is a pipe that
# ends when the binary does, however it does; until then it says which servers have started and ended, so that none but ours is stopped.
dir=$1 pids=
trap '' HUP INT QUIT TERM
while read -r deed pid; do
	kept=
	for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done
	pids=$kept
	[ "$deed" != started ] || pids="$pids $pid"
done

alive() {
	for p in $pids; do ! kill -0 "$p" 2>/dev/null || return 0; done
	return 1
}

patience=100
for p in $pids; do
	kill -CONT "$p"
	kill -QUIT "$p"
done 2>/dev/null
while alive && [ "$patience" -gt 50 ]; do
	patience=$((patience - 1))
	sleep 0.1
done
until rm -rf -- "$dir" 2>/dev/null || [ "$patience" -eq 0 ]; do
	patience=$((patience - 1))
	sleep 0.1
done
