package settlement_test

import "github.com/settlex/settlex/settlement"

func settlementReady() settlement.Ready { return settlement.Ready{Horizon: ist("2027-06-01 00:00")} }
