package ledger

// queue is callers in the order they came.
type queue struct {
	first, last    *waiter
	length, weight int // of all
}

func (q *queue) push(w *waiter) {
	if q.length, q.weight = q.length+1, q.weight+w.weight; q.first == nil {
		q.first, q.last = w, w
		return
	}
	q.last.next, q.last = w, w
}

// pop takes the first, which is there.
func (q *queue) pop() *waiter {
	w := q.first
	q.remove(w)
	return w
}

// remove takes a waiter out; ok is false when it is not in the queue.
func (q *queue) remove(w *waiter) (ok bool) {
	var before *waiter
	at := q.first
	for at != nil && at != w {
		before, at = at, at.next
	}
	if at == nil {
		return false
	}
	if before == nil {
		q.first = w.next
	} else {
		before.next = w.next
	}
	if q.last == w {
		q.last = before
	}
	w.next = nil
	q.length, q.weight = q.length-1, q.weight-w.weight
	return true
}
