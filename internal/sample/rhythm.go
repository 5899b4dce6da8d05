package sample

import "time"

// A rhythm says at which hours a trade takes money.
type rhythm int

const (
	food   rhythm = iota // breakfast, lunch, evening; in Ramadan iftar to sehri
	shop                 // ten to nine; in Ramadan until after midnight
	online               // all day, most in the evening
	office               // working hours of working days
)

// hours weighs the hours of a day.
func (r rhythm) hours(fasting bool) []int {
	switch {
	case r == food && fasting:
		return []int{4, 2, 3, 5, 3, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 6, 14, 12, 8, 9, 9, 7, 5}
	case r == food:
		return []int{0, 0, 0, 0, 0, 1, 2, 4, 7, 7, 5, 5, 7, 8, 5, 5, 7, 8, 7, 8, 8, 5, 2, 1}
	case r == shop && fasting:
		return []int{3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4, 5, 4, 4, 5, 4, 2, 1, 3, 8, 10, 9, 6}
	case r == shop:
		return []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 6, 7, 6, 5, 5, 7, 8, 9, 9, 7, 3, 0, 0}
	case r == online && fasting:
		return []int{5, 4, 4, 3, 1, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 4, 3, 1, 3, 5, 7, 8, 7}
	case r == online:
		return []int{2, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 7, 8, 7, 4}
	default:
		return []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 8, 9, 7, 4, 7, 8, 8, 6, 3, 1, 0, 0, 0, 0}
	}
}

// days weighs the days of the month, 100 being an ordinary one; day 1 comes
// first.
func (m *month) days(r rhythm) []int {
	weights := make([]int, lastDay)
	for i := range weights {
		day := i + 1
		switch {
		case r == office && !m.open(day):
			weights[i] = 20
		case r == office:
			weights[i] = 100
		default:
			weights[i] = m.weekday[m.at(day, 0).Weekday()] * m.festive(day) / 100
		}
	}
	return weights
}

// festive is how trade on a day compares with an ordinary day of the same
// name, in per cent.
func (r region) festive(day int) int {
	if percent, ok := r.feasts[day]; ok {
		return percent
	}
	return 100
}

// fasting tells whether a day is in Ramadan, where that moves the hours of
// trade.
func (r region) fasting(day int) bool { return day <= r.ramadanEnds }

// A week weighs its days, Sunday first, in per cent of an ordinary day.
type week [time.Saturday + 1]int
