package merchant_test

import (
	"strings"
	"testing"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

func TestSoundBook(t *testing.T) {
	t.Parallel()
	book := merchant.Book{Regions: regions()}
	for _, scope := range ladder() {
		book.Schedules = append(book.Schedules, schedule("s"+strings.Map(letters, scope.String()), scope))
	}
	book.Schedules = append(book.Schedules, version(book.Schedules[0], "2", "2026-04-01"))
	book.Plans = []merchant.PlanScope{{Plan: "tenth", For: ladder()}}
	wantText(t, book.Validate())
}

func letters(r rune) rune {
	if r == '=' || r == ' ' {
		return '_'
	}
	return r
}

// Everything that is wrong is reported at once, and each fault once.
func TestBookFaults(t *testing.T) {
	t.Parallel()
	twice := append(regions(), regions()[0])
	for _, test := range []struct {
		name string
		book merchant.Book
		want []string
	}{
		{"an empty book is sound", merchant.Book{}, nil},
		{"a region twice", merchant.Book{Regions: twice}, []string{
			`region "IN" is there twice`,
			`region "IN": currency INR belongs to region "IN" already`,
		}},
		{"a currency in two regions", merchant.Book{Regions: []merchant.Region{
			regions()[0], {ID: "GLOBAL", Currencies: []money.Currency{usd(), inr()}, Bank: "escrow"},
		}}, []string{`region "GLOBAL": currency INR belongs to region "IN" already`}},
		{"two regions on one bank account", merchant.Book{Regions: []merchant.Region{
			regions()[0], {ID: "GLOBAL", Currencies: []money.Currency{usd()}, Bank: regions()[0].Bank},
		}}, []string{`region "GLOBAL": bank "escrow_in" is region "IN"'s already; each region holds its merchants' money on an account of its own`}},
		{"a region of nothing", merchant.Book{Regions: []merchant.Region{{}}}, []string{
			`region "": id is missing`,
			`currencies are missing`,
			`bank: id is missing`,
		}},
		{"a region with the platform's own money and a tax of other letters", merchant.Book{Regions: []merchant.Region{
			{ID: "IN", Currencies: []money.Currency{inr()}, Bank: "operating", InputTax: "GST 18"},
		}}, []string{
			`region "IN": input_tax: id "GST 18" has ' ', which is not one of [A-Za-z0-9._-]`,
			`bank: operating is the platform's own money`,
		}},
		{"a schedule of nothing", merchant.Book{Schedules: []merchant.Schedule{{}}}, []string{
			`schedule "": id is missing`,
			`version is missing`,
			`for is missing: say what it is meant for`,
			`schedule has no cut-off`,
			`timezone is missing`,
		}},
		{"scopes that are none", merchant.Book{Regions: regions(), Schedules: []merchant.Schedule{schedule("s",
			merchant.Scope{Merchant: "a", Method: "CARD"}, merchant.Scope{Currency: inr()}, merchant.Scope{Method: "CARD"},
			merchant.Scope{Merchant: "a", Region: "IN"}, merchant.Scope{Region: "IN", Currency: inr()}, merchant.Scope{Region: "XX"},
		)}}, []string{
			`schedule "s": for[0]: merchant=a method=CARD is not a scope`,
			`for[1]: currency=INR is not a scope`,
			`for[2]: method=CARD is not a scope`,
			`for[3]: merchant=a region=IN is not a scope`,
			`for[4]: region=IN currency=INR is not a scope`,
			`schedule s: for[5]: no region "XX"`,
		}},
		{"versions that are not told apart", merchant.Book{Schedules: []merchant.Schedule{
			schedule("s", merchant.Scope{}), schedule("s", merchant.Scope{}), version(schedule("s", merchant.Scope{}), "1", "2026-03-01"),
		}}, []string{
			`schedule "s": two versions are effective from ""`,
			`schedule "s": two of its versions are called "1"`,
			`schedule "s": two of its versions are called "1"`,
		}},
		{"a minimum below nothing", merchant.Book{Schedules: []merchant.Schedule{func() merchant.Schedule {
			s := schedule("s", merchant.Scope{})
			s.MinPayout = money.Minor(-1)
			return s
		}()}}, []string{`schedule "s": min_payout is -1, below 0`}},
		{"what no money is exchanged by", merchant.Book{Schedules: []merchant.Schedule{func() merchant.Schedule {
			s := schedule("s", merchant.Scope{})
			s.FX = &merchant.FXTerms{Spread: money.MustRate("1")}
			return s
		}(), func() merchant.Schedule {
			s := schedule("t", merchant.Scope{})
			s.FX = &merchant.FXTerms{Target: inr(), Spread: money.MustRate("0.0000001"), MaxAge: 1}
			return s
		}()}}, []string{
			`schedule "s": fx: target: is one currency that is paid, or each merchant's own`,
			`fx: spread: 1 is not from 0% to below 100%`,
			`fx: max_age: 0s is not above 0`,
			`schedule "t": fx: spread: 0.0000001 has more than 6 digits behind the point`,
		}},
		{"reserve plans", merchant.Book{Regions: regions(), Plans: []merchant.PlanScope{
			{Plan: "tenth", For: []merchant.Scope{{Region: "BD"}, {Method: "CARD"}}}, {Plan: "tenth"}, {For: []merchant.Scope{{}}},
		}}, []string{
			`reserve plan "tenth": for[1]: method=CARD is not a scope`,
			`reserve plan tenth: for[0]: no region "BD"`,
			`reserve plan "tenth": for is missing: say what it is meant for`,
			`reserve plan "tenth" is there twice`,
			`reserve plan "": id is missing`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantText(t, test.book.Validate(), test.want...)
		})
	}
}

func TestScopeString(t *testing.T) {
	t.Parallel()
	for want, scope := range map[string]merchant.Scope{
		"platform": {},
		"merchant=a region=IN currency=INR method=CARD": {Merchant: "a", Region: "IN", Currency: inr(), Method: "CARD"},
		"region=IN method=CARD":                         {Region: "IN", Method: "CARD"},
	} {
		if got := scope.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestCheckID(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a", "m_1", "A.b-C_9", "-", "..a", strings.Repeat("x", 64)} {
		if err := merchant.CheckID(id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for id, want := range map[string]string{
		"":                      `id is missing`,
		".":                     `id "." consists of dots`,
		"..":                    `id ".." consists of dots`,
		"a/b":                   `id "a/b" has '/', which is not one of [A-Za-z0-9._-]`,
		"a b":                   `id "a b" has ' ', which is not one of [A-Za-z0-9._-]`,
		"é":                     `id "é" has 'é', which is not one of [A-Za-z0-9._-]`,
		"a\x00":                 `id "a\x00" has '\x00', which is not one of [A-Za-z0-9._-]`,
		"\xff":                  `id "\xff" has '�', which is not one of [A-Za-z0-9._-]`,
		strings.Repeat("x", 65): `id "` + strings.Repeat("x", 65) + `" has 65 bytes, at most 64 are allowed`,
	} {
		wantText(t, merchant.CheckID(id), want)
	}
}

// Whatever passes is one segment of an account path and one name of a file.
func FuzzCheckID(f *testing.F) {
	for _, seed := range []string{"", "a", "..", "a/b", "m_1", "é", strings.Repeat("x", 65)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if merchant.CheckID(id) != nil {
			return
		}
		if id == "" || id == "." || id == ".." || len(id) > 64 || strings.ContainsAny(id, "/\\:\x00 \n") || strings.ToValidUTF8(id, "?") != id {
			t.Errorf("%q passes", id)
		}
	})
}
