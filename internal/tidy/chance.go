package tidy

import "slices"

// checkUses finds what makes a run hard to repeat: the machine's clock and time zones, sleeping, and chance.
func checkUses(s source, room Room) []Finding {
	var found []Finding
	for _, u := range s.uses() {
		switch {
		case u.path == "time" && u.name == "Sleep":
			found = append(found, finding(RuleSleep, s, u.line, "time.Sleep: wait for the thing itself, on an injected clock"))
		case u.path == "time" && u.name == "LoadLocation":
			found = append(found, finding(RuleZone, s, u.line, "time.LoadLocation: the machine's zones may differ, take calendar.LoadZone"))
		case isTestCode(s, room):
		case readsClock(u) && !allows(room.Clock, u):
			found = append(found, finding(RuleClock, s, u.line, "time.%s: take the time from the injected clock", u.name))
		case isChance(u) && !allows(room.Chance, u):
			found = append(found, finding(RuleChance, s, u.line, "%s.%s: nothing here is left to chance", u.path, u.name))
		}
	}
	return found
}

// readsClock tells the functions of package time whose answer depends on when they are called.
func readsClock(u use) bool {
	clock := []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}
	return u.path == "time" && slices.Contains(clock, u.name)
}

func isChance(u use) bool {
	return within(u.path, "math/rand") || u.path == "crypto/rand"
}

func allows(l Licence, u use) bool {
	return l == Anywhere || l == InDefaults && u.inConfig
}
