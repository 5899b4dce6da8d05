package payment

import "strings"

// Figure says what moved a merchant's money, by the account on the other side.
type Figure string

// The figures.
const (
	FigurePayments    Figure = "payments"    // captured, less what failed late
	FigureRefunds     Figure = "refunds"     // less what came back of them
	FigureDisputes    Figure = "disputes"    // less what was won
	FigureFees        Figure = "fees"        // less what was given back
	FigureTaxes       Figure = "taxes"       // on fees
	FigureWithholding Figure = "withholding" // tax withheld for the state
	FigureSettlements Figure = "settlements" // batches, less what came back of them
	FigurePayouts     Figure = "payouts"     // sent, less what came back of them; their fees apart
	FigureAdjustments Figure = "adjustments" // by people, what was written off included
	FigureExchange    Figure = "exchange"    // into another currency, or out of one
	FigureTopUps      Figure = "top_ups"     // paid in by the merchant
	FigureOther       Figure = "other"       // booked by none of the events: openings, a host's own entries
)

// Figures lists them in the order in which people read them.
func Figures() []Figure {
	return []Figure{
		FigurePayments, FigureRefunds, FigureDisputes, FigureFees, FigureTaxes, FigureWithholding, FigureSettlements, FigurePayouts,
		FigureAdjustments, FigureExchange, FigureTopUps, FigureOther,
	}
}

// FigureOf tells what moved a merchant's money when an entry of a kind has an
// account, which is none of the merchant's, on the other side.
func FigureOf(kind, account string) Figure {
	root, rest, _ := strings.Cut(account, "/")
	switch root {
	case "rails":
		return railFigure(rest)
	case "bank":
		return bankFigure(kind)
	}
	if f, ok := figures[root]; ok {
		return f
	}
	return FigureOther
}

// figures are those of accounts by the first segment of their paths.
var figures = map[string]Figure{
	"disputes": FigureDisputes, "income": FigureFees, "tax": FigureTaxes, "withholding": FigureWithholding, "settlements": FigureSettlements,
	"expense": FigureAdjustments, "fx": FigureExchange,
}

// railFigure is the figure of an account of a rail.
func railFigure(rest string) Figure {
	switch rest[strings.LastIndexByte(rest, '/')+1:] {
	case "receivable":
		return FigurePayments
	case "refunds":
		return FigureRefunds
	case "payouts":
		return FigurePayouts
	case "returns":
		return FigureSettlements
	}
	return FigureOther
}

// bankFigure is the figure of a bank account: what comes in may be a payout that
// came back, or the merchant's own money.
func bankFigure(kind string) Figure {
	switch event, _, _ := strings.Cut(kind, "."); event {
	case "payout":
		return FigurePayouts
	case "top_up":
		return FigureTopUps
	}
	return FigureOther
}
