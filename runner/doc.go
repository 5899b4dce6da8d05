// Package runner keeps jobs going. It knows no domain: a job is a name and a
// function, and what is due is the job's own business. Cron only wakes it,
// because a cron expression cannot say which windows are due: it takes no
// clock, skips a clock time that a spring day lacks and meets one twice in
// autumn. Whatever woke it, a job looks at its own clock and catches up.
package runner
