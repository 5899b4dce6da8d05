package history

import (
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// transaction is what a journal says of one, before names have become paths
// and commodities currencies.
type transaction struct {
	place
	date      calendar.Date
	text      string // behind the date, as written; only hledger's and beancount's own narration
	reference string
	facts     []fact
	postings  []posting
	broken    bool // a fault in it has been reported
}

// fact is something a journal says of a transaction or a posting.
type fact struct {
	place
	name, value string
	tag         bool // the name is the author's, not ours
}

// posting is one line of a transaction.
type posting struct {
	place
	account   string // name as the file has it, aliases applied
	virtual   bool   // of the group in brackets, which balances by itself
	amount    *amount
	price     string // as written, with its @
	facts     []fact
	assertion *assertion
	no        int // place among all postings of the journal
}

// amount is a number of something.
type amount struct {
	place
	number
	commodity string
}

// assertion says what a balance is.
type assertion struct {
	amount
	account   string
	inclusive bool          // accounts below count too
	sole      bool          // there is nothing else on the account
	tolerance number        // a difference that may pass
	date      calendar.Date // with no it says where among the postings
	no        int           // of the last posting that counts; -1: none of the date
	found     []sum         // what the postings since the assertion before come to
}

// declaration is what a journal says of an account.
type declaration struct {
	place
	account    string
	kind       ledger.Type // zero: it does not say
	opened     calendar.Date
	closed     calendar.Date
	currencies []string // commodities it may hold; none: any
}

// taker is who a journal is read to.
type taker interface {
	// transaction may end the reading with an error.
	transaction(t *transaction) error
	assertion(a *assertion)
	declaration(d declaration)
	// commodity says which currency a name stands for.
	commodity(at place, name, code string)
	// passed counts what is read and not booked, by its name.
	passed(what string)
}
